/* Sums of splits: split.h. */
#include "trace/split.h"
#include <stdlib.h>
#include <string.h>
#include "base/array.h"

const char *const split_keys[SPLIT_PARTS] = {
#define SPLIT(id, key, title, ...) key,
#include "trace/split.def"
#undef SPLIT
};

const char *const split_titles[SPLIT_PARTS] = {
#define SPLIT(id, key, title, ...) title,
#include "trace/split.def"
#undef SPLIT
};

/* The functions of an exit are nearly always known already: walk both lists. */
static void add_symbols(struct split_sum *sum, const struct split_symbol *symbols, size_t count)
{
	size_t at = 0;
	if (ARRAY_RESERVE(sum->symbols, sum->symbol_count, count, &sum->symbol_capacity)) {
		sum->lost++;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		while (at < sum->symbol_count && sum->symbols[at].address < symbols[i].address)
			at++;
		struct split_symbol *place = &sum->symbols[at];
		if (at == sum->symbol_count || place->address != symbols[i].address) {
			memmove(place + 1, place, (sum->symbol_count++ - at) * sizeof(*place));
			*place = (struct split_symbol){symbols[i].address, 0};
		}
		place->cycles += symbols[i].cycles;
	}
}

static void add_example(struct split_sum *sum, const struct split_example *example)
{
	if (tally_count(&sum->lengths, example->cycles))
		return;
	if (ARRAY_RESERVE(sum->examples, sum->example_count, 1, &sum->example_capacity)) {
		sum->lost++;
		return;
	}
	sum->examples[sum->example_count++] = *example;
	tally_add(&sum->lengths, example->cycles, sum->example_count);
}

static void add_parts(struct split_sum *sum, const uint64_t parts[SPLIT_PARTS])
{
	for (unsigned i = 0; i < SPLIT_PARTS; i++)
		sum->parts[i] += parts[i];
}

void split_sum_add(struct split_sum *sum, const struct split *split)
{
	struct split_example example = {.cycles = split->cycles};
	memcpy(example.parts, split->parts, sizeof(example.parts));
	sum->exits++;
	sum->cycles += split->cycles;
	add_parts(sum, split->parts);
	add_symbols(sum, split->symbols, split->symbol_count);
	add_example(sum, &example);
}

void split_sum_merge(struct split_sum *into, const struct split_sum *from)
{
	into->exits += from->exits;
	into->cycles += from->cycles;
	into->lost += from->lost;
	add_parts(into, from->parts);
	add_symbols(into, from->symbols, from->symbol_count);
	for (size_t i = 0; i < from->example_count; i++)
		add_example(into, &from->examples[i]);
}

void split_sum_free(struct split_sum *sum)
{
	free(sum->symbols);
	free(sum->examples);
	tally_free(&sum->lengths);
	*sum = (struct split_sum){0};
}

void split_sum_save(const struct split_sum *sum, struct state_writer *writer)
{
	const uint64_t words[] = {sum->exits, sum->cycles, sum->lost, sum->symbol_count, sum->example_count};
	STATE_WRITE(writer, words);
	STATE_WRITE(writer, sum->parts);
	state_write(writer, sum->symbols, sum->symbol_count * sizeof(*sum->symbols));
	state_write(writer, sum->examples, sum->example_count * sizeof(*sum->examples));
}

static void restore_symbols(struct split_sum *sum, uint64_t count, struct state_reader *reader)
{
	struct split_symbol symbol, last = {0};
	for (uint64_t i = 0; i < count && STATE_READ(reader, symbol); i++, last = symbol) {
		if (i && symbol.address <= last.address) {
			state_refuse(reader, "functions of a split are not in order");
			return;
		}
		add_symbols(sum, &symbol, 1);
	}
}

static void restore_examples(struct split_sum *sum, uint64_t count, struct state_reader *reader)
{
	struct split_example example;
	for (uint64_t i = 0; i < count && STATE_READ(reader, example); i++)
		add_example(sum, &example);
	if (!reader->failed && !sum->lost && sum->example_count != count)
		state_refuse(reader, "two examples of a split are of one length");
}

void split_sum_restore(struct split_sum *sum, struct state_reader *reader)
{
	uint64_t words[5] = {0};
	STATE_READ(reader, words);
	STATE_READ(reader, sum->parts);
	restore_symbols(sum, words[3], reader);
	restore_examples(sum, words[4], reader);
	if (sum->lost)
		state_refuse(reader, "no memory for a split");
	sum->exits = words[0];
	sum->cycles = words[1];
	sum->lost = words[2];
}

const struct split_example *split_sum_example(const struct split_sum *sum, uint64_t cycles)
{
	uint64_t number = tally_count(&sum->lengths, cycles);
	return number ? &sum->examples[number - 1] : NULL;
}

static int compare_cycles(const void *a, const void *b)
{
	const struct split_symbol *x = a, *y = b;
	if (x->cycles != y->cycles)
		return x->cycles > y->cycles ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

struct split_symbol *split_sum_ranked(const struct split_sum *sum)
{
	struct split_symbol *ranked = sum->symbol_count ? malloc(sum->symbol_count * sizeof(*ranked)) : NULL;
	if (!ranked)
		return NULL;
	memcpy(ranked, sum->symbols, sum->symbol_count * sizeof(*ranked));
	qsort(ranked, sum->symbol_count, sizeof(*ranked), compare_cycles);
	return ranked;
}
