/* Formatted text, by the part of printf's language that the firmware uses. */
#ifndef FIRMWARE_LIB_FORMAT_H
#define FIRMWARE_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Formats like vsnprintf and returns the length written, which is cut to size - 1.
 * Conversions: %s %c %% and, with an optional l, %u %d %x. Width and zero fill: %016lx.
 */
size_t format(char *out, size_t size, const char *text, ...) __attribute__((format(printf, 3, 4)));
size_t vformat(char *out, size_t size, const char *text, va_list arguments);

#endif
