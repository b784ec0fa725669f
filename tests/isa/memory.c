/*
 * Atomics, reservations and the order of memory, on one hart and between harts; cache-block operations; waiting on a
 * reservation.
 */
#include "rt.h"

enum { EACH = 400 };
#define WRS_NTO 0x00d00073u
#define WRS_STO 0x01d00073u
#define AMOCAS(funct3) r_type(0x2f, funct3, 5 << 2, A0, A1, A2)
static u64 cell[32] __attribute__((aligned(128)));

/* One atomic with a0 too, for compare and swap. */
static struct trap *atomic(enum mode mode, u32 word, void *at, u64 a0, u64 a2)
{
	u64 x[32] = { 0 };
	x[A0] = a0;
	x[A1] = (u64)at;
	x[A2] = a2;
	x[A3] = 0xa3;
	return try_words(mode, &word, 1, x);
}

/* ---- what AMOs do ---- */

static void operations(void)
{
	static const struct { u32 funct5; u64 before, operand, after; } rows[] = { /* of doublewords */
		{ 0, 0xffffffffffffffff, 2, 1 }, { 1, 5, 9, 9 }, { 4, 0xff00, 0x0ff0, 0xf0f0 }, { 8, 0xff00, 0x0ff0, 0xfff0 },
		{ 12, 0xff00, 0x0ff0, 0x0f00 }, { 16, 5, 0xfffffffffffffff0, 0xfffffffffffffff0 }, { 20, 5, 0xfffffffffffffff0, 5 },
		{ 24, 5, 0xfffffffffffffff0, 5 }, { 28, 5, 0xfffffffffffffff0, 0xfffffffffffffff0 },
	};
	reset();
	for (unsigned i = 0; i < 9; i++)
		for (unsigned width = 0; width < 4; width++)
			for (unsigned order = 0; order < 4; order++) { /* aq, rl */
				unsigned bits = 8 << width;
				u64 mask = bits == 64 ? ~UINT64_C(0) : BIT(bits) - 1, fill = 0x5a5a5a5a5a5a5a5a;
				cell[1] = (fill & ~mask) | (rows[i].before & mask);
				cell[0] = cell[2] = fill;
				/* the operand's upper bits are ignored */
				struct trap *t = atomic(MODE_S, AMO(rows[i].funct5, width) | order << 25, &cell[1], 0, (rows[i].operand & mask) | (fill & ~mask));
				u64 old = (u64)((int64_t)(rows[i].before << (64 - bits)) >> (64 - bits));
				bool less = bits < 64 && i >= 7 && (rows[i].operand & mask) > (rows[i].before & mask);
				u64 after = i < 7 || bits == 64 ? rows[i].after : i == 7 ? (less ? rows[i].before : rows[i].operand) : less ? rows[i].operand : rows[i].before;
				context("operation, width", rows[i].funct5, width);
				CHECK(width < 2 ? "Zabha_rd_sign_extension pma_amo_zabha_req" : "amo_operand_size a_aq_rl_bits a_no_aq_rl rvwmo_aligned_amo_memop",
				      finished(t) && t->x[A0] == old && cell[1] == ((fill & ~mask) | (after & mask)) && cell[0] == fill && cell[2] == fill);
				for (unsigned offset = 1; offset < 1u << width; offset++)
					CHECK(width < 2 ? "Zabha_rs1_align_addr" : "amo_alignment MISALIGNED_ATOMICITY_GRANULE_SIZE",
					      took(atomic(MODE_S, AMO(rows[i].funct5, width), (char *)&cell[1] + offset, 0, 0), LEVEL_S, EXC_STORE_MISALIGNED));
			}
}

static void compare_and_swap(void)
{
	reset();
	for (unsigned width = 0; width < 4; width++)
		for (unsigned equal = 0; equal < 2; equal++) {
			unsigned bits = 8 << width;
			u64 mask = bits == 64 ? ~UINT64_C(0) : BIT(bits) - 1, fill = 0x5a5a5a5a5a5a5a5a, before = 0x8182838485868788;
			cell[0] = before;
			u64 compare = (before & mask) | (fill & ~mask);
			struct trap *t = atomic(MODE_S, AMOCAS(width), cell, equal ? compare : compare ^ 1, 0x1122334455667788);
			u64 old = (u64)((int64_t)(before << (64 - bits)) >> (64 - bits));
			context("width, equal", width, equal);
			CHECK(width < 2 ? "Zabha_amocas-BH_ignore_bits Zabha_rd_sign_extension" : width == 2 ? "Zacas_rv64_amocas-w_op" : "Zacas_rv64_amocas-d_op",
			      finished(t) && t->x[A0] == old && cell[0] == (equal ? (before & ~mask) | (0x1122334455667788 & mask) : before));
			CHECK("pma_amo_zacas_levels pma_amo_zacas_req_arith", finished(t));
		}
	for (unsigned equal = 0; equal < 3; equal++) { /* quadwords: a0,a1 with a2,a3; the address in a4 */
		u64 x[32] = { 0 };
		u32 word = r_type(0x2f, 4, 5 << 2, A0, A4, A2);
		cell[0] = 1, cell[1] = 2;
		x[A0] = equal == 0 ? 9 : 1;
		x[A1] = equal == 1 ? 9 : 2;
		x[A2] = 3, x[A3] = 4, x[A4] = (u64)cell;
		struct trap *t = try_words(MODE_S, &word, 1, x);
		CHECK("Zacas_rv64_amocas-q_op", finished(t) && t->x[A0] == 1 && t->x[A1] == 2 && cell[0] == (equal == 2 ? 3 : 1) && cell[1] == (equal == 2 ? 4 : 2));
		word = r_type(0x2f, 4, 5 << 2, 0, A4, A2); /* rd = x0: compared with 0, nothing written */
		cell[0] = cell[1] = 0;
		x[1] = 0x77;
		t = try_words(MODE_S, &word, 1, x);
		CHECK("Zacas_rv64_amocas-q_rd_frst_reg_x0", finished(t) && t->x[1] == 0x77 && cell[0] == 3 && cell[1] == 4 && !t->x[0]);
		word = r_type(0x2f, 4, 5 << 2, A2, A4, 0); /* rs2 = x0: both halves zero */
		cell[0] = 3, cell[1] = 4;
		t = try_words(MODE_S, &word, 1, x);
		CHECK("Zacas_rv64_amocas-q_rs2_frst_reg_x0", finished(t) && cell[0] == 0 && cell[1] == 0 && t->x[A2] == 3 && t->x[A3] == 4);
	}
	delegate(0, 0);
	CHECK("Zacas_rv64_amocas-q_frst_pair_entry_reg_even", took(try(MODE_S, r_type(0x2f, 4, 5 << 2, A1, A4, A2), 0, 0), LEVEL_M, EXC_ILLEGAL));
	CHECK("Zacas_rv64_amocas-q_frst_pair_entry_reg_even", took(try(MODE_S, r_type(0x2f, 4, 5 << 2, A0, A4, A3), 0, 0), LEVEL_M, EXC_ILLEGAL));
	for (unsigned width = 1; width < 5; width++) {
		u64 x[32] = { 0 };
		u32 word = r_type(0x2f, width, 5 << 2, A0, A4, A2);
		x[A4] = (u64)cell + (1 << width) / 2;
		CHECK("Zacas_amocas_rs1_addr_alignment Zabha_rs1_align_addr", took(try_words(MODE_S, &word, 1, x), LEVEL_M, EXC_STORE_MISALIGNED));
	}
}

/* ---- reservations on one hart ---- */

static struct trap *sequence(const u32 *words, unsigned count, void *first, void *second)
{
	u64 x[32] = { 0 };
	x[A1] = (u64)first;
	x[A2] = 0xffffffff80000123;
	x[A3] = (u64)second;
	x[A0] = 0x55;
	x[A5] = 0x55;
	return try_words(MODE_S, words, count, x);
}

#define SC_D_A5(address) r_type(0x2f, 3, 3 << 2, A5, address, A2)
#define SC_W_A5(address) r_type(0x2f, 2, 3 << 2, A5, address, A2)

static void reservations(void)
{
	reset();
	cell[0] = 0x1111111180000001;
	u32 plain[2] = { LR_W, SC_W_A5(A1) };
	struct trap *t = sequence(plain, 2, cell, cell);
	CHECK("lr_w_op sc_w_success lr_sc_rv64", finished(t) && t->x[A0] == 0xffffffff80000001 && t->x[A5] == 0 && cell[0] == 0x1111111180000123);
	u32 doubles[2] = { LR_D, SC_D_A5(A1) };
	t = sequence(doubles, 2, cell, cell);
	CHECK("lr_w_op sc_w_success lr_sc_rv64", finished(t) && t->x[A0] == 0x1111111180000123 && t->x[A5] == 0 && cell[0] == 0xffffffff80000123);
	u32 twice[3] = { LR_D, SC_D_A5(A1), r_type(0x2f, 3, 3 << 2, A0, A1, A3) };
	t = sequence(twice, 3, cell, cell); /* the first took it */
	CHECK("sc_w_failure sc_failure_code sc_reservation_invalidate sc_intervening_sc_fail sc_success_conditions",
	      finished(t) && t->x[A5] == 0 && t->x[A0] == 1 && cell[0] == 0xffffffff80000123);
	u32 failed_takes_it[3] = { LR_D, r_type(0x2f, 3, 3 << 2, A0, A3, A2), SC_D_A5(A1) };
	cell[16] = 7;
	t = sequence(failed_takes_it, 3, cell, &cell[16]);
	CHECK("sc_reservation_invalidate sc_addr_not_in_reservation_fail sc_intervening_sc_fail", finished(t) && t->x[A0] == 1 && t->x[A5] == 1 && cell[16] == 7);
	u32 elsewhere[2] = { LR_D, SC_D_A5(A3) };
	t = sequence(elsewhere, 2, cell, &cell[16]);
	CHECK("sc_addr_not_in_reservation_fail sc_w_failure LR_RESERVATION_SET_SIZE", finished(t) && t->x[A5] == 1 && cell[16] == 7);
	u32 latest[3] = { LR_D, r_type(0x2f, 3, 2 << 2, A0, A3, 0), SC_D_A5(A1) };
	t = sequence(latest, 3, cell, &cell[16]);
	CHECK("sc_pairs_latest_lr sc_addr_not_in_reservation_fail", finished(t) && t->x[A5] == 1);
	u32 latest_good[3] = { LR_D, r_type(0x2f, 3, 2 << 2, A0, A3, 0), SC_D_A5(A3) };
	t = sequence(latest_good, 3, cell, &cell[16]);
	CHECK("sc_pairs_latest_lr", finished(t) && t->x[A5] == 0 && cell[16] == 0xffffffff80000123);
	u32 lonely[1] = { SC_D_A5(A1) };
	cell[0] = 1;
	t = sequence(lonely, 1, cell, cell);
	CHECK("sc_w_failure ld_rsv_rst", finished(t) && t->x[A5] == 1 && cell[0] == 1);
	/* between LR and SC: what a constrained loop may hold, in base, compressed and NTL spelling */
	u32 loop[8] = { LR_D, ADDI(A0, A0, 1), 0x0505, 0x00200033, 0x00000463, NOP, 0x0001, SC_D_A5(A1) };
	t = sequence(loop, 8, cell, cell);
	CHECK("constrained_lrsc_instruction_set constrained_lrsc_compressed_allowed constrained_lrsc_loop_size NTL-LR_SC_exception "
	      "lrsc_eventuality_region lrsc_same_address_and_size", finished(t) && t->x[A5] == 0);
	static const u32 bad[] = { LR_W, SC_W, LR_D, SC_D };
	for (unsigned i = 0; i < 4; i++)
		for (unsigned offset = 1; offset < (i < 2 ? 4u : 8u); offset++)
			CHECK("LR_SC_ALIGNMENT", took(try(MODE_S, bad[i], (u64)cell + offset, 0), LEVEL_S, i & 1 ? EXC_STORE_MISALIGNED : EXC_LOAD_MISALIGNED));
	/* returns from traps do not break it, or do: our choice is that xRET keeps it */
	u32 over_sret[3] = { LR_D, SRET, SC_D_A5(A1) };
	csrs(CSR_MSTATUS, STATUS_SPP);
	csrw(CSR_SEPC, try_pc(MODE_S) + 8);
	t = sequence(over_sret, 3, cell, cell);
	CHECK("SRET_CLR_LR_RESV", finished(t) && t->x[A5] == 0);
	u32 over_mret[5] = { LR_D, CSRW(CSR_MEPC, A4), CSRRS(0, CSR_MSTATUS, A6), MRET, SC_D_A5(A1) };
	u64 x[32] = { 0 };
	x[A1] = (u64)cell;
	x[A4] = try_pc(MODE_M) + 16;
	x[A6] = STATUS_MPP;
	x[A5] = 0x55;
	t = try_words(MODE_M, over_mret, 5, x);
	CHECK("MRET_CLR_LR_RESV", finished(t) && t->x[A5] == 0);
}

/* Permission is asked for even where SC must fail. */
static void permission_of_sc(void)
{
	reset();
	struct space space;
	space_new(&space, 3, false, 0);
	u64 page = (u64)page_alloc(1);
	space_map(&space, TEST_VA, page, 0, PTE_S & ~(u64)PTE_W);
	csrw(CSR_SATP, space_atp(&space, 0));
	fence_all();
	CHECK("sc_retire_permission sc_failed_as_store sc_failed_side_effects", took(try(MODE_S, SC_D, TEST_VA, 0), LEVEL_S, EXC_STORE_PAGE));
	CHECK("Zacas_amocas_w_permission store_page_fault_no_w", took(try(MODE_S, AMOCAS(3), TEST_VA, 0), LEVEL_S, EXC_STORE_PAGE));
	CHECK("store_page_fault_no_w", took(try(MODE_S, SD, TEST_VA, 0), LEVEL_S, EXC_STORE_PAGE));
	CHECK("store_page_fault_no_w", took(try(MODE_S, AMOADD_D, TEST_VA, 0), LEVEL_S, EXC_STORE_PAGE));
	CHECK("load_page_fault_no_r", finished(try(MODE_S, LR_D, TEST_VA, 0)));
	csrw(CSR_MENVCFG, ENVCFG_CBZE | ENVCFG_CBCFE | ENVCFG_CBIE);
	CHECK("store_page_fault_no_w cbz_unperm_fault", took(try(MODE_S, CBO_ZERO, TEST_VA + 9, 0), LEVEL_S, EXC_STORE_PAGE) && this_cpu()->trap.tval == TEST_VA + 9);
	CHECK("cbm_access", finished(try(MODE_S, CBO_CLEAN, TEST_VA + 9, 0)) && finished(try(MODE_S, CBO_FLUSH, TEST_VA + 9, 0)) &&
	      finished(try(MODE_S, CBO_INVAL, TEST_VA + 9, 0)));
	space_map(&space, TEST_VA, page, 0, PTE_V | PTE_X | PTE_AD);
	fence_all();
	CHECK("load_page_fault_no_r", took(try(MODE_S, LD, TEST_VA, 0), LEVEL_S, EXC_LOAD_PAGE));
	CHECK("load_page_fault_no_r", took(try(MODE_S, LR_D, TEST_VA, 0), LEVEL_S, EXC_LOAD_PAGE));
	/* norm:cbm_unperm_fault: store page fault, as the chapter of these instructions has it */
	CHECK("cbm_unperm_fault cbm_access", took(try(MODE_S, CBO_CLEAN, TEST_VA, 0), LEVEL_S, EXC_STORE_PAGE));
	/* A and D: A for management, A and D for zero, neither for prefetch */
	u64 *pte = space_pte(&space, TEST_VA, 0);
	for (unsigned adue = 0; adue < 2; adue++)
		for (unsigned i = 0; i < 6; i++) {
			static const u32 words[] = { CBO_CLEAN, CBO_FLUSH, CBO_INVAL, CBO_ZERO, 0x0615e013, 0x0635e013 };
			csrw(CSR_MENVCFG, ENVCFG_CBZE | ENVCFG_CBCFE | ENVCFG_CBIE | (adue ? ENVCFG_ADUE : 0));
			*pte = page >> 12 << 10 | (PTE_S & ~(u64)PTE_AD);
			fence_all();
			struct trap *t = try(MODE_S, words[i], TEST_VA, 0);
			u64 set = *pte & PTE_AD;
			context("operation, adue", i, adue);
			if (i < 4)
				CHECK(i < 3 ? "cbm_unperm_translate" : "cbz_unperm_translate", adue ? finished(t) && set == (i < 3 ? PTE_A : PTE_AD)
				                                                                    : took(t, LEVEL_S, EXC_STORE_PAGE) && !set);
			else
				CHECK("cbp_unperm_translate cbp_unperm_noexcep", finished(t) && !set);
		}
	reset();
}

/* ---- cache blocks ---- */

static void cache_blocks(void)
{
	reset();
	static unsigned char bytes[256] __attribute__((aligned(256)));
	for (unsigned offset = 0; offset < 64; offset += 7) { /* any address in the block */
		for (unsigned i = 0; i < 256; i++)
			bytes[i] = 0xee;
		CHECK("cbo-zero_unaligned no_addr_misaligned_excep", finished(try(MODE_M, CBO_ZERO, (u64)bytes + 64 + offset, 0)));
		bool right = true;
		for (unsigned i = 0; i < 256; i++)
			right &= bytes[i] == (i / 64 == 1 ? 0 : 0xee);
		CHECK("cbo-zero_op cbo-zero_specified_block CACHE_BLOCK_SIZE cbo-zero_offset", right);
		static const u32 management[] = { CBO_CLEAN, CBO_FLUSH, CBO_INVAL };
		for (unsigned k = 0; k < 3; k++) {
			bytes[64 + offset] = (unsigned char)k;
			bool fine = finished(try(MODE_M, management[k], (u64)bytes + 64 + offset, 0));
			CHECK("cbo-clean_op cbo-clean_offset cbo-flush_op cbo-flush_unaligned cbo-inval_op cbo-inval_unaligned no_addr_misaligned_excep", fine);
			/* coherent without them: they lose nothing */
			CHECK("cmo_invalidate_load_values PPO_overlap menvcfg_cbie_cbo-inval_op cbo-inval_s-mode_op", bytes[64 + offset] == k);
		}
	}
	/* the fields do not depend on each other */
	csrw(CSR_MENVCFG, 0);
	csrw(CSR_SENVCFG, ENVCFG_CBZE | ENVCFG_CBCFE | ENVCFG_CBIE);
	CHECK("cbxe_unaffected", csrr(CSR_SENVCFG) == (ENVCFG_CBZE | ENVCFG_CBCFE | ENVCFG_CBIE) && csrr(CSR_MENVCFG) == 0);
	csrw(CSR_MENVCFG, ENVCFG_CBZE | ENVCFG_CBCFE | ENVCFG_CBIE);
	csrw(CSR_SENVCFG, 0);
	CHECK("cbxe_unaffected", csrr(CSR_SENVCFG) == 0);
	delegate(0, 0);
	static const u32 words[] = { CBO_ZERO, CBO_CLEAN, CBO_FLUSH, CBO_INVAL };
	static const char *const m_rules[] = { "menvcfg_cbze_op", "menvcfg_cbcfe_op", "menvcfg_cbcfe_op", "menvcfg_cbie_op MENVCFG_CBIE_WARL" };
	static const char *const s_rules[] = { "senvcfg_cbze", "senvcfg_cbcfe", "senvcfg_cbcfe", "senvcfg_cbie SENVCFG_CBIE_WARL" };
	static const u64 fields[] = { ENVCFG_CBZE, ENVCFG_CBCFE, ENVCFG_CBCFE, BIT(4) };
	for (unsigned i = 0; i < 4; i++)
		for (unsigned bits = 0; bits < 4; bits++) {
			csrw(CSR_MENVCFG, bits & 1 ? fields[i] : 0);
			csrw(CSR_SENVCFG, bits & 2 ? fields[i] : 0);
			CHECK(m_rules[i], finished(try(MODE_S, words[i], (u64)bytes, 0)) == (bits & 1) && finished(try(MODE_M, words[i], (u64)bytes, 0)));
			CHECK(s_rules[i], finished(try(MODE_U, words[i], (u64)bytes, 0)) == (bits == 3));
		}
	csrw(CSR_MENVCFG, BIT(4));
	csrw(CSR_MENVCFG, BIT(5)); /* 2 is reserved */
	CHECK("MENVCFG_CBIE_WARL", csrr(CSR_MENVCFG) == BIT(4));
	csrw(CSR_SENVCFG, BIT(4));
	csrw(CSR_SENVCFG, BIT(5));
	CHECK("SENVCFG_CBIE_WARL senvcfg_cbie", csrr(CSR_SENVCFG) == BIT(4));
	reset();
}

/* ---- waiting on a reservation ---- */

static void waits(void)
{
	reset();
	delegate(0, 0);
	static const enum mode modes[] = { MODE_M, MODE_S, MODE_U };
	for (unsigned m = 0; m < 3; m++)
		for (unsigned tw = 0; tw < 2; tw++) {
			csrc(CSR_MSTATUS, STATUS_TW);
			csrs(CSR_MSTATUS, tw ? STATUS_TW : 0);
			u32 words[3] = { LR_D, WRS_NTO, ADDI(A0, 0, 1) };
			u64 x[32] = { 0 };
			x[A1] = (u64)cell;
			struct trap *t = try_words(modes[m], words, 3, x);
			CHECK("Zawrs_stall_terminate Zawrs_wrs-nto_stall_exec Zawrs_priv_illegal_instr_excp", finished(t) && t->x[A0] == 1);
			words[1] = WRS_STO;
			t = try_words(modes[m], words, 3, x);
			CHECK("Zawrs_wrs-sto_stall_duration", finished(t) && t->x[A0] == 1);
			words[0] = WRS_NTO; /* without a reservation, with an interrupt pending */
			csrw(CSR_MIDELEG, BIT(1));
			csrw(CSR_MIP, BIT(1));
			csrw(CSR_MIE, modes[m] == MODE_U ? 0 : BIT(1));
			t = try_words(modes[m], words, 3, x);
			csrw(CSR_MIE, 0);
			csrw(CSR_MIP, 0);
			CHECK("Zawrs_exec_resume_rules", finished(t) && t->x[A0] == 1);
		}
	reset();
}

/* ---- several harts ---- */

static volatile u64 counter, ready, flag_x, flag_y, lost;

static void adds(u64 how)
{
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	while (ready < 4)
		;
	for (unsigned i = 0; i < EACH; i++) {
		u64 old, failed;
		switch (how) {
		case 0:
			__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
			break;
		case 1: /* a constrained loop */
			asm volatile("1: lr.d %0, (%2)\n addi %0, %0, 1\n sc.d %1, %0, (%2)\n bnez %1, 1b" : "=&r"(old), "=&r"(failed) : "r"(&counter) : "memory");
			break;
		case 2: /* a lock by amoswap.w.aq, given back by amoswap.w.rl */
			asm volatile("1: li %0, 1\n amoswap.w.aq %0, %0, (%2)\n bnez %0, 1b\n ld %1, 0(%3)\n addi %1, %1, 1\n sd %1, 0(%3)\n amoswap.w.rl zero, zero, (%2)"
			             : "=&r"(old), "=&r"(failed) : "r"(&flag_x), "r"(&counter) : "memory");
			break;
		default: /* compare and swap: amocas.d.aqrl a0, a2, (a1) */
			do {
				register u64 a0 asm("a0") = counter;
				register volatile u64 *a1 asm("a1") = &counter;
				register u64 a2 asm("a2") = a0 + 1;
				old = a0;
				asm volatile(".word 0x2ec5b52f" : "+r"(a0) : "r"(a1), "r"(a2) : "memory");
				failed = a0 != old;
			} while (failed);
		}
	}
}

static void counting_together(void)
{
	static const char *const rules[] = {
		"rvwmo_atomicity_axiom rvwmo_single_copy_atomic rvwmo_ld_val_axiom rvwmo_obeyed",
		"constrained_lrsc_forward_progress lr_sc_atomicity_axiom rvwmo_atomicity_axiom rvwmo_progress_axiom sc_other_hart_store_fail "
		"sc_success_conditions sc_not_observable_before_lr constrained_lrsc_retry_code",
		"a_acquire_semantics a_release_semantics amo_release_consistency rvwmo_ppo",
		"Zacas_amocas_mem_op_success_aq_rl Zacas_amocas_mem_op_fail_aq_rl a_seq_cst_semantics",
	};
	for (unsigned how = 0; how < 4; how++) {
		counter = ready = flag_x = 0;
		for (unsigned i = 1; i < 4; i++)
			hart_start(i, adds, how);
		adds(how);
		for (unsigned i = 1; i < 4; i++)
			hart_wait(i);
		context("way", how, counter);
		CHECK(rules[how], counter == 4 * EACH);
	}
}

/* The other hart stores into the reservation set between LR and SC: SC must fail. */
static void stores_when_told(u64 rounds)
{
	for (u64 i = 1; i <= rounds; i++) {
		while (__atomic_load_n(&flag_x, __ATOMIC_ACQUIRE) != i)
			;
		cell[i % 8] = i;
		__atomic_store_n(&flag_y, i, __ATOMIC_RELEASE);
	}
}

static void reservations_of_others(void)
{
	flag_x = flag_y = 0;
	hart_start(1, stores_when_told, 100);
	for (u64 i = 1; i <= 100; i++) {
		u64 old, failed, seen;
		asm volatile("lr.d %0, (%3)\n sd %4, 0(%5)\n1: ld %2, 0(%6)\n bne %2, %4, 1b\n sc.d %1, %0, (%3)"
		             : "=&r"(old), "=&r"(failed), "=&r"(seen) : "r"(&cell[i % 8]), "r"(i), "r"(&flag_x), "r"(&flag_y) : "memory");
		CHECK("sc_other_hart_store_fail sc_success_conditions rvwmo_atomicity_axiom", failed && cell[i % 8] == i);
	}
	hart_wait(1);
}

/* Store buffering: behind full fences, not both sides can miss the other's store. */
static volatile u64 data[2], result[2];

/* Both harts have come here `count` times. */
static void meet(u64 count)
{
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < 2 * count)
		;
}

static void one_side(u64 me)
{
	for (u64 i = 1; i <= 200; i++) {
		data[me] = i;
		asm volatile("fence rw, rw" ::: "memory");
		result[me] = data[!me];
		meet(2 * i - 1);
		if (me == 0 && result[0] < i && result[1] < i)
			lost++;
		meet(2 * i);
	}
}

static void writes_pairs(u64 rounds)
{
	for (u64 i = 1; i <= rounds; i++) {
		data[0] = i * 0x0101010101010101; /* one doubleword: never seen in part */
		asm volatile("fence w, w" ::: "memory");
		data[1] = i;
	}
	__atomic_store_n(&flag_x, 1, __ATOMIC_SEQ_CST);
}

static void ordering(void)
{
	lost = 0;
	ready = data[0] = data[1] = 0;
	hart_start(1, one_side, 1);
	one_side(0);
	hart_wait(1);
	CHECK("rvwmo_ppo rvwmo_obeyed rvwmo_only_mainmem", lost == 0);
	u64 torn = 0, early = 0;
	data[0] = data[1] = 0;
	flag_x = 0;
	hart_start(1, writes_pairs, 250);
	do {
		u64 b = data[1];
		asm volatile("fence r, r" ::: "memory");
		u64 a = data[0];
		torn += a % 0x0101010101010101 != 0;
		early += a / 0x0101010101010101 < b;
	} while (!__atomic_load_n(&flag_x, __ATOMIC_SEQ_CST));
	hart_wait(1);
	CHECK("rvwmo_single_copy_atomic rvwmo_aligned_memop fld_atomic_align fsd_atomic_align flw_atomic_align fsw_atomic_align", torn == 0);
	CHECK("rvwmo_ppo rvwmo_ld_val_axiom a_domain_specific_ordering", early == 0);
	/* one hart sees its own stores in order, of any width */
	static volatile u64 own;
	own = 0x1111111111111111;
	((volatile unsigned char *)&own)[3] = 0x22;
	CHECK("rvwmo_single_hart_op rvwmo_ld_val_axiom rvwmo_excludes_overlap_widths", own == 0x1111111122111111);
	((volatile u32 *)&own)[1] = 0x33333333;
	CHECK("rvwmo_single_hart_op rvwmo_excludes_overlap_widths", own == 0x3333333322111111 && ((volatile uint16_t *)&own)[1] == 0x2211);
}

int main(void)
{
	operations();
	compare_and_swap();
	reservations();
	permission_of_sc();
	cache_blocks();
	waits();
	counting_together();
	reservations_of_others();
	ordering();
	finish();
}
