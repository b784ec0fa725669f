#include "timing/near.h"

#include <stdlib.h>
#include <string.h>
#include "base/bus.h"

static void empty_entry(struct near_bank *bank, unsigned i) { bank->read[i].tag = bank->write[i].tag = NEAR_EMPTY; }

static void flush_bank(struct near_bank *bank)
{
	for (unsigned word = 0; word < NEAR_ENTRIES / 64; word++)
		for (; bank->filled[word]; bank->filled[word] &= bank->filled[word] - 1)
			empty_entry(bank, word * 64 + (unsigned)__builtin_ctzll(bank->filled[word]));
}

int near_init(struct near_filter *near, unsigned line_bytes)
{
	near->line_shift = (unsigned)__builtin_ctz(line_bytes);
	near->line_mask = -(uint64_t)line_bytes;
	near->banks = malloc((NEAR_BANKS + 1) * sizeof *near->banks);
	if (!near->banks)
		return -1;
	for (int b = 0; b <= NEAR_BANKS; b++) {
		struct near_bank *bank = &near->banks[b];
		for (unsigned i = 0; i < NEAR_ENTRIES; i++)
			empty_entry(bank, i);
		memset(bank->filled, 0, sizeof bank->filled);
	}
	near_select(near, -1);
	return 0;
}

void near_free(struct near_filter *near)
{
	free(near->banks);
	near->banks = near->bank = NULL;
}

void near_select(struct near_filter *near, int bank) { near->bank = &near->banks[bank < 0 ? NEAR_BANKS : bank]; }

/* The first of some banks, which then is none of them any more; NULL: there is none. */
static struct near_bank *next_bank(struct near_filter *near, unsigned *banks)
{
	struct near_bank *bank = *banks ? &near->banks[__builtin_ctz(*banks)] : NULL;
	*banks &= *banks - 1;
	return bank;
}

void near_flush(struct near_filter *near)
{
	unsigned banks = near->used;
	for (struct near_bank *bank; (bank = next_bank(near, &banks));)
		flush_bank(bank);
	near->used = 0;
}

static bool is_filled(const struct near_bank *bank, unsigned i) { return bank->filled[i / 64] >> i % 64 & 1; }

static bool leads_to(const struct near_entry *entry, uint64_t line) { return entry->tag + entry->addend == line; }

/* Entries of a host line stand where its offset in the page says; the page's number is free. */
void near_drop_line(struct near_filter *near, const uint8_t *host, uint64_t offset, bool reads)
{
	uint64_t line = (uint64_t)(uintptr_t)host & near->line_mask;
	unsigned step = PAGE_SIZE >> near->line_shift,
		 first = (unsigned)((offset & (PAGE_SIZE - 1)) >> near->line_shift);
	unsigned banks = near->used;
	for (struct near_bank *bank; (bank = next_bank(near, &banks));) {
		for (unsigned i = first; i < NEAR_ENTRIES; i += step) {
			if (!is_filled(bank, i))
				continue;
			if (reads && leads_to(&bank->read[i], line))
				bank->read[i].tag = NEAR_EMPTY;
			if (leads_to(&bank->write[i], line))
				bank->write[i].tag = NEAR_EMPTY;
		}
	}
}

void near_forget_page(struct near_filter *near, const uint8_t *host)
{
	for (uint64_t offset = 0; offset < PAGE_SIZE; offset += UINT64_C(1) << near->line_shift)
		near_drop_line(near, host + offset, offset, false);
}

/* Of 64 entries, those of the page. */
static void drop_from(struct near_bank *bank, unsigned word, uint64_t page, uint64_t size)
{
	for (uint64_t left = bank->filled[word]; left; left &= left - 1) {
		unsigned i = word * 64 + (unsigned)__builtin_ctzll(left);
		bool read = bank->read[i].tag - page < size, write = bank->write[i].tag - page < size;
		if (read)
			bank->read[i].tag = NEAR_EMPTY;
		if (write)
			bank->write[i].tag = NEAR_EMPTY;
		if (bank->read[i].tag == NEAR_EMPTY && bank->write[i].tag == NEAR_EMPTY)
			bank->filled[word] &= ~(left & -left);
	}
}

void near_drop_page(struct near_filter *near, const struct page_entry *old)
{
	uint64_t page = old->vpn << old->shift, size = UINT64_C(1) << old->shift, lines = size >> near->line_shift;
	if (!old->shift)
		return;
	if (lines > NEAR_ENTRIES)
		lines = NEAR_ENTRIES;
	unsigned first = (page >> near->line_shift) % NEAR_ENTRIES, end = first + (unsigned)lines;
	unsigned banks = near->used;
	for (struct near_bank *bank; (bank = next_bank(near, &banks));)
		for (unsigned word = first / 64; word * 64 < end; word++)
			drop_from(bank, word, page, size);
}

void near_put(struct near_filter *near, uint64_t va, bool write, const uint8_t *host, const struct page_path *path)
{
	if (near->bank == &near->banks[NEAR_BANKS])
		return;
	struct near_entry *entries = write ? near->bank->write : near->bank->read;
	unsigned i = (va >> near->line_shift) % NEAR_ENTRIES;
	entries[i] = (struct near_entry){
	    .tag = va & near->line_mask,
	    .addend = (uint64_t)(uintptr_t)host - va,
	    .path = *path,
	};
	near->bank->filled[i / 64] |= UINT64_C(1) << i % 64;
	near->used |= 1u << (near->bank - near->banks);
}
