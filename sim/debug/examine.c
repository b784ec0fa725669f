/* Looking at memory: dumps and disassembly. Nothing here has side effects. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "debug/as_json.h"
#include "debug/commands.h"
#include "debug/debugger.h"

/* ---- x and xp ---- */

/* "/NFU", each part optional. */
static bool parse_format(struct debugger *debugger, const char **args, struct dump_format *format)
{
	enum { COUNT_MAX = 1 << 24 };
	const char *text = *args;
	if (*text != '/')
		return true;
	text++;
	*format = (struct dump_format){1, (char)(format->format ? format->format : 'x'),
	                               format->size ? format->size : 8};
	if (isdigit((unsigned char)*text)) {
		char *end;
		format->count = strtoull(text, &end, 10);
		if (format->count > COUNT_MAX)
			return complain(debugger, "`%.*s' is too many: up to %d at a time", (int)(end - text), text,
			                COUNT_MAX);
		text = end;
	}
	for (; *text && *text != ' ' && *text != '\t'; text++) {
		static const char units[] = "bhwg";
		const char *unit = strchr(units, *text);
		if (unit)
			format->size = 1u << (unit - units);
		else if (strchr("xduisc", *text))
			format->format = *text;
		else
			return complain(debugger, "no format `%c': x d u i s c, b h w g", *text);
	}
	if (format->format == 'c')
		format->size = 1;
	*args = text + strspn(text, " \t");
	return true;
}

static void print_unit(FILE *out, const struct dump_format *format, uint64_t value)
{
	int digits = (int)format->size * 2;
	unsigned shift = 64 - 8 * format->size;
	switch (format->format) {
	case 'd': fprintf(out, " %lld", (long long)((int64_t)(value << shift) >> shift)); break;
	case 'u': fprintf(out, " %llu", (unsigned long long)value); break;
	case 'c': fprintf(out, isprint((int)value) ? " '%c'" : " \\x%02x", (int)value); break;
	default: fprintf(out, " 0x%0*llx", digits, (unsigned long long)value);
	}
}

typedef bool reader(struct hart *hart, uint64_t address, unsigned size, uint64_t *value);

static bool read_physical(struct hart *hart, uint64_t address, unsigned size, uint64_t *value)
{
	*value = 0;
	return bus_peek(hart->bus, address, value, size);
}

static bool dump_string(struct debugger *debugger, reader *read, uint64_t *address)
{
	enum { STRING_MAX = 4096 };
	uint64_t value, start = *address;
	fprintf(debugger->out, "0x%016" PRIx64 ": \"", start);
	for (unsigned i = 0; i < STRING_MAX; i++) {
		if (!read(current(debugger), *address, 1, &value))
			return complain(debugger, "\" cannot read 0x%" PRIx64, *address);
		++*address;
		if (value == 0)
			break;
		fprintf(debugger->out, isprint((int)value) ? "%c" : "\\x%02x", (int)value);
	}
	fprintf(debugger->out, "\"%s\n", value ? "..." : "");
	return true;
}

static bool dump_strings(struct debugger *debugger, reader *read, uint64_t count, uint64_t *address)
{
	while (count-- && !debug_interrupted(debugger))
		if (!dump_string(debugger, read, address))
			return false;
	return true;
}

static bool dump_insns(struct debugger *debugger, uint64_t *address, uint64_t count)
{
	unsigned length = 1;
	for (; count && length && !debug_interrupted(debugger); count--, *address += length)
		debug_print_insn(debugger, current(debugger), *address, &length);
	return true;
}

static bool dump_units(struct debugger *debugger, reader *read, const struct dump_format *format, uint64_t *address)
{
	uint64_t value;
	unsigned per_line = 16 / format->size;
	for (uint64_t i = 0; i < format->count; i++, *address += format->size) {
		if (!read(current(debugger), *address, format->size, &value))
			return complain(debugger, "%scannot read 0x%llx", i % per_line ? "\n" : "",
			                (unsigned long long)*address);
		if (i % per_line == 0)
			fprintf(debugger->out, "0x%016llx:", (unsigned long long)*address);
		print_unit(debugger->out, format, value);
		bool line_ends = i % per_line == per_line - 1 || i == format->count - 1;
		if (line_ends)
			fputc('\n', debugger->out);
		if (line_ends && i % 1024 > 1024 - per_line - 1 && debug_interrupted(debugger))
			return true;
	}
	return true;
}

/* Units are values of memory, whatever the format: hex. */
static bool dump_json(struct debugger *debugger, const char *args, reader *read, struct json *json)
{
	struct dump_format format = {1, 'x', 8};
	uint64_t address, value;
	if (!parse_format(debugger, &args, &format) || !expression_all(debugger, args, &address))
		return false;
	if (format.format == 's' || format.format == 'i')
		return complain(debugger, "no JSON form of format `%c': x d u c", format.format);
	json_hex(json, "address", address);
	json_u64(json, "size", format.size);
	json_open(json, "units", '[');
	for (uint64_t i = 0; i < format.count && !(i % 4096 == 4095 && debug_interrupted(debugger));
	     i++, address += format.size) {
		if (!read(current(debugger), address, format.size, &value))
			return complain(debugger, "cannot read 0x%" PRIx64, address);
		json_hex(json, NULL, value);
	}
	json_close(json, ']');
	return true;
}

/* Without an address, and where an empty line repeats it, it goes on behind what was shown last, in the same format
 * unless there is another. */
static bool dump(struct debugger *debugger, const char *args, reader *read)
{
	struct examined *examined = &debugger->examined;
	struct dump_format format = examined->format;
	format.count = 1;
	if (!format.format || *args == '/')
		format = (struct dump_format){1, (char)(format.format ? format.format : 'x'),
		                              format.size ? format.size : 8};
	if (!parse_format(debugger, &args, &format))
		return false;
	if (*args && !(debugger->repeating && examined->valid)) {
		if (!expression_all(debugger, args, &examined->next))
			return false;
	} else if (!examined->valid) {
		return complain(debugger, "x: which address?");
	}
	examined->valid = true;
	examined->format = format;
	switch (format.format) {
	case 's': return dump_strings(debugger, read, format.count, &examined->next);
	case 'i': return dump_insns(debugger, &examined->next, format.count);
	default: return dump_units(debugger, read, &format, &examined->next);
	}
}

COMMAND(cmd_x, 140, "x", "x", "[/NFU] [ADDR]",
        "virtual memory: N units, F = x d u i s c, U = b h w g; alone: on from there")
{
	return dump(debugger, args, debug_read_virtual);
}
AS_JSON(cmd_x) { return dump_json(debugger, args, debug_read_virtual, json); }

COMMAND(cmd_xp, 150, "xp", "xp", "[/NFU] [ADDR]", "physical memory") { return dump(debugger, args, read_physical); }
AS_JSON(cmd_xp) { return dump_json(debugger, args, read_physical, json); }
