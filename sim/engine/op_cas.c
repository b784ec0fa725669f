/* Zacas: compare and swap, up to a pair of registers. */
#include "engine/amo.h"
#include "engine/op.h"

/* x0 as operand reads 0, not the sink. */
static inline uint64_t compared(const struct hart *hart, const struct op *op)
{
	return OPERAND(rd) == SINK ? 0 : X(rd);
}

/* Bits above the operand's size are ignored in both registers. norm:Zacas_amocas_w_permission: a failing one still
 * needs the permission to write, which amo_locate sees to. */
AMO_OP(amocas_b, int8_t, a == (int8_t)compared(hart, op), b)
AMO_OP(amocas_h, int16_t, a == (int16_t)compared(hart, op), b)
AMO_OP(amocas_w, int32_t, a == (int32_t)compared(hart, op), b)
AMO_OP(amocas_d, int64_t, a == (int64_t)compared(hart, op), b)

/* The low half of a pair whose first register is x0 is 0, and so is the high half; such a destination is discarded.
 * norm:Zacas_rv64_amocas-q_rs2_frst_reg_x0 norm:Zacas_rv64_amocas-q_rd_frst_reg_x0 */
OP(amocas_q)
{
	enum { PAIR = 16 };
	bool discard = OPERAND(rd) == SINK;
	uint64_t pa;
	uint8_t *host = amo_locate(hart, op, PAIR, &pa);
	if (!host)
		TRAP;
	bool swap = amo_swaps(hart, pa);
	uint8_t *low_half = host + (swap ? 8 : 0), *high_half = host + (swap ? 0 : 8);
	const uint64_t low = amo_read(low_half, 8, swap), high = amo_read(high_half, 8, swap);
	if (low == compared(hart, op) && high == (discard ? 0 : hart->x[OPERAND(rd) + 1])) {
		amo_write(low_half, 8, X(rs2), swap);
		amo_write(high_half, 8, OPERAND(rs2) == 0 ? 0 : hart->x[OPERAND(rs2) + 1], swap);
		if (pa)
			bus_stored(hart->bus, hart, pa, PAIR);
	}
	X(rd) = low;
	if (!discard)
		hart->x[OPERAND(rd) + 1] = high;
	NEXT_EFFECTS;
}
