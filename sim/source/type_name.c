#include "source/type_name.h"

#include <dwarf.h>
#include <string.h>
#include "source/names.h"

static const char *const basic_names[] = {
    [BASIC_WORD] = "unsigned long",
    [BASIC_LITERAL] = "unsigned long",
    [BASIC_VOID] = "void",
    [BASIC_CHAR] = "char",
    [BASIC_SCHAR] = "signed char",
    [BASIC_UCHAR] = "unsigned char",
    [BASIC_SHORT] = "short",
    [BASIC_USHORT] = "unsigned short",
    [BASIC_INT] = "int",
    [BASIC_UINT] = "unsigned int",
    [BASIC_LONG] = "long",
    [BASIC_ULONG] = "unsigned long",
    [BASIC_BOOL] = "bool",
    [BASIC_FLOAT] = "float",
    [BASIC_DOUBLE] = "double",
};

/* A declaration as it grows: to the left of and behind what is declared. */
struct declaration {
	char text[512];
	struct type *leaf;    /* not NULL: gets the type that all is made of, which is not written then */
	char qualifiers[64]; /* the leaf's, in that case */
};

static void put_before(struct declaration *declaration, const char *text)
{
	size_t room = sizeof declaration->text - 1, length = strnlen(text, room), kept = strlen(declaration->text);
	if (kept > room - length)
		kept = room - length;
	memmove(declaration->text + length, declaration->text, kept);
	memcpy(declaration->text, text, length);
	declaration->text[length + kept] = '\0';
}

static void put_behind(struct declaration *declaration, const char *text)
{
	size_t length = strlen(declaration->text);
	snprintf(declaration->text + length, sizeof declaration->text - length, "%s", text);
}

/* What stands behind binds closer than a pointer. */
static void bind(struct declaration *declaration)
{
	if (declaration->text[0] == '*' || declaration->text[0] == '&') {
		put_before(declaration, "(");
		put_behind(declaration, ")");
	}
}

static void declare(const struct type *type, struct declaration *declaration, unsigned depth);

static void declare_parameters(const struct type *type, struct declaration *declaration, unsigned depth)
{
	Dwarf_Die at, function = type->die;
	bool first = true;
	bind(declaration);
	put_behind(declaration, "(");
	for (bool more = die_child(&function, &at); more; more = die_next(&at)) {
		if (dwarf_tag(&at) == DW_TAG_unspecified_parameters) {
			put_behind(declaration, first ? "..." : ", ...");
			first = false;
		}
		if (dwarf_tag(&at) != DW_TAG_formal_parameter)
			continue;
		struct declaration one = {.leaf = NULL};
		struct type parameter = type_of(type->program, &at);
		declare(&parameter, &one, depth);
		put_behind(declaration, first ? "" : ", ");
		put_behind(declaration, one.text);
		first = false;
	}
	if (first && (die_flag(&function, DW_AT_prototyped) || die_is_cplusplus(&function)))
		put_behind(declaration, "void");
	put_behind(declaration, ")");
}

/* Of the names of C's integers, which each compiler writes its own way, the one that a user would write. */
static const char *short_name(const char *name)
{
	static const char *const names[][2] = {
	    {"long unsigned int", "unsigned long"},           {"long int", "long"},
	    {"short unsigned int", "unsigned short"},         {"short int", "short"},
	    {"long long unsigned int", "unsigned long long"}, {"long long int", "long long"},
	};
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i][0], name) == 0)
			return names[i][1];
	return name;
}

/* What an entry is called itself, as its language has it. */
static void die_own_name(const struct type *type, char *text, size_t size)
{
	Dwarf_Die die = type->die;
	const char *name = die_name(&die);
	int tag = dwarf_tag(&die);
	bool is_c = !die_is_cplusplus(&die) && !die_is_rust(&die);
	const char *keyword = "";
	if (is_c || !name)
		keyword = tag == DW_TAG_structure_type     ? "struct "
		          : tag == DW_TAG_class_type       ? "class "
		          : tag == DW_TAG_union_type       ? "union "
		          : tag == DW_TAG_enumeration_type ? "enum "
		                                           : "";
	snprintf(text, size, "%s", keyword);
	size_t length = strlen(text);
	if (!is_c)
		names_scope(type->program, &die, text + length, size - length);
	if (tag == DW_TAG_base_type && name)
		name = short_name(name);
	length = strlen(text);
	snprintf(text + length, size - length, "%s", name ? name : *keyword ? "{...}" : "?");
}

static void finish(struct declaration *declaration, const struct type *type, const char *name)
{
	if (declaration->leaf) {
		*declaration->leaf = *type;
		return;
	}
	if (declaration->text[0])
		put_before(declaration, " ");
	put_before(declaration, name);
}

static void declare_array(struct type *bare, struct declaration *declaration, unsigned depth)
{
	char count[32];
	uint64_t number;
	bool known = type_count(bare, &number);
	bind(declaration);
	snprintf(count, sizeof count, known ? "[%llu]" : "[]", (unsigned long long)number);
	put_behind(declaration, count);
	struct type element = type_target(bare);
	declare(&element, declaration, depth);
}

/* Pointers have their qualifiers behind the star, others before the name. */
static void declare_qualified(const struct type *type, const char *word, struct declaration *declaration,
                              unsigned depth)
{
	char name[64];
	Dwarf_Die die = type->die;
	struct type target = type_of(type->program, &die);
	if (target.program && dwarf_tag(&target.die) == DW_TAG_pointer_type) {
		snprintf(name, sizeof name, "%s%s", word,
		         declaration->text[0] && declaration->text[0] != '[' ? " " : "");
		put_before(declaration, name);
		put_before(declaration, " ");
		declare(&target, declaration, depth);
		return;
	}
	declare(&target, declaration, depth);
	if (target.program && dwarf_tag(&target.die) == DW_TAG_array_type)
		return; /* its elements are */
	if (declaration->leaf) {
		size_t length = strlen(declaration->qualifiers);
		snprintf(declaration->qualifiers + length, sizeof declaration->qualifiers - length, "%s ", word);
		return;
	}
	snprintf(name, sizeof name, "%s ", word);
	put_before(declaration, name);
}

static void declare_die(const struct type *type, struct declaration *declaration, unsigned depth)
{
	struct type target, bare = *type;
	char name[256];
	switch (dwarf_tag(&bare.die)) {
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		if (die_is_rust(&bare.die) && die_name(&bare.die))
			break;
		put_before(declaration, dwarf_tag(&bare.die) == DW_TAG_pointer_type     ? "*"
		                        : dwarf_tag(&bare.die) == DW_TAG_reference_type ? "&"
		                                                                        : "&&");
		target = type_of(bare.program, &bare.die);
		declare(&target, declaration, depth);
		return;
	case DW_TAG_array_type: declare_array(&bare, declaration, depth); return;
	case DW_TAG_const_type: declare_qualified(&bare, "const", declaration, depth); return;
	case DW_TAG_volatile_type: declare_qualified(&bare, "volatile", declaration, depth); return;
	case DW_TAG_atomic_type: declare_qualified(&bare, "_Atomic", declaration, depth); return;
	case DW_TAG_restrict_type: declare_qualified(&bare, "restrict", declaration, depth); return;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		declare_parameters(&bare, declaration, depth);
		target = type_of(bare.program, &bare.die);
		declare(&target, declaration, depth);
		return;
	default: break;
	}
	die_own_name(&bare, name, sizeof name);
	finish(declaration, &bare, name);
}

static void declare(const struct type *type, struct declaration *declaration, unsigned depth)
{
	struct type inner = *type;
	if (depth == 0) {
		finish(declaration, &inner, "...");
		return;
	}
	if (inner.times) {
		declare_array(&inner, declaration, depth);
		return;
	}
	for (; inner.stars; inner.stars--)
		put_before(declaration, "*");
	if (inner.program)
		declare_die(&inner, declaration, depth - 1);
	else
		finish(declaration, &inner, basic_names[inner.basic]);
}

const char *type_name(const struct type *type, const char *declarator, char *text, size_t size)
{
	enum { NAME_DEPTH = 24 };
	struct declaration declaration = {.leaf = NULL};
	snprintf(declaration.text, sizeof declaration.text, "%s", declarator);
	declare(type, &declaration, NAME_DEPTH);
	snprintf(text, size, "%s", declaration.text);
	return text;
}

/* ---- definitions ---- */

enum { MEMBERS_MAX = 4096 };

static void print_indent(FILE *out, unsigned depth) { fprintf(out, "%*s", (int)depth * 4, ""); }

static void print_definition(FILE *out, const struct type *type, const char *declarator, unsigned depth,
                             unsigned *left);

/* Of an enum of Rust: each is a type of its own. */
static void print_variants(FILE *out, const struct type *bare, Dwarf_Die *part, unsigned depth, unsigned *left)
{
	char name[512];
	Dwarf_Die variant, member;
	for (bool more = die_child(part, &variant); more && *left; more = die_next(&variant), --*left) {
		if (dwarf_tag(&variant) != DW_TAG_variant || !die_child(&variant, &member))
			continue;
		struct type type = type_of(bare->program, &member);
		print_indent(out, depth + 1);
		fprintf(out, "%s;\n", type_name(&type, "", name, sizeof name));
	}
}

static void print_members(FILE *out, const struct type *bare, unsigned depth, unsigned *left)
{
	Dwarf_Die member = {0};
	while (*left && type_member_next(bare, &member)) {
		char declarator[128];
		uint64_t bit_offset, bit_size = 0;
		const char *name = die_name(&member);
		struct type type = type_of(bare->program, &member);
		--*left;
		if (dwarf_tag(&member) == DW_TAG_variant_part) {
			print_variants(out, bare, &member, depth, left);
			continue;
		}
		member_place(&member, &bit_offset, &bit_size);
		if (bit_size)
			snprintf(declarator, sizeof declarator, "%s : %u", name ? name : "", (unsigned)bit_size);
		else
			snprintf(declarator, sizeof declarator, "%s",
			         dwarf_tag(&member) == DW_TAG_inheritance ? "<base>"
			         : name                                   ? name
			                                                  : "");
		print_indent(out, depth + 1);
		print_definition(out, &type, declarator, depth + 1, left);
		fputs(";\n", out);
	}
	if (!*left)
		fputs("...\n", out);
}

static void print_enumerators(FILE *out, const struct type *bare, unsigned *left)
{
	Dwarf_Die enumerator, die = bare->die;
	int64_t value, expected = 0;
	bool first = true;
	fputc('{', out);
	for (bool more = die_child(&die, &enumerator); more && *left; more = die_next(&enumerator), --*left) {
		const char *name = die_name(&enumerator);
		if (dwarf_tag(&enumerator) != DW_TAG_enumerator || !name)
			continue;
		fprintf(out, "%s%s", first ? "" : ", ", name);
		first = false;
		if (die_signed(&enumerator, DW_AT_const_value, &value) && value != expected)
			fprintf(out, " = %lld", (long long)value);
		expected = (int64_t)((uint64_t)value + 1);
	}
	fputc('}', out);
}

/* What can be opened: a struct without a name inside another, and the outermost whatever it is. */
static void print_definition(FILE *out, const struct type *type, const char *declarator, unsigned depth, unsigned *left)
{
	char name[512];
	struct type opened = depth ? *type : type_bare(type);
	enum type_kind kind = type_kind(&opened);
	bool aggregate = kind == KIND_STRUCT || kind == KIND_UNION || kind == KIND_ENUM;
	if (!aggregate || !opened.program || opened.stars || depth > SOURCE_DEPTH_MAX / 4 ||
	    (depth && (die_name(&opened.die) || type_is_transparent(&opened)))) {
		fputs(type_name(&opened, declarator, name, sizeof name), out);
		return;
	}
	die_own_name(&opened, name, sizeof name);
	if (!die_name(&opened.die))
		name[strcspn(name, " {")] = '\0';
	fprintf(out, "%s ", name);
	if (kind == KIND_ENUM) {
		print_enumerators(out, &opened, left);
	} else {
		fputs("{\n", out);
		print_members(out, &opened, depth, left);
		print_indent(out, depth);
		fputc('}', out);
	}
	if (*declarator)
		fprintf(out, " %s", declarator);
}

/* What pointers, arrays and functions lead to is opened, through typedefs. */
void type_print(FILE *out, const struct type *type)
{
	unsigned left = MEMBERS_MAX;
	struct type leaf = *type;
	struct declaration declaration = {.leaf = &leaf};
	for (unsigned i = 0; i < SOURCE_DEPTH_MAX; i++) {
		struct type whole = leaf;
		declare(&whole, &declaration, SOURCE_DEPTH_MAX);
		if (!leaf.program || leaf.stars || dwarf_tag(&leaf.die) != DW_TAG_typedef)
			break;
		leaf = type_of(leaf.program, &leaf.die);
	}
	fputs(declaration.qualifiers, out);
	print_definition(out, &leaf, declaration.text, 0, &left);
	fputc('\n', out);
}
