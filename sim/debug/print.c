/* Commands about values: print, output, ptype, whatis, set, display. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "csr/csr.h"
#include "debug/as_json.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/display.h"
#include "debug/evaluate.h"
#include "debug/kept.h"
#include "debug/travel.h"
#include "debug/value_json.h"
#include "source/format.h"
#include "source/type_name.h"

/* "/x" before an expression: its letter, 0: none. False after a complaint. */
static bool take_letter(struct debugger *debugger, const char **args, char *letter)
{
	*letter = 0;
	if (**args != '/')
		return true;
	*letter = (*args)[1];
	const char *after = *args + (*letter ? 2 : 1);
	if (!format_is_letter(*letter) || (*after && !isspace((unsigned char)*after)))
		return complain(debugger, "no format `%s': /x d u t o c a z s f", *args);
	*args = after + strspn(after, " \t");
	return true;
}

/* Texts of programs, on a terminal. */
static void print_from(struct debugger *debugger, char *bytes, size_t size)
{
	for (size_t i = 0, start = 0; i <= size; i++)
		if (i == size || bytes[i] == '\n') {
			print_plain(debugger->out, bytes + start, i - start);
			if (i < size)
				fputc('\n', debugger->out);
			start = i + 1;
		}
	free(bytes);
}

/* What has no type is told as a number, and as the place that it may be. */
static void print_word(struct debugger *debugger, const struct evaluated *evaluated)
{
	char text[200];
	uint64_t number = 0;
	value_number(&evaluated->view.view, &evaluated->value, &number);
	fprintf(debugger->out, "0x%llx %lld%s", (unsigned long long)number, (long long)number,
	        debug_symbol(debugger, current(debugger), evaluated->view.mode, number, text, sizeof text));
}

void print_evaluated(struct debugger *debugger, const struct evaluated *evaluated, char letter)
{
	char *bytes = NULL;
	size_t size = 0;
	if (type_is_word(&evaluated->value.type) && !letter) {
		print_word(debugger, evaluated);
		return;
	}
	FILE *out = open_memstream(&bytes, &size);
	if (!out)
		return;
	format_value(out, &evaluated->view.view, &evaluated->value, letter, true);
	fclose(out);
	print_from(debugger, bytes, size);
}

COMMAND(cmd_print, 170, "print", "p", "[/F] EXPR",
        "evaluate: numbers, $registers, $csrs, variables, C operators; F = x d u t o c a z s f")
{
	struct evaluated evaluated;
	char letter;
	if (!take_letter(debugger, &args, &letter) || !evaluate_all(debugger, *args ? args : "$", false, &evaluated))
		return false;
	unsigned number = kept_add(debugger, &evaluated.view.view, &evaluated.value);
	if (!type_is_word(&evaluated.value.type) || letter)
		fprintf(debugger->out, "$%u = ", number);
	print_evaluated(debugger, &evaluated, letter);
	fputc('\n', debugger->out);
	return true;
}
AS_JSON(cmd_print)
{
	struct evaluated evaluated;
	char letter;
	if (!take_letter(debugger, &args, &letter) || !evaluate_all(debugger, *args ? args : "$", false, &evaluated))
		return false;
	json_u64(json, "kept", kept_add(debugger, &evaluated.view.view, &evaluated.value));
	value_json(json, &evaluated.view.view, &evaluated.value, letter);
	return true;
}

COMMAND(cmd_output, 171, "output", "ou", "[/F] EXPR", "like print, but nothing beside the value")
{
	struct evaluated evaluated;
	char letter;
	if (!take_letter(debugger, &args, &letter) || !evaluate_all(debugger, args, false, &evaluated))
		return false;
	print_evaluated(debugger, &evaluated, letter);
	return true;
}

static bool print_type(struct debugger *debugger, const char *args, bool whole)
{
	struct evaluated evaluated;
	char *bytes = NULL, name[512];
	size_t size = 0;
	if (!evaluate_all(debugger, args, true, &evaluated))
		return false;
	FILE *out = open_memstream(&bytes, &size);
	if (!out)
		return complain(debugger, "no memory");
	struct type shown = evaluated.value.type;
	if (!whole && evaluated.is_type && type_is_transparent(&shown)) { /* what the typedef stands for */
		Dwarf_Die die = shown.die;
		shown = type_of(shown.program, &die);
	}
	fputs("type = ", out);
	if (whole)
		type_print(out, &shown);
	else
		fprintf(out, "%s\n", type_name(&shown, "", name, sizeof name));
	fclose(out);
	print_from(debugger, bytes, size);
	return true;
}

COMMAND(cmd_ptype, 172, "ptype", "pt", "EXPR | TYPE", "a type as it was defined: struct point, or that of a value")
{
	return print_type(debugger, args, true);
}
COMMAND(cmd_whatis, 173, "whatis", "wha", "EXPR | TYPE", "a type's name") { return print_type(debugger, args, false); }

/* ---- set ---- */

static bool set_csr(struct debugger *debugger, const struct csr_info *info, uint64_t number)
{
	struct hart *hart = current(debugger);
	uint64_t value = 0;
	if (info->num >> 10 == 3)
		return complain(debugger, "%s is read-only", info->name);
	enum mode mode = hart->mode;
	hart->mode = MODE_M; /* whose instruction reaches the register of this very number */
	csr_write(hart, info->num, number);
	hart->mode = mode;
	csr_peek(hart, info->num, &value);
	fprintf(debugger->out, "%s = 0x%llx\n", info->name, (unsigned long long)value);
	return true;
}

static bool set_register(struct debugger *debugger, const struct value *target, uint64_t number)
{
	struct hart *hart = current(debugger);
	uint64_t column = target->address;
	if (stack_chosen(debugger) && column < 32)
		return complain(debugger, "registers of outer frames are in memory: frame 0 has the hart's own");
	if (column >= COLUMN_CSR && column < COLUMN_CSR + 4096)
		return set_csr(debugger, csr_info((unsigned)column - COLUMN_CSR), number);
	if (column == 0)
		return complain(debugger, "x0 is zero");
	if (column < 32)
		hart->x[column] = number;
	else if (column >= COLUMN_F && column < COLUMN_F + 32)
		hart->f[column - COLUMN_F] = number;
	else if (column == COLUMN_PC && number % 2 == 0)
		hart->pc = number;
	else
		return complain(debugger, "no instruction is at an odd address");
	return true;
}

static bool assign_value(struct debugger *debugger, const char *what, struct evaluated *target,
                         const struct evaluated *source)
{
	uint8_t bytes[16] = {0};
	size_t size, skip;
	uint64_t number;
	struct value *to = &target->value;
	const char *reason = value_assign_bytes(&target->view.view, to, &source->value, bytes, &size, &skip);
	if (reason)
		return complain(debugger, "`%s': %s", what, reason);
	if (!travel_change(debugger))
		return false;
	if (to->kind == PLACE_REGISTER) {
		memcpy(&number, bytes, sizeof number);
		return set_register(debugger, to, number);
	}
	return debug_write_bytes(current(debugger), target->view.mode, to->address + skip, bytes, size) ||
	       complain(debugger, "`%s': cannot be written", what);
}

/* Where the one = that assigns stands: not that of == <= >= !=. */
static const char *find_assignment(const char *text)
{
	for (const char *at = text; (at = strchr(at, '=')) != NULL; at++) {
		if (at[1] == '=')
			at++;
		else if (at > text && !strchr("<>!=", at[-1]))
			return at;
	}
	return NULL;
}

COMMAND(cmd_set, 174, "set", "set", "VAR = EXPR | $REG = EXPR",
        "write a variable, a register, a CSR (as csrw would) or $name of your own")
{
	struct evaluated target, source;
	const char *sign = find_assignment(args), *reason;
	if (!sign)
		return complain(debugger, "set VAR = EXPR");
	if (strncmp(args, "var ", 4) == 0)
		args += 4;
	char *left = strndup(args, (size_t)(sign - args));
	if (!left)
		return complain(debugger, "no memory");
	for (size_t length = strlen(left); length && isspace((unsigned char)left[length - 1]);)
		left[--length] = '\0';
	bool good = evaluate_all(debugger, sign + 1, false, &source);
	struct value known;
	target.debugger = debugger;
	if (good && *left == '$' &&
	    left[1 + strspn(left + 1, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0' &&
	    stack_chosen_frame(debugger, &target.frame, &target.view) &&
	    (convenience_value(debugger, left + 1, &known) ||
	     (!dollar_value(&target, left + 1, &known, &reason) && !reason))) {
		good = isalpha((unsigned char)left[1]) || left[1] == '_'
		           ? convenience_set(debugger, &source.view.view, left + 1, &source.value)
		           : complain(debugger, "`%s' is no name", left);
	} else if (good) {
		good = evaluate_all(debugger, left, false, &target) && assign_value(debugger, left, &target, &source);
	}
	free(left);
	return good;
}
