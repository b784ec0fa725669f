/* What a trace file says of names: its symbols, and which guest runs where. */
#ifndef READ_NAMES_H
#define READ_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include "trace/trace.h"

struct reader_names {
	struct symbols *symbols;
	size_t count, bytes; /* of symbols and guests, so far */
	bool sorted;
	unsigned hart_count;
	uint64_t *hgatp; /* of each hart's guest, as its last world event has it */
};

int reader_names_init(struct reader_names *names, unsigned hart_count); /* 0, or -1: no memory */
void reader_names_free(struct reader_names *names);

/* Records of these kinds, behind the tag. Bytes consumed; 0: cut off; SIZE_MAX: wrong, or more than any program has: a
 * small file can unfold to any number. */
size_t reader_names_symbol(struct reader_names *names, const uint8_t *in, size_t size);
size_t reader_names_guest(struct reader_names *names, const uint8_t *in, size_t size);

/* trace_reader_guest */
const char *reader_names_of_guest(const struct reader_names *names, unsigned guest);

/* Every event that is read, in order: fills in its guest. */
void reader_names_event(struct reader_names *names, struct trace_event *event);

/* trace_reader_symbol */
const char *reader_names_find(struct reader_names *names, enum mode mode, unsigned guest, uint64_t address,
                              uint64_t *offset);

#endif
