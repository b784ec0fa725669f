/*
 * Perfetto's trace format: a stream of TracePacket messages (perfetto/trace/trace_packet.proto). A cycle is a nanosecond there. Tracks:
 * two for every hart (its worlds with its traps; its exits), one for every vCPU, and counters of instructions and exits.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "timeline.h"
#include "trace/world.h"

/* Numbers of fields, as the .proto files have them. */
enum {
	TRACE_PACKET = 1,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE = 10,
	PACKET_EVENT = 11,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_TRACK = 60,
	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
	EVENT_ANNOTATION = 4,
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_CATEGORY = 22,
	EVENT_NAME = 23,
	EVENT_COUNTER = 30,
	ANNOTATION_UINT = 3,
	ANNOTATION_STRING = 6,
	ANNOTATION_POINTER = 7,
	ANNOTATION_NAME = 10,
};
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };
enum { SEQUENCE = 1, STATE_CLEARED = 1 };
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

/* uuids: a hart's tracks by its number, vCPUs' behind them. */
enum { TRACKS_A_HART = 4, TRACK_WORLDS = 1, TRACK_EXITS, TRACK_RETIRED, TRACK_EXIT_COUNT, FIRST_VCPU = 1 << 16 };

struct message {
	uint8_t bytes[1024];
	size_t size;
};

struct perfetto {
	struct export *export;
	FILE *out;
	bool begun;
	struct perfetto_vcpu {
		uint64_t vcpu;
		unsigned vmid;
	} *vcpus;
	size_t count, capacity;
	uint64_t retired[TRACE_HARTS_MAX], exits[TRACE_HARTS_MAX];
	bool failed;
};

/* ---- messages ---- */

static void put_varint(struct message *message, uint64_t value)
{
	do {
		message->bytes[message->size++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
}

static void put_number(struct message *message, unsigned field, uint64_t value)
{
	put_varint(message, field << 3 | WIRE_VARINT);
	put_varint(message, value);
}

static void put_bytes(struct message *message, unsigned field, const void *bytes, size_t size)
{
	enum { HEAD = 16 };
	if (size > sizeof message->bytes - message->size - HEAD)
		return; /* a name longer than any that is shown */
	put_varint(message, field << 3 | WIRE_BYTES);
	put_varint(message, size);
	memcpy(message->bytes + message->size, bytes, size);
	message->size += size;
}

static void put_string(struct message *message, unsigned field, const char *text)
{
	enum { SHOWN = 200 };
	put_bytes(message, field, text, strnlen(text, SHOWN));
}

static void put_inner(struct message *message, unsigned field, const struct message *inner)
{
	put_bytes(message, field, inner->bytes, inner->size);
}

static void write_packet(struct perfetto *perfetto, struct message *packet)
{
	struct message head = {.size = 0};
	put_number(packet, PACKET_SEQUENCE, SEQUENCE);
	if (!perfetto->begun)
		put_number(packet, PACKET_SEQUENCE_FLAGS, STATE_CLEARED);
	perfetto->begun = true;
	put_varint(&head, TRACE_PACKET << 3 | WIRE_BYTES);
	put_varint(&head, packet->size);
	fwrite(head.bytes, 1, head.size, perfetto->out);
	fwrite(packet->bytes, 1, packet->size, perfetto->out);
}

static void write_event(struct perfetto *perfetto, uint64_t cycle, const struct message *event)
{
	struct message packet = {.size = 0};
	put_number(&packet, PACKET_TIMESTAMP, cycle);
	put_inner(&packet, PACKET_EVENT, event);
	write_packet(perfetto, &packet);
}

static void write_track(struct perfetto *perfetto, uint64_t uuid, uint64_t parent, const char *name, bool counter)
{
	struct message packet = {.size = 0}, track = {.size = 0};
	put_number(&track, TRACK_UUID, uuid);
	put_string(&track, TRACK_NAME, name);
	if (parent)
		put_number(&track, TRACK_PARENT, parent);
	if (counter)
		put_bytes(&track, TRACK_COUNTER, "", 0);
	put_inner(&packet, PACKET_TRACK, &track);
	write_packet(perfetto, &packet);
}

/* ---- events ---- */

static struct message begin_event(unsigned type, uint64_t track)
{
	struct message event = {.size = 0};
	put_number(&event, EVENT_TYPE, type);
	put_number(&event, EVENT_TRACK, track);
	return event;
}

static void annotate_number(struct message *event, const char *name, uint64_t value, bool address)
{
	struct message annotation = {.size = 0};
	put_string(&annotation, ANNOTATION_NAME, name);
	put_number(&annotation, address ? ANNOTATION_POINTER : ANNOTATION_UINT, value);
	put_inner(event, EVENT_ANNOTATION, &annotation);
}

static void annotate_text(struct message *event, const char *name, const char *text)
{
	struct message annotation = {.size = 0};
	put_string(&annotation, ANNOTATION_NAME, name);
	put_string(&annotation, ANNOTATION_STRING, text);
	put_inner(event, EVENT_ANNOTATION, &annotation);
}

static void end_slice(struct perfetto *perfetto, uint64_t track, uint64_t cycle)
{
	struct message event = begin_event(TYPE_END, track);
	write_event(perfetto, cycle, &event);
}

static void count(struct perfetto *perfetto, uint64_t track, uint64_t cycle, uint64_t value)
{
	struct message event = begin_event(TYPE_COUNTER, track);
	put_number(&event, EVENT_COUNTER, value);
	write_event(perfetto, cycle, &event);
}

static uint64_t hart_track(unsigned hart, unsigned which) { return hart * TRACKS_A_HART + which; }

static uint64_t vcpu_track(struct perfetto *perfetto, const struct timeline_guest *of)
{
	char zone[160], name[200];
	for (size_t i = 0; i < perfetto->count; i++)
		if (perfetto->vcpus[i].vcpu == of->vcpu && perfetto->vcpus[i].vmid == of->vmid)
			return FIRST_VCPU + i;
	if (ARRAY_RESERVE(perfetto->vcpus, perfetto->count, 1, &perfetto->capacity) != 0) {
		perfetto->failed = true;
		return FIRST_VCPU;
	}
	perfetto->vcpus[perfetto->count] = (struct perfetto_vcpu){of->vcpu, of->vmid};
	snprintf(name, sizeof name, "%s vCPU 0x%" PRIx64, timeline_zone(perfetto->export, of, zone, sizeof zone),
	         of->vcpu);
	write_track(perfetto, FIRST_VCPU + perfetto->count, 0, name, false);
	return FIRST_VCPU + perfetto->count++;
}

/* A world's slice, on its hart's track or its vCPU's. */
static struct message begin_world(const struct timeline_world *world, uint64_t track, const char *category,
                                  const char *name)
{
	struct message event = begin_event(TYPE_BEGIN, track);
	put_string(&event, EVENT_CATEGORY, category);
	put_string(&event, EVENT_NAME, name);
	annotate_number(&event, "instructions", world->instructions, false);
	return event;
}

static void write_slice(struct perfetto *perfetto, const struct message *event, uint64_t track, uint64_t begin,
                        uint64_t end)
{
	write_event(perfetto, begin, event);
	end_slice(perfetto, track, end);
}

static void perfetto_world(void *context, const struct timeline_world *world)
{
	struct perfetto *perfetto = context;
	uint64_t track = hart_track(world->hart, TRACK_WORLDS);
	struct message event = begin_world(world, track, "world", mode_name(world->mode));
	char text[160];
	if (mode_virt(world->mode))
		annotate_text(&event, "zone", timeline_zone(perfetto->export, &world->of, text, sizeof text));
	write_slice(perfetto, &event, track, world->begin, world->end);
	perfetto->retired[world->hart] += world->instructions;
	count(perfetto, hart_track(world->hart, TRACK_RETIRED), world->end, perfetto->retired[world->hart]);
	if (!mode_virt(world->mode))
		return;
	track = vcpu_track(perfetto, &world->of);
	snprintf(text, sizeof text, "%s on hart %u", mode_name(world->mode), world->hart);
	event = begin_world(world, track, "vcpu", text);
	write_slice(perfetto, &event, track, world->begin, world->end);
}

static void perfetto_exit(void *context, const struct timeline_exit *exit)
{
	struct perfetto *perfetto = context;
	uint64_t track = hart_track(exit->hart, TRACK_EXITS);
	struct message event = begin_event(TYPE_BEGIN, track);
	char zone[160];
	put_string(&event, EVENT_CATEGORY, "exit");
	put_string(&event, EVENT_NAME, world_cause_name(exit->cause));
	annotate_text(&event, "zone", timeline_zone(perfetto->export, &exit->of, zone, sizeof zone));
	annotate_text(&event, "from", mode_name(exit->mode));
	annotate_number(&event, "vcpu", exit->of.vcpu, true);
	annotate_number(&event, "cycles", exit->end - exit->begin, false);
	if (!exit->ended)
		annotate_text(&event, "returned", "no");
	if (exit->has_trap) {
		annotate_number(&event, "pc", exit->pc, true);
		annotate_number(&event, "tval", exit->tval, true);
	}
	for (unsigned i = 0; exit->has_split && i < SPLIT_PARTS; i++)
		if (exit->parts[i])
			annotate_number(&event, split_keys[i], exit->parts[i], false);
	write_slice(perfetto, &event, track, exit->begin, exit->end);
	count(perfetto, hart_track(exit->hart, TRACK_EXIT_COUNT), exit->begin, ++perfetto->exits[exit->hart]);
}

static void perfetto_event(void *context, const struct trace_event *event)
{
	struct perfetto *perfetto = context;
	struct message message = begin_event(TYPE_INSTANT, hart_track(event->hart, TRACK_WORLDS));
	uint64_t offset;
	if (event->type != TRACE_TRAP)
		return;
	const char *symbol = trace_reader_symbol(perfetto->export->input.reader, (enum mode)event->mode, event->guest,
	                                         event->pc, &offset);
	put_string(&message, EVENT_CATEGORY, "trap");
	put_string(&message, EVENT_NAME, world_cause_name(event->value[0]));
	annotate_number(&message, "pc", event->pc, true);
	annotate_number(&message, "tval", event->value[1], true);
	if (symbol)
		annotate_text(&message, "in", symbol);
	write_event(perfetto, event->cycle, &message);
}

static void write_hart_tracks(struct perfetto *perfetto, unsigned hart)
{
	static const char *const names[] = {[TRACK_WORLDS] = "",
	                                    [TRACK_EXITS] = " exits",
	                                    [TRACK_RETIRED] = " instructions",
	                                    [TRACK_EXIT_COUNT] = " exits so far"};
	char name[48];
	for (unsigned i = TRACK_WORLDS; i <= TRACK_EXIT_COUNT; i++) {
		snprintf(name, sizeof name, "hart %u%s", hart, names[i]);
		write_track(perfetto, hart_track(hart, i), 0, name, i >= TRACK_RETIRED);
	}
}

int export_perfetto(struct export *export)
{
	struct perfetto *perfetto = calloc(1, sizeof *perfetto);
	if (!perfetto)
		return trouble(export->input.path, "no memory");
	perfetto->export = export;
	perfetto->out = export->out;
	struct timeline_sink sink = {perfetto_world, perfetto_exit, perfetto_event, perfetto};
	for (unsigned i = 0; i < trace_reader_header(export->input.reader)->hart_count; i++)
		if (export_shows(export, i, export->from, export->to))
			write_hart_tracks(perfetto, i);
	int result = timeline_read(export, &sink);
	bool failed = perfetto->failed;
	free(perfetto->vcpus);
	free(perfetto);
	return failed ? trouble(export->input.path, "no memory") : result;
}
