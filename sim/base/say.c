#include "base/say.h"

#include <stdio.h>
#include <stdlib.h>

char *say_plain(char *text)
{
	for (char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return text;
}

int say_list(const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0) {
		fputs("rvsim: out of memory\n", stderr);
		return -1;
	}
	fprintf(stderr, "rvsim: %s\n", say_plain(text));
	free(text);
	return -1;
}

int say(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say_list(format, arguments);
	va_end(arguments);
	return -1;
}
