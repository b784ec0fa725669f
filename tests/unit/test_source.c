/* Locations and typed arithmetic of sim/source, by the rules of DWARF and of C, without a program. */
#include <criterion/criterion.h>
#include <dwarf.h>
#include <string.h>
#include "source/location.h"
#include "source/value.h"

static uint8_t memory[64];

/* Address 0x1000 is memory[0]. */
static bool read_memory(void *context, uint64_t address, void *bytes, size_t size)
{
	(void)context;
	if (address < 0x1000 || address + size > 0x1000 + sizeof memory)
		return false;
	memcpy(bytes, memory + (address - 0x1000), size);
	return true;
}

static struct program nowhere;
static const struct frame frame = {.pc = 0x80000000, .exact = true, .x = {[10] = 7, [8] = 0x1010}, .known = 1u << 10 | 1u << 8 | 1,
                                   .has_cfa = true, .cfa = 0x1020};
static const struct source_view view = {.read = read_memory, .program = &nowhere, .frame = &frame};

static struct location compute_ops(const Dwarf_Op *ops, size_t count)
{
	struct location location;
	const struct location_ops all = {ops, count, NULL, NULL, NULL};
	location_compute(&view, &all, &location);
	return location;
}
#define COMPUTE(...) compute_ops((const Dwarf_Op[]){__VA_ARGS__}, sizeof((const Dwarf_Op[]){__VA_ARGS__}) / sizeof(Dwarf_Op))

Test(source, places)
{
	struct location location = COMPUTE({DW_OP_breg8, (Dwarf_Word)-8, 0, 0});
	cr_assert(location.kind == PLACE_MEMORY && location.address == 0x1008);
	location = COMPUTE({DW_OP_reg10, 0, 0, 0});
	cr_assert(location.kind == PLACE_REGISTER && location.address == 10);
	location = COMPUTE({DW_OP_call_frame_cfa, 0, 0, 0}, {DW_OP_consts, (Dwarf_Word)-16, 0, 1}, {DW_OP_plus, 0, 0, 3});
	cr_assert(location.kind == PLACE_MEMORY && location.address == 0x1010);
	location = COMPUTE({DW_OP_breg10, 0, 0, 0}, {DW_OP_lit3, 0, 0, 2}, {DW_OP_mul, 0, 0, 3}, {DW_OP_stack_value, 0, 0, 4});
	cr_assert(location.kind == PLACE_VALUE && location.value == 21);
	memory[8] = 0x34;
	memory[9] = 0x12;
	location = COMPUTE({DW_OP_addr, 0x1008, 0, 0}, {DW_OP_deref_size, 2, 0, 9}, {DW_OP_stack_value, 0, 0, 11});
	cr_assert_eq(location.value, 0x1234);
	location = COMPUTE({DW_OP_lit1, 0, 0, 0}, {DW_OP_lit2, 0, 0, 1}, {DW_OP_lit3, 0, 0, 2}, {DW_OP_rot, 0, 0, 3}, {DW_OP_stack_value, 0, 0, 4});
	cr_assert_eq(location.value, 2, "rot brings the second to the top");
}

Test(source, pieces)
{
	memset(memory, 0xaa, sizeof memory);
	struct location location = COMPUTE({DW_OP_reg10, 0, 0, 0}, {DW_OP_piece, 4, 0, 1}, {DW_OP_piece, 4, 0, 3}, {DW_OP_addr, 0x1000, 0, 5}, {DW_OP_piece, 2, 0, 14});
	cr_assert_eq(location.kind, PLACE_BYTES);
	cr_assert_eq(location.size, 10);
	cr_assert_eq(location.valid, 0x30f, "the second piece is nowhere");
	cr_assert(location.bytes[0] == 7 && location.bytes[8] == 0xaa);
	location = COMPUTE({DW_OP_reg11, 0, 0, 0}, {DW_OP_piece, 8, 0, 1});
	cr_assert_eq(location.valid, 0, "a register that nobody knows");
}

Test(source, damage)
{
	cr_assert_eq(COMPUTE({DW_OP_plus, 0, 0, 0}).kind, PLACE_LOST);
	cr_assert_eq(COMPUTE({DW_OP_lit1, 0, 0, 0}, {DW_OP_lit0, 0, 0, 1}, {DW_OP_div, 0, 0, 2}).kind, PLACE_LOST);
	cr_assert_eq(COMPUTE({DW_OP_skip, (Dwarf_Word)-3, 0, 0}).kind, PLACE_LOST, "a jump to itself ends");
	cr_assert_eq(COMPUTE({DW_OP_dup, 0, 0, 0}, {DW_OP_skip, (Dwarf_Word)-4, 0, 1}).kind, PLACE_LOST);
	cr_assert_eq(COMPUTE({DW_OP_lit1, 0, 0, 0}, {DW_OP_skip, (Dwarf_Word)-4, 0, 1}).kind, PLACE_LOST, "a stack that grows for ever");
	cr_assert_eq(COMPUTE({DW_OP_fbreg, 0, 0, 0}).kind, PLACE_LOST);
	cr_assert_eq(COMPUTE({DW_OP_breg11, 0, 0, 0}).kind, PLACE_LOST);
	cr_assert_eq(COMPUTE({DW_OP_addr, 0x10, 0, 0}, {DW_OP_deref, 0, 0, 9}).kind, PLACE_LOST);
	cr_assert_eq(COMPUTE({DW_OP_reg10, 0, 0, 0}, {DW_OP_piece, UINT64_MAX, 0, 1}).kind, PLACE_LOST);
	cr_assert_eq(COMPUTE({0xff, 0, 0, 0}).kind, PLACE_LOST);
}

static uint64_t computed(const char *operation, enum basic a, uint64_t left, enum basic b, uint64_t right, enum basic *result)
{
	struct type first = type_basic(a), second = type_basic(b);
	struct value x = value_of_number(&first, left), y = value_of_number(&second, right), z;
	uint64_t number = 0;
	cr_assert_null(value_binary(&view, operation, &x, &y, &z));
	cr_assert_null(value_number(&view, &z, &number));
	if (result)
		*result = z.type.basic;
	return number;
}

Test(source, arithmetic)
{
	enum basic type;
	cr_assert_eq((int64_t)computed("+", BASIC_CHAR, 200, BASIC_CHAR, 100, &type), 300);
	cr_assert_eq(type, BASIC_INT);
	cr_assert_eq(computed("-", BASIC_UINT, 1, BASIC_INT, 2, &type), UINT32_MAX);
	cr_assert_eq(type, BASIC_UINT);
	cr_assert_eq((int64_t)computed("*", BASIC_INT, INT32_MAX, BASIC_INT, 2, &type), -2, "int wraps");
	cr_assert_eq((int64_t)computed("/", BASIC_INT, (uint64_t)-7, BASIC_INT, 2, NULL), -3);
	cr_assert_eq((int64_t)computed("%", BASIC_LONG, (uint64_t)INT64_MIN, BASIC_LONG, (uint64_t)-1, NULL), 0);
	cr_assert_eq((int64_t)computed("/", BASIC_LONG, (uint64_t)INT64_MIN, BASIC_LONG, (uint64_t)-1, NULL), INT64_MIN);
	cr_assert_eq(computed("<", BASIC_INT, (uint64_t)-1, BASIC_UINT, 1, NULL), 0, "an unsigned comparison");
	cr_assert_eq(computed("<", BASIC_INT, (uint64_t)-1, BASIC_LONG, 1, NULL), 1);
	cr_assert_eq(computed(">>", BASIC_INT, (uint64_t)-16, BASIC_INT, 2, NULL), (uint64_t)-4);
	/* what has no type is 64 bits; what a user types fits in */
	cr_assert_eq(computed("+", BASIC_WORD, UINT64_MAX, BASIC_LITERAL, 1, &type), 0);
	cr_assert_eq(type, BASIC_WORD);
	cr_assert_eq(computed("<<", BASIC_LITERAL, 1, BASIC_LITERAL, 40, &type), UINT64_C(1) << 40);
	cr_assert_eq(type, BASIC_LITERAL);
	cr_assert_eq(computed("==", BASIC_INT, (uint64_t)-1, BASIC_LITERAL, UINT64_MAX, NULL), 1);
	cr_assert_eq((int64_t)computed("+", BASIC_INT, 1, BASIC_LITERAL, UINT64_C(1) << 40, &type), (INT64_C(1) << 40) + 1);
	cr_assert_eq(type, BASIC_LONG);
	struct type word = type_basic(BASIC_WORD);
	struct value one = value_of_number(&word, 1), zero = value_of_number(&word, 0), out;
	cr_assert_str_eq(value_binary(&view, "/", &one, &zero, &out), "division by zero");
}

Test(source, fields)
{
	struct type type = type_basic(BASIC_ULONG), narrow = type_basic(BASIC_INT);
	struct value field = value_in_memory(&type, 0x1000), source = value_of_number(&type, 0x155);
	uint8_t bytes[16];
	size_t size, skip;
	uint64_t number;
	memset(memory, 0xff, sizeof memory);
	field.bit_offset = 3;
	field.bit_size = 10;
	cr_assert_null(value_assign_bytes(&view, &field, &source, bytes, &size, &skip));
	cr_assert(size == 2 && skip == 0 && bytes[0] == ((0x155 << 3 & 0xff) | 7) && bytes[1] == (0x155 >> 5 | 0xe0));
	memcpy(memory, bytes, size);
	cr_assert_null(value_number(&view, &field, &number));
	cr_assert_eq(number, 0x155);
	field.bit_offset = 7; /* across nine bytes */
	field.bit_size = 64;
	memset(memory, 0, sizeof memory);
	memory[0] = 0x80;
	memory[8] = 0x40;
	cr_assert_null(value_number(&view, &field, &number));
	cr_assert_eq(number, UINT64_C(1) << 63 | 1);
	field.type = narrow;
	field.bit_offset = 0;
	field.bit_size = 3;
	memory[0] = 4;
	cr_assert_null(value_number(&view, &field, &number));
	cr_assert_eq((int64_t)number, -4);
}
