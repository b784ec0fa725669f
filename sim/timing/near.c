#include "timing/near.h"

#include <stdlib.h>
#include "base/bus.h"

/* What nobody may fill. */
static const struct near_bank empty_bank = {
    .read = {.entries = {[0 ... NEAR_ENTRIES - 1] = {.tag = NEAR_EMPTY}}},
    .write = {.entries = {[0 ... NEAR_ENTRIES - 1] = {.tag = NEAR_EMPTY}}},
};

static struct near_grain grain_of(unsigned bytes, unsigned entries)
{
	return (struct near_grain){-(uint64_t)bytes, (unsigned)__builtin_ctz(bytes), entries};
}

int near_init(struct near_filter *near, unsigned line_bytes, unsigned slots, unsigned stores)
{
	near->read = grain_of(line_bytes, NEAR_ENTRIES);
	near->write = grain_of(stores, stores == line_bytes ? NEAR_SEARCHED : NEAR_ENTRIES);
	near->slots = calloc(slots, sizeof *near->slots);
	near_select(near, -1);
	return near->slots ? 0 : -1;
}

void near_free(struct near_filter *near)
{
	for (unsigned i = 0; i < NEAR_BANKS; i++)
		free(near->banks[i]);
	free(near->slots);
}

static struct near_bank *new_bank(void)
{
	struct near_bank *bank = malloc(sizeof *bank);
	if (bank)
		*bank = empty_bank;
	return bank;
}

void near_select(struct near_filter *near, int bank)
{
	if (bank >= 0 && !near->banks[bank])
		near->banks[bank] = new_bank();
	near->current = bank < 0 ? NULL : near->banks[bank];
	near->bank = near->current ? near->current : &empty_bank;
	near->number = bank < 0 ? 0 : (unsigned)bank;
}

/* The first of some banks, which then is none of them any more; NULL: there is none. */
static struct near_bank *next_bank(struct near_filter *near, unsigned *banks)
{
	struct near_bank *bank = *banks ? near->banks[__builtin_ctz(*banks)] : NULL;
	*banks &= *banks - 1;
	return bank;
}

static void empty_entry(struct near_view *view, unsigned i)
{
	view->entries[i].tag = NEAR_EMPTY;
	view->filled[i / 64] &= ~(UINT64_C(1) << i % 64);
}

static bool is_filled(const struct near_view *view, unsigned i) { return view->filled[i / 64] >> i % 64 & 1; }

/* Those of some of 64 entries that are in a range of addresses. */
static void drop_from(struct near_view *view, unsigned word, uint64_t entries, uint64_t address, uint64_t size)
{
	for (uint64_t left = view->filled[word] & entries; left; left &= left - 1) {
		unsigned i = word * 64 + (unsigned)__builtin_ctzll(left);
		if (view->entries[i].tag - address < size)
			empty_entry(view, i);
	}
}

static void drop_range(struct near_view *view, const struct near_grain *grain, uint64_t address, uint64_t size)
{
	uint64_t places = size >> grain->shift;
	if (places > grain->entries)
		places = grain->entries;
	unsigned first = near_index(grain, address), end = first + (unsigned)places;
	uint64_t entries = places < 64 ? ((UINT64_C(1) << places) - 1) << first % 64 : UINT64_MAX;
	for (unsigned word = first / 64; word * 64 < end; word++)
		drop_from(view, word, entries, address, size);
}

void near_flush(struct near_filter *near)
{
	unsigned banks = near->used;
	for (struct near_bank *bank; (bank = next_bank(near, &banks));)
		for (unsigned word = 0; word < NEAR_ENTRIES / 64; word++) {
			drop_from(&bank->read, word, UINT64_MAX, 0, UINT64_MAX);
			drop_from(&bank->write, word, UINT64_MAX, 0, UINT64_MAX);
		}
	near->used = 0;
}

static void drop_if_there(struct near_view *view, unsigned i, uint64_t place)
{
	if (is_filled(view, i) && view->entries[i].tag + view->entries[i].addend == place)
		empty_entry(view, i);
}

/* Entries of a place stand where its offset in the page says; the page's number is free. */
static void drop_place(struct near_view *view, const struct near_grain *grain, const uint8_t *host)
{
	uint64_t offset = (uint64_t)(uintptr_t)host & (PAGE_SIZE - 1); /* DRAM begins on a page of the host's */
	unsigned step = PAGE_SIZE >> grain->shift, first = (unsigned)(offset >> grain->shift);
	for (unsigned i = first; i < grain->entries; i += step)
		drop_if_there(view, i, (uint64_t)(uintptr_t)host & grain->mask);
}

void near_drop_read(struct near_filter *near, const uint8_t *host, int slot)
{
	unsigned known = near->slots[slot], banks = near->used;
	near->slots[slot] = 0;
	if (known && known != NEAR_MANY) {
		struct near_bank *bank = near->banks[(known - 1) / NEAR_ENTRIES];
		drop_if_there(&bank->read, (known - 1) % NEAR_ENTRIES, (uint64_t)(uintptr_t)host & near->read.mask);
	} else if (known) {
		for (struct near_bank *bank; (bank = next_bank(near, &banks));)
			drop_place(&bank->read, &near->read, host);
	}
}

void near_drop_write(struct near_filter *near, const uint8_t *host)
{
	unsigned banks = near->write.shift == PAGE_SHIFT ? 0 : near->used;
	for (struct near_bank *bank; (bank = next_bank(near, &banks));)
		drop_place(&bank->write, &near->write, host);
}

void near_forget_page(struct near_filter *near, const uint8_t *host)
{
	unsigned banks = near->used;
	for (struct near_bank *bank; (bank = next_bank(near, &banks));)
		for (uint64_t offset = 0; offset < PAGE_SIZE; offset += UINT64_C(1) << near->write.shift)
			drop_place(&bank->write, &near->write, host + offset);
}

void near_drop_page(struct near_filter *near, const struct page_entry *old)
{
	uint64_t page = old->vpn << old->shift, size = UINT64_C(1) << old->shift;
	unsigned banks = near->used;
	if (!old->shift)
		return;
	for (struct near_bank *bank; (bank = next_bank(near, &banks));) {
		drop_range(&bank->read, &near->read, page, size);
		drop_range(&bank->write, &near->write, page, size);
	}
}

static unsigned put_entry(struct near_filter *near, struct near_view *view, const struct near_grain *grain,
                          const struct near_entry *entry)
{
	unsigned i = near_index(grain, entry->tag);
	view->entries[i] = *entry;
	view->filled[i / 64] |= UINT64_C(1) << i % 64;
	near->used |= 1u << near->number;
	return i;
}

static struct near_entry place_entry(const struct near_grain *grain, uint64_t va, const uint8_t *host,
                                     const struct page_path *path)
{
	return (struct near_entry){.tag = va & grain->mask, .addend = (uint64_t)(uintptr_t)host - va, .path = *path};
}

void near_put_read(struct near_filter *near, uint64_t va, const uint8_t *host, const struct page_path *path, int slot)
{
	struct near_entry entry = place_entry(&near->read, va, host, path);
	if (!near->current)
		return;
	unsigned i = put_entry(near, &near->current->read, &near->read, &entry);
	near_slot known = (near_slot)(1 + near->number * NEAR_ENTRIES + i);
	near->slots[slot] = near->slots[slot] && near->slots[slot] != known ? NEAR_MANY : known;
}

void near_put_write(struct near_filter *near, uint64_t va, const uint8_t *host, const struct page_path *path)
{
	struct near_entry entry = place_entry(&near->write, va, host, path);
	if (near->current)
		put_entry(near, &near->current->write, &near->write, &entry);
}
