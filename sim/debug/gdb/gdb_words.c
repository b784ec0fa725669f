/* Reading packets. */
#include <string.h>
#include "base/words.h"
#include "debug/gdb/gdb_stub.h"

bool gdb_take_hex(struct gdb_args *args, uint64_t *value)
{
	enum { DIGITS = 16 };
	unsigned count = 0;
	*value = 0;
	for (; hex_digit(*args->at) >= 0; args->at++, count++)
		*value = *value << 4 | (unsigned)hex_digit(*args->at);
	return count != 0 && count <= DIGITS;
}

bool gdb_take(struct gdb_args *args, char byte)
{
	if (args->at == args->end || *args->at != byte)
		return false;
	args->at++;
	return true;
}

bool gdb_take_word(struct gdb_args *args, const char *word)
{
	size_t length = strlen(word);
	if ((size_t)(args->end - args->at) < length || memcmp(args->at, word, length) != 0)
		return false;
	args->at += length;
	return true;
}

bool gdb_take_bytes(struct gdb_args *args, uint8_t *bytes, size_t size, size_t *count)
{
	for (*count = 0; args->end - args->at >= 2; args->at += 2) {
		int high = hex_digit(args->at[0]), low = hex_digit(args->at[1]);
		if (high < 0 || low < 0)
			break;
		if (*count == size)
			return false;
		bytes[(*count)++] = (uint8_t)(high << 4 | low);
	}
	return args->at == args->end;
}
