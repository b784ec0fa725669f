#include "base/host_signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static const int endings[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU};
static const int terminals[] = {SIGTSTP, SIGCONT};
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum {
	ENDINGS = sizeof(endings) / sizeof(endings[0]),
	TERMINALS = sizeof(terminals) / sizeof(terminals[0]),
	FAULTS = sizeof(faults) / sizeof(faults[0]),
};

/* ---- faults of our own ---- */

/* Handlers of faults run on a stack of their own, which the kernel knows: what they need to know lies in front of it. */
struct rescue {
	int fault_status;
	bool has_terminal;
	struct termios terminal;
};

enum { RESCUE_ROOM = 4096, STACK_BYTES = 15 * 4096 };

/* NULL: there is none, or another stack (a sanitizer's). */
static struct rescue *rescue_of_process(void)
{
	stack_t stack;
	if (SANITIZED || sigaltstack(NULL, &stack) != 0 || stack.ss_flags & SS_DISABLE || stack.ss_size != STACK_BYTES)
		return NULL;
	return (struct rescue *)((char *)stack.ss_sp - RESCUE_ROOM);
}

static void say_raw(const char *text, size_t size)
{
	ssize_t ignored = write(STDERR_FILENO, text, size);
	(void)ignored;
}

static void own_fault(int number)
{
	static const char text[] =
	    "rvsim: a fault of rvsim itself; please report it with this command line and its input files\n";
	const struct rescue *rescue = rescue_of_process();
	(void)number;
	if (rescue->has_terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &rescue->terminal);
	say_raw(text, sizeof(text) - 1);
	_exit(rescue->fault_status);
}

/* A sanitizer's own report says more. */
static void catch_faults(int fault_status)
{
	char *room = mmap(NULL, RESCUE_ROOM + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (SANITIZED || room == MAP_FAILED)
		return;
	((struct rescue *)room)->fault_status = fault_status;
	if (sigaltstack(&(stack_t){.ss_sp = room + RESCUE_ROOM, .ss_size = STACK_BYTES}, NULL) != 0)
		return;
	struct sigaction action = {.sa_handler = own_fault, .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK)};
	for (unsigned i = 0; i < FAULTS; i++)
		sigaction(faults[i], &action, NULL);
}

void host_signals_terminal(const struct termios *settings)
{
	struct rescue *rescue = rescue_of_process();
	if (!rescue)
		return;
	rescue->has_terminal = false;
	if (settings)
		rescue->terminal = *settings;
	rescue->has_terminal = settings != NULL;
}

/* ---- requests to end ---- */

const char *host_signals_name(int number, char text[16])
{
	const char *name = sigabbrev_np(number);
	snprintf(text, 16, "SIG%s", name ? name : "?");
	return text;
}

static void end_now(int number)
{
	static const char text[] = "rvsim: ended by a signal before it began\n";
	say_raw(text, sizeof(text) - 1);
	_exit(128 + number);
}

/* Pending once more, and blocked where it came: so it stays until somebody takes it. */
static void keep_pending(int number, siginfo_t *info, void *context)
{
	(void)info;
	sigaddset(&((ucontext_t *)context)->uc_sigmask, number);
	raise(number);
}

static void install(int number, const struct sigaction *action)
{
	struct sigaction before;
	if (sigaction(number, NULL, &before) == 0 && ((before.sa_flags & SA_SIGINFO) || before.sa_handler != SIG_IGN))
		sigaction(number, action, NULL);
}

void host_signals_begin(int fault_status)
{
	struct sigaction action = {.sa_handler = end_now};
	catch_faults(fault_status);
	for (unsigned i = 0; i < ENDINGS; i++)
		install(endings[i], &action);
}

static const struct sigaction keeping = {.sa_sigaction = keep_pending, .sa_flags = SA_SIGINFO};

void host_signals_hold(void)
{
	for (unsigned i = 0; i < ENDINGS; i++)
		install(endings[i], &keeping);
	for (unsigned i = 0; i < TERMINALS; i++)
		install(terminals[i], &keeping);
}

int host_signals_ending(void)
{
	sigset_t pending;
	int lowest = 0;
	if (sigpending(&pending) != 0)
		return 0;
	for (unsigned i = 0; i < ENDINGS; i++)
		if (sigismember(&pending, endings[i]) && (!lowest || endings[i] < lowest))
			lowest = endings[i];
	return lowest;
}

bool host_signals_take(int number)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, number);
	if (sigtimedwait(&set, NULL, &(struct timespec){0}) != number)
		return false;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return true;
}

static sigset_t only_pipe(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	return set;
}

void host_signals_hold_pipe(struct held_pipe *held)
{
	sigset_t pending, pipe = only_pipe();
	held->pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe, &held->mask);
}

void host_signals_release_pipe(const struct held_pipe *held)
{
	sigset_t pipe = only_pipe();
	if (!held->pending)
		sigtimedwait(&pipe, NULL, &(struct timespec){0});
	sigprocmask(SIG_SETMASK, &held->mask, NULL);
}

void host_signals_suspend(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigaction(SIGTSTP, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigaction(SIGTSTP, &keeping, NULL);
}

static void end_all_the_same(int number)
{
	int ending = host_signals_ending();
	_exit(128 + (ending ? ending : number));
}

void host_signals_hurry(unsigned seconds)
{
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = end_all_the_same}, NULL);
	alarm(seconds);
}
