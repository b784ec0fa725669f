/* The trigger registers: tselect's window on the triggers, and what each can hold (RISC-V Debug Specification 1.0). */
#include "csr/csr.h"
#include "csr/csr_row.h"

enum { INFO_VERSION = 1 };

static struct trigger *selected(struct hart *hart) { return &hart->triggers.each[hart->csr.tselect]; }

static bool matches_something(const struct trigger *trigger)
{
	switch ((trigger->tdata1 & tdata1_TYPE) >> tdata1_TYPE_LOW) {
	case TRIGGER_MCONTROL:
	case TRIGGER_MCONTROL6: return trigger->tdata1 & (tdata1_LOAD | tdata1_STORE | tdata1_EXECUTE);
	case TRIGGER_DISABLED: return false;
	default: return true;
	}
}

/* What is armed changes, and with it the execution key and the filter of host addresses. */
void csr_triggers_changed(struct hart *hart)
{
	hart->triggers.enabled = 0;
	for (unsigned i = 0; i < TRIGGERS; i++)
		if (matches_something(&hart->triggers.each[i]))
			hart->triggers.enabled |= (uint8_t)(1 << i);
	hart->effects |= EFFECT_MODE;
}

void csr_reset_triggers(struct hart *hart)
{
	hart->triggers = (struct triggers){0};
	for (unsigned i = 0; i < TRIGGERS; i++)
		hart->triggers.each[i].tdata1 = (uint64_t)TRIGGER_DISABLED << tdata1_TYPE_LOW;
}

/* ---- reads ---- */

uint64_t read_tdata1(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return trigger_read_tdata1(hart, (unsigned)hart->csr.tselect);
}

uint64_t read_tdata2(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->triggers.each[hart->csr.tselect].tdata2;
}

uint64_t read_tdata3(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->triggers.each[hart->csr.tselect].tdata3;
}

uint64_t read_tinfo(const struct hart *hart, const struct csr_row *row)
{
	(void)hart, (void)row;
	return (uint64_t)INFO_VERSION << tinfo_VERSION_LOW | 1 << TRIGGER_MCONTROL | 1 << TRIGGER_ICOUNT |
	       1 << TRIGGER_ITRIGGER | 1 << TRIGGER_ETRIGGER | 1 << TRIGGER_MCONTROL6 | 1 << TRIGGER_DISABLED;
}

uint64_t read_hcontext(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->csr.mcontext;
}

/* ---- writes ---- */

void write_tselect(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	if (value < TRIGGERS)
		hart->csr.tselect = value;
}

/* 6 is unknown, mcontrol has no NAPOT (maskmax 0): equality. */
static uint64_t legal_match(uint64_t tdata1, bool napot)
{
	static const uint16_t known = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 12 | 1 << 13;
	uint64_t match = (tdata1 & tdata1_MATCH) >> tdata1_MATCH_LOW;
	bool legal = known >> match & 1 || (napot && (match == 1 || match == 9));
	return legal ? tdata1 : tdata1 & ~tdata1_MATCH;
}

/* Sizes of 8, 16, 32, 64 and 128 bits; any instead of others. */
static uint64_t legal_size(uint64_t tdata1)
{
	uint64_t size = (tdata1 & tdata1_SIZE) >> tdata1_SIZE_LOW;
	return size == 4 || size == 7 ? tdata1 & ~tdata1_SIZE : tdata1;
}

/* The bits of the modes that there are. */
static uint64_t mode_bits(const struct hart *hart, enum trigger_type type)
{
	static const uint8_t needs[MODE_COUNT] = {
	    [MODE_M] = EXT_I, [MODE_HS] = EXT_S, [MODE_U] = EXT_U, [MODE_VS] = EXT_H, [MODE_VU] = EXT_H,
	};
	uint64_t bits = 0;
	for (enum mode mode = 0; mode < MODE_COUNT; mode++)
		if (isa_has(&hart->isa, needs[mode]))
			bits |= trigger_mode_bit(type, mode);
	return bits;
}

/* Without Sdext there is no Debug Mode: dmode is 0, and so is every action. The last trigger has no next
 * to chain to. */
static uint64_t legal_tdata1(const struct hart *hart, uint64_t value)
{
	enum trigger_type type = (value & tdata1_TYPE) >> tdata1_TYPE_LOW;
	uint64_t common = tdata1_TYPE | mode_bits(hart, type);
	uint64_t address = tdata1_LOAD | tdata1_STORE | tdata1_EXECUTE | tdata1_MATCH;
	if (hart->csr.tselect != TRIGGERS - 1)
		address |= tdata1_CHAIN;
	switch (type) {
	case TRIGGER_MCONTROL: return legal_match(value & (common | address | tdata1_MCONTROL_HIT), false);
	case TRIGGER_MCONTROL6:
		return legal_size(legal_match(value & (common | address | tdata1_SIZE | tdata1_HIT0), true));
	case TRIGGER_ICOUNT: return value & (common | ICOUNT_COUNT | ICOUNT_PENDING | ICOUNT_HIT);
	case TRIGGER_ITRIGGER:
		return value & (common | TRAP_TRIGGER_HIT | (isa_has(&hart->isa, EXT_Smrnmi) ? TRAP_TRIGGER_NMI : 0));
	case TRIGGER_ETRIGGER: return value & (common | TRAP_TRIGGER_HIT);
	default: return (uint64_t)TRIGGER_DISABLED << tdata1_TYPE_LOW;
	}
}

/* With match NAPOT the longest range is 2^63 bytes: so many ones, with bit 62 as the lowest 0. */
static uint64_t legal_tdata2(uint64_t tdata1, uint64_t value)
{
	bool address = (tdata1 & tdata1_TYPE) >> tdata1_TYPE_LOW == TRIGGER_MCONTROL6;
	bool napot = address && ((tdata1 & tdata1_MATCH) >> tdata1_MATCH_LOW & 7) == 1;
	uint64_t ones = UINT64_MAX >> 1;
	return napot && (value & ones) == ones ? value & ~(UINT64_C(1) << 62) : value;
}

static uint64_t legal_tdata3(const struct hart *hart, uint64_t value)
{
	/* 3 is reserved and 7 too; without H only 0 and 4 */
	static const uint8_t with_h[] = {0, 1, 2, 0, 4, 5, 6, 4};
	uint64_t select = (value & tdata3_MHSELECT) >> tdata3_MHSELECT_LOW;
	uint64_t writable = tdata3_MHVALUE | tdata3_MHSELECT;
	select = isa_has(&hart->isa, EXT_H) ? with_h[select] : select & 4;
	value = csr_merge(value, select << tdata3_MHSELECT_LOW, tdata3_MHSELECT);
	if ((value & tdata3_SSELECT) == tdata3_SSELECT)
		value &= ~tdata3_SSELECT;
	if (isa_has(&hart->isa, EXT_S))
		writable |= tdata3_SBYTEMASK | tdata3_SVALUE | tdata3_SSELECT;
	return value & writable;
}

/* What tdata2 may hold depends on what tdata1 holds now. */
static void trigger_written(struct hart *hart)
{
	struct trigger *trigger = selected(hart);
	trigger->tdata2 = legal_tdata2(trigger->tdata1, trigger->tdata2);
	csr_triggers_changed(hart);
}

void write_tdata1(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	selected(hart)->tdata1 = legal_tdata1(hart, value);
	trigger_written(hart);
}

void write_tdata2(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	selected(hart)->tdata2 = value;
	trigger_written(hart);
}

void write_tdata3(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	selected(hart)->tdata3 = legal_tdata3(hart, value);
	trigger_written(hart);
}

/* As many bits as textra64 compares. */
void write_mcontext(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	hart->csr.mcontext = value & (isa_has(&hart->isa, EXT_H) ? 0x3fff : 0x1fff);
	csr_triggers_changed(hart);
}

void write_hcontext(struct hart *hart, const struct csr_row *row, uint64_t value) { write_mcontext(hart, row, value); }

void write_scontext(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	write_masked(hart, row, value);
	csr_triggers_changed(hart);
}
