/* Decoding: every operand layout, reserved encodings, hints, and extensions that are off. Whether every row means what
 * binutils thinks is tools/check_insn's. */
#include <criterion/criterion.h>
#include "isa/insn.h"

enum { DYN = 7, AQ = 2, RL = 1, S0 = 8, S1 = 9, A5 = 15 };

/* Everything there is, whatever the default. */
static struct isa everything(void)
{
	struct isa isa = { { UINT64_MAX, UINT64_MAX } };

	return isa;
}

static struct insn decoded(uint32_t word)
{
	struct isa isa = everything();

	return decode(&isa, word);
}

/* An instruction and the fields it must yield: by the base row's layout, for compressed ones. */
struct sample {
	uint32_t word;
	enum insn_id id, semantics;
	uint8_t rd, rs1, rs2, rs3, rm;
	int64_t imm;
};

static void check_samples(const struct sample *samples, size_t count, unsigned length)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *sample = &samples[i];
		struct insn insn = decoded(sample->word);
		const char *name = insn_rows[sample->id].name;

		cr_expect_eq(insn.id, sample->id, "%#x: %s, not %s", sample->word, insn_rows[insn.id].name, name);
		cr_expect_eq(insn.semantics, sample->semantics, "%s: semantics of %s", name, insn_rows[insn.semantics].name);
		cr_expect_eq(insn.length, length, "%s: length %u", name, insn.length);
		cr_expect_eq(insn.word, sample->word, "%s: word %#x", name, insn.word);
		cr_expect_eq(insn.rd, sample->rd, "%s: rd %u", name, insn.rd);
		cr_expect_eq(insn.rs1, sample->rs1, "%s: rs1 %u", name, insn.rs1);
		cr_expect_eq(insn.rs2, sample->rs2, "%s: rs2 %u", name, insn.rs2);
		cr_expect_eq(insn.rs3, sample->rs3, "%s: rs3 %u", name, insn.rs3);
		cr_expect_eq(insn.rm, sample->rm, "%s: rm %u", name, insn.rm);
		cr_expect_eq(insn.imm, sample->imm, "%s: imm %lld", name, (long long)insn.imm);
	}
}

#define CHECK(samples, length) check_samples(samples, sizeof(samples) / sizeof((samples)[0]), length)
#define SAME(row) INSN_##row, INSN_##row

Test(decode, operands_of_full_instructions)
{
	static const struct sample samples[] = {
		{ 0xfffff537, SAME(lui), 10, 0, 0, 0, 0, -4096 },
		{ 0x00001f97, SAME(auipc), 31, 0, 0, 0, 0, 4096 },
		{ 0xffdff0ef, SAME(jal), 1, 0, 0, 0, 0, -4 },
		{ 0x7ffff06f, SAME(jal), 0, 0, 0, 0, 0, 0xffffe },
		{ 0xfff302e7, SAME(jalr), 5, 6, 0, 0, 0, -1 },
		{ 0x80b50063, SAME(beq), 0, 10, 11, 0, 0, -4096 },
		{ 0x7ffdffe3, SAME(bgeu), 0, 27, 31, 0, 0, 4094 },
		{ 0x80013503, SAME(ld), 10, 2, 0, 0, 0, -2048 },
		{ 0x7ff1bfa3, SAME(sd), 0, 3, 31, 0, 0, 2047 },
		{ 0xfff58513, SAME(addi), 10, 11, 0, 0, 0, -1 },
		{ 0x03f59513, SAME(slli), 10, 11, 0, 0, 0, 63 },
		{ 0x41f5d51b, SAME(sraiw), 10, 11, 0, 0, 0, 31 },
		{ 0x41498933, SAME(sub), 18, 19, 20, 0, 0, 0 },
		{ 0x0f50000f, SAME(fence), 0, 0, 0, 0, 0, 0x0f5 },
		{ 0x00000073, SAME(ecall), 0, 0, 0, 0, 0, 0 },
		{ 0x34059573, SAME(csrrw), 10, 11, 0, 0, 0, 0x340 },
		{ 0x344fe573, SAME(csrrsi), 10, 31, 0, 0, 0, 0x344 },
		{ 0x1405b52f, SAME(lr_d), 10, 11, 0, 0, AQ, 0 },
		{ 0x1ac5a52f, SAME(sc_w), 10, 11, 12, 0, RL, 0 },
		{ 0xe6c5b52f, SAME(amomaxu_d), 10, 11, 12, 0, AQ | RL, 0 },
		{ 0x2cc5c52f, SAME(amocas_q), 10, 11, 12, 0, AQ, 0 },
		{ 0x12b50073, SAME(sfence_vma), 0, 10, 11, 0, 0, 0 },
		{ 0x6815c573, SAME(hlv_wu), 10, 11, 0, 0, 0, 0 },
		{ 0x6ec5c073, SAME(hsv_d), 0, 11, 12, 0, 0, 0 },
		{ 0xffc5a507, SAME(flw), 10, 11, 0, 0, 0, -4 },
		{ 0x00c5b427, SAME(fsd), 0, 11, 12, 0, 0, 8 },
		{ 0x6ac59543, SAME(fmadd_d), 10, 11, 12, 13, 1, 0 },
		{ 0x00c5f553, SAME(fadd_s), 10, 11, 12, 0, DYN, 0 },
		{ 0x5a05c553, SAME(fsqrt_d), 10, 11, 0, 0, 4, 0 },
		{ 0x22c58553, SAME(fsgnj_d), 10, 11, 12, 0, 0, 0 },
		{ 0xa0c58553, SAME(fle_s), 10, 11, 12, 0, 0, 0 },
		{ 0xc235b553, SAME(fcvt_lu_d), 10, 11, 0, 0, 3, 0 },
		{ 0x4205f553, SAME(fcvt_d_s), 10, 11, 0, 0, DYN, 0 },
		{ 0xd025a553, SAME(fcvt_s_l), 10, 11, 0, 0, 2, 0 },
		{ 0xe2058553, SAME(fmv_x_d), 10, 11, 0, 0, 0, 0 },
		{ 0xf2058553, SAME(fmv_d_x), 10, 11, 0, 0, 0, 0 },
		{ 0xf0180553, SAME(fli_s), 10, 0, 0, 0, 0, 16 },
		{ 0x0045a00f, SAME(cbo_zero), 0, 11, 0, 0, 0, 0 },
		{ 0xfe15e013, INSN_prefetch_r, INSN_ori, 0, 11, 0, 0, 0, -32 },
		{ 0x31a59513, SAME(aes64ks1i), 10, 11, 0, 0, 0, 10 },
		{ 0x60059513, SAME(clz), 10, 11, 0, 0, 0, 0 },
		{ 0x81c5c573, INSN_mop_r_n, INSN_lui, 10, 11, 0, 0, 0, 0 },
		{ 0x82c5c573, INSN_mop_rr_n, INSN_lui, 10, 11, 12, 0, 0, 0 },
	};

	CHECK(samples, 4);
}

Test(decode, compressed_operands_are_the_base_rows)
{
	static const struct sample samples[] = {
		{ 0x1fe0, INSN_c_addi4spn, INSN_addi, S0, 2, 0, 0, 0, 1020 },
		{ 0x3fe0, INSN_c_fld, INSN_fld, S0, A5, 0, 0, 0, 248 },
		{ 0x5c7c, INSN_c_lw, INSN_lw, A5, S0, 0, 0, 0, 124 },
		{ 0x7c7c, INSN_c_ld, INSN_ld, A5, S0, 0, 0, 0, 248 },
		{ 0xa41c, INSN_c_fsd, INSN_fsd, 0, S0, A5, 0, 0, 8 },
		{ 0xc05c, INSN_c_sw, INSN_sw, 0, S0, A5, 0, 0, 4 },
		{ 0xe41c, INSN_c_sd, INSN_sd, 0, S0, A5, 0, 0, 8 },
		{ 0x0001, INSN_c_nop, INSN_addi, 0, 0, 0, 0, 0, 0 },
		{ 0x1f81, INSN_c_addi, INSN_addi, 31, 31, 0, 0, 0, -32 },
		{ 0x2ffd, INSN_c_addiw, INSN_addiw, 31, 31, 0, 0, 0, 31 },
		{ 0x5ffd, INSN_c_li, INSN_addi, 31, 0, 0, 0, 0, -1 },
		{ 0x7101, INSN_c_addi16sp, INSN_addi, 2, 2, 0, 0, 0, -512 },
		{ 0x7f81, INSN_c_lui, INSN_lui, 31, 0, 0, 0, 0, -32 * 4096 },
		{ 0x907d, INSN_c_srli, INSN_srli, S0, S0, 0, 0, 0, 63 },
		{ 0x8785, INSN_c_srai, INSN_srai, A5, A5, 0, 0, 0, 1 },
		{ 0x9b81, INSN_c_andi, INSN_andi, A5, A5, 0, 0, 0, -32 },
		{ 0x8c1d, INSN_c_sub, INSN_sub, S0, S0, A5, 0, 0, 0 },
		{ 0x9c3d, INSN_c_addw, INSN_addw, S0, S0, A5, 0, 0, 0 },
		{ 0xb001, INSN_c_j, INSN_jal, 0, 0, 0, 0, 0, -2048 },
		{ 0xd001, INSN_c_beqz, INSN_beq, 0, S0, 0, 0, 0, -256 },
		{ 0xeffd, INSN_c_bnez, INSN_bne, 0, A5, 0, 0, 0, 254 },
		{ 0x1ffe, INSN_c_slli, INSN_slli, 31, 31, 0, 0, 0, 63 },
		{ 0x307e, INSN_c_fldsp, INSN_fld, 0, 2, 0, 0, 0, 504 },
		{ 0x5ffe, INSN_c_lwsp, INSN_lw, 31, 2, 0, 0, 0, 252 },
		{ 0x7ffe, INSN_c_ldsp, INSN_ld, 31, 2, 0, 0, 0, 504 },
		{ 0x8f82, INSN_c_jr, INSN_jalr, 0, 31, 0, 0, 0, 0 },
		{ 0x8fa2, INSN_c_mv, INSN_add, 31, 0, S0, 0, 0, 0 },
		{ 0x9002, INSN_c_ebreak, INSN_ebreak, 0, 0, 0, 0, 0, 0 },
		{ 0x9f82, INSN_c_jalr, INSN_jalr, 1, 31, 0, 0, 0, 0 },
		{ 0x9fa2, INSN_c_add, INSN_add, 31, 31, S0, 0, 0, 0 },
		{ 0xbfbe, INSN_c_fsdsp, INSN_fsd, 0, 2, A5, 0, 0, 504 },
		{ 0xdffe, INSN_c_swsp, INSN_sw, 0, 2, 31, 0, 0, 252 },
		{ 0xfffe, INSN_c_sdsp, INSN_sd, 0, 2, 31, 0, 0, 504 },
		{ 0x80c0, INSN_c_lbu, INSN_lbu, S0, S1, 0, 0, 0, 1 },
		{ 0x80a0, INSN_c_lbu, INSN_lbu, S0, S1, 0, 0, 0, 2 },
		{ 0x84a0, INSN_c_lhu, INSN_lhu, S0, S1, 0, 0, 0, 2 },
		{ 0x84e0, INSN_c_lh, INSN_lh, S0, S1, 0, 0, 0, 2 },
		{ 0x88e0, INSN_c_sb, INSN_sb, 0, S1, S0, 0, 0, 3 },
		{ 0x8ca0, INSN_c_sh, INSN_sh, 0, S1, S0, 0, 0, 2 },
		{ 0x9fe1, INSN_c_zext_b, INSN_andi, A5, A5, 0, 0, 0, 255 },
		{ 0x9fe5, INSN_c_sext_b, INSN_sext_b, A5, A5, 0, 0, 0, 0 },
		{ 0x9ff1, INSN_c_zext_w, INSN_add_uw, A5, A5, 0, 0, 0, 0 },
		{ 0x9ff5, INSN_c_not, INSN_xori, A5, A5, 0, 0, 0, -1 },
		{ 0x9fc1, INSN_c_mul, INSN_mul, A5, A5, S0, 0, 0, 0 },
		{ 0x6781, INSN_c_mop_n, INSN_addi, 0, 0, 0, 0, 0, 0 },
	};

	CHECK(samples, 2);
}

/* Hints have a meaning of their own that is nothing: rd is x0, or the operation changes nothing. */
Test(decode, hints_do_nothing)
{
	static const struct sample compressed[] = {
		{ 0x0005, INSN_c_addi, INSN_addi, 0, 0, 0, 0, 0, 1 },
		{ 0x0501, INSN_c_addi, INSN_addi, 10, 10, 0, 0, 0, 0 },
		{ 0x4005, INSN_c_li, INSN_addi, 0, 0, 0, 0, 0, 1 },
		{ 0x6005, INSN_c_lui, INSN_lui, 0, 0, 0, 0, 0, 4096 },
		{ 0x800a, INSN_c_mv, INSN_add, 0, 0, 2, 0, 0, 0 },
		{ 0x901a, INSN_c_add, INSN_add, 0, 0, 6, 0, 0, 0 },
		{ 0x900a, INSN_c_ntl_p1, INSN_add, 0, 0, 0, 0, 0, 0 },
		{ 0x9016, INSN_c_ntl_all, INSN_add, 0, 0, 0, 0, 0, 0 },
		{ 0x0502, INSN_c_slli64, INSN_slli, 10, 10, 0, 0, 0, 0 },
		{ 0x0006, INSN_c_slli, INSN_slli, 0, 0, 0, 0, 0, 1 },
		{ 0x8101, INSN_c_srli64, INSN_srli, 10, 10, 0, 0, 0, 0 },
		{ 0x8501, INSN_c_srai64, INSN_srai, 10, 10, 0, 0, 0, 0 },
	};
	static const struct sample full[] = {
		{ 0x00200033, INSN_ntl_p1, INSN_add, 0, 0, 0, 0, 0, 0 },
		{ 0x00300033, INSN_ntl_pall, INSN_add, 0, 0, 0, 0, 0, 0 },
		{ 0x00400033, INSN_ntl_s1, INSN_add, 0, 0, 0, 0, 0, 0 },
		{ 0x00500033, INSN_ntl_all, INSN_add, 0, 0, 0, 0, 0, 0 },
		{ 0x0100000f, INSN_pause, INSN_fence, 0, 0, 0, 0, 0, 0 },
		{ 0x8330000f, INSN_fence_tso, INSN_fence, 0, 0, 0, 0, 0, 0 },
	};

	CHECK(compressed, 2);
	CHECK(full, 4);
}

Test(decode, reserved_encodings_are_illegal)
{
	static const uint32_t words[] = {
		0x0000,     /* all zeros: c.addi4spn 0 */
		0x0004,     /* c.addi4spn a1, 0 is not there: nzuimm is 0 */
		0x2001,     /* c.addiw x0 */
		0x6101,     /* c.addi16sp 0 */
		0x6001,     /* c.lui x0, 0 */
		0x6601,     /* c.lui a2, 0: not one of the may-be-operations */
		0x4002,     /* c.lwsp x0 */
		0x6002,     /* c.ldsp x0 */
		0x8002,     /* c.jr x0 */
		0x8000 | 0x1c00, /* quadrant 0, funct3 4 beyond Zcb */
		0x9c79,     /* c.unary 6 */
		0xffffffff, 0x0000007f,
		0x00c5d553, /* fadd.s with rounding mode 5 */
		0x00c5e553, /* and 6 */
		0xd205d553, /* fcvt.d.w likewise, though exact: norm:roundingmode_rsv */
		0x31b59513, /* aes64ks1i, round 11 */
		0x2cc5c5af, /* amocas.q, rd odd */
		0x2cd5c52f, /* amocas.q, rs2 odd */
		0x1415a52f, /* lr.w with rs2 */
		0x000010f3 & ~0x1000u, /* ecall with rd */
		0x02059013 | 0x04000000, /* slli by more than 63 */
		0x0205951b, /* slliw by 32 */
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct insn insn = decoded(words[i]);

		cr_expect_eq(insn.id, INSN_illegal, "%#x: %s", words[i], insn_rows[insn.id].name);
		cr_expect_eq(insn.semantics, INSN_illegal);
		cr_expect_eq(insn.length, (words[i] & 3) == 3 ? 4 : 2);
		cr_expect_eq(insn.word, words[i]);
	}
}

Test(decode, the_other_half_of_a_compressed_word_is_ignored)
{
	struct insn insn = decoded(0xdead8fa2);

	cr_expect_eq(insn.id, INSN_c_mv);
	cr_expect_eq(insn.word, 0x8fa2);
}

/* Some word of the row that its format does not reserve. */
static uint32_t word_of(const struct insn_row *row, enum insn_id id)
{
	static const uint32_t operands[] = { 0, 0x00c5f553, 0x00a50513, 0x5c7c, 0x8fa2, 0x0f8f0f00 };

	for (size_t i = 0; i < sizeof(operands) / sizeof(operands[0]); i++) {
		uint32_t word = row->match | (operands[i] & ~row->mask);

		if ((row->match & 3) != 3)
			word &= 0xffff;
		if (decoded(word).id == id)
			return word;
	}
	cr_assert_fail("%s: no word of it is found", row->name);
	return 0;
}

static void take_away(struct isa *isa, unsigned ext)
{
	isa->bits[ext / 64] &= ~(UINT64_C(1) << (ext % 64));
}

Test(decode, every_row_needs_its_extension)
{
	for (unsigned id = INSN_illegal + 1; id < INSN_COUNT; id++) {
		const struct insn_row *row = &insn_rows[id];
		uint32_t word = word_of(row, id);
		struct isa isa = everything();

		take_away(&isa, row->ext);
		cr_expect_neq(decode(&isa, word).id, id, "%s without its extension", row->name);
		isa = everything();
		take_away(&isa, insn_rows[row->semantics].ext);
		cr_expect_neq(decode(&isa, word).id, id, "%s without its base's extension", row->name);
	}
}

/* A hint's or alias's extension may be off: then the word is what it was before. */
Test(decode, without_the_special_row_the_general_one_holds)
{
	struct isa isa = everything();

	take_away(&isa, EXT_Zihintpause);
	take_away(&isa, EXT_Zicbop);
	take_away(&isa, EXT_Zcmop);
	take_away(&isa, EXT_Zbb);
	cr_expect_eq(decode(&isa, 0x0100000f).id, INSN_fence);
	cr_expect_eq(decode(&isa, 0xfe15e013).id, INSN_ori);
	cr_expect_eq(decode(&isa, 0x6081).id, INSN_illegal);
	cr_expect_eq(decode(&isa, 0x0805c53b).id, INSN_packw, "zext.h is packw with x0");
}

Test(decode, table_is_consistent)
{
	for (unsigned id = INSN_illegal + 1; id < INSN_COUNT; id++) {
		const struct insn_row *row = &insn_rows[id];

		cr_expect_eq(row->match & ~row->mask, 0, "%s", row->name);
		cr_expect_eq(insn_rows[row->semantics].semantics, row->semantics, "%s", row->name);
		cr_expect(row->class == CLASS_CACHE || row->class == insn_rows[row->semantics].class, "%s", row->name);
	}
}

Test(decode, what_an_instruction_writes)
{
	struct insn insn = decoded(0x9f82); /* c.jalr names no rd */

	cr_expect(insn_writes_x(&insn) && !insn_writes_f(&insn) && !insn_dirties_fp(&insn));
	insn = decoded(0x7ff1bfa3); /* sd */
	cr_expect(!insn_writes_x(&insn) && !insn_writes_f(&insn) && !insn_dirties_fp(&insn));
	insn = decoded(0x3fe0); /* c.fld */
	cr_expect(!insn_writes_x(&insn) && insn_writes_f(&insn) && insn_dirties_fp(&insn));
	insn = decoded(0x00c5b427); /* fsd */
	cr_expect(!insn_writes_x(&insn) && !insn_writes_f(&insn) && !insn_dirties_fp(&insn));
	insn = decoded(0xa0c58553); /* fle.s: flags */
	cr_expect(insn_writes_x(&insn) && !insn_writes_f(&insn) && insn_dirties_fp(&insn));
	insn = decoded(0xe2058553); /* fmv.x.d */
	cr_expect(insn_writes_x(&insn) && !insn_writes_f(&insn) && !insn_dirties_fp(&insn));
	insn = decoded(0x81c5c573); /* mop.r.0 */
	cr_expect(insn_writes_x(&insn));
}
