/* A file that a run writes, by the name that a user gave: "-" is standard output. */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

bool output_is_standard(const char *path);
/* Emptied, for writing; what is closed of "-" is a copy. NULL and errno: it cannot be. */
FILE *output_open(const char *path);

#endif
