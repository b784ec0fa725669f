/* The table of instructions and of their operand layouts. */
#include "isa/insn.h"

const struct insn_row insn_rows[INSN_COUNT] = {
    [INSN_illegal] = {"illegal", 0, 0, FORMAT_NONE, EXT_I, CLASS_SYSTEM, INSN_illegal, FLAG_TRAPS},
#define INSN(id, name, match, mask, format, ext, class, semantics, flags)                                              \
	[INSN_##id] = {name, match, mask, FORMAT_##format, EXT_##ext, CLASS_##class, INSN_##semantics, flags},
#include "isa/insn.def"
#undef INSN
};

static const char *const operands[FORMAT_COUNT] = {
#define FORMAT(id, operands) operands,
#include "isa/format.def"
#undef FORMAT
};

const char *format_operands(enum format format) { return operands[format]; }

/* What an instruction writes shows in its operands: a leading d or D (n is part of a mnemonic). */
static bool writes(uint16_t semantics, char letter)
{
	const char *operands = format_operands(insn_rows[semantics].format);
	return operands[0] == letter || (operands[0] == 'n' && operands[1] == letter);
}

bool insn_row_writes_x(uint16_t semantics) { return writes(semantics, 'd'); }
bool insn_writes_x(const struct insn *insn) { return writes(insn->semantics, 'd'); }
bool insn_writes_f(const struct insn *insn) { return writes(insn->semantics, 'D'); }

bool insn_raises_flags(const struct insn *insn)
{
	uint8_t class = insn_rows[insn->semantics].class;
	return class >= CLASS_FADD && class <= CLASS_FCVT;
}

bool insn_dirties_fp(const struct insn *insn)
{
	uint8_t class = insn_rows[insn->semantics].class;
	return insn_writes_f(insn) || class == CLASS_FCMP || class == CLASS_FCVT;
}
