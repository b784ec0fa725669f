#include "base/state_store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct state_chunk {
	struct state_chunk *next; /* of the same bucket */
	XXH128_hash_t hash;       /* stands for the bytes: of 128 bits no two are met that are the same */
	size_t size, holders;
	uint8_t bytes[];
};

struct state_store {
	struct state_chunk **buckets;
	size_t bucket_count; /* a power of two */
	size_t count, bytes;
};

enum { FIRST_BUCKETS = 4096 };

struct state_store *state_store_new(void)
{
	struct state_store *store = calloc(1, sizeof(*store));
	if (!store)
		return NULL;
	store->bucket_count = FIRST_BUCKETS;
	store->buckets = calloc(store->bucket_count, sizeof(struct state_chunk *));
	if (store->buckets)
		return store;
	free(store);
	return NULL;
}

void state_store_free(struct state_store *store)
{
	if (!store)
		return;
	free(store->buckets);
	free(store);
}

static struct state_chunk **bucket_of(const struct state_store *store, XXH128_hash_t hash)
{
	return &store->buckets[hash.low64 & (store->bucket_count - 1)];
}

/* Without memory for more buckets chains get longer. */
static void grow_buckets(struct state_store *store)
{
	size_t before = store->bucket_count;
	struct state_chunk **buckets = store->buckets, **grown;
	if (store->count < before)
		return;
	grown = calloc(2 * before, sizeof(struct state_chunk *));
	if (!grown)
		return;
	store->buckets = grown;
	store->bucket_count = 2 * before;
	for (size_t i = 0; i < before; i++)
		for (struct state_chunk *chunk = buckets[i], *next; chunk; chunk = next) {
			struct state_chunk **bucket = bucket_of(store, chunk->hash);
			next = chunk->next;
			chunk->next = *bucket;
			*bucket = chunk;
		}
	free(buckets);
}

static struct state_chunk *chunk_of(const struct state_store *store, XXH128_hash_t hash, size_t size)
{
	struct state_chunk *chunk = *bucket_of(store, hash);
	while (chunk && (!XXH128_isEqual(chunk->hash, hash) || chunk->size != size))
		chunk = chunk->next;
	return chunk;
}

struct state_chunk *state_store_hold(struct state_store *store, const void *bytes, size_t size)
{
	XXH128_hash_t hash = XXH3_128bits(bytes, size);
	struct state_chunk *chunk = chunk_of(store, hash, size);
	if (!chunk) {
		chunk = malloc(sizeof(*chunk) + size);
		if (!chunk)
			return NULL;
		*chunk = (struct state_chunk){.hash = hash, .size = size};
		memcpy(chunk->bytes, bytes, size);
		grow_buckets(store);
		struct state_chunk **bucket = bucket_of(store, hash);
		chunk->next = *bucket;
		*bucket = chunk;
		store->count++;
		store->bytes += sizeof(*chunk) + size;
	}
	chunk->holders++;
	return chunk;
}

void state_store_release(struct state_store *store, struct state_chunk *chunk)
{
	if (--chunk->holders != 0)
		return;
	struct state_chunk **at = bucket_of(store, chunk->hash);
	while (*at != chunk)
		at = &(*at)->next;
	*at = chunk->next;
	store->count--;
	store->bytes -= sizeof(*chunk) + chunk->size;
	free(chunk);
}

const uint8_t *state_chunk_bytes(const struct state_chunk *chunk) { return chunk->bytes; }

size_t state_chunk_size(const struct state_chunk *chunk) { return chunk->size; }

size_t state_store_bytes(const struct state_store *store)
{
	return store->bytes + store->bucket_count * sizeof(struct state_chunk *);
}
