/* Memory under a read-modify-write instruction: where it is and how its bytes are ordered. */
#ifndef AMO_H
#define AMO_H

#include "engine/mem.h"

/* Host address of the `size` bytes (1 to 16) at x[rs1]; NULL: a trap was raised. *pa is 0 when the filter knew the
 * place (nobody watches such pages, none is big-endian), else it must be told to bus_stored after a write. */
static inline uint8_t *amo_locate(struct hart *hart, const struct op *op, unsigned size, uint64_t *pa)
{
	uint8_t *host;

	*pa = 0;
	return l0_find(hart->l0->write, X(rs1), size, &host) ? host : mem_modify(hart, op, X(rs1), size, pa);
}

/* Only what the slow way found can be big-endian. */
static inline bool amo_swaps(const struct hart *hart, uint64_t pa) { return pa != 0 && l0_swaps(hart); }

/* `size` is 1, 2, 4 or 8. */
static inline uint64_t amo_read(const uint8_t *host, unsigned size, bool swap)
{
	uint64_t value = 0;

	memcpy(&value, host, size);
	return swap ? __builtin_bswap64(value) >> (64 - 8 * size) : value;
}

static inline void amo_write(uint8_t *host, unsigned size, uint64_t value, bool swap)
{
	if (swap)
		value = __builtin_bswap64(value) >> (64 - 8 * size);
	memcpy(host, &value, size);
}

/* The body of a read-modify-write: `a` is what memory held, `b` the operand rs2, both of `type`. Where `stores` holds,
 * `value` goes to memory. */
#define AMO_OP(name, type, stores, value)                                                                              \
	OP(name)                                                                                                       \
	{                                                                                                              \
		uint64_t pa;                                                                                           \
		uint8_t *host = amo_locate(hart, op, sizeof(type), &pa);                                               \
		if (!host)                                                                                             \
			TRAP;                                                                                          \
		bool swap = amo_swaps(hart, pa);                                                                       \
		const type a = (type)amo_read(host, sizeof(type), swap), b = (type)X(rs2);                             \
		if (stores) {                                                                                          \
			amo_write(host, sizeof(type), (uint64_t)(value), swap);                                        \
			if (pa)                                                                                        \
				bus_stored(hart->bus, hart, pa, sizeof(type));                                         \
		}                                                                                                      \
		X(rd) = (uint64_t)(int64_t)a;                                                                          \
		NEXT_EFFECTS;                                                                                          \
	}

#endif
