/*
 * Virtual memory of the supervisor by real accesses: Sv39, Sv48, Sv57, superpages, canonical addresses, reserved bits,
 * A and D, global pages, Svnapot and Svpbmt, fences, the views sstatus, sip and sie. Modes that the hart does not have
 * are left out, so this program is run with --isa +sv57,+svnapot,+svpbmt.
 */
#include "rt.h"

enum { SSI = 1, STI = 5, SEI = 9 };
static struct space space;
static u64 *page;

static bool supported(int levels)
{
	u64 mode = (u64)(levels + 5) << 60;
	return csr_holds(CSR_SATP, mode) == mode;
}

static void enter(int levels, u64 asid)
{
	reset();
	page = page_alloc(2);
	space_new(&space, levels, false, 0);
	csrw(CSR_SATP, space_atp(&space, asid));
	fence_all();
}

static const char *by_levels(int levels, const char *sv39, const char *sv48, const char *sv57)
{
	return levels == 3 ? sv39 : levels == 4 ? sv48 : sv57;
}

/* A page at each end of both halves of the address space; next to them, nothing. */
static void widths(int levels)
{
	enter(levels, 1);
	u64 half = BIT(12 + 9 * levels - 1);
	u64 good[] = { half - 0x1000, -half, -UINT64_C(0x1000) }, bad[] = { half, -half - 0x1000, half << 1, BIT(63) };
	const char *rules = by_levels(levels, "Sv39_sxlen Sv39_va_sz Sv39_va_signext Sv39_vpn_sz Sv39_levels Sv39_LEVELS Sv39_PTESIZE Sv39_pte_sz Sv39_pte_count Sv39_pt_sz Sv39_pt_align",
	                              "Sv48_sxlen Sv48_va_sz Sv48_va_signext Sv48_vpn_sz Sv48_levels Sv48_LEVELS Sv48_PTESIZE",
	                              "Sv57_sxlen Sv57_va_sz Sv57_va_signext Sv57_vpn_sz Sv57_levels Sv57_LEVELS Sv57_PTESIZE");
	for (unsigned i = 0; i < 3; i++) {
		space_map(&space, good[i], (u64)page, 0, PTE_S);
		fence_all();
		page[3] = 0x1000 + i;
		struct trap *t = try(MODE_S, LD, good[i] + 24, 0);
		context("levels, address", (u64)levels, good[i]);
		CHECK(rules, finished(t) && t->x[A0] == 0x1000 + i);
		page[511] = 0x99; /* the offset is not translated */
		CHECK(by_levels(levels, "Sv39_page_offset_sz", "Sv48_page_offset_sz", "Sv57_page_offset_sz"), try(MODE_S, LD, good[i] + 4088, 0)->x[A0] == 0x99);
	}
	for (unsigned i = 0; i < 4; i++) {
		context("levels, address", (u64)levels, bad[i]);
		CHECK(rules, took(try(MODE_S, LD, bad[i], 0), LEVEL_S, EXC_LOAD_PAGE) && this_cpu()->trap.tval == bad[i]);
		CHECK(rules, took(try(MODE_S, SD, bad[i], 0), LEVEL_S, EXC_STORE_PAGE));
		CHECK(rules, took(run(MODE_S, bad[i], NULL), LEVEL_S, EXC_FETCH_PAGE));
	}
	/* physical page numbers of 44 bits */
	u64 atp = space_atp(&space, 0) | (BIT(44) - 1);
	CHECK(by_levels(levels, "satp_ppn_sv39_sz", "satp_ppn_sv48_sz", "satp_ppn_sv57_sz"), csr_holds(CSR_SATP, atp) == atp);
	CHECK("satp_mode_sxlen64 satp_mode_acc satp_op satp_mode_op", csr_holds(CSR_SATP, atp) >> 60 == (u64)levels + 5);
	/* a physical address of 56 bits, where nothing is */
	space_map(&space, TEST_VA, UINT64_C(0xfffffffffff000), 0, PTE_S);
	fence_all();
	CHECK(by_levels(levels, "Sv39_sxlen", "Sv48_sxlen", "Sv57_sxlen"), took(try(MODE_S, LD, TEST_VA, 0), LEVEL_M, EXC_LOAD_ACCESS) ||
	      took(&this_cpu()->trap, LEVEL_S, EXC_LOAD_ACCESS));
}

/* Leaves at every level: both ends, and misaligned ones fault. */
static void superpages(int levels)
{
	for (int level = 0; level < levels; level++) {
		enter(levels, 1);
		u64 size = BIT(12 + 9 * level), va = level < 3 ? UINT64_C(5) << 32 : BIT(12 + 9 * level);
		u64 pa = (u64)page & -size, at = (u64)page - pa;
		space_map(&space, va, pa, level, PTE_S);
		fence_all();
		page[1] = 0x77;
		context("levels, level", (u64)levels, (u64)level);
		const char *sizes = by_levels(levels, "Sv39_leaf_any_level Sv39_page_sizes Sv39_superpage_align", "Sv48_leaf_any_level Sv48_page_sizes Sv48_superpage_align",
		                              "Sv57_leaf_any_level Sv57_page_sizes Sv57_superpage_align");
		struct trap *t = try(MODE_S, LD, va + at + 8, 0);
		CHECK(sizes, finished(t) && t->x[A0] == 0x77);
		if (level == levels - 1)
			continue;
		CHECK(sizes, !finished(try(MODE_S, LD, va + size, 0)) || level == levels - 1);
		for (int bit = 0; bit < 9 * level; bit++) {
			space_map(&space, va, pa | BIT(12 + bit), level, PTE_S);
			fence_all();
			CHECK(by_levels(levels, "Sv39_superpage_align_fault Sv39_superpage_align", "Sv48_superpage_align_fault Sv48_superpage_align",
			                "Sv57_superpage_align_fault Sv57_superpage_align"), took(try(MODE_S, LD, va + at, 0), LEVEL_S, EXC_LOAD_PAGE));
		}
	}
}

static void reserved_bits(void)
{
	enter(3, 1);
	u64 *pte = space_pte(&space, TEST_VA, 0), *pointer = space_pte(&space, TEST_VA, 1), good = (u64)(page + 512) >> 12 << 10 | PTE_S;
	page += 512; /* an odd page: no pattern of Svnapot */
	/* neither extension is on: menvcfg.PBMTE is 0, N has no valid pattern */
	for (unsigned bit = 54; bit < 64; bit++) {
		*pte = good | BIT(bit);
		fence_all();
		context("bit", bit, 0);
		CHECK("Sv39_pte_future_rsv Sv39_pte_svnapot_rsv Sv39_pte_svpbmt_rsv menvcfg_pbmte_op", took(try(MODE_S, LD, TEST_VA, 0), LEVEL_S, EXC_LOAD_PAGE));
		*pte = good;
		u64 old = *pointer;
		*pointer |= BIT(bit);
		fence_all();
		CHECK("Sv39_pte_future_rsv Svpbmt_nonleaf_pte_pbmt_must_be_zero", took(try(MODE_S, LD, TEST_VA, 0), LEVEL_S, EXC_LOAD_PAGE));
		*pointer = old;
	}
	fence_all();
	CHECK("Sv39_pte_future_rsv", finished(try(MODE_S, LD, TEST_VA, 0)));
	if (csr_holds(CSR_MENVCFG, ENVCFG_PBMTE)) {
		csrw(CSR_MENVCFG, ENVCFG_PBMTE);
		for (u64 pbmt = 0; pbmt < 4; pbmt++) {
			*pte = good | pbmt << 61;
			fence_all();
			CHECK("menvcfg_pbmte_op menvcfg_pbmte_fence Svpbmt_leaf_pte_pbmt_reserved_3_fault Svpbmt_depends_Sv39", finished(try(MODE_S, LD, TEST_VA, 0)) == (pbmt < 3));
			if (pbmt == 3)
				continue;
			/* main memory keeps its values under every attribute, through aliases too */
			space_map(&space, TEST_VA + 0x1000, (u64)page, 0, PTE_S);
			fence_all();
			try(MODE_S, SD, TEST_VA + 8, pbmt + 5);
			CHECK("Svpbmt_obeys_mem_ordering Svpbmt_aliasing_attribute Svpbmt_noncacheable_aliasing_no_coherence_loss Svpbmt_cacheable_aliasing_may_cause_coherence_loss "
			      "Svpbmt_cacheable_aliasing_fence_flush_fence_required Svpbmt_noncacheable_aliasing_fence_prevents_ordering_loss Svpbmt_memory_pma_io_pbmt_strong_io_ordering "
			      "Svpbmt_memory_pma_io_pbmt_treated_as_io_and_memory", try(MODE_S, LD, TEST_VA + 0x1008, 0)->x[A0] == pbmt + 5 && page[1] == pbmt + 5);
		}
		space_map(&space, TEST_VA + 0x2000, 0x10000000, 0, PTE_S | BIT(61)); /* NC for the UART */
		fence_all();
		CHECK("Svpbmt_io_pma_nc_pbmt_obey_rvwmo Svpbmt_io_pma_nc_pbmt_treated_as_io_and_memory", try(MODE_S, LBU, TEST_VA + 0x2005, 0)->x[A0] & 0x20);
		csrw(CSR_MENVCFG, 0);
	}
	reset();
}

/* 64 KiB by sixteen equal entries; all other patterns are reserved. */
static void napot(void)
{
	enter(3, 1);
	char *area = (char *)(((u64)page_alloc(32) + 0xffff) & ~UINT64_C(0xffff));
	u64 probe = (u64)area >> 12 << 10 | BIT(63) | 8 << 10 | PTE_S;
	u64 *ptes = space_pte(&space, TEST_VA, 0);
	for (unsigned i = 0; i < 16; i++) {
		ptes[i] = probe;
		((u64 *)area)[i * 512 + i] = 0x100 + i;
	}
	fence_all();
	if (!finished(try(MODE_S, LD, TEST_VA, 0)))
		return;
	for (unsigned i = 0; i < 16; i++) {
		struct trap *t = try(MODE_S, LD, TEST_VA + i * 4096 + i * 8, 0);
		CHECK("Svnapot_pte_N Svnapot_range_napot Svnapot_valid_encoding Svnapot_implicit_read_ppn_subst Svnapot_cache_entries Svnapot_depends_Sv39",
		      finished(t) && t->x[A0] == 0x100 + i);
	}
	for (unsigned low = 0; low < 16; low++) {
		ptes[0] = (probe & ~(UINT64_C(15) << 10)) | (u64)low << 10;
		fence_all();
		CHECK("Svnapot_reserved_encoding_fault Svnapot_valid_encoding", finished(try(MODE_S, LD, TEST_VA, 0)) == (low == 8));
	}
	*space_pte(&space, TEST_VA + 0x200000, 1) = UINT64_C(0x80000000) >> 12 << 10 | BIT(63) | PTE_S; /* a megapage has none */
	fence_all();
	CHECK("Svnapot_reserved_encoding_fault", took(try(MODE_S, LD, TEST_VA + 0x200000, 0), LEVEL_S, EXC_LOAD_PAGE));
	reset();
}

static void accessed_and_dirty(void)
{
	static const struct { u32 word; u64 need, cause; } rows[] = {
		{ LD, PTE_A, EXC_LOAD_PAGE }, { SD, PTE_AD, EXC_STORE_PAGE }, { LR_D, PTE_A, EXC_LOAD_PAGE }, { AMOADD_D, PTE_AD, EXC_STORE_PAGE },
	};
	for (unsigned adue = 0; adue < 2; adue++)
		for (u64 before = 0; before <= PTE_AD; before += PTE_A)
			for (unsigned i = 0; i < 4; i++) {
				enter(3, 1);
				csrw(CSR_MENVCFG, adue ? ENVCFG_ADUE : 0);
				u64 *pte = space_pte(&space, TEST_VA, 0);
				*pte = (u64)page >> 12 << 10 | (PTE_S & ~(u64)PTE_AD) | before;
				fence_all();
				struct trap *t = try(MODE_S, rows[i].word, TEST_VA, 0);
				bool may = (before & rows[i].need) == rows[i].need;
				context("before, access", before | (u64)adue << 32, i);
				CHECK("svade_access_ad_bit_clear Svadu_hw_update_a_d_bits Svadu_disabled_hw_update_falls_back_to_svade menvcfg_adue_op menvcfg_adue_fence",
				      may || adue ? finished(t) : took(t, LEVEL_S, rows[i].cause) && t->tval == TEST_VA);
				CHECK("menvcfg_adue_op Svadu_disabled_hw_update_falls_back_to_svade", (*pte & PTE_AD) == (adue ? before | rows[i].need : before));
			}
	reset();
}

/* What fences reach: by address, by address space, not global pages by address space. */
static void fences(void)
{
	static const struct { const char *rules; bool va, asid; u64 address, id; bool local_gone, global_gone; } rows[] = {
		{ "sfence_vma_all_asid_va sfence_vma_invalidation", false, false, 0, 0, true, true },
		{ "sfence_vma_asid_only", false, true, 0, 1, true, false }, { "sfence_vma_asid_only", false, true, 0, 2, false, false },
		{ "sfence_vma_va_all_asid", true, false, TEST_VA + 0x123, 0, true, false }, { "sfence_vma_va_all_asid", true, false, TEST_VA + 0x1000, 0, false, true },
		{ "sfence_vma_va_asid", true, true, TEST_VA, 1, true, false }, { "sfence_vma_va_asid", true, true, TEST_VA, 2, false, false },
		{ "sfence_vma_va_asid", true, true, TEST_VA + 0x1000, 1, false, false },
		{ "sfence_vma_invalid_va", true, false, BIT(62) | TEST_VA, 0, false, false },
		{ "sfence_vma_rs2_bits", false, true, 0, 0x10001, true, false }, { "sfence_vma_rs2_bits", false, true, 0, BIT(63) | 1, true, false },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enter(3, 1);
		u64 *other = page + 512;
		page[0] = 1, other[0] = 2;
		space_map(&space, TEST_VA, (u64)page, 0, PTE_S);
		space_map(&space, TEST_VA + 0x1000, (u64)page, 0, PTE_S | PTE_G);
		fence_all();
		try(MODE_S, LD, TEST_VA, 0);
		try(MODE_S, LD, TEST_VA + 0x1000, 0);
		space_map(&space, TEST_VA, (u64)other, 0, PTE_S);
		space_map(&space, TEST_VA + 0x1000, (u64)other, 0, PTE_S | PTE_G);
		u64 x[32] = { 0 };
		x[A1] = rows[i].address;
		x[A2] = rows[i].id;
		u32 word = SFENCE_VMA(rows[i].va ? A1 : 0, rows[i].asid ? A2 : 0);
		/* an invalid address raises nothing either */
		CHECK(rows[i].rules, finished(try_words(MODE_S, &word, 1, x)));
		bool local = try(MODE_S, LD, TEST_VA, 0)->x[A0] == 2, global = try(MODE_S, LD, TEST_VA + 0x1000, 0)->x[A0] == 2;
		context("fence", i, (u64)local | (u64)global << 1);
		/* it may reach more than it must; ours with a large TLB reaches exactly that */
		CHECK(rows[i].rules, (local || !rows[i].local_gone) && (global || !rows[i].global_gone));
		CHECK("sfence_vma_op sfence_vma_ordering_semantics satp_op_sfence_vma", local == rows[i].local_gone && global == rows[i].global_gone);
	}
	/* and by the three of Svinval */
	enter(3, 1);
	u64 *other = page + 512;
	page[0] = 1, other[0] = 2;
	space_map(&space, TEST_VA, (u64)page, 0, PTE_S);
	fence_all();
	try(MODE_S, LD, TEST_VA, 0);
	space_map(&space, TEST_VA, (u64)other, 0, PTE_S);
	u32 words[3] = { SFENCE_W_INVAL, SINVAL_VMA(A1, A2), SFENCE_INVAL_IR };
	u64 x[32] = { 0 };
	x[A1] = TEST_VA;
	x[A2] = 1;
	CHECK("Svinval_sinval_vma_invalidates_same_as_sfence_vma Svinval_sequence_rs1_rs2 Svinval_sfence_w_inval_orders_before_sinval_vma Svinval_sequence_reads_writes_before "
	      "Svinval_sequence_reads_writes_after", finished(try_words(MODE_S, words, 3, x)) && try(MODE_S, LD, TEST_VA, 0)->x[A0] == 2);
	csrw(CSR_SATP, 0);
	delegate(0, 0);
	static const u32 all[] = { SINVAL_VMA(0, 0), SFENCE_W_INVAL, SFENCE_INVAL_IR, HINVAL_VVMA(0, 0), HINVAL_GVMA(0, 0) };
	for (unsigned i = 0; i < 5; i++) {
		CHECK(i == 1 || i == 2 ? "Svinval_sfence_w_inval_inval_u_mode" : "Svinval_illegal_instruction_u_mode", took(try(MODE_U, all[i], 0, 0), LEVEL_M, EXC_ILLEGAL));
		CHECK("Svinval_sfence_w_inval_inval_s_vs_mode", finished(try(MODE_S, all[i], 0, 0)));
		csrs(CSR_MSTATUS, STATUS_TVM);
		bool trapped = i == 0 || i == 4;
		CHECK(trapped ? "Svinval_illegal_instruction_tvm" : "Svinval_sfence_w_inval_inval_s_vs_mode Svinval_illegal_instruction_tvm", finished(try(MODE_S, all[i], 0, 0)) == !trapped);
		csrc(CSR_MSTATUS, STATUS_TVM);
		enum mode vs = MODE_VS, vu = MODE_VU;
		bool hinval = i > 2;
		struct trap *t = try(vs, all[i], 0, 0);
		CHECK(hinval ? "Svinval_virtual_instruction_vu_vs" : "Svinval_sfence_w_inval_inval_s_vs_mode", hinval ? took(t, LEVEL_M, EXC_VIRTUAL) : finished(t));
		CHECK(i == 1 || i == 2 ? "Svinval_sfence_w_inval_inval_vu_mode" : "Svinval_virtual_instruction_vu_vs", took(try(vu, all[i], 0, 0), LEVEL_M, EXC_VIRTUAL));
		csrs(CSR_HSTATUS, HSTATUS_VTVM);
		CHECK(i == 0 ? "Svinval_virtual_instruction_vtvms" : "Svinval_sfence_w_inval_inval_s_vs_mode", took(try(vs, all[i], 0, 0), LEVEL_M, EXC_VIRTUAL) == (i == 0 || hinval));
		csrc(CSR_HSTATUS, HSTATUS_VTVM);
	}
	reset();
}

/* The same ASID means another space on another hart. */
static volatile u64 remote;

static void loads_in_its_own_space(u64 atp)
{
	csrw(CSR_SATP, atp);
	csrw(CSR_PMPADDR0, ~UINT64_C(0) >> 10);
	csrw(CSR_PMPCFG0, 0x1f);
	asm volatile(".word 0x12000073" ::: "memory");
	remote = try(MODE_S, LD, TEST_VA, 0)->x[A0];
}

static void address_spaces_of_harts(void)
{
	if (hart_count() < 2)
		return;
	struct space other;
	enter(3, 7);
	page[0] = 1, page[512] = 2;
	space_map(&space, TEST_VA, (u64)page, 0, PTE_S);
	space_new(&other, 3, false, 0);
	space_map(&other, TEST_VA, (u64)page + 4096, 0, PTE_S);
	fence_all();
	CHECK("asid_hart_private", try(MODE_S, LD, TEST_VA, 0)->x[A0] == 1);
	hart_start(1, loads_in_its_own_space, space_atp(&other, 7));
	hart_wait(1);
	CHECK("asid_hart_private", remote == 2 && try(MODE_S, LD, TEST_VA, 0)->x[A0] == 1);
	reset();
}

/* satp itself, and the registers that are views. */
static void registers(void)
{
	reset();
	u64 sv39 = UINT64_C(8) << 60;
	csrw(CSR_SATP, sv39 | 5);
	for (u64 mode = 1; mode < 16; mode++)
		if (mode < 8 || mode > 10)
			CHECK("satp_mode_op_unsupported satp_mode_sz", (csrw(CSR_SATP, mode << 60 | 77), csrr(CSR_SATP)) == (sv39 | 5));
	CHECK("svbare_satp_mode_bare satp_mode_op satp_mode_acc", (csrw(CSR_SATP, 0), csrr(CSR_SATP)) == 0);
	CHECK("ASIDLEN satp_sz satp_acc satp_mode", (csr_holds(CSR_SATP, sv39 | UINT64_C(0xffff) << 44) >> 44 & 0xffff) == 0xffff);
	CHECK("Sv48_requires_Sv39 Sv57_requires_Sv48", (!supported(4) || supported(3)) && (!supported(5) || supported(4)));
	/* while M runs, satp is not active: garbage there does not matter */
	csrw(CSR_SATP, sv39 | 0x12345);
	CHECK("satp_op_active sfence_vma_implicit_access", finished(try(MODE_M, LD, (u64)&remote, 0)));
	csrw(CSR_SATP, 0);
	static const u64 bits[] = { STATUS_SIE, STATUS_SPIE, STATUS_SPP, STATUS_FS, STATUS_SUM, STATUS_MXR };
	for (unsigned i = 0; i < 6; i++) {
		csrw(CSR_SSTATUS, bits[i]);
		CHECK("sstatus_sz sstatus_mode sstatus_acc sstatus_sie_acc sstatus_spie_acc sstatus_spp_acc sstatus_mxr_acc sstatus_sum_acc sstatus_sie_sz sstatus_spie_sz sstatus_spp_sz "
		      "sstatus_mxr_sz sstatus_sum_sz", (csrr(CSR_MSTATUS) & (STATUS_SIE | STATUS_SPIE | STATUS_SPP | STATUS_FS | STATUS_SUM | STATUS_MXR)) == bits[i] &&
		      (csrr(CSR_SSTATUS) & ~(STATUS_UXL | STATUS_SD)) == bits[i]);
	}
	CHECK("ssu64xl_uxl_sstatus sstatus_uxl_acc sstatus_uxl_op sstatus_uxl_sz SSTATUS_UXL_WARL", (csrr(CSR_SSTATUS) & STATUS_UXL) == UINT64_C(2) << 32);
	CHECK("sstatus_ube_acc sstatus_ube_sz SSTATUS_UBE_WARL sstatus_ube_implicit", !(csr_holds(CSR_SSTATUS, STATUS_UBE) & STATUS_UBE) || finished(try(MODE_U, NOP, 0, 0)));
	/* not the supervisor's */
	csrw(CSR_SSTATUS, STATUS_MIE | STATUS_MPIE | STATUS_MPRV | STATUS_TVM | STATUS_TW | STATUS_TSR);
	CHECK("sstatus_acc", !(csrr(CSR_MSTATUS) & (STATUS_MIE | STATUS_MPRV | STATUS_TVM | STATUS_TW | STATUS_TSR)));
	reset();
	csrw(CSR_MIDELEG, 0x222);
	csrw(CSR_SIE, ~UINT64_C(0));
	CHECK("sie_sz sie_mode sie_acc sie_seie_acc sie_seie_op sie_stie_acc sie_stie_op sie_ssie_acc sie_ssie_op SIE_WARL sip_sie_bits_sz", (csrr(CSR_SIE) & 0xfff) == 0x222);
	csrw(CSR_SIE, 0);
	csrw(CSR_MIP, 0x222);
	CHECK("sip_sz sip_mode sip_seip_op sip_stip_op sip_ssip_op sip_sie_bits_sz mip_stip_no_stimecmp_op", (csrr(CSR_SIP) & 0xfff) == 0x222);
	csrw(CSR_SIP, 0);
	CHECK("sip_acc sip_seip_acc sip_stip_acc sip_ssip_acc sip_op SIP_WARL", (csrr(CSR_SIP) & 0xfff) == 0x220);
	csrw(CSR_MIP, 0);
	csrw(CSR_SIP, ~UINT64_C(0));
	CHECK("sip_acc sip_seip_acc sip_stip_acc sip_ssip_acc SIP_WARL", (csrr(CSR_SIP) & 0xfff) == 0x002);
	csrw(CSR_MIP, 0);
	/* taken by each */
	static const unsigned irqs[] = { SSI, STI, SEI };
	static const char *const rules[] = { "sie_ssie_op sip_ssip_op", "sie_stie_op sip_stip_op", "sie_seie_op sip_seip_op" };
	for (unsigned i = 0; i < 3; i++) {
		csrw(CSR_MIP, BIT(irqs[i]));
		CHECK(rules[i], finished(try(MODE_U, NOP, 0, 0)));
		csrw(CSR_SIE, BIT(irqs[i]));
		CHECK(rules[i], took(try(MODE_U, NOP, 0, 0), LEVEL_S, IRQ(irqs[i])));
		csrw(CSR_SIE, 0);
		csrw(CSR_MIP, 0);
	}
	/* by stimecmp */
	csrw(CSR_MENVCFG, ENVCFG_STCE);
	csr_write(CSR_STIMECMP, csrr(CSR_TIME) + 300);
	CHECK("mip_stip_op sip_stip_acc stimecmp_stimecmph_sz_acc", !(csrr(CSR_SIP) & BIT(STI)));
	for (unsigned i = 0; i < 100000 && !(csrr(CSR_SIP) & BIT(STI)); i++)
		;
	CHECK("mip_stip_op sip_stip_op supervisor_timer_scheduling", csrr(CSR_SIP) & BIT(STI));
	csr_write(CSR_STIMECMP, ~UINT64_C(0));
	CHECK("mip_stip_op sip_stip_acc", !(csrr(CSR_SIP) & BIT(STI)));
	u64 value = 0;
	csr_write(CSR_STIMECMP, 0xfedcba9876543210);
	csr_read(CSR_STIMECMP, &value);
	CHECK("stimecmp_stimecmph_sz_acc", value == 0xfedcba9876543210);
	reset();
	csrw(CSR_STVEC, 0xfffffffffffffffc);
	CHECK("stvec_sz stvec_acc stvec_sz_base STVEC_BASE_WARL sstvecd_stvec_base_aligned_address", csrr(CSR_STVEC) == 0xfffffffffffffffc);
	csrw(CSR_STVEC, 0x1235);
	CHECK("stvec_mode STVEC_MODE_WARL", csrr(CSR_STVEC) == 0x1235);
	csrw(CSR_STVEC, 0x1234 | 2);
	CHECK("STVEC_MODE_WARL sstvecd_stvec_mode_direct", (csrr(CSR_STVEC) & 3) < 2);
	reset();
	csrw(CSR_SCOUNTEREN, ~UINT64_C(0));
	CHECK("scounteren_sz scounteren_mode SCOUNTEREN_WARL sscounterenw_hpmcounter_scounteren", csrr(CSR_SCOUNTEREN) == 0xffffffff);
	csrw(CSR_SCOUNTEREN, 0);
	CHECK("sscounterenw_hpmcounter_scounteren scounteren_acc", csrr(CSR_SCOUNTEREN) == 0);
	CHECK("senvcfg_sz senvcfg_acc senvcfg_mode senvcfg_fiom_sz senvcfg_fiom_acc", (csr_holds(CSR_SENVCFG, 1) & 1) && !csr_holds(CSR_SENVCFG, 0));
	CHECK("scause_sz scause_acc SCAUSE_EXCEPTION_CODE_ACC scause_interrupt_sz", csr_holds(CSR_SCAUSE, IRQ(9)) == IRQ(9));
	reset();
}

int main(void)
{
	registers();
	for (int levels = 3; levels <= 5; levels++)
		if (supported(levels)) {
			widths(levels);
			superpages(levels);
		}
	reserved_bits();
	napot();
	accessed_and_dirty();
	fences();
	address_spaces_of_harts();
	finish();
}
