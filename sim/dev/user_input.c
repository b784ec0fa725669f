#include "dev/user_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"
#include "base/state.h"
#include "dev/frontier.h"
#include "dev/pace.h"

enum {
	LOOK_TICKS = 20000, /* between two looks: 2 ms */
	DEVICES = 8,
	WAITING_MAX = 4096, /* events that are still with the host; a script's `sendkey` are many */
	AT_ONCE = 64,       /* that a look takes, most */
	USER_INPUT_VERSION = 1,
};

struct waiting {
	struct user_event event;
	uint64_t hold; /* ticks */
};

struct user_input {
	struct user_host host;
	struct user_device *devices[DEVICES];
	unsigned device_count;
	bool live, failed, finished;
	struct waiting *waiting; /* with the host: nothing of it is simulated yet */
	size_t waiting_count;
	uint32_t buttons; /* that are down, of those that were told */
	uint64_t began; /* of the host's side: the cycle from which the first one's hold counts */
	struct event look;
	uint64_t looked;        /* cycle */
	uint64_t taken;         /* records that came */
	struct frontier looks;
	struct pace pace;
};

static const struct recorded_stream *recorded_events(const struct user_input *input)
{
	return &input->host.log->recording.streams[INPUT_USER];
}

/* ---- delivery ---- */

static struct user_device *user_device_for(const struct user_input *input, unsigned sort)
{
	struct user_device *best = NULL;
	for (unsigned i = 0; i < input->device_count; i++) {
		struct user_device *device = input->devices[i];
		if (device->listens && device->sorts >> sort & 1 && (!best || device->since > best->since))
			best = device;
	}
	return best;
}

static void deliver_event(struct user_input *input, const struct user_event *event, uint64_t now)
{
	if (event->sort != USER_REPORT) {
		struct user_device *device = user_device_for(input, event->sort);
		if (device) {
			device->told = true;
			device->take(device->context, event, now);
		}
		return;
	}
	for (unsigned i = 0; i < input->device_count; i++) {
		struct user_device *device = input->devices[i];
		if (device->told)
			device->take(device->context, event, now);
		device->told = false;
	}
}

/* ---- recording ---- */

static void user_input_failed(struct user_input *input, enum input_trouble trouble, const char *what, uint64_t cycle)
{
	char message[320];
	const char *path = input->host.log->recording.path;
	snprintf(message, sizeof(message), "%s: %s %" PRIu64, path ? path : "user input", what, cycle);
	input->failed = true;
	input->host.trouble(input->host.context, trouble, message);
}

static void record_events(struct user_input *input, enum recording_kind kind, uint64_t now,
                          const struct user_event *events, unsigned count)
{
	const struct record record = {
	    .cycle = now,
	    .polls = input->looks.at,
	    .kind = kind,
	    .stream = INPUT_USER,
	    .bytes = (const uint8_t *)events,
	    .size = (uint32_t)(count * sizeof(*events)),
	};
	if (!input_log_add(input->host.log, &record))
		user_input_failed(input, INPUT_NO_MEMORY, "no memory to keep what came at cycle", now);
}

static bool deliver_record(struct user_input *input, const struct record *record, uint64_t now)
{
	struct user_event event;
	if (record->cycle != now || record->polls != input->looks.at || record->size % sizeof(event) != 0)
		return false;
	for (uint32_t at = 0; at < record->size; at += sizeof(event)) {
		memcpy(&event, record->bytes + at, sizeof(event));
		if (event.sort >= USER_SORTS)
			return false;
		deliver_event(input, &event, now);
	}
	return true;
}

/* What came at this look comes again. */
static void replay_events(struct user_input *input, uint64_t now)
{
	const struct recorded_stream *stream = recorded_events(input);
	for (; input->taken < stream->count; input->taken++) {
		const struct record *record = &stream->records[input->taken];
		if (record->cycle > now || (record->cycle == now && record->kind == RECORD_STOP))
			return;
		if (record->kind == RECORD_STOP) {
			user_input_failed(input, INPUT_RUN_OUT, "the recorded run ended before cycle", now);
			return;
		}
		if (!deliver_record(input, record, now)) {
			user_input_failed(
			    input, INPUT_OTHER_RUN,
			    "the recording is of another run (program, options or version): user input came at cycle",
			    record->cycle);
			return;
		}
	}
}

/* ---- looks ---- */

/* What is due of what waits, up to where something is to be held. */
static unsigned take_due(struct user_input *input, struct user_event events[AT_ONCE], uint64_t now)
{
	unsigned count = 0;
	while (count < AT_ONCE && count < input->waiting_count) {
		const struct waiting *next = &input->waiting[count];
		uint64_t hold = next->hold * input->host.cycles_per_tick;
		if (hold != 0 && (count != 0 || now < input->began + hold))
			break;
		events[count++] = next->event;
	}
	if (count == 0)
		return 0;
	input->began = now;
	input->waiting_count -= count;
	memmove(input->waiting, input->waiting + count, input->waiting_count * sizeof(*input->waiting));
	return count;
}

static void take_events(struct user_input *input, uint64_t now)
{
	struct user_event events[AT_ONCE];
	if (input->live) {
		uint64_t per_tick = input->host.cycles_per_tick;
		bool waiting = input->host.idle(input->host.context) != CONSOLE_BUSY;
		double limit = pace_seconds(LOOK_TICKS * per_tick, per_tick);
		double wait = pace_ahead(&input->pace, waiting, now, now - input->looked, per_tick, limit);
		if (wait > 0)
			input->host.wait(input->host.context, wait);
	}
	unsigned count = take_due(input, events, now);
	if (count == 0)
		return;
	record_events(input, RECORD_BYTES, now, events, count);
	input->taken++;
	for (unsigned i = 0; i < count; i++)
		deliver_event(input, &events[i], now);
}

static void user_look_due(void *context, uint64_t now)
{
	struct user_input *input = context;
	if (frontier_pass(&input->looks) || input->host.log->replaying)
		replay_events(input, now);
	else
		take_events(input, now);
	input->looked = now;
	if (!input->failed)
		event_schedule(input->host.events, &input->look, now + LOOK_TICKS * input->host.cycles_per_tick);
}

/* ---- for devices ---- */

bool user_input_attach(struct user_input *input, struct user_device *device)
{
	if (input->device_count == DEVICES)
		return false;
	input->devices[input->device_count++] = device;
	return true;
}

void user_input_listen(struct user_input *input, struct user_device *device, uint64_t now)
{
	if (device->listens)
		return;
	device->listens = true;
	device->since = now;
	if (input->look.heap_index != SIZE_MAX || input->failed)
		return;
	input->looked = now;
	event_schedule(input->host.events, &input->look, now + LOOK_TICKS * input->host.cycles_per_tick);
}

void user_input_leave(struct user_input *input, struct user_device *device)
{
	bool any = false;
	device->listens = device->told = false;
	for (unsigned i = 0; i < input->device_count; i++)
		any |= input->devices[i]->listens;
	if (!any)
		event_cancel(input->host.events, &input->look);
}

/* ---- the host's side ---- */

void user_input_live(struct user_input *input)
{
	if (input)
		input->live = !input->host.log->replaying;
}

bool user_input_push(struct user_input *input, const struct user_event *event, uint64_t hold)
{
	if (!input || input->host.log->replaying || input->waiting_count == WAITING_MAX)
		return false;
	if (!input->waiting)
		input->waiting = malloc(WAITING_MAX * sizeof(*input->waiting));
	if (!input->waiting)
		return false;
	input->waiting[input->waiting_count++] = (struct waiting){*event, hold};
	uint32_t bit = event->sort == USER_BUTTON ? 1u << (event->code - (unsigned)BTN_LEFT) % 32 : 0;
	input->buttons = event->value ? input->buttons | bit : input->buttons & ~bit;
	return true;
}

uint32_t user_input_buttons(const struct user_input *input) { return input->buttons; }

const struct user_device *user_input_device(const struct user_input *input, enum user_sort sort)
{
	return input ? user_device_for(input, sort) : NULL;
}

bool user_input_wanted(const struct user_input *input, enum user_sort sort)
{
	return user_input_device(input, sort) != NULL;
}

const struct user_device *user_input_at(const struct user_input *input, unsigned n)
{
	return input && n < input->device_count ? input->devices[n] : NULL;
}

bool user_input_replays(const struct user_input *input) { return input && input->host.log->replaying; }

uint64_t user_input_unasked(const struct user_input *input)
{
	uint64_t left = 0;
	if (!input || !input->host.log->replaying)
		return 0;
	const struct recorded_stream *stream = recorded_events(input);
	for (size_t i = input->taken; i < stream->count; i++)
		left += stream->records[i].kind != RECORD_STOP;
	return left;
}

void user_input_forget(struct user_input *input)
{
	if (!input)
		return;
	frontier_forget(&input->looks);
	input_log_forget(input->host.log, INPUT_USER, input->taken);
}

/* ---- beginning and end ---- */

struct user_input *user_input_open(const struct user_host *host)
{
	struct user_input *input = calloc(1, sizeof(*input));
	if (input)
		input->host = *host;
	if (input && event_init(&input->look, host->events, user_look_due, input) == 0)
		return input;
	free(input);
	say("out of memory for user input");
	return NULL;
}

void user_input_finish(struct user_input *input)
{
	if (input && !input->finished)
		record_events(input, RECORD_STOP, input->looked, NULL, 0);
	if (input)
		input->finished = true;
}

void user_input_close(struct user_input *input)
{
	if (!input)
		return;
	event_drop(input->host.events, &input->look);
	free(input->waiting);
	free(input);
}

/* ---- state ---- */

void user_input_save(const struct user_input *input, struct state_writer *writer)
{
	state_write_begin(writer, "user input", USER_INPUT_VERSION);
	event_save(&input->look, writer);
	state_write_u64(writer, input->looked);
	state_write_u64(writer, input->taken);
	state_write_u64(writer, input->looks.at);
	state_write_u64(writer, input->failed);
	for (unsigned i = 0; i < input->device_count; i++)
		state_write_u64(writer, input->devices[i]->told);
	state_write_end(writer);
}

bool user_input_restore(struct user_input *input, struct state_reader *reader)
{
	state_read_begin(reader, "user input", USER_INPUT_VERSION);
	event_restore(input->host.events, &input->look, reader);
	input->looked = state_read_u64(reader);
	input->taken = state_read_u64(reader);
	input->looks.at = state_read_u64(reader);
	input->failed = state_read_limited(reader, 1);
	for (unsigned i = 0; i < input->device_count; i++)
		input->devices[i]->told = state_read_limited(reader, 1);
	input->pace.valid = false; /* it was of another time */
	input->began = input->looked;
	if (!reader->failed && input->host.log->replaying && input->taken > recorded_events(input)->count)
		return state_refuse(reader, "user input: the recording to replay is shorter");
	return state_read_end(reader);
}
