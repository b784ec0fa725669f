/* --version. */
#ifndef ABOUT_H
#define ABOUT_H

#include <stdio.h>

/* Version and commit; then what it was built with, a line. */
void about_print(FILE *out);

#endif
