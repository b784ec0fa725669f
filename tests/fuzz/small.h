/* Small machines, quickly: a configuration from options, with a firmware of a few bytes that no directory holds. */
#ifndef SMALL_H
#define SMALL_H

#include <sys/mman.h>
#include "fuzz.h"
#include "cli/options.h"

/* A file in memory with a path. Kept open for good. */
static inline const char *file_in_memory(const char *name, const void *bytes, size_t size)
{
	char path[64];
	int descriptor = memfd_create(name, 0);
	REQUIRE(descriptor >= 0 && write(descriptor, bytes, size) == (ssize_t)size, "no file in memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	char *copy = strdup(path);
	REQUIRE(copy, "no memory");
	return copy;
}

/* The words must be good ones. NULL-terminated, after the program's name. */
static inline void small_options(struct options *options, char **words)
{
	int count = 0;
	while (words[count])
		count++;
	REQUIRE(options_parse(options, count, words) == OPTIONS_RUN, "the options of a small machine are refused");
}

#endif
