/* Rows of trace_event.def as data, and the coding of one record: format.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "trace/format.h"

#define FIELD(name, source, format) PART(name, source, 0, 64, format)

#define PART(name, source, low, width, format) | 1u << SOURCE_##source
/* NOLINTBEGIN(bugprone-macro-parentheses): rows add up */
#define EVENT(id, name, on, fields) enum { SOURCES_##id = 0 fields };
#include "base/trace_event.def"
#undef EVENT
#undef PART

#define PART(name, source, low, width, format) +1
#define EVENT(id, name, on, fields) enum { FIELDS_##id = 0 fields };
/* NOLINTEND(bugprone-macro-parentheses) */
#include "base/trace_event.def"
#undef EVENT
#undef PART

const struct trace_row trace_rows[TRACE_TYPES] = {
#define PART(name, source, low, width, format) {name, SOURCE_##source, PRINT_##format, low, width},
#define EVENT(id, name, on, fields) {name, on, SOURCES_##id, FIELDS_##id, {fields}},
#include "base/trace_event.def"
#undef EVENT
#undef PART
};

#undef FIELD

_Static_assert((int)TRACE_TYPES <= (int)TRACE_KIND_LATENCY, "kinds of events and of other records must not meet");

enum { TAG_KIND = 0x1f, TAG_HART = 0x20, TAG_MODE = 0x40 };

static uint64_t trace_source(const struct trace_event *event, enum trace_source source)
{
	switch (source) {
	case SOURCE_FROM: return event->from;
	case SOURCE_FLAGS: return event->flags;
	case SOURCE_WORD: return event->word;
	default: return event->value[source - SOURCE_VALUE0];
	}
}

uint64_t trace_field_value(const struct trace_event *event, const struct trace_field *field)
{
	uint64_t value = trace_source(event, field->source) >> field->low;
	return field->width < 64 ? value & ((UINT64_C(1) << field->width) - 1) : value;
}

int trace_codec_init(struct trace_codec *codec, unsigned hart_count)
{
	codec->hart = 0;
	codec->hart_count = hart_count;
	codec->harts = calloc(hart_count, sizeof(*codec->harts));
	return trace_runs_init(&codec->runs, hart_count) || !codec->harts ? -1 : 0;
}

void trace_codec_free(struct trace_codec *codec)
{
	trace_runs_free(&codec->runs);
	free(codec->harts);
	codec->harts = NULL;
}

static size_t put_delta(uint8_t *out, uint64_t value, uint64_t prediction)
{
	return trace_put_varint(out, trace_zigzag(value - prediction));
}

/* Where the hart will probably be at its next event. */
static uint64_t predict_pc(const struct trace_event *event)
{
	return event->type != TRACE_INSN ? event->pc : event->pc + ((event->word & 3) == 3 ? 4 : 2);
}

static void predict(struct trace_codec *codec, const struct trace_event *event)
{
	struct trace_prediction *prediction = &codec->harts[event->hart];
	codec->hart = event->hart;
	prediction->mode = event->mode;
	prediction->cycle = event->cycle;
	prediction->retired = event->retired;
	prediction->pc = predict_pc(event);
	memcpy(prediction->value[event->type], event->value, sizeof(event->value));
}

/* The last instruction of a run is an event like others. */
static void predict_after(struct trace_codec *codec, unsigned hart)
{
	const struct run_place *place = &codec->runs.harts[hart];
	struct trace_prediction *prediction = &codec->harts[hart];
	if (!place->code)
		return;
	codec->hart = (uint8_t)hart;
	prediction->mode = codec->runs.codes[place->code - 1]->mode;
	prediction->cycle = place->cycle;
	prediction->retired = place->retired;
}

bool trace_encode_notes(struct trace_codec *codec, struct trace_notes *notes, unsigned hart, uint64_t retired,
                        uint8_t **out, const uint8_t *limit, uint64_t *events)
{
	const uint8_t *start = *out;
	bool all = trace_put_notes(&codec->runs, notes, hart, retired, codec->hart, out, limit, events);
	if (*out != start)
		predict_after(codec, hart);
	return all;
}

size_t trace_decode_run(struct trace_codec *codec, const uint8_t *in, size_t size, struct trace_run *run,
                        uint64_t *values)
{
	size_t used = trace_get_run(&codec->runs, in, size, codec->hart, run, values);
	if (used != 0 && used != SIZE_MAX)
		predict_after(codec, run->hart);
	return used;
}

size_t trace_encode(struct trace_codec *codec, const struct trace_event *event, uint8_t *out)
{
	assert(event->hart < codec->hart_count && event->type < TRACE_TYPES && event->mode < MODE_COUNT);
	const struct trace_prediction *prediction = &codec->harts[event->hart];
	unsigned sources = trace_rows[event->type].sources;
	struct trace_event stored = *event; /* without what the row does not name */
	uint8_t *start = out++;
	*start = event->type;
	if (event->hart != codec->hart) {
		*start |= TAG_HART;
		*out++ = event->hart;
	}
	if (event->mode != prediction->mode) {
		*start |= TAG_MODE;
		*out++ = event->mode;
	}
	out += put_delta(out, event->cycle, prediction->cycle);
	out += put_delta(out, event->retired, prediction->retired);
	out += put_delta(out, event->pc, prediction->pc);
	if (sources & 1u << SOURCE_FROM)
		*out++ = event->from;
	if (sources & 1u << SOURCE_FLAGS)
		*out++ = event->flags;
	if (sources & 1u << SOURCE_WORD)
		for (unsigned i = 0; i < 4; i++)
			*out++ = (uint8_t)(event->word >> 8 * i);
	for (unsigned i = 0; i < 4; i++) {
		if (sources & 1u << (SOURCE_VALUE0 + i))
			out += put_delta(out, event->value[i], prediction->value[event->type][i]);
		else
			stored.value[i] = 0;
	}
	predict(codec, &stored);
	return (size_t)(out - start);
}

static uint64_t get_delta(struct trace_cursor *cursor, uint64_t prediction)
{
	return prediction + trace_unzigzag(trace_cursor_varint(cursor));
}

static void get_fields(struct trace_cursor *cursor, const struct trace_prediction *prediction,
                       struct trace_event *event)
{
	unsigned sources = trace_rows[event->type].sources;
	event->cycle = get_delta(cursor, prediction->cycle);
	event->retired = get_delta(cursor, prediction->retired);
	event->pc = get_delta(cursor, prediction->pc);
	if (sources & 1u << SOURCE_FROM)
		event->from = trace_cursor_byte(cursor);
	if (sources & 1u << SOURCE_FLAGS)
		event->flags = trace_cursor_byte(cursor);
	if (sources & 1u << SOURCE_WORD)
		event->word = (uint32_t)trace_cursor_bytes(cursor, 4);
	for (unsigned i = 0; i < 4; i++)
		if (sources & 1u << (SOURCE_VALUE0 + i))
			event->value[i] = get_delta(cursor, prediction->value[event->type][i]);
}

/* Members that readers use as an index. */
static bool in_range(const struct trace_event *event)
{
	return event->mode < MODE_COUNT && (event->type != TRACE_WORLD || event->from < MODE_COUNT);
}

size_t trace_decode(struct trace_codec *codec, const uint8_t *in, size_t size, struct trace_event *event)
{
	struct trace_cursor cursor = {in, size, 0, false, false};
	uint8_t tag = trace_cursor_byte(&cursor);
	if (cursor.cut)
		return 0;
	if (tag & TAG_RUN || (tag & TAG_KIND) >= TRACE_TYPES)
		return SIZE_MAX;
	*event = (struct trace_event){.type = tag & TAG_KIND, .hart = codec->hart};
	if (tag & TAG_HART)
		event->hart = trace_cursor_byte(&cursor);
	if (event->hart >= codec->hart_count)
		return SIZE_MAX;
	const struct trace_prediction *prediction = &codec->harts[event->hart];
	event->mode = tag & TAG_MODE ? trace_cursor_byte(&cursor) : prediction->mode;
	get_fields(&cursor, prediction, event);
	if (cursor.corrupt)
		return SIZE_MAX;
	if (cursor.cut)
		return 0;
	if (!in_range(event))
		return SIZE_MAX;
	predict(codec, event);
	return cursor.used;
}
