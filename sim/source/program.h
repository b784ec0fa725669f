/*
 * An ELF program as its debug information describes it: lines, names, types, frames. By libelf and libdw, for DWARF 2 to 5
 * of any language. Nothing here knows a machine: who asks brings registers and memory along (struct source_view).
 *
 * Addresses are those of the program as it lies in memory: `bias` further than it was linked. Whatever a file holds, a
 * question ends: depths, counts and lengths are bounded.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/section_place.h"

/* Deeper nests of scopes, types and values than this are damage. */
enum { SOURCE_DEPTH_MAX = 64 };

/* Half-open. */
struct address_range {
	uint64_t low, high;
};

struct function_range {
	struct address_range range;
	Dwarf_Die die; /* DW_TAG_subprogram */
};

/* A compilation unit; of split DWARF the two halves. */
struct unit {
	Dwarf_Die die, skeleton;
	struct address_range *ranges; /* as linked */
	size_t range_count;
	struct function_range *functions; /* by address, once somebody has asked */
	size_t function_count;
	bool functions_known;
};

/* What a name stands for. */
enum name_kind { NAME_FUNCTION = 1, NAME_VARIABLE = 2, NAME_TYPE = 4, NAME_ENUMERATOR = 8, NAME_SCOPE = 16 };

struct name {
	const char *text; /* without qualification */
	Dwarf_Die die;
	uint32_t parent; /* the scope that it is in: 1 + its place in names.in_order; 0: none */
	uint8_t kind;    /* enum name_kind */
	bool declared;   /* only that */
};

struct program {
	const char *name; /* its file's */
	uint64_t bias;
	struct relocated *relocated; /* whose elf and dwarf are; NULL: the program's own */
	Elf *elf;
	Dwarf *dwarf; /* NULL: it has no debug information */
	Dwarf_CFI *debug_frame, *eh_frame; /* NULL: there is none */
	struct unit *units;
	size_t unit_count;
	struct address_range *segments; /* what is loaded, as linked */
	size_t segment_count;
	struct { /* names.c, once somebody has asked */
		bool known;
		struct name *in_order; /* of the file */
		uint32_t *by_text;     /* places in in_order */
		size_t count;
	} names;
};

/* Where a program was loaded; all zero: where it was linked. */
struct program_place {
	uint64_t bias;
	const struct section_place *sections; /* of a relocatable file those that are anywhere; its bias is 0 */
	size_t section_count;
};

/* `image` is the whole file and must outlive the program, as the sections must; libelf writes nothing to it. NULL: no memory, or no
 * ELF file of 64 bits. */
struct program *program_open(const char *name, uint8_t *image, size_t size, const struct program_place *place);
void program_free(struct program *program);

/* Does a loaded segment hold this address? */
bool program_holds(const struct program *program, uint64_t address);
/* Bytes as its file has them, of one segment. False: the file has none there. */
bool program_bytes(const struct program *program, uint64_t address, void *bytes, size_t size);
/* The unit that has code at this address, or NULL. */
struct unit *program_unit_at(const struct program *program, uint64_t address);

/* The file that has the other half of that unit's debug information, where it could not be read; NULL: nothing is missing. */
const char *program_missing_half(const struct program *program, uint64_t address);

/* The next entry behind `die` at its level, or its first child, put into *die. False: there is none. Unlike
 * dwarf_siblingof they only go forward, whatever the file says. */
bool die_next(Dwarf_Die *die);
bool die_child(const Dwarf_Die *die, Dwarf_Die *child);
/* Attributes, followed through DW_AT_specification and DW_AT_abstract_origin. False: absent, or of another form. */
bool die_unsigned(Dwarf_Die *die, unsigned attribute, uint64_t *value);
bool die_signed(Dwarf_Die *die, unsigned attribute, int64_t *value);
bool die_flag(Dwarf_Die *die, unsigned attribute);
bool die_reference(Dwarf_Die *die, unsigned attribute, Dwarf_Die *target);
/* The name without qualification; NULL: it has none. */
const char *die_name(Dwarf_Die *die);
/* Does the code of this entry hold the address (as linked)? */
bool die_holds(Dwarf_Die *die, uint64_t linked);
/* The lowest address of its code, as linked, where it is entered. */
bool die_entry(Dwarf_Die *die, uint64_t *linked);
/* DW_LANG_*; 0: it does not say. */
int die_language(const Dwarf_Die *die);
bool die_is_rust(const Dwarf_Die *die);
bool die_is_cplusplus(const Dwarf_Die *die);

#endif
