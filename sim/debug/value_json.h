/* Typed values as JSON. */
#ifndef VALUE_JSON_H
#define VALUE_JSON_H

#include "base/json.h"
#include "source/value.h"

/* Members of the open object: "type" (null: a number of 64 bits), "value" as print has it; if there are such "number" in hex,
 * and where it is: "address". */
void value_json(struct json *json, const struct source_view *view, const struct value *value, char letter);

#endif
