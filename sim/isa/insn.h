/*
 * Instructions as data. insn.def has one row each:
 *
 *   INSN(id, "name", match, mask, format, extension, class, semantics, flags)
 *
 * id        C identifier: add, c_addi, fadd_d, hlv_wu ("name" with dots as underscores)
 * match/mask as riscv-opcodes defines them; 16-bit rows have match <= 0xffff with low bits != 3
 * format    operand layout: how decode extracts operands and how disasm prints them (format.def)
 * extension id of ext.def
 * class     what the pipeline sees (enum insn_class)
 * semantics id of the row whose handler runs (op_<semantics>): itself, or the base row of a compressed spelling
 * flags     facts that no other column has (enum insn_flag), 0 where semantics is another row
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
	CLASS_ALU,
	CLASS_MUL,
	CLASS_DIV,
	CLASS_LOAD,
	CLASS_STORE,
	CLASS_AMO,
	CLASS_LR,
	CLASS_SC,
	CLASS_BRANCH,
	CLASS_JAL,
	CLASS_JALR,
	CLASS_CSR,
	CLASS_FENCE,
	CLASS_SYSTEM,
	CLASS_FLOAD,
	CLASS_FSTORE,
	CLASS_FADD,
	CLASS_FMUL,
	CLASS_FMA,
	CLASS_FDIV,
	CLASS_FSQRT,
	CLASS_FCMP,
	CLASS_FCVT,
	CLASS_FMOVE,
	CLASS_HLOAD,
	CLASS_HSTORE,
	CLASS_CACHE,
	CLASS_COUNT
};

/* insn.def says what each means. */
enum insn_flag {
	FLAG_COMMUTES = 1 << 0,
	FLAG_PC_RELATIVE = 1 << 1,
	FLAG_TRAPS = 1 << 2,
	FLAG_RETURNS = 1 << 3,
	FLAG_WAITS = 1 << 4,
	FLAG_FENCE_I = 1 << 5,
	FLAG_FENCE_MEMORY = 1 << 6,
	FLAG_FENCE_VMA = 1 << 7,
	FLAG_FENCE_VVMA = 1 << 8,
	FLAG_FENCE_GVMA = 1 << 9,
	FLAG_SIGNED = 1 << 10,
	FLAG_WORD = 1 << 11,
	FLAG_HLVX = 1 << 12,
	FLAG_WRITES_CSR = 1 << 13,
	FLAG_PAIR = 1 << 14,
	FLAG_FENCE_TRANSLATION = FLAG_FENCE_VMA | FLAG_FENCE_VVMA | FLAG_FENCE_GVMA,
};

struct insn_row {
	const char *name;
	uint32_t match, mask;
	uint8_t format;
	uint8_t ext;
	uint8_t class;
	uint16_t semantics; /* enum insn_id */
	uint16_t flags;     /* enum insn_flag */
};

/* Row 0, INSN_illegal, is named "illegal", stands for itself and traps. */
extern const struct insn_row insn_rows[INSN_COUNT];

/* Of a row that stands for itself, as the semantics of an instruction do: has it one of these flags? Does it go
 * elsewhere, always or perhaps? Does it exist only while mstatus.FS is not Off? */
static inline bool insn_has(uint16_t semantics, unsigned flags) { return insn_rows[semantics].flags & flags; }
static inline bool insn_is_jump(uint16_t semantics)
{
	return insn_rows[semantics].class == CLASS_JAL || insn_rows[semantics].class == CLASS_JALR;
}
static inline bool insn_is_branch(uint16_t semantics) { return insn_rows[semantics].class == CLASS_BRANCH; }
static inline bool insn_uses_fp(uint16_t semantics)
{
	return insn_rows[semantics].class >= CLASS_FLOAD && insn_rows[semantics].class <= CLASS_FMOVE;
}

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
bool insn_row_writes_x(uint16_t semantics);
bool insn_writes_f(const struct insn *insn);
bool insn_dirties_fp(const struct insn *insn);
bool insn_raises_flags(const struct insn *insn); /* it may: fflags */

const char *reg_name(unsigned x); /* ABI names: zero ra sp ... */
const char *freg_name(unsigned f);

/* SLTI x0, x0, one of these: HINTs designated for custom use. They switch timing where --timing from=hint asks for
 * it. */
enum { TIMING_HINT_OFF = 0x50, TIMING_HINT_ON = 0x51 };

#endif
