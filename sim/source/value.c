#include "source/value.h"

#include <dwarf.h>
#include <string.h>
#include "source/lines.h"
#include "source/scope.h"

static uint64_t all_bytes(uint64_t size) { return size >= 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1; }

struct value value_of_number(const struct type *type, uint64_t number)
{
	struct value value = {.type = *type, .kind = PLACE_BYTES, .valid = 0xff};
	memcpy(value.bytes, &number, sizeof number);
	if (type_kind(type) == KIND_BOOLEAN)
		value.bytes[0] = number != 0;
	if (type_size(type) > sizeof number) { /* of 128 bits */
		value.valid = all_bytes(type_size(type));
		memset(value.bytes + 8, type_signed(type) && number >> 63 ? 0xff : 0, VALUE_BYTES - 8);
	}
	return value;
}

struct value value_of_word(uint64_t number)
{
	struct type word = type_basic(BASIC_WORD);
	return value_of_number(&word, number);
}

struct value value_of_double(const struct type *type, double number)
{
	struct value value = {.type = *type, .kind = PLACE_BYTES, .valid = 0xff};
	float single = (float)number;
	if (type_size(type) == sizeof single)
		memcpy(value.bytes, &single, sizeof single);
	else
		memcpy(value.bytes, &number, sizeof number);
	return value;
}

struct value value_in_memory(const struct type *type, uint64_t address)
{
	return (struct value){.type = *type, .kind = PLACE_MEMORY, .address = address};
}

bool value_is_lvalue(const struct value *value) { return value->kind == PLACE_MEMORY || value->kind == PLACE_REGISTER; }

static struct value value_of_place(const struct source_view *view, const struct type *type,
                                   const struct location *place)
{
	struct value value = {.type = *type, .kind = place->kind, .address = place->address, .reason = place->reason};
	uint64_t number = place->value;
	switch (place->kind) {
	case PLACE_REGISTER:
		if (!location_column(view, (unsigned)place->address, &number)) {
			value.kind = PLACE_LOST;
			value.reason = "optimized out";
			break;
		}
		memcpy(value.bytes, &number, sizeof number);
		value.valid = 0xff;
		break;
	case PLACE_VALUE:
		value.kind = PLACE_BYTES;
		memcpy(value.bytes, &number, sizeof number);
		value.valid = 0xff;
		break;
	case PLACE_BYTES:
		memcpy(value.bytes, place->bytes, sizeof value.bytes);
		value.valid = place->valid;
		break;
	default: break;
	}
	return value;
}

/* Is the frame at the beginning of its function, where arguments are not in memory yet? */
static bool in_prologue(const struct source_view *view)
{
	struct address_range range;
	const struct frame *frame = view->frame;
	return frame && frame->exact && function_range_at(view->program, frame->pc, &range) &&
	       frame->pc < line_after_prologue(view->program, range.low, range.high);
}

/* The register that the ABI passes a parameter in: those before it must be numbers or pointers. */
static bool parameter_register(const struct source_view *view, Dwarf_Die *parameter, Dwarf_Die *function, unsigned *reg)
{
	enum { A0 = 10, A7 = 17 };
	Dwarf_Die at = {0};
	*reg = A0;
	while (scope_variable_next(function, true, &at)) {
		struct type type = type_of(view->program, &at);
		enum type_kind kind = type_kind(&type);
		bool plain = (kind >= KIND_INTEGER && kind <= KIND_BOOLEAN) ||
		             (kind >= KIND_ENUM && kind <= KIND_REFERENCE);
		if (at.addr == parameter->addr)
			return plain && type_size(&type) <= 8 && *reg <= A7;
		if (kind != KIND_FLOAT && (!plain || type_size(&type) > 8))
			return false;
		*reg += kind != KIND_FLOAT;
	}
	return false;
}

struct value value_of_variable(const struct source_view *view, Dwarf_Die *variable, Dwarf_Die *function)
{
	struct location place;
	struct type type = type_of(view->program, variable);
	location_of(view, variable, function, &place);
	unsigned reg;
	if (place.kind == PLACE_MEMORY && function && dwarf_tag(variable) == DW_TAG_formal_parameter &&
	    in_prologue(view) && parameter_register(view, variable, function, &reg))
		place = (struct location){.kind = PLACE_REGISTER, .address = reg};
	struct value value = value_of_place(view, &type, &place), target;
	if (type_kind(&type) == KIND_REFERENCE && !value_follow(view, &value, &target))
		return target;
	return value;
}

/* ---- reading ---- */

const char *value_read(const struct source_view *view, const struct value *value, void *bytes, size_t size)
{
	if (value->kind == PLACE_LOST)
		return value->reason ? value->reason : "optimized out";
	if (value->kind == PLACE_MEMORY)
		return view->read(view->context, value->address, bytes, size) ? NULL : "cannot be read";
	if (size > VALUE_BYTES || (value->valid & all_bytes(size)) != all_bytes(size))
		return "optimized out";
	memcpy(bytes, value->bytes, size);
	return NULL;
}

static uint64_t extended(uint64_t number, unsigned bits, bool is_signed)
{
	unsigned shift = 64 - bits;
	if (bits == 0 || bits >= 64)
		return number;
	number <<= shift;
	return is_signed ? (uint64_t)((int64_t)number >> shift) : number >> shift;
}

/* A field may lie across nine bytes. */
static const char *read_field(const struct source_view *view, const struct value *value, uint64_t *number)
{
	uint8_t bytes[9] = {0};
	unsigned skip = value->bit_offset / 8, shift = value->bit_offset % 8, size = (shift + value->bit_size + 7) / 8;
	struct value whole = *value;
	whole.address += skip;
	if (value->kind != PLACE_MEMORY) {
		if (skip + size > VALUE_BYTES)
			return "optimized out";
		memmove(whole.bytes, whole.bytes + skip, VALUE_BYTES - skip);
		whole.valid >>= skip;
	}
	const char *reason = value_read(view, &whole, bytes, size);
	uint64_t low;
	memcpy(&low, bytes, sizeof low);
	*number = low >> shift;
	if (shift)
		*number |= (uint64_t)bytes[8] << (64 - shift);
	*number = extended(*number, value->bit_size, type_signed(&value->type));
	return reason;
}

const char *value_number(const struct source_view *view, const struct value *value, uint64_t *number)
{
	double real;
	const char *reason;
	uint64_t size = type_size(&value->type);
	*number = 0;
	if (value->bit_size)
		return read_field(view, value, number);
	switch (type_kind(&value->type)) {
	case KIND_ARRAY:
	case KIND_FUNCTION:
		*number = value->address;
		return value->kind == PLACE_MEMORY ? NULL
		       : value->kind == PLACE_LOST ? "optimized out"
		                                   : "has no address";
	case KIND_FLOAT:
		reason = value_double(view, value, &real);
		if (!reason)
			*number = real >= 0x1p64 ? UINT64_MAX
			          : real < 0     ? (uint64_t)(int64_t)(real < -0x1p63 ? -0x1p63 : real)
			          : real == real ? (uint64_t)real
			                         : 0;
		return reason;
	case KIND_STRUCT:
	case KIND_UNION: return "is a structure";
	case KIND_VOID: return "is void";
	default: break;
	}
	if (size < 1 || size > 16)
		return "is of a type that is not known here";
	reason = value_read(view, value, number, size < 8 ? size : 8);
	*number = extended(*number, 8 * (unsigned)(size < 8 ? size : 8), type_signed(&value->type));
	return reason;
}

const char *value_double(const struct source_view *view, const struct value *value, double *number)
{
	uint64_t bits = 0;
	float single;
	if (type_kind(&value->type) != KIND_FLOAT) {
		const char *reason = value_number(view, value, &bits);
		*number = type_signed(&value->type) ? (double)(int64_t)bits : (double)bits;
		return reason;
	}
	uint64_t size = type_size(&value->type);
	if (size != 4 && size != 8)
		return "is of a floating type that is not known here";
	const char *reason = value_read(view, value, &bits, size);
	if (size == 4) {
		memcpy(&single, &bits, sizeof single);
		*number = (double)single;
	} else {
		memcpy(number, &bits, sizeof *number);
	}
	return reason;
}

/* ---- parts ---- */

const char *value_follow(const struct source_view *view, const struct value *value, struct value *target)
{
	enum type_kind kind = type_kind(&value->type);
	uint64_t address;
	struct type type = type_target(&value->type);
	if (type_is_word(&value->type)) {
		type = type_basic(BASIC_WORD);
	} else if (kind == KIND_FUNCTION) {
		*target = *value;
		return NULL;
	} else if (kind != KIND_POINTER && kind != KIND_REFERENCE && kind != KIND_ARRAY) {
		return "is no pointer";
	}
	const char *reason = value_number(view, value, &address);
	if (reason)
		return reason;
	if (type_kind(&type) == KIND_VOID)
		return "leads to void";
	*target = value_in_memory(&type, address);
	return NULL;
}

const char *value_of_member(const struct source_view *view, const struct value *value, Dwarf_Die *entry,
                            struct value *member)
{
	uint64_t bit_offset, bit_size;
	(void)view;
	if (value->kind == PLACE_LOST)
		return value->reason ? value->reason : "optimized out";
	if (!member_place(entry, &bit_offset, &bit_size))
		return "lies where only the running program knows";
	*member = *value;
	member->type = type_of(value->type.program, entry);
	member->bit_size = (unsigned)bit_size;
	member->bit_offset = bit_size ? (unsigned)(bit_offset % 8) : 0;
	uint64_t skip = bit_offset / 8;
	member->address += value->kind == PLACE_MEMORY ? skip : 0;
	if (value->kind == PLACE_MEMORY)
		return NULL;
	if (skip >= VALUE_BYTES)
		return "optimized out";
	memmove(member->bytes, member->bytes + skip, VALUE_BYTES - (size_t)skip);
	member->valid >>= skip;
	if (skip)
		member->kind = PLACE_BYTES; /* a part of a register cannot be written */
	return NULL;
}

static const char *find_member(const struct source_view *view, const struct value *value, const char *name,
                               unsigned depth, struct value *member)
{
	Dwarf_Die entry = {0};
	while (type_member_next(&value->type, &entry)) {
		const char *own = die_name(&entry);
		int tag = dwarf_tag(&entry);
		if (own && tag == DW_TAG_member && strcmp(own, name) == 0)
			return value_of_member(view, value, &entry, member);
		struct value inner;
		if (tag == DW_TAG_variant_part || (own && tag == DW_TAG_member) || !depth ||
		    value_of_member(view, value, &entry, &inner))
			continue;
		inner.type = type_bare(&inner.type);
		const char *reason = find_member(view, &inner, name, depth - 1, member);
		if (!reason || strcmp(reason, "has no such member") != 0)
			return reason;
	}
	return "has no such member";
}

const char *value_member(const struct source_view *view, const struct value *value, const char *name,
                         struct value *member)
{
	enum { MEMBER_DEPTH = 8 };
	struct value whole = *value;
	whole.type = type_bare(&value->type);
	enum type_kind kind = type_kind(&whole.type);
	if (kind == KIND_POINTER || kind == KIND_REFERENCE) {
		const char *reason = value_follow(view, value, &whole);
		if (reason)
			return reason;
		whole.type = type_bare(&whole.type);
		kind = type_kind(&whole.type);
	}
	return kind == KIND_STRUCT || kind == KIND_UNION ? find_member(view, &whole, name, MEMBER_DEPTH, member)
	                                                 : "is no structure";
}

const char *value_index(const struct source_view *view, const struct value *value, int64_t index, struct value *element)
{
	if (type_kind(&value->type) == KIND_ARRAY && value->kind != PLACE_MEMORY) {
		struct type type = type_target(&value->type);
		uint64_t size = type_size(&type);
		if (value->kind == PLACE_LOST)
			return value->reason ? value->reason : "optimized out";
		if (index < 0 || size == 0 || (uint64_t)index >= VALUE_BYTES / size)
			return "is not that long";
		*element = *value;
		element->type = type;
		memmove(element->bytes, element->bytes + (uint64_t)index * size,
		        VALUE_BYTES - (size_t)((uint64_t)index * size));
		element->valid >>= (uint64_t)index * size;
		element->kind = PLACE_BYTES;
		return NULL;
	}
	const char *reason = value_follow(view, value, element);
	if (!reason) {
		uint64_t size = type_size(&element->type);
		if (size == 0)
			return "leads to something of unknown size";
		element->address += (uint64_t)index * size;
	}
	return reason;
}

const char *value_address_of(const struct value *value, struct value *pointer)
{
	if (value->bit_size)
		return "is a bit field";
	if (value->kind != PLACE_MEMORY)
		return value->kind == PLACE_LOST ? "optimized out" : "is not in memory";
	struct type type = type_pointer_to(&value->type);
	*pointer = value_of_number(&type, value->address);
	return NULL;
}
