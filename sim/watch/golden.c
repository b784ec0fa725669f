#include "watch/golden.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/output_file.h"
#include "base/say.h"
#include "base/symbols.h"
#include "hart/observer.h"
#include "hart/trap.h"
#include "isa/privileged.h"
#include "trace/interrupted.h"
#include "trace/world.h"
#include "watch/names.h"

/*
 * The file:
 *
 *   # rvsim golden 1
 *   [hart 0]
 *   M traps: illegal instruction in sbi_start
 *   M -> HS
 *   HS -> VS, zone smp
 *   VS traps: ecall from VS-mode in sbi_call
 *   VS -> HS
 *   HS -> VS, zone smp (695 cycles)
 *   [console]
 *   hello
 *   [end]
 *   passed
 */
static const char magic[] = "# rvsim golden 1";

enum { LINE_MAX_LENGTH = 400, CONTEXT = 3 };

/* Lines of one kind, in their order: those of the file, or those of the run where one is written. */
struct section {
	char **lines;
	size_t count, capacity;
	size_t at; /* so many of the run's have come */
};

struct golden {
	struct observer observer; /* first */
	struct golden_config config;
	const struct symbols *symbols;
	golden_differs *differs;
	void *context;
	unsigned harts;
	struct section *sections; /* of the harts, the console, the end */
	struct interrupted *interrupted; /* each hart */
	uint64_t *exits; /* of each hart: the cycle of the exit that is open; UINT64_MAX: none */
	char console[LINE_MAX_LENGTH];
	size_t console_size;
	bool failed; /* no memory */
	const struct section *different; /* and the line of the run there */
	char got[LINE_MAX_LENGTH], message[GOLDEN_MESSAGE];
};

int golden_parse_cycles(const char *text, struct golden_config *config)
{
	char *end;
	config->cycles = GOLDEN_CYCLES;
	config->percent = 0;
	if (strcmp(text, "exact") == 0)
		return 0;
	unsigned long percent = strtoul(text, &end, 10);
	config->percent = (unsigned)percent;
	return isdigit((unsigned char)*text) && strcmp(end, "%") == 0 && percent <= 1000 ? 0 : -1;
}

static struct section *console_of(const struct golden *golden) { return &golden->sections[golden->harts]; }
static struct section *end_of(const struct golden *golden) { return &golden->sections[golden->harts + 1]; }

static bool keep_line(struct section *section, const char *line)
{
	char *copy = strdup(line);
	if (!copy || ARRAY_RESERVE(section->lines, section->count, 1, &section->capacity) != 0) {
		free(copy);
		return false;
	}
	section->lines[section->count++] = copy;
	return true;
}

static const char *section_name(const struct golden *golden, const struct section *section, char text[24])
{
	size_t number = (size_t)(section - golden->sections);
	if (section == console_of(golden))
		return "console";
	if (section == end_of(golden))
		return "end";
	snprintf(text, 24, "hart %zu", number);
	return text;
}

/* ---- comparing ---- */

/* Cuts " (N cycles)" off the end of a line. False: there is none. */
static bool cut_cycles(char *line, uint64_t *cycles)
{
	char *open = strrchr(line, '('), *end;
	if (!open || open == line || open[-1] != ' ' || !isdigit((unsigned char)open[1]))
		return false;
	*cycles = strtoull(open + 1, &end, 10);
	if (strcmp(end, " cycles)") != 0)
		return false;
	open[-1] = '\0';
	return true;
}

static bool are_near(uint64_t wanted, uint64_t got, unsigned percent)
{
	uint64_t apart = wanted > got ? wanted - got : got - wanted;
	return (double)apart * 100 <= (double)wanted * percent;
}

/* What a guest prints may look like cycles, and is compared as it is. */
static bool is_same(const struct golden *golden, const struct section *section, const char *got)
{
	const char *wanted = section->lines[section->at];
	if (section >= console_of(golden))
		return strcmp(wanted, got) == 0;
	char one[LINE_MAX_LENGTH], other[LINE_MAX_LENGTH];
	uint64_t before, after;
	snprintf(one, sizeof one, "%s", wanted);
	snprintf(other, sizeof other, "%s", got);
	bool first = cut_cycles(one, &before), second = cut_cycles(other, &after);
	return strcmp(one, other) == 0 &&
	       (golden->config.cycles == GOLDEN_NO_CYCLES ||
	        (first == second && (!first || are_near(before, after, golden->config.percent))));
}

static void differ(struct golden *golden, const struct section *section, const char *got)
{
	char name[24];
	const char *wanted = section->at < section->count ? section->lines[section->at] : "the end";
	golden->different = section;
	snprintf(golden->got, sizeof golden->got, "%s", got);
	snprintf(golden->message, sizeof golden->message, "--golden %s: [%s] line %zu: `%.80s', and not `%.80s'",
	         golden->config.path, section_name(golden, section, name), section->at + 1, got, wanted);
}

/* The run's next line. */
static void come(struct golden *golden, unsigned hart, struct section *section, const char *line)
{
	if (golden->different)
		return;
	if (golden->config.update)
		golden->failed |= !keep_line(section, line);
	else if (section->at == section->count || !is_same(golden, section, line))
		differ(golden, section, line);
	else
		section->at++;
	if (golden->different)
		golden->differs(golden->context, hart, golden->message);
}

/* ---- what the run says ---- */

static const char *function_of(const struct golden *golden, struct hart *hart, const struct trace_event *event)
{
	uint64_t offset;
	const char *name = name_of(golden->symbols, hart, (enum mode)event->mode, event->pc, &offset);
	return name ? name : "code without a name";
}

static void trap_line(const struct golden *golden, struct hart *hart, const struct trace_event *event, char *line)
{
	snprintf(line, LINE_MAX_LENGTH, "%s traps: %s in %s", mode_name((enum mode)event->mode),
	         world_cause_name(event->value[0]), function_of(golden, hart, event));
}

static size_t zone_text(const struct golden *golden, const struct trace_event *event, char *text, size_t size)
{
	enum { VMID_LOW = 44, VMID_MASK = 0x3fff };
	unsigned space = symbols_space_of(golden->symbols, event->value[2]);
	const char *name = space == SPACE_UNKNOWN ? "" : symbols_space_name(golden->symbols, space);
	int length = *name ? snprintf(text, size, ", zone %s", name)
	                   : snprintf(text, size, ", VMID %" PRIu64, event->value[2] >> VMID_LOW & VMID_MASK);
	return (size_t)length < size ? (size_t)length : size - 1;
}

static void world_line(struct golden *golden, const struct trace_event *event, char *line)
{
	bool was = mode_virt((enum mode)event->from), is = mode_virt((enum mode)event->mode);
	uint64_t *exit = &golden->exits[event->hart];
	if (event->value[0] == TRACE_RESET) {
		*exit = UINT64_MAX;
		strcpy(line, "reset");
		return;
	}
	size_t length = (size_t)snprintf(line, LINE_MAX_LENGTH, "%s -> %s", mode_name((enum mode)event->from),
	                                 mode_name((enum mode)event->mode));
	if (is && !was)
		length += zone_text(golden, event, line + length, LINE_MAX_LENGTH - length);
	if (is && *exit != UINT64_MAX && golden->config.cycles == GOLDEN_CYCLES)
		snprintf(line + length, LINE_MAX_LENGTH - length, " (%" PRIu64 " cycles)", event->cycle - *exit);
	if (was && !is)
		*exit = event->cycle;
	else if (is)
		*exit = UINT64_MAX;
}

/* Control characters are shown as numbers, so that a line is a line. */
static void hear_console(struct golden *golden, uint8_t byte)
{
	enum { ROOM = 8 };
	char *at = golden->console + golden->console_size;
	if (byte == '\n' || golden->console_size > sizeof golden->console - ROOM) {
		come(golden, 0, console_of(golden), golden->console);
		golden->console_size = 0;
		golden->console[0] = '\0';
		at = golden->console;
	}
	if (byte == '\n' || byte == '\r')
		return;
	golden->console_size += (size_t)(isprint(byte) ? sprintf(at, "%c", byte) : sprintf(at, "\\x%02x", byte));
}

static void golden_event(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct golden *golden = (struct golden *)observer;
	char line[LINE_MAX_LENGTH];
	if (event->type == TRACE_CONSOLE) {
		hear_console(golden, (uint8_t)event->value[0]);
		return;
	}
	if (event->type != TRACE_TRAP && event->type != TRACE_WORLD)
		return;
	bool skip = interrupted_event(&golden->interrupted[event->hart], event);
	if (event->type == TRACE_WORLD)
		world_line(golden, event, line);
	else if (!skip)
		trap_line(golden, hart, event, line);
	if (!skip)
		come(golden, event->hart, &golden->sections[event->hart], line);
}

/* ---- the end ---- */

/* The sections that the run has not come to the end of. */
static void compare_ends(struct golden *golden, const char *how)
{
	char text[64];
	snprintf(text, sizeof text, "the run's end: %s", how);
	for (struct section *section = golden->sections; section < end_of(golden) && !golden->different; section++)
		if (section->at < section->count)
			differ(golden, section, text);
	if (!golden->different && (end_of(golden)->count != 1 || strcmp(end_of(golden)->lines[0], how) != 0))
		differ(golden, end_of(golden), how);
}

bool golden_end(struct golden *golden, const char *how, char message[GOLDEN_MESSAGE])
{
	if (golden->console_size && !golden->different)
		come(golden, 0, console_of(golden), golden->console);
	golden->console_size = 0;
	if (golden->config.update)
		come(golden, 0, end_of(golden), how);
	else if (!golden->different)
		compare_ends(golden, how);
	snprintf(message, GOLDEN_MESSAGE, "%s", golden->message);
	return !golden->different;
}

void golden_tell(const struct golden *golden)
{
	const struct section *section = golden->different;
	char name[24];
	if (!section)
		return;
	fprintf(stderr, "[%s]\n", section_name(golden, section, name));
	for (size_t i = section->at < CONTEXT ? 0 : section->at - CONTEXT; i < section->at; i++)
		fprintf(stderr, "  %s\n", section->lines[i]);
	fprintf(stderr, "+ %s\n", golden->got);
	for (size_t i = section->at; i < section->count && i < section->at + CONTEXT; i++)
		fprintf(stderr, "- %s\n", section->lines[i]);
}

static void write_section(FILE *out, const struct golden *golden, const struct section *section)
{
	char name[24];
	if (section->count == 0)
		return;
	fprintf(out, "[%s]\n", section_name(golden, section, name));
	for (size_t i = 0; i < section->count; i++)
		fprintf(out, "%s%s\n", section->lines[i][0] == '[' || section->lines[i][0] == '\\' ? "\\" : "",
		        section->lines[i]);
}

int golden_write(struct golden *golden)
{
	if (!golden->config.update)
		return 0;
	if (golden->failed)
		return say("--golden %s: no memory", golden->config.path);
	FILE *out = output_open(golden->config.path);
	if (!out)
		return say("--golden %s: %s", golden->config.path, strerror(errno));
	fprintf(out, "%s\n", magic);
	for (struct section *section = golden->sections; section <= end_of(golden); section++)
		write_section(out, golden, section);
	bool bad = ferror(out) != 0;
	bad |= fclose(out) != 0;
	return bad ? say("--golden %s: could not be written whole", golden->config.path) : 0;
}

/* ---- the file ---- */

/* "[hart 3]"; NULL: there is no such section. */
static struct section *section_called(const struct golden *golden, const char *line)
{
	char name[24], wanted[32];
	for (struct section *section = golden->sections; section <= end_of(golden); section++) {
		snprintf(wanted, sizeof wanted, "[%s]", section_name(golden, section, name));
		if (strcmp(line, wanted) == 0)
			return section;
	}
	return NULL;
}

/* NULL, or what is wrong. */
static const char *read_lines(struct golden *golden, FILE *file, size_t *number)
{
	struct section *section = NULL;
	const char *reason = NULL;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	for (*number = 1; !reason && (length = getline(&line, &size, file)) >= 0; ++*number) {
		line[strcspn(line, "\r\n")] = '\0';
		if (*number == 1)
			reason = strcmp(line, magic) == 0 ? NULL
			                                  : "is no golden file of this version (--update writes one)";
		else if (line[0] == '[')
			reason = (section = section_called(golden, line))
			             ? NULL
			             : "is of a machine with more harts, or is damaged";
		else if (!section)
			reason = "a line stands in no section";
		else if (!keep_line(section, line + (line[0] == '\\')))
			reason = "no memory";
	}
	free(line);
	if (!reason && *number == 1)
		reason = ferror(file) ? strerror(errno) : "is empty (--update writes it)";
	return reason;
}

static int read_golden(struct golden *golden)
{
	size_t number;
	FILE *file = fopen(golden->config.path, "re");
	if (!file)
		return say("--golden %s: %s%s", golden->config.path, strerror(errno),
		           errno == ENOENT ? " (--update writes it)" : "");
	const char *reason = read_lines(golden, file, &number);
	if (!reason && ferror(file))
		reason = "cannot be read";
	fclose(file);
	return reason ? say("--golden %s: %s", golden->config.path, reason) : 0;
}

/* ---- begin and end ---- */

struct golden *golden_new(const struct golden_config *config, unsigned harts, const struct symbols *symbols,
                          golden_differs *differs, void *context)
{
	struct golden *golden = calloc(1, sizeof *golden);
	if (!golden) {
		say("no memory for --golden");
		return NULL;
	}
	golden->observer = (struct observer){.event = golden_event,
	                                     .wanted = 1u << TRACE_TRAP | 1u << TRACE_WORLD | 1u << TRACE_CONSOLE};
	golden->config = *config;
	golden->symbols = symbols;
	golden->differs = differs;
	golden->context = context;
	golden->harts = harts;
	golden->sections = calloc(harts + 2, sizeof *golden->sections);
	golden->exits = malloc(harts * sizeof *golden->exits);
	if (golden->exits)
		memset(golden->exits, UINT8_MAX, harts * sizeof *golden->exits);
	golden->interrupted = calloc(harts, sizeof *golden->interrupted);
	if (!golden->sections || !golden->exits || !golden->interrupted) {
		say("no memory for --golden");
	} else if (config->update || read_golden(golden) == 0) {
		return golden;
	}
	golden_free(golden);
	return NULL;
}

void golden_free(struct golden *golden)
{
	if (!golden)
		return;
	for (unsigned i = 0; golden->sections && i < golden->harts + 2; i++) {
		for (size_t j = 0; j < golden->sections[i].count; j++)
			free(golden->sections[i].lines[j]);
		free(golden->sections[i].lines);
	}
	free(golden->sections);
	free(golden->exits);
	free(golden->interrupted);
	free(golden);
}

struct observer *golden_observer(struct golden *golden) { return &golden->observer; }
