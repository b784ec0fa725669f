/* Types: those of a program, those of C that need none, and what `&` and casts make of either. */
#ifndef TYPE_H
#define TYPE_H

#include "source/program.h"

enum type_kind {
	KIND_VOID,
	KIND_INTEGER,
	KIND_CHARACTER,
	KIND_BOOLEAN,
	KIND_FLOAT,
	KIND_ENUM,
	KIND_POINTER,
	KIND_REFERENCE,
	KIND_ARRAY,
	KIND_STRUCT, /* classes, too */
	KIND_UNION,
	KIND_FUNCTION,
	KIND_OTHER, /* known by its size alone */
};

/* Types that need no program. */
enum basic {
	BASIC_WORD,    /* 64 bits of no type: registers, addresses, results of untyped arithmetic */
	BASIC_LITERAL, /* likewise of what a user typed: beside something that has a type it takes one that fits */
	BASIC_VOID,
	BASIC_CHAR, /* unsigned, as RISC-V has it */
	BASIC_SCHAR,
	BASIC_UCHAR,
	BASIC_SHORT,
	BASIC_USHORT,
	BASIC_INT,
	BASIC_UINT,
	BASIC_LONG,
	BASIC_ULONG,
	BASIC_BOOL,
	BASIC_FLOAT,
	BASIC_DOUBLE,
};

struct type {
	struct program *program; /* NULL: `basic` */
	Dwarf_Die die;
	uint8_t basic; /* enum basic */
	uint8_t stars; /* pointers around it */
	uint8_t dim;   /* of an array: outer dimensions left off */
	uint32_t times; /* not 0: an array of so many of all that, which `@` makes */
};

struct type type_basic(enum basic basic);
struct type type_of_die(struct program *program, const Dwarf_Die *die);
/* What DW_AT_type of an entry says; void where there is none. */
struct type type_of(struct program *program, Dwarf_Die *die);
/* Without typedefs and qualifiers; of a struct that is only declared its definition, if the program has one. */
struct type type_bare(const struct type *type);
/* Is it a typedef or qualified, so that type_bare is another? */
bool type_is_transparent(const struct type *type);
bool type_is_word(const struct type *type); /* or a literal */
bool type_is_literal(const struct type *type);

enum type_kind type_kind(const struct type *type);
/* Bytes; 0: unknown, or none. */
uint64_t type_size(const struct type *type);
bool type_signed(const struct type *type);
/* What a pointer or reference leads to, an array holds, a function returns. Void for others. */
struct type type_target(const struct type *type);
struct type type_pointer_to(const struct type *type);
/* `count` of them, one behind the other. */
struct type type_times(const struct type *type, uint32_t count);
/* Number of an array's elements. False: it does not say. */
bool type_count(const struct type *type, uint64_t *count);
/* Members of a struct or union and its bases, in order; *member is the last, or zeroed at first. */
bool type_member_next(const struct type *type, Dwarf_Die *member);
/* Where a member lies in its struct, in bits from its beginning; of a bit field also its width, else 0. False: it is
 * nowhere, or somewhere that only the running program knows. */
bool member_place(Dwarf_Die *member, uint64_t *bit_offset, uint64_t *bit_size);

#endif
