/* What every part with state must do: come back as what it was, and refuse whatever else it is given. */
#ifndef REVIVAL_H
#define REVIVAL_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "base/state.h"

enum { SECTION_VERSION = 24, SECTION_SIZE = 32, SECTION_HEADER = 40 };

static inline struct state_reader reader_of(const struct state_writer *saved)
{
	cr_assert_not(saved->failed);
	return (struct state_reader){ .bytes = saved->bytes, .size = saved->size };
}

/* Is a fresh part restored from these bytes? If not, a reason must be given. `restores` builds one and takes it apart. */
static inline bool accepted(const uint8_t *bytes, size_t size, bool (*restores)(struct state_reader *reader))
{
	struct state_reader reader = { .bytes = bytes, .size = size };
	bool good = restores(&reader);
	cr_expect_eq(good, !reader.failed);
	cr_expect(good || reader.reason[0] != '\0');
	return good;
}

/* `saved` ends with the part's section; what comes before it is good. Numbers out of range: some changes of a byte must be
 * refused if `limits`; none may crash. */
static inline void expect_refusals(const struct state_writer *saved, bool (*restores)(struct state_reader *reader), bool limits)
{
	size_t size = saved->size, section = saved->section;
	uint8_t *bytes = malloc(size + 8);
	cr_assert_not_null(bytes);
	memcpy(bytes, saved->bytes, size);
	memset(bytes + size, 0, 8);
	cr_assert(accepted(bytes, size, restores));
	for (size_t cut = 0; cut < size; cut += cut + 97 < size && cut > section + SECTION_HEADER ? 97 : 1)
		cr_expect_not(accepted(bytes, cut, restores), "cut at %zu", cut);
	bytes[section]++;
	cr_expect_not(accepted(bytes, size, restores), "another name");
	bytes[section]--;
	bytes[section + SECTION_VERSION]++;
	cr_expect_not(accepted(bytes, size, restores), "another version");
	bytes[section + SECTION_VERSION]--;
	uint64_t length = size - section - SECTION_HEADER, longer = length + 8, shorter = length - 1;
	memcpy(bytes + section + SECTION_SIZE, &longer, 8);
	cr_expect_not(accepted(bytes, size + 8, restores), "more than the part has");
	if (length != 0) {
		memcpy(bytes + section + SECTION_SIZE, &shorter, 8);
		cr_expect_not(accepted(bytes, size, restores), "less than the part has");
	}
	memcpy(bytes + section + SECTION_SIZE, &length, 8);
	unsigned refused = 0;
	for (size_t at = section + SECTION_HEADER; at < size; at++) {
		bytes[at] ^= 0xff;
		refused += !accepted(bytes, size, restores);
		bytes[at] ^= 0xff;
	}
	cr_expect(refused != 0 || !limits, "no number is out of range");
	free(bytes);
}

#endif
