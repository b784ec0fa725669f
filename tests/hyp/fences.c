/*
 * Address-translation fences: after a fence everything it names is new; what it does not name may be old. Cases named
 * kept_* prove that the simulator's TLB really keeps what a fence does not name, so that software which forgets a
 * fence is found out; they are no rules.
 */
#include "rt.h"

static struct guest guest;

static void set_ids(u64 vmid, u64 asid)
{
	csrw(CSR_HGATP, space_atp(&guest.g, vmid));
	csrw(CSR_VSATP, space_atp(&guest.vs, asid));
}

static void point_vs(unsigned page, unsigned to, u64 flags)
{
	*space_pte(&guest.vs, TEST_VA + page * 4096, 0) = guest_gpa(&guest, to) >> 12 << 10 | flags;
}

static void point_g(unsigned page, unsigned to)
{
	*space_pte(&guest.g, TEST_GPA + page * 4096, 0) = (guest.pages + to * 4096) >> 12 << 10 | PTE_ALL;
}

/* Every page holds its number as data, and at offset 64 code that returns it. */
static void begin(void)
{
	reset();
	guest_new(&guest, 3, 3);
	for (unsigned i = 0; i < TEST_PAGES; i++) {
		guest_data(&guest, i)[0] = i;
		guest_data(&guest, i)[8] = ADDI(A0, ZERO, i) | (u64)ECALL << 32;
	}
	asm volatile("fence.i");
	csrs(CSR_HSTATUS, HSTATUS_SPVP);
	set_ids(1, 1);
	fence_all();
}

enum how { BY_LOAD, BY_FETCH, BY_HLV, HOWS };

/* Which page the guest sees through its page `page`. */
static u64 seen(unsigned page, enum how how)
{
	u64 va = TEST_VA + page * 4096;
	struct trap *t = how == BY_LOAD  ? try(MODE_VS, LD, va, 0)
			 : how == BY_HLV ? try(MODE_S, HLV_D, va, 0)
					 : run(MODE_VS, va + 64, NULL);
	return how == BY_FETCH ? t->cause == EXC_ECALL_VS ? t->x[A0] : 99 : finished(t) ? t->x[A0] : 99;
}

/* A fence from a mode: its operands in a1, a2. */
static void fence(enum mode mode, u32 word, u64 a1, u64 a2)
{
	CHECK("fence_allowed", finished(try(mode, word, a1, a2)));
}

/* The Svinval sequence with the same operands. */
static void inval(enum mode mode, u32 word, u64 a1, u64 a2)
{
	u64 x[32] = { 0 };
	const u32 words[] = { SFENCE_W_INVAL, word, SFENCE_INVAL_IR };
	x[A1] = a1, x[A2] = a2;
	CHECK("fence_allowed", finished(try_words(mode, words, 3, x)));
}

/* HFENCE.VVMA, SFENCE.VMA of VS and their Svinval forms: by nothing, address, ASID, both. */
struct vs_fence {
	enum mode mode;
	u32 funct7;
	bool svinval;
	const char *rules;
};
static const struct vs_fence vs_fences[] = {
	{ MODE_S, 0x11, false, "hfence-vvma_mode hfence-vvma_hfence-gvma_op hfence-vvma_limits" },
	{ MODE_M, 0x11, false, "hfence-vvma_mode hfence-vvma_hfence-gvma_op hfence-vvma_limits" },
	{ MODE_VS, 0x09, false, "sfence_vma_v1" },
	{ MODE_S, 0x13, true, "Svinval_hinval_vvma_gvma Svinval_sequence_rs1_rs2" },
	{ MODE_M, 0x13, true, "Svinval_hinval_vvma_gvma Svinval_sequence_rs1_rs2" },
	{ MODE_VS, 0x0b, true,
	  "Svinval_sinval_vma_invalidates_same_as_sfence_vma Svinval_sfence_w_inval_orders_before_sinval_vma "
	  "Svinval_sequence_rs1_rs2" },
};
enum { VS_FENCES = sizeof(vs_fences) / sizeof(vs_fences[0]) };

static void do_vs_fence(const struct vs_fence *f, bool address, bool asid, u64 a1, u64 a2)
{
	u32 word = FENCE_OF(f->funct7, address ? A1 : 0, asid ? A2 : 0);
	if (f->svinval)
		inval(f->mode, word, a1, a2);
	else
		fence(f->mode, word, a1, a2);
}

static void vs_stage(const struct vs_fence *f, enum how how)
{
	context("funct7, how", f->funct7, how);
	/* all */
	begin();
	CHECK("fence_setup", seen(0, how) == 0 && seen(1, how) == 1);
	point_vs(0, 2, PTE_S), point_vs(1, 3, PTE_S);
	CHECK("kept_vs_stage", seen(0, how) == 0);
	do_vs_fence(f, false, false, 0, 0);
	CHECK(f->rules, seen(0, how) == 2 && seen(1, how) == 3);
	/* one address: that page is new; the other need not be */
	begin();
	seen(0, how), seen(1, how);
	point_vs(0, 2, PTE_S), point_vs(1, 3, PTE_S);
	do_vs_fence(f, true, false, TEST_VA + 0x123, 0);
	CHECK(f->rules, seen(0, how) == 2);
	CHECK("kept_other_address", seen(1, how) == 1);
	do_vs_fence(f, true, false, TEST_VA + 4096, 0);
	CHECK(f->rules, seen(1, how) == 3);
	/* one ASID: 1 is new, 2 and global pages need not be; bits above ASIDMAX are ignored */
	begin();
	point_vs(3, 3, PTE_S | PTE_G);
	seen(0, how), seen(3, how);
	set_ids(1, 2);
	seen(0, how);
	point_vs(0, 2, PTE_S), point_vs(3, 1, PTE_S | PTE_G);
	do_vs_fence(f, false, true, 0, 1);
	CHECK("kept_other_asid", seen(0, how) == 0);
	set_ids(1, 1);
	CHECK(f->rules, seen(0, how) == 2);
	CHECK("kept_global", seen(3, how) == 3);
	set_ids(1, 2);
	do_vs_fence(f, false, true, 0, 2 | UINT64_C(0xfedc) << 20);
	CHECK(f->rules, seen(0, how) == 2);
	CHECK("hfence-vvma_asid", f->funct7 == 0x09 || f->funct7 == 0x0b || seen(0, how) == 2);
	do_vs_fence(f, false, false, 0, 0);
	CHECK(f->rules, seen(3, how) == 1);
	/* address and ASID */
	begin();
	seen(0, how), seen(1, how);
	point_vs(0, 2, PTE_S), point_vs(1, 3, PTE_S);
	do_vs_fence(f, true, true, TEST_VA, 1);
	CHECK(f->rules, seen(0, how) == 2);
	CHECK("kept_other_address", seen(1, how) == 1);
	do_vs_fence(f, true, true, TEST_VA + 4096, 9);
	CHECK("kept_other_asid", seen(1, how) == 1);
	do_vs_fence(f, true, true, TEST_VA + 4096, 1);
	CHECK(f->rules, seen(1, how) == 3);
	/* only the virtual machine of hgatp.VMID */
	begin();
	seen(0, how);
	set_ids(2, 1);
	seen(0, how);
	point_vs(0, 2, PTE_S);
	do_vs_fence(f, false, false, 0, 0);
	CHECK(f->rules, seen(0, how) == 2);
	set_ids(1, 1);
	CHECK("kept_other_vmid", seen(0, how) == 0);
	do_vs_fence(f, true, true, TEST_VA, 1);
	CHECK(f->rules, seen(0, how) == 2);
}

/* HFENCE.GVMA and HINVAL.GVMA: by nothing, guest-physical address >> 2, VMID, both. */
static void do_g_fence(bool svinval, enum mode mode, bool address, bool vmid, u64 a1, u64 a2)
{
	u32 word = FENCE_OF(svinval ? 0x33 : 0x31, address ? A1 : 0, vmid ? A2 : 0);
	if (svinval)
		inval(mode, word, a1, a2);
	else
		fence(mode, word, a1, a2);
}

static void g_stage(bool svinval, enum mode mode, enum how how)
{
	const char *rules = svinval
				? "Svinval_hinval_vvma_gvma Svinval_hinval_gvma_uses_vmid Svinval_sequence_rs1_rs2"
				: "hfence-gvma_op hfence-gvma_vmid hfence-vvma_hfence-gvma_op";
	context("G-stage: svinval, how", svinval, how);
	begin();
	CHECK("fence_setup", seen(0, how) == 0 && seen(1, how) == 1);
	point_g(0, 2), point_g(1, 3);
	CHECK("kept_g_stage", seen(0, how) == 0);
	do_g_fence(svinval, mode, false, false, 0, 0);
	CHECK(rules, seen(0, how) == 2 && seen(1, how) == 3);
	/* a guest-physical address, shifted right by 2 */
	begin();
	seen(0, how), seen(1, how);
	point_g(0, 2), point_g(1, 3);
	do_g_fence(svinval, mode, true, false, (TEST_GPA + 0x120) >> 2, 0);
	CHECK(rules, seen(0, how) == 2);
	do_g_fence(svinval, mode, true, false, (TEST_GPA + 4096) >> 2, 0);
	CHECK(rules, seen(1, how) == 3);
	/* a VMID; the bits above are ignored */
	begin();
	seen(0, how);
	set_ids(2, 1);
	seen(0, how);
	point_g(0, 2);
	do_g_fence(svinval, mode, false, true, 0, 1);
	CHECK("kept_other_vmid", seen(0, how) == 0);
	set_ids(1, 1);
	CHECK(rules, seen(0, how) == 2);
	set_ids(2, 1);
	do_g_fence(svinval, mode, false, true, 0, 2 | UINT64_C(0xfedc) << 20);
	CHECK(rules, seen(0, how) == 2);
	/* both */
	begin();
	seen(0, how), seen(1, how);
	point_g(0, 2), point_g(1, 3);
	do_g_fence(svinval, mode, true, true, TEST_GPA >> 2, 1);
	CHECK(rules, seen(0, how) == 2);
	do_g_fence(svinval, mode, true, true, (TEST_GPA + 4096) >> 2, 1);
	CHECK(rules, seen(1, how) == 3);
	/* guest-physical pages that hold VS-stage tables */
	begin();
	seen(0, how);
	u64 table = (u64)space_pte(&guest.vs, TEST_VA, 0) & ~UINT64_C(0xfff);
	u64 *other = page_alloc(1);
	for (unsigned i = 0; i < 512; i++)
		other[i] = ((u64 *)table)[i];
	other[0] = guest_gpa(&guest, 3) >> 12 << 10 | PTE_S;
	*space_pte(&guest.g, table + TABLE_WINDOW, 0) = (u64)other >> 12 << 10 | PTE_ALL;
	do_g_fence(svinval, mode, false, true, 0, 1);
	fence(MODE_S, HFENCE_VVMA(0, 0), 0, 0);
	CHECK(rules, seen(0, how) == 3);
}

/* What needs no fence: another VMID or ASID is another space at once. */
static void identifiers(void)
{
	begin();
	struct guest first = guest;
	seen(0, BY_LOAD);
	struct guest second;
	guest_new(&second, 3, 3); /* other tables and pages */
	guest_data(&second, 0)[0] = 77;
	csrw(CSR_HGATP, space_atp(&second.g, 2));
	csrw(CSR_VSATP, space_atp(&second.vs, 1));
	CHECK("hgatp_op_hfence_gvma hgatp_op HGATP_VMID", seen(0, BY_LOAD) == 77);
	guest = first;
	set_ids(1, 1);
	CHECK("hgatp_op_hfence_gvma hgatp_op HGATP_VMID", seen(0, BY_LOAD) == 0);
	/* the same VMID: after the fence at the latest */
	csrw(CSR_HGATP, space_atp(&second.g, 1));
	csrw(CSR_VSATP, space_atp(&second.vs, 1));
	fence(MODE_S, HFENCE_GVMA(0, A2), 0, 1);
	fence(MODE_S, HFENCE_VVMA(0, 0), 0, 0);
	CHECK("hgatp_op_hfence_gvma", seen(0, BY_LOAD) == 77);
	/* ASIDs of one guest */
	begin();
	seen(0, BY_LOAD);
	struct space other;
	space_new(&other, 3, false, TABLE_WINDOW);
	space_map(&other, TEST_VA, guest_gpa(&guest, 3), 0, PTE_S);
	csrw(CSR_VSATP, space_atp(&other, 7));
	CHECK("vsatp_op", seen(0, BY_LOAD) == 3);
	csrw(CSR_VSATP, space_atp(&guest.vs, 1));
	CHECK("vsatp_op", seen(0, BY_LOAD) == 0);
	/* HS-level and guest spaces have nothing in common */
	begin();
	struct space hs;
	space_new(&hs, 3, false, 0);
	space_map(&hs, TEST_VA, guest.pages + 2 * 4096, 0, PTE_S);
	csrw(CSR_SATP, space_atp(&hs, 1));
	CHECK("H_vm_twostage",
	      try(MODE_S, LD, TEST_VA, 0)->x[A0] == 2 && seen(0, BY_LOAD) == 0 && seen(0, BY_HLV) == 0);
	CHECK("H_vm_twostage", try(MODE_S, LD, TEST_VA, 0)->x[A0] == 2);
}

/* SFENCE.VMA with V=0 is about HS-level tables; it need not touch a guest's. */
static void sfence_v0(void)
{
	begin();
	struct space hs;
	space_new(&hs, 3, false, 0);
	for (unsigned i = 0; i < 2; i++)
		space_map(&hs, TEST_VA + i * 4096, guest.pages + i * 4096, 0, PTE_S);
	csrw(CSR_SATP, space_atp(&hs, 1));
	u64 *pte = space_pte(&hs, TEST_VA, 0);
	for (unsigned i = 0; i < 8; i++) {
		bool address = i & 1, asid = i & 2, svinval = i & 4;
		pte[0] = guest.pages >> 12 << 10 | PTE_S;
		point_vs(0, 0, PTE_S);
		fence_all();
		CHECK("fence_setup", try(MODE_S, LD, TEST_VA, 0)->x[A0] == 0 && seen(0, BY_LOAD) == 0);
		pte[0] = (guest.pages + 3 * 4096) >> 12 << 10 | PTE_S;
		point_vs(0, 2, PTE_S);
		CHECK("kept_hs", try(MODE_S, LD, TEST_VA, 0)->x[A0] == 0);
		u32 word = FENCE_OF(svinval ? 0x0b : 0x09, address ? A1 : 0, asid ? A2 : 0);
		context("SFENCE.VMA", i, 0);
		if (svinval)
			inval(MODE_S, word, TEST_VA, 1);
		else
			fence(MODE_S, word, TEST_VA, 1);
		CHECK("sfence_vma_v0", try(MODE_S, LD, TEST_VA, 0)->x[A0] == 3);
		if (svinval)
			CHECK(
			    "Svinval_sinval_vma_invalidates_same_as_sfence_vma Svinval_sequence_rs1_rs2 "
			      "Svinval_sequence_reads_writes_before "
			    "Svinval_sequence_reads_writes_after",
			    try(MODE_S, LD, TEST_VA, 0)->x[A0] == 3);
		CHECK("kept_guest_by_sfence", seen(0, BY_LOAD) == 0);
	}
	/* and in the guest: of another HS space nothing need be forgotten */
	fence_all();
	try(MODE_S, LD, TEST_VA, 0);
	pte[0] = guest.pages >> 12 << 10 | PTE_S;
	fence(MODE_VS, SFENCE_VMA(0, 0), 0, 0);
	CHECK("kept_hs_by_guest", try(MODE_S, LD, TEST_VA, 0)->x[A0] == 3);
}

/* A superpage's entry goes whichever of its addresses the fence names. */
static void superpages(void)
{
	for (unsigned svinval = 0; svinval < 2; svinval++) {
		for (unsigned stage = 0; stage < 2; stage++) {
			begin();
			u64 va = UINT64_C(0x700000000), gpa = UINT64_C(0x500000000), offset = guest.pages & 0x1fffff;
			space_map(&guest.vs, va, gpa, 1, PTE_S);
			space_map(&guest.g, gpa, IMAGE, 1, PTE_ALL);
			fence_all();
			CHECK("fence_setup", try(MODE_VS, LD, va + offset, 0)->x[A0] == 0 &&
						 try(MODE_VS, LD, va + offset + 4096, 0)->x[A0] == 1);
			context("superpage: stage, svinval", stage, svinval);
			if (stage == 0) {
				*space_pte(&guest.vs, va, 1) = 0;
				do_vs_fence(&vs_fences[svinval ? 3 : 0], true, false, va + 0x1ff008, 0);
				CHECK("hfence-vvma_limits",
				      took(try(MODE_VS, LD, va + offset, 0), LEVEL_S, EXC_LOAD_PAGE));
				CHECK("hfence-vvma_limits",
				      took(try(MODE_VS, LD, va + offset + 4096, 0), LEVEL_S, EXC_LOAD_PAGE));
			} else {
				*space_pte(&guest.g, gpa, 1) = 0;
				do_g_fence(svinval, MODE_S, true, false, (gpa + 0x1ff008) >> 2, 0);
				CHECK("hfence-gvma_op",
				      took(try(MODE_VS, LD, va + offset, 0), LEVEL_S, EXC_LOAD_GUEST));
				CHECK("hfence-gvma_op",
				      took(try(MODE_VS, LD, va + offset + 4096, 0), LEVEL_S, EXC_LOAD_GUEST));
			}
		}
	}
}

/* hgatp.MODE changed for a VMID, to Bare and back; permissions taken away; menvcfg and henvcfg changed. */
static void other_changes(void)
{
	begin();
	csrw(CSR_VSATP, 0);
	guest_data(&guest, 1)[0] = 55;
	CHECK("fence_setup", try(MODE_VS, LD, guest_gpa(&guest, 1), 0)->x[A0] == 55);
	csrw(CSR_HGATP, 0);
	fence(MODE_S, HFENCE_GVMA(0, 0), 0, 0);
	CHECK("hfence-gvma_mode", took(try(MODE_VS, LD, guest_gpa(&guest, 1), 0), LEVEL_S, EXC_LOAD_ACCESS));
	CHECK("hfence-gvma_mode hgatp_mode_bare", try(MODE_VS, LD, guest.pages + 4096, 0)->x[A0] == 55);
	csrw(CSR_HGATP, space_atp(&guest.g, 1));
	fence(MODE_S, HFENCE_GVMA(0, A2), 0, 1);
	CHECK("hfence-gvma_mode", try(MODE_VS, LD, guest_gpa(&guest, 1), 0)->x[A0] == 55);
	for (unsigned bit = 1; bit <= 3; bit++) {
		u32 word = bit == 2 ? SD : LD;
		begin();
		CHECK("fence_setup", finished(try(MODE_VS, SD, TEST_VA, 0)));
		*space_pte(&guest.g, TEST_GPA, 0) &= ~(bit == 1 ? PTE_R | PTE_W : bit == 2 ? PTE_W : PTE_U);
		do_g_fence(false, MODE_M, true, true, TEST_GPA >> 2, 1);
		CHECK("hfence-gvma_op",
		      took(try(MODE_VS, word, TEST_VA, 0), LEVEL_S, bit == 2 ? EXC_STORE_GUEST : EXC_LOAD_GUEST));
		begin();
		CHECK("fence_setup", finished(try(MODE_VS, SD, TEST_VA, 0)));
		*space_pte(&guest.vs, TEST_VA, 0) ^= bit == 1 ? PTE_R | PTE_W : bit == 2 ? PTE_W : PTE_U;
		do_vs_fence(&vs_fences[2], true, true, TEST_VA, 1);
		CHECK("sfence_vma_v1",
		      took(try(MODE_VS, word, TEST_VA, 0), LEVEL_S, bit == 2 ? EXC_STORE_PAGE : EXC_LOAD_PAGE));
	}
	/* PMP and HFENCE.GVMA: no HFENCE.VVMA is needed */
	begin();
	seen(0, BY_LOAD);
	csrw(CSR_PMPCFG0, 0);
	csrw(CSR_PMPADDR0, guest.pages >> 2 | 0x1ff);
	csrw(CSR_PMPADDR1, ~UINT64_C(0) >> 10);
	csrw(CSR_PMPCFG0, 0x1f18);
	fence(MODE_M, HFENCE_GVMA(0, 0), 0, 0);
	CHECK("H_pmp hfence-gvma_op", took(try(MODE_VS, LD, TEST_VA, 0), LEVEL_S, EXC_LOAD_ACCESS));
	/* henvcfg.ADUE and HFENCE.VVMA */
	begin();
	csrw(CSR_MENVCFG, ENVCFG_ADUE), csrw(CSR_HENVCFG, ENVCFG_ADUE);
	fence_all();
	point_vs(0, 0, PTE_S & ~PTE_D);
	seen(0, BY_LOAD);
	csrw(CSR_HENVCFG, 0);
	fence(MODE_M, HFENCE_VVMA(0, 0), 0, 0);
	CHECK("henvcfg_adue_op", took(try(MODE_VS, SD, TEST_VA, 0), LEVEL_S, EXC_STORE_PAGE));
	/* SUM, MXR and SPVP need no fence at all */
	begin();
	point_vs(0, 0, (PTE_ALL & ~PTE_R & ~PTE_W));
	fence_all();
	for (unsigned i = 0; i < 32; i++) {
		bool sum = i & 1, mxr = i & 2, user = i & 4;
		csrw(CSR_VSSTATUS, (sum ? STATUS_SUM : 0) | (mxr ? STATUS_MXR : 0));
		csrw(CSR_HSTATUS, user ? 0 : HSTATUS_SPVP);
		bool ok = mxr && (user || sum);
		CHECK("vsstatus_mxr_vm hstatus_spvp_op", finished(try(MODE_S, HLV_D, TEST_VA, 0)) == ok);
		CHECK("vsstatus_mxr_vm", finished(try(user ? MODE_VU : MODE_VS, LD, TEST_VA, 0)) == ok);
	}
}

int main(void)
{
	for (unsigned i = 0; i < VS_FENCES; i++)
		for (enum how how = 0; how < HOWS; how++)
			vs_stage(&vs_fences[i], how);
	for (unsigned i = 0; i < 4; i++)
		for (enum how how = 0; how < HOWS; how++)
			g_stage(i & 1, i & 2 ? MODE_M : MODE_S, how);
	identifiers();
	sfence_v0();
	superpages();
	other_changes();
	return 0;
}
