/* Exact counts of values: tally.h. */
#include "trace/tally.h"
#include <stdlib.h>

enum { TALLY_FIRST = 16 };

/* Spreads neighbouring durations over the table; the top bits count. */
static size_t tally_slot(const struct tally *tally, uint64_t key)
{
	size_t mask = tally->capacity - 1;
	size_t slot = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;
	while (tally->counts[slot] && tally->keys[slot] != key)
		slot = (slot + 1) & mask;
	return slot;
}

static int tally_grow(struct tally *tally)
{
	size_t capacity = tally->capacity ? tally->capacity * 2 : TALLY_FIRST;
	struct tally grown = {
	    calloc(capacity, sizeof(uint64_t)), calloc(capacity, sizeof(uint64_t)), 0, capacity, 0, 0};
	if (!grown.keys || !grown.counts) {
		free(grown.keys);
		free(grown.counts);
		return -1;
	}
	for (size_t i = 0; i < tally->capacity; i++) {
		if (!tally->counts[i])
			continue;
		size_t slot = tally_slot(&grown, tally->keys[i]);
		grown.keys[slot] = tally->keys[i];
		grown.counts[slot] = tally->counts[i];
	}
	free(tally->keys);
	free(tally->counts);
	tally->keys = grown.keys;
	tally->counts = grown.counts;
	tally->capacity = capacity;
	return 0;
}

void tally_add(struct tally *tally, uint64_t key, uint64_t count)
{
	if (!count)
		return;
	/* One slot in four stays empty, so that every search ends soon. */
	if (tally->used >= tally->capacity / 4 * 3 && tally_grow(tally)) {
		tally->lost += count;
		return;
	}
	size_t slot = tally_slot(tally, key);
	if (!tally->counts[slot]) {
		tally->keys[slot] = key;
		tally->used++;
	}
	tally->counts[slot] += count;
	tally->total += count;
}

uint64_t tally_sum(const struct tally *tally)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < tally->capacity; i++)
		sum += tally->keys[i] * tally->counts[i];
	return sum;
}

uint64_t tally_count(const struct tally *tally, uint64_t key)
{
	return tally->capacity ? tally->counts[tally_slot(tally, key)] : 0;
}

void tally_merge(struct tally *into, const struct tally *from)
{
	for (size_t i = 0; i < from->capacity; i++)
		tally_add(into, from->keys[i], from->counts[i]);
	into->lost += from->lost;
}

void tally_free(struct tally *tally)
{
	free(tally->keys);
	free(tally->counts);
	*tally = (struct tally){0};
}

struct bucket {
	uint64_t key, count;
};

static int compare_buckets(const void *a, const void *b)
{
	uint64_t x = ((const struct bucket *)a)->key, y = ((const struct bucket *)b)->key;
	return x < y ? -1 : x > y;
}

/* tally->used of them. NULL: none, or no memory. */
static struct bucket *sorted_buckets(const struct tally *tally)
{
	struct bucket *buckets = tally->used ? malloc(tally->used * sizeof(*buckets)) : NULL;
	size_t used = 0;
	if (!buckets)
		return NULL;
	for (size_t i = 0; i < tally->capacity; i++)
		if (tally->counts[i])
			buckets[used++] = (struct bucket){tally->keys[i], tally->counts[i]};
	qsort(buckets, used, sizeof(*buckets), compare_buckets);
	return buckets;
}

/* Nearest rank: the smallest value with at least percent/100 of all values at or below it. */
static uint64_t percentile(const struct bucket *buckets, uint64_t total, unsigned percent)
{
	uint64_t rank = total / 100 * percent + (total % 100 * percent + 99) / 100, seen = 0;
	for (;; buckets++) {
		seen += buckets->count;
		if (seen >= rank)
			return buckets->key;
	}
}

void tally_save(const struct tally *tally, struct state_writer *writer)
{
	struct bucket *buckets = sorted_buckets(tally);
	if (tally->used && !buckets) {
		writer->failed = true;
		return;
	}
	state_write_u64(writer, tally->lost);
	state_write_u64(writer, tally->used);
	state_write(writer, buckets, tally->used * sizeof(*buckets));
	free(buckets);
}

void tally_restore(struct tally *tally, struct state_reader *reader)
{
	struct bucket bucket, last = {0};
	uint64_t lost = state_read_u64(reader), used = state_read_u64(reader);
	for (uint64_t i = 0; i < used && STATE_READ(reader, bucket); i++, last = bucket) {
		if (!bucket.count || (i && bucket.key <= last.key)) {
			state_refuse(reader, "a tally has a value twice, or not at all");
			return;
		}
		tally_add(tally, bucket.key, bucket.count);
	}
	if (tally->lost)
		state_refuse(reader, "no memory for a tally");
	tally->lost = lost;
}

struct tally_summary tally_summary(const struct tally *tally)
{
	struct tally_summary summary = {0};
	struct bucket *buckets = sorted_buckets(tally);
	if (!buckets)
		return summary;
	summary.count = tally->total;
	summary.min = buckets[0].key;
	summary.median = percentile(buckets, tally->total, 50);
	summary.p99 = percentile(buckets, tally->total, 99);
	summary.max = buckets[tally->used - 1].key;
	free(buckets);
	return summary;
}
