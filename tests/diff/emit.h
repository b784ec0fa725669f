/* Random numbers, and machine code into a buffer. */
#ifndef DIFF_EMIT_H
#define DIFF_EMIT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_word(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0..n-1 */
static inline unsigned pick(struct random *random, unsigned n)
{
	return (unsigned)((random_word(random) >> 32) * n >> 32);
}

static inline bool chance(struct random *random, unsigned percent)
{
	return pick(random, 100) < percent;
}

#define PICK(random, array) ((array)[pick((random), sizeof(array) / sizeof((array)[0]))])

struct code {
	uint16_t *halves;
	unsigned used, room; /* in halves */
};

static inline void emit16(struct code *code, unsigned half)
{
	assert(code->used < code->room);
	code->halves[code->used++] = (uint16_t)half;
}

static inline void emit(struct code *code, uint32_t word)
{
	emit16(code, word & 0xffff);
	emit16(code, word >> 16);
}

enum { OP_LUI = 0x37, OP_AUIPC = 0x17, OP_IMM = 0x13, OP_IMM32 = 0x1b, OP_JALR = 0x67, OP_SYSTEM = 0x73, OP_STORE = 0x23 };

static inline uint32_t i_type(unsigned opcode, unsigned funct3, unsigned rd, unsigned rs1, int imm)
{
	return (uint32_t)imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

static inline uint32_t s_type(unsigned opcode, unsigned funct3, unsigned rs1, unsigned rs2, int imm)
{
	return ((uint32_t)imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | ((uint32_t)imm & 31) << 7 | opcode;
}

static inline uint32_t r_type(unsigned opcode, unsigned funct3, unsigned funct7, unsigned rd, unsigned rs1, unsigned rs2)
{
	return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

/* Any constant, by as many instructions as it takes. */
static inline void emit_li(struct code *code, unsigned rd, uint64_t value)
{
	int64_t number = (int64_t)value;
	if (number == (int32_t)number) {
		uint32_t upper = ((uint32_t)value + 0x800) & 0xfffff000;
		if (upper)
			emit(code, upper | rd << 7 | OP_LUI);
		int low = (int)(((uint32_t)value & 0xfff) ^ 0x800) - 0x800;
		if (low || !upper)
			emit(code, i_type(upper ? OP_IMM32 : OP_IMM, 0, rd, upper ? rd : 0, low));
		return;
	}
	int low = (int)((value & 0xfff) ^ 0x800) - 0x800;
	uint64_t rest = value - (uint64_t)(int64_t)low;
	unsigned shift = (unsigned)__builtin_ctzll(rest);
	emit_li(code, rd, (uint64_t)((int64_t)rest >> shift));
	emit(code, i_type(OP_IMM, 1, rd, rd, (int)shift));
	if (low)
		emit(code, i_type(OP_IMM, 0, rd, rd, low));
}

enum csr_op { CSRRW = 1, CSRRS, CSRRC, CSRRWI = 5, CSRRSI, CSRRCI };

static inline void emit_csr(struct code *code, enum csr_op op, unsigned rd, unsigned csr, unsigned rs1)
{
	emit(code, i_type(OP_SYSTEM, op, rd, rs1, (int)csr));
}

/* csrs and csrc so that exactly the bits of `mask` become those of `value`. */
static inline void emit_csr_field(struct code *code, unsigned scratch, unsigned csr, uint64_t mask, uint64_t value)
{
	if (mask & ~value) {
		emit_li(code, scratch, mask & ~value);
		emit_csr(code, CSRRC, 0, csr, scratch);
	}
	if (mask & value) {
		emit_li(code, scratch, mask & value);
		emit_csr(code, CSRRS, 0, csr, scratch);
	}
}

#endif
