#include <stdlib.h>
#include "dev/devices.h"
#include "hart/hart.h"

enum { REQUEST_FAIL = 0x3333, REQUEST_PASS = 0x5555, REQUEST_RESET = 0x7777 };

struct finisher {
	struct device device;
	void (*finish)(void *context, enum finish what, unsigned code);
	void *context;
};

static bool finisher_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                          uint32_t *effects)
{
	(void)device;
	(void)offset;
	(void)now;
	(void)effects;
	*value = 0;
	return size == 2 || size == 4;
}

static bool finisher_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                           uint32_t *effects)
{
	const struct finisher *finisher = (const struct finisher *)device;
	(void)now;
	if (size != 2 && size != 4)
		return false;
	if (offset != 0)
		return true;
	unsigned code = (unsigned)(value >> 16) & 0xffff;
	switch (value & 0xffff) {
	case REQUEST_PASS:
		finisher->finish(finisher->context, FINISH_PASS, 0);
		break;
	case REQUEST_FAIL:
		finisher->finish(finisher->context, FINISH_FAIL, code);
		break;
	case REQUEST_RESET:
		finisher->finish(finisher->context, FINISH_RESET, 0);
		break;
	default:
		return true;
	}
	*effects |= EFFECT_YIELD;
	return true;
}

static void finisher_destroy(struct device *device)
{
	free(device);
}

struct device *finisher_new(void (*finish)(void *context, enum finish what, unsigned code), void *context)
{
	struct finisher *finisher = calloc(1, sizeof(*finisher));
	if (!finisher)
		return NULL;
	finisher->device = (struct device){
		.name = "finisher", .read = finisher_read, .write = finisher_write, .destroy = finisher_destroy,
	};
	finisher->finish = finish;
	finisher->context = context;
	return &finisher->device;
}
