/* Runs of instructions, coded and computed again: run.h, format.h. Records that are read are not trusted. */
#include "trace/run.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include "hart/insn.h"
#include "hart/value.h"
#include "trace/format.h"

enum { GUESSES = 1 << 14, SITES_MAX = 1 << 26 };
enum run_flag { RUN_CODE = 1, RUN_FROM = 2, RUN_END = 4, RUN_CYCLE = 8, RUN_RETIRED = 16, RUN_FLAGS = TAG_RUN | TAG_RUN_HART | 31 };
enum { REGISTERS_SET, REGISTERS_CHECK };

/* ---- what instructions are ---- */

struct insn trace_decode_insn(uint32_t word)
{
	const struct isa all = {{UINT64_MAX, UINT64_MAX}};
	return decode(&all, word);
}

static enum insn_class class_of(const struct insn *insn) { return insn_rows[insn->semantics].class; }

static bool is_float(enum insn_class class) { return class == CLASS_FLOAD || class == CLASS_FSTORE; }

static bool is_load(enum insn_class class)
{
	return class == CLASS_LOAD || class == CLASS_FLOAD || class == CLASS_HLOAD || class == CLASS_AMO || class == CLASS_LR;
}

static bool is_store(enum insn_class class)
{
	return class == CLASS_STORE || class == CLASS_FSTORE || class == CLASS_HSTORE || class == CLASS_AMO || class == CLASS_SC;
}

unsigned trace_access_log2(const struct insn *insn)
{
	uint32_t match = insn_rows[insn->semantics].match;
	switch (class_of(insn)) {
	case CLASS_HLOAD:
	case CLASS_HSTORE:
		return match >> 26 & 3;
	case CLASS_AMO:
		return match >> 12 & 7;
	default:
		return match >> 12 & 3;
	}
}

/* Does the result follow from the sources? Then compute it. */
static bool compute(const struct insn *insn, uint64_t pc, uint64_t a, uint64_t b, uint64_t *value)
{
	uint64_t imm = (uint64_t)insn->imm + (insn->semantics == INSN_auipc ? pc : 0);
	switch (insn->semantics) {
#define VALUE(name, expression)                                                                                      \
	case INSN_##name:                                                                                            \
		*value = value_##name(a, b, imm);                                                                    \
		return true;
#include "hart/value.def"
#undef VALUE
	case INSN_jal:
	case INSN_jalr:
		*value = pc + insn->length;
		return true;
	default:
		return false;
	}
}

unsigned trace_noted(const struct insn *insn)
{
	unsigned noted = 0;
	uint64_t value;
	if (insn_writes_f(insn))
		noted = NOTED_F;
	else if (insn_writes_x(insn) && insn->rd && !compute(insn, 0, 0, 0, &value))
		noted = insn->semantics == INSN_amocas_q && insn->rd < 31 ? NOTED_X | NOTED_X_NEXT : NOTED_X;
	if (class_of(insn) == CLASS_AMO)
		noted |= NOTED_MEMORY;
	return noted;
}

/* ---- texts ---- */

int trace_runs_init(struct trace_runs *runs, unsigned hart_count)
{
	*runs = (struct trace_runs){.hart_count = hart_count};
	runs->harts = calloc(hart_count, sizeof *runs->harts);
	runs->guesses = calloc(GUESSES, sizeof *runs->guesses);
	return runs->harts && runs->guesses ? 0 : -1;
}

void trace_runs_free(struct trace_runs *runs)
{
	for (size_t i = 0; i < runs->code_count; i++) {
		free(runs->codes[i]->insns);
		free(runs->codes[i]);
	}
	free(runs->codes);
	free(runs->index);
	free(runs->sites);
	free(runs->guesses);
	free(runs->harts);
}

/* Room for `more` elements behind `count`. */
static void *grow(void *array, size_t count, size_t more, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity : 256;
	if (count + more <= *capacity)
		return array;
	while (wanted < count + more)
		wanted *= 2;
	void *grown = realloc(array, wanted * size);
	if (grown)
		*capacity = wanted;
	return grown;
}

static bool make_places(struct trace_runs *runs, unsigned values)
{
	void *codes = grow(runs->codes, runs->code_count, 1, &runs->code_capacity, sizeof *runs->codes);
	if (!codes)
		return false;
	runs->codes = codes;
	void *sites = runs->site_count + values > SITES_MAX
	                  ? NULL
	                  : grow(runs->sites, runs->site_count, values + 1, &runs->site_capacity, sizeof *runs->sites);
	if (!sites)
		return false;
	runs->sites = sites;
	memset(runs->sites + runs->site_count, 0, values * sizeof *runs->sites);
	return true;
}

static unsigned events_of(const struct insn *insn, unsigned tells)
{
	bool accesses = is_load(class_of(insn)) || is_store(class_of(insn));
	return (tells & TELLS_INSN ? 1 : 0) + (tells & TELLS_MEM && accesses ? 1 : 0);
}

/* Append; NULL: no memory. With `keep` its decoded instructions stay. */
static struct code *add_code(struct trace_runs *runs, const struct trace_text *text, bool keep)
{
	struct code *code = calloc(1, sizeof *code);
	struct insn *insns = keep ? calloc(text->count, sizeof *insns) : NULL;
	if (!code || (keep && !insns))
		goto fail;
	code->text = *text;
	for (unsigned i = 0; i < text->count; i++) {
		struct insn insn = trace_decode_insn(text->insns[i].word);
		code->values[i + 1] = (uint16_t)(code->values[i] + (unsigned)__builtin_popcount(trace_noted(&insn)));
		code->events[i + 1] = (uint8_t)(code->events[i] + events_of(&insn, text->tells));
		if (i + 1 < text->count)
			code->offset[i + 1] = (uint8_t)(code->offset[i] + insn.length);
		if (keep)
			insns[i] = insn;
	}
	if (!make_places(runs, code->values[text->count]))
		goto fail;
	code->insns = insns;
	code->site = (uint32_t)runs->site_count;
	runs->site_count += code->values[text->count];
	runs->codes[runs->code_count++] = code;
	return code;
fail:
	free(insns);
	free(code);
	return NULL;
}

static size_t text_size(const struct trace_text *text)
{
	return offsetof(struct trace_text, insns) + text->count * sizeof text->insns[0];
}

static uint64_t text_hash(const struct trace_text *text)
{
	uint64_t hash = text->pc ^ (uint64_t)(text->mode | text->tells << 8 | text->count << 16) << 40;
	for (unsigned i = 0; i < text->count; i++)
		hash = (hash ^ text->insns[i].word ^ (uint64_t)text->insns[i].prefix << 32) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint32_t *slot_of(const struct trace_runs *runs, const struct trace_text *text)
{
	size_t at = text_hash(text) & (runs->index_size - 1);
	while (runs->index[at] && memcmp(&runs->codes[runs->index[at] - 1]->text, text, text_size(text)))
		at = (at + 1) & (runs->index_size - 1);
	return &runs->index[at];
}

/* At most half of the index is used. */
static bool grow_index(struct trace_runs *runs)
{
	enum { FIRST = 1024 };
	if (runs->code_count * 2 < runs->index_size)
		return true;
	uint32_t *before = runs->index;
	runs->index_size = runs->index_size ? runs->index_size * 2 : FIRST;
	runs->index = calloc(runs->index_size, sizeof *runs->index);
	if (!runs->index) {
		runs->index = before;
		runs->index_size /= 2;
		return false;
	}
	free(before);
	for (size_t i = 0; i < runs->code_count; i++)
		*slot_of(runs, &runs->codes[i]->text) = (uint32_t)i + 1;
	return true;
}

uint32_t trace_runs_number(struct trace_runs *runs, const struct trace_text *text, bool *fresh)
{
	*fresh = false;
	if (!grow_index(runs))
		return 0;
	uint32_t *slot = slot_of(runs, text);
	if (!*slot) {
		if (!add_code(runs, text, false))
			return 0;
		*fresh = true;
		*slot = (uint32_t)runs->code_count;
	}
	return *slot;
}

/* ---- writing ---- */

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

static struct guess *guess_after(const struct trace_runs *runs, const struct run_place *place)
{
	uint32_t hash = (place->code * 64 + place->end) * UINT32_C(0x9e3779b9);
	return &runs->guesses[hash / (UINT32_MAX / GUESSES + 1)];
}

static uint64_t next_of(const struct trace_run *run)
{
	return run->code | (uint64_t)run->from << 32 | (uint64_t)run->end << 40;
}

/* Where the hart is after a run, and what came next last time. */
static void learn(struct run_place *place, struct guess *guess, const struct trace_run *run, uint32_t cycles)
{
	guess->next = next_of(run);
	guess->cycles = cycles;
	place->code = run->code;
	place->end = run->end;
	place->cycle = run->cycle;
	place->retired = run->retired + run->end - run->from;
}

/* What a run says besides its values, where something is not as expected. */
static __attribute__((noinline)) uint8_t *put_place(const struct run_place *place, const struct guess *guess, struct trace_run run,
                                                    bool same_hart, uint8_t *out)
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

static inline uint8_t *put_run(struct trace_runs *runs, struct trace_run run, const uint64_t *values, unsigned count, bool same_hart,
                               uint8_t *out)
{
	struct run_place *place = &runs->harts[run.hart];
	struct guess *guess = guess_after(runs, place);
	const struct code *code = runs->codes[run.code - 1];
	uint64_t cycles = run.cycle - place->cycle;
	bool expected = next_of(&run) == guess->next && cycles == guess->cycles && run.retired == place->retired && same_hart;
	if (__builtin_expect(expected, 1))
		*out++ = TAG_RUN;
	else
		out = put_place(place, guess, run, same_hart, out);
	learn(place, guess, &run, (uint32_t)cycles);
	return count ? put_values(out, values, runs->sites + code->site + code->values[run.from], count) : out;
}

/* What stays is the last block. */
static void forget_told(struct trace_notes *notes)
{
	if (!notes->run_count)
		return;
	notes->unchecked += notes->run_count - 1;
	notes->runs[0] = notes->runs[notes->run_count - 1];
	notes->run_count = 1;
	notes->first = 0;
	notes->value_count = notes->values_told = 0;
}

bool trace_put_notes(struct trace_runs *runs, struct trace_notes *notes, unsigned hart, uint64_t retired, uint8_t before,
                     uint8_t **out, const uint8_t *limit, uint64_t *events)
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
		unsigned own = (unsigned)(code->values[end] - code->values[from]);
		struct trace_run run = {note->code, (uint8_t)hart, (uint8_t)from, (uint8_t)end, note->cycle, note->retired + from};
		at = put_run(runs, run, values, own, before == hart, at);
		values += own;
		count += (uint64_t)(code->events[end] - code->events[from]);
		before = (uint8_t)hart;
	}
	*out = at;
	*events += count;
	bool all = i == notes->run_count;
	notes->told = all || i == notes->first ? told : 0;
	notes->values_told = (unsigned)(values - notes->values);
	notes->first = i;
	if (all)
		forget_told(notes);
	return all;
}

/* ---- reading ---- */

size_t trace_get_text(struct trace_runs *runs, const uint8_t *in, size_t size)
{
	struct trace_cursor cursor = {in, size, 0, false, false};
	struct trace_text text = {0};
	uint64_t prefix = 0;
	text.pc = trace_cursor_varint(&cursor);
	text.mode = trace_cursor_byte(&cursor);
	text.tells = trace_cursor_byte(&cursor);
	text.count = trace_cursor_byte(&cursor);
	if (text.mode >= MODE_COUNT || text.tells > (TELLS_INSN | TELLS_MEM) || text.count > TRACE_CODE_MAX)
		return SIZE_MAX;
	for (unsigned i = 0; i < text.count; i++) {
		uint32_t word = (uint32_t)trace_cursor_bytes(&cursor, 2);
		if ((word & 3) == 3)
			word |= (uint32_t)trace_cursor_bytes(&cursor, 2) << 16;
		prefix += trace_unzigzag(trace_cursor_varint(&cursor));
		text.insns[i].word = word;
		text.insns[i].prefix = (uint32_t)prefix;
	}
	if (cursor.corrupt || (!cursor.cut && !text.count))
		return SIZE_MAX;
	if (cursor.cut)
		return 0;
	return add_code(runs, &text, true) ? cursor.used : SIZE_MAX;
}

static void get_values(struct trace_cursor *cursor, uint64_t *values, const uint64_t *sites, unsigned count)
{
	uint8_t sizes[TRACE_VALUES_MAX / 2];
	for (unsigned i = 0; i < (count + 1) / 2; i++)
		sizes[i] = trace_cursor_byte(cursor);
	for (unsigned i = 0; i < count && !cursor->corrupt; i++) {
		unsigned bytes = sizes[i / 2] >> i % 2 * 4 & 15;
		cursor->corrupt |= bytes > 8;
		values[i] = sites[i] + trace_unzigzag(cursor->corrupt ? 0 : trace_cursor_bytes(cursor, bytes));
	}
}

/* The parts before the values. False: such a run cannot be. */
static bool get_place(struct trace_runs *runs, struct trace_cursor *cursor, uint8_t hart, struct trace_run *run, uint32_t *cycles)
{
	uint8_t flags = trace_cursor_byte(cursor);
	run->hart = flags & TAG_RUN_HART ? trace_cursor_byte(cursor) : hart;
	if (flags & ~RUN_FLAGS || run->hart >= runs->hart_count)
		return false;
	const struct run_place *place = &runs->harts[run->hart];
	const struct guess *guess = guess_after(runs, place);
	uint64_t code = flags & RUN_CODE ? trace_cursor_varint(cursor) : (uint32_t)guess->next;
	run->from = flags & RUN_FROM ? trace_cursor_byte(cursor) : (uint8_t)(guess->next >> 32);
	run->end = flags & RUN_END ? trace_cursor_byte(cursor) : (uint8_t)(guess->next >> 40);
	uint64_t later = guess->cycles;
	if (flags & RUN_CYCLE)
		later += trace_unzigzag(trace_cursor_varint(cursor));
	run->cycle = place->cycle + later;
	*cycles = (uint32_t)later;
	run->retired = place->retired;
	if (flags & RUN_RETIRED)
		run->retired += trace_unzigzag(trace_cursor_varint(cursor));
	run->code = (uint32_t)code;
	if (cursor->cut)
		return true;
	return code && code <= runs->code_count && run->from < run->end && run->end <= runs->codes[code - 1]->text.count && place->known;
}

size_t trace_get_run(struct trace_runs *runs, const uint8_t *in, size_t size, uint8_t before, struct trace_run *run,
                     uint64_t *values)
{
	struct trace_cursor cursor = {in, size, 0, false, false};
	uint32_t cycles;
	if (!get_place(runs, &cursor, before, run, &cycles) || cursor.corrupt)
		return SIZE_MAX;
	if (cursor.cut)
		return 0;
	const struct code *code = runs->codes[run->code - 1];
	uint64_t *sites = runs->sites + code->site + code->values[run->from];
	unsigned count = (unsigned)(code->values[run->end] - code->values[run->from]);
	get_values(&cursor, values, sites, count);
	if (cursor.cut || cursor.corrupt)
		return cursor.corrupt ? SIZE_MAX : 0;
	memcpy(sites, values, count * sizeof *values);
	struct run_place *place = &runs->harts[run->hart];
	learn(place, guess_after(runs, place), run, cycles);
	return cursor.used;
}

size_t trace_get_registers(struct trace_runs *runs, const uint8_t *in, size_t size, bool *differs)
{
	struct trace_cursor cursor = {in, size, 0, false, false};
	struct trace_registers registers = {0};
	uint8_t hart = trace_cursor_byte(&cursor), how = trace_cursor_byte(&cursor);
	uint64_t mask = trace_cursor_bytes(&cursor, 8);
	for (unsigned i = 0; i < 64; i++)
		if (mask >> i & 1)
			registers.value[i] = trace_cursor_bytes(&cursor, 8);
	if (cursor.cut)
		return 0;
	if (hart >= runs->hart_count || how > REGISTERS_CHECK)
		return SIZE_MAX;
	struct run_place *place = &runs->harts[hart];
	*differs = how == REGISTERS_CHECK && place->known && memcmp(&place->registers, &registers, sizeof registers);
	if (*differs || (how == REGISTERS_CHECK && !place->known))
		return SIZE_MAX;
	place->registers = registers;
	place->known = true;
	return cursor.used;
}

/* ---- computing again ---- */

static void run_access(const struct insn *insn, uint64_t base, const uint64_t *x, const uint64_t *f, struct trace_event *event)
{
	enum insn_class class = class_of(insn);
	if (is_load(class))
		event->flags |= TRACE_LOADS;
	if (is_store(class))
		event->flags |= TRACE_STORES;
	if (!(event->flags & (TRACE_LOADS | TRACE_STORES)))
		return;
	event->flags |= (uint8_t)(trace_access_log2(insn) << 4);
	event->value[1] = base + (class == CLASS_LOAD || class == CLASS_STORE || is_float(class) ? (uint64_t)insn->imm : 0);
	if (event->flags & TRACE_STORES)
		event->value[2] = class == CLASS_FSTORE ? f[insn->rs2] : x[insn->rs2];
}

/* Results go to the registers. */
static void run_results(const struct insn *insn, uint64_t pc, uint64_t *x, uint64_t *f, const uint64_t **values,
                        struct trace_event *event)
{
	unsigned noted = trace_noted(insn);
	if (insn_writes_f(insn)) {
		event->flags |= TRACE_FRD;
		f[insn->rd] = event->value[0] = *(*values)++;
	} else if (insn_writes_x(insn) && insn->rd) {
		event->flags |= TRACE_RD;
		if (noted & NOTED_X)
			event->value[0] = *(*values)++;
		else
			compute(insn, pc, x[insn->rs1], x[insn->rs2], &event->value[0]);
		x[insn->rd] = event->value[0];
	}
	if (noted & NOTED_X_NEXT)
		x[insn->rd + 1] = *(*values)++;
	if (noted & NOTED_MEMORY)
		event->value[2] = *(*values)++;
}

/* The access of an instruction as an event of its own. */
static void run_told_access(const struct trace_event *insn, uint64_t size, struct trace_event *access)
{
	bool store = insn->flags & TRACE_STORES;
	*access = (struct trace_event){
	    .type = TRACE_MEM,
	    .hart = insn->hart,
	    .mode = insn->mode,
	    .cycle = insn->cycle,
	    .retired = insn->retired,
	    .pc = insn->pc,
	    .value = {insn->value[1], insn->value[store ? 2 : 0], size | (uint64_t)store << 8},
	};
}

unsigned trace_run_step(struct trace_runs *runs, const struct trace_run *run, unsigned i, const uint64_t **values,
                        struct trace_event *events)
{
	const struct code *code = runs->codes[run->code - 1];
	const struct insn *insn = &code->insns[i];
	uint64_t *x = runs->harts[run->hart].registers.value, *f = x + 32, pc = code->text.pc + code->offset[i];
	events[0] = (struct trace_event){
	    .type = TRACE_INSN,
	    .hart = run->hart,
	    .mode = code->text.mode,
	    .from = insn->rd,
	    .word = insn->word,
	    .cycle = run->cycle + code->text.insns[i].prefix,
	    .retired = run->retired + i - run->from,
	    .pc = pc,
	};
	run_access(insn, x[insn->rs1], x, f, &events[0]);
	run_results(insn, pc, x, f, values, &events[0]);
	if (!(code->text.tells & TELLS_MEM) || !(events[0].flags & (TRACE_LOADS | TRACE_STORES)))
		return code->text.tells & TELLS_INSN ? 1 : 0;
	run_told_access(&events[0], 1u << trace_access_log2(insn), &events[code->text.tells & TELLS_INSN ? 1 : 0]);
	return code->text.tells & TELLS_INSN ? 2 : 1;
}
