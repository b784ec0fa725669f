#include "source/format.h"

#include <ctype.h>
#include <dwarf.h>
#include <inttypes.h>
#include <string.h>
#include "source/type_name.h"

enum {
	ELEMENTS_MAX = 200, /* of an array, a text or all of a value together times ten */
	REPEATS_MIN = 10,   /* so many that are alike are told as one */
	PARTS_MAX = 2000,   /* values printed for one question */
	NEST_MAX = 20,
};

struct formatting {
	FILE *out;
	const struct source_view *view;
	char letter;
	unsigned left; /* of PARTS_MAX */
};

static void format_within(struct formatting *formatting, const struct value *value, unsigned depth, bool outermost);

bool format_is_letter(char letter) { return letter && strchr("xdutocazsf", letter); }

static void format_lost(struct formatting *formatting, const char *reason) { fprintf(formatting->out, "<%s>", reason); }

/* ---- scalars ---- */

static void print_bits(FILE *out, uint64_t number, unsigned digits, unsigned per_digit)
{
	bool some = false;
	for (unsigned i = digits; i--;) {
		unsigned digit = (unsigned)(number >> i * per_digit) & ((1u << per_digit) - 1);
		if (digit || some || i == 0)
			fprintf(out, "%u", digit);
		some |= digit != 0;
	}
}

static void print_escaped(FILE *out, unsigned c, char quote)
{
	static const char names[] = "\a\b\f\n\r\t\v\033", letters[] = "abfnrtve";
	const char *known = c ? strchr(names, (int)c) : NULL;
	if (known)
		fprintf(out, "\\%c", letters[known - names]);
	else if (c == (unsigned char)quote || c == '\\')
		fprintf(out, "\\%c", (char)c);
	else if (c < 128 && isprint((int)c))
		fputc((int)c, out);
	else
		fprintf(out, "\\%03o", c);
}

static void print_character(struct formatting *formatting, uint64_t number, uint64_t size, bool is_signed)
{
	fprintf(formatting->out, is_signed ? "%" PRId64 " '" : "%" PRIu64 " '", number);
	if (size == 1)
		print_escaped(formatting->out, (unsigned)(number & 0xff), '\'');
	else if (number < 128)
		print_escaped(formatting->out, (unsigned)number, '\'');
	else
		fprintf(formatting->out, "\\u{%" PRIx64 "}", number);
	fputc('\'', formatting->out);
}

static void print_symbol(struct formatting *formatting, uint64_t address)
{
	char text[200];
	if (formatting->view->symbol)
		fputs(formatting->view->symbol(formatting->view->context, address, text, sizeof text), formatting->out);
}

/* A number by a letter: of `bits` bits, and extended by its own sign. */
static void print_by_letter(struct formatting *formatting, uint64_t number, unsigned bits, bool is_signed, char letter)
{
	FILE *out = formatting->out;
	uint64_t mask = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX, cut = number & mask;
	unsigned shift = 64 - (bits < 64 ? bits : 64);
	int64_t with_sign = (int64_t)(number << shift) >> shift;
	switch (letter) {
	case 'd': fprintf(out, "%" PRId64, with_sign); break;
	case 'u': fprintf(out, "%" PRIu64, cut); break;
	case 't': print_bits(out, cut, bits, 1); break;
	case 'o':
		fputs(cut ? "0" : "", out);
		print_bits(out, cut, 22, 3);
		break;
	case 'c':
		print_character(formatting, is_signed ? (uint64_t)(int64_t)(int8_t)number : number & 0xff, 1,
		                is_signed);
		break;
	case 'a':
		fprintf(out, "0x%" PRIx64, number);
		print_symbol(formatting, number);
		break;
	case 'z': fprintf(out, "0x%0*" PRIx64, (int)(bits + 3) / 4, cut); break;
	default: fprintf(out, "0x%" PRIx64, cut);
	}
}

static bool enumerator_at(Dwarf_Die *enumeration, Dwarf_Die *enumerator, bool more)
{
	for (; more; more = die_next(enumerator))
		if (dwarf_tag(enumerator) == DW_TAG_enumerator && die_name(enumerator))
			return true;
	(void)enumeration;
	return false;
}

/* The name of a value, or the flags that make it up, as gdb has them. */
static void print_enum(struct formatting *formatting, const struct type *type, uint64_t number)
{
	struct type bare = type_bare(type);
	Dwarf_Die at;
	int64_t value;
	const char *scope = "";
	uint64_t rest = number, known = 0;
	bool flags = true, more = die_child(&bare.die, &at), first = true;
	char prefix[256] = "";
	if ((die_is_cplusplus(&bare.die) || die_is_rust(&bare.die)) && die_flag(&bare.die, DW_AT_enum_class)) {
		type_name(&bare, "", prefix, sizeof prefix - 2);
		strcat(prefix, "::");
	}
	for (bool some = enumerator_at(&bare.die, &at, more); some;
	     some = enumerator_at(&bare.die, &at, die_next(&at))) {
		if (!die_signed(&at, DW_AT_const_value, &value))
			continue;
		if ((uint64_t)value == number) {
			fprintf(formatting->out, "%s%s%s", prefix, scope, die_name(&at));
			return;
		}
		flags &= value >= 0 && (value & (value - 1)) == 0 && !(known & (uint64_t)value);
		known |= (uint64_t)value;
	}
	if (!flags || !(number & known)) {
		if (flags && number == 0)
			fputs("0", formatting->out);
		else
			fprintf(formatting->out, flags ? "(unknown: 0x%" PRIx64 ")" : "%" PRId64, number);
		return;
	}
	fputc('(', formatting->out);
	more = die_child(&bare.die, &at);
	for (bool some = enumerator_at(&bare.die, &at, more); some; some = enumerator_at(&bare.die, &at, die_next(&at)))
		if (die_signed(&at, DW_AT_const_value, &value) && value && (number & (uint64_t)value)) {
			fprintf(formatting->out, "%s%s%s", first ? "" : " | ", prefix, die_name(&at));
			rest &= ~(uint64_t)value;
			first = false;
		}
	if (rest)
		fprintf(formatting->out, " | unknown: 0x%" PRIx64, rest);
	fputc(')', formatting->out);
}

static void print_double(struct formatting *formatting, const struct value *value)
{
	double number;
	char text[40];
	const char *reason = value_double(formatting->view, value, &number);
	if (reason) {
		format_lost(formatting, reason);
		return;
	}
	if (number != number) {
		fprintf(formatting->out, "nan(0x%" PRIx64 ")", (uint64_t)0x8000000000000);
		return;
	}
	snprintf(text, sizeof text, "%.*g", type_size(&value->type) == 4 ? 9 : 17, number);
	fputs(text, formatting->out);
}

/* ---- texts ---- */

/* Bytes as a text in quotes, with what is repeated told as such. `cut`: there is more of it. */
static void format_quoted(FILE *out, const uint8_t *bytes, size_t count, bool cut)
{
	bool quoted = false, some = false;
	for (size_t i = 0; i < count;) {
		size_t alike = 1;
		while (i + alike < count && bytes[i + alike] == bytes[i])
			alike++;
		if (alike >= REPEATS_MIN) {
			fputs(quoted ? "\", " : some ? ", " : "", out);
			fputc('\'', out);
			print_escaped(out, bytes[i], '\'');
			fprintf(out, "' <repeats %zu times>", alike);
			quoted = false;
			i += alike;
		} else {
			fputs(quoted ? "" : some ? ", \"" : "\"", out);
			quoted = true;
			print_escaped(out, bytes[i++], '"');
		}
		some = true;
	}
	fputs(quoted ? "\"" : some ? "" : "\"\"", out);
	fputs(cut ? "..." : "", out);
}

/* What a char pointer leads to, up to its end. */
static void print_text_at(struct formatting *formatting, uint64_t address)
{
	uint8_t bytes[ELEMENTS_MAX];
	size_t count = 0;
	const struct source_view *view = formatting->view;
	while (count < sizeof bytes && view->read(view->context, address + count, bytes + count, 1) && bytes[count])
		count++;
	uint8_t end = 1;
	bool readable = view->read(view->context, address + count, &end, 1);
	if (count == 0 && !readable) {
		fprintf(formatting->out, " <cannot be read>");
		return;
	}
	fputc(' ', formatting->out);
	format_quoted(formatting->out, bytes, count, count == sizeof bytes && end);
}

static bool is_text_element(const struct type *type)
{
	struct type bare = type_bare(type);
	return type_kind(&bare) == KIND_CHARACTER && type_size(&bare) == 1;
}

static void print_pointer(struct formatting *formatting, const struct value *value, uint64_t address, bool outermost)
{
	char name[256];
	struct type target = type_target(&value->type), bare = type_bare(&target);
	bool text = is_text_element(&target), function = type_kind(&bare) == KIND_FUNCTION;
	if (outermost && !text)
		fprintf(formatting->out, "(%s) ", type_name(&value->type, "", name, sizeof name));
	fprintf(formatting->out, "0x%" PRIx64, address);
	if (address && (!text || function || formatting->view->symbol))
		print_symbol(formatting, address);
	if (text && address)
		print_text_at(formatting, address);
}

static void format_scalar(struct formatting *formatting, const struct value *value, bool outermost)
{
	enum type_kind kind = type_kind(&value->type);
	char letter = formatting->letter;
	uint64_t number;
	if (kind == KIND_FLOAT && (letter == 0 || letter == 's' || letter == 'f')) {
		print_double(formatting, value);
		return;
	}
	const char *reason = value_number(formatting->view, value, &number);
	if (reason) {
		format_lost(formatting, reason);
		return;
	}
	uint64_t size = type_size(&value->type);
	if (letter && letter != 's' && letter != 'f') {
		print_by_letter(formatting, number, size < 8 ? 8 * (unsigned)size : 64, type_signed(&value->type),
		                letter);
		return;
	}
	switch (kind) {
	case KIND_CHARACTER: print_character(formatting, number, size, type_signed(&value->type)); break;
	case KIND_BOOLEAN:
		if (number > 1)
			fprintf(formatting->out, "%" PRIu64, number);
		else
			fputs(number ? "true" : "false", formatting->out);
		break;
	case KIND_ENUM: print_enum(formatting, &value->type, number); break;
	case KIND_POINTER: print_pointer(formatting, value, number, outermost); break;
	default: fprintf(formatting->out, type_signed(&value->type) ? "%" PRId64 : "%" PRIu64, number);
	}
}

/* Integers of 128 bits, which C of the host can print in hexadecimal only. */
static void format_wide(struct formatting *formatting, const struct value *value)
{
	uint64_t halves[2];
	const char *reason = value_read(formatting->view, value, halves, sizeof halves);
	if (reason) {
		format_lost(formatting, reason);
		return;
	}
	unsigned __int128 number = (unsigned __int128)halves[1] << 64 | halves[0];
	bool negative = type_signed(&value->type) && halves[1] >> 63, hexadecimal = formatting->letter == 'x';
	char digits[48];
	unsigned count = 0, base = hexadecimal ? 16 : 10;
	if (negative && !hexadecimal)
		number = -number;
	do
		digits[count++] = "0123456789abcdef"[(unsigned)(number % base)];
	while ((number /= base) != 0);
	fputs(hexadecimal ? "0x" : negative ? "-" : "", formatting->out);
	while (count)
		fputc(digits[--count], formatting->out);
}

/* ---- aggregates ---- */

/* Up to ELEMENTS_MAX bytes of an array of characters. */
static bool format_text(struct formatting *formatting, const struct value *value, uint64_t count)
{
	uint8_t bytes[ELEMENTS_MAX];
	size_t shown = count < sizeof bytes ? (size_t)count : sizeof bytes;
	const char *reason = value_read(formatting->view, value, bytes, shown);
	if (reason)
		return false;
	bool cut = count > shown;
	if (!cut && shown && bytes[shown - 1] == 0)
		shown--;
	format_quoted(formatting->out, bytes, shown, cut);
	return true;
}

/* Do two elements, which were read from where they lie, have the same bytes? */
static bool alike(struct formatting *formatting, const struct value *array, int64_t a, int64_t b)
{
	uint8_t left[256], right[256];
	struct value first, second;
	if (value_index(formatting->view, array, a, &first) || value_index(formatting->view, array, b, &second))
		return false;
	uint64_t size = type_size(&first.type);
	return size && size <= sizeof left && !value_read(formatting->view, &first, left, (size_t)size) &&
	       !value_read(formatting->view, &second, right, (size_t)size) && memcmp(left, right, (size_t)size) == 0;
}

static void format_elements(struct formatting *formatting, const struct value *value, uint64_t count, unsigned depth)
{
	uint64_t shown = 0, things = 0;
	while (shown < count && things < ELEMENTS_MAX && formatting->left) {
		struct value element;
		uint64_t same = 1;
		fputs(shown ? ", " : "", formatting->out);
		const char *reason = value_index(formatting->view, value, (int64_t)shown, &element);
		if (reason) {
			format_lost(formatting, reason);
			return;
		}
		while (shown + same < count && same < 100000 &&
		       alike(formatting, value, (int64_t)shown, (int64_t)(shown + same)))
			same++;
		format_within(formatting, &element, depth + 1, false);
		if (same >= REPEATS_MIN)
			fprintf(formatting->out, " <repeats %" PRIu64 " times>", same);
		else
			same = 1;
		shown += same;
		things += same >= REPEATS_MIN ? REPEATS_MIN : 1;
	}
	fputs(shown < count ? "..." : "", formatting->out);
}

static void format_array(struct formatting *formatting, const struct value *value, unsigned depth)
{
	struct type element = type_target(&value->type);
	uint64_t count, size = type_size(&element);
	bool known = type_count(&value->type, &count);
	bool rust = value->type.program && !value->type.times && die_is_rust(&value->type.die);
	bool by_letter = formatting->letter && formatting->letter != 's';
	if (size == 0 || count > UINT64_MAX / 2 / size) {
		fputs("{...}", formatting->out);
		return;
	}
	if (is_text_element(&element) && !by_letter && known && format_text(formatting, value, count))
		return;
	fputs(rust ? "[" : "{", formatting->out);
	format_elements(formatting, value, count, depth);
	fputs(rust ? "]" : "}", formatting->out);
}

static void format_member(struct formatting *formatting, const struct value *value, Dwarf_Die *entry, unsigned depth)
{
	struct value member;
	const char *reason = value_of_member(formatting->view, value, entry, &member);
	if (reason)
		format_lost(formatting, reason);
	else
		format_within(formatting, &member, depth + 1, false);
}

/* ---- Rust ---- */

/* The variant that an enum holds: the one of the discriminant's value, or the one that has none of its own. */
static bool rust_variant(struct formatting *formatting, const struct value *value, Dwarf_Die *part, Dwarf_Die *chosen)
{
	Dwarf_Die discriminant, variant;
	struct value tag;
	uint64_t number = 0, own;
	bool has_tag = die_reference(part, DW_AT_discr, &discriminant), found = false;
	if (has_tag && (value_of_member(formatting->view, value, &discriminant, &tag) ||
	                value_number(formatting->view, &tag, &number)))
		return false;
	uint64_t size = has_tag ? type_size(&tag.type) : 8,
		 mask = size < 8 ? (UINT64_C(1) << 8 * size) - 1 : UINT64_MAX;
	for (bool more = die_child(part, &variant); more; more = die_next(&variant)) {
		if (dwarf_tag(&variant) != DW_TAG_variant)
			continue;
		bool has_own = die_unsigned(&variant, DW_AT_discr_value, &own);
		if (has_own && has_tag && ((own ^ number) & mask) != 0)
			continue;
		*chosen = variant;
		found = true;
		if (has_own)
			break;
	}
	return found && die_child(chosen, chosen) && dwarf_tag(chosen) == DW_TAG_member;
}

/* A fat pointer: a text, or what it leads to as an array. */
static bool format_slice(struct formatting *formatting, const struct value *value, unsigned depth)
{
	struct value pointer, length, whole;
	uint64_t address, count;
	if (value_member(formatting->view, value, "data_ptr", &pointer) ||
	    value_member(formatting->view, value, "length", &length) ||
	    value_number(formatting->view, &pointer, &address) || value_number(formatting->view, &length, &count))
		return false;
	Dwarf_Die die = value->type.die;
	const char *name = die_name(&die);
	struct type element = type_target(&pointer.type);
	if (name && strstr(name, "str") && type_size(&element) == 1) {
		uint8_t bytes[ELEMENTS_MAX];
		size_t shown = count < sizeof bytes ? (size_t)count : sizeof bytes;
		if (!formatting->view->read(formatting->view->context, address, bytes, shown))
			return false;
		format_quoted(formatting->out, bytes, shown, count > shown);
		return true;
	}
	whole = value_in_memory(&element, address);
	if (count > UINT32_MAX || type_size(&element) == 0)
		return false;
	whole.type = type_times(&element, (uint32_t)count);
	fputc('[', formatting->out);
	if (count)
		format_elements(formatting, &whole, count, depth);
	fputc(']', formatting->out);
	return true;
}

/* Name {a: 1}, Name(1), (1, 2), Name: as Rust writes it.  A variant's name stands close. */
static void format_rust(struct formatting *formatting, const struct value *value, unsigned depth, bool is_variant)
{
	Dwarf_Die entry = {0}, chosen, die = value->type.die;
	char name[300];
	const char *own = die_name(&die), *member;
	bool first = true, tuple = false;
	if (format_slice(formatting, value, depth))
		return;
	while (type_member_next(&value->type, &entry))
		if (dwarf_tag(&entry) == DW_TAG_variant_part) {
			struct value inner;
			if (!rust_variant(formatting, value, &entry, &chosen) ||
			    value_of_member(formatting->view, value, &chosen, &inner) || depth >= NEST_MAX) {
				fputs("<no such variant>", formatting->out);
				return;
			}
			inner.type = type_bare(&inner.type);
			format_rust(formatting, &inner, depth + 1, true);
			return;
		}
	if (!own || *own != '(')
		fputs(type_name(&value->type, "", name, sizeof name), formatting->out);
	entry = (Dwarf_Die){0};
	while (type_member_next(&value->type, &entry) && formatting->left) {
		member = die_name(&entry);
		tuple |= first && member && strncmp(member, "__", 2) == 0 && isdigit((unsigned char)member[2]);
		if (first)
			fputs(tuple ? "(" : is_variant ? "{" : " {", formatting->out);
		fputs(first ? "" : ", ", formatting->out);
		first = false;
		if (!tuple && member)
			fprintf(formatting->out, "%s: ", member);
		format_member(formatting, value, &entry, depth);
	}
	fputs(first ? "" : tuple ? ")" : "}", formatting->out);
}

static void format_struct(struct formatting *formatting, const struct value *value, unsigned depth)
{
	Dwarf_Die entry = {0};
	char name[256];
	bool first = true;
	fputc('{', formatting->out);
	while (type_member_next(&value->type, &entry)) {
		if (!formatting->left) {
			fputs("...", formatting->out);
			break;
		}
		int tag = dwarf_tag(&entry);
		const char *own = die_name(&entry);
		if (tag == DW_TAG_variant_part)
			continue;
		fputs(first ? "" : ", ", formatting->out);
		first = false;
		if (tag == DW_TAG_inheritance) {
			struct type base = type_of(value->type.program, &entry);
			fprintf(formatting->out, "<%s> = ", type_name(&base, "", name, sizeof name));
		} else if (own) {
			fprintf(formatting->out, "%s = ", own);
		}
		format_member(formatting, value, &entry, depth);
	}
	fputc('}', formatting->out);
}

static void format_within(struct formatting *formatting, const struct value *value, unsigned depth, bool outermost)
{
	struct value bare = *value;
	char name[300];
	bare.type = type_bare(&value->type);
	enum type_kind kind = type_kind(&bare.type);
	if (formatting->left)
		formatting->left--;
	if (depth > NEST_MAX || !formatting->left) {
		fputs(kind == KIND_STRUCT || kind == KIND_UNION || kind == KIND_ARRAY ? "{...}" : "...",
		      formatting->out);
		return;
	}
	if (value->kind == PLACE_LOST) {
		format_lost(formatting, value->reason ? value->reason : "optimized out");
		return;
	}
	switch (kind) {
	case KIND_STRUCT:
	case KIND_UNION:
		if (kind == KIND_STRUCT && bare.type.program && die_is_rust(&bare.type.die))
			format_rust(formatting, &bare, depth, false);
		else
			format_struct(formatting, &bare, depth);
		return;
	case KIND_ARRAY: format_array(formatting, &bare, depth); return;
	case KIND_FUNCTION:
		fprintf(formatting->out, "{%s} 0x%" PRIx64, type_name(&value->type, "", name, sizeof name),
		        value->address);
		print_symbol(formatting, value->address);
		return;
	case KIND_VOID: fputs("void", formatting->out); return;
	case KIND_REFERENCE: {
		struct value target;
		const char *reason = value_follow(formatting->view, &bare, &target);
		if (reason) {
			format_lost(formatting, reason);
			return;
		}
		fprintf(formatting->out, "@0x%" PRIx64 ": ", target.address);
		format_within(formatting, &target, depth + 1, false);
		return;
	}
	default: break;
	}
	/* the type as it is named: a pointer is told with it */
	if (type_size(&bare.type) == 16 && kind == KIND_INTEGER)
		format_wide(formatting, value);
	else
		format_scalar(formatting, value, outermost);
}

void format_value(FILE *out, const struct source_view *view, const struct value *value, char letter, bool outermost)
{
	struct formatting formatting = {out, view, letter, PARTS_MAX};
	format_within(&formatting, value, 0, outermost);
}
