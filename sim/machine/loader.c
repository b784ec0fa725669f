#include "machine/loader.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/bus.h"
#include "base/say.h"
#include "dev/devices.h"

#ifndef EM_RISCV
#define EM_RISCV 243
#endif

enum { LINUX_MAGIC_OFFSET = 56, LINUX_HEADER_SIZE = 64, PHDR_LIMIT = 512 };

__attribute__((format(printf, 2, 3))) static int complain(const char *path, const char *format, ...)
{
	char reason[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	return say("%s: %s", path, reason);
}

int file_open(struct file *file, const char *path)
{
	*file = (struct file){.path = path};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return complain(path, "%s", strerror(errno));
	struct stat status;
	int result = 0;
	if (fstat(fd, &status) != 0)
		result = complain(path, "%s", strerror(errno));
	else if (S_ISDIR(status.st_mode))
		result = complain(path, "is a directory");
	else if (!S_ISREG(status.st_mode))
		result = complain(path, "is not a regular file");
	else if (status.st_size == 0)
		result = complain(path, "is empty");
	if (result == 0) {
		/* writable and private: libelf may convert in place */
		void *data = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED) {
			result = complain(path, "cannot read: %s", strerror(errno));
		} else {
			file->map = file->data = data;
			file->map_size = file->size = (size_t)status.st_size;
		}
	}
	close(fd);
	return result;
}

void file_close(struct file *file)
{
	if (file->map)
		munmap(file->map, file->map_size);
	*file = (struct file){0};
}

void layout_init(struct layout *layout, uint64_t base, uint64_t size)
{
	*layout = (struct layout){.base = base, .size = size};
}

void layout_free(struct layout *layout)
{
	free(layout->items);
	*layout = (struct layout){0};
}

static bool overlaps(const struct placement *item, uint64_t start, uint64_t size)
{
	return start < item->start + item->size && item->start < start + size;
}

int layout_claim(struct layout *layout, uint64_t start, uint64_t size, const char *what, const char *path)
{
	const char *who = path ? path : what;
	uint64_t offset = start - layout->base;
	if (start < layout->base || offset > layout->size || size > layout->size - offset)
		return complain(
		    who, "%s of %" PRIu64 " bytes at 0x%" PRIx64 " is outside DRAM (0x%" PRIx64 "..0x%" PRIx64 ")",
		    what, size, start, layout->base, layout->base + layout->size - 1);
	for (size_t i = 0; i < layout->count; i++) {
		const struct placement *item = &layout->items[i];
		if (overlaps(item, start, size))
			return complain(who, "%s at 0x%" PRIx64 " overlaps %s at 0x%" PRIx64 "..0x%" PRIx64 "%s%s",
			                what, start, item->what, item->start, item->start + item->size - 1,
			                item->path ? " of " : "", item->path ? item->path : "");
	}
	if (layout->count == layout->capacity) {
		size_t capacity = layout->capacity ? 2 * layout->capacity : 16;
		struct placement *items = realloc(layout->items, capacity * sizeof(*items));
		if (!items)
			return complain(who, "out of memory");
		layout->items = items;
		layout->capacity = capacity;
	}
	layout->items[layout->count++] = (struct placement){.start = start, .size = size, .what = what, .path = path};
	return 0;
}

bool layout_holds(const struct layout *layout, uint64_t address)
{
	for (size_t i = 0; i < layout->count; i++)
		if (overlaps(&layout->items[i], address, 1))
			return true;
	return false;
}

/* Where what begins first at or behind `from` begins, or DRAM ends. */
static uint64_t next_claim(const struct layout *layout, uint64_t from)
{
	uint64_t next = layout->base + layout->size;
	for (size_t i = 0; i < layout->count; i++)
		if (layout->items[i].start >= from && layout->items[i].start < next)
			next = layout->items[i].start;
	return next;
}

void layout_largest_gap(const struct layout *layout, uint64_t *start, uint64_t *end)
{
	*start = *end = 0;
	for (size_t i = 0; i <= layout->count; i++) { /* a gap begins with DRAM, or behind something */
		const struct placement *item = i ? &layout->items[i - 1] : NULL;
		uint64_t from = item ? item->start + item->size : layout->base, to = next_claim(layout, from);
		if (!layout_holds(layout, from) && to - from > *end - *start) {
			*start = from;
			*end = to;
		}
	}
}

uint64_t layout_find_below(const struct layout *layout, uint64_t top, uint64_t size, uint64_t align)
{
	for (;;) {
		if (top < layout->base || size > top - layout->base)
			return UINT64_MAX;
		uint64_t start = (top - size) & ~(align - 1);
		if (start < layout->base)
			return UINT64_MAX;
		const struct placement *blocker = NULL;
		for (size_t i = 0; i < layout->count && !blocker; i++)
			if (overlaps(&layout->items[i], start, size))
				blocker = &layout->items[i];
		if (!blocker)
			return start;
		top = blocker->start;
	}
}

bool file_is_elf(const struct file *file) { return file->size >= SELFMAG && memcmp(file->data, ELFMAG, SELFMAG) == 0; }

bool file_is_linux_image(const struct file *file)
{
	return file->size >= LINUX_HEADER_SIZE && memcmp(file->data + LINUX_MAGIC_OFFSET, "RSC\x05", 4) == 0;
}

static bool inside_file(const struct file *file, uint64_t offset, uint64_t size)
{
	return offset <= file->size && size <= file->size - offset;
}

/* Everything about the header that libelf would take on trust; whatever the type. */
static int check_elf_kind(const struct file *file, Elf64_Ehdr *header)
{
	const char *path = file->path;
	if (!file_is_elf(file))
		return complain(path, "is not an ELF file");
	if (file->size < EI_NIDENT)
		return complain(path, "is truncated: no whole ELF header");
	if (file->data[EI_CLASS] != ELFCLASS64)
		return complain(path, "is not a 64-bit ELF file");
	if (file->data[EI_DATA] != ELFDATA2LSB)
		return complain(path, "is not a little-endian ELF file");
	if (file->size < sizeof(*header))
		return complain(path, "is truncated: no whole ELF header");
	memcpy(header, file->data, sizeof(*header));
	if (header->e_machine != EM_RISCV)
		return complain(path, "is not for RISC-V (ELF machine %u)", header->e_machine);
	if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
		return complain(path, "has an unknown ELF version");
	return 0;
}

static int check_sections(const struct file *file, const Elf64_Ehdr *header)
{
	if (header->e_shoff == 0 || header->e_shnum == 0)
		return 0;
	if (header->e_shentsize != sizeof(Elf64_Shdr))
		return complain(file->path, "has section headers of %u bytes instead of %zu", header->e_shentsize,
		                sizeof(Elf64_Shdr));
	return inside_file(file, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr))
	           ? 0
	           : complain(file->path, "is truncated: section headers lie outside the file");
}

int elf_check_sections(const struct file *file)
{
	Elf64_Ehdr header;
	return check_elf_kind(file, &header) == 0 ? check_sections(file, &header) : -1;
}

static int check_header(const struct file *file, Elf64_Ehdr *header)
{
	const char *path = file->path;
	if (check_elf_kind(file, header) != 0)
		return -1;
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return complain(path, "is not an executable (ELF type %u)", header->e_type);
	if (header->e_phnum == 0)
		return complain(path, "has no program headers: nothing to load");
	if (header->e_phnum > PHDR_LIMIT)
		return complain(path, "has too many program headers (%u)", header->e_phnum);
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return complain(path, "has program headers of %u bytes instead of %zu", header->e_phentsize,
		                sizeof(Elf64_Phdr));
	if (!inside_file(file, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr)))
		return complain(path, "is truncated: program headers lie outside the file");
	return check_sections(file, header);
}

/* One loadable segment by itself; `extent` grows to hold it. */
static int check_segment(const struct file *file, unsigned index, const Elf64_Phdr *segment)
{
	if (segment->p_filesz > segment->p_memsz)
		return complain(file->path, "segment %u has more bytes in the file than in memory", index);
	if (!inside_file(file, segment->p_offset, segment->p_filesz))
		return complain(file->path, "is truncated: segment %u lies outside the file", index);
	if (segment->p_paddr + segment->p_memsz < segment->p_paddr ||
	    segment->p_vaddr + segment->p_memsz < segment->p_vaddr)
		return complain(file->path, "segment %u wraps around the address space", index);
	return 0;
}

static bool loads(const Elf64_Phdr *segment) { return segment->p_type == PT_LOAD && segment->p_memsz != 0; }

/* The segments, checked one by one and against each other. *segments is malloc'ed; its count is header->e_phnum. */
static int read_segments(const struct file *file, const Elf64_Ehdr *header, Elf64_Phdr **segments)
{
	Elf64_Phdr *table = calloc(header->e_phnum, sizeof(*table));
	if (!table)
		return complain(file->path, "out of memory");
	memcpy(table, file->data + header->e_phoff, header->e_phnum * sizeof(*table));
	int result = 0;
	bool any = false;
	for (unsigned i = 0; i < header->e_phnum && result == 0; i++) {
		if (!loads(&table[i]))
			continue;
		any = true;
		result = check_segment(file, i, &table[i]);
		for (unsigned j = 0; j < i && result == 0; j++)
			if (loads(&table[j]) && table[i].p_paddr < table[j].p_paddr + table[j].p_memsz &&
			    table[j].p_paddr < table[i].p_paddr + table[i].p_memsz)
				result = complain(file->path, "segments %u and %u overlap", j, i);
	}
	if (result == 0 && !any)
		result = complain(file->path, "has no loadable segment");
	if (result != 0) {
		free(table);
		return result;
	}
	*segments = table;
	return 0;
}

/* The entry as a physical address: e_entry is where the linker put it (virtual, in Linux's vmlinux), and moves with its
 * segment to where that is loaded; or it is physical already. False when it is in no segment. */
static bool find_entry(const Elf64_Ehdr *header, const Elf64_Phdr *segments, uint64_t *entry)
{
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (loads(&segments[i]) && segments[i].p_flags & PF_X &&
		    header->e_entry - segments[i].p_vaddr < segments[i].p_memsz) {
			*entry = header->e_entry - segments[i].p_vaddr + segments[i].p_paddr;
			return true;
		}
	*entry = header->e_entry;
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (loads(&segments[i]) && *entry - segments[i].p_paddr < segments[i].p_memsz)
			return true;
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (loads(&segments[i]) && header->e_entry - segments[i].p_vaddr < segments[i].p_memsz) {
			*entry = header->e_entry - segments[i].p_vaddr + segments[i].p_paddr;
			return true;
		}
	return false;
}

static int check_all(const struct file *file, Elf64_Ehdr *header, Elf64_Phdr **segments, uint64_t *entry)
{
	if (check_header(file, header) != 0 || read_segments(file, header, segments) != 0)
		return -1;
	if (!find_entry(header, *segments, entry)) {
		complain(file->path, "entry 0x%" PRIx64 " is in no loadable segment", header->e_entry);
	} else if (*entry & 1) {
		complain(file->path, "entry 0x%" PRIx64 " is odd", header->e_entry);
	} else {
		return 0;
	}
	free(*segments);
	*segments = NULL;
	return -1;
}

int elf_check(const struct file *file)
{
	Elf64_Ehdr header;
	Elf64_Phdr *segments;
	uint64_t entry;
	if (check_all(file, &header, &segments, &entry) != 0)
		return -1;
	free(segments);
	return 0;
}

/* The segment that begins with the file's headers, which linkers put before the text: how many of its bytes lie below
 * DRAM, where nothing is, and need not be anywhere. */
static uint64_t headers_below(const struct layout *layout, const Elf64_Phdr *segment)
{
	if (segment->p_offset != 0 || segment->p_flags & PF_W || segment->p_paddr >= layout->base)
		return 0;
	uint64_t below = layout->base - segment->p_paddr;
	return below < segment->p_memsz ? below : segment->p_memsz;
}

static bool in_note(const Elf64_Ehdr *header, const Elf64_Phdr *segments, uint64_t offset)
{
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_NOTE && offset - segments[i].p_offset < segments[i].p_filesz)
			return true;
	return false;
}

/* Does anything but headers, and notes behind them, go with them? A program that reads it would miss it. */
static void tell_left_out(const struct file *file, const Elf64_Ehdr *header, const Elf64_Phdr *segments, uint64_t below)
{
	enum { NOTES_END = 4096 };
	for (uint64_t at = header->e_phoff + (uint64_t)header->e_phnum * sizeof(*segments);
	     at < below && at < file->size; at++)
		if (file->data[at] != 0 && (at >= NOTES_END || !in_note(header, segments, at))) {
			complain(file->path, "what is behind its ELF headers, and below DRAM, is left out");
			return;
		}
}

/* A program that its linker put at 0 because it runs anywhere, as OpenSBI's ELF files from 1.4 on. As QEMU, we have no place for it. */
static int refuse_unplaced(const struct file *file, const struct layout *layout, const Elf64_Ehdr *header,
                           const Elf64_Phdr *segments)
{
	for (unsigned i = 0; i < header->e_phnum && header->e_type == ET_DYN; i++)
		if (loads(&segments[i]) && segments[i].p_paddr == 0 && layout->base != 0)
			return complain(
			    file->path,
			    "is position independent and linked at 0, where there is no memory: give it as a "
			    "flat file, for QEMU too (OpenSBI's .bin beside the .elf, or objcopy -O binary)");
	return 0;
}

static int refuse_device(const struct file *file, unsigned index, const Elf64_Phdr *segment)
{
	for (const struct device_row *row = device_rows; row < device_rows + DEVICE_ROWS; row++) {
		uint64_t size = row->size * row->slots;
		if (!row->kind->empty && segment->p_paddr < row->base + size &&
		    row->base < segment->p_paddr + segment->p_memsz)
			return complain(file->path,
			                "segment %u at 0x%" PRIx64 " is where the %s is (0x%" PRIx64 "..0x%" PRIx64 ")",
			                index, segment->p_paddr, row->name, row->base, row->base + size - 1);
	}
	return 0;
}

static int load_segment(const struct file *file, unsigned index, const Elf64_Phdr *segment, uint64_t below,
                        struct bus *bus, struct layout *layout, const char *what)
{
	if (refuse_device(file, index, segment) != 0)
		return -1;
	uint64_t start = segment->p_paddr + below;
	if (below == segment->p_memsz)
		return 0;
	if (layout_claim(layout, start, segment->p_memsz - below, what, file->path) != 0)
		return -1;
	/* what lies beyond p_filesz is zero already: DRAM is fresh, and nothing was here before */
	if (segment->p_filesz > below)
		bus_poke(bus, start, file->data + segment->p_offset + below, segment->p_filesz - below);
	return 0;
}

int elf_load(const struct file *file, struct bus *bus, struct layout *layout, const char *what, struct image *image)
{
	Elf64_Ehdr header;
	Elf64_Phdr *segments;
	if (check_all(file, &header, &segments, &image->entry) != 0)
		return -1;
	int result = refuse_unplaced(file, layout, &header, segments);
	image->low = UINT64_MAX;
	image->high = 0;
	for (unsigned i = 0; i < header.e_phnum && result == 0; i++) {
		const Elf64_Phdr *segment = &segments[i];
		if (!loads(segment))
			continue;
		uint64_t below = headers_below(layout, segment), start = segment->p_paddr + below;
		result = load_segment(file, i, segment, below, bus, layout, what);
		if (result != 0 || below == segment->p_memsz)
			continue;
		if (start < image->low)
			image->low = start;
		if (segment->p_paddr + segment->p_memsz > image->high)
			image->high = segment->p_paddr + segment->p_memsz;
	}
	if (result == 0 && image->entry < image->low)
		result = complain(file->path, "entry 0x%" PRIx64 " is below DRAM", image->entry);
	for (unsigned i = 0; i < header.e_phnum && result == 0; i++)
		if (loads(&segments[i]))
			tell_left_out(file, &header, segments, headers_below(layout, &segments[i]));
	free(segments);
	return result;
}

int elf_pieces(const struct file *file, piece_taker *take, void *context, uint64_t *entry)
{
	Elf64_Ehdr header;
	Elf64_Phdr *segments;
	if (check_all(file, &header, &segments, entry) != 0)
		return -1;
	int result = 0;
	for (unsigned i = 0; i < header.e_phnum && result == 0; i++)
		if (loads(&segments[i]))
			result = take(context, segments[i].p_paddr, file->data + segments[i].p_offset,
			              segments[i].p_filesz);
	free(segments);
	return result;
}

int raw_load(const struct file *file, struct bus *bus, struct layout *layout, uint64_t start, const char *what)
{
	if (layout_claim(layout, start, file->size, what, file->path) != 0)
		return -1;
	bus_poke(bus, start, file->data, file->size);
	return 0;
}
