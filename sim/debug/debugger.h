/* The debugger's inside: what its files share. */
#ifndef DEBUGGER_H
#define DEBUGGER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "hart/route.h"
#include "machine/machine.h"
#include "trace/trace.h"

/* Whose code an address is meant to be in: by the name that stood there. */
struct debug_place {
	bool given; /* false: there was no name, anybody's */
	unsigned space;
	uint32_t asid;
};

/* What `x` and `xp` show. */
struct dump_format {
	uint64_t count;
	char format;
	unsigned size;
};

struct last_trap {
	bool valid;
	struct trap_route route; /* as it was when the trap was taken */
	uint64_t pc, tval, tval2, tinst, cycle; /* values: as they are true */
	unsigned hidden; /* those that the hart wrote as 0: trap_hidden */
};

struct aim;
struct lookout;
struct stop_point;

struct debugger {
	struct observer observer; /* first */
	struct machine *machine;
	unsigned hart; /* the one commands speak of */
	FILE *out;
	bool typing; /* a user types commands, and sees himself what comes of them */
	bool failed; /* a command of a script did */
	bool stops_at_errors; /* the script being read ends where a command fails, unless `-' stands before it */
	bool quit;
	int code; /* what `quit' was told to leave with; -1: nothing */
	unsigned depth; /* of `source` */
	char *last_line;
	bool repeating; /* the command is the last one once more, by an empty line */
	struct examined { /* by x and xp */
		bool valid;
		uint64_t next; /* where it goes on */
		struct dump_format format;
	} examined;
	char *to_obey; /* commands of the stop points that were met last, or NULL: a `silent' first hides the stop */
	struct commands_reading *reading; /* point_commands.h; NULL: lines are commands to be run now */
	struct stop_point *points;
	unsigned point_count, next_number;
	struct lookout *lookout;
	bool looks;   /* stop points are looked out for: */
	bool notices; /* it is only noted that one would have stopped the machine, */
	bool noticed; /* that is: there was one, or a store that is looked for */
	const struct aim *aim; /* where the run ends besides, or NULL */
	bool aimed;   /* it has */
	uint64_t passed[HARTS_MAX]; /* hart_steps at which a hart was told of where it stands: it goes on from there */
	struct last_trap *traps; /* one a hart */
	struct travel *travel; /* travel.h; NULL: there is no past */
	bool travelling; /* the machine is on its way to another time: nothing stops it */
	bool searching; /* the past is looked through: stop points are met, and no hit is counted */
	struct gdb *gdb; /* NULL: no client can come */
	struct gdb_link *link; /* likewise: where one can interrupt a command */
	struct debug_place named; /* by the last name that was looked up */
	struct debug_completion *completion; /* names.c */
	struct debug_switches *switches; /* switches.c */
	bool at_switch; /* what it was that stopped is a world switch: tell of it */
	/* What happened during the step being made. */
	bool stopped;
	bool stopped_before; /* of the past one wants to be before that step */
	char reason[256];
	bool saw_trap, saw_world; /* of the current hart */
	struct source_state *source; /* source.h */
	/* What the guest wrote to the console since `expect` has matched last; or who looks at it. */
	struct {
		uint8_t *bytes;
		size_t count, capacity;
		struct line_watch *watch;
	} heard;
};

static inline struct hart *current(const struct debugger *debugger)
{
	return &debugger->machine->harts[debugger->hart];
}

/* words.c: one line about an error; state is unchanged. Always returns false. */
bool complain(struct debugger *debugger, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "M" "HS" "U" "VS" "VU" in either case. */
bool parse_mode(const char *text, size_t length, enum mode *mode);
/* The next word of *text: returns its start and length, advances past it and following blanks. */
const char *next_word(const char **text, size_t *length);
bool word_is(const char *word, size_t length, const char *what);
/* The length of a name at the start of a text, with "::" and dots in it. 0: none is there. */
size_t name_length(const char *text);
/* Text of files, for a terminal: control characters other than tabs become '?'. */
void print_plain(FILE *out, const char *text, size_t length);

/* access.c: virtual memory as the hart's current mode sees it, without side effects. Size 1..8. */
bool debug_read_virtual(struct hart *hart, uint64_t va, unsigned size, uint64_t *value);
/* Any number of bytes, as a mode's own loads would have them. */
bool debug_read_bytes(struct hart *hart, enum mode mode, uint64_t va, void *bytes, size_t size);
/* Likewise written, whether that mode may write there or not: DRAM alone. False, and nothing done: not all of it is. */
bool debug_write_bytes(struct hart *hart, enum mode mode, uint64_t va, const void *bytes, size_t size);
/* Where a load from va would go, by the hart's current mode. */
bool debug_physical(struct hart *hart, uint64_t va, uint64_t *pa);
bool debug_fetch(struct hart *hart, uint64_t va, uint32_t *word);
/* Names: "symbol+0x10", or "" when there is none. */
const char *debug_symbol(const struct debugger *debugger, struct hart *hart, enum mode mode, uint64_t address,
                         char *text, size_t size);
/* Print one instruction: mode, pc, symbol, word, text. */
void debug_print_place(struct debugger *debugger, struct hart *hart);
void debug_print_insn(struct debugger *debugger, struct hart *hart, uint64_t pc, unsigned *length);

/* interrupt.c: has the user asked for the prompt (ctrl-C, ctrl-A d) since the last look, or is the run called off? For
 * whatever can take long. */
bool debug_interrupted(struct debugger *debugger);

/* expr.c: C-like expressions over numbers, $registers, $csrs and symbols. False after a complaint. *text is advanced
 * past what was read. expression_all wants the whole text used. */
bool expression(struct debugger *debugger, const char **text, uint64_t *value);
bool expression_all(struct debugger *debugger, const char *text, uint64_t *value);

/* names.c: "SPACE:" at *text, of a program or zone that has symbols, which is advanced past it. False: there is none. */
bool debug_qualifier(const struct debugger *debugger, const char **text, struct debug_place *place);
/* Does a symbol of this name mean one place? False after a complaint: whose of several has to be said. */
bool debug_name_is_one(struct debugger *debugger, const char *name);
/* names.c: the symbol NAME, or SPACE:NAME of a program or zone, at *text, which is advanced past it. False after a
 * complaint: there is none, or it has to be said which of several. debugger->named says whose it is. */
struct symbol;
bool debug_name(struct debugger *debugger, const char **text, const struct symbol **symbol);
/* Is the hart where such an address is meant to be? */
bool debug_is_there(const struct debugger *debugger, const struct hart *hart, const struct debug_place *place);
/* A zone at *text: by its name, or a VMID. False after a complaint. */
bool debug_zone(struct debugger *debugger, const char **text, unsigned *space);
/* What can be typed for a symbol; NULL past the last. */
const char *debug_name_candidate(struct debugger *debugger, size_t index);
void debug_names_free(struct debugger *debugger);

/* run.c: step the machine until `done` says so (then true), something stops it, or the user interrupts. `moved`: the
 * hart that did, if any. `slices`: it is enough to ask after slices. */
typedef bool done_function(struct debugger *debugger, const struct hart *moved, void *context);
bool debug_run_until(struct debugger *debugger, bool slices, done_function *done, void *context);
/* Say where we are after a run and why it ended. Returns true. */
bool debug_report_stop(struct debugger *debugger);
/* A complaint if the machine has stopped for good. */
bool debug_is_over(struct debugger *debugger);

/* hear.c: the guest wrote a byte to the console. */
void debug_hear(struct debugger *debugger, uint8_t byte);

/* run.c: what the debugger hears of events. */
void debug_observe(struct observer *observer, struct hart *hart, const struct trace_event *event);

#endif
