#include "dev/host_input.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/say.h"
#include "base/state.h"
#include "dev/frontier.h"

enum {
	WAITING_MS = 1,
	STUCK_MS = 20,
	LOOK_MS = 100,
	PATIENT_LOOKS = 20, /* waiting for the end of a pipe: how often to look, and when to say so */
	GROWTH = 65536,
	LIMIT = 1 << 30,
	TYPED_LIMIT = 1 << 20, /* keys that the guest does not ask for; what is typed then is lost */
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
	struct frontier asks;
	uint64_t given, given_hash; /* host_input_given */
	bool pause; /* a break follows the bytes */
	struct host_terminal terminal;
	struct {
		uint16_t *keys; /* typed, and not asked for yet: as struct host_terminal has them */
		size_t count, capacity;
	} typed;
	bool replaying;
	bool finished; /* RECORD_STOP is written */
};

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* Of a key: it was typed at the terminal, not by a script. */
enum { KEY_FROM_TERMINAL = 0x200 };

static void add_key(struct host_input *input, uint16_t key)
{
	size_t capacity = input->typed.capacity;
	if (input->replaying || input->typed.count == TYPED_LIMIT)
		return;
	if (input->typed.count == capacity) {
		capacity = capacity ? 2 * capacity : 64;
		uint16_t *keys = realloc(input->typed.keys, capacity * sizeof(*keys));
		if (!keys)
			return;
		input->typed.keys = keys;
		input->typed.capacity = capacity;
	}
	input->typed.keys[input->typed.count++] = key;
}

static void key_typed(void *context, uint16_t key) { add_key(context, key | KEY_FROM_TERMINAL); }

static void drop_keys(struct host_input *input, size_t from, size_t count)
{
	size_t left = input->typed.count - from - count;
	if (left != 0)
		memmove(input->typed.keys + from, input->typed.keys + from + count, left * sizeof(*input->typed.keys));
	input->typed.count -= count;
}

static void open_terminal(struct host_input *input)
{
	const struct host_input_config *config = &input->config;
	if (config->none || (input->replaying && !config->keys))
		return;
	struct host_terminal_config terminal = {
	    .keys = config->keys,
	    .whole = config->whole,
	    .pty = config->pty,
	    .pty_fd = config->pty_fd,
	    .typed = key_typed,
	    .command = config->command,
	    .context = input,
	    .command_context = config->context,
	};
	host_terminal_open(&input->terminal, &terminal);
}

struct host_input *host_input_open(const struct host_input_config *config)
{
	struct host_input *input = calloc(1, sizeof(*input));
	if (!input) {
		say("out of memory for input");
		return NULL;
	}
	input->config = *config;
	input->given_hash = FNV_BASIS;
	input->replaying = config->log && config->log->replaying;
	open_terminal(input);
	return input;
}

static struct recorded_stream *recorded(const struct host_input *input)
{
	return &input->config.log->recording.streams[INPUT_CONSOLE];
}

void host_input_finish(struct host_input *input)
{
	const struct record stop = {.cycle = input->asked, .polls = input->polls, .kind = RECORD_STOP};
	if (input->config.log && !input->finished)
		input_log_add(input->config.log, &stop);
	input->finished = true;
}

void host_input_close(struct host_input *input)
{
	if (!input)
		return;
	host_input_raw(input, false);
	host_input_finish(input);
	free(input->typed.keys);
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

/* Take up to `size` bytes that standard input, no terminal, has. */
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

/* What has been typed is there for the guest now: bytes up to a break, or the break. */
static void take_typed(struct host_input *input)
{
	size_t count = 0, total = input->typed.count;
	while (count < total && !(input->typed.keys[count] & KEY_BREAK))
		count++;
	if (count != 0 && !input_room(input, count))
		return;
	for (size_t i = 0; i < count; i++)
		input->bytes[input->count++] = (uint8_t)input->typed.keys[i];
	if (count == 0 && total != 0) {
		input->pause = true;
		count = 1;
	}
	drop_keys(input, 0, count);
}

static void ask_terminal(struct host_input *input)
{
	int wait = input->typed.count == 0 ? patience(input) : 0;
	host_input_raw(input, true);
	host_terminal_look(&input->terminal, wait);
	if (wait != 0 && input->config.give_up) /* many of these may come without a hart that runs */
		input->config.give_up(input->config.context);
	take_typed(input);
	input->ended = input->terminal.ended && host_input_empty(input);
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
	         input->config.log->recording.path, now, recorded);
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
	input->pause = record->kind == RECORD_BREAK;
}

/* The guest asks as often, and at the same cycles, as in the recorded run: or it is another one. */
static void ask_recording(struct host_input *input, uint64_t now)
{
	if (input->taken == recorded(input)->count)
		return; /* the recorded run was killed: nothing is known of what came later */
	struct record *record = &recorded(input)->records[input->taken];
	if (record->anytime) {
		record->cycle = now;
		record->polls = input->polls;
		record->anytime = false;
	}
	if (record->polls > input->polls)
		return;
	if (record->kind == RECORD_STOP) {
		char message[320];
		snprintf(message, sizeof(message), "%s: the recorded run ended before cycle %" PRIu64,
		         input->config.log->recording.path, now);
		trouble(input, INPUT_RUN_OUT, message);
	} else if (record->cycle != now) {
		tell_difference(input, now, record->cycle);
	} else {
		replay_record(input, record);
	}
}

static const uint8_t *unread(const struct host_input *input) { return input->bytes ? input->bytes + input->at : NULL; }

static void ask_host(struct host_input *input)
{
	if (input->terminal.present) {
		ask_terminal(input);
		return;
	}
	take_typed(input);
	if (!host_input_empty(input))
		return;
	if (input->config.none)
		input->ended = true;
	else
		read_to_the_end(input);
}

/* The log hears of what the guest gets. */
static void log_input(struct host_input *input, uint64_t now)
{
	struct record record = {
	    .cycle = now,
	    .polls = input->polls,
	    .kind = input->pause   ? RECORD_BREAK
	            : input->ended ? RECORD_LAST
	                           : RECORD_BYTES,
	    .bytes = unread(input),
	    .size = (uint32_t)(input->count - input->at),
	};
	if (input->config.log && !input_log_add(input->config.log, &record))
		trouble(input, INPUT_NO_MEMORY, "out of memory for input");
}

/* Something that was got from the host for a future that will not be. */
static bool left_over(const struct host_input *input)
{
	return input->config.log && input->taken < recorded(input)->count &&
	       recorded(input)->records[input->taken].anytime;
}

/* Get what there is now. */
static void ask(struct host_input *input, uint64_t now)
{
	bool again = frontier_pass(&input->asks) || left_over(input);
	input->asked = now;
	if (!again && !input->replaying)
		ask_host(input);
	else if (input->config.log)
		ask_recording(input, now);
	if (input->failed)
		return;
	if (host_input_empty(input)) {
		input->polls++;
		return;
	}
	if (!again)
		log_input(input, now);
	input->polls = 0;
	input->taken++;
}

bool host_input_empty(const struct host_input *input)
{
	return input->at == input->count && !input->pause && !input->ended;
}

bool host_input_ended(struct host_input *input, uint64_t now)
{
	if (host_input_empty(input))
		ask(input, now);
	return input->ended && input->at == input->count;
}

static int give_byte(struct host_input *input)
{
	uint8_t byte = input->bytes[input->at++];
	input->given++;
	input->given_hash = (input->given_hash ^ byte) * FNV_PRIME;
	return byte;
}

uint64_t host_input_given(const struct host_input *input, uint64_t *hash)
{
	*hash = input->given_hash;
	return input->given;
}

int host_input_read(struct host_input *input, uint64_t now)
{
	if (host_input_empty(input))
		ask(input, now);
	if (input->at < input->count)
		return give_byte(input);
	if (input->pause) {
		input->pause = false;
		return CONSOLE_BREAK;
	}
	return input->ended ? CONSOLE_END : CONSOLE_NOTHING;
}

bool host_input_type(struct host_input *input, const uint8_t *bytes, size_t size)
{
	if (input->ended || input->replaying || size > TYPED_LIMIT - input->typed.count)
		return false;
	for (size_t i = 0; i < size; i++)
		add_key(input, bytes[i]);
	return true;
}

int host_input_take_back(struct host_input *input)
{
	for (size_t i = 0; i < input->typed.count; i++) {
		uint16_t key = input->typed.keys[i];
		if (!(key & KEY_FROM_TERMINAL) || key & KEY_BREAK)
			continue;
		drop_keys(input, i, 1);
		return key & KEY_BYTE;
	}
	return -1;
}

void host_input_raw(struct host_input *input, bool raw)
{
	if (input->terminal.present)
		host_terminal_raw(&input->terminal, raw);
}

bool host_input_at_terminal(const struct host_input *input) { return input->terminal.present; }

void host_input_attend(struct host_input *input) { host_terminal_attend(&input->terminal); }

uint64_t host_input_unasked(const struct host_input *input)
{
	uint64_t left = 0;
	for (size_t i = input->taken; input->replaying && i < recorded(input)->count; i++)
		left += recorded(input)->records[i].kind != RECORD_STOP;
	return left;
}

void host_input_forget(struct host_input *input)
{
	frontier_forget(&input->asks);
	if (input->config.log)
		input_log_forget(input->config.log, INPUT_CONSOLE, input->taken);
}

void host_input_save(const struct host_input *input, struct state_writer *writer)
{
	state_write_u64(writer, input->ended);
	state_write_u64(writer, input->pause);
	state_write_u64(writer, input->polls);
	state_write_u64(writer, input->taken);
	state_write_u64(writer, input->asked);
	state_write_u64(writer, input->asks.at);
	state_write_u64(writer, input->given);
	state_write_u64(writer, input->given_hash);
	state_write_u64(writer, input->count - input->at);
	state_write(writer, unread(input), input->count - input->at);
}

bool host_input_restore(struct host_input *input, struct state_reader *reader)
{
	input->ended = state_read_limited(reader, 1);
	input->pause = state_read_limited(reader, 1);
	input->polls = state_read_u64(reader);
	input->taken = state_read_u64(reader);
	input->asked = state_read_u64(reader);
	input->asks.at = state_read_u64(reader);
	input->given = state_read_u64(reader);
	input->given_hash = state_read_u64(reader);
	uint64_t size = state_read_limited(reader, LIMIT);
	input->at = input->count = 0;
	input->failed = false; /* what troubled a later time has not happened */
	if (!state_read_possible(reader, size))
		return false;
	if (input->replaying && input->taken > recorded(input)->count)
		return state_refuse(reader, "console: the recording to replay is shorter");
	if (size == 0)
		return true;
	if (!input_room(input, size))
		return state_refuse(reader, "console: no memory");
	state_read(reader, input->bytes, size);
	input->count = size;
	return !reader->failed;
}
