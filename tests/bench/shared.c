/* Four harts: each works on its own data, and every few hundred instructions takes a lock and adds to a shared sum. */
#include "bench.h"

enum { WORDS = 2048 };

static uint64_t own[4][WORDS];
static uint32_t lock;
static volatile uint64_t total;
static uint32_t finished;

static void acquire(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock, __ATOMIC_RELAXED))
			;
}

static void release(void) { __atomic_store_n(&lock, 0, __ATOMIC_RELEASE); }

uint64_t shared(unsigned hart)
{
	uint64_t *data = own[hart % 4], x = hart + 1;
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned j = 0; j < 64; j++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			data[x >> 53] += x;
		}
		acquire();
		total++;
		release();
	}
	__atomic_add_fetch(&finished, 1, __ATOMIC_RELEASE);
	if (hart != 0)
		return 0;
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != 4)
		;
	return total;
}
