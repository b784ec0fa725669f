/* VS-level and hypervisor interrupts: pending, enabled, delegated, translated, in order. */
#include "rt.h"

enum { SSI = 1, VSSI = 2, STI = 5, VSTI = 6, SEI = 9, VSEI = 10, SGEI = 12, LCOFI = 13 };
static const unsigned vs_level[] = { VSSI, VSTI, VSEI };

/* Run a few instructions in a mode: the trap, or none. */
static struct trap *step(enum mode mode)
{
	static const u32 words[] = { NOP, NOP, NOP };
	return try_words(mode, words, 3, NULL);
}

static void set_global(bool hs, bool vs)
{
	if (hs)
		csrs(CSR_SSTATUS, STATUS_SIE);
	else
		csrc(CSR_SSTATUS, STATUS_SIE);
	if (vs)
		csrs(CSR_VSSTATUS, STATUS_SIE);
	else
		csrc(CSR_VSSTATUS, STATUS_SIE);
}

/* Who takes VS-level interrupt i if it is pending and enabled in hvip and hie. */
static enum level taker(enum mode mode, bool delegated, bool hs_sie, bool vs_sie)
{
	if (mode == MODE_M)
		return LEVEL_NONE;
	if (!delegated)
		return mode == MODE_S && !hs_sie ? LEVEL_NONE : LEVEL_S;
	if (!(mode & 4))
		return LEVEL_NONE; /* VS interrupts are off with V=0 */
	return mode == MODE_VS && !vs_sie ? LEVEL_NONE : LEVEL_VS;
}

static void matrix(void)
{
	static const enum mode modes[] = { MODE_U, MODE_S, MODE_M, MODE_VU, MODE_VS };
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned m = 0; m < 5; m++) {
			for (unsigned n = 0; n < 32; n++) {
				unsigned number = vs_level[i];
				bool delegated = n & 1, hs_sie = n & 2, vs_sie = n & 4, pending = !(n & 8),
				     enabled = !(n & 16);
				reset();
				csrw(CSR_HIDELEG, delegated ? BIT(number) : 0x444 & ~BIT(number));
				csrw(CSR_HVIP, pending ? BIT(number) : 0);
				csrw(CSR_HIE, enabled ? BIT(number) : 0x444 & ~BIT(number));
				csrw(CSR_HTINST, 0x3000), csrw(CSR_HTVAL, 0x123);
				set_global(hs_sie, vs_sie);
				struct trap *t = step(modes[m]);
				enum level want =
				    pending && enabled ? taker(modes[m], delegated, hs_sie, vs_sie) : LEVEL_NONE;
				context("interrupt, mode | conditions << 4", number, modes[m] | n << 4);
				u64 cause = want == LEVEL_VS ? IRQ(number - 1) : IRQ(number);
				CHECK(
				    "hideleg_op hideleg_trans hideleg_hs hvip_op hip_op hie_op H_trap_deleg H_cause",
				    want ? took(t, want, cause) && t->tval == 0 && t->epc == try_pc(modes[m])
					 : finished(t));
				if (want == LEVEL_S) {
					CHECK("H_trap_xtinst_interrupt htval_trapval H_trap_hs_csrwrites",
					      t->tinst == 0 && t->tval2 == 0);
					CHECK("H_trap_hs_csrwrites hstatus_gva_op",
					      !!(t->hstatus & HSTATUS_SPV) == modes[m] >> 2 &&
						  !(t->hstatus & HSTATUS_GVA));
				}
				if (want == LEVEL_VS)
					CHECK("H_trap_vs_csrwrites", csrr(CSR_HTINST) == 0x3000 &&
									 csrr(CSR_HTVAL) == 0x123 &&
									 !(t->vsstatus & STATUS_SIE) &&
									 !!(t->vsstatus & STATUS_SPIE) == vs_sie);
			}
		}
	}
}

/* The windows of VS-mode on hip and hie: aliases one bit lower, if delegated. */
static void vsip_vsie(void)
{
	static const char *const rules[] = { "vsip_vsie_ssi", "vsip_vsie_sti", "vsip_vsie_sei" };
	reset();
	for (unsigned i = 0; i < 3; i++) {
		u64 bit = BIT(vs_level[i]), own = bit >> 1;
		context("bit", vs_level[i], 0);
		for (unsigned delegated = 0; delegated < 2; delegated++) {
			csrw(CSR_HIDELEG, delegated ? bit : 0x444 & ~bit);
			csrw(CSR_HVIP, bit), csrw(CSR_HIE, bit);
			CHECK(rules[i],
			      csrr(CSR_VSIP) == (delegated ? own : 0) && csrr(CSR_VSIE) == (delegated ? own : 0));
			CHECK("vsip_vsie_op H_vscsrs_sub",
			      try(MODE_VS, CSRR(A0, CSR_SIP), 0, 0)->x[A0] == 0 || delegated);
			set_global(false, false);
			csrw(CSR_HIE, 0);
			csrw(CSR_VSIE, ~UINT64_C(0));
			CHECK(rules[i], (csrr(CSR_HIE) & bit) == (delegated ? bit : 0));
			csrw(CSR_VSIE, 0);
			CHECK(rules[i], !(csrr(CSR_HIE) & bit));
			csrw(CSR_HIE, bit);
			csrw(CSR_VSIE, 0);
			CHECK(rules[i], (csrr(CSR_HIE) & bit) == (delegated ? 0 : bit));
			/* pending bits: software's can be written, the others not */
			csrw(CSR_HVIP, 0), csrw(CSR_VSIP, ~UINT64_C(0));
			CHECK(rules[i], (csrr(CSR_HVIP) & bit) == (delegated && vs_level[i] == VSSI ? bit : 0));
			csrw(CSR_HVIP, bit), csrw(CSR_VSIP, 0);
			CHECK(rules[i], (csrr(CSR_HVIP) & bit) == (delegated && vs_level[i] == VSSI ? 0 : bit));
			csrw(CSR_HVIP, 0), csrw(CSR_HIE, 0);
		}
	}
	/* through sip and sie in VS-mode; HS's own stay what they are */
	reset();
	csrw(CSR_HIDELEG, 0x444);
	csrw(CSR_SIE, BIT(STI));
	csrw(CSR_HVIP, BIT(VSTI));
	CHECK("vsip_vsie_op vsip_vsie_acc", try(MODE_VS, CSRR(A0, CSR_SIP), 0, 0)->x[A0] == BIT(STI));
	CHECK("vsip_vsie_op vsip_vsie_acc", try(MODE_VS, CSRRW(A0, CSR_SIE, A1), BIT(SSI) | BIT(SEI), 0)->x[A0] == 0);
	CHECK("vsip_vsie_op vsip_vsie_acc VSIE_WARL", csrr(CSR_HIE) == (BIT(VSSI) | BIT(VSEI)) &&
							  csrr(CSR_SIE) == BIT(STI) &&
							  csrr(CSR_VSIE) == (BIT(SSI) | BIT(SEI)));
	CHECK("vsip_vsie_op vsip_vsie_acc",
	      finished(try(MODE_VS, CSRW(CSR_SIP, A1), BIT(SSI), 0)) && csrr(CSR_HVIP) == (BIT(VSTI) | BIT(VSSI)));
	CHECK("vsip_vsie_op", !(csrr(CSR_SIP) & 0x222));
	csrs(CSR_MIP, BIT(SSI));
	CHECK("vsip_vsie_op", csrr(CSR_SIP) & BIT(SSI) && !(csrr(CSR_VSIP) & ~(BIT(SSI) | BIT(STI))));
	/* HS-level interrupts never show in vsip: hideleg bits 1, 5, 9 are zero */
	csrw(CSR_HVIP, 0);
	csrs(CSR_MIP, BIT(SSI) | BIT(STI) | BIT(SEI));
	CHECK("vsip_vsie_op VSIP_WARL", csrr(CSR_VSIP) == 0);
	csrw(CSR_VSIE, ~UINT64_C(0));
	CHECK("vsip_vsie_sz VSIE_WARL", (csrr(CSR_VSIE) & ~BIT(LCOFI)) == 0x222 && (csrr(CSR_HIE) & 0x444) == 0x444);
	csrw(CSR_MIP, 0);
	csrw(CSR_VSIP, ~UINT64_C(0));
	CHECK("vsip_vsie_sz VSIP_WARL", (csrr(CSR_VSIP) & ~BIT(LCOFI)) == BIT(SSI));
	/* LCOFI: aliases only where hideleg bit 13 can be set (Shlcofideleg) */
	reset();
	csrw(CSR_HIDELEG, 0);
	csrw(CSR_SIE, BIT(LCOFI)), csrs(CSR_MIP, BIT(LCOFI));
	context("LCOFI", csrr(CSR_SIE), csrr(CSR_SIP));
	CHECK("vsip_vsie_lcofi", !(csrr(CSR_VSIE) & BIT(LCOFI)) && !(csrr(CSR_VSIP) & BIT(LCOFI)));
	csrw(CSR_HIDELEG, BIT(LCOFI));
	bool can = csrr(CSR_HIDELEG) & BIT(LCOFI);
	CHECK("vsip_vsie_lcofi", (csrr(CSR_VSIE) & BIT(LCOFI)) == (can ? csrr(CSR_SIE) & BIT(LCOFI) : 0));
	CHECK("vsip_vsie_lcofi", (csrr(CSR_VSIP) & BIT(LCOFI)) == (can ? csrr(CSR_SIP) & BIT(LCOFI) : 0));
	csrw(CSR_SIE, 0);
	csrw(CSR_VSIE, BIT(LCOFI));
	CHECK("vsip_vsie_lcofi", (csrr(CSR_SIE) & BIT(LCOFI)) == (can ? BIT(LCOFI) : 0));
	csrw(CSR_MIP, 0);
}

/* Every pair of interrupts for HS-mode, and the order among all. */
static void priority(void)
{
	static const unsigned order[] = { SEI, SSI, STI, VSEI, VSSI, VSTI, LCOFI };
	for (unsigned a = 0; a < 7; a++) {
		for (unsigned b = a; b < 7; b++) {
			for (unsigned m = 0; m < 3; m++) {
				static const enum mode modes[] = { MODE_U, MODE_VS, MODE_VU };
				reset();
				u64 want = BIT(order[a]) | BIT(order[b]);
				csrw(CSR_MIE, want);
				csrw(CSR_HVIP, want & 0x444);
				csrs(CSR_MIP, want & ~UINT64_C(0x444));
				u64 live = csrr(CSR_MIP) & csrr(CSR_MIE);
				if (live != want)
					continue; /* no LCOFI */
				struct trap *t = step(modes[m]);
				context("interrupts", order[a], order[b]);
				CHECK("hsint_priority", took(t, LEVEL_S, IRQ(order[a])));
				csrw(CSR_MIP, 0);
			}
		}
	}
	/* VS takes its own in its own order, and HS's come before any of VS */
	static const unsigned vs_order[] = { VSEI, VSSI, VSTI };
	for (unsigned a = 0; a < 3; a++) {
		for (unsigned b = a; b < 3; b++) {
			reset();
			csrw(CSR_HIDELEG, 0x444), csrw(CSR_HIE, 0x444);
			csrw(CSR_HVIP, BIT(vs_order[a]) | BIT(vs_order[b]));
			set_global(false, true);
			context("VS interrupts", vs_order[a], vs_order[b]);
			CHECK("hideleg_trans hideleg_op", took(step(MODE_VS), LEVEL_VS, IRQ(vs_order[a] - 1)));
			csrw(CSR_HIDELEG, 0x444 & ~BIT(vs_order[b]));
			CHECK("hideleg_hs", took(step(MODE_VS), LEVEL_S, IRQ(vs_order[b])));
		}
	}
	/* M-level ones first of all */
	reset();
	csrw(CSR_MIDELEG, ~UINT64_C(0) & ~BIT(SSI));
	csrw(CSR_MIE, BIT(SSI) | BIT(VSEI));
	csrs(CSR_MIP, BIT(SSI)), csrw(CSR_HVIP, BIT(VSEI));
	csrw(CSR_MTINST, 0x3000), csrw(CSR_MTVAL2, 0x77);
	struct trap *t = step(MODE_VS);
	CHECK("H_trap_deleg H_trap_xtinst_interrupt mtval2_trapval",
	      took(t, LEVEL_M, IRQ(SSI)) && t->tinst == 0 && t->tval2 == 0 && t->tval == 0);
	CHECK("mstatus_gva_op", !(t->mstatus & STATUS_GVA) && t->mstatus & STATUS_MPV);
	csrw(CSR_MIP, 0);
}

/* Vectors: vstvec's own mode, with the translated cause. */
static void vectored(void)
{
	for (unsigned i = 0; i < 3; i++) {
		reset();
		csrw(CSR_HIDELEG, 0x444), csrw(CSR_HIE, 0x444), csrw(CSR_HVIP, BIT(vs_level[i]));
		set_global(false, true);
		csrw(CSR_VSTVEC, (u64)vs_entry | 1);
		struct trap *t = step(MODE_VS);
		CHECK("vstvec_op VSTVEC_MODE_WARL hideleg_trans",
		      took(t, LEVEL_VS, IRQ(vs_level[i] - 1)) && t->vector == vs_level[i] - 1);
		csrw(CSR_VSTVEC, (u64)vs_entry);
		set_global(false, true);
		t = step(MODE_VS);
		CHECK("vstvec_op shvstvecd_vstvec_mode_direct",
		      took(t, LEVEL_VS, IRQ(vs_level[i] - 1)) && t->vector == 0);
		csrw(CSR_HIDELEG, 0);
		csrw(CSR_STVEC, (u64)hs_entry | 1);
		t = step(MODE_VS);
		CHECK("H_cause hideleg_op", took(t, LEVEL_S, IRQ(vs_level[i])) && t->vector == vs_level[i]);
		csrw(CSR_VSTVEC, (u64)vs_entry | 1);
		csrw(CSR_HVIP, 0);
		delegate(DELEGATE_DEFAULT, BIT(EXC_BREAK));
		t = try(MODE_VS, EBREAK, 0, 0);
		CHECK("vstvec_op VSTVEC_MODE_WARL", took(t, LEVEL_VS, EXC_BREAK) && t->vector == 0);
	}
	/* a base that is aligned to 4 only */
	reset();
	delegate(DELEGATE_DEFAULT, BIT(EXC_BREAK));
	csrw(CSR_VSTVEC, (u64)vs_entry + 20);
	CHECK("shvstvecd_vstvec_base_aligned_address VSTVEC_BASE_WARL", csrr(CSR_VSTVEC) == (u64)vs_entry + 20);
	struct trap *t = try(MODE_VS, EBREAK, 0, 0);
	CHECK("shvstvecd_vstvec_base_aligned_address vstvec_op", took(t, LEVEL_VS, EXC_BREAK) && t->vector == 5);
}

/* The simulator's device that drives hart 0's guest external interrupts: only there if it has any. */
static volatile u64 *const guest_lines = (volatile u64 *)0x103000;

/* One line from the device to whoever takes the interrupt: HS-mode by hgeie, VS-mode by hstatus.VGEIN. */
static void driven(unsigned line, unsigned geilen)
{
	unsigned other = line == geilen ? line - 1 : line + 1;
	reset();
	context("driven line, GEILEN", line, geilen);
	*guest_lines = BIT(line);
	CHECK("hgeip_hgeie_fields hgeip_op", csrr(CSR_HGEIP) == BIT(line) && *guest_lines == BIT(line));
	csrw(CSR_HIE, BIT(SGEI));
	csrw(CSR_HGEIE, ~BIT(line));
	set_global(true, true);
	CHECK("hip_sgeip_sgeie_op hgeie_op", !(csrr(CSR_HIP) & BIT(SGEI)) && finished(step(MODE_S)));
	csrw(CSR_HGEIE, BIT(line));
	CHECK("hip_sgeip_sgeie_op hgeie_op H_cause", took(step(MODE_S), LEVEL_S, IRQ(SGEI)));
	set_global(false, true);
	CHECK("hip_sgeip_sgeie_op hgeie_op", took(step(MODE_VS), LEVEL_S, IRQ(SGEI)));

	reset();
	csrw(CSR_HGEIE, 0);
	csrw(CSR_HIDELEG, BIT(VSEI));
	csrw(CSR_HIE, BIT(VSEI));
	csrw(CSR_HSTATUS, (u64)other << 12);
	set_global(false, true);
	CHECK("hip_vseip_vseie_op hstatus_vgein_op", !(csrr(CSR_HIP) & BIT(VSEI)) && finished(step(MODE_VS)));
	csrw(CSR_HSTATUS, (u64)line << 12);
	CHECK("hip_vseip_vseie_op hstatus_vgein_op", csrr(CSR_HIP) & BIT(VSEI));
	CHECK("hip_vseip_vseie_op hstatus_vgein_op", took(step(MODE_VS), LEVEL_VS, IRQ(SEI)));

	*guest_lines = 0;
	set_global(false, true);
	CHECK("hgeip_op hip_vseip_vseie_op", csrr(CSR_HGEIP) == 0 && finished(step(MODE_VS)));
}

/* Guest external interrupts: bits 1..GEILEN; the simulator's option decides how many. */
static void guest_external(void)
{
	reset();
	csrw(CSR_HGEIE, ~UINT64_C(0));
	unsigned geilen = 0;
	while (geilen < 63 && csrr(CSR_HGEIE) >> (geilen + 1))
		geilen++;
	context("GEILEN", geilen, 0);
	CHECK("GEILEN hgeip_hgeie_fields hgeie_acc HGEIE_WARL", csrr(CSR_HGEIE) == (BIT(geilen) - 1) << 1);
	CHECK("GEILEN hgeip_sz", !(csrr(CSR_HGEIP) & ~((BIT(geilen) - 1) << 1)));
	/* none is pending until the machine's device drives one */
	CHECK("hip_sgeip_sgeie_op hgeip_op", !(csrr(CSR_HGEIP) & csrr(CSR_HGEIE)) == !(csrr(CSR_HIP) & BIT(SGEI)));
	csrw(CSR_HIE, ~UINT64_C(0));
	CHECK("hip_sgeip_sgeie_acc", !!(csrr(CSR_HIE) & BIT(SGEI)) == (geilen != 0));
	csrw(CSR_HIP, ~UINT64_C(0));
	csrw(CSR_MIP, ~UINT64_C(0));
	CHECK("hip_sgeip_sgeie_acc", !(csrr(CSR_HIP) & BIT(SGEI)) == !(csrr(CSR_HGEIP) & csrr(CSR_HGEIE)));
	csrw(CSR_MIP, 0);
	/* VGEIN selects a source that is not pending: only hvip counts */
	for (unsigned i = 0; i <= geilen; i++) {
		csrw(CSR_HSTATUS, (u64)i << 12);
		csrw(CSR_HVIP, 0);
		CHECK("hip_vseip_vseie_op hstatus_vgein_op",
		      !(csrr(CSR_HIP) & BIT(VSEI)) == !(csrr(CSR_HGEIP) >> i & 1));
		csrw(CSR_HVIP, BIT(VSEI));
		CHECK("hip_vseip_vseie_op", csrr(CSR_HIP) & BIT(VSEI));
	}
	for (unsigned i = 1; i <= geilen; i++)
		driven(i, geilen);
}

int main(void)
{
	matrix();
	vsip_vsie();
	priority();
	vectored();
	guest_external();
	return 0;
}
