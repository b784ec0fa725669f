#include <criterion/criterion.h>
#include "hart/tlb.h"

static uint64_t space_for(bool virt, unsigned vmid, unsigned asid)
{
	return (uint64_t)virt << SPACE_VIRT_LOW | (uint64_t)vmid << SPACE_VMID_LOW | UINT64_C(8) << SPACE_MODE_LOW |
	       asid;
}

static struct tlb_entry page(uint64_t va, unsigned shift, uint64_t space, uint64_t pa)
{
	return (struct tlb_entry){
		.vpn = va >> shift, .space = space, .pa = pa, .gpa = pa, .page_shift = (uint8_t)shift,
		.first_shift = (uint8_t)shift, .first = PERM_ALL, .second = PERM_ALL,
	};
}

/* Returns what was in its place. */
static struct tlb_entry insert(struct tlb *tlb, const struct tlb_entry *entry)
{
	struct tlb_entry old;
	tlb_insert(tlb, entry, &old);
	return old;
}

static unsigned filled(const struct tlb *tlb)
{
	unsigned count = 0;
	for (unsigned i = 0; i < tlb->sets * tlb->ways; i++)
		count += tlb->entries[i].page_shift != 0;
	return count;
}

Test(tlb, uses_at_most_the_entries_it_was_given)
{
	static const struct { unsigned asked, sets, ways; } shapes[] = {
		{1, 1, 1}, {2, 1, 2}, {7, 1, 7}, {8, 2, 4}, {13, 2, 6},
		{32, 8, 4}, {48, 8, 6}, {512, 128, 4}, {1024, 256, 4},
	};
	for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct tlb tlb;
		cr_assert(tlb_init(&tlb, shapes[i].asked) == 0);
		cr_assert_eq(tlb.sets, shapes[i].sets);
		cr_assert_eq(tlb.ways, shapes[i].ways);
		tlb_free(&tlb);
	}
}

Test(tlb, finds_every_page_size_at_both_ends)
{
	static const unsigned shifts[] = {12, 16, 21, 30, 39, 48};
	struct tlb tlb;
	cr_assert(tlb_init(&tlb, 64) == 0);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t va = UINT64_C(3) << 57 | (uint64_t)(i + 1) << 50; /* apart even as 256 TiB pages */
		struct tlb_entry entry = page(va, shifts[i], space_for(false, 0, 1), i + 1);
		insert(&tlb, &entry);
	}
	for (unsigned i = 0; i < 6; i++) {
		uint64_t va = UINT64_C(3) << 57 | (uint64_t)(i + 1) << 50, size = UINT64_C(1) << shifts[i];
		struct tlb_entry *low = tlb_find(&tlb, va, space_for(false, 0, 1));
		cr_assert(low && low->pa == i + 1);
		cr_assert_eq(tlb_find(&tlb, va + size - 1, space_for(false, 0, 1)), low);
		cr_assert_null(tlb_find(&tlb, va + size, space_for(false, 0, 1)));
		cr_assert_null(tlb_find(&tlb, va - 1, space_for(false, 0, 1)));
	}
	tlb_free(&tlb);
}

Test(tlb, keeps_spaces_apart)
{
	struct tlb tlb;
	cr_assert(tlb_init(&tlb, 64) == 0);
	uint64_t spaces[] = {
		space_for(false, 0, 1), space_for(false, 0, 2),
		space_for(true, 0, 1), space_for(true, 1, 1), space_for(true, 1, 2),
		space_for(true, 0x3fff, 0xffff), space_for(true, 1, 1) ^ UINT64_C(1) << SPACE_MODE_LOW,
		space_for(true, 1, 1) ^ UINT64_C(8) << SPACE_GMODE_LOW,
	};
	for (unsigned i = 0; i < 8; i++) {
		cr_assert_null(tlb_find(&tlb, 0x5000, spaces[i]), "%u", i);
		struct tlb_entry entry = page(0x5000, 12, spaces[i], i);
		insert(&tlb, &entry);
	}
	for (unsigned i = 0; i < 8; i++)
		cr_assert_eq(tlb_find(&tlb, 0x5fff, spaces[i])->pa, i);
	tlb_free(&tlb);
}

Test(tlb, global_pages_are_found_under_any_asid_of_their_world)
{
	struct tlb tlb;
	cr_assert(tlb_init(&tlb, 64) == 0);
	struct tlb_entry entry = page(0x5000, 12, space_for(true, 3, 7), 1);
	entry.ignore = 0xffff;
	insert(&tlb, &entry);
	for (unsigned asid = 0; asid < 0x10000; asid += 0x101)
		cr_assert_not_null(tlb_find(&tlb, 0x5000, space_for(true, 3, asid)));
	cr_assert_null(tlb_find(&tlb, 0x5000, space_for(true, 4, 7)));
	cr_assert_null(tlb_find(&tlb, 0x5000, space_for(false, 0, 7)));
	tlb_free(&tlb);
}

Test(tlb, one_entry_holds_the_last_page)
{
	struct tlb tlb;
	cr_assert(tlb_init(&tlb, 1) == 0);
	for (uint64_t va = 0; va < 0x10000; va += 0x1000) {
		struct tlb_entry entry = page(va, 12, space_for(false, 0, 0), va);
		insert(&tlb, &entry);
		cr_assert_eq(filled(&tlb), 1u);
		cr_assert_eq(tlb_find(&tlb, va, space_for(false, 0, 0))->pa, va);
		cr_assert(va == 0 || !tlb_find(&tlb, va - 1, space_for(false, 0, 0)));
	}
	tlb_free(&tlb);
}

Test(tlb, replaces_round_robin_in_a_set)
{
	struct tlb tlb;
	cr_assert(tlb_init(&tlb, 3) == 0); /* one set of three */
	for (uint64_t n = 0; n < 5; n++) {
		struct tlb_entry entry = page(n << 12, 12, space_for(false, 0, 0), n);
		insert(&tlb, &entry);
	}
	for (uint64_t n = 0; n < 5; n++)
		cr_assert_eq(tlb_find(&tlb, n << 12, space_for(false, 0, 0)) != NULL, n >= 2, "page %u", (unsigned)n);
	tlb_free(&tlb);
}

Test(tlb, inserting_a_page_again_replaces_it_in_place)
{
	struct tlb tlb;
	cr_assert(tlb_init(&tlb, 4) == 0);
	struct tlb_entry other = page(0x9000, 12, space_for(false, 0, 0), 9);
	insert(&tlb, &other);
	for (uint64_t pa = 0; pa < 20; pa++) {
		struct tlb_entry entry = page(0x5000, 12, space_for(false, 0, 0), pa);
		insert(&tlb, &entry);
		cr_assert_eq(tlb_find(&tlb, 0x5000, space_for(false, 0, 0))->pa, pa);
	}
	cr_assert_eq(filled(&tlb), 2u);
	tlb_free(&tlb);
}

static bool odd_pa(const struct tlb_entry *entry, const void *context)
{
	(void)context;
	return entry->pa & 1;
}

Test(tlb, drops_what_the_predicate_selects_and_nothing_else)
{
	struct tlb tlb;
	cr_assert(tlb_init(&tlb, 512) == 0);
	for (uint64_t n = 0; n < 64; n++) {
		struct tlb_entry entry = page(n << 12, 12, space_for(false, 0, 0), n);
		insert(&tlb, &entry);
	}
	cr_assert_eq(tlb_drop_where(&tlb, odd_pa, NULL), 32u);
	for (uint64_t n = 0; n < 64; n++)
		cr_assert_eq(tlb_find(&tlb, n << 12, space_for(false, 0, 0)) != NULL, n % 2 == 0);
	tlb_drop_all(&tlb);
	cr_assert_eq(filled(&tlb), 0u);
	tlb_free(&tlb);
}

/* 512 pages that follow each other, as a program's do, mostly find a place: the hash spreads them. */
Test(tlb, spreads_neighbouring_pages)
{
	struct tlb tlb;
	cr_assert(tlb_init(&tlb, 512) == 0);
	for (uint64_t n = 0; n < 256; n++) {
		struct tlb_entry entry = page(n << 12, 12, space_for(true, 1, 0), n);
		insert(&tlb, &entry);
	}
	cr_assert_geq(filled(&tlb), 224u, "%u", filled(&tlb));
	tlb_free(&tlb);
}
