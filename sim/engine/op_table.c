/* The table of all handlers. */
#include "engine/op.h"
#include "isa/insn.h"

#define INSN(id, name, match, mask, format, ext, class, semantics, ...) op_fn op_##semantics;
#include "isa/insn.def"
#undef INSN

op_fn *const op_table[INSN_COUNT] = {
    [INSN_illegal] = op_illegal,
#define INSN(id, name, match, mask, format, ext, class, semantics, ...) [INSN_##id] = op_##semantics,
#include "isa/insn.def"
#undef INSN
};

/* Forms that nobody defines are NULL. */
#define INSN(id, name, match, mask, format, ext, class, semantics, ...)                                                \
	op_fn op_##semantics##_1 __attribute__((weak)), op_##semantics##_2 __attribute__((weak));
#include "isa/insn.def"
#undef INSN

op_fn *const op_forms[INSN_COUNT][OP_FORMS] = {
#define INSN(id, name, match, mask, format, ext, class, semantics, ...)                                                \
	[INSN_##id] = {op_##semantics, op_##semantics##_1, op_##semantics##_2},
#include "isa/insn.def"
#undef INSN
};
