/*
 * A guest that leaves for one reason, many times: what docs/world-switch.md measures. A word of its bootargs chooses
 * which.
 *
 *   hypercall  an SBI call that only asks for a number
 *   set_timer  SBI set_timer, to never
 *   mmio       a load from and a store to the emulated UART
 *   scatter    the load, in Sv39 and after so many pages that no TLB remembers the instruction's
 *   reflect    an instruction that exists, but not for a guest: it gets an illegal-instruction trap
 *   pending    wfi while an interrupt is pending already
 *   wait       wfi for a timer 20 us away
 *   ipi        an IPI to the other hart, which runs on in its kernel; two harts
 *   tick       the guest's own timer, while it runs on in its kernel
 *   listen     nothing: whatever interrupts it
 */
#include "../guests/rt/rt.h"

enum { ROUNDS = 200, UART_LSR = 5, UART_SCR = 7, TICKS_AWAY = 200, LISTEN_TICKS = 100000 };
#define NEVER UINT64_MAX

const char guest_name[] = "exits";

static volatile uint64_t arrived;

static void hypercall(void)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		sbi(SBI_BASE, SBI_BASE_SPEC_VERSION);
}

static void set_timer(void)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		sbi_set_timer(NEVER);
}

static void mmio(void)
{
	volatile uint8_t *uart = (volatile uint8_t *)UART_BASE;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uart[UART_SCR] = (uint8_t)i;
		(void)uart[UART_LSR];
	}
}

/* Identity in gigapages; 64 pages of the G-stage, which are 2 MiB at most, between any two exits. */
static void scatter(void)
{
	enum { PTE_VALID_RWX_AD = 0xcf, GIGAPAGE_PPN = 1 << 28, PAGES = 64, STRIDE = 2 << 20 };
	static uint64_t root[PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));
	volatile uint8_t *uart = (volatile uint8_t *)UART_BASE, *memory = (volatile uint8_t *)platform.memory_base;

	CHECK(platform.memory_size >= (uint64_t)PAGES * STRIDE, "too little memory");
	for (uint64_t i = 0; i < 4; i++)
		root[i] = i * GIGAPAGE_PPN | PTE_VALID_RWX_AD;
	csr_write(satp, SATP_SV39 | (uint64_t)root / PAGE_SIZE);
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (uint64_t page = 0; page < PAGES; page++)
			(void)memory[page * STRIDE];
		(void)uart[UART_LSR];
	}
}

static void reflect(void)
{
	trap_catch();
	for (unsigned i = 0; i < ROUNDS; i++)
		__asm__ volatile("csrr t0, 0x600" : : : "t0"); /* hstatus */
	CHECK(trap_caught().count == ROUNDS, "not every access trapped");
}

static void wait_for(uint64_t (*deadline)(void))
{
	csr_set(sie, IRQ_BIT(IRQ_TIMER));
	for (unsigned i = 0; i < ROUNDS; i++) {
		sbi_set_timer(deadline());
		__asm__ volatile("wfi" : : : "memory");
	}
	sbi_set_timer(NEVER);
}

static uint64_t past(void) { return 0; }
static uint64_t soon(void) { return time_now() + TICKS_AWAY; }

static bool count_interrupt(struct trap_frame *frame)
{
	if (frame->scause == CAUSE_IRQ(IRQ_SOFT))
		csr_clear(sip, IRQ_BIT(IRQ_SOFT));
	else if (frame->scause == CAUSE_IRQ(IRQ_TIMER))
		sbi_set_timer(soon());
	else
		return false;
	arrived++;
	return true;
}

static void receive(uint64_t irq)
{
	this_hart()->on_trap = count_interrupt;
	csr_set(sie, IRQ_BIT(irq));
	csr_set(sstatus, SSTATUS_SIE);
	while (arrived < ROUNDS)
		relax();
	csr_clear(sstatus, SSTATUS_SIE);
	hart_stop();
}

static void ipi(void)
{
	uint64_t other = platform.hart_id[platform.hart_id[0] == this_hart()->id];

	CHECK(platform.harts > 1, "IPIs need two harts");
	hart_start(other, receive, IRQ_SOFT);
	hart_await(other, HSM_STARTED);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		sbi(SBI_IPI, 0, 1, other);
		while (arrived == i)
			relax();
	}
	hart_await(other, HSM_STOPPED);
}

static void tick(void)
{
	this_hart()->on_trap = count_interrupt;
	csr_set(sie, IRQ_BIT(IRQ_TIMER));
	sbi_set_timer(soon());
	csr_set(sstatus, SSTATUS_SIE);
	while (arrived < ROUNDS)
		relax();
	csr_clear(sstatus, SSTATUS_SIE);
	sbi_set_timer(NEVER);
}

static void listen(void)
{
	uint64_t end = time_now() + LISTEN_TICKS;

	while (time_now() < end)
		relax();
}

void guest_main(void)
{
	static const struct { const char *word; void (*run)(void); } kinds[] = {
		{ "hypercall", hypercall }, { "set_timer", set_timer }, { "mmio", mmio }, { "scatter", scatter },
		{ "reflect", reflect },     { "ipi", ipi },             { "tick", tick }, { "listen", listen },
	};
	bool known = false;

	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (has_word(platform.bootargs, kinds[i].word)) {
			kinds[i].run();
			known = true;
		}
	if (has_word(platform.bootargs, "pending")) {
		wait_for(past);
		known = true;
	}
	if (has_word(platform.bootargs, "wait")) {
		wait_for(soon);
		known = true;
	}
	CHECK(known, "no word of my bootargs is known: %s", platform.bootargs);
	guest_pass();
}
