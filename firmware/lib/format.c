#include "lib/format.h"

#include <stdbool.h>
#include <stdint.h>

/* Where formatted text goes; what does not fit is dropped. */
struct sink {
	char *out;
	size_t size;
	size_t length;
};

static void sink_character(struct sink *sink, char character)
{
	if (sink->length + 1 < sink->size)
		sink->out[sink->length++] = character;
}

static void sink_text(struct sink *sink, const char *text)
{
	while (*text)
		sink_character(sink, *text++);
}

static void sink_number(struct sink *sink, uint64_t value, unsigned base, unsigned width, char fill)
{
	char digits[20];
	unsigned count = 0;

	do
		digits[count++] = "0123456789abcdef"[value % base];
	while ((value /= base));
	for (; width > count; width--)
		sink_character(sink, fill);
	while (count)
		sink_character(sink, digits[--count]);
}

static void sink_signed(struct sink *sink, int64_t value)
{
	uint64_t magnitude = (uint64_t)value;

	if (value < 0) {
		sink_character(sink, '-');
		magnitude = -magnitude;
	}
	sink_number(sink, magnitude, 10, 0, ' ');
}

size_t vformat(char *out, size_t size, const char *text, va_list arguments)
{
	struct sink sink = {.out = out, .size = size};

	for (; *text; text++) {
		if (*text != '%') {
			sink_character(&sink, *text);
			continue;
		}
		char fill = *++text == '0' ? '0' : ' ';
		unsigned width = 0;
		while (*text >= '0' && *text <= '9')
			width = width * 10 + (unsigned)(*text++ - '0');
		bool wide = *text == 'l';
		if (wide)
			text++;
		switch (*text) {
		case 's': sink_text(&sink, va_arg(arguments, const char *)); break;
		case 'c': sink_character(&sink, (char)va_arg(arguments, int)); break;
		case 'd': sink_signed(&sink, wide ? va_arg(arguments, long) : va_arg(arguments, int)); break;
		case 'u':
		case 'x':
			sink_number(&sink, wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned),
			            *text == 'u' ? 10 : 16, width, fill);
			break;
		default: sink_character(&sink, *text); break;
		}
	}
	if (size)
		out[sink.length] = '\0';
	return sink.length;
}

size_t format(char *out, size_t size, const char *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	size_t length = vformat(out, size, text, arguments);
	va_end(arguments);
	return length;
}
