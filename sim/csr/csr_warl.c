/*
 * Writes: what each register can hold. Every WARL rule is a small function; a value that is not legal leaves the field
 * as it was, unless the spec says otherwise.
 *
 * Slots always hold what software reads: a field that turns read-only because of another register (henvcfg under
 * menvcfg) is cleared when that register changes. So the walker, irq.c and the engine read slots
 * directly.
 */
#include "csr/csr_row.h"
#include "hart/options.h"
#include "hart/platform.h"

static bool hart_has(const struct hart *hart, enum ext ext) { return isa_has(&hart->isa, ext); }

/* A mask that is empty unless the extension is there. */
static uint64_t with(const struct hart *hart, enum ext ext, uint64_t mask) { return hart_has(hart, ext) ? mask : 0; }

void write_none(struct hart *hart, const struct csr_row *row, uint64_t value) { (void)hart, (void)row, (void)value; }

void write_masked(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	uint64_t *slot = csr_slot(hart, row);
	*slot = csr_merge(*slot, value, row->mask);
}

/* The value written is ignored; the access itself uses up the entropy that was read. */
void write_seed(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)value;
	++*csr_slot(hart, row);
}

/* ---- which interrupts there are ---- */

uint64_t csr_guest_externals(const struct hart *hart)
{
	return (UINT64_C(1) << hart->options->geilen << 1) - 2; /* norm:geilen */
}

/* norm:mip_sxip_mie_sxie_rdonly0 norm:sip_sie_Sscofpmf */
uint64_t csr_irqs_s(const struct hart *hart)
{
	return with(hart, EXT_S, sie_SSIE | sie_STIE | sie_SEIE | with(hart, EXT_Sscofpmf, sie_LCOFIE));
}

uint64_t csr_irqs_h(const struct hart *hart)
{
	uint64_t guest = hart->options->geilen ? hie_SGEIE : 0; /* norm:mideleg_acc_h */
	return with(hart, EXT_H, hie_VSSIE | hie_VSTIE | hie_VSEIE | guest);
}

uint64_t csr_irqs_vs(const struct hart *hart)
{
	return with(hart, EXT_H, hideleg_VSSI | hideleg_VSTI | hideleg_VSEI); /* norm:hideleg_acc */
}

uint64_t csr_irqs_same(const struct hart *hart)
{
	return with(hart, EXT_Shlcofideleg, hideleg_LCOFI); /* norm:vsip_vsie_lcofi */
}

uint64_t csr_irqs_m(const struct hart *hart)
{
	return mie_MSIE | mie_MTIE | mie_MEIE | with(hart, EXT_Sscofpmf, mie_LCOFIE) | csr_irqs_s(hart) |
	       csr_irqs_h(hart);
}

/* ---- floating point ---- */

/* norm:vsstatus_fs_op */
static void dirty_fp(struct hart *hart)
{
	hart->csr.mstatus |= mstatus_FS;
	if (mode_virt(hart->mode))
		hart->csr.vsstatus |= vsstatus_FS;
	hart->effects |= EFFECT_MODE;
}

void write_fcsr(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	hart->csr.fcsr = value & (fcsr_FFLAGS | fcsr_FRM);
	dirty_fp(hart);
}

void write_fflags(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	write_fcsr(hart, row, csr_merge(hart->csr.fcsr, value, fcsr_FFLAGS));
}

void write_frm(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	write_fcsr(hart, row, csr_merge(hart->csr.fcsr, value << fcsr_FRM_LOW, fcsr_FRM));
}

/* ---- status ---- */

static void status_changed(struct hart *hart) { hart->effects |= EFFECT_MODE | EFFECT_IRQ; }

/* An endianness bit of a mode. norm:mstatus_mstatush_xbe_warl norm:hstatus_vsbe_op norm:vsstatus_ube */
static uint64_t endian(const struct hart *hart, enum ext ext, uint64_t bit)
{
	return hart->options->little_endian ? 0 : with(hart, ext, bit);
}

/* Fields that sstatus and vsstatus share. norm:mstatus_fs_rdonly0_s_no_f: FS without F is read-only 0. */
static uint64_t status_writable(const struct hart *hart)
{
	uint64_t supervisor = mstatus_SIE | mstatus_SPIE | mstatus_SPP | mstatus_SUM | mstatus_MXR;
	return with(hart, EXT_S, supervisor | with(hart, EXT_Zicfilp, mstatus_SPELP)) | with(hart, EXT_F, mstatus_FS) |
	       endian(hart, EXT_U, mstatus_UBE);
}

/* SDT is there while the level above allows it. norm:menvcfg_dte_op norm:henvcfg_dte_op */
static uint64_t sstatus_writable(const struct hart *hart)
{
	return status_writable(hart) | (hart->csr.menvcfg & menvcfg_DTE ? mstatus_SDT : 0);
}

static uint64_t vsstatus_writable(const struct hart *hart)
{
	return status_writable(hart) | (hart->csr.henvcfg & henvcfg_DTE ? vsstatus_SDT : 0);
}

/* While traps are disabled interrupts are too. norm:sstatus_sdt_sstatus_sie_overwrite norm:mstatus_mie_clr_by_mdt */
static uint64_t without_double_traps(uint64_t status)
{
	if (status & mstatus_SDT)
		status &= ~mstatus_SIE;
	if (status & mstatus_MDT)
		status &= ~mstatus_MIE;
	return status;
}

static uint64_t mstatus_writable(const struct hart *hart)
{
	return sstatus_writable(hart) | with(hart, EXT_Smdbltrp, mstatus_MDT) | with(hart, EXT_Zicfilp, mstatus_MPELP) |
	       mstatus_MIE | mstatus_MPIE | mstatus_MPP |
	       with(hart, EXT_U, mstatus_MPRV | mstatus_TW) | /* norm:mstatus_mprv_rdonly0_no_umode */
	       with(hart, EXT_S, mstatus_TVM | mstatus_TSR) | /* norm:mstatus_tsr_acc */
	       endian(hart, EXT_I, mstatus_MBE) | endian(hart, EXT_S, mstatus_SBE) |
	       with(hart, EXT_H, mstatus_MPV | mstatus_GVA);
}

/* MPP, and MNPP in its place. norm:mstatus_xpp_warl norm:mnstatus_mnpp_op */
static uint64_t legal_mpp(const struct hart *hart, uint64_t old, uint64_t value)
{
	unsigned mpp = (value & mstatus_MPP) >> mstatus_MPP_LOW;
	bool legal = mpp == 3 || (mpp == 1 && hart_has(hart, EXT_S)) || (mpp == 0 && hart_has(hart, EXT_U));
	return legal ? value : csr_merge(value, old, mstatus_MPP);
}

_Static_assert(mstatus_MPP_LOW == (int)mnstatus_MNPP_LOW, "status registers have xPP of M-mode at one place");

void write_mstatus(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t old = hart->csr.mstatus;
	hart->csr.mstatus = without_double_traps(csr_merge(old, legal_mpp(hart, old, value), mstatus_writable(hart)));
	status_changed(hart);
}

/* NMIE can be set but not cleared. norm:mnstatus_nmie_set_clear norm:mnstatus_reserved */
void write_mnstatus(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t old = hart->csr.mnstatus;
	uint64_t writable = mnstatus_MNPP | with(hart, EXT_H, mnstatus_MNPV) |
	                    with(hart, EXT_Zicfilp, mnstatus_MNPELP) | (value & mnstatus_NMIE);
	hart->csr.mnstatus = csr_merge(old, legal_mpp(hart, old, value), writable);
	status_changed(hart);
}

void write_sstatus(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	hart->csr.mstatus = without_double_traps(csr_merge(hart->csr.mstatus, value, sstatus_writable(hart)));
	status_changed(hart);
}

void write_vsstatus(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	hart->csr.vsstatus = without_double_traps(csr_merge(hart->csr.vsstatus, value, vsstatus_writable(hart)));
	status_changed(hart);
}

/* Pointer masking: 1 is reserved. norm:henvcfg_pmm_op */
uint64_t csr_legal_pmm(uint64_t old, uint64_t value, uint64_t field, unsigned low)
{
	return (value & field) >> low == 1 ? csr_merge(value, old, field) : value;
}

/* VGEIN holds 0..GEILEN. norm:hstatus_vgein_op */
static uint64_t legal_vgein(const struct hart *hart, uint64_t old, uint64_t value)
{
	uint64_t vgein = (value & hstatus_VGEIN) >> hstatus_VGEIN_LOW;
	return vgein <= hart->options->geilen ? value : csr_merge(value, old, hstatus_VGEIN);
}

void write_hstatus(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	const uint64_t writable = hstatus_GVA | hstatus_SPV | hstatus_SPVP | hstatus_HU | hstatus_VGEIN | hstatus_VTVM |
	                          hstatus_VTW | hstatus_VTSR | with(hart, EXT_Ssnpm, hstatus_HUPMM) |
	                          endian(hart, EXT_H, hstatus_VSBE);
	uint64_t old = hart->csr.hstatus;
	value = legal_vgein(hart, old, value);
	value = csr_legal_pmm(old, value, hstatus_HUPMM, hstatus_HUPMM_LOW);
	hart->csr.hstatus = csr_merge(old, value, writable);
	status_changed(hart);
}

/* ---- trap vectors and exception pcs ---- */

/* Direct and vectored; any 4-byte aligned base. norm:mtvec_mode_enc norm:stvec_sz_base */
void write_tvec(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	uint64_t *slot = csr_slot(hart, row);
	*slot = (value & mtvec_MODE) <= 1 ? value : csr_merge(value, *slot, mtvec_MODE);
}

/* norm:mepc_align */
void write_epc(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	*csr_slot(hart, row) = value & ~(hart_has(hart, EXT_Zca) ? UINT64_C(1) : UINT64_C(3));
}

/* ---- delegation ---- */

/* What a guest can be given. norm:hedeleg_acc */
static uint64_t guest_exceptions(void)
{
	return hedeleg_FETCH_MISALIGNED | hedeleg_FETCH_ACCESS | hedeleg_ILLEGAL | hedeleg_BREAKPOINT |
	       hedeleg_LOAD_MISALIGNED | hedeleg_LOAD_ACCESS | hedeleg_STORE_MISALIGNED | hedeleg_STORE_ACCESS |
	       hedeleg_ECALL_U | hedeleg_FETCH_PAGE | hedeleg_LOAD_PAGE | hedeleg_STORE_PAGE | hedeleg_SOFTWARE_CHECK |
	       hedeleg_HARDWARE_ERROR;
}

/* An ecall from M and a double trap stay in M-mode. norm:medeleg_when_rd0 norm:medeleg_16_no_rd0 */
void write_medeleg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t hypervisor = medeleg_ECALL_VS | medeleg_FETCH_GUEST_PAGE | medeleg_LOAD_GUEST_PAGE | medeleg_VIRTUAL |
	                      medeleg_STORE_GUEST_PAGE;
	hart->csr.medeleg = value & (guest_exceptions() | medeleg_ECALL_HS | with(hart, EXT_H, hypervisor));
}

void write_hedeleg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	hart->csr.hedeleg = value & guest_exceptions();
}

/* VS-level and guest external interrupts always pass M-mode. norm:mideleg_acc_h norm:mideleg_hroz */
void write_mideleg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	hart->csr.mideleg = (value & csr_irqs_s(hart)) | csr_irqs_h(hart);
	hart->effects |= EFFECT_IRQ;
}

/* What M-mode keeps is read-only zero here as long as it does so: read_hideleg hides it, and it is not written.
 * norm:mideleg_hroz */
void write_hideleg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t mask = (csr_irqs_vs(hart) | csr_irqs_same(hart)) & hart->csr.mideleg;
	hart->csr.hideleg = csr_merge(hart->csr.hideleg, value, mask);
	hart->effects |= EFFECT_IRQ;
}

/* ---- interrupt enables ---- */

static void write_enables(struct hart *hart, uint64_t value, uint64_t mask)
{
	hart->csr.mie = csr_merge(hart->csr.mie, value, mask);
	hart->effects |= EFFECT_IRQ;
}

void write_mie(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	write_enables(hart, value, csr_irqs_m(hart));
}

void write_sie(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	write_enables(hart, value, csr_irqs_s(hart) & hart->csr.mideleg);
}

void write_hie(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	write_enables(hart, value, csr_irqs_h(hart));
}

void write_vsie(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	write_enables(hart, value << 1, csr_irqs_vs(hart) & hart->csr.hideleg);
	write_enables(hart, value, csr_irqs_same(hart) & hart->csr.hideleg & hart->csr.mideleg);
}

void write_hgeie(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	hart->csr.hgeie = value & csr_guest_externals(hart);
	hart->effects |= EFFECT_IRQ;
}

/* ---- interrupts pending: csr.mip holds what software asserted, csr.hvip what it asserted for the guest ---- */

static void write_pending(struct hart *hart, uint64_t value, uint64_t mask)
{
	csr_counters_latch(hart); /* an overflow before this write can be cleared by it */
	hart->csr.mip = csr_merge(hart->csr.mip, value, mask);
	hart->effects |= EFFECT_IRQ;
}

/* VSSIP is one bit with four names: mip, hip, hvip and (as SSIP) vsip. norm:hip_vssip_vssie_op norm:mip_mie_alias */
static void write_vssip(struct hart *hart, uint64_t value, uint64_t mask)
{
	hart->csr.hvip = csr_merge(hart->csr.hvip, value, mask & hvip_VSSIP);
	hart->effects |= EFFECT_IRQ;
}

/* STIP is the timer's while stimecmp works. norm:mip_stip_stimecmp_acc norm:menvcfg_stce_op2 */
void write_mip(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t mask = csr_irqs_m(hart) & (mip_SSIP | mip_STIP | mip_SEIP | mip_LCOFIP);
	if (hart->csr.menvcfg & menvcfg_STCE)
		mask &= ~mip_STIP;
	write_pending(hart, value, mask);
	write_vssip(hart, value, csr_irqs_h(hart));
}

/* norm:sip_ssip_sie_ssie norm:sip_sie_Sscofpmf */
void write_sip(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	write_pending(hart, value, csr_irqs_s(hart) & hart->csr.mideleg & (sip_SSIP | sip_LCOFIP));
}

void write_hip(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	write_vssip(hart, value, hip_VSSIP);
}

void write_hvip(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	hart->csr.hvip = value & (hvip_VSSIP | hvip_VSTIP | hvip_VSEIP); /* norm:hvip_acc */
	hart->effects |= EFFECT_IRQ;
}

void write_vsip(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	write_vssip(hart, value << 1, hart->csr.hideleg);
	/* an alias of sip.LCOFIP */
	write_pending(hart, value, csr_irqs_same(hart) & hart->csr.hideleg & hart->csr.mideleg);
}

/* ---- timers ---- */

void write_timecmp(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	*csr_slot(hart, row) = value;
	hart->effects |= EFFECT_IRQ;
}

void write_htimedelta(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	write_timecmp(hart, row, value); /* moves the guest's time, so vstimecmp's comparison too */
}

/* Bits of counters that do not exist are read-only 0. norm:hcounteren_warl norm:mcounteren_flds_rdonly0 */
void write_counteren(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	uint64_t mask = mcounteren_CY | mcounteren_TM | mcounteren_IR | with(hart, EXT_Zihpm, csr_hpm_counters(hart));
	*csr_slot(hart, row) = value & mask;
}

/* ---- address translation ---- */

static bool mode_supported(const struct hart *hart, uint64_t mode)
{
	switch (mode) {
	case 0: return true;
	case 8: return hart_has(hart, EXT_Sv39);
	case 9: return hart_has(hart, EXT_Sv48);
	case 10: return hart_has(hart, EXT_Sv57);
	default: return false;
	}
}

/* Of an identifier field the lowest bits are implemented first. norm:hgatp_vmid_lsbs */
static uint64_t id_mask(unsigned bits, unsigned low) { return ((UINT64_C(1) << bits) - 1) << low; }

/* satp, and vsatp in both modes: a write with an unsupported MODE has no effect at all.
 * norm:satp_mode_op_unsupported norm:vsatp_mode_unsupported_v0 norm:vsatp_mode_unsupported_v1 */
void write_satp(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	if (!mode_supported(hart, value >> satp_MODE_LOW))
		return;
	*csr_slot(hart, row) = value & (satp_MODE | satp_PPN | id_mask(hart->options->asid_bits, satp_ASID_LOW));
	hart->effects |= EFFECT_TRANSLATE;
}

void write_vsatp(struct hart *hart, const struct csr_row *row, uint64_t value) { write_satp(hart, row, value); }

/* An unsupported MODE keeps the old one; the other fields are written. The root table is 16 KiB, so PPN[1:0] are
 * read-only 0. norm:hgatp_mode_warl norm:hgatp_ppn_op */
void write_hgatp(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t mask = (hgatp_PPN & ~UINT64_C(3)) | id_mask(hart->options->vmid_bits, hgatp_VMID_LOW);
	if (mode_supported(hart, value >> hgatp_MODE_LOW))
		mask |= hgatp_MODE;
	hart->csr.hgatp = csr_merge(hart->csr.hgatp, value, mask);
	hart->effects |= EFFECT_TRANSLATE;
}

/* ---- environment configuration ---- */

static void environment_changed(struct hart *hart)
{
	if (!(hart->csr.menvcfg & menvcfg_DTE))
		hart->csr.mstatus &= ~mstatus_SDT;
	if (!(hart->csr.henvcfg & henvcfg_DTE))
		hart->csr.vsstatus &= ~vsstatus_SDT;
	hart->effects |= EFFECT_MODE | EFFECT_IRQ | EFFECT_TRANSLATE;
}

/* What all three levels have. menvcfg's and henvcfg's fields have the same places. */
static uint64_t env_common(const struct hart *hart)
{
	return senvcfg_FIOM | with(hart, EXT_Zicfilp, senvcfg_LPE) |
	       with(hart, EXT_Zicbom, senvcfg_CBIE | senvcfg_CBCFE) | with(hart, EXT_Zicboz, senvcfg_CBZE);
}

/* CBIE 2 and PMM 1 are reserved. norm:menvcfg_cbie_warl_op norm:menvcfg_pmm_op */
static uint64_t legal_env(uint64_t old, uint64_t value, uint64_t writable)
{
	if ((value & menvcfg_CBIE) >> menvcfg_CBIE_LOW == 2)
		value = csr_merge(value, old, menvcfg_CBIE);
	value = csr_legal_pmm(old, value, menvcfg_PMM, menvcfg_PMM_LOW);
	return csr_merge(old, value, writable);
}

/* Fields of henvcfg that are read-only 0 unless menvcfg has them set.
 * norm:menvcfg_pbmte_henvcfg_pbmte_rdonly0 norm:menvcfg_adue_henvcfg_adue_rdonly0 norm:menvcfg_stce_op2
 * norm:menvcfg_dte_op */
static uint64_t henvcfg_gated(void) { return henvcfg_PBMTE | henvcfg_ADUE | henvcfg_STCE | henvcfg_DTE; }

void write_menvcfg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t writable = env_common(hart) | with(hart, EXT_Svadu, menvcfg_ADUE) |
	                    with(hart, EXT_Sstc, menvcfg_STCE) | with(hart, EXT_Svpbmt, menvcfg_PBMTE) |
	                    with(hart, EXT_Smnpm, menvcfg_PMM) | with(hart, EXT_Ssdbltrp, menvcfg_DTE);
	hart->csr.menvcfg = legal_env(hart->csr.menvcfg, value, writable);
	hart->csr.henvcfg &= ~henvcfg_gated() | hart->csr.menvcfg;
	environment_changed(hart);
}

void write_henvcfg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t gated = henvcfg_gated() & hart->csr.menvcfg;
	uint64_t writable = env_common(hart) | gated | with(hart, EXT_Ssnpm, henvcfg_PMM);
	hart->csr.henvcfg = legal_env(hart->csr.henvcfg, value, writable);
	environment_changed(hart);
}

void write_senvcfg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t writable = env_common(hart) | with(hart, EXT_Ssnpm, senvcfg_PMM);
	hart->csr.senvcfg = legal_env(hart->csr.senvcfg, value, writable);
	environment_changed(hart);
}
