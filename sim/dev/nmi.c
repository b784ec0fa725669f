/* Source of resumable non-maskable interrupts, for harts with Smrnmi: a 32-bit register a hart, at 4 * hart id. Bits
 * 15..0 are the levels of the hart's RNMI lines: line n arrives with mncause 1 << 63 | 48 + n, the lowest line first.
 * Whoever handles it clears the bit. Line 0 of every hart can also rise by itself once: rnmi.cycle. */
#include <stdlib.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "hart/hart.h"

enum { NMI_VERSION = 1 };

struct nmi_hart {
	struct irq_wire wires[RNMI_LINES];
	uint16_t lines;
};

struct nmi {
	struct device device;
	struct event button; /* at rnmi.cycle */
	unsigned hart_count;
	struct nmi_hart harts[];
};

static void set_lines(struct nmi_hart *hart, uint16_t lines, uint64_t now)
{
	hart->lines = lines;
	for (unsigned i = 0; i < RNMI_LINES; i++)
		irq_wire_set(&hart->wires[i], lines >> i & 1, now);
}

static void button_pressed(void *context, uint64_t cycle)
{
	struct nmi *nmi = context;
	for (unsigned i = 0; i < nmi->hart_count; i++)
		set_lines(&nmi->harts[i], nmi->harts[i].lines | 1, cycle);
}

static bool nmi_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device, (void)offset, (void)store;
	return size == 4;
}

static bool nmi_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                     uint32_t *effects)
{
	const struct nmi *nmi = (const struct nmi *)device;
	(void)now, (void)effects;
	*value = offset / 4 < nmi->hart_count ? nmi->harts[offset / 4].lines : 0;
	return nmi_accepts(device, offset, size, false);
}

static bool nmi_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                      uint32_t *effects)
{
	struct nmi *nmi = (struct nmi *)device;
	if (!nmi_accepts(device, offset, size, true))
		return false;
	if (offset / 4 < nmi->hart_count)
		set_lines(&nmi->harts[offset / 4], (uint16_t)value, now);
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	return true;
}

static void nmi_reset(struct device *device, uint64_t now)
{
	(void)now;
	struct nmi *nmi = (struct nmi *)device;
	for (unsigned i = 0; i < nmi->hart_count; i++)
		nmi->harts[i].lines = 0;
}

static void nmi_save(const struct device *device, struct state_writer *writer)
{
	const struct nmi *nmi = (const struct nmi *)device;
	state_write_begin(writer, device->name, NMI_VERSION);
	state_write_u64(writer, nmi->hart_count);
	event_save(&nmi->button, writer);
	for (unsigned i = 0; i < nmi->hart_count; i++)
		state_write_u64(writer, nmi->harts[i].lines);
	state_write_end(writer);
}

static bool nmi_restore(struct device *device, struct state_reader *reader)
{
	struct nmi *nmi = (struct nmi *)device;
	state_read_begin(reader, device->name, NMI_VERSION);
	if (state_read_u64(reader) != nmi->hart_count)
		return state_refuse(reader, "nmi: another number of harts");
	event_restore(device->events, &nmi->button, reader);
	for (unsigned i = 0; i < nmi->hart_count; i++)
		nmi->harts[i].lines = (uint16_t)state_read_limited(reader, UINT16_MAX);
	return state_read_end(reader);
}

static void nmi_dump(const struct device *device, FILE *out)
{
	const struct nmi *nmi = (const struct nmi *)device;
	for (unsigned i = 0; i < nmi->hart_count; i++)
		fprintf(out, "hart %u: lines 0x%04x\n", i, nmi->harts[i].lines);
}

static void nmi_destroy(struct device *device)
{
	event_drop(device->events, &((struct nmi *)device)->button);
	free(device);
}

static unsigned nmi_count(const struct board *board) { return isa_has(board->isa, EXT_Smrnmi); }

static struct device *nmi_make(const struct board *board, const struct device_site *site)
{
	const struct platform *platform = board->platform;
	struct nmi *nmi = calloc(1, sizeof(*nmi) + platform->hart_count * sizeof(struct nmi_hart));
	if (!nmi)
		return NULL;
	nmi->device = (struct device){
	    .name = site->name,
	    .accepts = nmi_accepts,
	    .read = nmi_read,
	    .write = nmi_write,
	    .reset = nmi_reset,
	    .save = nmi_save,
	    .restore = nmi_restore,
	    .dump = nmi_dump,
	    .destroy = nmi_destroy,
	    .events = board->events,
	};
	nmi->hart_count = platform->hart_count;
	for (unsigned i = 0; i < nmi->hart_count; i++)
		for (unsigned line = 0; line < RNMI_LINES; line++)
			nmi->harts[i].wires[line] = board->hart_wire(board->context, WIRE_RNMI, i, line);
	if (event_init(&nmi->button, board->events, button_pressed, nmi) != 0) {
		nmi_destroy(&nmi->device);
		return NULL;
	}
	if (platform->rnmi_cycle)
		event_schedule(board->events, &nmi->button, platform->rnmi_cycle);
	return &nmi->device;
}

static void nmi_describe(struct tree_writer *writer, const struct board *board, const struct device_site *site)
{
	(void)board;
	tree_begin_at(writer, "nmi", site->base, site->size);
	tree_string(writer, "compatible", "rvsim,nmi");
	tree_end(writer);
}

const struct device_kind nmi_kind = {.count = nmi_count, .make = nmi_make, .describe = nmi_describe};
