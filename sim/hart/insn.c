/* The table of instructions and of their operand layouts. */
#include "hart/insn.h"

const struct insn_row insn_rows[INSN_COUNT] = {
	[INSN_illegal] = { "illegal", 0, 0, FORMAT_NONE, EXT_I, CLASS_SYSTEM, INSN_illegal },
#define INSN(id, name, match, mask, format, ext, class, semantics)                                                   \
	[INSN_##id] = { name, match, mask, FORMAT_##format, EXT_##ext, CLASS_##class, INSN_##semantics },
#include "hart/insn.def"
#undef INSN
};

static const char *const operands[FORMAT_COUNT] = {
#define FORMAT(id, operands) operands,
#include "hart/format.def"
#undef FORMAT
};

const char *format_operands(enum format format)
{
	return operands[format];
}
