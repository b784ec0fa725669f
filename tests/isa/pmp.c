/* Physical memory protection as instructions meet it: every kind of access in every mode, matching, locks, page
 * tables. */
#include "rt.h"

enum { R = 1, W = 2, X = 4, TOR = 1 << 3, NA4 = 2 << 3, NAPOT = 3 << 3, L = 0x80 };
enum { RLB = 4 };
static const enum mode modes[] = { MODE_M, MODE_S, MODE_U };
static char *page; /* three pages; entry 0 is about the middle one unless a test says otherwise */

/* Entries 0 and 1; entry 2 allows the rest. */
static void entries(unsigned cfg0, u64 addr0, unsigned cfg1, u64 addr1)
{
	csrw(CSR_PMPADDR0, addr0);
	csrw(CSR_PMPADDR1, addr1);
	csrw(CSR_PMPADDR2, ~UINT64_C(0) >> 10);
	csrw(CSR_PMPCFG0, (u64)(NAPOT | R | W | X) << 16 | cfg1 << 8 | cfg0);
	fence_all();
}

static u64 napot(const void *at, u64 size)
{
	return (u64)at >> 2 | (size / 2 - 1) >> 2;
}

static void setup(void)
{
	reset();
	delegate(0, 0);
	page = page_alloc(4);
	page += 4096;
}

/* rt's own entry 0 comes back with reset(). */
static void permissions(void)
{
	static const struct { u32 word; unsigned need; } kinds[] = {
		{ LB, R }, { LD, R }, { LR_D, R }, { FLD, R }, { SB, W }, { SD, W }, { SC_D, W }, { AMOADD_D, W }, { AMOSWAP_D, W }, { FSD, W },
		{ CBO_ZERO, W },
	};
	for (unsigned cfg = 0; cfg < 8; cfg++) {
		setup();
		csrw(CSR_MENVCFG, ENVCFG_CBZE);
		csrw(CSR_SENVCFG, ENVCFG_CBZE);
		entries(NAPOT | cfg, napot(page, 4096), 0, 0);
		unsigned held = csrr(CSR_PMPCFG0) & 7;
		CHECK("PMPCFG_WARL", held == ((cfg & 3) == W ? cfg & ~(unsigned)W : cfg));
		for (unsigned m = 0; m < 3; m++) {
			for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
				bool may = modes[m] == MODE_M || held & kinds[i].need;
				if (kinds[i].word == AMOADD_D || kinds[i].word == AMOSWAP_D) /* a load and a store */
					may = modes[m] == MODE_M || (held & 3) == 3;
				struct trap *t = try(modes[m], kinds[i].word, (u64)page + 64, 0);
				context("cfg, kind", cfg, i | modes[m] << 8);
				const char *rules = kinds[i].need == R ? "pmp_load_fault pmp_cfg_permissions pmp_rwx_check pmp_check_priv_modes pmp_access_fault_exception"
				                                       : "pmp_store_fault pmp_cfg_permissions pmp_rwx_check pmp_check_priv_modes pmp_access_fault_exception";
				u64 cause = kinds[i].need == R ? EXC_LOAD_ACCESS : EXC_STORE_ACCESS;
				CHECK(rules, may ? finished(t) : took(t, LEVEL_M, cause) && t->tval == (u64)page + 64 && t->epc == try_pc(modes[m]));
				CHECK("pmp_violation_precise_trap pmp_l_bit_m_mode_enforcement", finished(t) == may);
			}
			((volatile u32 *)page)[0] = ADDI(A0, 0, 7);
			((volatile u32 *)page)[1] = JALR(0, RA);
			asm volatile("fence.i");
			u64 x[32] = { 0 };
			x[RA] = (u64)rt_done;
			struct trap *t = run(modes[m], (u64)page, x);
			CHECK("pmp_exec_fault pmp_cfg_permissions pmp_rwx_check pmp_check_priv_modes",
			      modes[m] == MODE_M || held & X ? finished(t) : took(t, LEVEL_M, EXC_FETCH_ACCESS) && t->tval == (u64)page && t->epc == (u64)page);
		}
	}
}

/* A byte may be read where the entry says so: its first and last byte, and those beside it. */
static void ranges(void)
{
	static const struct { unsigned cfg; u64 from, to; } rows[] = { /* in bytes within the page */
		{ NA4, 0x100, 0x104 }, { NAPOT, 0x100, 0x108 }, { NAPOT, 0x200, 0x240 }, { NAPOT, 0, 0x1000 }, { TOR, 0x104, 0x20c },
		{ TOR, 0x104, 0x104 }, { TOR, 0x200, 0x100 },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup();
		u64 from = (u64)page + rows[i].from, to = (u64)page + rows[i].to;
		if (rows[i].cfg == TOR) /* entry 1; the lower end is the address of entry 0, which is off */
			entries(0, from >> 2, TOR, to >> 2);
		else
			entries(rows[i].cfg, rows[i].cfg == NA4 ? from >> 2 : napot((void *)from, to - from), 0, 0);
		const u64 where[] = { from - 1, from, to - 1, to };
		for (unsigned k = 0; k < 4; k++) {
			bool inside = where[k] >= from && where[k] < to;
			context("row, place", i, k);
			CHECK("pmp_a_field_encoding pmp_a_field_napot_na4 pmp_a_field_tor pmp_napot_encoding_low_bits PMP_GRANULARITY pmp_region_granularity_g "
			      "pmp_addr_encoding pmp_entry_structure", finished(try(MODE_S, LBU, where[k], 0)) == !inside);
		}
	}
	setup();
	entries(0, napot(page, 4096), 0, 0); /* off: matches nothing */
	CHECK("pmp_a_field_off pmp_a_field_encoding", finished(try(MODE_S, SD, (u64)page, 0)));
}

/* The lowest-numbered entry that matches any byte decides, and it must match all. */
static void order(void)
{
	setup();
	entries(NAPOT | R, napot(page, 64), NAPOT | R | W, napot(page, 4096));
	CHECK("pmp_entry_priority", took(try(MODE_S, SD, (u64)page + 56, 0), LEVEL_M, EXC_STORE_ACCESS));
	CHECK("pmp_entry_priority", finished(try(MODE_S, SD, (u64)page + 64, 0)));
	CHECK("pmp_entry_priority", finished(try(MODE_S, LD, (u64)page + 56, 0)));
	setup();
	entries(NAPOT | R | W, napot(page, 64), NAPOT | R | W, napot(page, 4096));
	/* in parts: each part of a misaligned access is checked by itself, or it fails as a whole */
	struct trap *t = try(MODE_S, LD, (u64)page + 60, 0);
	CHECK("pmp_misaligned_access_behavior pmp_full_match_required", took(t, LEVEL_M, EXC_LOAD_ACCESS));
	entries(NA4 | R | W, (u64)page >> 2, NAPOT | R | W, napot(page, 4096));
	CHECK("pmp_full_match_required", took(try(MODE_S, LD, (u64)page, 0), LEVEL_M, EXC_LOAD_ACCESS));
	CHECK("pmp_full_match_required", finished(try(MODE_S, LW, (u64)page, 0)));
	/* whatever L says */
	CHECK("pmp_full_match_required", took(try(MODE_M, LD, (u64)page, 0), LEVEL_M, EXC_LOAD_ACCESS));
	entries(NAPOT | R | W, napot(page, 64), NAPOT, napot(page, 128));
	t = try(MODE_S, SD, (u64)page + 60, ~UINT64_C(0));
	CHECK("pmp_misaligned_access_behavior", took(t, LEVEL_M, EXC_STORE_ACCESS));
	setup();
	entries(0, 0, 0, 0);
	csrw(CSR_PMPCFG0, 0); /* no entry matches */
	fence_all();
	CHECK("pmp_no_entry_match", finished(try(MODE_M, LD, (u64)page, 0)));
	CHECK("pmp_no_entry_match", took(try(MODE_S, NOP, 0, 0), LEVEL_M, EXC_FETCH_ACCESS));
	CHECK("pmp_no_entry_match", took(try(MODE_U, NOP, 0, 0), LEVEL_M, EXC_FETCH_ACCESS));
}

/* MXR and SUM are about page-table entries: what may be executed may not be read for that. */
static void not_by_mxr(void)
{
	for (unsigned paged = 0; paged < 2; paged++) {
		setup();
		struct space space;
		space_new(&space, 3, false, 0);
		space_map(&space, TEST_VA, (u64)page, 0, PTE_V | PTE_X | PTE_AD);
		u64 at = paged ? TEST_VA : (u64)page;
		if (paged)
			csrw(CSR_SATP, space_atp(&space, 0));
		csrs(CSR_MSTATUS, STATUS_MXR | STATUS_SUM);
		entries(NAPOT | X, napot(page, 4096), 0, 0);
		CHECK("MSTATUS_MXR_SUM_OP_ACC_FAULT mstatus_mxr_op", took(try(MODE_S, LD, at, 0), LEVEL_M, EXC_LOAD_ACCESS));
		entries(NAPOT | R, napot(page, 4096), 0, 0);
		CHECK("MSTATUS_MXR_SUM_OP_ACC_FAULT mstatus_mxr_op", finished(try(MODE_S, LD, at, 0)));
	}
	reset();
}

static void registers(void)
{
	setup();
	u64 value;
	for (unsigned m = 1; m < 3; m++) {
		CHECK("pmp_csr_mode", took(try(modes[m], CSRR(A0, CSR_PMPCFG0), 0, 0), LEVEL_M, EXC_ILLEGAL));
		CHECK("pmp_csr_mode", took(try(modes[m], CSRR(A0, CSR_PMPADDR0), 0, 0), LEVEL_M, EXC_ILLEGAL));
	}
	for (unsigned i = 0; i < 16; i++)
		CHECK("pmp_cfg_rv64_layout pmp_cfg_rv64_illegal PMP_ENTRY_COUNT", csr_read(CSR_PMPCFG0 + i, &value) == (i == 0 || i == 2));
	for (unsigned i = 0; i < 64; i++)
		CHECK("pmp_addr_registers PMP_ENTRY_COUNT", csr_read(CSR_PMPADDR0 + i, &value) == (i < 16));
	CHECK("PMPADDR_WARL pmp_addr_encoding", csr_holds(CSR_PMPADDR2, ~UINT64_C(0)) == ~UINT64_C(0) >> 10);
	csrw(CSR_PMPADDR1, 0x12345679); /* all bits read back, in every mode of the entry: granularity 4 */
	for (unsigned a = 0; a < 4; a++) {
		csrw(CSR_PMPCFG0, 0x1f | a << 11);
		CHECK("PMP_GRANULARITY pmp_na4_select_restriction", (csrr(CSR_PMPCFG0) >> 11 & 3) == a);
		CHECK("PMP_GRANULARITY pmp_tor_off_addr_read_mask pmp_napot_addr_read_mask pmp_addr_retention_on_mode_change",
		      csrr(CSR_PMPADDR1) == 0x12345679);
	}
}

/* RLB first, so that locks can be opened again. */
static void locks(void)
{
	setup();
	csrw(CSR_MSECCFG, RLB);
	entries(NAPOT | R | L, napot(page, 4096), NAPOT, napot(page + 4096, 4096));
	CHECK("pmp_mmode_locking pmp_l_bit_m_mode_enforcement pmp_rwx_check", finished(try(MODE_M, LD, (u64)page, 0)));
	CHECK("pmp_mmode_locking pmp_l_bit_m_mode_enforcement pmp_rwx_check", took(try(MODE_M, SD, (u64)page, 0), LEVEL_M, EXC_STORE_ACCESS));
	CHECK("pmp_l_bit_m_mode_enforcement pmp_exec_fault", took(run(MODE_M, (u64)page, NULL), LEVEL_M, EXC_FETCH_ACCESS));
	CHECK("pmp_l_bit_m_mode_enforcement", finished(try(MODE_M, SD, (u64)page + 4096, 0)));
	CHECK("mseccfg_rlb_op", csrr(CSR_MSECCFG) == RLB);
	entries(NAPOT | R | W | L, napot(page, 4096), NAPOT, napot(page + 4096, 4096));
	CHECK("mseccfg_rlb_op pmp_l_bit_m_mode_enforcement", finished(try(MODE_M, SD, (u64)page, 0)));
	/* MPRV: the entries apply to M as to S and U */
	for (unsigned mpp = 0; mpp < 4; mpp += mpp == 1 ? 2 : 1) {
		u32 words[4] = { CSRRC(0, CSR_MSTATUS, A3), CSRRS(0, CSR_MSTATUS, A4), LD, CSRRC(0, CSR_MSTATUS, A5) };
		u64 x[32] = { 0 };
		x[A1] = (u64)page + 4096;
		x[A3] = STATUS_MPP;
		x[A4] = STATUS_MPRV | (u64)mpp << 11;
		x[A5] = STATUS_MPRV;
		struct trap *t = try_words(MODE_M, words, 4, x);
		CHECK("pmp_check_priv_modes", mpp == 3 ? finished(t) : took(t, LEVEL_M, EXC_LOAD_ACCESS));
		csrc(CSR_MSTATUS, STATUS_MPRV);
	}
	csrw(CSR_PMPCFG0, (u64)(NAPOT | R | W | X) << 16); /* before reset() moves the address of a locked entry */
	reset();
	csrw(CSR_MSECCFG, 0);
}

/* Page tables: read and written as S-mode would, for every access, also from U. */
static void page_tables(void)
{
	static const struct { u32 word; u64 page_cause, access_cause; } kinds[] = {
		{ LD, EXC_LOAD_PAGE, EXC_LOAD_ACCESS }, { SD, EXC_STORE_PAGE, EXC_STORE_ACCESS }, { AMOADD_D, EXC_STORE_PAGE, EXC_STORE_ACCESS },
		{ LR_D, EXC_LOAD_PAGE, EXC_LOAD_ACCESS },
	};
	for (unsigned m = 1; m < 3; m++)
		for (unsigned cfg = 0; cfg < 8; cfg += cfg == 1 ? 2 : 1) {
			if ((cfg & 3) == W)
				continue;
			setup();
			struct space space;
			space_new(&space, 3, false, 0);
			space_map(&space, TEST_VA, (u64)page, 0, PTE_ALL & ~(u64)PTE_AD);
			u64 *pte = space_pte(&space, TEST_VA, 0);
			csrw(CSR_SATP, space_atp(&space, 0));
			csrw(CSR_MENVCFG, ENVCFG_ADUE);
			csrs(CSR_MSTATUS, STATUS_SUM);
			entries(NAPOT | cfg, napot(pte, 8), 0, 0);
			for (unsigned i = 0; i < 4; i++) {
				*pte &= ~(u64)PTE_AD;
				fence_all();
				struct trap *t = try(modes[m], kinds[i].word, TEST_VA + 8, 0);
				context("cfg, kind", cfg, i);
				bool may = (cfg & 3) == 3; /* A has to be set */
				CHECK("pmp_check_pagetable_access pmp_with_paging pmp_access_fault_exception",
				      may ? finished(t) : took(t, LEVEL_M, kinds[i].access_cause) && t->tval == TEST_VA + 8);
				*pte |= PTE_AD;
				fence_all();
				t = try(modes[m], kinds[i].word, TEST_VA + 8, 0);
				CHECK("pmp_check_pagetable_access pmp_with_paging", cfg & R ? finished(t) : took(t, LEVEL_M, kinds[i].access_cause));
			}
			entries(NAPOT | R, napot(page, 4096), 0, 0); /* the page itself */
			*pte |= PTE_AD;
			fence_all();
			CHECK("pmp_with_paging pmp_sfence_required", finished(try(modes[m], LD, TEST_VA, 0)));
			CHECK("pmp_with_paging", took(try(modes[m], SD, TEST_VA, 0), LEVEL_M, EXC_STORE_ACCESS));
			entries(NAPOT, napot(page, 4096), 0, 0);
			CHECK("pmp_sfence_required pmp_speculative_translations", took(try(modes[m], LD, TEST_VA, 0), LEVEL_M, EXC_LOAD_ACCESS));
			entries(NAPOT | R, napot(page, 4096), 0, 0);
			CHECK("pmp_sfence_required", finished(try(modes[m], LD, TEST_VA, 0)));
		}
	reset();
}

int main(void)
{
	permissions();
	ranges();
	order();
	not_by_mxr();
	registers();
	locks();
	page_tables();
	finish();
}
