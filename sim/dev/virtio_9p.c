/* Virtio's 9P transport: one queue of requests to the server of a shared folder, and a tag by which the guest mounts it. */
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/answer_log.h"
#include "dev/backend.h"
#include "dev/devices.h"
#include "dev/p9_server.h"
#include "dev/virtio.h"
#include "hart/platform.h"

enum { F_MOUNT_TAG = 0, HEADER_BYTES = 7, TICK_NS = 100 };

struct ninep {
	struct virtio virtio;
	struct p9_server *server;
	const char *tag;
	const struct platform *platform;
	uint64_t epoch_ns; /* at cycle 0 */
	uint64_t request_cycles, bytes_a_cycle;
	uint8_t request[P9_MESSAGE_MAX], reply[P9_MESSAGE_MAX];
	struct answer_log *log;
};

static uint64_t ninep_features(const struct virtio *virtio)
{
	(void)virtio;
	return UINT64_C(1) << F_MOUNT_TAG;
}

static void ninep_config_read(const struct virtio *virtio, uint8_t *bytes)
{
	const char *tag = ((const struct ninep *)virtio)->tag;
	uint16_t length = (uint16_t)strlen(tag);
	memcpy(bytes, &length, sizeof(length));
	for (unsigned i = 0; i < length; i++)
		bytes[sizeof(length) + i] = (uint8_t)tag[i];
}

static uint32_t at_most(uint64_t size) { return size < P9_MESSAGE_MAX ? (uint32_t)size : P9_MESSAGE_MAX; }

/* The answer's size; 0: the request is no message. The folder is never taken back, and so the server is not. */
static uint32_t answer_request(struct ninep *ninep, uint32_t size, uint32_t room, uint64_t now_ns)
{
	const struct kept_answer *kept = answer_log_next(ninep->log);
	if (kept) {
		memcpy(ninep->reply, kept->bytes, kept->size);
		return kept->size;
	}
	uint32_t given = p9_server_answer(ninep->server, now_ns, ninep->request, size, ninep->reply, room);
	return answer_log_keep(ninep->log, ninep->reply, given) ? given : 0;
}

static uint64_t ninep_serve(struct virtio *virtio, unsigned queue, uint64_t now)
{
	struct ninep *ninep = (struct ninep *)virtio;
	struct virtio_chain chain;
	if (!virtio_take(virtio, queue, &chain, now))
		return 0;
	uint32_t size = at_most(chain.read_size);
	uint64_t now_ns = ninep->epoch_ns + now / ninep->platform->cycles_per_tick * TICK_NS;
	virtio_read(virtio, &chain, 0, ninep->request, size);
	uint32_t given = answer_request(ninep, size, at_most(chain.write_size), now_ns);
	if (given == 0) {
		virtio_break(virtio, now);
		return 0;
	}
	virtio_write(virtio, &chain, 0, ninep->reply, given);
	virtio_give(virtio, queue, &chain, given, now);
	return ninep->request_cycles + (size + given) / ninep->bytes_a_cycle;
}

static void ninep_reset(struct virtio *virtio)
{
	struct ninep *ninep = (struct ninep *)virtio;
	if (answer_log_next(ninep->log))
		return;
	p9_server_reset(ninep->server);
	answer_log_keep(ninep->log, NULL, 0);
}

static void ninep_save(const struct virtio *virtio, struct state_writer *writer)
{
	const struct ninep *ninep = (const struct ninep *)virtio;
	state_write_u64(writer, ninep->log->answers.at);
	if (!writer->store)
		p9_server_save(ninep->server, writer);
}

static bool ninep_restore(struct virtio *virtio, struct state_reader *reader)
{
	struct ninep *ninep = (struct ninep *)virtio;
	ninep->log->answers.at = state_read_u64(reader);
	return !reader->failed && (reader->stored || p9_server_restore(ninep->server, reader));
}

static void ninep_dump(const struct virtio *virtio, FILE *out)
{
	const struct ninep *ninep = (const struct ninep *)virtio;
	fprintf(out, "  mount tag %s\n", ninep->tag);
	p9_server_dump(ninep->server, out);
}

static void ninep_destroy(struct virtio *virtio)
{
	p9_server_free(((struct ninep *)virtio)->server);
	free(virtio);
}

static struct virtio *ninep_make(const struct board *board, const struct virtio_config *config)
{
	struct ninep *ninep = calloc(1, sizeof(*ninep));
	if (!ninep)
		return NULL;
	ninep->server = p9_server_new(board->backends->shares[config->backend]);
	if (!ninep->server) {
		free(ninep);
		return NULL;
	}
	ninep->log = host_share_log(board->backends->shares[config->backend]);
	ninep->tag = config->text;
	ninep->platform = board->platform;
	ninep->epoch_ns = board->rtc_epoch * UINT64_C(1000000000);
	ninep->request_cycles = board->virtio->disk_cycles;
	ninep->bytes_a_cycle = board->virtio->disk_bytes;
	return &ninep->virtio;
}

const struct virtio_kind virtio_9p_kind = {
    .name = "virtio-9p-device",
    .id = 9,
    .queues = 1,
    .config_size = 2 + VIRTIO_9P_TAG,
    .make = ninep_make,
    .features = ninep_features,
    .config_read = ninep_config_read,
    .serve = ninep_serve,
    .reset = ninep_reset,
    .save = ninep_save,
    .restore = ninep_restore,
    .dump = ninep_dump,
    .destroy = ninep_destroy,
};
