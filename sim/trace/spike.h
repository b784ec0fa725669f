/*
 * Spike's commit log (--log-commits) and, if wanted, its disassembly (-l), out of the events of a trace: insn and csr,
 * and trap for what the disassembly says of traps. As riscv-isa-sim 55b4658d writes it.
 */
#ifndef TRACE_SPIKE_H
#define TRACE_SPIKE_H

#include <stdio.h>
#include "trace/trace.h"
#include "trace/text.h"

enum { SPIKE_CSRS_MAX = 8 };

struct spike {
	FILE *out;
	bool disassembly;
	const struct trace_names *names;
	struct spike_hart {
		struct trace_event csrs[SPIKE_CSRS_MAX]; /* those that the instruction to come has written */
		unsigned count;
		uint64_t menvcfg, mseccfg, pmpcfg[8]; /* as csr events told so far */
		uint64_t last_pc, last_word, repeats; /* what was disassembled last, and how often it came again */
	} harts[256];
};

/* One event. `x`: the 64 registers of its hart after it, for a second register of a pair; NULL: there is none. */
void spike_event(struct spike *spike, const struct trace_event *event, const uint64_t *x);

/* A trap of the instruction `word`; NULL: no instruction's, or it is not known. Nothing without disassembly. */
void spike_trap(struct spike *spike, const struct trace_event *event, const uint32_t *word);

/* Can it be that spike_trap wants to know the instruction? */
bool spike_trap_has_insn(const struct trace_event *event);

#endif
