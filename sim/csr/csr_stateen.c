/* The stateen registers: what each level lets those below it touch. */
#include "csr/csr_row.h"

_Static_assert(CSR_ROWS(mstateen0, mstateen3) == 4 && CSR_ROWS(hstateen0, hstateen3) == 4,
               "stateen0..3 are consecutive");

static uint64_t if_there(const struct hart *hart, enum ext ext, uint64_t mask)
{
	return isa_has(&hart->isa, ext) ? mask : 0;
}

/* Smstateen includes all of Ssstateen. */
bool need_ssstateen(const struct hart *hart, unsigned num)
{
	(void)num;
	return isa_has(&hart->isa, EXT_Ssstateen) || isa_has(&hart->isa, EXT_Smstateen);
}

/* Bits for state that the hart has; SE of every register. norm:stateen_unimplemented_state_roz */
static uint64_t stateen_implemented(const struct hart *hart, unsigned index)
{
	uint64_t csrind = if_there(hart, EXT_Sscsrind, mstateen0_CSRIND) |
	                  if_there(hart, EXT_Smcsrind, mstateen0_CSRIND);
	uint64_t context = if_there(hart, EXT_Sdtrig, mstateen0_CONTEXT);
	return index ? mstateen1_SE1 : mstateen0_SE0 | mstateen0_ENVCFG | context | csrind;
}

/* norm:Ssqosid_smstateen_srmcfg_requires_mstateen0: a bit of M-mode's register only, as guests have no srmcfg. */
static uint64_t mstateen_implemented(const struct hart *hart, unsigned index)
{
	return stateen_implemented(hart, index) | (index ? 0 : if_there(hart, EXT_Ssqosid, mstateen0_SRMCFG));
}

/* What mstateen `index` leaves to the levels below; everything without Smstateen. */
static uint64_t stateen_of_m(const struct hart *hart, unsigned index)
{
	return isa_has(&hart->isa, EXT_Smstateen) ? CSR_NTH(&hart->csr, mstateen0, index)
	                                          : stateen_implemented(hart, index);
}

void write_mstateen(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	*csr_slot(hart, row) = value & mstateen_implemented(hart, row->num & 3);
	hart->effects |= EFFECT_MODE;
}

/* norm:mstateen_lower_priv_roz norm:hstateen_bit_63_writable */
void write_hstateen(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	uint64_t *slot = csr_slot(hart, row);
	*slot = csr_merge(*slot, value, stateen_implemented(hart, row->num & 3) & stateen_of_m(hart, row->num & 3));
	hart->effects |= EFFECT_MODE;
}

/* A bit that is 0 in mstateen appears as read-only 0. norm:mstateen_lower_priv_roz */
uint64_t read_hstateen(const struct hart *hart, const struct csr_row *row)
{
	return csr_slot_value(hart, row) & stateen_of_m(hart, row->num & 3);
}

/* Does stateen register `index` of the level above let `mode` touch the state of `bit`? Only U-mode would ask sstateen,
 * and nothing that we have is controlled there. norm:stateen_op norm:stateen_illegal_state_access */
bool csr_state_enabled(const struct hart *hart, unsigned index, uint64_t bit, enum mode mode)
{
	if (mode == MODE_HS && isa_has(&hart->isa, EXT_Smstateen))
		return CSR_NTH(&hart->csr, mstateen0, index) & bit;
	if (mode_virt(mode) && need_ssstateen(hart, CSR_hstateen0))
		return CSR_NTH(&hart->csr, hstateen0, index) & bit;
	return true;
}

/* norm:mstateen_bit_63_op norm:hstateen_bit_63_op */
bool guard_stateen(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)write;
	return csr_state_enabled(hart, num & 3, mstateen0_SE0, mode);
}
