#ifndef MAPPINGS_H
#define MAPPINGS_H

#include "debug/debugger.h"

/* What satp's tables map (vsatp's, while the hart is in a guest): runs of addresses that go on on both sides, and their rights. */
struct json;
void info_mem(struct debugger *debugger, struct json *json); /* json: into that, unless NULL */

#endif
