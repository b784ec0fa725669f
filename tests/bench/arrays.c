/* Programs that stream: copies by bytes and by words, and a stencil of doubles. */
#include "bench.h"

enum { BUFFER = 1 << 20, PART = 4096 };
static uint64_t from[BUFFER / 8] NOINIT(from), to[BUFFER / 8] NOINIT(to);

static void fill(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u;
	for (unsigned i = 0; i < BUFFER / 8; i++)
		from[i] = x = next_random(x);
}

static uint64_t sum_of(const uint64_t *values)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < BUFFER / 8; i++)
		sum = mixed(sum, values[i]);
	return sum;
}

uint64_t byte_copy(unsigned hart)
{
	fill(hart);
	for (unsigned round = 0; round < ROUNDS; round++) {
		const volatile uint8_t *source = (const uint8_t *)from + round * PART % BUFFER;
		uint8_t *target = (uint8_t *)to + round * PART * 5 % BUFFER;
		for (unsigned i = 0; i < PART; i++)
			target[i] = source[i];
	}
	return sum_of(to);
}

uint64_t word_copy(unsigned hart)
{
	fill(hart);
	for (unsigned round = 0; round < ROUNDS; round++) {
		const volatile uint64_t *source = from + round * PART / 8 % (BUFFER / 8);
		uint64_t *target = to + round * PART / 8 * 5 % (BUFFER / 8);
		for (unsigned i = 0; i < PART / 8; i += 4) {
			target[i] = source[i];
			target[i + 1] = source[i + 1];
			target[i + 2] = source[i + 2];
			target[i + 3] = source[i + 3];
		}
	}
	return sum_of(to);
}

/* Five points, 256 by 256, there and back. */
enum { SIDE = 256 };
static double grids[2][SIDE][SIDE] NOINIT(grids);

static void relax(double (*after)[SIDE], const double (*before)[SIDE])
{
	for (unsigned i = 1; i < SIDE - 1; i++)
		for (unsigned j = 1; j < SIDE - 1; j++)
			after[i][j] = 0.5 * before[i][j] +
			              0.125 * (before[i - 1][j] + before[i + 1][j] + before[i][j - 1] + before[i][j + 1]);
}

uint64_t stencil(unsigned hart)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < SIDE; i++)
		for (unsigned j = 0; j < SIDE; j++)
			grids[0][i][j] = grids[1][i][j] = (double)((i * 7 + j * 3 + hart) % 64);
	for (unsigned round = 0; round < ROUNDS; round++) {
		relax(grids[1], grids[0]);
		relax(grids[0], grids[1]);
	}
	for (unsigned i = 0; i < SIDE; i++)
		for (unsigned j = 0; j < SIDE; j++)
			sum = mixed(sum, (uint64_t)(grids[0][i][j] * 65536));
	return sum;
}
