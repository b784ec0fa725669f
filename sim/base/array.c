#include "base/array.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 16 };

int array_reserve(void **array, size_t count, size_t more, size_t *capacity, size_t element)
{
	size_t wanted = *capacity ? *capacity : FIRST_CAPACITY;
	if (count + more <= *capacity)
		return 0;
	while (wanted < count + more)
		wanted *= 2;
	void *grown = realloc(*array, wanted * element);
	if (!grown)
		return -1;
	*array = grown;
	*capacity = wanted;
	return 0;
}
