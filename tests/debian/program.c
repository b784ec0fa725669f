/* What a C program needs of its compiler, library and kernel: integers, doubles, text, memory, threads. */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, SIEVE = 200000 };

static void *primes(void *argument)
{
	char *composite = calloc(SIEVE, 1);
	uintptr_t sum = 0;
	for (unsigned i = 2; i < SIEVE; i++) {
		if (composite[i])
			continue;
		sum += i % ((uintptr_t)argument + 2);
		for (unsigned j = 2 * i; j < SIEVE; j += i)
			composite[j] = 1;
	}
	free(composite);
	return (void *)sum;
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

int main(void)
{
	printf("hello, world\n");
	double sum = 0;
	for (int i = 1; i <= 10000; i++)
		sum += sqrt(i) / (i + 1.0);
	printf("%a %.15g\n", sum, floor(sum * 1e6));

	static char words[1000][24];
	uint64_t state = 1;
	for (int i = 0; i < 1000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		snprintf(words[i], sizeof words[i], "%llx", (unsigned long long)state);
	}
	qsort(words, 1000, sizeof words[0], by_text);
	printf("%s %s %s\n", words[0], words[500], words[999]);

	pthread_t threads[THREADS];
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, primes, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		void *result;
		pthread_join(threads[i], &result);
		printf("thread %d: %llu\n", i, (unsigned long long)(uintptr_t)result);
	}
	return 0;
}
