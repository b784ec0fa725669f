/* Catchpoints: when something happens to a hart. */
#include <ctype.h>
#include <string.h>
#include "csr/csr.h"
#include "debug/commands.h"
#include "debug/points.h"
#include "hart/trap.h"

/* "load guest-page fault", however its words are joined and whatever their case. */
static bool same_words(const char *text, const char *name)
{
	for (; *text && *name; text++, name++) {
		bool joined = strchr(" -_/", *name) != NULL;
		if (joined ? !strchr(" -_/", *text) : tolower((unsigned char)*text) != tolower((unsigned char)*name))
			return false;
	}
	return *text == *name;
}

static bool cause_by_name(const char *text, uint64_t *cause)
{
	for (uint64_t code = 0; code < 128; code++) { /* exceptions, then interrupts */
		*cause = code % 64 | (code / 64) << 63;
		if (cause_exists(code / 64, code % 64) && same_words(text, cause_name(code / 64, code % 64)))
			return true;
	}
	return false;
}

/* A trap cause: its name, a number, or i and a number for interrupts. */
static bool parse_cause(struct debugger *debugger, const char *text, uint64_t *cause)
{
	if (cause_by_name(text, cause))
		return true;
	bool interrupt = *text == 'i' && isdigit((unsigned char)text[1]);
	if (!interrupt && (isalpha((unsigned char)*text) || *text == '_'))
		return complain(debugger, "no cause `%s': a number, iN for interrupts, or a name like `%s'", text,
		                cause_name(false, CAUSE_LOAD_GUEST_PAGE));
	if (!expression_all(debugger, text + interrupt, cause))
		return false;
	if (*cause > UINT32_MAX || !cause_exists(interrupt, (unsigned)*cause))
		return complain(debugger, "no %s has the cause %s", interrupt ? "interrupt" : "exception",
		                text + interrupt);
	*cause |= (uint64_t)interrupt << 63;
	return true;
}

static const char catch_usage[] =
    "catch trap [CAUSE] | exit [CAUSE] | switch [ZONE] | world [MODE] | csr [NAME] | tp | irq";

static bool parse_catch_argument(struct debugger *debugger, const char *rest, struct stop_point *point)
{
	unsigned space;
	enum mode mode;
	point->has_argument = *rest != '\0';
	if (!*rest)
		return true;
	if (point->type == TRACE_TRAP || point->which == CATCH_EXIT)
		return parse_cause(debugger, rest, &point->argument);
	if (point->which == CATCH_SWITCH) {
		if (!debug_zone(debugger, &rest, &space))
			return false;
		point->argument = space;
		return !*rest || complain(debugger, "what is `%s'?", rest);
	}
	if (point->type == TRACE_WORLD) {
		if (!parse_mode(rest, strlen(rest), &mode))
			return complain(debugger, "no mode `%s': M HS U VS VU", rest);
		point->argument = mode;
		return true;
	}
	const struct csr_info *info = point->type == TRACE_CSR ? csr_info_by_name(rest) : NULL;
	if (point->type == TRACE_CSR && !info)
		return complain(debugger, "no CSR `%s'", rest);
	if (!info)
		return complain(debugger, "what is `%s'?", rest);
	point->argument = info->num;
	return true;
}

COMMAND(cmd_catch, 100, "catch", "cat", "trap|exit [CAUSE] | switch [ZONE] | world [MODE] | csr [NAME] | tp | irq",
        "stop when it happens; at a switch into or out of a guest with what it left with and got back")
{
	static const struct {
		const char *name;
		enum trace_type type;
		int which;
	} kinds[] = {
	    {"trap", TRACE_TRAP, CATCH_EVENT}, {"world", TRACE_WORLD, CATCH_EVENT},
	    {"exit", TRACE_WORLD, CATCH_EXIT}, {"switch", TRACE_WORLD, CATCH_SWITCH},
	    {"csr", TRACE_CSR, CATCH_EVENT},   {"tp", TRACE_TP, CATCH_EVENT},
	    {"irq", TRACE_IRQ, CATCH_EVENT},
	};
	enum { KINDS = sizeof kinds / sizeof kinds[0] };
	const char *rest = args;
	size_t length;
	const char *word = next_word(&rest, &length);
	unsigned kind = 0;
	while (kind < KINDS && !word_is(word, length, kinds[kind].name))
		kind++;
	if (kind == KINDS)
		return complain(debugger, "%s", catch_usage);
	struct stop_point caught = {.kind = POINT_CATCH, .type = kinds[kind].type, .which = kinds[kind].which};
	if (!parse_catch_argument(debugger, rest, &caught))
		return false;
	struct stop_point *point = points_add(debugger, args);
	if (!point)
		return complain(debugger, "no memory");
	point->kind = POINT_CATCH;
	point->type = caught.type;
	point->which = caught.which;
	point->has_argument = caught.has_argument;
	point->argument = caught.argument;
	fprintf(debugger->out, "catchpoint %u: %s\n", point->number, args);
	return true;
}
