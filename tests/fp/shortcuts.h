/* Every short cut of fp_host.h against the integer arithmetic of fp.c, on random operands. */
#ifndef SHORTCUTS_H
#define SHORTCUTS_H

#include <inttypes.h>
#include <stdio.h>
#include "cases.h"
#include "hart/fp.h"
#include "hart/fp_host.h"

typedef uint64_t operation(const uint64_t *operand, enum fp_round round, uint64_t *fcsr);

/* SHORTCUT(short cut, format of the operands (0: integer), arguments, the same by fp.c) */
#define SHORTCUTS                                                                                                    \
	SHORTCUT(fp_add64, 64, (a, b, round, fcsr), fp_add(fp64, a, b, round, fcsr))                                 \
	SHORTCUT(fp_sub64, 64, (a, b, round, fcsr), fp_sub(fp64, a, b, round, fcsr))                                 \
	SHORTCUT(fp_mul64, 64, (a, b, round, fcsr), fp_mul(fp64, a, b, round, fcsr))                                 \
	SHORTCUT(fp_div64, 64, (a, b, round, fcsr), fp_div(fp64, a, b, round, fcsr))                                 \
	SHORTCUT(fp_sqrt64, 64, (a, round, fcsr), fp_sqrt(fp64, a, round, fcsr))                                     \
	SHORTCUT(fp_muladd64, 64, (a, b, c, round, fcsr), fp_muladd(fp64, a, b, c, round, fcsr))                     \
	SHORTCUT(fp_add32, 32, (a, b, round, fcsr), fp_add(fp32, a, b, round, fcsr))                                 \
	SHORTCUT(fp_sub32, 32, (a, b, round, fcsr), fp_sub(fp32, a, b, round, fcsr))                                 \
	SHORTCUT(fp_mul32, 32, (a, b, round, fcsr), fp_mul(fp32, a, b, round, fcsr))                                 \
	SHORTCUT(fp_div32, 32, (a, b, round, fcsr), fp_div(fp32, a, b, round, fcsr))                                 \
	SHORTCUT(fp_sqrt32, 32, (a, round, fcsr), fp_sqrt(fp32, a, round, fcsr))                                     \
	SHORTCUT(fp_muladd32, 32, (a, b, c, round, fcsr), fp_muladd(fp32, a, b, c, round, fcsr))                     \
	SHORTCUT(fp_eq64, 64, (a, b, fcsr), fp_eq(fp64, a, b, fcsr))                                                 \
	SHORTCUT(fp_lt64, 64, (a, b, fcsr), fp_lt(fp64, a, b, fcsr))                                                 \
	SHORTCUT(fp_le64, 64, (a, b, fcsr), fp_le(fp64, a, b, fcsr))                                                 \
	SHORTCUT(fp_eq32, 32, (a, b, fcsr), fp_eq(fp32, a, b, fcsr))                                                 \
	SHORTCUT(fp_lt32, 32, (a, b, fcsr), fp_lt(fp32, a, b, fcsr))                                                 \
	SHORTCUT(fp_le32, 32, (a, b, fcsr), fp_le(fp32, a, b, fcsr))                                                 \
	SHORTCUT(fp_min64, 64, (a, b, fcsr), fp_min_number(fp64, a, b, fcsr))                                        \
	SHORTCUT(fp_max64, 64, (a, b, fcsr), fp_max_number(fp64, a, b, fcsr))                                        \
	SHORTCUT(fp_min32, 32, (a, b, fcsr), fp_min_number(fp32, a, b, fcsr))                                        \
	SHORTCUT(fp_max32, 32, (a, b, fcsr), fp_max_number(fp32, a, b, fcsr))                                        \
	SHORTCUT(fp_float_to_double, 32, (a, round, fcsr), fp_convert(fp64, fp32, a, round, fcsr))                   \
	SHORTCUT(fp_double_to_float, 64, (a, round, fcsr), fp_convert(fp32, fp64, a, round, fcsr))                   \
	SHORTCUT(fp_double_to_w, 64, (a, round, fcsr), fp_to_integer(fp64, a, FP_W, round, fcsr))                    \
	SHORTCUT(fp_double_to_l, 64, (a, round, fcsr), fp_to_integer(fp64, a, FP_L, round, fcsr))                    \
	SHORTCUT(fp_float_to_w, 32, (a, round, fcsr), fp_to_integer(fp32, a, FP_W, round, fcsr))                     \
	SHORTCUT(fp_float_to_l, 32, (a, round, fcsr), fp_to_integer(fp32, a, FP_L, round, fcsr))                     \
	SHORTCUT(fp_double_of_long, 0, ((int64_t)a, round, fcsr), fp_from_integer(fp64, a, FP_L, round, fcsr))       \
	SHORTCUT(fp_float_of_long, 0, ((int64_t)a, round, fcsr), fp_from_integer(fp32, a, FP_L, round, fcsr))

#define UNPACK_OPERANDS                                                                                              \
	uint64_t a = operand[0], b = operand[1], c = operand[2];                                                     \
	(void)a, (void)b, (void)c, (void)round

#define SHORTCUT(name, format, arguments, reference)                                                                 \
	static uint64_t short_##name(const uint64_t *operand, enum fp_round round, uint64_t *fcsr)                   \
	{                                                                                                            \
		UNPACK_OPERANDS;                                                                                     \
		return name arguments;                                                                               \
	}                                                                                                            \
	static uint64_t full_##name(const uint64_t *operand, enum fp_round round, uint64_t *fcsr)                    \
	{                                                                                                            \
		UNPACK_OPERANDS;                                                                                     \
		return reference;                                                                                    \
	}
SHORTCUTS
#undef SHORTCUT

static const struct shortcut {
	const char *name;
	unsigned format;
	operation *shortened, *full;
} shortcuts[] = {
#define SHORTCUT(name, format, arguments, reference) { #name, format, short_##name, full_##name },
	SHORTCUTS
#undef SHORTCUT
};

/* A short cut's case, mostly in RNE, where it matters. */
static inline bool shortcut_agrees(const struct shortcut *shortcut, uint64_t *state)
{
	unsigned format = shortcut->format;
	uint64_t noise = random64(state), operand[3];
	enum fp_round round = (noise & 7) < FP_RMM ? (enum fp_round)((noise & 7) + 1) : FP_RNE;
	uint64_t before = noise >> 3 & 1 ? noise >> 4 & 31 : 0, fcsr[2] = { before, before };

	for (unsigned i = 0; i < 3; i++)
		operand[i] = format ? random_float(format, state) & ones(format) : random_integer(state);
	if (format && (noise >> 16) % 8 == 0)
		operand[1] = operand[0] ^ (noise >> 20 & 3) ^ (noise >> 24 & 1) << (format - 1);
	if (format && (noise >> 28) % 4 == 0)
		operand[2] = cancelling(format, operand[0], operand[1], noise >> 32) & ones(format);

	uint64_t shortened = shortcut->shortened(operand, round, &fcsr[0]);
	uint64_t full = shortcut->full(operand, round, &fcsr[1]);
	if (shortened == full && fcsr[0] == fcsr[1])
		return true;
	fprintf(stderr, "%s(%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ") rm=%d: ", shortcut->name, operand[0], operand[1],
	        operand[2], (int)round);
	fprintf(stderr, "%#" PRIx64 " flags %02" PRIx64 ", in full %#" PRIx64 " flags %02" PRIx64 "\n", shortened,
	        fcsr[0], full, fcsr[1]);
	return false;
}

/* `count` cases of each; the number that differ. */
static inline unsigned long shortcuts_differ(uint64_t seed, uint64_t count)
{
	unsigned long differ = 0;

	for (unsigned i = 0; i < sizeof shortcuts / sizeof shortcuts[0]; i++) {
		for (uint64_t j = 0; j < count && differ < 20; j++)
			differ += !shortcut_agrees(&shortcuts[i], &seed);
	}
	return differ;
}

#endif
