/* Where traps go, what they write, and how returns undo it. */
#include "rt.h"

static const enum mode modes[] = { MODE_U, MODE_S, MODE_M, MODE_VU, MODE_VS };
enum { MODES = 5 };

static enum level expected_level(enum mode mode, bool m, bool h)
{
	if (mode == MODE_M || !m)
		return LEVEL_M;
	return mode & 4 && h ? LEVEL_VS : LEVEL_S;
}

/* Every exception that an instruction can cause without translation, from every mode, under every delegation. */
struct fault {
	u64 cause;
	u32 word;
	u64 a1;
};
static const struct fault faults[] = {
	{ EXC_ILLEGAL, 0x00000000, 0 },
	{ EXC_BREAK, EBREAK, 0 },
	{ EXC_BREAK, 0x9002, 0 }, /* c.ebreak */
	{ EXC_LOAD_ACCESS, LD, 0x10 },
	{ EXC_STORE_ACCESS, SD, 0x10 },
	{ EXC_STORE_ACCESS, AMOADD_D, 0x10 },
	{ EXC_FETCH_ACCESS, JALR(0, A1), 0x10 },
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

static void delegation(void)
{
	for (unsigned f = 0; f < FAULTS; f++) {
		for (unsigned i = 0; i < MODES; i++) {
			for (unsigned d = 0; d < 4; d++) {
				reset();
				u64 bit = BIT(faults[f].cause);
				delegate(d & 1 ? bit : ~bit & DELEGATE_DEFAULT, d & 2 ? bit : ~bit);
				struct trap *t = try(modes[i], faults[f].word, faults[f].a1, 0);
				enum level level = expected_level(modes[i], d & 1, d & 2);
				context("cause, mode", faults[f].cause, modes[i]);
				CHECK("H_trap_deleg hedeleg_op H_cause", took(t, level, faults[f].cause));
				u64 pc = faults[f].cause == EXC_FETCH_ACCESS ? 0x10 : try_pc(modes[i]);
				CHECK("H_trap_deleg H_trap_m_csrwrites H_trap_hs_csrwrites H_trap_vs_csrwrites",
				      t->epc == pc);
				bool memory = faults[f].cause != EXC_BREAK && faults[f].cause != EXC_ILLEGAL;
				if (memory)
					CHECK(
					    "shvstvala_vstval_written H_trap_vs_csrwrites H_trap_hs_csrwrites H_trap_m_csrwrites",
					    t->tval == 0x10);
				else if (faults[f].cause == EXC_ILLEGAL)
					CHECK("shvstvala_vstval_written", t->tval == faults[f].word);
				CHECK("htval_trapval mtval2_trapval HTVAL_TRAPVAL MTVAL2_TRAPVAL", t->tval2 == 0);
			}
		}
	}
}

static void ecalls(void)
{
	static const u64 causes[] = { EXC_ECALL_U, EXC_ECALL_S, EXC_ECALL_M, EXC_ECALL_U, EXC_ECALL_VS };
	for (unsigned i = 0; i < MODES; i++) {
		reset();
		struct trap *t = try(modes[i], ECALL, 0, 0);
		context("ecall from", modes[i], 0);
		CHECK("H_cause_ecall H_cause", took(t, LEVEL_M, causes[i]) && t->tval == 0 && t->tinst == 0);
		if (modes[i] == MODE_S || modes[i] == MODE_M)
			continue;
		delegate(DELEGATE_DEFAULT | BIT(causes[i]), 0);
		CHECK("H_cause_ecall H_trap_deleg", took(try(modes[i], ECALL, 0, 0), LEVEL_S, causes[i]));
		delegate(DELEGATE_DEFAULT | BIT(causes[i]), ~UINT64_C(0));
		t = try(modes[i], ECALL, 0, 0);
		/* hedeleg has no bit for ecalls from VS-mode: that one is the hypervisor's */
		CHECK("H_cause_ecall H_trap_deleg hedeleg_acc",
		      took(t, modes[i] == MODE_VU ? LEVEL_VS : LEVEL_S, causes[i]));
	}
	/* guest-page faults and virtual instructions stay with HS */
	reset();
	delegate(~UINT64_C(0) & ~BIT(9), ~UINT64_C(0));
	CHECK("hedeleg_acc H_trap_deleg", took(try(MODE_VS, HLV_D, 0, 0), LEVEL_S, EXC_VIRTUAL));
}

/* Fields of the level's status that an entry writes, for each previous mode and previous interrupt enable. */
static void entry_m(void)
{
	for (unsigned i = 0; i < MODES; i++) {
		reset();
		delegate(0, 0);
		csrw(CSR_HSTATUS, HSTATUS_SPVP | HSTATUS_SPV | HSTATUS_GVA);
		csrs(CSR_SSTATUS, STATUS_SIE | STATUS_SPP);
		csrw(CSR_VSSTATUS, STATUS_SIE | STATUS_SPP);
		csrs(CSR_MSTATUS, STATUS_GVA);
		u64 hstatus = csrr(CSR_HSTATUS), vsstatus = csrr(CSR_VSSTATUS), sstatus = csrr(CSR_SSTATUS);
		csrw(CSR_SEPC, 0x1230), csrw(CSR_SCAUSE, 7), csrw(CSR_STVAL, 0x4560), csrw(CSR_HTVAL, 0x78),
		    csrw(CSR_HTINST, 0x3000);
		struct trap *t = try(modes[i], EBREAK, 0, 0);
		context("from mode", modes[i], 0);
		CHECK("H_trap_m_csrwrites mstatus_mpv_op",
		      took(t, LEVEL_M, EXC_BREAK) && !!(t->mstatus & STATUS_MPV) == (modes[i] >> 2));
		CHECK("H_trap_m_csrwrites", (t->mstatus >> 11 & 3) == (u64)(modes[i] & 3));
		CHECK("H_trap_m_csrwrites", !(t->mstatus & STATUS_MIE) && !(t->mstatus & STATUS_MPIE));
		CHECK("H_trap_m_csrwrites", t->tval2 == 0 && t->tinst == 0 && t->epc == try_pc(modes[i]));
		CHECK("H_trap_m_csrwrites",
		      t->hstatus == hstatus && t->vsstatus == vsstatus && t->sstatus == sstatus);
		CHECK("H_trap_m_csrwrites", csrr(CSR_SEPC) == 0x1230 && csrr(CSR_SCAUSE) == 7 &&
						csrr(CSR_STVAL) == 0x4560 && csrr(CSR_HTVAL) == 0x78 &&
						csrr(CSR_HTINST) == 0x3000);
	}
	/* MIE goes to MPIE */
	reset();
	const u32 words[] = { CSRRSI(0, CSR_MSTATUS, 8), EBREAK };
	struct trap *t = try_words(MODE_M, words, 2, NULL);
	CHECK("H_trap_m_csrwrites",
	      took(t, LEVEL_M, EXC_BREAK) && t->mstatus & STATUS_MPIE && !(t->mstatus & STATUS_MIE));
}

static void entry_hs(void)
{
	for (unsigned i = 0; i < 16; i++) {
		enum mode mode = (i & 3) == 0 ? MODE_U : (i & 3) == 1 ? MODE_S : (i & 3) == 2 ? MODE_VU : MODE_VS;
		bool sie = i & 4, spvp = i & 8;
		reset();
		csrw(CSR_HSTATUS, (spvp ? HSTATUS_SPVP : 0) | (mode & 4 ? 0 : HSTATUS_SPV) | HSTATUS_GVA);
		csrs(CSR_SSTATUS, (sie ? STATUS_SIE : STATUS_SPIE) | (mode & 1 ? 0 : STATUS_SPP));
		csrw(CSR_VSSTATUS, STATUS_SIE | STATUS_FS);
		csrw(CSR_VSEPC, 0x1230), csrw(CSR_VSCAUSE, 7), csrw(CSR_VSTVAL, 0x4560);
		csrw(CSR_HTVAL, 0x1234), csrw(CSR_HTINST, 0x3000);
		u64 vsstatus = csrr(CSR_VSSTATUS);
		struct trap *t = try(mode, EBREAK, 0, 0);
		context("from mode, sie | spvp << 1", mode, i >> 2);
		CHECK("H_trap_hs_csrwrites", took(t, LEVEL_S, EXC_BREAK));
		CHECK("H_trap_hs_csrwrites hstatus_spv_op", !!(t->hstatus & HSTATUS_SPV) == (mode >> 2));
		CHECK("H_trap_hs_csrwrites", !!(t->sstatus & STATUS_SPP) == (mode & 1));
		bool after = mode & 4 ? mode & 1 : spvp;
		CHECK("H_trap_hs_csrwrites hstatus_spvp_op", !!(t->hstatus & HSTATUS_SPVP) == after);
		CHECK("H_trap_hs_csrwrites", !!(t->sstatus & STATUS_SPIE) == sie && !(t->sstatus & STATUS_SIE));
		CHECK("H_trap_hs_csrwrites htval_trapval htval_op", t->tval2 == 0);
		CHECK("H_trap_hs_csrwrites H_trap_xtinst htinst_op", t->tinst == 0);
		CHECK("H_trap_hs_csrwrites", t->epc == try_pc(mode));
		CHECK("H_trap_hs_csrwrites", t->vsstatus == vsstatus && csrr(CSR_VSEPC) == 0x1230 &&
						 csrr(CSR_VSCAUSE) == 7 && csrr(CSR_VSTVAL) == 0x4560);
		/* V was set to 0: the handler's ecall came from HS-mode, or try() would have reported otherwise */
		CHECK("H_trap_hs_csrwrites", (t->mstatus >> 11 & 3) == 1 && !(t->mstatus & STATUS_MPV));
	}
}

static void entry_vs(void)
{
	for (unsigned i = 0; i < 8; i++) {
		enum mode mode = i & 1 ? MODE_VS : MODE_VU;
		bool sie = i & 2, hs = i & 4;
		reset();
		delegate(DELEGATE_DEFAULT, BIT(EXC_BREAK));
		csrw(CSR_HSTATUS, hs ? HSTATUS_SPVP | HSTATUS_SPV | HSTATUS_GVA : 0);
		csrs(CSR_SSTATUS, hs ? STATUS_SIE | STATUS_SPP : STATUS_SPIE);
		csrw(CSR_VSSTATUS, (sie ? STATUS_SIE : STATUS_SPIE) | (mode & 1 ? 0 : STATUS_SPP));
		csrw(CSR_SEPC, 0x1230), csrw(CSR_SCAUSE, 7), csrw(CSR_STVAL, 0x4560), csrw(CSR_HTVAL, 0x78),
		    csrw(CSR_HTINST, 0x3000);
		u64 hstatus = csrr(CSR_HSTATUS), sstatus = csrr(CSR_SSTATUS);
		struct trap *t = try(mode, EBREAK, 0, 0);
		context("from mode, sie | hs << 1", mode, i >> 1);
		CHECK("H_trap_vs_csrwrites", took(t, LEVEL_VS, EXC_BREAK) && t->epc == try_pc(mode));
		CHECK("H_trap_vs_csrwrites", !!(t->vsstatus & STATUS_SPP) == (mode & 1));
		CHECK("H_trap_vs_csrwrites", !!(t->vsstatus & STATUS_SPIE) == sie && !(t->vsstatus & STATUS_SIE));
		CHECK("H_trap_vs_csrwrites", t->hstatus == hstatus && t->sstatus == sstatus);
		CHECK("H_trap_vs_csrwrites", csrr(CSR_SEPC) == 0x1230 && csrr(CSR_SCAUSE) == 7 &&
						 csrr(CSR_STVAL) == 0x4560 && csrr(CSR_HTVAL) == 0x78 &&
						 csrr(CSR_HTINST) == 0x3000);
		CHECK("H_trap_vs_csrwrites", t->mstatus & STATUS_MPV && (t->mstatus >> 11 & 3) == 1); /* V stays 1 */
	}
}

/* GVA: 1 exactly where a guest virtual address went to stval or mtval. */
static void gva(void)
{
	for (unsigned to_m = 0; to_m < 2; to_m++) {
		for (unsigned f = 0; f < FAULTS; f++) {
			for (unsigned i = 0; i < MODES; i++) {
				enum mode mode = modes[i];
				if (!to_m && mode == MODE_M)
					continue;
				reset();
				delegate(to_m ? 0 : DELEGATE_DEFAULT, 0);
				if (to_m)
					csrs(CSR_MSTATUS, mode & 4 ? 0 : STATUS_GVA);
				else
					csrs(CSR_HSTATUS, mode & 4 ? 0 : HSTATUS_GVA);
				struct trap *t = try(mode, faults[f].word, faults[f].a1, 0);
				bool set = to_m ? t->mstatus & STATUS_GVA : t->hstatus & HSTATUS_GVA;
				bool address =
				    faults[f].cause != EXC_ILLEGAL && !(faults[f].cause == EXC_BREAK && t->tval == 0);
				context("cause, mode", faults[f].cause, mode);
				CHECK(to_m ? "mstatus_gva_op" : "hstatus_gva_op", set == (mode >> 2 && address));
			}
		}
		/* the guest's address although V=0: HLV and HSV, and MPRV */
		reset();
		delegate(to_m ? 0 : DELEGATE_DEFAULT, 0);
		enum level level = to_m ? LEVEL_M : LEVEL_S;
		struct trap *t = try(MODE_S, HLV_D, 0x10, 0);
		CHECK("hstatus_gva_op mstatus_gva_op",
		      took(t, level, EXC_LOAD_ACCESS) &&
			  (to_m ? t->mstatus & STATUS_GVA && !(t->mstatus & STATUS_MPV)
				: t->hstatus & HSTATUS_GVA && !(t->hstatus & HSTATUS_SPV)));
		t = try(MODE_M, HSV_D, 0x10, 0);
		CHECK("mstatus_gva_op",
		      took(t, LEVEL_M, EXC_STORE_ACCESS) && t->mstatus & STATUS_GVA && !(t->mstatus & STATUS_MPV));
	}
}

/* MRET to every mode: from M with a status made by the test. The target's ecall tells where it went. */
static void mret(void)
{
	for (unsigned i = 0; i < 16; i++) {
		u64 mpp = i & 3, mpv = i >> 2 & 1, mpie = i >> 3;
		if (mpp == 2)
			continue;
		reset();
		const u32 words[] = { CSRW(CSR_MSTATUS, A1), CSRW(CSR_MEPC, A2), MRET };
		u64 x[32] = { 0 };
		u64 status = csrr(CSR_MSTATUS) & ~(STATUS_MPP | STATUS_MPV | STATUS_MPIE | STATUS_MIE);
		x[A1] = status | mpp << 11 | (mpv ? STATUS_MPV : 0) | (mpie ? STATUS_MPIE : STATUS_MIE);
		x[A2] = (u64)rt_done;
		struct trap *t = try_words(MODE_M, words, 3, x);
		context("mpp, mpv | mpie << 1", mpp, i >> 2);
		u64 v = mpp == 3 ? 0 : mpv;
		CHECK("mret_h mstatus_mpv_op", finished(t) && t->cause == (mpp == 3   ? 11
									   : mpp == 0 ? 8
									   : v        ? 10
										      : 9));
		CHECK("mret_h mstatus_mpv_op", !!(t->mstatus & STATUS_MPV) == v && (t->mstatus >> 11 & 3) == mpp);
		CHECK("mret_h", !!(t->mstatus & STATUS_MPIE) == mpie); /* MIE was MPIE */
	}
	/* back to M, where the fields can be read before the next trap writes them */
	for (unsigned i = 0; i < 4; i++) {
		reset();
		const u32 words[] = { CSRW(CSR_MSTATUS, A1), CSRW(CSR_MEPC, A2), MRET, CSRR(A3, CSR_MSTATUS) };
		u64 x[32] = { 0 };
		u64 status = csrr(CSR_MSTATUS) & ~(STATUS_MPP | STATUS_MPV | STATUS_MPIE | STATUS_MIE);
		x[A1] = status | STATUS_MPP | (i & 1 ? STATUS_MPV : 0) | (i & 2 ? STATUS_MPIE : STATUS_MIE);
		x[A2] = try_pc(MODE_M) + 12;
		struct trap *t = try_words(MODE_M, words, 4, x);
		CHECK("mret_h", finished(t) && !(t->x[A3] & (STATUS_MPP | STATUS_MPV)) && t->x[A3] & STATUS_MPIE);
		CHECK("mret_h", !!(t->x[A3] & STATUS_MIE) == !!(i & 2));
	}
	/* into a guest, MPRV is dropped */
	reset();
	const u32 words[] = { CSRW(CSR_MSTATUS, A1), CSRW(CSR_MEPC, A2), MRET };
	u64 x[32] = { 0 };
	x[A1] = (csrr(CSR_MSTATUS) & ~STATUS_MPP) | STATUS_MPV | BIT(11) | STATUS_MPRV;
	x[A2] = (u64)rt_done;
	struct trap *t = try_words(MODE_M, words, 3, x);
	CHECK("mret_h", finished(t) && t->cause == EXC_ECALL_VS && !(t->mstatus & STATUS_MPRV));
}

static void sret_v0(void)
{
	for (unsigned i = 0; i < 16; i++) {
		bool spp = i & 1, spv = i & 2, spie = i & 4;
		enum mode from = i & 8 ? MODE_M : MODE_S;
		reset();
		csrw(CSR_HSTATUS, (spv ? HSTATUS_SPV : 0) | HSTATUS_SPVP | HSTATUS_GVA);
		csrs(CSR_SSTATUS, (spp ? STATUS_SPP : 0) | (spie ? STATUS_SPIE : STATUS_SIE));
		csrw(CSR_SEPC, (u64)rt_done);
		csrw(CSR_VSEPC, 0x10), csrw(CSR_VSSTATUS, STATUS_SPP | STATUS_SPIE);
		u64 vsstatus = csrr(CSR_VSSTATUS);
		struct trap *t = try(from, SRET, 0, 0);
		context("from, spp | spv << 1 | spie << 2", from, i & 7);
		CHECK("sret_v0 sret_h hstatus_spv_sret",
		      finished(t) && t->epc == (u64)rt_done && !!(t->mstatus & STATUS_MPV) == spv);
		CHECK("sret_v0 sret_h hstatus_spv_sret", t->cause == (spp ? spv ? 10 : 9 : 8));
		CHECK("sret_v0", !(t->hstatus & HSTATUS_SPV) && !(t->sstatus & STATUS_SPP));
		CHECK("sret_v0", !!(t->sstatus & STATUS_SIE) == spie && t->sstatus & STATUS_SPIE);
		CHECK("sret_v0", t->hstatus & HSTATUS_SPVP && t->hstatus & HSTATUS_GVA);
		CHECK("sret_v0", t->vsstatus == vsstatus);
	}
}

static void sret_v1(void)
{
	for (unsigned i = 0; i < 8; i++) {
		bool spp = i & 1, spie = i & 2, spv = i & 4;
		reset();
		csrw(CSR_HSTATUS, spv ? HSTATUS_SPV : HSTATUS_SPVP);
		csrs(CSR_SSTATUS, (spp ? 0 : STATUS_SPP) | (spie ? 0 : STATUS_SPIE));
		csrw(CSR_SEPC, 0x10), csrw(CSR_VSEPC, (u64)rt_done);
		csrw(CSR_VSSTATUS, (spp ? STATUS_SPP : 0) | (spie ? STATUS_SPIE : STATUS_SIE));
		u64 hstatus = csrr(CSR_HSTATUS), sstatus = csrr(CSR_SSTATUS);
		struct trap *t = try(MODE_VS, SRET, 0, 0);
		context("spp | spie << 1 | spv << 2", i, 0);
		CHECK("sret_v1 sret_h",
		      finished(t) && t->epc == (u64)rt_done && t->mstatus & STATUS_MPV && t->cause == (spp ? 10 : 8));
		CHECK("sret_v1", !(t->vsstatus & STATUS_SPP) && t->vsstatus & STATUS_SPIE &&
				     !!(t->vsstatus & STATUS_SIE) == spie);
		CHECK("sret_v1", t->hstatus == hstatus && t->sstatus == sstatus);
	}
}

/* Of several exceptions, the one that is first in the table of priorities. */
static void priority(void)
{
	struct guest g;
	reset();
	guest_new(&g, 3, 3);
	/* fetch fault over whatever the word would do; address misaligned after translation for what must be aligned */
	guest_map(&g, 0, PTE_S & ~PTE_X, PTE_ALL);
	guest_data(&g, 0)[0] = 0;
	struct trap *t = try(MODE_VS, JALR(0, A1), guest_va(&g, 0), 0);
	CHECK("H_exception_priority", took(t, LEVEL_S, EXC_FETCH_PAGE) && t->epc == guest_va(&g, 0));
	guest_map(&g, 0, PTE_S, PTE_ALL & ~PTE_X);
	CHECK("H_exception_priority", took(try(MODE_VS, JALR(0, A1), guest_va(&g, 0), 0), LEVEL_S, EXC_FETCH_GUEST));
	/* both stages refuse: the first encountered is VS-stage */
	guest_map(&g, 0, PTE_S & ~(PTE_R | PTE_W | PTE_X), PTE_ALL & ~PTE_V);
	guest_map(&g, 0, 0, 0);
	CHECK("H_exception_priority", took(try(MODE_VS, LD, guest_va(&g, 0), 0), LEVEL_S, EXC_LOAD_PAGE));
	CHECK("H_exception_priority", took(try(MODE_VS, SD, guest_va(&g, 0), 0), LEVEL_S, EXC_STORE_PAGE));
	/* G-stage refuses what PMP would refuse too */
	guest_map(&g, 0, PTE_S, 0);
	space_map(&g.g, guest_gpa(&g, 0), 0x10000, 0, PTE_ALL & ~PTE_R & ~PTE_W);
	fence_all();
	CHECK("H_exception_priority", took(try(MODE_VS, LD, guest_va(&g, 0), 0), LEVEL_S, EXC_LOAD_GUEST));
	/* mapped to nothing: access fault, with the virtual address */
	space_map(&g.g, guest_gpa(&g, 0), 0x10000, 0, PTE_ALL);
	fence_all();
	t = try(MODE_VS, LD, guest_va(&g, 0) + 8, 0);
	CHECK("H_exception_priority",
	      took(t, LEVEL_S, EXC_LOAD_ACCESS) && t->tval == guest_va(&g, 0) + 8 && t->tval2 == 0);
	/* virtual instruction before any access: HLV of an unmapped address from VS */
	CHECK("H_exception_priority", took(try(MODE_VS, HLV_D, 0x10, 0), LEVEL_S, EXC_VIRTUAL));
	/* the choice: misaligned AMOs and LR raise misaligned before translation faults, or the fault: never both */
	t = try(MODE_VS, LR_D, 0x1004, 0);
	CHECK("H_exception_priority", took(t, LEVEL_S, EXC_LOAD_MISALIGNED) || took(t, LEVEL_S, EXC_LOAD_PAGE) ||
					  took(t, LEVEL_S, EXC_LOAD_ACCESS));
}

int main(void)
{
	delegation();
	ecalls();
	entry_m();
	entry_hs();
	entry_vs();
	gva();
	mret();
	sret_v0();
	sret_v1();
	priority();
	return 0;
}
