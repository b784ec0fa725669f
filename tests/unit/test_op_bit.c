/* Bit manipulation, cryptography on scalar registers, Zicond, Zimop: one instruction, two operands, one result. */
#include <criterion/criterion.h>
#include "isa/insn.h"
#include "engine/op.h"

static OP(stop)
{
	(void)hart;
	(void)op;
	LEAVE;
}

/* x[rd] after `word` with these values in x[rs1] and x[rs2]. */
static uint64_t result_of(uint32_t word, uint64_t a, uint64_t b)
{
	static const struct isa isa = { { UINT64_MAX, UINT64_MAX } };
	struct hart *hart = calloc(1, sizeof(*hart));
	struct insn insn = decode(&isa, word);
	struct op ops[2] = {
		{ .run = op_table[insn.semantics], .rd = insn.rd, .rs1 = insn.rs1, .rs2 = insn.rs2, .imm = insn.imm, .word = word },
		{ .run = op_stop },
	};
	uint64_t result;

	cr_assert(hart && insn.id != INSN_illegal, "%#x", word);
	hart->x[insn.rs2] = b;
	hart->x[insn.rs1] = a;
	op_run(hart, ops);
	result = hart->x[insn.rd];
	free(hart);
	return result;
}

struct vector {
	uint32_t word;
	uint64_t a, b, result;
};

static void check(const struct vector *vectors, size_t count)
{
	static const struct isa isa = { { UINT64_MAX, UINT64_MAX } };

	for (size_t i = 0; i < count; i++) {
		uint64_t result = result_of(vectors[i].word, vectors[i].a, vectors[i].b);
		struct insn insn = decode(&isa, vectors[i].word);

		cr_expect_eq(result, vectors[i].result, "%s %#llx, %#llx: %#llx, not %#llx", insn_rows[insn.id].name,
		             (unsigned long long)vectors[i].a, (unsigned long long)vectors[i].b, (unsigned long long)result,
		             (unsigned long long)vectors[i].result);
	}
}

#define CHECK(vectors) check(vectors, sizeof(vectors) / sizeof((vectors)[0]))

Test(op_bit, like_qemu)
{
	static const struct vector vectors[] = {
#define BIT_VECTOR(word, a, b, result) { word, UINT64_C(a), UINT64_C(b), UINT64_C(result) },
#include "bit_vectors.def"
#undef BIT_VECTOR
	};

	CHECK(vectors);
}

/* Where the counting functions end, and where a shift by the operand's width would be undefined in C. */
Test(op_bit, edges)
{
	static const struct vector vectors[] = {
		{ 0x60051513, 0, 0, 64 },                             /* clz */
		{ 0x60051513, 1, 0, 63 },
		{ 0x60151513, 0, 0, 64 },                             /* ctz */
		{ 0x6005151b, 0xffffffff00000000, 0, 32 },            /* clzw */
		{ 0x6015151b, 0x0200000000000000, 0, 32 },            /* ctzw looks at the low word only */
		{ 0x6025151b, 0xffffffff00000003, 0, 2 },             /* cpopw */
		{ 0x60b51533, 0x8000000000000001, 64, 0x8000000000000001 }, /* rol */
		{ 0x60b55533, 0x8000000000000001, 0, 0x8000000000000001 },  /* ror */
		{ 0x60b5153b, 0x80000001, 32, 0xffffffff80000001 },   /* rolw */
		{ 0x60b5553b, 0x80000001, 0, 0xffffffff80000001 },    /* rorw */
		{ 0x0ab51533, UINT64_MAX, 2, UINT64_MAX - 1 },        /* clmul */
		{ 0x0ab53533, UINT64_MAX, 1, 0 },                     /* clmulh */
		{ 0x0ab52533, 1, UINT64_C(1) << 63, 1 },              /* clmulr */
		{ 0x28b54533, 0x8877665544332211, 0x08ff030201008000, 0x0000443322110011 }, /* xperm8: past the end 0 */
		{ 0x28b52533, 0xfedcba9876543210, 0x0123456789abcdef, 0x0123456789abcdef }, /* xperm4 */
		{ 0x48b55533, UINT64_C(1) << 63, 127, 1 },            /* bext: the amount modulo 64 */
	};

	CHECK(vectors);
}

Test(op_bit, conditional_zero)
{
	static const struct vector vectors[] = {
		{ 0x0eb55533, 7, 0, 0 }, /* czero.eqz */
		{ 0x0eb55533, 7, UINT64_C(1) << 63, 7 },
		{ 0x0eb57533, 7, 0, 7 }, /* czero.nez */
		{ 0x0eb57533, 7, UINT64_C(1) << 63, 0 },
	};

	CHECK(vectors);
}

Test(op_bit, may_be_operations_write_zero)
{
	static const struct vector vectors[] = {
		{ 0x81c5c573, 7, 0, 0 },  /* mop.r.0 */
		{ 0xcdf5c573, 7, 0, 0 },  /* mop.r.31 */
		{ 0x82c5c573, 7, 9, 0 },  /* mop.rr.0 */
		{ 0xcec5c573, 7, 9, 0 },  /* mop.rr.7 */
	};

	CHECK(vectors);
}

Test(op_bit, compressed_spellings)
{
	static const struct vector vectors[] = {
		{ 0x9fe1, 0x1234, 0, 0x34 },                           /* c.zext.b */
		{ 0x9fe5, 0x1280, 0, 0xffffffffffffff80 },             /* c.sext.b */
		{ 0x9fe9, 0xfffff1234, 0, 0x1234 },                    /* c.zext.h */
		{ 0x9fed, 0x8000, 0, 0xffffffffffff8000 },             /* c.sext.h */
		{ 0x9ff1, 0xffffffff80000000, 0, 0x80000000 },         /* c.zext.w */
		{ 0x9ff5, 0x00000000ffffffff, 0, 0xffffffff00000000 }, /* c.not */
		{ 0x9fc1, 7, 9, 63 },                                  /* c.mul */
	};

	CHECK(vectors);
}
