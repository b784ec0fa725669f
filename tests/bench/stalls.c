/* One thing each, over and over: what a core stalls on or cannot predict. */
#include "bench.h"

uint64_t random_branches(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u, sum = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		x = next_random(x);
		if (x & 1 << 5)
			sum += x;
		if (x & 1 << 9)
			sum ^= x >> 3;
		if (x & 1 << 14)
			sum = sum * 5 + 1;
		if (x & 1 << 23)
			sum -= i;
	}
	return sum;
}

static __attribute__((noinline)) uint64_t way0(uint64_t x) { return x + 1; }
static __attribute__((noinline)) uint64_t way1(uint64_t x) { return x ^ x >> 7; }
static __attribute__((noinline)) uint64_t way2(uint64_t x) { return x * 3; }
static __attribute__((noinline)) uint64_t way3(uint64_t x) { return x - (x >> 9); }
static __attribute__((noinline)) uint64_t way4(uint64_t x) { return x << 1 | x >> 63; }
static __attribute__((noinline)) uint64_t way5(uint64_t x) { return ~x; }
static __attribute__((noinline)) uint64_t way6(uint64_t x) { return x * x + 7; }
static __attribute__((noinline)) uint64_t way7(uint64_t x) { return x >> 1 ^ 0xedb88320; }

uint64_t indirect_jumps(unsigned hart)
{
	static uint64_t (*const ways[8])(uint64_t) = {way0, way1, way2, way3, way4, way5, way6, way7};
	uint64_t x = hart + 88172645463325252u, sum = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		x = next_random(x);
		sum = ways[x >> 13 & 7](sum);
	}
	return sum;
}

uint64_t division(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u, sum = 1;
	for (unsigned i = 0; i < ROUNDS; i++) {
		x = next_random(x);
		uint64_t divisor = (x >> (x & 63)) | 1;
		sum = x / divisor + sum % (divisor | 0x100);
	}
	return sum;
}

uint64_t double_division(unsigned hart)
{
	double x = 1.5 + hart, sum = 0;
	for (unsigned i = 1; i <= ROUNDS; i++) {
		x = (x * 1.25 + i) / (x + 1.75);
		sum += __builtin_sqrt(x);
	}
	return (uint64_t)(sum * 1024);
}

static uint64_t cells[64];

uint64_t amo(unsigned hart)
{
	uint64_t sum = hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		sum += __atomic_fetch_add(&cells[i % 64], i, __ATOMIC_RELAXED);
		sum ^= __atomic_exchange_n(&cells[i * 7 % 64], sum, __ATOMIC_RELAXED);
	}
	return sum;
}

uint64_t lr_sc(unsigned hart)
{
	uint64_t sum = hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t seen, failed;
		do
			__asm__ volatile("lr.d %0, (%2)\n\tadd %0, %0, %3\n\tsc.d %1, %0, (%2)"
			                 : "=&r"(seen), "=&r"(failed)
			                 : "r"(&cells[i % 64]), "r"((uint64_t)i)
			                 : "memory");
		while (failed);
		sum += seen;
	}
	return sum;
}

uint64_t fences(unsigned hart)
{
	uint64_t sum = hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		cells[i % 64] = sum + i;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		sum = mixed(sum, cells[i * 5 % 64]);
	}
	return sum;
}

/* Loads of the doubleword just stored, and of one as far into another page. */
uint64_t conflicts(unsigned hart)
{
	static volatile uint64_t pages[2][512] __attribute__((aligned(4096)));
	uint64_t sum = hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pages[0][i % 512] = sum + i;
		sum += pages[0][i % 512];
		pages[1][i % 512] = sum;
		sum ^= pages[0][i % 512] + i;
	}
	return sum;
}

uint64_t csr_reads(unsigned hart)
{
	uint64_t sum = hart;
	__asm__ volatile("csrw sscratch, %0" : : "r"(hart + 77));
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t scratch, rounding;
		__asm__ volatile("csrr %0, sscratch\n\tfrrm %1" : "=r"(scratch), "=r"(rounding));
		sum = sum * 3 + scratch + rounding;
	}
	return sum;
}

/* The start's handler returns behind each. */
uint64_t ecalls(unsigned hart)
{
	uint64_t sum = hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		__asm__ volatile("ecall" : : : "memory");
		sum = mixed(sum, i);
	}
	return sum;
}

/* Loads one page and one line apart: 256 pages, more than a TLB holds, whose lines a cache of 16 KiB holds. */
enum { PAGES = 256, STRIDE = 4096 + 64 };
static uint8_t area[PAGES * STRIDE] NOINIT(area);

uint64_t page_stride(unsigned hart)
{
	uint64_t sum = hart;
	for (unsigned i = 0; i < PAGES; i++)
		*(uint64_t *)&area[i * STRIDE] = i;
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < PAGES; i++)
			sum = sum * 3 + *(const volatile uint64_t *)&area[i * STRIDE];
	return sum;
}

/* What a run costs before it begins. */
uint64_t nothing(unsigned hart) { return hart + ROUNDS; }
