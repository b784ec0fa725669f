#include "dev/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/output_file.h"
#include "base/say.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "recordings are little-endian, and so is the host"
#endif

enum { RECORDING_VERSION = 4 };

struct file_header {
	char magic[12];
	uint32_t version;
};

struct record_header {
	uint64_t cycle, polls;
	uint16_t kind, stream;
	uint32_t size;
};

static const char magic[12] = "rvsim-input";
static const uint64_t hash_seed = UINT64_C(0xcbf29ce484222325);

static uint64_t hash_more(uint64_t hash, const void *bytes, size_t size)
{
	for (const uint8_t *byte = bytes; size != 0; byte++, size--)
		hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
	return hash;
}

/* ---- reading ---- */

static int read_all(const char *path, uint8_t **bytes, size_t *size)
{
	FILE *file = fopen(path, "rbe");
	size_t capacity = 0;
	*bytes = NULL;
	*size = 0;
	if (!file)
		return say("%s: %s", path, strerror(errno));
	do {
		if (*size == capacity) {
			capacity = 2 * capacity + 65536;
			uint8_t *grown = realloc(*bytes, capacity);
			if (!grown) {
				fclose(file);
				return say("%s: out of memory for it", path);
			}
			*bytes = grown;
		}
		errno = 0;
		*size += fread(*bytes + *size, 1, capacity - *size, file);
	} while (!feof(file) && !ferror(file));
	int error = ferror(file) ? errno : 0;
	fclose(file);
	return error ? say("%s: %s", path, strerror(error)) : 0;
}

static int add_record(struct recording *recording, const struct record *record)
{
	struct recorded_stream *stream = &recording->streams[record->stream];
	size_t count = stream->count;
	if ((count & (count - 1)) == 0) { /* a power of two, or none: they are full */
		struct record *records = realloc(stream->records, (count ? 2 * count : 1) * sizeof(*records));
		if (!records)
			return -1;
		stream->records = records;
	}
	stream->records[stream->count++] = *record;
	return 0;
}

static enum recording_kind last_kind(const struct recorded_stream *stream)
{
	return stream->count ? stream->records[stream->count - 1].kind : RECORD_BYTES;
}

/* May this record follow those that are there of its stream? Bytes alone come from a network. */
static bool may_follow(const struct recording *recording, const struct record *record)
{
	if (record->stream >= INPUT_STREAMS)
		return false;
	bool console = record->stream == INPUT_CONSOLE;
	enum recording_kind before = last_kind(&recording->streams[record->stream]);
	bool more = before == RECORD_BYTES || before == RECORD_BREAK;
	switch (record->kind) {
	case RECORD_BYTES: return more && record->size != 0;
	case RECORD_LAST: return console && more;
	case RECORD_BREAK: return console && more && record->size == 0;
	case RECORD_STOP: return before != RECORD_STOP && record->size == 0;
	default: return false;
	}
}

/* The record at `at`, which moves behind it. False: there is no whole and good one. */
static bool parse_record(const uint8_t *file, size_t size, size_t *at, uint64_t *hash, struct record *record)
{
	struct record_header header;
	uint64_t checksum;
	if (size - *at < sizeof(header) + sizeof(checksum))
		return false;
	memcpy(&header, file + *at, sizeof(header));
	if (header.size > size - *at - sizeof(header) - sizeof(checksum))
		return false;
	size_t length = sizeof(header) + header.size;
	*record = (struct record){
	    .cycle = header.cycle,
	    .polls = header.polls,
	    .kind = header.kind,
	    .stream = header.stream,
	    .bytes = file + *at + sizeof(header),
	    .size = header.size,
	};
	*hash = hash_more(*hash, file + *at, length);
	memcpy(&checksum, file + *at + length, sizeof(checksum));
	if (checksum != *hash)
		return false;
	*hash = hash_more(*hash, &checksum, sizeof(checksum));
	*at += length + sizeof(checksum);
	return true;
}

int recording_read(struct recording *recording, const char *path)
{
	size_t size, at = sizeof(struct file_header);
	struct file_header header;
	*recording = (struct recording){.path = path};
	if (read_all(path, &recording->file, &size) != 0)
		return -1;
	if (size < sizeof(header) || memcmp(recording->file, magic, sizeof(magic)) != 0)
		return say("%s: is not a recording of host input", path);
	memcpy(&header, recording->file, sizeof(header));
	if (header.version == 0 || header.version > RECORDING_VERSION)
		return say("%s: is a recording of version %u, not up to %u", path, header.version, RECORDING_VERSION);
	uint64_t hash = hash_more(hash_seed, &header, sizeof(header));
	while (at < size) {
		struct record record;
		size_t start = at;
		if (!parse_record(recording->file, size, &at, &hash, &record) || !may_follow(recording, &record))
			return say("%s: is damaged: no good record at byte %zu", path, start);
		if (add_record(recording, &record) != 0)
			return say("%s: out of memory for it", path);
	}
	return 0;
}

static bool in_file(const struct recording *recording, const struct record *record)
{
	return recording->file != NULL || record->size == 0;
}

/* Bytes that were kept are records' own. */
static void drop_records(struct recording *recording, struct recorded_stream *stream, size_t from)
{
	for (; stream->count > from; stream->count--) {
		const struct record *record = &stream->records[stream->count - 1];
		if (!in_file(recording, record))
			free((void *)(uintptr_t)record->bytes);
	}
}

void recording_free(struct recording *recording)
{
	for (unsigned i = 0; i < INPUT_STREAMS; i++) {
		drop_records(recording, &recording->streams[i], 0);
		free(recording->streams[i].records);
	}
	free(recording->file);
	*recording = (struct recording){0};
}

/* ---- writing ---- */

struct recorder {
	char *path;
	FILE *file;
	uint64_t hash;
	int error; /* errno of the first thing that failed */
};

static void put(struct recorder *recorder, const void *bytes, size_t size)
{
	if (size == 0)
		return;
	recorder->hash = hash_more(recorder->hash, bytes, size);
	if (fwrite(bytes, 1, size, recorder->file) != size && recorder->error == 0)
		recorder->error = errno;
}

static void put_out(struct recorder *recorder)
{
	if (fflush(recorder->file) != 0 && recorder->error == 0)
		recorder->error = errno;
}

struct recorder *recorder_open(const char *path)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	char *copy = strdup(path);
	if (!recorder || !copy) {
		say("%s: out of memory for it", path);
		free(recorder);
		free(copy);
		return NULL;
	}
	*recorder = (struct recorder){.path = copy, .file = output_open(path), .hash = hash_seed};
	if (!recorder->file) {
		say("%s: %s", path, strerror(errno));
		free(copy);
		free(recorder);
		return NULL;
	}
	struct file_header header = {.version = RECORDING_VERSION};
	memcpy(header.magic, magic, sizeof(magic));
	put(recorder, &header, sizeof(header));
	put_out(recorder);
	return recorder;
}

void recorder_add(struct recorder *recorder, const struct record *record)
{
	struct record_header header = {
	    .cycle = record->cycle,
	    .polls = record->polls,
	    .kind = (uint16_t)record->kind,
	    .stream = (uint16_t)record->stream,
	    .size = record->size,
	};
	put(recorder, &header, sizeof(header));
	put(recorder, record->bytes, record->size);
	uint64_t checksum = recorder->hash;
	put(recorder, &checksum, sizeof(checksum));
	put_out(recorder);
}

int recorder_close(struct recorder *recorder)
{
	if (!recorder)
		return 0;
	int error = recorder->error;
	if (fclose(recorder->file) != 0 && error == 0)
		error = errno;
	int result = error ? say("%s: the recording could not be written: %s", recorder->path, strerror(error)) : 0;
	free(recorder->path);
	free(recorder);
	return result;
}

/* ---- a run's ---- */

/* Is it of a run with these networks? One that was killed may have had more than it tells of. */
static int check_streams(const struct recording *recording, unsigned networks, bool user)
{
	bool complete = last_kind(&recording->streams[INPUT_CONSOLE]) == RECORD_STOP;
	const struct recorded_stream *typed = &recording->streams[INPUT_USER];
	if (!user && typed->count != 0)
		return say("%s: the recorded run had a keyboard or the like (-device virtio-keyboard-device)",
		           recording->path);
	if (user && complete && last_kind(typed) != RECORD_STOP)
		return say("%s: the recorded run had no keyboard or the like (-device virtio-keyboard-device)",
		           recording->path);
	for (unsigned i = 0; i < INPUT_USER - INPUT_NETWORK; i++) {
		const struct recorded_stream *stream = &recording->streams[INPUT_NETWORK + i];
		if (i >= networks && stream->count != 0)
			return say("%s: the recorded run had a network more (-netdev)", recording->path);
		if (i < networks && complete && last_kind(stream) != RECORD_STOP)
			return say("%s: the recorded run had fewer networks (-netdev)", recording->path);
	}
	return 0;
}

int input_log_replay(struct input_log *log, const char *path, unsigned networks, bool user)
{
	if (!path)
		return 0;
	log->replaying = true;
	return recording_read(&log->recording, path) != 0 ? -1 : check_streams(&log->recording, networks, user);
}

int input_log_record(struct input_log *log, const char *path)
{
	log->recorder = path ? recorder_open(path) : NULL;
	return path && !log->recorder ? -1 : 0;
}

static bool keep_record(struct input_log *log, const struct record *record)
{
	struct record copy = *record;
	uint8_t *bytes = record->size ? malloc(record->size) : NULL;
	if (record->size && !bytes)
		return false;
	if (bytes)
		memcpy(bytes, record->bytes, record->size);
	copy.bytes = bytes;
	if (add_record(&log->recording, &copy) == 0)
		return true;
	free(bytes);
	return false;
}

bool input_log_add(struct input_log *log, const struct record *record)
{
	if (log->recorder)
		recorder_add(log->recorder, record);
	return !log->kept || log->replaying || record->kind == RECORD_STOP || keep_record(log, record);
}

void input_log_forget(struct input_log *log, unsigned stream, size_t from)
{
	struct recorded_stream *records = &log->recording.streams[stream];
	if (!log->kept || log->replaying)
		return;
	if (stream != INPUT_CONSOLE)
		drop_records(&log->recording, records, from);
	for (size_t i = from; i < records->count; i++)
		records->records[i].anytime = true;
}

int input_log_finish(struct input_log *log)
{
	int result = recorder_close(log->recorder);
	log->recorder = NULL;
	return result;
}

void input_log_free(struct input_log *log)
{
	input_log_finish(log);
	recording_free(&log->recording);
	*log = (struct input_log){0};
}
