/*
 * The sole judge of CSR accesses: which CSRs exist on a hart, who may touch them, and whether a refusal is an illegal-
 * or a virtual-instruction exception. What the registers then hold is decided in csr_view.c and csr_warl.c.
 */
#include "csr/csr.h"
#include "csr/csr_row.h"
#include "hart/options.h"
#include "hart/platform.h"

enum { CSR_SPACE = 4096, READ_ONLY = 3 };

static const struct csr_row rows[] = {
#define CSR(number, name, n, m, initial, g, r, s, w, meaning)                                                          \
	{                                                                                                              \
	    .num = (number),                                                                                           \
	    .slot = offsetof(struct csr_file, name),                                                                   \
	    .mask = (uint64_t)(m),                                                                                     \
	    .reset = (uint64_t)(initial),                                                                              \
	    .need = need_##n,                                                                                          \
	    .guard = guard_##g,                                                                                        \
	    .read = read_##r,                                                                                          \
	    .seen = seen_##s,                                                                                          \
	    .write = write_##w,                                                                                        \
	},
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

enum {
	ROW_NONE, /* rows are counted from 1 here, so that 0 means: no such CSR */
#define CSR(num, name, ...) ROW_##name,
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

static const uint16_t row_of[CSR_SPACE] = {
#define CSR(num, name, ...) [num] = ROW_##name,
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

static const struct csr_row *find_row(unsigned num)
{
	return num < CSR_SPACE && row_of[num] ? &rows[row_of[num] - 1] : NULL;
}

/* ---- existence ---- */

static bool row_has(const struct hart *hart, enum ext ext) { return isa_has(&hart->isa, ext); }

bool need_always(const struct hart *hart, unsigned num)
{
	(void)hart, (void)num;
	return true;
}

#define NEED_EXTENSION(name, ext)                                                                                      \
	bool need_##name(const struct hart *hart, unsigned num)                                                        \
	{                                                                                                              \
		(void)num;                                                                                             \
		return row_has(hart, ext);                                                                             \
	}

NEED_EXTENSION(f, EXT_F)
NEED_EXTENSION(zicntr, EXT_Zicntr)
NEED_EXTENSION(zihpm, EXT_Zihpm)
NEED_EXTENSION(sstc, EXT_Sstc)
NEED_EXTENSION(s, EXT_S)
NEED_EXTENSION(u, EXT_U)
NEED_EXTENSION(h, EXT_H)

NEED_EXTENSION(smrnmi, EXT_Smrnmi)
NEED_EXTENSION(smstateen, EXT_Smstateen)
NEED_EXTENSION(sscofpmf, EXT_Sscofpmf)
NEED_EXTENSION(smcntrpmf, EXT_Smcntrpmf)

NEED_EXTENSION(smcsrind, EXT_Smcsrind)
NEED_EXTENSION(zkr, EXT_Zkr)
NEED_EXTENSION(ssqosid, EXT_Ssqosid)
NEED_EXTENSION(sdtrig, EXT_Sdtrig)

/* norm:time_csr_architectural_availability */
bool need_time(const struct hart *hart, unsigned num) { return need_zicntr(hart, num) && !hart->options->time_absent; }

/* Smcsrind includes all of Sscsrind. */
bool need_sscsrind(const struct hart *hart, unsigned num)
{
	(void)num;
	return row_has(hart, EXT_Sscsrind) || row_has(hart, EXT_Smcsrind);
}

/* norm:mtval2_Ssdbltrap */
bool need_mtval2(const struct hart *hart, unsigned num)
{
	(void)num;
	return row_has(hart, EXT_H) || row_has(hart, EXT_Ssdbltrp);
}

bool need_envcfg(const struct hart *hart, unsigned num)
{
	(void)num;
	return !hart->options->envcfg_absent;
}

/* norm:mseccfg_presence */
bool need_mseccfg(const struct hart *hart, unsigned num)
{
	(void)num;
	return row_has(hart, EXT_Smepmp) || row_has(hart, EXT_Zkr) || row_has(hart, EXT_Smmpm) ||
	       row_has(hart, EXT_Zicfilp);
}

static bool exists(const struct hart *hart, const struct csr_row *row)
{
	switch (csr_level(row->num)) {
	case LEVEL_SUPERVISOR: return row_has(hart, EXT_S) && row->need(hart, row->num);
	case LEVEL_HYPERVISOR: return row_has(hart, EXT_H) && row->need(hart, row->num);
	default: return row->need(hart, row->num);
	}
}

/* ---- controls that can refuse an access ---- */

bool guard_open(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)hart, (void)num, (void)mode, (void)write;
	return true;
}

/* FS of both levels counts while V=1, and a refusal is never virtual: it is found already when asking for HS.
 * norm:vsstatus_fs_op norm:H_illegalinst_xstatus_fs_vs */
bool guard_fp(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num, (void)mode, (void)write;
	if (!(hart->csr.mstatus & mstatus_FS))
		return false;
	return !mode_virt(hart->mode) || hart->csr.vsstatus & vsstatus_FS;
}

/* norm:mcounteren_clr_ill_inst_exc norm:hcounteren_op norm:scounteren_op */
bool guard_counter(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)write;
	const struct csr_file *csr = &hart->csr;
	uint64_t bit = UINT64_C(1) << (num & 31);
	switch (mode) {
	case MODE_HS: return csr->mcounteren & bit;
	case MODE_U: return csr->mcounteren & bit && (!row_has(hart, EXT_S) || csr->scounteren & bit);
	case MODE_VS: return csr->hcounteren & bit;
	case MODE_VU: return csr->hcounteren & csr->scounteren & bit;
	default: return true;
	}
}

/* norm:menvcfg_stce_op2 norm:mcounteren_tm_clr norm:henvcfg_stce norm:hcounteren_acc */
bool guard_stimecmp(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num, (void)write;
	const struct csr_file *csr = &hart->csr;
	switch (mode) {
	case MODE_HS: return csr->mcounteren & mcounteren_TM && csr->menvcfg & menvcfg_STCE;
	case MODE_VS: return csr->hcounteren & hcounteren_TM && csr->henvcfg & henvcfg_STCE;
	default: return true;
	}
}

/* mstatus.TVM touches HS-mode only, and does not count when asking whether a guest's access would be valid in HS.
 * norm:mstatus_modes norm:H_cause_virtual_instruction */
static bool tvm_refuses(const struct hart *hart, enum mode mode)
{
	return mode == MODE_HS && hart->mode == MODE_HS && hart->csr.mstatus & mstatus_TVM;
}

/* norm:hstatus_vtvm_op */
bool guard_satp(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num, (void)write;
	return !tvm_refuses(hart, mode) && !(mode == MODE_VS && hart->csr.hstatus & hstatus_VTVM);
}

/* norm:hgatp_tvm_illegal */
bool guard_hgatp(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num, (void)write;
	return !tvm_refuses(hart, mode);
}

/* norm:mstateen0_envcfg_op norm:hstateen0_envcfg_op */
bool guard_envcfg(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num, (void)write;
	return csr_state_enabled(hart, 0, mstateen0_ENVCFG, mode);
}

/* norm:mstateen0_context_op norm:hstateen0_context_op */
bool guard_context(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num, (void)write;
	return csr_state_enabled(hart, 0, mstateen0_CONTEXT, mode);
}

/* No guest has it. norm:Ssqosid_srmcfg_access_illegal_instruction norm:Ssqosid_srmcfg_access_virtual_instruction */
bool guard_srmcfg(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num, (void)write;
	return !mode_virt(mode) && csr_state_enabled(hart, 0, mstateen0_SRMCFG, mode);
}

/* Only an instruction that also writes may read it. norm:mseccfg_sseed_SorHS-mode_op norm:mseccfg_useed_U-mode_op
 * norm:mseccfg_sseed_VSorVU-mode_op */
bool guard_seed(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num;
	switch (mode) {
	case MODE_M: return write;
	case MODE_HS: return write && hart->csr.mseccfg & mseccfg_SSEED;
	case MODE_U: return write && hart->csr.mseccfg & mseccfg_USEED;
	default: return false;
	}
}

/* ---- the verdict ---- */

/* Is the level of a CSR within reach of a mode with V=0? */
static bool level_reachable(unsigned level, enum mode mode)
{
	switch (mode) {
	case MODE_M: return true;
	case MODE_HS: return level != LEVEL_MACHINE;
	default: return level == 0;
	}
}

/* With V=1: what HS-mode may not do either is illegal; what only the guest's level, the hypervisor or the guest's
 * kernel refuses is virtual. norm:H_cause_virtual_instruction */
static enum csr_verdict judge_guest(const struct hart *hart, const struct csr_row *row, bool write)
{
	unsigned level = csr_level(row->num);
	if (level == LEVEL_MACHINE || !row->guard(hart, row->num, MODE_HS, write))
		return CSR_ILLEGAL;
	/* norm:H_virtinst_vu_vs_nonhigh_allowedhs_tvm0 norm:H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0 */
	if (level == LEVEL_HYPERVISOR || (level == LEVEL_SUPERVISOR && hart->mode == MODE_VU))
		return CSR_VIRTUAL;
	return row->guard(hart, row->num, hart->mode, write) ? CSR_OK : CSR_VIRTUAL;
}

enum csr_verdict csr_check(const struct hart *hart, unsigned num, bool write)
{
	const struct csr_row *row = find_row(num);
	if (!row || !exists(hart, row) || (write && num >> 10 == READ_ONLY))
		return CSR_ILLEGAL;
	if (mode_virt(hart->mode))
		return judge_guest(hart, row, write);
	bool allowed = level_reachable(csr_level(num), hart->mode) && row->guard(hart, num, hart->mode, write);
	return allowed ? CSR_OK : CSR_ILLEGAL;
}

/* ---- access ---- */

/* With V=1 the number of a supervisor CSR means its VS twin, where there is one: of the standard read/write CSRs, 0x1xx
 * becomes 0x2xx. norm:H_vscsrs_sub */
static const struct csr_row *row_meant(const struct hart *hart, unsigned num)
{
	if (mode_virt(hart->mode) && num >> 8 == LEVEL_SUPERVISOR && row_of[num ^ 0x300])
		num ^= 0x300;
	return find_row(num);
}

uint64_t csr_read(const struct hart *hart, unsigned num)
{
	const struct csr_row *row = row_meant(hart, num);
	return row->seen(hart, row->read(hart, row), CSR_USE_READ);
}

uint64_t csr_read_to_modify(const struct hart *hart, unsigned num)
{
	const struct csr_row *row = row_meant(hart, num);
	return row->seen(hart, row->read(hart, row), CSR_USE_MODIFY);
}

void csr_write(struct hart *hart, unsigned num, uint64_t value)
{
	const struct csr_row *row = row_meant(hart, num);
	row->write(hart, row, value);
}

unsigned csr_meant(const struct hart *hart, unsigned num) { return row_meant(hart, num)->num; }

bool csr_peek(const struct hart *hart, unsigned num, uint64_t *value)
{
	const struct csr_row *row = find_row(num);
	if (!row || !exists(hart, row))
		return false;
	*value = row->read(hart, row);
	return true;
}

bool csr_poke(struct hart *hart, unsigned num, uint64_t value)
{
	enum { COUNTERS = 0xb00, COUNTERS_END = 0xb20 };
	const struct csr_row *row = find_row(num);
	enum mode mode = hart->mode;
	if (!row || !exists(hart, row))
		return false;
	hart->mode = MODE_M;
	if (num >= COUNTERS && num < COUNTERS_END)
		csr_counter_set(hart, num & 31, value);
	else
		row->write(hart, row, value);
	hart->mode = mode;
	return true;
}

void csr_reset(struct hart *hart)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		*csr_slot(hart, &rows[i]) = rows[i].reset;
	csr_reset_fixed(hart);
}
