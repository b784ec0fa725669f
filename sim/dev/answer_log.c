#include "dev/answer_log.h"

#include <stdlib.h>
#include <string.h>

void answer_log_free(struct answer_log *log)
{
	for (size_t i = 0; i < log->capacity; i++)
		free(log->past[i].bytes);
	free(log->past);
	*log = (struct answer_log){0};
}

const struct kept_answer *answer_log_next(struct answer_log *log)
{
	uint64_t number = log->answers.at;
	return frontier_pass(&log->answers) ? &log->past[number] : NULL;
}

static bool answer_log_room(struct answer_log *log, uint64_t number)
{
	if (number < log->capacity)
		return true;
	size_t capacity = 2 * number + 64;
	struct kept_answer *grown = realloc(log->past, capacity * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + log->capacity, 0, (capacity - log->capacity) * sizeof(*grown));
	log->past = grown;
	log->capacity = capacity;
	return true;
}

bool answer_log_keep(struct answer_log *log, const void *bytes, uint32_t size)
{
	uint64_t number = log->answers.at - 1;
	if (!log->kept)
		return true;
	uint8_t *copy = answer_log_room(log, number) ? malloc(size + 1) : NULL;
	if (!copy)
		return false;
	if (size)
		memcpy(copy, bytes, size);
	free(log->past[number].bytes);
	log->past[number] = (struct kept_answer){.size = size, .bytes = copy};
	return true;
}
