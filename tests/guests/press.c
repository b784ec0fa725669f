/*
 * Every hart at once makes every SBI call there is, with arguments that ask for much, and prints as fast as it can.
 * Nobody ever sleeps, so that the time from an exit to the next entry is what the hypervisor took for it: the suite
 * looks at that. Lines are numbered, so that it sees as well that none is lost and each hart's stay in order; their
 * newlines are those that harts print all the time.
 *
 * With `print` in its bootargs a guest prints and does nothing else; with `watch` it measures the longest time in which
 * it did not run.
 */
#include "rt/rt.h"

const char guest_name[] = "press";

enum { ROUNDS = 3, LINES = 8, BIG = 65536, FLOOD_CALLS = 24, GAP_TICKS = 100000 };

static char newlines[BIG + 8], input[BIG];
static uint64_t finished;

/* ---- the calls ---- */

static const uint64_t hostile[] = {
	0, 1, 2, 3, 8, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX,
};
enum { HOSTILE = sizeof(hostile) / sizeof(hostile[0]) };

static const struct {
	uint64_t extension, functions;
} extensions[] = {
	{ SBI_BASE, 8 }, { SBI_TIME, 2 }, { SBI_IPI, 2 }, { SBI_RFENCE, 8 }, { 0x504d55 /* PMU */, 8 },
	{ 0x53555350 /* SUSP */, 1 }, { 0x43505043 /* CPPC */, 4 }, { 0x4e41434c /* NACL */, 5 },
	{ 0x535441 /* STA */, 1 }, { SBI_NO_SUCH_EXTENSION, 2 }, { UINT64_MAX, 1 },
};

/* Each argument in turn takes each hostile value, the others being harmless. */
static void call_with_hostile_arguments(uint64_t extension, uint64_t function)
{
	for (unsigned argument = 0; argument < 5; argument++) {
		for (unsigned i = 0; i < HOSTILE; i++) {
			struct sbi_args args = { { 1, this_hart()->id } };

			args.a[argument] = hostile[i];
			sbi_call(extension, function, args);
		}
	}
}

/* Not a mask pointer of the legacy calls: that is the guest's own memory. */
static void call_legacy(void)
{
	uint64_t mask = UINT64_C(1) << this_hart()->id;

	sbi(0, 0, UINT64_MAX);
	for (uint64_t extension = 2; extension < 8; extension++) {
		sbi(extension, 0, 0);
		sbi(extension, 0, (uintptr_t)&mask, 0, UINT64_MAX, 1);
	}
}

/* Starts of harts that run, states of all, and a suspend that a pending interrupt ends at once. */
static void call_hsm(void)
{
	for (unsigned i = 0; i < HOSTILE; i++) {
		sbi(SBI_HSM, SBI_HSM_START, this_hart()->id, hostile[i], 0);
		sbi(SBI_HSM, SBI_HSM_START, hostile[i], hostile[i], 0);
		sbi(SBI_HSM, SBI_HSM_STATUS, hostile[i]);
		sbi(SBI_HSM, 4 + i, 0);
	}
	for (uint64_t i = 0; i < platform.harts; i++)
		hart_state(platform.hart_id[i]);
	csr_set(sie, IRQ_BIT(IRQ_SOFT));
	for (unsigned i = 0; i < HOSTILE; i++) {
		csr_set(sip, IRQ_BIT(IRQ_SOFT));
		sbi(SBI_HSM, SBI_HSM_SUSPEND, i ? 0x12345678 : 0, 0, 0);
	}
	csr_clear(sie, IRQ_BIT(IRQ_SOFT));
}

static void call_console(void)
{
	static const uint64_t sizes[] = { 0, 1, 7, 80, 81, 4096, BIG };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		sbi(SBI_DBCN, SBI_DBCN_WRITE, sizes[i], (uintptr_t)newlines, 0);
		sbi(SBI_DBCN, SBI_DBCN_WRITE, sizes[i] / 2, (uintptr_t)newlines + 3, 0);
		sbi(SBI_DBCN, SBI_DBCN_READ, sizes[i], (uintptr_t)input, 0);
	}
	for (unsigned i = 0; i < HOSTILE; i++) {
		sbi(SBI_DBCN, SBI_DBCN_WRITE, hostile[i], (uintptr_t)newlines, 0);
		sbi(SBI_DBCN, SBI_DBCN_WRITE, 80, hostile[i], 0);
		sbi(SBI_DBCN, SBI_DBCN_READ, hostile[i], (uintptr_t)input, hostile[i]);
		sbi(SBI_DBCN, SBI_DBCN_WRITE_BYTE, '\n');
		sbi(SBI_LEGACY_PUTCHAR, 0, '\n');
		*(volatile uint8_t *)UART_BASE = '\n';
		sbi(SBI_SRST, 0, 0x12345678 + i, hostile[i]);
	}
}

static void call_everything(void)
{
	for (unsigned i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		for (uint64_t function = 0; function < extensions[i].functions; function++)
			call_with_hostile_arguments(extensions[i].extension, function);
	sbi_set_timer(UINT64_MAX);
	csr_clear(sip, IRQ_BIT(IRQ_SOFT));
	call_legacy();
	call_hsm();
	call_console();
	csr_clear(sip, IRQ_BIT(IRQ_SOFT));
}

/* ---- who does what ---- */

static void flood(void)
{
	for (unsigned i = 0; i < FLOOD_CALLS; i++)
		CHECK(sbi(SBI_DBCN, SBI_DBCN_WRITE, BIG, (uintptr_t)newlines, 0).error == SBI_SUCCESS, "DBCN refuses");
}

static void press(uint64_t calls)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (!calls)
			flood();
		else if (round == 0)
			call_everything();
		else
			call_console();
		for (unsigned line = 0; line < LINES; line++)
			print("press: hart %lu line %u of a text that is as long as those of a kernel that boots.",
			      this_hart()->id, round * LINES + line);
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
}

static void press_and_wait(uint64_t calls)
{
	press(calls);
	for (;;)
		relax();
}

/* The time between two looks at the clock, which follow each other as fast as they can. */
static void watch(void)
{
	uint64_t start = time_now(), last = start, longest = 0;

	while (last - start < GAP_TICKS) {
		uint64_t now = time_now();

		if (now - last > longest)
			longest = now - last;
		last = now;
	}
	print("\npress: longest gap %lu ticks\n", longest);
}

void guest_main(void)
{
	bool calls = !has_word(platform.bootargs, "print");

	if (has_word(platform.bootargs, "watch")) {
		watch();
		return;
	}
	for (unsigned i = 0; i < sizeof(newlines); i++)
		newlines[i] = '\n';
	for (uint64_t i = 0; i < platform.harts; i++)
		if (platform.hart_id[i] != this_hart()->id)
			CHECK(hart_start(platform.hart_id[i], press_and_wait, calls) == SBI_SUCCESS,
			      "hart_start refused");
	press(calls);
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != platform.harts)
		relax();
}
