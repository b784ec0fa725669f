#include "host/memory.h"

#include <stddef.h>

#include "arch/hal.h"
#include "host/host.h"
#include "lib/bits.h"
#include "lib/string.h"

#define RAM_RANGES_MAX 16
#define RESERVED_RANGES_MAX 256
#define PHYSICAL_END (UINT64_C(1) << 56)

struct range {
	uint64_t start, end;
};

/* Boot hart only. */
static struct range ram[RAM_RANGES_MAX], reserved[RESERVED_RANGES_MAX];
static unsigned ram_count, reserved_count;
static struct range scan; /* where the search for blocks stands, within ram[scan_index] */
static unsigned scan_index;
static struct range heap; /* rest of the block that memory_alloc hands out */

extern uint8_t __image_start[], __image_end[];

void memory_reserve(uint64_t start, uint64_t size)
{
	if (reserved_count == RESERVED_RANGES_MAX)
		host_panic("more than %u ranges of memory are reserved", RESERVED_RANGES_MAX);
	reserved[reserved_count++] = (struct range){start, size > ~start ? ~UINT64_C(0) : start + size};
}

bool memory_is_ram(uint64_t start, uint64_t size)
{
	for (unsigned i = 0; i < ram_count; i++)
		if (ram[i].start <= start && range_within(start - ram[i].start, size, ram[i].end - ram[i].start))
			return true;
	return false;
}

static void add_ram(const struct fdt *fdt, fdt_node node)
{
	struct fdt_property reg;

	fdt_get(fdt, node, "reg", &reg);
	for (uint32_t cell = 0; cell + 4 <= reg.size / 4 && ram_count < RAM_RANGES_MAX; cell += 4) {
		uint64_t start = fdt_number(&reg, cell, 2), size = fdt_number(&reg, cell + 2, 2);
		if (range_within(start, size, PHYSICAL_END))
			ram[ram_count++] = (struct range){start, start + size};
	}
}

static void read_reservations(const struct fdt *fdt)
{
	fdt_node node = fdt_first_child(fdt, fdt_child(fdt, fdt_root(fdt), "reserved-memory"));
	uint64_t start, size;

	for (; node >= 0; node = fdt_next_sibling(fdt, node))
		if (fdt_get_reg(fdt, node, &start, &size))
			memory_reserve(start, size);
}

/* Whatever lies in RAM below this image is firmware that booted it. */
static void reserve_image(void)
{
	uint64_t start = (uint64_t)__image_start;

	for (unsigned i = 0; i < ram_count; i++)
		if (ram[i].start <= start && start < ram[i].end)
			start = ram[i].start;
	memory_reserve(start, (uint64_t)__image_end - start);
}

void memory_init(const struct fdt *fdt)
{
	for (fdt_node node = fdt_first_child(fdt, fdt_root(fdt)); node >= 0; node = fdt_next_sibling(fdt, node))
		if (strcmp(fdt_get_string(fdt, node, "device_type", ""), "memory") == 0)
			add_ram(fdt, node);
	read_reservations(fdt);
	reserve_image();
	memory_reserve((uint64_t)fdt->blob, fdt->total_size);
}

/* The end of a reservation that overlaps the block at start, or 0 if the block is free. */
static uint64_t reservation_end(uint64_t start)
{
	for (unsigned i = 0; i < reserved_count; i++)
		if (reserved[i].start < start + BLOCK_SIZE && start < reserved[i].end)
			return reserved[i].end;
	return 0;
}

/* Moves the range on to its first free block; false if it has none left. */
static bool find_block(struct range *range)
{
	uint64_t blocked_until;

	range->start = align_up(range->start, BLOCK_SIZE);
	while (range->start < range->end && range->end - range->start >= BLOCK_SIZE) {
		blocked_until = reservation_end(range->start);
		if (!blocked_until)
			return true;
		if (blocked_until >= range->end)
			return false;
		range->start = align_up(blocked_until, BLOCK_SIZE);
	}
	return false;
}

uint64_t memory_alloc_block(void)
{
	for (;;) {
		if (find_block(&scan)) {
			scan.start += BLOCK_SIZE;
			return scan.start - BLOCK_SIZE;
		}
		if (scan_index == ram_count)
			return 0;
		scan = ram[scan_index++];
	}
}

/* Most of a machine's memory is zero at boot. Only read, it costs no write-back, and a simulator's host no page. */
static void clear_words(uint64_t start, uint64_t end)
{
	for (uint64_t *word = (uint64_t *)start; word < (uint64_t *)end; word += 8)
		if (word[0] | word[1] | word[2] | word[3] | word[4] | word[5] | word[6] | word[7])
			memset(word, 0, 8 * sizeof *word);
}

void memory_clear(uint64_t start, uint64_t size)
{
	uint64_t step = hal_zero_block_size(), end = start + size;

	if (!step)
		clear_words(start, end);
	for (; step && start < end; start += 4 * step) {
		hal_zero_block(start);
		hal_zero_block(start + step);
		hal_zero_block(start + 2 * step);
		hal_zero_block(start + 3 * step);
	}
}

uint64_t memory_free_blocks(void)
{
	struct range range = scan;
	uint64_t blocks = 0;

	for (unsigned next = scan_index;; range = ram[next++]) {
		for (; find_block(&range); range.start += BLOCK_SIZE)
			blocks++;
		if (next == ram_count)
			return blocks;
	}
}

void *memory_alloc(uint64_t size, uint64_t align)
{
	uint64_t start = align_up(heap.start, align);

	if (start > heap.end || heap.end - start < size) {
		start = memory_alloc_block();
		if (!start || size > BLOCK_SIZE)
			return NULL;
		heap.end = start + BLOCK_SIZE;
	}
	heap.start = start + size;
	return memset((void *)start, 0, size);
}
