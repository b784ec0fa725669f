/* Bit manipulation: Zba, Zbb, Zbc, Zbs, Zbkb, Zbkc, Zbkx, and Zicond. */
#include "engine/op.h"

/* Sign-extended low word. */
static inline uint64_t word(uint32_t value) { return (uint64_t)(int64_t)(int32_t)value; }

static inline uint64_t bit_at(uint64_t position) { return UINT64_C(1) << (position & 63); }

static inline uint64_t rotate_right(uint64_t value, uint64_t by) { return value >> (by & 63) | value << (-by & 63); }

static inline uint32_t rotate_right_word(uint32_t value, uint64_t by)
{
	return value >> (by & 31) | value << (-by & 31);
}

/* ---- Zba ---- */

VALUE_OP(add_uw, (uint32_t)a + b)
VALUE_OP(sh1add, (a << 1) + b)
VALUE_OP(sh2add, (a << 2) + b)
VALUE_OP(sh3add, (a << 3) + b)
VALUE_OP(sh1add_uw, ((uint64_t)(uint32_t)a << 1) + b)
VALUE_OP(sh2add_uw, ((uint64_t)(uint32_t)a << 2) + b)
VALUE_OP(sh3add_uw, ((uint64_t)(uint32_t)a << 3) + b)
VALUE_OP(slli_uw, (uint64_t)(uint32_t)a << imm)

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

VALUE_OP(andn, a & ~b)
VALUE_OP(orn, a | ~b)
VALUE_OP(xnor, ~(a ^ b))
VALUE_OP(rol, rotate_right(a, -b))
VALUE_OP(ror, rotate_right(a, b))
VALUE_OP(rori, rotate_right(a, imm))
VALUE_OP(rolw, word(rotate_right_word((uint32_t)a, -b)))
VALUE_OP(rorw, word(rotate_right_word((uint32_t)a, b)))
VALUE_OP(roriw, word(rotate_right_word((uint32_t)a, imm)))
VALUE_OP(rev8, __builtin_bswap64(a))
VALUE_OP(clz, a == 0 ? 64 : __builtin_clzll(a))
VALUE_OP(ctz, a == 0 ? 64 : __builtin_ctzll(a))
VALUE_OP(cpop, __builtin_popcountll(a))
VALUE_OP(clzw, (uint32_t)a == 0 ? 32 : __builtin_clz((uint32_t)a))
VALUE_OP(ctzw, (uint32_t)a == 0 ? 32 : __builtin_ctz((uint32_t)a))
VALUE_OP(cpopw, __builtin_popcount((uint32_t)a))
VALUE_OP(sext_b, (int64_t)(int8_t)a)
VALUE_OP(sext_h, (int64_t)(int16_t)a)
VALUE_OP(zext_h, (uint16_t)a)
VALUE_OP(min, (int64_t)a < (int64_t)b ? a : b)
VALUE_OP(minu, a < b ? a : b)
VALUE_OP(max, (int64_t)a > (int64_t)b ? a : b)
VALUE_OP(maxu, a > b ? a : b)
VALUE_OP(orc_b, or_combine(a))
VALUE_OP(pack, (uint32_t)a | b << 32)
VALUE_OP(packh, (a & 0xff) | (b & 0xff) << 8)
VALUE_OP(packw, word((uint32_t)((a & 0xffff) | b << 16)))
VALUE_OP(brev8, reverse_bits_in_bytes(a))

/* ---- Zbc and Zbkc ---- */

static inline unsigned __int128 multiply_without_carry(uint64_t a, uint64_t b)
{
	unsigned __int128 product = 0;

	for (; b != 0; b &= b - 1)
		product ^= (unsigned __int128)a << __builtin_ctzll(b);
	return product;
}

VALUE_OP(clmul, multiply_without_carry(a, b))
VALUE_OP(clmulh, multiply_without_carry(a, b) >> 64)
VALUE_OP(clmulr, multiply_without_carry(a, b) >> 63)

/* ---- Zbkx ---- */

/* Each lane of `indices` picks a lane of `table`; an index past the end gives 0. */
static inline uint64_t permute(uint64_t table, uint64_t indices, unsigned lane_bits)
{
	const uint64_t lane = bit_at(lane_bits) - 1;
	uint64_t result = 0;

	for (unsigned low = 0; low < 64; low += lane_bits) {
		uint64_t index = indices >> low & lane;

		if (index < 64 / lane_bits)
			result |= (table >> index * lane_bits & lane) << low;
	}
	return result;
}

VALUE_OP(xperm4, permute(a, b, 4))
VALUE_OP(xperm8, permute(a, b, 8))

/* ---- Zbs ---- */

VALUE_OP(bclr, a & ~bit_at(b))
VALUE_OP(bext, a >> (b & 63) & 1)
VALUE_OP(binv, a ^ bit_at(b))
VALUE_OP(bset, a | bit_at(b))
VALUE_OP(bclri, a & ~bit_at(imm))
VALUE_OP(bexti, a >> imm & 1)
VALUE_OP(binvi, a ^ bit_at(imm))
VALUE_OP(bseti, a | bit_at(imm))

/* ---- Zicond ---- */

VALUE_OP(czero_eqz, b == 0 ? 0 : a)
VALUE_OP(czero_nez, b != 0 ? 0 : a)
