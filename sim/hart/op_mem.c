/* Loads and stores. The handler is the L0 filter's hit; everything else is the slow path behind a tail call. */
#include "hart/mem.h"
#include "hart/op.h"

static inline uint64_t address(const struct hart *hart, const struct op *op) { return X(rs1) + (uint64_t)op->imm; }

#define LOAD(name, type)                                                                                            \
	static OP(name##_slow)                                                                                      \
	{                                                                                                           \
		uint64_t value = 0;                                                                                 \
		if (!mem_load(hart, op, address(hart, op), sizeof(type), &value))                                   \
			TRAP;                                                                                       \
		X(rd) = (uint64_t)(type)value;                                                                      \
		NEXT_EFFECTS;                                                                                       \
	}                                                                                                           \
	OP(name)                                                                                                    \
	{                                                                                                           \
		uint8_t *host;                                                                                      \
		type value;                                                                                         \
		if (!l0_find(hart->l0->read, address(hart, op), sizeof(type), &host))                               \
			OP_TAIL(op_##name##_slow);                                                                  \
		memcpy(&value, host, sizeof value);                                                                 \
		X(rd) = (uint64_t)value;                                                                            \
		NEXT;                                                                                               \
	}

#define STORE(name, type, file)                                                                                     \
	static OP(name##_slow)                                                                                      \
	{                                                                                                           \
		if (!mem_store(hart, op, address(hart, op), sizeof(type), hart->file[op->rs2]))                     \
			TRAP;                                                                                       \
		NEXT_EFFECTS;                                                                                       \
	}                                                                                                           \
	OP(name)                                                                                                    \
	{                                                                                                           \
		uint8_t *host;                                                                                      \
		type value = (type)hart->file[op->rs2];                                                             \
		if (!l0_find(hart->l0->write, address(hart, op), sizeof(type), &host))                              \
			OP_TAIL(op_##name##_slow);                                                                  \
		memcpy(host, &value, sizeof value);                                                                 \
		NEXT;                                                                                               \
	}

/* FP loads box narrower values: the upper bits are all ones. */
#define FLOAD(name, type, box)                                                                                      \
	static OP(name##_slow)                                                                                      \
	{                                                                                                           \
		uint64_t value = 0;                                                                                 \
		if (!mem_load(hart, op, address(hart, op), sizeof(type), &value))                                   \
			TRAP;                                                                                       \
		F(rd) = (type)value | (box);                                                                        \
		NEXT_EFFECTS;                                                                                       \
	}                                                                                                           \
	OP(name)                                                                                                    \
	{                                                                                                           \
		uint8_t *host;                                                                                      \
		type value;                                                                                         \
		if (!l0_find(hart->l0->read, address(hart, op), sizeof(type), &host))                               \
			OP_TAIL(op_##name##_slow);                                                                  \
		memcpy(&value, host, sizeof value);                                                                 \
		F(rd) = value | (box);                                                                              \
		NEXT;                                                                                               \
	}

LOAD(lb, int8_t)
LOAD(lh, int16_t)
LOAD(lw, int32_t)
LOAD(ld, uint64_t)
LOAD(lbu, uint8_t)
LOAD(lhu, uint16_t)
LOAD(lwu, uint32_t)
STORE(sb, uint8_t, x)
STORE(sh, uint16_t, x)
STORE(sw, uint32_t, x)
STORE(sd, uint64_t, x)
FLOAD(flh, uint16_t, ~UINT64_C(0xffff))
FLOAD(flw, uint32_t, UINT64_C(0xffffffff) << 32)
FLOAD(fld, uint64_t, UINT64_C(0))
STORE(fsh, uint16_t, f)
STORE(fsw, uint32_t, f)
STORE(fsd, uint64_t, f)
