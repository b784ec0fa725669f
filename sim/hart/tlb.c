#include "hart/tlb.h"

#include <stdlib.h>
#include <string.h>

enum { WAYS = 4, MOST_WAYS = UINT8_MAX };

int tlb_init(struct tlb *tlb, unsigned entries)
{
	unsigned sets = 1;
	while (sets * 2 * WAYS <= entries)
		sets *= 2;
	tlb->sets = sets;
	tlb->ways = entries / sets;
	if (tlb->ways > MOST_WAYS)
		tlb->ways = MOST_WAYS;
	tlb->entries = calloc((size_t)tlb->sets * tlb->ways, sizeof *tlb->entries);
	tlb->victim = calloc(tlb->sets, sizeof *tlb->victim);
	tlb->shifts = 0;
	if (tlb->entries && tlb->victim)
		return 0;
	tlb_free(tlb);
	return -1;
}

void tlb_free(struct tlb *tlb)
{
	free(tlb->entries);
	free(tlb->victim);
	memset(tlb, 0, sizeof *tlb);
}

/* The ASID stays out of the hash: a global page must be found under any. */
static struct tlb_entry *set_of(const struct tlb *tlb, uint64_t vpn, uint64_t space)
{
	uint64_t hash = (vpn + (space >> SPACE_VMID_LOW)) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	return tlb->entries + (hash & (tlb->sets - 1)) * tlb->ways;
}

static bool same_space(const struct tlb_entry *entry, uint64_t space)
{
	return ((entry->space ^ space) & ~entry->ignore) == 0;
}

struct tlb_entry *tlb_find(const struct tlb *tlb, uint64_t va, uint64_t space)
{
	for (uint64_t shifts = tlb->shifts; shifts; shifts &= shifts - 1) {
		unsigned shift = (unsigned)__builtin_ctzll(shifts);
		uint64_t vpn = va >> shift;
		struct tlb_entry *set = set_of(tlb, vpn, space);
		for (struct tlb_entry *entry = set; entry < set + tlb->ways; entry++)
			if (entry->vpn == vpn && entry->page_shift == shift && same_space(entry, space))
				return entry;
	}
	return NULL;
}

void tlb_insert(struct tlb *tlb, const struct tlb_entry *entry, struct tlb_entry *old)
{
	struct tlb_entry *set = set_of(tlb, entry->vpn, entry->space);
	struct tlb_entry *place = NULL;
	for (struct tlb_entry *way = set; way < set + tlb->ways; way++) {
		if (way->page_shift == entry->page_shift && way->vpn == entry->vpn && same_space(way, entry->space)) {
			place = way;
			break;
		}
		if (!way->page_shift && !place)
			place = way;
	}
	if (!place) {
		uint8_t *victim = &tlb->victim[(size_t)(set - tlb->entries) / tlb->ways];
		place = set + *victim;
		*victim = (uint8_t)((*victim + 1u) % tlb->ways);
	}
	*old = *place;
	*place = *entry;
	tlb->shifts |= UINT64_C(1) << entry->page_shift;
}

unsigned tlb_drop_where(struct tlb *tlb, tlb_predicate *predicate, const void *context)
{
	unsigned count = 0;
	struct tlb_entry *end = tlb->entries + (size_t)tlb->sets * tlb->ways;
	for (struct tlb_entry *entry = tlb->entries; entry < end; entry++)
		if (entry->page_shift && predicate(entry, context)) {
			tlb_drop(entry);
			count++;
		}
	return count;
}

void tlb_drop_all(struct tlb *tlb)
{
	memset(tlb->entries, 0, (size_t)tlb->sets * tlb->ways * sizeof *tlb->entries);
	memset(tlb->victim, 0, tlb->sets * sizeof *tlb->victim);
	tlb->shifts = 0;
}
