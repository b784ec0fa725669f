#include "base/words.h"

#include <string.h>

static uint32_t bits_of(const char *text, size_t length, const struct word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i].name) == length && memcmp(words[i].name, text, length) == 0)
			return words[i].bits;
	return 0;
}

int words_parse(const char *list, const struct word *words, size_t count, uint32_t *bits)
{
	uint32_t set = 0;
	do {
		size_t length = strcspn(list, ",");
		uint32_t found = bits_of(list, length, words, count);
		if (!found)
			return -1;
		set |= found;
		list += length;
	} while (*list++ == ',');
	*bits = set;
	return 0;
}

int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	char letter = (char)(digit | 0x20);
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}
