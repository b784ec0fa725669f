/* Lines of source: which an address belongs to, and where the code of one is. */
#ifndef LINES_H
#define LINES_H

#include "source/program.h"

struct source_line {
	const char *file;   /* the program's own; relative to `folder` where it lies below */
	const char *folder; /* where it was compiled, or "" */
	unsigned line;      /* 1.. */
	uint64_t low, high; /* the row's addresses, half-open */
};

/* The line of the instruction at `address`; false: it has none. Of several rows there the last that a statement begins
 * at counts, as in gdb. */
bool line_at(const struct program *program, uint64_t address, struct source_line *line);
/* Does a statement begin at exactly this address? */
bool line_begins(const struct program *program, uint64_t address);

/* The path of a line's file, made of its folder and name. */
void line_path(const struct source_line *line, char *path, size_t size);
/* Is `path` the file that somebody means by `wanted`: its last components? */
bool line_is_file(const char *path, const char *wanted);

/* Called with each place where a statement of a line begins; false ends it. */
typedef bool line_visitor(void *context, const struct source_line *line);
/* Where the code of `wanted`:`number` begins: all rows of the line or, if it has no code, of the next that has. False: the
 * program has no such file, or nothing from that line on. */
bool line_visit(const struct program *program, const char *wanted, unsigned number, line_visitor *visitor,
                void *context);
/* Has any unit a file of this name? *line gets its names, line 1. */
bool line_file(const struct program *program, const char *wanted, struct source_line *line);
/* The end of the prologue of a function whose code is [low, high): where its second line begins; low if that cannot be told. */
uint64_t line_after_prologue(const struct program *program, uint64_t low, uint64_t high);

#endif
