/*
 * Floating-point instructions that the comparison with qemu-riscv64 (tests/fp) does not reach: Zfa in all formats.
 * Operands and results are bit patterns; f1 and f2 are the operands, f3 the result.
 */
#include "rt.h"

enum { NV = 16, NX = 1 };
enum { S = 0, D = 1, H = 2 }; /* the fmt field */
static const u64 one[] = { 0x3f800000, 0x3ff0000000000000, 0x3c00 }, two_and_half[] = { 0x40200000, 0x4004000000000000, 0x4100 };
static const u64 qnan[] = { 0x7fc00000, 0x7ff8000000000000, 0x7e00 }, snan[] = { 0x7f800001, 0x7ff0000000000001, 0x7c01 };
static const u64 infinity[] = { 0x7f800000, 0x7ff0000000000000, 0x7c00 }, minus[] = { 0x80000000, 0x8000000000000000, 0x8000 };
static const u64 two[] = { 0x40000000, 0x4000000000000000, 0x4000 }, three[] = { 0x40400000, 0x4008000000000000, 0x4200 };
static const u64 box[] = { 0xffffffff00000000, 0, 0xffffffffffff0000 };

static u64 flags;

/* f3 or a0 after the word with f1, f2, and the flags it raised. */
static u64 run_fp(u32 word, unsigned format, u64 a, u64 b, bool to_x)
{
	u32 words[6] = { FMV_D_X(1, A1), FMV_D_X(2, A2), CSRRWI(0, CSR_FFLAGS, 0), word, to_x ? NOP : FMV_X_D(A0, 3), CSRR(A3, CSR_FFLAGS) };
	u64 x[32] = { 0 };
	x[A1] = a | box[format];
	x[A2] = b | box[format];
	struct trap *t = try_words(MODE_U, words, 6, x);
	flags = t->x[A3];
	return finished(t) ? t->x[A0] : 0xbad;
}

static u32 op(u32 funct7, u32 rm, u32 rd, u32 rs2, unsigned format)
{
	return r_type(0x53, rm, funct7 | format, rd, 1, rs2);
}

/* The 32 values of fli as sign, exponent and two bits of fraction; the format decides the bits. */
static u64 constant(unsigned n, unsigned format)
{
	static const struct { int exponent; unsigned fraction; } rows[] = {
		[0] = { 0, 0 }, [2] = { -16, 0 }, [3] = { -15, 0 }, [4] = { -8, 0 }, [5] = { -7, 0 }, [6] = { -4, 0 }, [7] = { -3, 0 }, [8] = { -2, 0 }, [9] = { -2, 1 },
		[10] = { -2, 2 }, [11] = { -2, 3 }, [12] = { -1, 0 }, [13] = { -1, 1 }, [14] = { -1, 2 }, [15] = { -1, 3 }, [16] = { 0, 0 }, [17] = { 0, 1 }, [18] = { 0, 2 },
		[19] = { 0, 3 }, [20] = { 1, 0 }, [21] = { 1, 1 }, [22] = { 1, 2 }, [23] = { 2, 0 }, [24] = { 3, 0 }, [25] = { 4, 0 }, [26] = { 7, 0 }, [27] = { 8, 0 },
		[28] = { 15, 0 }, [29] = { 16, 0 },
	};
	static const int bias[] = { 127, 1023, 15 };
	static const unsigned fraction_bits[] = { 23, 52, 10 };
	unsigned m = fraction_bits[format];
	if (n == 1)
		return BIT(m); /* the smallest normal number */
	if (n == 30)
		return infinity[format];
	if (n == 31)
		return qnan[format];
	if (format == H && n == 2)
		return 0x0100; /* 2^-16 and 2^-15 are subnormal, 2^16 is too large */
	if (format == H && n == 3)
		return 0x0200;
	if (format == H && n == 29)
		return infinity[H];
	return (n == 0 ? minus[format] : 0) | (u64)(rows[n].exponent + bias[format]) << m | (u64)rows[n].fraction << (m - 2);
}

static void constants(void)
{
	static const char *const rules[] = { "fli-s_op", "fli-d_op", "fli-h_op" };
	for (unsigned format = 0; format < 3; format++)
		for (u32 n = 0; n < 32; n++) {
			u64 got = run_fp(r_type(0x53, 0, 0x78 | format, 3, n, 1), format, 0, 0, false);
			context("format, number", format, n);
			CHECK(rules[format], got == (constant(n, format) | box[format]) && flags == 0);
		}
}

static void minimum_and_maximum(void)
{
	static const char *const min[] = { "fminm-s_op", "fminm-d_op", "fminm-h_op" }, *const max[] = { "fmaxm-s_op", "fmaxm-d_op", "fmaxm-h_op" };
	for (unsigned f = 0; f < 3; f++) {
		const struct { u64 a, b, low, high, flags; } rows[] = {
			{ one[f], two[f], one[f], two[f], 0 }, { two[f], one[f] | minus[f], one[f] | minus[f], two[f], 0 }, { 0, minus[f], minus[f], 0, 0 },
			{ minus[f], 0, minus[f], 0, 0 }, { qnan[f] | minus[f] | 5, one[f], qnan[f], qnan[f], 0 }, { one[f], qnan[f], qnan[f], qnan[f], 0 },
			{ snan[f], one[f], qnan[f], qnan[f], NV }, { one[f], snan[f], qnan[f], qnan[f], NV }, { infinity[f], one[f], one[f], infinity[f], 0 },
		};
		for (unsigned i = 0; i < 9; i++) {
			context("format, row", f, i);
			CHECK(min[f], run_fp(op(0x14, 2, 3, 2, f), f, rows[i].a, rows[i].b, false) == (rows[i].low | box[f]) && flags == rows[i].flags);
			CHECK(max[f], run_fp(op(0x14, 3, 3, 2, f), f, rows[i].a, rows[i].b, false) == (rows[i].high | box[f]) && flags == rows[i].flags);
		}
	}
}

static void rounding(void)
{
	static const char *const rules[] = { "fround-s_op", "fround-d", "fround-h" }, *const exact[] = { "froundnx-s_op", "froundnx-d", "froundnx-h" };
	for (unsigned f = 0; f < 3; f++)
		for (u32 rm = 0; rm < 6; rm++) {
			u32 field = rm < 5 ? rm : 7; /* 5 stands for dynamic: up */
			u64 up = three[f], down = two[f];
			u64 positive = rm == 3 || rm == 4 || rm == 5 ? up : down, negative = (rm == 2 || rm == 4 ? up : down) | minus[f];
			const struct { u64 a, result; bool inexact, nv; } rows[] = {
				{ two_and_half[f], positive, true, false }, { two_and_half[f] | minus[f], negative, true, false }, { three[f], three[f], false, false },
				{ 0, 0, false, false }, { minus[f], minus[f], false, false }, { infinity[f] | minus[f], infinity[f] | minus[f], false, false },
				{ qnan[f] | minus[f] | 3, qnan[f], false, false }, { snan[f], qnan[f], false, true },
			};
			csr_write(CSR_FRM, 3);
			for (unsigned i = 0; i < 8; i++) {
				context("format, rm", f << 8 | i, rm);
				u64 got = run_fp(op(0x20, field, 3, 4, f), f, rows[i].a, 0, false);
				CHECK(rules[f], got == (rows[i].result | box[f]) && flags == (rows[i].nv ? NV : 0));
				if (i > 2)
					CHECK(i < 6 ? "fround-s_zero_inf" : "fround-s_nan_nv", got == (rows[i].result | box[f]) && flags == (rows[i].nv ? NV : 0));
				got = run_fp(op(0x20, field, 3, 5, f), f, rows[i].a, 0, false);
				CHECK(exact[f], got == (rows[i].result | box[f]) && flags == (rows[i].nv ? NV : rows[i].inexact ? NX : 0));
			}
			csr_write(CSR_FRM, 0);
		}
}

static void quiet_comparisons(void)
{
	static const char *const le[] = { "fleq-s_op", "fleq-d_op", "fleq-h_op" }, *const lt[] = { "fltq-s_op", "fltq-d_op", "fltq-h_op" };
	for (unsigned f = 0; f < 3; f++) {
		const struct { u64 a, b; bool le, lt; u64 flags; } rows[] = {
			{ one[f], two[f], true, true, 0 }, { two[f], one[f], false, false, 0 }, { one[f], one[f], true, false, 0 }, { 0, minus[f], true, false, 0 },
			{ qnan[f], one[f], false, false, 0 }, { one[f], qnan[f], false, false, 0 }, { snan[f], one[f], false, false, NV }, { one[f], snan[f], false, false, NV },
		};
		for (unsigned i = 0; i < 8; i++) {
			context("format, row", f, i);
			CHECK(le[f], run_fp(op(0x50, 4, A0, 2, f), f, rows[i].a, rows[i].b, true) == rows[i].le && flags == rows[i].flags);
			CHECK(lt[f], run_fp(op(0x50, 5, A0, 2, f), f, rows[i].a, rows[i].b, true) == rows[i].lt && flags == rows[i].flags);
		}
	}
}

static void modular_conversion(void)
{
	static const struct { u64 a, result, flags; } rows[] = {
		/* 2^32 + 5 */
		{ 0x4016000000000000, 5, NX }, { 0xc016000000000000, -UINT64_C(5), NX }, { 0x41f0000000500000, 5, NV },
		{ 0x41e0000000000000, 0xffffffff80000000, NV }, { 0x7ff0000000000000, 0, NV }, { 0xfff0000000000000, 0, NV }, { 0x7ff8000000000000, 0, NV },
		{ 0, 0, 0 }, { 0x8000000000000000, 0, 0 }, { 0xc1e0000000000000, 0xffffffff80000000, 0 }, { 0x7fefffffffffffff, 0, NV }, { 0x3fefffffffffffff, 0, NX },
		{ 0x4340000000000000, 0, NV }, { 0x433fffffffffffff, ~UINT64_C(0), NV },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		context("row", i, rows[i].a);
		CHECK("fcvtmod-w-d_op", run_fp(0xc2809553, D, rows[i].a, 0, true) == rows[i].result);
		CHECK("fcvtmod-w-d_flags", flags == rows[i].flags);
	}
	delegate(0, 0);
	for (u32 rm = 0; rm < 8; rm++)
		CHECK("fcvtmod-w-d_rsw", finished(try(MODE_S, 0xc2808553 | rm << 12, 0, 0)) == (rm == 1));
	reset();
}

int main(void)
{
	reset();
	constants();
	minimum_and_maximum();
	rounding();
	quiet_comparisons();
	modular_conversion();
	finish();
}
