/* What can be typed next, by the command that stands in front. */
#ifndef COMPLETE_H
#define COMPLETE_H

#include <stddef.h>

struct debugger;

/* The candidates of one kind by their number; NULL past the last. The text is in `buffer` or lasts longer. */
enum { CANDIDATE_BYTES = 128 };
typedef const char *candidate_function(struct debugger *debugger, size_t index, char buffer[CANDIDATE_BYTES]);

/* For the word that begins at `start` of a line. NULL: names of files. */
candidate_function *complete_by(const char *line, size_t start);

#endif
