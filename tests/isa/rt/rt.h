/*
 * Runtime of the self-checking bare-metal programs: the driver is C code in M-mode; it runs pieces of code in any mode
 * and looks at the trap that ended them.
 *
 *	struct trap *t = try(MODE_VS, CSRR(A0, CSR_HSTATUS), 0, 0);
 *	CHECK("H_csrs_hs_not_vs", took(t, LEVEL_HS, EXC_VIRTUAL));
 *
 * A CHECK names the rules of the specification (norm: tags without the prefix) that it proves. At the end finish()
 * prints `ok RULE N` for each rule whose N checks all held; a failing check prints `FAIL RULE file:line what` at once.
 */
#ifndef RT_H
#define RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "insn.h"

typedef uint64_t u64;
typedef uint32_t u32;

enum { MAX_HARTS = 4, CPU_BYTES = CPU_SIZE };

/* Bits 1:0 are the nominal privilege, bit 2 is V. */
enum mode { MODE_U = 0, MODE_S = 1, MODE_M = 3, MODE_VU = 4, MODE_VS = 5 };

/* Who took the trap; NONE: the code under test ran to its end. */
enum level { LEVEL_NONE = 0, LEVEL_S = MODE_S, LEVEL_M = MODE_M, LEVEL_VS = MODE_VS };

enum {
	EXC_FETCH_MISALIGNED = 0, EXC_FETCH_ACCESS = 1, EXC_ILLEGAL = 2, EXC_BREAK = 3, EXC_LOAD_MISALIGNED = 4,
	EXC_LOAD_ACCESS = 5, EXC_STORE_MISALIGNED = 6, EXC_STORE_ACCESS = 7, EXC_ECALL_U = 8, EXC_ECALL_S = 9,
	EXC_ECALL_VS = 10, EXC_ECALL_M = 11, EXC_FETCH_PAGE = 12, EXC_LOAD_PAGE = 13, EXC_STORE_PAGE = 15,
	EXC_DOUBLE = 16, EXC_FETCH_GUEST = 20, EXC_LOAD_GUEST = 21, EXC_VIRTUAL = 22, EXC_STORE_GUEST = 23,
};
#define IRQ(n) (UINT64_C(1) << 63 | (n))
#define BIT(n) (UINT64_C(1) << (n))

/* CSRs read by the trap's level, as they are right after the trap. */
struct trap {
	enum level level;
	u64 cause, epc, tval;
	u64 tval2, tinst;    /* 0 at VS-level */
	unsigned vector;     /* offset from the level's vector base, in units of 4 bytes */
	u64 mstatus, sstatus, hstatus, vsstatus;
	u64 x[32];           /* registers */
};

struct cpu {
	u64 x[32];
	u64 driver[15];      /* sp, ra, s0..s11, gp */
	u64 running;         /* code under test runs */
	struct trap trap;    /* the last one */
	u64 id;
	void (*volatile job)(u64);
	volatile u64 argument;
};
static inline struct cpu *this_cpu(void)
{
	register struct cpu *cpu asm("tp");
	asm volatile("" : "=r"(cpu));
	return cpu;
}

/* ---- CSRs, by a number known when compiling ---- */
#define csrr(n) ({ u64 v_; asm volatile("csrr %0, %1" : "=r"(v_) : "i"(n) : "memory"); v_; })
#define csrw(n, v) ({ u64 w_ = (v); asm volatile("csrw %0, %1" : : "i"(n), "r"(w_) : "memory"); })
#define csrs(n, v) ({ u64 w_ = (v); asm volatile("csrs %0, %1" : : "i"(n), "r"(w_) : "memory"); })
#define csrc(n, v) ({ u64 w_ = (v); asm volatile("csrc %0, %1" : : "i"(n), "r"(w_) : "memory"); })
/* Write, read back, restore. */
#define csr_holds(n, v) ({ u64 o_ = csrr(n); csrw(n, v); u64 r_ = csrr(n); csrw(n, o_); r_; })

/* ... by any number: from M-mode, false if the access traps */
bool csr_read(unsigned number, u64 *value);
bool csr_write(unsigned number, u64 value);
bool csr_exists(unsigned number);

/* ---- running code under test ---- */
/* Run from pc in a mode with these registers (a copy; NULL: all zero) until a trap. M interrupts stay off. */
struct trap *run(enum mode mode, u64 pc, const u64 *x);
/* One instruction, 16 or 32 bits: a1 = rs1, a2 = rs2 before it; the result is looked for in a0 (t->x[A0]). */
struct trap *try(enum mode mode, u32 word, u64 rs1, u64 rs2);
/* Up to 64 instructions, then the end. x may be NULL. */
struct trap *try_words(enum mode mode, const u32 *words, unsigned count, const u64 *x);
/* Where try() put its instruction, as that mode addresses it. */
u64 try_pc(enum mode mode);
/* A C function or assembly label as that mode addresses it; returns to its end. */
struct trap *call(enum mode mode, void (*function)(void), u64 a0, u64 a1);
u64 address_in(enum mode mode, const void *where);

static inline bool finished(const struct trap *t) { return t->level == LEVEL_NONE; }
static inline bool took(const struct trap *t, enum level level, u64 cause)
{
	return t->level == level && t->cause == cause;
}

/* All that tests change, back to: no translation, no delegation beyond the default, all counters enabled, FS dirty. */
void reset(void);
/* Exceptions that M-mode passes to HS, and HS to VS. reset() delegates all but ecalls to HS, none to VS. */
void delegate(u64 to_hs, u64 to_vs);
enum { ALL_BUT_ECALLS = 0xfffff & ~0x700 };
#define DELEGATE_DEFAULT (UINT64_C(0xf0b0ff))

/* ---- page tables ---- */
enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_G = 32, PTE_A = 64, PTE_D = 128 };
enum { PTE_AD = PTE_A | PTE_D, PTE_RWX = PTE_R | PTE_W | PTE_X };
enum { PTE_S = PTE_V | PTE_RWX | PTE_AD, PTE_ALL = PTE_S | PTE_U };

struct space {
	u64 root;     /* physical; 16 KiB if wide */
	int levels;   /* 3, 4, 5; 0: bare */
	bool wide;    /* G-stage */
	u64 window;   /* added to the addresses of tables: they are guest-physical in a VS-stage space */
};
/* An empty space with the image mapped: at its own address for S, executable and writable, and the same pages for U in
 * the
   gigabyte U_ALIAS (VS-stage and HS-level); in a wide space the image's own gigabyte only, for U as it must be. */
void space_new(struct space *space, int levels, bool wide, u64 window);
/* The entry for an address at a level (0: 4 KiB, 1: 2 MiB...), making tables on the way. */
u64 *space_pte(struct space *space, u64 address, int level);
void space_map(struct space *space, u64 address, u64 physical, int level, u64 flags);
u64 space_atp(const struct space *space, u64 id);
void fence_all(void);
void *page_alloc(unsigned pages); /* zeroed, aligned to its size; reset() frees all */

#define IMAGE UINT64_C(0x80000000)
#define U_ALIAS UINT64_C(0xc0000000)
#define TEST_VA UINT64_C(0x140000000) /* no such physical address on the virt machine */
#define TEST_GPA UINT64_C(0x100000000)
#define TABLE_WINDOW UINT64_C(0x100000000) /* VS-stage tables at guest-physical image addresses + this */

/* A guest: two spaces, test pages mapped one to one: va(i) -> gpa(i) -> page(i). */
struct guest {
	struct space vs, g;
	u64 pages; /* physical address of TEST_PAGES data pages */
};
enum { TEST_PAGES = 4 };
void guest_new(struct guest *guest, int vs_levels, int g_levels);
void guest_map(struct guest *guest, unsigned page, u64 vs_flags, u64 g_flags);
static inline u64 guest_va(const struct guest *guest, unsigned page)
{
	return (guest->vs.levels ? TEST_VA : guest->g.levels ? TEST_GPA : guest->pages) + page * 4096;
}
static inline u64 guest_gpa(const struct guest *guest, unsigned page)
{
	return (guest->g.levels ? TEST_GPA : guest->pages) + page * 4096;
}
static inline u64 *guest_data(const struct guest *guest, unsigned page) { return (u64 *)(guest->pages + page * 4096); }

/* ---- other harts ---- */
unsigned hart_count(void);
void hart_start(unsigned id, void (*job)(u64), u64 argument); /* runs in M-mode on that hart; it may run() too */
void hart_wait(unsigned id);

/* ---- results ---- */
#define CHECK(rules, condition) check(rules, condition, __FILE__, __LINE__, #condition)
void check(const char *rules, bool ok, const char *file, int line, const char *what);
/* Text printed with failing checks: which round of a loop this is. */
void context(const char *text, u64 a, u64 b);
void print(const char *format, ...); /* %s %d %x */
_Noreturn void finish(void);
int main(void);

extern char hs_entry[], vs_entry[], m_entry[], rt_done[];

#endif
