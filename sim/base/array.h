/* Arrays that grow. */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

/* Room for `more` elements behind the `count` that `array`, which malloc gave or which is NULL, has; *capacity, in
 * elements, is brought up to date. 0; or -1: no memory, and all is as before. */
#define ARRAY_RESERVE(array, count, more, capacity)                                                                    \
	array_reserve((void **)&(array), (count), (more), (capacity), sizeof *(array))
int array_reserve(void **array, size_t count, size_t more, size_t *capacity, size_t element);

#endif
