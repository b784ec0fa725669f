/* A timing preset: the numbers of a core, its caches and its memory, a field for each row of param.def. Presets are
 * data: presets/NAME.cpu, or any file like them. */
#ifndef TIMING_H
#define TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum timing_param {
#define TIMING(field, name, value, low, high, meaning) TIMING_##field,
#include "timing/param.def"
#undef TIMING
	TIMING_PARAMS
};

struct timing {
	char name[32];
	bool ideal; /* one cycle an instruction; no parameter means anything */
#define TIMING(field, name, value, low, high, meaning) unsigned field;
#include "timing/param.def"
#undef TIMING
	bool set[TIMING_PARAMS]; /* by --set: another preset does not change it */
};

/* The row of a parameter: its name, range and meaning. */
struct timing_row {
	const char *name;
	size_t offset; /* in struct timing */
	unsigned value, low, high;
	const char *meaning;
};
extern const struct timing_row timing_rows[TIMING_PARAMS];

/* A built-in preset without a pipeline; NULL if there is none of that name. */
const struct timing *timing_find(const char *name);

/* Every parameter at its default, name "ideal". */
void timing_default(struct timing *timing);

/* Fill `timing` from a built-in preset or a file, but for what --set has chosen. 0, or -1 with one line in `reason`. */
int timing_load(struct timing *timing, const char *name, char *reason, size_t size);

/* Numbers that do not go together, or that cannot be: sizes that are no powers of two, a part longer than the whole.
 * The reason, or NULL. */
const char *timing_misfit(const struct timing *timing);

/* What an access of a device costs: of the device's kind (base/device.h), a row of dev/devices.def. Cycles. */
unsigned timing_device(const struct timing *timing, unsigned kind);

/* A hash of all values: equal for equal ones, on any host. 0 for the ideal preset. */
uint64_t timing_hash(const struct timing *timing);

#endif
