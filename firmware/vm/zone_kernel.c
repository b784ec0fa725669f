/*
 * Loading a guest's kernel from the raw file the boot loader left in memory. The file is not to be trusted:
 * every offset and size is checked before it is used, and the first thing wrong is what the user reads.
 */
#include <stddef.h>

#include "lib/bits.h"
#include "lib/string.h"
#include "vm/zone.h"
#include "vm/zone_config.h"
#include "vm/zone_load.h"

#define ELF_MACHINE_RISCV 243
#define ELF_TYPE_EXECUTABLE 2
#define ELF_TYPE_SHARED 3
#define ELF_SEGMENT_LOAD 1
#define ELF_SEGMENT_WRITABLE 2
#define SEGMENTS_MAX (ZONE_PIECES_MAX - 2)

struct elf_header {
	uint8_t magic[4];
	uint8_t class, encoding, version, abi, padding[8];
	uint16_t type, machine;
	uint32_t version2;
	uint64_t entry, program_headers, section_headers;
	uint32_t flags;
	uint16_t header_size, program_header_size, program_header_count;
	uint16_t section_header_size, section_header_count, section_names;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, virtual_address, physical_address, file_size, memory_size, align;
};

/* Linux's RISC-V boot image header. */
struct image_header {
	uint32_t code[2];
	uint64_t text_offset, image_size, flags;
	uint32_t version, reserved;
	uint64_t reserved2;
	uint8_t old_magic[8];
	uint8_t magic[4];
	uint32_t reserved3;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_segment) == 56, "as ELF64 has them");
_Static_assert(offsetof(struct image_header, magic) == 0x38 && sizeof(struct image_header) == 64, "as Linux has it");

static const uint8_t *file_at(const struct module *module, uint64_t offset)
{
	return (const uint8_t *)module->address + offset;
}

static const char *check_header(const struct elf_header *header, const struct module *module)
{
	if (header->class != 2)
		return "malformed ELF: not 64-bit";
	if (header->encoding != 1)
		return "malformed ELF: not little-endian";
	if (header->machine != ELF_MACHINE_RISCV)
		return "malformed ELF: not for RISC-V";
	if (header->type != ELF_TYPE_EXECUTABLE && header->type != ELF_TYPE_SHARED)
		return "malformed ELF: not an executable";
	if (header->program_header_size != sizeof(struct elf_segment) || !header->program_header_count ||
	    header->program_header_count > SEGMENTS_MAX)
		return "malformed ELF: bad program header table";
	if (!range_within(header->program_headers, header->program_header_count * sizeof(struct elf_segment),
	                  module->size))
		return "malformed ELF: program headers lie outside the file";
	return NULL;
}

static const char *check_segment(const struct zone *zone, const struct elf_segment *segment,
                                 const struct module *module)
{
	if (!range_within(segment->offset, segment->file_size, module->size))
		return "malformed ELF: a segment lies outside the file";
	if (segment->file_size > segment->memory_size)
		return "malformed ELF: a segment is larger in the file than in memory";
	if (!zone_has_memory(zone, segment->physical_address, segment->memory_size))
		return "a segment lies outside its memory";
	return NULL;
}

/* Linkers put the file's headers before the text: what of them lies below a guest's memory is left out. */
static void cut_headers(struct elf_segment *segment)
{
	if (segment->offset || segment->flags & ELF_SEGMENT_WRITABLE || segment->physical_address >= ZONE_RAM_BASE)
		return;
	uint64_t below = ZONE_RAM_BASE - segment->physical_address;
	if (below > segment->memory_size)
		below = segment->memory_size;
	uint64_t in_file = below < segment->file_size ? below : segment->file_size;
	segment->offset += in_file;
	segment->file_size -= in_file;
	segment->memory_size -= below;
	segment->physical_address += below;
	segment->virtual_address += below;
}

static bool segments_overlap(const struct elf_segment *a, const struct elf_segment *b)
{
	return a->physical_address < b->physical_address + b->memory_size &&
	       b->physical_address < a->physical_address + a->memory_size;
}

/* The segments that are to be loaded, all checked; *count says how many. */
static const char *read_segments(const struct zone *zone, const struct module *module, const struct elf_header *header,
                                 struct elf_segment *segments, unsigned *count)
{
	*count = 0;
	for (unsigned i = 0; i < header->program_header_count; i++) {
		struct elf_segment *segment = &segments[*count];
		memcpy(segment, file_at(module, header->program_headers + i * sizeof *segment), sizeof *segment);
		if (segment->type != ELF_SEGMENT_LOAD)
			continue;
		cut_headers(segment);
		if (!segment->memory_size)
			continue;
		const char *error = check_segment(zone, segment, module);
		if (error)
			return error;
		for (unsigned n = 0; n < *count; n++)
			if (segments_overlap(segment, &segments[n]))
				return "malformed ELF: segments overlap";
		++*count;
	}
	return *count ? NULL : "malformed ELF: nothing to load";
}

/* e_entry is a virtual address; vsatp is 0 at entry, so what counts is where its segment was loaded. */
static uint64_t physical_entry(uint64_t entry, const struct elf_segment *segments, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (range_within(entry - segments[i].virtual_address, 1, segments[i].memory_size))
			return entry - segments[i].virtual_address + segments[i].physical_address;
	return entry;
}

static const char *load_elf(struct zone *zone, const struct module *module)
{
	static struct elf_segment segments[SEGMENTS_MAX]; /* zone_load's lock */
	struct elf_header header;
	unsigned count;

	if (module->size < sizeof header)
		return "malformed ELF: truncated header";
	memcpy(&header, file_at(module, 0), sizeof header);
	const char *error = check_header(&header, module);
	if (!error)
		error = read_segments(zone, module, &header, segments, &count);
	if (error)
		return error;
	for (unsigned i = 0; i < count; i++) {
		const struct elf_segment *segment = &segments[i];
		uint64_t start = segment->physical_address, end = start + segment->memory_size;
		zone_put_in(zone, start, file_at(module, segment->offset), segment->file_size,
		            segment->memory_size - segment->file_size);
		if (end > zone->load_end)
			zone->load_end = end;
	}
	zone->entry = physical_entry(header.entry, segments, count);
	return zone_has_memory(zone, zone->entry, 2) ? NULL : "its entry lies outside its memory";
}

static bool has_image_magic(const struct module *module)
{
	return module->size >= sizeof(struct image_header) &&
	       memcmp(file_at(module, offsetof(struct image_header, magic)), "RSC\x05", 4) == 0;
}

static const char *load_image(struct zone *zone, const struct module *module)
{
	struct image_header header;

	memcpy(&header, file_at(module, 0), sizeof header);
	uint64_t size = header.image_size > module->size ? header.image_size : module->size;
	if (!zone_has_memory(zone, ZONE_IMAGE_BASE, size))
		return "its memory does not hold the image";
	zone_put_in(zone, ZONE_IMAGE_BASE, file_at(module, 0), module->size, size - module->size);
	zone->entry = ZONE_IMAGE_BASE;
	zone->load_end = ZONE_IMAGE_BASE + size;
	return NULL;
}

const char *zone_load_kernel(struct zone *zone, const struct module *kernel)
{
	if (kernel->size >= 4 && memcmp(file_at(kernel, 0), "\177ELF", 4) == 0)
		return load_elf(zone, kernel);
	if (has_image_magic(kernel))
		return load_image(zone, kernel);
	return "its kernel is neither an ELF nor a flat image with a RISC-V header";
}
