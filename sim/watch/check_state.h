/* What the files of --check share; nobody else includes it. */
#ifndef CHECK_STATE_H
#define CHECK_STATE_H

#include <stddef.h>
#include "base/limits.h"
#include "base/state.h"
#include "hart/hart.h"
#include "watch/check.h"

/* VS CSRs that a guest finds as it left them. */
enum {
	VS_VSSTATUS,
	VS_VSIE,
	VS_VSTVEC,
	VS_VSSCRATCH,
	VS_VSEPC,
	VS_VSCAUSE,
	VS_VSTVAL,
	VS_VSATP,
	VS_VSTIMECMP,
	VS_COUNT
};

/* CSRs in which a guest may find what another left. */
enum { RESIDUE_COUNT = 19 };

/* How a vCPU left its hart. */
struct vcpu_image {
	uint64_t sscratch; /* with vmid: who it is */
	unsigned vmid;
	bool
	    anonymous; /* sscratch is 0 while it runs, and stands for the hart here: only what it leaves is of interest */
	bool running; /* on `hart`; else the image below holds */
	bool complete; /* it has left at least once */
	bool anew; /* its zone has asked for a reset since: it may start anew, from anywhere */
	unsigned hart;
	enum mode mode;
	uint64_t cause; /* as in world events */
	uint64_t pc;
	uint64_t x[32];
	uint64_t vs[VS_COUNT];
	struct {
		bool known; /* the instruction at pc could be read */
		bool sret;
		uint8_t length;
		uint32_t x_written, f_written; /* registers */
		uint16_t csr_written; /* 0: none */
		uint64_t pa[2]; /* of its halves; 0: not known */
		bool rewritten; /* since the exit, or it could not be told: who emulates may see another */
	} insn;
	/* FP registers stay expected over exits where the hart does not hold them (HS-level FS is off). */
	bool f_known;
	uint32_t f_free; /* registers that the hypervisor was entitled to change since */
	uint64_t f[32], fcsr;
	/* What it left its hart with: check_residue.c. */
	uint64_t left[RESIDUE_COUNT], left_f[32];
	bool left_fp; /* left_f is known */
};

struct check_hart {
	bool armed; /* tp has had its right value since HS-mode started */
	bool given; /* by M-mode: start-up code may still use tp for something else */
	bool was_armed, ran; /* ever; and HS-mode has run, as far as is known */
	bool own_seen; /* tp was right since the guest was left last */
	uint64_t guest_tp; /* as it was then */
	uint64_t handler; /* where HS-mode began then; 0: it did not */
	uint64_t call_pc; /* where HS-mode last trapped to M */
	uint64_t fences; /* done by this hart when it last left a guest */
	bool entered; /* a guest, the last time under this hgatp: */
	uint64_t hgatp;
};

enum { VMIDS = 1 << 14 };

/* What guests have left in a hart. A zone is known by its number + 1 here; 0: the hypervisor's own, or none. */
struct residue {
	uint16_t owner[RESIDUE_COUNT]; /* whose data the CSR holds */
	bool written[RESIDUE_COUNT]; /* by HS- or M-mode since the guest was left */
	uint64_t entered[RESIDUE_COUNT]; /* as the guest found it that was entered last */
	uint16_t f_owner, x_owner;
	uint64_t f[32], x[32]; /* as they left them */
};

struct isolation {
	uint16_t *owner; /* per DRAM page: check_isolation.c */
	uint64_t *hgatp; /* per VMID: as it was scanned last */
	uint16_t *last; /* per DRAM page: VMID + 1 that could read or write it last; 0: none */
	uint32_t *runs; /* per VMID: how often it has been entered */
	/* Per DRAM page, NULL: none. Which of its doublewords were written from outside after that VMID ran last, or
	 * after it lost the page. */
	struct outside_marks **marks;
	uint64_t *zones; /* hgatp of each zone that has run */
	size_t zone_count, zone_capacity;
	uint8_t *seen; /* per DRAM page, for a scan and for one within it: bit n, scanned as a table of level n */
	size_t pages;
};

struct check {
	struct observer observer; /* first */
	struct check_config config;
	struct percpu_array percpu;
	bool has_percpu;
	uint64_t switch_start, switch_end; /* equal: the firmware has no such symbols */
	uint64_t *functions; /* sorted */
	size_t function_count;
	struct check_hart harts[HARTS_MAX];
	struct residue residue[HARTS_MAX];
	struct vcpu_image **vcpus;
	size_t vcpu_count, vcpu_capacity;
	struct isolation isolation;
	bool violated; /* there was something to say */
};

/* check_report.c: say what is wrong: "check KIND: hart N cycle C pc P <symbol>: TEXT". */
void check_violation(struct check *check, const char *kind, struct hart *hart, enum mode mode, uint64_t pc,
                     const char *format, ...) __attribute__((format(printf, 6, 7)));

/* check_percpu.c: 0, or -1 after a line. tp was written; HS-mode calls M-mode, goes on after it; a guest left, is entered. */
int check_percpu_init(struct check *check);
void check_percpu_free(struct check *check);
void check_percpu_tp(struct check *check, struct hart *hart, const struct trace_event *event);
void check_percpu_calls(struct check *check, struct hart *hart, const struct trace_event *event);
void check_percpu_exit(struct check *check, const struct hart *hart, const struct trace_event *event);
void check_percpu_entry(struct check *check, struct hart *hart);
void check_percpu_finish(const struct check *check);
void check_percpu_resumed(struct check *check, const struct hart *hart, const struct trace_event *event);

/* What tp has to be on this hart in HS-mode; false: there is no slot for it. */
bool check_own_slot(const struct check *check, const struct hart *hart, uint64_t *slot);

/* check_switch.c: a guest left, is entered. */
void check_switch_exit(struct check *check, struct hart *hart, const struct trace_event *event);
void check_switch_entry(struct check *check, struct hart *hart, const struct trace_event *event);
void check_switch_free(struct check *check);
void check_switch_forget(struct check *check); /* every vCPU */
void check_switch_save(const struct check *check, struct state_writer *writer);
void check_switch_restore(struct check *check, struct state_reader *reader);

/* check_switch.c: the vCPU of a world event; NULL: none, or no memory. A store to where somebody looks. */
struct vcpu_image *check_vcpu(struct check *check, const struct hart *hart, const struct trace_event *event);
void check_switch_stored(struct check *check, uint64_t pa, unsigned size);

/* check_residue.c: registers. */
void check_residue_csr(struct check *check, const struct hart *hart, const struct trace_event *event);
void check_residue_exit(struct check *check, const struct hart *hart, const struct trace_event *event);
void check_residue_entry(struct check *check, struct hart *hart, const struct trace_event *event);
void check_residue_save(const struct check *check, struct state_writer *writer);
void check_residue_restore(struct check *check, struct state_reader *reader);

/* check_pages.c: what stands in pages. Somebody outside stores; the page is no longer the VMID's that had it last; a VMID gets it:
 * false, and *pa: there is what the one before left. */
void check_pages_stored(struct check *check, uint64_t pa, unsigned size);
void check_pages_lost(struct check *check, size_t page);
bool check_pages_given(struct check *check, size_t page, uint16_t owner, uint64_t *pa);
void check_pages_forget(struct check *check);
void check_pages_free(struct check *check);
void check_pages_save(const struct check *check, struct state_writer *writer);
void check_pages_restore(struct check *check, struct state_reader *reader);

/* check_isolation.c */
int check_isolation_init(struct check *check); /* 0, or -1 after a line */
void check_isolation_exit(struct check *check, struct hart *hart, const struct trace_event *event);
void check_isolation_entry(struct check *check, struct hart *hart, const struct trace_event *event);
void check_isolation_free(struct check *check);
void check_isolation_forget(struct check *check); /* every table */
void check_isolation_save(const struct check *check, struct state_writer *writer);
void check_isolation_restore(struct check *check, struct state_reader *reader);

#endif
