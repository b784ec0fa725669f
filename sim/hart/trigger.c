#include "hart/trigger.h"

#include "hart/hart.h"

_Static_assert(TRIGGERS <= 8, "armed triggers are bits of a byte");

static uint64_t field(uint64_t word, uint64_t mask, unsigned low)
{
	return (word & mask) >> low;
}

#define GET(word, name) field((word), name, name##_LOW)

/* ---- which triggers are armed ---- */

static bool selects_mode(const struct trigger *trigger, enum mode mode)
{
	bool guests = GET(trigger->tdata1, tdata1_TYPE) == TRIGGER_MCONTROL6; /* mcontrol knows no guests */
	switch (mode) {
	case MODE_M: return trigger->tdata1 & tdata1_M;
	case MODE_HS: return trigger->tdata1 & tdata1_S;
	case MODE_U: return trigger->tdata1 & tdata1_U;
	case MODE_VS: return guests && trigger->tdata1 & tdata1_VS;
	default: return guests && trigger->tdata1 & tdata1_VU;
	}
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
	return selects_mode(trigger, hart->mode) && hypervisor_context_matches(hart, trigger->tdata3) &&
	       supervisor_context_matches(hart, trigger->tdata3);
}

void trigger_arm(struct hart *hart)
{
	struct triggers *triggers = &hart->triggers;
	triggers->execute = triggers->data = 0;
	if (!triggers->enabled || !reentrant(hart))
		return;
	for (unsigned i = 0; i < TRIGGERS; i++) {
		const struct trigger *trigger = &triggers->each[i];
		if (!(triggers->enabled >> i & 1) || !armed(hart, trigger))
			continue;
		if (trigger->tdata1 & tdata1_EXECUTE)
			triggers->execute |= (uint8_t)(1 << i);
		if (trigger->tdata1 & (tdata1_LOAD | tdata1_STORE))
			triggers->data |= (uint8_t)(1 << i);
	}
}

/* ---- matching ---- */

/* Comparisons of tdata1.match whose result match | 8 inverts. */
enum match { MATCH_EQUAL, MATCH_NAPOT, MATCH_GE, MATCH_LT, MATCH_LOW, MATCH_HIGH, MATCH_NOT = 8 };

static bool compare(enum match match, uint64_t value, uint64_t tdata2)
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
static bool matches(const struct trigger *trigger, uint64_t va, unsigned size, unsigned sized)
{
	static const uint8_t size_codes[] = {[1] = 1, [2] = 2, [4] = 3, [8] = 5, [16] = 6};
	unsigned wanted = GET(trigger->tdata1, tdata1_SIZE);
	uint64_t match = GET(trigger->tdata1, tdata1_MATCH);
	bool any = false;
	if (wanted && (sized >= sizeof size_codes || size_codes[sized] != wanted))
		return false;
	for (unsigned i = 0; i < size && !any; i++)
		any = compare(match & ~(uint64_t)MATCH_NOT, va + i, trigger->tdata2);
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
	    matches(trigger, access->va, access->size, access->sized))
		return BY_ACCESS;
	/* An instruction is matched by the address of its start. */
	return hart->triggers.execute >> index & 1 && matches(trigger, hart->pc, 1, length) ? BY_PC : NO_MATCH;
}

static void set_hit(struct trigger *trigger)
{
	trigger->tdata1 |= GET(trigger->tdata1, tdata1_TYPE) == TRIGGER_MCONTROL6 ? tdata1_HIT0 : tdata1_MCONTROL_HIT;
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
		if (triggers->each[i].tdata1 & tdata1_CHAIN)
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

/* tval is the address that matched. */
static void raise_breakpoint(struct hart *hart, uint64_t va, bool guest)
{
	hart_raise(hart, CAUSE_BREAKPOINT, va);
	hart->trap.gva = guest;
}

bool trigger_on_execute(struct hart *hart, unsigned length)
{
	if (!fire(hart, NULL, length))
		return false;
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
