#include "debug/shown_values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "debug/source.h"

struct own {
	char *name;
	struct value value;
};

struct shown_values {
	struct value *values;
	size_t count, capacity;
	struct own *own;
	size_t own_count, own_capacity;
};

static struct shown_values *shown_of(struct debugger *debugger)
{
	if (!debugger->source->shown)
		debugger->source->shown = calloc(1, sizeof *debugger->source->shown);
	return debugger->source->shown;
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

unsigned shown_add(struct debugger *debugger, const struct source_view *view, const struct value *value)
{
	struct shown_values *shown = shown_of(debugger);
	if (!shown || ARRAY_RESERVE(shown->values, shown->count, 1, &shown->capacity) != 0)
		return 0;
	shown->values[shown->count++] = frozen(view, value);
	return (unsigned)shown->count;
}

bool shown_value(const struct debugger *debugger, const char *name, struct value *value)
{
	const struct shown_values *shown = debugger->source->shown;
	size_t count = shown ? shown->count : 0;
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
	*value = shown->values[number - 1];
	return true;
}

bool convenience_value(const struct debugger *debugger, const char *name, struct value *value)
{
	const struct shown_values *shown = debugger->source->shown;
	for (size_t i = 0; shown && i < shown->own_count; i++)
		if (strcmp(shown->own[i].name, name) == 0) {
			*value = shown->own[i].value;
			return true;
		}
	return false;
}

bool convenience_set(struct debugger *debugger, const struct source_view *view, const char *name,
                     const struct value *value)
{
	struct shown_values *shown = shown_of(debugger);
	if (!shown)
		return false;
	for (size_t i = 0; i < shown->own_count; i++)
		if (strcmp(shown->own[i].name, name) == 0) {
			shown->own[i].value = frozen(view, value);
			return true;
		}
	char *copy = strdup(name);
	if (!copy || ARRAY_RESERVE(shown->own, shown->own_count, 1, &shown->own_capacity) != 0) {
		free(copy);
		return false;
	}
	shown->own[shown->own_count++] = (struct own){copy, frozen(view, value)};
	return true;
}

void shown_free(struct debugger *debugger)
{
	struct shown_values *shown = debugger->source->shown;
	if (!shown)
		return;
	for (size_t i = 0; i < shown->own_count; i++)
		free(shown->own[i].name);
	free(shown->own);
	free(shown->values);
	free(shown);
	debugger->source->shown = NULL;
}
