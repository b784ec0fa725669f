/* CSR instructions, privileged instructions, fences of address translation, and the H extension's loads and stores. */
#include "csr/csr.h"
#include "engine/block.h"
#include "engine/engine.h"
#include "engine/mem.h"
#include "engine/op.h"
#include "engine/tell_csr.h"
#include "hart/trap.h"
#include "trace/trace.h"

/* ---- traps asked for by the program ---- */

static OP(virtual)
{
	op_sync(hart, op);
	hart_raise(hart, CAUSE_VIRTUAL, OPERAND(word));
	TRAP;
}

OP(ecall)
{
	static const enum cause causes[MODE_COUNT] = {
	    [MODE_M] = CAUSE_ECALL_M,   [MODE_HS] = CAUSE_ECALL_HS, [MODE_U] = CAUSE_ECALL_U,
	    [MODE_VS] = CAUSE_ECALL_VS, [MODE_VU] = CAUSE_ECALL_U,
	};
	op_sync(hart, op);
	hart_raise(hart, causes[hart->mode], 0);
	TRAP;
}

/* Do `slli x0,x0,0x1f` and `srai x0,x0,7` stand around this `ebreak`, all three in one page? */
static bool is_semihosting(struct hart *hart)
{
	static const uint32_t sequence[3] = {0x01f01013, 0x00100073, 0x40705013};
	uint64_t start = hart->pc - sizeof(sequence[0]), end = hart->pc + 2 * sizeof(sequence[0]) - 1;
	bool user = hart->mode == MODE_U || hart->mode == MODE_VU;
	struct mmu_context context = mmu_context_fetch(hart);
	struct translation translation;
	uint32_t words[3];
	return hart->engine->semihosting.call && (!user || hart->engine->semihosting.user) &&
	       start / PAGE_SIZE == end / PAGE_SIZE && mmu_look(hart, start, ACCESS_FETCH, &context, &translation) &&
	       bus_peek(hart->bus, translation.pa, words, sizeof(words)) && memcmp(words, sequence, sizeof(words)) == 0;
}

/* The call retires like an instruction; what it changed is told to the trace, which could not compute it. */
static OP(semihosting)
{
	op_sync(hart, op);
	mem_catch_up(hart);
	if (!hart->engine->semihosting.call(hart->engine->semihosting.context, hart))
		OP_TAIL(op_leave_before);
	op_sync(hart, op + 1);
	hart->exec->link = NULL;
	if (hart->exec->trace_insn) {
		trace_tell(hart->trace, hart, hart->retired);
		trace_registers(hart->trace, hart, false);
	}
	LEAVE;
}

OP(ebreak)
{
	op_sync(hart, op);
	if (is_semihosting(hart))
		OP_TAIL(op_semihosting);
	hart_raise(hart, CAUSE_BREAKPOINT, hart->pc);
	TRAP;
}

/* ---- returns ---- */

/* A return retires: leave at the place after it, with the pc it chose. */
static void leave_returned(struct hart *hart, const struct op *op)
{
	uint64_t pc = hart->pc;
	op_sync(hart, op + 1);
	hart->pc = pc;
	hart->exec->link = NULL;
}

static bool tell_before_return(struct hart *hart, struct csrs_told *told)
{
	if (!tell_csr_begin(hart, told))
		return false;
	tell_csr_before(hart, told, CSR_mstatus);
	tell_csr_before(hart, told, CSR_hstatus);
	tell_csr_before(hart, told, CSR_vsstatus);
	tell_csr_before(hart, told, CSR_mnstatus);
	return true;
}

/* A guest's sret is the guest's own business; others know of the level below where it may expect double traps. */
static void tell_returned(struct hart *hart, const struct csrs_told *told, uint32_t word)
{
	bool guest = mode_virt((enum mode)told->place.mode), mnret = word == insn_rows[INSN_mnret].match;
	if (!guest && !(mnret && hart->mode == MODE_M))
		tell_csr_after(hart, told, CSR_mstatus);
	if (mnret)
		tell_csr_after(hart, told, CSR_mnstatus);
	if (!guest && word == insn_rows[INSN_sret].match)
		tell_csr_after(hart, told, CSR_hstatus);
	if (guest || (hart->mode == MODE_VU && !mnret))
		tell_csr_after(hart, told, CSR_vsstatus);
}

#define RETURN_OP(name)                                                                                                \
	OP(name)                                                                                                       \
	{                                                                                                              \
		struct csrs_told told;                                                                                 \
		op_sync(hart, op);                                                                                     \
		bool tell = tell_before_return(hart, &told);                                                           \
		if (trap_##name(hart, OPERAND(word))) {                                                                \
			if (tell)                                                                                      \
				tell_returned(hart, &told, OPERAND(word));                                             \
			leave_returned(hart, op);                                                                      \
		}                                                                                                      \
		LEAVE;                                                                                                 \
	}

RETURN_OP(mret)
RETURN_OP(sret)
RETURN_OP(mnret)

/* ---- CSRs ---- */

static void write_csr(struct hart *hart, unsigned number, uint64_t value)
{
	struct csrs_told told;
	bool tell = tell_csr_begin(hart, &told);
	if (tell)
		tell_csr_before_write(hart, &told, number);
	csr_write(hart, number, value);
	if (tell)
		tell_csrs_after(hart, &told);
}

enum csr_action { CSR_ACTION_WRITE, CSR_ACTION_SET, CSR_ACTION_CLEAR };

/* norm:csr_sidefx_rs1: set and clear with x0 (or a zero immediate) do not write at all; csrrw to x0 does not read. */
static enum csr_verdict access_csr(struct hart *hart, const struct op *op, enum csr_action action, uint64_t operand)
{
	unsigned number = (unsigned)OPERAND(imm) & 0xfff;
	bool writes = action == CSR_ACTION_WRITE || OPERAND(rs1) != 0;
	bool reads = action != CSR_ACTION_WRITE || OPERAND(rd) != 32;
	op_sync(hart, op);
	enum csr_verdict verdict = csr_check(hart, number, writes);
	if (verdict != CSR_OK)
		return verdict;
	uint64_t old = reads ? csr_read(hart, number) : 0;
	if (writes) {
		uint64_t base = action == CSR_ACTION_WRITE ? 0 : csr_read_to_modify(hart, number);
		uint64_t value = action == CSR_ACTION_WRITE ? operand
		                 : action == CSR_ACTION_SET ? base | operand
		                                            : base & ~operand;
		write_csr(hart, number, value);
	}
	X(rd) = old;
	return CSR_OK;
}

#define CSR_OP(name, action, operand)                                                                                  \
	OP(name)                                                                                                       \
	{                                                                                                              \
		switch (access_csr(hart, op, action, operand)) {                                                       \
		case CSR_OK: NEXT_EFFECTS;                                                                             \
		case CSR_VIRTUAL: OP_TAIL(op_virtual);                                                                 \
		default: OP_TAIL(op_illegal);                                                                          \
		}                                                                                                      \
	}

CSR_OP(csrrw, CSR_ACTION_WRITE, X(rs1))
CSR_OP(csrrs, CSR_ACTION_SET, X(rs1))
CSR_OP(csrrc, CSR_ACTION_CLEAR, X(rs1))
CSR_OP(csrrwi, CSR_ACTION_WRITE, OPERAND(rs1))
CSR_OP(csrrsi, CSR_ACTION_SET, OPERAND(rs1))
CSR_OP(csrrci, CSR_ACTION_CLEAR, OPERAND(rs1))

/* ---- waiting ---- */

OP(wfi)
{
	bool tw = hart->csr.mstatus & mstatus_TW, vtw = hart->csr.hstatus & hstatus_VTW;
	bool has_s = isa_has(&hart->isa, EXT_S);
	/* The bounded time that TW and VTW allow is zero here. norm:mstatus_tw_op norm:H_virtinst_vu_wfi_tw0 */
	if (hart->mode != MODE_M && tw)
		OP_TAIL(op_illegal);
	if (hart->mode == MODE_VU || (hart->mode == MODE_VS && vtw))
		OP_TAIL(op_virtual);
	if (hart->mode == MODE_U && has_s)
		OP_TAIL(op_illegal);
	op_sync(hart, op);
	if (!irq_wakes(hart)) {
		hart->waiting = true;
		hart->wake_cycle = irq_next_cycle(hart);
	}
	OP_TAIL(op_leave_after);
}

/* ---- fences ---- */

OP(fence_i)
{
	/* Stores already reach translated code: nothing to do but what a core would, start fetching anew. */
	OP_TAIL(op_leave_after);
}

/* norm:H_virtinst_vs_sfence_sinval_satp_vtvm1 and friends: who may execute an address-translation fence. */
static enum csr_verdict fence_verdict(const struct hart *hart, enum fence_kind kind)
{
	bool tvm = hart->csr.mstatus & mstatus_TVM, vtvm = hart->csr.hstatus & hstatus_VTVM;
	switch (hart->mode) {
	case MODE_M: return CSR_OK;
	case MODE_HS: return kind != FENCE_VVMA && tvm ? CSR_ILLEGAL : CSR_OK;
	case MODE_U: return CSR_ILLEGAL;
	case MODE_VS: return kind != FENCE_VMA || vtvm ? CSR_VIRTUAL : CSR_OK;
	default: return CSR_VIRTUAL;
	}
}

static void fence(struct hart *hart, const struct op *op, enum fence_kind kind)
{
	struct fence fence = {
	    .address_valid = OPERAND(rs1) != 0,
	    .id_valid = OPERAND(rs2) != 0,
	    .address = kind == FENCE_GVMA ? X(rs1) << 2 : X(rs1), /* norm:hfence-gvma_rs1: shifted right by 2 */
	    .id = X(rs2),
	};
	if (kind == FENCE_GVMA)
		mmu_fence_gvma(hart, &fence);
	else if (kind == FENCE_VVMA || mode_virt(hart->mode))
		mmu_fence_vvma(hart, &fence);
	else
		mmu_fence_vma(hart, &fence);
	hart->effects |= EFFECT_TRANSLATE;
}

#define FENCE_OP(name, kind)                                                                                           \
	OP(name)                                                                                                       \
	{                                                                                                              \
		switch (fence_verdict(hart, kind)) {                                                                   \
		case CSR_OK: break;                                                                                    \
		case CSR_VIRTUAL: OP_TAIL(op_virtual);                                                                 \
		default: OP_TAIL(op_illegal);                                                                          \
		}                                                                                                      \
		op_sync(hart, op);                                                                                     \
		fence(hart, op, kind);                                                                                 \
		NEXT_EFFECTS;                                                                                          \
	}

FENCE_OP(sfence_vma, FENCE_VMA)
FENCE_OP(sinval_vma, FENCE_VMA)
FENCE_OP(hfence_vvma, FENCE_VVMA)
FENCE_OP(hinval_vvma, FENCE_VVMA)
FENCE_OP(hfence_gvma, FENCE_GVMA)
FENCE_OP(hinval_gvma, FENCE_GVMA)

/* SFENCE.W.INVAL and SFENCE.INVAL.IR only order; every invalidation here is at once. */
#define ORDER_OP(name)                                                                                                 \
	OP(name)                                                                                                       \
	{                                                                                                              \
		if (hart->mode == MODE_U)                                                                              \
			OP_TAIL(op_illegal);                                                                           \
		if (hart->mode == MODE_VU)                                                                             \
			OP_TAIL(op_virtual);                                                                           \
		NEXT;                                                                                                  \
	}

ORDER_OP(sfence_w_inval)
ORDER_OP(sfence_inval_ir)

/* ---- HLV, HLVX, HSV ---- */

/* norm:hlsv_virtinst: virtual when V=1; norm:hstatus_hu_op: from U-mode only with hstatus.HU. */
static enum csr_verdict hypervisor_access_verdict(const struct hart *hart)
{
	if (mode_virt(hart->mode))
		return CSR_VIRTUAL;
	if (hart->mode == MODE_U && !(hart->csr.hstatus & hstatus_HU))
		return CSR_ILLEGAL;
	return CSR_OK;
}

#define HYPERVISOR_ACCESS(name, access)                                                                                \
	OP(name)                                                                                                       \
	{                                                                                                              \
		switch (hypervisor_access_verdict(hart)) {                                                             \
		case CSR_OK: break;                                                                                    \
		case CSR_VIRTUAL: OP_TAIL(op_virtual);                                                                 \
		default: OP_TAIL(op_illegal);                                                                          \
		}                                                                                                      \
		if (!(access))                                                                                         \
			TRAP;                                                                                          \
		NEXT_EFFECTS;                                                                                          \
	}

static bool hypervisor_load(struct hart *hart, const struct op *op, bool hlvx, unsigned size, uint64_t *value)
{
	struct mmu_context context = mmu_context_hypervisor(hart, hlvx);
	return mem_load_as(hart, op, &context, X(rs1), size, value);
}

static bool hypervisor_store(struct hart *hart, const struct op *op, unsigned size)
{
	struct mmu_context context = mmu_context_hypervisor(hart, false);
	return mem_store_as(hart, op, &context, X(rs1), size, X(rs2));
}

#define HLV(name, type, hlvx)                                                                                          \
	static bool load_##name(struct hart *hart, const struct op *op)                                                \
	{                                                                                                              \
		uint64_t value = 0;                                                                                    \
		if (!hypervisor_load(hart, op, hlvx, sizeof(type), &value))                                            \
			return false;                                                                                  \
		X(rd) = (uint64_t)(type)value;                                                                         \
		return true;                                                                                           \
	}                                                                                                              \
	HYPERVISOR_ACCESS(name, load_##name(hart, op))

HLV(hlv_b, int8_t, false)
HLV(hlv_bu, uint8_t, false)
HLV(hlv_h, int16_t, false)
HLV(hlv_hu, uint16_t, false)
HLV(hlv_w, int32_t, false)
HLV(hlv_wu, uint32_t, false)
HLV(hlv_d, uint64_t, false)
HLV(hlvx_hu, uint16_t, true)
HLV(hlvx_wu, uint32_t, true)
HYPERVISOR_ACCESS(hsv_b, hypervisor_store(hart, op, 1))
HYPERVISOR_ACCESS(hsv_h, hypervisor_store(hart, op, 2))
HYPERVISOR_ACCESS(hsv_w, hypervisor_store(hart, op, 4))
HYPERVISOR_ACCESS(hsv_d, hypervisor_store(hart, op, 8))
