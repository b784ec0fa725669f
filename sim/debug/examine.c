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

struct dump_format {
	uint64_t count;
	char format;
	unsigned size;
};

/* "/NFU", each part optional. */
static bool parse_format(struct debugger *debugger, const char **args, struct dump_format *format)
{
	*format = (struct dump_format){1, 'x', 8};
	const char *text = *args;
	if (*text != '/')
		return true;
	text++;
	if (isdigit((unsigned char)*text)) {
		char *end;
		format->count = strtoull(text, &end, 10);
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

static bool dump_string(struct debugger *debugger, reader *read, uint64_t address)
{
	uint64_t value;
	fputc('"', debugger->out);
	for (unsigned i = 0; i < 4096; i++) {
		if (!read(current(debugger), address + i, 1, &value))
			return complain(debugger, "\" cannot read 0x%" PRIx64, address + i);
		if (value == 0)
			break;
		fprintf(debugger->out, isprint((int)value) ? "%c" : "\\x%02x", (int)value);
	}
	fputs("\"\n", debugger->out);
	return true;
}

static bool disassemble(struct debugger *debugger, uint64_t address, uint64_t count)
{
	unsigned length = 1;
	for (uint64_t i = 0; i < count && length && !debug_interrupted(debugger); i++, address += length)
		debug_print_insn(debugger, current(debugger), address, &length);
	return true;
}

static bool dump(struct debugger *debugger, const char *args, reader *read)
{
	struct dump_format format;
	uint64_t address, value;
	if (!parse_format(debugger, &args, &format) || !expression_all(debugger, args, &address))
		return false;
	if (format.format == 's')
		return dump_string(debugger, read, address);
	if (format.format == 'i')
		return disassemble(debugger, address, format.count);
	unsigned per_line = 16 / format.size;
	for (uint64_t i = 0; i < format.count && !(i % 4096 == 4095 && debug_interrupted(debugger));
	     i++, address += format.size) {
		if (!read(current(debugger), address, format.size, &value))
			return complain(debugger, "%scannot read 0x%llx", i % per_line ? "\n" : "",
			                (unsigned long long)address);
		if (i % per_line == 0)
			fprintf(debugger->out, "0x%016llx:", (unsigned long long)address);
		print_unit(debugger->out, &format, value);
		if (i % per_line == per_line - 1 || i == format.count - 1)
			fputc('\n', debugger->out);
	}
	return true;
}

/* Units are values of memory, whatever the format: hex. */
static bool dump_json(struct debugger *debugger, const char *args, reader *read, struct json *json)
{
	struct dump_format format;
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

COMMAND(cmd_x, 140, "x", "x", "[/NFU] ADDR", "virtual memory: N units, F = x d u i s c, U = b h w g")
{
	return dump(debugger, args, debug_read_virtual);
}
AS_JSON(cmd_x) { return dump_json(debugger, args, debug_read_virtual, json); }

COMMAND(cmd_xp, 150, "xp", "xp", "[/NFU] ADDR", "physical memory") { return dump(debugger, args, read_physical); }
AS_JSON(cmd_xp) { return dump_json(debugger, args, read_physical, json); }

COMMAND(cmd_disas, 160, "disas", "dis", "[LOC [N]]", "disassemble N instructions")
{
	uint64_t address = current(debugger)->pc, count = 10;
	if (*args && !expression(debugger, &args, &address))
		return false;
	if (*args && !expression_all(debugger, args, &count))
		return false;
	return disassemble(debugger, address, count);
}
