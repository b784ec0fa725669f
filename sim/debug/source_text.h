/* The text of source files, as far as they are where the compiler had them or where the user says. */
#ifndef SOURCE_TEXT_H
#define SOURCE_TEXT_H

#include "debug/debugger.h"
#include "source/lines.h"

/* One line's text, without its end: *length characters from the pointer on. NULL: no such file or line. */
const char *source_text_line(struct debugger *debugger, const struct source_line *line, size_t *length);
/* "  ; FILE:LINE  ", and the line's text where that can be had: where the hart's instruction stands. Nothing if nobody knows. */
void source_print_place(struct debugger *debugger, struct hart *hart);

void source_text_free(struct debugger *debugger);

#endif
