/*
 * IEEE 754 arithmetic as RISC-V has it, in integers only: the same bits on every host, whatever its FPU, its
 * compiler or its rounding mode. RISC-V's choices: every NaN result is the canonical one, tininess is detected
 * after rounding, and a fifth rounding mode (RMM) joins the four of IEEE. fp_host.h has the short cuts through the
 * host's FPU.
 *
 * A number is its bits in the low end of a uint64_t, in one of the formats fp16, fp32, fp64. Functions OR
 * exception flags into *fcsr (whose low five bits are fflags) and touch nothing else of it.
 */
#ifndef FP_H
#define FP_H

#include <stdbool.h>
#include <stdint.h>

enum fp_round { FP_RNE, FP_RTZ, FP_RDN, FP_RUP, FP_RMM, FP_DYN = 7 }; /* 5 and 6 are reserved */

enum fp_flag { FP_NX = 1 << 0, FP_UF = 1 << 1, FP_OF = 1 << 2, FP_DZ = 1 << 3, FP_NV = 1 << 4 };

enum fp_integer { FP_W, FP_WU, FP_L, FP_LU }; /* in the order of the rs2 field of fcvt */

struct fp_format {
	uint8_t width;
	uint8_t fraction_bits;
};

static const struct fp_format fp16 = {16, 10};
static const struct fp_format fp32 = {32, 23};
static const struct fp_format fp64 = {64, 52};

static inline uint64_t fp_sign_bit(struct fp_format format) { return UINT64_C(1) << (format.width - 1); }

/* The smallest positive normal number; as a bit pattern, one unit of the exponent field. */
static inline uint64_t fp_min_normal(struct fp_format format) { return UINT64_C(1) << format.fraction_bits; }

/* +infinity: all of the exponent field. */
static inline uint64_t fp_infinity(struct fp_format format) { return fp_sign_bit(format) - fp_min_normal(format); }

static inline uint64_t fp_quiet_bit(struct fp_format format) { return UINT64_C(1) << (format.fraction_bits - 1); }

static inline uint64_t fp_canonical_nan(struct fp_format format) { return fp_infinity(format) | fp_quiet_bit(format); }

/* A narrow number in a 64-bit register has ones above it; without them it counts as the canonical NaN.
 * norm:FP_transfer_instrs_narrow_transfer_in */
static inline uint64_t fp_box(struct fp_format format, uint64_t a)
{
	return format.width == 64 ? a : a | UINT64_MAX << format.width % 64;
}

static inline uint64_t fp_unbox(struct fp_format format, uint64_t reg)
{
	uint64_t box = fp_box(format, 0);

	return (reg & box) == box ? reg & ~box : fp_canonical_nan(format);
}

static inline uint64_t fp_magnitude(struct fp_format format, uint64_t a) { return a & (fp_sign_bit(format) - 1); }

static inline bool fp_is_negative(struct fp_format format, uint64_t a) { return a & fp_sign_bit(format); }

static inline bool fp_is_nan(struct fp_format format, uint64_t a)
{
	return fp_magnitude(format, a) > fp_infinity(format);
}

static inline bool fp_is_signaling(struct fp_format format, uint64_t a)
{
	return fp_is_nan(format, a) && !(a & fp_quiet_bit(format));
}

static inline uint64_t fp_negate(struct fp_format format, uint64_t a) { return a ^ fp_sign_bit(format); }

/* a with the sign of b. */
static inline uint64_t fp_copy_sign(struct fp_format format, uint64_t a, uint64_t b)
{
	return fp_magnitude(format, a) | (b & fp_sign_bit(format));
}

/* a with the sign of a*b. */
static inline uint64_t fp_xor_sign(struct fp_format format, uint64_t a, uint64_t b)
{
	return a ^ (b & fp_sign_bit(format));
}

uint64_t fp_add(struct fp_format format, uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr);
uint64_t fp_sub(struct fp_format format, uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr);
uint64_t fp_mul(struct fp_format format, uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr);
uint64_t fp_div(struct fp_format format, uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr);
uint64_t fp_sqrt(struct fp_format format, uint64_t a, enum fp_round round, uint64_t *fcsr);
/* a*b + c, rounded once; the other three of the family negate a or c first. */
uint64_t fp_muladd(struct fp_format format, uint64_t a, uint64_t b, uint64_t c, enum fp_round round, uint64_t *fcsr);

/* minimumNumber and maximumNumber (a NaN loses against a number) of IEEE 754-2019; -0 < +0. */
uint64_t fp_min_number(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);
uint64_t fp_max_number(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);
/* minimum and maximum (a NaN wins). */
uint64_t fp_minimum(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);
uint64_t fp_maximum(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);

/* False when either is a NaN. NV: eq, ltq, leq for signaling NaNs, lt and le for any. */
bool fp_eq(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);
bool fp_lt(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);
bool fp_le(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);
bool fp_ltq(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);
bool fp_leq(struct fp_format format, uint64_t a, uint64_t b, uint64_t *fcsr);

/* The 10-bit mask of fclass: exactly one bit is set. */
unsigned fp_classify(struct fp_format format, uint64_t a);

uint64_t fp_convert(struct fp_format to, struct fp_format from, uint64_t a, enum fp_round round, uint64_t *fcsr);

/* To and from the value of an integer register; 32-bit results are sign-extended, WU's too. */
uint64_t fp_to_integer(struct fp_format format, uint64_t a, enum fp_integer type, enum fp_round round, uint64_t *fcsr);
uint64_t fp_from_integer(struct fp_format format, uint64_t x, enum fp_integer type, enum fp_round round,
                         uint64_t *fcsr);

/* fcvtmod.w.d: towards zero, modulo 2^32, sign-extended. */
uint64_t fp_to_int32_modular(struct fp_format format, uint64_t a, uint64_t *fcsr);

/* To an integral value in the same format; inexactness raises NX only if `exact` (roundToIntegralExact). */
uint64_t fp_round_integral(struct fp_format format, uint64_t a, enum fp_round round, bool exact, uint64_t *fcsr);

/* The constants of fli, index 0..31. */
uint64_t fp_constant(struct fp_format format, unsigned index);

#endif
