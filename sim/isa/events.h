/* Events that performance counters count, by number (events.def). */
#ifndef EVENTS_H
#define EVENTS_H

#include <stddef.h>
#include <stdint.h>

enum event_number {
	EVENT_none, /* the counter stands still */
#define CLOCK_EVENT(number, id, ...) EVENT_##id = (number),
#define MODEL_EVENT(number, id, ...) EVENT_##id = (number),
#include "isa/events.def"
	EVENT_MODEL_FIRST = EVENT_instret + 1,
};

/* What a hart's timing model has counted, in the order of numbers: EVENT_MODEL_FIRST selects the first member. */
struct event_counts {
#define MODEL_EVENT(number, id, ...) uint64_t id;
#include "isa/events.def"
};

enum { EVENT_COUNTS = sizeof(struct event_counts) / sizeof(uint64_t) };

#define MODEL_EVENT(number, id, ...)                                                                                   \
	_Static_assert(offsetof(struct event_counts, id) / sizeof(uint64_t) + EVENT_MODEL_FIRST == (number),           \
	               "events.def stands in the order of numbers");
#include "isa/events.def"

#endif
