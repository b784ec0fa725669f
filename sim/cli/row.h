/* The command line's options: a row each. */
#ifndef ROW_H
#define ROW_H

#include "cli/options.h"

/* One function a kind of option. 0, or -1 after a line on stderr. */
struct option_row;
typedef int option_handler(struct options *options, const struct option_row *row, char *value);

struct option_row {
	const char *name; /* the spelling in the table, for messages */
	bool takes_value;
	option_handler *handle;
	size_t field; /* for the generic handlers: offset in struct config */
	uint64_t low, high;
	const char *text; /* what a refusal says */
};

#endif
