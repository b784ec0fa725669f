/* Writes JSON: commas and indentation; the caller sees to the nesting. Numbers of more than 53 bits go as hex: readers keep
 * numbers as doubles. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned depth;
	bool follows; /* something stands before in this object or array: a comma first */
	bool line; /* all in one line */
};

/* key NULL: an element of an array, or the outermost value. */
void json_open(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket); /* '}' or ']' */
void json_u64(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
void json_double(struct json *json, const char *key, double value);
void json_string(struct json *json, const char *key, const char *value); /* NULL: null */
void json_hex(struct json *json, const char *key, uint64_t value); /* as a string "0x..." of 16 digits */

#endif
