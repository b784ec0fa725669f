/* Writes JSON: json.h. */
#include <inttypes.h>
#include "base/json.h"

static void put_text(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void start(struct json *json, const char *key)
{
	if (json->follows)
		putc(',', json->out);
	if (json->depth)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	if (key) {
		put_text(json->out, key);
		fputs(": ", json->out);
	}
	json->follows = true;
}

void json_open(struct json *json, const char *key, char bracket)
{
	start(json, key);
	putc(bracket, json->out);
	json->depth++;
	json->follows = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->follows)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	putc(bracket, json->out);
	if (!json->depth)
		putc('\n', json->out);
	json->follows = true;
}

void json_u64(struct json *json, const char *key, uint64_t value)
{
	start(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_double(struct json *json, const char *key, double value)
{
	start(json, key);
	fprintf(json->out, "%.6f", value);
}

void json_string(struct json *json, const char *key, const char *value)
{
	start(json, key);
	if (value)
		put_text(json->out, value);
	else
		fputs("null", json->out);
}

void json_hex(struct json *json, const char *key, uint64_t value)
{
	start(json, key);
	fprintf(json->out, "\"0x%016" PRIx64 "\"", value);
}
