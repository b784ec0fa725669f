/*
 * Files into memory: ELF64 RISC-V executables by libelf, flat images, raw bytes. Every malformed input ends in one
 * line on stderr that names the file and the reason, and -1.
 */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/symbols.h"

struct bus;

/* What a file has around it says where it goes (unpack.h). */
enum uimage_place { UIMAGE_NONE, UIMAGE_AT, UIMAGE_ANYWHERE };

/* A whole file in memory (mapped privately), or what was unpacked of it. */
struct file {
	const char *path;
	uint8_t *data;
	size_t size;
	uint8_t *map; /* what data lies in, for file_close */
	size_t map_size;
	enum uimage_place uimage;
	uint64_t load, entry; /* of a uImage: physical addresses; an entry from its beginning, if it goes anywhere */
};

int file_open(struct file *file, const char *path);
void file_close(struct file *file);

/* What lies where in DRAM: nothing may overlap. */
struct placement {
	uint64_t start, size;
	const char *what; /* "firmware", "kernel", "guest"... */
	const char *path; /* may be NULL */
};

struct layout {
	uint64_t base, size; /* DRAM */
	struct placement *items;
	size_t count, capacity;
};

void layout_init(struct layout *layout, uint64_t base, uint64_t size);
void layout_free(struct layout *layout);
/* 0, or -1 after a line: outside DRAM, or overlaps an earlier one (or no memory). */
int layout_claim(struct layout *layout, uint64_t start, uint64_t size, const char *what, const char *path);
/* Was anything claimed that holds this byte? */
bool layout_holds(const struct layout *layout, uint64_t address);
/* The most bytes of DRAM in one piece that nothing claimed: [*start, *end), 0 and 0 if there are none. */
void layout_largest_gap(const struct layout *layout, uint64_t *start, uint64_t *end);
/* Highest `align`ed start at which `size` bytes are free below `top`; UINT64_MAX if there is none. */
uint64_t layout_find_below(const struct layout *layout, uint64_t top, uint64_t size, uint64_t align);

struct image {
	uint64_t entry;
	uint64_t low, high; /* lowest and highest+1 physical address of what was loaded */
};

bool file_is_elf(const struct file *file);
/* Linux's RISC-V Image header (magic "RSC\x05" at offset 56). */
bool file_is_linux_image(const struct file *file);

/* Is the file a well-formed ELF64 little-endian RISC-V executable? 0, or -1 after a line. */
int elf_check(const struct file *file);
/* Check and load the segments by physical address, claiming them in the layout as `what`. Linkers put the ELF headers
 * before the text: what of them lies below DRAM is left out. */
int elf_load(const struct file *file, struct bus *bus, struct layout *layout, const char *what, struct image *image);
/* Is the file an ELF64 little-endian RISC-V one, of any type, whose section headers lie in it? 0, or -1 after a line. */
int elf_check_sections(const struct file *file);
/* What the file, which is well formed, puts into memory, segment by segment: until `take` returns other than 0, which is
 * returned. Its entry, as a physical address. */
typedef int piece_taker(void *context, uint64_t pa, const uint8_t *bytes, size_t size);
int elf_pieces(const struct file *file, piece_taker *take, void *context, uint64_t *entry);
/* Copy the raw file to `start`. */
int raw_load(const struct file *file, struct bus *bus, struct layout *layout, uint64_t start, const char *what);

#endif
