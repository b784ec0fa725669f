/*
 * The runtime every guest is linked with: entry, harts, traps, SBI, console, device tree.
 *
 * A guest defines guest_name and guest_main. Its text is a function of its own logic only: never of time,
 * addresses or the number of harts, so that one expected file serves every machine.
 */
#ifndef GUEST_RT_H
#define GUEST_RT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MAX_HARTS = 64,
	STACK_SIZE = 8192,
	PAGE_SIZE = 4096,
};

#define UART_BASE UINT64_C(0x10000000)

#define SSTATUS_SIE (UINT64_C(1) << 1)
#define SSTATUS_SPIE (UINT64_C(1) << 5)
#define SSTATUS_SPP (UINT64_C(1) << 8)
#define SSTATUS_FS (UINT64_C(3) << 13)
#define SSTATUS_SUM (UINT64_C(1) << 18)
#define SSTATUS_MXR (UINT64_C(1) << 19)

#define SATP_SV39 (UINT64_C(8) << 60)

#define IRQ_SOFT 1
#define IRQ_TIMER 5
#define IRQ_BIT(irq) (UINT64_C(1) << (irq))
#define CAUSE_IRQ(irq) ((UINT64_C(1) << 63) | (irq))

enum cause {
	CAUSE_FETCH_ACCESS = 1,
	CAUSE_ILLEGAL = 2,
	CAUSE_LOAD_MISALIGNED = 4,
	CAUSE_LOAD_ACCESS = 5,
	CAUSE_STORE_MISALIGNED = 6,
	CAUSE_STORE_ACCESS = 7,
	CAUSE_ECALL_U = 8,
	CAUSE_FETCH_PAGE = 12,
	CAUSE_LOAD_PAGE = 13,
	CAUSE_STORE_PAGE = 15,
};

#define csr_read(csr) \
	({ uint64_t value_; __asm__ volatile("csrr %0, " #csr : "=r"(value_) : : "memory"); value_; })
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" : : "rK"((uint64_t)(value)) : "memory")
#define csr_set(csr, bits) __asm__ volatile("csrs " #csr ", %0" : : "rK"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " #csr ", %0" : : "rK"((uint64_t)(bits)) : "memory")

/* ---- SBI ---- */

enum sbi_extension {
	SBI_LEGACY_PUTCHAR = 0x01,
	SBI_LEGACY_GETCHAR = 0x02,
	SBI_LEGACY_SEND_IPI = 0x04,
	SBI_LEGACY_SHUTDOWN = 0x08,
	SBI_BASE = 0x10,
	SBI_TIME = 0x54494d45,
	SBI_IPI = 0x735049,
	SBI_RFENCE = 0x52464e43,
	SBI_HSM = 0x48534d,
	SBI_SRST = 0x53525354,
	SBI_DBCN = 0x4442434e,
	SBI_NO_SUCH_EXTENSION = 0x0bad0e1d,
};

enum sbi_function {
	SBI_BASE_SPEC_VERSION = 0,
	SBI_BASE_IMPL_ID = 1,
	SBI_BASE_PROBE = 3,
	SBI_BASE_MVENDORID = 4,
	SBI_BASE_MIMPID = 6,
	SBI_RFENCE_FENCE_I = 0,
	SBI_RFENCE_SFENCE_VMA = 1,
	SBI_RFENCE_SFENCE_VMA_ASID = 2,
	SBI_RFENCE_HFENCE_GVMA = 4,
	SBI_HSM_START = 0,
	SBI_HSM_STOP = 1,
	SBI_HSM_STATUS = 2,
	SBI_HSM_SUSPEND = 3,
	SBI_DBCN_WRITE = 0,
	SBI_DBCN_READ = 1,
	SBI_DBCN_WRITE_BYTE = 2,
	SBI_NO_SUCH_FUNCTION = 0x3ff,
};

enum sbi_error {
	SBI_SUCCESS = 0,
	SBI_ERR_NOT_SUPPORTED = -2,
	SBI_ERR_INVALID_PARAM = -3,
	SBI_ERR_INVALID_ADDRESS = -5,
	SBI_ERR_ALREADY_AVAILABLE = -6,
};

enum hsm_state { HSM_STARTED = 0, HSM_STOPPED = 1, HSM_START_PENDING = 2, HSM_STOP_PENDING = 3 };

#define SBI_ALL_HARTS UINT64_MAX /* as hart_mask_base: every hart, the mask is ignored */
#define SBI_IMPL_OPENSBI 1

struct sbi_ret {
	int64_t error;
	int64_t value;
};

struct sbi_args {
	uint64_t a[6];
};

/* sbi(extension, function, a0, a1, ...): arguments left out are 0. */
#define sbi(extension, function, ...) sbi_call((extension), (function), (struct sbi_args){ { __VA_ARGS__ } })
struct sbi_ret sbi_call(uint64_t extension, uint64_t function, struct sbi_args args);
bool sbi_has(uint64_t extension);
void sbi_set_timer(uint64_t deadline);
_Noreturn void sbi_shutdown(bool failed);

/* ---- console: one call, one uninterrupted write. %s %c %d %u %x (64-bit: %ld %lu %lx) ---- */

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "NAME: pass", reason 0. */
_Noreturn void guest_pass(void);
/* "NAME: FAIL " and the text, reason 1 (system failure). Any hart may call it. */
_Noreturn void guest_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define CHECK(condition, ...)                    \
	do {                                     \
		if (!(condition))                \
			guest_fail(__VA_ARGS__); \
	} while (0)

/* ---- what the device tree says ---- */

struct platform {
	uint64_t harts; /* usable harts */
	uint64_t hart_id[MAX_HARTS];
	uint64_t memory_base, memory_size; /* bytes */
	uint64_t timebase;		   /* Hz */
	const char *bootargs;		   /* "" when there are none */
	const char *isa;
	const void *device_tree;
	uint64_t device_tree_size; /* bytes */
};
extern struct platform platform;
void platform_read(const void *device_tree);
/* True if the ISA string names this multi-letter extension. */
bool platform_has(const char *extension);

/* ---- traps ---- */

struct trap_frame {
	uint64_t x[32]; /* x[0] is the pc */
	uint64_t sstatus, scause, stval;
	uint64_t pad;
};

struct trap_record {
	uint64_t count;
	uint64_t scause, stval, sepc; /* of the last one */
};

/* ---- harts: tp points to the hart's own ---- */

struct hart;
struct start_record {
	uint64_t sp;
	struct hart *hart;
	void (*entry)(uint64_t arg);
	uint64_t arg;
};

struct hart {
	uint64_t id;
	/* Asked first at every trap; true means handled. */
	bool (*on_trap)(struct trap_frame *frame);
	bool catching;
	struct trap_record caught;
	struct start_record start[2]; /* used in turn, so that a restart has another opaque value */
	uint64_t starts;
};
extern struct hart harts[MAX_HARTS];

static inline struct hart *this_hart(void)
{
	struct hart *hart;

	__asm__ volatile("mv %0, tp" : "=r"(hart));
	return hart;
}

/* Returns what SBI said. entry runs on the hart's own stack with interrupts off. */
int64_t hart_start(uint64_t id, void (*entry)(uint64_t arg), uint64_t arg);
_Noreturn void hart_stop(void);
int64_t hart_state(uint64_t id);
/* Waits until the hart is in that HSM state. */
void hart_await(uint64_t id, enum hsm_state state);

/*
 * Between the two, exceptions of this hart are recorded and the instruction skipped; a failed fetch returns
 * to ra, as if the function called had returned.
 */
void trap_catch(void);
struct trap_record trap_caught(void);

/* ---- small things ---- */

typedef struct {
	uint32_t held;
} spinlock;
void spin_lock(spinlock *lock);
void spin_unlock(spinlock *lock);

static inline uint64_t time_now(void)
{
	uint64_t time;

	__asm__ volatile("rdtime %0" : "=r"(time) : : "memory");
	return time;
}

static inline void relax(void)
{
	__asm__ volatile("" : : : "memory");
}

bool string_equal(const char *a, const char *b);
/* True if text, a list of words separated by blanks or commas, has this word. */
bool has_word(const char *text, const char *word);

/* ---- the guest's own ---- */

extern const char guest_name[];
void guest_main(void);

#endif
