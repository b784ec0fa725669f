/* Going back in time: the machine's past (machine/history.h) as commands and the GDB stub use it. */
#ifndef TRAVEL_H
#define TRAVEL_H

#include <stdbool.h>
#include <stdint.h>

struct debugger;
struct travel;

/* From here on there is a past. NULL: no memory, and there is none. */
struct travel *travel_new(struct debugger *debugger);
void travel_free(struct travel *travel);

/* Back to where the current hart had `count` fewer instructions behind it. False: a complaint at the beginning of what is known. */
bool travel_step_back(struct debugger *debugger, uint64_t count);
/* Back to the last moment at which a stop point would have stopped: before a watched value changed, else as it was met then.
 * debugger->reason says which. False: a complaint at the beginning of what is known, where the machine is then. */
bool travel_continue_back(struct debugger *debugger);

/* The machine begins to run on; and has moved. */
void travel_resume(struct debugger *debugger);
void travel_attend(struct debugger *debugger);

/* Before anything of the machine is changed by the user. False after a complaint: it cannot be. */
bool travel_change(struct debugger *debugger);
/* From now on there is no past. */
void travel_stop(struct debugger *debugger);
/* What `info checkpoints` says. */
void travel_print(struct debugger *debugger);
/* Likewise: "from", "snapshots", "bytes" and "checkpoints". False after a complaint. */
struct json;
bool travel_json(struct debugger *debugger, struct json *json);
/* `trace on` or `off` was obeyed. */
void travel_trace_anew(struct debugger *debugger);

#endif
