/* What integer instructions compute: value_add(a, b, imm) and its like, from value.def; taken_beq(a, b) and its
 * like. */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* Sign-extended low word. */
static inline uint64_t word(uint64_t value) { return (uint64_t)(int64_t)(int32_t)(uint32_t)value; }

/* Division by zero gives all ones and the dividend, overflow the dividend and 0: no traps. */
static inline int64_t div_signed(int64_t a, int64_t b)
{
	return b == 0 ? -1 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static inline int64_t rem_signed(int64_t a, int64_t b) { return b == 0 ? a : b == -1 ? 0 : a % b; }
static inline uint64_t div_unsigned(uint64_t a, uint64_t b) { return b == 0 ? UINT64_MAX : a / b; }
static inline uint64_t rem_unsigned(uint64_t a, uint64_t b) { return b == 0 ? a : a % b; }

#define VALUE(name, expression)                                                                                        \
	static inline uint64_t value_##name(uint64_t a, uint64_t b, uint64_t imm)                                      \
	{                                                                                                              \
		(void)a, (void)b, (void)imm;                                                                           \
		return (uint64_t)(expression);                                                                         \
	}
#include "isa/value.def"
#undef VALUE

static inline bool taken_beq(uint64_t a, uint64_t b) { return a == b; }
static inline bool taken_bne(uint64_t a, uint64_t b) { return a != b; }
static inline bool taken_blt(uint64_t a, uint64_t b) { return (int64_t)a < (int64_t)b; }
static inline bool taken_bge(uint64_t a, uint64_t b) { return (int64_t)a >= (int64_t)b; }
static inline bool taken_bltu(uint64_t a, uint64_t b) { return a < b; }
static inline bool taken_bgeu(uint64_t a, uint64_t b) { return a >= b; }

/* What loads read and stores write, by name. */
typedef int8_t type_lb;
typedef int16_t type_lh;
typedef int32_t type_lw;
typedef uint64_t type_ld;
typedef uint8_t type_lbu;
typedef uint16_t type_lhu;
typedef uint32_t type_lwu;
typedef uint16_t type_flh;
typedef uint32_t type_flw;
typedef uint64_t type_fld;
typedef uint8_t type_sb;
typedef uint16_t type_sh;
typedef uint32_t type_sw;
typedef uint64_t type_sd;
typedef uint16_t type_fsh;
typedef uint32_t type_fsw;
typedef uint64_t type_fsd;

#endif
