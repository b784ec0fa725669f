/*
 * Decoding: find the row, then extract operands by its format.
 *
 * The search tests rows in the order of insn.def, but only those that the major opcode (and funct3, or the FP format)
 * leaves possible: find() is expanded once for each such group with the group's bits as constants, so the compiler
 * drops every other row. That leaves a handful of comparisons with immediates and no table to build at run time.
 */
#include "isa/insn.h"

/* Bits high..low of the word, unsigned. */
static inline uint32_t bits(uint32_t word, unsigned high, unsigned low)
{
	return word >> low & ((UINT32_C(1) << (high - low + 1)) - 1);
}

/* Sign-extend a value of `width` bits. */
static inline int64_t extend(uint32_t value, unsigned width)
{
	return (int64_t)((uint64_t)value << (64 - width)) >> (64 - width);
}

/* A compressed spelling needs its own extension and that of the instruction it stands for: c.mul needs M. */
static bool row_exists(const struct isa *isa, unsigned id)
{
	const struct insn_row *row = &insn_rows[id];

	return isa_has(isa, row->ext) && isa_has(isa, insn_rows[row->semantics].ext);
}

/* First row that matches, among those whose fixed bits agree with `group` in the bits `known`. */
static inline __attribute__((always_inline)) unsigned find(const struct isa *isa, uint32_t word, uint32_t group,
                                                           uint32_t known)
{
#define INSN(id, name, match, mask, ...)                                                                               \
	if ((((match) ^ group) & (mask) & known) == 0 && (word & (mask)) == (match) && row_exists(isa, INSN_##id))     \
		return INSN_##id;
#include "isa/insn.def"
#undef INSN
	return INSN_illegal;
}

#define GROUP(value, low, group, known)                                                                                \
	case value: return find(isa, word, (group) | UINT32_C(value) << (low), (known) | UINT32_C(7) << (low));
#define EIGHT_GROUPS(low, group, known)                                                                                \
	GROUP(0, low, group, known)                                                                                    \
	GROUP(1, low, group, known)                                                                                    \
	GROUP(2, low, group, known)                                                                                    \
	GROUP(3, low, group, known)                                                                                    \
	GROUP(4, low, group, known)                                                                                    \
	GROUP(5, low, group, known)                                                                                    \
	GROUP(6, low, group, known)                                                                                    \
	GROUP(7, low, group, known)                                                                                    \
	default: break; /* three bits have eight values */

/* The groups of one major opcode (bits 6..2): all of it, or by three bits that tell its rows apart best. */
#define MAJOR(opcode)                                                                                                  \
	case opcode: return find(isa, word, (opcode) << 2 | 3, 0x7f);
#define MAJOR_BY(opcode, low)                                                                                          \
	case opcode:                                                                                                   \
		switch (bits(word, (low) + 2, low)) {                                                                  \
			EIGHT_GROUPS(low, (opcode) << 2 | 3, 0x7f)                                                     \
		}                                                                                                      \
		break;

enum {
	FUNCT3 = 12,  /* lowest bit of funct3 */
	FUNCT5 = 27,  /* of the FP operation: its lower three bits */
	CFUNCT3 = 13, /* of a 16-bit instruction's funct3 */
};

static unsigned find_full(const struct isa *isa, uint32_t word)
{
	switch (bits(word, 6, 2)) {
		MAJOR_BY(0x00, FUNCT3) /* LOAD */
		MAJOR(0x01)            /* LOAD-FP */
		MAJOR(0x03)            /* MISC-MEM */
		MAJOR_BY(0x04, FUNCT3) /* OP-IMM */
		MAJOR(0x05)            /* AUIPC */
		MAJOR_BY(0x06, FUNCT3) /* OP-IMM-32 */
		MAJOR(0x08)            /* STORE */
		MAJOR(0x09)            /* STORE-FP */
		MAJOR_BY(0x0b, FUNCT3) /* AMO */
		MAJOR_BY(0x0c, FUNCT3) /* OP */
		MAJOR(0x0d)            /* LUI */
		MAJOR_BY(0x0e, FUNCT3) /* OP-32 */
		MAJOR(0x10)            /* MADD */
		MAJOR(0x11)            /* MSUB */
		MAJOR(0x12)            /* NMSUB */
		MAJOR(0x13)            /* NMADD */
		MAJOR_BY(0x14, FUNCT5) /* OP-FP */
		MAJOR_BY(0x18, FUNCT3) /* BRANCH */
		MAJOR(0x19)            /* JALR */
		MAJOR(0x1b)            /* JAL */
		MAJOR_BY(0x1c, FUNCT3) /* SYSTEM */
	default: return INSN_illegal;
	}
	return INSN_illegal;
}

static unsigned find_compressed(const struct isa *isa, uint32_t word)
{
	switch (bits(word, 1, 0)) {
	case 0:
		switch (bits(word, 15, 13)) {
			EIGHT_GROUPS(CFUNCT3, 0, 3)
		}
		break;
	case 1:
		switch (bits(word, 15, 13)) {
			EIGHT_GROUPS(CFUNCT3, 1, 3)
		}
		break;
	case 2:
		switch (bits(word, 15, 13)) {
			EIGHT_GROUPS(CFUNCT3, 2, 3)
		}
		break;
	default: break;
	}
	return INSN_illegal;
}

/* ---- immediates ---- */

static int64_t imm_i(uint32_t word) { return extend(word >> 20, 12); }

static int64_t imm_s(uint32_t word) { return extend(bits(word, 31, 25) << 5 | bits(word, 11, 7), 12); }

static int64_t imm_b(uint32_t word)
{
	return extend(
	    bits(word, 31, 31) << 12 | bits(word, 7, 7) << 11 | bits(word, 30, 25) << 5 | bits(word, 11, 8) << 1, 13);
}

static int64_t imm_j(uint32_t word)
{
	return extend(bits(word, 31, 31) << 20 | bits(word, 19, 12) << 12 | bits(word, 20, 20) << 11 |
	                  bits(word, 30, 21) << 1,
	              21);
}

static int64_t imm_ci(uint32_t word) { return extend(bits(word, 12, 12) << 5 | bits(word, 6, 2), 6); }

static uint32_t imm_ci_unsigned(uint32_t word) { return bits(word, 12, 12) << 5 | bits(word, 6, 2); }

static uint32_t imm_caddi4spn(uint32_t word)
{
	return bits(word, 12, 11) << 4 | bits(word, 10, 7) << 6 | bits(word, 6, 6) << 2 | bits(word, 5, 5) << 3;
}

static int64_t imm_caddi16sp(uint32_t word)
{
	return extend(bits(word, 12, 12) << 9 | bits(word, 6, 6) << 4 | bits(word, 5, 5) << 6 | bits(word, 4, 3) << 7 |
	                  bits(word, 2, 2) << 5,
	              10);
}

static int64_t imm_cj(uint32_t word)
{
	return extend(bits(word, 12, 12) << 11 | bits(word, 11, 11) << 4 | bits(word, 10, 9) << 8 |
	                  bits(word, 8, 8) << 10 | bits(word, 7, 7) << 6 | bits(word, 6, 6) << 7 |
	                  bits(word, 5, 3) << 1 | bits(word, 2, 2) << 5,
	              12);
}

static int64_t imm_cb(uint32_t word)
{
	return extend(bits(word, 12, 12) << 8 | bits(word, 11, 10) << 3 | bits(word, 6, 5) << 6 |
	                  bits(word, 4, 3) << 1 | bits(word, 2, 2) << 5,
	              9);
}

static uint32_t imm_clw(uint32_t word)
{
	return bits(word, 12, 10) << 3 | bits(word, 6, 6) << 2 | bits(word, 5, 5) << 6;
}

static uint32_t imm_cld(uint32_t word) { return bits(word, 12, 10) << 3 | bits(word, 6, 5) << 6; }

static uint32_t imm_clwsp(uint32_t word)
{
	return bits(word, 12, 12) << 5 | bits(word, 6, 4) << 2 | bits(word, 3, 2) << 6;
}

static uint32_t imm_cldsp(uint32_t word)
{
	return bits(word, 12, 12) << 5 | bits(word, 6, 5) << 3 | bits(word, 4, 2) << 6;
}

static uint32_t imm_cswsp(uint32_t word) { return bits(word, 12, 9) << 2 | bits(word, 8, 7) << 6; }

static uint32_t imm_csdsp(uint32_t word) { return bits(word, 12, 10) << 3 | bits(word, 9, 7) << 6; }

/* ---- operands; false: a reserved encoding ---- */

enum { SP = 2, RA = 1 };

static void take_registers(struct insn *insn)
{
	insn->rd = bits(insn->word, 11, 7);
	insn->rs1 = bits(insn->word, 19, 15);
	insn->rs2 = bits(insn->word, 24, 20);
}

/* rd and rs1. */
static void take_two(struct insn *insn, int64_t imm)
{
	insn->rd = bits(insn->word, 11, 7);
	insn->rs1 = bits(insn->word, 19, 15);
	insn->imm = imm;
}

/* rs1 and rs2. */
static void take_sources(struct insn *insn, int64_t imm)
{
	insn->rs1 = bits(insn->word, 19, 15);
	insn->rs2 = bits(insn->word, 24, 20);
	insn->imm = imm;
}

/* The rounding mode field: 5 and 6 are reserved (norm:roundingmode_rsv). */
static bool take_rm(struct insn *insn)
{
	insn->rm = bits(insn->word, 14, 12);
	return insn->rm != 5 && insn->rm != 6;
}

static bool extract_full(struct insn *insn, enum format format)
{
	uint32_t word = insn->word;

	switch (format) {
	case FORMAT_R:
	case FORMAT_FR:
	case FORMAT_FCMP: take_registers(insn); return true;
	case FORMAT_FRM: take_registers(insn); return take_rm(insn);
	case FORMAT_FR4:
		take_registers(insn);
		insn->rs3 = bits(word, 31, 27);
		return take_rm(insn);
	case FORMAT_R1:
	case FORMAT_FX:
	case FORMAT_FXZ:
	case FORMAT_XF:
	case FORMAT_HLV: take_two(insn, 0); return true;
	case FORMAT_FFM:
	case FORMAT_FFE:
	case FORMAT_FXM:
	case FORMAT_XFM:
	case FORMAT_XFE: take_two(insn, 0); return take_rm(insn);
	case FORMAT_I:
	case FORMAT_LOAD:
	case FORMAT_FLOAD: take_two(insn, imm_i(word)); return true;
	case FORMAT_SH: take_two(insn, bits(word, 25, 20)); return true;
	case FORMAT_RNUM: take_two(insn, bits(word, 23, 20)); return insn->imm <= 10;
	case FORMAT_CSR:
	case FORMAT_CSRI: take_two(insn, bits(word, 31, 20)); return true;
	case FORMAT_STORE:
	case FORMAT_FSTORE: take_sources(insn, imm_s(word)); return true;
	case FORMAT_B: take_sources(insn, imm_b(word)); return true;
	case FORMAT_HSV:
	case FORMAT_SFENCE: take_sources(insn, 0); return true;
	case FORMAT_U:
	case FORMAT_J:
		insn->rd = bits(word, 11, 7);
		insn->imm = format == FORMAT_J ? imm_j(word) : extend(word & ~UINT32_C(0xfff), 32);
		return true;
	case FORMAT_FENCE: insn->imm = bits(word, 31, 20); return true;
	case FORMAT_AMO:
	case FORMAT_AMOQ:
	case FORMAT_LR:
		take_registers(insn);
		insn->rm = bits(word, 26, 25);
		return format != FORMAT_AMOQ || ((insn->rd | insn->rs2) & 1) == 0;
	case FORMAT_CBO: insn->rs1 = bits(word, 19, 15); return true;
	case FORMAT_PREFETCH:
		insn->rs1 = bits(word, 19, 15);
		insn->imm = imm_s(word);
		return true;
	case FORMAT_MOPR: take_two(insn, 0); return true;
	case FORMAT_MOPRR: take_registers(insn); return true;
	case FORMAT_FLI:
		insn->rd = bits(word, 11, 7);
		insn->imm = bits(word, 19, 15);
		return true;
	default: return true; /* FORMAT_NONE */
	}
}

/* The registers x8..x15 of the three-bit fields. */
static unsigned low_field(uint32_t word) { return 8 + bits(word, 4, 2); }

static unsigned high_field(uint32_t word) { return 8 + bits(word, 9, 7); }

static bool take_load(struct insn *insn, uint32_t offset)
{
	insn->rd = low_field(insn->word);
	insn->rs1 = high_field(insn->word);
	insn->imm = offset;
	return true;
}

static bool take_store(struct insn *insn, uint32_t offset)
{
	insn->rs2 = low_field(insn->word);
	insn->rs1 = high_field(insn->word);
	insn->imm = offset;
	return true;
}

static bool take_stack_load(struct insn *insn, uint32_t offset)
{
	insn->rd = bits(insn->word, 11, 7);
	insn->rs1 = SP;
	insn->imm = offset;
	return true;
}

static bool take_stack_store(struct insn *insn, uint32_t offset)
{
	insn->rs2 = bits(insn->word, 6, 2);
	insn->rs1 = SP;
	insn->imm = offset;
	return true;
}

/* rd = rd op imm, full registers or x8..x15. */
static bool take_update(struct insn *insn, unsigned reg, int64_t imm)
{
	insn->rd = insn->rs1 = reg;
	insn->imm = imm;
	return true;
}

static bool extract_compressed_memory(struct insn *insn, enum format format)
{
	uint32_t word = insn->word;

	switch (format) {
	case FORMAT_CLW: return take_load(insn, imm_clw(word));
	case FORMAT_CLD:
	case FORMAT_CFLD: return take_load(insn, imm_cld(word));
	case FORMAT_CSW: return take_store(insn, imm_clw(word));
	case FORMAT_CSD:
	case FORMAT_CFSD: return take_store(insn, imm_cld(word));
	case FORMAT_CLBU: return take_load(insn, bits(word, 5, 5) << 1 | bits(word, 6, 6));
	case FORMAT_CSB: return take_store(insn, bits(word, 5, 5) << 1 | bits(word, 6, 6));
	case FORMAT_CLHU: return take_load(insn, bits(word, 5, 5) << 1);
	case FORMAT_CSH: return take_store(insn, bits(word, 5, 5) << 1);
	case FORMAT_CLWSP: return take_stack_load(insn, imm_clwsp(word)) && insn->rd != 0;
	case FORMAT_CLDSP: return take_stack_load(insn, imm_cldsp(word)) && insn->rd != 0;
	case FORMAT_CFLDSP: return take_stack_load(insn, imm_cldsp(word));
	case FORMAT_CSWSP: return take_stack_store(insn, imm_cswsp(word));
	case FORMAT_CSDSP:
	case FORMAT_CFSDSP: return take_stack_store(insn, imm_csdsp(word));
	default: return true; /* FORMAT_NONE, FORMAT_CMOP */
	}
}

static bool extract_compressed(struct insn *insn, enum format format)
{
	uint32_t word = insn->word;
	unsigned reg = bits(word, 11, 7);

	switch (format) {
	case FORMAT_CADDI4SPN:
		insn->rd = low_field(word);
		insn->rs1 = SP;
		insn->imm = imm_caddi4spn(word);
		return insn->imm != 0;
	case FORMAT_CADDI16SP: return take_update(insn, SP, imm_caddi16sp(word)) && insn->imm != 0;
	case FORMAT_CADDI: return take_update(insn, reg, imm_ci(word));
	case FORMAT_CADDIW: return take_update(insn, reg, imm_ci(word)) && reg != 0;
	case FORMAT_CLI:
		insn->rd = reg;
		insn->imm = imm_ci(word);
		return true;
	case FORMAT_CLUI:
		insn->rd = reg;
		insn->imm = imm_ci(word) * 4096;
		return insn->imm != 0;
	case FORMAT_CSLLI: return take_update(insn, reg, imm_ci_unsigned(word));
	case FORMAT_CSLLI0: return take_update(insn, reg, 0);
	case FORMAT_CSHIFTR: return take_update(insn, high_field(word), imm_ci_unsigned(word));
	case FORMAT_CSHIFTR0:
	case FORMAT_CU: return take_update(insn, high_field(word), 0);
	case FORMAT_CANDI: return take_update(insn, high_field(word), imm_ci(word));
	case FORMAT_CZEXTB: return take_update(insn, high_field(word), 0xff);
	case FORMAT_CNOT: return take_update(insn, high_field(word), -1);
	case FORMAT_CA: insn->rs2 = low_field(word); return take_update(insn, high_field(word), 0);
	case FORMAT_CMV:
		insn->rd = reg;
		insn->rs2 = bits(word, 6, 2);
		return true;
	case FORMAT_CADD: insn->rs2 = bits(word, 6, 2); return take_update(insn, reg, 0);
	case FORMAT_CJ: insn->imm = imm_cj(word); return true;
	case FORMAT_CB:
		insn->rs1 = high_field(word);
		insn->imm = imm_cb(word);
		return true;
	case FORMAT_CJR: insn->rs1 = reg; return reg != 0;
	case FORMAT_CJALR:
		insn->rs1 = reg;
		insn->rd = RA;
		return true;
	default: return extract_compressed_memory(insn, format);
	}
}

struct insn decode(const struct isa *isa, uint32_t word)
{
	bool full = (word & 3) == 3;
	struct insn insn = {.length = full ? 4 : 2, .word = full ? word : word & 0xffff};
	enum format format;

	insn.id = full ? find_full(isa, insn.word) : find_compressed(isa, insn.word);
	insn.semantics = insn_rows[insn.id].semantics;
	format = insn_rows[insn.id].format;
	if (insn.id != INSN_illegal && !(full ? extract_full(&insn, format) : extract_compressed(&insn, format)))
		return (struct insn){.length = insn.length, .word = insn.word};
	return insn;
}
