/* The PMP registers: which there are, and writes to them: locks and reserved combinations. What the entries then permit
 * is for hart/pmp.c. */
#include "csr/csr_row.h"
#include "hart/options.h"
#include "hart/platform.h"

enum { PMP_R = 1, PMP_W = 2, PMP_X = 4, PMP_A = 0x18, PMP_TOR = 0x08, PMP_L = 0x80, ENTRIES_A_CSR = 8 };

/* The CSRs of the implemented entries only. norm:pmp_entry_count */
bool need_pmpcfg(const struct hart *hart, unsigned num) { return (num - CSR_pmpcfg0) * 4 < hart->options->pmp_entries; }

bool need_pmpaddr(const struct hart *hart, unsigned num) { return num - CSR_pmpaddr0 < hart->options->pmp_entries; }

static uint8_t entry_config(const struct hart *hart, unsigned entry)
{
	return (uint8_t)(CSR_NTH(&hart->csr, pmpcfg0, entry / ENTRIES_A_CSR) >> entry % ENTRIES_A_CSR * 8);
}

/* mseccfg.RLB lets locked entries be edited. norm:pmp_l_bit_function */
static bool locked(const struct hart *hart, uint8_t config)
{
	return config & PMP_L && !(hart->csr.mseccfg & mseccfg_RLB);
}

/* Under MML no new rule may let M-mode execute, unless RLB says so. norm:mseccfg_mml_X_restrict */
static bool forbidden_by_mml(const struct hart *hart, uint8_t config)
{
	if (!(hart->csr.mseccfg & mseccfg_MML) || hart->csr.mseccfg & mseccfg_RLB || !(config & PMP_L))
		return false;
	bool shared_code = (config & (PMP_R | PMP_W)) == PMP_W;
	return shared_code || (config & (PMP_W | PMP_X)) == PMP_X;
}

/* The byte that entry configuration `old` becomes when `value` is written. */
static uint8_t legal_config(const struct hart *hart, uint8_t old, uint8_t value)
{
	value &= PMP_L | PMP_A | PMP_X | PMP_W | PMP_R;
	if (locked(hart, old) || forbidden_by_mml(hart, value))
		return old;
	/* R=0 W=1 is reserved, except as Smepmp's shared regions. norm:pmp_rwx_warl */
	if (!(value & PMP_R) && !(hart->csr.mseccfg & mseccfg_MML))
		value &= (uint8_t)~PMP_W;
	return value;
}

void write_pmpcfg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	uint64_t old = csr_slot_value(hart, row), legal = 0;
	for (unsigned shift = 0; shift < 64; shift += 8)
		legal |= (uint64_t)legal_config(hart, (uint8_t)(old >> shift), (uint8_t)(value >> shift)) << shift;
	*csr_slot(hart, row) = legal;
	hart->effects |= EFFECT_TRANSLATE;
}

/* Locked: by the entry itself, or by the next one when that is a locked TOR. norm:pmp_l_bit_write_protection */
void write_pmpaddr(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	unsigned entry = row->num - CSR_pmpaddr0;
	if (locked(hart, entry_config(hart, entry)))
		return;
	if (entry + 1 < hart->options->pmp_entries) {
		uint8_t next = entry_config(hart, entry + 1);
		if (locked(hart, next) && (next & PMP_A) == PMP_TOR)
			return;
	}
	*csr_slot(hart, row) = value & ((UINT64_C(1) << 54) - 1);
	hart->effects |= EFFECT_TRANSLATE;
}

/* Is any implemented entry locked? Then RLB cannot be set any more. */
static bool any_locked(const struct hart *hart)
{
	for (unsigned i = 0; i < hart->options->pmp_entries; i++)
		if (entry_config(hart, i) & PMP_L)
			return true;
	return false;
}

/* MML and MMWP are sticky; RLB stays clear once something is locked.
 * norm:mseccfg_mml_sticky norm:mseccfg_mmwp_op_warl norm:mseccfg_rlb_op_warl */
void write_mseccfg(struct hart *hart, const struct csr_row *row, uint64_t value)
{
	(void)row;
	uint64_t old = hart->csr.mseccfg, mask = 0;
	if (isa_has(&hart->isa, EXT_Zkr))
		mask |= mseccfg_SSEED | mseccfg_USEED;
	if (isa_has(&hart->isa, EXT_Zicfilp))
		mask |= mseccfg_MLPE;
	if (isa_has(&hart->isa, EXT_Smmpm)) { /* norm:mseccfg_pmm_presence_op norm:mseccfg_pmm_rdonly0 */
		mask |= mseccfg_PMM;
		value = csr_legal_pmm(old, value, mseccfg_PMM, mseccfg_PMM_LOW);
	}
	if (isa_has(&hart->isa, EXT_Smepmp)) {
		mask |= mseccfg_MML | mseccfg_MMWP | mseccfg_RLB;
		value |= old & (mseccfg_MML | mseccfg_MMWP);
		if (!(old & mseccfg_RLB) && any_locked(hart))
			mask &= ~mseccfg_RLB;
	}
	hart->csr.mseccfg = csr_merge(old, value, mask);
	hart->effects |= EFFECT_TRANSLATE | EFFECT_MODE;
}
