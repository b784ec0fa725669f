#include "dev/host_input.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "base/say.h"
#include "base/state.h"
#include "dev/recording.h"

enum {
	WAITING_MS = 1,
	STUCK_MS = 20,
	LOOK_MS = 100,
	PATIENT_LOOKS = 20, /* waiting for the end of a pipe: how often to look, and when to say so */
	CHUNK = 256,         /* bytes taken from a terminal at once */
	GROWTH = 65536,
	LIMIT = 1 << 30,
};

struct host_input {
	struct host_input_config config;
	uint8_t *bytes; /* got from the host: [at, count) are still to be asked for */
	size_t at, count, capacity;
	bool ended;     /* nothing will follow them */
	bool failed;    /* trouble has been told */
	uint64_t polls; /* how often the guest asked in vain since something came */
	uint64_t taken; /* how often something came */
	uint64_t asked; /* cycle at which the guest asked last */
	bool terminal, raw;
	struct termios saved;
	bool replaying;
	struct recording recording;
	struct recorder *recorder;
};

struct host_input *host_input_open(const struct host_input_config *config)
{
	struct host_input *input = calloc(1, sizeof(*input));
	if (!input) {
		say("out of memory for input");
		return NULL;
	}
	input->config = *config;
	input->replaying = config->replay != NULL;
	input->terminal = !config->none && !input->replaying && isatty(STDIN_FILENO) == 1;
	/* read first: one file may be both */
	if (input->replaying && recording_read(&input->recording, config->replay) != 0) {
		host_input_close(input);
		return NULL;
	}
	if (config->record) {
		input->recorder = recorder_open(config->record);
		if (!input->recorder) {
			host_input_close(input);
			return NULL;
		}
	}
	return input;
}

int host_input_finish(struct host_input *input)
{
	if (!input->recorder)
		return 0;
	recorder_add(input->recorder,
	             &(struct record){.cycle = input->asked, .polls = input->polls, .kind = RECORD_STOP});
	int result = recorder_close(input->recorder);
	input->recorder = NULL;
	return result;
}

void host_input_close(struct host_input *input)
{
	if (!input)
		return;
	host_input_raw(input, false);
	host_input_finish(input);
	recording_free(&input->recording);
	free(input->bytes);
	free(input);
}

static void trouble(struct host_input *input, enum input_trouble what, const char *message)
{
	input->ended = input->failed = true;
	if (input->config.trouble)
		input->config.trouble(input->config.context, what, message);
}

/* Room for `size` more bytes. */
static bool input_room(struct host_input *input, size_t size)
{
	if (input->at == input->count)
		input->at = input->count = 0;
	if (size > LIMIT - input->count) {
		trouble(input, INPUT_TOO_LONG, "standard input: more than 1 GiB cannot be kept");
		return false;
	}
	if (size <= input->capacity - input->count)
		return true;
	size_t capacity = 2 * input->capacity + size;
	uint8_t *bytes = realloc(input->bytes, capacity);
	if (!bytes) {
		trouble(input, INPUT_NO_MEMORY, "out of memory for input");
		return false;
	}
	input->bytes = bytes;
	input->capacity = capacity;
	return true;
}

/* Take up to `size` bytes that standard input has. */
static void take_input(struct host_input *input, size_t size)
{
	if (!input_room(input, size))
		return;
	ssize_t got = read(STDIN_FILENO, input->bytes + input->count, size);
	if (got > 0)
		input->count += (size_t)got;
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		input->ended = true;
}

/* How long the host may sleep for a key, in milliseconds. */
static int patience(const struct host_input *input)
{
	switch (input->config.idle ? input->config.idle(input->config.context) : CONSOLE_BUSY) {
	case CONSOLE_STUCK: return STUCK_MS;
	case CONSOLE_WAITING: return WAITING_MS;
	default: return 0;
	}
}

static void ask_terminal(struct host_input *input)
{
	host_input_raw(input, true);
	struct pollfd look = {.fd = STDIN_FILENO, .events = POLLIN};
	if (poll(&look, 1, patience(input)) > 0)
		take_input(input, CHUNK);
}

static void read_to_the_end(struct host_input *input)
{
	for (unsigned looks = 0; !input->ended;) {
		struct pollfd look = {.fd = STDIN_FILENO, .events = POLLIN};
		if (poll(&look, 1, LOOK_MS) > 0) {
			take_input(input, GROWTH);
			continue;
		}
		if (input->config.give_up && input->config.give_up(input->config.context))
			return;
		if (++looks == PATIENT_LOOKS)
			say("waiting for the end of standard input, which is read as a whole unless it is a terminal (< /dev/null: none)");
	}
}

static void tell_difference(struct host_input *input, uint64_t now, uint64_t recorded)
{
	char message[320];
	snprintf(message, sizeof(message),
	         "%s: the guest asks for input at cycle %" PRIu64 " where it did so at cycle %" PRIu64
	         ": the recording is of another run (program, options or version)",
	         input->recording.path, now, recorded);
	trouble(input, INPUT_OTHER_RUN, message);
}

static void replay_record(struct host_input *input, const struct record *record)
{
	if (record->size != 0) {
		if (!input_room(input, record->size))
			return;
		memcpy(input->bytes + input->count, record->bytes, record->size);
		input->count += record->size;
	}
	input->ended = record->kind == RECORD_LAST;
}

/* The guest asks as often, and at the same cycles, as in the recorded run: or it is another one. */
static void ask_recording(struct host_input *input, uint64_t now)
{
	if (input->taken == input->recording.count)
		return; /* the recorded run was killed: nothing is known of what came later */
	const struct record *record = &input->recording.records[input->taken];
	if (record->polls > input->polls)
		return;
	if (record->kind == RECORD_STOP) {
		char message[320];
		snprintf(message, sizeof(message), "%s: the recorded run ended before cycle %" PRIu64,
		         input->recording.path, now);
		trouble(input, INPUT_RUN_OUT, message);
	} else if (record->cycle != now) {
		tell_difference(input, now, record->cycle);
	} else {
		replay_record(input, record);
	}
}

static const uint8_t *unread(const struct host_input *input) { return input->bytes ? input->bytes + input->at : NULL; }

/* Get what there is now; a recorder hears of it. */
static void ask(struct host_input *input, uint64_t now)
{
	input->asked = now;
	if (input->replaying)
		ask_recording(input, now);
	else if (input->config.none)
		input->ended = true;
	else if (input->terminal)
		ask_terminal(input);
	else
		read_to_the_end(input);
	if (input->failed)
		return;
	if (input->at == input->count && !input->ended) {
		input->polls++;
		return;
	}
	if (input->recorder)
		recorder_add(input->recorder, &(struct record){
						  .cycle = now,
						  .polls = input->polls,
						  .kind = input->ended ? RECORD_LAST : RECORD_BYTES,
						  .bytes = unread(input),
						  .size = (uint32_t)(input->count - input->at),
					      });
	input->polls = 0;
	input->taken++;
}

bool host_input_empty(const struct host_input *input) { return input->at == input->count && !input->ended; }

bool host_input_ended(struct host_input *input, uint64_t now)
{
	if (host_input_empty(input))
		ask(input, now);
	return input->ended && input->at == input->count;
}

int host_input_read(struct host_input *input, uint64_t now)
{
	if (host_input_empty(input))
		ask(input, now);
	if (input->at < input->count)
		return input->bytes[input->at++];
	return input->ended ? CONSOLE_END : CONSOLE_NOTHING;
}

void host_input_raw(struct host_input *input, bool raw)
{
	if (!input->terminal || input->raw == raw)
		return;
	if (!raw) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &input->saved);
		input->raw = false;
		return;
	}
	if (tcgetattr(STDIN_FILENO, &input->saved) != 0)
		return;
	/* no echo, no line editing; ISIG stays, so that ^C still ends rvsim */
	struct termios settings = input->saved;
	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	settings.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	input->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0;
}

uint64_t host_input_unasked(const struct host_input *input)
{
	uint64_t left = 0;
	for (size_t i = input->taken; input->replaying && i < input->recording.count; i++)
		left += input->recording.records[i].kind != RECORD_STOP;
	return left;
}

void host_input_save(const struct host_input *input, struct state_writer *writer)
{
	state_write_u64(writer, input->ended);
	state_write_u64(writer, input->polls);
	state_write_u64(writer, input->taken);
	state_write_u64(writer, input->asked);
	state_write_u64(writer, input->count - input->at);
	state_write(writer, unread(input), input->count - input->at);
}

bool host_input_restore(struct host_input *input, struct state_reader *reader)
{
	input->ended = state_read_limited(reader, 1);
	input->polls = state_read_u64(reader);
	input->taken = state_read_u64(reader);
	input->asked = state_read_u64(reader);
	uint64_t size = state_read_limited(reader, LIMIT);
	input->at = input->count = 0;
	if (reader->failed)
		return false;
	if (size > reader->section_end - reader->at)
		return state_refuse(reader, "console: cut short");
	if (input->replaying && input->taken > input->recording.count)
		return state_refuse(reader, "console: the recording to replay is shorter");
	if (size == 0)
		return true;
	if (!input_room(input, size))
		return state_refuse(reader, "console: no memory");
	state_read(reader, input->bytes, size);
	input->count = size;
	return !reader->failed;
}
