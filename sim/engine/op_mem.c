/* Loads and stores. The handler is the L0 filter's hit; everything else is the slow path behind a tail call. */
#include "engine/op_body.h"

static inline uint64_t address(const struct hart *hart, const struct op *op) { return X(rs1) + (uint64_t)OPERAND(imm); }

/* rd = the value read, boxed: the upper bits of a narrower FP value are all ones. */
#define LOAD_HANDLERS(name, file, box)                                                                                 \
	__attribute__((noinline)) OP(name##_slow)                                                                      \
	{                                                                                                              \
		uint64_t value = 0;                                                                                    \
		if (!mem_load(hart, op, address(hart, op), sizeof(type_##name), &value))                               \
			TRAP;                                                                                          \
		hart->file[OPERAND(rd)] = last = (uint64_t)(type_##name)value | (box);                                 \
		NEXT_EFFECTS;                                                                                          \
	}                                                                                                              \
	FORMS_1(LOAD_FORM, name, name, file, box)
#define STORE_SLOW(name, file)                                                                                         \
	__attribute__((noinline)) OP(name##_slow)                                                                      \
	{                                                                                                              \
		if (!mem_store(hart, op, address(hart, op), sizeof(type_##name), hart->file[OPERAND(rs2)]))            \
			TRAP;                                                                                          \
		NEXT_EFFECTS;                                                                                          \
	}
#define STORE_HANDLERS(name)                                                                                           \
	STORE_SLOW(name, x)                                                                                            \
	FORMS_2(HANDLER, name, STORE_BODY, name)
#define FSTORE_HANDLERS(name)                                                                                          \
	STORE_SLOW(name, f)                                                                                            \
	FORMS_1(FSTORE_FORM, name, name)

EACH_LOAD(LOAD_HANDLERS)
EACH_STORE(STORE_HANDLERS)
EACH_FSTORE(FSTORE_HANDLERS)
