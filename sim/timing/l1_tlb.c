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

int pages_init(struct pages *pages, unsigned count)
{
	pages->count = count;
	pages->tree = 0;
	pages->entries = calloc(count, sizeof *pages->entries);
	pages->paths = calloc(count, sizeof *pages->paths);
	if (!pages->entries || !pages->paths)
		return -1;
	for (unsigned i = 0; i < count; i++)
		pages->paths[i] = path_to(i, (unsigned)__builtin_ctz(count));
	return 0;
}

void pages_clear(struct pages *pages)
{
	pages->tree = 0;
	memset(pages->entries, 0, pages->count * sizeof *pages->entries);
}

void pages_free(struct pages *pages)
{
	free(pages->entries);
	free(pages->paths);
	pages->entries = NULL;
	pages->paths = NULL;
}

int pages_find(const struct pages *pages, uint64_t va, uint64_t space)
{
	for (unsigned i = 0; i < pages->count; i++) {
		const struct page_entry *entry = &pages->entries[i];
		if (entry->shift && va >> entry->shift == entry->vpn && !((entry->space ^ space) & ~entry->ignore))
			return (int)i;
	}
	return -1;
}

static unsigned victim(const struct pages *pages)
{
	unsigned levels = (unsigned)__builtin_ctz(pages->count), index = 0;
	for (unsigned level = 0; level < levels; level++)
		index = index << 1 | (pages->tree >> ((1u << level) - 1 + index) & 1);
	return index;
}

int pages_put(struct pages *pages, const struct page_entry *entry)
{
	unsigned index = 0;
	while (index < pages->count && pages->entries[index].shift)
		index++;
	if (index == pages->count)
		index = victim(pages);
	pages->entries[index] = *entry;
	return (int)index;
}

int pages_insert(struct pages *pages, const struct page_entry *entry, struct page_entry *old)
{
	unsigned index = victim(pages);
	*old = pages->entries[index];
	pages->entries[index] = *entry;
	return (int)index;
}
