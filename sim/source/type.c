#include "source/type.h"

#include <dwarf.h>
#include <string.h>
#include "source/names.h"

static const struct {
	uint8_t size, kind;
	bool is_signed;
} basics[] = {
    [BASIC_WORD] = {8, KIND_INTEGER, false},   [BASIC_LITERAL] = {8, KIND_INTEGER, false},
    [BASIC_VOID] = {0, KIND_VOID, false},      [BASIC_CHAR] = {1, KIND_CHARACTER, false},
    [BASIC_SCHAR] = {1, KIND_CHARACTER, true}, [BASIC_UCHAR] = {1, KIND_CHARACTER, false},
    [BASIC_SHORT] = {2, KIND_INTEGER, true},   [BASIC_USHORT] = {2, KIND_INTEGER, false},
    [BASIC_INT] = {4, KIND_INTEGER, true},     [BASIC_UINT] = {4, KIND_INTEGER, false},
    [BASIC_LONG] = {8, KIND_INTEGER, true},    [BASIC_ULONG] = {8, KIND_INTEGER, false},
    [BASIC_BOOL] = {1, KIND_BOOLEAN, false},   [BASIC_FLOAT] = {4, KIND_FLOAT, true},
    [BASIC_DOUBLE] = {8, KIND_FLOAT, true},
};

struct type type_basic(enum basic basic) { return (struct type){.basic = (uint8_t)basic}; }

struct type type_of_die(struct program *program, const Dwarf_Die *die)
{
	return (struct type){.program = program, .die = *die};
}

struct type type_of(struct program *program, Dwarf_Die *die)
{
	Dwarf_Die target;
	return die_reference(die, DW_AT_type, &target) ? type_of_die(program, &target) : type_basic(BASIC_VOID);
}

static bool is_transparent(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
	       tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type || tag == DW_TAG_immutable_type;
}

struct type type_bare(const struct type *type)
{
	struct type bare = *type;
	if (bare.times)
		return bare;
	for (unsigned i = 0;
	     i < SOURCE_DEPTH_MAX && bare.program && !bare.stars && is_transparent(dwarf_tag(&bare.die)); i++)
		bare = type_of(bare.program, &bare.die);
	if (bare.program && !bare.stars && dwarf_hasattr(&bare.die, DW_AT_declaration))
		names_complete(bare.program, &bare.die);
	return bare;
}

bool type_is_transparent(const struct type *type)
{
	Dwarf_Die die = type->die;
	return type->program && !type->stars && !type->times && is_transparent(dwarf_tag(&die));
}

bool type_is_word(const struct type *type)
{
	return !type->program && !type->stars && !type->times && type->basic <= BASIC_LITERAL;
}

bool type_is_literal(const struct type *type) { return type_is_word(type) && type->basic == BASIC_LITERAL; }

static enum type_kind base_kind(Dwarf_Die *die)
{
	uint64_t encoding = 0;
	die_unsigned(die, DW_AT_encoding, &encoding);
	switch (encoding) {
	case DW_ATE_boolean: return KIND_BOOLEAN;
	case DW_ATE_float: return KIND_FLOAT;
	case DW_ATE_signed:
	case DW_ATE_unsigned: return KIND_INTEGER;
	case DW_ATE_signed_char:
	case DW_ATE_unsigned_char:
	case DW_ATE_ASCII:
	case DW_ATE_UCS:
	case DW_ATE_UTF: return KIND_CHARACTER;
	default: return KIND_OTHER;
	}
}

static enum type_kind bare_kind(struct type *bare)
{
	if (bare->times)
		return KIND_ARRAY;
	if (bare->stars)
		return KIND_POINTER;
	if (!bare->program)
		return basics[bare->basic].kind;
	switch (dwarf_tag(&bare->die)) {
	case DW_TAG_base_type: return base_kind(&bare->die);
	case DW_TAG_enumeration_type: return KIND_ENUM;
	case DW_TAG_pointer_type: return KIND_POINTER;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type: return KIND_REFERENCE;
	case DW_TAG_array_type: return KIND_ARRAY;
	case DW_TAG_structure_type:
	case DW_TAG_class_type: return KIND_STRUCT;
	case DW_TAG_union_type: return KIND_UNION;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram: return KIND_FUNCTION;
	case DW_TAG_unspecified_type: return KIND_VOID;
	default: return KIND_OTHER;
	}
}

enum type_kind type_kind(const struct type *type)
{
	struct type bare = type_bare(type);
	return bare_kind(&bare);
}

bool type_signed(const struct type *type)
{
	struct type bare = type_bare(type);
	uint64_t encoding = 0;
	int64_t least = 0;
	if (bare.stars || bare.times)
		return false;
	if (!bare.program)
		return basics[bare.basic].is_signed;
	if (dwarf_tag(&bare.die) != DW_TAG_enumeration_type) {
		die_unsigned(&bare.die, DW_AT_encoding, &encoding);
		return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char || encoding == DW_ATE_float;
	}
	if (dwarf_hasattr(&bare.die, DW_AT_type)) {
		struct type under = type_of(bare.program, &bare.die);
		if (type_kind(&under) == KIND_INTEGER)
			return type_signed(&under);
	}
	Dwarf_Die value; /* without a type of its own: signed where a value is below 0 */
	for (bool more = die_child(&bare.die, &value); more; more = die_next(&value))
		if (die_signed(&value, DW_AT_const_value, &least) && least < 0)
			return true;
	return false;
}

/* ---- arrays ---- */

/* The number of elements in dimension `dim`; false: it is open, or there is no such dimension. */
static bool dimension(Dwarf_Die *array, unsigned dim, uint64_t *count, bool *exists)
{
	Dwarf_Die range;
	unsigned at = 0;
	uint64_t upper, lower = 0;
	*exists = false;
	for (bool more = die_child(array, &range); more; more = die_next(&range)) {
		int tag = dwarf_tag(&range);
		if ((tag != DW_TAG_subrange_type && tag != DW_TAG_enumeration_type) || at++ != dim)
			continue;
		*exists = true;
		if (die_unsigned(&range, DW_AT_count, count))
			return true;
		if (!die_unsigned(&range, DW_AT_upper_bound, &upper))
			return false;
		die_unsigned(&range, DW_AT_lower_bound, &lower);
		*count = upper + 1 - lower; /* -1 is that of an empty one */
		return true;
	}
	return false;
}

bool type_count(const struct type *type, uint64_t *count)
{
	struct type bare = type_bare(type);
	bool exists;
	*count = bare.times;
	if (bare.times)
		return true;
	return bare_kind(&bare) == KIND_ARRAY && dimension(&bare.die, bare.dim, count, &exists);
}

struct type type_target(const struct type *type)
{
	struct type bare = type_bare(type);
	uint64_t count;
	bool exists = false;
	if (bare.times) {
		bare.times = 0;
		return bare;
	}
	if (bare.stars) {
		bare.stars--;
		return bare;
	}
	if (!bare.program)
		return type_basic(BASIC_VOID);
	if (dwarf_tag(&bare.die) == DW_TAG_array_type && bare.dim < UINT8_MAX) {
		dimension(&bare.die, bare.dim + 1u, &count, &exists);
		if (exists) {
			bare.dim++;
			return bare;
		}
	}
	return type_of(bare.program, &bare.die);
}

struct type type_pointer_to(const struct type *type)
{
	struct type pointer = *type;
	if (pointer.times) /* to its first element: there is no such type as a pointer to it */
		pointer.times = 0;
	if (pointer.stars < UINT8_MAX)
		pointer.stars++;
	return pointer;
}

static uint64_t size_within(const struct type *type, unsigned depth)
{
	struct type bare = type_bare(type);
	uint64_t size = 0, count;
	if (bare.stars && !bare.times)
		return 8;
	if (!bare.program && !bare.times)
		return basics[bare.basic].size;
	switch (bare_kind(&bare)) {
	case KIND_POINTER:
	case KIND_REFERENCE: return 8;
	case KIND_ARRAY: {
		struct type element = type_target(&bare);
		if (depth == 0 || !type_count(&bare, &count) ||
		    __builtin_mul_overflow(size_within(&element, depth - 1), count, &size))
			return 0;
		return size;
	}
	case KIND_ENUM:
		if (!dwarf_hasattr(&bare.die, DW_AT_byte_size) && depth) {
			struct type under = type_of(bare.program, &bare.die);
			return size_within(&under, depth - 1);
		}
		break;
	default: break;
	}
	die_unsigned(&bare.die, DW_AT_byte_size, &size);
	return size;
}

uint64_t type_size(const struct type *type) { return size_within(type, SOURCE_DEPTH_MAX); }

struct type type_times(const struct type *type, uint32_t count)
{
	struct type array = *type;
	array.times = count;
	return array;
}

/* ---- members ---- */

bool type_member_next(const struct type *type, Dwarf_Die *member)
{
	Dwarf_Die at = *member;
	struct type bare = type_bare(type);
	if (!bare.program || bare.stars || bare.times)
		return false;
	for (bool more = at.addr ? die_next(&at) : die_child(&bare.die, &at); more; more = die_next(&at)) {
		int tag = dwarf_tag(&at);
		if ((tag == DW_TAG_member && !dwarf_hasattr(&at, DW_AT_external)) || tag == DW_TAG_inheritance ||
		    tag == DW_TAG_variant_part) {
			*member = at;
			return true;
		}
	}
	return false;
}

/* DW_AT_data_member_location as a number of bytes: a constant, or the expression that adds one. */
static bool byte_offset(Dwarf_Die *member, uint64_t *offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;
	*offset = 0;
	if (!dwarf_attr(member, DW_AT_data_member_location, &attribute))
		return true; /* a union's */
	if (dwarf_formudata(&attribute, offset) == 0)
		return true;
	if (dwarf_getlocation(&attribute, &ops, &count) != 0 || count != 1 ||
	    (ops->atom != DW_OP_plus_uconst && ops->atom != DW_OP_constu))
		return false;
	*offset = ops->number;
	return true;
}

bool member_place(Dwarf_Die *member, uint64_t *bit_offset, uint64_t *bit_size)
{
	uint64_t from_start, bytes, storage = 0, from_top = 0;
	*bit_size = 0;
	bool is_field = die_unsigned(member, DW_AT_bit_size, bit_size);
	if (die_unsigned(member, DW_AT_data_bit_offset, &from_start)) {
		*bit_offset = from_start;
		return *bit_size <= 64;
	}
	if (!byte_offset(member, &bytes) || bytes > UINT64_MAX / 8)
		return false;
	*bit_offset = bytes * 8;
	if (is_field && die_unsigned(member, DW_AT_bit_offset, &from_top)) { /* DWARF 3: from the top of the storage */
		if (!die_unsigned(member, DW_AT_byte_size, &storage)) {
			Dwarf_Die under;
			if (!die_reference(member, DW_AT_type, &under))
				return false;
			int size = dwarf_bytesize(&under);
			storage = size > 0 ? (uint64_t)size : 0;
		}
		*bit_offset += storage * 8 - from_top - *bit_size;
	}
	return *bit_size <= 64;
}
