/* What can be told of a hart, one record each: the trace's events. trace_event.def has a row a type. */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include <stdint.h>
#include "base/trace_tlb.h"

/* What each type means and which members it uses: trace_event.def. */
enum trace_type {
#define EVENT(id, ...) TRACE_##id,
#include "base/trace_event.def"
#undef EVENT
	TRACE_TYPES
};

/* The types that are on by default, as a bit set. */
#define EVENT(id, name, on, fields) | (uint32_t)(on) << TRACE_##id
enum {
	TRACE_DEFAULT = 0
#include "base/trace_event.def"
};
#undef EVENT

enum trace_insn_flag { TRACE_RD = 1, TRACE_FRD = 2, TRACE_LOADS = 4, TRACE_STORES = 8 };

struct trace_event {
	uint8_t type; /* enum trace_type */
	uint8_t hart;
	uint8_t mode;     /* enum mode in which it happened (world: the new one) */
	uint8_t from;     /* world: the old mode; insn: rd; tlb: trace_tlb.h, likewise below */
	uint16_t guest;   /* of an event that was read: the guest that runs with V=1, n: the n-th; 0: not known */
	uint8_t flags;    /* insn: enum trace_insn_flag; size of access in bits 4..7 as log2 */
	uint32_t word;    /* insn */
	uint64_t cycle;
	uint64_t retired; /* instructions retired by this hart before the event */
	uint64_t pc;
	uint64_t value[4];
};

/* How long an interrupt has waited that a trap event tells of: cycles from when it became pending, or was taken last, to
 * the first instruction of its handler; of them, those up to when the hart would take it. */
struct trace_latency {
	uint64_t waited, masked;
};

/* value[0] of a world event that is a return, not a trap. */
#define TRACE_RETURN UINT64_MAX

/* ... and of one that is a reset of the machine. */
#define TRACE_RESET (UINT64_MAX - 1)

#endif
