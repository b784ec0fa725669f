/*
 * Counters that count by themselves: a slot holds the difference between the counter and the clock it follows (cycles
 * or retired instructions of the hart) while it counts, and the counter itself while it stands still. So counting costs
 * nothing, and only a change of what, or whether, a counter counts has to settle it.
 */
#include "csr/csr.h"
#include "csr/csr_row.h"
#include "hart/platform.h"

enum counter { COUNTER_CYCLE = 0, COUNTER_TIME = 1, COUNTER_INSTRET = 2, COUNTER_HPM = 3, COUNTER_COUNT = 32 };

/* mhpmevent.EVENT */
enum event { EVENT_NONE = 0, EVENT_CYCLES = 1, EVENT_INSTRET = 2, EVENT_LAST = EVENT_INSTRET };

/* The hart's clocks as of some moment. */
struct clocks {
	uint64_t cycles, instret;
};

/* What an instruction reads: the counts before it. norm:mcycle_op norm:minstret_op */
static struct clocks clocks_before(const struct hart *hart)
{
	return (struct clocks){hart->now, hart->retired};
}

/* A write takes effect after the writing instruction has otherwise completed, so that the next one reads exactly what
 * was written: at the earliest a cycle later. norm:mcycle_minstret_wr */
static struct clocks clocks_after(const struct hart *hart)
{
	return (struct clocks){hart->now + 1, hart->retired + 1};
}

static const uint64_t *event_slot(const struct hart *hart, unsigned index)
{
	return &(&hart->csr.mhpmevent3)[index - COUNTER_HPM];
}

static uint64_t *slot_of(struct hart *hart, unsigned index)
{
	switch (index) {
	case COUNTER_CYCLE:
		return &hart->csr.mcycle;
	case COUNTER_INSTRET:
		return &hart->csr.minstret;
	default:
		return &(&hart->csr.mhpmcounter3)[index - COUNTER_HPM];
	}
}

static enum event event_of(const struct hart *hart, unsigned index)
{
	switch (index) {
	case COUNTER_CYCLE:
		return EVENT_CYCLES;
	case COUNTER_INSTRET:
		return EVENT_INSTRET;
	default:
		return *event_slot(hart, index) & mhpmevent3_EVENT;
	}
}

/* The clock that counter `index` follows now; 0 while it stands still. norm:mcountinhibit_op2 */
static uint64_t clock_of(const struct hart *hart, unsigned index, struct clocks clocks)
{
	if (hart->csr.mcountinhibit >> index & 1)
		return 0;
	switch (event_of(hart, index)) {
	case EVENT_CYCLES:
		return clocks.cycles;
	case EVENT_INSTRET:
		return clocks.instret;
	default:
		return 0;
	}
}

static uint64_t counter_at(const struct hart *hart, unsigned index, struct clocks clocks)
{
	return *slot_of((struct hart *)hart, index) + clock_of(hart, index, clocks);
}

static void set_counter_at(struct hart *hart, unsigned index, uint64_t value, struct clocks clocks)
{
	*slot_of(hart, index) = value - clock_of(hart, index, clocks);
}

uint64_t csr_counter(const struct hart *hart, unsigned index)
{
	return counter_at(hart, index, clocks_before(hart));
}

void csr_counter_set(struct hart *hart, unsigned index, uint64_t value)
{
	set_counter_at(hart, index, value, clocks_before(hart));
}

uint64_t csr_cycle(const struct hart *hart)
{
	return csr_counter(hart, COUNTER_CYCLE);
}

uint64_t csr_instret(const struct hart *hart)
{
	return csr_counter(hart, COUNTER_INSTRET);
}

void write_counter(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	set_counter_at(hart, row->num & 31, value, clocks_after(hart));
}

/* ---- what and whether counters count ---- */

void write_mcountinhibit(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	const uint64_t mask = mcountinhibit_CY | mcountinhibit_IR | mcountinhibit_HPM;
	struct clocks clocks = clocks_after(hart);
	uint64_t changed = (hart->csr.mcountinhibit ^ value) & mask;
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		if (!(changed >> i & 1))
			continue;
		uint64_t count = counter_at(hart, i, clocks);
		hart->csr.mcountinhibit ^= UINT64_C(1) << i;
		set_counter_at(hart, i, count, clocks);
	}
}

/* An event we do not have selects none. */
static uint64_t legal_event(uint64_t value)
{
	uint64_t event = value & mhpmevent3_EVENT;
	return event <= EVENT_LAST ? event : EVENT_NONE;
}

void write_mhpmevent(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	struct clocks clocks = clocks_after(hart);
	unsigned index = row->num & 31;
	uint64_t count = counter_at(hart, index, clocks);
	*csr_slot(hart, row) = legal_event(value);
	set_counter_at(hart, index, count, clocks);
}
