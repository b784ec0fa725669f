/* Traps: who takes one, what the trap CSRs say about it, and the returns. */
#include "hart/trap.h"

#include "csr/csr.h"
#include "hart/options.h"
#include "hart/platform.h"
#include "hart/route.h"

/* ---- the trap value registers ---- */

/* The option tval_zero writes 0 instead of instruction words and of a breakpoint's own pc: no handler needs those.
 * Addresses of memory faults stay: no operating system works without. norm:stval_op_illegal_instr norm:stval_acc */
static uint64_t trap_value(const struct hart *hart, const struct trap *trap)
{
	if (!hart->options->tval_zero || trap->interrupt)
		return trap->tval;
	switch (trap->cause) {
	case CAUSE_ILLEGAL:
	case CAUSE_VIRTUAL:
	case CAUSE_BREAKPOINT: return 0;
	default: return trap->tval;
	}
}

/* GVA says that tval holds a guest virtual address, so it goes with tval. norm:hstatus_gva_op norm:mstatus_gva_op */
static bool trap_gva(const struct hart *hart, const struct trap *trap)
{
	return trap->gva && !(hart->options->tval_zero && trap->cause == CAUSE_BREAKPOINT);
}

/* The option tval2_zero is for guest-physical addresses only: a double trap's cause is always written.
 * norm:htval_trapval norm:mtval2_trapval */
static uint64_t trap_value2(const struct hart *hart, const struct trap *trap)
{
	return hart->options->tval2_zero && trap->cause != CAUSE_DOUBLE_TRAP ? 0 : trap->tval2;
}

/* Transformed instructions have bit 0 set; pseudoinstructions do not, and must be written wherever the address of an
 * implicit access is. norm:H_trap_xtinst_guestpage */
static uint64_t trap_instruction(const struct hart *hart, const struct trap *trap)
{
	bool optional = trap->tinst & 1 || hart->options->tval2_zero;
	return hart->options->tinst_zero && optional ? 0 : trap->tinst;
}

unsigned trap_hidden(const struct hart *hart, const struct trap *trap)
{
	return (trap_value(hart, trap) != trap->tval ? TRAP_HIDES_TVAL : 0) |
	       (trap_value2(hart, trap) != trap->tval2 ? TRAP_HIDES_TVAL2 : 0) |
	       (trap_instruction(hart, trap) != trap->tinst ? TRAP_HIDES_TINST : 0);
}

/* ---- landing pads ---- */

/* xLPE. norm:menvcfg_lpe_op_lead-in norm:mseccfg_mlpe_set_op norm:senvcfg_lpe_Zicfilp */
bool trap_landing_pads(const struct hart *hart, enum mode mode)
{
	const struct csr_file *csr = &hart->csr;
	bool s = isa_has(&hart->isa, EXT_S);
	switch (mode) {
	case MODE_M: return csr->mseccfg & mseccfg_MLPE;
	case MODE_HS: return csr->menvcfg & menvcfg_LPE;
	case MODE_VS: return csr->henvcfg & henvcfg_LPE;
	default: return s ? csr->senvcfg & senvcfg_LPE : csr->menvcfg & menvcfg_LPE;
	}
}

/* A return takes the expectation back if the new mode has landing pads. norm:Zicfilp_pelp_trap_return */
static void restore_elp(struct hart *hart, uint64_t *status, uint64_t pelp, enum mode mode)
{
	hart->elp = *status & pelp && trap_landing_pads(hart, mode);
	*status &= ~pelp;
}

/* norm:Zicfilp_pelp_trap. A jump to a misaligned address has not happened: it expects nothing. */
static void save_elp(struct hart *hart, const struct trap *trap, enum mode to)
{
	struct csr_file *csr = &hart->csr;
	uint64_t *status = to == MODE_VS ? &csr->vsstatus : &csr->mstatus;
	uint64_t pelp = to == MODE_M ? mstatus_MPELP : mstatus_SPELP;
	bool expected = hart->elp && (trap->interrupt || trap->cause != CAUSE_FETCH_MISALIGNED);
	*status = expected ? *status | pelp : *status & ~pelp;
	hart->elp = false;
}

_Static_assert(mstatus_SPELP_LOW == (int)vsstatus_SPELP_LOW, "status registers have SPELP at one place");

/* ---- entry ---- */

/* norm:mtvec_mode_vectored_op */
static uint64_t vector(uint64_t tvec, bool interrupt, unsigned code)
{
	uint64_t base = tvec & ~(uint64_t)mtvec_MODE;
	return tvec & 1 && interrupt ? base + 4 * (uint64_t)code : base;
}

static uint64_t cause_word(bool interrupt, unsigned code) { return (uint64_t)interrupt << mcause_INTERRUPT_LOW | code; }

static uint64_t set_field(uint64_t word, uint64_t mask, unsigned low, uint64_t value)
{
	return (word & ~mask) | (value << low & mask);
}

#define SET(word, field, value) ((word) = set_field((word), field, field##_LOW, (value)))
#define GET(word, field) (((word) & (field)) >> field##_LOW)

/* norm:H_trap_m_csrwrites norm:mstatus_xpie_xie_xpp_trap_op */
static void enter_m(struct hart *hart, const struct trap *trap, enum mode from)
{
	struct csr_file *csr = &hart->csr;
	SET(csr->mstatus, mstatus_MPIE, GET(csr->mstatus, mstatus_MIE));
	SET(csr->mstatus, mstatus_MIE, 0);
	SET(csr->mstatus, mstatus_MPP, mode_priv(from));
	SET(csr->mstatus, mstatus_MPV, mode_virt(from));
	SET(csr->mstatus, mstatus_GVA, trap_gva(hart, trap));
	csr->mepc = hart->pc;
	csr->mcause = cause_word(trap->interrupt, trap->cause);
	csr->mtval = trap_value(hart, trap);
	csr->mtval2 = trap_value2(hart, trap);
	csr->mtinst = trap_instruction(hart, trap);
	bool in_rnmi_handler = from == MODE_M && !(csr->mnstatus & mnstatus_NMIE);
	uint64_t own = in_rnmi_handler ? hart->options->rnmi_exception_vector : 0; /* norm:rnmi_exc_trap_addr */
	hart->pc = own ? own : vector(csr->mtvec, trap->interrupt, trap->cause); /* norm:rnmi_exception_nmie0 */
}

/* A resumable non-maskable interrupt, or a double trap that goes to its handler. norm:rnmi_entry norm:rnmi_entry_cause
 * norm:rnmi_entry_priv norm:rnmi_entry_nmie_clear norm:rnmi_enter_mmode norm:rnmi_trap_addr */
static void enter_rnmi(struct hart *hart, const struct trap *trap, enum mode from)
{
	struct csr_file *csr = &hart->csr;
	SET(csr->mnstatus, mnstatus_MNPP, mode_priv(from));
	SET(csr->mnstatus, mnstatus_MNPV, mode_virt(from));
	SET(csr->mnstatus, mnstatus_MNPELP, hart->elp); /* norm:mnstatus_mnpelp_update */
	csr->mnstatus &= ~mnstatus_NMIE;
	hart->elp = false;
	csr->mnepc = hart->pc;
	csr->mncause = cause_word(trap->interrupt, trap->cause);
	uint64_t own = hart->options->rnmi_vector;
	hart->pc = own ? own : vector(csr->mtvec, false, 0);
}

/* norm:H_trap_hs_csrwrites norm:hstatus_spvp_op */
static void enter_hs(struct hart *hart, const struct trap *trap, enum mode from)
{
	struct csr_file *csr = &hart->csr;
	SET(csr->mstatus, mstatus_SPIE, GET(csr->mstatus, mstatus_SIE));
	SET(csr->mstatus, mstatus_SIE, 0);
	SET(csr->mstatus, mstatus_SPP, mode_priv(from));
	SET(csr->hstatus, hstatus_SPV, mode_virt(from));
	if (mode_virt(from))
		SET(csr->hstatus, hstatus_SPVP, mode_priv(from));
	SET(csr->hstatus, hstatus_GVA, trap_gva(hart, trap));
	csr->sepc = hart->pc;
	csr->scause = cause_word(trap->interrupt, trap->cause);
	csr->stval = trap_value(hart, trap);
	csr->htval = trap_value2(hart, trap);
	csr->htinst = trap_instruction(hart, trap);
	hart->pc = vector(csr->stvec, trap->interrupt, trap->cause);
}

/* norm:H_trap_vs_csrwrites */
static void enter_vs(struct hart *hart, const struct trap *trap, enum mode from, unsigned code)
{
	struct csr_file *csr = &hart->csr;
	SET(csr->vsstatus, vsstatus_SPIE, GET(csr->vsstatus, vsstatus_SIE));
	SET(csr->vsstatus, vsstatus_SIE, 0);
	SET(csr->vsstatus, vsstatus_SPP, mode_priv(from));
	csr->vsepc = hart->pc;
	csr->vscause = cause_word(trap->interrupt, code);
	csr->vstval = trap_value(hart, trap);
	hart->pc = vector(csr->vstvec, trap->interrupt, code);
}

/* ---- double traps ---- */

/* A trap into HS or VS while SDT is set is delivered to M-mode as a double trap, with its own cause in mtval2.
 * norm:sstatus_sdt_trap norm:vsstatus_sdt_op */
static void become_double_trap(struct trap *trap)
{
	trap->tval2 = cause_word(trap->interrupt, trap->cause);
	trap->interrupt = false;
	trap->cause = CAUSE_DOUBLE_TRAP;
}

/* norm:trap_exp norm:sstatus_sdt_trap: from now on a trap into the same level is unexpected. */
static void disable_traps(struct hart *hart, enum mode to)
{
	struct csr_file *csr = &hart->csr;
	if (to == MODE_M && isa_has(&hart->isa, EXT_Smdbltrp))
		csr->mstatus |= mstatus_MDT;
	else if (to == MODE_HS && csr->menvcfg & menvcfg_DTE)
		csr->mstatus |= mstatus_SDT;
	else if (to == MODE_VS && csr->henvcfg & henvcfg_DTE)
		csr->vsstatus |= vsstatus_SDT;
}

/* The critical-error state: no architectural state changes any more. norm:trap_unexp_hndl_no_rnmi */
static enum mode stop_for_good(struct hart *hart)
{
	hart->halted = true;
	hart->effects |= EFFECT_YIELD;
	return hart->mode;
}

/* The hart is in M-mode from now on. Interrupts of this kind are never unexpected, and leave MDT alone.
 * norm:trap_unexp_rnmi norm:mstatus_mdt_not_set_rnmi */
static enum mode take_rnmi(struct hart *hart, const struct trap *trap, enum mode from)
{
	if (hart->counters.filtered)
		csr_counters_mode(hart, MODE_M, false);
	hart->mode = MODE_M;
	enter_rnmi(hart, trap, from);
	hart->effects |= EFFECT_MODE | EFFECT_IRQ;
	return MODE_M;
}

static enum mode take_by_vector(struct hart *hart, const struct trap *trap, const struct trap_route *route)
{
	if (hart->counters.filtered)
		csr_counters_mode(hart, route->to, false);
	hart->mode = route->to;
	switch (route->to) {
	case MODE_M: enter_m(hart, trap, route->from); break;
	case MODE_VS: enter_vs(hart, trap, route->from, route->code); break;
	default: enter_hs(hart, trap, route->from);
	}
	disable_traps(hart, route->to);
	save_elp(hart, trap, route->to);
	hart->effects |= EFFECT_MODE | EFFECT_IRQ;
	return route->to;
}

enum mode trap_take(struct hart *hart)
{
	uint8_t triggers = trigger_match_trap(hart, &hart->trap);
	struct trap trap = hart->trap;
	struct trap_route route = trap_route(hart, &trap);
	enum mode to;
	hart->trap.pending = false;
	if (route.twice)
		become_double_trap(&trap);
	switch (route.way) {
	case WAY_RNMI: to = take_rnmi(hart, &trap, route.from); break;
	case WAY_RNMI_HANDLER: /* norm:mncause_doubletrap norm:Smdbltrp_with_Smrnmi_op */
		to = take_rnmi(hart, &trap, MODE_M);
		break;
	case WAY_STOP: to = stop_for_good(hart); break;
	default: to = take_by_vector(hart, &trap, &route);
	}
	trigger_trapped(hart, triggers);
	return to;
}

/* ---- return ---- */

static bool go(struct hart *hart, enum mode mode, uint64_t pc)
{
	if (mode != MODE_M) /* norm:mstatus_mprv_clr_mret_sret_less_priv */
		SET(hart->csr.mstatus, mstatus_MPRV, 0);
	if (hart->counters.filtered)
		csr_counters_mode(hart, mode, true);
	hart->mode = mode;
	hart->pc = pc;
	hart->effects |= EFFECT_MODE | EFFECT_IRQ;
	return true;
}

/* A return from M-mode.
 * norm:mstatus_mdt_clr_mret_sret norm:sstatus_sdt_clr_mret_sret norm:vsstatus_sdt_clr_mret_sret */
static void enable_traps(struct csr_file *csr, enum mode mode)
{
	csr->mstatus &= ~mstatus_MDT;
	if (mode != MODE_M && mode != MODE_HS)
		csr->mstatus &= ~mstatus_SDT;
	if (mode == MODE_VU)
		csr->vsstatus &= ~vsstatus_SDT;
}

/* norm:mret_h norm:mstatus_xret_op */
bool trap_mret(struct hart *hart, uint32_t word)
{
	struct csr_file *csr = &hart->csr;
	if (hart->mode != MODE_M)
		return hart_raise(hart, CAUSE_ILLEGAL, word);
	enum mode mode = mode_of(GET(csr->mstatus, mstatus_MPP), GET(csr->mstatus, mstatus_MPV));
	SET(csr->mstatus, mstatus_MIE, GET(csr->mstatus, mstatus_MPIE));
	SET(csr->mstatus, mstatus_MPIE, 1);
	SET(csr->mstatus, mstatus_MPP, isa_has(&hart->isa, EXT_U) ? 0 : 3);
	SET(csr->mstatus, mstatus_MPV, 0);
	enable_traps(csr, mode);
	restore_elp(hart, &csr->mstatus, mstatus_MPELP, mode);
	return go(hart, mode, csr->mepc);
}

/* norm:mnret_mode norm:mnret_restore norm:rnmi_resume norm:mnret_zicfilp norm:MSTATUS_MDT_CLR_MNRET
 * norm:sstatus_sdt_clr_mnret norm:vsstatus_sdt_clr_mnret */
bool trap_mnret(struct hart *hart, uint32_t word)
{
	struct csr_file *csr = &hart->csr;
	if (hart->mode != MODE_M)
		return hart_raise(hart, CAUSE_ILLEGAL, word);
	enum mode mode = mode_of(GET(csr->mnstatus, mnstatus_MNPP), GET(csr->mnstatus, mnstatus_MNPV));
	bool expected = csr->mnstatus & mnstatus_MNPELP;
	csr->mnstatus |= mnstatus_NMIE;
	if (mode != MODE_M)
		enable_traps(csr, mode);
	hart->elp = expected && trap_landing_pads(hart, mode);
	return go(hart, mode, csr->mnepc); /* norm:mnret_mprv */
}

/* norm:sret_v0 */
static bool sret_v0(struct hart *hart)
{
	struct csr_file *csr = &hart->csr;
	enum mode mode = mode_of(GET(csr->mstatus, mstatus_SPP), GET(csr->hstatus, hstatus_SPV));
	SET(csr->hstatus, hstatus_SPV, 0);
	SET(csr->mstatus, mstatus_SIE, GET(csr->mstatus, mstatus_SPIE));
	SET(csr->mstatus, mstatus_SPIE, 1);
	SET(csr->mstatus, mstatus_SPP, 0);
	csr->mstatus &= ~mstatus_SDT; /* norm:sstatus_sdt_sret */
	if (mode == MODE_VU) /* norm:sret_dt */
		csr->vsstatus &= ~vsstatus_SDT;
	if (hart->mode == MODE_M)
		enable_traps(csr, mode);
	restore_elp(hart, &csr->mstatus, mstatus_SPELP, mode);
	return go(hart, mode, csr->sepc);
}

/* norm:sret_v1 */
static bool sret_v1(struct hart *hart)
{
	struct csr_file *csr = &hart->csr;
	enum mode mode = mode_of(GET(csr->vsstatus, vsstatus_SPP), true);
	SET(csr->vsstatus, vsstatus_SIE, GET(csr->vsstatus, vsstatus_SPIE));
	SET(csr->vsstatus, vsstatus_SPIE, 1);
	SET(csr->vsstatus, vsstatus_SPP, 0);
	csr->vsstatus &= ~vsstatus_SDT; /* norm:sret_dt */
	restore_elp(hart, &csr->vsstatus, vsstatus_SPELP, mode);
	return go(hart, mode, csr->vsepc);
}

bool trap_sret(struct hart *hart, uint32_t word)
{
	if (!isa_has(&hart->isa, EXT_S))
		return hart_raise(hart, CAUSE_ILLEGAL, word);
	switch (hart->mode) {
	case MODE_M: return sret_v0(hart);
	case MODE_HS: /* norm:mstatus_tsr_op */
		return hart->csr.mstatus & mstatus_TSR ? hart_raise(hart, CAUSE_ILLEGAL, word) : sret_v0(hart);
	case MODE_VS: /* norm:hstatus_vtsr_op */
		return hart->csr.hstatus & hstatus_VTSR ? hart_raise(hart, CAUSE_VIRTUAL, word) : sret_v1(hart);
	case MODE_VU: /* norm:H_virtinst_vu_sret_sfence */ return hart_raise(hart, CAUSE_VIRTUAL, word);
	default: return hart_raise(hart, CAUSE_ILLEGAL, word);
	}
}
