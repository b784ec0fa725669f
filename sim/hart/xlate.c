/*
 * Translation: bytes -> rows -> ops. Whatever the execution key and the bytes decide is decided here, so that no
 * handler asks again: privilege-dependent existence of FP, x0 as a sink, absolute targets, inserted trace and check
 * ops, the prefix cost of every instruction.
 */
#include <assert.h>
#include <string.h>
#include "bus.h"
#include "hart/block.h"
#include "hart/insn.h"
#include "hart/mmu.h"
#include "hart/platform.h"
#include "timing/model.h"
#include "trace/check.h"

struct translator {
	struct hart *hart;
	struct block *block;
	uint64_t pc, pa;      /* of the next instruction */
	unsigned limit;       /* instructions */
	struct op *op;        /* the next free op */
	bool fragile;         /* pages or PMP regions meet inside the instruction */
	bool ended;           /* the last instruction leaves the block by itself */
	uint32_t key;
};

static bool uses_fp(const struct insn_row *row)
{
	return row->class >= CLASS_FLOAD && row->class <= CLASS_FMOVE;
}

/* Instructions that end a block: they change pc or privilege, or may make the following bytes mean something else. */
static bool ends_block(uint16_t semantics)
{
	switch (insn_rows[semantics].class) {
	case CLASS_BRANCH:
	case CLASS_JAL:
	case CLASS_JALR:
		return true;
	default:
		break;
	}
	switch (semantics) {
	case INSN_ecall:
	case INSN_ebreak:
	case INSN_mret:
	case INSN_sret:
	case INSN_mnret:
	case INSN_wfi:
	case INSN_fence_i:
	case INSN_illegal:
		return true;
	default:
		return false;
	}
}

/* The second half of a 4-byte instruction may lie in another page, or (in a fragile block) another PMP region. */
static bool translate_second_half(const struct translator *translator, uint64_t *pa)
{
	uint64_t pc = translator->pc + 2;
	*pa = translator->pa + 2;
	if (pc % PAGE_SIZE != 0 && !translator->fragile)
		return true;
	struct mmu_context context = mmu_context_fetch(translator->hart);
	struct translation translation;
	if (!mmu_translate(translator->hart, pc, 2, ACCESS_FETCH, &context, &translation))
		return false;
	*pa = translation.pa;
	return true;
}

static bool fetch_half(const struct translator *translator, uint64_t pa, uint16_t *half)
{
	const uint8_t *bytes = bus_fetch(translator->hart->bus, pa, 2);
	if (!bytes)
		return false;
	memcpy(half, bytes, 2);
	return true;
}

/* Read the instruction at translator->pc; false: a fault is in hart->trap. */
static bool fetch(const struct translator *translator, uint32_t *word)
{
	struct hart *hart = translator->hart;
	uint16_t low, high = 0;
	uint64_t second;
	if (!fetch_half(translator, translator->pa, &low))
		return hart_raise(hart, CAUSE_FETCH_ACCESS, translator->pc);
	if ((low & 3) == 3) {
		if (!translate_second_half(translator, &second))
			return false;
		if (!fetch_half(translator, second, &high))
			return hart_raise(hart, CAUSE_FETCH_ACCESS, translator->pc + 2);
	}
	*word = low | (uint32_t)high << 16;
	return true;
}

static struct op *emit(struct translator *translator, op_fn *run)
{
	struct op *op = translator->op++;
	memset(op, 0, sizeof *op);
	op->run = run;
	op->index = (uint8_t)translator->block->count;
	op->halves = (uint8_t)((translator->pc - translator->block->pc) / 2);
	return op;
}

/* The probe sees the operands of the instruction after it. */
static void emit_probe(struct translator *translator, const struct insn *insn)
{
	struct op *op = emit(translator, op_probe);
	op->rs1 = insn->rs1;
	op->rs2 = insn->rs2;
	op->word = insn->word;
	op->imm = insn->semantics;
}

/* norm:zicflip_lpad_expected norm:zicflip_indirect_branch_lpad: returns and software-guarded jumps do not. */
static bool expects_landing_pad(const struct insn *insn)
{
	return insn->semantics == INSN_jalr && insn->rs1 != 1 && insn->rs1 != 5 && insn->rs1 != 7;
}

/* Timing begins here. A block that comes to this place ends before it. */
static bool timing_begins(const struct translator *translator)
{
	const struct hart *hart = translator->hart;
	return hart->platform->timing.at_pc && hart->platform->timing.pc == translator->pc &&
	       hart->platform->timing.guest == mode_virt(hart->mode);
}

static void emit_before(struct translator *translator, const struct insn *insn)
{
	struct hart *hart = translator->hart;
	if (timing_begins(translator))
		emit(translator, op_timing_from);
	if (hart->check && hart->mode == MODE_HS && check_is_function(hart->check, translator->pc))
		emit(translator, op_function);
	if (translator->key & KEY_TRACE)
		emit(translator, op_trace)->word = insn->word;
	if (translator->key & KEY_TRIGGER)
		emit(translator, op_trigger)->length = insn->length;
	if (translator->key & KEY_ELP && translator->block->count == 0)
		emit(translator, op_landing)->word = insn->word;
	if (translator->key & KEY_LPE && expects_landing_pad(insn))
		emit(translator, op_expect);
	if (hart->model) {
		struct uop uop = uop_of(hart->model->timing, insn, translator->pc);
		hart->model->uops[translator->block->count] = uop;
		if (uop.flags & UOP_PROBE)
			emit_probe(translator, insn);
	}
	/* A jump writes its link before it goes: note it here, the value is known. */
	if (insn->rd == 4 && ends_block(insn->semantics) && insn_writes_x(insn)) {
		struct op *op = emit(translator, op_tp);
		op->imm = (int64_t)translator->pc;
		op->rs1 = insn->length;
	}
}

/* norm:Zca_no_misaligned: without compressed instructions, targets are 4-byte aligned. */
static op_fn *aligned_jump(const struct insn *insn)
{
	switch (insn_rows[insn->semantics].class) {
	case CLASS_JALR:
		return op_jalr_aligned;
	case CLASS_JAL:
	case CLASS_BRANCH:
		return insn->imm & 2 ? op_jump_misaligned : op_table[insn->semantics];
	default:
		return op_table[insn->semantics];
	}
}

static bool is_timing_hint(const struct translator *translator, const struct insn *insn)
{
	return translator->hart->platform->timing.hints && insn->semantics == INSN_slti && insn->rd == 0 && insn->rs1 == 0 &&
	       (insn->imm == TIMING_HINT_ON || insn->imm == TIMING_HINT_OFF);
}

static op_fn *handler(const struct translator *translator, const struct insn *insn)
{
	if (is_timing_hint(translator, insn))
		return op_timing_hint;
	if (uses_fp(&insn_rows[insn->semantics])) {
		if (!(translator->key & KEY_FS_ON))
			return op_illegal;
		if (!(translator->key & KEY_FS_DIRTY) && insn_dirties_fp(insn))
			return op_fs_dirty;
	}
	return isa_has(&translator->hart->isa, EXT_Zca) ? op_table[insn->semantics] : aligned_jump(insn);
}

/* Immediates as handlers want them: jumps and auipc absolute. */
static int64_t absolute_imm(const struct insn *insn, uint64_t pc)
{
	switch (insn->semantics) {
	case INSN_auipc:
	case INSN_jal:
		return (int64_t)(pc + (uint64_t)insn->imm);
	default:
		return insn_rows[insn->semantics].class == CLASS_BRANCH ? (int64_t)(pc + (uint64_t)insn->imm) : insn->imm;
	}
}

static void emit_insn(struct translator *translator, const struct insn *insn)
{
	emit_before(translator, insn);
	struct op *op = emit(translator, handler(translator, insn));
	op->rd = insn->rd == 0 && insn_writes_x(insn) ? 32 : insn->rd;
	op->rs1 = insn->rs1;
	op->rs2 = insn->rs2;
	op->rs3 = insn->rs3;
	op->rm = insn->rm;
	op->length = insn->length;
	op->imm = absolute_imm(insn, translator->pc);
	op->word = insn->word;
	bool completes = !ends_block(insn->semantics) && op->run != op_illegal && op->run != op_fs_dirty;
	translator->ended = !completes;
	if (translator->hart->model && translator->hart->model->uops[translator->block->count].flags & UOP_SETTLE)
		translator->ended = true;
	translator->block->count++;
	translator->pc += insn->length;
	translator->pa += insn->length;
	if (insn->rd == 4 && completes && insn_writes_x(insn))
		emit(translator, op_tp)->imm = (int64_t)(translator->pc - insn->length);
}

/* Does the next instruction lie wholly in this page and in memory, whatever its length? */
static bool next_is_inside(const struct translator *translator)
{
	uint64_t offset = translator->pc % PAGE_SIZE;
	uint16_t low;
	if (translator->pc / PAGE_SIZE != translator->block->pc / PAGE_SIZE)
		return false;
	if (!fetch_half(translator, translator->pa, &low))
		return false;
	return (low & 3) != 3 || (offset <= PAGE_SIZE - 4 && bus_fetch(translator->hart->bus, translator->pa + 2, 2));
}

static bool settles(const struct translator *translator)
{
	return translator->hart->model && translator->hart->model->uops[translator->block->count - 1].flags & UOP_SETTLE;
}

static void set_costs(struct translator *translator)
{
	struct block *block = translator->block;
	if (translator->hart->model) {
		block->uops = translator->hart->model->uops;
		model_block(translator->hart, block, translator->op);
		return;
	}
	for (struct op *op = block->ops; op < translator->op; op++)
		op->prefix = op->index;
	block->cost[EDGE_FALL] = block->cost[EDGE_TAKEN] = block->count;
	block->last = block->count - 1u;
}

void xlate(struct hart *hart, struct block *block, uint64_t pa, unsigned limit, bool fragile)
{
	struct translator translator = {
	    .hart = hart,
	    .block = block,
	    .pc = hart->pc,
	    .pa = pa,
	    .limit = limit < BLOCK_MAX ? limit : BLOCK_MAX,
	    .op = block->ops,
	    .fragile = fragile,
	    .key = hart->context & ((1 << KEY_BITS) - 1),
	};
	memset(block, 0, sizeof *block);
	block->pc = hart->pc;
	block->pa = pa;
	do {
		uint32_t word = 0;
		if (!fetch(&translator, &word))
			return;
		struct insn insn = decode(&hart->isa, word);
		emit_insn(&translator, &insn);
	} while (!translator.ended && block->count < translator.limit && next_is_inside(&translator) && !timing_begins(&translator));
	emit(&translator, settles(&translator) ? op_settle : op_end);
	block->bytes = (uint16_t)(translator.pc - block->pc);
	set_costs(&translator);
	assert(translator.op <= block->ops + OPS_MAX);
}

unsigned block_ops(const struct block *block)
{
	const struct op *op = block->ops;
	while (op->run != op_end && op->run != op_settle)
		op++;
	return (unsigned)(op - block->ops) + 1;
}
