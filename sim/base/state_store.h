/*
 * Larger pieces of saved state, each kept once however many snapshots hold it. So a snapshot of a machine costs what has changed
 * since another one: pages of memory, clusters of disks, arrays of caches.
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include <stddef.h>
#include <stdint.h>

struct state_store;
struct state_chunk;

struct state_store *state_store_new(void); /* NULL: no memory */
/* Whoever held chunks has let go of them. NULL is allowed. */
void state_store_free(struct state_store *store);

/* The chunk of these bytes, held once more. NULL: no memory. */
struct state_chunk *state_store_hold(struct state_store *store, const void *bytes, size_t size);
void state_store_release(struct state_store *store, struct state_chunk *chunk);

const uint8_t *state_chunk_bytes(const struct state_chunk *chunk);
size_t state_chunk_size(const struct state_chunk *chunk);

/* The host's memory that all chunks take, in bytes. */
size_t state_store_bytes(const struct state_store *store);

#endif
