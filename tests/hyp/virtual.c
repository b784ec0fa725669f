/* Which exception an instruction raises where it is not allowed: illegal or virtual instruction, row by row. */
#include "rt.h"

static const unsigned hypervisor_csrs[] = {
	CSR_HSTATUS, CSR_HEDELEG, CSR_HIDELEG, CSR_HIE,  CSR_HTIMEDELTA, CSR_HCOUNTEREN, CSR_HGEIE,
	CSR_HENVCFG, CSR_HTVAL,   CSR_HIP,     CSR_HVIP, CSR_HTINST,     CSR_HGATP,
};
static const unsigned vs_csrs[] = {
	CSR_VSSTATUS, CSR_VSIE,   CSR_VSTVEC, CSR_VSSCRATCH, CSR_VSEPC,
	CSR_VSCAUSE,  CSR_VSTVAL, CSR_VSIP,   CSR_VSTIMECMP, CSR_VSATP,
};
/* What VS-mode has of its own, and VU-mode not. */
static const unsigned supervisor_csrs[] = {
	CSR_SSTATUS, CSR_SIE,    CSR_STVEC, CSR_SCOUNTEREN, CSR_SENVCFG, CSR_SSCRATCH,
	CSR_SEPC,    CSR_SCAUSE, CSR_STVAL, CSR_SIP,        CSR_SATP,
};
/* Exist for RV32 only. */
static const unsigned high_half_csrs[] = {
	CSR_HEDELEGH, CSR_HTIMEDELTAH, CSR_HENVCFGH,   CSR_VSTIMECMPH,
	CSR_CYCLEH,   CSR_CYCLEH + 1,  CSR_CYCLEH + 2, CSR_CYCLEH + 3,
};
/* Not HS-qualified: machine level or not there at all. */
static const unsigned foreign_csrs[] = {
	CSR_MSTATUS, CSR_MTVAL2, CSR_MIDELEG, CSR_MHARTID, 0x5c0, 0x6c0, 0x2c0, 0x7c0
};
#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static const u32 hlv_hsv[] = {
	HLV_B, HLV_BU, HLV_H, HLV_HU, HLVX_HU, HLV_W, HLV_WU, HLVX_WU, HLV_D, HSV_B, HSV_H, HSV_W, HSV_D,
};
static const u32 hfences[] = {
	HFENCE_VVMA(0, 0), HFENCE_VVMA(A1, 0), HFENCE_VVMA(0, A2), HFENCE_VVMA(A1, A2),
	HFENCE_GVMA(0, 0), HFENCE_GVMA(A1, 0), HFENCE_GVMA(0, A2), HFENCE_GVMA(A1, A2),
};
static const u32 hinvals[] = { HINVAL_VVMA(0, 0), HINVAL_VVMA(A1, A2), HINVAL_GVMA(0, 0), HINVAL_GVMA(A1, A2) };
static const u32 sinvals[] = { SINVAL_VMA(0, 0), SINVAL_VMA(A1, 0), SINVAL_VMA(0, A2), SINVAL_VMA(A1, A2) };
static u64 cell[2];

/* Trapped to HS-mode with this cause and, as our choice is to report it, with the instruction in stval. */
static bool refused(enum mode mode, u32 word, u64 cause)
{
	struct trap *t = try(mode, word, (u64)cell, 0);
	return took(t, LEVEL_S, cause) && t->epc == try_pc(mode);
}

static bool allowed(enum mode mode, u32 word)
{
	return finished(try(mode, word, (u64)cell, 0));
}

/* A read, and a write that changes nothing (set bits: none of them). */
static u32 reading(unsigned csr)
{
	return CSRR(A0, csr);
}
static u32 writing(unsigned csr)
{
	return CSRRS(A0, csr, A2);
}

static void check_hypervisor_csr(unsigned csr, const char *vs, const char *u, const char *ok)
{
	context("csr", csr, 0);
	CHECK(vs, refused(MODE_VS, reading(csr), EXC_VIRTUAL));
	CHECK(vs, refused(MODE_VS, writing(csr), EXC_VIRTUAL));
	CHECK(vs, refused(MODE_VU, reading(csr), EXC_VIRTUAL));
	CHECK(vs, refused(MODE_VU, writing(csr), EXC_VIRTUAL));
	CHECK(u, refused(MODE_U, reading(csr), EXC_ILLEGAL));
	CHECK(u, refused(MODE_U, writing(csr), EXC_ILLEGAL));
	CHECK(ok, allowed(MODE_S, reading(csr)) && allowed(MODE_S, writing(csr)));
	CHECK(ok, allowed(MODE_M, reading(csr)) && allowed(MODE_M, writing(csr)));
}

static void hypervisor_and_vs_csrs(void)
{
	reset();
	csrs(CSR_MENVCFG, ENVCFG_STCE);
	csrs(CSR_HENVCFG, ENVCFG_STCE);
	for (unsigned i = 0; i < COUNT(hypervisor_csrs); i++)
		check_hypervisor_csr(hypervisor_csrs[i], "H_csrs_hs_not_vs H_virtinst_vu_vs_nonhigh_allowedhs_tvm0",
				     "H_csrs_hs_not_vs", "H_csrs_hs_not_vs");
	for (unsigned i = 0; i < COUNT(vs_csrs); i++)
		check_hypervisor_csr(vs_csrs[i], "H_vscsrs_acc_vs H_virtinst_vu_vs_nonhigh_allowedhs_tvm0",
				     "H_vscsrs_acc_u", "H_vscsrs_acc_m_hs");
	context("hgeip", 0, 0);
	/* read-only: a write would not be allowed in HS-mode either, so it is illegal, not virtual */
	CHECK("H_csrs_hs_not_vs hgeip_acc",
	      allowed(MODE_S, reading(CSR_HGEIP)) && allowed(MODE_M, reading(CSR_HGEIP)));
	CHECK("H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", refused(MODE_VS, reading(CSR_HGEIP), EXC_VIRTUAL));
	CHECK("H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", refused(MODE_VU, reading(CSR_HGEIP), EXC_VIRTUAL));
	CHECK("H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", refused(MODE_VS, writing(CSR_HGEIP), EXC_ILLEGAL));
	CHECK("H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", refused(MODE_VU, writing(CSR_HGEIP), EXC_ILLEGAL));
	CHECK("hgeip_acc", refused(MODE_S, writing(CSR_HGEIP), EXC_ILLEGAL));
	/* mstatus.TVM = 1 changes nothing of it, although HS-mode itself may not touch hgatp then */
	csrs(CSR_MSTATUS, STATUS_TVM);
	CHECK("H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", refused(MODE_VS, reading(CSR_HGATP), EXC_VIRTUAL));
	CHECK("H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", refused(MODE_VU, writing(CSR_HGATP), EXC_VIRTUAL));
	CHECK("H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", refused(MODE_VS, reading(CSR_VSATP), EXC_VIRTUAL));
}

static void supervisor_in_vu(void)
{
	reset();
	for (unsigned tvm = 0; tvm < 2; tvm++) {
		if (tvm)
			csrs(CSR_MSTATUS, STATUS_TVM);
		for (unsigned i = 0; i < COUNT(supervisor_csrs); i++) {
			unsigned csr = supervisor_csrs[i];
			context("csr, tvm", csr, tvm);
			CHECK("H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0",
			      refused(MODE_VU, reading(csr), EXC_VIRTUAL));
			CHECK("H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0",
			      refused(MODE_VU, writing(csr), EXC_VIRTUAL));
			CHECK("H_cause_virtual_instruction", refused(MODE_U, reading(csr), EXC_ILLEGAL));
			CHECK("H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0", allowed(MODE_VS, reading(csr)));
			CHECK("H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0", allowed(MODE_VS, writing(csr)));
		}
	}
	/* read-only supervisor CSR: a write is not allowed in HS-mode */
	context("scountovf", 0, 0);
	if (csr_exists(CSR_SCOUNTOVF)) {
		CHECK("H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0",
		      refused(MODE_VU, reading(CSR_SCOUNTOVF), EXC_VIRTUAL));
		CHECK("H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0",
		      refused(MODE_VU, writing(CSR_SCOUNTOVF), EXC_ILLEGAL));
	}
}

static void not_hs_qualified(void)
{
	reset();
	for (unsigned i = 0; i < COUNT(high_half_csrs); i++) {
		unsigned csr = high_half_csrs[i];
		context("csr", csr, 0);
		for (unsigned j = 0; j < 4; j++) {
			static const enum mode modes[] = { MODE_U, MODE_VU, MODE_VS, MODE_S };
			CHECK("H_illegal_high_half", refused(modes[j], reading(csr), EXC_ILLEGAL));
		}
		CHECK("H_illegal_high_half", took(try(MODE_M, reading(csr), 0, 0), LEVEL_M, EXC_ILLEGAL));
		csrw(CSR_HCOUNTEREN, 0);
		CHECK("H_illegal_high_half", refused(MODE_VS, reading(csr), EXC_ILLEGAL));
		csrw(CSR_HCOUNTEREN, ~UINT64_C(0));
	}
	for (unsigned i = 0; i < COUNT(foreign_csrs); i++) {
		context("csr", foreign_csrs[i], 0);
		CHECK("H_cause_virtual_instruction", refused(MODE_VS, reading(foreign_csrs[i]), EXC_ILLEGAL));
		CHECK("H_cause_virtual_instruction", refused(MODE_VU, writing(foreign_csrs[i]), EXC_ILLEGAL));
		CHECK("H_cause_virtual_instruction", refused(MODE_S, reading(foreign_csrs[i]), EXC_ILLEGAL));
	}
	context(NULL, 0, 0);
	static const u32 illegal[] = { MRET, 0x00000000, 0xffffffff, 0x0000007f, 0x70200073, 0x7b200073 };
	for (unsigned i = 0; i < COUNT(illegal); i++) {
		context("word", illegal[i], 0);
		CHECK("H_cause_virtual_instruction", refused(MODE_VS, illegal[i], EXC_ILLEGAL));
		CHECK("H_cause_virtual_instruction", refused(MODE_VU, illegal[i], EXC_ILLEGAL));
	}
}

static void hlv_where(void)
{
	reset();
	for (unsigned i = 0; i < COUNT(hlv_hsv); i++) {
		u32 word = hlv_hsv[i];
		context("word", word, 0);
		CHECK("hlsv_mode", allowed(MODE_M, word) && allowed(MODE_S, word));
		CHECK("hlsv_illegalinst hlsv_mode hstatus_hu_op", refused(MODE_U, word, EXC_ILLEGAL));
		csrs(CSR_HSTATUS, HSTATUS_HU);
		CHECK("hlsv_mode hstatus_hu_op",
		      allowed(MODE_U, word) && allowed(MODE_S, word) && allowed(MODE_M, word));
		CHECK("hlsv_virtinst H_virtinst_vu_vs_hinst", refused(MODE_VS, word, EXC_VIRTUAL));
		CHECK("hlsv_virtinst H_virtinst_vu_vs_hinst", refused(MODE_VU, word, EXC_VIRTUAL));
		csrc(CSR_HSTATUS, HSTATUS_HU);
		CHECK("hlsv_virtinst H_virtinst_vu_vs_hinst", refused(MODE_VS, word, EXC_VIRTUAL));
		CHECK("hlsv_virtinst H_virtinst_vu_vs_hinst", refused(MODE_VU, word, EXC_VIRTUAL));
	}
	/* HU is about loads and stores only */
	context("HU", 0, 0);
	csrs(CSR_HSTATUS, HSTATUS_HU);
	CHECK("hstatus_hu_op hfence-vvma_hfence-gvma_exceptions", refused(MODE_U, HFENCE_VVMA(0, 0), EXC_ILLEGAL));
	CHECK("hstatus_hu_op hfence-vvma_hfence-gvma_exceptions", refused(MODE_U, HFENCE_GVMA(0, 0), EXC_ILLEGAL));
	CHECK("hstatus_hu_op", refused(MODE_U, reading(CSR_HSTATUS), EXC_ILLEGAL));
	/* no such: HLVX.B, HLVX.W with another rs2, HLV.D unsigned, HSV with rd */
	static const u32 unknown[] = { HLV(0x30, 3), HLV(0x30, 2), HLV(0x32, 2),
				       HLV(0x36, 1), HLV(0x36, 3), HSV_D | 1 << 7 };
	for (unsigned i = 0; i < COUNT(unknown); i++) {
		context("word", unknown[i], 0);
		CHECK("hlsv_op", took(try(MODE_M, unknown[i], (u64)cell, 0), LEVEL_M, EXC_ILLEGAL));
		CHECK("hlsv_op H_cause_virtual_instruction", refused(MODE_VS, unknown[i], EXC_ILLEGAL));
	}
}

static void hfences_where(void)
{
	reset();
	for (unsigned i = 0; i < COUNT(hfences); i++) {
		u32 word = hfences[i];
		bool guest = i >= 4; /* HFENCE.GVMA */
		context("word", word, 0);
		CHECK("hfence-vvma_mode hfence-gvma_op", allowed(MODE_M, word) && allowed(MODE_S, word));
		CHECK("hfence-vvma_hfence-gvma_exceptions H_virtinst_vu_vs_hinst",
		      refused(MODE_VS, word, EXC_VIRTUAL));
		CHECK("hfence-vvma_hfence-gvma_exceptions H_virtinst_vu_vs_hinst",
		      refused(MODE_VU, word, EXC_VIRTUAL));
		CHECK("hfence-vvma_hfence-gvma_exceptions", refused(MODE_U, word, EXC_ILLEGAL));
		csrs(CSR_MSTATUS, STATUS_TVM);
		csrs(CSR_HSTATUS, HSTATUS_VTVM);
		CHECK("hfence-vvma_tvm hfence-gvma_op", allowed(MODE_M, word));
		if (guest)
			CHECK("hfence-gvma_op hfence-vvma_hfence-gvma_exceptions mstatus_tvm_hs",
			      refused(MODE_S, word, EXC_ILLEGAL));
		else
			CHECK("hfence-vvma_tvm mstatus_tvm_hs", allowed(MODE_S, word));
		CHECK("hfence-vvma_hfence-gvma_exceptions", refused(MODE_VS, word, EXC_VIRTUAL));
		csrc(CSR_MSTATUS, STATUS_TVM);
		CHECK("hfence-vvma_tvm", allowed(MODE_S, word)); /* VTVM alone */
		csrc(CSR_HSTATUS, HSTATUS_VTVM);
	}
}

static void svinval_where(void)
{
	reset();
	for (unsigned i = 0; i < COUNT(hinvals); i++) {
		u32 word = hinvals[i];
		context("word", word, 0);
		CHECK("Svinval_hinval_vvma_gvma", allowed(MODE_M, word) && allowed(MODE_S, word));
		CHECK("Svinval_virtual_instruction_vu_vs H_virtinst_vu_vs_hinst",
		      refused(MODE_VS, word, EXC_VIRTUAL));
		CHECK("Svinval_virtual_instruction_vu_vs H_virtinst_vu_vs_hinst",
		      refused(MODE_VU, word, EXC_VIRTUAL));
		CHECK("Svinval_illegal_instruction_u_mode", refused(MODE_U, word, EXC_ILLEGAL));
		csrs(CSR_MSTATUS, STATUS_TVM);
		csrs(CSR_HSTATUS, HSTATUS_VTVM);
		CHECK("Svinval_illegal_instruction_tvm mstatus_tvm_hs",
		      i >= 2 ? refused(MODE_S, word, EXC_ILLEGAL) : allowed(MODE_S, word));
		CHECK("Svinval_hinval_vvma_gvma", allowed(MODE_M, word));
		csrc(CSR_MSTATUS, STATUS_TVM);
		csrc(CSR_HSTATUS, HSTATUS_VTVM);
	}
	for (unsigned i = 0; i < COUNT(sinvals); i++) {
		u32 word = sinvals[i];
		context("word", word, 0);
		CHECK("Svinval_virtual_instruction_vtvms",
		      allowed(MODE_M, word) && allowed(MODE_S, word) && allowed(MODE_VS, word));
		CHECK("Svinval_illegal_instruction_u_mode", refused(MODE_U, word, EXC_ILLEGAL));
		CHECK("Svinval_virtual_instruction_vu_vs", refused(MODE_VU, word, EXC_VIRTUAL));
		csrs(CSR_MSTATUS, STATUS_TVM);
		CHECK("Svinval_illegal_instruction_tvm", refused(MODE_S, word, EXC_ILLEGAL) && allowed(MODE_M, word));
		CHECK("Svinval_illegal_instruction_tvm mstatus_modes", allowed(MODE_VS, word));
		csrc(CSR_MSTATUS, STATUS_TVM);
		csrs(CSR_HSTATUS, HSTATUS_VTVM);
		CHECK("Svinval_virtual_instruction_vtvms hstatus_vtvm_op H_virtinst_vs_sfence_sinval_satp_vtvm1",
		      refused(MODE_VS, word, EXC_VIRTUAL));
		CHECK("Svinval_virtual_instruction_vtvms hstatus_vtvm_op", allowed(MODE_S, word));
		csrc(CSR_HSTATUS, HSTATUS_VTVM);
	}
	for (unsigned i = 0; i < 2; i++) {
		u32 word = i ? SFENCE_W_INVAL : SFENCE_INVAL_IR;
		context("word", word, 0);
		CHECK("Svinval_sfence_w_inval_inval_u_mode", refused(MODE_U, word, EXC_ILLEGAL));
		CHECK("Svinval_sfence_w_inval_inval_vu_mode", refused(MODE_VU, word, EXC_VIRTUAL));
		csrs(CSR_MSTATUS, STATUS_TVM);
		csrs(CSR_HSTATUS, HSTATUS_VTVM);
		CHECK("Svinval_sfence_w_inval_inval_s_vs_mode",
		      allowed(MODE_S, word) && allowed(MODE_VS, word) && allowed(MODE_M, word));
		csrc(CSR_MSTATUS, STATUS_TVM);
		csrc(CSR_HSTATUS, HSTATUS_VTVM);
	}
}

/* satp, sfence.vma, hgatp under TVM and VTVM. */
static void tvm_and_vtvm(void)
{
	static const u32 words[] = { SFENCE_VMA(0, 0), SFENCE_VMA(A1, A2), CSRR(A0, CSR_SATP),
				     CSRRS(A0, CSR_SATP, A2) };
	reset();
	for (unsigned i = 0; i < COUNT(words); i++) {
		u32 word = words[i];
		context("word", word, 0);
		CHECK("hstatus_vtvm_op mstatus_modes", allowed(MODE_VS, word) && allowed(MODE_S, word));
		CHECK("H_virtinst_vu_sret_sfence",
		      refused(MODE_VU, word, EXC_VIRTUAL) && refused(MODE_U, word, EXC_ILLEGAL));
		csrs(CSR_MSTATUS, STATUS_TVM);
		CHECK("mstatus_modes",
		      allowed(MODE_VS, word) && refused(MODE_S, word, EXC_ILLEGAL) && allowed(MODE_M, word));
		csrc(CSR_MSTATUS, STATUS_TVM);
		csrs(CSR_HSTATUS, HSTATUS_VTVM);
		CHECK("hstatus_vtvm_op H_virtinst_vs_sfence_sinval_satp_vtvm1", refused(MODE_VS, word, EXC_VIRTUAL));
		CHECK("hstatus_vtvm_op", allowed(MODE_S, word) && allowed(MODE_M, word));
		CHECK("hstatus_vtvm_op", refused(MODE_U, word, EXC_ILLEGAL));
		csrs(CSR_MSTATUS, STATUS_TVM);
		CHECK("hstatus_vtvm_op H_virtinst_vs_sfence_sinval_satp_vtvm1", refused(MODE_VS, word, EXC_VIRTUAL));
		csrc(CSR_MSTATUS, STATUS_TVM);
		csrc(CSR_HSTATUS, HSTATUS_VTVM);
	}
	context("TVM", 0, 0);
	csrs(CSR_MSTATUS, STATUS_TVM);
	CHECK("hgatp_tvm_illegal mstatus_tvm_hs", refused(MODE_S, reading(CSR_HGATP), EXC_ILLEGAL));
	CHECK("hgatp_tvm_illegal mstatus_tvm_hs", refused(MODE_S, writing(CSR_HGATP), EXC_ILLEGAL));
	CHECK("hgatp_tvm_illegal", allowed(MODE_M, reading(CSR_HGATP)) && allowed(MODE_M, writing(CSR_HGATP)));
	CHECK("mstatus_tvm_hs", allowed(MODE_S, reading(CSR_VSATP)) && allowed(MODE_S, writing(CSR_VSATP)));
	csrc(CSR_MSTATUS, STATUS_TVM);
	CHECK("hgatp_tvm_illegal", allowed(MODE_S, reading(CSR_HGATP)) && allowed(MODE_S, writing(CSR_HGATP)));
	/* the other VS-stage and trap controls do not look at VTVM */
	csrs(CSR_HSTATUS, HSTATUS_VTVM);
	CHECK("hstatus_vtvm_op",
	      allowed(MODE_VS, reading(CSR_SSTATUS)) && allowed(MODE_VS, FENCE_I) && allowed(MODE_VS, FENCE));
}

/* A WFI that may not wait: a VS-level interrupt is pending and enabled, but not globally. */
static void wake_pending(void)
{
	csrw(CSR_HIDELEG, BIT(2));
	csrw(CSR_HVIP, BIT(2));
	csrw(CSR_HIE, BIT(2));
}

static void wfi(void)
{
	reset();
	context("WFI", 0, 0);
	CHECK("H_virtinst_vu_wfi_tw0", refused(MODE_VU, WFI, EXC_VIRTUAL));
	csrs(CSR_MSTATUS, STATUS_TW);
	CHECK("H_virtinst_vu_wfi_tw0 mstatus_modes", refused(MODE_VU, WFI, EXC_ILLEGAL));
	CHECK("mstatus_modes", refused(MODE_U, WFI, EXC_ILLEGAL) && refused(MODE_VS, WFI, EXC_ILLEGAL) &&
				   refused(MODE_S, WFI, EXC_ILLEGAL));
	csrs(CSR_HSTATUS, HSTATUS_VTW);
	CHECK("mstatus_modes hstatus_vtw_op H_virtinst_wfi_vtw1_tw0", refused(MODE_VS, WFI, EXC_ILLEGAL));
	csrc(CSR_MSTATUS, STATUS_TW);
	CHECK("hstatus_vtw_op H_virtinst_wfi_vtw1_tw0", refused(MODE_VS, WFI, EXC_VIRTUAL));
	CHECK("H_virtinst_vu_wfi_tw0", refused(MODE_VU, WFI, EXC_VIRTUAL));
	wake_pending();
	context("WFI, wakeable", 0, 0);
	CHECK("hstatus_vtw_op", allowed(MODE_M, WFI) && allowed(MODE_S, WFI));
	/* the choice: WFI with VTW=1 raises the exception even if it need not wait */
	CHECK("VTW_VIRTINSTR", refused(MODE_VS, WFI, EXC_VIRTUAL));
	csrc(CSR_HSTATUS, HSTATUS_VTW);
	CHECK("hstatus_vtw_op", allowed(MODE_VS, WFI));
	csrs(CSR_MSTATUS, STATUS_TW);
	CHECK("mstatus_modes", allowed(MODE_M, WFI));
}

static void sret(void)
{
	reset();
	context("SRET", 0, 0);
	CHECK("H_virtinst_vu_sret_sfence", refused(MODE_VU, SRET, EXC_VIRTUAL) && refused(MODE_U, SRET, EXC_ILLEGAL));
	csrs(CSR_HSTATUS, HSTATUS_VTSR);
	CHECK("hstatus_vtsr_op H_virtinst_vs_sret_vtsr1", refused(MODE_VS, SRET, EXC_VIRTUAL));
	CHECK("H_virtinst_vu_sret_sfence", refused(MODE_VU, SRET, EXC_VIRTUAL));
	csrw(CSR_SEPC, (u64)rt_done);
	csrs(CSR_SSTATUS, STATUS_SPP);
	CHECK("hstatus_vtsr_op", allowed(MODE_S, SRET));
	csrs(CSR_MSTATUS, STATUS_TSR);
	CHECK("hstatus_vtsr_op H_virtinst_vs_sret_vtsr1", refused(MODE_VS, SRET, EXC_VIRTUAL));
	CHECK("mstatus_modes", refused(MODE_S, SRET, EXC_ILLEGAL));
	csrc(CSR_HSTATUS, HSTATUS_VTSR);
	csrw(CSR_VSEPC, (u64)rt_done);
	csrs(CSR_VSSTATUS, STATUS_SPP);
	CHECK("mstatus_modes hstatus_vtsr_op", allowed(MODE_VS, SRET));
}

static const char *const counter_rules[] = { "H_virtinst_vs_nonhighctr_h0_m1 hcounteren_op",
					     "H_virtinst_vu_nonhighctr_h0_s0_m1 hcounteren_op" };

static void check_counter(unsigned counter, unsigned enables)
{
	bool m = enables & 1, h = enables & 2, s = enables & 4;
	u64 bit = BIT(counter);
	u32 word = reading(CSR_CYCLE + counter);
	context("counter, enables s h m", counter, enables);
	csrw(CSR_MCOUNTEREN, m ? bit : ~bit);
	csrw(CSR_HCOUNTEREN, h ? bit : ~bit);
	csrw(CSR_SCOUNTEREN, s ? bit : ~bit);
	CHECK(counter_rules[0], !m   ? refused(MODE_VS, word, EXC_ILLEGAL)
				: !h ? refused(MODE_VS, word, EXC_VIRTUAL)
				     : allowed(MODE_VS, word));
	CHECK(counter_rules[1], !m         ? refused(MODE_VU, word, EXC_ILLEGAL)
				: !h || !s ? refused(MODE_VU, word, EXC_VIRTUAL)
					   : allowed(MODE_VU, word));
	CHECK("hcounteren_op", m && s ? allowed(MODE_U, word) : refused(MODE_U, word, EXC_ILLEGAL));
	CHECK("hcounteren_op", m ? allowed(MODE_S, word) : refused(MODE_S, word, EXC_ILLEGAL));
	/* counters are read-only at these addresses: never virtual */
	CHECK(counter_rules[0], refused(MODE_VS, writing(CSR_CYCLE + counter), EXC_ILLEGAL));
}

static void counters(void)
{
	reset();
	for (unsigned counter = 0; counter < 32; counter++) {
		if (!csr_exists(CSR_CYCLE + counter))
			continue;
		for (unsigned enables = 0; enables < 8; enables++)
			check_counter(counter, enables);
	}
	csrw(CSR_HCOUNTEREN, ~UINT64_C(0));
	CHECK("shcounterenw_hpmcounter_hcounteren", (u32)csrr(CSR_HCOUNTEREN) == 0xffffffff);
	CHECK("HCOUNTEREN_WARL hcounteren_sz", csrr(CSR_HCOUNTEREN) == 0xffffffff);
	csrw(CSR_HCOUNTEREN, 0);
	CHECK("HCOUNTEREN_WARL hcounteren_sz", csrr(CSR_HCOUNTEREN) == 0);
}

static void stimecmp(void)
{
	reset();
	csrs(CSR_MENVCFG, ENVCFG_STCE);
	csrs(CSR_HENVCFG, ENVCFG_STCE);
	csrw(CSR_VSTIMECMP, ~UINT64_C(0));
	for (unsigned i = 0; i < 8; i++) {
		bool m = i & 1, h = i & 2, stce = i & 4;
		context("stimecmp: stce h m", i, 0);
		csrw(CSR_MCOUNTEREN, m ? 2 : 0);
		csrw(CSR_HCOUNTEREN, h ? 2 : 0);
		if (stce)
			csrs(CSR_HENVCFG, ENVCFG_STCE);
		else
			csrc(CSR_HENVCFG, ENVCFG_STCE);
		for (unsigned j = 0; j < 2; j++) {
			u32 word = j ? writing(CSR_STIMECMP) : reading(CSR_STIMECMP);
			CHECK("hcounteren_acc henvcfg_stce", !m            ? refused(MODE_VS, word, EXC_ILLEGAL)
							     : !h || !stce ? refused(MODE_VS, word, EXC_VIRTUAL)
									   : allowed(MODE_VS, word));
			CHECK("hcounteren_acc", m ? allowed(MODE_S, word) : refused(MODE_S, word, EXC_ILLEGAL));
			CHECK("H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0",
			      !m || refused(MODE_VU, word, EXC_VIRTUAL));
		}
	}
	csrw(CSR_MCOUNTEREN, ~UINT64_C(0));
	csrc(CSR_MENVCFG, ENVCFG_STCE);
	context("menvcfg.STCE=0", 0, 0);
	CHECK("menvcfg_stce_exist", refused(MODE_S, reading(CSR_STIMECMP), EXC_ILLEGAL));
	CHECK("menvcfg_stce_exist", refused(MODE_S, reading(CSR_VSTIMECMP), EXC_ILLEGAL));
	CHECK("menvcfg_stce_exist henvcfg_stce_exist", refused(MODE_VS, reading(CSR_STIMECMP), EXC_ILLEGAL));
	CHECK("menvcfg_stce_exist henvcfg_stce_exist", (csrr(CSR_HENVCFG) & ENVCFG_STCE) == 0);
}

/* The value written with the exception: as for an illegal instruction, and that is the instruction. */
static void xtval(void)
{
	reset();
	for (unsigned to_m = 0; to_m < 2; to_m++) {
		delegate(to_m ? 0 : DELEGATE_DEFAULT, 0);
		enum level level = to_m ? LEVEL_M : LEVEL_S;
		struct trap *t = try(MODE_VS, HLV_D, 0, 0);
		CHECK("H_virtinst_xtval H_trap_xtinst_val",
		      took(t, level, EXC_VIRTUAL) && t->tval == HLV_D && t->tinst == 0 && t->tval2 == 0);
		CHECK("hstatus_gva_op mstatus_gva_op", !((to_m ? t->mstatus >> 38 : t->hstatus >> 6) & 1));
		t = try(MODE_VS, CSRR(A3, CSR_HSTATUS), 0, 0);
		CHECK("H_virtinst_xtval", took(t, level, EXC_VIRTUAL) && t->tval == CSRR(A3, CSR_HSTATUS));
		t = try(MODE_VU, SRET, 0, 0);
		CHECK("H_virtinst_xtval", took(t, level, EXC_VIRTUAL) && t->tval == SRET);
		t = try(MODE_VS, MRET, 0, 0);
		CHECK("H_virtinst_xtval H_trap_xtinst_val",
		      took(t, level, EXC_ILLEGAL) && t->tval == MRET && t->tinst == 0 && t->tval2 == 0);
	}
}

static void fs_is_illegal(void)
{
	static const u32 words[] = { FADD_D(10, 10, 10),
				     FMV_X_D(A0, 10),
				     CSRR(A0, CSR_FCSR),
				     CSRR(A0, CSR_FFLAGS),
				     CSRR(A0, CSR_FRM),
				     FLD,
				     FSD };
	for (unsigned i = 0; i < 4; i++) {
		reset();
		bool hs = i & 1, vs = i & 2;
		if (!hs)
			csrc(CSR_MSTATUS, STATUS_FS);
		if (!vs)
			csrc(CSR_VSSTATUS, STATUS_FS);
		for (unsigned j = 0; j < COUNT(words); j++) {
			context("FS on in vs hs; word", i, words[j]);
			CHECK("H_illegalinst_xstatus_fs_vs vsstatus_fs_op",
			      hs && vs ? allowed(MODE_VS, words[j]) : refused(MODE_VS, words[j], EXC_ILLEGAL));
			CHECK("H_illegalinst_xstatus_fs_vs vsstatus_fs_op",
			      hs && vs ? allowed(MODE_VU, words[j]) : refused(MODE_VU, words[j], EXC_ILLEGAL));
			CHECK("vsstatus_fs_op vsstatus_v0",
			      hs ? allowed(MODE_S, words[j]) : refused(MODE_S, words[j], EXC_ILLEGAL));
			CHECK("vsstatus_fs_op vsstatus_v0",
			      hs ? allowed(MODE_U, words[j]) : refused(MODE_U, words[j], EXC_ILLEGAL));
		}
	}
	/* no vector unit: VS is read-only zero, vector instructions and CSRs are illegal, never virtual */
	reset();
	context("vector", 0, 0);
	if (!(csrr(CSR_MISA) & BIT(21))) {
		CHECK("vsstatus_vs_op H_illegalinst_xstatus_fs_vs", refused(MODE_VS, 0x57, EXC_ILLEGAL));
		CHECK("vsstatus_vs_op", !(csr_holds(CSR_VSSTATUS, STATUS_VS) & STATUS_VS));
		CHECK("vsstatus_vs_op H_illegalinst_xstatus_fs_vs", refused(MODE_VS, reading(0xc20), EXC_ILLEGAL));
	}
}

int main(void)
{
	hypervisor_and_vs_csrs();
	supervisor_in_vu();
	not_hs_qualified();
	hlv_where();
	hfences_where();
	svinval_where();
	tvm_and_vtvm();
	wfi();
	sret();
	counters();
	stimecmp();
	xtval();
	fs_is_illegal();
	return 0;
}
