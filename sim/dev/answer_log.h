/*
 * Answers of the host that depend on what it has become meanwhile, as those of a shared folder: kept in their order, so that a machine
 * that was taken back gets again what it got then, and nobody is asked twice.
 */
#ifndef ANSWER_LOG_H
#define ANSWER_LOG_H

#include <stddef.h>
#include "dev/frontier.h"

struct kept_answer {
	uint32_t size;
	uint8_t *bytes;
};

/* All zero: nothing is kept, every question is for the host. */
struct answer_log {
	struct frontier answers;
	bool kept;
	struct kept_answer *past;
	size_t capacity;
};

void answer_log_free(struct answer_log *log);

/* The next question: its answer, if it was asked before. NULL: the host must be asked, and answer_log_keep told. */
const struct kept_answer *answer_log_next(struct answer_log *log);
/* What the host has answered. False: no memory to keep it. */
bool answer_log_keep(struct answer_log *log, const void *bytes, uint32_t size);

/* Has the host been asked more than the machine, where it is now, knows of? */
static inline bool answer_log_behind(const struct answer_log *log) { return log->answers.at < log->answers.reached; }

#endif
