/* Loads and stores. The handler is the L0 filter's hit; everything else is the slow path behind a tail call. */
#include "hart/op_body.h"

static inline uint64_t address(const struct hart *hart, const struct op *op) { return X(rs1) + (uint64_t)op->imm; }

/* rd = the value read, boxed: the upper bits of a narrower FP value are all ones. */
#define LOAD_HANDLERS(name, file, box)                                                                               \
	__attribute__((noinline)) OP(name##_slow)                                                                    \
	{                                                                                                            \
		uint64_t value = 0;                                                                                  \
		if (!mem_load(hart, op, address(hart, op), sizeof(type_##name), &value))                             \
			TRAP;                                                                                        \
		hart->file[op->rd] = last = (uint64_t)(type_##name)value | (box);                                    \
		NEXT_EFFECTS;                                                                                        \
	}                                                                                                            \
	FORMS_1(LOAD_FORM, name, name, file, box)
#define LOAD_FORM(form, a, name, file, box)                                                                          \
	OP(form)                                                                                                     \
	{                                                                                                            \
		LOAD_FROM(name, a, file, box)                                                                        \
		NEXT;                                                                                                \
	}

#define STORE_SLOW(name, file)                                                                                       \
	__attribute__((noinline)) OP(name##_slow)                                                                    \
	{                                                                                                            \
		if (!mem_store(hart, op, address(hart, op), sizeof(type_##name), hart->file[op->rs2]))               \
			TRAP;                                                                                        \
		NEXT_EFFECTS;                                                                                        \
	}
#define STORE_HANDLERS(name)                                                                                         \
	STORE_SLOW(name, x)                                                                                          \
	FORMS_2(HANDLER, name, STORE_BODY, name)
#define FSTORE_FORM(form, a, name) HANDLER(form, a, F(rs2), STORE_TO, name)
#define FSTORE_HANDLERS(name)                                                                                        \
	STORE_SLOW(name, f)                                                                                          \
	FORMS_1(FSTORE_FORM, name, name)

LOAD_HANDLERS(lb, x, UINT64_C(0))
LOAD_HANDLERS(lh, x, UINT64_C(0))
LOAD_HANDLERS(lw, x, UINT64_C(0))
LOAD_HANDLERS(ld, x, UINT64_C(0))
LOAD_HANDLERS(lbu, x, UINT64_C(0))
LOAD_HANDLERS(lhu, x, UINT64_C(0))
LOAD_HANDLERS(lwu, x, UINT64_C(0))
LOAD_HANDLERS(flh, f, ~UINT64_C(0xffff))
LOAD_HANDLERS(flw, f, UINT64_C(0xffffffff) << 32)
LOAD_HANDLERS(fld, f, UINT64_C(0))
STORE_HANDLERS(sb)
STORE_HANDLERS(sh)
STORE_HANDLERS(sw)
STORE_HANDLERS(sd)
FSTORE_HANDLERS(fsh)
FSTORE_HANDLERS(fsw)
FSTORE_HANDLERS(fsd)
