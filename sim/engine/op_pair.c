/*
 * Two instructions in one handler, which halves the jumps between handlers; what comes second often reads what the
 * first has just computed. The second op stays as it is, for whoever enters it by itself: a slow path that goes on
 * after the first, say.
 *
 * Compiled for blocks without and, by op_pair_timed.c, with a timing model.
 */
#include "engine/op_body.h"
#include "engine/pair.h"

#ifdef TIMED
#define FIND pair_find_timed
#else
#define FIND pair_find
#endif

#if DISPATCH_TAIL

#ifdef TIMED
#define PAIRED(one, two, forms) op_timed_##one##_then_##two##_##forms
#define VALUE_PAIR(...)
#else
#define PAIRED(one, two, forms) op_##one##_then_##two##_##forms
#define VALUE_PAIR PAIR
#endif

/* Under sanitizers these would take minutes to compile; the same bodies are looked at in the handlers of one
 * instruction. */
#ifdef __clang__
#define PAIR_SANITIZE __attribute__((no_sanitize("address", "undefined", "coverage")))
#else
#define PAIR_SANITIZE
#endif

#define PAIR_FORM(name, first, second)                                                                                 \
	static PAIR_SANITIZE OP_CC op_result name(struct hart *hart, const struct op *op,                              \
	                                          uint64_t last __attribute__((unused)))                               \
	{                                                                                                              \
		first op++;                                                                                            \
		second NEXT;                                                                                           \
	}

/* Named by what the sources of either come from: 0 registers, 1 the first is `last`, 2 the second is. */
#define PAIR_01(K, one, L, two)                                                                                        \
	PAIR_FORM(PAIRED(one, two, 00), K##_BODY(one, X(rs1), X(rs2)), L##_BODY(two, X(rs1), X(rs2)))                  \
	PAIR_FORM(PAIRED(one, two, 01), K##_BODY(one, X(rs1), X(rs2)), L##_BODY(two, last, X(rs2)))                    \
	PAIR_FORM(PAIRED(one, two, 10), K##_BODY(one, last, X(rs2)), L##_BODY(two, X(rs1), X(rs2)))                    \
	PAIR_FORM(PAIRED(one, two, 11), K##_BODY(one, last, X(rs2)), L##_BODY(two, last, X(rs2)))
#define ROW_01(one, two)                                                                                               \
	[PLACE_##one][PLACE_##two] = {PAIRED(one, two, 00), PAIRED(one, two, 01), NULL, PAIRED(one, two, 10),          \
	                              PAIRED(one, two, 11)},

/* Most that could take `last` second can take it first, for they commute; a store's data cannot. */
#define PAIR_012(K, one, L, two)                                                                                       \
	PAIR_01(K, one, L, two)                                                                                        \
	PAIR_FORM(PAIRED(one, two, 02), K##_BODY(one, X(rs1), X(rs2)), L##_BODY(two, X(rs1), last))                    \
	PAIR_FORM(PAIRED(one, two, 12), K##_BODY(one, last, X(rs2)), L##_BODY(two, X(rs1), last))
#define ROW_012(one, two)                                                                                              \
	[PLACE_##one][PLACE_##two] = {PAIRED(one, two, 00), PAIRED(one, two, 01), PAIRED(one, two, 02),                \
	                              PAIRED(one, two, 10), PAIRED(one, two, 11), PAIRED(one, two, 12)},

#define PAIR_VALUE(K, one, two) PAIR_01(K, one, VALUE, two)
#define PAIR_LOAD(K, one, two) PAIR_01(K, one, LOAD, two)
#define PAIR_STORE(K, one, two) PAIR_012(K, one, STORE, two)
#define PAIR_BRANCH(K, one, two) PAIR_01(K, one, BRANCH, two)
#define ROW_VALUE ROW_01
#define ROW_LOAD ROW_01
#define ROW_STORE ROW_012
#define ROW_BRANCH ROW_01

#define MEMBER(name)
#define PAIR(K, one, L, two) PAIR_##L(K, one, two)
#include "engine/pair.def"
#undef PAIR
#undef MEMBER

/* Where an instruction stands in the table below; 0: nowhere. */
enum {
	PLACE_NONE,
#define PAIR(...)
#define MEMBER(name) PLACE_##name,
#include "engine/pair.def"
#undef MEMBER
	PLACES
};

static const uint8_t places[INSN_COUNT] = {
#define MEMBER(name) [INSN_##name] = PLACE_##name,
#include "engine/pair.def"
#undef MEMBER
#undef PAIR
};

static op_fn *const handlers[PLACES][PLACES][2 * OP_FORMS] = {
#define MEMBER(name)
#define PAIR(K, one, L, two) ROW_##L(one, two)
#include "engine/pair.def"
#undef PAIR
#undef MEMBER
};

op_fn *FIND(uint16_t first, unsigned first_form, uint16_t second, unsigned second_form)
{
	if (first_form > FORM_LAST_1)
		return NULL;
	return handlers[places[first]][places[second]][first_form * OP_FORMS + second_form];
}

#else

op_fn *FIND(uint16_t first, unsigned first_form, uint16_t second, unsigned second_form)
{
	(void)first, (void)first_form, (void)second, (void)second_form;
	return NULL;
}

#endif
