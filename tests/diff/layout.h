/*
 * What the generator (on the host) and the runtime (on the machine under test) agree on: where things lie, what a case
 * looks like, and what the runtime writes into the log. compare.py reads the record layouts from record.def.
 */
#ifndef DIFF_LAYOUT_H
#define DIFF_LAYOUT_H

/* Physical memory. One 2 MiB region holds everything a case can reach, so that one level-0 table maps it. */
#define REGION 0x80600000ull
#define CODE_S 0x80600000ull     /* the case's code for M, HS and VS: pages without U */
#define CODE_U 0x80610000ull     /* the same code for U and VU: pages with U */
#define CODE_SIZE 0x10000
#define DATA 0x80620000ull       /* 32 pages that cases read, write, and sometimes execute */
#define DATA_PAGES 32
#define TABLES 0x80641000ull     /* page tables, a page away from data, whose last access may reach into the next */
#define TABLE_PAGES 96
#define CASES 0x80800000ull      /* the batch, patched into the ELF file */
#define CASES_SIZE 0x200000
#define LOG 0x81000000ull        /* the signature */
#define LOG_SIZE 0x200000

/* Within CODE_S: trap vectors, 64 ecalls each, then sret; slots start at CODE_START. */
#define VECTOR_HS 0x000
#define VECTOR_HS_OTHER 0x100
#define VECTOR_VS 0x200
#define VECTOR_VS_OTHER 0x300
#define VECTOR_END 0x400
#define STUB_SRET 0x400
#define CODE_START 0x800

/* Registers of a case: x5..x15 are its own, x27 holds the running slot's number, x28 whether it is user code, x25 and
 * x26 are the runtime's. */
#define CASE_X_FIRST 5
#define CASE_X_COUNT 11
#define SLOT_REGISTER 27
#define USER_REGISTER 28 /* 1 in U and VU */

#define MAX_SLOTS 96
#define MAX_PTES 1900
#define PTE_WORDS ((MAX_PTES + 63) / 64) /* of a bit for each */

#ifndef __ASSEMBLER__

/* What the runtime does after a trap in a slot. */
enum policy {
	POLICY_STAY,   /* next slot, in the mode the trap came from (the handler's, where the trap was delegated) */
	POLICY_RETURN, /* delegated: through a real sret; else as POLICY_STAY */
	POLICY_M,      /* next slot, in this mode */
	POLICY_HS,
	POLICY_U,
	POLICY_VS,
	POLICY_VU,
};

struct diff_pte {
	unsigned long long address, value;
};

/* A batch is a count, then cases, each `size` bytes after the one before. */
struct diff_case {
	unsigned size, seed;
	unsigned slots;      /* slot[slots] is the end */
	unsigned ptes;
	/* bytes of code, to be copied to CODE_START; the initialization comes first and returns by x1 */
	unsigned code;
	unsigned start;      /* enum policy */
	unsigned wild;       /* for compare.py */
	unsigned short slot[MAX_SLOTS + 1]; /* offsets from CODE_S */
	unsigned char policy[MAX_SLOTS + 1];
	unsigned long long x[CASE_X_COUNT];
	unsigned long long own_satp; /* a satp that no slot may leave behind */
	/* then struct diff_pte[ptes], then the code */
} __attribute__((aligned(8)));

#endif

#define RECORD_EVENT 0xe7ull
#define RECORD_FINAL 0xf1ull
#define RECORD_HEADER(kind, number, words) ((kind) << 56 | (unsigned long long)(number) << 32 | (words))

#endif
