/* Values that the user has been shown, $1 and on, and variables of his own, $name. */
#ifndef KEPT_H
#define KEPT_H

#include "debug/debugger.h"
#include "source/value.h"

/* Keep a value as it is now: its number, or 0: no memory. */
unsigned kept_add(struct debugger *debugger, const struct source_view *view, const struct value *value);
/* By "3", "" (the last), "$" (the one before) or "$3" (three before the last). */
bool kept_value(const struct debugger *debugger, const char *name, struct value *value);
bool convenience_value(const struct debugger *debugger, const char *name, struct value *value);
bool convenience_set(struct debugger *debugger, const struct source_view *view, const char *name,
                     const struct value *value);
void kept_free(struct debugger *debugger);

#endif
