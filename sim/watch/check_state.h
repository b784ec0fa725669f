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

/* How a vCPU left its hart. */
struct vcpu_image {
	uint64_t sscratch; /* with vmid: who it is */
	unsigned vmid;
	bool running;  /* on `hart`; else the image below holds */
	bool complete; /* it has left at least once */
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
	} insn;
	/* FP registers stay expected over exits where the hart does not hold them (HS-level FS is off). */
	bool f_known;
	uint32_t f_free; /* registers that the hypervisor was entitled to change since */
	uint64_t f[32], fcsr;
};

struct check_hart {
	bool armed;            /* tp has had its right value since HS-mode started */
	uint64_t call_pc;      /* where HS-mode last trapped to M */
	uint64_t fences;       /* done by this hart when it last left a guest */
	bool entered;          /* a guest, the last time under this hgatp: */
	uint64_t hgatp;
};

struct isolation {
	uint16_t *owner; /* per DRAM page: check_isolation.c */
	uint64_t *hgatp; /* per VMID: as it was scanned last */
	uint8_t *seen;   /* per DRAM page, for a scan and for one within it: bit n, scanned as a table of level n */
	size_t pages;
};

struct check {
	struct observer observer; /* first */
	struct check_config config;
	uint64_t percpu_base, slot_size, percpu_max;
	bool has_percpu;
	uint64_t switch_start, switch_end; /* equal: the firmware has no such symbols */
	uint64_t *functions;               /* sorted */
	size_t function_count;
	struct check_hart harts[HARTS_MAX];
	struct vcpu_image **vcpus;
	size_t vcpu_count, vcpu_capacity;
	struct isolation isolation;
};

/* check_report.c: say what is wrong: "check KIND: hart N cycle C pc P <symbol>: TEXT". */
void check_violation(struct check *check, const char *kind, struct hart *hart, enum mode mode, uint64_t pc,
                     const char *format, ...) __attribute__((format(printf, 6, 7)));

/* check_percpu.c: 0, or -1 after a line. tp was written; HS-mode goes on after M-mode. */
int check_percpu_init(struct check *check);
void check_percpu_free(struct check *check);
void check_percpu_tp(struct check *check, struct hart *hart, const struct trace_event *event);
void check_percpu_resumed(struct check *check, const struct hart *hart, const struct trace_event *event);

/* What tp has to be on this hart in HS-mode; false: there is no slot for it. */
bool check_own_slot(const struct check *check, const struct hart *hart, uint64_t *slot);

/* check_switch.c: a guest left, is entered. */
void check_switch_exit(struct check *check, struct hart *hart, const struct trace_event *event);
void check_switch_entry(struct check *check, struct hart *hart, const struct trace_event *event);
void check_switch_free(struct check *check);
void check_switch_save(const struct check *check, struct state_writer *writer);
void check_switch_restore(struct check *check, struct state_reader *reader);

/* check_isolation.c */
int check_isolation_init(struct check *check); /* 0, or -1 after a line */
void check_isolation_exit(struct check *check, struct hart *hart);
void check_isolation_entry(struct check *check, struct hart *hart, const struct trace_event *event);
void check_isolation_free(struct check *check);
void check_isolation_save(const struct check *check, struct state_writer *writer);
void check_isolation_restore(struct check *check, struct state_reader *reader);

#endif
