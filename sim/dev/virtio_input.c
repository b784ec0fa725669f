/* Virtio's input devices (Virtio 1.2, 5.8): events in one queue, lights of a keyboard in the other. */
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/user_input.h"
#include "dev/virtio.h"
#include "dev/virtio_input_kinds.h"

enum {
	EVENTS = 0, /* queues */
	STATUS_EVENTS = 1,

	SELECT_AT = 0, /* offsets in the configuration */
	SUBSEL_AT = 1,
	SIZE_AT = 2,
	ANSWER_AT = 8,

	EVENT_BYTES = 8,
	PENDING_MAX = 256, /* events for a driver that gives no buffers; reports that do not fit are lost */
	CYCLES_A_REQUEST = 100,
};

struct input {
	struct virtio virtio;
	enum input_device device;
	const char *serial;
	struct user_input *user;
	struct user_device taker;
	uint8_t select, subsel;
	struct linux_event pending[PENDING_MAX];
	unsigned count, whole; /* in it; of those the ones whose report is there too */
	bool spoiled; /* the report that is coming does not fit */
	uint32_t lights;
};

static uint64_t input_features(const struct virtio *virtio)
{
	(void)virtio;
	return 0;
}

/* ---- what it says of itself ---- */

static void input_config_read(const struct virtio *virtio, uint8_t *bytes)
{
	const struct input *input = (const struct input *)virtio;
	uint8_t answer[INPUT_ANSWER];
	unsigned size = input_answer(input->device, input->serial, input->select, input->subsel, answer);
	if (size == 0)
		return;
	bytes[SELECT_AT] = input->select;
	bytes[SUBSEL_AT] = input->subsel;
	bytes[SIZE_AT] = (uint8_t)size;
	memcpy(bytes + ANSWER_AT, answer, size);
}

/* What changes is the answer: QEMU interrupts a driver that runs. */
static void input_config_write(struct virtio *virtio, uint32_t offset, uint32_t value, unsigned size, uint64_t now)
{
	struct input *input = (struct input *)virtio;
	for (unsigned i = 0; i < size; i++) {
		if (offset + i == SELECT_AT)
			input->select = (uint8_t)(value >> 8 * i);
		if (offset + i == SUBSEL_AT)
			input->subsel = (uint8_t)(value >> 8 * i);
	}
	virtio_config_changed(virtio, now);
}

/* ---- events ---- */

static void take_user_event(void *context, const struct user_event *event, uint64_t now)
{
	struct input *input = context;
	struct linux_event linux_event;
	if (!input_event_of(event, &linux_event))
		return;
	if (input->count == PENDING_MAX)
		input->spoiled = true;
	else
		input->pending[input->count++] = linux_event;
	if (event->sort != USER_REPORT)
		return;
	if (input->spoiled)
		input->count = input->whole;
	input->spoiled = false;
	input->whole = input->count;
	virtio_notify(&input->virtio, EVENTS, now);
}

static uint64_t give_input_event(struct input *input, uint64_t now)
{
	struct virtio_chain chain;
	user_input_listen(input->user, &input->taker, now);
	if (input->whole == 0 || !virtio_take(&input->virtio, EVENTS, &chain, now))
		return 0;
	uint32_t size = chain.write_size < EVENT_BYTES ? (uint32_t)chain.write_size : EVENT_BYTES;
	virtio_write(&input->virtio, &chain, 0, &input->pending[0], size);
	virtio_give(&input->virtio, EVENTS, &chain, size, now);
	input->whole--;
	input->count--;
	memmove(input->pending, input->pending + 1, input->count * sizeof(input->pending[0]));
	return CYCLES_A_REQUEST;
}

static uint64_t take_input_status(struct input *input, uint64_t now)
{
	struct virtio_chain chain;
	struct linux_event event;
	if (!virtio_take(&input->virtio, STATUS_EVENTS, &chain, now))
		return 0;
	if (chain.read_size >= EVENT_BYTES) {
		virtio_read(&input->virtio, &chain, 0, &event, EVENT_BYTES);
		if (event.type == EV_LED && event.code < 32)
			input->lights = (input->lights & ~(1u << event.code)) | (event.value ? 1u : 0) << event.code;
	}
	virtio_give(&input->virtio, STATUS_EVENTS, &chain, 0, now);
	return CYCLES_A_REQUEST;
}

static uint64_t input_serve(struct virtio *virtio, unsigned queue, uint64_t now)
{
	struct input *input = (struct input *)virtio;
	return queue == EVENTS ? give_input_event(input, now) : take_input_status(input, now);
}

/* ---- the device ---- */

static void input_reset(struct virtio *virtio)
{
	struct input *input = (struct input *)virtio;
	user_input_leave(input->user, &input->taker);
	input->count = input->whole = 0;
	input->spoiled = false;
	input->lights = 0;
}

static void input_power_on(struct virtio *virtio)
{
	struct input *input = (struct input *)virtio;
	input->select = input->subsel = 0;
}

static void input_save(const struct virtio *virtio, struct state_writer *writer)
{
	const struct input *input = (const struct input *)virtio;
	state_write_u64(writer, input->select);
	state_write_u64(writer, input->subsel);
	state_write_u64(writer, input->count);
	state_write_u64(writer, input->whole);
	state_write(writer, input->pending, input->count * sizeof(input->pending[0]));
	state_write_u64(writer, input->spoiled);
	state_write_u64(writer, input->lights);
	state_write_u64(writer, input->taker.listens);
	state_write_u64(writer, input->taker.since);
}

static bool input_restore(struct virtio *virtio, struct state_reader *reader)
{
	struct input *input = (struct input *)virtio;
	input->select = (uint8_t)state_read_limited(reader, UINT8_MAX);
	input->subsel = (uint8_t)state_read_limited(reader, UINT8_MAX);
	input->count = (unsigned)state_read_limited(reader, PENDING_MAX);
	input->whole = (unsigned)state_read_limited(reader, input->count);
	state_read(reader, input->pending, input->count * sizeof(input->pending[0]));
	input->spoiled = state_read_limited(reader, 1);
	input->lights = (uint32_t)state_read_limited(reader, UINT32_MAX);
	input->taker.listens = state_read_limited(reader, 1);
	input->taker.since = state_read_u64(reader);
	return !reader->failed;
}

static void input_dump(const struct virtio *virtio, FILE *out)
{
	const struct input *input = (const struct input *)virtio;
	fprintf(out, "  %s, %u events wait", input->taker.listens ? "listens" : "nobody listens", input->count);
	if (input->device == INPUT_KEYBOARD)
		fprintf(out, ", lights%s%s%s", input->lights & 1 ? " num" : "", input->lights & 2 ? " caps" : "",
		        input->lights & 4 ? " scroll" : "");
	fprintf(out, "\n");
}

static void input_destroy(struct virtio *virtio) { free(virtio); }

static struct virtio *make_input(const struct board *board, const struct virtio_config *config,
                                 enum input_device device)
{
	struct input *input = calloc(1, sizeof(*input));
	if (!input)
		return NULL;
	const struct input_about *about = input_about(device);
	input->device = device;
	input->serial = config->text;
	input->user = board->user_input;
	input->taker = (struct user_device){
	    .name = about->name, .sorts = about->sorts, .take = take_user_event, .context = input};
	input->virtio.config_size = ANSWER_AT + input_longest(device, input->serial);
	if (user_input_attach(input->user, &input->taker))
		return &input->virtio;
	free(input);
	return NULL;
}

#define INPUT_KIND(what, name_, device)                                                                                \
	static struct virtio *make_##what(const struct board *board, const struct virtio_config *config)               \
	{                                                                                                              \
		return make_input(board, config, (device));                                                            \
	}                                                                                                              \
	const struct virtio_kind virtio_##what##_kind = {                                                              \
	    .name = (name_),                                                                                           \
	    .id = 18,                                                                                                  \
	    .queues = 2,                                                                                               \
	    .config_size = ANSWER_AT + INPUT_ANSWER,                                                                   \
	    .make = make_##what,                                                                                       \
	    .features = input_features,                                                                                \
	    .config_read = input_config_read,                                                                          \
	    .config_write = input_config_write,                                                                        \
	    .serve = input_serve,                                                                                      \
	    .reset = input_reset,                                                                                      \
	    .power_on = input_power_on,                                                                                \
	    .save = input_save,                                                                                        \
	    .restore = input_restore,                                                                                  \
	    .dump = input_dump,                                                                                        \
	    .destroy = input_destroy,                                                                                  \
	}

INPUT_KIND(keyboard, "virtio-keyboard-device", INPUT_KEYBOARD);
INPUT_KIND(mouse, "virtio-mouse-device", INPUT_MOUSE);
INPUT_KIND(tablet, "virtio-tablet-device", INPUT_TABLET);
INPUT_KIND(multitouch, "virtio-multitouch-device", INPUT_MULTITOUCH);
