/* Events as text: for rvtrace and the debugger. */
#ifndef TRACE_TEXT_H
#define TRACE_TEXT_H

#include <stdio.h>
#include "trace/trace.h"

/* Who knows names: returns the symbol that holds `address` as a pc in `mode`, of a guest (struct trace_event) if that is
 * with V=1, and sets *offset, or NULL. */
struct trace_names {
	const char *(*find)(void *context, enum mode mode, unsigned guest, uint64_t address, uint64_t *offset);
	void *context;
};

/* One line with its newline: cycle, hart, mode, type, pc with symbol, fields by name; of an interrupt how long it has waited, if
 * that is known (NULL: it is not). */
void trace_print(FILE *out, const struct trace_event *event, const struct trace_latency *latency,
                 const struct trace_names *names);

/* One line with what a new compiler or a moved address leaves alone: mode, type, symbol without offset, cause. */
void trace_print_golden(FILE *out, const struct trace_event *event, const struct trace_names *names);

/* One field as trace_print shows it, "name=value" with a space before. */
struct trace_field;
void trace_print_field(FILE *out, const struct trace_event *event, const struct trace_field *field,
                       const struct trace_names *names);

#endif
