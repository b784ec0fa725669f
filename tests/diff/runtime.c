/*
 * Runs a batch of cases and logs what happens. A case is a row of slots, short pieces of code, that the machine goes
 * through once, in whatever mode its traps and returns lead to. All traps end here, in M-mode: those that were
 * delegated come through the vectors of HS or VS, which hold nothing but ecalls. Each is logged with all trap CSRs, and
 * the case goes on with its next slot.
 */
#include <stdbool.h>
#include <stdint.h>
#include "layout.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define csr_read(number)                                                    \
	({                                                                  \
		uint64_t value_;                                            \
		__asm__ volatile("csrr %0, " STRING(number) : "=r"(value_)); \
		value_;                                                     \
	})
#define csr_write(number, value) __asm__ volatile("csrw " STRING(number) ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_clear(number, value) __asm__ volatile("csrc " STRING(number) ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_set(number, value) __asm__ volatile("csrs " STRING(number) ", %0" ::"r"((uint64_t)(value)) : "memory")

enum { INTERRUPT_MTI = 7, CAUSE_ECALL_HS = 9, CAUSE_ECALL_VS = 10 };
enum { MODE_U = 0, MODE_S = 1, MODE_M = 3 };

#define INTERRUPT (UINT64_C(1) << 63)
#define MSTATUS_SPP (UINT64_C(1) << 8)
#define MSTATUS_MPP (UINT64_C(3) << 11)
#define MSTATUS_MPRV (UINT64_C(1) << 17)
#define MSTATUS_FS (UINT64_C(3) << 13)
#define MSTATUS_MPV (UINT64_C(1) << 39)
#define MSTATUS_MPELP (UINT64_C(1) << 41)
#define HSTATUS_SPV (UINT64_C(1) << 7)
#define MIE_MTIE (UINT64_C(1) << INTERRUPT_MTI)
#define XL64 (UINT64_C(2) << 32)
#define PTE_N (UINT64_C(1) << 63)
#define PTE_AD UINT64_C(0xc0)
#define ADUE (UINT64_C(1) << 61)

#define MTIMECMP ((volatile uint64_t *)0x2004000)
#define MTIME ((volatile uint64_t *)0x200bff8)
#define FINISHER ((volatile uint32_t *)0x100000)
#define PATIENCE 5000000 /* ticks of mtime a case may take: half a second; only one that hangs does */

struct context {
	uint64_t mstatus; /* in the place of x0 */
	uint64_t x[31];
} context;

extern uint64_t cases[];
extern uint64_t begin_signature[];
extern volatile uint64_t tohost, fromhost;

void float_dump(uint64_t *f);
void float_clear(void);

static struct {
	uint64_t *out;
	uint64_t left, number, events;
	const struct diff_case *now;
} run;

#define X(n) (context.x[(n)-1])

/* ---- the log ---- */

static void put(uint64_t word)
{
	if (run.out < begin_signature + LOG_SIZE / 8)
		*run.out++ = word;
}

static void log_event(void)
{
	uint64_t *header = run.out;
	put(0);
	put(X(SLOT_REGISTER));
	put(context.mstatus);
	for (unsigned i = 0; i < CASE_X_COUNT; i++)
		put(X(CASE_X_FIRST + i));
#define EVENT(name, number) put(csr_read(number));
#define FINAL(name, number)
#include "record.def"
#undef EVENT
#undef FINAL
	*header = RECORD_HEADER(RECORD_EVENT, run.number, (uint64_t)(run.out - header));
}

static uint64_t page_hash(uint64_t page)
{
	uint64_t hash = 0;
	for (const uint64_t *word = (const uint64_t *)page; word < (const uint64_t *)(page + 4096); word++)
		hash = (hash << 5 | hash >> 59) + *word;
	return hash;
}

static const struct diff_pte *ptes_of(const struct diff_case *c)
{
	return (const struct diff_pte *)(c + 1);
}

static uint64_t pte_now(const struct diff_case *c, unsigned i)
{
	return *(volatile uint64_t *)ptes_of(c)[i].address;
}

/* One bit of each entry. In a NAPOT range any entry's may stand for all: none counts. */
static void put_bits(const struct diff_case *c, unsigned bit)
{
	for (unsigned word = 0; word < PTE_WORDS; word++) {
		uint64_t bits = 0;
		for (unsigned i = 64 * word; i < 64 * word + 64 && i < c->ptes; i++)
			if (!(pte_now(c, i) & PTE_N))
				bits |= (pte_now(c, i) >> bit & 1) << i % 64;
		put(bits);
	}
}

/* What became of the page tables: which A and D bits are set, and one word for all else. */
static void put_tables(const struct diff_case *c)
{
	uint64_t hash = 0;
	for (unsigned i = 0; i < c->ptes; i++)
		hash = (hash << 7 | hash >> 57) ^ (pte_now(c, i) & ~PTE_AD);
	put(hash);
	put_bits(c, 6);
	put_bits(c, 7);
}

static void log_final(void)
{
	uint64_t *header = run.out;
	uint64_t f[32];
	put(0);
	put(run.events);
	csr_set(mstatus, MSTATUS_FS);
#define EVENT(name, number)
#define FINAL(name, number) put(csr_read(number));
#include "record.def"
#undef EVENT
#undef FINAL
	csr_write(0x3a0, 0); /* M-mode too fails where an access is half inside an entry */
	float_dump(f);
	for (unsigned i = 0; i < 32; i++)
		put(f[i]);
	for (unsigned i = 0; i < DATA_PAGES; i++)
		put(page_hash(DATA + 4096ull * i));
	put_tables(run.now);
	*header = RECORD_HEADER(RECORD_FINAL, run.number, (uint64_t)(run.out - header));
}

/* ---- setting a case up ---- */

static void fence_all(void)
{
	__asm__ volatile("sfence.vma\n\t.insn r 0x73, 0, 0x11, x0, x0, x0\n\t.insn r 0x73, 0, 0x31, x0, x0, x0\n\tfence.i" ::: "memory");
}

/* QEMU's mret can leave V=1 in M-mode; another one repairs it. */
static void repair_mode(void)
{
	uint64_t here;
	csr_write(mstatus, XL64 | XL64 << 2 | MSTATUS_MPP);
	__asm__ volatile("la %0, 1f\n\tcsrw mepc, %0\n\tmret\n1:" : "=&r"(here)::"memory");
}

/* Every CSR that a case may change. */
static void reset_csrs(void)
{
	repair_mode();
	csr_write(0x30a, ~UINT64_C(0)); /* what *envcfg hides would come back: SDT, bits of henvcfg */
	csr_write(0x60a, ~UINT64_C(0));
	csr_write(mstatus, XL64 | XL64 << 2);
	csr_write(0x600, XL64);
	csr_write(0x200, XL64);
	csr_write(0x60a, ADUE);
	csr_write(0x30a, ADUE);
	csr_write(mie, MIE_MTIE);
	csr_write(0x14d, ~UINT64_C(0));
	csr_write(0x24d, ~UINT64_C(0));
	csr_write(0x645, 0);
	csr_write(mip, 0);
	csr_write(stvec, CODE_S + VECTOR_HS);
	csr_write(0x205, CODE_S + VECTOR_VS);
#define ZERO(number) csr_write(number, 0);
	ZERO(0x302) ZERO(0x303) ZERO(0x306) ZERO(0x320) ZERO(0x340) ZERO(0x341) ZERO(0x342) ZERO(0x343) ZERO(0x34a) ZERO(0x34b)
	ZERO(0x106) ZERO(0x10a) ZERO(0x140) ZERO(0x141) ZERO(0x142) ZERO(0x143) ZERO(0x180)
	ZERO(0x602) ZERO(0x603) ZERO(0x605) ZERO(0x606) ZERO(0x607) ZERO(0x643) ZERO(0x64a) ZERO(0x680)
	ZERO(0x240) ZERO(0x241) ZERO(0x242) ZERO(0x243) ZERO(0x280)
	ZERO(0x3a0)
	ZERO(0x3b4) ZERO(0x3b5) ZERO(0x3b6) ZERO(0x3b7) ZERO(0x3b8) ZERO(0x3b9)
	ZERO(0x3ba) ZERO(0x3bb) ZERO(0x3bc) ZERO(0x3bd) ZERO(0x3be)
#undef ZERO
#define SOMEWHERE(number) csr_write(number, DATA >> 2); /* for QEMU, TOR below 0 is everything */
	SOMEWHERE(0x3b0) SOMEWHERE(0x3b1) SOMEWHERE(0x3b2) SOMEWHERE(0x3b3)
#undef SOMEWHERE
	csr_write(0x3bf, ~UINT64_C(0)); /* the last PMP entry opens all memory */
	csr_write(0x3a2, UINT64_C(0x1f) << 56);
}

/* Data that depends on page and place, with breakpoints at both ends of a page and an ecall across its end. */
static void fill_data(void)
{
	for (uint64_t page = DATA; page < TABLES; page += 4096) {
		uint64_t *word = (uint64_t *)page;
		for (unsigned i = 0; i < 512; i++)
			word[i] = (page + 8 * i) * UINT64_C(0x9e3779b97f4a7c15);
		for (unsigned i = 0; i < 4; i++) {
			word[i] = UINT64_C(0x9002900290029002);
			word[508 + i] = UINT64_C(0x9002900290029002);
		}
		*(uint16_t *)page = 0;
		*(uint16_t *)(page + 4094) = 0x0073;
	}
}

static void copy_code(const struct diff_case *c)
{
	const uint32_t *from = (const uint32_t *)(ptes_of(c) + c->ptes);
	for (unsigned half = 0; half < 2; half++) {
		uint64_t base = half ? CODE_U : CODE_S;
		uint32_t *to = (uint32_t *)base;
		for (unsigned i = 0; i < VECTOR_END / 4; i++)
			to[i] = 0x00000073;
		to[STUB_SRET / 4] = 0x10200073;
		to[STUB_SRET / 4 + 1] = 0x00000073;
		for (unsigned i = 0; i < c->code / 4; i++)
			to[CODE_START / 4 + i] = from[i];
	}
}

static void clear_tables(const struct diff_case *c)
{
	for (unsigned i = 0; i < c->ptes; i++)
		*(volatile uint64_t *)ptes_of(c)[i].address = 0;
}

static uint64_t slot_address(unsigned slot, bool user)
{
	return (user ? CODE_U : CODE_S) + run.now->slot[slot];
}

static void set_mode(unsigned mode, bool virt)
{
	context.mstatus = (context.mstatus & ~(MSTATUS_MPP | MSTATUS_MPV)) | (uint64_t)mode << 11 | (virt ? MSTATUS_MPV : 0);
}

static void set_policy_mode(unsigned policy)
{
	switch (policy) {
	case POLICY_M: return set_mode(MODE_M, false);
	case POLICY_HS: return set_mode(MODE_S, false);
	case POLICY_U: return set_mode(MODE_U, false);
	case POLICY_VS: return set_mode(MODE_S, true);
	case POLICY_VU: return set_mode(MODE_U, true);
	}
}

static void go_to_slot(unsigned slot)
{
	X(USER_REGISTER) = !(context.mstatus & MSTATUS_MPP);
	context.mstatus &= ~MSTATUS_MPELP; /* slots are no landing pads */
	if ((context.mstatus & MSTATUS_MPP) != MSTATUS_MPP) /* so does mret, except on QEMU */
		context.mstatus &= ~MSTATUS_MPRV;
	csr_write(mepc, slot_address(slot, X(USER_REGISTER)));
}

static void start_case(const struct diff_case *c)
{
	if (run.now)
		clear_tables(run.now);
	run.now = c;
	run.events = 0;
	fence_all();
	reset_csrs();
	fill_data();
	for (unsigned i = 0; i < c->ptes; i++)
		*(volatile uint64_t *)ptes_of(c)[i].address = ptes_of(c)[i].value;
	copy_code(c);
	fence_all();
	csr_set(mstatus, MSTATUS_FS);
	float_clear();
	csr_clear(mstatus, MSTATUS_FS);
	((void (*)(void))(CODE_S + CODE_START))();
	*MTIMECMP = *MTIME + PATIENCE;
	for (unsigned i = 0; i < 31; i++)
		context.x[i] = 0;
	for (unsigned i = 0; i < CASE_X_COUNT; i++)
		X(CASE_X_FIRST + i) = c->x[i];
	context.mstatus = csr_read(mstatus);
	set_policy_mode(c->start);
	go_to_slot(0);
}

static void finish(void)
{
	*(volatile uint64_t *)begin_signature = (uint64_t)(run.out - begin_signature);
	*MTIMECMP = ~UINT64_C(0);
	tohost = 1;
	for (;;)
		*FINISHER = 0x5555;
}

static void next_case(void)
{
	if (!run.left--)
		finish();
	run.number++;
	start_case(run.now ? (const struct diff_case *)((const char *)run.now + run.now->size) : (const struct diff_case *)(cases + 1));
}

void first_case(void)
{
	run.out = begin_signature + 1;
	run.left = cases[0];
	next_case();
}

/* ---- after a trap ---- */

/* What V=1 writes to stvec is a vector of HS, but of VS to the hart: causes tell them apart. */
static bool in_vectors(uint64_t pc)
{
	return pc >= CODE_S && pc < CODE_S + VECTOR_END;
}

/* An interrupt stays until what asserts it goes. */
static void quench(uint64_t cause)
{
	uint64_t bit = UINT64_C(1) << (cause & 63);
	csr_clear(mip, bit | bit << 1);
	csr_clear(0x645, bit | bit << 1);
	csr_write(0x14d, ~UINT64_C(0));
	csr_write(0x24d, ~UINT64_C(0));
}

/* A slot that switched to tables of its own did not come to its end. */
static void leave_own_tables(uint64_t own)
{
	if (csr_read(satp) == own)
		csr_write(satp, 0);
	if (csr_read(0x280) == own)
		csr_write(0x280, 0);
	fence_all();
}

/* Resume in the handler that the trap was delegated to: it returns by sret, to the interrupted instruction or past the
 * slot that trapped. */
static void return_by_sret(bool vs, uint64_t cause, unsigned next)
{
	bool user = vs ? !(csr_read(0x200) & MSTATUS_SPP) : !(context.mstatus & MSTATUS_SPP);
	if (!(cause & INTERRUPT)) {
		X(SLOT_REGISTER) = next;
		X(USER_REGISTER) = user;
		if (vs)
			csr_write(0x241, slot_address(next, user));
		else
			csr_write(sepc, slot_address(next, user));
	}
	csr_write(mepc, CODE_S + STUB_SRET);
}

void trapped(void)
{
	const struct diff_case *c = run.now;
	uint64_t cause = csr_read(mcause), pc = csr_read(mepc);
	unsigned slot = X(SLOT_REGISTER) < c->slots ? (unsigned)X(SLOT_REGISTER) : c->slots, next = slot + 1;
	bool by_hs = cause == CAUSE_ECALL_HS && in_vectors(pc);
	bool by_vs = cause == CAUSE_ECALL_VS && in_vectors(pc);
	log_event();
	if (csr_read(satp) == c->own_satp || csr_read(0x280) == c->own_satp)
		leave_own_tables(c->own_satp);
	if (slot >= c->slots || ++run.events > 3 * c->slots || cause == (INTERRUPT | INTERRUPT_MTI)) {
		log_final();
		return next_case();
	}
	uint64_t first = by_hs ? csr_read(scause) : by_vs ? csr_read(0x242) : cause;
	if (first & INTERRUPT)
		quench(first);
	csr_set(mie, MIE_MTIE);
	unsigned policy = c->policy[slot];
	if (cause & INTERRUPT)
		return; /* the interrupted instruction, in its own mode */
	if (policy == POLICY_RETURN && (by_hs || by_vs))
		return return_by_sret(by_vs, first, next);
	X(SLOT_REGISTER) = next; /* should not even the slot's first instruction be reached */
	set_policy_mode(policy);
	go_to_slot(next);
}
