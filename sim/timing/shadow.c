/* The levels' pipelines: their states, what a run of instructions does to them, and the outcomes that are kept. */
#include "timing/shadow.h"

#include <stdlib.h>
#include <string.h>

enum { SETS_MAX = 1 << 12, OUTCOMES_MAX = 1 << 13, BUCKETS = 1 << 13, NONE = 0 };

/* As many words of 8 bytes as a set's states take; one behind the last level is 0. */
enum { SET_STATES = (SHADOW_LEVELS + 1) / 2 * 2 };

/* The states of all levels, by number: equal sets have equal numbers. */
struct set {
	uint32_t states[SET_STATES];
	uint32_t next; /* of the same bucket; NONE: no more */
};

/* What decides a run's outcome. It is compared and hashed as bytes, so it has no gaps. */
struct key {
	const struct uop *uops;
	uint32_t set, count;
	struct causes fetch, translate, refetch;
	struct stall stall;
	uint32_t walked, jumped; /* booleans as wide as the words that are compared */
};

_Static_assert(sizeof(struct key) == 24 + 3 * sizeof(struct causes) + sizeof(struct stall),
               "no gaps, and every byte is hashed");

struct shadow_outcome {
	struct key key;
	uint32_t set;
	uint32_t cycles[SHADOW_LEVELS];
	uint32_t next; /* as in struct set */
	uint32_t then; /* the outcome that came after it last time; NONE: none yet */
};

/* Sets and outcomes have numbers from 1; NONE is none. When one of the tables is full, both are emptied. */
struct shadow {
	const struct timing *timing;
	struct states states;
	uint32_t first; /* the state of the first level where a switch begins */
	uint32_t now;   /* the set that the levels are in */
	uint32_t last;  /* the outcome of the run before; NONE: it was not kept */
	uint32_t set_count, outcome_count;
	uint32_t set_heads[BUCKETS], outcome_heads[BUCKETS];
	struct set sets[SETS_MAX];
	struct shadow_outcome outcomes[OUTCOMES_MAX];
};

/* Of `size` bytes, a multiple of 8. No product waits for another, so that the host computes them at once. */
static inline uint32_t shadow_bucket(const void *bytes, size_t size)
{
	uint64_t hash = 0, part;
	for (size_t i = 0; i < size; i += 8) {
		memcpy(&part, (const char *)bytes + i, 8);
		hash += (part ^ part >> 29) * (UINT64_C(0x9e3779b97f4a7c15) * (2 * i + 1));
	}
	return hash >> 40 & (BUCKETS - 1);
}

/* Of `size` bytes, likewise: without a branch for each word, since most often they are equal. */
static inline bool are_equal(const void *a, const void *b, size_t size)
{
	uint64_t differences = 0, x, y;
	for (size_t i = 0; i < size; i += 8) {
		memcpy(&x, (const char *)a + i, 8);
		memcpy(&y, (const char *)b + i, 8);
		differences |= x ^ y;
	}
	return !differences;
}

static uint32_t set_number(struct shadow *shadow, const uint32_t states[SET_STATES])
{
	uint32_t *head = &shadow->set_heads[shadow_bucket(states, sizeof shadow->sets->states)];
	for (uint32_t i = *head; i != NONE; i = shadow->sets[i].next)
		if (are_equal(shadow->sets[i].states, states, sizeof shadow->sets->states))
			return i;
	struct set *set = &shadow->sets[++shadow->set_count];
	memcpy(set->states, states, sizeof set->states);
	set->next = *head;
	return *head = shadow->set_count;
}

/* ---- making and emptying ---- */

void shadow_forget(struct shadow *shadow)
{
	memset(shadow->outcome_heads, 0, sizeof shadow->outcome_heads);
	shadow->outcome_count = 0;
	shadow->outcomes[NONE].then = NONE;
	shadow->last = NONE;
}

/* Fetch goes on elsewhere, and has been there long enough for the next instruction to issue at `base`. */
static void fetch_ahead(const struct timing *timing, struct pipe *pipe, int base)
{
	pipe->fetch_next = (int16_t)(base - (int)timing->fetch_issue);
	pipe->fetch_last = PIPE_NEVER;
	pipe->redirected = 1;
}

static void forget_all(struct shadow *shadow)
{
	struct pipe first;
	shadow_forget(shadow);
	states_clear(&shadow->states);
	memset(shadow->set_heads, 0, sizeof shadow->set_heads);
	shadow->set_count = 0;
	pipe_reset(&first);
	fetch_ahead(shadow->timing, &first, 0);
	pipe_settle(shadow->timing, &first, 0);
	shadow->first = states_number(&shadow->states, &first);
}

/* Room for one more set and outcome. If there is none, only the states that the levels are in are kept. */
static void make_room(struct shadow *shadow)
{
	struct pipe pipes[SHADOW_LEVELS];
	uint32_t states[SET_STATES] = {0};
	if (shadow->set_count < SETS_MAX - 1 && shadow->outcome_count < OUTCOMES_MAX - 1)
		return;
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		pipes[level] = shadow->states.list[shadow->sets[shadow->now].states[level]];
	forget_all(shadow);
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		states[level] = states_number(&shadow->states, &pipes[level]);
	shadow->now = set_number(shadow, states);
}

struct shadow *shadow_new(const struct timing *timing)
{
	struct shadow *shadow = calloc(1, sizeof *shadow);
	if (!shadow)
		return NULL;
	shadow->timing = timing;
	if (states_init(&shadow->states) == 0) {
		forget_all(shadow);
		return shadow;
	}
	shadow_free(shadow);
	return NULL;
}

void shadow_free(struct shadow *shadow)
{
	if (!shadow)
		return;
	states_free(&shadow->states);
	free(shadow);
}

void shadow_begin(struct shadow *shadow, const struct pipe *pipe)
{
	uint32_t states[SET_STATES] = {0}, number;
	make_room(shadow);
	number = states_number(&shadow->states, pipe);
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		states[level] = level < SHADOW_TRAP ? shadow->first : number;
	shadow->now = set_number(shadow, states);
}

/* ---- what each level sees ---- */

static unsigned seen_of(const struct causes *causes, enum shadow_level level)
{
	return (level >= SHADOW_FENCE ? causes->fence : 0u) + (level >= SHADOW_ICACHE ? causes->icache : 0u) +
	       (level >= SHADOW_FIRST ? causes->first : 0u) + (level >= SHADOW_SECOND ? causes->second : 0u);
}

static struct stall stall_seen(const struct timing *timing, const struct key *key, enum shadow_level level)
{
	struct stall stall = key->stall;
	uint16_t translate = (uint16_t)seen_of(&key->translate, level);
	if (stall.flow == FLOW_WRONG && level < SHADOW_BRANCH)
		stall.flow = key->jumped ? FLOW_TAKEN : FLOW_NEXT;
	stall.refetch = (uint16_t)seen_of(&key->refetch, level);
	stall.translate = stall.translate ? translate : 0;
	if (level < SHADOW_DCACHE)
		stall.memory = 0;
	if (level < SHADOW_DEVICE)
		stall.device = 0;
	if (stall.trap)
		stall.trap = pipe_trap(timing, key->walked, translate);
	return stall;
}

static bool is_fence(const struct uop *uop)
{
	return uop->kind == UOP_CSR && uop->flags & (UOP_DRAIN | UOP_ICACHE | UOP_WALKS);
}

static void step_level(const struct timing *timing, enum shadow_level level, struct pipe *pipe, const struct uop *uop,
                       const struct stall *stall, struct pipe_times *times)
{
	struct uop seen = *uop;
	bool unseen = level < SHADOW_TRAP && (stall->trap || uop->flags & UOP_RETURN); /* a trap or return */
	if (unseen || (level < SHADOW_FENCE && is_fence(uop)))
		seen = (struct uop){.kind = UOP_NONE, .place = uop->place};
	if (!unseen || !stall->trap)
		pipe_step(timing, pipe, &seen, stall, times);
	if (unseen)
		fetch_ahead(timing, pipe, times->next);
}

/* Does a level see the same as the one before it? */
static bool sees_the_same(const struct timing *timing, const struct key *key, enum shadow_level level)
{
	struct stall stall = stall_seen(timing, key, level), before = stall_seen(timing, key, level - 1);
	return level > SHADOW_FENCE && memcmp(&stall, &before, sizeof stall) == 0 &&
	       seen_of(&key->fetch, level) == seen_of(&key->fetch, level - 1);
}

/* Returns the state after the run, and in *cycles what it took. */
static uint32_t run_level(struct shadow *shadow, const struct key *key, enum shadow_level level, uint32_t state,
                          uint32_t *cycles)
{
	static const struct stall nothing;
	struct stall stall = stall_seen(shadow->timing, key, level);
	struct pipe pipe = shadow->states.list[state];
	struct pipe_times times = {0};
	pipe.fetch_stall = (int16_t)(pipe.fetch_stall + (int)seen_of(&key->fetch, level));
	for (unsigned i = 0; i < key->count; i++)
		step_level(shadow->timing, level, &pipe, &key->uops[i], i + 1 == key->count ? &stall : &nothing,
		           &times);
	pipe_settle(shadow->timing, &pipe, times.next);
	*cycles = (uint32_t)times.next;
	return states_number(&shadow->states, &pipe);
}

static void run_levels(struct shadow *shadow, struct shadow_outcome *outcome)
{
	uint32_t states[SET_STATES] = {0}, before[SET_STATES];
	memcpy(before, shadow->sets[outcome->key.set].states, sizeof before);
	for (enum shadow_level level = 0; level < SHADOW_LEVELS; level++) {
		if (level && before[level] == before[level - 1] &&
		    sees_the_same(shadow->timing, &outcome->key, level)) {
			states[level] = states[level - 1];
			outcome->cycles[level] = outcome->cycles[level - 1];
		} else {
			states[level] = run_level(shadow, &outcome->key, level, before[level], &outcome->cycles[level]);
		}
	}
	outcome->set = set_number(shadow, states);
}

/* ---- outcomes that are kept ---- */

static struct key key_of(const struct shadow *shadow, const struct shadow_run *run)
{
	return (struct key){
	    .uops = run->uops,
	    .set = shadow->now,
	    .count = run->count,
	    .fetch = run->fetch,
	    .translate = run->settled.translate,
	    .refetch = run->settled.refetch,
	    .stall = run->settled.stall,
	    .walked = run->settled.walked,
	    .jumped = run->jumped,
	};
}

/* The number of the run's outcome: a kept one, or it is kept from now on. */
static uint32_t find_outcome(struct shadow *shadow, const struct key *key)
{
	uint32_t *head = &shadow->outcome_heads[shadow_bucket(key, sizeof *key)];
	for (uint32_t i = *head; i != NONE; i = shadow->outcomes[i].next)
		if (are_equal(&shadow->outcomes[i].key, key, sizeof *key))
			return i;
	struct shadow_outcome *outcome = &shadow->outcomes[++shadow->outcome_count];
	*outcome = (struct shadow_outcome){.key = *key, .next = *head, .then = NONE};
	*head = shadow->outcome_count;
	run_levels(shadow, outcome);
	return *head;
}

/* The same, but looked for first where it was when the run before came last time. */
static const struct shadow_outcome *next_outcome(struct shadow *shadow, const struct key *key)
{
	uint32_t *then = &shadow->outcomes[shadow->last].then;
	if (*then == NONE || !are_equal(&shadow->outcomes[*then].key, key, sizeof *key))
		*then = find_outcome(shadow, key);
	shadow->last = *then;
	return &shadow->outcomes[*then];
}

void shadow_run(struct shadow *shadow, const struct shadow_run *run, uint64_t time[SHADOW_LEVELS])
{
	make_room(shadow);
	struct shadow_outcome fresh = {.key = key_of(shadow, run)};
	const struct shadow_outcome *outcome = &fresh;
	if (run->lasting)
		outcome = next_outcome(shadow, &fresh.key);
	else
		run_levels(shadow, &fresh);
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		time[level] += outcome->cycles[level];
	shadow->now = outcome->set;
}

/* ---- save and restore ---- */

void shadow_save(const struct shadow *shadow, struct state_writer *writer)
{
	const uint32_t *states = shadow->sets[shadow->now].states;
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		pipe_save(&shadow->states.list[states[level]], writer);
}

bool shadow_restore(struct shadow *shadow, struct state_reader *reader)
{
	struct pipe pipe;
	uint32_t states[SET_STATES] = {0};
	forget_all(shadow);
	for (unsigned level = 0; level < SHADOW_LEVELS; level++) {
		if (!pipe_restore(shadow->timing, &pipe, reader))
			return false;
		states[level] = states_number(&shadow->states, &pipe);
	}
	shadow->now = set_number(shadow, states);
	return true;
}
