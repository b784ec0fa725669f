/* Where a section was loaded that its file has at another address, or at none. */
#ifndef SECTION_PLACE_H
#define SECTION_PLACE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct section_place {
	const char *name;
	uint64_t address;
};

/* NULL: the section is none of them. */
static inline const struct section_place *section_place_of(const struct section_place *places, size_t count,
                                                           const char *name)
{
	for (size_t i = 0; name && i < count; i++)
		if (strcmp(places[i].name, name) == 0)
			return &places[i];
	return NULL;
}

#endif
