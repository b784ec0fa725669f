#include "timing/states.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

/* Zeroed room; NORESERVE: the host gives pages as states come. NULL: no memory. */
static void *room_for(size_t size)
{
	void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return room == MAP_FAILED ? NULL : room;
}

int states_init(struct states *states)
{
	memset(states, 0, sizeof *states);
	states->limit = STATES_MAX - STATES_SLACK;
	states->list = room_for(STATES_MAX * sizeof *states->list);
	states->next = room_for(STATES_MAX * sizeof *states->next);
	if (!states->list || !states->next)
		return -1;
	states_clear(states);
	return 0;
}

void states_free(struct states *states)
{
	if (states->list)
		munmap(states->list, STATES_MAX * sizeof *states->list);
	if (states->next)
		munmap(states->next, STATES_MAX * sizeof *states->next);
	states->list = NULL;
	states->next = NULL;
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

uint32_t states_number(struct states *states, const struct pipe *pipe)
{
	uint32_t *head = &states->buckets[state_bucket(pipe)];
	for (uint32_t i = *head; i; i = states->next[i])
		if (memcmp(&states->list[i], pipe, sizeof *pipe) == 0)
			return i;
	if (memcmp(&states->list[0], pipe, sizeof *pipe) == 0)
		return 0;
	assert(states->count < STATES_MAX);
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
