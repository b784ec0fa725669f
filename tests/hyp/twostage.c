/* Two-stage translation: schemes, permissions of both stages against a model, A and D, PMP, straddling. */
#include "rt.h"

static bool mode_supported(int levels)
{
	u64 atp = (u64)(levels + 5) << 60;
	csrw(CSR_HGATP, atp);
	bool g = csrr(CSR_HGATP) >> 60 == atp >> 60;
	csrw(CSR_HGATP, 0);
	return levels == 0 || g;
}

/* ---- schemes ---- */
static void schemes(void)
{
	static const int levels[] = { 0, 3, 4, 5 };
	for (unsigned v = 0; v < 4; v++) {
		for (unsigned g = 0; g < 4; g++) {
			reset();
			if (!mode_supported(levels[v]) || !mode_supported(levels[g]))
				continue;
			struct guest guest;
			guest_new(&guest, levels[v], levels[g]);
			guest_map(&guest, 1, PTE_ALL, PTE_ALL);
			context("levels of VS, G", levels[v], levels[g]);
			guest_data(&guest, 0)[3] = 0x1122334455667788;
			struct trap *t = try(MODE_VS, LD, guest_va(&guest, 0) + 24, 0);
			CHECK("H_vm_twostage vsatp_op hgatp_op", finished(t) && t->x[A0] == 0x1122334455667788);
			if (!levels[v])
				CHECK("H_vm_gstagetrans", finished(t) && t->x[A0] == 0x1122334455667788);
			if (!levels[g])
				CHECK("hgatp_mode_bare_trans hgatp_mode_bare",
				      finished(t) && t->x[A0] == 0x1122334455667788);
			if (levels[g] == 3)
				CHECK("hgatp_mode_sv39x4 hgatp_mode_x4 hgatp_mode_sv", finished(t));
			if (levels[g] == 4)
				CHECK("hgatp_mode_sv48x4 hgatp_mode_x4 hgatp_mode_sv", finished(t));
			if (levels[g] == 5)
				CHECK("hgatp_mode_sv57x4 hgatp_mode_x4 hgatp_mode_sv", finished(t));
			t = try(MODE_VU, SD, guest_va(&guest, 1) + 8, 0x99);
			CHECK("H_vm_twostage", finished(t) && guest_data(&guest, 1)[1] == 0x99);
			guest_data(&guest, 1)[2] = NOP | (u64)ECALL << 32;
			asm volatile("fence.i");
			t = run(MODE_VU, guest_va(&guest, 1) + 16, NULL);
			CHECK("H_vm_twostage", t->cause == EXC_ECALL_U && t->epc == guest_va(&guest, 1) + 20 &&
						   t->mstatus & STATUS_MPV);
			/* with V=0 none of it is in effect */
			if (levels[v] || levels[g])
				CHECK("H_vm_twostage", took(try(MODE_S, LD, TEST_VA, 0), LEVEL_S, EXC_LOAD_ACCESS));
			CHECK("H_vm_twostage", finished(try(MODE_S, LD, guest.pages, 0)));
		}
	}
}

/* The wide root: two more bits select among four times as many entries; the bits above must be zero. */
static void wide(int levels, const char *rule)
{
	reset();
	if (!mode_supported(levels))
		return;
	struct guest guest;
	guest_new(&guest, 0, levels);
	unsigned top = 9 * (unsigned)levels + 12 + 2;
	for (u64 quarter = 0; quarter < 4; quarter++) {
		u64 gpa = quarter << (top - 2) | TEST_GPA;
		space_map(&guest.g, gpa, guest.pages + quarter * 4096, 0, PTE_ALL);
		guest_data(&guest, quarter)[0] = 100 + quarter;
	}
	fence_all();
	for (u64 quarter = 0; quarter < 4; quarter++) {
		struct trap *t = try(MODE_VS, LD, quarter << (top - 2) | TEST_GPA, 0);
		context("quarter", quarter, levels);
		CHECK(rule, finished(t) && t->x[A0] == 100 + quarter);
		CHECK("hgatp_mode_x4 hgatp_ppn_op", finished(t) && t->x[A0] == 100 + quarter);
	}
	for (unsigned bit = top; bit < 64; bit++) {
		u64 gpa = BIT(bit) | TEST_GPA;
		struct trap *t = try(MODE_VS, LD, gpa, 0);
		context("bit", bit, levels);
		CHECK(rule, took(t, LEVEL_S, EXC_LOAD_GUEST) && t->tval == gpa && t->tval2 == gpa >> 2);
		t = try(MODE_VU, SD, gpa, 0);
		CHECK(rule, took(t, LEVEL_S, EXC_STORE_GUEST) && t->tval == gpa && t->tval2 == gpa >> 2);
		t = try(MODE_VS, JALR(0, A1), gpa, 0);
		CHECK(rule,
		      took(t, LEVEL_S, EXC_FETCH_GUEST) && t->tval == gpa && t->tval2 == gpa >> 2 && t->epc == gpa);
	}
	/* the same from a VS-stage leaf: what a PTE can name is 56 bits */
	guest_new(&guest, 3, levels);
	for (unsigned bit = top; bit < 56; bit++) {
		space_map(&guest.vs, TEST_VA, BIT(bit), 0, PTE_S);
		fence_all();
		struct trap *t = try(MODE_VS, LD, TEST_VA + 8, 0);
		CHECK(rule,
		      took(t, LEVEL_S, EXC_LOAD_GUEST) && t->tval == TEST_VA + 8 && t->tval2 == (BIT(bit) + 8) >> 2);
	}
}

/* Superpages of every level in both stages; misaligned ones fault in the stage they are in. */
static void superpages(void)
{
	for (int v = 0; v < 3; v++) {
		for (int g = 0; g < 3; g++) {
			reset();
			struct guest guest;
			guest_new(&guest, 3, 3);
			/* VA 0x7_xxx... -> GPA 0x5_... -> the image's gigabyte, same offset below 1 GiB */
			u64 offset = guest.pages & 0x3fffffff;
			u64 va = UINT64_C(0x0700000000) + offset, gpa = UINT64_C(0x0500000000) + offset;
			u64 vs_page = ~UINT64_C(0) << (12 + 9 * v), g_page = ~UINT64_C(0) << (12 + 9 * g);
			space_map(&guest.vs, va, gpa & vs_page, v, PTE_S);
			space_map(&guest.g, gpa, guest.pages & g_page, g, PTE_ALL);
			fence_all();
			guest_data(&guest, 0)[5] = 0xabcdef;
			context("levels of leaf VS, G", v, g);
			struct trap *t = try(MODE_VS, LD, va + 40, 0);
			CHECK("H_vm_twostage H_vm_gpatrans", finished(t) && t->x[A0] == 0xabcdef);
			CHECK("H_vm_twostage",
			      finished(try(MODE_VS, SD, va + 48, 7)) && guest_data(&guest, 0)[6] == 7);
			if (g) {
				space_map(&guest.g, gpa, (guest.pages & g_page) + 4096, g, PTE_ALL);
				fence_all();
				t = try(MODE_VS, LD, va + 40, 0);
				CHECK("H_vm_gpatrans",
				      took(t, LEVEL_S, EXC_LOAD_GUEST) && t->tval2 == (gpa + 40) >> 2);
				space_map(&guest.g, gpa, guest.pages & g_page, g, PTE_ALL);
			}
			if (v) {
				space_map(&guest.vs, va, (gpa & vs_page) + 4096, v, PTE_S);
				fence_all();
				CHECK("H_vm_twostage", took(try(MODE_VS, LD, va + 40, 0), LEVEL_S, EXC_LOAD_PAGE));
			}
		}
	}
}

/* ---- the model: what the text says about one access ---- */
enum access { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH, ACCESS_HLVX };
struct rules {
	bool user; /* VU */
	bool sum, vs_mxr, hs_mxr;
};

static bool permitted(u64 pte, enum access access, bool readable_if_executable)
{
	if (!(pte & PTE_V) || (pte & PTE_W && !(pte & PTE_R)) || !(pte & (PTE_R | PTE_X)))
		return false;
	if (access == ACCESS_FETCH || access == ACCESS_HLVX)
		return pte & PTE_X && pte & PTE_A;
	if (access == ACCESS_STORE)
		return pte & PTE_W && pte & PTE_A && pte & PTE_D;
	return (pte & PTE_R || (readable_if_executable && pte & PTE_X)) && pte & PTE_A;
}

/* 0 if the access succeeds, or the cause */
static u64 outcome(u64 vs, u64 g, enum access access, const struct rules *rules)
{
	static const u64 page[] = { EXC_LOAD_PAGE, EXC_STORE_PAGE, EXC_FETCH_PAGE, EXC_LOAD_PAGE };
	static const u64 guest[] = { EXC_LOAD_GUEST, EXC_STORE_GUEST, EXC_FETCH_GUEST, EXC_LOAD_GUEST };
	bool user_ok = rules->user ? vs & PTE_U : !(vs & PTE_U) || (rules->sum && access != ACCESS_FETCH);
	if (!user_ok || !permitted(vs, access, rules->vs_mxr || rules->hs_mxr))
		return page[access];
	if (!(g & PTE_U) || !permitted(g, access, rules->hs_mxr))
		return guest[access];
	return 0;
}

static void set_rules(const struct rules *rules, bool hs_sum)
{
	csrw(CSR_VSSTATUS, (rules->sum ? STATUS_SUM : 0) | (rules->vs_mxr ? STATUS_MXR : 0) | STATUS_FS);
	csrc(CSR_SSTATUS, STATUS_SUM | STATUS_MXR);
	csrs(CSR_SSTATUS, (hs_sum ? STATUS_SUM : 0) | (rules->hs_mxr ? STATUS_MXR : 0));
}

static struct rules rules_of(unsigned n)
{
	return (struct rules){ n & 1, n & 2, n & 4, n & 8 };
}

static u64 flags_of(unsigned n)
{
	return (n & 1 ? 0 : PTE_V) | (n & 2 ? PTE_R : 0) | (n & 4 ? PTE_W : 0) | (n & 8 ? PTE_X : 0) |
	       (n & 16 ? PTE_U : 0) | (n & 32 ? 0 : PTE_A) | (n & 64 ? 0 : PTE_D);
}

static bool agrees(const struct trap *t, u64 cause, u64 va, u64 gpa)
{
	if (!cause)
		return finished(t);
	u64 tval2 = cause >= EXC_FETCH_GUEST ? gpa >> 2 : 0;
	return took(t, LEVEL_S, cause) && t->tval == va && t->tval2 == tval2;
}

/* Loads, stores and fetches of the guest. A fetch: the page holds an ecall at the start. */
static void guest_access(struct guest *guest, u64 vs, u64 g, unsigned n, const char *names)
{
	struct rules rules = rules_of(n);
	enum mode mode = rules.user ? MODE_VU : MODE_VS;
	u64 va = guest_va(guest, 0), gpa = guest_gpa(guest, 0);
	set_rules(&rules, n & 1);
	context("VS flags, G flags << 8 | rules", vs, g << 8 | n);
	CHECK(names, agrees(try(mode, LW, va + 8, 0), outcome(vs, g, ACCESS_LOAD, &rules), va + 8, gpa + 8));
	CHECK(names, agrees(try(mode, SW, va + 16, 1), outcome(vs, g, ACCESS_STORE, &rules), va + 16, gpa + 16));
	u64 cause = outcome(vs, g, ACCESS_FETCH, &rules);
	struct trap *t = run(mode, va, NULL);
	CHECK(names, cause ? agrees(t, cause, va, gpa) : t->level == LEVEL_M && t->epc == va);
}

static void permissions(void)
{
	struct guest guest;
	reset();
	guest_new(&guest, 3, 3);
	guest_data(&guest, 0)[0] = ECALL;
	asm volatile("fence.i");
	for (unsigned flags = 0; flags < 128; flags++) {
		guest_map(&guest, 0, flags_of(flags), PTE_ALL);
		for (unsigned n = 0; n < 16; n++)
			guest_access(&guest, flags_of(flags), PTE_ALL, n,
				     "H_vm_twostage vsstatus_mxr_vm sstatus_mxr_vm vsstatus_op");
	}
	for (unsigned flags = 0; flags < 128; flags++) {
		for (unsigned user = 0; user < 2; user++) {
			u64 vs = PTE_S | (user ? PTE_U : 0);
			guest_map(&guest, 0, vs, flags_of(flags));
			for (unsigned n = user; n < 16; n += 2)
				guest_access(
				    &guest, vs, flags_of(flags), n,
				    "H_vm_gpatrans H_vm_gpapriv H_guest_page_fault vsstatus_mxr_vm sstatus_mxr_vm");
		}
	}
	/* execute-only in both: only HS-level MXR helps at both */
	u64 vs = PTE_S & ~(PTE_R | PTE_W), g = PTE_ALL & ~(PTE_R | PTE_W);
	guest_map(&guest, 0, vs, g);
	for (unsigned n = 0; n < 16; n++)
		guest_access(&guest, vs, g, n, "vsstatus_mxr_vm sstatus_mxr_vm");
	/* pairs, pseudorandom */
	u32 seed = 12345;
	for (unsigned i = 0; i < 1500; i++) {
		seed = seed * 1664525 + 1013904223;
		vs = flags_of(seed >> 8 & 127), g = flags_of(seed >> 16 & 127);
		guest_map(&guest, 0, vs, g);
		guest_access(&guest, vs, g, seed >> 24 & 15, "H_vm_twostage");
	}
	/* the G bit of G-stage entries means nothing */
	reset();
	guest_new(&guest, 3, 3);
	guest_map(&guest, 0, PTE_S, PTE_ALL | PTE_G);
	CHECK("H_vm_gpa_g", finished(try(MODE_VS, LD, guest_va(&guest, 0), 0)) &&
				finished(try(MODE_VS, SD, guest_va(&guest, 0), 0)));
	guest_map(&guest, 0, PTE_S, (PTE_ALL | PTE_G) & ~PTE_W);
	CHECK("H_vm_gpa_g", took(try(MODE_VS, SD, guest_va(&guest, 0), 0), LEVEL_S, EXC_STORE_GUEST));
}

/* HLV, HLVX and HSV, from M, HS and U: privilege from SPVP alone, SUM of HS ignored. */
static void hypervisor_access(struct guest *guest, u64 vs, u64 g, unsigned n, enum mode from, const char *names)
{
	struct rules rules = rules_of(n);
	bool hs_sum = n & 16;
	u64 va = guest_va(guest, 0), gpa = guest_gpa(guest, 0);
	set_rules(&rules, hs_sum);
	csrw(CSR_HSTATUS, (rules.user ? 0 : HSTATUS_SPVP) | HSTATUS_HU);
	context("VS flags, G flags << 8 | rules", vs, g << 8 | n);
	enum level level = from == MODE_M ? LEVEL_M : LEVEL_S;
	static const u32 words[] = { HLV_D, HLV_WU, HLV_B, HSV_D, HSV_B, HLVX_HU, HLVX_WU };
	static const enum access kinds[] = { ACCESS_LOAD,  ACCESS_LOAD, ACCESS_LOAD, ACCESS_STORE,
					     ACCESS_STORE, ACCESS_HLVX, ACCESS_HLVX };
	for (unsigned i = 0; i < 7; i++) {
		u64 cause = outcome(vs, g, kinds[i], &rules);
		struct trap *t = try(from, words[i], va + 8, 0x55);
		u64 tval2 = cause >= EXC_FETCH_GUEST ? (gpa + 8) >> 2 : 0;
		CHECK(names, cause ? took(t, level, cause) && t->tval == va + 8 && t->tval2 == tval2 : finished(t));
	}
}

static void hlv_permissions(void)
{
	const char *names = "hlsv_priv hlsv_trans hlsv_sstatus_mxr hlsv_vsstatus_mxr hlsv_u_op hstatus_spvp_op";
	struct guest guest;
	reset();
	guest_new(&guest, 3, 3);
	for (unsigned flags = 0; flags < 128; flags++) {
		guest_map(&guest, 0, flags_of(flags), PTE_ALL);
		for (unsigned n = 0; n < 32; n++)
			hypervisor_access(&guest, flags_of(flags), PTE_ALL, n,
					  (n + flags) % 3 == 0   ? MODE_M
					  : (n + flags) % 3 == 1 ? MODE_S
								 : MODE_U,
					  names);
		guest_map(&guest, 0, PTE_S, flags_of(flags));
		for (unsigned n = 0; n < 32; n += 2)
			hypervisor_access(&guest, PTE_S, flags_of(flags), n,
					  n / 2 % 3 == 0   ? MODE_M
					  : n / 2 % 3 == 1 ? MODE_S
							   : MODE_U,
					  names);
		guest_map(&guest, 0, PTE_ALL, flags_of(flags));
		for (unsigned n = 1; n < 32; n += 2)
			hypervisor_access(&guest, PTE_ALL, flags_of(flags), n, MODE_S, names);
	}
	/* values: width and extension */
	reset();
	guest_new(&guest, 3, 3);
	guest_data(&guest, 0)[0] = 0x89abcdeff1e2d3c4;
	csrs(CSR_HSTATUS, HSTATUS_SPVP);
	static const struct {
		u32 word;
		u64 value;
	} loads[] = {
		{ HLV_B, 0xffffffffffffffc4 }, { HLV_BU, 0xc4 },
		{ HLV_H, 0xffffffffffffd3c4 }, { HLV_HU, 0xd3c4 },
		{ HLV_W, 0xfffffffff1e2d3c4 }, { HLV_WU, 0xf1e2d3c4 },
		{ HLV_D, 0x89abcdeff1e2d3c4 }, { HLVX_HU, 0xd3c4 },
		{ HLVX_WU, 0xf1e2d3c4 },
	};
	for (unsigned i = 0; i < 9; i++) {
		struct trap *t = try(MODE_S, loads[i].word, guest_va(&guest, 0), 0);
		context("word", loads[i].word, 0);
		CHECK("hlsv_op hlsv_u_op", finished(t) && t->x[A0] == loads[i].value);
	}
	static const u32 stores[] = { HSV_B, HSV_H, HSV_W, HSV_D };
	for (unsigned i = 0; i < 4; i++) {
		guest_data(&guest, 0)[0] = ~UINT64_C(0);
		CHECK("hlsv_op", finished(try(MODE_S, stores[i], guest_va(&guest, 0), 0)));
		u64 mask = i == 3 ? 0 : ~UINT64_C(0) << (8 << i);
		CHECK("hlsv_op", guest_data(&guest, 0)[0] == mask);
	}
}

/* MPRV with MPV: as if in that mode; HLV and HSV do not care. */
static struct trap *with_mprv(u32 word, u64 address, bool mpv, unsigned mpp, bool hs_mxr)
{
	const u32 words[] = { CSRW(CSR_MSTATUS, A3), word, CSRW(CSR_MSTATUS, A4) };
	u64 x[32] = { 0 };
	u64 status = csrr(CSR_MSTATUS) & ~(STATUS_MPP | STATUS_MPV | STATUS_MXR);
	x[A1] = address, x[A2] = 0x77;
	x[A3] = status | STATUS_MPRV | (mpv ? STATUS_MPV : 0) | (u64)mpp << 11 | (hs_mxr ? STATUS_MXR : 0);
	x[A4] = status | (hs_mxr ? STATUS_MXR : 0);
	return try_words(MODE_M, words, 3, x);
}

static void mprv(void)
{
	struct guest guest;
	for (unsigned flags = 0; flags < 128; flags++) {
		reset();
		guest_new(&guest, 3, 3);
		guest_map(&guest, 0, flags_of(flags), PTE_ALL);
		guest_map(&guest, 1, PTE_ALL, flags_of(flags));
		for (unsigned n = 0; n < 16; n++) {
			struct rules rules = rules_of(n);
			set_rules(&rules, !rules.sum);
			context("flags, rules", flags_of(flags), n);
			for (unsigned page = 0; page < 2; page++) {
				u64 vs = page ? PTE_ALL : flags_of(flags), g = page ? flags_of(flags) : PTE_ALL;
				u64 va = guest_va(&guest, page) + 8, gpa = guest_gpa(&guest, page) + 8;
				for (unsigned store = 0; store < 2; store++) {
					u64 cause = outcome(vs, g, store ? ACCESS_STORE : ACCESS_LOAD, &rules);
					struct trap *t =
					    with_mprv(store ? SD : LD, va, true, !rules.user, rules.hs_mxr);
					CHECK("mstatus_mprv_hypervisor vsstatus_v0 vsatp_v0",
					      cause ? took(t, LEVEL_M, cause) && t->tval == va &&
							  t->tval2 == (cause >= 20 ? gpa >> 2 : 0) &&
							  t->mstatus & STATUS_GVA && !(t->mstatus & STATUS_MPV)
						    : finished(t));
				}
			}
		}
	}
	/* MPV=0: HS-level translation only; MPP=3: none */
	reset();
	guest_new(&guest, 3, 3);
	struct space hs;
	space_new(&hs, 3, false, 0);
	space_map(&hs, TEST_VA, guest.pages + 4096, 0, PTE_S);
	csrw(CSR_SATP, space_atp(&hs, 0));
	fence_all();
	guest_data(&guest, 0)[0] = 11, guest_data(&guest, 1)[0] = 22;
	struct trap *t = with_mprv(LD, TEST_VA, false, 1, false);
	CHECK("mstatus_mprv_hypervisor", finished(t) && t->x[A0] == 22);
	t = with_mprv(LD, TEST_VA, true, 1, false);
	CHECK("mstatus_mprv_hypervisor", finished(t) && t->x[A0] == 11);
	CHECK("mstatus_mprv_hypervisor", took(with_mprv(LD, TEST_VA, false, 0, false), LEVEL_M, EXC_LOAD_PAGE));
	t = with_mprv(LD, guest.pages, true, 3, false);
	CHECK("mstatus_mprv_hypervisor", finished(t) && t->x[A0] == 11);
	/* HLV under MPRV: SPVP decides, and it is a guest access whatever MPV and MPP say */
	for (unsigned i = 0; i < 8; i++) {
		bool mpv = i & 1, spvp = i & 2;
		guest_map(&guest, 0, i & 4 ? PTE_ALL : PTE_S, PTE_ALL);
		csrw(CSR_HSTATUS, spvp ? HSTATUS_SPVP : 0);
		for (unsigned mpp = 0; mpp < 4; mpp++) {
			if (mpp == 2)
				continue;
			t = with_mprv(HLV_D, TEST_VA, mpv, mpp, false);
			bool ok = spvp == !(i & 4);
			CHECK("mstatus_mprv_hlsv",
			      ok ? finished(t) && t->x[A0] == 11 : took(t, LEVEL_M, EXC_LOAD_PAGE));
		}
	}
	/* without MPRV, MPV and MPP are nothing; fetches never look at it */
	t = try(MODE_M, LD, guest.pages, 0);
	CHECK("mstatus_mprv_hypervisor", finished(t) && t->x[A0] == 11);
}

/* ---- A and D ---- */
static void adue(void)
{
	for (unsigned i = 0; i < 4; i++) {
		bool m = i & 1, h = i & 2;
		for (unsigned store = 0; store < 2; store++) {
			struct guest guest;
			reset();
			csrw(CSR_MENVCFG, m ? ENVCFG_ADUE : 0);
			csrw(CSR_HENVCFG, h ? ENVCFG_ADUE : 0);
			if (m && !(csrr(CSR_MENVCFG) & ENVCFG_ADUE))
				continue; /* no Svadu */
			bool hw = m && h;
			guest_new(&guest, 3, 3);
			u64 *vs = space_pte(&guest.vs, TEST_VA, 0), *g = space_pte(&guest.g, TEST_GPA, 0);
			u64 va = guest_va(&guest, 0), want = PTE_A | (store ? PTE_D : 0);
			context("menvcfg | henvcfg << 1, store", i, store);
			/* VS-stage: bits clear */
			guest_map(&guest, 0, PTE_S & ~PTE_AD, PTE_ALL);
			struct trap *t = try(MODE_VS, store ? SD : LD, va, 0);
			CHECK("henvcfg_adue_op",
			      hw ? finished(t) : took(t, LEVEL_S, store ? EXC_STORE_PAGE : EXC_LOAD_PAGE));
			CHECK("henvcfg_adue_op", (*vs & PTE_AD) == (hw ? want : 0));
			/* D alone clear */
			guest_map(&guest, 0, PTE_S & ~PTE_D, PTE_ALL);
			t = try(MODE_VS, store ? AMOADD_D : LD, va, 0);
			CHECK("henvcfg_adue_op", hw || !store ? finished(t) : took(t, LEVEL_S, EXC_STORE_PAGE));
			CHECK("henvcfg_adue_op", (*vs & PTE_AD) == (hw && store ? PTE_AD : PTE_A));
			/* G-stage: menvcfg alone decides */
			guest_map(&guest, 0, PTE_S, PTE_ALL & ~PTE_AD);
			t = try(MODE_VS, store ? SD : LD, va, 0);
			CHECK("henvcfg_adue_op H_vm_gpapriv",
			      m ? finished(t) : took(t, LEVEL_S, store ? EXC_STORE_GUEST : EXC_LOAD_GUEST));
			CHECK("henvcfg_adue_op H_vm_gpapriv", (*g & PTE_AD) == (m ? want : 0));
			/* neighbours stay as they are: nothing speculates */
			for (unsigned page = 0; page < TEST_PAGES; page++)
				guest_map(&guest, page, PTE_S & ~PTE_AD, PTE_ALL & ~PTE_AD);
			try(MODE_VS, store ? SD : LD, va, 0);
			for (unsigned page = 1; page < TEST_PAGES; page++)
				CHECK("vs_stage_speculative_a_bit", !((space_pte(&guest.vs, TEST_VA, 0)[page] |
								       space_pte(&guest.g, TEST_GPA, 0)[page]) &
								      PTE_AD));
			/* a fault later in the translation leaves a legal state: D never without permission to write */
			guest_map(&guest, 0, (PTE_S & ~PTE_AD) & ~PTE_W, PTE_ALL);
			try(MODE_VS, SD, va, 0);
			CHECK("henvcfg_adue_op", !(*vs & PTE_D));
			/* instruction fetch sets A only */
			guest_map(&guest, 0, PTE_S & ~PTE_AD, PTE_ALL & ~PTE_AD);
			guest_data(&guest, 0)[0] = ECALL;
			asm volatile("fence.i");
			t = run(MODE_VS, va, NULL);
			CHECK("henvcfg_adue_op", hw ? t->cause == EXC_ECALL_VS : t->cause == EXC_FETCH_PAGE);
			CHECK("henvcfg_adue_op", (*vs & PTE_AD) == (hw ? PTE_A : 0));
		}
	}
	/* HLV obeys henvcfg as well */
	struct guest guest;
	reset();
	csrw(CSR_MENVCFG, ENVCFG_ADUE);
	guest_new(&guest, 3, 3);
	csrs(CSR_HSTATUS, HSTATUS_SPVP);
	guest_map(&guest, 0, PTE_S & ~PTE_AD, PTE_ALL);
	CHECK("henvcfg_adue_op hlsv_trans", took(try(MODE_S, HLV_D, guest_va(&guest, 0), 0), LEVEL_S, EXC_LOAD_PAGE));
	csrw(CSR_HENVCFG, ENVCFG_ADUE);
	fence_all();
	CHECK("henvcfg_adue_op hlsv_trans", finished(try(MODE_S, HSV_D, guest_va(&guest, 0), 0)) &&
						(*space_pte(&guest.vs, TEST_VA, 0) & PTE_AD) == PTE_AD);
}

/* ---- implicit accesses to VS-stage tables ---- */
static u64 *table_leaf(struct guest *guest, u64 table)
{
	return space_pte(&guest->g, (table & ~UINT64_C(0xfff)) + guest->vs.window, 0);
}

static void implicit(void)
{
	static const u64 flags[] = { 0, PTE_ALL & ~PTE_U, PTE_ALL & ~PTE_A, PTE_ALL & ~(PTE_R | PTE_W),
				     PTE_ALL & ~PTE_R };
	struct guest guest;
	for (unsigned level = 0; level < 3; level++) {
		for (unsigned i = 0; i < 5; i++) {
			reset();
			guest_new(&guest, 3, 3);
			csrs(CSR_VSSTATUS, STATUS_MXR);
			u64 *pte = space_pte(&guest.vs, TEST_VA, (int)level);
			if (level == 2)
				continue; /* the root is the code's as well: below */
			u64 address = (u64)pte + guest.vs.window;
			*table_leaf(&guest, (u64)pte) = (u64)pte >> 12 << 10 | flags[i];
			fence_all();
			context("level, flags", level, flags[i]);
			static const u32 words[] = { LD, SD, AMOADD_D };
			static const u64 causes[] = { EXC_LOAD_GUEST, EXC_STORE_GUEST, EXC_STORE_GUEST };
			for (unsigned j = 0; j < 3; j++) {
				struct trap *t = try(MODE_VS, words[j], TEST_VA + 0x18, 0);
				CHECK("H_vm_gpapriv H_vm_gstagetrans",
				      took(t, LEVEL_S, causes[j]) && t->tval == TEST_VA + 0x18);
				CHECK(
				    "htval_trapval HTVAL_TRAPVAL shtvala_htval_faulting_gpa H_guest_page_fault htval_op",
				    t->tval2 == address >> 2);
				CHECK("H_trap_xtinst_guestpage H_trap_xtinst_guestpage_rw", t->tinst == 0x3000);
				CHECK("hstatus_gva_op", t->hstatus & HSTATUS_GVA);
			}
			struct trap *t = run(MODE_VS, TEST_VA + 0x18, NULL);
			CHECK("H_vm_gpapriv H_vm_gstagetrans", took(t, LEVEL_S, EXC_FETCH_GUEST) &&
								   t->tval == TEST_VA + 0x18 && t->tinst == 0x3000 &&
								   t->tval2 == address >> 2);
			t = try(MODE_S, HLVX_WU, TEST_VA + 0x18, 0);
			CHECK("H_vm_gpapriv",
			      took(t, LEVEL_S, EXC_LOAD_GUEST) && t->tval2 == address >> 2 && t->tinst == 0x3000);
			/* and to M-mode */
			csrc(CSR_MEDELEG, BIT(EXC_LOAD_GUEST));
			t = try(MODE_VS, LD, TEST_VA + 0x18, 0);
			CHECK("mtval2_trapval_vstrans mtval2_trapval MTVAL2_TRAPVAL mtval2_op mtinst_op",
			      took(t, LEVEL_M, EXC_LOAD_GUEST) && t->tval2 == address >> 2 && t->tinst == 0x3000);
		}
		/* read-only is enough to read tables */
		reset();
		guest_new(&guest, 3, 3);
		u64 *pte = space_pte(&guest.vs, TEST_VA, (int)level);
		*table_leaf(&guest, (u64)pte) = (u64)pte >> 12 << 10 | PTE_V | PTE_R | PTE_U | PTE_A;
		fence_all();
		CHECK("H_vm_gpapriv",
		      finished(try(MODE_VS, SD, TEST_VA, 0)) && finished(try(MODE_VS, LD, TEST_VA, 0)));
	}
	/* HS-level MXR makes execute-only tables readable? It is about explicit loads: no */
	reset();
	guest_new(&guest, 3, 3);
	u64 *pte = space_pte(&guest.vs, TEST_VA, 0);
	*table_leaf(&guest, (u64)pte) = (u64)pte >> 12 << 10 | PTE_V | PTE_X | PTE_U | PTE_A;
	csrs(CSR_SSTATUS, STATUS_MXR);
	fence_all();
	CHECK("sstatus_mxr_vm", took(try(MODE_VS, LD, TEST_VA, 0), LEVEL_S, EXC_LOAD_GUEST));
	/* the root itself is out of reach: even the fetch fails */
	reset();
	guest_new(&guest, 3, 3);
	*table_leaf(&guest, guest.vs.root) = 0;
	fence_all();
	struct trap *t = run(MODE_VS, TEST_VA, NULL);
	CHECK("H_vm_gpapriv", took(t, LEVEL_S, EXC_FETCH_GUEST) && t->tval == TEST_VA &&
				  t->tval2 == (guest.vs.root + guest.vs.window + (TEST_VA >> 30) * 8) >> 2 &&
				  t->tinst == 0x3000);
	/* updates of A and D are writes: the table must be writable in the G-stage, whatever the access was */
	reset();
	csrw(CSR_MENVCFG, ENVCFG_ADUE);
	csrw(CSR_HENVCFG, ENVCFG_ADUE);
	if (!(csrr(CSR_HENVCFG) & ENVCFG_ADUE))
		return;
	guest_new(&guest, 3, 3);
	pte = space_pte(&guest.vs, TEST_VA, 0);
	guest_map(&guest, 0, PTE_S & ~PTE_AD, PTE_ALL);
	*table_leaf(&guest, (u64)pte) = (u64)pte >> 12 << 10 | (PTE_V | PTE_R | PTE_U | PTE_AD);
	fence_all();
	t = try(MODE_VS, LD, TEST_VA + 8, 0);
	context("update of a read-only table", 0, 0);
	CHECK("H_vm_gpapriv H_trap_xtinst_guestpage_rw H_trap_xtinst_guestpage",
	      took(t, LEVEL_S, EXC_LOAD_GUEST) && t->tinst == 0x3020 && t->tval == TEST_VA + 8 &&
		  t->tval2 == ((u64)pte + guest.vs.window) >> 2);
	t = try(MODE_VS, SD, TEST_VA + 8, 0);
	CHECK("H_vm_gpapriv H_trap_xtinst_guestpage_rw",
	      took(t, LEVEL_S, EXC_STORE_GUEST) && t->tinst == 0x3020);
	t = run(MODE_VS, TEST_VA + 8, NULL);
	CHECK("H_vm_gpapriv H_trap_xtinst_guestpage_rw",
	      took(t, LEVEL_S, EXC_FETCH_GUEST) && t->tinst == 0x3020);
	CHECK("H_vm_gpapriv", !(*pte & PTE_AD));
	/* with hardware updating, the table's own G-stage entry gets A and D */
	*table_leaf(&guest, (u64)pte) = (u64)pte >> 12 << 10 | (PTE_ALL & ~PTE_AD);
	fence_all();
	CHECK("H_vm_gpapriv", finished(try(MODE_VS, LD, TEST_VA, 0)) && *pte & PTE_A &&
				  (*table_leaf(&guest, (u64)pte) & PTE_AD) == PTE_AD);
}

/* ---- guest-page faults: what is reported, where they may go ---- */
static void guest_page_faults(void)
{
	struct guest guest;
	reset();
	delegate(DELEGATE_DEFAULT, ~UINT64_C(0));
	guest_new(&guest, 3, 3);
	guest_map(&guest, 0, PTE_S, 0);
	struct trap *t = try(MODE_VS, LD, guest_va(&guest, 0) + 0x123 * 8, 0);
	CHECK("H_guest_page_fault shtvala_htval_faulting_gpa mtval2_htval_virtaddr htval_trapval",
	      took(t, LEVEL_S, EXC_LOAD_GUEST) && t->tval == guest_va(&guest, 0) + 0x918 &&
		  t->tval2 == (guest_gpa(&guest, 0) + 0x918) >> 2);
	t = try(MODE_VS, LBU, guest_va(&guest, 0) + 0x123, 0);
	CHECK("H_guest_page_fault mtval2_htval_virtaddr htval_trapval",
	      t->tval == guest_va(&guest, 0) + 0x123 && t->tval2 == (guest_gpa(&guest, 0) + 0x123) >> 2);
	csrw(CSR_MEDELEG, DELEGATE_DEFAULT & ~BIT(EXC_LOAD_GUEST));
	t = try(MODE_VS, LD, guest_va(&guest, 0) + 8, 0);
	CHECK("H_guest_page_fault mtval2_trapval mtval2_trapval_other mtval2_op MTVAL2_TRAPVAL mtval2_htval_virtaddr",
	      took(t, LEVEL_M, EXC_LOAD_GUEST) && t->tval == guest_va(&guest, 0) + 8 &&
		  t->tval2 == (guest_gpa(&guest, 0) + 8) >> 2);
	/* ordinary page faults go to VS with its address */
	guest_map(&guest, 0, 0, PTE_ALL);
	t = try(MODE_VU, SD, guest_va(&guest, 0) + 8, 0);
	CHECK("shvstvala_vstval_written hedeleg_op",
	      took(t, LEVEL_VS, EXC_STORE_PAGE) && t->tval == guest_va(&guest, 0) + 8);
	t = try(MODE_VS, LD, guest_va(&guest, 0) + 8, 0);
	CHECK("shvstvala_vstval_written hedeleg_op",
	      took(t, LEVEL_VS, EXC_LOAD_PAGE) && t->tval == guest_va(&guest, 0) + 8);
	t = run(MODE_VS, guest_va(&guest, 0) + 8, NULL);
	CHECK("shvstvala_vstval_written hedeleg_op",
	      took(t, LEVEL_VS, EXC_FETCH_PAGE) && t->tval == guest_va(&guest, 0) + 8 && t->epc == t->tval);
	csrc(CSR_HEDELEG, BIT(EXC_LOAD_PAGE));
	t = try(MODE_VS, LD, guest_va(&guest, 0) + 8, 0);
	CHECK("htval_trapval", took(t, LEVEL_S, EXC_LOAD_PAGE) && t->tval2 == 0 && t->hstatus & HSTATUS_GVA);
}

/* Accesses over a page boundary: the faulting part is reported. */
static void straddle(void)
{
	static const struct {
		u32 word;
		unsigned before;
		u64 cause;
	} accesses[] = {
		{ LD, 4, EXC_LOAD_GUEST },  { LW, 2, EXC_LOAD_GUEST },  { LHU, 1, EXC_LOAD_GUEST },
		{ SD, 4, EXC_STORE_GUEST }, { SW, 1, EXC_STORE_GUEST }, { SH, 1, EXC_STORE_GUEST },
		{ LD, 1, EXC_LOAD_GUEST },  { SD, 7, EXC_STORE_GUEST },
	};
	struct guest guest;
	for (unsigned i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		unsigned before = accesses[i].before;
		for (unsigned bad = 0; bad < 2; bad++) {
			for (unsigned to_m = 0; to_m < 2; to_m++) {
				reset();
				delegate(to_m ? 0 : DELEGATE_DEFAULT, 0);
				guest_new(&guest, 3, 3);
				guest_map(&guest, bad, PTE_S, 0);
				u64 start = guest_va(&guest, 1) - before, at = bad ? guest_va(&guest, 1) : start;
				u64 gpa = bad ? guest_gpa(&guest, 1) : guest_gpa(&guest, 1) - before;
				struct trap *t = try(MODE_VS, accesses[i].word, start, 0);
				context("access, second page", i, bad);
				CHECK(
				    "H_straddle mtval2_trapval_other mtval2_htval_virtaddr shtvala_htval_faulting_gpa",
				    took(t, to_m ? LEVEL_M : LEVEL_S, accesses[i].cause) && t->tval == at &&
					t->tval2 == gpa >> 2);
				u32 word = accesses[i].word;
				bool store = (word & 0x7f) == 0x23;
				u32 transformed = (store ? word & ~0xfff00f80u & ~(31u << 15) : word & 0x707f) |
						  (store ? A2 << 20 : A0 << 7) | (bad ? before : 0) << 15;
				CHECK("H_tinst_addr_offset", t->tinst == transformed);
			}
		}
	}
	/* the second page's VS-stage refuses: the same address in the page fault */
	reset();
	guest_new(&guest, 3, 3);
	guest_map(&guest, 1, 0, PTE_ALL);
	struct trap *t = try(MODE_VS, LD, guest_va(&guest, 1) - 3, 0);
	CHECK("H_straddle", took(t, LEVEL_S, EXC_LOAD_PAGE) && t->tval == guest_va(&guest, 1) && t->tval2 == 0);
	/* a store that faults in its second part has stored nothing */
	guest_map(&guest, 1, PTE_S, 0);
	guest_data(&guest, 0)[511] = 0x1234;
	try(MODE_VS, SD, guest_va(&guest, 1) - 4, ~UINT64_C(0));
	CHECK("H_straddle", guest_data(&guest, 0)[511] == 0x1234);
	/* fetches */
	for (unsigned to_m = 0; to_m < 2; to_m++) {
		reset();
		delegate(to_m ? 0 : DELEGATE_DEFAULT, 0);
		guest_new(&guest, 3, 3);
		guest_map(&guest, 1, PTE_S, 0);
		((volatile uint16_t *)guest.pages)[2047] = (uint16_t)ADDI(A0, A0, 1);
		((volatile uint16_t *)guest.pages)[2046] = 0x0001; /* c.nop */
		asm volatile("fence.i");
		t = run(MODE_VS, guest_va(&guest, 1) - 4, NULL);
		CHECK("H_straddle mtval2_trapval_other mtval2_htval_virtaddr",
		      took(t, to_m ? LEVEL_M : LEVEL_S, EXC_FETCH_GUEST) && t->epc == guest_va(&guest, 1) - 2 &&
			  t->tval == guest_va(&guest, 1) && t->tval2 == guest_gpa(&guest, 1) >> 2 && t->tinst == 0);
	}
	/* two pages that are not neighbours in guest-physical memory */
	reset();
	guest_new(&guest, 3, 3);
	space_map(&guest.vs, TEST_VA + 4096, guest_gpa(&guest, 3), 0, PTE_S);
	fence_all();
	guest_data(&guest, 0)[511] = 0x1111111122222222;
	guest_data(&guest, 3)[0] = 0x3333333344444444;
	t = try(MODE_VS, LD, TEST_VA + 4096 - 4, 0);
	CHECK("H_straddle", finished(t) && t->x[A0] == 0x4444444411111111);
	t = try(MODE_VS, SD, TEST_VA + 4096 - 2, 0x0102030405060708);
	CHECK("H_straddle", finished(t) && guest_data(&guest, 0)[511] >> 48 == 0x0708 &&
				(guest_data(&guest, 3)[0] & 0xffffffffffff) == 0x010203040506);
}

/* ---- PMP under it all ---- */
static void pmp(void)
{
	struct guest guest;
	for (unsigned perm = 0; perm < 8; perm++) {
		reset();
		guest_new(&guest, 3, 3);
		csrs(CSR_HSTATUS, HSTATUS_SPVP);
		csrw(CSR_PMPCFG0, 0);
		csrw(CSR_PMPADDR0, guest.pages >> 2 | 0x1ff);
		csrw(CSR_PMPADDR1, ~UINT64_C(0) >> 10);
		csrw(CSR_PMPCFG0, 0x1f00 | 0x18 | perm);
		fence_all();
		bool r = perm & 1, w = perm & 2, x = perm & 4;
		if (w && !r)
			continue; /* reserved */
		u64 va = guest_va(&guest, 0);
		guest_data(&guest, 0)[0] = ECALL;
		asm volatile("fence.i");
		context("pmp", perm, 0);
		struct trap *t = try(MODE_VS, LD, va + 8, 0);
		CHECK("H_pmp", r ? finished(t)
				 : took(t, LEVEL_S, EXC_LOAD_ACCESS) && t->tval == va + 8 && t->tval2 == 0 &&
				       t->hstatus & HSTATUS_GVA);
		t = try(MODE_VS, SD, va + 8, 0);
		CHECK("H_pmp", w ? finished(t) : took(t, LEVEL_S, EXC_STORE_ACCESS) && t->tval == va + 8);
		t = run(MODE_VS, va, NULL);
		CHECK("H_pmp", x ? t->cause == EXC_ECALL_VS : took(t, LEVEL_S, EXC_FETCH_ACCESS) && t->tval == va);
		t = try(MODE_S, HLV_D, va + 8, 0);
		CHECK("H_pmp", r ? finished(t) : took(t, LEVEL_S, EXC_LOAD_ACCESS));
		t = try(MODE_S, HSV_D, va + 8, 0);
		CHECK("H_pmp", w ? finished(t) : took(t, LEVEL_S, EXC_STORE_ACCESS));
		t = try(MODE_S, HLVX_WU, va + 8, 0);
		CHECK("hlsv_u_op H_pmp", r && x ? finished(t) : took(t, LEVEL_S, EXC_LOAD_ACCESS));
	}
	/* tables that PMP hides: access faults of the original kind */
	for (unsigned which = 0; which < 3; which++) {
		reset();
		guest_new(&guest, 3, 3);
		u64 table = (u64)(which == 0   ? space_pte(&guest.vs, TEST_VA, 0)
				  : which == 1 ? space_pte(&guest.g, TEST_GPA, 0)
					       : space_pte(&guest.vs, TEST_VA, 1)) &
			    ~UINT64_C(0xfff);
		csrw(CSR_PMPADDR0, table >> 2 | 0x1ff);
		csrw(CSR_PMPADDR1, ~UINT64_C(0) >> 10);
		csrw(CSR_PMPCFG0, 0x1f18);
		fence_all();
		context("hidden table", which, 0);
		struct trap *t = try(MODE_VS, LD, TEST_VA + 8, 0);
		CHECK("H_pmp", took(t, LEVEL_S, EXC_LOAD_ACCESS) && t->tval == TEST_VA + 8 && t->tval2 == 0);
		t = try(MODE_VS, SD, TEST_VA + 8, 0);
		CHECK("H_pmp", took(t, LEVEL_S, EXC_STORE_ACCESS) && t->tval == TEST_VA + 8);
		t = run(MODE_VS, TEST_VA + 8, NULL);
		CHECK("H_pmp", took(t, LEVEL_S, EXC_FETCH_ACCESS) && t->tval == TEST_VA + 8);
	}
}

int main(void)
{
	schemes();
	wide(3, "hgatp_mode_sv39x4");
	wide(4, "hgatp_mode_sv48x4");
	wide(5, "hgatp_mode_sv57x4");
	superpages();
	permissions();
	hlv_permissions();
	mprv();
	adue();
	implicit();
	guest_page_faults();
	straddle();
	pmp();
	return 0;
}
