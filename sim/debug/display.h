/* Expressions that are shown whenever the machine stops. */
#ifndef DISPLAY_H
#define DISPLAY_H

#include "debug/evaluate.h"

/* All of them, a line each. */
void display_all(struct debugger *debugger);
void display_free(struct debugger *debugger);
/* print.c: a value as `print` shows it, without the end of the line. */
void print_evaluated(struct debugger *debugger, const struct evaluated *evaluated, char letter);

#endif
