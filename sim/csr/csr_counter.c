/*
 * Counters that count by themselves: a slot holds the difference between the counter and the clock it follows (cycles
 * or retired instructions of the hart) while it counts, and the counter itself while it stands still. So counting costs
 * nothing, and only a change of what, or whether, a counter counts has to settle it.
 *
 * An overflow happens when the clock reaches -slot. Whoever looks sees it from then on; it is recorded (latched) when
 * interrupts are polled and when the counter is settled.
 */
#include "csr/csr.h"
#include "csr/csr_row.h"
#include "hart/options.h"
#include "hart/platform.h"
#include "isa/events.h"

enum counter { COUNTER_CYCLE = 0, COUNTER_TIME = 1, COUNTER_INSTRET = 2, COUNTER_HPM = 3, COUNTER_COUNT = 32 };

_Static_assert(CSR_ROWS(mhpmcounter3, mhpmcounter31) == COUNTER_COUNT - COUNTER_HPM,
               "mhpmcounter3..31 are consecutive");
_Static_assert(CSR_ROWS(mhpmevent3, mhpmevent31) == COUNTER_COUNT - COUNTER_HPM, "mhpmevent3..31 are consecutive");

/* The hart's clocks and mode as of some moment. */
struct moment {
	uint64_t cycles, instret;
	enum mode mode;
};

/* What an instruction reads: the counts before it. norm:mcycle_op norm:minstret_op */
static struct moment before(const struct hart *hart) { return (struct moment){hart->now, hart->retired, hart->mode}; }

/* A write takes effect after the writing instruction has otherwise completed, so that the next one reads exactly what
 * was written: at the earliest a cycle later. norm:mcycle_minstret_wr */
static struct moment after(const struct hart *hart)
{
	return (struct moment){hart->now + 1, hart->retired + 1, hart->mode};
}

static uint32_t counter_bit(unsigned index) { return UINT32_C(1) << index; }

/* ---- one counter ---- */

static uint64_t *counter_slot(struct hart *hart, unsigned index)
{
	switch (index) {
	case COUNTER_CYCLE: return &hart->csr.mcycle;
	case COUNTER_INSTRET: return &hart->csr.minstret;
	default: return &CSR_NTH(&hart->csr, mhpmcounter3, index - COUNTER_HPM);
	}
}

/* The register that says in which modes it counts, and for the performance counters what: their layouts agree. */
static uint64_t *config_of(struct hart *hart, unsigned index)
{
	switch (index) {
	case COUNTER_CYCLE: return &hart->csr.mcyclecfg;
	case COUNTER_INSTRET: return &hart->csr.minstretcfg;
	default: return &CSR_NTH(&hart->csr, mhpmevent3, index - COUNTER_HPM);
	}
}

static uint64_t slot_value(const struct hart *hart, unsigned index)
{
	return *counter_slot((struct hart *)hart, index);
}

static uint64_t config(const struct hart *hart, unsigned index) { return *config_of((struct hart *)hart, index); }

static enum event_number event_of(const struct hart *hart, unsigned index)
{
	switch (index) {
	case COUNTER_CYCLE: return EVENT_cycles;
	case COUNTER_INSTRET: return EVENT_instret;
	default: return config(hart, index) & mhpmevent3_EVENT;
	}
}

static uint64_t inhibit_in(enum mode mode)
{
	switch (mode) {
	case MODE_M: return mhpmevent3_MINH;
	case MODE_HS: return mhpmevent3_SINH;
	case MODE_U: return mhpmevent3_UINH;
	case MODE_VS: return mhpmevent3_VSINH;
	default: return mhpmevent3_VUINH;
	}
}

/* norm:mcountinhibit_op2 norm:mhpmevent_inh_op norm:counter_inhibited_behavior */
static bool counts(const struct hart *hart, unsigned index, enum mode mode)
{
	return !(hart->csr.mcountinhibit >> index & 1) && !(config(hart, index) & inhibit_in(mode)) &&
	       event_of(hart, index) != EVENT_none;
}

/* The clock that counter `index` follows; 0 while it stands still. */
static uint64_t clock_of(const struct hart *hart, unsigned index, struct moment moment)
{
	if (!counts(hart, index, moment.mode))
		return 0;
	enum event_number event = event_of(hart, index);
	if (event >= EVENT_MODEL_FIRST)
		return hart->events[event - EVENT_MODEL_FIRST];
	return event == EVENT_cycles ? moment.cycles : moment.instret;
}

static uint64_t count_at(const struct hart *hart, unsigned index, struct moment moment)
{
	return slot_value(hart, index) + clock_of(hart, index, moment);
}

/* ---- overflow ---- */

/* norm:hpmcounter_overflow */
static bool overflowed(const struct hart *hart, unsigned index, struct moment moment)
{
	return hart->counters.armed & counter_bit(index) && clock_of(hart, index, moment) >= -slot_value(hart, index);
}

/* Any counter for which overflowed() holds, as a bit set. */
static uint32_t overflows(const struct hart *hart, struct moment moment)
{
	uint32_t set = 0;
	for (uint32_t left = hart->counters.armed; left; left &= left - 1)
		if (overflowed(hart, (unsigned)__builtin_ctz(left), moment))
			set |= left & -left;
	return set;
}

/* norm:mhpmevent_of_bit_set norm:LCOFIP_op */
static void latch(struct hart *hart, unsigned index, struct moment moment)
{
	if (!overflowed(hart, index, moment))
		return;
	hart->counters.armed &= ~counter_bit(index);
	*config_of(hart, index) |= mhpmevent3_OF;
	hart->csr.mip |= mip_LCOFIP;
	hart->effects |= EFFECT_IRQ;
}

void csr_counters_latch(struct hart *hart)
{
	for (uint32_t left = hart->counters.armed; left; left &= left - 1)
		latch(hart, (unsigned)__builtin_ctz(left), before(hart));
}

bool csr_counters_overflowed(const struct hart *hart) { return overflows(hart, before(hart)) != 0; }

/* Instructions retired are no cycles, but there are never more of them: so a counter of theirs overflows later still,
 * and is asked again. Events of the timing model may outrun cycles: the engine looks after each of them
 * (look_at_counters). */
uint64_t csr_counters_next_cycle(const struct hart *hart)
{
	uint64_t least = UINT64_MAX;
	for (uint32_t left = hart->counters.armed; left; left &= left - 1) {
		unsigned index = (unsigned)__builtin_ctz(left);
		uint64_t distance = -count_at(hart, index, before(hart));
		if (overflowed(hart, index, before(hart)))
			distance = 1;
		if (distance < least)
			least = distance;
	}
	return least > UINT64_MAX - hart->now ? UINT64_MAX : hart->now + least;
}

/* Will the counter overflow, and is that to be reported? A set OF holds the report back, and a clock that is already
 * past -slot would have to wrap around itself. norm:count_overflow_interrupt */
static bool will_overflow(const struct hart *hart, unsigned index, struct moment moment)
{
	return index >= COUNTER_HPM && isa_has(&hart->isa, EXT_Sscofpmf) && !(config(hart, index) & mhpmevent3_OF) &&
	       counts(hart, index, moment.mode) && -slot_value(hart, index) > clock_of(hart, index, moment);
}

/* ---- settling: take the count, change something, put the count back ---- */

static uint64_t take_count(struct hart *hart, unsigned index, struct moment moment)
{
	latch(hart, index, moment);
	return count_at(hart, index, moment);
}

static void put_count(struct hart *hart, unsigned index, uint64_t count, struct moment moment)
{
	*counter_slot(hart, index) = count - clock_of(hart, index, moment);
	hart->counters.armed &= ~counter_bit(index);
	if (will_overflow(hart, index, moment)) {
		hart->counters.armed |= counter_bit(index);
		hart->effects |= EFFECT_IRQ; /* irq_next_cycle has become sooner */
	}
}

uint64_t csr_counter(const struct hart *hart, unsigned index) { return count_at(hart, index, before(hart)); }

uint64_t csr_hpm_counters(const struct hart *hart)
{
	return ((UINT64_C(1) << hart->options->hpm_counters) - 1) << COUNTER_HPM;
}

/* norm:mhpmcounter_mhpmevent_rdonly0 */
static bool is_there(const struct hart *hart, unsigned index)
{
	return index < COUNTER_HPM || csr_hpm_counters(hart) & counter_bit(index);
}

void csr_counter_set(struct hart *hart, unsigned index, uint64_t value)
{
	if (!is_there(hart, index))
		return;
	latch(hart, index, before(hart));
	put_count(hart, index, value, before(hart));
}

void csr_reset_counters(struct hart *hart)
{
	hart->counters.filtered = hart->counters.armed = 0;
	put_count(hart, COUNTER_CYCLE, 0, before(hart));
	put_count(hart, COUNTER_INSTRET, 0, before(hart));
}

/* norm:count_overflow_trigger: a write is no overflow, but one that happened before it stays. */
void write_counter(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	unsigned index = row->num & 31;
	if (!is_there(hart, index))
		return;
	latch(hart, index, before(hart));
	put_count(hart, index, value, after(hart));
}

/* A return from a trap retires, and counts in the mode it leaves; a trap does not retire. norm:instret_xret
 * norm:instret_exception */
void csr_counters_mode(struct hart *hart, enum mode to, bool retires)
{
	struct moment moment = retires ? after(hart) : before(hart), then = moment;
	then.mode = to;
	for (uint32_t left = hart->counters.filtered; left; left &= left - 1) {
		unsigned index = (unsigned)__builtin_ctz(left);
		put_count(hart, index, take_count(hart, index, moment), then);
	}
}

/* ---- what and whether counters count ---- */

void write_mcountinhibit(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	const uint64_t mask = mcountinhibit_CY | mcountinhibit_IR | csr_hpm_counters(hart);
	struct moment moment = after(hart);
	uint32_t changed = (uint32_t)((hart->csr.mcountinhibit ^ value) & mask);
	for (; changed; changed &= changed - 1) {
		unsigned index = (unsigned)__builtin_ctz(changed);
		uint64_t count = take_count(hart, index, moment);
		hart->csr.mcountinhibit ^= counter_bit(index);
		put_count(hart, index, count, moment);
	}
}

static uint64_t mode_inhibits(const struct hart *hart)
{
	uint64_t bits = mhpmevent3_MINH;
	if (isa_has(&hart->isa, EXT_S))
		bits |= mhpmevent3_SINH;
	if (isa_has(&hart->isa, EXT_U))
		bits |= mhpmevent3_UINH;
	if (isa_has(&hart->isa, EXT_H))
		bits |= mhpmevent3_VSINH | mhpmevent3_VUINH;
	return bits;
}

static void configure(struct hart *hart, unsigned index, uint64_t value)
{
	struct moment moment = after(hart);
	uint64_t count = take_count(hart, index, moment);
	*config_of(hart, index) = value;
	hart->counters.filtered &= ~counter_bit(index);
	if (value & mode_inhibits(hart))
		hart->counters.filtered |= counter_bit(index);
	put_count(hart, index, count, moment);
}

/* norm:unimplemented_mode_bits */
void write_mcyclecfg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	configure(hart, COUNTER_CYCLE, value & mode_inhibits(hart));
}

void write_minstretcfg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	configure(hart, COUNTER_INSTRET, value & mode_inhibits(hart));
}

/* An event we do not have selects none. */
static uint64_t legal_event(const struct hart *hart, uint64_t value)
{
	uint64_t event = value & mhpmevent3_EVENT;
	return event < EVENT_MODEL_FIRST + hart->event_count ? event : EVENT_none;
}

void write_mhpmevent(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	uint64_t filters = isa_has(&hart->isa, EXT_Sscofpmf) ? mhpmevent3_OF | mode_inhibits(hart) : 0;
	if (is_there(hart, row->num & 31))
		configure(hart, row->num & 31, legal_event(hart, value) | (value & filters));
}

bool csr_counters_fit(const struct hart *hart)
{
	const uint32_t clocks = counter_bit(COUNTER_CYCLE) | counter_bit(COUNTER_INSTRET);
	const uint32_t hpm = ~(clocks | counter_bit(COUNTER_TIME));
	if (hart->counters.armed & ~hpm || hart->counters.filtered & ~(hpm | clocks))
		return false;
	for (unsigned index = COUNTER_HPM; index < COUNTER_COUNT; index++)
		if (event_of(hart, index) >= EVENT_MODEL_FIRST + hart->event_count)
			return false;
	return true;
}

/* ---- views ---- */

uint64_t read_counter(const struct hart *hart, const struct csr_row *row) { return csr_counter(hart, row->num & 31); }

uint64_t read_mhpmevent(const struct hart *hart, const struct csr_row *row)
{
	bool of = overflowed(hart, row->num & 31, before(hart));
	return csr_slot_value(hart, row) | (of ? mhpmevent3_OF : 0);
}

/* norm:scountovf_op */
uint64_t read_scountovf(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	uint32_t bits = overflows(hart, before(hart));
	for (unsigned index = COUNTER_HPM; index < COUNTER_COUNT; index++)
		if (config(hart, index) & mhpmevent3_OF)
			bits |= counter_bit(index);
	return bits;
}

/* norm:scountovf_smode_read_access_control */
uint64_t seen_scountovf(const struct hart *hart, uint64_t value, enum csr_use use)
{
	(void)use;
	if (hart->mode == MODE_M)
		return value;
	return value & hart->csr.mcounteren & (mode_virt(hart->mode) ? hart->csr.hcounteren : ~UINT64_C(0));
}
