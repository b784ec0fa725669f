/* Places in programs, as a user names them. */
#ifndef LOCATE_H
#define LOCATE_H

#include "debug/debugger.h"
#include "source/lines.h"

struct locations {
	uint64_t *addresses;
	size_t count, capacity;
	struct source_line line; /* of the first; or the line that was named, whether it has code or not */
	bool has_line;
	struct debug_place place; /* whose they are; not given: anybody's */
};

/* Read a place from *text, up to a blank, and go behind it: FILE:LINE, a function (f, ns::f, zone:f), *EXPR, or an expression.
 * At least one address; free with locations_free. False after a complaint. */
bool locate(struct debugger *debugger, const char **text, struct locations *locations);
/* Where a line itself begins, be it in front of its function's prologue. */
bool locate_line(struct debugger *debugger, const char *file, unsigned number, struct locations *locations);
void locations_free(struct locations *locations);

/* "FILE:LINE" at *text, which goes behind it: *file and the number. */
bool locate_file_line(const char **text, char *file, size_t size, unsigned *number);
/* Where functions of this name begin, of those whose locations->place is if that is given; else it says whose they are. False:
 * there is none. */
bool locate_function(struct debugger *debugger, const char *name, struct locations *locations);
#endif
