/* The operands both sides use: a seeded sequence, half of it values where instructions tend to go wrong. */
#ifndef OPERANDS_H
#define OPERANDS_H

#include <stdint.h>

/* xorshift64; the state must not be 0. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint64_t next_operand(uint64_t *state)
{
	uint64_t shape = next_random(state) >> 60, value = next_random(state);

	switch (shape) {
	case 0: return 0;
	case 1: return UINT64_MAX;
	case 2: return UINT64_C(1) << (value & 63);
	case 3: return value & 0xff;
	case 4: return (uint64_t)(int64_t)(int32_t)value;
	case 5: return value & 0xffffffff;
	case 6: return value << 32;
	case 7: return value & 63;
	default: return value;
	}
}

#endif
