/* What the formats of rvtrace export share. Each has a file of its own, and a row in export.c. */
#ifndef EXPORT_H
#define EXPORT_H

#include "rvtrace.h"

struct export
{
	struct input input;
	const char *path; /* of --output; NULL: stdout */
	FILE *out; /* NULL: the format opens `path' itself */
	uint64_t from, to; /* cycles: what is shown */
	int hart; /* that is shown; -1: all */
	bool disassembly;
	bool instructions; /* insn events too, where they are many and not what the format is for */
};

/* 0, or EXIT_TROUBLE after a line: the file is read, and closed by the caller. */
typedef int export_function(struct export *export);
export_function export_spike, export_chrome, export_perfetto, export_csv, export_callgrind, export_folded, export_vcd,
    export_fst, export_ctf, export_kanata, export_sqlite;

/* Is this shown? */
static inline bool export_shows(const struct export *export, unsigned hart, uint64_t begin, uint64_t end)
{
	return (export->hart < 0 || (unsigned)export->hart == hart) && end >= export->from && begin <= export->to;
}

/* The next event that is shown. */
bool export_next(struct export *export, struct trace_event *event);

/* What a field of an event says, as JSON, CSV and others want it: a number, or a name. NULL: it is a number. */
const char *export_field_name(const struct trace_event *event, const struct trace_field *field);

/* A text inside quotes of JSON. */
void export_quoted(FILE *out, const char *text);

#endif
