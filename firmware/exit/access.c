#include "exit/access.h"

#include "arch/regs.h"

#define OPCODE_LOAD 0x03u
#define OPCODE_LOAD_FP 0x07u
#define OPCODE_STORE 0x23u
#define OPCODE_STORE_FP 0x27u
#define OPCODE_IS_FP 0x04u

static uint32_t bit_field(uint32_t value, unsigned high, unsigned low)
{
	return value >> low & ((2u << (high - low)) - 1);
}

/* funct3 is the width, and 4 more of an unsigned load; of FP 1 to 3 are scalars, the rest vectors or longer ones. */
static bool decode_32(uint32_t instruction, struct memory_access *access)
{
	uint32_t opcode = bit_field(instruction, 6, 0), funct3 = bit_field(instruction, 14, 12);

	access->is_store = opcode == OPCODE_STORE || opcode == OPCODE_STORE_FP;
	access->is_fp = opcode & OPCODE_IS_FP;
	access->width = 1u << (funct3 & 3);
	access->is_signed = !(funct3 & 4);
	access->base = bit_field(instruction, 19, 15);
	access->reg = access->is_store ? bit_field(instruction, 24, 20) : bit_field(instruction, 11, 7);
	access->offset = (int32_t)instruction >> 20;
	if (access->is_store)
		access->offset = (access->offset & ~INT64_C(31)) | bit_field(instruction, 11, 7);
	switch (opcode) {
	case OPCODE_LOAD: return funct3 != 7;
	case OPCODE_STORE: return funct3 < 4;
	case OPCODE_LOAD_FP:
	case OPCODE_STORE_FP: return funct3 - 1 < 3;
	default: return false;
	}
}

/* How the offset lies in the instruction; from SP_LOAD_WORD on the base is sp, and the register has five bits. */
enum layout { CL_WORD, CL_DOUBLE, CL_BYTE, CL_HALF, SP_LOAD_WORD, SP_LOAD_DOUBLE, SP_STORE_WORD, SP_STORE_DOUBLE };

static uint32_t compressed_offset(uint32_t c, enum layout layout)
{
	switch (layout) {
	case CL_WORD: return bit_field(c, 12, 10) << 3 | bit_field(c, 6, 6) << 2 | bit_field(c, 5, 5) << 6;
	case CL_DOUBLE: return bit_field(c, 12, 10) << 3 | bit_field(c, 6, 5) << 6;
	case CL_BYTE: return bit_field(c, 6, 6) | bit_field(c, 5, 5) << 1;
	case CL_HALF: return bit_field(c, 5, 5) << 1;
	case SP_LOAD_WORD: return bit_field(c, 12, 12) << 5 | bit_field(c, 6, 4) << 2 | bit_field(c, 3, 2) << 6;
	case SP_LOAD_DOUBLE: return bit_field(c, 12, 12) << 5 | bit_field(c, 6, 5) << 3 | bit_field(c, 4, 2) << 6;
	case SP_STORE_WORD: return bit_field(c, 12, 9) << 2 | bit_field(c, 8, 7) << 6;
	default: return bit_field(c, 12, 10) << 3 | bit_field(c, 9, 7) << 6;
	}
}

static const struct compressed_access {
	uint16_t mask, match;
	uint32_t like; /* opcode and funct3 of the instruction it is short for */
	enum layout layout;
} compressed[] = {
    {0xe003, 0x4000, OPCODE_LOAD | 2u << 12, CL_WORD},           /* c.lw */
    {0xe003, 0x6000, OPCODE_LOAD | 3u << 12, CL_DOUBLE},         /* c.ld */
    {0xe003, 0xc000, OPCODE_STORE | 2u << 12, CL_WORD},          /* c.sw */
    {0xe003, 0xe000, OPCODE_STORE | 3u << 12, CL_DOUBLE},        /* c.sd */
    {0xe003, 0x4002, OPCODE_LOAD | 2u << 12, SP_LOAD_WORD},      /* c.lwsp */
    {0xe003, 0x6002, OPCODE_LOAD | 3u << 12, SP_LOAD_DOUBLE},    /* c.ldsp */
    {0xe003, 0xc002, OPCODE_STORE | 2u << 12, SP_STORE_WORD},    /* c.swsp */
    {0xe003, 0xe002, OPCODE_STORE | 3u << 12, SP_STORE_DOUBLE},  /* c.sdsp */
    {0xfc03, 0x8000, OPCODE_LOAD | 4u << 12, CL_BYTE},           /* c.lbu */
    {0xfc43, 0x8400, OPCODE_LOAD | 5u << 12, CL_HALF},           /* c.lhu */
    {0xfc43, 0x8440, OPCODE_LOAD | 1u << 12, CL_HALF},           /* c.lh */
    {0xfc03, 0x8800, OPCODE_STORE | 0u << 12, CL_BYTE},          /* c.sb */
    {0xfc43, 0x8c00, OPCODE_STORE | 1u << 12, CL_HALF},          /* c.sh */
    {0xe003, 0x2000, OPCODE_LOAD_FP | 3u << 12, CL_DOUBLE},      /* c.fld */
    {0xe003, 0xa000, OPCODE_STORE_FP | 3u << 12, CL_DOUBLE},     /* c.fsd */
    {0xe003, 0x2002, OPCODE_LOAD_FP | 3u << 12, SP_LOAD_DOUBLE}, /* c.fldsp */
    {0xe003, 0xa002, OPCODE_STORE_FP | 3u << 12, SP_STORE_DOUBLE}, /* c.fsdsp */
};

static bool decode_16(uint32_t instruction, struct memory_access *access)
{
	for (unsigned i = 0; i < sizeof compressed / sizeof compressed[0]; i++) {
		const struct compressed_access *row = &compressed[i];
		if ((instruction & row->mask) != row->match)
			continue;
		decode_32(row->like, access);
		access->offset = compressed_offset(instruction, row->layout);
		if (row->layout < SP_LOAD_WORD) {
			access->base = 8 + bit_field(instruction, 9, 7);
			access->reg = 8 + bit_field(instruction, 4, 2);
		} else {
			access->base = REG_SP;
			access->reg = access->is_store ? bit_field(instruction, 6, 2) : bit_field(instruction, 11, 7);
		}
		return true;
	}
	return false;
}

bool access_decode(uint32_t instruction, struct memory_access *access)
{
	return (instruction & 3) == 3 ? decode_32(instruction, access) : decode_16(instruction, access);
}
