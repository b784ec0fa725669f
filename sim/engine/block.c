#include "engine/block.h"

#include <string.h>
#include "engine/engine.h"
#include "engine/mem.h"
#include "hart/mmu.h"
#include "timing/model.h"

enum { UOPS_SIZE = BLOCK_MAX * sizeof(struct uop) + 16, LINES_SIZE = BLOCK_LINES_MAX * sizeof(struct block_line) };

static uint64_t hash(uint64_t number) { return number * UINT64_C(0x9e3779b97f4a7c15) >> 40; }

static unsigned page_bucket(uint64_t page) { return hash(page) % PAGE_BUCKETS; }

/* Of blocks at an address that begin in a pipeline state. */
static unsigned bucket_in(uint64_t pa, uint32_t state)
{
	return hash(pa >> 1 ^ (uint64_t)state << 32) % ADDRESS_BUCKETS;
}

static unsigned line_bucket(uint64_t line) { return hash(line) % LINE_BUCKETS; }

/* The tables are large, and few blocks leave most of them empty. */
static void empty_tables(struct exec *exec)
{
	if (exec->made_count > FEW_BLOCKS) {
		memset(exec->by_address, 0, sizeof exec->by_address);
		memset(exec->by_page, 0, sizeof exec->by_page);
		memset(exec->by_line, 0, sizeof exec->by_line);
	} else {
		for (unsigned i = 0; i < exec->made_count; i++) {
			const struct block *block = exec->made[i];
			exec->by_address[bucket_in(block->code.pa, block->code.state)] = NULL;
			exec->by_page[page_bucket(block->code.pa >> PAGE_SHIFT)] = NULL;
			for (unsigned line = 0; line < block->line_count; line++)
				exec->by_line[line_bucket(block->lines[line].line)] = NULL;
		}
	}
	exec->made_count = 0;
}

void block_flush(struct hart *hart)
{
	struct exec *exec = hart->exec;
	empty_tables(exec);
	memset(exec->jumps, 0, sizeof exec->jumps);
	memset(exec->steps, 0, sizeof exec->steps);
	exec->arena_used = 0;
	exec->link = NULL;
	exec->epoch++;
	if (hart->model)
		model_forget_code(hart);
}

static struct block *find_cached(const struct exec *exec, uint64_t pc, uint64_t pa, uint32_t key, uint32_t state)
{
	struct block *block = exec->by_address[bucket_in(pa, state)];
	while (block &&
	       !(block->code.pa == pa && block->code.pc == pc && block->key == key && block->code.state == state))
		block = block->hash_next;
	return block;
}

static void insert(struct exec *exec, struct block *block)
{
	struct block **head = &exec->by_address[bucket_in(block->code.pa, block->code.state)];
	block->hash_next = *head;
	*head = block;
	head = &exec->by_page[page_bucket(block->code.pa >> PAGE_SHIFT)];
	block->page_next = *head;
	*head = block;
	if (exec->made_count < FEW_BLOCKS)
		exec->made[exec->made_count] = block;
	exec->made_count += exec->made_count <= FEW_BLOCKS;
}

static void remove_from_hash(struct exec *exec, const struct block *block)
{
	struct block **link = &exec->by_address[bucket_in(block->code.pa, block->code.state)];
	while (*link != block)
		link = &(*link)->hash_next;
	*link = block->hash_next;
}

void block_admit(struct exec *exec, struct block *block)
{
	block_open(block);
	if (!block->lines)
		return;
	for (uint32_t left = block->unlisted; left; left &= left - 1) {
		struct block_line *line = &block->lines[__builtin_ctz(left)];
		struct block_line **head = &exec->by_line[line_bucket(line->line)];
		line->next = *head;
		*head = line;
	}
	block->unlisted = 0;
}

/* The block of this entry is closed, and the entry is in no list any more. */
static void close_by(struct block_line *line)
{
	struct block *block = line->block;
	block->unlisted |= UINT32_C(1) << (line - block->lines);
	block_close(block);
}

/* Blocks with bytes in lines of the instruction cache that are gone ask before they are entered again. */
void block_lines_gone(struct hart *hart, uint64_t pa, uint64_t size)
{
	struct exec *exec = hart->exec;
	uint64_t number = pa / hart->model->timing->l1i_line;
	bool all = size == UINT64_MAX;
	for (unsigned i = all ? 0 : line_bucket(number), end = all ? LINE_BUCKETS : i + 1; i < end; i++)
		for (struct block_line **link = &exec->by_line[i]; *link;) {
			struct block_line *line = *link;
			if (!all && line->line != number) {
				link = &line->next;
				continue;
			}
			*link = line->next;
			close_by(line);
		}
}

/* The lines that it has bytes in. */
static void find_lines(struct hart *hart, struct block *block)
{
	uint64_t size = hart->model->timing->l1i_line, first = block->code.pa / size;
	unsigned count = (unsigned)((block->code.pa + block->code.bytes - 1) / size - first + 1);
	block->lines = block_room(hart->exec, count * sizeof *block->lines);
	for (unsigned i = 0; i < count; i++)
		block->lines[i] = (struct block_line){NULL, block, first + i};
	block->line_count = count;
	block->unlisted = (uint32_t)((UINT64_C(1) << count) - 1);
}

/* Did bytes change from which block->lookahead was found out? */
static bool is_seen(const struct block *block, uint64_t pa, uint64_t size)
{
	uint64_t page = block->code.pa & ~(uint64_t)(PAGE_SIZE - 1);
	return page + block->seen_from < pa + size && pa < page + block->seen_to;
}

void exec_invalidate(struct hart *hart, uint64_t pa, uint64_t size)
{
	struct exec *exec = hart->exec;
	bool found = false;
	if (hart->model)
		hart->model->code_writes++;
	for (uint64_t page = pa >> PAGE_SHIFT; page <= (pa + size - 1) >> PAGE_SHIFT; page++) {
		struct block **link = &exec->by_page[page_bucket(page)];
		while (*link) {
			struct block *block = *link;
			if (block->code.pa < pa + size && pa < block->code.pa + block->code.bytes) {
				*link = block->page_next;
				remove_from_hash(exec, block);
				found = true;
			} else {
				if (is_seen(block, pa, size))
					block->lookahead = 0;
				link = &block->page_next;
			}
		}
	}
	if (found) {
		exec->epoch++;
		hart->effects |= EFFECT_MODE;
	}
}

void *block_room(struct exec *exec, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (exec->arena_used + size > ARENA_BYTES)
		return NULL;
	void *room = exec->arena + exec->arena_used;
	exec->arena_used += size;
	return room;
}

/* A block that crosses into the next page or shares its page between PMP regions is checked anew at each entry: one
 * instruction, never cached. */
static struct block *fragile_block(struct hart *hart, uint64_t pa)
{
	xlate(hart, hart->exec->scratch, pa, 1, true);
	return hart->trap.pending ? NULL : hart->exec->scratch;
}

/* There is no more room: forget all blocks, and what links them. */
static void start_anew(struct hart *hart)
{
	block_flush(hart);
	hart->context = hart->exec->epoch << KEY_BITS | (hart->context & ((1 << KEY_BITS) - 1));
}

static struct jump *jump_of(struct hart *hart, unsigned limit)
{
	struct jump *jumps = limit == 1 ? hart->exec->steps : hart->exec->jumps;
	return &jumps[jump_index_in(hart->pc, hart->pipeline_state)];
}

/* The block that was jumped to the last time. For any number of instructions, one that had to be short will do while it may be
 * entered. */
static struct block *find_jumped(struct hart *hart, unsigned limit)
{
	const struct jump *jump = jump_of(hart, limit);
	if (jump->pc != hart->pc || jump->context != hart->context || jump->block->code.state != hart->pipeline_state)
		return NULL;
	bool fits = jump->block->key >> KEY_BITS == limit || (!limit && hart->model && block_is_open(jump->block));
	return fits ? jump->block : NULL;
}

static void remember_jump(struct hart *hart, unsigned limit, struct block *block)
{
	*jump_of(hart, limit) = (struct jump){hart->pc, hart->context, block};
}

static uint32_t block_key(const struct hart *hart, unsigned limit)
{
	return (hart->context & ((1 << KEY_BITS) - 1)) | limit << KEY_BITS;
}

struct block *block_make(struct hart *hart, uint64_t pa, unsigned limit, unsigned most)
{
	struct exec *exec = hart->exec;
	unsigned whole = limit ? limit : hart->engine->options.block_ops, count = most < whole ? most : whole;
	struct block *block = NULL;
	if (count < whole)
		block = find_cached(exec, hart->pc, pa, block_key(hart, count), hart->pipeline_state);
	if (block) {
		remember_jump(hart, count, block);
		return block;
	}
	if (exec->arena_used + block_size(OPS_MAX) + UOPS_SIZE + LINES_SIZE > ARENA_BYTES)
		start_anew(hart);
	block = (struct block *)(exec->arena + exec->arena_used);
	xlate(hart, block, pa, count, false);
	if (hart->trap.pending)
		return NULL;
	exec->arena_used += block_size(block_ops(block));
	block->line_count = 0;
	if (hart->model) {
		block->code.uops = memcpy(exec->arena + exec->arena_used, block->code.uops,
		                          block->code.count * sizeof *block->code.uops);
		exec->arena_used += (block->code.count * sizeof *block->code.uops + 15) & ~(size_t)15;
		find_lines(hart, block);
	}
	if (count < whole && block->code.count == count) /* it might be longer */
		limit = count;
	block->key = block_key(hart, limit);
	insert(exec, block);
	bus_flag(hart->bus, pa, PAGE_CODE);
	remember_jump(hart, limit, block);
	return block;
}

struct block *block_find(struct hart *hart, unsigned limit, uint64_t *pa)
{
	struct block *block = find_jumped(hart, limit);
	if (block)
		return block;
	if (hart->model && states_full(&hart->model->states))
		start_anew(hart);
	struct mmu_context context = mmu_context_fetch(hart);
	struct translation translation;
	if (!mmu_translate(hart, hart->pc, 2, ACCESS_FETCH, &context, &translation))
		return NULL;
	const uint8_t *bytes = bus_fetch(hart->bus, translation.pa, 2);
	if (!bytes) {
		hart_raise(hart, CAUSE_FETCH_ACCESS, hart->pc);
		return NULL;
	}
	bool straddles = (hart->pc & (PAGE_SIZE - 1)) == PAGE_SIZE - 2 && (bytes[0] & 3) == 3;
	if (straddles || !translation.uniform_pmp)
		return fragile_block(hart, translation.pa);
	*pa = translation.pa;
	block = find_cached(hart->exec, hart->pc, translation.pa, block_key(hart, limit), hart->pipeline_state);
	if (block)
		remember_jump(hart, limit, block);
	return block;
}
