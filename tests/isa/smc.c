/*
 * Code that changes: by stores of its own and of other harts, by page tables, by the state of the hart. Whatever the
 * simulator keeps of code it has seen, the next instruction must be what memory, page tables and CSRs say now.
 */
#include "rt.h"

enum { NEW_VA = TEST_VA + 0x10000, ROUNDS = 200 };
#define RET JALR(ZERO, RA)
#define LI(rd, imm) ADDI(rd, ZERO, imm)
#define AUIPC(rd) (0x17u | (rd) << 7)
#define JAL(offset) ((u32)((offset) >> 20 & 1) << 31 | (u32)((offset) >> 1 & 0x3ff) << 21 | (u32)((offset) >> 11 & 1) << 20 | \
		     (u32)((offset) >> 12 & 0xff) << 12 | 0x6f)
#define SW_AT(rs2, rs1, offset) s_type(0x23, 2, rs2, rs1, offset)

static void fence_i(void)
{
	asm volatile("fence.i" ::: "memory");
}

static u64 call_here(const void *code)
{
	register u64 a0 asm("a0") = 0;
	register const void *target asm("a5") = code;
	asm volatile("jalr %1" : "+r"(a0), "+r"(target) : : "ra", "a1", "a2", "a3", "memory");
	return a0;
}

/* Registers with which code at any address returns to the end of the run. */
static void registers(u64 x[32], enum mode mode)
{
	for (unsigned i = 0; i < 32; i++)
		x[i] = 0;
	x[RA] = address_in(mode, rt_done);
}

/* ---- stores ---- */

static void replaced_and_fenced(void)
{
	reset();
	volatile u32 *code = page_alloc(1);
	code[1] = RET;
	for (int i = 0; i < ROUNDS; i++) {
		code[0] = LI(A0, i);
		fence_i();
		context("round", i, 0);
		CHECK("fence_i_op", call_here((void *)code) == (u64)i);
		CHECK("fence_i_op", call_here((void *)code) == (u64)i);
	}
}

/* By every kind of store there is. a0 of the code: 1 before, 2 after. */
static void replaced_by_every_store(void)
{
	static const u32 stores[] = { SW, SD, AMOSWAP_D, SB, SH, CBO_ZERO, FSD };
	for (unsigned i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		reset();
		volatile u32 *code = page_alloc(1);
		code[0] = LI(A0, 1);
		code[1] = RET;
		fence_i();
		context("store", i, 0);
		CHECK("smc_kinds_of_stores", call_here((void *)code) == 1);
		u64 word = (u64)RET << 32 | LI(A0, 2);
		u32 words[3] = { FMV_D_X(10, A2), stores[i], NOP };
		struct trap *t;
		if (stores[i] == SB || stores[i] == SH) {
			/* the immediate's low half lies in bits 20..23 of the word: byte 2 */
			word = (u64)LI(A0, 2) >> 16 & 0xffff;
			t = try(MODE_M, stores[i], (u64)code + 2, word);
		} else {
			u64 x[32] = { 0 };
			x[A1] = (u64)code;
			x[A2] = word;
			t = try_words(MODE_M, words, 2, x); /* which ends in fence.i only before it runs */
		}
		CHECK("smc_kinds_of_stores", finished(t));
		fence_i();
		if (stores[i] == CBO_ZERO) {
			u64 x[32];
			registers(x, MODE_M);
			t = run(MODE_M, (u64)code, x);
			CHECK("smc_kinds_of_stores", took(t, LEVEL_M, EXC_ILLEGAL) && t->epc == (u64)code);
		} else {
			CHECK("smc_kinds_of_stores", call_here((void *)code) == 2);
		}
	}
}

/* The instruction stored over follows in the same block as the store: seen after fence.i. */
static void store_into_the_running_block(void)
{
	for (unsigned distance = 0; distance < 8; distance++) {
		reset();
		volatile u32 *code = page_alloc(1);
		unsigned n = 0;
		code[n++] = AUIPC(A3);
		code[n++] = SW_AT(A2, A3, 4 * (int)(distance + 3));
		code[n++] = FENCE_I;
		for (unsigned i = 0; i < distance; i++)
			code[n++] = NOP;
		code[n++] = LI(A0, 1);
		code[n++] = RET;
		fence_i();
		for (int i = 2; i < 6; i++) {
			u64 x[32];
			registers(x, MODE_M);
			x[A2] = LI(A0, i);
			struct trap *t = run(MODE_M, (u64)code, x);
			context("distance", distance, i);
			CHECK("fence_i_op smc_own_block", finished(t) && t->x[A0] == (u64)i);
		}
	}
}

/* Without a fence the old or the new instruction may run, and nothing else. */
static void store_into_the_running_block_without_fence(void)
{
	for (int i = 2; i < 20; i++) {
		reset();
		volatile u32 *code = page_alloc(1);
		code[0] = AUIPC(A3);
		code[1] = SW_AT(A2, A3, 8);
		code[2] = LI(A0, 1);
		code[3] = RET;
		fence_i();
		u64 x[32];
		registers(x, MODE_M);
		x[A2] = LI(A0, i);
		struct trap *t = run(MODE_M, (u64)code, x);
		CHECK("smc_own_block_unfenced", finished(t) && (t->x[A0] == 1 || t->x[A0] == (u64)i));
		fence_i();
		t = run(MODE_M, (u64)code, x);
		CHECK("smc_own_block_unfenced", finished(t) && t->x[A0] == (u64)i);
	}
}

/* A loop that adds to the immediate of an instruction of its own in each turn: 1 + 2 + ... + 50. */
static void loop_that_rewrites_itself(void)
{
	reset();
	volatile u32 *code = page_alloc(1);
	code[0] = AUIPC(A3);
	code[1] = ADDI(A0, A0, 1);                        /* loop: */
	code[2] = ADD(A2, A2, A4);
	code[3] = SW_AT(A2, A3, 4);
	code[4] = FENCE_I;
	code[5] = ADDI(A5, A5, -1);
	code[6] = 0xfe0796e3;                             /* bnez a5, loop */
	code[7] = RET;
	fence_i();
	u64 x[32];
	registers(x, MODE_M);
	x[A2] = ADDI(A0, A0, 1);
	x[A4] = 1 << 20;
	x[A5] = 50;
	struct trap *t = run(MODE_M, (u64)code, x);
	CHECK("smc_loop", finished(t) && t->x[A0] == 50 * 51 / 2);
}

/* A store that begins in a page of data and ends in a page of code. */
static void store_across_the_border(void)
{
	reset();
	volatile char *pages = page_alloc(2);
	volatile u32 *code = (volatile u32 *)(pages + 4096);
	code[0] = LI(A0, 1);
	code[1] = RET;
	fence_i();
	CHECK("smc_across_pages", call_here((void *)code) == 1);
	struct trap *t = try(MODE_M, SD, (u64)code - 4, (u64)LI(A0, 7) << 32);
	CHECK("smc_across_pages", finished(t));
	fence_i();
	CHECK("smc_across_pages", call_here((void *)code) == 7);
}

/* The upper half of a 32-bit instruction may be an instruction of its own: lui a0, 0x4505x has c.li a0, 1 there. */
static void jumps_into_the_middle(void)
{
	reset();
	volatile uint16_t *code = page_alloc(1);
	code[0] = 0x0537; /* lui a0, ... */
	code[1] = 0x4505; /* ... 0x45050; c.li a0, 1 */
	code[2] = 0x8082; /* ret */
	fence_i();
	for (unsigned i = 0; i < 10; i++) {
		CHECK("smc_overlapping", call_here((void *)code) == 0x45050000);
		CHECK("smc_overlapping", call_here((void *)(code + 1)) == 1);
	}
	code[1] = 0x4509; /* c.li a0, 2 */
	fence_i();
	CHECK("smc_overlapping", call_here((void *)(code + 1)) == 2);
	CHECK("smc_overlapping", call_here((void *)code) == 0x45090000);
}

static void every_encoding_of_the_fence(void)
{
	static const u32 fences[] = { FENCE_I, FENCE_I | 31 << 7, FENCE_I | 31 << 15, FENCE_I | 0xfffu << 20 };
	for (unsigned i = 0; i < 4; i++) {
		reset();
		volatile u32 *code = page_alloc(1);
		code[0] = AUIPC(A3);
		code[1] = SW_AT(A2, A3, 12);
		code[2] = fences[i];
		code[3] = LI(A0, 1);
		code[4] = RET;
		fence_i();
		u64 x[32];
		registers(x, MODE_M);
		x[A2] = LI(A0, 2);
		x[31] = 55;
		struct trap *t = run(MODE_M, (u64)code, x);
		context("fence", fences[i], 0);
		CHECK("fence_i_rsv", finished(t) && t->x[A0] == 2 && t->x[31] == 55);
	}
}

/* ---- page tables ---- */

static struct space space;
static volatile u32 *one, *two;

/* Two pages of code in a space of their own; `one` at NEW_VA. */
static void paged(enum mode mode)
{
	reset();
	space_new(&space, 3, false, 0);
	one = page_alloc(1);
	two = page_alloc(1);
	space_map(&space, NEW_VA, (u64)one, 0, mode == MODE_U ? PTE_ALL : PTE_S);
	csrw(CSR_SATP, space_atp(&space, 1));
	fence_all();
}

static struct trap *run_at(enum mode mode, u64 va)
{
	u64 x[32];
	registers(x, mode);
	fence_i();
	return run(mode, va, x);
}

static void remapped(enum mode mode)
{
	u64 flags = mode == MODE_U ? PTE_ALL : PTE_S;
	paged(mode);
	one[0] = LI(A0, 1), one[1] = RET;
	two[0] = LI(A0, 2), two[1] = RET;
	for (unsigned i = 0; i < 20; i++) {
		space_map(&space, NEW_VA, i % 2 ? (u64)two : (u64)one, 0, flags);
		fence_all();
		struct trap *t = run_at(mode, NEW_VA);
		CHECK("smc_remapped sfence_vma_invalidation", finished(t) && t->x[A0] == 1 + i % 2);
	}
	space_map(&space, NEW_VA, (u64)one, 0, flags & ~(u64)PTE_X);
	fence_all();
	struct trap *t = run_at(mode, NEW_VA);
	CHECK("smc_permission fetch_page_fault_no_x", took(t, LEVEL_S, EXC_FETCH_PAGE) && t->epc == NEW_VA && t->tval == NEW_VA);
	space_map(&space, NEW_VA, (u64)one, 0, flags);
	fence_all();
	CHECK("smc_permission", finished(run_at(mode, NEW_VA)));
	space_map(&space, NEW_VA, (u64)one, 0, flags ^ PTE_U);
	fence_all();
	t = run_at(mode, NEW_VA);
	CHECK("smc_permission", took(t, LEVEL_S, EXC_FETCH_PAGE) && t->epc == NEW_VA);
}

/* The running code takes its own page away, or puts another there: the next instruction is fetched anew. */
static void page_under_the_running_code(void)
{
	for (unsigned i = 0; i < 4; i++) {
		paged(MODE_S);
		u64 *pte = space_pte(&space, NEW_VA, 0);
		one[0] = SD; /* a2 to the PTE at a1 */
		one[1] = SFENCE_VMA(i & 1 ? A3 : 0, i & 2 ? A4 : 0);
		one[2] = LI(A0, 1), one[3] = RET;
		two[0] = NOP, two[1] = one[1], two[2] = LI(A0, 2), two[3] = RET;
		fence_i();
		u64 x[32];
		registers(x, MODE_S);
		x[A1] = (u64)pte;
		x[A2] = *pte & ~(u64)PTE_X;
		x[A3] = NEW_VA + 0x123;
		x[A4] = 1;
		struct trap *t = run(MODE_S, NEW_VA, x);
		context("fence by", i & 1, i & 2);
		CHECK("smc_page_under_code sfence_vma_ordering", took(t, LEVEL_S, EXC_FETCH_PAGE));
		/* it may be seen before the fence: a TLB of one entry has forgotten the page of the code by then */
		CHECK("smc_page_under_code", (t->epc == NEW_VA + 4 || t->epc == NEW_VA + 8) && t->tval == t->epc && t->x[A0] == 0);
		*pte |= PTE_X;
		fence_all();
		registers(x, MODE_S);
		x[A1] = (u64)pte;
		x[A2] = (u64)two >> 12 << 10 | PTE_S;
		x[A3] = NEW_VA + 0x123;
		x[A4] = 1;
		t = run(MODE_S, NEW_VA, x);
		CHECK("smc_page_under_code sfence_vma_ordering", finished(t) && t->x[A0] == 2);
	}
}

/* csrw satp with another ASID in the middle of a block: the next instruction is the other space's. */
static void space_under_the_running_code(void)
{
	struct space other;
	paged(MODE_S);
	space_new(&other, 3, false, 0);
	space_map(&other, NEW_VA, (u64)two, 0, PTE_S);
	one[0] = CSRW(CSR_SATP, A1), one[1] = LI(A0, 1), one[2] = RET;
	two[0] = CSRW(CSR_SATP, A1), two[1] = LI(A0, 2), two[2] = RET;
	for (unsigned i = 0; i < 6; i++) {
		u64 x[32];
		registers(x, MODE_S);
		x[A1] = space_atp(i % 2 ? &space : &other, 1 + (i + 1) % 2);
		csrw(CSR_SATP, space_atp(i % 2 ? &other : &space, 1 + i % 2));
		fence_i();
		struct trap *t = run(MODE_S, NEW_VA, x);
		CHECK("smc_space_under_code sfence_vma_asid_effect", finished(t) && t->x[A0] == 2 - i % 2);
	}
}

/* Bare and back in the middle of a block at an address that both know. */
static void translation_off_under_the_running_code(void)
{
	paged(MODE_S);
	struct space other;
	space_new(&other, 3, false, 0);
	*space_pte(&other, IMAGE, 2) = 0;
	for (u64 at = IMAGE; at < IMAGE + 0x200000; at += 4096)
		space_map(&other, at, at == (u64)one ? (u64)two : at, 0, PTE_S);
	one[0] = CSRW(CSR_SATP, A1), one[1] = LI(A0, 1), one[2] = RET;
	two[0] = CSRW(CSR_SATP, A1), two[1] = LI(A0, 2), two[2] = RET;
	fence_i();
	for (unsigned i = 0; i < 6; i++) {
		u64 x[32];
		registers(x, MODE_S);
		u64 on = space_atp(&other, 3);
		csrw(CSR_SATP, i % 2 ? on : 0);
		x[A1] = i % 2 ? 0 : on;
		struct trap *t = run(MODE_S, (u64)one, x);
		CHECK("smc_space_under_code sfence_vma_mode_effect", finished(t) && t->x[A0] == 2 - i % 2);
	}
}

/* An instruction whose halves lie in two pages, anywhere in memory: addi a0, zero, imm. */
static void instructions_across_pages(void)
{
	for (unsigned m = 0; m < 2; m++) {
		enum mode mode = m ? MODE_U : MODE_S;
		u64 flags = m ? PTE_ALL : PTE_S;
		paged(mode);
		page_alloc(1);
		volatile uint16_t *last = (volatile uint16_t *)one + 2047, *first = (volatile uint16_t *)two;
		volatile u32 *three = page_alloc(1);
		*last = (uint16_t)LI(A0, 5);
		first[0] = LI(A0, 5) >> 16;
		first[1] = 0x8082; /* ret */
		*(volatile uint16_t *)three = LI(A0, 9) >> 16;
		((volatile uint16_t *)three)[1] = 0x8082;
		struct trap *t = run_at(mode, NEW_VA + 4094);
		context("mode", mode, 0);
		CHECK("smc_split stval_faulting_address_variable_instr", took(t, LEVEL_S, EXC_FETCH_PAGE) &&
		      t->epc == NEW_VA + 4094 && t->tval == NEW_VA + 4096);
		space_map(&space, NEW_VA + 4096, (u64)two, 0, flags);
		fence_all();
		t = run_at(mode, NEW_VA + 4094);
		CHECK("smc_split Zca_align16", finished(t) && t->x[A0] == 5);
		for (u32 i = 0; i < 20; i++) { /* either half changes by a store */
			first[0] = LI(A0, i) >> 16;
			t = run_at(mode, NEW_VA + 4094);
			CHECK("smc_split fence_i_op", finished(t) && t->x[A0] == i);
		}
		*last = (uint16_t)LI(A1, 0);
		t = run_at(mode, NEW_VA + 4094);
		CHECK("smc_split", finished(t) && t->x[A0] == 0 && t->x[A1] == 19);
		*last = (uint16_t)LI(A0, 0);
		/* ... or by its page table entry */
		space_map(&space, NEW_VA + 4096, (u64)three, 0, flags);
		fence_all();
		t = run_at(mode, NEW_VA + 4094);
		CHECK("smc_split", finished(t) && t->x[A0] == 9);
		space_map(&space, NEW_VA + 4096, (u64)three, 0, flags & ~(u64)PTE_X);
		fence_all();
		t = run_at(mode, NEW_VA + 4094);
		CHECK("smc_split", took(t, LEVEL_S, EXC_FETCH_PAGE) && t->epc == NEW_VA + 4094 && t->tval == NEW_VA + 4096);
		space_map(&space, NEW_VA + 4096, (u64)three, 0, flags);
		space_map(&space, NEW_VA, (u64)one, 0, flags & ~(u64)PTE_X);
		fence_all();
		t = run_at(mode, NEW_VA + 4094);
		CHECK("smc_split", took(t, LEVEL_S, EXC_FETCH_PAGE) && t->epc == NEW_VA + 4094 && t->tval == NEW_VA + 4094);
		t = run_at(mode, NEW_VA + 4098);
		CHECK("smc_split", finished(t));
	}
}

/* A block that runs into a page that may not be executed faults there, after what precedes has run. */
static void falling_off_a_page(void)
{
	paged(MODE_S);
	one[1022] = LI(A0, 1);
	one[1023] = LI(A1, 2);
	two[0] = LI(A0, 3), two[1] = RET;
	struct trap *t = run_at(MODE_S, NEW_VA + 4088);
	CHECK("smc_next_page", took(t, LEVEL_S, EXC_FETCH_PAGE) && t->epc == NEW_VA + 4096 && t->x[A0] == 1 && t->x[A1] == 2);
	space_map(&space, NEW_VA + 4096, (u64)two, 0, PTE_S);
	fence_all();
	t = run_at(MODE_S, NEW_VA + 4088);
	CHECK("smc_next_page", finished(t) && t->x[A0] == 3);
	space_map(&space, NEW_VA + 4096, (u64)one, 0, PTE_S);
	fence_all();
	one[0] = LI(A0, 4), one[1] = RET;
	t = run_at(MODE_S, NEW_VA + 4088);
	CHECK("smc_next_page", finished(t) && t->x[A0] == 4);
}

/* Stored through one virtual address, executed through another. */
static void aliases(void)
{
	paged(MODE_S);
	space_map(&space, NEW_VA + 0x5000, (u64)one, 0, PTE_S & ~(u64)PTE_X);
	fence_all();
	one[0] = LI(A0, 1), one[1] = RET;
	for (int i = 0; i < 20; i++) {
		struct trap *t = try(MODE_S, SW, NEW_VA + 0x5000, LI(A0, i));
		CHECK("smc_alias", finished(t));
		t = run_at(MODE_S, NEW_VA);
		CHECK("smc_alias", finished(t) && t->x[A0] == (u64)i);
	}
	CHECK("smc_alias", took(run_at(MODE_S, NEW_VA + 0x5000), LEVEL_S, EXC_FETCH_PAGE));
}

static void protected_physically(void)
{
	paged(MODE_S);
	one[0] = LI(A0, 1), one[1] = RET;
	CHECK("smc_pmp", finished(run_at(MODE_S, NEW_VA)));
	/* entry 0: the page, not executable; entry 1: everything */
	csrw(CSR_PMPADDR1, ~UINT64_C(0) >> 10);
	csrw(CSR_PMPADDR0, (u64)one >> 2 | 0x1ff);
	csrw(CSR_PMPCFG0, 0x1f1b);
	fence_all();
	struct trap *t = run_at(MODE_S, NEW_VA);
	CHECK("smc_pmp pmp_exec_fault", took(t, LEVEL_S, EXC_FETCH_ACCESS) && t->epc == NEW_VA && t->tval == NEW_VA);
	csrw(CSR_PMPCFG0, 0x1f1f);
	fence_all();
	CHECK("smc_pmp", finished(run_at(MODE_S, NEW_VA)));
	/* the upper half of the second instruction alone */
	one[0] = NOP;
	csrw(CSR_PMPADDR0, (u64)(one + 1) >> 2);
	csrw(CSR_PMPCFG0, 0x1f13);
	fence_all();
	t = run_at(MODE_S, NEW_VA);
	CHECK("smc_pmp", took(t, LEVEL_S, EXC_FETCH_ACCESS) && t->epc == NEW_VA + 4);
}

/* ---- the same code under other state ---- */

/* Each: words that run in a mode, then what makes them illegal, and back. */
static void same_code_other_state(void)
{
	static const struct { u32 word; enum mode mode; unsigned csr; u64 bits; bool legal_when_set; } rows[] = {
		{ FADD_D(1, 2, 3), MODE_M, CSR_MSTATUS, STATUS_FS, true },
		{ FADD_D(1, 2, 3), MODE_U, CSR_MSTATUS, STATUS_FS, true },
		{ CSRR(A0, CSR_SATP), MODE_S, CSR_MSTATUS, STATUS_TVM, false },
		{ SFENCE_VMA(0, 0), MODE_S, CSR_MSTATUS, STATUS_TVM, false },
		{ CSRR(A0, CSR_CYCLE), MODE_S, CSR_MCOUNTEREN, 1, true },
		{ CSRR(A0, CSR_CYCLE), MODE_U, CSR_SCOUNTEREN, 1, true },
		{ CSRR(A0, CSR_TIME), MODE_U, CSR_MCOUNTEREN, 2, true },
		{ CBO_ZERO, MODE_S, CSR_MENVCFG, ENVCFG_CBZE, true },
		{ CBO_CLEAN, MODE_S, CSR_MENVCFG, ENVCFG_CBCFE, true },
		{ FADD_D(1, 2, 3), MODE_S, CSR_FCSR, 7 << 5, false }, /* dynamic rounding mode 7 */
	};
	static char data[64] __attribute__((aligned(64)));
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		reset();
		delegate(0, 0);
		csrs(CSR_SCOUNTEREN, 7);
		volatile u32 *code = page_alloc(1);
		code[0] = rows[i].word;
		code[1] = RET;
		fence_i();
		for (unsigned turn = 0; turn < 6; turn++) {
			u64 x[32];
			registers(x, rows[i].mode);
			x[A1] = (u64)data;
			bool set = turn % 2;
			u64 number = rows[i].csr;
			u64 old = 0;
			csr_read(number, &old);
			csr_write(number, set ? old | rows[i].bits : old & ~rows[i].bits);
			struct trap *t = run(rows[i].mode, (u64)code, x);
			context("row", i, turn);
			if (set == rows[i].legal_when_set)
				CHECK("smc_state zicsr_side_effects_synchronous", finished(t));
			else
				CHECK("smc_state zicsr_side_effects_synchronous", took(t, LEVEL_M, EXC_ILLEGAL) && t->tval == rows[i].word);
		}
		csr_write(CSR_FCSR, 0);
	}
	reset();
}

/* One physical page, by turns in M, S and U: what it may do depends on who runs it. */
static void same_code_other_mode(void)
{
	reset();
	delegate(0, 0);
	volatile u32 *code = page_alloc(1);
	code[0] = CSRR(A0, CSR_SSCRATCH);
	code[1] = CSRR(A1, CSR_MSCRATCH);
	code[2] = RET;
	fence_i();
	csrw(CSR_SSCRATCH, 77);
	static const enum mode modes[] = { MODE_M, MODE_S, MODE_U, MODE_S, MODE_M, MODE_U, MODE_M };
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		u64 x[32];
		registers(x, modes[i]);
		struct trap *t = run(modes[i], (u64)code, x);
		context("mode", modes[i], 0);
		if (modes[i] == MODE_M)
			CHECK("smc_mode", finished(t) && t->x[A0] == 77 && t->x[A1] == (u64)this_cpu());
		else
			CHECK("smc_mode", took(t, LEVEL_M, EXC_ILLEGAL) && t->epc == (u64)code + (modes[i] == MODE_S ? 4 : 0));
	}
}

/* FS turned off by the block that uses it, rounding mode made invalid by it: from the next instruction on. */
static void state_under_the_running_code(void)
{
	reset();
	delegate(0, 0);
	u32 words[3] = { FADD_D(1, 2, 3), CSRRC(0, CSR_SSTATUS, A1), FADD_D(1, 2, 3) };
	u64 x[32] = { 0 };
	x[A1] = STATUS_FS;
	struct trap *t = try_words(MODE_S, words, 3, x);
	CHECK("smc_state_under_code zicsr_order", took(t, LEVEL_M, EXC_ILLEGAL) && t->epc == try_pc(MODE_S) + 8);
	csrs(CSR_MSTATUS, STATUS_FS);
	words[1] = CSRRWI(0, CSR_FRM, 6);
	t = try_words(MODE_S, words, 3, x);
	CHECK("smc_state_under_code zicsr_order", took(t, LEVEL_M, EXC_ILLEGAL) && t->epc == try_pc(MODE_S) + 8);
	csr_write(CSR_FRM, 0);
}

/* ---- other harts ---- */

static volatile u32 *shared;
static volatile u64 turn, answer;

static void executes_when_told(u64 rounds)
{
	for (u64 i = 1; i <= rounds; i++) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != i)
			;
		fence_i();
		answer = call_here((void *)shared);
		__atomic_store_n(&turn, 0, __ATOMIC_RELEASE);
	}
}

static void changed_by_another_hart(void)
{
	reset();
	shared = page_alloc(1);
	shared[1] = RET;
	for (unsigned hart = 1; hart < hart_count(); hart++) {
		turn = 0;
		hart_start(hart, executes_when_told, ROUNDS);
		for (u64 i = 1; i <= ROUNDS; i++) {
			shared[0] = LI(A0, (u32)i & 0x7ff);
			__atomic_store_n(&turn, i, __ATOMIC_RELEASE);
			while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE))
				;
			context("hart", hart, i);
			CHECK("fence_i_op smc_remote", answer == i);
		}
		hart_wait(hart);
	}
}

static volatile u64 sum, stop;

static void executes_all_the_time(u64 unused)
{
	(void)unused;
	u64 wrong = 0;
	while (!stop) {
		u64 a0 = call_here((void *)shared);
		if (a0 != 1 && a0 != 2)
			wrong++;
		fence_i();
	}
	__atomic_fetch_add(&sum, wrong, __ATOMIC_SEQ_CST);
}

/* An aligned instruction changes while others run it: old or new, never torn or stale for ever. */
static void changed_while_others_run_it(void)
{
	reset();
	shared = page_alloc(1);
	shared[0] = LI(A0, 1);
	shared[1] = RET;
	sum = stop = 0;
	for (unsigned hart = 1; hart < hart_count(); hart++)
		hart_start(hart, executes_all_the_time, 0);
	for (unsigned i = 0; i < 2000; i++) {
		shared[0] = LI(A0, 1 + i % 2);
		fence_i();
		CHECK("smc_concurrent", call_here((void *)shared) == 1 + i % 2);
	}
	stop = 1;
	for (unsigned hart = 1; hart < hart_count(); hart++)
		hart_wait(hart);
	CHECK("smc_concurrent", sum == 0);
}

int main(void)
{
	replaced_and_fenced();
	replaced_by_every_store();
	store_into_the_running_block();
	store_into_the_running_block_without_fence();
	loop_that_rewrites_itself();
	store_across_the_border();
	jumps_into_the_middle();
	every_encoding_of_the_fence();
	remapped(MODE_S);
	remapped(MODE_U);
	page_under_the_running_code();
	space_under_the_running_code();
	translation_off_under_the_running_code();
	instructions_across_pages();
	falling_off_a_page();
	aliases();
	protected_physically();
	same_code_other_state();
	same_code_other_mode();
	state_under_the_running_code();
	changed_by_another_hart();
	changed_while_others_run_it();
	finish();
}
