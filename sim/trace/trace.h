/*
 * The per-hart event stream: what becomes of events (base/trace_event.h) is this folder's business: hash, world-switch
 * statistics, file.
 *
 * The hash covers the default events (world, trap, tp, irq) of every hart, each hart's in its own order, and is kept
 * whether or not a file is written: so tracing cannot change it. Other types cost nothing while nobody wants them: ask
 * hart_wants(), at translation if at all possible.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/state.h"
#include "base/trace_event.h"
#include "hart/hart.h"

struct trace;
struct trace_text;
struct world;
struct split;

/* events: bit set of 1 << enum trace_type to record. path NULL: hash and statistics only. NULL with a line on stderr on
 * failure. */
struct trace *trace_open(const char *path, uint32_t events, unsigned hart_count, uint64_t config_hash, uint64_t seed);
/* Parse "world,trap,tp" / "all" / "default". 0 or -1. */
int trace_parse_events(const char *list, uint32_t *events);

/* Should an event of this type be made? No trace wants nothing. Can change only in trace_open and trace_record. */
static inline bool trace_wants(const struct trace *trace, enum trace_type type)
{
	return trace && ((const struct observer *)trace)->wanted >> type & 1;
}

/* Instructions, or their accesses to memory? */
static inline bool trace_wants_insns(const struct trace *trace)
{
	return trace_wants(trace, TRACE_INSN) || trace_wants(trace, TRACE_MEM);
}

/* The trace as one of the harts' observers: its first member. */
static inline struct observer *trace_observer(struct trace *trace) { return (struct observer *)trace; }

/* Types that are not wanted may be emitted too: they are dropped. The event is copied. */
void trace_emit(struct trace *trace, const struct trace_event *event);

/*
 * Instructions do not come as events but as runs (trace/run.h), from this hart (NULL: none) while it runs: before
 * anything else is emitted its notes are told up to there.
 */
void trace_noting(struct trace *trace, struct hart *hart);

/* The number of a block of code that runs will name; 0: no file, or no memory. `tells` is filled in. */
uint32_t trace_text(struct trace *trace, struct trace_text *text);

/* The hart's notes go to the file, up to this number of retired instructions; or nowhere if there is none. */
void trace_tell(struct trace *trace, const struct hart *hart, uint64_t retired);

/* What the hart's registers hold: before its first run; or (check) as the runs told so far make them. */
void trace_registers(struct trace *trace, const struct hart *hart, bool check);

/* What the cycles of a VM exit went to, which the hart's next event ends. For statistics and the file, not for the
 * hash. */
void trace_split(struct trace *trace, unsigned hart, const struct split *split);

/* How long the interrupt has waited that is the hart's next trap event. Likewise. */
void trace_latency(struct trace *trace, unsigned hart, const struct trace_latency *latency);

/* What is written into this file, and any that trace_record opens later, of how the run was made: JSON. Call it before
 * the first event; the text must outlive the trace. */
void trace_config(struct trace *trace, const char *text);

/* What code is called in this file, and any that trace_record opens later: call it before the first event. The table,
 * which may grow later, must outlive the trace. */
struct symbols;
void trace_symbols(struct trace *trace, const struct symbols *symbols);
/* From here on code with V=1 under this hgatp is that of a guest, as the table says too: before the event that enters it. */
void trace_guest(struct trace *trace, uint64_t hgatp, unsigned guest);

/* Turn the file's (not the hash's) recording on or off: debugger's `trace on|off`. Opens `path` if none is open yet;
 * path NULL then fails. `events` replaces the set recorded, 0 keeps it. 0, or -1 with a line on stderr. The wanted
 * types may have changed: follow with exec_set_tracing. */
int trace_record(struct trace *trace, bool on, const char *path, uint32_t events);

/* The machine was taken back: until it is where it was, what happens is in the file already; or (false) it is there again. Between
 * slices. True: that changes something; follow with exec_set_tracing. */
bool trace_mute(struct trace *trace, bool muted);

/* Hash over the default events and every hart's final architectural state (x, f, pc, mode, CSRs, cycle, retired). */
uint64_t trace_hash(const struct trace *trace, const struct hart *harts, unsigned hart_count);

/* World-switch statistics so far: trace/world.h. */
const struct world *trace_world(const struct trace *trace);

/* What the trace knows of the run so far, for another machine to go on from: the hash, and the statistics (sections
 * "trace" and "world"). Not the file: a restored machine's begins where it goes on. Restored into a new one of as
 * many harts, before any event; false: refused, and it is only good for trace_close. */
void trace_save(const struct trace *trace, struct state_writer *writer);
bool trace_restore(struct trace *trace, struct state_reader *reader);

/* The run is over: store where every hart stands and the hash, so that rvtrace knows them. Before trace_close. */
void trace_finish(struct trace *trace, const struct hart *harts, unsigned hart_count);

/* From here on instructions and cycles are counted by function (trace/counts.h): before the first event. 0, or -1: no memory. */
int trace_count(struct trace *trace);
/* They go to a file, after trace_finish. 0, or -1 with a line on stderr. */
int trace_write_counts(const struct trace *trace, const char *path);

/* Flush so that the file is readable up to here even if the process is killed next. */
void trace_flush(struct trace *trace);
/* 0, or -1 with a line on stderr when the file could not be written whole. NULL: 0. */
int trace_close(struct trace *trace);

#endif
