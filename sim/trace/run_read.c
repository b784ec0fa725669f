/* Reads runs, and computes again what they did: run.h, format.h. What is read is not trusted. */
#include <string.h>
#include "trace/run_state.h"

size_t trace_get_text(struct trace_runs *runs, const uint8_t *in, size_t size)
{
	struct trace_cursor cursor = {in, size, 0, false, false};
	struct trace_text_insn insns[TRACE_CODE_MAX];
	struct trace_text text = {.insns = insns};
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
	return run_add_code(runs, &text, true) ? cursor.used : SIZE_MAX;
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
static bool get_place(struct trace_runs *runs, struct trace_cursor *cursor, uint8_t hart, struct trace_run *run,
                      uint32_t *cycles)
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
	return code && code <= runs->code_count && run->from < run->end && run->end <= runs->codes[code - 1]->count &&
	       place->known;
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
	uint64_t *sites = runs->sites + code->site + code->at[run->from].values;
	unsigned count = (unsigned)(code->at[run->end].values - code->at[run->from].values);
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
	*differs = how == REGISTERS_CHECK && place->known &&
	           memcmp(&place->registers, &registers, sizeof registers) != 0;
	if (*differs || (how == REGISTERS_CHECK && !place->known))
		return SIZE_MAX;
	place->registers = registers;
	place->known = true;
	return cursor.used;
}

unsigned trace_run_events(const struct trace_runs *runs, const struct trace_run *run)
{
	const struct code *code = runs->codes[run->code - 1];
	return (unsigned)(code->at[run->end].events - code->at[run->from].events);
}

bool trace_runs_insn(const struct trace_runs *runs, uint8_t mode, uint64_t pc, uint32_t *word)
{
	for (size_t i = runs->code_count; i-- > 0;) {
		const struct code *code = runs->codes[i];
		if (code->mode != mode || pc - code->pc >= code->at[code->count].offset)
			continue;
		for (unsigned j = 0; j < code->count; j++) {
			if (code->pc + code->at[j].offset != pc)
				continue;
			*word = code->at[j].text.word;
			return true;
		}
	}
	return false;
}

/* ---- computing again ---- */

static void run_access(const struct insn *insn, uint64_t base, const uint64_t *x, const uint64_t *f,
                       struct trace_event *event)
{
	enum insn_class class = run_class(insn);
	if (run_loads(insn))
		event->flags |= TRACE_LOADS;
	if (run_stores(insn))
		event->flags |= TRACE_STORES;
	if (!(event->flags & (TRACE_LOADS | TRACE_STORES)))
		return;
	event->flags |= (uint8_t)(trace_access_log2(insn) << 4);
	bool offset = class == CLASS_LOAD || class == CLASS_STORE || class == CLASS_FLOAD || class == CLASS_FSTORE;
	event->value[1] = base + (offset ? (uint64_t)insn->imm : 0);
	if (class == CLASS_CACHE)
		event->value[1] &= ~((UINT64_C(1) << trace_access_log2(insn)) - 1);
	else if (event->flags & TRACE_STORES)
		event->value[2] = class == CLASS_FSTORE ? f[insn->rs2] : x[insn->rs2];
}

static bool is_compare_and_swap(const struct insn *insn)
{
	switch (insn->semantics) {
	case INSN_amocas_b:
	case INSN_amocas_h:
	case INSN_amocas_w:
	case INSN_amocas_d:
	case INSN_amocas_q: return true;
	default: return false;
	}
}

static uint64_t low_part(const struct insn *insn, uint64_t value)
{
	unsigned log2 = trace_access_log2(insn);
	return log2 < 3 ? value & ((UINT64_C(1) << (8u << log2)) - 1) : value;
}

/* Before its results are in the registers: did it store nothing after all? A store-conditional says so in rd; memory
 * that was found other than expected was left alone. `values`: noted, as run_results takes them. */
static bool run_failed(const struct insn *insn, const uint64_t *x, const uint64_t *values)
{
	if (run_class(insn) == CLASS_SC)
		return insn->rd && values[0];
	if (!is_compare_and_swap(insn))
		return false;
	if (!insn->rd) /* only what is in memory afterwards is known */
		return low_part(insn, values[0] ^ x[insn->rs2]) != 0;
	bool pair = trace_noted(insn) & NOTED_X_NEXT;
	return low_part(insn, values[0] ^ x[insn->rd]) || (pair && values[1] != x[insn->rd + 1]);
}

/* Results go to the registers. */
static void run_results(const struct insn *insn, uint64_t pc, uint64_t *x, uint64_t *f, const uint64_t **values,
                        struct trace_event *event)
{
	unsigned noted = trace_noted(insn);
	if (event->flags & TRACE_STORES && run_failed(insn, x, *values)) {
		event->flags &= (uint8_t)~TRACE_STORES;
		event->value[2] = 0;
	}
	if (insn_writes_f(insn)) {
		event->flags |= TRACE_FRD;
		f[insn->rd] = event->value[0] = *(*values)++;
	} else if (insn_writes_x(insn) && insn->rd) {
		event->flags |= TRACE_RD;
		if (noted & NOTED_X)
			event->value[0] = *(*values)++;
		else
			run_compute(insn, pc, x[insn->rs1], x[insn->rs2], &event->value[0]);
		x[insn->rd] = event->value[0];
	}
	if (noted & NOTED_X_NEXT)
		x[insn->rd + 1] = *(*values)++;
	if (noted & NOTED_MEMORY) {
		if (event->flags & TRACE_STORES)
			event->value[2] = **values;
		++*values;
	}
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
	uint64_t *x = runs->harts[run->hart].registers.value, *f = x + 32, pc = code->pc + code->at[i].offset;
	events[0] = (struct trace_event){
	    .type = TRACE_INSN,
	    .hart = run->hart,
	    .mode = code->mode,
	    .from = insn->rd,
	    .word = insn->word,
	    .cycle = run->cycle + code->at[i].text.prefix,
	    .retired = run->retired + i - run->from,
	    .pc = pc,
	};
	run_access(insn, x[insn->rs1], x, f, &events[0]);
	run_results(insn, pc, x, f, values, &events[0]);
	if (!(code->tells & TELLS_MEM) || !(events[0].flags & (TRACE_LOADS | TRACE_STORES)))
		return code->tells & TELLS_INSN ? 1 : 0;
	run_told_access(&events[0], 1u << trace_access_log2(insn), &events[code->tells & TELLS_INSN ? 1 : 0]);
	return code->tells & TELLS_INSN ? 2 : 1;
}
