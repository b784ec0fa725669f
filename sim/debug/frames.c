/* Commands about frames: bt, frame, up, down, info locals, args, frame. */
#include <ctype.h>
#include <dwarf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "debug/as_json.h"
#include "debug/commands.h"
#include "debug/programs.h"
#include "debug/source_text.h"
#include "debug/stack.h"
#include "debug/value_json.h"
#include "isa/insn.h"
#include "source/format.h"
#include "watch/names.h"

struct showing {
	struct debugger *debugger;
	bool full;
	unsigned first, count; /* which */
	unsigned shown;
	bool more; /* there is one behind them */
	struct json *json; /* for show_frame_json */
};

/* A value for one line of a list: aggregates that are arguments are not opened, as in gdb. */
static void show_value(FILE *out, struct stack_frame *frame, const struct debug_view *view, Dwarf_Die *variable,
                       bool brief)
{
	struct value value = value_of_variable(&view->view, variable, stack_function(frame));
	enum type_kind kind = type_kind(&value.type);
	if (brief && value.kind != PLACE_LOST && (kind == KIND_STRUCT || kind == KIND_UNION || kind == KIND_ARRAY))
		fputs("...", out);
	else
		format_value(out, &view->view, &value, 0, false);
}

static void show_arguments(FILE *out, struct stack_frame *frame, const struct debug_view *view)
{
	Dwarf_Die at = {0};
	bool first = true;
	fputs(" (", out);
	if (frame->scopes.count)
		while (scope_variable_next(&frame->scopes.die[frame->function], true, &at)) {
			fprintf(out, "%s%s=", first ? "" : ", ", die_name(&at));
			show_value(out, frame, view, &at, true);
			first = false;
		}
	fputc(')', out);
}

/* Whose frames follow. */
static void show_trap(struct showing *showing, const struct stack_frame *frame)
{
	const struct left *left = frame->left;
	const struct symbols *symbols = showing->debugger->machine->symbols;
	FILE *out = showing->debugger->out;
	fprintf(out, "-- %s at cycle %" PRIu64 ": from %s", cause_name(left->interrupt, left->cause), left->cycle,
	        mode_name(left->mode));
	if (mode_virt(left->mode) && frame->program) {
		unsigned space = debug_program_place(showing->debugger, frame->program).space;
		if (symbols_is_guest(symbols, space))
			fprintf(out, ", guest %s", symbols_space_name(symbols, space));
	}
	fputs(frame->is_mapped ? "\n" : " (its memory is not in place now)\n", out);
}

/* What is called where, without a number. */
static void show_function(FILE *out, struct debugger *debugger, struct stack_frame *frame,
                          const struct debug_view *view)
{
	char name[256];
	uint64_t offset, address = frame->frame.pc - !frame->frame.exact;
	bool middle = !frame->has_line || frame->line.low != frame->frame.pc || !frame->frame.exact;
	if (middle &&
	    frame->inner == frame->scopes.count) /* callers of what was inlined have no address of their own */
		fprintf(out, "0x%016" PRIx64 " in ", frame->frame.pc);
	if (frame->scopes.count) {
		function_name(frame->program, &frame->scopes.die[frame->function], name, sizeof name);
		fputs(name, out);
		show_arguments(out, frame, view);
	} else {
		const char *symbol = name_of(debugger->machine->symbols, view->hart, frame->mode, address, &offset);
		fprintf(out, "%s ()", symbol ? symbol : "??");
	}
	if (frame->has_line)
		fprintf(out, " at %s:%u", frame->line.file, frame->line.line);
}

/* Lines of texts that programs bring along. */
static void print_shown(struct debugger *debugger, char *bytes, size_t size)
{
	for (size_t start = 0; start < size;) {
		char *end = memchr(bytes + start, '\n', size - start);
		size_t length = end ? (size_t)(end - bytes) - start : size - start;
		print_plain(debugger->out, bytes + start, length);
		fputc('\n', debugger->out);
		start += length + 1;
	}
	free(bytes);
}

static void show_locals(FILE *out, struct stack_frame *frame, const struct debug_view *view, const char *indent,
                        bool *some)
{
	for (unsigned i = frame->inner; i-- > frame->function;) {
		Dwarf_Die at = {0};
		while (scope_variable_next(&frame->scopes.die[i], false, &at)) {
			if (dwarf_hasattr(&at, DW_AT_declaration))
				continue;
			fprintf(out, "%s%s = ", indent, die_name(&at));
			show_value(out, frame, view, &at, false);
			fputc('\n', out);
			*some = true;
		}
	}
}

static bool show_frame(void *context, const struct stack_frame *given)
{
	struct showing *showing = context;
	struct debugger *debugger = showing->debugger;
	struct stack_frame frame = *given;
	struct debug_view view;
	char *bytes = NULL;
	size_t size = 0;
	bool some = false;
	if (frame.number < showing->first)
		return true;
	if (showing->shown == showing->count) {
		showing->more = true;
		return false;
	}
	if (frame.left)
		show_trap(showing, &frame);
	debug_view_frame(debugger, current(debugger), frame.mode, &frame.frame, &view);
	FILE *out = open_memstream(&bytes, &size);
	if (!out)
		return false;
	fprintf(out, "#%-3u", frame.number);
	show_function(out, debugger, &frame, &view);
	fputc('\n', out);
	if (showing->full && frame.scopes.count)
		show_locals(out, &frame, &view, "        ", &some);
	if (showing->full && !some && frame.scopes.count)
		fputs("No locals.\n", out);
	fclose(out);
	print_shown(debugger, bytes, size);
	showing->shown++;
	return !debug_interrupted(debugger);
}

/* ---- as JSON ---- */

static void variable_json(struct json *json, struct stack_frame *frame, const struct debug_view *view,
                          Dwarf_Die *variable)
{
	struct value value = value_of_variable(&view->view, variable, stack_function(frame));
	json_open(json, NULL, '{');
	json_string(json, "name", die_name(variable));
	value_json(json, &view->view, &value, 0);
	json_close(json, '}');
}

static void arguments_json(struct json *json, struct stack_frame *frame, const struct debug_view *view)
{
	Dwarf_Die at = {0};
	json_open(json, "arguments", '[');
	if (frame->scopes.count)
		while (scope_variable_next(&frame->scopes.die[frame->function], true, &at))
			variable_json(json, frame, view, &at);
	json_close(json, ']');
}

static void locals_json(struct json *json, struct stack_frame *frame, const struct debug_view *view)
{
	json_open(json, "locals", '[');
	for (unsigned i = frame->scopes.count ? frame->inner : frame->function; i-- > frame->function;) {
		Dwarf_Die at = {0};
		while (scope_variable_next(&frame->scopes.die[i], false, &at))
			if (!dwarf_hasattr(&at, DW_AT_declaration))
				variable_json(json, frame, view, &at);
	}
	json_close(json, ']');
}

static void trap_json(struct debugger *debugger, const struct stack_frame *frame, struct json *json)
{
	const struct left *left = frame->left;
	const struct symbols *symbols = debugger->machine->symbols;
	unsigned space = mode_virt(left->mode) && frame->program ? debug_program_place(debugger, frame->program).space
	                                                         : SPACE_HOST;
	json_open(json, "trap", '{');
	json_string(json, "cause", cause_name(left->interrupt, left->cause));
	json_u64(json, "cycle", left->cycle);
	json_string(json, "from", mode_name(left->mode));
	json_string(json, "zone", symbols_is_guest(symbols, space) ? symbols_space_name(symbols, space) : NULL);
	json_bool(json, "memory_in_place", frame->is_mapped);
	json_close(json, '}');
}

/* Members of the open object; "trap" is the one that came between this frame and the one before. */
static void frame_json(struct debugger *debugger, struct stack_frame *frame, const struct debug_view *view,
                       struct json *json)
{
	char name[256];
	json_u64(json, "frame", frame->number);
	if (frame->left)
		trap_json(debugger, frame, json);
	json_string(json, "mode", mode_name(frame->mode));
	as_json_place(json, "pc", debugger, view->hart, frame->mode, frame->frame.pc);
	if (frame->scopes.count)
		function_name(frame->program, &frame->scopes.die[frame->function], name, sizeof name);
	json_string(json, "function", frame->scopes.count ? name : NULL);
	json_bool(json, "inlined", frame->inlined);
	json_string(json, "file", frame->has_line ? frame->line.file : NULL);
	json_string(json, "folder", frame->has_line ? frame->line.folder : NULL);
	if (frame->has_line)
		json_u64(json, "line", frame->line.line);
	else
		json_null(json, "line");
}

static bool show_frame_json(void *context, const struct stack_frame *given)
{
	struct showing *showing = context;
	struct debugger *debugger = showing->debugger;
	struct stack_frame frame = *given;
	struct debug_view view;
	if (showing->shown == showing->count) {
		showing->more = true;
		return false;
	}
	debug_view_frame(debugger, current(debugger), frame.mode, &frame.frame, &view);
	json_open(showing->json, NULL, '{');
	frame_json(debugger, &frame, &view, showing->json);
	arguments_json(showing->json, &frame, &view);
	if (showing->full)
		locals_json(showing->json, &frame, &view);
	json_close(showing->json, '}');
	showing->shown++;
	return !debug_interrupted(debugger);
}

/* "[full] [N]". False after a complaint. */
static bool parse_bt(struct debugger *debugger, const char *args, struct showing *showing)
{
	enum { FRAMES_SHOWN = 100 };
	size_t length;
	const char *rest = args, *word = next_word(&rest, &length);
	uint64_t count = FRAMES_SHOWN;
	*showing = (struct showing){.debugger = debugger, .full = word_is(word, length, "full")};
	if (showing->full)
		args = rest;
	if (*args && !expression_all(debugger, args, &count))
		return false;
	showing->count = count < FRAMES_MAX ? (unsigned)count : FRAMES_MAX;
	return true;
}

COMMAND(cmd_bt, 62, "bt", "bt", "[full] [N]",
        "frames, innermost first, N at most; with their locals; through traps, into the guest")
{
	struct showing showing;
	if (!parse_bt(debugger, args, &showing))
		return false;
	stack_walk(debugger, current(debugger), show_frame, &showing);
	if (showing.more)
		fputs("(more frames follow)\n", debugger->out);
	return true;
}
AS_JSON(cmd_bt)
{
	struct showing showing;
	if (!parse_bt(debugger, args, &showing))
		return false;
	showing.json = json;
	json_open(json, "frames", '[');
	stack_walk(debugger, current(debugger), show_frame_json, &showing);
	json_close(json, ']');
	json_bool(json, "more", showing.more);
	return true;
}

/* ---- the chosen frame ---- */

static bool show_chosen(struct debugger *debugger, unsigned number)
{
	struct stack_frame frame;
	struct showing showing = {.debugger = debugger, .first = number, .count = 1};
	if (!stack_frame_at(debugger, current(debugger), number, &frame))
		return complain(debugger, "no frame %u", number);
	stack_choose(debugger, number);
	show_frame(&showing, &frame);
	if (!frame.has_line)
		return true;
	size_t length;
	const char *text = source_text_line(debugger, &frame.line, &length);
	if (text) {
		fprintf(debugger->out, "%u\t", frame.line.line);
		print_plain(debugger->out, text, length);
		fputc('\n', debugger->out);
	}
	return true;
}

COMMAND(cmd_frame, 63, "frame", "f", "[N]", "show or choose the frame that print and info locals|args speak of")
{
	uint64_t number = stack_chosen(debugger);
	if (*args && !expression_all(debugger, args, &number))
		return false;
	return show_chosen(debugger, number < FRAMES_MAX ? (unsigned)number : FRAMES_MAX);
}

static bool move(struct debugger *debugger, const char *args, bool up)
{
	uint64_t by = 1;
	unsigned at = stack_chosen(debugger);
	if (*args && !expression_all(debugger, args, &by))
		return false;
	if (!up && at == 0)
		return complain(debugger, "this is the innermost frame");
	if (!up)
		return show_chosen(debugger, by < at ? at - (unsigned)by : 0);
	struct stack_frame frame;
	unsigned to = at + (unsigned)(by < FRAMES_MAX ? by : FRAMES_MAX);
	while (to > at && !stack_frame_at(debugger, current(debugger), to, &frame))
		to--;
	return to == at ? complain(debugger, "this is the outermost frame") : show_chosen(debugger, to);
}

COMMAND(cmd_up, 64, "up", "up", "[N]", "choose the frame that called the chosen one")
{
	return move(debugger, args, true);
}
COMMAND(cmd_down, 65, "down", "do", "[N]", "choose the frame that the chosen one called")
{
	return move(debugger, args, false);
}

/* The chosen frame, whose variables are known. False after a complaint. */
static bool variables_frame(struct debugger *debugger, const char *args, struct stack_frame *frame,
                            struct debug_view *view)
{
	if (*args)
		return complain(debugger, "what is `%s'?", args);
	bool found = stack_chosen_frame(debugger, frame, view);
	if (found && frame->scopes.count)
		return true;
	const char *missing = found && frame->program ? program_missing_half(frame->program, frame->frame.pc) : NULL;
	return missing ? complain(debugger, "the debug information of this frame is in %s, which could not be read",
	                          missing)
	               : complain(debugger, "no debug information for this frame");
}

static bool info_variables(struct debugger *debugger, const char *args, bool arguments)
{
	struct stack_frame frame;
	struct debug_view view;
	char *bytes = NULL;
	size_t size = 0;
	bool some = false;
	if (!variables_frame(debugger, args, &frame, &view))
		return false;
	FILE *out = open_memstream(&bytes, &size);
	if (!out)
		return complain(debugger, "no memory");
	if (arguments) {
		Dwarf_Die at = {0};
		while (scope_variable_next(&frame.scopes.die[frame.function], true, &at)) {
			fprintf(out, "%s = ", die_name(&at));
			show_value(out, &frame, &view, &at, false);
			fputc('\n', out);
			some = true;
		}
	} else {
		show_locals(out, &frame, &view, "", &some);
	}
	fclose(out);
	print_shown(debugger, bytes, size);
	if (!some)
		fputs(arguments ? "No arguments.\n" : "No locals.\n", debugger->out);
	return true;
}

TOPIC(topic_locals, 240, "locals", "lo", "", "variables of the chosen frame")
{
	return info_variables(debugger, args, false);
}
TOPIC(topic_args, 250, "args", "ar", "", "arguments of the chosen frame")
{
	return info_variables(debugger, args, true);
}

AS_JSON(topic_locals)
{
	struct stack_frame frame;
	struct debug_view view;
	if (!variables_frame(debugger, args, &frame, &view))
		return false;
	locals_json(json, &frame, &view);
	return true;
}
AS_JSON(topic_args)
{
	struct stack_frame frame;
	struct debug_view view;
	if (!variables_frame(debugger, args, &frame, &view))
		return false;
	arguments_json(json, &frame, &view);
	return true;
}

static bool any_frame(struct debugger *debugger, const char *args, struct stack_frame *frame, struct debug_view *view)
{
	if (*args)
		return complain(debugger, "what is `%s'?", args);
	return stack_chosen_frame(debugger, frame, view) || complain(debugger, "the chosen frame is gone");
}

TOPIC(topic_frame, 260, "frame", "fr", "", "where the chosen frame is, and which registers are known there")
{
	struct stack_frame frame;
	struct debug_view view;
	char text[200];
	unsigned printed = 0;
	if (!any_frame(debugger, args, &frame, &view))
		return false;
	fprintf(debugger->out, "frame %u in %s: pc 0x%" PRIx64 "%s", frame.number, mode_name(frame.mode),
	        frame.frame.pc, debug_symbol(debugger, view.hart, frame.mode, frame.frame.pc, text, sizeof text));
	if (view.frame.has_cfa)
		fprintf(debugger->out, ", sp before the call 0x%" PRIx64, view.frame.cfa);
	fputc('\n', debugger->out);
	for (unsigned i = 1; i < 32; i++)
		if (frame.frame.known >> i & 1)
			fprintf(debugger->out, "%-4s 0x%016" PRIx64 "%s", reg_name(i), frame.frame.x[i],
			        ++printed % 4 ? "  " : "\n");
	fputs(printed % 4 ? "\n" : "", debugger->out);
	return true;
}
AS_JSON(topic_frame)
{
	struct stack_frame frame;
	struct debug_view view;
	if (!any_frame(debugger, args, &frame, &view))
		return false;
	frame_json(debugger, &frame, &view, json);
	if (view.frame.has_cfa)
		json_hex(json, "cfa", view.frame.cfa);
	else
		json_null(json, "cfa");
	json_open(json, "registers", '{');
	for (unsigned i = 1; i < 32; i++)
		if (frame.frame.known >> i & 1)
			json_hex(json, reg_name(i), frame.frame.x[i]);
	json_close(json, '}');
	return true;
}
