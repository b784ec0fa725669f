/* What parts make of bytes that are not what they wrote. */
#ifndef STATE_BYTES_H
#define STATE_BYTES_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "base/state.h"

/* Does a new part take the bytes? */
typedef bool restore_function(struct state_reader *reader);

static inline bool restored(restore_function *restore, const uint8_t *bytes, size_t size, char reason[160])
{
	struct state_reader reader = {.bytes = bytes, .size = size};
	bool result = restore(&reader);
	cr_assert_eq(result, !reader.failed);
	memcpy(reason, reader.reason, sizeof reader.reason);
	return result;
}

/* Whole bytes are taken; cut anywhere, of another version or name they are refused with a reason; damaged anywhere they are taken
 * or refused. */
static inline void expect_refusals(restore_function *restore, const struct state_writer *writer)
{
	enum { VERSION_AT = 24 };
	uint8_t *bytes = malloc(writer->size + 1);
	char reason[160];
	cr_assert(bytes && !writer->failed);
	memcpy(bytes, writer->bytes, writer->size);
	cr_assert(restored(restore, bytes, writer->size, reason), "%s", reason);
	for (size_t size = 0; size < writer->size; size += size < 600 ? 1 : writer->size / 97 + 1) {
		cr_assert_not(restored(restore, bytes, size, reason), "cut to %zu bytes", size);
		cr_assert_str_neq(reason, "");
	}
	for (size_t at = 0; at < writer->size; at += at < 600 ? 1 : writer->size / 97 + 1) {
		bytes[at] ^= 0xff;
		if (!restored(restore, bytes, writer->size, reason))
			cr_assert_str_neq(reason, "");
		bytes[at] = writer->bytes[at];
	}
	bytes[VERSION_AT]++;
	cr_assert_not(restored(restore, bytes, writer->size, reason));
	cr_assert_not_null(strstr(reason, "version"), "%s", reason);
	bytes[VERSION_AT]--;
	bytes[0] ^= 1;
	cr_assert_not(restored(restore, bytes, writer->size, reason));
	cr_assert_not_null(strstr(reason, "expected"), "%s", reason);
	free(bytes);
}

#endif
