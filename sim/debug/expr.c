/* Expressions: C's operators and precedence over 64-bit unsigned values. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "csr/csr.h"
#include "debug/debugger.h"
#include "isa/insn.h"
#include "base/symbols.h"

struct parser {
	struct debugger *debugger;
	const char *text;
	unsigned depth;
};

static void skip(struct parser *parser) { parser->text += strspn(parser->text, " \t"); }

static bool unary(struct parser *parser, uint64_t *value);
static bool binary(struct parser *parser, unsigned level, uint64_t *value);

static bool named_register(const struct hart *hart, const char *name, uint64_t *value)
{
	char *end;
	if (strcmp(name, "pc") == 0) {
		*value = hart->pc;
		return true;
	}
	for (unsigned i = 0; i < 32; i++) {
		if (strcmp(name, reg_name(i)) == 0 || (strcmp(name, "fp") == 0 && i == 8)) {
			*value = hart->x[i];
			return true;
		}
		if (strcmp(name, freg_name(i)) == 0) {
			*value = hart->f[i];
			return true;
		}
	}
	if ((name[0] == 'x' || name[0] == 'f') && isdigit((unsigned char)name[1])) {
		unsigned long number = strtoul(name + 1, &end, 10);
		if (*end == '\0' && number < 32) {
			*value = name[0] == 'x' ? hart->x[number] : hart->f[number];
			return true;
		}
	}
	const struct csr_info *info = csr_info_by_name(name);
	return info && csr_peek(hart, info->num, value);
}

static bool symbol_value(struct parser *parser, uint64_t *value)
{
	const struct symbol *symbol;
	if (!debug_name(parser->debugger, &parser->text, &symbol))
		return false;
	*value = symbol->address;
	return true;
}

static bool register_value(struct parser *parser, uint64_t *value)
{
	char name[128];
	size_t length = 0;
	while (isalnum((unsigned char)parser->text[length]) ||
	       strchr("_.", parser->text[length] ? parser->text[length] : ' '))
		length++;
	if (length == 0 || length >= sizeof name)
		return complain(parser->debugger, "expected a value at `%s'", parser->text);
	memcpy(name, parser->text, length);
	name[length] = '\0';
	parser->text += length;
	return named_register(current(parser->debugger), name, value) ||
	       complain(parser->debugger, "no register `%s'", name);
}

static bool primary(struct parser *parser, uint64_t *value)
{
	skip(parser);
	if (*parser->text == '(') {
		parser->text++;
		if (!binary(parser, 0, value))
			return false;
		skip(parser);
		if (*parser->text != ')')
			return complain(parser->debugger, "missing )");
		parser->text++;
		return true;
	}
	if (isdigit((unsigned char)*parser->text)) {
		char *end;
		errno = 0;
		*value = strtoull(parser->text, &end, 0);
		if (errno || isalnum((unsigned char)*end) || *end == '_')
			return complain(parser->debugger, "bad number at `%s'", parser->text);
		parser->text = end;
		return true;
	}
	if (*parser->text == '$') {
		parser->text++;
		return register_value(parser, value);
	}
	parser->text += *parser->text == '&'; /* a symbol is its address */
	return symbol_value(parser, value);
}

static bool unary(struct parser *parser, uint64_t *value)
{
	enum { MAX_DEPTH = 200 };
	skip(parser);
	char operator= * parser->text;
	if (operator== '\0' || !strchr("-~!*", operator))
		return primary(parser, value);
	if (++parser->depth > MAX_DEPTH)
		return complain(parser->debugger, "expression too deep");
	parser->text++;
	if (!unary(parser, value))
		return false;
	parser->depth--;
	switch (operator) {
	case '-': *value = -*value; return true;
	case '~': *value = ~*value; return true;
	case '!': *value = !*value; return true;
	default:
		return debug_read_virtual(current(parser->debugger), *value, 8, value) ||
		       complain(parser->debugger, "cannot read 0x%llx", (unsigned long long)*value);
	}
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

static bool apply(struct parser *parser, const char *operator, uint64_t a, uint64_t b, uint64_t *value)
{
	if ((*operator== '/' || * operator== '%') && b == 0)
		return complain(parser->debugger, "division by zero");
	switch (operator[0] | operator[1] << 8) {
	case '|' | '|' << 8: *value = a || b; break;
	case '&' | '&' << 8: *value = a && b; break;
	case '=' | '=' << 8: *value = a == b; break;
	case '!' | '=' << 8: *value = a != b; break;
	case '<' | '=' << 8: *value = a <= b; break;
	case '>' | '=' << 8: *value = a >= b; break;
	case '<' | '<' << 8: *value = b < 64 ? a << b : 0; break;
	case '>' | '>' << 8: *value = b < 64 ? a >> b : 0; break;
	case '|': *value = a | b; break;
	case '^': *value = a ^ b; break;
	case '&': *value = a & b; break;
	case '<': *value = a < b; break;
	case '>': *value = a > b; break;
	case '+': *value = a + b; break;
	case '-': *value = a - b; break;
	case '*': *value = a * b; break;
	case '/': *value = a / b; break;
	default: *value = a % b; break;
	}
	return true;
}

static const char *next_operator(struct parser *parser, unsigned level)
{
	skip(parser);
	for (unsigned i = 0; i < OPERATORS; i++)
		if (strncmp(parser->text, operators[i].text, strlen(operators[i].text)) == 0)
			return operators[i].level == level ? operators[i].text : NULL;
	return NULL;
}

static bool binary(struct parser *parser, unsigned level, uint64_t *value)
{
	if (level == LEVELS)
		return unary(parser, value);
	if (level == 0 && ++parser->depth > 200)
		return complain(parser->debugger, "expression too deep");
	if (!binary(parser, level + 1, value))
		return false;
	for (const char *operator; (operator= next_operator(parser, level)) != NULL;) {
		uint64_t right;
		parser->text += strlen(operator);
		if (!binary(parser, level + 1, &right) || !apply(parser, operator, * value, right, value))
			return false;
	}
	if (level == 0)
		parser->depth--;
	return true;
}

bool expression(struct debugger *debugger, const char **text, uint64_t *value)
{
	struct parser parser = {debugger, *text, 0};
	if (!binary(&parser, 0, value))
		return false;
	skip(&parser);
	*text = parser.text;
	return true;
}

bool expression_all(struct debugger *debugger, const char *text, uint64_t *value)
{
	return expression(debugger, &text, value) && (!*text || complain(debugger, "what is `%s'?", text));
}
