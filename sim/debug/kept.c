#include "debug/kept.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "debug/source.h"

struct own {
	char *name;
	struct value value;
};

struct kept {
	struct value *values;
	size_t count, capacity;
	struct own *own;
	size_t own_count, own_capacity;
};

static struct kept *kept_of(struct debugger *debugger)
{
	if (!debugger->source->kept)
		debugger->source->kept = calloc(1, sizeof *debugger->source->kept);
	return debugger->source->kept;
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

unsigned kept_add(struct debugger *debugger, const struct source_view *view, const struct value *value)
{
	struct kept *kept = kept_of(debugger);
	if (!kept || ARRAY_RESERVE(kept->values, kept->count, 1, &kept->capacity) != 0)
		return 0;
	kept->values[kept->count++] = frozen(view, value);
	return (unsigned)kept->count;
}

bool kept_value(const struct debugger *debugger, const char *name, struct value *value)
{
	const struct kept *kept = debugger->source->kept;
	size_t count = kept ? kept->count : 0;
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
	*value = kept->values[number - 1];
	return true;
}

bool convenience_value(const struct debugger *debugger, const char *name, struct value *value)
{
	const struct kept *kept = debugger->source->kept;
	for (size_t i = 0; kept && i < kept->own_count; i++)
		if (strcmp(kept->own[i].name, name) == 0) {
			*value = kept->own[i].value;
			return true;
		}
	return false;
}

bool convenience_set(struct debugger *debugger, const struct source_view *view, const char *name,
                     const struct value *value)
{
	struct kept *kept = kept_of(debugger);
	if (!kept)
		return false;
	for (size_t i = 0; i < kept->own_count; i++)
		if (strcmp(kept->own[i].name, name) == 0) {
			kept->own[i].value = frozen(view, value);
			return true;
		}
	char *copy = strdup(name);
	if (!copy || ARRAY_RESERVE(kept->own, kept->own_count, 1, &kept->own_capacity) != 0) {
		free(copy);
		return false;
	}
	kept->own[kept->own_count++] = (struct own){copy, frozen(view, value)};
	return true;
}

void kept_free(struct debugger *debugger)
{
	struct kept *kept = debugger->source->kept;
	if (!kept)
		return;
	for (size_t i = 0; i < kept->own_count; i++)
		free(kept->own[i].name);
	free(kept->own);
	free(kept->values);
	free(kept);
	debugger->source->kept = NULL;
}
