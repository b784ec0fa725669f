/*
 * Instructions as data. insn.def has one row each:
 *
 *   INSN(id, "name", match, mask, format, extension, class, semantics)
 *
 * id        C identifier: add, c_addi, fadd_d, hlv_wu ("name" with dots as underscores)
 * match/mask as riscv-opcodes defines them; 16-bit rows have match <= 0xffff with low bits != 3
 * format    operand layout: how decode extracts operands and how disasm prints them (format.def)
 * extension id of ext.def
 * class     what the pipeline sees (enum insn_class)
 * semantics id of the row whose handler runs (op_<semantics>): itself, or the base row of a compressed spelling
 *
 * Where two rows match a word, the earlier row wins: the more specific one stands first.
 */
#ifndef INSN_H
#define INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "isa/isa.h"

enum insn_id {
	INSN_illegal, /* no row matches */
#define INSN(id, ...) INSN_##id,
#include "isa/insn.def"
#undef INSN
	INSN_COUNT
};

enum format {
#define FORMAT(id, operands) FORMAT_##id,
#include "isa/format.def"
#undef FORMAT
	FORMAT_COUNT
};

enum insn_class {
	CLASS_ALU, CLASS_MUL, CLASS_DIV, CLASS_LOAD, CLASS_STORE, CLASS_AMO, CLASS_LR, CLASS_SC,
	CLASS_BRANCH, CLASS_JAL, CLASS_JALR, CLASS_CSR, CLASS_FENCE, CLASS_SYSTEM,
	CLASS_FLOAD, CLASS_FSTORE, CLASS_FADD, CLASS_FMUL, CLASS_FMA, CLASS_FDIV, CLASS_FSQRT, CLASS_FCMP, CLASS_FCVT, CLASS_FMOVE,
	CLASS_HLOAD, CLASS_HSTORE, CLASS_CACHE,
	CLASS_COUNT
};

struct insn_row {
	const char *name;
	uint32_t match, mask;
	uint8_t format;
	uint8_t ext;
	uint8_t class;
	uint16_t semantics; /* enum insn_id */
};

/* Row 0, INSN_illegal, is named "illegal" and stands for itself. */
extern const struct insn_row insn_rows[INSN_COUNT];

/* The template a format prints its operands by; letters as in format.def. */
const char *format_operands(enum format format);

/* A decoded instruction. Fields a format lacks are 0. */
struct insn {
	uint16_t id;        /* the row as spelled */
	uint16_t semantics; /* the row whose handler runs */
	uint8_t length;     /* 2 or 4 bytes */
	uint8_t rd, rs1, rs2, rs3;
	/* FP rounding mode field (7 = dynamic); for AMOs aq<<1 | rl; for fence: fm/pred/succ are in imm */
	uint8_t rm;
	int64_t imm;        /* sign-extended immediate, shift amount, CSR number; lui/auipc: already << 12 */
	uint32_t word;      /* the raw bits; upper half 0 for 16-bit instructions */
};

/* Decode one instruction; `word` holds 32 bits (or 16 valid ones when the low two are not 3). Rows of extensions the
 * isa lacks do not exist. Result id INSN_illegal when nothing matches; length is right even then. */
struct insn decode(const struct isa *isa, uint32_t word);

/* Text as objdump -M no-aliases prints it: mnemonic, tab, operands; branch targets absolute (pc + imm) in hex.
 * Returns text. */
const char *disasm(const struct insn *insn, uint64_t pc, char *text, size_t size);

/* Does it write x[rd] / change FP state (f registers or, conservatively, fflags)? By format and class. */
bool insn_writes_x(const struct insn *insn);
bool insn_writes_f(const struct insn *insn);
bool insn_dirties_fp(const struct insn *insn);

const char *reg_name(unsigned x); /* ABI names: zero ra sp ... */
const char *freg_name(unsigned f);

/* SLTI x0, x0, one of these: HINTs designated for custom use. They switch timing where --timing from=hint asks for
 * it. */
enum { TIMING_HINT_OFF = 0x50, TIMING_HINT_ON = 0x51 };

#endif
