/*
 * --check isolation: what a zone leaves in memory, for the zone that gets the page next.
 *
 * Stores of guests are not heard of: they are most of all. Heard of is what others store into the pages of zones. A mark on a
 * doubleword says that it was written from outside after the VMID that had the page ran last, or had lost it; all else
 * that is not zero is still that VMID's when another gets the page.
 */
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "watch/check_state.h"

enum { DOUBLEWORDS = PAGE_SIZE / 8, WORDS = DOUBLEWORDS / 64 };

struct outside_marks {
	uint64_t bits[WORDS];
	uint32_t run; /* the VMID's run after which they were made */
	bool lost;    /* they hold whatever that VMID does */
};

static bool hold(const struct isolation *isolation, size_t page)
{
	const struct outside_marks *marks = isolation->marks[page];
	return marks && (marks->lost || marks->run == isolation->runs[isolation->last[page] - 1]);
}

static void mark(struct isolation *isolation, size_t page, unsigned first, unsigned last)
{
	struct outside_marks *marks = isolation->marks[page];
	if (!marks)
		marks = isolation->marks[page] = calloc(1, sizeof(*marks));
	if (!marks)
		return;
	if (!hold(isolation, page))
		*marks = (struct outside_marks){.run = isolation->runs[isolation->last[page] - 1]};
	for (unsigned i = first; i <= last; i++)
		marks->bits[i / 64] |= UINT64_C(1) << i % 64;
}

/* Stores do not cross pages. */
void check_pages_stored(struct check *check, uint64_t pa, unsigned size)
{
	struct isolation *isolation = &check->isolation;
	size_t page = (pa - check->config.bus->dram_base) >> PAGE_SHIFT;
	unsigned offset = pa % PAGE_SIZE;
	if (isolation->last && isolation->last[page])
		mark(isolation, page, offset / 8, (offset + size - 1) / 8);
}

void check_pages_lost(struct check *check, size_t page)
{
	struct isolation *isolation = &check->isolation;
	if (!isolation->last[page])
		return;
	if (!isolation->marks[page])
		isolation->marks[page] = calloc(1, sizeof(**isolation->marks));
	struct outside_marks *marks = isolation->marks[page];
	if (!marks)
		return;
	if (!hold(isolation, page))
		*marks = (struct outside_marks){0};
	marks->lost = true;
}

bool check_pages_given(struct check *check, size_t page, uint16_t owner, uint64_t *pa)
{
	struct isolation *isolation = &check->isolation;
	uint16_t before = isolation->last[page];
	uint64_t base = check->config.bus->dram_base + ((uint64_t)page << PAGE_SHIFT);
	bool marked = before && hold(isolation, page), clean = true;
	const uint8_t *bytes = bus_host(check->config.bus, base);
	if (before == owner)
		return true;
	for (unsigned i = 0; before && i < DOUBLEWORDS && clean; i++) {
		uint64_t value;
		memcpy(&value, bytes + i * UINT64_C(8), sizeof(value));
		clean = !value || (marked && isolation->marks[page]->bits[i / 64] >> i % 64 & 1);
		*pa = base + i * UINT64_C(8);
	}
	isolation->last[page] = owner;
	free(isolation->marks[page]);
	isolation->marks[page] = NULL;
	bus_flag(check->config.bus, base, PAGE_GUEST);
	return clean;
}

static void free_marks(struct isolation *isolation)
{
	for (size_t i = 0; isolation->marks && i < isolation->pages; i++)
		free(isolation->marks[i]);
}

void check_pages_forget(struct check *check)
{
	struct isolation *isolation = &check->isolation;
	free_marks(isolation);
	memset(isolation->marks, 0, isolation->pages * sizeof(*isolation->marks));
	memset(isolation->last, 0, isolation->pages * sizeof(*isolation->last));
	memset(isolation->runs, 0, VMIDS * sizeof(*isolation->runs));
}

void check_pages_free(struct check *check)
{
	struct isolation *isolation = &check->isolation;
	free_marks(isolation);
	free(isolation->marks);
	free(isolation->last);
	free(isolation->runs);
}

/* ---- state ---- */

void check_pages_save(const struct check *check, struct state_writer *writer)
{
	const struct isolation *isolation = &check->isolation;
	state_write(writer, isolation->last, isolation->pages * sizeof(*isolation->last));
	state_write(writer, isolation->runs, isolation->pages ? VMIDS * sizeof(*isolation->runs) : 0);
	for (size_t i = 0; i < isolation->pages; i++) {
		const struct outside_marks *marks = isolation->marks[i];
		state_write_u64(writer, marks != NULL);
		if (!marks)
			continue;
		STATE_WRITE(writer, marks->bits);
		state_write_u64(writer, marks->run);
		state_write_u64(writer, marks->lost);
	}
}

static void restore_page(struct check *check, size_t page, struct state_reader *reader)
{
	struct isolation *isolation = &check->isolation;
	if (isolation->last[page] > VMIDS)
		state_refuse(reader, "check: a VMID that cannot be");
	else if (isolation->last[page])
		bus_flag(check->config.bus, check->config.bus->dram_base + ((uint64_t)page << PAGE_SHIFT), PAGE_GUEST);
	if (!state_read_limited(reader, true))
		return;
	struct outside_marks *marks = isolation->marks[page] = calloc(1, sizeof(*marks));
	if (!marks || !isolation->last[page]) {
		state_refuse(reader, "check: no memory, or marks on nobody's page");
		return;
	}
	STATE_READ(reader, marks->bits);
	marks->run = (uint32_t)state_read_limited(reader, UINT32_MAX);
	marks->lost = state_read_limited(reader, true);
}

void check_pages_restore(struct check *check, struct state_reader *reader)
{
	struct isolation *isolation = &check->isolation;
	state_read(reader, isolation->last, isolation->pages * sizeof(*isolation->last));
	state_read(reader, isolation->runs, isolation->pages ? VMIDS * sizeof(*isolation->runs) : 0);
	for (size_t i = 0; i < isolation->pages && !reader->failed; i++)
		restore_page(check, i, reader);
}
