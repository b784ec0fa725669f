#include "lib/lib.h"

/* The compiler may turn a copying loop into a call of the very function it stands in; not here. */
#define NO_LOOP_IDIOMS __attribute__((optimize("no-tree-loop-distribute-patterns")))

static bool both_aligned(const void *a, const void *b)
{
	return (((uintptr_t)a | (uintptr_t)b) & 7) == 0;
}

NO_LOOP_IDIOMS void *memcpy(void *to, const void *from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if (both_aligned(to, from))
		for (; size >= 8; size -= 8, out += 8, in += 8)
			*(uint64_t __attribute__((may_alias)) *)out = *(const uint64_t __attribute__((may_alias)) *)in;
	while (size--)
		*out++ = *in++;
	return to;
}

NO_LOOP_IDIOMS void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if (out <= in || out >= in + size)
		return memcpy(to, from, size);
	while (size--)
		out[size] = in[size];
	return to;
}

NO_LOOP_IDIOMS void *memset(void *to, int byte, size_t size)
{
	uint8_t *out = to;
	uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);

	for (; size && ((uintptr_t)out & 7); size--)
		*out++ = (uint8_t)byte;
	for (; size >= 8; size -= 8, out += 8)
		*(uint64_t __attribute__((may_alias)) *)out = word;
	while (size--)
		*out++ = (uint8_t)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a, *right = b;

	for (size_t i = 0; i < size; i++)
		if (left[i] != right[i])
			return left[i] - right[i];
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

/* Where formatted text goes; what does not fit is dropped. */
struct sink {
	char *out;
	size_t size;
	size_t length;
};

static void put(struct sink *sink, char character)
{
	if (sink->length + 1 < sink->size)
		sink->out[sink->length++] = character;
}

static void put_text(struct sink *sink, const char *text)
{
	while (*text)
		put(sink, *text++);
}

static void put_number(struct sink *sink, uint64_t value, unsigned base, unsigned width, char fill)
{
	char digits[20];
	unsigned count = 0;

	do
		digits[count++] = "0123456789abcdef"[value % base];
	while ((value /= base));
	for (; width > count; width--)
		put(sink, fill);
	while (count)
		put(sink, digits[--count]);
}

static void put_signed(struct sink *sink, int64_t value)
{
	uint64_t magnitude = (uint64_t)value;

	if (value < 0) {
		put(sink, '-');
		magnitude = -magnitude;
	}
	put_number(sink, magnitude, 10, 0, ' ');
}

size_t vformat(char *out, size_t size, const char *text, va_list arguments)
{
	struct sink sink = {.out = out, .size = size};

	for (; *text; text++) {
		if (*text != '%') {
			put(&sink, *text);
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
		case 's': put_text(&sink, va_arg(arguments, const char *)); break;
		case 'c': put(&sink, (char)va_arg(arguments, int)); break;
		case 'd': put_signed(&sink, wide ? va_arg(arguments, long) : va_arg(arguments, int)); break;
		case 'u':
		case 'x':
			put_number(&sink, wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned),
			           *text == 'u' ? 10 : 16, width, fill);
			break;
		default: put(&sink, *text); break;
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
