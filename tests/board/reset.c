/* A reset by the finisher, twice: what of the machine begins anew and what goes on. Hart 0 tells; with more harts it is the
 * last one that resets, while the others run. */
#include "board.h"

static volatile u32 data = 0x1234, zero, harts_here;

enum { KEPT_RESETS = 0, KEPT_HARTS = 8, RESETS = 2, GO = 16 };

static void show_devices(void)
{
	show("msip", REG32(CLINT));
	show("priority", REG32(PLIC + 40));
	show("pending", REG32(PLIC + 0x1000));
	show("enabled", REG32(PLIC + 0x2000));
	show("threshold", REG32(PLIC + 0x200000));
	show("ier", REG8(UART + 1));
	show("iir", REG8(UART + 2));
	show("lcr", REG8(UART + 3));
	show("mcr", REG8(UART + 4));
	show("msr", REG8(UART + 6));
	show("scr", REG8(UART + 7));
	show("alarm", REG32(RTC + 8));
	show("alarm's interrupt", REG32(RTC + 16));
	show("alarm runs", REG32(RTC + 24));
	show("bridge", REG32(0x30000004));
}

static void change_all(void)
{
	data = zero = 99;
	csr_write(mscratch, 7);
	REG64(MTIMECMP) = 1;
	REG64(MTIME) = UINT64_C(0x123456789abcd);
	REG32(CLINT) = 1;
	REG32(PLIC + 40) = 5;
	REG32(PLIC + 0x2000) = 0x400;
	REG32(PLIC + 0x200000) = 3;
	REG32(RTC + 12) = 0x7fffffff;
	REG32(RTC + 8) = 1;
	REG32(RTC + 16) = 1;
	REG32(RTC + 4) = 0x1234;
	REG32(RTC) = 0;
	REG32(0x30000004) = 7;
	REG8(UART + 3) = 3;
	REG8(UART + 4) = 3;
	REG8(UART + 7) = 0x42;
	REG8(UART + 1) = 2;
}

static _Noreturn void reset(void)
{
	REG32(FINISHER) = RESET;
	for (;;)
		;
}

/* Until the last hart of as many as there were the first time is here. */
static void gather(u64 hart)
{
	__atomic_fetch_add(&harts_here, 1, __ATOMIC_SEQ_CST);
	u64 *expected = (u64 *)(KEPT + KEPT_HARTS);
	if (hart == 0 && REG64(KEPT + KEPT_RESETS) == 0) {
		while (REG64(MTIME) < 100000)
			;
		*expected = harts_here;
	}
	if (hart == 0)
		while (harts_here < *expected)
			;
}

int main(u64 hart)
{
	u64 mtime = REG64(MTIME);
	gather(hart);
	if (hart != 0) {
		/* some work, until it is this hart that resets */
		for (u64 n = 0;; n++)
			if (REG64(KEPT + GO) == hart && REG64(KEPT + KEPT_RESETS) != RESETS)
				break;
		REG64(KEPT + KEPT_RESETS) += 1;
		REG64(KEPT + GO) = 0;
		reset();
	}
	show("resets before", REG64(KEPT + KEPT_RESETS));
	show("data", data);
	show("bss", zero);
	show("mtime begins", mtime < 100000000);
	if (REG64(KEPT + KEPT_RESETS)) {
		(void)REG32(RTC); /* latches the upper half, of 4 s each */
		show("calendar goes on", REG32(RTC + 4) - 0x1234 < 8);
	}
	show_devices();
	if (REG64(KEPT + KEPT_RESETS) == RESETS)
		return 0;
	change_all();
	if (harts_here == 1) {
		REG64(KEPT + KEPT_RESETS) += 1;
		reset();
	}
	REG64(KEPT + GO) = harts_here - 1;
	for (;;)
		zero++;
}
