/* Save and restore of the timing model's parts: what comes back does what the saved one would have done, and bytes that do
 * not fit are refused. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "timing/cache.h"
#include "timing/channel.h"
#include "timing/l1_tlb.h"
#include "timing/pipe.h"
#include "timing/ptw.h"

static struct state_reader reader_of(const struct state_writer *writer)
{
	return (struct state_reader){.bytes = writer->bytes, .size = writer->size};
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *seed >> 24;
}

/* ---- caches ---- */

static struct cache cache_of(unsigned ways, unsigned line)
{
	struct cache cache;
	cr_assert_eq(cache_init(&cache, 4096, ways, line), 0);
	return cache;
}

/* A line that is asked for, and put in or made dirty; who had to go. */
static uint64_t use_cache(struct cache *cache, uint64_t *seed)
{
	uint64_t evicted = 0, pa = 0x80000000 + next_random(seed) % 512 * 16;
	bool dirty = false;
	int slot = cache_find(cache, pa);
	if (slot >= 0)
		cache->dirty[slot] = 1;
	else
		cache_fill(cache, pa, &evicted, &dirty);
	return evicted ^ dirty;
}

static void refuse_cache(struct cache *cache, struct state_reader reader, const char *reason)
{
	cr_expect_not(cache_restore(cache, &reader));
	cr_expect_str_eq(reader.reason, reason);
	cache_free(cache);
}

Test(timing_state, cache)
{
	struct cache cache = cache_of(4, 16), again = cache_of(4, 16);
	struct state_writer writer = {0};
	uint64_t seed = 1;
	for (unsigned i = 0; i < 1000; i++)
		use_cache(&cache, &seed);
	cache_save(&cache, &writer);
	struct state_reader reader = reader_of(&writer);
	cr_assert(cache_restore(&again, &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t other = seed;
		cr_assert_eq(use_cache(&cache, &seed), use_cache(&again, &other));
	}
	cache_free(&cache);
	cache_free(&again);
	struct cache wide = cache_of(4, 32), narrow = cache_of(2, 16), torn = cache_of(4, 16), twice = cache_of(4, 16);
	refuse_cache(&wide, reader_of(&writer), "cache: of another size, associativity or line");
	refuse_cache(&narrow, reader_of(&writer), "cache: of another size, associativity or line");
	reader = reader_of(&writer);
	reader.size--;
	refuse_cache(&torn, reader, "cut short");
	twice.lines[5] = UINT64_C(1) << 40 | 1; /* of set 0 */
	writer.size = 0;
	cache_save(&twice, &writer);
	refuse_cache(&twice, reader_of(&writer), "cache: a line is where it cannot be");
	state_writer_free(&writer);
}

/* ---- the channel ---- */

Test(timing_state, channel)
{
	struct channel *channel = calloc(1, sizeof *channel), *again = calloc(1, sizeof *again);
	struct state_writer writer = {0};
	uint64_t seed = 2;
	for (unsigned i = 0; i < 500; i++)
		channel_take(channel, 6, next_random(&seed) % 5000);
	channel_save(channel, &writer);
	struct state_reader reader = reader_of(&writer);
	cr_assert(channel_restore(again, &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 500; i++) {
		uint64_t now = next_random(&seed) % 10000;
		cr_assert_eq(channel_take(channel, 6, now), channel_take(again, 6, now));
	}
	channel->number[3] = 4;
	writer.size = 0;
	channel_save(channel, &writer);
	reader = reader_of(&writer);
	cr_expect_not(channel_restore(again, &reader));
	cr_expect_str_eq(reader.reason, "channel: a slot is where it cannot be");
	state_writer_free(&writer);
	free(channel);
	free(again);
}

/* ---- TLBs ---- */

static struct l1_tlb l1_tlb_of(unsigned count)
{
	struct l1_tlb tlb;
	cr_assert_eq(l1_tlb_init(&tlb, count), 0);
	return tlb;
}

/* A page that is asked for, and put in; the one that had to go. */
static uint64_t use_l1_tlb(struct l1_tlb *tlb, uint64_t *seed)
{
	uint64_t page = next_random(seed) % 40;
	struct page_entry old = {0}, entry = {.vpn = page, .space = 7, .shift = 12, .first_shift = 12};
	int index = l1_tlb_find(tlb, page << 12, 7);
	if (index < 0)
		index = l1_tlb_insert(tlb, &entry, &old);
	l1_tlb_touch(tlb, (unsigned)index);
	return old.vpn << 8 | (unsigned)index;
}

static void refuse_l1_tlb(struct l1_tlb tlb, const struct state_writer *writer, const char *reason)
{
	struct state_reader reader = reader_of(writer);
	cr_expect_not(l1_tlb_restore(&tlb, &reader));
	cr_expect_str_eq(reader.reason, reason);
	l1_tlb_free(&tlb);
}

Test(timing_state, l1_tlb)
{
	struct l1_tlb tlb = l1_tlb_of(16), again = l1_tlb_of(16);
	struct state_writer writer = {0};
	uint64_t seed = 3;
	for (unsigned i = 0; i < 200; i++)
		use_l1_tlb(&tlb, &seed);
	l1_tlb_save(&tlb, &writer);
	struct state_reader reader = reader_of(&writer);
	cr_assert(l1_tlb_restore(&again, &reader), "%s", reader.reason);
	refuse_l1_tlb(l1_tlb_of(8), &writer, "l1 tlb: another number of entries");
	for (unsigned i = 0; i < 200; i++) {
		uint64_t other = seed;
		cr_assert_eq(use_l1_tlb(&tlb, &seed), use_l1_tlb(&again, &other));
	}
	again.tree = UINT64_C(1) << 15;
	writer.size = 0;
	l1_tlb_save(&again, &writer);
	refuse_l1_tlb(l1_tlb_of(16), &writer, "l1 tlb: the tree has more nodes than the TLB");
	tlb.entries[2].shift = 64;
	writer.size = 0;
	l1_tlb_save(&tlb, &writer);
	refuse_l1_tlb(l1_tlb_of(16), &writer, "tlb: a page is larger than all memory");
	l1_tlb_free(&tlb);
	l1_tlb_free(&again);
	state_writer_free(&writer);
}

/* ---- the ptw ---- */

static struct ptw ptw_of(unsigned pointers, unsigned second)
{
	struct ptw ptw = {0};
	struct timing timing;
	timing_default(&timing);
	timing.pte_cache = pointers;
	timing.l2tlb_entries = second;
	cr_assert_eq(ptw_init(&ptw, &timing), 0);
	return ptw;
}

static void refuse_ptw(struct ptw ptw, const struct state_writer *writer, const char *reason)
{
	struct state_reader reader = reader_of(writer);
	cr_expect_not(ptw_restore(&ptw, &reader));
	cr_expect_str_eq(reader.reason, reason);
	ptw_free(&ptw);
}

Test(timing_state, ptw)
{
	struct ptw ptw = ptw_of(8, 64), again = ptw_of(8, 64), none = ptw_of(0, 0);
	struct state_writer writer = {0};
	for (uint64_t page = 0; page < 100; page++)
		ptw_insert(&ptw, &(struct page_entry){.vpn = page, .space = 7, .shift = page % 3 ? 12 : 21, .first_shift = 12}, &(struct page_entry){0});
	uint64_t seed = 4;
	for (unsigned i = 0; i < 50; i++)
		use_l1_tlb(&ptw.pointers, &seed);
	ptw_save(&ptw, &writer);
	struct state_reader reader = reader_of(&writer);
	cr_assert(ptw_restore(&again, &reader), "%s", reader.reason);
	for (uint64_t va = 0; va < UINT64_C(1) << 26; va += 4096) {
		const struct page_entry *one = ptw_find(&ptw, va, 7), *other = ptw_find(&again, va, 7);
		cr_assert_eq(one != NULL, other != NULL);
		cr_assert(!one || one - ptw.second == other - again.second);
	}
	struct state_writer other = {0};
	ptw_save(&again, &other);
	cr_expect(other.size == writer.size && memcmp(other.bytes, writer.bytes, writer.size) == 0, "the same bytes, pointers among them");
	state_writer_free(&other);
	refuse_ptw(ptw_of(4, 64), &writer, "l1 tlb: another number of entries");
	refuse_ptw(ptw_of(8, 32), &writer, "ptw: another number of entries in the second-level TLB");
	ptw.second[9] = (struct page_entry){.vpn = 8, .shift = 12, .first_shift = 12};
	writer.size = 0;
	ptw_save(&ptw, &writer);
	refuse_ptw(ptw_of(8, 64), &writer, "ptw: a page is where it cannot be");
	writer.size = 0;
	ptw_save(&none, &writer);
	reader = reader_of(&writer);
	cr_expect(ptw_restore(&none, &reader), "neither pointers nor second level: %s", reader.reason);
	ptw_free(&ptw);
	ptw_free(&again);
	ptw_free(&none);
	state_writer_free(&writer);
}

/* ---- the pipeline ---- */

static void restore_pipe(const struct timing *timing, const struct pipe *pipe, const char *reason)
{
	struct state_writer writer = {0};
	struct pipe again;
	pipe_save(pipe, &writer);
	struct state_reader reader = reader_of(&writer);
	cr_assert_eq(pipe_restore(timing, &again, &reader), reason == NULL, "%s", reader.reason);
	if (reason)
		cr_expect_str_eq(reader.reason, reason);
	else
		cr_expect_eq(memcmp(&again, pipe, sizeof again), 0);
	state_writer_free(&writer);
}

Test(timing_state, pipe)
{
	struct timing timing;
	char reason[160];
	struct pipe pipe;
	const struct stall miss = {.memory = 20};
	timing_default(&timing);
	cr_assert_eq(timing_load(&timing, "cva6", reason, sizeof reason), 0, "%s", reason);
	pipe_reset(&pipe);
	restore_pipe(&timing, &pipe, NULL);
	for (unsigned i = 0; i < 40; i++) {
		struct pipe_times times = {0};
		struct uop uop = {.kind = i % 3 ? UOP_STORE : UOP_LOAD, .rd = (uint8_t)(i % 3 ? 0 : i), .latency = 3, .place = (uint8_t)(0x80 | i)};
		pipe_step(&timing, &pipe, &uop, &miss, &times);
		pipe_settle(&timing, &pipe, times.next);
		restore_pipe(&timing, &pipe, NULL);
	}
	pipe.commit[PIPE_WINDOW - 1] = 5; /* the window is not that long */
	restore_pipe(&timing, &pipe, "pipe: no settled state of this pipeline");
}
