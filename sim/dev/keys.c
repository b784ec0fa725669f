#include "dev/keys.h"

#include <string.h>

static const struct key {
	const char *name;
	uint16_t code, usage;
} keys[] = {
#define KEY(name, code, usage) {name, code, usage},
#include "dev/keys.def"
#undef KEY
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

unsigned key_by_name(const char *name, size_t length)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0)
			return keys[i].code;
	return 0;
}

unsigned key_by_usage(unsigned usage)
{
	for (size_t i = 0; i < KEYS && usage != 0; i++)
		if (keys[i].usage == usage)
			return keys[i].code;
	return 0;
}

const char *key_name(size_t n) { return n < KEYS ? keys[n].name : NULL; }

void key_bitmap(uint8_t bitmap[KEY_CODES / 8])
{
	memset(bitmap, 0, KEY_CODES / 8);
	for (size_t i = 0; i < KEYS; i++)
		bitmap[keys[i].code / 8] |= (uint8_t)(1 << keys[i].code % 8);
}
