/* The ops that translation inserts between instructions, and the table of all handlers. */
#include "bus.h"
#include "csr/csr.h"
#include "hart/block.h"
#include "hart/insn.h"
#include "hart/mmu.h"
#include "hart/platform.h"
#include "hart/trap.h"
#include "trace/check.h"
#include "trace/trace.h"

#define INSN(id, name, match, mask, format, ext, class, semantics) op_fn op_##semantics;
#include "hart/insn.def"
#undef INSN

op_fn *const op_table[INSN_COUNT] = {
    [INSN_illegal] = op_illegal,
#define INSN(id, name, match, mask, format, ext, class, semantics) [INSN_##id] = op_##semantics,
#include "hart/insn.def"
#undef INSN
};

/* Forms that nobody defines are NULL. */
#define INSN(id, name, match, mask, format, ext, class, semantics)                                                   \
	op_fn op_##semantics##_1 __attribute__((weak)), op_##semantics##_2 __attribute__((weak));
#include "hart/insn.def"
#undef INSN

op_fn *const op_forms[INSN_COUNT][OP_FORMS] = {
#define INSN(id, name, match, mask, format, ext, class, semantics)                                                   \
	[INSN_##id] = {op_##semantics, op_##semantics##_1, op_##semantics##_2},
#include "hart/insn.def"
#undef INSN
};

OP(end)
{
	BLOCK_EXIT(EDGE_FALL, hart->block->pc + 2 * op->halves);
}

OP(fs_dirty)
{
	op_sync(hart, op);
	hart->csr.mstatus |= mstatus_FS;
	if (mode_virt(hart->mode))
		hart->csr.vsstatus |= vsstatus_FS;
	hart->effects |= EFFECT_MODE;
	hart->exec->traced.valid = false; /* it has not been executed yet */
	LEAVE;
}

/* Leave before the instruction at this place: what was noted of it asks to stop. */
static OP(leave_before)
{
	op_sync(hart, op);
	hart->exec->link = NULL;
	LEAVE;
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
	hart->platform->timing.request = TIMING_GOES_ON;
	hart->effects |= EFFECT_YIELD;
	OP_TAIL(op_leave_before);
}

OP(timing_hint)
{
	hart->platform->timing.request = op->imm == TIMING_HINT_ON ? TIMING_GOES_ON : TIMING_GOES_OFF;
	hart->effects |= EFFECT_YIELD;
	OP_TAIL(op_leave_after);
}

OP(trigger)
{
	op_sync(hart, op);
	if (trigger_on_execute(hart, op->length))
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
	if (!is_landing_pad(hart, op->word)) {
		hart_raise(hart, CAUSE_SOFTWARE_CHECK, LANDING_PAD_FAULT);
		TRAP;
	}
	hart->elp = false;
	hart->context &= ~(uint64_t)KEY_ELP;
	NEXT;
}

/* ---- tp ---- */

static void note_tp(struct hart *hart, const struct op *op)
{
	struct tp_file *tp = &hart->tp;
	op_sync(hart, op);
	/* rs1 holds the length of a jump that is about to write its link, else x4 is written already. */
	uint64_t value = op->rs1 ? (uint64_t)op->imm + op->rs1 : hart->x[4];
	tp->value[hart->mode] = value;
	tp->pc[hart->mode] = (uint64_t)op->imm;
	tp->cycle[hart->mode] = hart->now;
	tp->written[hart->mode] = true;
	tp->last_writer = hart->mode;
	if (hart->mode == MODE_HS) {
		tp->before = tp->hypervisor;
		tp->hypervisor = value;
	}
	struct trace_event event = {.type = TRACE_TP, .pc = (uint64_t)op->imm, .value = {value}};
	hart_emit(hart, &event);
}

OP(tp)
{
	note_tp(hart, op);
	if (__builtin_expect(hart->effects != 0, 0))
		OP_TAIL(op_leave_before);
	NEXT;
}

OP(leave_tp)
{
	note_tp(hart, op + 1);
	hart->exec->link = NULL;
	LEAVE;
}

/* ---- instruction tracing ---- */

static bool is_load(uint8_t class)
{
	return class == CLASS_LOAD || class == CLASS_FLOAD || class == CLASS_HLOAD || class == CLASS_AMO || class == CLASS_LR;
}

static bool is_store(uint8_t class)
{
	return class == CLASS_STORE || class == CLASS_FSTORE || class == CLASS_HSTORE || class == CLASS_AMO || class == CLASS_SC;
}

OP(trace)
{
	struct exec *exec = hart->exec;
	traced_settle(hart);
	op_sync(hart, op);
	struct insn insn = decode(&hart->isa, op->word);
	uint8_t class = insn_rows[insn.semantics].class;
	exec->traced.valid = true;
	exec->traced.insn = insn;
	exec->traced.pc = hart->pc;
	exec->traced.cycle = hart->now;
	exec->traced.retired = hart->retired;
	exec->traced.address = hart->x[insn.rs1] + (class == CLASS_LOAD || class == CLASS_STORE || class == CLASS_FLOAD ||
	                                            class == CLASS_FSTORE ? (uint64_t)insn.imm : 0);
	exec->traced.stored = class == CLASS_FSTORE ? hart->f[insn.rs2] : hart->x[insn.rs2];
	NEXT;
}

/* log2 of an access's bytes: funct3's low bits for all loads and stores but the H extension's, which keep them in
 * funct7. */
static unsigned access_log2(const struct insn *insn)
{
	uint32_t match = insn_rows[insn->semantics].match;
	uint8_t class = insn_rows[insn->semantics].class;
	return class == CLASS_HLOAD || class == CLASS_HSTORE ? match >> 26 & 3 : match >> 12 & 3;
}

/* What an AMO left in memory, which no register tells. */
static uint64_t value_in_memory(struct hart *hart, uint64_t va, unsigned size)
{
	struct mmu_context context = mmu_context_data(hart);
	struct translation translation;
	struct trap trap;
	uint64_t value = 0;
	va = mmu_unmasked(hart, &context, va);
	if (mmu_walk(hart, va, size, ACCESS_LOAD, &context, false, NULL, NULL, &translation, &trap))
		bus_peek(hart->bus, translation.pa, &value, size);
	return value;
}

void traced_settle(struct hart *hart)
{
	struct exec *exec = hart->exec;
	if (!exec->traced.valid)
		return;
	exec->traced.valid = false;
	const struct insn *insn = &exec->traced.insn;
	uint8_t class = insn_rows[insn->semantics].class;
	struct trace_event event = {
	    .type = TRACE_INSN,
	    .hart = (uint8_t)hart->id,
	    .mode = (uint8_t)exec->last_mode,
	    .from = insn->rd,
	    .word = insn->word,
	    .cycle = exec->traced.cycle,
	    .retired = exec->traced.retired,
	    .pc = exec->traced.pc,
	    .value = {0, exec->traced.address, exec->traced.stored},
	};
	if (insn_writes_x(insn) && insn->rd) {
		event.flags |= TRACE_RD;
		event.value[0] = hart->x[insn->rd];
	} else if (insn_writes_f(insn)) {
		event.flags |= TRACE_FRD;
		event.value[0] = hart->f[insn->rd];
	}
	if (is_load(class))
		event.flags |= TRACE_LOADS;
	if (is_store(class))
		event.flags |= TRACE_STORES;
	event.flags |= (uint8_t)(access_log2(insn) << 4);
	if (class == CLASS_AMO)
		event.value[2] = value_in_memory(hart, exec->traced.address, 1u << access_log2(insn));
	trace_emit(hart->trace, &event);
	if ((event.flags & (TRACE_LOADS | TRACE_STORES)) && trace_wants(hart->trace, TRACE_MEM)) {
		struct trace_event access = event;
		bool store = event.flags & TRACE_STORES;
		access.type = TRACE_MEM;
		access.value[0] = exec->traced.address;
		access.value[1] = store ? event.value[2] : event.value[0];
		access.value[2] = (UINT64_C(1) << access_log2(insn)) | (unsigned)store << 8;
		trace_emit(hart->trace, &access);
	}
}
