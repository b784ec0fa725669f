/* Writes runs: run.h, format.h. */
#include <endian.h>
#include <string.h>
#include "trace/run_state.h"

static void put_u64(uint8_t *out, uint64_t value)
{
	value = htole64(value);
	memcpy(out, &value, sizeof value);
}

size_t trace_put_text(const struct trace_text *text, uint8_t *out)
{
	uint8_t *start = out;
	uint32_t before = 0;
	out += trace_put_varint(out, text->pc);
	*out++ = text->mode;
	*out++ = text->tells;
	*out++ = text->count;
	for (unsigned i = 0; i < text->count; i++) {
		uint32_t word = text->insns[i].word, prefix = text->insns[i].prefix;
		for (unsigned j = 0; j < ((word & 3) == 3 ? 4 : 2); j++)
			*out++ = (uint8_t)(word >> 8 * j);
		out += trace_put_varint(out, trace_zigzag((uint64_t)prefix - before));
		before = prefix;
	}
	return (size_t)(out - start);
}

size_t trace_put_registers(unsigned hart, const struct trace_registers *registers, bool check, uint8_t *out)
{
	uint8_t *start = out;
	uint64_t mask = 0;
	*out++ = (uint8_t)hart;
	*out++ = check ? REGISTERS_CHECK : REGISTERS_SET;
	for (unsigned i = 0; i < 64; i++)
		mask |= (uint64_t)(registers->value[i] != 0) << i;
	put_u64(out, mask);
	out += 8;
	for (unsigned i = 0; i < 64; i++) {
		put_u64(out, registers->value[i]);
		out += registers->value[i] ? 8 : 0;
	}
	return (size_t)(out - start);
}

/* What a run says besides its values, where something is not as expected. */
static __attribute__((noinline)) uint8_t *put_place(const struct run_place *place, const struct guess *guess,
                                                    struct trace_run run, bool same_hart, uint8_t *out)
{
	uint64_t differs = next_of(&run) ^ guess->next, cycles = run.cycle - place->cycle;
	uint8_t *flags = out++;
	*flags = TAG_RUN;
	if (!same_hart) {
		*flags |= TAG_RUN_HART;
		*out++ = run.hart;
	}
	if ((uint32_t)differs) {
		*flags |= RUN_CODE;
		out += trace_put_varint(out, run.code);
	}
	if (differs >> 32 & 0xff) {
		*flags |= RUN_FROM;
		*out++ = run.from;
	}
	if (differs >> 40) {
		*flags |= RUN_END;
		*out++ = run.end;
	}
	if (cycles != guess->cycles) {
		*flags |= RUN_CYCLE;
		out += trace_put_varint(out, trace_zigzag(cycles - guess->cycles));
	}
	if (run.retired != place->retired) {
		*flags |= RUN_RETIRED;
		out += trace_put_varint(out, trace_zigzag(run.retired - place->retired));
	}
	return out;
}

/* Eight bytes are stored, and as many as count are kept: so many. */
static inline unsigned put_value(uint8_t *out, uint64_t value, uint64_t *site)
{
	uint64_t code = trace_zigzag(value - *site);
	*site = value;
	put_u64(out, code);
	return code ? (71u - (unsigned)__builtin_clzll(code)) / 8 : 0;
}

/* Values as differences to the last at the same place: a nibble each for the number of bytes, then the bytes. */
static inline uint8_t *put_values(uint8_t *out, const uint64_t *values, uint64_t *sites, unsigned count)
{
	uint8_t *sizes = out;
	out += (count + 1) / 2;
	for (unsigned i = 0; i < count; i += 2) {
		unsigned low = put_value(out, values[i], &sites[i]), high = 0;
		out += low;
		if (i + 1 < count)
			high = put_value(out, values[i + 1], &sites[i + 1]);
		out += high;
		*sizes++ = (uint8_t)(low | high << 4);
	}
	return out;
}

static inline uint8_t *put_run(struct trace_runs *runs, struct trace_run run, const uint64_t *values, unsigned count,
                               bool same_hart, uint8_t *out)
{
	struct run_place *place = &runs->harts[run.hart];
	struct guess *guess = guess_after(runs, place);
	const struct code *code = runs->codes[run.code - 1];
	uint64_t cycles = run.cycle - place->cycle;
	bool expected = next_of(&run) == guess->next && cycles == guess->cycles && run.retired == place->retired &&
	                same_hart;
	if (__builtin_expect(expected, 1))
		*out++ = TAG_RUN;
	else
		out = put_place(place, guess, run, same_hart, out);
	learn(place, guess, &run, (uint32_t)cycles);
	return count ? put_values(out, values, runs->sites + code->site + code->at[run.from].values, count) : out;
}

void trace_forget_notes(struct trace_notes *notes)
{
	if (!notes->run_count)
		return;
	notes->unchecked += notes->run_count - 1;
	notes->runs[0] = notes->runs[notes->run_count - 1];
	notes->run_count = 1;
	notes->first = 0;
	notes->value_count = notes->values_told = 0;
}

bool trace_put_notes(struct trace_runs *runs, struct trace_notes *notes, unsigned hart, uint64_t retired,
                     uint8_t before, uint8_t **out, const uint8_t *limit, uint64_t *events)
{
	const uint64_t *values = notes->values + notes->values_told;
	uint8_t *at = *out;
	uint64_t count = 0;
	unsigned told = notes->told, i = notes->first;
	notes->runs[notes->run_count].retired = retired;
	for (; i < notes->run_count && limit - at >= TRACE_RUN_MAX; i++) {
		const struct trace_note *note = &notes->runs[i];
		unsigned from = i == notes->first ? told : 0, end = (unsigned)(note[1].retired - note->retired);
		told = end;
		if (end == from || !note->code)
			continue;
		const struct code *code = runs->codes[note->code - 1];
		unsigned own = (unsigned)(code->at[end].values - code->at[from].values);
		struct trace_run run = {note->code,   (uint8_t)hart, (uint8_t)from,
		                        (uint8_t)end, note->cycle,   note->retired + from};
		at = put_run(runs, run, values, own, before == hart, at);
		values += own;
		count += (uint64_t)(code->at[end].events - code->at[from].events);
		before = (uint8_t)hart;
	}
	*out = at;
	*events += count;
	bool all = i == notes->run_count;
	notes->told = all || i == notes->first ? told : 0;
	notes->values_told = (unsigned)(values - notes->values);
	notes->first = i;
	if (all)
		trace_forget_notes(notes);
	return all;
}
