#include "debug/value_json.h"

#include <stdlib.h>
#include "source/format.h"
#include "source/type_name.h"

static bool has_number(const struct type *type)
{
	switch (type_kind(type)) {
	case KIND_INTEGER:
	case KIND_CHARACTER:
	case KIND_BOOLEAN:
	case KIND_ENUM:
	case KIND_POINTER: return true;
	default: return type_is_word(type);
	}
}

void value_json(struct json *json, const struct source_view *view, const struct value *value, char letter)
{
	char name[512], *text = NULL;
	size_t size = 0;
	uint64_t number;
	bool is_word = type_is_word(&value->type);
	json_string(json, "type", is_word ? NULL : type_name(&value->type, "", name, sizeof name));
	FILE *out = open_memstream(&text, &size);
	if (out)
		format_value(out, view, value, (char)(is_word && !letter ? 'x' : letter), false);
	if (out && fclose(out) == 0)
		json_string(json, "value", text);
	free(text);
	if (value->kind != PLACE_LOST && has_number(&value->type) && !value_number(view, value, &number))
		json_hex(json, "number", number);
	if (value->kind == PLACE_MEMORY)
		json_hex(json, "address", value->address);
}
