#include "cli/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/limits.h"
#include "base/say.h"
#include "dev/host_net.h"

int bad(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say_list(format, arguments);
	va_end(arguments);
	return -1;
}

/* Digits behind a point, as a part of `unit`. More than eighteen say nothing more. */
static uint64_t read_fraction(const char *digits, uint64_t unit)
{
	uint64_t part = 0, scale = 1;
	for (unsigned i = 0; i < 18 && digits[i] >= '0' && digits[i] <= '9'; i++) {
		part = part * 10 + (uint64_t)(digits[i] - '0');
		scale *= 10;
	}
	return (uint64_t)((unsigned __int128)part * unit / scale);
}

bool options_size(const char *text, uint64_t unit, uint64_t *bytes)
{
	static const char suffixes[] = "BKMGTPE";
	char *end;
	errno = 0;
	uint64_t value = strtoull(text, &end, 0), fraction = 0;
	const char *digits = NULL;
	if (text[0] < '0' || text[0] > '9' || errno != 0)
		return false;
	if (*end == '.') {
		digits = ++end;
		end += strspn(end, "0123456789");
	}
	if (*end != '\0') {
		const char *suffix = strchr(suffixes, toupper((unsigned char)*end));
		if (!suffix || end[1] != '\0')
			return false;
		unit = UINT64_C(1) << 10 * (suffix - suffixes);
	} else if (digits) {
		return false; /* part of what is not told */
	}
	if (digits) {
		if (unit == 1 || (text[1] | 0x20) == 'x')
			return false;
		fraction = read_fraction(digits, unit);
	}
	return !__builtin_mul_overflow(value, unit, bytes) && !__builtin_add_overflow(*bytes, fraction, bytes) &&
	       *bytes != 0;
}

bool number_between(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
	char *end;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *value >= low && *value <= high;
}

static bool parse_hart(const char **text, unsigned *hart)
{
	const char *start = *text;
	*hart = 0;
	while (**text >= '0' && **text <= '9' && *text - start < 2)
		*hart = *hart * 10 + (unsigned)(*(*text)++ - '0');
	return *text != start && *hart < HARTS_MAX;
}

bool options_cpus(const char *text, uint64_t *cpus)
{
	*cpus = 0;
	for (;; text++) {
		unsigned first, last;
		if (!parse_hart(&text, &first))
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!parse_hart(&text, &last) || last < first)
				return false;
		}
		for (unsigned hart = first; hart <= last; hart++)
			*cpus |= UINT64_C(1) << hart;
		if (*text == '\0')
			return true;
		if (*text != '+')
			return false;
	}
}

bool options_switch(const char *text, bool *value)
{
	*value = strcmp(text, "on") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
	return *value || strcmp(text, "off") == 0 || strcmp(text, "no") == 0 || strcmp(text, "false") == 0;
}

int options_room(struct options *options, int argc, char **argv)
{
	size_t size = 1;
	for (int i = 0; i < argc; i++)
		size += 3 * (strlen(argv[i]) + 3); /* the word, an option's name again, and what is made of a part */
	options->kept = malloc(size);
	options->command = calloc(2 * (size_t)argc + 2,
	                          sizeof(*options->command)); /* a word may be name and value; "--" */
	options->config.command = options->command;
	options->config.guests = calloc((size_t)argc + 1, sizeof(*options->config.guests));
	options->config.patterns = calloc((size_t)argc + 1, sizeof(*options->config.patterns));
	options->config.backends.disks = calloc((size_t)argc + 1, sizeof(*options->config.backends.disks));
	options->config.loaders = calloc((size_t)argc + 1, sizeof(*options->config.loaders));
	options->folders = calloc((size_t)argc + 1, sizeof(*options->folders));
	options->serials = calloc((size_t)argc + 1, sizeof(*options->serials));
	options->chardevs = calloc((size_t)argc + 1, sizeof(*options->chardevs));
	options->config.firmware_files = calloc((size_t)argc + 1, sizeof(*options->config.firmware_files));
	options->config.backends.networks = calloc(NETWORKS_MAX, sizeof(*options->config.backends.networks));
	options->config.backends.shares = calloc((size_t)argc + 1, sizeof(*options->config.backends.shares));
	options->config.backends.chars = calloc((size_t)argc + 2, sizeof(*options->config.backends.chars));
	bool room = options->config.backends.shares && options->config.backends.chars &&
	            options->config.backends.networks && options->config.firmware_files &&
	            options->config.backends.disks && options->serials && options->chardevs && options->kept &&
	            options->command && options->config.guests && options->config.patterns && options->config.loaders &&
	            options->folders;
	return room ? 0 : bad("out of memory for options");
}

char *keep_text(struct options *options, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = options->kept + options->kept_size;
	options->kept_size += size;
	return memcpy(copy, text, size);
}

void keep_word(struct options *options, const char *word) { options->command[options->config.command_count++] = word; }

void keep_option(struct options *options, const char *name)
{
	char *copy = options->kept + options->kept_size;
	size_t size = strlen(name) + sizeof("--");
	options->kept_size += size;
	snprintf(copy, size, "--%s", name);
	keep_word(options, copy);
}

char *next_item(char **list)
{
	char *item = *list, *to = item;
	if (!item)
		return NULL;
	for (char *from = item;; from++) {
		if (from[0] == ',' && from[1] == ',') {
			from++;
		} else if (from[0] == ',' || from[0] == '\0') {
			*list = from[0] == ',' ? from + 1 : NULL;
			*to = '\0';
			return item;
		}
		*to++ = *from;
	}
}

char *cut_value(char *item)
{
	char *equals = strchr(item, '=');
	if (!equals)
		return NULL;
	*equals = '\0';
	return equals + 1;
}
