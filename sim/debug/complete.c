#include "debug/complete.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/symbols.h"
#include "csr/csr.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/info.h"
#include "debug/repl.h"
#include "hart/trap.h"
#include "isa/insn.h"

/* ---- candidates ---- */

static const char *command_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	(void)debugger;
	(void)buffer;
	return repl_command_name(index);
}

static const char *topic_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	(void)debugger;
	(void)buffer;
	return info_topic_name(index);
}

static const char *csr_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	(void)debugger;
	(void)buffer;
	return csr_info_at(index) ? csr_info_at(index)->name : NULL;
}

/* Behind a dollar sign: x and f registers, pc, mode, then CSRs. */
static const char *register_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	static const char *const others[] = {"pc", "fp", "mode"};
	enum { OTHERS = sizeof others / sizeof others[0] };
	if (index < 32)
		return reg_name((unsigned)index);
	if (index < 64)
		return freg_name((unsigned)index - 32);
	return index < 64 + OTHERS ? others[index - 64] : csr_candidate(debugger, index - 64 - OTHERS, buffer);
}

static const char *symbol_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	(void)buffer;
	return debug_name_candidate(debugger, index);
}

static const char *zone_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	const struct symbols *symbols = debugger->machine->symbols;
	(void)buffer;
	for (unsigned space = SPACE_HOST + 1; space < symbols_spaces(symbols); space++)
		if (*symbols_space_name(symbols, space) && index-- == 0)
			return symbols_space_name(symbols, space);
	return NULL;
}

static const char *mode_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	(void)debugger;
	(void)buffer;
	return index < MODE_COUNT ? mode_name((enum mode)index) : NULL;
}

/* Names of causes as one word, which catch knows, too. */
static const char *cause_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	(void)debugger;
	for (unsigned code = 0; code < 128; code++) { /* exceptions, then interrupts */
		if (!cause_exists(code / 64, code % 64) || index-- != 0)
			continue;
		snprintf(buffer, CANDIDATE_BYTES, "%s", cause_name(code / 64, code % 64));
		for (char *at = buffer; *at; at++)
			if (*at == ' ')
				*at = '-';
		return buffer;
	}
	return NULL;
}

static const char *catch_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	static const char *const kinds[] = {"trap", "exit", "switch", "world", "csr", "tp", "irq"};
	(void)debugger;
	(void)buffer;
	return index < sizeof kinds / sizeof kinds[0] ? kinds[index] : NULL;
}

static const char *on_off_candidate(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES])
{
	static const char *const words[] = {"on", "off"};
	(void)debugger;
	(void)buffer;
	return index < 2 ? words[index] : NULL;
}

/* ---- by command ---- */

/* `by` NULL: names of files. */
static const struct {
	const char *command;
	const char *before; /* the last word before; NULL: the command itself */
	candidate_function *by;
} rules[] = {
    {"info", NULL, topic_candidate},
    {"info", "csr", csr_candidate},
    {"info", "registers", register_candidate},
    {"info", "gstage", zone_candidate},
    {"help", NULL, command_candidate},
    {"help", "info", topic_candidate},
    {"csr", NULL, csr_candidate},
    {"catch", NULL, catch_candidate},
    {"catch", "trap", cause_candidate},
    {"catch", "exit", cause_candidate},
    {"catch", "switch", zone_candidate},
    {"catch", "world", mode_candidate},
    {"catch", "csr", csr_candidate},
    {"source", NULL, NULL},
    {"directory", NULL, NULL},
    {"symbol-file", NULL, NULL},
    {"symbol-file", "zone", zone_candidate},
    {"add-symbol-file", NULL, NULL},
    {"add-symbol-file", "zone", zone_candidate},
    {"trace", NULL, on_off_candidate},
    {"trace", "on", NULL},
};
enum { RULES = sizeof rules / sizeof rules[0] };

/* The word that ends before `start`, at or behind `first`; its length is 0 if there is none. */
static const char *word_before(const char *line, size_t first, size_t start, size_t *length)
{
	size_t end = start;
	while (end > first && isspace((unsigned char)line[end - 1]))
		end--;
	size_t begin = end;
	while (begin > first && !isspace((unsigned char)line[begin - 1]))
		begin--;
	*length = end - begin;
	return line + begin;
}

candidate_function *complete_by(const char *line, size_t start)
{
	size_t first = strspn(line, " \t-"), length = strcspn(line + first, " \t/");
	if (start <= first)
		return command_candidate;
	const char *command = repl_command_named(line + first, length);
	size_t before_length;
	const char *before = word_before(line, first + length, start, &before_length);
	for (size_t i = 0; command && i < RULES; i++)
		if (strcmp(rules[i].command, command) == 0 &&
		    (rules[i].before ? word_is(before, before_length, rules[i].before) : before_length == 0))
			return rules[i].by;
	return start > 0 && line[start - 1] == '$' ? register_candidate : symbol_candidate;
}
