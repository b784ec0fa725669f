#include "base/array.h"
#include "base/words.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

Test(array, grows_and_keeps_what_is_there)
{
	uint32_t *array = NULL;
	size_t capacity = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		cr_assert_eq(ARRAY_RESERVE(array, i, 1, &capacity), 0);
		cr_assert_gt(capacity, i);
		array[i] = i;
	}
	cr_assert_eq(ARRAY_RESERVE(array, 1000, 5000, &capacity), 0);
	cr_assert_geq(capacity, 6000u);
	for (uint32_t i = 0; i < 1000; i++)
		cr_assert_eq(array[i], i);
	size_t before = capacity;
	cr_assert_eq(ARRAY_RESERVE(array, 0, SIZE_MAX / 16, &capacity), -1, "no host has as much");
	cr_assert_eq(capacity, before);
	free(array);
}

Test(words, stand_for_bits)
{
	static const struct word words[] = {{"one", 1}, {"two", 2}, {"both", 3}};
	uint32_t bits = 99;
	cr_assert(words_parse("two", words, 3, &bits) == 0 && bits == 2);
	cr_assert(words_parse("one,two", words, 3, &bits) == 0 && bits == 3);
	cr_assert(words_parse("both,one", words, 3, &bits) == 0 && bits == 3);
	static const char *const wrong[] = {"", "on", "ones", "one,", ",one", "one,,two", "one two"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		cr_assert(words_parse(wrong[i], words, 3, &bits) == -1 && bits == 3, "%s", wrong[i]);
}
