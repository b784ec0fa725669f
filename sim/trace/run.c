/* What instructions note, and texts by number: run.h. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "isa/value.h"
#include "trace/run_state.h"

/* How much code a trace can tell, in instructions; a text costs as much as TEXT_OWN of them besides. A reader's
 * memory is bounded by this too, some 2 GB, whatever is in the file. */
enum { TEXTS_ROOM = 1 << 25, TEXT_OWN = 3 };

/* ---- what instructions are ---- */

struct insn trace_decode_insn(uint32_t word)
{
	const struct isa all = {{UINT64_MAX, UINT64_MAX}};
	return decode(&all, word);
}

bool run_loads(const struct insn *insn)
{
	enum insn_class class = run_class(insn);
	return class == CLASS_LOAD || class == CLASS_FLOAD || class == CLASS_HLOAD || class == CLASS_AMO ||
	       class == CLASS_LR;
}

bool run_stores(const struct insn *insn)
{
	enum insn_class class = run_class(insn);
	return class == CLASS_STORE || class == CLASS_FSTORE || class == CLASS_HSTORE || class == CLASS_AMO ||
	       class == CLASS_SC || insn->semantics == INSN_cbo_zero;
}

unsigned trace_access_log2(const struct insn *insn)
{
	uint32_t match = insn_rows[insn->semantics].match;
	switch (run_class(insn)) {
	case CLASS_HLOAD:
	case CLASS_HSTORE: return match >> 26 & 3;
	case CLASS_AMO: return match >> 12 & 7;
	case CLASS_CACHE: return 6; /* a block of 64 bytes */
	default: return match >> 12 & 3;
	}
}

bool run_compute(const struct insn *insn, uint64_t pc, uint64_t a, uint64_t b, uint64_t *value)
{
	uint64_t imm = (uint64_t)insn->imm + (insn_has(insn->semantics, FLAG_PC_RELATIVE) ? pc : 0);
	switch (insn->semantics) {
#define VALUE(name, expression)                                                                                        \
	case INSN_##name: *value = value_##name(a, b, imm); return true;
#include "isa/value.def"
#undef VALUE
	case INSN_jal:
	case INSN_jalr: *value = pc + insn->length; return true;
	default: return false;
	}
}

unsigned trace_noted(const struct insn *insn)
{
	unsigned noted = 0;
	uint64_t value;
	if (insn_writes_f(insn))
		noted = NOTED_F;
	else if (insn_writes_x(insn) && insn->rd && !run_compute(insn, 0, 0, 0, &value))
		noted = insn_has(insn->semantics, FLAG_PAIR) && insn->rd < 31 ? NOTED_X | NOTED_X_NEXT : NOTED_X;
	if (run_class(insn) == CLASS_AMO)
		noted |= NOTED_MEMORY;
	return noted;
}

/* ---- texts ---- */

int trace_runs_init(struct trace_runs *runs, unsigned hart_count)
{
	*runs = (struct trace_runs){.hart_count = hart_count, .room = TEXTS_ROOM};
	runs->harts = calloc(hart_count, sizeof *runs->harts);
	runs->guesses = calloc(GUESSES, sizeof *runs->guesses);
	return runs->harts && runs->guesses ? 0 : -1;
}

void trace_runs_free(struct trace_runs *runs)
{
	size_t count = runs->code_count > runs->known ? runs->code_count : runs->known;
	for (size_t i = 0; i < count; i++) {
		free(runs->codes[i]->insns);
		free(runs->codes[i]);
	}
	free(runs->codes);
	free(runs->index);
	free(runs->sites);
	free(runs->guesses);
	free(runs->harts);
}

static bool make_places(struct trace_runs *runs, unsigned values)
{
	if (ARRAY_RESERVE(runs->codes, runs->code_count, 1, &runs->code_capacity) ||
	    ARRAY_RESERVE(runs->sites, runs->site_count, values + 1u, &runs->site_capacity))
		return false;
	memset(runs->sites + runs->site_count, 0, values * sizeof *runs->sites);
	return true;
}

static unsigned events_of(const struct insn *insn, unsigned tells)
{
	bool accesses = run_loads(insn) || run_stores(insn);
	return (tells & TELLS_INSN ? 1 : 0) + (tells & TELLS_MEM && accesses ? 1 : 0);
}

/* With `keep` the decoded instructions stay. NULL: no memory. */
static struct code *new_code(const struct trace_text *text, bool keep)
{
	struct code *code = calloc(1, sizeof *code + (text->count + 1u) * sizeof code->at[0]);
	struct insn *insns = keep ? calloc(text->count, sizeof *insns) : NULL;
	if (!code || (keep && !insns)) {
		free(code);
		free(insns);
		return NULL;
	}
	code->pc = text->pc;
	code->mode = text->mode;
	code->tells = text->tells;
	code->count = text->count;
	code->insns = insns;
	for (struct code_insn *at = code->at; at < code->at + text->count; at++) {
		at->text = text->insns[at - code->at];
		struct insn insn = trace_decode_insn(at->text.word);
		at[1].values = (uint16_t)(at->values + __builtin_popcount(trace_noted(&insn)));
		at[1].events = (uint8_t)(at->events + events_of(&insn, text->tells));
		at[1].offset = (uint8_t)(at->offset + insn.length);
		if (keep)
			insns[at - code->at] = insn;
	}
	return code;
}

struct code *run_add_code(struct trace_runs *runs, const struct trace_text *text, bool keep)
{
	const size_t cost = text->count + TEXT_OWN;
	bool again = runs->code_count < runs->known;
	struct code *code = cost > runs->room ? NULL : again ? runs->codes[runs->code_count] : new_code(text, keep);
	if (again && !(code && make_places(runs, code->at[text->count].values)))
		return NULL;
	if (!again && (!code || !make_places(runs, code->at[text->count].values))) {
		free(code ? code->insns : NULL);
		free(code);
		return NULL;
	}
	runs->room -= cost;
	code->site = (uint32_t)runs->site_count;
	runs->site_count += code->at[text->count].values;
	runs->codes[runs->code_count++] = code;
	return code;
}

static uint32_t text_hash(const struct trace_text *text)
{
	uint64_t hash = text->pc ^ (uint64_t)(text->mode | text->tells << 8 | text->count << 16) << 40;
	for (unsigned i = 0; i < text->count; i++)
		hash = (hash ^ text->insns[i].word ^ (uint64_t)text->insns[i].prefix << 32) *
		       UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash ^ hash >> 32);
}

static bool is_text_of(const struct code *code, const struct trace_text *text)
{
	if (code->pc != text->pc || code->mode != text->mode || code->tells != text->tells ||
	    code->count != text->count)
		return false;
	for (unsigned i = 0; i < text->count; i++)
		if (code->at[i].text.word != text->insns[i].word || code->at[i].text.prefix != text->insns[i].prefix)
			return false;
	return true;
}

/* The number of the text, or where it may be put. */
static uint32_t *run_slot(const struct trace_runs *runs, const struct trace_text *text, uint32_t hash)
{
	size_t at = hash & (runs->index_size - 1);
	while (runs->index[at] && !is_text_of(runs->codes[runs->index[at] - 1], text))
		at = (at + 1) & (runs->index_size - 1);
	return &runs->index[at];
}

/* At most half of the index is used. */
static bool grow_index(struct trace_runs *runs)
{
	enum { FIRST = 1024 };
	if (runs->code_count * 2 < runs->index_size)
		return true;
	size_t size = runs->index_size ? runs->index_size * 2 : FIRST;
	uint32_t *index = calloc(size, sizeof *index);
	if (!index)
		return false;
	for (size_t i = 0; i < runs->code_count; i++) {
		size_t at = runs->codes[i]->hash & (size - 1);
		while (index[at])
			at = (at + 1) & (size - 1);
		index[at] = (uint32_t)i + 1;
	}
	free(runs->index);
	runs->index = index;
	runs->index_size = size;
	return true;
}

uint32_t trace_runs_number(struct trace_runs *runs, const struct trace_text *text, bool *fresh)
{
	uint32_t hash = text_hash(text);
	*fresh = false;
	if (!grow_index(runs))
		return 0;
	uint32_t *slot = run_slot(runs, text, hash);
	if (!*slot) {
		struct code *code = run_add_code(runs, text, false);
		if (!code)
			return 0;
		code->hash = hash;
		*fresh = true;
		*slot = (uint32_t)runs->code_count;
	}
	return *slot;
}
