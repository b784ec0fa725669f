/* Presets, cache tags, and the TLBs' replacement. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/block.h"
#include "temporary.h"
#include "timing/cache.h"
#include "timing/channel.h"
#include "timing/l1_tlb.h"
#include "timing/timing.h"

static int load_text(struct timing *timing, const char *text, char *reason, size_t size)
{
	char name[TEMPORARY_PATH];
	int fd = temporary(name);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	timing_default(timing);
	int result = timing_load(timing, name, reason, size);
	close(fd);
	return result;
}

Test(timing, built_in_presets)
{
	static const char *const names[] = {"ideal", "cva6", "rocket", "u74"};
	for (unsigned i = 0; i < 4; i++) {
		struct timing timing;
		char reason[160] = "";
		timing_default(&timing);
		cr_expect_eq(timing_load(&timing, names[i], reason, sizeof reason), 0, "%s: %s", names[i], reason);
		cr_expect_str_eq(timing.name, names[i]);
		cr_expect_eq(timing.ideal, i == 0);
		cr_expect_null(timing_misfit(&timing), "%s: %s", names[i], timing_misfit(&timing));
	}
}

/* Each parameter stands in the files, with where it is from. */
Test(timing, presets_cite_every_parameter)
{
	static const char *const paths[] = {"sim/timing/presets/cva6.cpu", "sim/timing/presets/rocket.cpu", "sim/timing/presets/u74.cpu"};
	for (unsigned i = 0; i < 3; i++) {
		char line[256];
		bool cited[TIMING_PARAMS] = {false};
		FILE *file = fopen(paths[i], "r");
		cr_assert_not_null(file, "%s", paths[i]);
		while (fgets(line, sizeof line, file))
			for (unsigned row = 0; row < TIMING_PARAMS; row++)
				if (strcspn(line, " ") == strlen(timing_rows[row].name) && strncmp(line, timing_rows[row].name, strcspn(line, " ")) == 0)
					cited[row] = strstr(line, " # ") != NULL;
		fclose(file);
		for (unsigned row = 0; row < TIMING_PARAMS; row++)
			cr_expect(cited[row], "%s: %s", paths[i], timing_rows[row].name);
	}
}

Test(timing, values_chosen_before_stay)
{
	struct timing timing;
	char reason[160];
	timing_default(&timing);
	timing.dram_latency = 99;
	timing.set[TIMING_dram_latency] = true;
	cr_assert_eq(timing_load(&timing, "cva6", reason, sizeof reason), 0);
	cr_expect_eq(timing.dram_latency, 99);
	cr_expect_eq(timing.l1d_line, 16);
}

Test(timing, refuses_bad_files)
{
	static const struct { const char *text, *says; } bad[] = {
		{"model = pipeline\nmul.latency = 99\n", "line 2: mul.latency = 99: must be a number from 1 to 16"},
		{"model = pipeline\nmul.latency = two\n", "line 2: mul.latency = two: must be a number from 1 to 16"},
		{"model = magic\n", "line 1: model = magic: must be ideal or pipeline"},
		{"# comment\n\nno.such = 1\n", "line 3: there is no parameter 'no.such'"},
		{"model = pipeline\nmul.latency\n", "line 2: must be 'name = value'"},
	};
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct timing timing;
		char reason[160] = "";
		cr_expect_eq(load_text(&timing, bad[i].text, reason, sizeof reason), -1);
		cr_expect_str_eq(reason, bad[i].says);
	}
	struct timing timing;
	char reason[160] = "";
	cr_expect_eq(timing_load(&timing, "/nonexistent/x.cpu", reason, sizeof reason), -1);
	cr_expect_eq(load_text(&timing, "model = pipeline\nl1d.size = 3000\n", reason, sizeof reason), 0);
	cr_expect_str_eq(timing_misfit(&timing), "l1d: lines and sets must be powers of two in number");
}

/* Sixteen lines of one set go through four ways: invalid ways first, then victims in the order of the shift
 * register. */
Test(timing, cache_victims)
{
	struct cache cache;
	uint64_t evicted;
	bool dirty;
	uint8_t lfsr = 0xff;
	uint64_t ways[4];
	cr_assert_eq(cache_init(&cache, 4 * 16 * 8, 4, 16), 0);
	for (uint64_t i = 0; i < 16; i++) {
		uint64_t pa = 0x80000000 + i * 128;
		cr_assert_eq(cache_find(&cache, pa), -1);
		cache_fill(&cache, pa + 5, &evicted, &dirty);
		cr_assert_geq(cache_find(&cache, pa + 15), 0);
		unsigned way = i < 4 ? (unsigned)i : lfsr & 3;
		cr_assert_eq(evicted, i < 4 ? UINT64_MAX : ways[way], "fill %lu", (unsigned long)i);
		if (i >= 4)
			lfsr = (uint8_t)(lfsr >> 1 ^ (lfsr & 1 ? 0xfa : 0));
		ways[way] = pa;
	}
	cr_expect_not(cache_drop(&cache, ways[2]));
	cr_expect_eq(cache_find(&cache, ways[2]), -1);
	cache_fill(&cache, 0x90000000, &evicted, &dirty);
	cr_expect_eq(evicted, UINT64_MAX, "the way that was dropped is free");
	cache_free(&cache);
}

Test(timing, shift_register_has_full_period)
{
	uint8_t lfsr = 0xff;
	unsigned period = 0;
	do {
		lfsr = (uint8_t)(lfsr >> 1 ^ (lfsr & 1 ? 0xfa : 0));
		period++;
	} while (lfsr != 0xff && period < 1000);
	cr_expect_eq(period, 255);
}

/* The tree: cyclic use of as many pages as there are entries never misses, of one more it misses always; and the victim
 * is never the entry used last. */
static unsigned misses(unsigned entries, unsigned used, unsigned rounds)
{
	struct l1_tlb tlb;
	unsigned count = 0;
	uint64_t last = UINT64_MAX;
	cr_assert_eq(l1_tlb_init(&tlb, entries), 0);
	for (unsigned i = 0; i < used * rounds; i++) {
		uint64_t page = 100 + i % used;
		int index = l1_tlb_find(&tlb, page << 12, 1);
		if (index < 0) {
			struct page_entry old, entry = {.vpn = page, .space = 1, .shift = 12, .first_shift = 12};
			index = l1_tlb_insert(&tlb, &entry, &old);
			cr_assert(!old.shift || entries == 1 || old.vpn != last, "the entry used last was replaced");
			count += i >= used * 2;
		}
		l1_tlb_touch(&tlb, (unsigned)index);
		last = page;
	}
	l1_tlb_free(&tlb);
	return count;
}

Test(timing, pages_tree)
{
	cr_expect_eq(misses(16, 16, 10), 0);
	cr_expect_eq(misses(16, 8, 10), 0);
	cr_expect_eq(misses(16, 17, 12) > 0, 1);
	cr_expect_eq(misses(16, 32, 12), 32 * 10);
	cr_expect_eq(misses(1, 2, 12), 2 * 10);
}

Test(timing, pages_of_all_sizes_and_spaces)
{
	struct l1_tlb tlb;
	struct page_entry old, big = {.vpn = 2, .space = 7, .ignore = 0xff, .shift = 30, .first_shift = 30};
	cr_assert_eq(l1_tlb_init(&tlb, 4), 0);
	int index = l1_tlb_insert(&tlb, &big, &old);
	cr_expect_eq(l1_tlb_find(&tlb, UINT64_C(0x80123456), 7), index);
	cr_expect_eq(l1_tlb_find(&tlb, UINT64_C(0x80123456), 0x0e), index, "the ASID of a global page does not matter");
	cr_expect_eq(l1_tlb_find(&tlb, UINT64_C(0x80123456), 0x107), -1);
	cr_expect_eq(l1_tlb_find(&tlb, UINT64_C(0xc0123456), 7), -1);
	l1_tlb_free(&tlb);
}

/* ---- the memory channel ---- */

Test(timing, channel_in_order)
{
	struct channel *channel = calloc(1, sizeof *channel);
	cr_expect_eq(channel_take(channel, 8, 1000), 0);
	cr_expect_eq(channel_take(channel, 8, 1000), 8, "the second of two at once waits for the first");
	cr_expect_eq(channel_take(channel, 8, 1000), 16);
	cr_expect_eq(channel_take(channel, 8, 1024), 0);
	cr_expect_eq(channel_take(channel, 8, 5003), 0, "an idle channel costs nothing, whatever the phase");
	cr_expect_eq(channel_take(channel, 8, 5003), 5, "the next slot begins at 5008");
	free(channel);
}

/* What a hart ahead has taken is in the way only at its own cycles. */
Test(timing, channel_of_a_hart_that_lags)
{
	struct channel *channel = calloc(1, sizeof *channel);
	for (uint64_t now = 10000; now < 11000; now += 100)
		cr_expect_eq(channel_take(channel, 10, now), 0);
	for (uint64_t now = 10000; now < 11000; now += 50)
		cr_expect_eq(channel_take(channel, 10, now), now % 100 ? 0 : 10, "at %lu", (unsigned long)now);
	free(channel);
}

/* As many lines as fit, whoever asks in whatever order: the channel is used wholly and never twice. */
Test(timing, channel_bandwidth)
{
	enum { GAP = 6, LINES = 3000, HARTS = 4 };
	struct channel *channel = calloc(1, sizeof *channel);
	uint64_t cycle[HARTS] = {0}, last = 0, seed = 1;
	for (unsigned i = 0; i < LINES; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint64_t *now = &cycle[seed >> 62];
		*now += channel_take(channel, GAP, *now); /* the next request follows at once: there is always a queue */
		last = *now > last ? *now : last;
	}
	cr_expect_geq(last, (uint64_t)GAP * (LINES / HARTS - 1));
	cr_expect_leq(last, (uint64_t)GAP * LINES);
	unsigned used = 0;
	for (unsigned i = 0; i < CHANNEL_WORDS; i++)
		used += (unsigned)__builtin_popcountll(channel->used[i]);
	cr_expect_eq(used, LINES, "a slot each");
	free(channel);
}

Test(timing, channel_forgets)
{
	struct channel *channel = calloc(1, sizeof *channel);
	uint64_t lap = (uint64_t)CHANNEL_WORDS * 64 * 4;
	cr_expect_eq(channel_take(channel, 4, lap + 40), 0);
	cr_expect_eq(channel_take(channel, 4, lap + 40), 4);
	cr_expect_eq(channel_take(channel, 4, 40), 0, "a whole lap behind");
	cr_expect_eq(channel_take(channel, 4, 40), 0);
	cr_expect_eq(channel_take(channel, 4, 2 * lap + 40), 0, "a lap ahead");
	for (unsigned i = 0; i < CHANNEL_WORDS * 64; i++)
		channel_take(channel, 4, 9 * lap);
	cr_expect_eq(channel_take(channel, 4, 9 * lap), (unsigned)lap, "a full channel is bounded");
	free(channel);
}

/* A load or store without a handler of its own would always hit. */
Test(timing, every_load_and_store_asks_the_model)
{
	for (unsigned id = 0; id < INSN_COUNT; id++) {
		uint8_t class = insn_rows[id].class;
		if (class != CLASS_LOAD && class != CLASS_FLOAD && class != CLASS_STORE && class != CLASS_FSTORE)
			continue;
		cr_assert(op_timed_forms[insn_rows[id].semantics][FORM_REGISTERS], "%s", insn_rows[id].name);
	}
}
