/* What --help and --version say. */
#ifndef USAGE_H
#define USAGE_H

#include <stdio.h>

#define RVSIM_VERSION "0.1"

void usage_print(FILE *out);

#endif
