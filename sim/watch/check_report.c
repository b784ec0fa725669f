/* What --check says of a violation. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "watch/check_state.h"
#include "watch/names.h"

static void symbol_text(const struct check *check, struct hart *hart, enum mode mode, uint64_t pc, char *text,
                        size_t size)
{
	uint64_t offset = 0;
	const char *name = name_of(check->config.symbols, hart, mode, pc, &offset);
	if (name)
		snprintf(text, size, " <%.32s+0x%" PRIx64 ">", name, offset);
	else
		text[0] = '\0';
}

void check_violation(struct check *check, const char *kind, struct hart *hart, enum mode mode, uint64_t pc,
                     const char *format, ...)
{
	char what[96], symbol[64], message[CHECK_MESSAGE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	symbol_text(check, hart, mode, pc, symbol, sizeof(symbol));
	/* A message too long for its place loses its end. */
	int length = snprintf(message, sizeof(message),
	                      "check %s: hart %u cycle %" PRIu64 " pc 0x%" PRIx64 "%s: ", kind, hart->id, hart->now, pc,
	                      symbol);
	if (length > 0 && (size_t)length < sizeof(message))
		strncat(message, what, sizeof(message) - 1 - (size_t)length);
	check->violated = true;
	check->config.violated(check->config.context, hart->id, message);
}
