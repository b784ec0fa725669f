/* A fully associative TLB, and the tree of bits that finds its victim. */
#include "timing/l1_tlb.h"

#include <stdlib.h>
#include <string.h>

static struct page_path path_to(unsigned index, unsigned levels)
{
	struct page_path path = {0};
	for (unsigned level = 0; level < levels; level++) {
		unsigned shift = levels - level;
		uint64_t node = UINT64_C(1) << ((1u << level) - 1 + (index >> shift));
		path.mask |= node;
		if (!(index >> (shift - 1) & 1))
			path.bits |= node;
	}
	return path;
}

int l1_tlb_init(struct l1_tlb *tlb, unsigned count)
{
	tlb->count = count;
	tlb->tree = 0;
	tlb->entries = calloc(count, sizeof *tlb->entries);
	tlb->paths = calloc(count, sizeof *tlb->paths);
	if (!tlb->entries || !tlb->paths)
		return -1;
	for (unsigned i = 0; i < count; i++)
		tlb->paths[i] = path_to(i, (unsigned)__builtin_ctz(count));
	return 0;
}

void l1_tlb_clear(struct l1_tlb *tlb)
{
	tlb->tree = 0;
	memset(tlb->entries, 0, tlb->count * sizeof *tlb->entries);
}

void l1_tlb_free(struct l1_tlb *tlb)
{
	free(tlb->entries);
	free(tlb->paths);
	tlb->entries = NULL;
	tlb->paths = NULL;
}

int l1_tlb_find(const struct l1_tlb *tlb, uint64_t va, uint64_t space)
{
	for (unsigned i = 0; i < tlb->count; i++) {
		const struct page_entry *entry = &tlb->entries[i];
		if (entry->shift && va >> entry->shift == entry->vpn && !((entry->space ^ space) & ~entry->ignore))
			return (int)i;
	}
	return -1;
}

static unsigned victim(const struct l1_tlb *tlb)
{
	unsigned levels = (unsigned)__builtin_ctz(tlb->count), index = 0;
	for (unsigned level = 0; level < levels; level++)
		index = index << 1 | (tlb->tree >> ((1u << level) - 1 + index) & 1);
	return index;
}

int l1_tlb_put(struct l1_tlb *tlb, const struct page_entry *entry)
{
	unsigned index = 0;
	while (index < tlb->count && tlb->entries[index].shift)
		index++;
	if (index == tlb->count)
		index = victim(tlb);
	tlb->entries[index] = *entry;
	return (int)index;
}

int l1_tlb_insert(struct l1_tlb *tlb, const struct page_entry *entry, struct page_entry *old)
{
	unsigned index = victim(tlb);
	*old = tlb->entries[index];
	tlb->entries[index] = *entry;
	return (int)index;
}

/* ---- save and restore ---- */

enum { L1_TLB_VERSION = 1 };

/* By members: the gaps between them are nobody's. */
void page_entry_save(const struct page_entry *entry, struct state_writer *writer)
{
	STATE_WRITE(writer, entry->vpn);
	STATE_WRITE(writer, entry->space);
	STATE_WRITE(writer, entry->ignore);
	STATE_WRITE(writer, entry->shift);
	STATE_WRITE(writer, entry->first_shift);
}

bool page_entry_restore(struct page_entry *entry, struct state_reader *reader)
{
	STATE_READ(reader, entry->vpn);
	STATE_READ(reader, entry->space);
	STATE_READ(reader, entry->ignore);
	STATE_READ(reader, entry->shift);
	STATE_READ(reader, entry->first_shift);
	if (entry->shift < 64 && entry->first_shift < 64)
		return !reader->failed;
	entry->shift = entry->first_shift = 0;
	return state_refuse(reader, "tlb: a page is larger than all memory");
}

void l1_tlb_save(const struct l1_tlb *tlb, struct state_writer *writer)
{
	state_write_begin(writer, "l1 tlb", L1_TLB_VERSION);
	STATE_WRITE(writer, tlb->count);
	STATE_WRITE(writer, tlb->tree);
	for (unsigned i = 0; i < tlb->count; i++)
		page_entry_save(&tlb->entries[i], writer);
	state_write_end(writer);
}

bool l1_tlb_restore(struct l1_tlb *tlb, struct state_reader *reader)
{
	unsigned count;
	if (!state_read_begin(reader, "l1 tlb", L1_TLB_VERSION))
		return false;
	STATE_READ(reader, count);
	if (reader->failed || count != tlb->count)
		return state_refuse(reader, "l1 tlb: another number of entries");
	STATE_READ(reader, tlb->tree);
	for (unsigned i = 0; i < count; i++)
		page_entry_restore(&tlb->entries[i], reader);
	if (!state_read_end(reader))
		return false;
	if (tlb->tree && (!count || tlb->tree >> (count - 1)))
		return state_refuse(reader, "l1 tlb: the tree has more nodes than the TLB");
	return true;
}
