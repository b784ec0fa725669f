/*
 * How long interrupts wait: of each cause on a hart, from trap events and the latencies told before them (base/trace_event.h).
 * The values are kept exactly, as those of world switches are.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include "base/trace_event.h"
#include "trace/tally.h"

/* The interrupts of one cause that a hart has taken; `cause` as in value[0] of the trap event. */
struct latency_row {
	uint64_t cause;
	struct tally waited;
	uint64_t masked; /* of all together */
};

/* Those of one hart; all 0: none yet. */
struct latencies {
	struct latency_row *rows; /* by cause */
	size_t count, capacity;
	struct trace_latency next; /* of the hart's next interrupt */
	bool known;                /* it has been told */
	uint64_t lost;             /* not counted because there was no memory */
};

/* The hart's next trap is an interrupt that has waited so long. */
void latency_told(struct latencies *latencies, const struct trace_latency *latency);
/* A trap event of the hart. Exceptions, and interrupts of which nothing was told, are ignored. */
void latency_event(struct latencies *latencies, const struct trace_event *event);
void latency_free(struct latencies *latencies);

/* As a part of an open section. Restored into an empty one. */
void latency_save(const struct latencies *latencies, struct state_writer *writer);
void latency_restore(struct latencies *latencies, struct state_reader *reader);

#endif
