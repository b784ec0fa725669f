/*
 * SBI TIME and, where the device tree names Sstc, stimecmp: periodic ticks in wfi, masking, cancelling. With `due` in its
 * bootargs it does nothing but end while its timer is due.
 */
#include "rt/rt.h"

enum { TICKS = 20, TIME_READS = 20000 };
#define NEVER UINT64_MAX
#define STIMECMP_CSR 0x14d

const char guest_name[] = "timer";

typedef void arm_timer(uint64_t deadline);

static struct {
	arm_timer *arm;
	uint64_t period; /* in ticks of time */
	uint64_t deadline;
	uint64_t wanted;
	volatile uint64_t seen;
} timer;

static void arm_stimecmp(uint64_t deadline)
{
	__asm__ volatile("csrw %0, %1" : : "i"(STIMECMP_CSR), "r"(deadline));
}

static bool on_timer(struct trap_frame *frame)
{
	if (frame->scause != CAUSE_IRQ(IRQ_TIMER))
		return false;
	CHECK(time_now() >= timer.deadline, "the timer fired early");
	timer.seen++;
	timer.deadline = timer.seen < timer.wanted ? timer.deadline + timer.period : NEVER;
	timer.arm(timer.deadline);
	return true;
}

static void start(uint64_t ticks, uint64_t first_deadline)
{
	timer.seen = 0;
	timer.wanted = ticks;
	timer.deadline = first_deadline;
	timer.arm(first_deadline);
}

/* wfi ends for an enabled pending interrupt even where sstatus.SIE is 0: no tick can slip in before it. */
static void wait_for_ticks(void)
{
	while (timer.seen < timer.wanted) {
		csr_clear(sstatus, SSTATUS_SIE);
		if (timer.seen < timer.wanted)
			__asm__ volatile("wfi" : : : "memory");
		csr_set(sstatus, SSTATUS_SIE);
	}
}

static void pass_time(uint64_t ticks)
{
	uint64_t end = time_now() + ticks;

	while (time_now() < end)
		relax();
}

/* Only a no may be relied on: QEMU 7.2 shows a guest nothing in sip but SSIP. */
static bool pending(void)
{
	return (csr_read(sip) & IRQ_BIT(IRQ_TIMER)) != 0;
}

static void check_ticks(void)
{
	uint64_t begin = time_now();

	start(TICKS, begin + timer.period);
	wait_for_ticks();
	CHECK(timer.seen == TICKS, "%lu ticks", timer.seen);
	CHECK(time_now() - begin >= TICKS * timer.period, "the ticks came too fast");
	CHECK(!pending(), "the last tick is still pending");
}

static void check_past_deadline(void)
{
	start(1, 0);
	wait_for_ticks();
	start(1, time_now());
	wait_for_ticks();
}

/* Masked, and then let through. */
static void check_masked(void)
{
	csr_clear(sie, IRQ_BIT(IRQ_TIMER));
	start(1, time_now() + timer.period);
	pass_time(2 * timer.period);
	CHECK(timer.seen == 0, "a masked timer fired");
	csr_set(sie, IRQ_BIT(IRQ_TIMER));
	wait_for_ticks();
}

/* Once before the deadline and once after it, when the interrupt pends already. */
static void check_cancel(void)
{
	csr_clear(sie, IRQ_BIT(IRQ_TIMER));
	start(1, time_now() + timer.period);
	timer.arm(NEVER);
	pass_time(3 * timer.period);
	CHECK(!pending(), "a cancelled timer pends");

	timer.arm(time_now());
	pass_time(timer.period);
	timer.arm(NEVER);
	CHECK(!pending(), "cancelling leaves the interrupt pending");
	csr_set(sie, IRQ_BIT(IRQ_TIMER));
	pass_time(timer.period);
	CHECK(timer.seen == 0, "a cancelled timer fired");
}

static void check_all(arm_timer *arm)
{
	timer.arm = arm;
	check_ticks();
	check_past_deadline();
	check_masked();
	check_cancel();
}

void guest_main(void)
{
	uint64_t last = time_now();

	if (has_word(platform.bootargs, "due")) {
		csr_set(sie, IRQ_BIT(IRQ_TIMER));
		sbi_set_timer(0);
		return;
	}
	for (int i = 0; i < TIME_READS; i++) {
		uint64_t now = time_now();

		CHECK(now >= last, "time went back");
		last = now;
	}
	print("timer: time never goes back\n");

	timer.period = platform.timebase / 10000;
	this_hart()->on_trap = on_timer;
	sbi_set_timer(NEVER);
	csr_set(sie, IRQ_BIT(IRQ_TIMER));
	csr_set(sstatus, SSTATUS_SIE);
	check_all(sbi_set_timer);
	if (platform_has("sstc"))
		check_all(arm_stimecmp);
	csr_clear(sstatus, SSTATUS_SIE);
	print("timer: %d ticks, none early, none lost\n", TICKS);
	print("timer: past deadlines fire at once, masked ones wait, cancelled ones never fire\n");
}
