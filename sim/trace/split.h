/* A VM exit's cycles, by what they went to: split.def. */
#ifndef SPLIT_H
#define SPLIT_H

#include <stddef.h>
#include <stdint.h>
#include "trace/tally.h"

enum split_part {
#define SPLIT(id, key, title, ...) SPLIT_##id,
#include "trace/split.def"
#undef SPLIT
	SPLIT_PARTS
};

extern const char *const split_keys[SPLIT_PARTS], *const split_titles[SPLIT_PARTS];

/* Cycles of the instructions of one function, by its first address; SPLIT_NOWHERE: of code that no symbol names. */
#define SPLIT_NOWHERE UINT64_MAX
struct split_symbol {
	uint64_t address, cycles;
};

/* parts add up to cycles, symbols to parts[SPLIT_SWITCH] + parts[SPLIT_HANDLER]. Symbols in the order of addresses,
 * each once. */
enum { SPLIT_SYMBOLS_MAX = 512 };
struct split {
	uint64_t cycles;
	uint64_t parts[SPLIT_PARTS];
	size_t symbol_count;
	const struct split_symbol *symbols;
};

/* The same over many exits. */
struct split_sum {
	uint64_t exits, cycles;
	uint64_t parts[SPLIT_PARTS];
	struct split_symbol *symbols; /* by address */
	size_t symbol_count, symbol_capacity;
	struct split_example {
		uint64_t cycles, parts[SPLIT_PARTS];
	} *examples; /* the first exit of each length */
	size_t example_count, example_capacity;
	struct tally lengths; /* 1 + number of the example */
	uint64_t lost; /* not counted because there was no memory */
};

void split_sum_add(struct split_sum *sum, const struct split *split);
void split_sum_merge(struct split_sum *into, const struct split_sum *from);
void split_sum_free(struct split_sum *sum);

/* As a part of an open section. Restored into an empty one. */
void split_sum_save(const struct split_sum *sum, struct state_writer *writer);
void split_sum_restore(struct split_sum *sum, struct state_reader *reader);

/* Functions by cycles, most first; count: sum->symbol_count. NULL: none, or no memory. free() it. */
struct split_symbol *split_sum_ranked(const struct split_sum *sum);

/* An exit of that length; NULL if there was none. */
const struct split_example *split_sum_example(const struct split_sum *sum, uint64_t cycles);

#endif
