/* What reset puts into CSRs beyond the column `reset` of csr.def: what depends on the hart's extensions. */
#include "csr/csr_row.h"

enum { XLEN_64 = 2 }; /* MXL, SXL, UXL, VSXL */

static uint64_t reset_with(const struct hart *hart, enum ext ext, uint64_t mask)
{
	return isa_has(&hart->isa, ext) ? mask : 0;
}

/* M-mode that does not know of envcfg leaves what those below it have: PTEs with A and D clear are good for whoever has
 * not heard of Svade, types of memory for whoever reads of Svpbmt in the device tree. As QEMU has it. */
static uint64_t reset_envcfg(const struct hart *hart)
{
	bool hardware_ad = isa_has(&hart->isa, EXT_Svadu) && !isa_has(&hart->isa, EXT_Svade);
	return (hardware_ad ? menvcfg_ADUE : 0) | reset_with(hart, EXT_Svpbmt, menvcfg_PBMTE);
}

/* Read-only fields, and those the spec gives a value at reset. */
void csr_reset_fixed(struct hart *hart)
{
	struct csr_file *csr = &hart->csr;
	csr_reset_counters(hart);
	csr->misa = isa_misa(&hart->isa);
	csr->mstatus |= reset_with(hart, EXT_U, (uint64_t)XLEN_64 << mstatus_UXL_LOW);
	csr->mstatus |= reset_with(hart, EXT_S, (uint64_t)XLEN_64 << mstatus_SXL_LOW);
	if (!isa_has(&hart->isa, EXT_U)) { /* the only mode there is */
		csr->mstatus |= mstatus_MPP;
		csr->mnstatus |= mnstatus_MNPP;
	}
	if (!isa_has(&hart->isa, EXT_Smrnmi))
		csr->mnstatus |= mnstatus_NMIE; /* nothing can clear it, and nobody sees it */
	csr->mstatus |= reset_with(hart, EXT_Smdbltrp, mstatus_MDT); /* norm:mstatus_mdt_rst */
	csr->hstatus |= reset_with(hart, EXT_H, (uint64_t)XLEN_64 << hstatus_VSXL_LOW);
	csr->vsstatus |= reset_with(hart, EXT_H, (uint64_t)XLEN_64 << vsstatus_UXL_LOW);
	csr->mideleg |= csr_irqs_h(hart);
	csr->menvcfg |= reset_with(hart, EXT_U, reset_envcfg(hart));
	csr->henvcfg |= reset_with(hart, EXT_H, reset_envcfg(hart));
	csr_reset_triggers(hart);
}
