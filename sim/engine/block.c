#include "engine/block.h"

#include <string.h>
#include "engine/engine.h"
#include "engine/mem.h"
#include "hart/mmu.h"
#include "timing/model.h"

enum { UOPS_SIZE = BLOCK_MAX * sizeof(struct uop) + 16 };

static unsigned bucket(uint64_t address) { return (address * UINT64_C(0x9e3779b97f4a7c15) >> 40) % HASH_BUCKETS; }

void block_flush(struct hart *hart)
{
	struct exec *exec = hart->exec;
	memset(exec->by_address, 0, sizeof exec->by_address);
	memset(exec->by_page, 0, sizeof exec->by_page);
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
	struct block *block = exec->by_address[bucket(pa >> 1)];
	while (block &&
	       !(block->code.pa == pa && block->code.pc == pc && block->key == key && block->code.state == state))
		block = block->hash_next;
	return block;
}

static void insert(struct exec *exec, struct block *block)
{
	struct block **head = &exec->by_address[bucket(block->code.pa >> 1)];
	block->hash_next = *head;
	*head = block;
	head = &exec->by_page[bucket(block->code.pa >> PAGE_SHIFT)];
	block->page_next = *head;
	*head = block;
}

static void remove_from_hash(struct exec *exec, const struct block *block)
{
	struct block **link = &exec->by_address[bucket(block->code.pa >> 1)];
	while (*link != block)
		link = &(*link)->hash_next;
	*link = block->hash_next;
}

static void close_list(struct block *block, uint64_t pa, uint64_t size)
{
	for (; block; block = block->page_next)
		if (block->code.pa < pa + size && pa < block->code.pa + block->code.bytes)
			block_close(block);
}

/* Blocks with bytes in lines of the instruction cache that are gone ask before they are entered again. */
void block_lines_gone(struct hart *hart, uint64_t pa, uint64_t size)
{
	struct exec *exec = hart->exec;
	if (size <= PAGE_SIZE) {
		close_list(exec->by_page[bucket(pa >> PAGE_SHIFT)], pa, size);
		return;
	}
	for (unsigned i = 0; i < HASH_BUCKETS; i++)
		close_list(exec->by_page[i], pa, size);
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
		struct block **link = &exec->by_page[bucket(page)];
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

static struct block *new_block(struct hart *hart, uint64_t pa, unsigned limit)
{
	struct exec *exec = hart->exec;
	if (exec->arena_used + block_size(OPS_MAX) + UOPS_SIZE > ARENA_BYTES)
		start_anew(hart);
	struct block *block = (struct block *)(exec->arena + exec->arena_used);
	xlate(hart, block, pa, limit, false);
	if (hart->trap.pending)
		return NULL;
	exec->arena_used += block_size(block_ops(block));
	if (hart->model) {
		block->code.uops = memcpy(exec->arena + exec->arena_used, block->code.uops,
		                          block->code.count * sizeof *block->code.uops);
		exec->arena_used += (block->code.count * sizeof *block->code.uops + 15) & ~(size_t)15;
	}
	insert(exec, block);
	bus_flag(hart->bus, pa, PAGE_CODE);
	return block;
}

struct block *block_find(struct hart *hart, unsigned limit)
{
	struct exec *exec = hart->exec;
	uint32_t key = hart->context & ((1 << KEY_BITS) - 1);
	struct jump *jumps = limit == 1 ? exec->steps : limit ? exec->limited : exec->jumps;
	struct jump *jump = &jumps[jump_index_in(hart->pc, hart->pipeline_state)];
	if (jump->pc == hart->pc && jump->context == hart->context && jump->block->code.state == hart->pipeline_state &&
	    jump->block->key >> KEY_BITS == limit)
		return jump->block;

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

	key |= limit << KEY_BITS;
	struct block *block = find_cached(exec, hart->pc, translation.pa, key, hart->pipeline_state);
	if (!block) {
		block = new_block(hart, translation.pa, limit ? limit : hart->engine->options.block_ops);
		if (!block)
			return NULL;
		block->key = key;
	}
	jump = &jumps[jump_index_in(hart->pc, hart->pipeline_state)]; /* a full arena may have renumbered the state */
	*jump = (struct jump){hart->pc, hart->context, block};
	return block;
}
