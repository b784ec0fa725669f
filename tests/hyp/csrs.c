/* Hypervisor and VS CSRs: widths, writable bits, legal values, and which register an access reaches. */
#include "rt.h"

#define ONES (~UINT64_C(0))

static u64 get(unsigned csr)
{
	u64 value = 0;
	CHECK("csr_readable", csr_read(csr, &value));
	return value;
}

static void set(unsigned csr, u64 value)
{
	CHECK("csr_writable", csr_write(csr, value));
}

/* Bits that hold both values when written from M-mode, and from HS-mode the same. Restores the register. */
static u64 writable(unsigned csr, const char *rules)
{
	u64 old = get(csr), from[2];
	for (unsigned i = 0; i < 2; i++) {
		enum mode mode = i ? MODE_S : MODE_M;
		try(mode, CSRW(csr, A1), ONES, 0);
		u64 ones = get(csr);
		CHECK(rules, try(mode, CSRR(A0, csr), 0, 0)->x[A0] == ones);
		try(mode, CSRW(csr, A1), 0, 0);
		from[i] = ones & ~get(csr);
		set(csr, old);
	}
	context("csr, writable", csr, from[0]);
	CHECK(rules, from[0] == from[1]);
	return from[0];
}

static bool holds(unsigned csr, u64 value)
{
	u64 old = get(csr);
	set(csr, value);
	bool same = get(csr) == value;
	set(csr, old);
	return same;
}

/* Every bit of the mask by itself. */
static bool holds_each(unsigned csr, u64 mask)
{
	for (unsigned i = 0; i < 64; i++)
		if (mask & BIT(i) && (!holds(csr, BIT(i)) || !holds(csr, mask & ~BIT(i))))
			return false;
	return true;
}

static void general(void)
{
	reset();
	CHECK("H_mtval_nrz",
	      csr_holds(CSR_MTVAL, 0x123456789abcdef0) == 0x123456789abcdef0 && csr_holds(CSR_MTVAL, 0) == 0);
	set(CSR_SATP, UINT64_C(8) << 60);
	CHECK("H_vm_supported", get(CSR_SATP) >> 60 == 8);
	set(CSR_SATP, 0);
	/* H goes with the bit: where the bit can be cleared, the extension goes away */
	u64 misa = get(CSR_MISA);
	CHECK("misa_h_op", misa & BIT(7));
	CHECK("misa_h_op", csr_exists(CSR_HSTATUS) && finished(try(MODE_M, HFENCE_GVMA(0, 0), 0, 0)));
	set(CSR_MISA, misa & ~BIT(7));
	if (!(get(CSR_MISA) & BIT(7))) {
		CHECK("misa_h_op", !csr_exists(CSR_HSTATUS) && !csr_exists(CSR_VSSTATUS) && !csr_exists(CSR_MTVAL2));
		set(CSR_MISA, misa);
		CHECK("misa_h_op", csr_exists(CSR_HSTATUS));
	}
	/* the choices: 64 bits everywhere, in read-only fields */
	CHECK("HSXLEN", csr_holds(CSR_MSTATUS, csrr(CSR_MSTATUS) ^ BIT(34) ^ BIT(35)) >> 34 % 4 &&
			    (csrr(CSR_MSTATUS) >> 34 & 3) == 2);
	u64 hstatus = get(CSR_HSTATUS);
	for (u64 i = 0; i < 4; i++) {
		set(CSR_HSTATUS, i << 32);
		CHECK("VSXLEN hstatus_vsxl_op hstatus_vsxl_64 HSTATUS_VSXL_64_WARL VSXL_RO",
		      (get(CSR_HSTATUS) >> 32 & 3) == 2);
	}
	set(CSR_HSTATUS, hstatus);
	/* VS-mode really is 64 bits wide */
	CHECK("hstatus_vsxl_op VSXLEN", try(MODE_VS, ADDI(A0, A1, 1), 0xffffffff, 0)->x[A0] == UINT64_C(0x100000000));
	for (u64 i = 0; i < 4; i++) {
		set(CSR_VSSTATUS, i << 32);
		CHECK("vsstatus_uxl_op VSSTATUS_UXL_WARL", (get(CSR_VSSTATUS) >> 32 & 3) == 2);
	}
	CHECK("vsstatus_uxl_op", try(MODE_VU, ADDI(A0, A1, 1), 0xffffffff, 0)->x[A0] == UINT64_C(0x100000000));
}

static void hstatus(void)
{
	reset();
	u64 fields =
	    HSTATUS_GVA | HSTATUS_SPV | HSTATUS_SPVP | HSTATUS_HU | HSTATUS_VTVM | HSTATUS_VTW | HSTATUS_VTSR;
	u64 mask = writable(CSR_HSTATUS, "hstatus_sz hstatus_acc hstatus_op");
	CHECK("hstatus_sz hstatus_acc hstatus_op", (mask & fields) == fields);
	CHECK("hstatus_sz hstatus_op", !(mask & ~(fields | HSTATUS_VSBE | HSTATUS_VGEIN | UINT64_C(3) << 48)));
	for (unsigned i = 0; i < 64; i++)
		if (fields & BIT(i)) {
			set(CSR_HSTATUS, BIT(i));
			CHECK("hstatus_op", (get(CSR_HSTATUS) & fields) == BIT(i));
		}
	set(CSR_HSTATUS, 0);
	CHECK("hstatus_op", !(get(CSR_HSTATUS) & ~HSTATUS_VSXL));
}

static void delegation(void)
{
	const u64 must = 0x1fe | BIT(12) | BIT(13) | BIT(15) | BIT(18) | BIT(19), never = 0xe00 | BIT(16) | 0xf00000;
	reset();
	u64 mask = writable(CSR_HEDELEG, "hedeleg_sz hedeleg_acc");
	CHECK("hedeleg_acc hedeleg_sz HEDELEG_WARL", (mask & must) == must && !(mask & never));
	/* the choice: bit 0 (the address cannot be misaligned with C) and reserved ones are read-only zero */
	CHECK("HEDELEG_WARL", (mask & ~(must | BIT(0))) == 0);
	CHECK("hedeleg_sz hedeleg_acc", holds_each(CSR_HEDELEG, mask));
	set(CSR_HEDELEG, ONES);
	CHECK("hedeleg_acc", get(CSR_HEDELEG) == mask);
	set(CSR_HEDELEG, 0);
	CHECK("hedeleg_acc", get(CSR_HEDELEG) == 0);

	mask = writable(CSR_HIDELEG, "hideleg_sz hideleg_acc");
	CHECK("hideleg_acc hideleg_sz HIDELEG_WARL", (mask & 0xffff & ~BIT(13)) == (BIT(10) | BIT(6) | BIT(2)));
	CHECK("HIDELEG_WARL", !(mask & ~UINT64_C(0x2444)));
	CHECK("hideleg_sz hideleg_acc", holds_each(CSR_HIDELEG, mask));
	CHECK("hideleg_acc", !(get(CSR_HIDELEG) & 0x1222));

	set(CSR_MIDELEG, 0);
	CHECK("mideleg_acc_h", (get(CSR_MIDELEG) & 0x444) == 0x444);
	bool gei = get(CSR_MIDELEG) & BIT(12);
	set(CSR_HGEIE, ONES);
	CHECK("mideleg_acc_h", gei == (get(CSR_HGEIE) != 0));
	set(CSR_HGEIE, 0);
	CHECK("mideleg_hroz", (writable(CSR_HIDELEG, "mideleg_hroz") & ~get(CSR_MIDELEG)) == 0);
	CHECK("mideleg_hroz", (writable(CSR_HIE, "mideleg_hroz") & ~get(CSR_MIDELEG)) == 0);
	set(CSR_HIDELEG, ONES), set(CSR_HIE, ONES);
	CHECK("mideleg_hroz", ((get(CSR_HIDELEG) | get(CSR_HIE) | get(CSR_HIP)) & ~get(CSR_MIDELEG)) == 0);
	set(CSR_MIDELEG, ONES);
	CHECK("mideleg_acc_h", (get(CSR_MIDELEG) & 0x444) == 0x444);
}

static void interrupts(void)
{
	reset();
	u64 gei = get(CSR_MIDELEG) & BIT(12);
	u64 mask = writable(CSR_HVIP, "hvip_sz hvip_acc");
	CHECK("hvip_acc hvip_sz HVIP_WARL", mask == 0x444 && holds_each(CSR_HVIP, mask));
	set(CSR_HVIP, ONES);
	CHECK("hvip_acc", get(CSR_HVIP) == 0x444);
	set(CSR_HVIP, 0);
	mask = writable(CSR_HIP, "hip_hie_sz hip_hie_acc");
	CHECK("hip_hie_sz hip_hie_acc HIP_WARL hip_acc hip_vssip_vssie_op", mask == BIT(2));
	mask = writable(CSR_HIE, "hip_hie_sz hip_hie_acc");
	CHECK("hip_hie_sz hip_hie_acc HIE_WARL hie_acc hie_op", mask == (0x444 | gei) && holds_each(CSR_HIE, mask));
	set(CSR_SIE, ONES), set(CSR_HIE, ONES), set(CSR_SIP, ONES), set(CSR_HVIP, ONES);
	CHECK("sie_hip_hie_mutex", get(CSR_SIE) && get(CSR_HIE) && !(get(CSR_SIE) & get(CSR_HIE)));
	CHECK("sie_hip_hie_mutex", get(CSR_SIP) && get(CSR_HIP) && !(get(CSR_SIP) & get(CSR_HIP)));
	CHECK("sie_hip_hie_mutex", !(get(CSR_SIE) & get(CSR_HIP)));
	set(CSR_SIP, 0), set(CSR_SIE, 0), set(CSR_HIE, 0), set(CSR_HVIP, 0);

	/* aliases in mip and mie */
	for (unsigned i = 2; i <= 10; i += 4) {
		set(CSR_HVIP, BIT(i));
		CHECK("mip_mie_alias mip_mie_vs hip_op hvip_op",
		      (get(CSR_MIP) & 0x1444) == BIT(i) && get(CSR_HIP) == BIT(i));
		set(CSR_HVIP, 0);
		CHECK("mip_mie_alias mip_mie_vs hip_op hvip_op", !(get(CSR_MIP) & 0x1444) && get(CSR_HIP) == 0);
		set(CSR_HIE, BIT(i));
		CHECK("mip_mie_alias mip_mie_vs hie_op", get(CSR_MIE) == BIT(i));
		set(CSR_HIE, 0), set(CSR_MIE, BIT(i));
		CHECK("mip_mie_alias mip_mie_vs hie_op", get(CSR_HIE) == BIT(i));
		set(CSR_MIE, 0);
	}
	set(CSR_MIP, BIT(2));
	CHECK("mip_mie_alias hip_vssip_vssie_op", get(CSR_HIP) == BIT(2) && get(CSR_HVIP) == BIT(2));
	set(CSR_MIP, 0);
	CHECK("mip_mie_alias", get(CSR_HVIP) == 0);
	set(CSR_HIP, BIT(2));
	CHECK("hip_vssip_vssie_op", get(CSR_HVIP) == BIT(2) && get(CSR_MIP) & BIT(2));
	set(CSR_HIP, 0);
	CHECK("hip_vssip_vssie_op hip_acc", get(CSR_HVIP) == 0);
	/* the other two are read-only in hip and mip */
	set(CSR_HVIP, BIT(10) | BIT(6));
	set(CSR_HIP, 0), set(CSR_MIP, 0);
	CHECK("hip_vseip_vseie_op hip_vstip_vstie_acc hip_acc", get(CSR_HIP) == (BIT(10) | BIT(6)));
	set(CSR_HVIP, 0), set(CSR_HIP, ONES);
	CHECK("hip_vseip_vseie_op hip_vstip_vstie_acc hip_sgeip_sgeie_acc", get(CSR_HIP) == BIT(2));
}

static void henvcfg(void)
{
	reset();
	set(CSR_MENVCFG, ONES);
	u64 mask = writable(CSR_HENVCFG, "henvcfg_sz henvcfg_acc henvcfg_op");
	u64 known = ENVCFG_FIOM | ENVCFG_LPE | ENVCFG_SSE | ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE | ENVCFG_PMM |
		    ENVCFG_DTE | ENVCFG_ADUE | ENVCFG_PBMTE | ENVCFG_STCE;
	CHECK("henvcfg_sz henvcfg_acc henvcfg_op", !(mask & ~known) && mask & ENVCFG_FIOM && mask >> 32);
	CHECK("henvcfg_cbze henvcfg_cbcfe", (mask & 0xc0) == 0xc0);
	CHECK("henvcfg_stce_exist henvcfg_stce", mask & ENVCFG_STCE);
	for (u64 i = 0; i < 4; i++) {
		set(CSR_HENVCFG, i << 4);
		u64 got = get(CSR_HENVCFG) >> 4 & 3;
		CHECK("HENVCFG_CBIE_WARL henvcfg_cbie", i == 2 ? got != 2 : got == i);
	}
	/* the choice for the reserved encoding */
	set(CSR_HENVCFG, 3 << 4);
	set(CSR_HENVCFG, 2 << 4);
	CHECK("HENVCFG_CBIE_WARL", (get(CSR_HENVCFG) >> 4 & 3) != 2);
	set(CSR_HENVCFG, ONES);
	for (unsigned i = 59; i < 64; i++) {
		/* bits that menvcfg masks */
		if (!(mask & BIT(i)))
			continue;
		set(CSR_MENVCFG, ONES & ~BIT(i));
		context("henvcfg bit", i, 0);
		CHECK("henvcfg_sz", !(get(CSR_HENVCFG) & BIT(i)));
		set(CSR_MENVCFG, ONES);
	}
	set(CSR_MENVCFG, 0);
	context("menvcfg 0", 0, 0);
	CHECK("henvcfg_adue_op henvcfg_pbmte_op henvcfg_stce", !(get(CSR_HENVCFG) >> 59));
}

static void time_delta(void)
{
	static const u64 deltas[] = { 0, 1000000, UINT64_C(1) << 40, ONES - 500, UINT64_C(1) << 63 };
	reset();
	CHECK("htimedelta_sz htimedelta_acc time_htimedelta_req",
	      writable(CSR_HTIMEDELTA, "htimedelta_sz htimedelta_acc") == ONES);
	CHECK("htimedelta_sz", holds_each(CSR_HTIMEDELTA, ONES));
	for (unsigned i = 0; i < sizeof(deltas) / sizeof(deltas[0]); i++) {
		csrw(CSR_HTIMEDELTA, deltas[i]);
		for (unsigned j = 0; j < 4; j++) {
			static const enum mode modes[] = { MODE_VS, MODE_VU, MODE_S, MODE_U };
			u64 delta = j < 2 ? deltas[i] : 0, before = csrr(CSR_TIME);
			u64 seen = try(modes[j], CSRR(A0, CSR_TIME), 0, 0)->x[A0] - delta;
			CHECK("htimedelta_op time_htimedelta_req", seen - before <= csrr(CSR_TIME) - before);
		}
	}
	CHECK("htimedelta_op", finished(try(MODE_M, CSRR(A0, CSR_TIME), 0, 0)));
}

static void trap_values(void)
{
	static const u64 gpas[] = { 0, 1, UINT64_C(0x3ffffffffff), UINT64_C(0x155555555), ONES >> 2 >> 3 };
	reset();
	for (unsigned i = 0; i < sizeof(gpas) / sizeof(gpas[0]); i++) {
		CHECK("htval_sz htval_acc HTVAL_WARL htval_val", holds(CSR_HTVAL, gpas[i]));
		CHECK("mtval2_sz mtval2_acc MTVAL2_WARL mtval2_val mtval2_Ssdbltrap",
		      csr_holds(CSR_MTVAL2, gpas[i]) == gpas[i]);
	}
	static const u64 insns[] = { 0, 0x3000, 0x3020, 0x00003503, 0x0ff00001, 0xffffffff };
	for (unsigned i = 0; i < sizeof(insns) / sizeof(insns[0]); i++) {
		CHECK("htinst_sz htinst_acc HTINST_WARL htinst_val", holds(CSR_HTINST, insns[i]));
		CHECK("mtinst_sz mtinst_acc MTINST_WARL mtinst_val", csr_holds(CSR_MTINST, insns[i]) == insns[i]);
	}
	writable(CSR_HTVAL, "htval_acc");
	writable(CSR_HTINST, "htinst_acc");
	static const enum mode below[] = { MODE_S, MODE_VS, MODE_U, MODE_VU };
	for (unsigned i = 0; i < 4; i++)
		for (unsigned j = 0; j < 2; j++)
			CHECK("mtval2_acc mtinst_acc",
			      took(try(below[i], CSRR(A0, j ? CSR_MTVAL2 : CSR_MTINST), 0, 0), LEVEL_S, EXC_ILLEGAL));
}

static bool hgatp_mode(u64 mode)
{
	set(CSR_HGATP, mode << 60);
	return get(CSR_HGATP) >> 60 == mode;
}

static void hgatp(void)
{
	reset();
	for (u64 mode = 8; mode <= 10; mode++) {
		set(CSR_SATP, mode << 60);
		bool there = get(CSR_SATP) >> 60 == mode;
		set(CSR_SATP, 0);
		CHECK("shgatpa_satp_hgatp_mode_support hgatp_mode_sv", !there || hgatp_mode(mode));
		set(CSR_VSATP, mode << 60);
		CHECK("shvsatpa_satp_vsatp_modes", !there || get(CSR_VSATP) >> 60 == mode);
		set(CSR_VSATP, 0);
		CHECK("hgatp_mode_sv HGATP_MODE_WARL", there == hgatp_mode(mode));
	}
	CHECK("shgatpa_hgatp_bare_mode hgatp_mode_bare", hgatp_mode(0));
	/* reserved modes: the register stays legal; the choice: MODE keeps its value, the rest is written */
	for (u64 mode = 1; mode < 16; mode++) {
		if (mode >= 8 && mode <= 10)
			continue;
		set(CSR_HGATP, UINT64_C(8) << 60);
		set(CSR_HGATP, mode << 60 | 0x12340);
		u64 left = get(CSR_HGATP) >> 60;
		context("hgatp", mode, get(CSR_HGATP));
		CHECK("HGATP_MODE_WARL", left == 8 && (get(CSR_HGATP) & 0xfffff) == 0x12340);
	}
	u64 mode = UINT64_C(8) << 60, vmid = UINT64_C(0x3fff) << 44, ppn = BIT(44) - 1;
	set(CSR_HGATP, mode | vmid | ppn);
	u64 got = get(CSR_HGATP);
	context("hgatp", got, 0);
	CHECK("hgatp_ppn_op", !(got & 3) && (got & 0xfffffff) == 0xffffffc);
	CHECK("hgatp_sz hgatp_acc hgatp_op", got >> 60 == 8);
	/* VMID: the choice is all 14 bits; bits 59:58 are not there */
	CHECK("HGATP_VMID hgatp_vmid_lsbs", (got & vmid) == vmid);
	CHECK("HGATP_VMID hgatp_sz", !(got & UINT64_C(3) << 58));
	for (unsigned i = 0; i < 14; i++) {
		set(CSR_HGATP, mode | BIT(44 + i));
		CHECK("hgatp_vmid_lsbs HGATP_VMID hgatp_acc", get(CSR_HGATP) == (mode | BIT(44 + i)));
	}
	for (unsigned i = 2; i < 30; i++)
		CHECK("hgatp_acc hgatp_op", holds(CSR_HGATP, mode | BIT(i)));
	set(CSR_HGATP, 0);
	CHECK("hgatp_mode_bare", get(CSR_HGATP) == 0);
	/* from HS-mode too */
	try(MODE_S, CSRW(CSR_HGATP, A1), mode | 0x1230, 0);
	CHECK("hgatp_acc",
	      get(CSR_HGATP) == (mode | 0x1230) && try(MODE_S, CSRR(A0, CSR_HGATP), 0, 0)->x[A0] == (mode | 0x1230));
	set(CSR_HGATP, 0);
}

struct pair {
	unsigned s, vs;
	u64 a, b, c; /* legal values of both, different in every register */
	const char *rules;
};
static const struct pair pairs[] = {
	{ CSR_SSTATUS, CSR_VSSTATUS, STATUS_SUM, STATUS_MXR, STATUS_SPIE | STATUS_SPP,
	  "vsstatus_sz vsstatus_acc vsstatus_op" },
	{ CSR_STVEC, CSR_VSTVEC, 0x80001000, 0x80002000, 0xffffffffc0003100, "vstvec_sz vstvec_acc vstvec_op" },
	{ CSR_SSCRATCH, CSR_VSSCRATCH, 0x1111222233334444, 0x5555666677778888, 0xffffffffffffffff,
	  "vsscratch_sz vsscratch_acc vsscratch_op" },
	{ CSR_SEPC, CSR_VSEPC, 0x80001234, 0x80005678, 0xfffffffffffffffe, "vspec_sz vspec_acc vspec_op" },
	{ CSR_SCAUSE, CSR_VSCAUSE, 5, 13, IRQ(9), "vscause_sz vscause_acc vscause_op" },
	{ CSR_STVAL, CSR_VSTVAL, 0x1111222233334444, 0x5555666677778888, 0xffffffffffffffff,
	  "vstval_sz vstval_acc vstval_op" },
	{ CSR_STIMECMP, CSR_VSTIMECMP, 0x7111222233334444, 0x7555666677778888, 0xffffffffffffffff,
	  "vstimecmp_sz vstimecmp_exist stimecmp_exist" },
	{ CSR_SATP, CSR_VSATP, 0, 0, 0, "vsatp_sz vsatp_acc vsatp_op" },
};
enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

static u64 bits(const struct pair *pair, u64 value)
{
	return pair->s == CSR_SSTATUS ? value & (STATUS_SUM | STATUS_MXR | STATUS_SPIE | STATUS_SPP) : value;
}

static void substitution(const struct pair *pair, const char *rules)
{
	set(pair->s, pair->a), set(pair->vs, pair->b);
	context("csr", pair->s, pair->vs);
	CHECK(rules, bits(pair, try(MODE_VS, CSRR(A0, pair->s), 0, 0)->x[A0]) == pair->b);
	CHECK(rules, bits(pair, get(pair->s)) == pair->a && bits(pair, get(pair->vs)) == pair->b);
	CHECK(rules, bits(pair, try(MODE_S, CSRR(A0, pair->s), 0, 0)->x[A0]) == pair->a);
	CHECK(rules, bits(pair, try(MODE_S, CSRR(A0, pair->vs), 0, 0)->x[A0]) == pair->b);
	if (pair->s == CSR_STVEC)
		return; /* written under its own handler: below */
	CHECK(rules, bits(pair, try(MODE_VS, CSRRW(A0, pair->s, A1), pair->c, 0)->x[A0]) == pair->b);
	CHECK(rules, bits(pair, get(pair->s)) == pair->a && bits(pair, get(pair->vs)) == pair->c);
	CHECK(rules, finished(try(MODE_S, CSRW(pair->vs, A1), pair->b, 0)));
	CHECK(rules, bits(pair, get(pair->s)) == pair->a && bits(pair, get(pair->vs)) == pair->b);
	CHECK(rules, finished(try(MODE_S, CSRW(pair->s, A1), pair->c, 0)));
	CHECK(rules, bits(pair, get(pair->s)) == pair->c && bits(pair, get(pair->vs)) == pair->b);
}

static void substitutions(void)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		reset();
		csrs(CSR_MENVCFG, ENVCFG_STCE), csrs(CSR_HENVCFG, ENVCFG_STCE);
		substitution(&pairs[i], pairs[i].rules);
		reset();
		csrs(CSR_MENVCFG, ENVCFG_STCE), csrs(CSR_HENVCFG, ENVCFG_STCE);
		substitution(&pairs[i], "H_vscsrs_sub H_vscsrs_v1 H_vscsrs_v0 H_vscsrs_acc_m_hs");
	}
	reset();
	csrw(CSR_STVEC, (u64)hs_entry), csrw(CSR_VSTVEC, (u64)vs_entry);
	CHECK("vstvec_op H_vscsrs_sub", finished(try(MODE_VS, CSRW(CSR_STVEC, A1), 0x80003000, 0)));
	CHECK("vstvec_op H_vscsrs_sub", get(CSR_VSTVEC) == 0x80003000 && get(CSR_STVEC) == (u64)hs_entry);
	/* satp of each; the space of HS-mode is used by neither */
	reset();
	struct space s;
	space_new(&s, 3, false, 0);
	u64 atp = space_atp(&s, 5);
	CHECK("vsatp_op vsatp_acc H_vscsrs_sub", finished(try(MODE_VS, CSRW(CSR_SATP, A1), atp, 0)));
	CHECK("vsatp_op vsatp_acc H_vscsrs_sub", get(CSR_VSATP) == atp && get(CSR_SATP) == 0);
	set(CSR_VSATP, 0);
	CHECK("H_vscsrs_sub",
	      finished(try(MODE_S, CSRW(CSR_SATP, A1), atp, 0)) && get(CSR_VSATP) == 0 && get(CSR_SATP) == atp);

	/* no VS copy: the one register serves both */
	reset();
	set(CSR_SCOUNTEREN, 5);
	CHECK("H_scsrs_nomatch",
	      try(MODE_VS, CSRRW(A0, CSR_SCOUNTEREN, A1), 2, 0)->x[A0] == 5 && get(CSR_SCOUNTEREN) == 2);
	CHECK("H_scsrs_nomatch", took(try(MODE_VU, CSRR(A0, CSR_CYCLE), 0, 0), LEVEL_S, EXC_VIRTUAL));
	CHECK("H_scsrs_nomatch", finished(try(MODE_VU, CSRR(A0, CSR_TIME), 0, 0)));
	set(CSR_SENVCFG, 1);
	CHECK("H_scsrs_nomatch", try(MODE_VS, CSRRW(A0, CSR_SENVCFG, A1), 0, 0)->x[A0] == 1 && get(CSR_SENVCFG) == 0);
}

/* Values that the VS CSRs hold: those that their namesakes hold. */
static void vs_values(void)
{
	reset();
	csrs(CSR_MENVCFG, ENVCFG_STCE);
	csrs(CSR_HENVCFG, ENVCFG_STCE);
	CHECK("vsscratch_sz", holds_each(CSR_VSSCRATCH, ONES));
	CHECK("vstval_sz VSTVAL_WARL",
	      holds_each(CSR_VSTVAL, ONES) == holds_each(CSR_STVAL, ONES) && holds_each(CSR_VSTVAL, ONES));
	CHECK("vstimecmp_sz", holds_each(CSR_VSTIMECMP, ONES));
	CHECK("vspec_sz VSEPC_WARL", holds_each(CSR_VSEPC, ONES - 1));
	set(CSR_VSEPC, ONES);
	set(CSR_SEPC, ONES);
	CHECK("VSEPC_WARL", get(CSR_VSEPC) == ONES - 1 && get(CSR_SEPC) == get(CSR_VSEPC));
	for (unsigned i = 0; i < 24; i++) {
		CHECK("vscause_sz VSCAUSE_WLRL", holds(CSR_VSCAUSE, i) && holds(CSR_SCAUSE, i));
		CHECK("vscause_sz VSCAUSE_WLRL", holds(CSR_VSCAUSE, IRQ(i)) && holds(CSR_SCAUSE, IRQ(i)));
	}
	/* vstvec: direct and vectored; any 4-byte aligned base when direct. The choice: modes 2 and 3 become 0 or 1 */
	for (unsigned i = 2; i < 64; i++)
		CHECK("VSTVEC_BASE_WARL shvstvecd_vstvec_base_aligned_address vstvec_sz", holds(CSR_VSTVEC, BIT(i)));
	CHECK("VSTVEC_MODE_WARL shvstvecd_vstvec_mode_direct",
	      holds(CSR_VSTVEC, 0x80001000) && holds(CSR_VSTVEC, 0x80001001));
	for (unsigned mode = 2; mode < 4; mode++) {
		set(CSR_VSTVEC, 0x80001000 | mode);
		CHECK("VSTVEC_MODE_WARL", (get(CSR_VSTVEC) & 3) < 2);
	}
	/* vsstatus has the fields of sstatus */
	u64 both = STATUS_SIE | STATUS_SPIE | STATUS_SPP | STATUS_FS | STATUS_SUM | STATUS_MXR;
	u64 mask = writable(CSR_VSSTATUS, "vsstatus_sz vsstatus_acc");
	CHECK("vsstatus_sz vsstatus_acc",
	      (mask & both) == both && (mask & ~(both | STATUS_SD | STATUS_UBE | STATUS_SDT | STATUS_SPELP)) == 0);
	/* SPELP: there exactly if landing pads are (Zicfilp) */
	set(CSR_MENVCFG, ENVCFG_LPE), set(CSR_HENVCFG, ENVCFG_LPE);
	CHECK("vsstatus_spelp_op", !(mask & STATUS_SPELP) == !(get(CSR_HENVCFG) & ENVCFG_LPE));
	set(CSR_MENVCFG, ENVCFG_STCE), set(CSR_HENVCFG, 0);
	for (u64 fs = 0; fs < 4; fs++) {
		for (u64 hs = 0; hs < 4; hs++) {
			csrc(CSR_SSTATUS, STATUS_FS), csrs(CSR_SSTATUS, hs << 13);
			csrc(CSR_VSSTATUS, STATUS_FS), csrs(CSR_VSSTATUS, fs << 13);
			CHECK("vsstatus_sd_xs_op",
			      csrr(CSR_VSSTATUS) >> 63 == (fs == 3) && csrr(CSR_SSTATUS) >> 63 == (hs == 3));
			CHECK("vsstatus_sd_xs_op",
			      (csrr(CSR_VSSTATUS) >> 13 & 3) == fs && !(csrr(CSR_VSSTATUS) >> 15 & 3));
			if (hs && fs)
				CHECK("vsstatus_sd_xs_op",
				      try(MODE_VS, CSRR(A0, CSR_SSTATUS), 0, 0)->x[A0] >> 63 == (fs == 3));
		}
	}
}

static void vsatp(void)
{
	reset();
	u64 sv39 = UINT64_C(8) << 60;
	set(CSR_VSATP, sv39 | (BIT(60) - 1));
	set(CSR_SATP, sv39 | (BIT(60) - 1));
	CHECK("vsatp_sz vsatp_ppn_sv39_sv48_sv57_sz", get(CSR_VSATP) == get(CSR_SATP) && get(CSR_VSATP) >> 60 == 8);
	CHECK("vsatp_ppn_sv39_sv48_sv57_sz", (get(CSR_VSATP) & (BIT(44) - 1)) == BIT(44) - 1);
	set(CSR_SATP, 0);
	for (unsigned i = 0; i < 60; i++)
		CHECK("vsatp_sz vsatp_ppn_sv39_sv48_sv57_sz", holds(CSR_VSATP, sv39 | BIT(i)));
	for (u64 mode = 1; mode < 16; mode++) {
		set(CSR_SATP, mode << 60);
		bool supported = get(CSR_SATP) >> 60 == mode;
		set(CSR_SATP, 0);
		if (supported)
			continue;
		context("vsatp mode", mode, 0);
		/* V=0, the choice: the write is ignored, as it is for satp */
		set(CSR_VSATP, sv39 | 0x777);
		set(CSR_VSATP, mode << 60 | 0x555);
		CHECK("vsatp_mode_unsupported_v0 VSATP_MODE_UNSUPPORTED_V0_WARL", get(CSR_VSATP) == (sv39 | 0x777));
		set(CSR_VSATP, 0);
		CHECK("vsatp_mode_unsupported_v1", finished(try(MODE_VS, CSRW(CSR_SATP, A1), mode << 60 | 0x555, 0)));
		CHECK("vsatp_mode_unsupported_v1", get(CSR_VSATP) == 0);
	}
	/* neither vsatp nor vstvec matters with V=0 */
	set(CSR_VSATP, sv39 | 0x1);
	set(CSR_VSTVEC, 0x4);
	context("V=0", 0, 0);
	CHECK("vsatp_v0 vsatp_op H_vscsrs_v0",
	      finished(try(MODE_S, LD, (u64)pairs, 0)) && finished(try(MODE_U, LD, (u64)pairs, 0)));
	CHECK("vstvec_op H_vscsrs_v0", took(try(MODE_S, EBREAK, 0, 0), LEVEL_S, EXC_BREAK) &&
					   took(try(MODE_U, EBREAK, 0, 0), LEVEL_S, EXC_BREAK));
	set(CSR_VSATP, 0);
	/* nor satp and stvec with V=1, for traps that VS takes */
	reset();
	delegate(DELEGATE_DEFAULT, BIT(EXC_BREAK));
	set(CSR_SATP, sv39 | 1);
	CHECK("H_vscsrs_v1", finished(try(MODE_VS, LD, (u64)pairs, 0)) && finished(try(MODE_VU, LD, (u64)pairs, 0)));
	set(CSR_STVEC, 4);
	CHECK("H_vscsrs_v1", took(try(MODE_VS, EBREAK, 0, 0), LEVEL_VS, EXC_BREAK));
}

static void names(void)
{
	reset();
	CHECK("hgeip_sz hgeie_sz", csr_exists(CSR_HGEIP) && csr_exists(CSR_HGEIE));
	u64 mask = writable(CSR_HGEIE, "hgeie_sz hgeie_acc");
	CHECK("GEILEN HGEIE_WARL hgeie_acc", !(mask & 1) && (mask & (mask + 2)) == 0);
	CHECK("hgeip_sz", !(get(CSR_HGEIP) & ~mask));
	CHECK("hgeip_acc", took(try(MODE_M, CSRW(CSR_HGEIP, A1), 0, 0), LEVEL_M, EXC_ILLEGAL));
	unsigned geilen = 0;
	while (geilen < 63 && mask >> (geilen + 1))
		geilen++;
	/* VGEIN holds 0..GEILEN; the choice: nothing else changes it */
	for (u64 i = 0; i < 64; i++) {
		set(CSR_HSTATUS, i << 12);
		context("VGEIN, GEILEN", i, geilen);
		u64 got = get(CSR_HSTATUS) >> 12 & 63;
		CHECK("hstatus_vgein_op HSTATUS_VGEIN_WLRL", i <= geilen ? got == i : got <= geilen);
	}
	set(CSR_HSTATUS, 0);
	CHECK("hstatus_vgein_op", !(get(CSR_HSTATUS) >> 12 & 63));
	CHECK("hip_sgeip_sgeie_acc", !!(get(CSR_MIDELEG) & BIT(12)) == !!geilen);
}

int main(void)
{
	general();
	hstatus();
	delegation();
	interrupts();
	henvcfg();
	time_delta();
	trap_values();
	hgatp();
	substitutions();
	vs_values();
	vsatp();
	names();
	return 0;
}
