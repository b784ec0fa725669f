/* The ops that translation inserts between instructions. */
#include "csr/csr.h"
#include "engine/block.h"
#include "engine/engine.h"
#include "engine/note.h"
#include "engine/tell_csr.h"
#include "isa/insn.h"
#include "hart/trap.h"
#include "watch/check.h"

OP(end) { BLOCK_EXIT(EDGE_FALL, hart->code->pc + op_offset(op)); }

OP(fs_dirty)
{
	struct csrs_told told;
	op_sync(hart, op);
	bool tell = tell_csr_begin(hart, &told), virt = mode_virt(hart->mode);
	if (tell)
		tell_csr_before(hart, &told, CSR_mstatus);
	if (tell && virt)
		tell_csr_before(hart, &told, CSR_vsstatus);
	hart->csr.mstatus |= mstatus_FS;
	if (virt)
		hart->csr.vsstatus |= vsstatus_FS;
	if (tell)
		tell_csrs_after(hart, &told);
	hart->effects |= EFFECT_MODE;
	LEAVE;
}

OP(note_no_flags)
{
	op_sync(hart, op); /* where op_note_flags tells of it */
	hart->notes->flags = hart->csr.fcsr & fcsr_FFLAGS;
	hart->notes->flags_aside = true;
	hart->csr.fcsr &= ~fcsr_FFLAGS;
	NEXT;
}

OP(function)
{
	op_sync(hart, op);
	check_function(hart->check, hart);
	if (__builtin_expect(hart->effects != 0, 0))
		OP_TAIL(op_leave_before);
	NEXT;
}

/* ---- switching timing: the scheduler does it when the hart has stopped ---- */

OP(timing_from)
{
	hart->engine->timing.request = TIMING_GOES_ON;
	hart->effects |= EFFECT_YIELD;
	OP_TAIL(op_leave_before);
}

OP(timing_hint)
{
	hart->engine->timing.request = OPERAND(imm) == TIMING_HINT_ON ? TIMING_GOES_ON : TIMING_GOES_OFF;
	hart->effects |= EFFECT_YIELD;
	OP_TAIL(op_leave_after);
}

OP(pause)
{
	struct engine_pause *pause = &hart->engine->pause;
	op_sync(hart, op);
	if (pause->reached(pause->context, hart)) {
		pause->now = true;
		OP_TAIL(op_leave_before);
	}
	NEXT;
}

OP(trigger)
{
	op_sync(hart, op);
	if (trigger_on_execute(hart, OPERAND(length)))
		TRAP;
	NEXT;
}

/* ---- landing pads: the expected-landing-pad state is part of the execution key, so only these ops know of it ---- */

OP(expect)
{
	(void)op;
	hart->elp = true;
	hart->context |= KEY_ELP;
	NEXT;
}

/* lpad is auipc without a destination; a label other than 0 must be in the upper bits of x7. norm:zicflip_lpad_enc
 * norm:zicflip_lpad_imm_enc norm:zicflip_elp_lpad_expected */
static bool is_landing_pad(const struct hart *hart, uint32_t word)
{
	enum { LPAD = 0x17, LPAD_MASK = 0xfff, LABEL_REGISTER = 7, LANDING_PAD_ALIGNMENT = 4 };
	uint32_t label = word >> 12;
	return (word & LPAD_MASK) == LPAD && hart->pc % LANDING_PAD_ALIGNMENT == 0 &&
	       (label == 0 || label == (uint32_t)hart->x[LABEL_REGISTER] >> 12);
}

OP(landing)
{
	enum { LANDING_PAD_FAULT = 2 };
	op_sync(hart, op);
	if (!is_landing_pad(hart, OPERAND(word))) {
		hart_raise(hart, CAUSE_SOFTWARE_CHECK, LANDING_PAD_FAULT);
		TRAP;
	}
	hart->elp = false;
	hart->context &= ~(uint64_t)KEY_ELP;
	NEXT;
}
