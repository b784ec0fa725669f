/* Names of types in expressions: those of C, and those of programs. */
#include <ctype.h>
#include <stdlib.h>
#include <dwarf.h>
#include <string.h>
#include "debug/evaluate.h"
#include "debug/programs.h"
#include "source/names.h"

static void skip_blanks(const char **text) { *text += strspn(*text, " \t"); }

static bool take_word(const char **text, const char *word)
{
	size_t length = strlen(word);
	if (strncmp(*text, word, length) != 0 || isalnum((unsigned char)(*text)[length]) || (*text)[length] == '_' ||
	    (*text)[length] == ':')
		return false;
	*text += length;
	skip_blanks(text);
	return true;
}

/* Words of C's own types, in any order: "unsigned long int". */
static bool basic_type(const char **text, struct type *type)
{
	static const char *const words[] = {"unsigned", "signed", "long",  "short", "int", "char",
	                                    "float",    "double", "_Bool", "bool",  "void"};
	enum { COUNT = sizeof words / sizeof words[0] };
	unsigned seen[COUNT] = {0}, total = 0;
	for (unsigned i = 0; i < COUNT;)
		if (take_word(text, words[i])) {
			seen[i]++;
			total++;
			i = 0;
		} else {
			i++;
		}
	if (total == 0)
		return false;
	bool is_unsigned = seen[0] != 0;
	enum basic basic = is_unsigned ? BASIC_UINT : BASIC_INT;
	if (seen[10])
		basic = BASIC_VOID;
	else if (seen[9] || seen[8])
		basic = BASIC_BOOL;
	else if (seen[7])
		basic = BASIC_DOUBLE;
	else if (seen[6])
		basic = BASIC_FLOAT;
	else if (seen[5])
		basic = is_unsigned ? BASIC_UCHAR : seen[1] ? BASIC_SCHAR : BASIC_CHAR;
	else if (seen[3])
		basic = is_unsigned ? BASIC_USHORT : BASIC_SHORT;
	else if (seen[2])
		basic = is_unsigned ? BASIC_ULONG : BASIC_LONG;
	*type = type_basic(basic);
	return true;
}

/* Those of <stdint.h>, and Rust's, which are there where a program has none by that name. */
static bool sized_type(const char *name, struct type *type)
{
	static const struct {
		const char *name;
		enum basic basic;
	} sized[] = {
	    {"uint8_t", BASIC_UCHAR}, {"uint16_t", BASIC_USHORT}, {"uint32_t", BASIC_UINT}, {"uint64_t", BASIC_ULONG},
	    {"int8_t", BASIC_SCHAR},  {"int16_t", BASIC_SHORT},   {"int32_t", BASIC_INT},   {"int64_t", BASIC_LONG},
	    {"size_t", BASIC_ULONG},  {"uintptr_t", BASIC_ULONG}, {"u8", BASIC_UCHAR},      {"u16", BASIC_USHORT},
	    {"u32", BASIC_UINT},      {"u64", BASIC_ULONG},       {"usize", BASIC_ULONG},   {"i8", BASIC_SCHAR},
	    {"i16", BASIC_SHORT},     {"i32", BASIC_INT},         {"i64", BASIC_LONG},      {"isize", BASIC_LONG},
	};
	for (unsigned i = 0; i < sizeof sized / sizeof sized[0]; i++)
		if (strcmp(sized[i].name, name) == 0) {
			*type = type_basic(sized[i].basic);
			return true;
		}
	return false;
}

/* A type of this program: with a keyword one of that kind. */
static bool find_type(struct program *program, const char *name, int tag, struct type *type)
{
	const struct name *entry;
	size_t cursor = 0;
	while ((entry = names_next(program, name, NAME_TYPE, &cursor)) != NULL) {
		Dwarf_Die die = entry->die;
		int own = dwarf_tag(&die);
		bool is_struct = own == DW_TAG_structure_type || own == DW_TAG_class_type;
		bool fits = tag == 0 ? own == DW_TAG_typedef || own == DW_TAG_base_type || die_is_cplusplus(&die) ||
		                           die_is_rust(&die)
		            : tag == DW_TAG_structure_type ? is_struct
		                                           : own == tag;
		if (fits) {
			*type = type_of_die(program, &die);
			return true;
		}
	}
	return false;
}

static bool named_type(struct evaluated *evaluated, const char *name, int tag, struct type *type)
{
	struct program *program = evaluated->frame.program;
	if (find_type(program, name, tag, type))
		return true;
	for (size_t i = 0; (program = debug_program_at(evaluated->debugger, i)) != NULL; i++)
		if (find_type(program, name, tag, type))
			return true;
	return tag == 0 && sized_type(name, type);
}

/* A name, perhaps with template arguments: "ns::pair<int, long>". */
static size_t type_name_length(const char *text)
{
	size_t length = name_length(text);
	unsigned angles = 0;
	if (length == 0 || text[length] != '<' || text[length + 1] == '<' || text[length + 1] == '=')
		return length;
	for (size_t at = length; text[at] && text[at] != '\n'; at++) {
		angles += text[at] == '<';
		if (text[at] == '>' && --angles == 0)
			return at + 1 + (strncmp(text + at + 1, "::", 2) == 0 ? type_name_length(text + at + 1) : 0);
	}
	return length;
}

static int keyword_tag(const char **text)
{
	return take_word(text, "struct") || take_word(text, "class") ? DW_TAG_structure_type
	       : take_word(text, "union")                            ? DW_TAG_union_type
	       : take_word(text, "enum")                             ? DW_TAG_enumeration_type
	                                                             : 0;
}

bool type_at(struct evaluated *evaluated, const char **text, struct type *type)
{
	char name[256];
	const char *at = *text;
	skip_blanks(&at);
	while (take_word(&at, "const") || take_word(&at, "volatile")) {}
	int tag = keyword_tag(&at);
	if (tag || !basic_type(&at, type)) {
		size_t length = type_name_length(at);
		if (length == 0 || length >= sizeof name)
			return false;
		snprintf(name, sizeof name, "%.*s", (int)length, at);
		struct value ignored;
		const struct debug_place anywhere = {0};
		if ((!tag && name_value(evaluated, &anywhere, name, &ignored)) ||
		    !named_type(evaluated, name, tag, type))
			return false;
		at += length;
	}
	for (;;) {
		skip_blanks(&at);
		if (*at == '*') {
			*type = type_pointer_to(type);
			at++;
		} else if (!take_word(&at, "const") && !take_word(&at, "volatile")) {
			break;
		}
	}
	*text = at;
	return true;
}
