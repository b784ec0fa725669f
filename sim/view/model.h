/*
 * What the view shows of a run, out of its events alone: for each hart who had it when, in buckets of the same number of cycles. Of a run
 * that grows past the last bucket two neighbours become one, so that a run of any length takes the same memory, in one pass, and a sum
 * over all buckets stays exact.
 *
 * An exit is what trace/world.h says. Waiting for an interrupt inside an exit is known by its split, or as its observer tells: those
 * cycles are `idle', and belong to no mode.
 */
#ifndef VIEW_MODEL_H
#define VIEW_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "isa/privileged.h"
#include "trace/split.h"
#include "base/trace_event.h"

enum {
	VIEW_ZONES = 8,      /* that are told apart; what is in others belongs to the last */
	VIEW_CAUSES = 16,    /* of exits, likewise */
	VIEW_SLOWEST = 5,    /* exits that are kept by their length */
	VIEW_RECENT = 1 << 16, /* spans and exits of a hart whose details are kept */
	VIEW_HELD = 16,      /* spans of an open exit of which it is not known yet where it waited */
	VIEW_NONE = UINT32_MAX,
};

/* Who has a hart. */
enum view_class {
	VIEW_M,
	VIEW_HS,
	VIEW_U,
	VIEW_IDLE,
	VIEW_GUEST /* 2 * zone, + 1 for VU */,
	VIEW_CLASSES = VIEW_GUEST + 2 * VIEW_ZONES
};

struct view_bucket {
	uint64_t cycles[VIEW_CLASSES];
	uint32_t exits[VIEW_CAUSES];
	uint32_t longest; /* cycles of the longest exit that began here, without idle; VIEW_NONE: as many, or more */
};

struct view_exit {
	uint64_t begin, end, idle; /* end: of an open one where the hart is now */
	uint64_t cause, pc, tval;
	uint64_t parts[SPLIT_PARTS];
	uint8_t hart, zone, row; /* row: of causes */
	bool ended, has_trap, has_split;
};

/* A hart was in a class in [begin, end). */
struct view_span {
	uint64_t begin, end;
	uint8_t class, mode;
};

/* The latest spans and exits of a hart: number n at n % VIEW_RECENT. */
struct view_recent {
	struct view_span *spans;
	struct view_exit *exits;
	uint64_t span_count, exit_count; /* that have come; those before count - VIEW_RECENT are gone */
};

struct view_hart {
	struct view_bucket *buckets;
	uint64_t begin;  /* of what it is in now */
	uint64_t cycle;  /* that it has come to */
	uint64_t tp, tp_pc;
	enum mode tp_mode;
	uint64_t exits, idle[MODE_COUNT]; /* idle: by the mode it was in */
	enum mode mode;
	unsigned zone;
	struct trace_event trap; /* its last */
	struct view_exit exit;   /* the open one */
	bool outside;
	struct view_span held[VIEW_HELD]; /* of the open exit */
	unsigned held_count;
	uint64_t waited; /* since its last event */
	bool waits; /* now, from there on: */
	uint64_t waits_from;
	struct view_recent recent;
};

struct view_zone {
	uint64_t hgatp;
	unsigned vmid, guest;
	char name[32];
	uint64_t exits;
};

struct view_cause {
	uint64_t cause, count;
};

struct view_model {
	unsigned hart_count;
	struct view_hart *harts;
	uint64_t width; /* cycles of a bucket */
	size_t bucket_count; /* of a hart */
	struct view_zone zones[VIEW_ZONES];
	unsigned zone_count;
	struct view_cause causes[VIEW_CAUSES];
	unsigned cause_count;
	struct view_exit slowest[VIEW_SLOWEST]; /* longest first */
	unsigned slowest_count;
	uint64_t exits;
};

/* width: of the first buckets, a power of two. 0, or -1: no memory. */
int view_model_init(struct view_model *model, unsigned hart_count, uint64_t width);
void view_model_free(struct view_model *model);
/* Nothing has happened. */
void view_model_clear(struct view_model *model);

/* An event: of those that are neither of traps, worlds nor tp the time is taken. Events of a hart come in the order of their cycles. */
void view_model_event(struct view_model *model, const struct trace_event *event);
/* The hart has waited so many cycles since its last event, up to the one that comes next. */
void view_model_idle(struct view_model *model, unsigned hart, uint64_t cycles);
/* What the hart's open exit went to, before the event that ends it. */
void view_model_split(struct view_model *model, unsigned hart, const struct split *split);
/* The hart has come so far without an event. */
void view_model_now(struct view_model *model, unsigned hart, uint64_t cycle);
/* From this cycle on it does nothing but wait, and still does at `cycle'. */
void view_model_waits(struct view_model *model, unsigned hart, uint64_t from, uint64_t cycle);
/* A name for the zone of an hgatp that has been seen. */
void view_model_name(struct view_model *model, unsigned zone, const char *name);

/* The cycle that the furthest hart has come to. */
uint64_t view_model_end(const struct view_model *model);

/* Sums over [from, to) of a hart; buckets that lie there in part count in proportion. */
struct view_sum {
	double cycles[VIEW_CLASSES];
	double exits[VIEW_CAUSES];
	uint32_t longest;
};
void view_model_sum(const struct view_model *model, unsigned hart, uint64_t from, uint64_t to, struct view_sum *sum);

/* What the hart is in now, up to where it has come: two spans, of which either may be empty. */
void view_hart_open(const struct view_hart *hart, struct view_span spans[2]);

/* Do the details that are kept of the hart reach back to this cycle? */
bool view_model_recent(const struct view_model *model, unsigned hart, uint64_t from);
/* The n-th that is kept, from the oldest on; NULL: there are no more. */
const struct view_span *view_recent_span(const struct view_recent *recent, uint64_t n);
const struct view_exit *view_recent_exit(const struct view_recent *recent, uint64_t n);
/* The first number whose end lies behind the cycle. */
uint64_t view_recent_span_at(const struct view_recent *recent, uint64_t cycle);
uint64_t view_recent_exit_at(const struct view_recent *recent, uint64_t cycle);

static inline bool view_is_guest(unsigned class) { return class >= VIEW_GUEST; }
static inline unsigned view_zone_of(unsigned class) { return (class - VIEW_GUEST) / 2; }
static inline uint64_t view_exit_busy(const struct view_exit *exit) { return exit->end - exit->begin - exit->idle; }

#endif
