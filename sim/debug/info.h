/* The topics of `info`. */
#ifndef INFO_H
#define INFO_H

#include <stdbool.h>
#include <stddef.h>

struct debugger;

/* The name of each; NULL past the last. */
const char *info_topic_name(size_t index);
/* What one is for. False after a complaint: there is no such topic. */
bool info_topic_help(struct debugger *debugger, const char *name);

#endif
