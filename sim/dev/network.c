#include "dev/network.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/event_queue.h"
#include "base/say.h"
#include "base/state.h"
#include "dev/frontier.h"
#include "dev/host_net.h"
#include "dev/pace.h"

enum {
	FRAMES_MAX = 256, /* that wait for the guest; with the host likewise */
	SLOWEST = 100,    /* times the shortest interval between looks */
	NS_PER_TICK = 100,
};

struct frame {
	struct frame *next;
	size_t size;
	uint8_t bytes[];
};

struct frame_list {
	struct frame *first, *last;
	unsigned count;
};

struct network {
	struct network_host host;
	unsigned stream;       /* in a recording */
	struct host_net *net;  /* NULL: replayed */
	struct frame_list came; /* to the host: nothing of it is simulated yet */
	struct frame_list waiting; /* for the device */
	void (*arrived)(void *context, uint64_t now);
	void *context;
	struct event look;
	uint64_t looked, interval; /* cycle of the last look; cycles to the next */
	uint64_t sent; /* hash of what the guest has sent */
	uint64_t taken; /* how many records came: of the replayed ones, or written */
	struct frontier looks, sends;
	bool finished, failed;
	struct pace pace; /* of looks */
};

/* ---- lists ---- */

/* False: there is no room, or it is no frame. */
static bool push_frame(struct frame_list *list, const uint8_t *bytes, size_t size)
{
	if (list->count == FRAMES_MAX || size < FRAME_MIN || size > FRAME_MAX)
		return false;
	struct frame *frame = malloc(sizeof(*frame) + size);
	if (!frame)
		return false;
	frame->next = NULL;
	frame->size = size;
	memcpy(frame->bytes, bytes, size);
	if (list->count++ == 0)
		list->first = frame;
	else
		list->last->next = frame;
	list->last = frame;
	return true;
}

static void pop_frame(struct frame_list *list)
{
	struct frame *frame = list->first;
	list->first = frame->next;
	list->count--;
	free(frame);
}

static void clear_frames(struct frame_list *list)
{
	while (list->count != 0)
		pop_frame(list);
}

/* What finds no room is lost, as on any network. */
static void frame_came(void *context, const uint8_t *frame, size_t size)
{
	push_frame(&((struct network *)context)->came, frame, size);
}

/* ---- recording ---- */

static uint64_t hash_frame(uint64_t hash, const uint8_t *bytes, size_t size)
{
	hash ^= size;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void network_failed(struct network *network, enum input_trouble trouble, const char *format, uint64_t cycle)
{
	char what[160], message[320];
	const char *path = network->host.log->recording.path;
	snprintf(what, sizeof(what), format, cycle);
	snprintf(message, sizeof(message), "%s: %s", path ? path : "a network", what);
	network->failed = true;
	network->host.trouble(network->host.context, trouble, message);
}

static void record_more(struct network *network, enum recording_kind kind, uint64_t cycle, const struct frame *frame)
{
	const struct record record = {
	    .cycle = cycle,
	    .polls = network->sent,
	    .kind = kind,
	    .stream = network->stream,
	    .bytes = frame ? frame->bytes : NULL,
	    .size = frame ? (uint32_t)frame->size : 0,
	};
	if (!input_log_add(network->host.log, &record))
		network_failed(network, INPUT_NO_MEMORY, "no memory to keep what came at cycle %" PRIu64, cycle);
}

static const struct recorded_stream *recorded_frames(const struct network *network)
{
	return &network->host.log->recording.streams[network->stream];
}

/* What came at this look in the recorded run comes again, if the guest has sent the same up to here. */
static void replay_frames(struct network *network, uint64_t now)
{
	const struct recorded_stream *stream = recorded_frames(network);
	for (; network->taken < stream->count; network->taken++) {
		const struct record *record = &stream->records[network->taken];
		if (record->cycle > now || (record->cycle == now && record->kind == RECORD_STOP))
			return;
		if (record->kind == RECORD_STOP) {
			network_failed(network, INPUT_RUN_OUT, "the recorded run ended before cycle %" PRIu64, now);
			return;
		}
		if (record->cycle != now || record->polls != network->sent ||
		    !push_frame(&network->waiting, record->bytes, record->size)) {
			network_failed(
			    network, INPUT_OTHER_RUN,
			    "a frame came at cycle %" PRIu64
			    " to a guest that had sent other frames: the recording is of another run (program, "
			    "options or version)",
			    record->cycle);
			return;
		}
	}
}

/* ---- looks ---- */

static uint64_t slirp_nanoseconds(const struct network *network, uint64_t cycle)
{
	uint64_t per_tick = network->host.cycles_per_tick;
	return cycle / per_tick * NS_PER_TICK + cycle % per_tick * NS_PER_TICK / per_tick;
}

static uint64_t shortest_interval(const struct network *network)
{
	return network->host.poll_ticks * network->host.cycles_per_tick;
}

/* For how many seconds a look may wait for the host. */
static double patience_for(struct network *network, uint64_t now)
{
	uint64_t per_tick = network->host.cycles_per_tick;
	bool waiting = network->host.idle(network->host.context) != CONSOLE_BUSY;
	double limit = pace_seconds(SLOWEST * shortest_interval(network), per_tick);
	return pace_ahead(&network->pace, waiting, now, now - network->looked, per_tick, limit);
}

static void take_frames(struct network *network, uint64_t now)
{
	double wait = network->came.count == 0 ? patience_for(network, now) : 0;
	network->net->kind->poll(network->net, slirp_nanoseconds(network, now), wait);
	while (network->came.count != 0) {
		const struct frame *frame = network->came.first;
		if (!push_frame(&network->waiting, frame->bytes, frame->size))
			return; /* no room: it comes at a later look */
		record_more(network, RECORD_BYTES, now, frame);
		network->taken++;
		pop_frame(&network->came);
	}
	if (wait > 0)
		network->host.attend(network->host.context);
}

static void look_due(void *context, uint64_t now)
{
	struct network *network = context;
	uint64_t before = network->taken, longest = SLOWEST * shortest_interval(network);
	if (frontier_pass(&network->looks) || !network->net)
		replay_frames(network, now);
	else
		take_frames(network, now);
	network->looked = now;
	if (network->failed)
		return;
	bool came = network->taken != before;
	network->interval = came || network->interval == 0 ? shortest_interval(network) : 2 * network->interval;
	if (network->interval > longest)
		network->interval = longest;
	event_schedule(network->host.events, &network->look, now + network->interval);
	if (came)
		network->arrived(network->context, now);
}

static bool listens(const struct network *network) { return network->look.heap_index != SIZE_MAX; }

static void look_soon(struct network *network, uint64_t now)
{
	network->interval = shortest_interval(network);
	if (!listens(network) || network->look.cycle > now + network->interval)
		event_schedule(network->host.events, &network->look, now + network->interval);
}

/* ---- for devices ---- */

void network_attach(struct network *network, void (*arrived)(void *context, uint64_t now), void *context)
{
	network->arrived = arrived;
	network->context = context;
}

void network_listen(struct network *network, uint64_t now)
{
	if (listens(network) || network->failed)
		return;
	network->looked = now;
	look_soon(network, now);
}

void network_forget(struct network *network)
{
	event_cancel(network->host.events, &network->look);
	clear_frames(&network->waiting);
}

void network_send(struct network *network, const uint8_t *frame, size_t size, uint64_t now)
{
	assert(size >= FRAME_MIN && size <= FRAME_MAX);
	network->sent = hash_frame(network->sent, frame, size);
	if (!frontier_pass(&network->sends) && network->net)
		network->net->kind->send(network->net, frame, size, slirp_nanoseconds(network, now));
	if (listens(network))
		look_soon(network, now); /* what is asked may be answered */
}

const uint8_t *network_frame(const struct network *network, size_t *size)
{
	const struct frame *frame = network->waiting.first;
	if (network->waiting.count == 0)
		return NULL;
	*size = frame->size;
	return frame->bytes;
}

void network_drop(struct network *network) { pop_frame(&network->waiting); }

/* ---- beginning and end ---- */

static int open_host_side(struct network *network, const struct network_config *config)
{
	if (network->host.log->replaying)
		return 0;
	network->net = config->kind->open(config);
	if (!network->net)
		return -1;
	network->net->kind = config->kind;
	network->net->came = frame_came;
	network->net->context = network;
	return 0;
}

struct network *network_open(const struct network_config *config, unsigned index, const struct network_host *host)
{
	struct network *network = calloc(1, sizeof(*network));
	if (!network) {
		say("out of memory for networks");
		return NULL;
	}
	network->host = *host;
	network->stream = INPUT_NETWORK + index;
	if (event_init(&network->look, host->events, look_due, network) != 0)
		say("out of memory for networks");
	else if (open_host_side(network, config) == 0)
		return network;
	network_close(network);
	return NULL;
}

void network_finish(struct network *network)
{
	if (!network->finished)
		record_more(network, RECORD_STOP, network->looked, NULL);
	network->finished = true;
}

void network_close(struct network *network)
{
	if (!network)
		return;
	if (network->net)
		network->net->kind->close(network->net);
	event_drop(network->host.events, &network->look);
	clear_frames(&network->came);
	clear_frames(&network->waiting);
	free(network);
}

uint64_t network_unasked(const struct network *network)
{
	const struct recorded_stream *stream = recorded_frames(network);
	uint64_t left = 0;
	for (size_t i = network->taken; !network->net && i < stream->count; i++)
		left += stream->records[i].kind != RECORD_STOP;
	return left;
}

/* ---- state ---- */

void network_forget_future(struct network *network)
{
	frontier_forget(&network->looks);
	frontier_forget(&network->sends);
	input_log_forget(network->host.log, network->stream, network->taken);
}

void network_save(const struct network *network, struct state_writer *writer)
{
	event_save(&network->look, writer);
	state_write_u64(writer, network->looked);
	state_write_u64(writer, network->interval);
	state_write_u64(writer, network->sent);
	state_write_u64(writer, network->taken);
	state_write_u64(writer, network->looks.at);
	state_write_u64(writer, network->sends.at);
	state_write_u64(writer, network->failed);
	state_write_u64(writer, network->waiting.count);
	for (const struct frame *frame = network->waiting.first; frame; frame = frame->next) {
		state_write_u64(writer, frame->size);
		state_write(writer, frame->bytes, frame->size);
	}
}

static bool restore_frame(struct network *network, struct state_reader *reader)
{
	uint8_t bytes[FRAME_MAX];
	uint64_t size = state_read_limited(reader, FRAME_MAX);
	if (!state_read(reader, bytes, size))
		return false;
	return push_frame(&network->waiting, bytes, size) ||
	       state_refuse(reader, "a network: no frame, or no memory for it");
}

bool network_restore(struct network *network, struct state_reader *reader)
{
	clear_frames(&network->waiting);
	event_restore(network->host.events, &network->look, reader);
	network->looked = state_read_u64(reader);
	network->interval = state_read_limited(reader, SLOWEST * shortest_interval(network));
	network->sent = state_read_u64(reader);
	network->taken = state_read_u64(reader);
	network->looks.at = state_read_u64(reader);
	network->sends.at = state_read_u64(reader);
	network->failed = state_read_limited(reader, 1);
	network->pace.valid = false; /* it was of another time */
	uint64_t count = state_read_limited(reader, FRAMES_MAX);
	for (uint64_t i = 0; i < count; i++)
		if (!restore_frame(network, reader))
			return false;
	if (!network->net && !reader->failed && network->taken > recorded_frames(network)->count)
		return state_refuse(reader, "a network: the recording to replay is shorter");
	return !reader->failed;
}
