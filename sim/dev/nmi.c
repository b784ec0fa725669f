/* Source of resumable non-maskable interrupts, for harts with Smrnmi: a 32-bit register a hart, at 4 * hart id. Bits
 * 15..0 are the levels of the hart's RNMI lines: line n arrives with mncause 1 << 63 | 48 + n, the lowest line first.
 * Whoever handles it clears the bit. Line 0 of every hart can also rise by itself once: rnmi.cycle. */
#include <stdlib.h>
#include "dev/devices.h"
#include "hart/hart.h"

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

static bool nmi_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                     uint32_t *effects)
{
	const struct nmi *nmi = (const struct nmi *)device;
	(void)now, (void)effects;
	*value = offset / 4 < nmi->hart_count ? nmi->harts[offset / 4].lines : 0;
	return size == 4;
}

static bool nmi_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                      uint32_t *effects)
{
	struct nmi *nmi = (struct nmi *)device;
	if (size != 4)
		return false;
	if (offset / 4 < nmi->hart_count)
		set_lines(&nmi->harts[offset / 4], (uint16_t)value, now);
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	return true;
}

static void nmi_dump(const struct device *device, FILE *out)
{
	const struct nmi *nmi = (const struct nmi *)device;
	for (unsigned i = 0; i < nmi->hart_count; i++)
		fprintf(out, "hart %u: lines 0x%04x\n", i, nmi->harts[i].lines);
}

static void nmi_destroy(struct device *device)
{
	event_cancel(device->events, &((struct nmi *)device)->button);
	free(device);
}

struct device *nmi_new(const struct platform *platform, struct event_queue *events, const struct irq_wire *wires)
{
	struct nmi *nmi = calloc(1, sizeof(*nmi) + platform->hart_count * sizeof(struct nmi_hart));
	if (!nmi)
		return NULL;
	nmi->device = (struct device){
		.name = "nmi", .read = nmi_read, .write = nmi_write, .dump = nmi_dump, .destroy = nmi_destroy, .events = events,
	};
	nmi->hart_count = platform->hart_count;
	for (unsigned i = 0; i < nmi->hart_count; i++) {
		for (unsigned line = 0; line < RNMI_LINES; line++) {
			nmi->harts[i].wires[line] = wires[i];
			nmi->harts[i].wires[line].line = line;
		}
	}
	event_init(&nmi->button, button_pressed, nmi);
	if (platform->rnmi_cycle)
		event_schedule(events, &nmi->button, platform->rnmi_cycle);
	return &nmi->device;
}
