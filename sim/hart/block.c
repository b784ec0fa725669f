#include "hart/block.h"

#include <string.h>
#include "hart/mem.h"
#include "hart/mmu.h"

static unsigned bucket(uint64_t address) { return (address * UINT64_C(0x9e3779b97f4a7c15) >> 40) % HASH_BUCKETS; }

void block_flush(struct exec *exec)
{
	memset(exec->by_address, 0, sizeof exec->by_address);
	memset(exec->by_page, 0, sizeof exec->by_page);
	memset(exec->jumps, 0, sizeof exec->jumps);
	memset(exec->steps, 0, sizeof exec->steps);
	exec->arena_used = 0;
	exec->link = NULL;
	exec->epoch++;
}

static struct block *lookup(const struct exec *exec, uint64_t pc, uint64_t pa, uint32_t key)
{
	struct block *block = exec->by_address[bucket(pa >> 1)];
	while (block && !(block->pa == pa && block->pc == pc && block->key == key))
		block = block->hash_next;
	return block;
}

static void insert(struct exec *exec, struct block *block)
{
	struct block **head = &exec->by_address[bucket(block->pa >> 1)];
	block->hash_next = *head;
	*head = block;
	head = &exec->by_page[bucket(block->pa >> PAGE_SHIFT)];
	block->page_next = *head;
	*head = block;
}

static void remove_from_hash(struct exec *exec, const struct block *block)
{
	struct block **link = &exec->by_address[bucket(block->pa >> 1)];
	while (*link != block)
		link = &(*link)->hash_next;
	*link = block->hash_next;
}

void exec_invalidate(struct hart *hart, uint64_t pa, uint64_t size)
{
	struct exec *exec = hart->exec;
	bool found = false;
	for (uint64_t page = pa >> PAGE_SHIFT; page <= (pa + size - 1) >> PAGE_SHIFT; page++) {
		struct block **link = &exec->by_page[bucket(page)];
		while (*link) {
			struct block *block = *link;
			if (block->pa < pa + size && pa < block->pa + block->bytes) {
				*link = block->page_next;
				remove_from_hash(exec, block);
				found = true;
			} else {
				link = &block->page_next;
			}
		}
	}
	if (found) {
		exec->epoch++;
		hart->effects |= EFFECT_FETCH | EFFECT_MODE;
	}
}

/* A block that crosses into the next page or shares its page between PMP regions is checked anew at each entry: one
 * instruction, never cached. */
static struct block *fragile_block(struct hart *hart, uint64_t pa)
{
	xlate(hart, hart->exec->scratch, pa, 1, true);
	return hart->trap.pending ? NULL : hart->exec->scratch;
}

static struct block *new_block(struct hart *hart, uint64_t pa, unsigned limit)
{
	struct exec *exec = hart->exec;
	if (exec->arena_used + block_size(OPS_MAX) > ARENA_BYTES) {
		block_flush(exec);
		hart->context = exec->epoch << KEY_BITS | (hart->context & ((1 << KEY_BITS) - 1));
	}
	struct block *block = (struct block *)(exec->arena + exec->arena_used);
	xlate(hart, block, pa, limit, false);
	if (hart->trap.pending)
		return NULL;
	exec->arena_used += block_size(block_ops(block));
	insert(exec, block);
	if (bus_is_dram(hart->bus, pa, 2))
		mem_flag_page(hart->peers, hart->platform->hart_count, pa, PAGE_CODE);
	return block;
}

struct block *block_find(struct hart *hart, bool step)
{
	struct exec *exec = hart->exec;
	uint32_t key = hart->context & ((1 << KEY_BITS) - 1);
	struct jump *jump = &(step ? exec->steps : exec->jumps)[jump_index(hart->pc)];
	if (jump->pc == hart->pc && jump->context == hart->context)
		return jump->block;

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

	if (step)
		key |= KEY_STEP;
	struct block *block = lookup(exec, hart->pc, translation.pa, key);
	if (!block) {
		block = new_block(hart, translation.pa, step ? 1 : hart->platform->block_ops);
		if (!block)
			return NULL;
		block->key = key;
	}
	*jump = (struct jump){hart->pc, hart->context, block};
	return block;
}
