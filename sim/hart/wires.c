/* Wires into a hart: interrupts of all kinds. */
#include "hart/hart.h"
#include "hart/trap.h"

/* A waiting hart goes on at the cycle of what woke it. */
static void wake(struct hart *hart, uint64_t now)
{
	hart->effects |= EFFECT_IRQ;
	if (!hart->waiting)
		return;
	if (hart->cycle < now) {
		hart->waited += now - hart->cycle;
		hart->cycle = hart->now = now;
	}
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
	hart_tell(hart, &event);
	irq_look(hart, now);
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
