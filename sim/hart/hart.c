#include "hart/hart.h"

#include <string.h>
#include "csr/csr.h"
#include "hart/mem.h"
#include "hart/trap.h"
#include "trace/check.h"
#include "trace/trace.h"

const char *mode_name(enum mode mode)
{
	static const char *const names[MODE_COUNT] = {"M", "HS", "U", "VS", "VU"};
	return names[mode];
}

void hart_reset(struct hart *hart, uint64_t reset_pc)
{
	memset(hart->x, 0, sizeof hart->x);
	memset(hart->f, 0, sizeof hart->f);
	memset(&hart->trap, 0, sizeof hart->trap);
	memset(&hart->tp, 0, sizeof hart->tp);
	hart->mode = MODE_M;
	hart->pc = reset_pc;
	hart->x[10] = hart->id;
	hart->irq_lines = 0;
	hart->hgei = hart->rnmi = 0;
	hart->waiting = false;
	hart->halted = hart->elp = false;
	hart->wake_cycle = UINT64_MAX;
	mem_unreserve(hart);
	csr_reset(hart);
	mmu_flush(hart);
	hart->effects = EFFECT_IRQ | EFFECT_MODE | EFFECT_TRANSLATE | EFFECT_FETCH;
}

/* Does the cause write an address into tval? Only those can set GVA. */
static bool cause_has_address(enum cause cause)
{
	switch (cause) {
	case CAUSE_ILLEGAL:
	case CAUSE_VIRTUAL:
	case CAUSE_SOFTWARE_CHECK:
	case CAUSE_ECALL_U:
	case CAUSE_ECALL_HS:
	case CAUSE_ECALL_VS:
	case CAUSE_ECALL_M:
		return false;
	default:
		return true;
	}
}

bool hart_raise(struct hart *hart, enum cause cause, uint64_t tval)
{
	hart->trap = (struct trap){
	    .pending = true,
	    .cause = (uint8_t)cause,
	    .tval = tval,
	    .gva = mode_virt(hart->mode) && cause_has_address(cause),
	};
	return false;
}

/* A waiting hart goes on at the cycle of what woke it. */
static void wake(struct hart *hart, uint64_t now)
{
	hart->effects |= EFFECT_IRQ;
	if (!hart->waiting)
		return;
	if (hart->cycle < now)
		hart->cycle = hart->now = now;
	if (irq_wakes(hart))
		hart->waiting = false;
}

static void wires_changed(struct hart *hart, uint64_t now)
{
	struct trace_event event = {
	    .type = TRACE_IRQ,
	    .hart = (uint8_t)hart->id,
	    .mode = hart->mode,
	    .cycle = now,
	    .retired = hart->retired,
	    .value = {hart->irq_lines | hart->rnmi << RNMI_FIRST, hart->hgei},
	};
	trace_emit(hart->trace, &event);
	if (hart->observe)
		hart->observe(hart->observer, &event);
	wake(hart, now);
}

static void set_wire(struct hart *hart, uint64_t *wires, unsigned line, bool level, uint64_t now)
{
	uint64_t bit = UINT64_C(1) << line;
	if (!(*wires & bit) == !level)
		return;
	*wires ^= bit;
	wires_changed(hart, now);
}

void hart_set_irq(void *receiver, unsigned line, bool level, uint64_t now)
{
	struct hart *hart = receiver;
	set_wire(hart, &hart->irq_lines, line, level, now);
}

void hart_set_hgei(void *receiver, unsigned line, bool level, uint64_t now)
{
	struct hart *hart = receiver;
	set_wire(hart, &hart->hgei, line, level, now);
}

void hart_set_rnmi(void *receiver, unsigned line, bool level, uint64_t now)
{
	struct hart *hart = receiver;
	set_wire(hart, &hart->rnmi, line, level, now);
}

void hart_emit(struct hart *hart, struct trace_event *event)
{
	event->hart = (uint8_t)hart->id;
	event->mode = hart->mode;
	event->cycle = hart->now;
	event->retired = hart->retired;
	trace_emit(hart->trace, event);
	if (hart->check)
		check_event(hart->check, hart, event);
	if (hart->observe)
		hart->observe(hart->observer, event);
}
