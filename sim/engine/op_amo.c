/*
 * The A extension and Zabha. Harts interleave between instructions, so a read-modify-write is atomic by construction;
 * what is left is permission (a store's), alignment, and reservations.
 */
#include "engine/amo.h"
#include "hart/reservation.h"
#include "hart/trap.h"
#include "engine/op.h"

/* add works on unsigned types so that it wraps; the old value is sign-extended either way. */
#define AMO_SIZE(suffix, type, unsigned_type)                                                                          \
	AMO_OP(amoswap_##suffix, type, true, ((void)a, b))                                                             \
	AMO_OP(amoadd_##suffix, type, true, (unsigned_type)a + (unsigned_type)b)                                       \
	AMO_OP(amoxor_##suffix, type, true, a ^ b)                                                                     \
	AMO_OP(amoand_##suffix, type, true, a &b)                                                                      \
	AMO_OP(amoor_##suffix, type, true, a | b)                                                                      \
	AMO_OP(amomin_##suffix, type, true, a < b ? a : b)                                                             \
	AMO_OP(amomax_##suffix, type, true, a > b ? a : b)                                                             \
	AMO_OP(amominu_##suffix, type, true, (unsigned_type)a < (unsigned_type)b ? a : b)                              \
	AMO_OP(amomaxu_##suffix, type, true, (unsigned_type)a > (unsigned_type)b ? a : b)
/* Zabha, norm:Zabha_rd_sign_extension */
AMO_SIZE(b, int8_t, uint8_t)
AMO_SIZE(h, int16_t, uint16_t)
AMO_SIZE(w, int32_t, uint32_t)
AMO_SIZE(d, int64_t, uint64_t)

/* LR is a load: it needs read permission only, and aligned DRAM. */
static const uint8_t *load_reserved(struct hart *hart, const struct op *op, unsigned size)
{
	uint64_t va = X(rs1);
	uint8_t *host;
	if (!l0_find(hart->l0->read, va, size, &host)) {
		host = NULL;
		struct mmu_context context = mmu_context_data(hart);
		struct translation translation;
		op_sync(hart, op);
		if (mem_triggered_load(hart, &context, va, size, OPERAND(word)))
			return NULL;
		va = mmu_unmasked(hart, &context, va);
		if (va & (size - 1))
			hart_raise(hart, CAUSE_LOAD_MISALIGNED, va);
		else if (mmu_translate(hart, va, size, ACCESS_LOAD, &context, &translation)) {
			if (bus_is_dram(hart->bus, translation.pa, size))
				host = bus_host(hart->bus, translation.pa);
			else
				hart_raise(hart, CAUSE_LOAD_ACCESS, va);
		}
		if (!host) {
			hart->trap.gva = mode_virt(context.mode);
			if (!hart->trap.tinst)
				trap_transform(hart, OPERAND(word), 0);
			return NULL;
		}
		mem_loaded(hart, translation.pa, size);
	}
	reservation_make(hart, bus_address(hart->bus, host));
	return host;
}

#define LR(name, type)                                                                                                 \
	OP(name)                                                                                                       \
	{                                                                                                              \
		const uint8_t *host = load_reserved(hart, op, sizeof(type));                                           \
		if (!host)                                                                                             \
			TRAP;                                                                                          \
		X(rd) = (uint64_t)(int64_t)(type)amo_read(host, sizeof(type), l0_swaps(hart));                         \
		NEXT_EFFECTS;                                                                                          \
	}

LR(lr_w, int32_t)
LR(lr_d, int64_t)

/* A failing SC still checks permission, as a store would. */
#define SC(name, type)                                                                                                 \
	OP(name)                                                                                                       \
	{                                                                                                              \
		uint64_t pa;                                                                                           \
		uint8_t *host = amo_locate(hart, op, sizeof(type), &pa);                                               \
		if (!host)                                                                                             \
			TRAP;                                                                                          \
		uint64_t place = bus_address(hart->bus, host);                                                         \
		bool success = hart->reservation.valid &&                                                              \
		               hart->reservation.pa == (place & -(uint64_t)RESERVATION_BYTES);                         \
		reservation_end(hart);                                                                                 \
		if (success) {                                                                                         \
			amo_write(host, sizeof(type), X(rs2), amo_swaps(hart, pa));                                    \
			if (pa)                                                                                        \
				bus_stored(hart->bus, hart, pa, sizeof(type));                                         \
		}                                                                                                      \
		X(rd) = !success;                                                                                      \
		NEXT_EFFECTS;                                                                                          \
	}

SC(sc_w, uint32_t)
SC(sc_d, uint64_t)
