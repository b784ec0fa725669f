/*
 * Short cuts through the host's FPU: each function here gives exactly what its namesake in fp.h gives, sooner in
 * the common case.
 *
 * What is asked of the host: binary32 and binary64 evaluated in their own precision, round to nearest even (the
 * mode every process starts in; nobody here changes it), subnormals not flushed. Its exception flags are never
 * looked at: reading them costs more than the operation. Instead a short cut is taken only when the result itself
 * proves that no flag but NX can be due:
 *
 *   - the rounding mode is RNE;
 *   - the result is finite: there was no NV, DZ or OF, and no NaN among the operands;
 *   - its magnitude is above the smallest normal number: there was no UF. (One of just that size may have been
 *     rounded up to it and count as tiny nevertheless.) Sums and differences never underflow inexactly and need no
 *     such test;
 *   - NX is set already, or the operation is shown to be exact.
 *
 * Everything else goes to fp.c. A compiler that fuses a multiplication and an addition here does no harm: where
 * that could happen, the product is exact.
 */
#ifndef FP_HOST_H
#define FP_HOST_H

#include <float.h>
#include <math.h>
#include <string.h>
#include "hart/fp.h"

_Static_assert(FLT_EVAL_METHOD == 0, "float and double are evaluated in their own precision");
_Static_assert(FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53, "float and double are binary32 and binary64");
#ifdef __FAST_MATH__
#error "-ffast-math breaks the arithmetic of the simulated machine"
#endif

static inline double fp_to_double(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static inline uint64_t fp_of_double(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static inline float fp_to_float(uint64_t bits)
{
	uint32_t low = (uint32_t)bits;
	float value;
	memcpy(&value, &low, sizeof value);
	return value;
}

static inline uint64_t fp_of_float(float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static inline bool fp_is_finite(struct fp_format format, uint64_t a)
{
	return fp_magnitude(format, a) < fp_infinity(format);
}

/* Finite and above the smallest normal number. */
static inline bool fp_is_safe(struct fp_format format, uint64_t a)
{
	uint64_t lowest = fp_min_normal(format) + 1;

	return fp_magnitude(format, a) - lowest < fp_infinity(format) - lowest;
}

#define FP_LIKELY(condition) __builtin_expect(!!(condition), 1)

/* Is r = fl(a + b) exact? The error term of Knuth's two-sum; where one of its steps overflows it is no zero. */
static inline bool fp_exact_sum64(double a, double b, double r)
{
	double b_part = r - a;
	double a_part = r - b_part;

	return (a - a_part) + (b - b_part) == 0;
}

/* Do the significands of a and b together have at most 53 bits, so that a product that is a normal number is exact? */
static inline bool fp_short_product64(uint64_t a, uint64_t b)
{
	uint64_t hidden = UINT64_C(1) << 52;

	return __builtin_ctzll(a | hidden) + __builtin_ctzll(b | hidden) >= 53;
}

static inline uint64_t fp_add64(uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	double y = fp_to_double(b);
	double sum = x + y;
	uint64_t result = fp_of_double(sum);

	if (FP_LIKELY(round == FP_RNE && fp_is_finite(fp64, result) && (*fcsr & FP_NX || fp_exact_sum64(x, y, sum))))
		return result;
	return fp_add(fp64, a, b, round, fcsr);
}

static inline uint64_t fp_sub64(uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	return fp_add64(a, fp_negate(fp64, b), round, fcsr);
}

/* A zero because a factor is zero, not from underflow: exact, in any mode. */
static inline bool fp_is_zero_product(struct fp_format format, uint64_t a, uint64_t b, uint64_t result)
{
	return fp_magnitude(format, result) == 0 && (fp_magnitude(format, a) == 0 || fp_magnitude(format, b) == 0);
}

static inline uint64_t fp_mul64(uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	uint64_t result = fp_of_double(fp_to_double(a) * fp_to_double(b));

	if (FP_LIKELY(round == FP_RNE && fp_is_safe(fp64, result) && (*fcsr & FP_NX || fp_short_product64(a, b))))
		return result;
	if (fp_is_zero_product(fp64, a, b, result))
		return result;
	return fp_mul(fp64, a, b, round, fcsr);
}

static inline uint64_t fp_div64(uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	double y = fp_to_double(b);
	double quotient = x / y;
	uint64_t result = fp_of_double(quotient);

	if (FP_LIKELY(round == FP_RNE && fp_is_safe(fp64, result) &&
	              (*fcsr & FP_NX || (fp_is_safe(fp64, a) && fp_short_product64(result, b) && quotient * y == x))))
		return result;
	return fp_div(fp64, a, b, round, fcsr);
}

static inline uint64_t fp_sqrt64(uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	double x = fp_to_double(a);

	if (FP_LIKELY(round == FP_RNE && fp_is_safe(fp64, a) && !fp_is_negative(fp64, a))) {
		double root = __builtin_sqrt(x);
		uint64_t result = fp_of_double(root);

		if (FP_LIKELY(*fcsr & FP_NX || (fp_short_product64(result, result) && root * root == x)))
			return result;
	}
	return fp_sqrt(fp64, a, round, fcsr);
}

static inline uint64_t fp_muladd64(uint64_t a, uint64_t b, uint64_t c, enum fp_round round, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	double y = fp_to_double(b);
	double z = fp_to_double(c);

	if (FP_LIKELY(round == FP_RNE && *fcsr & FP_NX)) {
		uint64_t result = fp_of_double(__builtin_fma(x, y, z));
		if (FP_LIKELY(fp_is_safe(fp64, result)))
			return result;
	} else if (round == FP_RNE) {
		double product = x * y;
		double sum = product + z;
		uint64_t result = fp_of_double(sum);
		if (fp_is_safe(fp64, fp_of_double(product)) && fp_short_product64(a, b) && fp_is_finite(fp64, result) &&
		    fp_exact_sum64(product, z, sum))
			return result;
	}
	return fp_muladd(fp64, a, b, c, round, fcsr);
}

/* Is sum == a + b, for a float sum? The sum of a and b in double must be exact, and the same. */
static inline bool fp_exact_sum32(double a, double b, float sum)
{
	double wide = a + b;

	return wide == sum && fp_exact_sum64(a, b, wide);
}

/* Single precision is tested for exactness in double precision, where the product of two floats is always exact. */
static inline uint64_t fp_add32(uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);
	float sum = x + y;
	uint64_t result = fp_of_float(sum);

	if (FP_LIKELY(round == FP_RNE && fp_is_finite(fp32, result) && (*fcsr & FP_NX || fp_exact_sum32(x, y, sum))))
		return result;
	return fp_add(fp32, a, b, round, fcsr);
}

static inline uint64_t fp_sub32(uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	return fp_add32(a, fp_negate(fp32, b), round, fcsr);
}

static inline uint64_t fp_mul32(uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);
	float product = x * y;
	uint64_t result = fp_of_float(product);

	if (FP_LIKELY(round == FP_RNE && fp_is_safe(fp32, result) && (*fcsr & FP_NX || (double)x * y == product)))
		return result;
	if (fp_is_zero_product(fp32, a, b, result))
		return result;
	return fp_mul(fp32, a, b, round, fcsr);
}

static inline uint64_t fp_div32(uint64_t a, uint64_t b, enum fp_round round, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);
	float quotient = x / y;
	uint64_t result = fp_of_float(quotient);

	if (FP_LIKELY(round == FP_RNE && fp_is_safe(fp32, result) && (*fcsr & FP_NX || (double)quotient * y == x)))
		return result;
	return fp_div(fp32, a, b, round, fcsr);
}

static inline uint64_t fp_sqrt32(uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	float x = fp_to_float(a);

	if (FP_LIKELY(round == FP_RNE && fp_is_safe(fp32, a) && !fp_is_negative(fp32, a))) {
		float root = __builtin_sqrtf(x);

		if (FP_LIKELY(*fcsr & FP_NX || (double)root * root == x))
			return fp_of_float(root);
	}
	return fp_sqrt(fp32, a, round, fcsr);
}

static inline uint64_t fp_muladd32(uint64_t a, uint64_t b, uint64_t c, enum fp_round round, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);
	float z = fp_to_float(c);

	if (FP_LIKELY(round == FP_RNE)) {
		float sum = __builtin_fmaf(x, y, z);
		uint64_t result = fp_of_float(sum);
		if (FP_LIKELY(fp_is_safe(fp32, result) && (*fcsr & FP_NX || fp_exact_sum32((double)x * y, z, sum))))
			return result;
	}
	return fp_muladd(fp32, a, b, c, round, fcsr);
}

/* Comparisons and min/max of numbers raise nothing; NaNs are left to fp.c. */
static inline bool fp_eq64(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	double y = fp_to_double(b);

	return FP_LIKELY(!__builtin_isunordered(x, y)) ? x == y : fp_eq(fp64, a, b, fcsr);
}

static inline bool fp_lt64(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	double y = fp_to_double(b);

	return FP_LIKELY(!__builtin_isunordered(x, y)) ? x < y : fp_lt(fp64, a, b, fcsr);
}

static inline bool fp_le64(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	double y = fp_to_double(b);

	return FP_LIKELY(!__builtin_isunordered(x, y)) ? x <= y : fp_le(fp64, a, b, fcsr);
}

static inline bool fp_eq32(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);

	return FP_LIKELY(!__builtin_isunordered(x, y)) ? x == y : fp_eq(fp32, a, b, fcsr);
}

static inline bool fp_lt32(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);

	return FP_LIKELY(!__builtin_isunordered(x, y)) ? x < y : fp_lt(fp32, a, b, fcsr);
}

static inline bool fp_le32(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);

	return FP_LIKELY(!__builtin_isunordered(x, y)) ? x <= y : fp_le(fp32, a, b, fcsr);
}

/* Of two numbers that differ. Equal ones may be zeros of either sign. */
static inline uint64_t fp_min64(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	double y = fp_to_double(b);

	return x < y ? a : y < x ? b : fp_min_number(fp64, a, b, fcsr);
}

static inline uint64_t fp_max64(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	double y = fp_to_double(b);

	return x > y ? a : y > x ? b : fp_max_number(fp64, a, b, fcsr);
}

static inline uint64_t fp_min32(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);

	return x < y ? a : y < x ? b : fp_min_number(fp32, a, b, fcsr);
}

static inline uint64_t fp_max32(uint64_t a, uint64_t b, uint64_t *fcsr)
{
	float x = fp_to_float(a);
	float y = fp_to_float(b);

	return x > y ? a : y > x ? b : fp_max_number(fp32, a, b, fcsr);
}

/* Between the two precisions. Widening a number is exact. */
static inline uint64_t fp_float_to_double(uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	if (FP_LIKELY(fp_is_finite(fp32, a)))
		return fp_of_double(fp_to_float(a));
	return fp_convert(fp64, fp32, a, round, fcsr);
}

static inline uint64_t fp_double_to_float(uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	double x = fp_to_double(a);
	float narrow = (float)x;
	uint64_t result = fp_of_float(narrow);

	if (FP_LIKELY(round == FP_RNE && fp_is_safe(fp32, result) && (*fcsr & FP_NX || (double)narrow == x)))
		return result;
	return fp_convert(fp32, fp64, a, round, fcsr);
}

/* C's (int) and (long): truncation, the conversion programs use. The bounds leave nothing to saturate. */
static inline uint64_t fp_double_to_w(uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	double x = fp_to_double(a);

	if (FP_LIKELY(round == FP_RTZ && x > -0x1p31 && x < 0x1p31)) {
		int32_t integer = (int32_t)x;
		*fcsr |= (double)integer != x ? FP_NX : 0;
		return (uint64_t)(int64_t)integer;
	}
	return fp_to_integer(fp64, a, FP_W, round, fcsr);
}

static inline uint64_t fp_double_to_l(uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	double x = fp_to_double(a);

	if (FP_LIKELY(round == FP_RTZ && x > -0x1p63 && x < 0x1p63)) {
		int64_t integer = (int64_t)x;
		*fcsr |= (double)integer != x ? FP_NX : 0;
		return (uint64_t)integer;
	}
	return fp_to_integer(fp64, a, FP_L, round, fcsr);
}

static inline uint64_t fp_float_to_w(uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	return FP_LIKELY(fp_is_finite(fp32, a)) ? fp_double_to_w(fp_of_double(fp_to_float(a)), round, fcsr)
	                                        : fp_to_integer(fp32, a, FP_W, round, fcsr);
}

static inline uint64_t fp_float_to_l(uint64_t a, enum fp_round round, uint64_t *fcsr)
{
	return FP_LIKELY(fp_is_finite(fp32, a)) ? fp_double_to_l(fp_of_double(fp_to_float(a)), round, fcsr)
	                                        : fp_to_integer(fp32, a, FP_L, round, fcsr);
}

/* From integers: below 2^53 (2^24) in magnitude exact in every rounding mode. */
static inline uint64_t fp_double_of_long(int64_t x, enum fp_round round, uint64_t *fcsr)
{
	if (FP_LIKELY(x >= -(INT64_C(1) << 53) && x <= INT64_C(1) << 53))
		return fp_of_double((double)x);
	return fp_from_integer(fp64, (uint64_t)x, FP_L, round, fcsr);
}

static inline uint64_t fp_float_of_long(int64_t x, enum fp_round round, uint64_t *fcsr)
{
	if (FP_LIKELY(x >= -(INT64_C(1) << 24) && x <= INT64_C(1) << 24))
		return fp_of_float((float)x);
	return fp_from_integer(fp32, (uint64_t)x, FP_L, round, fcsr);
}

#endif
