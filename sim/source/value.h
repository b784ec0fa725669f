/* Typed values: where they are, what can be done with them. Functions that can fail return NULL, or why they did. */
#ifndef VALUE_H
#define VALUE_H

#include "source/location.h"
#include "source/type.h"

enum { VALUE_BYTES = sizeof(((struct location *)0)->bytes) };

struct value {
	struct type type;
	enum location_kind kind; /* PLACE_VALUE is not used: those have bytes */
	uint64_t address;     /* in memory; or the column of a register, whose bytes are here, too */
	uint8_t bytes[VALUE_BYTES];
	uint64_t valid;       /* bit n: bytes[n] is known */
	unsigned bit_offset, bit_size; /* a bit field: from `address` or bytes[0] on; bit_size 0: none */
	const char *reason;   /* PLACE_LOST */
};

/* A number without a place. */
struct value value_of_number(const struct type *type, uint64_t number);
struct value value_of_word(uint64_t number);
struct value value_of_double(const struct type *type, double number);
struct value value_in_memory(const struct type *type, uint64_t address);
/* A variable by its entry; `function`: the one that really runs, or NULL. What a reference leads to, where it is one. */
struct value value_of_variable(const struct source_view *view, Dwarf_Die *variable, Dwarf_Die *function);
bool value_is_lvalue(const struct value *value);

/* Integers, characters, booleans, enumerators and pointers as 64 bits, extended by their sign; arrays and functions by where
 * they begin. */
const char *value_number(const struct source_view *view, const struct value *value, uint64_t *number);
const char *value_double(const struct source_view *view, const struct value *value, double *number);
/* All bytes of something that is no bit field: size of them. */
const char *value_read(const struct source_view *view, const struct value *value, void *bytes, size_t size);

/* Of a struct, a union, or what a pointer leads to: a member of this name, also inside of members without names and of bases. */
const char *value_member(const struct source_view *view, const struct value *value, const char *name,
                         struct value *member);
/* The member of this entry: of `value`, whose type it belongs to. */
const char *value_of_member(const struct source_view *view, const struct value *value, Dwarf_Die *entry,
                            struct value *member);
const char *value_follow(const struct source_view *view, const struct value *value, struct value *target);
const char *value_index(const struct source_view *view, const struct value *value, int64_t index,
                        struct value *element);
const char *value_address_of(const struct value *value, struct value *pointer);
const char *value_cast(const struct source_view *view, const struct value *value, const struct type *type,
                       struct value *result);

/* `operation` as C writes it: "+" "<<" "==" "&&"... Arithmetic with an operand that has no type (type_is_word) is of 64 bits and
 * without sign; otherwise it is C's. */
const char *value_binary(const struct source_view *view, const char *operation, const struct value *a,
                         const struct value *b, struct value *result);
/* '-' '~' '!' '+' */
const char *value_unary(const struct source_view *view, char operation, const struct value *value,
                        struct value *result);

/* The bytes that make `target` hold `source`, converted as an assignment does. For a bit field `old` are the bytes that hold it
 * now, those around it kept; *size: how many, from target->address + *skip on. */
const char *value_assign_bytes(const struct source_view *view, const struct value *target, const struct value *source,
                               uint8_t *bytes, size_t *size, size_t *skip);

#endif
