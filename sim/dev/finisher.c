/* SiFive's test finisher: the guest ends the run, or asks for a reset. */
#include <stdlib.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "hart/hart.h"

enum { REQUEST_FAIL = 0x3333, REQUEST_PASS = 0x5555, REQUEST_RESET = 0x7777, FINISHER_VERSION = 1 };

struct finisher {
	struct device device;
	void (*finish)(void *context, enum finish what, unsigned code);
	void *context;
};

static bool finisher_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device, (void)offset, (void)store;
	return size == 2 || size == 4;
}

static bool finisher_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                          uint32_t *effects)
{
	(void)now, (void)effects;
	*value = 0;
	return finisher_accepts(device, offset, size, false);
}

static bool finisher_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                           uint32_t *effects)
{
	const struct finisher *finisher = (const struct finisher *)device;
	(void)now;
	if (!finisher_accepts(device, offset, size, true))
		return false;
	if (offset != 0)
		return true;
	unsigned code = (unsigned)(value >> 16) & 0xffff;
	switch (value & 0xffff) {
	case REQUEST_PASS: finisher->finish(finisher->context, FINISH_PASS, 0); break;
	case REQUEST_FAIL: finisher->finish(finisher->context, FINISH_FAIL, code); break;
	case REQUEST_RESET: finisher->finish(finisher->context, FINISH_RESET, 0); break;
	default: return true;
	}
	*effects |= EFFECT_YIELD;
	return true;
}

/* It keeps nothing: what it was asked for is the machine's to remember. */
static void finisher_save(const struct device *device, struct state_writer *writer)
{
	state_write_begin(writer, device->name, FINISHER_VERSION);
	state_write_end(writer);
}

static bool finisher_restore(struct device *device, struct state_reader *reader)
{
	return state_read_begin(reader, device->name, FINISHER_VERSION) && state_read_end(reader);
}

static void finisher_destroy(struct device *device) { free(device); }

static struct device *finisher_make(const struct board *board, const struct device_site *site)
{
	struct finisher *finisher = calloc(1, sizeof(*finisher));
	if (!finisher)
		return NULL;
	finisher->device = (struct device){
	    .name = site->name,
	    .accepts = finisher_accepts,
	    .read = finisher_read,
	    .write = finisher_write,
	    .save = finisher_save,
	    .restore = finisher_restore,
	    .destroy = finisher_destroy,
	};
	finisher->finish = board->finish;
	finisher->context = board->context;
	return &finisher->device;
}

static void finisher_describe(struct tree_writer *writer, const struct board *board, const struct device_site *site)
{
	(void)board;
	tree_begin_at(writer, "test", site->base, site->size);
	tree_u32(writer, "phandle", finisher_phandle(writer));
	tree_strings(writer, "compatible", "sifive,test1\0sifive,test0\0syscon");
	tree_end(writer);
}

static void describe_syscon(struct tree_writer *writer, const char *name, const char *compatible, uint32_t value)
{
	tree_begin(writer, name);
	tree_u32(writer, "value", value);
	tree_u32(writer, "offset", 0);
	tree_u32(writer, "regmap", finisher_phandle(writer));
	tree_string(writer, "compatible", compatible);
	tree_end(writer);
}

/* Power-off and reset by a write to it. */
static void finisher_describe_root(struct tree_writer *writer)
{
	describe_syscon(writer, "poweroff", "syscon-poweroff", REQUEST_PASS);
	describe_syscon(writer, "reboot", "syscon-reboot", REQUEST_RESET);
}

const struct device_kind finisher_kind = {
    .make = finisher_make,
    .describe = finisher_describe,
    .describe_root = finisher_describe_root,
};
