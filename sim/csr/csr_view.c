/* CSRs that are views of other registers or of the world outside: how they read. Their writes are in csr_warl.c. */
#include "csr/csr_row.h"
#include "hart/platform.h"
#include "hart/trap.h"

uint64_t read_slot(const struct hart *hart, const struct csr_row *row) { return csr_slot_value(hart, row); }

uint64_t read_zero(const struct hart *hart, const struct csr_row *row)
{
	(void)hart, (void)row;
	return 0;
}

uint64_t read_mhartid(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->id;
}

uint64_t seen_plain(const struct hart *hart, uint64_t value, enum csr_use use)
{
	(void)hart, (void)use;
	return value;
}

/* ---- floating point: fflags and frm are parts of fcsr ---- */

uint64_t read_fflags(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->csr.fcsr & fcsr_FFLAGS;
}

uint64_t read_frm(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return (hart->csr.fcsr & fcsr_FRM) >> fcsr_FRM_LOW;
}

/* ---- the entropy source ---- */

/* Entropy that is the same in every run: csr.seed counts the accesses, and a mixing function hides the counting. */
uint64_t read_seed(const struct hart *hart, const struct csr_row *row)
{
	const uint64_t valid = UINT64_C(2) << seed_OPST_LOW;
	uint64_t mixed = (csr_slot_value(hart, row) << 8 | hart->id) + UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return valid | (mixed >> 31 & seed_ENTROPY);
}

/* ---- time ---- */

uint64_t read_time(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return platform_time(hart->platform, hart->now);
}

/* norm:htimedelta_sz_acc_op */
uint64_t seen_time(const struct hart *hart, uint64_t value, enum csr_use use)
{
	(void)use;
	return mode_virt(hart->mode) ? value + hart->csr.htimedelta : value;
}

/* ---- status ---- */

/* SD sums up FS alone: VS and XS are read-only 0. norm:mstatus_sd_op1 */
static uint64_t with_sd(uint64_t status) { return (status & mstatus_FS) == mstatus_FS ? status | mstatus_SD : status; }

uint64_t read_mstatus(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return with_sd(hart->csr.mstatus);
}

uint64_t read_sstatus(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	const uint64_t visible = sstatus_SIE | sstatus_SPIE | sstatus_UBE | sstatus_SPP | sstatus_VS | sstatus_FS |
	                         sstatus_XS | sstatus_SUM | sstatus_MXR | sstatus_SPELP | sstatus_SDT | sstatus_UXL;
	return with_sd(hart->csr.mstatus & visible);
}

/* norm:vsstatus_sd_xs_op: FS of the HS level does not show in SD here. */
uint64_t read_vsstatus(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return with_sd(hart->csr.vsstatus);
}

/* ---- interrupts ---- */

uint64_t read_mip(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return irq_mip(hart) & csr_irqs_m(hart);
}

/* SEIP is read with its wire, but never written back with it. norm:mip_seip_wrcsr */
uint64_t seen_mip(const struct hart *hart, uint64_t value, enum csr_use use)
{
	return use == CSR_USE_MODIFY ? csr_merge(value, hart->csr.mip, mip_SEIP) : value;
}

uint64_t read_sip(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return irq_mip(hart) & hart->csr.mideleg & csr_irqs_s(hart);
}

uint64_t read_sie(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->csr.mie & hart->csr.mideleg & csr_irqs_s(hart);
}

uint64_t read_hip(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return irq_mip(hart) & csr_irqs_h(hart);
}

uint64_t read_hie(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->csr.mie & csr_irqs_h(hart);
}

/* norm:mideleg_hroz: what M-mode keeps, HS-mode cannot pass on. */
uint64_t read_hideleg(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->csr.hideleg & hart->csr.mideleg;
}

/* A VS-level interrupt stands one bit lower in the guest's registers: 10, 6, 2 become 9, 5, 1.
 * norm:vsip_vsie_sei norm:vsip_vsie_sti norm:vsip_vsie_ssi norm:vsip_vsie_lcofi */
static uint64_t as_guest_sees(const struct hart *hart, uint64_t bits)
{
	bits &= read_hideleg(hart, NULL);
	return (bits & csr_irqs_vs(hart)) >> 1 | (bits & csr_irqs_same(hart));
}

uint64_t read_vsip(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return as_guest_sees(hart, irq_mip(hart));
}

uint64_t read_vsie(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return as_guest_sees(hart, hart->csr.mie);
}

/* Bit 0 and the bits above GEILEN are read-only 0. norm:geilen */
uint64_t read_hgeip(const struct hart *hart, const struct csr_row *row)
{
	(void)row;
	return hart->hgei & csr_guest_externals(hart);
}
