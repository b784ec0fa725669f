/* A line for each event, in the order of the trace. Columns: what all events have, then each field that any type has. */
#include <stdlib.h>
#include <string.h>
#include "export.h"
#include "quick.h"

enum { COLUMNS_MAX = 64 };

struct columns {
	const char *names[COLUMNS_MAX];
	unsigned count;
	const struct trace_field *of[TRACE_TYPES][COLUMNS_MAX]; /* the field in each column; NULL: the type has none */
};

static unsigned column_named(struct columns *columns, const char *name)
{
	for (unsigned i = 0; i < columns->count; i++)
		if (strcmp(columns->names[i], name) == 0)
			return i;
	columns->names[columns->count] = name;
	return columns->count++;
}

static void find_columns(struct columns *columns)
{
	for (unsigned type = 0; type < TRACE_TYPES; type++)
		for (unsigned i = 0; i < trace_rows[type].field_count; i++)
			columns->of[type][column_named(columns, trace_rows[type].fields[i].name)] =
			    &trace_rows[type].fields[i];
}

/* Quoted where it has to be (RFC 4180). */
static void put_text(struct quick *out, const char *text)
{
	if (!strpbrk(text, ",\"\n\r")) {
		quick_text(out, text);
		return;
	}
	quick_byte(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			quick_byte(out, '"');
		quick_byte(out, *text);
	}
	quick_byte(out, '"');
}

static void put_prefixed(struct quick *out, uint64_t value)
{
	quick_bytes(out, "0x", 2);
	quick_hex(out, value);
}

static void put_field(struct quick *out, const struct trace_event *event, const struct trace_field *field)
{
	const char *name = export_field_name(event, field);
	if (name)
		put_text(out, name);
	else if (field->format == PRINT_DEC)
		quick_decimal(out, trace_field_value(event, field));
	else
		put_prefixed(out, trace_field_value(event, field));
}

static void put_fields(struct quick *out, const struct columns *columns, const struct trace_event *event)
{
	const struct trace_field *const *fields = columns->of[event->type];
	for (unsigned i = 0; i < columns->count; i++) {
		quick_byte(out, ',');
		if (fields[i])
			put_field(out, event, fields[i]);
	}
}

static void put_event(struct quick *out, struct export *export, const struct trace_event *event)
{
	uint64_t offset = 0;
	const char *symbol = input_symbol(&export->input, event, &offset);
	quick_decimal(out, event->cycle);
	quick_byte(out, ',');
	quick_decimal(out, event->hart);
	quick_byte(out, ',');
	quick_text(out, mode_name((enum mode)event->mode));
	quick_byte(out, ',');
	if (event->guest)
		put_text(out, trace_reader_guest(export->input.reader, event->guest));
	quick_byte(out, ',');
	quick_text(out, trace_rows[event->type].name);
	quick_byte(out, ',');
	quick_decimal(out, event->retired);
	quick_byte(out, ',');
	put_prefixed(out, event->pc);
	quick_byte(out, ',');
	if (symbol)
		put_text(out, symbol);
	quick_byte(out, ',');
	if (symbol)
		put_prefixed(out, offset);
}

int export_csv(struct export *export)
{
	struct quick *out = calloc(1, sizeof *out);
	struct columns columns = {.count = 0};
	struct trace_event event;
	if (!out)
		return trouble(export->input.path, "no memory");
	out->out = export->out;
	find_columns(&columns);
	quick_text(out, "cycle,hart,mode,guest,type,retired,pc,symbol,offset");
	for (unsigned i = 0; i < columns.count; i++) {
		quick_byte(out, ',');
		quick_text(out, columns.names[i]);
	}
	quick_byte(out, '\n');
	while (export_next(export, &event)) {
		put_event(out, export, &event);
		put_fields(out, &columns, &event);
		quick_byte(out, '\n');
	}
	quick_flush(out);
	free(out);
	return 0;
}
