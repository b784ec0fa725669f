#include "host/console.h"

#include "host/sbi_call.h"
#include "lib/format.h"
#include "lib/lock.h"
#include "lib/string.h"

static struct spinlock lines_lock; /* guards everything below, the zones' lines and the device */
static bool prefix_lines;
static bool mid_line; /* the last byte that went out was no newline */

static void console_out(const char *text, uint64_t size)
{
	if (!size)
		return;
	sbi_call_console_write(text, size);
	mid_line = text[size - 1] != '\n';
}

void console_init(bool several_zones) { prefix_lines = several_zones; }

void console_line(const char *text, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, text);
	size_t length = vformat(line, sizeof line - 1, text, arguments);
	va_end(arguments);
	line[length++] = '\n';

	spin_lock(&lines_lock);
	if (mid_line)
		console_out("\n", 1);
	console_out(line, length);
	spin_unlock(&lines_lock);
}

static void flush_zone_line(struct console_line *line, const char *name)
{
	char whole[CONSOLE_LINE_MAX + 64];
	size_t length = format(whole, sizeof whole, "[%s] ", name);

	memcpy(whole + length, line->text, line->length);
	console_out(whole, length + line->length);
	line->length = 0;
}

static void add_to_zone_line(struct console_line *line, const char *name, char character)
{
	if (line->length == CONSOLE_LINE_MAX - 1 && character != '\n') {
		line->text[line->length++] = '\n';
		flush_zone_line(line, name);
	}
	line->text[line->length++] = character;
	if (character == '\n')
		flush_zone_line(line, name);
}

void console_zone_write(struct console_line *line, const char *name, const char *text, uint64_t size)
{
	spin_lock(&lines_lock);
	if (!prefix_lines)
		console_out(text, size);
	for (uint64_t i = 0; prefix_lines && i < size; i++)
		add_to_zone_line(line, name, text[i]);
	spin_unlock(&lines_lock);
}

void console_zone_end(struct console_line *line, const char *name)
{
	spin_lock(&lines_lock);
	if (line->length)
		add_to_zone_line(line, name, '\n');
	spin_unlock(&lines_lock);
}
