/* translate: the way of an access through both stages, PMP and the bus, and what becomes of it. Nothing here has side
 * effects. */
#include <inttypes.h>
#include <string.h>
#include "debug/as_json.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "engine/ask.h"
#include "hart/pte.h"
#include "hart/trap.h"

static const char *const stages[] = {[STAGE_S] = "S", [STAGE_VS] = "VS", [STAGE_G] = "G"};

static void print_step(void *context, const struct walk_step *step)
{
	struct debugger *debugger = context;
	fprintf(debugger->out, "%s%-2s-stage", step->implicit ? "    " : "  ", stages[step->stage]);
	if (!step->pte_read) {
		fprintf(debugger->out, " bare, or refused: 0x%llx", (unsigned long long)step->address);
	} else {
		uint64_t pte = step->pte;
		fprintf(
		    debugger->out, " level %u: PTE at 0x%llx (physical 0x%llx) = 0x%016llx ppn 0x%llx %c%c%c%c%c%c%c%c",
		    step->level, (unsigned long long)step->address, (unsigned long long)step->pa,
		    (unsigned long long)pte, (unsigned long long)pte_ppn(pte), pte & PTE_D ? 'D' : '-',
		    pte & PTE_A ? 'A' : '-', pte & PTE_G ? 'G' : '-', pte & PTE_U ? 'U' : '-', pte & PTE_X ? 'X' : '-',
		    pte & PTE_W ? 'W' : '-', pte & PTE_R ? 'R' : '-', pte & PTE_V ? 'V' : '-');
		fprintf(debugger->out, "%s%s", step->leaf ? " leaf" : "", step->updated ? " (A/D would be set)" : "");
	}
	if (step->verdict)
		fprintf(debugger->out, ": %s", step->verdict);
	fputc('\n', debugger->out);
}

/* The htinst that a real load or store would bring is that of an instruction: shown is what does not depend on one. */
static void print_fault(struct debugger *debugger, const struct answer *answer)
{
	const struct trap *trap = &answer->trap;
	fprintf(debugger->out, "%s: cause %u, tval 0x%llx", cause_name(false, trap->cause), trap->cause,
	        (unsigned long long)trap->tval);
	if (trap->cause >= CAUSE_FETCH_GUEST_PAGE && trap->cause != CAUSE_VIRTUAL)
		fprintf(debugger->out, ", htval 0x%" PRIx64 " (gpa 0x%" PRIx64 "), htinst %s0x%" PRIx64, trap->tval2,
		        trap->tval2 << 2, trap->tinst ? "pseudoinstruction " : "transformed instruction or ",
		        trap->tinst);
	unsigned hidden = trap_hidden(current(debugger), trap);
	if (hidden)
		fprintf(debugger->out, " (this hart writes 0:%s%s%s)", hidden & TRAP_HIDES_TVAL ? " tval" : "",
		        hidden & TRAP_HIDES_TVAL2 ? " htval" : "", hidden & TRAP_HIDES_TINST ? " htinst" : "");
	if (answer->reason)
		fprintf(debugger->out, ": %s%s%s", answer->place ? answer->place : "", answer->place ? ": " : "",
		        answer->reason);
	fputc('\n', debugger->out);
}

static const struct {
	const char *word, *name;
} kinds[] = {
    [ASK_LOAD] = {"r", "load"}, [ASK_STORE] = {"w", "store"}, [ASK_FETCH] = {"x", "instruction"},
    [ASK_AMO] = {"a", "AMO"},   [ASK_LR] = {"lr", "LR"},
};

static bool parse_kind(const char *word, size_t length, enum ask_kind *kind)
{
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (word_is(word, length, kinds[i].word)) {
			*kind = i;
			return true;
		}
	return false;
}

static bool parse_size(const char *word, size_t length, unsigned *size)
{
	if (length != 1 || !strchr("1248", *word))
		return false;
	*size = (unsigned)(*word - '0');
	return true;
}

static void print_part(struct debugger *debugger, const struct answer *answer, const struct translation *part,
                       enum mode mode)
{
	fprintf(debugger->out, "0x%" PRIx64 " -> ", part->va);
	if (mode_virt(mode))
		fprintf(debugger->out, "gpa 0x%" PRIx64 " -> ", part->gpa);
	fprintf(debugger->out, "pa 0x%" PRIx64 ", page of 2^%u bytes, in %s: %s", part->pa, part->page_shift,
	        mode_name(mode), answer->place);
}

static void print_answer(struct debugger *debugger, const struct question *question, const struct answer *answer)
{
	if (!answer->granted) {
		print_fault(debugger, answer);
		return;
	}
	print_part(debugger, answer, &answer->first, question->context.mode);
	fprintf(debugger->out, ", %s of %u byte%s\n", kinds[question->kind].name, answer->size,
	        answer->size == 1 ? "" : "s");
	if (answer->crosses) {
		print_part(debugger, answer, &answer->second, question->context.mode);
		fputs(", the rest of it\n", debugger->out);
	}
}

/* Tables may have changed since a TLB read them: then the hart goes another way until a fence. */
static bool find_stale(struct debugger *debugger, const struct question *question, const struct answer *answer,
                       uint64_t *va, uint64_t *pa)
{
	static const enum access accesses[] = {[ASK_LOAD] = ACCESS_LOAD,
	                                       [ASK_STORE] = ACCESS_STORE,
	                                       [ASK_FETCH] = ACCESS_FETCH,
	                                       [ASK_AMO] = ACCESS_STORE,
	                                       [ASK_LR] = ACCESS_LOAD};
	struct hart *hart = current(debugger);
	struct translation kept;
	*va = question->kind == ASK_FETCH ? question->va : mmu_unmasked(hart, &question->context, question->va);
	bool found = mmu_look(hart, *va, accesses[question->kind], &question->context, &kept);
	*pa = found ? kept.pa : 0;
	return found && (!answer->granted || kept.pa != answer->first.pa) && answer->reason == NULL;
}

/* Without a size: the smallest that is taken, for devices are particular. */
static void ask_any(struct hart *hart, struct question *question, struct answer *answer)
{
	walk_visitor *visitor = question->visitor;
	unsigned size = question->kind == ASK_AMO || question->kind == ASK_LR ? 4 : 1, first = size;
	question->visitor = NULL;
	do {
		question->size = size;
		mem_ask(hart, question, answer);
		size *= 2;
	} while (!answer->granted && size <= 8);
	if (!answer->granted)
		question->size = first;
	question->visitor = visitor;
	mem_ask(hart, question, answer);
}

/* What is asked, and what the answer is; the visitor sees each step meanwhile. False after a complaint. */
static bool ask_for_way(struct debugger *debugger, const char *args, struct question *question, struct answer *answer)
{
	struct hart *hart = current(debugger);
	enum mode mode = hart->mode;
	bool mode_given = false;
	if (!expression(debugger, &args, &question->va))
		return false;
	while (*args) {
		size_t length;
		const char *word = next_word(&args, &length);
		if (parse_mode(word, length, &mode))
			mode_given = true;
		else if (!parse_kind(word, length, &question->kind) && !parse_size(word, length, &question->size))
			return complain(debugger, "what is `%.*s'? translate ADDR [r|w|x|a|lr] [1|2|4|8] [MODE]",
			                (int)length, word);
	}
	bool fetch = question->kind == ASK_FETCH;
	if (fetch && question->va % 2)
		return complain(debugger, "no instruction is at an odd address");
	question->context = mode_given ? mmu_context_in(hart, mode, fetch)
	                    : fetch    ? mmu_context_fetch(hart)
	                               : mmu_context_data(hart);
	if (question->size || fetch)
		mem_ask(hart, question, answer);
	else
		ask_any(hart, question, answer);
	return true;
}

COMMAND(cmd_translate, 180, "translate", "tr", "ADDR [r|w|x|a|lr] [1|2|4|8] [MODE]",
        "every PTE of both stages, what is there, and the trap a fault would be")
{
	struct question question = {.visitor = print_step, .visitor_context = debugger};
	struct answer answer;
	uint64_t va, pa;
	if (!ask_for_way(debugger, args, &question, &answer))
		return false;
	print_answer(debugger, &question, &answer);
	if (find_stale(debugger, &question, &answer, &va, &pa))
		fprintf(debugger->out, "but the TLB still has 0x%" PRIx64 " -> pa 0x%" PRIx64 "\n", va, pa);
	return true;
}

/* ---- as JSON ---- */

static void step_json(void *context, const struct walk_step *step)
{
	struct json *json = context;
	json_open(json, NULL, '{');
	json_string(json, "stage", stages[step->stage]);
	json_bool(json, "implicit", step->implicit);
	json_hex(json, "address", step->address);
	if (step->pte_read) {
		json_u64(json, "level", step->level);
		json_hex(json, "pa", step->pa);
		json_hex(json, "pte", step->pte);
		json_bool(json, "leaf", step->leaf);
		json_bool(json, "updated", step->updated);
	}
	json_string(json, "verdict", step->verdict);
	json_close(json, '}');
}

static void part_json(struct json *json, const char *key, const struct translation *part)
{
	json_open(json, key, '{');
	json_hex(json, "va", part->va);
	json_hex(json, "gpa", part->gpa);
	json_hex(json, "pa", part->pa);
	json_u64(json, "page_shift", part->page_shift);
	json_close(json, '}');
}

/* "hidden": what the hart's registers would show as 0. */
static void fault_json(struct debugger *debugger, const struct answer *answer, struct json *json)
{
	const struct trap *trap = &answer->trap;
	unsigned hidden = trap_hidden(current(debugger), trap);
	json_open(json, "fault", '{');
	json_string(json, "cause", cause_name(false, trap->cause));
	json_u64(json, "number", trap->cause);
	json_hex(json, "tval", trap->tval);
	json_hex(json, "tval2", trap->tval2);
	json_hex(json, "tinst", trap->tinst);
	json_open(json, "hidden", '[');
	if (hidden & TRAP_HIDES_TVAL)
		json_string(json, NULL, "tval");
	if (hidden & TRAP_HIDES_TVAL2)
		json_string(json, NULL, "tval2");
	if (hidden & TRAP_HIDES_TINST)
		json_string(json, NULL, "tinst");
	json_close(json, ']');
	json_string(json, "reason", answer->reason);
	json_close(json, '}');
}

AS_JSON(cmd_translate)
{
	struct question question = {.visitor = step_json, .visitor_context = json};
	struct answer answer;
	uint64_t va, pa;
	json_open(json, "steps", '[');
	if (!ask_for_way(debugger, args, &question, &answer))
		return false;
	json_close(json, ']');
	json_hex(json, "address", question.va);
	json_string(json, "access", kinds[question.kind].name);
	json_string(json, "mode", mode_name(question.context.mode));
	json_bool(json, "granted", answer.granted);
	json_string(json, "place", answer.place);
	if (answer.granted) {
		json_u64(json, "size", answer.size);
		part_json(json, "first", &answer.first);
	} else {
		fault_json(debugger, &answer, json);
	}
	if (answer.granted && answer.crosses)
		part_json(json, "second", &answer.second);
	if (find_stale(debugger, &question, &answer, &va, &pa))
		json_hex(json, "tlb_pa", pa);
	return true;
}
