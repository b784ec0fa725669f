/* Words that the user typed, and words for the user. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include "debug/debugger.h"

bool complain(struct debugger *debugger, const char *format, ...)
{
	enum { TEXT_MAX = 400 }; /* bytes: it may quote a line of any length */
	char text[TEXT_MAX + 1];
	va_list args;
	debugger->failed |= !debugger->typing;
	va_start(args, format);
	int length = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fprintf(debugger->out, "%s%s\n", text, length > TEXT_MAX ? "..." : "");
	return false;
}

const char *next_word(const char **text, size_t *length)
{
	const char *start = *text + strspn(*text, " \t");
	*length = strcspn(start, " \t");
	*text = start + *length;
	*text += strspn(*text, " \t");
	return start;
}

bool word_is(const char *word, size_t length, const char *what)
{
	return length == strlen(what) && strncmp(word, what, length) == 0;
}

bool parse_mode(const char *text, size_t length, enum mode *mode)
{
	for (unsigned i = 0; i < MODE_COUNT; i++)
		if (strlen(mode_name(i)) == length && strncasecmp(text, mode_name(i), length) == 0) {
			*mode = i;
			return true;
		}
	return false;
}

size_t name_length(const char *text)
{
	size_t length = 0;
	if (isdigit((unsigned char)*text))
		return 0;
	for (;;) {
		unsigned char c = (unsigned char)text[length];
		if (isalnum(c) || c == '_' || c == '.' || c == '$')
			length++;
		else if (c == ':' && text[length + 1] == ':')
			length += 2;
		else
			return length;
	}
}

void print_plain(FILE *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fputc(((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 127 ? '?' : text[i], out);
}
