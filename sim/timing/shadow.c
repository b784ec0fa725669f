#include "timing/shadow.h"

#include <stdlib.h>
#include <string.h>

enum { SHADOW_MEMOS = 4096, STATES_MAX = 1 << 13 };

/* What decides a run's outcome: memcmp'd, so built from zeroed bytes. */
struct key {
	const struct uop *uops;
	uint32_t states[SHADOW_LEVELS];
	uint32_t count;
	struct causes late, translate, refetch;
	struct stall stall;
	uint8_t walked, jumped;
	uint32_t generation; /* of uops */
};

_Static_assert(sizeof(struct key) % 8 == 0, "every byte of a key is hashed");

struct outcome {
	struct key key;
	uint32_t states[SHADOW_LEVELS];
	uint32_t cycles[SHADOW_LEVELS];
};

struct shadow {
	const struct timing *timing;
	uint32_t now[SHADOW_LEVELS]; /* states */
	uint32_t generation;
	struct states states;
	struct outcome memos[SHADOW_MEMOS];
};

struct shadow *shadow_new(const struct timing *timing)
{
	struct shadow *shadow = calloc(1, sizeof *shadow);
	if (!shadow)
		return NULL;
	shadow->timing = timing;
	if (states_init(&shadow->states) == 0)
		return shadow;
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

void shadow_forget(struct shadow *shadow)
{
	shadow->generation++;
}

/* Too many states: keep those of now. */
static void limit_states(struct shadow *shadow)
{
	struct pipe pipes[SHADOW_LEVELS];
	if (shadow->states.count < STATES_MAX)
		return;
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		pipes[level] = shadow->states.list[shadow->now[level]];
	states_clear(&shadow->states);
	shadow_forget(shadow);
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		shadow->now[level] = states_number(&shadow->states, &pipes[level]);
}

/* Fetch goes on elsewhere, and has been there already. */
static void fetch_ahead(const struct timing *timing, struct pipe *pipe, int base)
{
	pipe->fetch_next = (int16_t)(base - (int)timing->fetch_issue);
	pipe->fetch_last = PIPE_NEVER;
	pipe->redirected = 1;
}

void shadow_begin(struct shadow *shadow, const struct pipe *pipe)
{
	struct pipe first;
	limit_states(shadow);
	for (unsigned level = SHADOW_TRAP; level < SHADOW_LEVELS; level++)
		shadow->now[level] = states_number(&shadow->states, pipe);
	pipe_reset(&first);
	fetch_ahead(shadow->timing, &first, 0);
	pipe_settle(shadow->timing, &first, 0);
	shadow->now[SHADOW_INSN] = states_number(&shadow->states, &first);
}

/* ---- what a level sees ---- */

static unsigned seen_of(const struct causes *causes, enum shadow_level level)
{
	return (level >= SHADOW_FENCE ? causes->fence : 0u) + (level >= SHADOW_ICACHE ? causes->icache : 0u) +
	       (level >= SHADOW_FIRST ? causes->first : 0u) + (level >= SHADOW_SECOND ? causes->second : 0u);
}

static struct stall stall_seen(const struct key *key, enum shadow_level level)
{
	struct stall stall = key->stall;
	uint16_t translate = (uint16_t)seen_of(&key->translate, level);
	if (stall.flow == FLOW_WRONG && level < SHADOW_BRANCH)
		stall.flow = key->jumped ? FLOW_TAKEN : FLOW_NEXT;
	stall.refetch = (uint16_t)seen_of(&key->refetch, level);
	stall.translate = stall.translate ? translate : 0;
	if (level < SHADOW_DCACHE)
		stall.memory = 0;
	if (stall.trap)
		stall.trap = (uint16_t)(1 + (key->walked ? 1 + translate : 0));
	return stall;
}

static bool is_fence(const struct uop *uop)
{
	return uop->kind == UOP_CSR && uop->flags & (UOP_DRAIN | UOP_ICACHE | UOP_WALKS);
}

static void step(const struct timing *timing, enum shadow_level level, struct pipe *pipe, const struct uop *uop,
                 const struct stall *stall, struct pipe_times *times)
{
	struct uop seen = *uop;
	bool ahead = level < SHADOW_TRAP && (stall->trap || uop->flags & UOP_RETURN);
	if (ahead || (level < SHADOW_FENCE && is_fence(uop)))
		seen = (struct uop){.kind = UOP_NONE, .place = uop->place};
	if (!ahead || !stall->trap)
		pipe_step(timing, pipe, &seen, stall, times);
	if (ahead)
		fetch_ahead(timing, pipe, times->next);
}

static void run_level(struct shadow *shadow, const struct key *key, enum shadow_level level, struct outcome *outcome)
{
	static const struct stall nothing;
	struct stall stall = stall_seen(key, level);
	struct pipe pipe = shadow->states.list[key->states[level]];
	struct pipe_times times = {0};
	pipe.fetch_late = (int16_t)(pipe.fetch_late + (int)seen_of(&key->late, level));
	for (unsigned i = 0; i < key->count; i++)
		step(shadow->timing, level, &pipe, &key->uops[i], i + 1 == key->count ? &stall : &nothing, &times);
	pipe_settle(shadow->timing, &pipe, times.next);
	outcome->states[level] = states_number(&shadow->states, &pipe);
	outcome->cycles[level] = (uint32_t)times.next;
}

/* ---- remembering ---- */

static struct outcome *slot_of(struct shadow *shadow, const struct key *key)
{
	const char *bytes = (const char *)key;
	uint64_t hash = 0, part;
	for (size_t i = 0; i < sizeof *key; i += 8) {
		memcpy(&part, bytes + i, 8);
		hash = (hash ^ part) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return &shadow->memos[hash >> 40 & (SHADOW_MEMOS - 1)];
}

static void make_key(const struct shadow *shadow, const struct shadow_run *run, struct key *key)
{
	memset(key, 0, sizeof *key);
	key->uops = run->uops;
	memcpy(key->states, shadow->now, sizeof key->states);
	key->count = run->count;
	key->generation = shadow->generation;
	key->late = run->late;
	key->translate = run->settled.translate;
	key->refetch = run->settled.refetch;
	key->stall = run->settled.stall;
	key->walked = run->settled.walked;
	key->jumped = run->jumped;
}

void shadow_run(struct shadow *shadow, const struct shadow_run *run, uint64_t time[SHADOW_LEVELS])
{
	struct key key;
	limit_states(shadow);
	make_key(shadow, run, &key);
	struct outcome fresh, *outcome = run->lasting ? slot_of(shadow, &key) : &fresh;
	if (!run->lasting || memcmp(&outcome->key, &key, sizeof key) != 0) {
		outcome->key = key;
		for (unsigned level = 0; level < SHADOW_LEVELS; level++)
			run_level(shadow, &key, (enum shadow_level)level, outcome);
	}
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		time[level] += outcome->cycles[level];
	memcpy(shadow->now, outcome->states, sizeof shadow->now);
}
