/*
 * A run's past: snapshots now and then, and going to any moment between them by running again from the one before it. Where a run
 * was is told by machine_position: the same position is the same state, however often it is come to.
 *
 * What the machine does to the host is done once (dev/frontier.h), and what came from there is kept. Whoever changes the machine from
 * outside says so first (history_change): then the run has another future, and the change is a part of its past.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/state.h"

struct history;
struct machine;

struct history_config {
	size_t
	    budget; /* bytes of the host's memory that snapshots may take together; the first and the last are always kept */
	uint64_t every; /* cycles of the machine between two; 0: what costs a run a tenth of its time at most */
	/* Asked now and then while the machine is on its way. True: it stays where it is. */
	bool (*interrupted)(void *context);
	/* Something that is to go back and forth with the machine. */
	void (*save)(void *context, struct state_writer *writer);
	bool (*restore)(void *context, struct state_reader *reader);
	void *context;
};

/* From here on. NULL: no memory. The machine lives longer. */
struct history *history_new(struct machine *machine, const struct history_config *config);
void history_free(struct history *history);

struct history_config *history_settings(struct history *history);

/* Before the machine runs on from where it has been brought to or was changed. */
void history_resume(struct history *history);

/* Between slices or steps, again and again while the machine runs: a snapshot is taken if it is time. */
void history_attend(struct history *history);

/* The positions that can be gone to. */
uint64_t history_first(const struct history *history);
uint64_t history_last(const struct history *history); /* the furthest that was come to */

/* Be at this position, first..last, or the first after it where a step ends. False: the machine was interrupted, or stopped, on the way; or (then `reason` is filled in) it
 * cannot go there. */
bool history_goto(struct history *history, uint64_t position, char reason[160]);

/* The last position where a snapshot is, up to this one, and the first after it (UINT64_MAX: none): between them the way is short. */
uint64_t history_before(const struct history *history, uint64_t position);
uint64_t history_after(const struct history *history, uint64_t position);

/* Another file is traced into, or none: it has nothing of what comes from here on. */
void history_trace_anew(struct history *history);

/* Before the machine is changed from outside: what has been after this moment will not be. False, and `reason` filled in: it
 * cannot be forgotten. */
bool history_change(struct history *history, char reason[160]);

/* A snapshot that stays, with a number. 0: no memory. */
unsigned history_mark(struct history *history);
/* False: no such. */
bool history_unmark(struct history *history, unsigned number);

struct history_entry {
	unsigned number; /* 0: taken by itself */
	bool changed; /* here the machine was changed from outside */
	uint64_t position, cycle; /* of machine_now */
};
/* In the order of positions; false past the last. */
bool history_at(const struct history *history, size_t index, struct history_entry *entry);
size_t history_bytes(const struct history *history);

#endif
