/*
 * The machine-mode layer: firmware.elf's own SBI implementation beneath the hypervisor.
 *
 * It starts first, on every hart, and gives each what OpenSBI would: traps delegated, memory opened by PMP,
 * counters readable, then one hart in S-mode at the next stage and the others stopped until hart_start.
 * It runs with interrupts off; machine interrupts arrive only while S-mode or a guest runs.
 */
#ifndef FIRMWARE_MACHINE_MACHINE_H
#define FIRMWARE_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/sbi_server.h"
#include "lib/harts.h"
#include "platform/platform.h"

#define SBI_STACK_SIZE 4096

/* Everything a trap saves, in the order m_trap.S has it. x[0] is unused. */
struct sbi_trap_frame {
	uint64_t x[32];
	uint64_t mepc;
	uint64_t mstatus;

	/* Read by sbi_trap, before a trap of this layer's own can replace them. */
	uint64_t mcause, mtval;
	uint64_t mtval2, mtinst; /* 0 on a core without H */
};

/* What a hart has been asked to do by an inter-processor interrupt; bits of sbi_hart.ipi. */
enum {
	IPI_SUPERVISOR = 1u << 0, /* raise the supervisor software interrupt */
	IPI_FENCE = 1u << 1,      /* carry out the fences of the harts in fence_requests */
	IPI_START = 1u << 2,      /* leave the stopped state */
	IPI_FENCE_DONE = 1u << 3, /* wake up: the last hart has carried out this one's fence */
};

struct sbi_fence {
	uint32_t function; /* SBI_RFENCE_* */
	uint64_t asid;     /* or VMID */
	uint64_t hgatp;    /* whose VMID an hfence.vvma is for */
};

/*
 * One hart. The stack lies below the struct in the same slot and mscratch points at the struct, so the
 * trap entry finds both with one register.
 */
struct sbi_hart {
	uint64_t id;
	uint64_t spill; /* m_trap.S: t0, until there is a frame */
	uint32_t state; /* SBI_HSM_*; atomic */
	uint32_t ipi;   /* IPI_*; atomic */

	uint64_t start_address, start_argument; /* owned by the starter while START_PENDING */

	struct sbi_fence fence;  /* this hart's own request, valid while fence_waiting is not 0 */
	uint64_t fence_waiting;  /* harts that have not carried it out yet; atomic */
	uint64_t fence_requests; /* harts whose request this hart is to carry out; atomic */
} __attribute__((aligned(16)));

struct sbi_slot {
	uint8_t stack[SBI_STACK_SIZE - sizeof(struct sbi_hart)];
	struct sbi_hart hart;
};

extern struct sbi_slot sbi_slots[HARTS_MAX];
extern struct platform sbi_platform;

static inline struct sbi_hart *sbi_hart(uint64_t id) { return &sbi_slots[id].hart; }

/* hart.c. The hart this runs on is from mscratch. */
struct sbi_hart *sbi_this_hart(void);
bool sbi_hart_exists(uint64_t id);
uint32_t sbi_hart_state(const struct sbi_hart *hart); /* SBI_HSM_* */

/* The started harts that a pair of hart mask arguments names; false if one of them is not started. */
bool sbi_harts_of_mask(uint64_t mask, uint64_t base, uint64_t *harts);

/* start.c, called by m_start.S */
_Noreturn void sbi_start(uint64_t hart_id, const void *dtb, bool is_boot_hart);

/* m_trap.S: the machine trap vector, and the one for a core with Smrnmi. */
void sbi_trap_vector(void);
void sbi_trap_vector_rnmi(void);

/* m_enter.S: mret to S-mode with a0, a1; a hart's stack emptied before a call. */
_Noreturn void sbi_enter_supervisor(uint64_t a0, uint64_t a1, uint64_t address);
_Noreturn void sbi_call_on_empty_stack(struct sbi_hart *hart, void (*function)(struct sbi_hart *));

/* trap.c, called by m_trap.S */
void sbi_trap(struct sbi_trap_frame *frame);

/* die.c: a report, then the end. The first is called by m_trap.S. */
_Noreturn void sbi_non_maskable(uint64_t hart_id);
_Noreturn void sbi_die(const char *text, const struct sbi_trap_frame *frame);

/* emulate_time.c: reading `time` where the core has no such CSR; false if that is not what trapped, or not allowed: then
 * the frame has the cause that the core would have. */
bool sbi_emulate_time_read(struct sbi_trap_frame *frame);

/* redirect.c */
void sbi_redirect_to_supervisor(struct sbi_trap_frame *frame);

/* ipi.c: interrupts a hart, for the IPI_* in what; takes what this hart was interrupted for. */
void sbi_ipi_raise(uint64_t hart_id, uint32_t what);
uint32_t sbi_ipi_receive(struct sbi_hart *hart);

/* fence.c: one fence; those that other harts have asked this one for. */
void sbi_fence_here(const struct sbi_fence *fence);
void sbi_fence_serve(struct sbi_hart *hart);

/* software_interrupt.c: receives, and does what was asked for. */
void sbi_ipi_serve(struct sbi_hart *hart);

/* timer.c: ticks of mtime. */
void sbi_timer_init(void);
uint64_t sbi_timer_now(void);
void sbi_timer_set(uint64_t deadline);
void sbi_timer_expired(void);

/* memory.c: addresses of S-mode's choice. One byte: false if nothing is there. Several: how many are there. */
uint64_t sbi_load_bytes(uint64_t address, char *bytes, uint64_t size);
bool sbi_load_byte(uint64_t address, char *byte);
bool sbi_store_byte(uint64_t address, char byte);

/* console.c. The first takes what the device has room for, a piece at most, and returns how much that was; the second
 * waits until all has gone out. */
#define SBI_CONSOLE_PIECE 64 /* bytes that one call reads or writes: this layer runs with interrupts off */
uint64_t sbi_console_write(const char *text, uint64_t size);
void sbi_console_write_all(const char *text, uint64_t size);
int sbi_console_read(void); /* -1: no input */
void sbi_console_seize(void);

/* sbi.c: serves one call, result in the frame's a0 and a1. sbi_*.c: one extension each. */
void sbi_ecall(struct sbi_trap_frame *frame);
struct sbi_result sbi_base(const struct sbi_call *call);
struct sbi_result sbi_time(const struct sbi_call *call);
struct sbi_result sbi_ipi(const struct sbi_call *call);
struct sbi_result sbi_rfence(const struct sbi_call *call);
struct sbi_result sbi_hsm(const struct sbi_call *call);
struct sbi_result sbi_srst(const struct sbi_call *call);
struct sbi_result sbi_dbcn(const struct sbi_call *call);
struct sbi_result sbi_legacy(const struct sbi_call *call);

/* sbi_hsm.c: until another hart's hart_start, from the state STOPPED on. */
_Noreturn void sbi_hsm_wait_for_start(struct sbi_hart *hart);

#endif
