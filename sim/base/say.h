/* What rvsim itself says on stderr: always one line. */
#ifndef SAY_H
#define SAY_H

#include <stdarg.h>

/* "rvsim: ", the text, a newline. Control characters, which a file's name or a file's content may hold, become '?'.
 * Returns -1, for callers that fail with it. */
int say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int say_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* Control characters become '?', in place: for names that files bring along. Returns the text. */
char *say_plain(char *text);

#endif
