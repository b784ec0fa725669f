#include "timing/states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"

int states_init(struct states *states)
{
	states->capacity = 1024;
	states->list = malloc(states->capacity * sizeof *states->list);
	states->next = malloc(states->capacity * sizeof *states->next);
	if (!states->list || !states->next)
		return -1;
	states_clear(states);
	return 0;
}

void states_free(struct states *states)
{
	free(states->list);
	free(states->next);
}

static uint32_t state_bucket(const struct pipe *pipe)
{
	const char *bytes = (const char *)pipe;
	uint64_t hash = 0, part;
	for (size_t i = 0; i + 8 <= sizeof *pipe; i += 8) {
		memcpy(&part, bytes + i, 8);
		hash = (hash ^ part) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash >> 20 & (STATE_BUCKETS - 1);
}

_Static_assert(sizeof(struct pipe) % 8 == 0, "every byte of a state is hashed");

static void grow_states(struct states *states)
{
	uint32_t capacity = states->capacity * 2;
	struct pipe *list = realloc(states->list, capacity * sizeof *list);
	uint32_t *next = list ? realloc(states->next, capacity * sizeof *next) : NULL;
	if (!next) {
		say("out of memory for pipeline states");
		exit(5);
	}
	states->list = list;
	states->next = next;
	states->capacity = capacity;
}

uint32_t states_number(struct states *states, const struct pipe *pipe)
{
	uint32_t *head = &states->buckets[state_bucket(pipe)];
	for (uint32_t i = *head; i; i = states->next[i])
		if (memcmp(&states->list[i], pipe, sizeof *pipe) == 0)
			return i;
	if (memcmp(&states->list[0], pipe, sizeof *pipe) == 0)
		return 0;
	if (states->count == states->capacity)
		grow_states(states);
	uint32_t number = states->count++;
	states->list[number] = *pipe;
	states->next[number] = *head;
	*head = number;
	return number;
}

void states_clear(struct states *states)
{
	memset(states->buckets, 0, sizeof states->buckets);
	pipe_reset(&states->list[0]);
	states->count = 1;
}
