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

/*
 * False if it is none of the loads and stores of I, F, D, Zfh and their compressed forms: atomics, for one, and what
 * works on cache blocks. The upper half of a 16-bit instruction is 0.
 */
bool access_decode(uint32_t instruction, struct memory_access *access);

#endif
