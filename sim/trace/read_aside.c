/* Reads what stands before an event and tells more of it: splits of VM exits, latencies of interrupts. */
#include "trace/format.h"

static size_t get_symbols(struct split *split, struct split_symbol *symbols, const uint8_t *in, size_t size)
{
	uint64_t count, values[2], address = 0; /* difference of addresses, cycles */
	size_t used = trace_get_varints(in, size, &count, 1), length;
	if (used == 0 || used == SIZE_MAX)
		return used;
	if (count > SPLIT_SYMBOLS_MAX)
		return SIZE_MAX;
	for (uint64_t i = 0; i < count; i++, used += length) {
		length = trace_get_varints(in + used, size - used, values, 2);
		if (length == 0 || length == SIZE_MAX)
			return length;
		if (values[0] > UINT64_MAX - address || (i && !values[0]))
			return SIZE_MAX; /* not ascending */
		address += values[0];
		symbols[i] = (struct split_symbol){address, values[1]};
	}
	split->symbol_count = count;
	split->symbols = symbols;
	return used;
}

/* A split says the same thing twice or thrice over: it must agree with itself. */
static bool adds_up(struct split *split)
{
	uint64_t instructions = 0;
	split->cycles = 0;
	for (unsigned i = 0; i < SPLIT_PARTS; i++)
		split->cycles += split->parts[i];
	for (size_t i = 0; i < split->symbol_count; i++)
		instructions += split->symbols[i].cycles;
	return instructions == split->parts[SPLIT_SWITCH] + split->parts[SPLIT_HANDLER];
}

size_t trace_get_split(const uint8_t *in, size_t size, struct split *split, struct split_symbol *symbols)
{
	uint64_t parts;
	size_t total = trace_get_varints(in, size, &parts, 1);
	if (total == 0 || total == SIZE_MAX || parts != SPLIT_PARTS)
		return total ? SIZE_MAX : 0;
	size_t used = trace_get_varints(in + total, size - total, split->parts, SPLIT_PARTS);
	if (used == 0 || used == SIZE_MAX)
		return used;
	total += used;
	used = get_symbols(split, symbols, in + total, size - total);
	if (used == 0 || used == SIZE_MAX)
		return used;
	return adds_up(split) ? total + used : SIZE_MAX;
}

size_t trace_get_latency(const uint8_t *in, size_t size, struct trace_latency *latency)
{
	uint64_t values[2];
	size_t used = trace_get_varints(in, size, values, 2);
	if (used == 0 || used == SIZE_MAX)
		return used;
	*latency = (struct trace_latency){.waited = values[0], .masked = values[1]};
	return latency->masked <= latency->waited ? used : SIZE_MAX;
}
