/* Bit manipulation: Zba, Zbb, Zbc, Zbs, Zbkb, Zbkc, Zbkx, and Zicond. */
#include "hart/op.h"

/* One line an instruction: its value as an expression of a = x[rs1], b = x[rs2], imm. */
#define BIT_OP(name, expression)                                                                                     \
	OP(name)                                                                                                     \
	{                                                                                                            \
		const uint64_t a = X(rs1), b __attribute__((unused)) = X(rs2);                                       \
		const unsigned imm __attribute__((unused)) = (unsigned)op->imm;                                      \
		X(rd) = (uint64_t)(expression);                                                                      \
		NEXT;                                                                                                \
	}

/* Sign-extended low word. */
static inline uint64_t word(uint32_t value)
{
	return (uint64_t)(int64_t)(int32_t)value;
}

static inline uint64_t bit(uint64_t position)
{
	return UINT64_C(1) << (position & 63);
}

static inline uint64_t rotate_right(uint64_t value, uint64_t by)
{
	return value >> (by & 63) | value << (-by & 63);
}

static inline uint32_t rotate_right_word(uint32_t value, uint64_t by)
{
	return value >> (by & 31) | value << (-by & 31);
}

/* ---- Zba ---- */

BIT_OP(add_uw, (uint32_t)a + b)
BIT_OP(sh1add, (a << 1) + b)
BIT_OP(sh2add, (a << 2) + b)
BIT_OP(sh3add, (a << 3) + b)
BIT_OP(sh1add_uw, ((uint64_t)(uint32_t)a << 1) + b)
BIT_OP(sh2add_uw, ((uint64_t)(uint32_t)a << 2) + b)
BIT_OP(sh3add_uw, ((uint64_t)(uint32_t)a << 3) + b)
BIT_OP(slli_uw, (uint64_t)(uint32_t)a << imm)

/* ---- Zbb and Zbkb ---- */

/* Every byte that is not zero becomes 0xff. */
static inline uint64_t or_combine(uint64_t value)
{
	value |= value >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f);
	value |= value >> 2 & UINT64_C(0x0303030303030303);
	value |= value >> 1 & UINT64_C(0x0101010101010101);
	return (value & UINT64_C(0x0101010101010101)) * 0xff;
}

/* The bits of each byte in reverse order. */
static inline uint64_t reverse_bits_in_bytes(uint64_t value)
{
	value = (value >> 1 & UINT64_C(0x5555555555555555)) | (value & UINT64_C(0x5555555555555555)) << 1;
	value = (value >> 2 & UINT64_C(0x3333333333333333)) | (value & UINT64_C(0x3333333333333333)) << 2;
	return (value >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f)) | (value & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 4;
}

BIT_OP(andn, a & ~b)
BIT_OP(orn, a | ~b)
BIT_OP(xnor, ~(a ^ b))
BIT_OP(rol, rotate_right(a, -b))
BIT_OP(ror, rotate_right(a, b))
BIT_OP(rori, rotate_right(a, imm))
BIT_OP(rolw, word(rotate_right_word((uint32_t)a, -b)))
BIT_OP(rorw, word(rotate_right_word((uint32_t)a, b)))
BIT_OP(roriw, word(rotate_right_word((uint32_t)a, imm)))
BIT_OP(rev8, __builtin_bswap64(a))
BIT_OP(clz, a == 0 ? 64 : __builtin_clzll(a))
BIT_OP(ctz, a == 0 ? 64 : __builtin_ctzll(a))
BIT_OP(cpop, __builtin_popcountll(a))
BIT_OP(clzw, (uint32_t)a == 0 ? 32 : __builtin_clz((uint32_t)a))
BIT_OP(ctzw, (uint32_t)a == 0 ? 32 : __builtin_ctz((uint32_t)a))
BIT_OP(cpopw, __builtin_popcount((uint32_t)a))
BIT_OP(sext_b, (int64_t)(int8_t)a)
BIT_OP(sext_h, (int64_t)(int16_t)a)
BIT_OP(zext_h, (uint16_t)a)
BIT_OP(min, (int64_t)a < (int64_t)b ? a : b)
BIT_OP(minu, a < b ? a : b)
BIT_OP(max, (int64_t)a > (int64_t)b ? a : b)
BIT_OP(maxu, a > b ? a : b)
BIT_OP(orc_b, or_combine(a))
BIT_OP(pack, (uint32_t)a | b << 32)
BIT_OP(packh, (a & 0xff) | (b & 0xff) << 8)
BIT_OP(packw, word((uint32_t)((a & 0xffff) | b << 16)))
BIT_OP(brev8, reverse_bits_in_bytes(a))

/* ---- Zbc and Zbkc ---- */

static inline unsigned __int128 multiply_without_carry(uint64_t a, uint64_t b)
{
	unsigned __int128 product = 0;

	for (; b != 0; b &= b - 1)
		product ^= (unsigned __int128)a << __builtin_ctzll(b);
	return product;
}

BIT_OP(clmul, multiply_without_carry(a, b))
BIT_OP(clmulh, multiply_without_carry(a, b) >> 64)
BIT_OP(clmulr, multiply_without_carry(a, b) >> 63)

/* ---- Zbkx ---- */

/* Each lane of `indices` picks a lane of `table`; an index past the end gives 0. */
static inline uint64_t permute(uint64_t table, uint64_t indices, unsigned lane_bits)
{
	const uint64_t lane = bit(lane_bits) - 1;
	uint64_t result = 0;

	for (unsigned low = 0; low < 64; low += lane_bits) {
		uint64_t index = indices >> low & lane;

		if (index < 64 / lane_bits)
			result |= (table >> index * lane_bits & lane) << low;
	}
	return result;
}

BIT_OP(xperm4, permute(a, b, 4))
BIT_OP(xperm8, permute(a, b, 8))

/* ---- Zbs ---- */

BIT_OP(bclr, a & ~bit(b))
BIT_OP(bext, a >> (b & 63) & 1)
BIT_OP(binv, a ^ bit(b))
BIT_OP(bset, a | bit(b))
BIT_OP(bclri, a & ~bit(imm))
BIT_OP(bexti, a >> imm & 1)
BIT_OP(binvi, a ^ bit(imm))
BIT_OP(bseti, a | bit(imm))

/* ---- Zicond ---- */

BIT_OP(czero_eqz, b == 0 ? 0 : a)
BIT_OP(czero_nez, b != 0 ? 0 : a)
