/* Writes JSON: json.h. */
#include <inttypes.h>
#include "base/json.h"

/* Bytes of the well-formed UTF-8 character at `text`; 0: there is none. */
static unsigned character_length(const unsigned char *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned length = *text < 0x80 ? 1 : *text >> 5 == 6 ? 2 : *text >> 4 == 14 ? 3 : *text >> 3 == 30 ? 4 : 0;
	uint32_t value = length > 1 ? *text & (0xffu >> (length + 1)) : *text;
	for (unsigned i = 1; i < length; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	bool surrogate = value >= 0xd800 && value < 0xe000;
	return length && (value < least[length] || value > 0x10ffff || surrogate) ? 0 : length;
}

/* A byte that is no text (arguments and file names may hold any) becomes a lone surrogate, as Python reads such names. */
static void put_text(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		unsigned length = character_length((const unsigned char *)text);
		if (length > 1) {
			fwrite(text, 1, length, out);
			text += length - 1;
			continue;
		}
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else if (length == 0)
			fprintf(out, "\\udc%02x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void start(struct json *json, const char *key)
{
	if (json->follows)
		fputs(json->line ? ", " : ",", json->out);
	if (json->depth && !json->line)
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
	if (json->follows && !json->line)
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

void json_bool(struct json *json, const char *key, bool value)
{
	start(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	start(json, key);
	fputs("null", json->out);
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
