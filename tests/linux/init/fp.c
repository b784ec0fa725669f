/*
 * Floating point: values known beforehand on every hart, and registers that survive whoever else computes on that hart meanwhile.
 * Every operation is rounded as IEEE 754 says, so that the values are those of any machine (-ffp-contract=off).
 */
#include "init.h"
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 20000, SWITCHES = 200, MOST = 16 };

/* What wander() returns in each rounding mode, as x86-64 computes it. All are positive: down is towards zero. */
static const struct {
	int mode;
	unsigned long bits;
} known[] = {
	{FE_TONEAREST, 0x3fed1c098a4dcde5},
	{FE_DOWNWARD, 0x3feeb8e29eb92778},
	{FE_UPWARD, 0x3fee78bf049353c1},
	{FE_TOWARDZERO, 0x3feeb8e29eb92778},
};

/* A chaotic map, where one wrong bit is another number soon; now and then the hart is left to another thread. */
static unsigned long wander(void)
{
	volatile double x = 0.1;
	for (int i = 0; i < STEPS; i++) {
		x = 3.9 * x * (1 - x);
		if (i % 16 == 0)
			x = sqrt(x * x / 1.0000001);
		if (i % 64 == 0)
			sched_yield();
	}
	double result = x;
	unsigned long bits;
	memcpy(&bits, &result, sizeof bits);
	return bits;
}

/* All 32 registers hold values of this thread, before and after the hart was another's. */
static bool keep_registers(unsigned long seed)
{
	unsigned long before[32], after[32];
	for (int i = 0; i < 32; i++)
		before[i] = after[i] = (seed << 32 | i) * 0x9e3779b97f4a7c15;
#define EACH(DO)                                                                                                       \
	DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) DO(16)   \
	DO(17) DO(18) DO(19) DO(20) DO(21) DO(22) DO(23) DO(24) DO(25) DO(26) DO(27) DO(28) DO(29) DO(30) DO(31)
#define LOAD(n) "fld f" #n ", " #n "*8(%[before])\n"
#define STORE(n) "fsd f" #n ", " #n "*8(%[after])\n"
#define CLOBBER_ALL                                                                                                    \
	"ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5", \
		"fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9",    \
		"ft10", "ft11"
	register long number asm("a7") = 124; /* sched_yield */
	register long result asm("a0");
	asm volatile(EACH(LOAD) "ecall\n" EACH(STORE)
		     : "=r"(result)
		     : [before] "r"(before), [after] "r"(after), "r"(number)
		     : "memory", CLOBBER_ALL);
	return result == 0 && memcmp(before, after, sizeof before) == 0;
}

static void *compute(void *argument)
{
	long number = (long)argument;
	if (!pin_to(number / 2 % cpu_count()) || fesetround(known[number % 4].mode))
		return (void *)"pin, or rounding mode";
	unsigned long bits = wander();
	if (bits != known[number % 4].bits)
		return (void *)"value";
	for (int i = 0; i < SWITCHES; i++) {
		if (!keep_registers(number * SWITCHES + i) || fegetround() != known[number % 4].mode)
			return (void *)"registers";
	}
	return NULL;
}

/* Two threads on each hart, each rounding differently. */
static bool on_all_cpus(void)
{
	pthread_t thread[MOST];
	int count = 2 * cpu_count();
	void *result;
	for (int i = 0; i < count; i++)
		REQUIRE(pthread_create(&thread[i], NULL, compute, (void *)(long)i) == 0);
	bool right = true;
	for (int i = 0; i < count; i++) {
		if (pthread_join(thread[i], &result) || result)
			right = failed("floating point", result);
	}
	return right;
}

/* Flags are raised, and are the thread's own. */
static bool flags(void)
{
	volatile double one = 1, zero = 0, three = 3, result;
	feclearexcept(FE_ALL_EXCEPT);
	result = one / zero;
	REQUIRE(isinf(result) && fetestexcept(FE_ALL_EXCEPT) == FE_DIVBYZERO);
	sched_yield();
	result = one / three;
	REQUIRE(fetestexcept(FE_ALL_EXCEPT) == (FE_DIVBYZERO | FE_INEXACT));
	result = zero / zero;
	REQUIRE(isnan(result) && fetestexcept(FE_INVALID));
	return true;
}

const struct check fp_checks[] = {{"floating point", on_all_cpus}, {"floating-point flags", flags}, {NULL, NULL}};
