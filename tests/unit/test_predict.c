/* What the predictors learn: patterns of a branch by its history, addresses of calls by their order. */
#include <criterion/criterion.h>
#include <string.h>
#include "timing/predict.h"

static void start(struct predictors *predictors, struct timing *timing, const char *preset)
{
	char reason[160];
	timing_default(timing);
	cr_assert_eq(timing_load(timing, preset, reason, sizeof reason), 0, "%s", reason);
	*predictors = (struct predictors){0};
	cr_assert_eq(predict_init(predictors, timing), 0);
}

static uint8_t *counter_of(struct predictors *predictors, uint64_t pc)
{
	return &predictors->bht[(predict_place(predictors, pc) ^ predictors->history_index) & predictors->bht_mask];
}

/* A branch of the pattern again and again: wrong predictions of the last 64. */
static unsigned wrong_of(const char *preset, const char *pattern)
{
	enum { LEARN = 1000, ASKED = 64, PC = 0x80000100 };
	struct predictors predictors;
	struct timing timing;
	unsigned wrong = 0;
	start(&predictors, &timing, preset);
	for (unsigned i = 0; i < LEARN + ASKED; i++) {
		bool taken = pattern[i % strlen(pattern)] == 'T';
		uint8_t *counter = counter_of(&predictors, PC);
		wrong += i >= LEARN && predict_branch(&predictors, PC, false) != taken;
		*counter = (uint8_t)bht_next(*counter, taken);
		predict_note_branch(&predictors, counter, taken);
	}
	predict_free(&predictors);
	return wrong;
}

Test(predict, patterns_are_learned_by_the_history)
{
	static const char *const with[] = {"rocket", "u74"};
	for (unsigned i = 0; i < 2; i++) {
		cr_expect_eq(wrong_of(with[i], "T"), 0, "%s", with[i]);
		cr_expect_eq(wrong_of(with[i], "TN"), 0, "%s", with[i]);
	}
	cr_expect_eq(wrong_of("u74", "TTN"), 0);
	cr_expect_eq(wrong_of("cva6", "TTTN"), 16, "two bits without a history");
}

/* Deeper than the stack: the addresses of the innermost calls are there, and nothing behind them. */
Test(predict, returns_go_back_the_way_that_calls_came)
{
	static const char *const presets[] = {"cva6", "rocket", "u74"};
	for (unsigned i = 0; i < 3; i++) {
		struct predictors predictors;
		struct timing timing;
		start(&predictors, &timing, presets[i]);
		unsigned depth = timing.ras_entries;
		for (unsigned n = 1; n <= depth + 2; n++)
			predict_call(&predictors, 0x80000000 + 0x100 * n);
		for (unsigned n = depth + 2; n > 2; n--)
			cr_expect_eq(predict_indirect(&predictors, 0, 1, 4, 0x80001000), 0x80000000 + 0x100 * n, "%s, call %u", presets[i], n);
		cr_expect_eq(predict_indirect(&predictors, 0, 1, 4, 0x80001000), 0, "%s: it is empty", presets[i]);
		predict_free(&predictors);
	}
}
