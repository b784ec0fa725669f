/* Timing presets: any text is a preset within the ranges of its parameters, or refused with a reason of one line. */
#include "fuzz.h"
#include <sys/mman.h>
#include "timing/timing.h"

static char path[64];
static int descriptor;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	descriptor = memfd_create("preset", 0);
	REQUIRE(descriptor >= 0, "no file in memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return 0;
}

static void check_values(const struct timing *timing)
{
	for (unsigned i = 0; i < TIMING_PARAMS; i++) {
		const struct timing_row *row = &timing_rows[i];
		unsigned value = *(const unsigned *)((const char *)timing + row->offset);
		REQUIRE(value >= row->low && value <= row->high, "%s = %u", row->name, value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char reason[224] = "";
	struct timing timing;
	REQUIRE(ftruncate(descriptor, 0) == 0 && pwrite(descriptor, data, size, 0) == (ssize_t)size, "cannot write");
	timing_default(&timing);
	unsigned fixed = timing_rows[size % TIMING_PARAMS].high;
	timing.set[size % TIMING_PARAMS] = true;
	*(unsigned *)((char *)&timing + timing_rows[size % TIMING_PARAMS].offset) = fixed;
	int result = timing_load(&timing, path, reason, sizeof(reason));
	REQUIRE((result != 0) == (reason[0] != '\0') && !strchr(reason, '\n'), "result %d, reason %s", result, reason);
	check_values(&timing);
	const char *misfit = timing_misfit(&timing);
	REQUIRE(!misfit || !timing.ideal, "%s", misfit);
	unsigned now = *(unsigned *)((char *)&timing + timing_rows[size % TIMING_PARAMS].offset);
	REQUIRE(now == fixed, "%s: set to %u, is %u", timing_rows[size % TIMING_PARAMS].name, fixed, now);
	return 0;
}
