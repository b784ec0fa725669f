/*
 * The F, D, Zfh and Zfa instructions, but for loads and stores. That mstatus.FS is not Off, and becomes Dirty, was
 * seen to at translation. Arithmetic is in fp.c and, by its short cuts, in fp_host.h; here are registers, boxes
 * and rounding modes.
 *
 * Instructions of one shape share a macro whose parameters are the instruction and what computes it. Register
 * values of format NN are read by READ##NN and written by WRITE##NN.
 */
#include "hart/fp.h"
#include "hart/fp_host.h"
#include "isa/insn.h"
#include "engine/op.h"

#define READ16(reg) fp_unbox(fp16, F(reg))
#define READ32(reg) fp_unbox(fp32, F(reg))
#define READ64(reg) F(reg)
#define WRITE16(value) (F(rd) = fp_box(fp16, (value)))
#define WRITE32(value) (F(rd) = fp_box(fp32, (value)))
#define WRITE64(value) (F(rd) = (value))
#define FCSR (&hart->csr.fcsr)

/* The rounding mode in force, which may be a reserved one. norm:roundingmode_dynamic */
static inline enum fp_round rounding(const struct hart *hart, const struct op *op)
{
	return (enum fp_round)(OPERAND(rm) == FP_DYN ? hart->csr.fcsr >> 5 & 7 : OPERAND(rm));
}

/* An instruction with an rm field; `round` is its mode. A reserved mode is illegal here, even where the mode
 * changes nothing (norm:roundingmode_rsv). */
#define OP_ROUNDED(id, statement)                                                                                      \
	OP(id)                                                                                                         \
	{                                                                                                              \
		enum fp_round round = rounding(hart, op);                                                              \
		if (__builtin_expect(round > FP_RMM, 0))                                                               \
			OP_TAIL(op_illegal);                                                                           \
		statement;                                                                                             \
		NEXT;                                                                                                  \
	}

#define OP_PLAIN(id, statement)                                                                                        \
	OP(id)                                                                                                         \
	{                                                                                                              \
		statement;                                                                                             \
		NEXT;                                                                                                  \
	}

/* rd = function(rs1, rs2), with double and single precision through the host, half precision through fp.c. */
#define ARITHMETIC_2(name)                                                                                             \
	OP_ROUNDED(f##name##_d, WRITE64(fp_##name##64(READ64(rs1), READ64(rs2), round, FCSR)))                         \
	OP_ROUNDED(f##name##_s, WRITE32(fp_##name##32(READ32(rs1), READ32(rs2), round, FCSR)))                         \
	OP_ROUNDED(f##name##_h, WRITE16(fp_##name(fp16, READ16(rs1), READ16(rs2), round, FCSR)))

ARITHMETIC_2(add)
ARITHMETIC_2(sub)
ARITHMETIC_2(mul)
ARITHMETIC_2(div)

OP_ROUNDED(fsqrt_d, WRITE64(fp_sqrt64(READ64(rs1), round, FCSR)))
OP_ROUNDED(fsqrt_s, WRITE32(fp_sqrt32(READ32(rs1), round, FCSR)))
OP_ROUNDED(fsqrt_h, WRITE16(fp_sqrt(fp16, READ16(rs1), round, FCSR)))

/* rd = ±(rs1 * rs2) ± rs3: the sign of the product is that of rs1 changed or not. */
static inline uint64_t same(struct fp_format format, uint64_t a)
{
	(void)format;
	return a;
}

#define FUSED(name, product, addend)                                                                                   \
	OP_ROUNDED(name##_d, WRITE64(fp_muladd64(product(fp64, READ64(rs1)), READ64(rs2), addend(fp64, READ64(rs3)),   \
	                                         round, FCSR)))                                                        \
	OP_ROUNDED(name##_s, WRITE32(fp_muladd32(product(fp32, READ32(rs1)), READ32(rs2), addend(fp32, READ32(rs3)),   \
	                                         round, FCSR)))                                                        \
	OP_ROUNDED(name##_h, WRITE16(fp_muladd(fp16, product(fp16, READ16(rs1)), READ16(rs2),                          \
	                                       addend(fp16, READ16(rs3)), round, FCSR)))

FUSED(fmadd, same, same)
FUSED(fmsub, same, fp_negate)
FUSED(fnmsub, fp_negate, same)
FUSED(fnmadd, fp_negate, fp_negate)

/* Instructions that are the same in every format and do not round. */
#define IN_EACH_FORMAT(shape, name, function)                                                                          \
	shape(name##_d, 64, function) shape(name##_s, 32, function) shape(name##_h, 16, function)

#define SIGN(id, nn, function) OP_PLAIN(id, WRITE##nn(function(fp##nn, READ##nn(rs1), READ##nn(rs2))))

static inline uint64_t copy_opposite_sign(struct fp_format format, uint64_t a, uint64_t b)
{
	return fp_copy_sign(format, a, ~b);
}

IN_EACH_FORMAT(SIGN, fsgnj, fp_copy_sign)
IN_EACH_FORMAT(SIGN, fsgnjn, copy_opposite_sign)
IN_EACH_FORMAT(SIGN, fsgnjx, fp_xor_sign)

#define SELECT(id, nn, function) OP_PLAIN(id, WRITE##nn(function(fp##nn, READ##nn(rs1), READ##nn(rs2), FCSR)))

OP_PLAIN(fmin_d, WRITE64(fp_min64(READ64(rs1), READ64(rs2), FCSR)))
OP_PLAIN(fmax_d, WRITE64(fp_max64(READ64(rs1), READ64(rs2), FCSR)))
OP_PLAIN(fmin_s, WRITE32(fp_min32(READ32(rs1), READ32(rs2), FCSR)))
OP_PLAIN(fmax_s, WRITE32(fp_max32(READ32(rs1), READ32(rs2), FCSR)))
SELECT(fmin_h, 16, fp_min_number)
SELECT(fmax_h, 16, fp_max_number)
IN_EACH_FORMAT(SELECT, fminm, fp_minimum)
IN_EACH_FORMAT(SELECT, fmaxm, fp_maximum)

OP_PLAIN(feq_d, X(rd) = fp_eq64(READ64(rs1), READ64(rs2), FCSR))
OP_PLAIN(flt_d, X(rd) = fp_lt64(READ64(rs1), READ64(rs2), FCSR))
OP_PLAIN(fle_d, X(rd) = fp_le64(READ64(rs1), READ64(rs2), FCSR))
OP_PLAIN(feq_s, X(rd) = fp_eq32(READ32(rs1), READ32(rs2), FCSR))
OP_PLAIN(flt_s, X(rd) = fp_lt32(READ32(rs1), READ32(rs2), FCSR))
OP_PLAIN(fle_s, X(rd) = fp_le32(READ32(rs1), READ32(rs2), FCSR))

#define COMPARE(id, nn, function) OP_PLAIN(id, X(rd) = function(fp##nn, READ##nn(rs1), READ##nn(rs2), FCSR))

COMPARE(feq_h, 16, fp_eq)
COMPARE(flt_h, 16, fp_lt)
COMPARE(fle_h, 16, fp_le)
IN_EACH_FORMAT(COMPARE, fltq, fp_ltq)
IN_EACH_FORMAT(COMPARE, fleq, fp_leq)

#define CLASSIFY(id, nn, function) OP_PLAIN(id, X(rd) = function(fp##nn, READ##nn(rs1)))

IN_EACH_FORMAT(CLASSIFY, fclass, fp_classify)

/* Raw moves: no box is looked at on the way out, and one is made on the way in.
 * norm:fmv-x-w_op norm:fmv-w-x_op norm:fmv-x-h_op norm:fmv-x-d_op norm:fmv-d-x_op */
OP_PLAIN(fmv_x_d, X(rd) = F(rs1))
OP_PLAIN(fmv_x_w, X(rd) = (uint64_t)(int64_t)(int32_t)(uint32_t)F(rs1))
OP_PLAIN(fmv_x_h, X(rd) = (uint64_t)(int64_t)(int16_t)(uint16_t)F(rs1))
OP_PLAIN(fmv_d_x, WRITE64(X(rs1)))
OP_PLAIN(fmv_w_x, WRITE32(X(rs1)))
OP_PLAIN(fmv_h_x, WRITE16(X(rs1)))

/* Between formats. */
OP_ROUNDED(fcvt_d_s, WRITE64(fp_float_to_double(READ32(rs1), round, FCSR)))
OP_ROUNDED(fcvt_s_d, WRITE32(fp_double_to_float(READ64(rs1), round, FCSR)))
OP_ROUNDED(fcvt_d_h, WRITE64(fp_convert(fp64, fp16, READ16(rs1), round, FCSR)))
OP_ROUNDED(fcvt_s_h, WRITE32(fp_convert(fp32, fp16, READ16(rs1), round, FCSR)))
OP_ROUNDED(fcvt_h_d, WRITE16(fp_convert(fp16, fp64, READ64(rs1), round, FCSR)))
OP_ROUNDED(fcvt_h_s, WRITE16(fp_convert(fp16, fp32, READ32(rs1), round, FCSR)))

/* To integers: C's truncations through the host. */
OP_ROUNDED(fcvt_w_d, X(rd) = fp_double_to_w(READ64(rs1), round, FCSR))
OP_ROUNDED(fcvt_l_d, X(rd) = fp_double_to_l(READ64(rs1), round, FCSR))
OP_ROUNDED(fcvt_w_s, X(rd) = fp_float_to_w(READ32(rs1), round, FCSR))
OP_ROUNDED(fcvt_l_s, X(rd) = fp_float_to_l(READ32(rs1), round, FCSR))

#define TO_INTEGER(id, nn, type) OP_ROUNDED(id, X(rd) = fp_to_integer(fp##nn, READ##nn(rs1), type, round, FCSR))

TO_INTEGER(fcvt_wu_d, 64, FP_WU)
TO_INTEGER(fcvt_lu_d, 64, FP_LU)
TO_INTEGER(fcvt_wu_s, 32, FP_WU)
TO_INTEGER(fcvt_lu_s, 32, FP_LU)
TO_INTEGER(fcvt_w_h, 16, FP_W)
TO_INTEGER(fcvt_wu_h, 16, FP_WU)
TO_INTEGER(fcvt_l_h, 16, FP_L)
TO_INTEGER(fcvt_lu_h, 16, FP_LU)

/* From integers. */
OP_ROUNDED(fcvt_d_w, WRITE64(fp_of_double((double)(int32_t)(uint32_t)X(rs1))))
OP_ROUNDED(fcvt_d_wu, WRITE64(fp_of_double((double)(uint32_t)X(rs1))))
OP_ROUNDED(fcvt_d_l, WRITE64(fp_double_of_long((int64_t)X(rs1), round, FCSR)))
OP_ROUNDED(fcvt_s_w, WRITE32(fp_float_of_long((int32_t)(uint32_t)X(rs1), round, FCSR)))
OP_ROUNDED(fcvt_s_wu, WRITE32(fp_float_of_long((uint32_t)X(rs1), round, FCSR)))
OP_ROUNDED(fcvt_s_l, WRITE32(fp_float_of_long((int64_t)X(rs1), round, FCSR)))

#define FROM_INTEGER(id, nn, type) OP_ROUNDED(id, WRITE##nn(fp_from_integer(fp##nn, X(rs1), type, round, FCSR)))

FROM_INTEGER(fcvt_d_lu, 64, FP_LU)
FROM_INTEGER(fcvt_s_lu, 32, FP_LU)
FROM_INTEGER(fcvt_h_w, 16, FP_W)
FROM_INTEGER(fcvt_h_wu, 16, FP_WU)
FROM_INTEGER(fcvt_h_l, 16, FP_L)
FROM_INTEGER(fcvt_h_lu, 16, FP_LU)

/* Zfa. fcvtmod.w.d has RTZ in its encoding. */
OP_PLAIN(fcvtmod_w_d, X(rd) = fp_to_int32_modular(fp64, READ64(rs1), FCSR))

#define ROUND(id, nn, exact) OP_ROUNDED(id, WRITE##nn(fp_round_integral(fp##nn, READ##nn(rs1), round, exact, FCSR)))

IN_EACH_FORMAT(ROUND, fround, false)
IN_EACH_FORMAT(ROUND, froundnx, true)

/* The index stands where rs1 would. */
#define CONSTANT(id, nn, function) OP_PLAIN(id, WRITE##nn(function(fp##nn, OPERAND(word) >> 15 & 31)))

IN_EACH_FORMAT(CONSTANT, fli, fp_constant)
