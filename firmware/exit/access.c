#include "exit/access.h"

#include "arch/regs.h"

/* How the offset lies in the instruction; from SP_LOAD_WORD on the base is sp, and the register has five bits. */
enum layout { CL_WORD, CL_DOUBLE, CL_BYTE, CL_HALF, SP_LOAD_WORD, SP_LOAD_DOUBLE, SP_STORE_WORD, SP_STORE_DOUBLE };

static uint32_t compressed_offset(uint32_t c, enum layout layout)
{
	switch (layout) {
	case CL_WORD: return access_bits(c, 12, 10) << 3 | access_bits(c, 6, 6) << 2 | access_bits(c, 5, 5) << 6;
	case CL_DOUBLE: return access_bits(c, 12, 10) << 3 | access_bits(c, 6, 5) << 6;
	case CL_BYTE: return access_bits(c, 6, 6) | access_bits(c, 5, 5) << 1;
	case CL_HALF: return access_bits(c, 5, 5) << 1;
	case SP_LOAD_WORD: return access_bits(c, 12, 12) << 5 | access_bits(c, 6, 4) << 2 | access_bits(c, 3, 2) << 6;
	case SP_LOAD_DOUBLE: return access_bits(c, 12, 12) << 5 | access_bits(c, 6, 5) << 3 | access_bits(c, 4, 2) << 6;
	case SP_STORE_WORD: return access_bits(c, 12, 9) << 2 | access_bits(c, 8, 7) << 6;
	default: return access_bits(c, 12, 10) << 3 | access_bits(c, 9, 7) << 6;
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

bool access_decode_16(uint32_t instruction, struct memory_access *access)
{
	for (unsigned i = 0; i < sizeof compressed / sizeof compressed[0]; i++) {
		const struct compressed_access *row = &compressed[i];
		if ((instruction & row->mask) != row->match)
			continue;
		access_decode_32(row->like, access);
		access->offset = compressed_offset(instruction, row->layout);
		if (row->layout < SP_LOAD_WORD) {
			access->base = 8 + access_bits(instruction, 9, 7);
			access->reg = 8 + access_bits(instruction, 4, 2);
		} else {
			access->base = REG_SP;
			access->reg = access->is_store ? access_bits(instruction, 6, 2)
			                               : access_bits(instruction, 11, 7);
		}
		return true;
	}
	return false;
}
