/* Writing answers: text, hexadecimal, binary, errors. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"
#include "debug/gdb/gdb_stub.h"

void gdb_put(struct gdb *gdb, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vfprintf(gdb->answer, format, arguments);
	va_end(arguments);
}

void gdb_put_hex(struct gdb *gdb, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = bytes;
	for (size_t i = 0; i < size; i++) {
		putc(digits[byte[i] >> 4], gdb->answer);
		putc(digits[byte[i] & 15], gdb->answer);
	}
}

void gdb_put_binary(struct gdb *gdb, const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	for (size_t i = 0; i < size; i++) {
		bool special = byte[i] == '$' || byte[i] == '#' || byte[i] == '}' || byte[i] == '*';
		if (special)
			putc('}', gdb->answer);
		putc(special ? byte[i] ^ 0x20 : byte[i], gdb->answer);
	}
}

void gdb_begin_answer(struct gdb *gdb)
{
	free(gdb->answer_text);
	gdb->answer_text = NULL;
	gdb->answer = open_memstream(&gdb->answer_text, &gdb->answer_size);
	if (!gdb->answer)
		gdb->wire.choked = true; /* without an answer the client is lost */
}

static bool end_answer(struct gdb *gdb)
{
	bool good = gdb->answer && fclose(gdb->answer) == 0;
	gdb->answer = NULL;
	gdb->wire.choked |= !good;
	return good;
}

void gdb_send_answer(struct gdb *gdb)
{
	if (end_answer(gdb))
		gdb_wire_send(&gdb->wire, gdb->answer_text, gdb->answer_size);
}

void gdb_notify_answer(struct gdb *gdb)
{
	if (end_answer(gdb))
		gdb_wire_notify(&gdb->wire, gdb->answer_text, gdb->answer_size);
}

void gdb_drop_answer(struct gdb *gdb) { end_answer(gdb); }

void gdb_put_error(struct gdb *gdb, unsigned code, const char *format, ...)
{
	char text[256];
	va_list arguments;
	if (!gdb->error_texts) {
		gdb_put(gdb, "E%02x", code);
		return;
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	gdb_put(gdb, "E.");
	gdb_put_binary(gdb, say_plain(text), strlen(text));
}
