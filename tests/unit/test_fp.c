#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include "../fp/shortcuts.h"
#include "hart/fp.h"
#include "hart/fp_host.h"

/* A result and the flags it raised, in one comparison. */
static void expect(const char *what, uint64_t result, uint64_t flags, uint64_t wanted, uint64_t wanted_flags)
{
	cr_expect(result == wanted && flags == wanted_flags, "%s: %#lx flags %02lx instead of %#lx flags %02lx", what,
	          result, flags, wanted, wanted_flags);
}

#define EXPECT(call, wanted, wanted_flags)                                                                           \
	do {                                                                                                         \
		uint64_t flags = 0;                                                                                  \
		uint64_t result_ = (call);                                                                           \
		expect(#call, result_, flags, (wanted), (wanted_flags));                                             \
	} while (0)

static uint64_t d(double value)
{
	return fp_of_double(value);
}

static uint64_t s(float value)
{
	return fp_of_float(value);
}

enum { ALL_MODES = 5 };

static const uint64_t qnan = UINT64_C(0x7ff8000000000000);
static const uint64_t snan = UINT64_C(0x7ff0000000000001);
static const uint64_t inf = UINT64_C(0x7ff0000000000000);
static const uint64_t largest = UINT64_C(0x7fefffffffffffff);
static const uint64_t sign = UINT64_C(1) << 63;

Test(fp, sum_rounds_in_five_modes)
{
	/* 1 + 2^-53 is a tie; the even neighbour is 1. */
	const uint64_t up = d(1) + 1;
	const uint64_t plus[ALL_MODES] = { d(1), d(1), d(1), up, up };
	const uint64_t minus[ALL_MODES] = { d(-1), d(-1), up | sign, d(-1), up | sign };

	for (enum fp_round rm = FP_RNE; rm <= FP_RMM; rm++) {
		EXPECT(fp_add(fp64, d(1), d(0x1p-53), rm, &flags), plus[rm], FP_NX);
		EXPECT(fp_add(fp64, d(-1), d(-0x1p-53), rm, &flags), minus[rm], FP_NX);
		EXPECT(fp_add(fp64, d(1), d(2), rm, &flags), d(3), 0);
	}
}

Test(fp, exact_zero_takes_its_sign_from_the_mode)
{
	for (enum fp_round rm = FP_RNE; rm <= FP_RMM; rm++) {
		uint64_t zero = rm == FP_RDN ? sign : 0;
		EXPECT(fp_sub(fp64, d(5), d(5), rm, &flags), zero, 0);
		EXPECT(fp_add(fp64, 0, sign, rm, &flags), zero, 0);
		EXPECT(fp_add(fp64, sign, sign, rm, &flags), sign, 0);
		EXPECT(fp_muladd(fp64, d(2), d(3), d(-6), rm, &flags), zero, 0);
		EXPECT(fp_muladd(fp64, 0, d(3), sign, rm, &flags), zero, 0);
		EXPECT(fp_muladd(fp64, sign, d(3), sign, rm, &flags), sign, 0);
	}
}

Test(fp, overflow_goes_to_infinity_or_the_largest)
{
	const uint64_t plus[ALL_MODES] = { inf, largest, largest, inf, inf };
	const uint64_t minus[ALL_MODES] = { inf, largest, inf, largest, inf };

	for (enum fp_round rm = FP_RNE; rm <= FP_RMM; rm++) {
		EXPECT(fp_mul(fp64, largest, d(2), rm, &flags), plus[rm], FP_OF | FP_NX);
		EXPECT(fp_mul(fp64, largest, d(-2), rm, &flags), minus[rm] | sign, FP_OF | FP_NX);
		EXPECT(fp_mul(fp64, inf, d(-2), rm, &flags), inf | sign, 0);
	}
	/* Half a unit above the largest rounds to infinity, just less does not overflow. */
	EXPECT(fp_add(fp64, largest, d(0x1p970), FP_RNE, &flags), inf, FP_OF | FP_NX);
	EXPECT(fp_add(fp64, largest, d(0x1p970) - 1, FP_RNE, &flags), largest, FP_NX);
}

Test(fp, tininess_is_judged_after_rounding)
{
	const uint64_t smallest_normal = fp_min_normal(fp64);
	const uint64_t largest_subnormal = smallest_normal - 1;

	/* 1 - 2^-53 of the smallest normal needs no rounding at full precision, and stays below it: tiny, although
	 * the coarser subnormal precision rounds it up to the same result as the next product. */
	EXPECT(fp_mul(fp64, smallest_normal, d(1) - 1, FP_RNE, &flags), smallest_normal, FP_UF | FP_NX);
	/* 1 - 2^-104 of it rounds up to it at full precision: not tiny. Unless the mode rounds down. */
	EXPECT(fp_mul(fp64, smallest_normal + 1, d(1) - 2, FP_RNE, &flags), smallest_normal, FP_NX);
	EXPECT(fp_mul(fp64, smallest_normal + 1, d(1) - 2, FP_RUP, &flags), smallest_normal, FP_NX);
	EXPECT(fp_mul(fp64, smallest_normal + 1, d(1) - 2, FP_RTZ, &flags), largest_subnormal, FP_UF | FP_NX);
	/* Exact subnormals raise nothing. */
	EXPECT(fp_mul(fp64, largest_subnormal, d(1), FP_RNE, &flags), largest_subnormal, 0);
	EXPECT(fp_mul(fp64, smallest_normal, d(0.5), FP_RNE, &flags), smallest_normal / 2, 0);
	EXPECT(fp_sub(fp64, smallest_normal, 1, FP_RNE, &flags), largest_subnormal, 0);
	/* Half the smallest subnormal. */
	EXPECT(fp_mul(fp64, 1, d(0.5), FP_RNE, &flags), 0, FP_UF | FP_NX);
	EXPECT(fp_mul(fp64, 1, d(0.5), FP_RMM, &flags), 1, FP_UF | FP_NX);
	EXPECT(fp_mul(fp64, 1, d(-0.5), FP_RDN, &flags), sign | 1, FP_UF | FP_NX);
}

Test(fp, nans_are_canonical_and_signal)
{
	EXPECT(fp_add(fp64, sign | inf | 5, d(1), FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_add(fp64, sign | qnan | 5, d(1), FP_RNE, &flags), qnan, 0);
	EXPECT(fp_sub(fp64, inf, inf, FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_mul(fp64, inf, 0, FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_div(fp64, inf, inf, FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_div(fp64, 0, sign, FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_sqrt(fp64, d(-1), FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_convert(fp32, fp64, snan, FP_RNE, &flags), 0x7fc00000, FP_NV);
	EXPECT(fp_convert(fp16, fp64, qnan | sign, FP_RNE, &flags), 0x7e00, 0);
}

Test(fp, fused_multiply_add)
{
	/* norm:fma_nv_flag */
	EXPECT(fp_muladd(fp64, inf, 0, qnan, FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_muladd(fp64, qnan, 0, snan, FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_muladd(fp64, d(1), d(1), qnan, FP_RNE, &flags), qnan, 0);
	EXPECT(fp_muladd(fp64, inf, d(1), inf | sign, FP_RNE, &flags), qnan, FP_NV);
	EXPECT(fp_muladd(fp64, largest, largest, inf | sign, FP_RNE, &flags), inf | sign, 0);
	/* (1 + 2^-52)^2 - (1 + 2^-51) = 2^-104: only one rounding keeps it. */
	EXPECT(fp_muladd(fp64, d(1) + 1, d(1) + 1, d(-1) + 2, FP_RNE, &flags), d(0x1p-104), 0);
	/* A product far below the addend is a sticky bit, on either side. */
	EXPECT(fp_muladd(fp64, 1, 1, d(1), FP_RUP, &flags), d(1) + 1, FP_NX);
	EXPECT(fp_muladd(fp64, 1, 1 | sign, d(1), FP_RTZ, &flags), d(1) - 1, FP_NX);
	EXPECT(fp_muladd(fp64, 1, 1 | sign, d(1), FP_RNE, &flags), d(1), FP_NX);
	/* Overflow of the product alone is none. */
	EXPECT(fp_muladd(fp64, largest, d(2), largest | sign, FP_RNE, &flags), largest, 0);
}

Test(fp, division_and_root)
{
	EXPECT(fp_div(fp64, d(1), sign, FP_RNE, &flags), inf | sign, FP_DZ);
	EXPECT(fp_div(fp64, inf, 0, FP_RNE, &flags), inf, 0);
	EXPECT(fp_div(fp64, d(1), d(3), FP_RNE, &flags), UINT64_C(0x3fd5555555555555), FP_NX);
	EXPECT(fp_div(fp64, d(1), d(3), FP_RUP, &flags), UINT64_C(0x3fd5555555555556), FP_NX);
	EXPECT(fp_div(fp64, d(-6), d(3), FP_RDN, &flags), d(-2), 0);
	EXPECT(fp_sqrt(fp64, d(2), FP_RNE, &flags), UINT64_C(0x3ff6a09e667f3bcd), FP_NX);
	EXPECT(fp_sqrt(fp64, d(2), FP_RTZ, &flags), UINT64_C(0x3ff6a09e667f3bcc), FP_NX);
	EXPECT(fp_sqrt(fp64, d(144), FP_RNE, &flags), d(12), 0);
	EXPECT(fp_sqrt(fp64, 1, FP_RNE, &flags), d(0x1p-537), 0);
	EXPECT(fp_sqrt(fp64, sign, FP_RNE, &flags), sign, 0);
	EXPECT(fp_sqrt(fp64, inf, FP_RNE, &flags), inf, 0);
}

Test(fp, min_and_max)
{
	EXPECT(fp_min_number(fp64, 0, sign, &flags), sign, 0);
	EXPECT(fp_min_number(fp64, sign, 0, &flags), sign, 0);
	EXPECT(fp_max_number(fp64, 0, sign, &flags), 0, 0);
	EXPECT(fp_max_number(fp64, sign, 0, &flags), 0, 0);
	EXPECT(fp_min_number(fp64, d(-2), d(1), &flags), d(-2), 0);
	EXPECT(fp_max_number(fp64, d(-2), d(-1), &flags), d(-1), 0);
	EXPECT(fp_min_number(fp64, qnan | 7, d(1), &flags), d(1), 0);
	EXPECT(fp_max_number(fp64, d(1), snan, &flags), d(1), FP_NV);
	EXPECT(fp_max_number(fp64, qnan | 7, snan, &flags), qnan, FP_NV);
	/* Zfa: a NaN wins. norm:fmaxm-s_fminm-s_op */
	EXPECT(fp_minimum(fp64, qnan | 7, d(1), &flags), qnan, 0);
	EXPECT(fp_maximum(fp64, d(1), snan, &flags), qnan, FP_NV);
	EXPECT(fp_minimum(fp64, 0, sign, &flags), sign, 0);
	EXPECT(fp_maximum(fp32, s(-0.0f), s(0.0f), &flags), 0, 0);
	EXPECT(fp_maximum(fp16, 0x3c00, 0xc000, &flags), 0x3c00, 0);
}

Test(fp, comparisons)
{
	EXPECT(fp_eq(fp64, 0, sign, &flags), 1, 0);
	EXPECT(fp_lt(fp64, sign, 0, &flags), 0, 0);
	EXPECT(fp_le(fp64, 0, sign, &flags), 1, 0);
	EXPECT(fp_lt(fp64, d(-3), d(-2), &flags), 1, 0);
	EXPECT(fp_lt(fp64, inf | sign, largest | sign, &flags), 1, 0);
	/* norm:feq-s_quiet norm:flt-s_fle-s_signaling, and fltq, fleq of Zfa */
	EXPECT(fp_eq(fp64, qnan, d(1), &flags), 0, 0);
	EXPECT(fp_eq(fp64, qnan, qnan, &flags), 0, 0);
	EXPECT(fp_eq(fp64, d(1), snan, &flags), 0, FP_NV);
	EXPECT(fp_lt(fp64, qnan, d(1), &flags), 0, FP_NV);
	EXPECT(fp_le(fp64, d(1), qnan, &flags), 0, FP_NV);
	EXPECT(fp_ltq(fp64, qnan, d(1), &flags), 0, 0);
	EXPECT(fp_leq(fp64, d(1), qnan, &flags), 0, 0);
	EXPECT(fp_ltq(fp64, snan, d(1), &flags), 0, FP_NV);
	EXPECT(fp_leq(fp64, d(1), snan, &flags), 0, FP_NV);
	EXPECT(fp_ltq(fp64, d(1), d(2), &flags), 1, 0);
	EXPECT(fp_ltq(fp64, d(2), d(2), &flags), 0, 0);
	EXPECT(fp_leq(fp64, d(2), d(2), &flags), 1, 0);
	EXPECT(fp_leq(fp32, s(2), s(1), &flags), 0, 0);
}

Test(fp, class_is_one_bit)
{
	const uint64_t values[10] = { inf | sign, d(-1), sign | 1, sign, 0, 1, d(1), inf, snan, qnan };

	for (unsigned i = 0; i < 10; i++)
		cr_expect_eq(fp_classify(fp64, values[i]), 1u << i, "%#lx", values[i]);
	cr_expect_eq(fp_classify(fp16, 0x03ff), 1u << 5);
	cr_expect_eq(fp_classify(fp16, 0x0400), 1u << 6);
	cr_expect_eq(fp_classify(fp32, 0x807fffff), 1u << 2);
	cr_expect_eq(fp_classify(fp32, 0xff800001), 1u << 8);
}

Test(fp, conversion_to_integer_saturates)
{
	const uint64_t int_min = UINT64_C(0xffffffff80000000);

	EXPECT(fp_to_integer(fp64, d(2147483647.5), FP_W, FP_RTZ, &flags), 0x7fffffff, FP_NX);
	EXPECT(fp_to_integer(fp64, d(2147483647.5), FP_W, FP_RNE, &flags), 0x7fffffff, FP_NV);
	EXPECT(fp_to_integer(fp64, d(0x1p31), FP_W, FP_RTZ, &flags), 0x7fffffff, FP_NV);
	EXPECT(fp_to_integer(fp64, d(-0x1p31), FP_W, FP_RTZ, &flags), int_min, 0);
	EXPECT(fp_to_integer(fp64, d(-2147483648.5), FP_W, FP_RTZ, &flags), int_min, FP_NX);
	EXPECT(fp_to_integer(fp64, d(-2147483648.5), FP_W, FP_RDN, &flags), int_min, FP_NV);
	EXPECT(fp_to_integer(fp64, qnan | sign, FP_W, FP_RNE, &flags), 0x7fffffff, FP_NV);
	/* 32-bit results are sign-extended, unsigned ones too. */
	EXPECT(fp_to_integer(fp64, d(3e9), FP_WU, FP_RNE, &flags), UINT64_C(0xffffffffb2d05e00), 0);
	EXPECT(fp_to_integer(fp64, snan, FP_WU, FP_RNE, &flags), UINT64_MAX, FP_NV);
	EXPECT(fp_to_integer(fp64, d(-0.5), FP_WU, FP_RTZ, &flags), 0, FP_NX);
	EXPECT(fp_to_integer(fp64, d(-0.5), FP_WU, FP_RMM, &flags), 0, FP_NV);
	EXPECT(fp_to_integer(fp64, d(-1), FP_LU, FP_RTZ, &flags), 0, FP_NV);
	EXPECT(fp_to_integer(fp64, d(0x1p64), FP_LU, FP_RTZ, &flags), UINT64_MAX, FP_NV);
	EXPECT(fp_to_integer(fp64, d(0x1p64) - 1, FP_LU, FP_RTZ, &flags), UINT64_C(0xfffffffffffff800), 0);
	EXPECT(fp_to_integer(fp64, d(-0x1p63), FP_L, FP_RTZ, &flags), sign, 0);
	EXPECT(fp_to_integer(fp64, inf | sign, FP_L, FP_RTZ, &flags), sign, FP_NV);
	EXPECT(fp_to_integer(fp64, d(2.5), FP_L, FP_RNE, &flags), 2, FP_NX);
	EXPECT(fp_to_integer(fp64, d(2.5), FP_L, FP_RMM, &flags), 3, FP_NX);
	EXPECT(fp_to_integer(fp16, 0x7bff, FP_W, FP_RNE, &flags), 65504, 0);
}

Test(fp, conversion_from_integer_rounds)
{
	EXPECT(fp_from_integer(fp64, UINT64_MAX, FP_LU, FP_RNE, &flags), d(0x1p64), FP_NX);
	EXPECT(fp_from_integer(fp64, UINT64_MAX, FP_LU, FP_RTZ, &flags), d(0x1p64) - 1, FP_NX);
	EXPECT(fp_from_integer(fp64, UINT64_MAX, FP_L, FP_RNE, &flags), d(-1), 0);
	EXPECT(fp_from_integer(fp64, sign, FP_L, FP_RNE, &flags), d(-0x1p63), 0);
	EXPECT(fp_from_integer(fp32, 0x1000001, FP_W, FP_RNE, &flags), s(0x1p24f), FP_NX);
	EXPECT(fp_from_integer(fp32, UINT64_C(0x12345678ffffffff), FP_W, FP_RNE, &flags), s(-1), 0);
	EXPECT(fp_from_integer(fp32, UINT64_C(0x12345678ffffffff), FP_WU, FP_RNE, &flags), s(0x1p32f), FP_NX);
	EXPECT(fp_from_integer(fp16, 65520, FP_W, FP_RNE, &flags), 0x7c00, FP_OF | FP_NX);
	EXPECT(fp_from_integer(fp16, 65519, FP_W, FP_RNE, &flags), 0x7bff, FP_NX);
	EXPECT(fp_from_integer(fp16, 0, FP_W, FP_RDN, &flags), 0, 0);
}

Test(fp, boxes)
{
	cr_expect_eq(fp_unbox(fp32, UINT64_C(0xffffffff3f800000)), 0x3f800000);
	cr_expect_eq(fp_unbox(fp32, UINT64_C(0xfffffffe3f800000)), 0x7fc00000);
	cr_expect_eq(fp_unbox(fp16, UINT64_C(0xffffffffffff3c00)), 0x3c00);
	cr_expect_eq(fp_unbox(fp16, UINT64_C(0xffffffff00003c00)), 0x7e00);
	cr_expect_eq(fp_unbox(fp64, 5), 5);
	cr_expect_eq(fp_box(fp16, 0x3c00), UINT64_C(0xffffffffffff3c00));
	cr_expect_eq(fp_box(fp32, 0), UINT64_C(0xffffffff00000000));
	cr_expect_eq(fp_box(fp64, 7), 7);
}

Test(fp, constants_of_fli)
{
	static const double wanted[32] = {
		-1, 0, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75,
		0.875, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 32768, 65536, (double)INFINITY, 0,
	};

	for (unsigned i = 0; i < 32; i++) {
		uint64_t flags = 0;
		if (i == 1 || i == 31)
			continue;
		cr_expect_eq(fp_constant(fp64, i), d(wanted[i]), "fli.d %u", i);
		cr_expect_eq(fp_constant(fp32, i), s((float)wanted[i]), "fli.s %u", i);
		cr_expect_eq(fp_constant(fp16, i), fp_convert(fp16, fp64, d(wanted[i]), FP_RNE, &flags), "fli.h %u", i);
	}
	cr_expect_eq(fp_constant(fp64, 1), UINT64_C(0x0010000000000000));
	cr_expect_eq(fp_constant(fp32, 1), 0x00800000);
	cr_expect_eq(fp_constant(fp16, 1), 0x0400);
	cr_expect_eq(fp_constant(fp16, 2), 0x0100);
	cr_expect_eq(fp_constant(fp16, 29), 0x7c00);
	cr_expect_eq(fp_constant(fp32, 31), 0x7fc00000);
}

/* By definition: towards zero, modulo 2^32 (fmod is exact), flags of fcvt.w.d. */
Test(fp, modular_conversion)
{
	uint64_t state = 1;

	EXPECT(fp_to_int32_modular(fp64, d(0x1p32 + 5.5), &flags), 5, FP_NV);
	EXPECT(fp_to_int32_modular(fp64, d(-5.5), &flags), -UINT64_C(5), FP_NX);
	EXPECT(fp_to_int32_modular(fp64, d(0x1p31), &flags), UINT64_C(0xffffffff80000000), FP_NV);
	EXPECT(fp_to_int32_modular(fp64, inf, &flags), 0, FP_NV);
	EXPECT(fp_to_int32_modular(fp64, qnan, &flags), 0, FP_NV);
	EXPECT(fp_to_int32_modular(fp64, largest, &flags), 0, FP_NV);
	EXPECT(fp_to_int32_modular(fp64, sign, &flags), 0, 0);
	for (unsigned i = 0; i < 100000; i++) {
		unsigned exponent = (unsigned)(1010 + random64(&state) % 90);
		uint64_t a = compose(64, random64(&state) & 1, exponent, random64(&state));
		uint64_t flags_wanted = 0;
		int32_t wanted = (int32_t)(uint32_t)(int64_t)fmod(trunc(fp_to_double(a)), 0x1p32);

		fp_to_integer(fp64, a, FP_W, FP_RTZ, &flags_wanted);
		EXPECT(fp_to_int32_modular(fp64, a, &flags), (uint64_t)(int64_t)wanted, flags_wanted);
	}
}

Test(fp, round_to_integral)
{
	const double half[ALL_MODES] = { 2, 2, 2, 3, 3 };
	const double minus_half[ALL_MODES] = { -2, -2, -3, -2, -3 };

	for (enum fp_round rm = FP_RNE; rm <= FP_RMM; rm++) {
		EXPECT(fp_round_integral(fp64, d(2.5), rm, false, &flags), d(half[rm]), 0);
		EXPECT(fp_round_integral(fp64, d(-2.5), rm, true, &flags), d(minus_half[rm]), FP_NX);
		EXPECT(fp_round_integral(fp64, d(-0.0), rm, true, &flags), d(-0.0), 0);
		EXPECT(fp_round_integral(fp64, inf | sign, rm, true, &flags), inf | sign, 0);
		EXPECT(fp_round_integral(fp64, largest, rm, true, &flags), largest, 0);
	}
	EXPECT(fp_round_integral(fp64, d(-0.25), FP_RNE, true, &flags), d(-0.0), FP_NX);
	EXPECT(fp_round_integral(fp64, 1, FP_RUP, false, &flags), d(1), 0);
	EXPECT(fp_round_integral(fp64, snan, FP_RNE, false, &flags), qnan, FP_NV);
	EXPECT(fp_round_integral(fp64, qnan | sign, FP_RNE, true, &flags), qnan, 0);
	EXPECT(fp_round_integral(fp16, 0x3e00, FP_RNE, true, &flags), 0x4000, FP_NX);
}

/* fround is there and back again, where an int64 has room. */
Test(fp, round_to_integral_agrees_with_conversions)
{
	static const struct fp_format formats[] = { { 16, 10 }, { 32, 23 }, { 64, 52 } };
	uint64_t state = 2;

	for (unsigned i = 0; i < 300000; i++) {
		struct fp_format format = formats[i % 3];
		uint64_t a = random_float(format.width, &state) & ones(format.width);
		enum fp_round rm = (enum fp_round)(random64(&state) % ALL_MODES);
		uint64_t flags_wanted = 0, ignored = 0;
		uint64_t integer = fp_to_integer(format, a, FP_L, rm, &flags_wanted);

		if (flags_wanted & FP_NV)
			continue;
		uint64_t wanted = fp_copy_sign(format, fp_from_integer(format, integer, FP_L, rm, &ignored), a);
		EXPECT(fp_round_integral(format, a, rm, true, &flags), wanted, flags_wanted);
		EXPECT(fp_round_integral(format, a, rm, false, &flags), wanted, 0);
	}
}

Test(fp, short_cuts_agree_with_integer_arithmetic)
{
	cr_expect_eq(shortcuts_differ(3, 50000), 0);
}
