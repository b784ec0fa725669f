/* Values in expressions: conversions and arithmetic as C has them. */
#include <string.h>
#include "source/value.h"

static struct value cut_to(const struct type *type, uint64_t number)
{
	uint64_t size = type_size(type);
	if (size >= 1 && size < 8) {
		unsigned shift = 64 - 8 * (unsigned)size;
		number <<= shift;
		number = type_signed(type) ? (uint64_t)((int64_t)number >> shift) : number >> shift;
	}
	return value_of_number(type, number);
}

const char *value_cast(const struct source_view *view, const struct value *value, const struct type *type,
                       struct value *result)
{
	enum type_kind kind = type_kind(type), from = type_kind(&value->type);
	uint64_t number;
	double real;
	const char *reason;
	switch (kind) {
	case KIND_VOID: *result = value_of_number(type, 0); return NULL;
	case KIND_FLOAT:
		reason = value_double(view, value, &real);
		*result = value_of_double(type, real);
		return reason;
	case KIND_STRUCT:
	case KIND_UNION:
	case KIND_ARRAY:
		if (!value_is_lvalue(value))
			return "cannot be cast to that";
		*result = *value;
		result->type = *type;
		return NULL;
	case KIND_FUNCTION:
	case KIND_OTHER: return "cannot be cast to that";
	default: break;
	}
	if (type_size(type) > 8 && type_size(type) == type_size(&value->type) && from == kind) {
		*result = *value;
		result->type = *type;
		return NULL;
	}
	reason = value_number(view, value, &number);
	if (!reason)
		*result = cut_to(type, number);
	return reason;
}

/* ---- arithmetic ---- */

/* "<<" is '<' | '<' << 8. */
static unsigned code_of(const char *operation)
{
	return (unsigned char)operation[0] | (unsigned)(unsigned char)operation[1] << 8;
}
#define TWO(a, b) ((unsigned)(a) | (unsigned)(b) << 8)

static bool is_comparison(unsigned code)
{
	return code == '<' || code == '>' || code == TWO('<', '=') || code == TWO('>', '=') || code == TWO('=', '=') ||
	       code == TWO('!', '=');
}

static bool is_shift(unsigned code) { return code == TWO('<', '<') || code == TWO('>', '>'); }

/* C's usual conversions, as far as 64 bits go. */
static struct type common_type(const struct type *a, const struct type *b)
{
	if (type_is_word(a) || type_is_word(b))
		return type_basic(type_is_literal(a) && type_is_literal(b) ? BASIC_LITERAL : BASIC_WORD);
	uint64_t size_a = type_size(a), size_b = type_size(b), size = size_a > size_b ? size_a : size_b;
	bool is_signed = (size_a < size || type_signed(a)) && (size_b < size || type_signed(b));
	if (size < 4) {
		size = 4;
		is_signed = true;
	}
	return type_basic(size > 4 ? is_signed ? BASIC_LONG : BASIC_ULONG : is_signed ? BASIC_INT : BASIC_UINT);
}

static struct type truth_type(const struct value *a, const struct value *b)
{
	bool untyped = type_is_word(&a->type) && type_is_word(&b->type);
	return type_basic(untyped ? BASIC_WORD : BASIC_INT);
}

static bool compare(unsigned code, bool less, bool equal)
{
	switch (code) {
	case '<': return less;
	case '>': return !less && !equal;
	case TWO('<', '='): return less || equal;
	case TWO('>', '='): return !less;
	case TWO('=', '='): return equal;
	default: return !equal;
	}
}

static const char *compute_double(unsigned code, double a, double b, const struct type *truth, struct value *result)
{
	struct type type = type_basic(BASIC_DOUBLE);
	if (is_comparison(code)) {
		bool unordered = a != a || b != b;
		bool is_true = unordered ? code == TWO('!', '=') : compare(code, a < b, a == b);
		*result = value_of_number(truth, is_true);
		return NULL;
	}
	switch (code) {
	case '+': a += b; break;
	case '-': a -= b; break;
	case '*': a *= b; break;
	case '/': a /= b; break;
	default: return "is a floating number";
	}
	*result = value_of_double(&type, a);
	return NULL;
}

static const char *compute_integer(unsigned code, const struct type *type, uint64_t a, uint64_t b, struct value *result)
{
	bool is_signed = type_signed(type);
	unsigned bits = 8 * (unsigned)type_size(type);
	if ((code == '/' || code == '%') && b == 0)
		return "division by zero";
	bool overflows = is_signed && b == UINT64_MAX; /* the least number by -1 */
	switch (code) {
	case TWO('<', '<'): a = b < bits ? a << b : 0; break;
	case TWO('>', '>'):
		a = is_signed ? (uint64_t)((int64_t)a >> (b < bits ? b : bits - 1)) : b < bits ? a >> b : 0;
		break;
	case '|': a |= b; break;
	case '^': a ^= b; break;
	case '&': a &= b; break;
	case '+': a += b; break;
	case '-': a -= b; break;
	case '*': a *= b; break;
	case '/': a = overflows ? -a : is_signed ? (uint64_t)((int64_t)a / (int64_t)b) : a / b; break;
	case '%': a = overflows ? 0 : is_signed ? (uint64_t)((int64_t)a % (int64_t)b) : a % b; break;
	default: return "is no such operation";
	}
	*result = cut_to(type, a);
	return NULL;
}

static bool is_address(const struct value *value)
{
	enum type_kind kind = type_kind(&value->type);
	return kind == KIND_POINTER || kind == KIND_ARRAY;
}

/* A pointer moves by elements; void and functions have one byte. */
static const char *move_pointer(const struct source_view *view, const struct value *pointer, const struct value *by,
                                bool back, struct value *result)
{
	uint64_t address, count;
	const char *reason = value_number(view, pointer, &address);
	if (!reason)
		reason = value_number(view, by, &count);
	if (reason)
		return reason;
	struct type target = type_target(&pointer->type), type = pointer->type;
	if (type_kind(&type) == KIND_ARRAY)
		type = type_pointer_to(&target);
	uint64_t size = type_size(&target);
	count *= size ? size : 1;
	*result = value_of_number(&type, back ? address - count : address + count);
	return NULL;
}

static const char *subtract_pointers(const struct source_view *view, const struct value *a, const struct value *b,
                                     struct value *result)
{
	uint64_t left, right;
	const char *reason = value_number(view, a, &left);
	if (!reason)
		reason = value_number(view, b, &right);
	struct type target = type_target(&a->type), type = type_basic(BASIC_LONG);
	uint64_t size = type_size(&target);
	if (size < 1 || size > INT32_MAX)
		size = 1;
	if (!reason)
		*result = value_of_number(&type, (uint64_t)((int64_t)(left - right) / (int64_t)size));
	return reason;
}

static const char *decide(const struct source_view *view, unsigned code, const struct value *a, const struct value *b,
                          struct value *result)
{
	double left, right;
	struct type type = truth_type(a, b);
	const char *reason = value_double(view, a, &left);
	if (!reason)
		reason = value_double(view, b, &right);
	if (!reason)
		*result = value_of_number(&type,
		                          code == TWO('&', '&') ? left != 0 && right != 0 : left != 0 || right != 0);
	return reason;
}

/* A literal beside something that has a type: the least of C's types that holds it. */
static struct value typed_literal(const struct value *literal, const struct value *beside)
{
	uint64_t number;
	memcpy(&number, literal->bytes, sizeof number);
	if (!type_is_literal(&literal->type) || type_is_word(&beside->type))
		return *literal;
	int64_t with_sign = (int64_t)number;
	struct type type = type_basic(with_sign >= INT32_MIN && with_sign <= INT32_MAX ? BASIC_INT
	                              : number <= UINT32_MAX                           ? BASIC_UINT
	                                                                               : BASIC_LONG);
	return value_of_number(&type, number);
}

const char *value_binary(const struct source_view *view, const char *operation, const struct value *left_operand,
                         const struct value *right_operand, struct value *result)
{
	struct value first_operand = typed_literal(left_operand, right_operand),
		     second_operand = typed_literal(right_operand, left_operand);
	const struct value *a = &first_operand, *b = &second_operand;
	unsigned code = code_of(operation);
	uint64_t left, right;
	double left_real, right_real;
	struct type truth = truth_type(a, b);
	const char *reason;
	if (code == TWO('&', '&') || code == TWO('|', '|'))
		return decide(view, code, a, b, result);
	if (code == '-' && is_address(a) && is_address(b))
		return subtract_pointers(view, a, b, result);
	if ((code == '+' || code == '-') && is_address(a))
		return move_pointer(view, a, b, code == '-', result);
	if (code == '+' && is_address(b))
		return move_pointer(view, b, a, false, result);
	if (type_kind(&a->type) == KIND_FLOAT || type_kind(&b->type) == KIND_FLOAT) {
		reason = value_double(view, a, &left_real);
		if (!reason)
			reason = value_double(view, b, &right_real);
		return reason ? reason : compute_double(code, left_real, right_real, &truth, result);
	}
	reason = value_number(view, a, &left);
	if (!reason)
		reason = value_number(view, b, &right);
	if (reason)
		return reason;
	bool addresses = is_address(a) || is_address(b) || type_kind(&a->type) == KIND_FUNCTION ||
	                 type_kind(&b->type) == KIND_FUNCTION;
	struct type type = addresses ? type_basic(BASIC_WORD)
	                             : common_type(&a->type, is_shift(code) ? &a->type : &b->type);
	struct value first = cut_to(&type, left), second = cut_to(&type, right);
	value_number(view, &first, &left);
	if (!is_shift(code))
		value_number(view, &second, &right);
	if (!is_comparison(code))
		return compute_integer(code, &type, left, right, result);
	bool less = type_signed(&type) ? (int64_t)left < (int64_t)right : left < right;
	*result = value_of_number(&truth, compare(code, less, left == right));
	return NULL;
}

const char *value_unary(const struct source_view *view, char operation, const struct value *value, struct value *result)
{
	uint64_t number;
	double real;
	struct type type = common_type(&value->type, &value->type), truth = truth_type(value, value);
	const char *reason;
	if (type_kind(&value->type) == KIND_FLOAT && operation != '~') {
		reason = value_double(view, value, &real);
		*result = operation == '!' ? value_of_number(&truth, real == 0)
		                           : value_of_double(&value->type, operation == '-' ? -real : real);
		return reason;
	}
	reason = value_number(view, value, &number);
	if (reason)
		return reason;
	switch (operation) {
	case '!': *result = value_of_number(&truth, number == 0); break;
	case '-': *result = cut_to(&type, -number); break;
	case '~': *result = cut_to(&type, ~number); break;
	default: *result = cut_to(&type, number);
	}
	return NULL;
}

const char *value_assign_bytes(const struct source_view *view, const struct value *target, const struct value *source,
                               uint8_t *bytes, size_t *size, size_t *skip)
{
	struct value converted;
	const char *reason;
	uint64_t whole = type_size(&target->type);
	*skip = 0;
	if (!value_is_lvalue(target))
		return target->kind == PLACE_LOST ? "optimized out" : "cannot be written";
	enum type_kind kind = type_kind(&target->type);
	if (kind == KIND_STRUCT || kind == KIND_UNION || kind == KIND_ARRAY || kind == KIND_FUNCTION ||
	    kind == KIND_VOID)
		return "can only be written member by member";
	if (!target->bit_size) {
		*size = (size_t)whole;
		reason = value_cast(view, source, &target->type, &converted);
		if (whole < 1 || whole > 16)
			return "is of a type that is not known here";
		return reason ? reason : value_read(view, &converted, bytes, *size);
	}
	uint64_t number, mask = target->bit_size < 64 ? (UINT64_C(1) << target->bit_size) - 1 : UINT64_MAX;
	unsigned shift = target->bit_offset % 8;
	*skip = target->bit_offset / 8;
	*size = (shift + target->bit_size + 7) / 8;
	if (*size > 8)
		return "lies across too many bytes";
	reason = value_number(view, source, &number);
	if (reason)
		return reason;
	struct value old = *target;
	uint64_t around = 0;
	old.bit_size = 0;
	old.address += target->kind == PLACE_MEMORY ? *skip : 0;
	reason = value_read(view, &old, &around, *size);
	if (reason)
		return reason;
	around = (around & ~(mask << shift)) | (number & mask) << shift;
	memcpy(bytes, &around, sizeof around);
	return NULL;
}
