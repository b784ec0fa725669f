/*
 * Common Trace Format 1.8: a folder with the metadata and a stream for each hart, whose clock is the hart's cycles (babeltrace2
 * --clock-cycles --no-delta). Every event has what all have (mode, pc, retired, symbol) and the fields of its type.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/version.h"
#include "export.h"

enum { MAGIC = 0xc1fc1fc1u, PACKET_SIZE = 1 << 16, SYMBOL_MAX = 256 };

struct packet {
	FILE *file;
	uint8_t bytes[PACKET_SIZE];
	size_t size; /* 0: none is open */
	uint64_t begin, end; /* cycles */
};

struct packet_head {
	uint32_t magic, stream;
	uint64_t hart, begin, end, content, size; /* bits */
} __attribute__((packed));

struct event_head {
	uint8_t id;
	uint64_t cycle;
	uint8_t mode, guest_low, guest_high;
	uint64_t pc, retired;
} __attribute__((packed));

/* ---- metadata ---- */

static void write_modes(FILE *out)
{
	fputs("enum mode : uint8_t {", out);
	for (unsigned i = 0; i < MODE_COUNT; i++)
		fprintf(out, "%s %s = %u", i ? "," : "", mode_name((enum mode)i), i);
	fputs(" };\n", out);
}

static void write_event_class(FILE *out, unsigned type)
{
	const struct trace_row *row = &trace_rows[type];
	fprintf(out, "event {\n\tname = \"%s\";\n\tid = %u;\n\tstream_id = 0;\n\tfields := struct {\n", row->name,
	        type);
	for (unsigned i = 0; i < row->field_count; i++) {
		const struct trace_field *field = &row->fields[i];
		const char *kind = field->format == PRINT_MODE  ? "enum mode"
		                   : field->format == PRINT_DEC ? "uint64_t"
		                                                : "hex64_t";
		fprintf(out, "\t\t%s _%s;\n", kind, field->name);
	}
	fputs("\t};\n};\n", out);
}

static void write_metadata(FILE *out, const struct export *export)
{
	const struct trace_header *header = trace_reader_header(export->input.reader);
	fputs("/* CTF 1.8 */\n"
	      "typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
	      "typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
	      "typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
	      "typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
	      "typealias integer { size = 64; align = 8; signed = false; base = 16; } := hex64_t;\n",
	      out);
	write_modes(out);
	fputs("trace {\n\tmajor = 1;\n\tminor = 8;\n\tbyte_order = le;\n"
	      "\tpacket.header := struct { uint32_t magic; uint32_t stream_id; uint64_t stream_instance_id; };\n};\n",
	      out);
	fprintf(out,
	        "env {\n\ttracer_name = \"rvsim\";\n\tversion = \"%s\";\n\tconfig = \"0x%016" PRIx64
	        "\";\n\tseed = \"0x%" PRIx64 "\";\n\tharts = %u;\n};\n",
	        RVSIM_VERSION, header->config_hash, header->seed, header->hart_count);
	fputs(
	    "clock {\n\tname = cycles;\n\tdescription = \"cycles of the hart\";\n\tfreq = 1000000000;\n};\n"
	    "typealias integer { size = 64; align = 8; signed = false; map = clock.cycles.value; } := cycles_t;\n"
	    "stream {\n\tid = 0;\n"
	    "\tevent.header := struct { uint8_t id; cycles_t timestamp; };\n"
	    "\tevent.context := struct { enum mode mode; uint16_t guest; hex64_t pc; uint64_t retired; string symbol; };\n"
	    "\tpacket.context := struct { cycles_t timestamp_begin; cycles_t timestamp_end; uint64_t content_size; "
	    "uint64_t packet_size; };\n};\n",
	    out);
	for (unsigned type = 0; type < TRACE_TYPES; type++)
		write_event_class(out, type);
}

/* ---- streams ---- */

static void end_packet(struct packet *packet, unsigned hart)
{
	if (packet->size == 0)
		return;
	struct packet_head head = {
	    .magic = MAGIC,
	    .hart = hart,
	    .begin = packet->begin,
	    .end = packet->end,
	    .content = packet->size * 8,
	    .size = packet->size * 8,
	};
	memcpy(packet->bytes, &head, sizeof head);
	fwrite(packet->bytes, 1, packet->size, packet->file);
	packet->size = 0;
}

static void put_bytes(struct packet *packet, const void *bytes, size_t size)
{
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void put_field(struct packet *packet, const struct trace_event *event, const struct trace_field *field)
{
	uint64_t value = trace_field_value(event, field);
	put_bytes(packet, &value, field->format == PRINT_MODE ? 1 : sizeof value);
}

/* Wires may change at a cycle that the hart has not come to, or is past: time does not go back. */
static void put_event(struct export *export, struct packet *packet, const struct trace_event *event)
{
	enum { EVENT_MAX = sizeof(struct event_head) + SYMBOL_MAX + TRACE_FIELDS_MAX * sizeof(uint64_t) };
	const struct trace_row *row = &trace_rows[event->type];
	uint64_t offset, cycle = event->cycle > packet->end ? event->cycle : packet->end;
	if (packet->size + EVENT_MAX > PACKET_SIZE)
		end_packet(packet, event->hart);
	if (packet->size == 0) {
		packet->size = sizeof(struct packet_head);
		packet->begin = cycle;
	}
	packet->end = cycle;
	struct event_head head = {
	    .id = event->type,
	    .cycle = cycle,
	    .mode = event->mode,
	    .guest_low = (uint8_t)event->guest,
	    .guest_high = (uint8_t)(event->guest >> 8),
	    .pc = event->pc,
	    .retired = event->retired,
	};
	put_bytes(packet, &head, sizeof head);
	const char *symbol = input_symbol(&export->input, event, &offset);
	put_bytes(packet, symbol ? symbol : "", symbol ? strnlen(symbol, SYMBOL_MAX - 1) : 0);
	put_bytes(packet, "", 1);
	for (unsigned i = 0; i < row->field_count; i++)
		put_field(packet, event, &row->fields[i]);
}

/* Nothing but the trace may be in the folder. */
static FILE *open_in(const char *folder, const char *name)
{
	char *path;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return NULL;
	FILE *file = fopen(path, "wxe");
	free(path);
	return file;
}

static FILE *open_stream(const char *folder, unsigned hart)
{
	char name[32];
	snprintf(name, sizeof name, "hart%u", hart);
	return open_in(folder, name);
}

static int close_all(struct export *export, struct packet *packets, unsigned count)
{
	bool bad = false;
	for (unsigned i = 0; i < count; i++) {
		if (!packets[i].file)
			continue;
		end_packet(&packets[i], i);
		bad |= ferror(packets[i].file) != 0;
		bad |= fclose(packets[i].file) != 0;
	}
	return bad ? trouble(export->path, "could not be written whole") : 0;
}

static int write_streams(struct export *export, struct packet *packets)
{
	struct trace_event event;
	while (export_next(export, &event)) {
		struct packet *packet = &packets[event.hart];
		if (!packet->file)
			packet->file = open_stream(export->path, event.hart);
		if (!packet->file)
			return trouble(export->path, strerror(errno));
		put_event(export, packet, &event);
	}
	return 0;
}

int export_ctf(struct export *export)
{
	unsigned count = trace_reader_header(export->input.reader)->hart_count;
	if (mkdir(export->path, 0777) != 0)
		return trouble(export->path,
		               errno == EEXIST ? "is there already: a trace is a folder of its own" : strerror(errno));
	FILE *metadata = open_in(export->path, "metadata");
	if (!metadata)
		return trouble(export->path, strerror(errno));
	write_metadata(metadata, export);
	bool bad = fclose(metadata) != 0;
	struct packet *packets = calloc(count, sizeof *packets);
	if (!packets)
		return trouble(export->input.path, "no memory");
	int result = write_streams(export, packets);
	result |= close_all(export, packets, count);
	free(packets);
	return bad ? trouble(export->path, "could not be written whole") : result;
}
