/* --version. */
#ifndef ABOUT_H
#define ABOUT_H

#include <stdio.h>

/* Which engine runs code: "threaded" or "plain". */
const char *about_engine(void);
/* Version and commit; then what it was built with, a line. */
void about_print(FILE *out);

#endif
