/* What the fuzz targets share: complaints, captured output, input that never ends. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A property does not hold: libFuzzer keeps the input. Straight to the descriptor, as stderr may be captured. */
#define REQUIRE(condition, ...)                                                                                      \
	do {                                                                                                         \
		if (!(condition)) {                                                                                  \
			dprintf(STDERR_FILENO, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);               \
			dprintf(STDERR_FILENO, __VA_ARGS__);                                                         \
			dprintf(STDERR_FILENO, "\n");                                                                \
			abort();                                                                                     \
		}                                                                                                    \
	} while (0)

/* What the simulator says on one of the standard streams while captured. */
struct capture {
	FILE **stream, *real;
	char *text;
	size_t size;
};

static inline void capture_begin(struct capture *capture, FILE **stream)
{
	*capture = (struct capture){ .stream = stream, .real = *stream };
	*stream = open_memstream(&capture->text, &capture->size);
	REQUIRE(*stream, "no memory");
}

static inline void capture_end(struct capture *capture)
{
	fclose(*capture->stream);
	*capture->stream = capture->real;
}

static inline unsigned capture_lines(const struct capture *capture)
{
	unsigned lines = 0;
	for (size_t i = 0; i < capture->size; i++)
		lines += capture->text[i] == '\n';
	return lines;
}

/* The contract of everything that reads files: silence and success, or one line without control characters and
 * failure. */
static inline void require_one_line(const struct capture *capture, bool failed)
{
	bool whole = !capture->size || capture->text[capture->size - 1] == '\n';
	REQUIRE(whole && capture_lines(capture) == failed, "%s but said: %s", failed ? "failed" : "succeeded",
	        capture->text);
	for (size_t i = 0; i + 1 < capture->size; i++)
		REQUIRE((unsigned char)capture->text[i] >= ' ' && capture->text[i] != 0x7f, "said: %s", capture->text);
}

/* Decisions: the input's bytes, and behind its end what its first eight bytes seed. */
struct source {
	const uint8_t *at, *end;
	uint64_t state;
};

static inline struct source source_of(const uint8_t *data, size_t size)
{
	struct source source = { .at = data, .end = data + size };
	memcpy(&source.state, data, size < 8 ? size : 8);
	return source;
}

/* splitmix64 */
static inline uint64_t source_random(struct source *source)
{
	uint64_t z = source->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint64_t source_take(struct source *source, unsigned bytes)
{
	uint64_t value = 0;
	if ((size_t)(source->end - source->at) < bytes)
		return source_random(source) >> (64 - 8 * bytes);
	memcpy(&value, source->at, bytes);
	source->at += bytes;
	return value;
}

static inline unsigned source_below(struct source *source, unsigned limit)
{
	return (unsigned)source_take(source, limit > 256 ? 2 : 1) % limit;
}

static inline bool source_one_in(struct source *source, unsigned count) { return source_below(source, count) == 0; }

#endif
