/* Values as text, in gdb's way: {x = 1, y = 2}, (int *) 0x80001000 <counter>, "text", 65 'A'. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdio.h>
#include "source/value.h"

/* Letters of formats: x d u t o c a z s f; 0: as the type has it. */
bool format_is_letter(char letter);

/* `outermost`: a pointer is told with its type. What is long ends in "...". */
void format_value(FILE *out, const struct source_view *view, const struct value *value, char letter, bool outermost);

#endif
