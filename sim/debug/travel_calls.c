/* Going back by calls: reverse-next and reverse-finish. */
#include <stdlib.h>
#include "debug/commands.h"
#include "debug/travel.h"
#include "debug/travel_parts.h"
#include "isa/insn.h"

enum { REG_RA = 1, REG_T0 = 5 }; /* what calling conventions link by */

static bool insn_at(struct debugger *debugger, uint64_t pc, struct insn *insn)
{
	struct hart *hart = current(debugger);
	uint32_t word;
	if (!debug_fetch(hart, pc, &word))
		return false;
	*insn = decode(&hart->isa, word);
	return true;
}

static bool links(unsigned reg) { return reg == REG_RA || reg == REG_T0; }

static bool is_call(const struct insn *insn)
{
	uint8_t class = insn_rows[insn->semantics].class;
	return (class == CLASS_JAL || class == CLASS_JALR) && links(insn->rd);
}

static bool returns_by_link(const struct insn *insn)
{
	return insn_rows[insn->semantics].class == CLASS_JALR && insn->rd == 0 && links(insn->rs1);
}

static bool is_trap_return(const struct insn *insn)
{
	return insn->semantics == INSN_sret || insn->semantics == INSN_mret || insn->semantics == INSN_mnret;
}

/* ---- reverse-next ---- */

/* What led to where the hart is: a call that has returned here, or an instruction that trapped, and to which its handler returned. */
struct led_here {
	struct moment here;
	bool trapped;
};

static enum place before_what_led(struct debugger *debugger, const struct hart *moved, struct search *search)
{
	const struct led_here *led = search->context;
	const struct moment *was = &search->was;
	if (moved != current(debugger) || was->mode != led->here.mode)
		return NO_PLACE;
	if (led->trapped && was->pc == led->here.pc && moved->mode != was->mode)
		return PLACE_BEFORE;
	if (was->pc + 2 != led->here.pc && was->pc + 4 != led->here.pc)
		return NO_PLACE;
	if (led->trapped)
		return moved->mode != was->mode || moved->pc != led->here.pc ? PLACE_BEFORE : NO_PLACE;
	bool call = was->sp == led->here.sp && moved->mode == was->mode && moved->pc != led->here.pc;
	bool linked = moved->x[REG_RA] == led->here.pc || moved->x[REG_T0] == led->here.pc;
	return call && linked ? PLACE_BEFORE : NO_PLACE;
}

static bool next_back(struct debugger *debugger)
{
	struct led_here led = {.here = travel_moment(debugger)};
	struct insn insn;
	if (!travel_step_back(debugger, 1))
		return false;
	struct moment last = travel_moment(debugger);
	if (!insn_at(debugger, last.pc, &insn))
		return true;
	led.trapped = is_trap_return(&insn);
	struct search search = {.place = before_what_led, .context = &led, .limit = last.position};
	if (!led.trapped && !returns_by_link(&insn))
		return true;
	return travel_go(debugger, travel_find(debugger, &search) ? search.landing : last.position);
}

COMMAND(cmd_reverse_next, 53, "reverse-next", "reverse-n", "[N]",
        "like reverse-step, but takes back called functions and traps as a whole")
{
	uint64_t count = 1;
	bool done = true;
	if (*args && !expression_all(debugger, args, &count))
		return false;
	if (count == 0)
		return complain(debugger, "reverse-next 0 is no step");
	debugger->stopped = false;
	while (done && count--)
		done = next_back(debugger);
	return travel_report(debugger, done);
}

/* ---- reverse-finish ---- */

/* Calls of the current hart in the mode it is in, in a part of the past, and how many returns after that part belong to calls in it
 * or before it. */
struct open_calls {
	enum mode mode;
	uint64_t *positions; /* before the calls that have not returned in that part */
	size_t count, capacity;
	size_t returns; /* in that part, of calls before it */
	size_t returns_after;
	bool failed;
};

static void push_call(struct open_calls *calls, uint64_t position)
{
	if (calls->count == calls->capacity) {
		size_t capacity = 2 * calls->capacity + 64;
		uint64_t *grown = realloc(calls->positions, capacity * sizeof(*grown));
		calls->failed |= !grown;
		if (!grown)
			return;
		calls->positions = grown;
		calls->capacity = capacity;
	}
	calls->positions[calls->count++] = position;
}

static enum place note_call(struct debugger *debugger, const struct hart *moved, struct search *search)
{
	struct open_calls *calls = search->context;
	struct insn insn;
	const struct moment *was = &search->was;
	if (moved != current(debugger) || was->mode != calls->mode || moved->mode != was->mode ||
	    moved->pc == was->pc + 4 || moved->pc == was->pc + 2 || !insn_at(debugger, was->pc, &insn))
		return NO_PLACE;
	if (is_call(&insn))
		push_call(calls, was->position);
	else if (returns_by_link(&insn) && calls->count)
		calls->count--;
	else if (returns_by_link(&insn))
		calls->returns++;
	return NO_PLACE;
}

static void end_of_part(struct search *search)
{
	struct open_calls *calls = search->context;
	search->found = calls->count > calls->returns_after;
	if (search->found)
		search->landing = calls->positions[calls->count - calls->returns_after - 1];
	else
		calls->returns_after += calls->returns - calls->count;
	calls->count = calls->returns = 0;
}

COMMAND(cmd_reverse_finish, 54, "reverse-finish", "reverse-f", "",
        "back to the call of the function that the hart is in")
{
	struct open_calls calls = {.mode = current(debugger)->mode};
	struct search search = {
	    .place = note_call,
	    .looked = end_of_part,
	    .context = &calls,
	    .limit = machine_position(debugger->machine),
	};
	(void)args;
	if (!travel_past(debugger))
		return false;
	debugger->stopped = false;
	bool found = travel_find(debugger, &search);
	free(calls.positions);
	if (calls.failed)
		return complain(debugger, "reverse-finish: no memory");
	return travel_report(debugger, found ? travel_go(debugger, search.landing) : travel_beginning(debugger));
}
