/* Recordings of host input: any bytes are one, or refused with a line; what was recorded comes back when it is asked for. */
#include "fuzz.h"
#include <sys/mman.h>
#include "dev/host_input.h"
#include "dev/recording.h"

enum { RECORDS_MAX = 64 };

static char path[64];
static struct input_log input_log;
static int descriptor;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	descriptor = memfd_create("recording", 0);
	REQUIRE(descriptor >= 0, "no file in memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return 0;
}

static void trouble(void *context, enum input_trouble trouble, const char *message)
{
	(void)trouble;
	REQUIRE(message[0] && !strchr(message, '\n'), "%s", message);
	++*(unsigned *)context;
}

/* NULL: refused, with a line. */
static struct host_input *open_replay(unsigned *troubles)
{
	struct capture capture;
	capture_begin(&capture, &stderr);
	struct host_input_config config = { .log = &input_log, .trouble = trouble, .context = troubles };
	struct host_input *input = input_log_replay(&input_log, path, 0, true) == 0 ? host_input_open(&config) : NULL;
	capture_end(&capture);
	require_one_line(&capture, !input);
	free(capture.text);
	return input;
}

static void close_replay(struct host_input *input)
{
	host_input_close(input);
	input_log_free(&input_log);
}

/* Any bytes, asked for at any time: an end, or trouble told once. */
static void replay_anything(const uint8_t *data, size_t size)
{
	unsigned troubles = 0;
	REQUIRE(ftruncate(descriptor, 0) == 0 && pwrite(descriptor, data, size, 0) == (ssize_t)size, "cannot write");
	struct host_input *input = open_replay(&troubles);
	for (uint64_t cycle = 0; input && cycle < 300; cycle++)
		if (host_input_read(input, cycle) == CONSOLE_END)
			break;
	REQUIRE(troubles <= 1, "%u", troubles);
	close_replay(input);
}

/* The bytes describe records: written, then asked for as they say. */
static void record_and_replay(const uint8_t *data, size_t size)
{
	struct record records[RECORDS_MAX];
	unsigned count = 0, troubles = 0;
	REQUIRE(ftruncate(descriptor, 0) == 0, "cannot write");
	struct recorder *recorder = recorder_open(path);
	bool last = false;
	for (size_t at = 0; at + 4 <= size && count < RECORDS_MAX && !last;) {
		struct record *record = &records[count++];
		size_t left = size - at - 4;
		last = data[at] & 1;
		*record = (struct record){
			.cycle = data[at + 1], .polls = data[at + 2] % 8, .kind = last ? RECORD_LAST : RECORD_BYTES,
			.bytes = data + at + 4, .size = data[at + 3] < left ? data[at + 3] : (uint32_t)left,
		};
		if (!last && record->size == 0) {
			count--;
			break;
		}
		recorder_add(recorder, record);
		at += 4 + record->size;
	}
	REQUIRE(recorder_close(recorder) == 0, "cannot write");
	struct host_input *input = open_replay(&troubles);
	REQUIRE(input, "a good recording is refused");
	for (unsigned i = 0; i < count; i++) {
		for (uint64_t poll = 0; poll < records[i].polls; poll++)
			REQUIRE(host_input_read(input, 1000 + poll) == CONSOLE_NOTHING, "too early");
		for (uint32_t byte = 0; byte < records[i].size; byte++)
			REQUIRE(host_input_read(input, records[i].cycle) == records[i].bytes[byte], "another byte");
		if (records[i].size == 0)
			REQUIRE(host_input_read(input, records[i].cycle) == CONSOLE_END, "no end");
	}
	REQUIRE(host_input_read(input, 5000) == (last ? CONSOLE_END : CONSOLE_NOTHING) && troubles == 0, "more than was recorded");
	close_replay(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size != 0 && data[0] & 1)
		record_and_replay(data + 1, size - 1);
	else
		replay_anything(data, size);
	return 0;
}
