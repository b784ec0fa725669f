/*
 * The per-hart event stream. Whoever makes an event fills struct trace_event and calls trace_emit; what happens to it
 * (hash, world-switch statistics, file, checks) is this folder's business. trace.def has one row per event type.
 *
 * The hash covers the default events (world, trap, tp, irq) of every hart, each hart's in its own order, and is kept whether or
 * not a file is written: so tracing cannot change it. Other types cost nothing while nobody wants them: ask trace_wants(),
 * at translation if at all possible.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include "hart/hart.h"

enum trace_type {
	TRACE_INSN,    /* pc, word; value[0] = rd's new value; value[1] = memory address; value[2] = value stored; rd, flags below */
	TRACE_TRAP,    /* taken: cause | interrupt << 63 in value[0]; value[1] tval; value[2] tval2; value[3] tinst; pc = epc */
	TRACE_WORLD,   /* mode change: from, to; value[0] = cause (as above) for traps, UINT64_MAX for returns; pc = the
	                * new world's first pc; value[1] = sscratch, value[2] = hgatp at that moment */
	TRACE_CSR,     /* written: value[0] number, value[1] new value */
	TRACE_TP,      /* x4 written: value[0] new value */
	TRACE_TLB,     /* miss: value[0] va, value[1] pa, value[2] PTE reads of the VS/S-stage, value[3] of the G-stage */
	TRACE_MEM,     /* explicit access: value[0] va, value[1] value, value[2] size | store << 8 */
	TRACE_DEV,     /* device access: value[0] pa, value[1] value, value[2] size | store << 8 */
	TRACE_IRQ,     /* interrupt wires changed: value[0] new mip-style lines, value[1] hgei */
	TRACE_CONSOLE, /* value[0] byte written to the console */
	TRACE_TYPES
};

enum trace_insn_flag { TRACE_RD = 1, TRACE_FRD = 2, TRACE_LOADS = 4, TRACE_STORES = 8 };

struct trace_event {
	uint8_t type; /* enum trace_type */
	uint8_t hart;
	uint8_t mode;     /* enum mode in which it happened (world: the new one) */
	uint8_t from;     /* world: the old mode; insn: rd */
	uint8_t flags;    /* insn: enum trace_insn_flag; size of access in bits 4..7 as log2 */
	uint32_t word;    /* insn */
	uint64_t cycle;
	uint64_t retired; /* instructions retired by this hart before the event */
	uint64_t pc;
	uint64_t value[4];
};

struct trace;

/* events: bit set of 1 << enum trace_type. path NULL: hash and statistics only. NULL with a line on stderr on failure. */
struct trace *trace_open(const char *path, uint32_t events, unsigned hart_count, uint64_t config_hash, uint64_t seed);
/* Parse "world,trap,tp" / "all" / "default". 0 or -1. */
int trace_parse_events(const char *list, uint32_t *events);
bool trace_wants(const struct trace *trace, enum trace_type type);
void trace_emit(struct trace *trace, const struct trace_event *event);
/* Turn the file's (not the hash's) recording on or off: debugger's `trace on|off`. Opens `path` if none is open yet. */
/* Hash over the default events and every hart's final architectural state (x, f, pc, mode, CSRs, cycle, retired). */
uint64_t trace_hash(const struct trace *trace, const struct hart *harts, unsigned hart_count);
/* Flush so that the file is readable even if the process is killed next. */
void trace_flush(struct trace *trace);
/* 0, or -1 with a line on stderr when the file could not be written whole. */
int trace_close(struct trace *trace);

#endif
