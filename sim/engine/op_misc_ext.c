/* Small extensions that touch memory: cache-block operations (Zicbom, Zicboz), Zawrs, loads and stores of Zfhmin. */
#include <string.h>
#include "csr/csr.h"
#include "engine/l0.h"
#include "engine/mem.h"
#include "engine/op.h"
#include "hart/options.h"

/* ---- Zicbom and Zicboz ----
 * Caches hold nothing that memory does not: managing a block changes no state, so what is left of it is who may do it
 * and where. */

enum { BLOCK_SIZE = 64 };

static OP(virtual_instruction)
{
	op_sync(hart, op);
	hart_raise(hart, CAUSE_VIRTUAL, OPERAND(word));
	TRAP;
}

/* norm:cbo-zero_basedon_xenvcfg-CBZE and its like: may this mode execute the instruction that `field` of the *envcfg
 * registers controls (the mask is the same in all three)? CBIE allows it with any value but 0. A register that does not
 * exist controls nothing. */
static enum csr_verdict envcfg_verdict(const struct hart *hart, uint64_t field)
{
	const bool absent = hart->options->envcfg_absent, has_senvcfg = !absent && isa_has(&hart->isa, EXT_S);
	const bool user_refused = mode_priv(hart->mode) == 0 && has_senvcfg && !(hart->csr.senvcfg & field);

	if (hart->mode == MODE_M)
		return CSR_OK;
	if (!(hart->csr.menvcfg & field))
		return CSR_ILLEGAL;
	if (!mode_virt(hart->mode))
		return user_refused ? CSR_ILLEGAL : CSR_OK;
	return user_refused || (!absent && !(hart->csr.henvcfg & field)) ? CSR_VIRTUAL : CSR_OK;
}

/* Faults of cache-block operations are a store's, tval is x[rs1]; the transformed instruction keeps opcode, funct3 and
 * operation. norm:cbm_unperm_fault norm:fault_excep_csr norm:h_trans_cache */
static bool block_fault(struct hart *hart, const struct op *op)
{
	struct trap *trap = &hart->trap;

	switch (trap->cause) {
	case CAUSE_LOAD_ACCESS: trap->cause = CAUSE_STORE_ACCESS; break;
	case CAUSE_LOAD_PAGE: trap->cause = CAUSE_STORE_PAGE; break;
	case CAUSE_LOAD_GUEST_PAGE: trap->cause = CAUSE_STORE_GUEST_PAGE; break;
	default: break;
	}
	if (!trap->tinst)
		trap->tinst = OPERAND(word) & ~UINT32_C(0xf8f80);
	return false;
}

static bool block_access_fault(struct hart *hart, const struct op *op, const struct mmu_context *context)
{
	hart_raise(hart, CAUSE_STORE_ACCESS, mmu_unmasked(hart, context, X(rs1)));
	hart->trap.gva = mode_virt(context->mode);
	return block_fault(hart, op);
}

/* Cache operations match triggers like stores of the whole block, of no size. */
static bool block_triggered(struct hart *hart, const struct op *op, const struct mmu_context *context)
{
	uint64_t va = mmu_unmasked(hart, context, X(rs1)) & ~(uint64_t)(BLOCK_SIZE - 1);
	struct trigger_access access = {
	    .va = va,
	    .size = BLOCK_SIZE,
	    .length = OPERAND(length),
	    .store = true,
	    .guest = mode_virt(context->mode),
	};
	return hart->triggers.data && trigger_on_access(hart, &access);
}

/* Where x[rs1] is, and its block, if this access to it is allowed. False: a trap was raised. */
static bool block_translate(struct hart *hart, const struct op *op, enum access access, struct translation *translation,
                            uint64_t *pa)
{
	struct mmu_context context = mmu_context_data(hart);

	op_sync(hart, op);
	if (block_triggered(hart, op, &context))
		return false;
	if (!mmu_translate(hart, mmu_unmasked(hart, &context, X(rs1)), 1, access, &context, translation))
		return block_fault(hart, op);
	*pa = translation->pa & ~(uint64_t)(BLOCK_SIZE - 1);
	if (!pmp_allows(hart, *pa, BLOCK_SIZE, access, context.mode))
		return block_access_fault(hart, op, &context);
	return true;
}

/* Where there is nothing, neither a load nor a store is permitted. norm:cbm_unperm_fault */
static bool manage_block(struct hart *hart, const struct op *op)
{
	struct translation translation;
	uint64_t pa;

	if (!block_translate(hart, op, ACCESS_LOAD, &translation, &pa))
		return false;
	if (bus_mapped(hart->bus, pa, BLOCK_SIZE))
		return true;
	struct mmu_context context = mmu_context_data(hart);
	return block_access_fault(hart, op, &context);
}

/* cbo.inval, cbo.clean, cbo.flush: who may load may do it; a store's permission implies a load's. norm:cbm_access */
#define MANAGE(name, field)                                                                                            \
	OP(name)                                                                                                       \
	{                                                                                                              \
		enum csr_verdict verdict = envcfg_verdict(hart, field);                                                \
		if (verdict == CSR_ILLEGAL)                                                                            \
			OP_TAIL(op_illegal);                                                                           \
		if (verdict == CSR_VIRTUAL)                                                                            \
			OP_TAIL(op_virtual_instruction);                                                               \
		if (!manage_block(hart, op))                                                                           \
			TRAP;                                                                                          \
		NEXT_EFFECTS;                                                                                          \
	}

MANAGE(cbo_inval, menvcfg_CBIE)
MANAGE(cbo_clean, menvcfg_CBCFE)
MANAGE(cbo_flush, menvcfg_CBCFE)

/* What is zero stays unwritten: clearing memory that nobody has used costs the host no page. */
static void zero_bytes(uint8_t *host)
{
	static const uint8_t zeros[BLOCK_SIZE];

	if (memcmp(host, zeros, BLOCK_SIZE) != 0)
		memset(host, 0, BLOCK_SIZE);
}

/* Devices do not take it: the PMA of main memory alone supports it. norm:cbz_access */
static bool zero_block(struct hart *hart, const struct op *op)
{
	struct translation translation;
	uint64_t pa;
	uint8_t *host;

	if (!hart->model && l0_find(hart->l0->write, X(rs1) & ~(uint64_t)(BLOCK_SIZE - 1), 1, &host)) {
		zero_bytes(host);
		return true;
	}
	if (!block_translate(hart, op, ACCESS_STORE, &translation, &pa))
		return false;
	if (!bus_is_dram(hart->bus, pa, BLOCK_SIZE)) {
		struct mmu_context context = mmu_context_data(hart);
		return block_access_fault(hart, op, &context);
	}
	mem_catch_up(hart);
	zero_bytes(bus_host(hart->bus, pa));
	bus_stored(hart->bus, hart, pa, BLOCK_SIZE);
	if (!hart->model && !*bus_page_flags(hart->bus, pa))
		l0_fill(hart, hart->l0->write, &translation, X(rs1));
	return true;
}

OP(cbo_zero)
{
	enum csr_verdict verdict = envcfg_verdict(hart, menvcfg_CBZE);

	if (verdict == CSR_ILLEGAL)
		OP_TAIL(op_illegal);
	if (verdict == CSR_VIRTUAL)
		OP_TAIL(op_virtual_instruction);
	if (!zero_block(hart, op))
		TRAP;
	NEXT_EFFECTS;
}

/* ---- Zawrs ---- */

/* A stall may end at any time, for any reason: here at once, so no time limit of TW or VTW is ever exceeded.
 * norm:Zawrs_stall_terminate */
OP(wrs_nto)
{
	(void)hart;
	NEXT;
}
