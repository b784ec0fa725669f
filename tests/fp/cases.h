/*
 * The test cases, computed alike on both sides of a comparison: for every row of instructions.def all combinations
 * of special values in all rounding modes, then any number of random ones. Integers only, no library: also for a
 * freestanding program.
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stdint.h>

enum row_result { RESULT_F, RESULT_X };
enum row_mode { MODE_PLAIN, MODE_ROUNDED };

struct row {
	const char *name;
	enum row_result result;
	unsigned format;
	unsigned operands;
	enum row_mode mode;
};

static const struct row rows[] = {
#define FP_ROW(id, text, result, format, operands, mode) { #id, RESULT_##result, format, operands, MODE_##mode },
#include "instructions.def"
#undef FP_ROW
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0], RM_COUNT = 5, RM_DYNAMIC = 7 };

struct test_case {
	unsigned row;
	unsigned rm;         /* the rm field: 0..4 or RM_DYNAMIC */
	unsigned fcsr;       /* before the instruction */
	uint64_t operand[3]; /* raw register values */
};

/* What the other implementation answers. */
struct answer {
	uint64_t result;
	uint64_t fcsr;
};

/* Exponent and fraction bits of a format. */
static inline unsigned fraction_bits(unsigned format)
{
	return format == 16 ? 10 : format == 32 ? 23 : 52;
}

static inline uint64_t ones(unsigned bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static inline uint64_t boxed(unsigned format, uint64_t bits)
{
	return format == 64 || format == 0 ? bits : bits | ~ones(format);
}

/* exponent: the field, biased; it is cut to what the format has. */
static inline uint64_t compose(unsigned format, bool sign, unsigned exponent, uint64_t fraction)
{
	unsigned width = fraction_bits(format);

	exponent &= ones(format - 1 - width);
	return (uint64_t)sign << (format - 1) | (uint64_t)exponent << width | (fraction & ones(width));
}

enum { SPECIAL_SHORT = 16, SPECIAL_ALL = 76 };

/* Special value number `index` (0..SPECIAL_ALL-1); the first SPECIAL_SHORT are the most telling. */
static inline uint64_t special_float(unsigned format, unsigned index)
{
	unsigned width = fraction_bits(format);
	unsigned top = (unsigned)ones(format - 1 - width);
	unsigned bias = top / 2;
	uint64_t quiet = UINT64_C(1) << (width - 1);
	const struct {
		unsigned exponent;
		uint64_t fraction;
	} values[SPECIAL_ALL / 2] = {
		/* zero, infinity, quiet and signaling NaN; smallest, smallest normal, one, largest */
		{ 0, 0 }, { top, 0 }, { top, quiet }, { top, 1 },
		{ 0, 1 }, { 1, 0 }, { bias, 0 }, { top - 1, ones(width) },
		{ bias, 1 }, { bias - 1, ones(width) }, { bias + 1, 0 }, { bias, quiet },
		{ 0, ones(width) }, { 0, quiet }, { 1, 1 }, { 1, ones(width) }, { 2, 0 },
		{ top, ones(width) }, { top, quiet - 1 }, { top, quiet | 5 }, { top - 1, 0 },
		{ bias - 1, 0 }, { bias - 1, 1 }, { bias - 2, ones(width) }, { bias + width, 0 }, { bias + width, 1 },
		{ bias + width - 1, 1 }, { bias - width - 1, 0 }, { bias - width, 0 }, { bias / 2 + 1, 3 },
		/* the limits of integers */
		{ bias + 31, 0 }, { bias + 30, ones(width) }, { bias + 32, 0 }, { bias + 31, ones(width) },
		{ bias + 63, 0 }, { bias + 62, ones(width) }, { bias + 64, 0 }, { bias + 63, ones(width) },
	};

	return boxed(format, compose(format, index & 1, values[index / 2].exponent, values[index / 2].fraction));
}

static inline uint64_t special_integer(unsigned index)
{
	static const uint64_t values[SPECIAL_ALL / 2] = {
		0, 1, 2, 3, 0x7ff, 0x800, 0x801, 0xffe0, 0xffef, 0xfff0, 0xffff, 0xffffff, 0x1000000, 0x1000001,
		0x1ffffff, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x1fffffffffffff,
		0x20000000000000, 0x20000000000001, 0x3fffffffffffff, 0x7ffffffffffffbff, 0x7ffffffffffffc00,
		0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000400, 0xfffffffffffff800, 0x7fffff, 0x7fffff80,
		0x7fffffc0, 0xffffff80, 0x7fffff8000000000, 0x7fffffc000000000, 0xffffff8000000000, 0xfffffffffffffc00,
	};

	return index & 1 ? -values[index / 2] : values[index / 2];
}

static inline uint64_t special_operand(unsigned format, unsigned index)
{
	return format ? special_float(format, index) : special_integer(index);
}

/* splitmix64 */
static inline uint64_t random64(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static inline uint64_t random_integer(uint64_t *state)
{
	uint64_t x = random64(state);
	unsigned kind = (unsigned)random64(state) & 7;

	if (kind < 3) /* of any length */
		return (uint64_t)((int64_t)x >> (x & 63));
	if (kind < 6) /* a few bits at the top, a few at the bottom: ties and near-ties */
		return ((x & 7) << (x >> 8 & 63)) + (x >> 16 & 3) - 1;
	return x;
}

static inline uint64_t random_float(unsigned format, uint64_t *state)
{
	uint64_t x = random64(state);
	uint64_t choice = random64(state);
	unsigned width = fraction_bits(format);
	unsigned bias = (unsigned)ones(format - 2 - width);
	bool sign = choice >> 63;
	uint64_t bits;

	switch (choice & 15) {
	case 0 ... 3: /* any bits */
		bits = x & ones(format);
		break;
	case 4:
		bits = special_float(format, x % SPECIAL_ALL) & ones(format);
		break;
	case 5 ... 7: /* near one */
		bits = compose(format, sign, bias + (choice >> 8) % 7 - 3, x);
		break;
	case 8 ... 9: /* few bits in the fraction: exact results */
		bits = compose(format, sign, bias + (choice >> 8) % 15 - 7, (x & 15) << (width - 4));
		break;
	case 10: /* nothing but a few low bits, or all ones above them */
		bits = compose(format, sign, (unsigned)(choice >> 8), choice & 16 ? x & 7 : ~(x & 7));
		break;
	case 11 ... 12: /* an exponent near the middle of the product's or the root's range: under- and overflow */
		bits = compose(format, sign, (choice & 32 ? bias / 2 : bias + bias / 2) + (choice >> 8) % 9 - 4, x);
		break;
	case 13: /* around the precision: rounding to integers */
		bits = compose(format, sign, bias + (choice >> 8) % (width + 12), choice & 16 ? x : x << (width - 4));
		break;
	default: /* subnormal, smallest and largest normal numbers */
		bits = compose(format, sign, (unsigned)(choice >> 8) % 4 - 2, x >> (choice >> 16 & 31));
	}
	/* One in 32 lacks a proper box, half of them by one bit. */
	if (format == 64 || (choice >> 40) % 32)
		return boxed(format, bits);
	if (choice >> 45 & 1)
		return bits | (x & ~ones(format));
	return boxed(format, bits) ^ UINT64_C(1) << (format + x % (64 - format));
}

/* -a*b cut to the format, or nearly: makes a fused multiply-add cancel. Meaningless for extreme operands, which is
 * fine. */
static inline uint64_t cancelling(unsigned format, uint64_t a, uint64_t b, uint64_t noise)
{
	unsigned width = fraction_bits(format);
	uint64_t hidden = UINT64_C(1) << width;
	unsigned top = (unsigned)ones(format - 1 - width);
	__extension__ unsigned __int128 product =
	    (unsigned __int128)((a & ones(width)) | hidden) * ((b & ones(width)) | hidden);
	unsigned exponent = (unsigned)(a >> width & top) + (unsigned)(b >> width & top) - top / 2;

	if (product >> (2 * width + 1)) {
		product >>= 1;
		exponent++;
	}
	return boxed(format, compose(format, !((a ^ b) >> (format - 1) & 1), exponent, (uint64_t)(product >> width)) ^
	                         (noise & 3));
}

struct sequence {
	bool whole;      /* all specials for three operands, too */
	uint64_t randoms; /* random cases to come after the specials */
	uint64_t state;
	unsigned row;
	unsigned mode;
	unsigned index[3];
};

static inline struct sequence sequence_start(uint64_t seed, uint64_t randoms, bool whole)
{
	return (struct sequence){ .whole = whole, .randoms = randoms, .state = seed };
}

/* Of ten modes of a ROUNDED row the first five are static, the others dynamic. */
static inline void set_mode(struct test_case *test, unsigned mode, uint64_t noise)
{
	unsigned flags = noise & 1 ? noise >> 1 & 31 : 0;

	test->rm = mode < RM_COUNT && rows[test->row].mode == MODE_ROUNDED ? mode : RM_DYNAMIC;
	test->fcsr = flags | (mode < RM_COUNT ? (noise >> 8) % RM_COUNT : mode - RM_COUNT) << 5;
}

static inline bool next_special(struct sequence *sequence, struct test_case *test)
{
	if (sequence->row == ROW_COUNT)
		return false;
	const struct row *row = &rows[sequence->row];
	unsigned limit = row->operands == 3 && !sequence->whole ? SPECIAL_SHORT : SPECIAL_ALL;

	*test = (struct test_case){ .row = sequence->row };
	for (unsigned i = 0; i < 3; i++)
		test->operand[i] = special_operand(row->format, sequence->index[i]);
	set_mode(test, sequence->mode, random64(&sequence->state));

	/* Advance: operands, then modes, then rows. */
	for (unsigned i = 0; i < row->operands; i++) {
		if (++sequence->index[i] < limit)
			return true;
		sequence->index[i] = 0;
	}
	if (++sequence->mode < (row->mode == MODE_ROUNDED ? 2 * RM_COUNT : 1))
		return true;
	sequence->mode = 0;
	sequence->row++;
	return true;
}

static inline void random_case(struct sequence *sequence, struct test_case *test)
{
	uint64_t *state = &sequence->state;
	uint64_t noise = random64(state);
	*test = (struct test_case){ .row = noise % ROW_COUNT };
	unsigned format = rows[test->row].format;
	uint64_t *operand = test->operand;

	for (unsigned i = 0; i < 3; i++)
		operand[i] = format ? random_float(format, state) : random_integer(state);
	if (format && (noise >> 32) % 8 == 0) /* equal or neighbours, same sign or opposite */
		operand[1] = boxed(format, (operand[0] ^ (noise >> 40 & 3) ^ (noise >> 48 & 1) << (format - 1)));
	if (format && (noise >> 36) % 4 == 0)
		operand[2] = cancelling(format, operand[0], operand[1], noise >> 50);
	set_mode(test, (unsigned)(noise >> 16) % (2 * RM_COUNT), random64(state));
}

/* False at the end. */
static inline bool sequence_next(struct sequence *sequence, struct test_case *test)
{
	if (next_special(sequence, test))
		return true;
	if (sequence->randoms == 0)
		return false;
	sequence->randoms--;
	random_case(sequence, test);
	return true;
}

#endif
