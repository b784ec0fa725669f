/* What only the exact interleaving of harts gives, one cycle at a time: run with --quantum 1. */
#include "rt.h"

static volatile u64 theirs;

static void read_time(u64 unused)
{
	(void)unused;
	theirs = csrr(CSR_TIME);
}

static void clocks(void)
{
	for (unsigned i = 1; i < hart_count(); i++)
		for (unsigned round = 0; round < 20; round++) {
			u64 before = csrr(CSR_TIME);
			hart_start(i, read_time, 0);
			hart_wait(i);
			u64 after = csrr(CSR_TIME);
			context("hart", i, theirs);
			CHECK("zicntr_time_hart_sync time_visibility_mtime", theirs + 1 >= before && theirs <= after + 1);
		}
}

int main(void)
{
	reset();
	CHECK("hart_count", hart_count() == 4);
	clocks();
	finish();
}
