/* What a question about a running program is asked with: who reads its memory and registers. */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct program;

/* Registers of a frame, as far as they are known: those that a call may change are lost above it. */
struct frame {
	uint64_t pc;
	bool exact; /* pc is an instruction that runs; else where a call returns to, and the call stands before it */
	uint64_t x[32];
	uint32_t known; /* bit n: x[n] */
	bool has_cfa;
	uint64_t cfa; /* its canonical frame address: what sp was before the call */
};

/* Columns of DWARF: 0..31 x, 32..63 f, 4096 + n CSR n; and one that is none, for pc. */
enum { COLUMN_F = 32, COLUMN_CSR = 4096, COLUMN_PC = 1 << 20 };

struct source_view {
	void *context;
	bool (*read)(void *context, uint64_t address, void *bytes, size_t size);
	/* A column from 32 on, as the hart has it now; NULL: none is known. */
	bool (*column)(void *context, unsigned column, uint64_t *value);
	/* " <symbol+2>" of an address, or "": into text. NULL: no names. */
	const char *(*symbol)(void *context, uint64_t address, char *text, size_t size);
	/* What x[reg] was when the frame's function was entered, as the caller's debug information has it; NULL: nobody knows. */
	bool (*at_entry)(void *context, unsigned reg, uint64_t *value);
	struct program *program; /* whose variables are meant */
	const struct frame *frame; /* NULL: nothing runs, and only what has an address of its own has a value */
};

#endif
