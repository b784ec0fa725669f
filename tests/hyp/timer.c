/* Sstc: stimecmp, vstimecmp and htimedelta. */
#include "rt.h"

enum { STI = 5, VSTI = 6 };

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

/* vstimecmp: the comparison with time + htimedelta, V=0 or V=1, and henvcfg.STCE. */
static void timer(void)
{
	static const u64 deltas[] = { 0, UINT64_C(1) << 40, ~UINT64_C(0) - 100000000, UINT64_C(1) << 63 };
	reset();
	csrs(CSR_MENVCFG, ENVCFG_STCE);
	csrs(CSR_HENVCFG, ENVCFG_STCE);
	for (unsigned i = 0; i < 4; i++) {
		csrw(CSR_HTIMEDELTA, deltas[i]);
		context("htimedelta", deltas[i], 0);
		u64 now = csrr(CSR_TIME) + deltas[i];
		csrw(CSR_VSTIMECMP, now);
		CHECK("hip_vstip_op hip_vstip_vstie_op vstimecmp_exist sstc_vs_facility",
		      csrr(CSR_HIP) & BIT(VSTI) && csrr(CSR_MIP) & BIT(VSTI));
		CHECK("hip_vstip_op", !(csrr(CSR_HVIP) & BIT(VSTI)));
		csrw(CSR_VSTIMECMP, now + 100000000);
		CHECK("hip_vstip_op hip_vstip_clear", !(csrr(CSR_HIP) & BIT(VSTI)) || now + 100000000 < now);
		csrw(CSR_VSTIMECMP, 0);
		CHECK("hip_vstip_op", csrr(CSR_HIP) & BIT(VSTI));
		csrw(CSR_VSTIMECMP, ~UINT64_C(0));
		CHECK("hip_vstip_op hip_vstip_clear", !(csrr(CSR_HIP) & BIT(VSTI)));
		/* the delta moves the comparison as well */
		csrw(CSR_VSTIMECMP, csrr(CSR_TIME) + 100000000);
		csrw(CSR_HTIMEDELTA, 0);
		CHECK("hip_vstip_op", !(csrr(CSR_HIP) & BIT(VSTI)));
		csrw(CSR_HTIMEDELTA, 200000000);
		CHECK("hip_vstip_op", csrr(CSR_HIP) & BIT(VSTI));
		/* logical or with hvip */
		csrw(CSR_HTIMEDELTA, 0), csrw(CSR_VSTIMECMP, ~UINT64_C(0)), csrw(CSR_HVIP, BIT(VSTI));
		CHECK("hip_vstip_vstie_op", csrr(CSR_HIP) & BIT(VSTI));
		csrw(CSR_HVIP, 0);
		CHECK("hip_vstip_vstie_op", !(csrr(CSR_HIP) & BIT(VSTI)));
	}
	/* it comes by itself */
	context("expiry", 0, 0);
	csrw(CSR_HTIMEDELTA, 1000);
	csrw(CSR_VSTIMECMP, csrr(CSR_TIME) + 1000 + 200);
	bool before = csrr(CSR_HIP) & BIT(VSTI);
	u64 start = csrr(CSR_TIME);
	while (csrr(CSR_TIME) - start < 300)
		;
	CHECK("hip_vstip_op hip_vstip_vstie_op", !before && csrr(CSR_HIP) & BIT(VSTI));
	/* taken as a supervisor timer interrupt by VS, as interrupt 6 by HS; not with V=0 if delegated */
	csrw(CSR_HIE, BIT(VSTI));
	set_global(true, true);
	csrw(CSR_HIDELEG, BIT(VSTI));
	CHECK("hip_vstip_enable sstc_vs_facility",
	      took(step(MODE_VS), LEVEL_VS, IRQ(STI)) && took(step(MODE_VU), LEVEL_VS, IRQ(STI)));
	CHECK("hip_vstip_enable", finished(step(MODE_S)) && finished(step(MODE_U)));
	CHECK("hip_vstip_enable", csrr(CSR_VSIP) == BIT(STI));
	csrw(CSR_HIDELEG, 0);
	CHECK("hip_vstip_enable", took(step(MODE_VS), LEVEL_S, IRQ(VSTI)));
	csrw(CSR_HIDELEG, BIT(VSTI));
	/* the guest clears it by writing stimecmp */
	csrw(CSR_HIE, 0);
	CHECK("hip_vstip_clear vstimecmp_exist",
	      finished(try(MODE_VS, CSRW(CSR_STIMECMP, A1), ~UINT64_C(0), 0)) && !(csrr(CSR_HIP) & BIT(VSTI)));
	CHECK("hip_vstip_clear", csrr(CSR_VSTIMECMP) == ~UINT64_C(0));
	/* STCE = 0: as if vstimecmp were not there */
	csrw(CSR_VSTIMECMP, 0);
	CHECK("henvcfg_stce", csrr(CSR_HIP) & BIT(VSTI));
	csrc(CSR_HENVCFG, ENVCFG_STCE);
	CHECK("henvcfg_stce", !(csrr(CSR_HIP) & BIT(VSTI)));
	csrw(CSR_HVIP, BIT(VSTI));
	CHECK("henvcfg_stce", csrr(CSR_HIP) & BIT(VSTI));
	csrw(CSR_HVIP, 0);
	csrs(CSR_HENVCFG, ENVCFG_STCE);
	CHECK("henvcfg_stce", csrr(CSR_HIP) & BIT(VSTI));
	csrw(CSR_VSTIMECMP, ~UINT64_C(0));

	/* stimecmp of HS-mode, for itself */
	reset();
	csrs(CSR_MENVCFG, ENVCFG_STCE);
	context("stimecmp", 0, 0);
	csrw(CSR_STIMECMP, csrr(CSR_TIME));
	CHECK("sstc_purpose stimecmp_exist", csrr(CSR_SIP) & BIT(STI));
	csrw(CSR_SIE, BIT(STI));
	set_global(true, false);
	CHECK("sstc_purpose", took(step(MODE_S), LEVEL_S, IRQ(STI)) && took(step(MODE_VS), LEVEL_S, IRQ(STI)));
	set_global(false, false);
	CHECK("sstc_purpose",
	      finished(try(MODE_S, CSRW(CSR_STIMECMP, A1), ~UINT64_C(0), 0)) && !(csrr(CSR_SIP) & BIT(STI)));
	/* stimecmp does not know htimedelta */
	csrw(CSR_STIMECMP, csrr(CSR_TIME) + 100000000), csrw(CSR_HTIMEDELTA, UINT64_C(1) << 40);
	CHECK("sstc_purpose", !(csrr(CSR_SIP) & BIT(STI)));
	csrw(CSR_STIMECMP, ~UINT64_C(0));
}

int main(void)
{
	timer();
	return 0;
}
