/* Loads and stores as instructions: what one does, wherever its address leads. */
#ifndef FIRMWARE_EXIT_ACCESS_H
#define FIRMWARE_EXIT_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

struct memory_access {
	uint32_t width; /* bytes: 1, 2, 4 or 8 */
	bool is_store;
	bool is_signed; /* of an integer load */
	bool is_fp;     /* reg is an f register */
	uint32_t reg;   /* what is stored or loaded */
	uint32_t base;  /* x register; the address is its content plus offset */
	int64_t offset;
};

#define OPCODE_LOAD 0x03u
#define OPCODE_LOAD_FP 0x07u
#define OPCODE_STORE 0x23u
#define OPCODE_STORE_FP 0x27u
#define OPCODE_IS_FP 0x04u

static inline uint32_t access_bits(uint32_t value, unsigned high, unsigned low)
{
	return value >> low & ((2u << (high - low)) - 1);
}

/*
 * False if it is none of the loads and stores of I, F, D, Zfh and their compressed forms: atomics, for one, and what
 * works on cache blocks. Inlined, being on the path of every access to a device.
 *
 * funct3 is the width, and 4 more of an unsigned load; of FP 1 to 3 are scalars, the rest vectors or longer ones.
 */
static inline bool access_decode_32(uint32_t instruction, struct memory_access *access)
{
	uint32_t opcode = access_bits(instruction, 6, 0), funct3 = access_bits(instruction, 14, 12);

	access->is_store = opcode == OPCODE_STORE || opcode == OPCODE_STORE_FP;
	access->is_fp = opcode & OPCODE_IS_FP;
	access->width = 1u << (funct3 & 3);
	access->is_signed = !(funct3 & 4);
	access->base = access_bits(instruction, 19, 15);
	access->reg = access->is_store ? access_bits(instruction, 24, 20) : access_bits(instruction, 11, 7);
	access->offset = (int32_t)instruction >> 20;
	if (access->is_store)
		access->offset = (access->offset & ~INT64_C(31)) | access_bits(instruction, 11, 7);
	switch (opcode) {
	case OPCODE_LOAD: return funct3 != 7;
	case OPCODE_STORE: return funct3 < 4;
	case OPCODE_LOAD_FP:
	case OPCODE_STORE_FP: return funct3 - 1 < 3;
	default: return false;
	}
}

/* Whether what could not be decoded accesses memory in another way: atomics, cache blocks, vectors, custom ones. */
static inline bool access_is_other(uint32_t instruction)
{
	/* By bits 6..2: LOAD, LOAD-FP, MISC-MEM, STORE, STORE-FP, AMO, custom-0 to custom-3. */
	const uint32_t opcodes = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 8 | 1u << 9 | 1u << 11 | 1u << 2 | 1u << 10 |
	                         1u << 22 | 1u << 30;

	return (instruction & 3) == 3 && (opcodes >> access_bits(instruction, 6, 2) & 1);
}

/* Of a 16-bit instruction. */
bool access_decode_16(uint32_t instruction, struct memory_access *access);

static inline bool access_decode(uint32_t instruction, struct memory_access *access)
{
	return (instruction & 3) == 3 ? access_decode_32(instruction, access) : access_decode_16(instruction, access);
}

#endif
