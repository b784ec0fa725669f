/* Expressions: C's operators and precedence over values with types. What has none (registers, numbers, symbols that no debug
 * information tells of) is 64 bits without a sign. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "debug/debugger.h"
#include "base/symbols.h"
#include "debug/evaluate.h"

enum { EXPRESSION_DEPTH = 200 };

struct parser {
	struct evaluated *evaluated;
	const char *text;
	unsigned depth;
	bool was_symbol; /* the operand read last: its address, which & takes, too */
};

static bool unary(struct parser *parser, struct value *value);
static bool binary(struct parser *parser, unsigned level, struct value *value);

static void skip(struct parser *parser) { parser->text += strspn(parser->text, " \t"); }

static struct debugger *debugger_of(const struct parser *parser) { return parser->evaluated->debugger; }

static const struct source_view *view_of(const struct parser *parser) { return &parser->evaluated->view.view; }

/* A reason says what is wrong with `what`, which is some of the text. While only names are looked at, nothing is: *value is any
 * number then. */
static bool fine(struct parser *parser, const char *reason, const char *what, size_t length, struct value *value)
{
	if (reason && parser->evaluated->names_only) {
		*value = value_of_word(1);
		return true;
	}
	while (length && isspace((unsigned char)what[length - 1]))
		length--;
	return !reason || complain(debugger_of(parser), "`%.*s': %s", (int)length, what, reason);
}

static bool deeper(struct parser *parser)
{
	return ++parser->depth <= EXPRESSION_DEPTH || complain(debugger_of(parser), "expression too deep");
}

/* ---- operands ---- */

static bool real_number(struct parser *parser, struct value *value)
{
	struct type type = type_basic(BASIC_DOUBLE);
	char *end;
	double number = strtod(parser->text, &end);
	if (isalnum((unsigned char)*end) || *end == '_')
		return complain(debugger_of(parser), "bad number at `%s'", parser->text);
	parser->text = end;
	*value = value_of_double(&type, number);
	return true;
}

static bool number(struct parser *parser, struct value *value)
{
	struct type type = type_basic(BASIC_LITERAL);
	char *end;
	size_t digits = strspn(parser->text, "0123456789");
	if (parser->text[digits] == '.' && isdigit((unsigned char)parser->text[digits + 1]))
		return real_number(parser, value);
	errno = 0;
	uint64_t bits = strtoull(parser->text, &end, 0);
	end += strspn(end, "uUlL");
	if (errno || isalnum((unsigned char)*end) || *end == '_')
		return complain(debugger_of(parser), "bad number at `%s'", parser->text);
	parser->text = end;
	*value = value_of_number(&type, bits);
	return true;
}

static bool character(struct parser *parser, struct value *value)
{
	static const char names[] = "nrtabfve0\\'\"", values[] = "\n\r\t\a\b\f\v\033\0\\'\"";
	struct type type = type_basic(BASIC_CHAR);
	const char *at = parser->text + 1;
	unsigned char c = (unsigned char)*at;
	if (c == '\\' && at[1]) {
		const char *known = strchr(names, *++at);
		if (!known)
			return complain(debugger_of(parser), "what is %s?", parser->text);
		c = (unsigned char)values[known - names];
	}
	if (!c || at[1] != '\'')
		return complain(debugger_of(parser), "what is %s?", parser->text);
	parser->text = at + 2;
	*value = value_of_number(&type, c);
	return true;
}

/* A symbol is an address without a type. */
static bool symbol_value(struct parser *parser, struct value *value)
{
	const struct symbol *symbol;
	if (!debug_name(debugger_of(parser), &parser->text, &symbol))
		return false;
	*value = value_of_word(symbol->address);
	parser->was_symbol = true;
	return true;
}

static bool name(struct parser *parser, struct value *value)
{
	char text[256];
	const char *reason;
	bool is_dollar = *parser->text == '$';
	struct debug_place place = {0};
	const char *start = parser->text;
	if (!is_dollar)
		debug_qualifier(debugger_of(parser), &parser->text, &place);
	parser->text += is_dollar;
	size_t length = is_dollar ? strspn(parser->text, "$") : 0;
	length += name_length(parser->text + length);
	if (is_dollar && isdigit((unsigned char)parser->text[length]))
		length += strspn(parser->text + length, "0123456789");
	const char *dot = is_dollar ? NULL : memchr(parser->text, '.', length);
	if ((length == 0 && !is_dollar) || length >= sizeof text)
		return complain(debugger_of(parser), "expected a value at `%s'", parser->text);
	snprintf(text, sizeof text, "%.*s", (int)length, parser->text);
	parser->text += length;
	if (is_dollar && dollar_value(parser->evaluated, text, value, &reason))
		return true;
	if (is_dollar && reason && parser->evaluated->names_only) {
		*value = value_of_word(1);
		return true;
	}
	if (is_dollar)
		return reason ? complain(debugger_of(parser), "$%s: %s", text, reason)
		              : complain(debugger_of(parser), "no register `%s'", text);
	if (name_value(parser->evaluated, &place, text, value))
		return true;
	if (dot) { /* names of symbols may have dots; members follow other names */
		size_t before = (size_t)(dot - (parser->text - length));
		parser->text -= length - before;
		text[before] = '\0';
		if (before && name_value(parser->evaluated, &place, text, value))
			return true;
	}
	parser->text = start;
	return symbol_value(parser, value);
}

/* What stands in brackets: a value, or the type of a cast. */
static bool bracketed(struct parser *parser, struct value *value)
{
	const char *start = parser->text++, *after = parser->text;
	struct type type;
	if (type_at(parser->evaluated, &after, &type) && *after == ')') {
		struct value operand;
		parser->text = after + 1;
		return deeper(parser) && unary(parser, &operand) && (parser->depth--, true) &&
		       fine(parser, value_cast(view_of(parser), &operand, &type, value), start,
		            (size_t)(parser->text - start), value);
	}
	if (!binary(parser, 0, value))
		return false;
	skip(parser);
	if (*parser->text != ')')
		return complain(debugger_of(parser), "missing )");
	parser->text++;
	return true;
}

static bool primary(struct parser *parser, struct value *value)
{
	parser->was_symbol = false;
	skip(parser);
	if (*parser->text == '(')
		return bracketed(parser, value);
	if (isdigit((unsigned char)*parser->text))
		return number(parser, value);
	return *parser->text == '\'' ? character(parser, value) : name(parser, value);
}

/* ---- what follows an operand ---- */

static bool member(struct parser *parser, const char *start, bool arrow, struct value *value)
{
	char text[256];
	struct value found;
	parser->text += arrow ? 2 : 1;
	skip(parser);
	size_t length = 0;
	while (isalnum((unsigned char)parser->text[length]) || parser->text[length] == '_')
		length++;
	if (length == 0 || length >= sizeof text)
		return complain(debugger_of(parser), "expected a member's name at `%s'", parser->text);
	snprintf(text, sizeof text, "%.*s", (int)length, parser->text);
	const char *reason = value_member(view_of(parser), value, text, &found);
	if (reason && isdigit((unsigned char)*text)) { /* a tuple's, in Rust */
		char tuple[sizeof text + 2];
		snprintf(tuple, sizeof tuple, "__%s", text);
		reason = value_member(view_of(parser), value, tuple, &found);
	}
	parser->text += length;
	if (!fine(parser, reason, start, (size_t)(parser->text - start), &found))
		return false;
	*value = found;
	return true;
}

static bool element(struct parser *parser, const char *start, struct value *value)
{
	struct value index, found;
	uint64_t at;
	parser->text++;
	if (!deeper(parser) || !binary(parser, 0, &index))
		return false;
	parser->depth--;
	skip(parser);
	if (*parser->text != ']')
		return complain(debugger_of(parser), "missing ]");
	parser->text++;
	size_t length = (size_t)(parser->text - start);
	if (!fine(parser, value_number(view_of(parser), &index, &at), start, length, &index) ||
	    !fine(parser, value_index(view_of(parser), value, (int64_t)at, &found), start, length, &found))
		return false;
	*value = found;
	return true;
}

static bool postfix(struct parser *parser, struct value *value)
{
	const char *start = parser->text;
	if (!primary(parser, value))
		return false;
	for (;;) {
		const char *blanks = parser->text;
		skip(parser);
		bool arrow = strncmp(parser->text, "->", 2) == 0;
		if (*parser->text == '[') {
			if (!element(parser, start, value))
				return false;
		} else if (arrow || *parser->text == '.') {
			if (!member(parser, start, arrow, value))
				return false;
		} else if (*parser->text == '(' && type_kind(&value->type) == KIND_FUNCTION) {
			return complain(debugger_of(parser), "functions of the program are not called");
		} else {
			parser->text = blanks;
			return true;
		}
	}
}

/* ---- operators ---- */

static bool size_of(struct parser *parser, struct value *value)
{
	struct type type = type_basic(BASIC_ULONG);
	struct value operand;
	parser->text += strlen("sizeof");
	skip(parser);
	const char *after = parser->text + 1;
	struct type named;
	if (*parser->text == '(' && type_at(parser->evaluated, &after, &named) && *after == ')') {
		parser->text = after + 1;
		*value = value_of_number(&type, type_size(&named));
		return true;
	}
	if (!deeper(parser) || !unary(parser, &operand))
		return false;
	parser->depth--;
	*value = value_of_number(&type, type_size(&operand.type));
	return true;
}

static bool apply_unary(struct parser *parser, char operation, const struct value *operand, struct value *value)
{
	const struct source_view *view = view_of(parser);
	uint64_t address;
	const char *reason;
	switch (operation) {
	case '&':
		*value = *operand;
		reason = parser->was_symbol ? NULL : value_address_of(operand, value);
		return fine(parser, reason, "&", 1, value);
	case '*':
		reason = value_follow(view, operand, value);
		if (reason || type_kind(&value->type) == KIND_FUNCTION || !type_is_word(&operand->type))
			return fine(parser, reason, "*", 1, value);
		return !value_number(view, value, &address) || parser->evaluated->names_only ||
		       complain(debugger_of(parser), "cannot read 0x%llx", (unsigned long long)value->address);
	default: return fine(parser, value_unary(view, operation, operand, value), &operation, 1, value);
	}
}

static bool unary(struct parser *parser, struct value *value)
{
	struct value operand;
	skip(parser);
	char operation = *parser->text;
	if (strncmp(parser->text, "sizeof", 6) == 0 && !isalnum((unsigned char)parser->text[6]) &&
	    parser->text[6] != '_')
		return size_of(parser, value);
	if (operation == '\0' || !strchr("-~!*&+", operation))
		return postfix(parser, value);
	if (!deeper(parser))
		return false;
	parser->text++;
	if (!unary(parser, &operand))
		return false;
	parser->depth--;
	return apply_unary(parser, operation, &operand, value);
}

/* `first@count`: so many, one behind the other. */
static bool repeated(struct parser *parser, struct value *value)
{
	struct value times;
	uint64_t count = 0;
	const char *start = parser->text;
	if (!unary(parser, value))
		return false;
	skip(parser);
	if (*parser->text != '@')
		return true;
	parser->text++;
	if (!unary(parser, &times) || !fine(parser, value_number(view_of(parser), &times, &count), "@", 1, &times))
		return false;
	if (value->kind != PLACE_MEMORY || value->bit_size || value->type.times || count < 1 || count > UINT32_MAX)
		return fine(parser, "only so many things in memory, from 1 on, stand behind one another", start,
		            (size_t)(parser->text - start), value);
	value->type = type_times(&value->type, (uint32_t)count);
	return true;
}

/* Longer spellings first; level 0 binds least. */
static const struct {
	const char *text;
	unsigned level;
} operators[] = {
    {"||", 0}, {"&&", 1}, {"==", 5}, {"!=", 5}, {"<=", 6}, {">=", 6}, {"<<", 7}, {">>", 7}, {"|", 2},
    {"^", 3},  {"&", 4},  {"<", 6},  {">", 6},  {"+", 8},  {"-", 8},  {"*", 9},  {"/", 9},  {"%", 9},
};
enum { OPERATORS = sizeof operators / sizeof operators[0], LEVELS = 10 };

static const char *next_operator(struct parser *parser, unsigned level)
{
	skip(parser);
	for (unsigned i = 0; i < OPERATORS; i++)
		if (strncmp(parser->text, operators[i].text, strlen(operators[i].text)) == 0)
			return operators[i].level == level ? operators[i].text : NULL;
	return NULL;
}

static bool binary(struct parser *parser, unsigned level, struct value *value)
{
	if (level == LEVELS)
		return repeated(parser, value);
	if (level == 0 && !deeper(parser))
		return false;
	skip(parser);
	const char *start = parser->text;
	if (!binary(parser, level + 1, value))
		return false;
	for (const char *operation; (operation = next_operator(parser, level)) != NULL;) {
		struct value left = *value, right;
		parser->text += strlen(operation);
		if (!binary(parser, level + 1, &right))
			return false;
		const char *reason = value_binary(view_of(parser), operation, &left, &right, value);
		if (reason && strcmp(reason, "division by zero") == 0 && !parser->evaluated->names_only)
			return complain(debugger_of(parser), "division by zero");
		if (!fine(parser, reason, start, (size_t)(parser->text - start), value))
			return false;
	}
	if (level == 0)
		parser->depth--;
	return true;
}

/* ---- from outside ---- */

/* What can only be a type. */
static bool has_keyword(const char *text)
{
	static const char *const words[] = {"struct ", "union ", "enum ", "class "};
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

bool evaluate(struct debugger *debugger, const char **text, bool types, struct evaluated *evaluated)
{
	struct parser parser = {.evaluated = evaluated, .text = *text};
	const char *after = *text;
	evaluated->debugger = debugger;
	evaluated->is_type = evaluated->names_only = false;
	if (!stack_chosen_frame(debugger, &evaluated->frame, &evaluated->view))
		return complain(debugger, "the chosen frame is gone");
	if (types && type_at(evaluated, &after, &evaluated->value.type) && !*after) {
		evaluated->is_type = true;
		*text = after;
		return true;
	}
	if (has_keyword(*text))
		return complain(debugger, "no type `%s'", *text);
	if (!binary(&parser, 0, &evaluated->value))
		return false;
	skip(&parser);
	*text = parser.text;
	return true;
}

bool expression_for(struct debugger *debugger, const char *text, uint64_t address)
{
	struct evaluated evaluated = {.debugger = debugger, .names_only = true};
	struct parser parser = {.evaluated = &evaluated, .text = text};
	stack_frame_for(debugger, current(debugger), address, &evaluated.frame, &evaluated.view);
	if (!binary(&parser, 0, &evaluated.value))
		return false;
	skip(&parser);
	return !*parser.text || complain(debugger, "what is `%s'?", parser.text);
}

bool evaluate_all(struct debugger *debugger, const char *text, bool types, struct evaluated *evaluated)
{
	return evaluate(debugger, &text, types, evaluated) && (!*text || complain(debugger, "what is `%s'?", text));
}

static bool as_number(struct debugger *debugger, const char *text, const struct evaluated *evaluated, uint64_t *value)
{
	const struct value *result = &evaluated->value;
	enum type_kind kind = type_kind(&result->type);
	if ((kind == KIND_STRUCT || kind == KIND_UNION) && result->kind == PLACE_MEMORY) {
		*value = result->address;
		return true;
	}
	const char *reason = value_number(&evaluated->view.view, result, value);
	return !reason || complain(debugger, "`%s': %s", text, reason);
}

bool expression(struct debugger *debugger, const char **text, uint64_t *value)
{
	struct evaluated evaluated;
	const char *start = *text;
	return evaluate(debugger, text, false, &evaluated) && as_number(debugger, start, &evaluated, value);
}

bool expression_all(struct debugger *debugger, const char *text, uint64_t *value)
{
	return expression(debugger, &text, value) && (!*text || complain(debugger, "what is `%s'?", text));
}
