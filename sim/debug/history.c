#include "debug/history.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "debug/source.h"

struct own {
	char *name;
	struct value value;
};

struct history {
	struct value *values;
	size_t count, capacity;
	struct own *own;
	size_t own_count, own_capacity;
};

static struct history *history_of(struct debugger *debugger)
{
	if (!debugger->source->history)
		debugger->source->history = calloc(1, sizeof *debugger->source->history);
	return debugger->source->history;
}

/* What is small is kept as it is now; of what is larger, where it is. */
static struct value frozen(const struct source_view *view, const struct value *value)
{
	struct value kept = *value;
	uint64_t size = type_size(&value->type);
	if (value->bit_size) {
		uint64_t number;
		if (!value_number(view, value, &number))
			kept = value_of_number(&value->type, number);
	} else if (value->kind == PLACE_REGISTER) {
		kept.kind = PLACE_BYTES;
	} else if (value->kind == PLACE_MEMORY && size && size <= VALUE_BYTES &&
	           type_kind(&value->type) != KIND_ARRAY && !value_read(view, value, kept.bytes, (size_t)size)) {
		kept.kind = PLACE_BYTES;
		kept.valid = size == 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1;
	}
	return kept;
}

unsigned history_add(struct debugger *debugger, const struct source_view *view, const struct value *value)
{
	struct history *history = history_of(debugger);
	if (!history || ARRAY_RESERVE(history->values, history->count, 1, &history->capacity) != 0)
		return 0;
	history->values[history->count++] = frozen(view, value);
	return (unsigned)history->count;
}

bool history_value(const struct debugger *debugger, const char *name, struct value *value)
{
	const struct history *history = debugger->source->history;
	size_t count = history ? history->count : 0;
	bool back = *name == '$';
	const char *digits = name + back;
	char *end = (char *)digits;
	if (*digits && !isdigit((unsigned char)*digits))
		return false;
	unsigned long number = *digits ? strtoul(digits, &end, 10) : back;
	if (*end)
		return false;
	if (back || !*digits)
		number = number < count ? count - number : 0;
	if (number == 0 || number > count)
		return false;
	*value = history->values[number - 1];
	return true;
}

bool convenience_value(const struct debugger *debugger, const char *name, struct value *value)
{
	const struct history *history = debugger->source->history;
	for (size_t i = 0; history && i < history->own_count; i++)
		if (strcmp(history->own[i].name, name) == 0) {
			*value = history->own[i].value;
			return true;
		}
	return false;
}

bool convenience_set(struct debugger *debugger, const struct source_view *view, const char *name,
                     const struct value *value)
{
	struct history *history = history_of(debugger);
	if (!history)
		return false;
	for (size_t i = 0; i < history->own_count; i++)
		if (strcmp(history->own[i].name, name) == 0) {
			history->own[i].value = frozen(view, value);
			return true;
		}
	char *copy = strdup(name);
	if (!copy || ARRAY_RESERVE(history->own, history->own_count, 1, &history->own_capacity) != 0) {
		free(copy);
		return false;
	}
	history->own[history->own_count++] = (struct own){copy, frozen(view, value)};
	return true;
}

void history_free(struct debugger *debugger)
{
	struct history *history = debugger->source->history;
	if (!history)
		return;
	for (size_t i = 0; i < history->own_count; i++)
		free(history->own[i].name);
	free(history->own);
	free(history->values);
	free(history);
	debugger->source->history = NULL;
}
