/*
 * Translation: bytes -> rows -> ops. Whatever the execution key and the bytes decide is decided here, so that no
 * handler asks again: privilege-dependent existence of FP, x0 as a sink, absolute targets, inserted trace and check
 * ops, the prefix cost of every instruction.
 */
#include <assert.h>
#include <string.h>
#include "base/bus.h"
#include "engine/block.h"
#include "engine/engine.h"
#include "isa/insn.h"
#include "hart/mmu.h"
#include "engine/note.h"
#include "engine/pair.h"
#include "timing/model.h"
#include "watch/check.h"
#include "trace/trace.h"

struct translator {
	struct hart *hart;
	struct block *block;
	uint64_t pc, pa;      /* of the next instruction */
	unsigned limit;       /* instructions */
	struct op *op;        /* the next free op */
	bool fragile;         /* pages or PMP regions meet inside the instruction */
	bool ended;           /* the last instruction leaves the block by itself */
	unsigned branches;    /* so far */
	uint32_t key;
	uint16_t semantics[BLOCK_MAX]; /* of the instructions so far */
	struct trace_text *text;       /* likewise, for the trace */
};

/* Instructions that end a block: they change pc or privilege, or may make the following bytes mean something else. */
static bool ends_block(uint16_t semantics)
{
	return insn_is_jump(semantics) || insn_has(semantics, FLAG_TRAPS | FLAG_RETURNS | FLAG_WAITS | FLAG_FENCE_I);
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

static bool fetch_halfword(const struct translator *translator, uint64_t pa, uint16_t *half)
{
	const uint8_t *bytes = bus_fetch(translator->hart->bus, pa, 2);
	if (!bytes)
		return false;
	memcpy(half, bytes, 2);
	return true;
}

/* Read the instruction at translator->pc; false: a fault is in hart->trap. */
static bool fetch_word(const struct translator *translator, uint32_t *word)
{
	struct hart *hart = translator->hart;
	uint16_t low, high = 0;
	uint64_t second;
	if (!fetch_halfword(translator, translator->pa, &low))
		return hart_raise(hart, CAUSE_FETCH_ACCESS, translator->pc);
	if ((low & 3) == 3) {
		if (!translate_second_half(translator, &second))
			return false;
		if (!fetch_halfword(translator, second, &high))
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

/* `op`, the last one, can leave the block. */
static void add_edge(struct translator *translator, struct op *op)
{
	op->rs3 = HAS_EDGE;
	memset(op_edge(op), 0, sizeof(struct edge));
	translator->op += op_slots(op) - 1;
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
	return hart->engine->timing.at_pc && hart->engine->timing.pc == translator->pc &&
	       hart->engine->timing.guest == mode_virt(hart->mode);
}

static void emit_before(struct translator *translator, const struct insn *insn)
{
	struct hart *hart = translator->hart;
	if (timing_begins(translator))
		emit(translator, op_timing_from);
	if (hart->check && hart->mode == MODE_HS && check_is_function(hart->check, translator->pc))
		emit(translator, op_function);
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
	if (translator->key & KEY_TRACE && insn_rows[insn->semantics].class == CLASS_AMO)
		emit(translator, op_note_address)->rs1 = insn->rs1;
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
	return translator->hart->engine->timing.hints && insn->semantics == INSN_slti && insn->rd == 0 && insn->rs1 == 0 &&
	       (insn->imm == TIMING_HINT_ON || insn->imm == TIMING_HINT_OFF);
}

static op_fn *handler(const struct translator *translator, const struct insn *insn)
{
	if (is_timing_hint(translator, insn))
		return op_timing_hint;
	if (insn_uses_fp(insn->semantics)) {
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
	return insn_has(insn->semantics, FLAG_PC_RELATIVE) ? (int64_t)(pc + (uint64_t)insn->imm) : insn->imm;
}

/* Does the block go on after this branch? Not after one that is likely taken, and not for ever; nor, with a timing
 * model, into a line that may never be fetched. */
static bool goes_on(struct translator *translator, const struct insn *insn)
{
	const struct model *model = translator->hart->model;
	return insn->imm > 0 && ++translator->branches <= BRANCHES_MAX &&
	       (!model || cache_find(&model->l1i, translator->pa + insn->length) >= 0);
}

/* Instructions that touch nothing but the hart's own registers. */
static bool is_private(const struct hart *hart, const struct insn *insn)
{
	switch (insn_rows[insn->semantics].class) {
	case CLASS_ALU:
	case CLASS_MUL:
		return insn->rd != 4; /* tp is traced */
	case CLASS_BRANCH:
	case CLASS_JAL:
		return insn->rd != 4 && isa_has(&hart->isa, EXT_Zca); /* else they may trap */
	default:
		return false;
	}
}

/* Where harts take turns by instruction, blocks end where the next turn may be: a hart that has its turn runs a
 * block. */
static bool ends_turn(const struct translator *translator, const struct insn *insn)
{
	const struct hart *hart = translator->hart;
	return hart->engine->catch_up && (insn_is_branch(insn->semantics) || !is_private(hart, insn));
}

/* The values that the instruction leaves for the trace. */
static void emit_notes(struct translator *translator, uint32_t word)
{
	struct insn insn = trace_decode_insn(word);
	unsigned noted = trace_noted(&insn);
	if (noted & NOTED_X)
		emit(translator, op_note_x)->rd = insn.rd;
	if (noted & NOTED_X_NEXT)
		emit(translator, op_note_x)->rd = insn.rd + 1;
	if (noted & NOTED_F)
		emit(translator, op_note_f)->rd = insn.rd;
	if (noted & NOTED_MEMORY)
		emit(translator, op_note_memory)->rm = (uint8_t)(1 << trace_access_log2(&insn));
}

static void emit_insn(struct translator *translator, const struct insn *insn)
{
	emit_before(translator, insn);
	struct op *op = emit(translator, handler(translator, insn));
	op->rd = insn->rd == 0 && insn_writes_x(insn) ? SINK : insn->rd;
	op->rs1 = insn->rs1;
	op->rs2 = insn->rs2;
	op->rs3 = insn->rs3;
	op->rm = insn->rm;
	op->length = insn->length;
	op->imm = absolute_imm(insn, translator->pc);
	op->word = insn->word;
	if (insn_is_branch(insn->semantics) || insn_is_jump(insn->semantics))
		add_edge(translator, op);
	bool completes = !ends_block(insn->semantics) && op->run != op_illegal && op->run != op_fs_dirty;
	translator->ended = !completes;
	if (translator->hart->model && translator->hart->model->uops[translator->block->count].flags & UOP_SETTLE)
		translator->ended = true;
	if (insn_is_branch(insn->semantics) && !goes_on(translator, insn))
		translator->ended = true;
	if (ends_turn(translator, insn))
		translator->ended = true;
	translator->text->insns[translator->block->count].word = insn->word;
	translator->semantics[translator->block->count++] = insn->semantics;
	translator->pc += insn->length;
	translator->pa += insn->length;
	if (translator->key & KEY_TRACE && completes)
		emit_notes(translator, insn->word);
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
	if (!fetch_halfword(translator, translator->pa, &low))
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
	for (struct op *op = block->ops; op < translator->op; op += op_slots(op)) {
		op->prefix = op->index;
		if (op_has_edge(op))
			op_edge(op)->advance = edge_advance(op->index + op_is_instruction(op), op->index + op_is_instruction(op));
	}
	block->last = block->count - 1u;
	block_open(block);
}

/* Tell the trace what runs of this block will be about. */
static void tell_text(struct translator *translator)
{
	struct block *block = translator->block;
	struct trace_text *text = translator->text;
	_Static_assert((int)BLOCK_MAX <= (int)TRACE_CODE_MAX, "a block is a text");
	text->pc = block->pc;
	text->mode = (uint8_t)translator->hart->mode;
	text->count = (uint8_t)block->count;
	for (const struct op *op = block->ops; op < translator->op; op += op_slots(op))
		if (op_is_instruction(op))
			text->insns[op->index].prefix = op->prefix;
	block->ops[0].word = trace_text(translator->hart->trace, text); /* op_note_block's */
}

/* Of which table is this handler the first form? NULL: of none. */
static op_fn *const *forms_of(const struct op *op, uint16_t semantics)
{
	op_fn *const *const tables[] = {op_forms[semantics], op_timed_forms[semantics], op_after_store_forms[semantics]};
	for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (tables[i][FORM_REGISTERS] == op->run)
			return tables[i];
	return NULL;
}

/* Integer instructions that have forms pass on what they write, but for a jump's link. */
static bool passes_on(const struct op *op, uint16_t semantics, op_fn *const *forms)
{
	return insn_row_writes_x(semantics) && !insn_is_jump(semantics) && forms && forms[FORM_LAST_1] && op->rd != SINK;
}

/* The form that reads register rd from what the op before passes on, if this one reads it. */
static enum op_form form_for(struct op *op, uint16_t semantics, op_fn *const *forms, uint8_t rd)
{
	if (op->rs1 != rd && op->rs2 == rd && insn_has(semantics, FLAG_COMMUTES)) {
		op->rs2 = op->rs1;
		op->rs1 = rd;
	}
	if (op->rs1 == rd && forms[FORM_LAST_1])
		return FORM_LAST_1;
	return op->rs2 == rd && forms[FORM_LAST_2] ? FORM_LAST_2 : FORM_REGISTERS;
}

/* How an op was chosen. */
struct choice {
	op_fn *const *forms; /* NULL: it has none, or is no instruction */
	enum op_form form;
	uint16_t semantics;
	bool passes, paired;
};

/* The handler of both, or NULL. */
static op_fn *pair_of(const struct choice *first, const struct choice *second)
{
	if (!first->forms || !second->forms || first->paired || first->forms == op_after_store_forms[first->semantics] ||
	    second->forms == op_after_store_forms[second->semantics])
		return NULL;
	bool plain = first->forms == op_forms[first->semantics] && second->forms == op_forms[second->semantics];
	return (plain ? pair_find : pair_find_timed)(first->semantics, first->form, second->semantics, second->form);
}

/* Where an instruction reads what the one right before it has written, take the form that gets it passed on; where
 * two that follow each other have a handler together, take that. */
static void choose_handlers(struct translator *translator)
{
	struct choice before = {0};
	for (struct op *op = translator->block->ops; op < translator->op; op += op_slots(op)) {
		struct choice choice = {0};
		if (op->run == op_note_x) { /* it leaves `last` alone */
			before.forms = NULL;
			continue;
		}
		if (op_is_instruction(op)) {
			choice.semantics = translator->semantics[op->index];
			choice.forms = forms_of(op, choice.semantics);
		}
		if (choice.forms) {
			choice.passes = passes_on(op, choice.semantics, choice.forms);
			choice.form = before.passes ? form_for(op, choice.semantics, choice.forms, op[-1].rd) : FORM_REGISTERS;
			op->run = choice.forms[choice.form];
		}
		op_fn *pair = pair_of(&before, &choice);
		if (pair) {
			op[-1].run = pair;
			choice.paired = true;
		}
		before = choice;
	}
}

/* A place that the hart may come to, and how soon. */
struct ahead {
	struct translator translator;
	struct model_ahead model;
	uint32_t cycles;
	unsigned left; /* instructions and branches to look at */
};

static uint32_t cycles_alone(struct ahead ahead);

/* If it goes there; it may not if that is another page. */
static uint32_t cycles_alone_at(struct ahead ahead, uint64_t pc)
{
	const struct block *block = ahead.translator.block;
	if ((pc ^ block->pc) >= PAGE_SIZE)
		return ahead.cycles;
	ahead.translator.pa = block->pa + (pc - block->pc);
	ahead.translator.pc = pc;
	return cycles_alone(ahead);
}

static void look_at(struct ahead *ahead, const struct insn *insn, bool taken)
{
	struct hart *hart = ahead->translator.hart;
	ahead->cycles = hart->model ? model_ahead_step(hart->model, &ahead->model, insn, ahead->translator.pc, taken)
	                            : ahead->cycles + 1;
}

/* What is found out depends on the bytes of this instruction. */
static void note_seen(const struct translator *at, const struct insn *insn)
{
	struct block *block = at->block;
	uint16_t from = at->pa % PAGE_SIZE, to = (uint16_t)(from + insn->length);
	if (from < block->seen_from || !block->seen_to)
		block->seen_from = from;
	if (to > block->seen_to)
		block->seen_to = to;
}

/* Cycles from the block's start until an instruction may come, on any way, that is not private. */
static uint32_t cycles_alone(struct ahead ahead)
{
	struct translator *at = &ahead.translator;
	uint32_t word = 0;
	while (ahead.left && next_is_inside(at) && fetch_word(at, &word)) {
		struct insn insn = decode(&at->hart->isa, word);
		bool jump = insn_is_jump(insn.semantics), branch = insn_is_branch(insn.semantics);
		note_seen(at, &insn);
		if (!is_private(at->hart, &insn))
			break;
		ahead.left--;
		struct ahead there = ahead;
		look_at(&ahead, &insn, jump);
		if (jump)
			return cycles_alone_at(ahead, at->pc + (uint64_t)insn.imm);
		if (branch) {
			look_at(&there, &insn, true);
			there.left = ahead.left /= 2;
			uint32_t taken = cycles_alone_at(there, at->pc + (uint64_t)insn.imm);
			uint32_t fall = cycles_alone_at(ahead, at->pc + insn.length);
			return taken < fall ? taken : fall;
		}
		at->pc += insn.length;
		at->pa += insn.length;
	}
	return ahead.cycles;
}

static uint32_t block_alone(const struct translator *translator)
{
	enum { AHEAD = 24 };
	const struct block *block = translator->block;
	struct ahead ahead = {.left = AHEAD};
	ahead.translator.hart = translator->hart;
	ahead.translator.block = translator->block;
	ahead.translator.pc = block->pc;
	ahead.translator.pa = block->pa;
	if (translator->hart->model)
		model_ahead_begin(translator->hart->model, &ahead.model);
	return cycles_alone(ahead);
}

void xlate(struct hart *hart, struct block *block, uint64_t pa, unsigned limit, bool fragile)
{
	struct trace_text_insn texts[BLOCK_MAX];
	struct trace_text text = {.insns = texts};
	struct translator translator = {
	    .text = &text,
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
	if (translator.key & KEY_TRACE)
		emit(&translator, op_note_block);
	do {
		uint32_t word = 0;
		if (!fetch_word(&translator, &word))
			return;
		struct insn insn = decode(&hart->isa, word);
		emit_insn(&translator, &insn);
	} while (!translator.ended && block->count < translator.limit && next_is_inside(&translator) && !timing_begins(&translator));
	if (settles(&translator))
		emit(&translator, op_settle);
	else
		add_edge(&translator, emit(&translator, op_end));
	block->bytes = (uint16_t)(translator.pc - block->pc);
	set_costs(&translator);
	if (translator.key & KEY_TRACE)
		tell_text(&translator);
	if (hart->engine->catch_up && !fragile && !(translator.key & (KEY_TRACE | KEY_TRIGGER | KEY_ELP | KEY_LPE)))
		block->alone = block_alone(&translator);
	if (DISPATCH_TAIL)
		choose_handlers(&translator);
	assert(translator.op <= block->ops + OPS_MAX);
}

unsigned block_ops(const struct block *block)
{
	const struct op *op = block->ops;
	while (op->run != op_end && op->run != op_settle)
		op += op_slots(op);
	return (unsigned)(op - block->ops) + op_slots(op);
}
