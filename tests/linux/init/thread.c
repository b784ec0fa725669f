/* Threads: on every hart at once, with what they share counted right, asleep and awake in turns. */
#include "init.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROUNDS = 20000, TURNS = 200, MOST = 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t together;
static long locked_count, turn;
static atomic_long atomic_count;
static _Thread_local long own_count;

static void *count_up(void *argument)
{
	int number = (long)argument;
	if (!pin_to(number % cpu_count()))
		return (void *)"pin";
	pthread_barrier_wait(&together);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		locked_count++;
		pthread_mutex_unlock(&lock);
		atomic_fetch_add_explicit(&atomic_count, 3, memory_order_relaxed);
		own_count++;
	}
	return own_count == ROUNDS && sched_getcpu() == number % cpu_count() ? NULL : "own count, or moved";
}

/* Each waits until it is its turn: whoever is awake has to wake the others. */
static void *take_turns(void *argument)
{
	long number = (long)argument, threads = 2L * cpu_count();
	for (int i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&lock);
		while (turn % threads != number)
			pthread_cond_wait(&changed, &lock);
		turn++;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

/* Two threads a hart run `body`; all return NULL. */
static bool all_return(void *(*body)(void *))
{
	pthread_t thread[MOST];
	int count = 2 * cpu_count();
	bool right = count <= MOST;
	for (int i = 0; right && i < count; i++)
		right = pthread_create(&thread[i], NULL, body, (void *)(long)i) == 0;
	for (int i = 0; right && i < count; i++) {
		void *result;
		if (pthread_join(thread[i], &result) || result)
			right = failed("thread", result);
	}
	return right;
}

static bool counting(void)
{
	long all = 2L * cpu_count() * ROUNDS;
	REQUIRE(pthread_barrier_init(&together, NULL, 2 * cpu_count()) == 0);
	REQUIRE(all_return(count_up));
	REQUIRE(locked_count == all);
	REQUIRE(atomic_count == 3 * all);
	return true;
}

static bool turns(void)
{
	REQUIRE(all_return(take_turns));
	REQUIRE(turn == 2L * cpu_count() * TURNS);
	return true;
}

/* Code that one hart writes and another runs: what fence.i on one hart alone does not do, the kernel's call does. */
static unsigned *code;
static atomic_long written;

static void *run_what_is_written(void *argument)
{
	if (!pin_to(cpu_count() - 1))
		return (void *)"pin";
	for (long i = 1; i <= TURNS; i++) {
		while (atomic_load(&written) != 2 * i - 1)
			sched_yield();
		if (((long (*)(void))code)() != i)
			return (void *)"old code";
		atomic_store(&written, 2 * i);
	}
	return NULL;
}

static bool code_for_others(void)
{
	pthread_t reader;
	void *result = "";
	REQUIRE(posix_memalign((void **)&code, 4096, 4096) == 0);
	REQUIRE(mprotect(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	REQUIRE(pthread_create(&reader, NULL, run_what_is_written, NULL) == 0);
	for (long i = 1; i <= TURNS; i++) {
		code[0] = (unsigned)i << 20 | 0x513; /* li a0, i */
		code[1] = 0x8067;		     /* ret */
		__builtin___clear_cache((char *)code, (char *)(code + 2));
		atomic_store(&written, 2 * i - 1);
		while (atomic_load(&written) != 2 * i)
			sched_yield();
	}
	REQUIRE(pthread_join(reader, &result) == 0 && result == NULL);
	return true;
}

const struct check thread_checks[] = {{"threads", counting}, {"turns", turns}, {"code for others", code_for_others}, {NULL, NULL}};
