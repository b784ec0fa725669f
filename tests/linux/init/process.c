/* Processes: fork and exec, pipes between them, signals to them and from their own faults. */
#include "init.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 40, PIPE_BYTES = 1 << 20, QUEUED = 20 };

/* Children that all live at once, each with a status of its own. */
static bool fork_many(void)
{
	pid_t child[FORKS];
	int release[2];
	char byte;
	REQUIRE(pipe(release) == 0);
	for (int i = 0; i < FORKS; i++) {
		child[i] = fork();
		REQUIRE(child[i] >= 0);
		if (child[i] == 0) {
			close(release[1]);
			_exit(read(release[0], &byte, 1) == 0 && getppid() == 1 ? i : 255);
		}
	}
	close(release[0]);
	close(release[1]);
	for (int i = 0; i < FORKS; i++)
		REQUIRE(exit_status(child[i]) == i);
	return true;
}

/* This program again: it adds up what exec hands it as argument and environment. */
static bool exec_self(void)
{
	char *const arguments[] = {"init", "40", NULL}, *const environment[] = {"more=2", NULL};
	for (int i = 0; i < 4; i++) {
		pid_t child = fork();
		REQUIRE(child >= 0);
		if (child == 0) {
			execve("/init", arguments, environment);
			_exit(255);
		}
		REQUIRE(exit_status(child) == 42);
		REQUIRE(posix_spawn(&child, "/init", NULL, NULL, arguments, environment) == 0);
		REQUIRE(exit_status(child) == 42);
	}
	return true;
}

static void fill(unsigned char *data, size_t length, unsigned seed)
{
	for (size_t i = 0; i < length; i++)
		data[i] = (seed = seed * 1103515245 + 12345) >> 16;
}

/* A child sends what was agreed on, in pieces of odd sizes; its parent reads what comes. */
static bool through(int from, int to)
{
	static unsigned char sent[PIPE_BYTES], got[PIPE_BYTES];
	fill(sent, PIPE_BYTES, from);
	pid_t child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		close(from);
		for (size_t at = 0, piece = 1; at < PIPE_BYTES; piece = piece * 3 % 9973) {
			ssize_t count = write(to, sent + at, piece < PIPE_BYTES - at ? piece : PIPE_BYTES - at);
			if (count <= 0)
				_exit(1);
			at += count;
		}
		_exit(0);
	}
	close(to);
	size_t at = 0;
	for (ssize_t count; (count = read(from, got + at, PIPE_BYTES - at)) > 0;)
		at += count;
	char byte;
	REQUIRE(at == PIPE_BYTES && read(from, &byte, 1) == 0);
	close(from);
	REQUIRE(memcmp(sent, got, PIPE_BYTES) == 0);
	return exit_status(child) == 0;
}

static bool pipes(void)
{
	int ends[2];
	REQUIRE(pipe(ends) == 0);
	return through(ends[0], ends[1]);
}

static bool socket_pair(void)
{
	int ends[2];
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	return through(ends[0], ends[1]);
}

static volatile sig_atomic_t queued_sum, queued_count;

static void on_queued(int number, siginfo_t *info, void *context)
{
	queued_sum += info->si_value.sival_int;
	queued_count += number == SIGRTMIN && info->si_code == SI_QUEUE;
}

/* Signals with values, held back while blocked, that come all at once afterwards. */
static bool queued_signals(void)
{
	struct sigaction action = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO};
	sigset_t set, pending;
	REQUIRE(sigaction(SIGRTMIN, &action, NULL) == 0);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	pid_t child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		for (int i = 1; i <= QUEUED; i++) {
			if (sigqueue(getppid(), SIGRTMIN, (union sigval){.sival_int = i}))
				_exit(1);
		}
		_exit(0);
	}
	REQUIRE(exit_status(child) == 0);
	REQUIRE(queued_count == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGRTMIN));
	REQUIRE(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
	REQUIRE(queued_count == QUEUED && queued_sum == QUEUED * (QUEUED + 1) / 2);
	return true;
}

/* A fault of the running program: what the kernel says of it, seen on another stack, and on from behind it. */
static volatile sig_atomic_t fault_signal, fault_code, on_other_stack;
static void *volatile fault_address;
static char other_stack[1 << 16];

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;
	char here;
	fault_signal = number;
	fault_code = info->si_code;
	fault_address = info->si_addr;
	on_other_stack = &here >= other_stack && &here < other_stack + sizeof other_stack;
	interrupted->uc_mcontext.__gregs[REG_PC] += 4;
}

static bool fault_was(int number, int code, const void *address)
{
	bool right = fault_signal == number && fault_code == code && fault_address == address && on_other_stack;
	fault_signal = 0;
	return right;
}

extern const char undefined_at[], break_at[];

static bool faults(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
	REQUIRE(sigaltstack(&stack, NULL) == 0);
	for (int number = 1; number < 32; number++) {
		if (number == SIGSEGV || number == SIGILL || number == SIGTRAP)
			REQUIRE(sigaction(number, &action, NULL) == 0);
	}
	char *unmapped = (char *)0x123456789000;
	asm volatile(".option push; .option norvc; sb zero, 0x78(%0); .option pop" ::"r"(unmapped) : "memory");
	REQUIRE(fault_was(SIGSEGV, SEGV_MAPERR, unmapped + 0x78));
	asm volatile(".option push; .option norvc; sb zero, 4(%0); .option pop" ::"r"(undefined_at) : "memory");
	REQUIRE(fault_was(SIGSEGV, SEGV_ACCERR, undefined_at + 4));
	asm volatile(".globl undefined_at\nundefined_at: .word 0xffffffff" ::: "memory");
	REQUIRE(fault_was(SIGILL, ILL_ILLOPC, undefined_at));
	asm volatile(".option push; .option norvc\n.globl break_at\nbreak_at: ebreak; .option pop" ::: "memory");
	REQUIRE(fault_was(SIGTRAP, TRAP_BRKPT, break_at));
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	return true;
}

/* A child that dies of a fault of its own, one that is killed, one that is stopped and goes on. */
static bool fates(void)
{
	int status;
	pid_t child = fork();
	if (child == 0)
		asm volatile("unimp");
	REQUIRE(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
	child = fork();
	if (child == 0) {
		for (;;)
			;
	}
	REQUIRE(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
	REQUIRE(kill(child, SIGCONT) == 0 && waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
	REQUIRE(kill(child, SIGKILL) == 0);
	REQUIRE(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	errno = 0;
	REQUIRE(wait(&status) == -1 && errno == ECHILD);
	return true;
}

const struct check process_checks[] = {
	{"fork", fork_many}, {"exec", exec_self}, {"pipes", pipes},	{"socket pair", socket_pair}, {"queued signals", queued_signals},
	{"faults", faults},  {"fates", fates},    {NULL, NULL},
};
