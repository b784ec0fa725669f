/*
 * One hart: its architectural state, and where it is in time. What else belongs to it (engine, caches, timing,
 * observers) hangs off it; that is made by others, and most of it can be made anew.
 *
 * Exactness: ops run in blocks whose cycles and retired instructions are added at the block's end. Whoever needs the
 * exact place in time inside a block reads pc, now and retired, which every slow path sets (op_sync) before it calls
 * out of the handlers. Outside a block they are always right.
 */
#ifndef HART_H
#define HART_H

#include <stdbool.h>
#include <stdint.h>
#include "csr/csr_file.h"
#include "isa/isa.h"
#include "isa/privileged.h"
#include "hart/observer.h"
#include "hart/trigger.h"

/* A trap that has been raised but not yet taken. A fault is data, never a longjmp. */
struct trap {
	bool pending;
	bool interrupt;
	bool rnmi;      /* a resumable non-maskable interrupt, cause counted from RNMI_FIRST */
	bool gva;       /* tval is a guest virtual address: goes to mstatus.GVA / hstatus.GVA */
	uint8_t cause;  /* enum cause, or enum irq when interrupt */
	uint64_t tval;
	uint64_t tval2; /* guest-physical address >> 2 for guest-page faults, else 0 */
	uint64_t tinst; /* value for mtinst/htinst: transformed instruction, pseudoinstruction, or 0 */
};

/* What a CSR write, fence or device access asks of its caller; ORed into hart->effects, acted on at the instruction's
 * end. The layers that raise effects call nobody: that is what keeps csr, mmu and exec free of a circle. */
enum effect {
	EFFECT_IRQ = 1 << 0,       /* pending or enabled interrupts may have changed: recheck */
	EFFECT_MODE = 1 << 1,      /* privilege, V, FS, MPRV, SUM, MXR...: recompute the execution context */
	/* satp, vsatp, hgatp, PMP or a fence: virtual mappings cached outside the TLB are stale */
	EFFECT_TRANSLATE = 1 << 2,
	EFFECT_YIELD = 1 << 3,     /* end the slice: another hart may have been woken, or the machine is stopping */
};

/* Which world wrote tp last, from where and when; and the values of both sides. */
struct tp_file {
	uint64_t value[MODE_COUNT];  /* last value written in each world */
	uint64_t pc[MODE_COUNT];
	uint64_t cycle[MODE_COUNT];
	bool written[MODE_COUNT];
	enum mode last_writer;
	/* Both sides of a world switch: HS-mode's own value, and the guest's (as it entered or left last). The write by
	 * which HS-mode puts the guest's value in place, just before it enters, is the guest's: `before` remembers
	 * across it. */
	uint64_t hypervisor, before, guest;
};

struct hart {
	uint64_t x[33]; /* x[32] swallows writes to x0 */
	uint64_t f[33];
	const struct code_block *code; /* the block being run, for handlers only */
	struct l0_bank *l0; /* the data filter of the current effective data mode */
	uint64_t cycle; /* outside handlers; inside them, when they were entered */
	uint64_t insns; /* retired, likewise */
	uint64_t bound; /* blocks may follow each other while their last instruction starts before this cycle */
	int64_t
	    progress; /* in handlers, at the current block's start: cycles left until `bound` << 32 | instructions retired
	                       * since they were entered */
	uint32_t pipeline_state; /* of the model, between blocks: states.h; 0 without a model */
	uint64_t context; /* epoch of the virtual mappings << 8 | execution key: what a link between blocks relies on */
	bool waiting; /* in WFI (or stopped) until an interrupt is pending */
	bool halted; /* does not run any more */
	bool held; /* a debugger keeps it from running (sched_hold): no part of its state */
	uint64_t waited; /* cycles that it has waited, for who looks on: no part of its state */
	uint64_t wake_cycle; /* when waiting: earliest cycle a timer can wake it; UINT64_MAX if none */
	uint32_t effects; /* enum effect */
	enum mode mode;

	uint64_t pc; /* exact in slow paths and outside blocks */
	uint64_t now; /* exact cycle, likewise */
	uint64_t retired; /* exact retired instructions, likewise */
	/* Exceptions taken: each is an instruction that trapped instead of retiring. */
	struct {
		uint64_t count;
		uint64_t in_a_row, insns; /* since so many retired */
	} trapped;
	uint64_t interrupted; /* interrupts taken */

	struct trap trap;
	struct csr_file csr;
	struct {
		uint32_t filtered; /* counters that count in some modes only */
		uint32_t armed; /* counters that will overflow at the clock value -slot (csr_counter.c) */
	} counters;
	struct triggers triggers;
	bool elp; /* ELP: the next instruction must be a landing pad (Zicfilp) */
	uint64_t irq_lines; /* wires from outside: MSIP, MTIP, MEIP, SEIP as mip bits */
	uint64_t hgei; /* wires: guest external interrupts, bits 1..GEILEN */
	uint64_t rnmi; /* wires: non-maskable interrupts, bits 0..RNMI_LINES-1 */

	/* How long interrupts wait (irq_taken): by cause, RNMIs from RNMI_FIRST on. Only for those who look on. */
	struct {
		uint64_t pending, open; /* as irq_poll found them: what is pending, and what the hart would take */
		uint64_t since[64]; /* of what is pending: the cycle since which it is, or at which it was taken last */
		uint64_t opened[64]; /* of what is pending: the cycle since which the hart would take it */
		uint64_t stimecmp, vstimecmp; /* the cycle at which each will be reached; UINT64_MAX: it is, or never */
	} interrupts;

	struct {
		bool valid;
		bool watched; /* the page carries PAGE_WATCH on this reservation's behalf */
		uint64_t pa; /* start of the reservation set, 64-byte aligned */
	} reservation;

	struct tp_file tp;
	unsigned id;
	struct isa isa;
	const struct hart_options *options; /* what its implementation chose: hart/options.h */
	struct platform *platform; /* the machine around it, its time: hart/platform.h */
	struct engine *engine; /* shared by all harts' exec: engine/engine.h */
	struct bus *bus;
	struct mmu *mmu;
	struct l0_filter *filter; /* what hart->l0 points into */
	const uint64_t *events; /* a timing model's struct event_counts (isa/events.h): event_count of them */
	unsigned event_count;
	struct model *model; /* timing: NULL where every instruction takes one cycle */
	struct model *parked; /* what `model` will be while timing is switched on (--timing from=) */
	struct hart *peers; /* every hart of the machine: platform->hart_count of them */
	struct exec *exec;
	/* The engine's: lines of the instruction cache that hold bytes of [pa, pa+size) are gone. */
	void (*lines_gone)(struct hart *hart, uint64_t pa, uint64_t size);
	struct trace *trace;
	struct trace_notes *notes; /* of what instructions did: hart/note.h */
	struct check *check; /* NULL unless --check */
	struct meter *meter; /* splits world switches by what their cycles went to: trace/meter.h; NULL: nobody asks */
	bool metering; /* it has one open: blocks do not lead straight to each other */
	const struct observers *observers; /* who hears of events: hart/observer.h */
};

/* Reset to the state at power-on: M-mode, pc at the reset vector, a0 = hart id, a1 = 0. */
void hart_reset(struct hart *hart, uint64_t reset_pc);

/* Save and restore (base/state.h) where exec_run has stopped: architectural state, counters, time, wires, what is
 * pending. Two sections, "hart" and "csr". What engines keep is not in it (exec_restored), nor is the TLB (mmu_restore)
 * or a timing model. Memory comes first (bus_restore). False: reader->reason says why it does not fit (another hart,
 * other extensions, damage), and the hart is only good for hart_reset. */
struct state_writer;
struct state_reader;
void hart_save(const struct hart *hart, struct state_writer *writer);
bool hart_restore(struct hart *hart, struct state_reader *reader);

/* Raise a synchronous exception at hart->pc. Returns false, so that slow paths can `return hart_raise(...)`. */
bool hart_raise(struct hart *hart, enum cause cause, uint64_t tval);

/* A wire changes level at cycle `now`: line < 64 is an mip bit (MSIP, MTIP, MEIP, SEIP); hart_set_hgei the guest
 * external interrupts, hart_set_rnmi the non-maskable ones. Wakes a hart that waits for it. */
void hart_set_irq(void *hart, unsigned line, bool level, uint64_t now);
void hart_set_rnmi(void *hart, unsigned line, bool level, uint64_t now);
void hart_set_hgei(void *hart, unsigned line, bool level, uint64_t now);

/* Cycle and retired instructions at the current block's start, for handlers and what they call. */
static inline uint64_t hart_block_cycle(const struct hart *hart)
{
	return hart->bound - (uint64_t)(hart->progress >> 32);
}
static inline uint64_t hart_block_insns(const struct hart *hart) { return hart->insns + (uint32_t)hart->progress; }

/* Should an event of this type be made? */
static inline bool hart_wants(const struct hart *hart, enum trace_type type)
{
	return observers_want(hart->observers, type);
}

/* How far the hart has come: instructions retired, or trapped instead, and interrupts taken. */
static inline uint64_t hart_steps(const struct hart *hart)
{
	return hart->insns + hart->trapped.count + hart->interrupted;
}

#endif
