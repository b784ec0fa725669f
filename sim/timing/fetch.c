#include "timing/fetch.h"

#include <string.h>
#include "base/bus.h"
#include "timing/memory.h"

/* ---- predictors ---- */

void model_call(struct model *model, uint64_t address)
{
	unsigned depth = model->timing->ras_entries;
	memmove(model->ras + 1, model->ras, (depth - 1) * sizeof *model->ras);
	model->ras[0] = address;
	if (model->ras_used < depth)
		model->ras_used++;
}

static uint64_t pop_return(struct model *model)
{
	if (!model->ras_used)
		return 0;
	uint64_t address = model->ras[0];
	memmove(model->ras, model->ras + 1, (model->timing->ras_entries - 1) * sizeof *model->ras);
	model->ras_used--;
	return address;
}

static bool is_link(unsigned reg) { return reg == 1 || reg == 5; }

/* rd: 32 or 0 instead of x0. c.jalr is a call and never a return. */
static bool is_return(unsigned rd, unsigned rs1, unsigned length)
{
	return is_link(rs1) && rd != rs1 && !(length == 2 && rd == 1);
}

/* Where the target of the jump at pc is; btb_entries: nowhere. */
static unsigned btb_slot(struct model *model, uint64_t pc)
{
	unsigned entries = model->timing->btb_entries, slot = 0;
	if (!model->timing->btb_full)
		return pc >> 1 & (entries - 1);
	while (slot < entries && !(model->btb[slot].valid && model->btb[slot].pc == pc))
		slot++;
	if (slot == entries)
		return slot;
	__typeof__(*model->btb) used = model->btb[slot];
	memmove(model->btb + 1, model->btb, slot * sizeof *model->btb);
	model->btb[0] = used;
	return 0;
}

static uint64_t predict_indirect(struct model *model, unsigned rd, unsigned rs1, unsigned length, uint64_t pc)
{
	if (is_return(rd, rs1, length))
		return pop_return(model);
	const unsigned slot = btb_slot(model, pc);
	return slot < model->timing->btb_entries && model->btb[slot].valid ? model->btb[slot].target : 0;
}

uint64_t model_predict_indirect(struct model *model, const struct op *op, uint64_t pc)
{
	return predict_indirect(model, op->rd, op->rs1, op->length, pc);
}

void model_learn_indirect(struct model *model, const struct op *op, uint64_t pc, uint64_t target)
{
	unsigned last = model->timing->btb_entries - 1;
	if (is_return(op->rd, op->rs1, op->length))
		return;
	unsigned slot = btb_slot(model, pc);
	if (slot > last) { /* instead of the one that has not been used for longest */
		memmove(model->btb + 1, model->btb, last * sizeof *model->btb);
		slot = 0;
	}
	model->btb[slot].pc = pc;
	model->btb[slot].target = target;
	model->btb[slot].valid = true;
}

/* With a folded history Rocket's hash (BTB.scala), of the address in units of fetch words. */
uint32_t model_branch_place(const struct model *model, uint64_t pc)
{
	if (!model->timing->bht_folded)
		return (uint32_t)(pc >> 1);
	uint64_t word = pc / model->timing->fetch_bytes;
	return (uint32_t)(word ^ (word / model->timing->bht_entries & 3)) & model->bht_mask;
}

void model_note_branch(struct model *model, uint8_t *counter, bool taken)
{
	const struct timing *timing = model->timing;
	unsigned length = timing->bht_history, mask = (1u << length) - 1;
	if (timing->bht_bits == 1)
		*counter = BHT_VALID | (taken ? 3 : 0);
	if (!timing->bht_folded) {
		model->history = (model->history << 1 | taken) & mask;
		model->history_index = (unsigned)model->history;
		return;
	}
	enum { HALF_ROOT_OF_3 = 0xddb3 }; /* sqrt(3) / 2 in 16 bits */
	model->history = model->history >> 1 | (unsigned)taken << (length - 1);
	uint64_t hash = (HALF_ROOT_OF_3 >> (16 - length)) * model->history & mask;
	unsigned above = (unsigned)__builtin_ctz(timing->bht_entries) - timing->bht_folded;
	model->history_index = (unsigned)(hash >> (length - timing->bht_folded)) << above;
}

static bool predict_branch(const struct model *model, uint64_t pc, bool backward)
{
	uint8_t entry = model->bht[(model_branch_place(model, pc) ^ model->history_index) & model->bht_mask];
	return entry & BHT_VALID ? entry & 2 : backward && model->timing->bht_backward;
}

void fetch_trapped(struct model *model)
{
	model->counts.traps++;
	if (!model->timing->trap_predictors)
		return;
	memset(model->bht, (int)model->timing->bht_cleared, model->timing->bht_entries);
	memset(model->btb, 0, model->timing->btb_entries * sizeof *model->btb);
	model->ras_used = 0;
}

bool model_follow_jumps(struct model *model, const struct trail *trail)
{
	uint64_t ras[RAS_MAX];
	unsigned used = model->ras_used;
	bool same = true;
	memcpy(ras, model->ras, sizeof ras);
	for (unsigned i = 0; i < trail->jump_count && same; i++) {
		const struct trail_jump *jump = &trail->jumps[i];
		if (jump->kind == JUMP_CALL)
			model_call(model, jump->address);
		else if (jump->kind == JUMP_RETURN)
			same = pop_return(model) == jump->address;
		else
			same = (model->btb[jump->slot].valid ? model->btb[jump->slot].target : 0) == jump->address;
	}
	if (!same) {
		memcpy(model->ras, ras, sizeof ras);
		model->ras_used = used;
	}
	return same;
}

/* ---- the instruction cache ---- */

static void fill_line_of_code(struct model *model, uint64_t pa)
{
	uint64_t evicted;
	bool dirty;
	cache_fill(&model->l1i, pa, &evicted, &dirty);
	if (evicted != UINT64_MAX)
		block_chill(model->hart->exec, evicted, model->timing->l1i_line);
}

static unsigned miss_cycles(struct model *model, uint64_t pa, uint64_t at)
{
	return model->timing->l1i_miss + memory_latency(model, pa, at, false);
}

/* When the hart asks for its next fetch word. */
static uint64_t request_cycle(const struct hart *hart)
{
	return hart->cycle + (uint64_t)(int64_t)hart->model->states.list[hart->exec->state].fetch_next;
}

uint16_t fetch_flush(struct model *model)
{
	cache_drop_all(&model->l1i);
	block_chill(model->hart->exec, 0, UINT64_MAX);
	return (uint16_t)model->timing->l1i_flush;
}

static void delay(struct model *model, unsigned cycles)
{
	struct exec *exec = model->hart->exec;
	struct pipe pipe = model->states.list[exec->state];
	pipe.fetch_late = (int16_t)(pipe.fetch_late + cycles);
	exec->state = states_number(&model->states, &pipe);
}

/* Is the page of pc in the fetch TLB? If not: cycles until it is. */
static unsigned enter_page(struct hart *hart, uint64_t pc)
{
	struct model *model = hart->model;
	uint64_t space = memory_space(hart, hart->mode), page = pc >> PAGE_SHIFT;
	if (space == model->fetch_space && (!space || page == model->fetch_page))
		return 0;
	model->fetch_space = space;
	model->fetch_page = page;
	if (!space)
		return 0;
	int index = pages_find(&model->itlb, pc, space);
	if (index >= 0) {
		pages_touch(&model->itlb, (unsigned)index);
		return 0;
	}
	struct mmu_context context = mmu_context_fetch(hart);
	uint64_t request = request_cycle(hart), at = request > model->walks_from ? request : model->walks_from;
	unsigned held = model->walks_from > request ? (unsigned)(model->walks_from - request) : 0;
	unsigned cycles = memory_walk(model, &model->itlb, pc, at, ACCESS_FETCH, &context, &index);
	model->counts.itlb_misses++;
	model->counts.stall_walk += cycles;
	model->counts.stall_fence += held;
	model->late.first = (uint16_t)(model->late.first + cycles - model->walk_second);
	model->late.second = (uint16_t)(model->late.second + model->walk_second);
	model->late.fence = (uint16_t)(model->late.fence + held);
	return cycles + held;
}

static unsigned length_of(const struct uop *uop) { return uop->place & 0x80 ? 4 : 2; }

/* Instructions of the block that end before `bytes` do. */
static unsigned instructions_within(const struct block *block, uint64_t bytes)
{
	unsigned count = 0;
	for (uint64_t end = 0; count < block->count; count++) {
		end += length_of(&block->uops[count]);
		if (end > bytes)
			break;
	}
	return count;
}

int model_enter(struct hart *hart, struct block *block)
{
	struct model *model = hart->model;
	unsigned late = enter_page(hart, block->pc);
	if (late) {
		delay(model, late);
		return MODEL_RETRY;
	}
	if (block_is_open(block) || !bus_is_dram(hart->bus, block->pa, 2))
		return block_open(block), 0;
	uint64_t line = model->timing->l1i_line, first_end = block->pa + length_of(&block->uops[0]);
	uint64_t page_end = (block->pa | (PAGE_SIZE - 1)) + 1, end = block->pa + block->bytes;
	for (uint64_t pa = block->pa & -line; pa < end && pa < page_end; pa += line) {
		if (cache_find(&model->l1i, pa) >= 0)
			continue;
		if (pa >= first_end)
			return (int)instructions_within(block, pa - block->pa);
		unsigned cycles = miss_cycles(model, pa, request_cycle(hart));
		model->counts.icache_misses++;
		model->counts.stall_icache += cycles;
		model->late.icache = (uint16_t)(model->late.icache + cycles);
		fill_line_of_code(model, pa);
		delay(model, cycles);
		return MODEL_RETRY;
	}
	block_open(block);
	return 0;
}

/* ---- wrong paths ---- */

struct astray {
	struct model *model;
	const struct block *block; /* where it began: its page is known */
	uint64_t pc;               /* of the next instruction */
	int request;               /* cycle of the next fetch word */
	unsigned instructions;
	struct trail *trail;
};

static void note_line(struct astray *astray, int slot)
{
	struct trail *trail = astray->trail;
	uint64_t tag = astray->model->l1i.lines[slot];
	for (unsigned i = 0; i < trail->line_count; i++)
		if (trail->lines[i].slot == (uint32_t)slot)
			return;
	if (trail->line_count == TRAIL_LINES)
		trail->repeats = false;
	else
		trail->lines[trail->line_count++] = (struct trail_line){tag, (uint32_t)slot};
}

static void note_branch(struct astray *astray, bool backward, bool taken)
{
	const struct model *model = astray->model;
	struct trail *trail = astray->trail;
	if (trail->branch_count == TRAIL_BRANCHES)
		trail->repeats = false;
	else
		trail->branches[trail->branch_count++] = (struct trail_branch){
		    model_branch_place(model, astray->pc), backward && model->timing->bht_backward, taken};
}

/* An associative BTB moves its entries when it is asked. */
static void note_jump(struct astray *astray, unsigned kind, uint64_t address)
{
	const struct timing *timing = astray->model->timing;
	struct trail *trail = astray->trail;
	uint32_t slot = (uint32_t)(astray->pc >> 1 & (timing->btb_entries - 1));
	if (trail->jump_count == TRAIL_JUMPS || (kind == JUMP_INDIRECT && timing->btb_full))
		trail->repeats = false;
	else
		trail->jumps[trail->jump_count++] = (struct trail_jump){kind, slot, address};
}

/* Through the fetch TLB, if the page is there. */
static bool translate_known(struct model *model, uint64_t pc, uint64_t *pa)
{
	struct mmu_context context = mmu_context_fetch(model->hart);
	struct translation translation;
	struct trap trap = {0};
	if (pages_find(&model->itlb, pc, model->fetch_space) < 0 ||
	    !mmu_walk(model->hart, pc, 2, ACCESS_FETCH, &context, false, NULL, NULL, &translation, &trap))
		return false;
	*pa = translation.pa;
	return true;
}

/* Physical address of a place on the wrong path; false: nobody knows without a walk. */
static bool locate(const struct astray *astray, uint64_t pc, uint64_t *pa)
{
	const struct block *block = astray->block;
	bool near = (pc ^ block->pc) < PAGE_SIZE;
	astray->trail->repeats &= near;
	if (near)
		*pa = block->pa + (pc - block->pc);
	else if (!astray->model->fetch_space)
		*pa = pc;
	else if (!translate_known(astray->model, pc, pa))
		return false;
	return bus_is_dram(astray->model->hart->bus, *pa, 2);
}

static bool read_half(const struct astray *astray, uint64_t pc, uint16_t *half)
{
	uint64_t pa;
	if (!locate(astray, pc, &pa))
		return false;
	memcpy(half, bus_host(astray->model->hart->bus, pa), 2);
	return true;
}

/* Where the frontend goes after an instruction it only scans; 0: on. */
static uint64_t scan(struct astray *astray, const struct insn *insn)
{
	struct model *model = astray->model;
	uint64_t pc = astray->pc, target = 0;
	switch (insn_rows[insn->semantics].class) {
	case CLASS_BRANCH:
		if (!predict_branch(model, pc, insn->imm < 0)) {
			note_branch(astray, insn->imm < 0, false);
			return 0;
		}
		note_branch(astray, insn->imm < 0, true);
		return pc + (uint64_t)insn->imm;
	case CLASS_JAL:
		target = pc + (uint64_t)insn->imm;
		break;
	case CLASS_JALR:
		target = predict_indirect(model, insn->rd, insn->rs1, insn->length, pc);
		if (is_return(insn->rd, insn->rs1, insn->length))
			note_jump(astray, JUMP_RETURN, target);
		else
			note_jump(astray, JUMP_INDIRECT, target);
		break;
	default:
		return 0;
	}
	if (is_link(insn->rd)) {
		note_jump(astray, JUMP_CALL, pc + insn->length);
		model_call(model, pc + insn->length);
	}
	return target;
}

/* Scan the instructions that end in the fetch word *word and move on to the next one; false: the path cannot be
 * followed. */
static bool scan_word(struct astray *astray, uint64_t *word)
{
	const struct timing *timing = astray->model->timing;
	uint64_t end = *word + timing->fetch_bytes;
	while (astray->pc < end) {
		uint16_t low, high = 0;
		if (!read_half(astray, astray->pc, &low))
			return false;
		unsigned length = (low & 3) == 3 ? 4 : 2;
		if (astray->pc + length > end)
			break;
		if (length == 4 && !read_half(astray, astray->pc + 2, &high))
			return false;
		struct insn insn = decode(&astray->model->hart->isa, low | (uint32_t)high << 16);
		if (++astray->instructions > timing->fetch_queue)
			return false;
		uint64_t target = scan(astray, &insn);
		if (target) {
			astray->pc = target;
			*word = target & -(uint64_t)timing->fetch_bytes;
			astray->request += (int)timing->fetch_taken;
			return true;
		}
		astray->pc += length;
	}
	astray->request++;
	*word = end;
	return true;
}

uint16_t fetch_wrong_path(struct model *model, const struct block *block, unsigned index, const struct memo *memo, uint64_t wrong)
{
	uint64_t after = block->pc;
	for (unsigned i = 0; i <= index && i < block->count; i++)
		after += length_of(&block->uops[i]);
	struct astray astray = {model, block, wrong ? wrong : after, 0, 0, &model->trail};
	model->trail = (struct trail){.repeats = true};
	bool sequential = astray.pc == after;
	astray.request = memo->times.fetch + (sequential ? 1 : (int)model->timing->fetch_taken);
	uint64_t bytes = model->timing->fetch_bytes, word = astray.pc & -bytes;
	if (sequential && after & (bytes - 1))
		astray.request--; /* its word is there already */
	while (astray.request + (int)model->timing->fetch_kill <= memo->times.killed) {
		uint64_t pa, asked = model->hart->cycle + (uint64_t)(int64_t)astray.request;
		if (!locate(&astray, word, &pa))
			return 0;
		int slot = cache_find(&model->l1i, pa);
		if (slot >= 0) {
			note_line(&astray, slot);
		} else {
			model->trail.repeats = false;
			int looked_up = astray.request + (int)model->timing->fetch_kill - 1, waited = (int)miss_cycles(model, pa, asked);
			int ready = astray.request + waited + 1 + (int)model->timing->l1i_restart; /* for the next request */
			model->counts.icache_misses++;
			if (looked_up + waited >= memo->times.killed) /* the line is thrown away, but waited for */
				return ready > memo->times.restart ? (uint16_t)(ready - memo->times.restart) : 0;
			fill_line_of_code(model, pa);
			astray.request = ready - 1;
		}
		if (!scan_word(&astray, &word))
			return 0;
	}
	return 0;
}
