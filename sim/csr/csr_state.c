/* Save and restore of the CSRs: the slots by number, the triggers behind their window, and what counters know
 * besides. */
#include "base/state.h"
#include "csr/csr_row.h"

enum { VERSION = 1 };

static const struct {
	uint16_t num, slot;
} slots[] = {
#define CSR(number, name, ...) {number, offsetof(struct csr_file, name)},
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

enum { SLOTS = sizeof slots / sizeof slots[0] };

static uint64_t *slot_at(const struct hart *hart, unsigned index)
{
	return (uint64_t *)((char *)(uintptr_t)&hart->csr + slots[index].slot);
}

/* ---- triggers: what is armed follows from them ---- */

static void save_triggers(const struct triggers *triggers, struct state_writer *writer)
{
	for (unsigned i = 0; i < TRIGGERS; i++) {
		state_write_u64(writer, triggers->each[i].tdata1);
		state_write_u64(writer, triggers->each[i].tdata2);
		state_write_u64(writer, triggers->each[i].tdata3);
		state_write_u64(writer, triggers->counted.tdata1[i]);
	}
	state_write_u64(writer, triggers->counted.retired);
	state_write_u64(writer, triggers->counted.pc);
	state_write_u64(writer, triggers->trap.matched);
	state_write_u64(writer, triggers->trap.mode);
	state_write_u64(writer, triggers->trap.pc);
}

static bool restore_triggers(struct triggers *triggers, struct state_reader *reader)
{
	for (unsigned i = 0; i < TRIGGERS; i++) {
		struct trigger *trigger = &triggers->each[i];
		trigger->tdata1 = state_read_u64(reader);
		trigger->tdata2 = state_read_u64(reader);
		trigger->tdata3 = state_read_u64(reader);
		triggers->counted.tdata1[i] = state_read_u64(reader);
		uint64_t type = trigger->tdata1 >> tdata1_TYPE_LOW;
		if (!reader->failed && (type < TRIGGER_MCONTROL || type > TRIGGER_MCONTROL6) &&
		    type != TRIGGER_DISABLED)
			return state_refuse(reader, "csr: a trigger has a type that there is not");
	}
	triggers->counted.retired = state_read_u64(reader);
	triggers->counted.pc = state_read_u64(reader);
	triggers->trap.matched = (uint8_t)state_read_limited(reader, UINT8_MAX);
	triggers->trap.mode = (uint8_t)state_read_limited(reader, MODE_COUNT - 1);
	triggers->trap.pc = state_read_u64(reader);
	for (unsigned left = triggers->trap.matched; left; left &= left - 1)
		if (triggers->each[__builtin_ctz(left)].tdata1 >> tdata1_TYPE_LOW == TRIGGER_DISABLED)
			return state_refuse(reader, "csr: a trigger that is disabled has matched a trap");
	return !reader->failed;
}

/* ---- all ---- */

void csr_save(const struct hart *hart, struct state_writer *writer)
{
	state_write_begin(writer, "csr", VERSION);
	state_write_u64(writer, SLOTS);
	for (unsigned i = 0; i < SLOTS; i++) {
		state_write_u64(writer, slots[i].num);
		state_write_u64(writer, *slot_at(hart, i));
	}
	state_write_u64(writer, hart->counters.filtered);
	state_write_u64(writer, hart->counters.armed);
	save_triggers(&hart->triggers, writer);
	state_write_end(writer);
}

/* Each row of csr.def, and no other. */
static bool restore_slots(struct hart *hart, struct state_reader *reader)
{
	bool same = state_read_u64(reader) == SLOTS;
	for (unsigned i = 0; i < SLOTS && same; i++) {
		same = state_read_u64(reader) == slots[i].num;
		*slot_at(hart, i) = state_read_u64(reader);
	}
	return !reader->failed && (same || state_refuse(reader, "csr: not the CSRs that this rvsim has"));
}

bool csr_restore(struct hart *hart, struct state_reader *reader)
{
	if (!state_read_begin(reader, "csr", VERSION) || !restore_slots(hart, reader))
		return false;
	hart->counters.filtered = (uint32_t)state_read_limited(reader, UINT32_MAX);
	hart->counters.armed = (uint32_t)state_read_limited(reader, UINT32_MAX);
	if (!restore_triggers(&hart->triggers, reader))
		return false;
	if (hart->csr.tselect >= TRIGGERS)
		return state_refuse(reader, "csr: tselect names a trigger that there is not");
	if ((hart->csr.mip | hart->csr.hvip) >> RNMI_FIRST)
		return state_refuse(reader, "csr: an interrupt is pending that there is not");
	if (!csr_counters_fit(hart))
		return state_refuse(reader, "csr: a counter counts what this hart does not");
	csr_triggers_changed(hart);
	return state_read_end(reader);
}
