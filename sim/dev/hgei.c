/* Source of guest external interrupts, for a machine whose interrupt controller has none for guests: a 64-bit
 * register a hart, at 8 * hart id. Bit n, 1..geilen, is the level of the hart's guest external interrupt n, as hgeip
 * shows it; the other bits are read-only 0. */
#include <inttypes.h>
#include <stdlib.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "hart/hart.h"

enum { HGEI_VERSION = 1 };

struct hgei {
	struct device device;
	const struct board *board;
	uint64_t mask; /* bits that exist */
	unsigned hart_count;
	uint64_t levels[]; /* of each hart */
};

static void drive(struct hgei *hgei, unsigned hart, uint64_t levels, uint64_t now)
{
	uint64_t changed = hgei->levels[hart] ^ levels;
	hgei->levels[hart] = levels;
	for (; changed != 0; changed &= changed - 1) {
		unsigned line = (unsigned)__builtin_ctzll(changed);
		struct irq_wire wire = hgei->board->hart_wire(hgei->board->context, WIRE_HGEI, hart, line);
		irq_wire_set(&wire, levels >> line & 1, now);
	}
}

static bool hgei_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device, (void)offset, (void)store;
	return size == 8;
}

static bool hgei_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                      uint32_t *effects)
{
	const struct hgei *hgei = (const struct hgei *)device;
	(void)now, (void)effects;
	*value = offset / 8 < hgei->hart_count ? hgei->levels[offset / 8] : 0;
	return hgei_accepts(device, offset, size, false);
}

static bool hgei_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                       uint32_t *effects)
{
	struct hgei *hgei = (struct hgei *)device;
	if (!hgei_accepts(device, offset, size, true))
		return false;
	if (offset / 8 < hgei->hart_count)
		drive(hgei, (unsigned)(offset / 8), value & hgei->mask, now);
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	return true;
}

static void hgei_reset(struct device *device, uint64_t now)
{
	(void)now;
	struct hgei *hgei = (struct hgei *)device;
	for (unsigned i = 0; i < hgei->hart_count; i++)
		hgei->levels[i] = 0;
}

static void hgei_save(const struct device *device, struct state_writer *writer)
{
	const struct hgei *hgei = (const struct hgei *)device;
	state_write_begin(writer, device->name, HGEI_VERSION);
	state_write_u64(writer, hgei->hart_count);
	for (unsigned i = 0; i < hgei->hart_count; i++)
		state_write_u64(writer, hgei->levels[i]);
	state_write_end(writer);
}

static bool hgei_restore(struct device *device, struct state_reader *reader)
{
	struct hgei *hgei = (struct hgei *)device;
	state_read_begin(reader, device->name, HGEI_VERSION);
	if (state_read_u64(reader) != hgei->hart_count)
		return state_refuse(reader, "hgei: another number of harts");
	for (unsigned i = 0; i < hgei->hart_count; i++) {
		uint64_t levels = state_read_u64(reader);
		if (levels & ~hgei->mask)
			return state_refuse(reader, "hgei: a line beyond geilen");
		hgei->levels[i] = levels;
	}
	return state_read_end(reader);
}

static void hgei_dump(const struct device *device, FILE *out)
{
	const struct hgei *hgei = (const struct hgei *)device;
	for (unsigned i = 0; i < hgei->hart_count; i++)
		fprintf(out, "hart %u: guest external interrupts 0x%" PRIx64 "\n", i, hgei->levels[i]);
}

static void hgei_destroy(struct device *device) { free(device); }

static unsigned hgei_count(const struct board *board) { return board->options->geilen != 0; }

static struct device *hgei_make(const struct board *board, const struct device_site *site)
{
	const struct platform *platform = board->platform;
	struct hgei *hgei = calloc(1, sizeof(*hgei) + platform->hart_count * sizeof(hgei->levels[0]));
	if (!hgei)
		return NULL;
	hgei->device = (struct device){
	    .name = site->name,
	    .accepts = hgei_accepts,
	    .read = hgei_read,
	    .write = hgei_write,
	    .reset = hgei_reset,
	    .save = hgei_save,
	    .restore = hgei_restore,
	    .dump = hgei_dump,
	    .destroy = hgei_destroy,
	};
	hgei->board = board;
	hgei->hart_count = platform->hart_count;
	for (unsigned line = 1; line <= board->options->geilen; line++)
		hgei->mask |= UINT64_C(1) << line;
	return &hgei->device;
}

static void hgei_describe(struct tree_writer *writer, const struct board *board, const struct device_site *site)
{
	(void)board;
	tree_begin_at(writer, "hgei", site->base, site->size);
	tree_string(writer, "compatible", "rvsim,hgei");
	tree_end(writer);
}

const struct device_kind hgei_kind = {.count = hgei_count, .make = hgei_make, .describe = hgei_describe};
