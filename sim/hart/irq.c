/* Interrupts: what is pending, and which one is taken first. */
#include "csr/csr.h"
#include "hart/platform.h"
#include "hart/trap.h"

static uint64_t irq_bit(enum irq irq) { return UINT64_C(1) << irq; }

/* ---- the timers of Sstc ---- */

static bool stimecmp_works(const struct hart *hart) { return hart->csr.menvcfg & menvcfg_STCE; }

/* henvcfg.STCE is 0 whenever menvcfg.STCE is (csr_warl.c). norm:menvcfg_stce_op2 */
static bool vstimecmp_works(const struct hart *hart) { return hart->csr.henvcfg & henvcfg_STCE; }

/* time >= stimecmp, without a division. norm:mip_sip_stip_op */
static bool stimecmp_pending(const struct hart *hart)
{
	return hart->now >= platform_cycle_of(hart->platform, hart->csr.stimecmp);
}

/* time + htimedelta, truncated to 64 bits, >= vstimecmp. norm:hip_vstip_op */
static bool vstimecmp_pending(const struct hart *hart)
{
	return platform_time(hart->platform, hart->now) + hart->csr.htimedelta >= hart->csr.vstimecmp;
}

static uint64_t timers_pending(const struct hart *hart, uint64_t wanted)
{
	uint64_t pending = 0;
	if (wanted & irq_bit(IRQ_STI) && stimecmp_works(hart) && stimecmp_pending(hart))
		pending |= irq_bit(IRQ_STI);
	if (wanted & irq_bit(IRQ_VSTI) && vstimecmp_works(hart) && vstimecmp_pending(hart))
		pending |= irq_bit(IRQ_VSTI);
	return pending;
}

/* ---- pending ---- */

/* What software asserted in mip; STIP does not count while the timer drives it. norm:mip_stip_stimecmp_acc */
static uint64_t software_pending(const struct hart *hart)
{
	return stimecmp_works(hart) ? hart->csr.mip & ~irq_bit(IRQ_STI) : hart->csr.mip;
}

/* norm:hip_vseip_vseie_op norm:hip_sgeip_sgeie_acc_op: hgeie does not touch the line VGEIN selects. */
static uint64_t guest_externals_pending(const struct hart *hart)
{
	uint64_t pending = 0;
	uint64_t vgein = (hart->csr.hstatus & hstatus_VGEIN) >> hstatus_VGEIN_LOW;
	uint64_t lines = hart->hgei & ~UINT64_C(1);
	if (lines >> vgein & 1)
		pending |= irq_bit(IRQ_VSEI);
	if (lines & hart->csr.hgeie)
		pending |= irq_bit(IRQ_SGEI);
	return pending;
}

/* The bits of mip among `wanted`. */
static uint64_t pending(const struct hart *hart, uint64_t wanted)
{
	uint64_t bits = hart->irq_lines | software_pending(hart) | hart->csr.hvip;
	if (hart->hgei)
		bits |= guest_externals_pending(hart);
	if (hart->counters.armed && csr_counters_overflowed(hart))
		bits |= irq_bit(IRQ_LCOFI);
	return (bits | timers_pending(hart, wanted)) & wanted;
}

uint64_t irq_mip(const struct hart *hart) { return pending(hart, ~UINT64_C(0)); }

/* An RNMI wakes whatever NMIE says: that is a global enable. norm:mnstatus_wfi */
bool irq_wakes(const struct hart *hart) { return hart->rnmi || pending(hart, hart->csr.mie) != 0; }

/* ---- which are enabled, and their order ---- */

/* norm:intr_mip_mie_op: interrupts for a level are enabled below it always, at it by its IE bit, above it never. */
static bool machine_enabled(const struct hart *hart) { return hart->mode != MODE_M || hart->csr.mstatus & mstatus_MIE; }

/* norm:hideleg_hs norm:sie_sip_supervisor_strap */
static bool supervisor_enabled(const struct hart *hart)
{
	switch (hart->mode) {
	case MODE_M: return false;
	case MODE_HS: return hart->csr.mstatus & mstatus_SIE;
	default: return true;
	}
}

static bool guest_enabled(const struct hart *hart)
{
	return hart->mode == MODE_VU || (hart->mode == MODE_VS && hart->csr.vsstatus & vsstatus_SIE);
}

/* Highest priority first, at every level. norm:intr_M_mode_pri norm:hsint_priority */
static enum irq first_of(uint64_t bits)
{
	static const uint8_t order[] = {IRQ_MEI,  IRQ_MSI,  IRQ_MTI,  IRQ_SEI,  IRQ_SSI,  IRQ_STI,
	                                IRQ_SGEI, IRQ_VSEI, IRQ_VSSI, IRQ_VSTI, IRQ_LCOFI};
	for (unsigned i = 0; i < sizeof order; i++)
		if (bits & irq_bit(order[i]))
			return order[i];
	return (enum irq)__builtin_ctzll(bits);
}

/* ---- since when ---- */

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The cycle at which a pending interrupt that was not so before became so: a timer that nobody has written since then has
 * come to the cycle that was seen ahead. */
static uint64_t rise_of(const struct hart *hart, unsigned cause, uint64_t now)
{
	uint64_t timer = cause == IRQ_STI    ? hart->interrupts.stimecmp
	                 : cause == IRQ_VSTI ? hart->interrupts.vstimecmp
	                                     : now;
	return earlier(timer, now);
}

void irq_look(struct hart *hart, uint64_t now)
{
	uint64_t bits = irq_mip(hart) | hart->rnmi << RNMI_FIRST;
	for (uint64_t rose = bits & ~hart->interrupts.pending; rose; rose &= rose - 1) {
		unsigned cause = (unsigned)__builtin_ctzll(rose);
		hart->interrupts.since[cause] = rise_of(hart, cause, now);
	}
	hart->interrupts.pending = bits;
}

static void note_open(struct hart *hart, uint64_t open)
{
	for (uint64_t opened = hart->interrupts.pending & open & ~hart->interrupts.open; opened; opened &= opened - 1)
		hart->interrupts.opened[__builtin_ctzll(opened)] = hart->now;
	hart->interrupts.open = open;
}

/* Another hart may raise a wire at a cycle that this one has not come to. */
struct trace_latency irq_taken(struct hart *hart, uint64_t first)
{
	unsigned cause = hart->trap.cause;
	uint64_t from = earlier(hart->interrupts.since[cause], hart->now);
	uint64_t opened = earlier(hart->interrupts.opened[cause], hart->now);
	hart->interrupts.since[cause] = first;
	return (struct trace_latency){.waited = first - from, .masked = opened > from ? opened - from : 0};
}

/* ---- which one is taken ---- */

/* What the hart would take if it were pending: bits of mip, and RNMIs. norm:rnmi_not_disabled norm:mnstatus_nmie_disable
 * norm:mnstatus_nmie_enable */
static uint64_t open_now(const struct hart *hart)
{
	const struct csr_file *csr = &hart->csr;
	if (!(csr->mnstatus & mnstatus_NMIE))
		return 0;
	uint64_t wanted = (machine_enabled(hart) ? ~csr->mideleg : 0) |
	                  (supervisor_enabled(hart) ? csr->mideleg & ~csr->hideleg : 0) |
	                  (guest_enabled(hart) ? csr->mideleg & csr->hideleg : 0);
	return (csr->mie & wanted) | UINT64_MAX << RNMI_FIRST;
}

/* norm:rnmi_priority norm:mncause_interrupt_code */
static bool poll_rnmi(struct hart *hart)
{
	hart->trap = (struct trap){
	    .pending = true,
	    .interrupt = true,
	    .rnmi = true,
	    .cause = (uint8_t)(RNMI_FIRST + __builtin_ctzll(hart->rnmi)),
	};
	return true;
}

bool irq_poll(struct hart *hart)
{
	uint64_t open = open_now(hart);
	if (open && !hart->rnmi && hart->counters.armed)
		csr_counters_latch(hart);
	irq_look(hart, hart->now);
	note_open(hart, open);
	uint64_t ready = hart->interrupts.pending & open;
	if (!ready)
		return false;
	if (hart->rnmi)
		return poll_rnmi(hart);

	/* norm:intr_M_mode_highest_pri norm:s_interrupt_priority */
	uint64_t levels[] = {ready & ~hart->csr.mideleg, ready & ~hart->csr.hideleg, ready};
	uint64_t *level = levels;
	while (!*level)
		level++;
	hart->trap = (struct trap){.pending = true, .interrupt = true, .cause = (uint8_t)first_of(*level)};
	return true;
}

/* ---- when a timer will fire, or a counter overflow ---- */

/* First cycle at which time + htimedelta >= vstimecmp holds, given that it does not hold now. The sum may wrap first,
 * so what counts is the distance. */
static uint64_t vstimecmp_cycle(const struct hart *hart)
{
	uint64_t time = platform_time(hart->platform, hart->now);
	uint64_t distance = hart->csr.vstimecmp - (time + hart->csr.htimedelta), target;
	if (__builtin_add_overflow(time, distance, &target))
		return UINT64_MAX;
	return platform_cycle_of(hart->platform, target);
}

uint64_t irq_next_cycle(struct hart *hart)
{
	uint64_t stimecmp = UINT64_MAX, vstimecmp = UINT64_MAX;
	if (stimecmp_works(hart) && !stimecmp_pending(hart))
		stimecmp = platform_cycle_of(hart->platform, hart->csr.stimecmp);
	if (vstimecmp_works(hart) && !vstimecmp_pending(hart))
		vstimecmp = vstimecmp_cycle(hart);
	hart->interrupts.stimecmp = stimecmp;
	hart->interrupts.vstimecmp = vstimecmp;
	uint64_t next = earlier(stimecmp, vstimecmp);
	if (hart->counters.armed)
		next = earlier(next, csr_counters_next_cycle(hart));
	return next;
}
