#include "hart/trigger.h"

#include "hart/hart.h"

_Static_assert(TRIGGERS <= 8, "armed triggers are bits of a byte");

static uint64_t field(uint64_t word, uint64_t mask, unsigned low) { return (word & mask) >> low; }

#define GET(word, name) field((word), name, name##_LOW)

/* ---- which triggers are armed ---- */

static enum trigger_type type_of(const struct trigger *trigger)
{
	return (enum trigger_type)GET(trigger->tdata1, tdata1_TYPE);
}

static bool matches_addresses(const struct trigger *trigger)
{
	return type_of(trigger) == TRIGGER_MCONTROL || type_of(trigger) == TRIGGER_MCONTROL6;
}

uint64_t trigger_mode_bit(enum trigger_type type, unsigned mode)
{
	static const uint64_t bits[][MODE_COUNT] = {
	    [TRIGGER_MCONTROL] = {tdata1_M, tdata1_S, tdata1_U, 0, 0}, /* knows no guests */
	    [TRIGGER_MCONTROL6] = {tdata1_M, tdata1_S, tdata1_U, tdata1_VS, tdata1_VU},
	    [TRIGGER_ICOUNT] = {ICOUNT_M, ICOUNT_S, ICOUNT_U, ICOUNT_VS, ICOUNT_VU},
	    [TRIGGER_ITRIGGER] = {TRAP_TRIGGER_M, TRAP_TRIGGER_S, TRAP_TRIGGER_U, TRAP_TRIGGER_VS, TRAP_TRIGGER_VU},
	    [TRIGGER_ETRIGGER] = {TRAP_TRIGGER_M, TRAP_TRIGGER_S, TRAP_TRIGGER_U, TRAP_TRIGGER_VS, TRAP_TRIGGER_VU},
	};
	return type < TRIGGER_MCONTROL || type > TRIGGER_MCONTROL6 ? 0 : bits[type][mode];
}

/* A breakpoint exception must not interrupt the handler of one: none where the exception is handled, while interrupts
 * are disabled there (the first of the two solutions of "Native Triggers"). */
static bool reentrant(const struct hart *hart)
{
	const struct csr_file *csr = &hart->csr;
	bool to_hs = csr->medeleg & medeleg_BREAKPOINT, to_vs = csr->hedeleg & hedeleg_BREAKPOINT;
	switch (hart->mode) {
	case MODE_M: return csr->mstatus & mstatus_MIE;
	case MODE_HS: return !to_hs || csr->mstatus & mstatus_SIE;
	case MODE_VS: return !(to_hs && to_vs) || csr->vsstatus & vsstatus_SIE;
	default: return true;
	}
}

/* textra64.mhselect: 4 compares mcontext with mhvalue; 1 and 5 with {mhvalue, mhselect[2]}; 2 and 6 the VMID. */
static bool hypervisor_context_matches(const struct hart *hart, uint64_t tdata3)
{
	uint64_t value = GET(tdata3, tdata3_MHVALUE), select = GET(tdata3, tdata3_MHSELECT);
	uint64_t longer = value << 1 | select >> 2, vmid = GET(hart->csr.hgatp, hgatp_VMID);
	switch (select) {
	case 4: return (hart->csr.mcontext & ((1 << 13) - 1)) == value;
	case 1:
	case 5: return hart->csr.mcontext == longer;
	case 2:
	case 6: return vmid == longer;
	default: return true;
	}
}

/* textra64.sselect: 1 compares scontext without the bytes that sbytemask takes out; 2 the ASID. */
static bool supervisor_context_matches(const struct hart *hart, uint64_t tdata3)
{
	uint64_t value = GET(tdata3, tdata3_SVALUE), ignored = 0;
	uint64_t satp = mode_virt(hart->mode) ? hart->csr.vsatp : hart->csr.satp;
	switch (GET(tdata3, tdata3_SSELECT)) {
	case 1:
		for (unsigned i = 0; i < 5; i++)
			if (GET(tdata3, tdata3_SBYTEMASK) >> i & 1)
				ignored |= UINT64_C(0xff) << 8 * i;
		return !((hart->csr.scontext ^ value) & ~ignored);
	case 2: return GET(satp, satp_ASID) == (value & (satp_ASID >> satp_ASID_LOW));
	default: return true;
	}
}

static bool armed(const struct hart *hart, const struct trigger *trigger)
{
	return trigger->tdata1 & trigger_mode_bit(type_of(trigger), hart->mode) &&
	       hypervisor_context_matches(hart, trigger->tdata3) && supervisor_context_matches(hart, trigger->tdata3);
}

void trigger_arm(struct hart *hart)
{
	struct triggers *triggers = &hart->triggers;
	triggers->execute = triggers->match = triggers->data = triggers->counting = 0;
	if (!triggers->enabled || !reentrant(hart))
		return;
	for (unsigned i = 0; i < TRIGGERS; i++) {
		const struct trigger *trigger = &triggers->each[i];
		uint8_t bit = (uint8_t)(1 << i);
		if (!(triggers->enabled & bit) || !armed(hart, trigger))
			continue;
		if (type_of(trigger) == TRIGGER_ICOUNT)
			triggers->counting |= bit;
		if (matches_addresses(trigger) && trigger->tdata1 & tdata1_EXECUTE)
			triggers->match |= bit;
		if (matches_addresses(trigger) && trigger->tdata1 & (tdata1_LOAD | tdata1_STORE))
			triggers->data |= bit;
	}
	triggers->execute = triggers->match | triggers->counting;
	if (hart->mode == triggers->trap.mode)
		triggers->execute |= triggers->trap.matched;
}

/* ---- matching ---- */

/* Comparisons of tdata1.match whose result match | 8 inverts. */
enum match { MATCH_EQUAL, MATCH_NAPOT, MATCH_GE, MATCH_LT, MATCH_LOW, MATCH_HIGH, MATCH_NOT = 8 };

static bool match_value(enum match match, uint64_t value, uint64_t tdata2)
{
	uint64_t mask = tdata2 >> 32, wanted = tdata2 & UINT32_MAX;
	switch (match) {
	case MATCH_EQUAL: return value == tdata2;
	case MATCH_NAPOT: return !((value ^ tdata2) & ~(tdata2 ^ (tdata2 + 1))); /* the bits above the lowest 0 */
	case MATCH_GE: return value >= tdata2;
	case MATCH_LT: return value < tdata2;
	case MATCH_LOW: return (value & mask) == wanted;
	default: return (value >> 32 & mask) == wanted;
	}
}

/* Does any of the addresses [va, va+size) compare? */
static bool trigger_matches(const struct trigger *trigger, uint64_t va, unsigned size, unsigned sized)
{
	static const uint8_t size_codes[] = {[1] = 1, [2] = 2, [4] = 3, [8] = 5, [16] = 6};
	unsigned wanted = GET(trigger->tdata1, tdata1_SIZE);
	uint64_t match = GET(trigger->tdata1, tdata1_MATCH);
	bool any = false;
	if (wanted && (sized >= sizeof size_codes || size_codes[sized] != wanted))
		return false;
	for (unsigned i = 0; i < size && !any; i++)
		any = match_value(match & ~(uint64_t)MATCH_NOT, va + i, trigger->tdata2);
	return any == !(match & MATCH_NOT);
}

/* Why a trigger matches the instruction at hart->pc. */
enum reason { NO_MATCH, BY_PC, BY_ACCESS };

static enum reason reason_of(const struct hart *hart, unsigned index, const struct trigger_access *access,
                             unsigned length)
{
	const struct trigger *trigger = &hart->triggers.each[index];
	bool load = trigger->tdata1 & tdata1_LOAD, store = trigger->tdata1 & tdata1_STORE;
	if (access && hart->triggers.data >> index & 1 && ((load && access->load) || (store && access->store)) &&
	    trigger_matches(trigger, access->va, access->size, access->sized))
		return BY_ACCESS;
	/* An instruction is matched by the address of its start. */
	return hart->triggers.match >> index & 1 && trigger_matches(trigger, hart->pc, 1, length) ? BY_PC : NO_MATCH;
}

static void set_hit(struct trigger *trigger)
{
	static const uint64_t hits[] = {
	    [TRIGGER_MCONTROL] = tdata1_MCONTROL_HIT,
	    [TRIGGER_MCONTROL6] = tdata1_HIT0,
	    [TRIGGER_ICOUNT] = ICOUNT_HIT,
	    [TRIGGER_ITRIGGER] = TRAP_TRIGGER_HIT,
	    [TRIGGER_ETRIGGER] = TRAP_TRIGGER_HIT,
	};
	trigger->tdata1 |= hits[type_of(trigger)];
}

/* Judge all triggers, chain by chain: a chain fires when all of its triggers match the same instruction. An access is
 * judged after its instruction was, so it takes one that matches by access. */
static bool fire(struct hart *hart, const struct trigger_access *access, unsigned length)
{
	struct triggers *triggers = &hart->triggers;
	bool fired = false, all = true, by_access = false;
	unsigned start = 0;
	for (unsigned i = 0; i < TRIGGERS; i++) {
		enum reason reason = reason_of(hart, i, access, length);
		all = all && reason != NO_MATCH;
		by_access = by_access || reason == BY_ACCESS;
		if (matches_addresses(&triggers->each[i]) && triggers->each[i].tdata1 & tdata1_CHAIN)
			continue;
		if (all && (!access || by_access)) {
			fired = true;
			for (; start <= i; start++)
				set_hit(&triggers->each[start]);
		}
		start = i + 1;
		all = true;
		by_access = false;
	}
	return fired;
}

/* ---- instructions counted ---- */

/* Before an instruction, or when an interrupt comes instead of one: at most once for each. A count that reaches 0 is
 * pending from then on. */
static void count_down(struct hart *hart)
{
	struct triggers *triggers = &hart->triggers;
	if (triggers->counted.retired == hart->retired && triggers->counted.pc == hart->pc)
		return;
	triggers->counted.retired = hart->retired;
	triggers->counted.pc = hart->pc;
	for (unsigned i = 0; i < TRIGGERS; i++) {
		uint64_t *tdata1 = &triggers->each[i].tdata1;
		triggers->counted.tdata1[i] = *tdata1;
		if (!(triggers->counting >> i & 1) || !(*tdata1 & ICOUNT_COUNT))
			continue;
		*tdata1 -= ICOUNT_ONE;
		if (!(*tdata1 & ICOUNT_COUNT))
			*tdata1 |= ICOUNT_PENDING;
	}
}

uint64_t trigger_read_tdata1(const struct hart *hart, unsigned index)
{
	const struct triggers *triggers = &hart->triggers;
	bool counted = triggers->counting >> index & 1 && triggers->counted.retired == hart->retired &&
	               triggers->counted.pc == hart->pc;
	return counted ? triggers->counted.tdata1[index] : triggers->each[index].tdata1;
}

/* The counts that have come to their end. */
static bool fire_counts(struct hart *hart)
{
	struct triggers *triggers = &hart->triggers;
	bool fired = false;
	for (unsigned i = 0; i < TRIGGERS; i++) {
		struct trigger *trigger = &triggers->each[i];
		if (!(triggers->counting >> i & 1) || !(trigger->tdata1 & ICOUNT_PENDING))
			continue;
		trigger->tdata1 &= ~ICOUNT_PENDING;
		set_hit(trigger);
		fired = true;
	}
	return fired;
}

/* ---- traps ---- */

static bool matches_trap(const struct trigger *trigger, const struct trap *trap)
{
	if (type_of(trigger) != (trap->interrupt ? TRIGGER_ITRIGGER : TRIGGER_ETRIGGER))
		return false;
	return trap->rnmi ? trigger->tdata1 & TRAP_TRIGGER_NMI : trigger->tdata2 >> trap->cause & 1;
}

uint8_t trigger_match_trap(struct hart *hart, const struct trap *trap)
{
	struct triggers *triggers = &hart->triggers;
	uint8_t matched = 0;
	if (!triggers->enabled)
		return 0;
	if (triggers->counting)
		count_down(hart);
	for (unsigned i = 0; i < TRIGGERS; i++) {
		const struct trigger *trigger = &triggers->each[i];
		if (triggers->enabled >> i & 1 && matches_trap(trigger, trap) && armed(hart, trigger) &&
		    reentrant(hart))
			matched |= (uint8_t)(1 << i);
	}
	return matched;
}

void trigger_trapped(struct hart *hart, uint8_t matched)
{
	struct triggers *triggers = &hart->triggers;
	triggers->trap.matched = matched && reentrant(hart) ? matched : 0;
	triggers->trap.mode = (uint8_t)hart->mode;
	triggers->trap.pc = hart->pc;
}

static bool fire_trap(struct hart *hart)
{
	struct triggers *triggers = &hart->triggers;
	uint8_t matched = triggers->trap.matched;
	if (!matched || triggers->trap.mode != hart->mode)
		return false;
	triggers->trap.matched = 0;
	if (triggers->trap.pc != hart->pc) /* whoever handled an interrupt in between went elsewhere */
		return false;
	for (unsigned i = 0; i < TRIGGERS; i++)
		if (matched >> i & 1)
			set_hit(&triggers->each[i]);
	return true;
}

/* ---- breakpoints ---- */

/* tval is the address that matched. */
static void raise_breakpoint(struct hart *hart, uint64_t va, bool guest)
{
	hart_raise(hart, CAUSE_BREAKPOINT, va);
	hart->trap.gva = guest;
}

bool trigger_on_execute(struct hart *hart, unsigned length)
{
	bool fired = fire_trap(hart);
	fired |= fire_counts(hart);
	fired |= fire(hart, NULL, length);
	if (!fired) {
		if (hart->triggers.counting)
			count_down(hart);
		return false;
	}
	raise_breakpoint(hart, hart->pc, mode_virt(hart->mode));
	return true;
}

bool trigger_on_access(struct hart *hart, const struct trigger_access *access)
{
	if (!fire(hart, access, access->length))
		return false;
	raise_breakpoint(hart, access->va, access->guest);
	return true;
}
