/* Where the frontend goes while nobody knows that it is wrong: what that does to the instruction cache and to the
 * return-address stack shows later. */
#include "timing/wrong_path.h"

#include <string.h>
#include "base/bus.h"
#include "timing/fetch.h"

struct wrong_path {
	struct model *model;
	const struct code_block *code; /* where it began: its page is known */
	uint64_t pc; /* of the next instruction */
	int request; /* cycle of the next fetch word */
	unsigned instructions;
	struct trail *trail;
};

static void note_line(struct wrong_path *path, int slot)
{
	struct trail *trail = path->trail;
	uint64_t tag = path->model->l1i.lines[slot];
	for (unsigned i = 0; i < trail->line_count; i++)
		if (trail->lines[i].slot == (uint32_t)slot)
			return;
	if (trail->line_count == TRAIL_LINES)
		trail->repeats = false;
	else
		trail->lines[trail->line_count++] = (struct trail_line){tag, (uint32_t)slot};
}

static void note_branch(struct wrong_path *path, bool backward, bool taken)
{
	const struct model *model = path->model;
	struct trail *trail = path->trail;
	if (trail->branch_count == TRAIL_BRANCHES)
		trail->repeats = false;
	else
		trail->branches[trail->branch_count++] = (struct trail_branch){
		    predict_place(&model->predictors, path->pc), backward && model->timing->bht_backward, taken};
}

/* An associative BTB moves its entries when it is asked. */
static void note_jump(struct wrong_path *path, unsigned kind, uint64_t address)
{
	const struct timing *timing = path->model->timing;
	struct trail *trail = path->trail;
	uint32_t slot = (uint32_t)(path->pc >> 1 & (timing->btb_entries - 1));
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
	if (l1_tlb_find(&model->itlb, pc, model->fetch_space) < 0 ||
	    !mmu_walk(model->hart, pc, 2, ACCESS_FETCH, &context, false, NULL, NULL, &translation, &trap))
		return false;
	*pa = translation.pa;
	return true;
}

/* Physical address of a place on the wrong path; false: nobody knows without a walk. */
static bool locate(const struct wrong_path *path, uint64_t pc, uint64_t *pa)
{
	const struct code_block *code = path->code;
	bool near = (pc ^ code->pc) < PAGE_SIZE;
	path->trail->repeats &= near;
	if (near)
		*pa = code->pa + (pc - code->pc);
	else if (!path->model->fetch_space)
		*pa = pc;
	else if (!translate_known(path->model, pc, pa))
		return false;
	return bus_is_dram(path->model->hart->bus, *pa, 2);
}

static bool read_half(const struct wrong_path *path, uint64_t pc, uint16_t *half)
{
	uint64_t pa;
	if (!locate(path, pc, &pa))
		return false;
	memcpy(half, bus_host(path->model->hart->bus, pa), 2);
	return true;
}

/* Where the frontend goes after an instruction it only scans; 0: on. */
static uint64_t scan(struct wrong_path *path, const struct insn *insn)
{
	struct model *model = path->model;
	uint64_t pc = path->pc, target = 0;
	switch (insn_rows[insn->semantics].class) {
	case CLASS_BRANCH:
		if (!predict_branch(&model->predictors, pc, insn->imm < 0)) {
			note_branch(path, insn->imm < 0, false);
			return 0;
		}
		note_branch(path, insn->imm < 0, true);
		return pc + (uint64_t)insn->imm;
	case CLASS_JAL: target = pc + (uint64_t)insn->imm; break;
	case CLASS_JALR:
		target = predict_indirect(&model->predictors, insn->rd, insn->rs1, insn->length, pc);
		if (predict_is_return(insn->rd, insn->rs1, insn->length))
			note_jump(path, JUMP_RETURN, target);
		else
			note_jump(path, JUMP_INDIRECT, target);
		break;
	default: return 0;
	}
	if (predict_is_link(insn->rd)) {
		note_jump(path, JUMP_CALL, pc + insn->length);
		predict_call(&model->predictors, pc + insn->length);
	}
	return target;
}

/* Scan the instructions that end in the fetch word *word and move on to the next one; false: the path cannot be
 * followed. */
static bool scan_word(struct wrong_path *path, uint64_t *word)
{
	const struct timing *timing = path->model->timing;
	uint64_t end = *word + timing->fetch_bytes;
	while (path->pc < end) {
		uint16_t low, high = 0;
		if (!read_half(path, path->pc, &low))
			return false;
		unsigned length = (low & 3) == 3 ? 4 : 2;
		if (path->pc + length > end)
			break;
		if (length == 4 && !read_half(path, path->pc + 2, &high))
			return false;
		struct insn insn = decode(&path->model->hart->isa, low | (uint32_t)high << 16);
		if (++path->instructions > timing->fetch_queue)
			return false;
		uint64_t target = scan(path, &insn);
		if (target) {
			path->pc = target;
			*word = target & -(uint64_t)timing->fetch_bytes;
			path->request += (int)timing->fetch_taken;
			return true;
		}
		path->pc += length;
	}
	path->request++;
	*word = end;
	return true;
}

uint16_t wrong_path_run(struct model *model, const struct code_block *code, unsigned index,
                        const struct pipe_times *times, uint64_t wrong)
{
	const struct timing *timing = model->timing;
	uint64_t after = code->pc;
	for (unsigned i = 0; i <= index && i < code->count; i++)
		after += uop_length(&code->uops[i]);
	struct wrong_path path = {model, code, wrong ? wrong : after, 0, 0, &model->trail};
	model->trail = (struct trail){.repeats = true};
	bool sequential = path.pc == after;
	path.request = times->fetch + (sequential ? 1 : (int)timing->fetch_taken);
	uint64_t bytes = timing->fetch_bytes, word = path.pc & -bytes;
	if (sequential && after & (bytes - 1))
		path.request--; /* its word is there already */
	while (path.request + (int)timing->fetch_kill <= times->killed) {
		uint64_t pa, asked = model->hart->cycle + (uint64_t)(int64_t)path.request;
		if (!locate(&path, word, &pa))
			return 0;
		int slot = cache_find(&model->l1i, pa);
		if (slot >= 0) {
			note_line(&path, slot);
		} else {
			model->trail.repeats = false;
			int waits = (int)fetch_miss_cycles(model, pa, asked);
			int comes = path.request + (int)timing->fetch_kill - 1 + waits;
			int ready = path.request + waits + 1 + (int)timing->l1i_restart; /* for the next request */
			model->counts.icache_misses++;
			if (comes >= times->killed) /* the line is thrown away, but waited for */
				return ready > times->restart ? (uint16_t)(ready - times->restart) : 0;
			fetch_fill(model, pa);
			path.request = ready - 1;
		}
		if (!scan_word(&path, &word))
			return 0;
	}
	return 0;
}
