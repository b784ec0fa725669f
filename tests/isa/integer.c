/*
 * Base and compressed instructions in the words of the manual: operands at their limits, sign extension, control
 * transfer, loads and stores, reserved encodings, hints. What registers hold after random operands is compared with
 * another implementation by tests/insn.
 */
#include "rt.h"

/* a0 = rd, a1 = rs1, a2 = rs2; memory[64] is where a1 or sp points */
static u64 memory[160] __attribute__((aligned(64)));
#define BASE ((u64)&memory[64])

static struct trap *try_c(u32 word, u64 a0, u64 a1, u64 a2)
{
	u64 x[32] = { 0 };
	x[A0] = a0;
	x[A1] = a1;
	x[A2] = a2;
	x[SP] = BASE;
	return try_words(MODE_S, &word, 1, x);
}

/* ---- results ---- */

struct row {
	const char *rules;
	u32 word;
	u64 a0, a1, a2, result;
};

static const struct row rows[] = {
	{ "rv64i_xreg_sz rv64i_other_xregs add_enc", 0x00c58533, 0, 0x8000000000000000, 0x7fffffffffffffff, ~UINT64_C(0) },
	{ "addiw_op rv64_w_sex addiw_enc", 0x0015851b, 0, 0xffffffff7fffffff, 0, 0xffffffff80000000 },
	{ "addiw_overflow addiw_op", 0xfff5851b, 0, 0x80000000, 0, 0x7fffffff },
	{ "addiw_op", 0x0005851b, 0, 0x1234567880000000, 0, 0xffffffff80000000 }, /* sext.w */
	{ "slliw_op rv64_w_sex slliw_enc", 0x01f5951b, 0, 0xffffffff00000001, 0, 0xffffffff80000000 },
	{ "srliw_op rv64_w_sex srliw_enc", 0x0015d51b, 0, 0xffffffff80000000, 0, 0x40000000 },
	{ "srliw_op", 0x0005d51b, 0, 0x80000000, 0, 0xffffffff80000000 },
	{ "sraiw_op rv64_w_sex sraiw_enc", 0x4015d51b, 0, 0x0000000080000000, 0, 0xffffffffc0000000 },
	{ "lui_op_rv64i lui_enc", 0x80001537, 0, 0, 0, 0xffffffff80001000 },
	{ "lui_op_rv64i", 0x7ffff537, 0, 0, 0, 0x7ffff000 },
	{ "addw_op addw_overflow rv64_w_sex addw_enc", 0x00c5853b, 0, 0x17fffffff, 0x100000001, 0xffffffff80000000 },
	{ "subw_op subw_overflow rv64_w_sex subw_enc", 0x40c5853b, 0, 0x80000000, 1, 0x7fffffff },
	{ "sll_sh_amt_rv64i sll_enc", 0x00c59533, 0, 1, 127, 0x8000000000000000 },
	{ "sll_sh_amt_rv64i", 0x00c59533, 0, 3, 64, 3 },
	{ "srl_sh_amt_rv64i srl_enc", 0x00c5d533, 0, 0x8000000000000000, 0xffffffffffffffff, 1 },
	{ "sra_sh_amt_rv64i sra_enc", 0x40c5d533, 0, 0x8000000000000000, 0xff, ~UINT64_C(0) },
	{ "sra_sh_amt_rv64i", 0x40c5d533, 0, 0x8000000000000000, 0x40, 0x8000000000000000 },
	{ "sllw_op sllw_enc", 0x00c5953b, 0, 0xffffffff00000003, 0x3f, 0xffffffff80000000 },
	{ "sllw_op", 0x00c5953b, 0, 1, 0x20, 1 },
	{ "srlw_op srlw_enc", 0x00c5d53b, 0, 0xffffffff80000000, 0x20, 0xffffffff80000000 },
	{ "srlw_op", 0x00c5d53b, 0, 0xffffffff80000000, 0x21, 0x40000000 },
	{ "sraw_op sraw_enc", 0x40c5d53b, 0, 0x80000000, 0x3f, ~UINT64_C(0) },
	{ "slti_enc", 0xfff5a513, 0, 0xfffffffffffffffe, 0, 1 },
	{ "sltiu_enc", 0xfff5b513, 0, 0xfffffffffffffffe, 0, 1 },
	{ "xori_enc", 0xfff5c513, 0, 0xf0, 0, ~UINT64_C(0xf0) },
	{ "ori_enc", 0x8005e513, 0, 1, 0, 0xfffffffffffff801 },
	{ "andi_enc", 0x8005f513, 0, ~UINT64_C(0), 0, 0xfffffffffffff800 },
	{ "slli_enc", 0x03f59513, 0, 3, 0, 0x8000000000000000 },
	{ "srli_enc", 0x03f5d513, 0, 0x8000000000000000, 0, 1 },
	{ "srai_enc", 0x43f5d513, 0, 0x8000000000000000, 0, ~UINT64_C(0) },
	{ "sub_enc", 0x40c58533, 0, 3, 5, -UINT64_C(2) },
	{ "slt_enc", 0x00c5a533, 0, ~UINT64_C(0), 1, 1 },
	{ "sltu_enc", 0x00c5b533, 0, ~UINT64_C(0), 1, 0 },
	{ "xor_enc", 0x00c5c533, 0, 0xff00, 0x0ff0, 0xf0f0 },
	{ "or_enc", 0x00c5e533, 0, 0xff00, 0x0ff0, 0xfff0 },
	{ "and_enc", 0x00c5f533, 0, 0xff00, 0x0ff0, 0x0f00 },
	{ "addi_enc", 0x80058513, 0, 0, 0, 0xfffffffffffff800 },
	/* M */
	{ "mul_op mul_enc", 0x02c58533, 0, 0x8000000000000001, 3, 0x8000000000000003 },
	{ "mulh_op mulh_enc", 0x02c59533, 0, ~UINT64_C(0), ~UINT64_C(0), 0 },
	{ "mulh_op", 0x02c59533, 0, 0x8000000000000000, 0x8000000000000000, 0x4000000000000000 },
	{ "mulhsu_op mulhsu_enc", 0x02c5a533, 0, ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0) },
	{ "mulhsu_op", 0x02c5a533, 0, 2, 0x8000000000000000, 1 },
	{ "mulhu_op mulhu_enc", 0x02c5b533, 0, ~UINT64_C(0), ~UINT64_C(0), 0xfffffffffffffffe },
	{ "mulw_op mulw_enc", 0x02c5853b, 0, 0xffffffff00010000, 0x8000, 0xffffffff80000000 },
	{ "div_op div_enc", 0x02c5c533, 0, -UINT64_C(7), 2, -UINT64_C(3) },
	{ "divu_op divu_enc", 0x02c5d533, 0, -UINT64_C(7), 2, 0x7ffffffffffffffc },
	{ "rem_op rem_result_sign rem_enc", 0x02c5e533, 0, -UINT64_C(7), 2, -UINT64_C(1) },
	{ "rem_result_sign", 0x02c5e533, 0, 7, -UINT64_C(2), 1 },
	{ "remu_op remu_enc", 0x02c5f533, 0, -UINT64_C(7), 4, 1 },
	{ "divw_op divw_enc", 0x02c5c53b, 0, 0x1fffffff9, 0x700000002, -UINT64_C(3) },
	{ "divuw_op divuw_enc", 0x02c5d53b, 0, 0x1fffffff9, 0x700000001, 0xfffffffffffffff9 },
	{ "remw_op remw_result_sign remw_enc", 0x02c5e53b, 0, 0x1fffffff9, 0x700000002, -UINT64_C(1) },
	{ "remuw_op remuw_result_sign remuw_enc", 0x02c5f53b, 0, 0x1ffffffff, 0x80000000, 0x7fffffff },
	{ "div_by_zero", 0x02c5c533, 0, 5, 0, ~UINT64_C(0) },
	{ "div_by_zero", 0x02c5d533, 0, 5, 0, ~UINT64_C(0) },
	{ "div_by_zero", 0x02c5c53b, 0, 5, 0x100000000, ~UINT64_C(0) },
	{ "div_by_zero", 0x02c5d53b, 0, 5, 0x100000000, ~UINT64_C(0) },
	{ "rem_by_zero", 0x02c5e533, 0, 0x8000000000000005, 0, 0x8000000000000005 },
	{ "rem_by_zero", 0x02c5f533, 0, 0x8000000000000005, 0, 0x8000000000000005 },
	{ "rem_by_zero remw_result_sign", 0x02c5e53b, 0, 0x80000005, 0, 0xffffffff80000005 },
	{ "rem_by_zero remuw_result_sign", 0x02c5f53b, 0, 0x80000005, 0, 0xffffffff80000005 },
	{ "signed_div_overflow", 0x02c5c533, 0, 0x8000000000000000, ~UINT64_C(0), 0x8000000000000000 },
	{ "signed_div_overflow", 0x02c5e533, 0, 0x8000000000000000, ~UINT64_C(0), 0 },
	{ "signed_div_overflow", 0x02c5c53b, 0, 0x80000000, 0xffffffff, 0xffffffff80000000 },
	{ "signed_div_overflow", 0x02c5e53b, 0, 0x80000000, 0xffffffff, 0 },
	/* C */
	{ "c-li_op", 0x553d, 5, 0, 0, -UINT64_C(17) },
	{ "c-lui_op", 0x7505, 5, 0, 0, 0xfffffffffffe1000 },
	{ "c-lui_op", 0x6545, 5, 0, 0, 0x11000 },
	{ "c-addi_op", 0x156d, 3, 0, 0, -UINT64_C(2) },
	{ "c-addiw_op", 0x2505, 0x7fffffff, 0, 0, 0xffffffff80000000 },
	{ "c-addiw_op", 0x2501, 0x580000000, 0, 0, 0xffffffff80000000 },
	{ "c-slli_op", 0x157e, 3, 0, 0, 0x8000000000000000 },
	{ "c-srli_op", 0x9105, 0x8000000000000000, 0, 0, 0x40000000 },
	{ "c-srai_op", 0x9505, 0x8000000000000000, 0, 0, 0xffffffffc0000000 },
	{ "c-andi_op", 0x9905, 0xff, 0, 0, 0xe1 },
	{ "c-mv_op c-mv_jr", 0x852e, 1, 77, 0, 77 },
	{ "c-add_op c-add_val", 0x952e, 1, 77, 0, 78 },
	{ "c-and_op Zca_regs8", 0x8d6d, 0xff00, 0x0ff0, 0, 0x0f00 },
	{ "c-or_op Zca_regs8", 0x8d4d, 0xff00, 0x0ff0, 0, 0xfff0 },
	{ "c-xor_op Zca_regs8", 0x8d2d, 0xff00, 0x0ff0, 0, 0xf0f0 },
	{ "c-sub_op Zca_regs8", 0x8d0d, 3, 5, 0, -UINT64_C(2) },
	{ "c-addw_op", 0x9d2d, 0x7fffffff, 1, 0, 0xffffffff80000000 },
	{ "c-subw_op", 0x9d0d, 0x80000000, 1, 0, 0x7fffffff },
	/* Zcb; a0 is rd', and a1 the second operand of c.mul */
	{ "c-zext-b_op", 0x9d61, ~UINT64_C(0), 0, 0, 0xff },
	{ "c-sext-b_op", 0x9d65, 0x80, 0, 0, 0xffffffffffffff80 },
	{ "c-zext-h_op", 0x9d69, ~UINT64_C(0), 0, 0, 0xffff },
	{ "c-sext-h_op", 0x9d6d, 0x8000, 0, 0, 0xffffffffffff8000 },
	{ "c-zext-w_op", 0x9d71, ~UINT64_C(0), 0, 0, 0xffffffff },
	{ "c-not_op", 0x9d75, 0xf0, 0, 0, ~UINT64_C(0xf0) },
	{ "c-mul_op", 0x9d4d, 0x8000000000000001, 3, 0, 0x8000000000000003 },
	/* Zicond */
	{ "czero-eqz_op", 0x0ec5d533, 1, 7, 0, 0 },
	{ "czero-eqz_op", 0x0ec5d533, 1, 7, 0x8000000000000000, 7 },
	{ "czero-nez_op", 0x0ec5f533, 1, 7, 0, 7 },
	{ "czero-nez_op", 0x0ec5f533, 1, 7, 0x8000000000000000, 0 },
};

static void results(void)
{
	reset();
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trap *t = try_c(rows[i].word, rows[i].a0, rows[i].a1, rows[i].a2);
		context("word, result", rows[i].word, t->x[A0]);
		CHECK(rows[i].rules, finished(t) && t->x[A0] == rows[i].result && t->x[A1] == rows[i].a1 && t->x[A2] == rows[i].a2 && !t->x[0]);
	}
	/* sp is the destination */
	CHECK("c-addi16sp_op", try_c(0x7101, 0, 0, 0)->x[SP] == BASE - 512);
	CHECK("c-addi16sp_op", try_c(0x617d, 0, 0, 0)->x[SP] == BASE + 496);
	CHECK("c-addi4spn_op", try_c(0x1fe8, 0, 0, 0)->x[A0] == BASE + 1020);
	struct trap *t = try_c(0x80000517, 0, 0, 0);
	CHECK("auipc_op_rv64i auipc_enc", finished(t) && t->x[A0] == try_pc(MODE_S) - 0x80000000);
	t = try_c(0x00001517, 0, 0, 0);
	CHECK("auipc_op_rv64i", t->x[A0] == try_pc(MODE_S) + 0x1000);
}

/* ---- memory ---- */

static void loads_and_stores(void)
{
	static const struct { const char *rules; u32 word; u64 result; } loads[] = {
		{ "lb_rv64i_op lb_enc", LB, 0xffffffffffffff88 }, { "lbu_rv64i_op lbu_enc", LBU, 0x88 },
		{ "lh_op_rv64i lh_enc", LH, 0xffffffffffff9988 }, { "lhu_rv64i_op lhu_enc", LHU, 0x9988 },
		{ "lw_op_rv64i lw_enc", LW, 0xffffffffbbaa9988 }, { "lwu_op lwu_enc", LWU, 0xbbaa9988 }, { "ld_op_rv64i ld_enc", LD, 0xffeeddccbbaa9988 },
		{ "lw_op_rv64i", i_type(3, 2, A0, A1, -2048), 0xffffffff84848484 }, { "ld_op_rv64i", i_type(3, 3, A0, A1, 2040), 0x8585858585858585 },
		{ "c-lwsp_op", 0x4522, 0xffffffff81828384 }, { "c-ldsp_op", 0x6542, 0x9192939495969798 }, { "c-lw_op Zca_regs8", 0x41c8, 0xffffffffffeeddcc },
		{ "c-ld_op Zca_regs8", 0x6588, 0x8182838481828384 },
		{ "c-lbu_op", 0x81c8, 0x99 }, { "c-lbu_op", 0x81a8, 0xaa }, { "c-lbu_op", 0x81e8, 0xbb }, { "c-lhu_op", 0x85a8, 0xbbaa }, { "c-lhu_op", 0x8588, 0x9988 },
		{ "c-lh_op", 0x85e8, 0xffffffffffffbbaa }, { "c-lh_op", 0x85c8, 0xffffffffffff9988 },
	};
	static u64 around[600];
	u64 *at = &around[300];
	reset();
	for (unsigned i = 0; i < 600; i++)
		around[i] = 0x8484848484848484;
	at[255] = 0x8585858585858585;
	for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		at[0] = 0xffeeddccbbaa9988;
		at[1] = 0x8182838481828384;
		at[2] = 0x9192939495969798;
		u64 x[32] = { 0 };
		x[A1] = x[SP] = (u64)at;
		x[A0] = 5;
		u32 word = loads[i].word;
		struct trap *t = try_words(MODE_S, &word, 1, x);
		context("word, result", word, t->x[A0]);
		CHECK(loads[i].rules, finished(t) && t->x[A0] == loads[i].result);
		/* into x0: the access happens, the value is lost */
		if ((word & 3) == 3)
			CHECK("rv64i_other_xregs", finished(try(MODE_S, word & ~(31u << 7), (u64)at, 0)) && this_cpu()->trap.x[0] == 0);
	}
	static const struct { const char *rules; u32 word; unsigned place; u64 mask; } stores[] = {
		{ "sb_op_rv64i sb_enc", SB, 0, 0xff }, { "sh_op_rv64i sh_enc", SH, 0, 0xffff }, { "sw_op_rv64i sw_enc", SW, 0, 0xffffffff },
		{ "sd_op_rv64i sd_enc", SD, 0, ~UINT64_C(0) },
		{ "c-swsp_op", 0xc632, 12, 0xffffffff }, { "c-sdsp_op", 0xec32, 24, ~UINT64_C(0) }, { "c-sw_op", 0xc1d0, 4, 0xffffffff },
		{ "c-sd_op", 0xe590, 8, ~UINT64_C(0) }, { "c-sb_op", 0x89d0, 1, 0xff }, { "c-sb_op", 0x89b0, 2, 0xff }, { "c-sh_op", 0x8db0, 2, 0xffff },
		{ "sd_op_rv64i", s_type(0x23, 3, A2, A1, -8), -8u, ~UINT64_C(0) },
	};
	for (unsigned i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		for (int k = -4; k < 8; k++)
			at[k] = 0x1111111111111111;
		u64 x[32] = { 0 }, value = 0xa1b2c3d4e5f60718;
		x[A1] = x[SP] = (u64)at;
		x[A2] = value;
		u32 word = stores[i].word;
		struct trap *t = try_words(MODE_S, &word, 1, x);
		bool right = finished(t);
		for (int byte = -32; byte < 64; byte++) {
			int offset = byte - (int)stores[i].place;
			u64 mask = offset >= 0 && offset < 8 ? stores[i].mask >> 8 * offset & 0xff : 0;
			u64 want = mask ? value >> 8 * offset & 0xff : 0x11;
			right &= ((unsigned char *)at)[byte] == want;
		}
		context("word", word, 0);
		CHECK(stores[i].rules, right);
	}
	/* doubles of the compressed set: f10 */
	u64 x[32] = { 0 };
	x[A1] = x[SP] = (u64)at;
	at[2] = 0x7ff0000000000001; /* a signaling NaN passes unchanged */
	at[3] = 0x4000000000000000;
	static const struct { const char *rules; u32 first, second; unsigned from, to; } doubles[] = {
		{ "c-fld_op c-fsd_op Zc_fp_regs fld_bits_maintained fsd_bits_maintained", 0x2988, 0xad88, 2, 3 },
		{ "c-fldsp_op c-fsdwsp_op", 0x2562, 0xb02a, 3, 4 },
	};
	for (unsigned i = 0; i < 2; i++) {
		at[doubles[i].to] = 0;
		u32 words[2] = { doubles[i].first, doubles[i].second };
		at[2] = 0x7ff0000000000001;
		at[3] = 0x4000000000000000 + i;
		u64 want = at[doubles[i].from];
		struct trap *t = try_words(MODE_S, words, 2, x);
		CHECK(doubles[i].rules, finished(t) && at[doubles[i].to] == want);
	}
	/* singles: NaN boxing in, the low half out; bits kept */
	at[0] = 0x123456787f800001;
	u32 words[3] = { FLW, FMV_X_D(A0, 10), s_type(0x27, 2, 10, A1, 8) };
	struct trap *t = try_words(MODE_S, words, 3, x);
	CHECK("flw_op fsw_op flw_bits_maintained fsw_bits_maintained FP_transfer_instrs_narrow_transfer_in FP_transfer_instrs_narrow_transfer_out fp_nan-boxing",
	      finished(t) && t->x[A0] == 0xffffffff7f800001 && (u32)at[1] == 0x7f800001);
	u32 more[2] = { FLD, s_type(0x27, 3, 10, A1, 16) };
	t = try_words(MODE_S, more, 2, x);
	CHECK("fld_op fsd_op D_fpr_regs", finished(t) && at[2] == 0x123456787f800001);
	for (unsigned i = 0; i < 32; i++) { /* 32 registers of 64 bits */
		u32 both[2] = { FMV_D_X(i, A1), FMV_X_D(A0, i) };
		u64 y[32] = { 0 };
		y[A1] = 0x0123456789abcdef * (i + 1);
		CHECK("D_fpr_regs FLEN fmv-x-d_op_bits_preserved fmv-d-x_op_bits_preserved", try_words(MODE_S, both, 2, y)->x[A0] == 0x0123456789abcdef * (i + 1));
	}
	for (unsigned offset = 0; offset < 8; offset++) { /* misaligned: handled */
		at[0] = 0x8877665544332211;
		at[1] = 0x11223344556677;
		u64 want;
		__builtin_memcpy(&want, (char *)at + offset, 8);
		CHECK("fp_misaligned", finished(try(MODE_S, FLD, (u64)at + offset, 0)) && try(MODE_M, FMV_X_D(A0, 10), 0, 0)->x[A0] == want);
	}
}

/* ---- control transfer ---- */

static void jumps_and_branches(void)
{
	static const struct { const char *rules; unsigned funct3; bool lt, eq, gt, ltu; } kinds[] = {
		{ "beq_enc", 0, false, true, false, false }, { "bne_enc", 1, true, false, true, true }, { "blt_enc", 4, true, false, false, false },
		{ "bge_enc", 5, false, true, true, true }, { "bltu_enc", 6, false, false, true, true }, { "bgeu_enc", 7, true, true, false, false },
	};
	reset();
	for (unsigned i = 0; i < 6; i++) {
		/* beq a1, a2, +8; li a0, 1 */
		u32 words[2] = { 0x00c58463 | kinds[i].funct3 << 12, ADDI(A0, 0, 1) };
		static const struct { u64 a, b; } operands[] = { { -UINT64_C(1), 1 }, { 5, 5 }, { 1, -UINT64_C(1) } };
		for (unsigned k = 0; k < 3; k++) { /* -1 < 1 signed, greater unsigned */
			u64 x[32] = { 0 };
			x[A1] = operands[k].a;
			x[A2] = operands[k].b;
			bool taken = k == 1 ? kinds[i].eq : k == 0 ? kinds[i].lt : kinds[i].gt;
			if (i >= 4) /* unsigned: the other way round */
				taken = k == 1 ? i == 5 : (k == 0) == (i == 5);
			struct trap *t = try_words(MODE_S, words, 2, x);
			context("branch, operands", i, k);
			CHECK(kinds[i].rules, finished(t) && t->x[A0] == !taken);
		}
	}
	/* jal a0, +8; li a1, 1 */
	u32 jal[2] = { 0x0080056f, ADDI(A1, 0, 1) };
	struct trap *t = try_words(MODE_S, jal, 2, NULL);
	CHECK("jal_enc", finished(t) && t->x[A0] == try_pc(MODE_S) + 4 && t->x[A1] == 0);
	u64 x[32] = { 0 };
	u32 jalr[2] = { i_type(0x67, 0, A0, A1, -1), ADDI(A2, 0, 1) };
	x[A1] = try_pc(MODE_S) + 9 + 1; /* bit 0 of the sum is cleared */
	t = try_words(MODE_S, jalr, 2, x);
	CHECK("jalr_enc", finished(t) && t->x[A0] == try_pc(MODE_S) + 4 && t->x[A2] == 0);
	u32 same[2] = { i_type(0x67, 0, A1, A1, 0), ADDI(A2, 0, 1) }; /* rd is rs1: the old value is the target */
	x[A1] = try_pc(MODE_S) + 8;
	t = try_words(MODE_S, same, 2, x);
	CHECK("jalr_enc", finished(t) && t->x[A1] == try_pc(MODE_S) + 4 && t->x[A2] == 0);
	/* compressed: over a 4-byte instruction */
	static const struct { const char *rules; u32 word; u64 a0; bool taken, link; } compressed[] = {
		{ "c-j_op Zca_offsets_mul2", 0xa019, 0, true, false }, { "c-beqz_op Zca_offsets_mul2", 0xc119, 0, true, false },
		{ "c-beqz_op", 0xc119, BIT(63), false, false }, { "c-bnez_op Zca_offsets_mul2", 0xe119, BIT(63), true, false },
		{ "c-bnez_op", 0xe119, 0, false, false }, { "c-jr_op", 0x8582, 0, true, false }, { "c-jalr_op", 0x9582, 0, true, true },
	};
	for (unsigned i = 0; i < 7; i++) {
		u32 words[2] = { compressed[i].word, ADDI(A2, 0, 1) };
		u64 y[32] = { 0 };
		y[A0] = compressed[i].a0;
		y[A1] = try_pc(MODE_S) + 6;
		y[RA] = 5;
		t = try_words(MODE_S, words, 2, y);
		context("word", compressed[i].word, 0);
		CHECK(compressed[i].rules, finished(t) && t->x[A2] == !compressed[i].taken);
		CHECK(compressed[i].rules, t->x[RA] == (compressed[i].link ? try_pc(MODE_S) + 2 : 5));
		CHECK("Zca_align16 Zca_no_misaligned", finished(t)); /* what follows lies at +2 and +6 */
	}
	t = try(MODE_S, 0x9002, 0, 0);
	CHECK("c-ebreak c-ebreak_op", took(t, LEVEL_S, EXC_BREAK) && t->epc == try_pc(MODE_S));
	CHECK("ebreak_enc", took(try(MODE_S, EBREAK, 0, 0), LEVEL_S, EXC_BREAK));
	CHECK("ecall_enc", took(try(MODE_U, ECALL, 0, 0), LEVEL_M, EXC_ECALL_U));
	u64 targets[] = { try_pc(MODE_S) + 2, try_pc(MODE_S) + 6 };
	for (unsigned i = 0; i < 2; i++) { /* jalr to addresses that are 2 modulo 4 */
		u32 words[5] = { 0x8582, 0x0001, 0x0001, 0x0001, 0x0001 };
		u64 y[32] = { 0 };
		y[A1] = targets[i];
		CHECK("Zca_no_misaligned Zca_align16", finished(try_words(MODE_S, words, 5, y)));
	}
}

/* ---- reserved, hints, may-be-operations ---- */

static void nothing_happens(const char *rules, u32 word)
{
	u64 x[32];
	for (unsigned i = 0; i < 32; i++)
		x[i] = 0x100 + i;
	x[0] = 0;
	struct trap *t = try_words(MODE_U, &word, 1, x);
	bool same = finished(t);
	for (unsigned i = 0; i < 32; i++)
		same &= t->x[i] == x[i];
	context("word", word, 0);
	CHECK(rules, same);
}

static void hints(void)
{
	reset();
	delegate(0, 0);
	static const struct { const char *rules; u32 word; } hints[] = {
		{ "c-nop_op c-addi_nop", 0x0001 }, { "c-nop_hint c-addi_nop Zca_hints", 0x107d }, { "c-li_hint Zca_hints", 0x4005 }, { "c-lui_hint Zca_hints", 0x6005 },
		{ "c-addi_hint Zca_hints", 0x0501 }, { "c-slli_hint Zca_hints", 0x0502 }, { "c-slli_hint Zca_hints", 0x1006 }, { "c-srli_hint Zca_hints", 0x8101 },
		{ "c-srai_hint Zca_hints", 0x8501 }, { "c-mv_hint Zca_hints", 0x802a }, { "c-add_hint Zca_hints", 0x902a },
		{ "C-NTL-P1_op C-NTL-P1_enc C-NTL_availability", 0x900a }, { "C-NTL-PALL_op C-NTL-PALL_enc C-NTL_availability", 0x900e },
		{ "C-NTL-S1_op C-NTL-S1_enc C-NTL_availability", 0x9012 }, { "C-NTL-ALL_op C-NTL-ALL_enc C-NTL_availability", 0x9016 },
		{ "NTL-P1_op NTL-P1_enc", 0x00200033 }, { "NTL-PALL_op NTL-PALL_enc", 0x00300033 }, { "NTL-S1_op NTL-S1_enc", 0x00400033 },
		{ "NTL-ALL_op NTL-ALL_enc", 0x00500033 }, { "pause_op pause_enc_fence pause_enc", 0x0100000f }, { "fence_enc", 0x0ff0000f },
		{ "fence-tso_enc", 0x8330000f }, { "fence_enc", 0xfff5858f }, /* reserved fields are ignored */
		{ "prefetch_operating_block prefetch-i_op cbp_access", 0x0605e013 }, { "prefetch-r_op cbp_access", 0x0615e013 }, { "prefetch-w_op cbp_access", 0x0635e013 },
	};
	for (unsigned i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		nothing_happens(hints[i].rules, hints[i].word);
	for (u32 n = 1; n < 16; n += 2)
		nothing_happens("Zcmop_op Zcmop_enc Zcmop_enc_table Zcmop_instr_write", 0x6081 | n >> 1 << 8);
	/* the target of an NTL does what it does without */
	u32 words[2] = { 0x00200033, LD };
	u64 x[32] = { 0 };
	memory[5] = 0x77;
	x[A1] = (u64)&memory[5];
	for (u32 n = 2; n < 6; n++) {
		words[0] = n << 20 | 0x33;
		CHECK("NTL_target_definition NTL_range", try_words(MODE_S, words, 2, x)->x[A0] == 0x77);
	}
	x[A1] = 0x6000000; /* a trap on the target; the handler works as ever */
	struct trap *t = try_words(MODE_S, words, 2, x);
	CHECK("NTL_TRAP_BEHAVIOR NTL_target_definition", took(t, LEVEL_M, EXC_LOAD_ACCESS) && t->epc == try_pc(MODE_S) + 4);
	words[1] = 0x0615e013; /* prefetch.r */
	CHECK("NTL_Zicob_prefetch_outer", finished(try_words(MODE_S, words, 2, x)));
	for (u32 n = 0; n < 32; n++) {
		u32 mop = 0x81c04073 | (n & 3) << 20 | (n >> 2 & 3) << 26 | (n >> 4) << 30 | A1 << 15 | A0 << 7;
		t = try_c(mop, 5, 6, 7);
		context("mop.r", n, mop);
		CHECK("Zimop_mop-r_op Zimop_mop-r_enc", finished(t) && t->x[A0] == 0 && t->x[A1] == 6);
	}
	for (u32 n = 0; n < 8; n++) {
		u32 mop = 0x82004073 | (n & 3) << 26 | (n >> 2) << 30 | A2 << 20 | A1 << 15 | A0 << 7;
		t = try_c(mop, 5, 6, 7);
		CHECK("Zimop_mop-rr_op Zimop_mop-rr_enc", finished(t) && t->x[A0] == 0 && t->x[A1] == 6 && t->x[A2] == 7);
	}
}

static void reserved(void)
{
	reset();
	delegate(0, 0);
	static const struct { const char *rules; u32 word; } words[] = {
		{ "Zca_illegal c-addi4spn_rsv", 0x0000 }, { "c-addi4spn_rsv", 0x0004 }, { "c-lwsp_rsv", 0x4002 }, { "c-ldsp_rsv", 0x6002 }, { "c-jr_rsv", 0x8002 },
		{ "c-lui_rsv", 0x6501 }, { "c-addi16sp_rsv", 0x6101 }, { "c-addiw_rsv", 0x2005 }, { "slliw_imm5_rsv", 0x0205951b }, { "srliw_imm5_rsv", 0x0205d51b },
		{ "sraiw_imm5_rsv", 0x4205d51b },
	};
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct trap *t = try_c(words[i].word, 1, 2, 3);
		context("word", words[i].word, 0);
		CHECK(words[i].rules, took(t, LEVEL_M, EXC_ILLEGAL) && t->x[A0] == 1 && t->tval == words[i].word);
	}
}

int main(void)
{
	results();
	loads_and_stores();
	jumps_and_branches();
	hints();
	reserved();
	finish();
}
