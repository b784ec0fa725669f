/* What --help says. */
#ifndef USAGE_H
#define USAGE_H

#include <stdio.h>

void usage_print(FILE *out);

#endif
