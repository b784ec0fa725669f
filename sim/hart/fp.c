/*
 * IEEE 754 arithmetic in integers. Every operation unpacks its operands, computes a result that is exact but for a
 * sticky last bit, and has it rounded by the one function that knows about precision, range and flags: round_pack.
 * The formats differ only in the numbers of a struct fp_format.
 *
 * "Sticky" or "jammed": bits shifted out at the right are ORed into the last bit kept. As long as two or more bits
 * stand below the last place of the result, rounding cannot tell the difference.
 */
#include "hart/fp.h"

__extension__ typedef unsigned __int128 uint128_t;

enum kind { ZERO, FINITE, INFINITE, NOT_A_NUMBER };

/* FINITE: the value is significand * 2^(exponent - 63), with bit 63 of the significand set, subnormal or not. */
struct number {
	enum kind kind;
	bool sign;
	int exponent;
	uint64_t significand;
};

/* A nonzero magnitude significand * 2^(exponent - 126) with bit 126 leading: room for a product of two numbers,
 * exactly, and for the carry of a sum. */
struct term {
	bool sign;
	int exponent;
	uint128_t significand;
};

static int exponent_bias(struct fp_format format) { return (1 << (format.width - format.fraction_bits - 2)) - 1; }

static struct number unpack(struct fp_format format, uint64_t a)
{
	struct number number = {.sign = fp_is_negative(format, a)};
	uint64_t magnitude = fp_magnitude(format, a);
	uint64_t fraction = magnitude & (fp_min_normal(format) - 1);
	int exponent = (int)(magnitude >> format.fraction_bits);

	if (magnitude >= fp_infinity(format)) {
		number.kind = fraction ? NOT_A_NUMBER : INFINITE;
	} else if (magnitude == 0) {
		number.kind = ZERO;
	} else {
		/* A subnormal has the exponent of the smallest normal number, but no hidden bit. */
		uint64_t significand = exponent ? fraction | fp_min_normal(format) : fraction;
		int shift = __builtin_clzll(significand);

		number.kind = FINITE;
		number.significand = significand << shift;
		number.exponent = (exponent ? exponent : 1) - exponent_bias(format) + 63 - format.fraction_bits - shift;
	}
	return number;
}

static uint64_t with_sign(struct fp_format format, bool sign, uint64_t magnitude)
{
	return sign ? magnitude | fp_sign_bit(format) : magnitude;
}

static uint64_t invalid(struct fp_format format, uint64_t *fcsr)
{
	*fcsr |= FP_NV;
	return fp_canonical_nan(format);
}

/* The result of an operation with a NaN among its operands. */
static uint64_t nan_of(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	if (fp_is_signaling(format, a) || fp_is_signaling(format, b))
		*fcsr |= FP_NV;
	return fp_canonical_nan(format);
}

static uint64_t shift_right_jam64(uint64_t x, unsigned distance)
{
	if (distance == 0)
		return x;
	if (distance >= 64)
		return x != 0;
	return x >> distance | (x << (64 - distance) != 0);
}

static uint128_t shift_right_jam128(uint128_t x, unsigned distance)
{
	if (distance == 0)
		return x;
	if (distance >= 128)
		return x != 0;
	return x >> distance | (x << (128 - distance) != 0);
}

/* The whole of rounding: does a magnitude whose last kept bit is `odd`, with `rest` (scaled so that `half` is half
 * a unit) below it, grow by one unit? */
static bool rounds_up(enum fp_round round, bool sign, bool odd, uint64_t rest, uint64_t half)
{
	switch (round) {
	case FP_RNE: return rest > half || (rest == half && odd);
	case FP_RDN: return sign && rest != 0;
	case FP_RUP: return !sign && rest != 0;
	case FP_RMM: return rest >= half;
	default: return false;
	}
}

static uint64_t overflow(struct fp_format format, bool sign, enum fp_round round, uint64_t *fcsr)
{
	bool to_infinity = round == FP_RNE || round == FP_RMM || round == (sign ? FP_RDN : FP_RUP);

	*fcsr |= FP_OF | FP_NX;
	return with_sign(format, sign, fp_infinity(format) - !to_infinity);
}

/* Round (-1)^sign * significand * 2^(exponent - 63), bit 63 set and the last bit sticky, into the format. */
static uint64_t round_pack(struct fp_format format, bool sign, int exponent, uint64_t significand, enum fp_round round,
                           uint64_t *fcsr)
{
	unsigned excess = 63 - format.fraction_bits;
	uint64_t half = UINT64_C(1) << (excess - 1);
	uint64_t below = 2 * half - 1;
	int biased = exponent + exponent_bias(format);
	bool tiny = false;

	if (biased < 1) {
		/* After rounding as if the exponent had no bound, is it still below the smallest normal number? */
		bool last = significand >> excess & 1;
		bool carries = significand >= ~below && rounds_up(round, sign, last, significand & below, half);

		tiny = biased < 0 || !carries;
		significand = shift_right_jam64(significand, (unsigned)(1 - biased));
		biased = 1;
	}

	uint64_t rest = significand & below;
	bool up = rounds_up(round, sign, significand >> excess & 1, rest, half);
	/* The hidden bit adds the missing one to the exponent field, and a carry out of the fraction does the same. */
	uint64_t magnitude = ((uint64_t)(biased - 1) << format.fraction_bits) + (significand >> excess) + up;

	/* No finite product or quotient is so large that its exponent would not fit the 12 bits there are. */
	if (magnitude >= fp_infinity(format))
		return overflow(format, sign, round, fcsr);
	if (rest != 0)
		*fcsr |= tiny ? FP_UF | FP_NX : FP_NX;
	return with_sign(format, sign, magnitude);
}

/* The same for a significand whose leading one may be anywhere. */
static uint64_t normalize_round_pack(struct fp_format format, bool sign, int exponent, uint64_t significand,
                                     enum fp_round round, uint64_t *fcsr)
{
	int shift = __builtin_clzll(significand);

	return round_pack(format, sign, exponent - shift, significand << shift, round, fcsr);
}

static uint64_t round_term(struct fp_format format, struct term term, enum fp_round round, uint64_t *fcsr)
{
	uint64_t high = (uint64_t)(term.significand >> 64);
	int shift = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)term.significand);
	uint128_t significand = term.significand << shift;

	return round_pack(format, term.sign, term.exponent + 1 - shift,
	                  (uint64_t)(significand >> 64) | ((uint64_t)significand != 0), round, fcsr);
}

static struct term widen(struct number a) { return (struct term){a.sign, a.exponent, (uint128_t)a.significand << 63}; }

/* Exact: the significands have at most 53 bits each, so there are zeros to shift out. */
static struct term product(struct number a, struct number b)
{
	uint128_t significand = (uint128_t)a.significand * b.significand;
	unsigned carry = significand >> 127;

	return (struct term){a.sign ^ b.sign, a.exponent + b.exponent + (int)carry, significand >> carry};
}

/* An exact zero from operands of opposite sign. */
static uint64_t cancelled(struct fp_format format, enum fp_round round)
{
	return with_sign(format, round == FP_RDN, 0);
}

/* x + y. Bits are only lost to jamming when the exponents differ by more than the zeros below a product (22): then
 * at most one leading bit cancels, and the sticky bit stays far below the rounding place. */
static uint64_t sum(struct fp_format format, struct term x, struct term y, enum fp_round round, uint64_t *fcsr)
{
	if (x.exponent < y.exponent || (x.exponent == y.exponent && x.significand < y.significand)) {
		struct term smaller = x;
		x = y;
		y = smaller;
	}
	y.significand = shift_right_jam128(y.significand, (unsigned)(x.exponent - y.exponent));
	x.significand = x.sign == y.sign ? x.significand + y.significand : x.significand - y.significand;
	return x.significand ? round_term(format, x, round, fcsr) : cancelled(format, round);
}

uint64_t fp_add(struct fp_format format, uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	struct number x = unpack(format, a);
	struct number y = unpack(format, b);

	if (x.kind == NOT_A_NUMBER || y.kind == NOT_A_NUMBER)
		return nan_of(format, a, b, fcsr);
	if (x.kind == INFINITE)
		return y.kind == INFINITE && x.sign != y.sign ? invalid(format, fcsr) : a;
	if (y.kind == INFINITE)
		return b;
	if (x.kind == ZERO && y.kind == ZERO)
		return x.sign == y.sign ? a : cancelled(format, round);
	if (x.kind == ZERO)
		return b;
	if (y.kind == ZERO)
		return a;
	return sum(format, widen(x), widen(y), round, fcsr);
}

uint64_t fp_sub(struct fp_format format, uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	return fp_add(format, a, fp_negate(format, b), round, fcsr);
}

uint64_t fp_mul(struct fp_format format, uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	struct number x = unpack(format, a);
	struct number y = unpack(format, b);
	bool sign = x.sign ^ y.sign;

	if (x.kind == NOT_A_NUMBER || y.kind == NOT_A_NUMBER)
		return nan_of(format, a, b, fcsr);
	if (x.kind == INFINITE || y.kind == INFINITE) {
		if (x.kind == ZERO || y.kind == ZERO)
			return invalid(format, fcsr);
		return with_sign(format, sign, fp_infinity(format));
	}
	if (x.kind == ZERO || y.kind == ZERO)
		return with_sign(format, sign, 0);
	return round_term(format, product(x, y), round, fcsr);
}

uint64_t fp_muladd(struct fp_format format, uint64_t a, uint64_t b, uint64_t c, enum fp_round round, uint64_t *fcsr)
{
	struct number x = unpack(format, a);
	struct number y = unpack(format, b);
	struct number z = unpack(format, c);
	bool sign = x.sign ^ y.sign;

	/* norm:fma_nv_flag: infinity * 0 is invalid even when c is a quiet NaN. */
	if ((x.kind == INFINITE && y.kind == ZERO) || (x.kind == ZERO && y.kind == INFINITE))
		return invalid(format, fcsr);
	if (x.kind == NOT_A_NUMBER || y.kind == NOT_A_NUMBER || z.kind == NOT_A_NUMBER)
		return nan_of(format, a, b, fcsr) | nan_of(format, c, c, fcsr);
	if (x.kind == INFINITE || y.kind == INFINITE) {
		if (z.kind == INFINITE && z.sign != sign)
			return invalid(format, fcsr);
		return with_sign(format, sign, fp_infinity(format));
	}
	if (z.kind == INFINITE)
		return c;
	if (x.kind == ZERO || y.kind == ZERO) {
		if (z.kind == ZERO && z.sign != sign)
			return cancelled(format, round);
		return c;
	}
	if (z.kind == ZERO)
		return round_term(format, product(x, y), round, fcsr);
	return sum(format, product(x, y), widen(z), round, fcsr);
}

uint64_t fp_div(struct fp_format format, uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	struct number x = unpack(format, a);
	struct number y = unpack(format, b);
	bool sign = x.sign ^ y.sign;

	if (x.kind == NOT_A_NUMBER || y.kind == NOT_A_NUMBER)
		return nan_of(format, a, b, fcsr);
	if (x.kind == y.kind && x.kind != FINITE)
		return invalid(format, fcsr); /* 0/0, infinity/infinity */
	if (x.kind == INFINITE)
		return with_sign(format, sign, fp_infinity(format));
	if (x.kind == ZERO || y.kind == INFINITE)
		return with_sign(format, sign, 0);
	if (y.kind == ZERO) {
		*fcsr |= FP_DZ;
		return with_sign(format, sign, fp_infinity(format));
	}

	/* Both significands lie in [2^63, 2^64), so the quotient has 63 or 64 bits. */
	uint128_t dividend = (uint128_t)x.significand << 63;
	uint64_t quotient = (uint64_t)(dividend / y.significand);
	bool sticky = (uint128_t)quotient * y.significand != dividend;

	return normalize_round_pack(format, sign, x.exponent - y.exponent, quotient | sticky, round, fcsr);
}

/* floor(sqrt(x)), one bit after the other. */
static uint64_t square_root(uint128_t x)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 63; bit; bit >>= 1) {
		uint64_t candidate = root | bit;
		if ((uint128_t)candidate * candidate <= x)
			root = candidate;
	}
	return root;
}

uint64_t fp_sqrt(struct fp_format format, uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	struct number x = unpack(format, a);

	if (x.kind == NOT_A_NUMBER)
		return nan_of(format, a, a, fcsr);
	if (x.kind == ZERO)
		return a; /* -0 too */
	if (x.sign)
		return invalid(format, fcsr);
	if (x.kind == INFINITE)
		return a;

	/* Halving wants an even exponent: an odd one lends a factor of two to the radicand. */
	int odd = x.exponent & 1;
	uint128_t radicand = (uint128_t)x.significand << (63 + odd);
	uint64_t root = square_root(radicand);
	bool sticky = (uint128_t)root * root != radicand;

	return round_pack(format, false, (x.exponent - odd) / 2, root | sticky, round, fcsr);
}

/* An order in which -0 = +0 and which agrees with that of the numbers, NaNs aside. */
static int64_t order(struct fp_format format, uint64_t a)
{
	int64_t magnitude = (int64_t)fp_magnitude(format, a);

	return fp_is_negative(format, a) ? -magnitude : magnitude;
}

/* -0 < +0, for min and max only: norm:fmin-s_fmax-s_zero_compare */
static bool is_smaller(struct fp_format format, uint64_t a, uint64_t b)
{
	int64_t x = order(format, a);
	int64_t y = order(format, b);

	return x < y || (x == y && fp_is_negative(format, a));
}

static bool any_nan(struct fp_format format, uint64_t a, uint64_t b)
{
	return fp_is_nan(format, a) || fp_is_nan(format, b);
}

/* The operand that is a number, when at most one is. */
static uint64_t number_of(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	uint64_t nan = nan_of(format, a, b, fcsr);

	return !fp_is_nan(format, a) ? a : !fp_is_nan(format, b) ? b : nan;
}

uint64_t fp_min_number(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	if (any_nan(format, a, b))
		return number_of(format, a, b, fcsr);
	return is_smaller(format, a, b) ? a : b;
}

uint64_t fp_max_number(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	if (any_nan(format, a, b))
		return number_of(format, a, b, fcsr);
	return is_smaller(format, a, b) ? b : a;
}

uint64_t fp_minimum(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	if (any_nan(format, a, b))
		return nan_of(format, a, b, fcsr);
	return is_smaller(format, a, b) ? a : b;
}

uint64_t fp_maximum(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	if (any_nan(format, a, b))
		return nan_of(format, a, b, fcsr);
	return is_smaller(format, a, b) ? b : a;
}

/* NaNs compare false. norm:feq-s_quiet norm:flt-s_fle-s_signaling */
static bool quiet_unordered(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	if (!any_nan(format, a, b))
		return false;
	nan_of(format, a, b, fcsr);
	return true;
}

static bool signaling_unordered(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	if (!any_nan(format, a, b))
		return false;
	*fcsr |= FP_NV;
	return true;
}

bool fp_eq(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	return !quiet_unordered(format, a, b, fcsr) && order(format, a) == order(format, b);
}

bool fp_lt(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	return !signaling_unordered(format, a, b, fcsr) && order(format, a) < order(format, b);
}

bool fp_le(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	return !signaling_unordered(format, a, b, fcsr) && order(format, a) <= order(format, b);
}

bool fp_ltq(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	return !quiet_unordered(format, a, b, fcsr) && order(format, a) < order(format, b);
}

bool fp_leq(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr)
{
	return !quiet_unordered(format, a, b, fcsr) && order(format, a) <= order(format, b);
}

/* norm:fclass-s_op */
unsigned fp_classify(struct fp_format format, uint64_t a)
{
	bool sign = fp_is_negative(format, a);
	uint64_t magnitude = fp_magnitude(format, a);

	if (fp_is_nan(format, a))
		return fp_is_signaling(format, a) ? 1 << 8 : 1 << 9;
	if (magnitude == fp_infinity(format))
		return sign ? 1 << 0 : 1 << 7;
	if (magnitude >= fp_min_normal(format))
		return sign ? 1 << 1 : 1 << 6;
	if (magnitude != 0)
		return sign ? 1 << 2 : 1 << 5;
	return sign ? 1 << 3 : 1 << 4;
}

uint64_t fp_convert(struct fp_format to, struct fp_format from, uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	struct number x = unpack(from, a);

	switch (x.kind) {
	case NOT_A_NUMBER: nan_of(from, a, a, fcsr); return fp_canonical_nan(to);
	case INFINITE: return with_sign(to, x.sign, fp_infinity(to));
	case ZERO: return with_sign(to, x.sign, 0);
	default: return round_pack(to, x.sign, x.exponent, x.significand, round, fcsr);
	}
}

/* |x| rounded to an integer, for exponents up to 63. */
static uint64_t integral_magnitude(struct number x, enum fp_round round, bool *inexact)
{
	const uint64_t half = UINT64_C(1) << 63;
	uint128_t fixed = shift_right_jam128((uint128_t)x.significand << 64, (unsigned)(63 - x.exponent));
	uint64_t integer = (uint64_t)(fixed >> 64);
	uint64_t rest = (uint64_t)fixed;

	*inexact = rest != 0;
	return integer + rounds_up(round, x.sign, integer & 1, rest, half);
}

static uint64_t sign_extend32(uint64_t x) { return (uint64_t)(int64_t)(int32_t)(uint32_t)x; }

/* Largest magnitude of the type on either side of zero. */
static uint64_t integer_limit(enum fp_integer type, bool negative)
{
	unsigned bits = type == FP_W || type == FP_WU ? 32 : 64;
	bool is_signed = type == FP_W || type == FP_L;

	if (negative)
		return is_signed ? UINT64_C(1) << (bits - 1) : 0;
	return UINT64_MAX >> (64 - bits + is_signed);
}

uint64_t fp_to_integer(struct fp_format format, uint64_t a, enum fp_integer type, enum fp_round round, uint64_t *fcsr)
{
	struct number x = unpack(format, a);
	bool negative = x.kind != NOT_A_NUMBER && x.sign; /* NaNs convert like +infinity */
	uint64_t limit = integer_limit(type, negative);
	bool valid = x.kind == ZERO || (x.kind == FINITE && x.exponent <= 63);
	bool inexact = false;
	uint64_t magnitude = valid && x.kind == FINITE ? integral_magnitude(x, round, &inexact) : 0;

	if (!valid || magnitude > limit) { /* norm:fcvt_unrepresentable_nv */
		*fcsr |= FP_NV;
		magnitude = limit;
	} else if (inexact) {
		*fcsr |= FP_NX;
	}
	uint64_t result = negative ? -magnitude : magnitude;
	return type == FP_W || type == FP_WU ? sign_extend32(result) : result;
}

uint64_t fp_from_integer(struct fp_format format, uint64_t x, enum fp_integer type, enum fp_round round, uint64_t *fcsr)
{
	if (type == FP_W)
		x = sign_extend32(x);
	if (type == FP_WU)
		x = (uint32_t)x;
	bool sign = (type == FP_W || type == FP_L) && (int64_t)x < 0;

	return x ? normalize_round_pack(format, sign, 63, sign ? -x : x, round, fcsr) : 0;
}

/* norm:fcvtmod-w-d_op */
uint64_t fp_to_int32_modular(struct fp_format format, uint64_t a, uint64_t *fcsr)
{
	struct number x = unpack(format, a);
	uint64_t magnitude = 0;
	bool inexact;

	fp_to_integer(format, a, FP_W, FP_RTZ, fcsr); /* for its flags: norm:fcvtmod-w-d_flags */
	if (x.kind == FINITE && x.exponent <= 63)
		magnitude = integral_magnitude(x, FP_RTZ, &inexact);
	else if (x.kind == FINITE && x.exponent < 63 + 64)
		magnitude = x.significand << (x.exponent - 63);
	return sign_extend32(x.sign ? -magnitude : magnitude);
}

uint64_t fp_round_integral(struct fp_format format, uint64_t a, enum fp_round round, bool exact, uint64_t *fcsr)
{
	struct number x = unpack(format, a);
	bool inexact;

	if (x.kind == NOT_A_NUMBER)
		return nan_of(format, a, a, fcsr);
	if (x.kind != FINITE || x.exponent >= format.fraction_bits)
		return a;
	uint64_t magnitude = integral_magnitude(x, round, &inexact);
	if (inexact && exact)
		*fcsr |= FP_NX;
	if (magnitude == 0)
		return with_sign(format, x.sign, 0);
	return normalize_round_pack(format, x.sign, 63, magnitude, round, fcsr);
}

/* norm:fli-s_op: sign, exponent and the top two fraction bits in quarters; all but the special entries. */
uint64_t fp_constant(struct fp_format format, unsigned index)
{
	static const struct {
		int8_t exponent;
		uint8_t quarters;
	} constants[32] = {
	    [0] = {0, 4}, /* negative */
	    [2] = {-16, 4}, [3] = {-15, 4}, [4] = {-8, 4},  [5] = {-7, 4},  [6] = {-4, 4},  [7] = {-3, 4},
	    [8] = {-2, 4},  [9] = {-2, 5},  [10] = {-2, 6}, [11] = {-2, 7}, [12] = {-1, 4}, [13] = {-1, 5},
	    [14] = {-1, 6}, [15] = {-1, 7}, [16] = {0, 4},  [17] = {0, 5},  [18] = {0, 6},  [19] = {0, 7},
	    [20] = {1, 4},  [21] = {1, 5},  [22] = {1, 6},  [23] = {2, 4},  [24] = {3, 4},  [25] = {4, 4},
	    [26] = {7, 4},  [27] = {8, 4},  [28] = {15, 4}, [29] = {16, 4},
	};
	uint64_t ignored = 0;

	if (index == 1)
		return fp_min_normal(format);
	if (index == 30)
		return fp_infinity(format);
	if (index == 31)
		return fp_canonical_nan(format);
	/* Half precision has 2^-16 and 2^-15 as subnormals and gets infinity for 2^16: what rounding says anyway. */
	return normalize_round_pack(format, index == 0, constants[index].exponent + 61, constants[index].quarters,
	                            FP_RNE, &ignored);
}
