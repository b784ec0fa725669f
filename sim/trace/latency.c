/* How long interrupts wait: latency.h. */
#include "trace/latency.h"
#include <stdlib.h>
#include <string.h>
#include "base/array.h"

enum { CAUSE_INTERRUPT = 63 };

/* NULL: no memory. */
static struct latency_row *latency_row(struct latencies *latencies, uint64_t cause)
{
	size_t at = 0;
	while (at < latencies->count && latencies->rows[at].cause < cause)
		at++;
	if (at < latencies->count && latencies->rows[at].cause == cause)
		return &latencies->rows[at];
	if (ARRAY_RESERVE(latencies->rows, latencies->count, 1, &latencies->capacity))
		return NULL;
	struct latency_row *row = &latencies->rows[at];
	memmove(row + 1, row, (latencies->count++ - at) * sizeof(*row));
	*row = (struct latency_row){.cause = cause};
	return row;
}

void latency_told(struct latencies *latencies, const struct trace_latency *latency)
{
	latencies->next = *latency;
	latencies->known = true;
}

void latency_event(struct latencies *latencies, const struct trace_event *event)
{
	bool known = latencies->known;
	latencies->known = false;
	if (!known || !(event->value[0] >> CAUSE_INTERRUPT))
		return;
	struct latency_row *row = latency_row(latencies, event->value[0]);
	if (!row) {
		latencies->lost++;
		return;
	}
	tally_add(&row->waited, latencies->next.waited, 1);
	row->masked += latencies->next.masked;
}

void latency_free(struct latencies *latencies)
{
	for (size_t i = 0; i < latencies->count; i++)
		tally_free(&latencies->rows[i].waited);
	free(latencies->rows);
	*latencies = (struct latencies){0};
}

void latency_save(const struct latencies *latencies, struct state_writer *writer)
{
	const uint64_t words[] = {latencies->known, latencies->next.waited, latencies->next.masked, latencies->lost,
	                          latencies->count};
	STATE_WRITE(writer, words);
	for (size_t i = 0; i < latencies->count; i++) {
		state_write_u64(writer, latencies->rows[i].cause);
		state_write_u64(writer, latencies->rows[i].masked);
		tally_save(&latencies->rows[i].waited, writer);
	}
}

void latency_restore(struct latencies *latencies, struct state_reader *reader)
{
	latencies->known = state_read_limited(reader, true);
	latencies->next.waited = state_read_u64(reader);
	latencies->next.masked = state_read_u64(reader);
	latencies->lost = state_read_u64(reader);
	uint64_t count = state_read_u64(reader);
	for (uint64_t i = 0; i < count && !reader->failed; i++) {
		uint64_t cause = state_read_u64(reader);
		if (i && cause <= latencies->rows[i - 1].cause) {
			state_refuse(reader, "world: causes of interrupts are not in order");
			return;
		}
		struct latency_row *row = latency_row(latencies, cause);
		if (!row) {
			state_refuse(reader, "world: no memory");
			return;
		}
		row->masked = state_read_u64(reader);
		tally_restore(&row->waited, reader);
	}
}
