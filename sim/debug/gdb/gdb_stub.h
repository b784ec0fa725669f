/* The stub's inside: what its files share. */
#ifndef GDB_STUB_H
#define GDB_STUB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "debug/debugger.h"
#include "debug/gdb/gdb_link.h"
#include "debug/gdb/gdb_wire.h"

/* Why a hart has stopped. */
enum gdb_stop_kind {
	GDB_STOPPED,    /* because the client asked, or with the others: signal 0 or SIGTRAP */
	GDB_INTERRUPTED, /* ctrl-C */
	GDB_BREAK,
	GDB_HARD_BREAK,
	GDB_WATCH,
	GDB_READ_WATCH,
	GDB_ACCESS_WATCH,
	GDB_STEPPED,
	GDB_POINT, /* a stop point of a command's (monitor break, catch...) */
	GDB_HISTORY_BEGINS,
};

struct gdb_stop {
	enum gdb_stop_kind kind;
	unsigned hart;
	uint64_t address; /* of what is watched, as the client has it */
};

/* What the client wants of a hart. */
struct gdb_hart {
	enum { HART_STOPS, HART_RUNS, HART_STEPS, HART_STEPS_IN_RANGE } wish;
	uint64_t low, high; /* HART_STEPS_IN_RANGE: while its pc is in [low, high) */
	bool waits_to_tell; /* non-stop: `stop` is still to be told */
	struct gdb_stop stop;
};

/* Z packets: break (0), hardware break (1), watch (2), read watch (3), access watch (4). */
struct gdb_point {
	unsigned type;
	uint64_t address, length; /* length: of what is watched; else the kind, 2 or 4 */
	unsigned process;         /* whose harts it concerns; 0: all */
	bool gone;                /* the client has taken it away, to let one hart alone pass it */
	uint8_t *last;            /* watches: the bytes at the last look, */
	uint64_t *pages;          /* and where each of their pages is */
};

enum gdb_space { GDB_SPACE_HART, GDB_SPACE_PHYSICAL, GDB_SPACE_ZONE };

struct gdb {
	struct debugger *debugger;
	struct machine *machine;
	struct gdb_link link;
	struct gdb_wire wire;
	/* The answer that is being written; `deferred`: it comes later, or never. */
	FILE *answer;
	char *answer_text;
	size_t answer_size;
	bool deferred;
	bool silences; /* behind it nothing is acknowledged any more */
	/* The client. */
	bool attached;     /* it has the machine */
	bool multiprocess, error_texts, knows_swbreak, knows_hwbreak, described, extended, non_stop;
	bool ended;        /* it was told that the machine has ended, or has ended it */
	unsigned general, continuing; /* the harts of Hg and Hc */
	unsigned listed;   /* qsThreadInfo: the next hart */
	bool processes[HARTS_MAX]; /* harts=inferiors: which it has attached to */
	struct gdb_hart *harts;
	bool telling;      /* non-stop: a notification is not acknowledged yet */
	/* Non-stop: one stop was answered to `?`, the others are notified of when the client has taken it: GDB 13 fails if
	 * they come at once. */
	bool told_first;
	enum gdb_space space;
	uint64_t zone; /* GDB_SPACE_ZONE: its hgatp */
	/* Points. */
	struct gdb_point *points;
	size_t point_count;
	/* The run. */
	bool running; /* all-stop */
	bool waits; /* -S: nobody has let it go yet */
	bool left; /* the client has detached, and may come back */
	bool in_burst; /* the machine moves now */
	bool stopped; /* it has paused: why */
	struct gdb_stop stop;
	bool over; /* the client ends the run */
};

/* ---- gdb_answer.c: writing the answer ---- */

void gdb_put(struct gdb *gdb, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gdb_put_hex(struct gdb *gdb, const void *bytes, size_t size); /* two digits a byte */
void gdb_put_binary(struct gdb *gdb, const void *bytes, size_t size); /* escaped */
/* An error the client shows, if it is one that can: `code` for others. */
void gdb_put_error(struct gdb *gdb, unsigned code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A reply that nobody asked for now: stop replies, console text. */
void gdb_begin_answer(struct gdb *gdb);
void gdb_send_answer(struct gdb *gdb);
void gdb_notify_answer(struct gdb *gdb); /* as a notification */
void gdb_drop_answer(struct gdb *gdb);

/* ---- gdb_change.c ---- */

/* Before anything of the machine is changed: false, and an error is the answer, where it cannot be. */
bool gdb_may_change(struct gdb *gdb);

/* ---- gdb_words.c: reading a packet ---- */

struct gdb_args {
	const char *at, *end; /* *end is 0 */
};

bool gdb_take_hex(struct gdb_args *args, uint64_t *value); /* at least one digit, at most 16 */
bool gdb_take(struct gdb_args *args, char byte);
bool gdb_take_word(struct gdb_args *args, const char *word);
/* As many bytes as digits of two stand there, to `bytes`; false: more than size, or no digits. */
bool gdb_take_bytes(struct gdb_args *args, uint8_t *bytes, size_t size, size_t *count);

/* ---- gdb_threads.c ---- */

enum { GDB_ANY = 0, GDB_ALL = UINT32_MAX };

/* "p1.2", "2", "-1", "0": first and last hart that is meant. False: there is none such. */
struct gdb_harts {
	unsigned first, last;
};
bool gdb_take_thread(struct gdb *gdb, struct gdb_args *args, struct gdb_harts *harts);
void gdb_put_thread(struct gdb *gdb, unsigned hart);
unsigned gdb_process_of(const struct gdb *gdb, unsigned hart);
bool gdb_has_process(const struct gdb *gdb); /* is it attached to any? */
bool gdb_has_hart(const struct gdb *gdb, unsigned hart); /* is the client attached to its process? */

typedef void gdb_handler(struct gdb *gdb, struct gdb_args args);
gdb_handler gdb_select_thread, gdb_thread_alive, gdb_first_threads, gdb_next_threads, gdb_thread_extra,
    gdb_current_thread, gdb_attached;
void gdb_write_threads(struct gdb *gdb, FILE *out);

/* ---- gdb_registers.c, gdb_target.c ---- */

enum {
	GDB_REG_PC = 32,
	GDB_REG_F = 33,
	GDB_REG_CSR = 66, /* CSR n is register 66 + n, as QEMU counts */
	GDB_REG_PRIV = 4162, /* behind the CSRs */
	GDB_REG_VIRT = 4163,
};
gdb_handler gdb_read_register, gdb_write_register, gdb_read_registers, gdb_write_registers;
/* The register's bytes, and how many; 0: there is none. */
size_t gdb_register_bytes(const struct hart *hart, uint64_t number, uint8_t bytes[8]);
void gdb_write_target(struct gdb *gdb, FILE *out);
void gdb_write_memory_map(struct gdb *gdb, FILE *out);

/* ---- gdb_memory.c ---- */

gdb_handler gdb_read_memory, gdb_read_binary, gdb_write_memory, gdb_write_binary, gdb_search, gdb_crc;
/* Where the byte at an address is, by the space that is chosen and the general hart; and how many bytes from there on
 * lie behind each other: up to the page's end. 0: nowhere. */
uint64_t gdb_locate(struct gdb *gdb, uint64_t address, uint64_t *pa);

/* ---- gdb_points.c ---- */

gdb_handler gdb_insert_point, gdb_remove_point;
void gdb_points_init(struct gdb *gdb);
void gdb_points_clear(struct gdb *gdb);
/* The machine goes on: have the engine look out. `alone`: some harts are not meant to move; then what the client took
 * away for the others' sake still holds for them. */
void gdb_points_arm(struct gdb *gdb, bool alone);

/* ---- gdb_run.c ---- */

gdb_handler gdb_continue_at, gdb_step_at, gdb_resume, gdb_resume_help, gdb_ask_stop, gdb_tell_next, gdb_stop_asked,
    gdb_set_non_stop, gdb_detach, gdb_kill, gdb_kill_process, gdb_restart, gdb_run, gdb_extend, gdb_attach;
void gdb_interrupt(struct gdb *gdb);
/* Non-stop: tell of a stop that the client does not know of, unless it is being told of another one. */
void gdb_notify(struct gdb *gdb);
/* All harts run, nobody looks: the client has gone. */
void gdb_let_go(struct gdb *gdb);
/* A client is here: the machine stops. */
void gdb_take_over(struct gdb *gdb);
bool gdb_moves(const struct gdb *gdb);
/* Let the machine run for some milliseconds of the host, or until it pauses; tell the client then. */
void gdb_burst(struct gdb *gdb);

/* The answer: the machine stands, and why. */
void gdb_stopped_at(struct gdb *gdb, struct gdb_stop stop);

/* ---- gdb_travel.c ---- */

gdb_handler gdb_back;

/* ---- gdb_packets.c ---- */

/* A whole packet has come: answer it. */
void gdb_obey(struct gdb *gdb);

#endif
