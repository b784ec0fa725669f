/* Virtio's entropy device (Virtio 1.2, 5.4). What it gives is the seed's: two runs get the same. */
#include <stdlib.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/virtio.h"

enum { CYCLES_A_REQUEST = 100, BYTES_A_CYCLE = 8, BYTES_A_REQUEST = 4096 /* it may give less than is asked for */ };

struct rng {
	struct virtio virtio;
	uint64_t seed, state;
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(struct rng *rng)
{
	uint64_t value = rng->state += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static uint64_t rng_features(const struct virtio *virtio)
{
	(void)virtio;
	return 0;
}

static uint64_t rng_serve(struct virtio *virtio, unsigned queue, uint64_t now)
{
	struct rng *rng = (struct rng *)virtio;
	struct virtio_chain chain;
	if (!virtio_take(virtio, queue, &chain, now))
		return 0;
	uint64_t size = chain.write_size < BYTES_A_REQUEST ? chain.write_size : BYTES_A_REQUEST;
	for (uint64_t at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t value = next_random(rng);
		virtio_write(virtio, &chain, at, &value,
		             size - at < sizeof(value) ? (size_t)(size - at) : sizeof(value));
	}
	virtio_give(virtio, queue, &chain, (uint32_t)size, now);
	return CYCLES_A_REQUEST + size / BYTES_A_CYCLE;
}

/* A driver's reset gives it no number twice; a machine that starts anew gets the same ones again. */
static void rng_power_on(struct virtio *virtio)
{
	struct rng *rng = (struct rng *)virtio;
	rng->state = rng->seed;
}

static void rng_save(const struct virtio *virtio, struct state_writer *writer)
{
	state_write_u64(writer, ((const struct rng *)virtio)->state);
}

static bool rng_restore(struct virtio *virtio, struct state_reader *reader)
{
	((struct rng *)virtio)->state = state_read_u64(reader);
	return !reader->failed;
}

static void rng_destroy(struct virtio *virtio) { free(virtio); }

static struct virtio *rng_make(const struct board *board, const struct virtio_config *config)
{
	struct rng *rng = calloc(1, sizeof(*rng));
	(void)config;
	if (!rng)
		return NULL;
	rng->seed = board->seed;
	return &rng->virtio;
}

const struct virtio_kind virtio_rng_kind = {
    .name = "virtio-rng-device",
    .id = 4,
    .queues = 1,
    .make = rng_make,
    .features = rng_features,
    .serve = rng_serve,
    .power_on = rng_power_on,
    .save = rng_save,
    .restore = rng_restore,
    .destroy = rng_destroy,
};
