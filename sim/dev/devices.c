#include "dev/devices.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include "base/bus.h"

const struct device_row device_rows[DEVICE_ROWS] = {
#define DEVICE(name, base, size, irq, slots, node) {#name, base, size, irq, slots, node, &name##_kind},
#include "dev/devices.def"
#undef DEVICE
};

static unsigned count_of(const struct device_row *row, const struct board *board)
{
	unsigned count = row->kind->count ? row->kind->count(board) : row->slots;
	assert(count <= row->slots);
	return count;
}

static struct device_site site_of(const struct device_row *row, unsigned slot, const struct board *board,
                                  struct irq_wire controller)
{
	uint64_t base = row->kind->base ? row->kind->base(board) : row->base;
	struct device_site site = {.name = row->name, .slot = slot, .base = base + slot * row->size, .size = row->size};
	if (row->irq != 0) {
		site.irq = row->irq + slot;
		site.wire = controller;
		site.wire.line = site.irq;
	}
	return site;
}

static int add_device(struct devices *devices, const struct board *board, const struct device_site *site,
                      const struct device_row *row)
{
	struct device **list = realloc(devices->list, (devices->count + 1) * sizeof(*list));
	if (!list)
		return -1;
	devices->list = list;
	struct device *device = row->kind->make(board, site);
	if (!device)
		return -1;
	device->kind = (unsigned)(row - device_rows);
	devices->list[devices->count++] = device;
	return bus_map(board->bus, site->base, site->size, device);
}

int devices_build(struct devices *devices, const struct board *board)
{
	struct irq_wire controller = {0};
	for (const struct device_row *row = device_rows; row < device_rows + DEVICE_ROWS; row++) {
		unsigned count = count_of(row, board);
		for (unsigned slot = 0; slot < count; slot++) {
			struct device_site site = site_of(row, slot, board, controller);
			if (add_device(devices, board, &site, row) != 0)
				return -1;
			if (row->kind->source)
				controller = (struct irq_wire){.set = row->kind->source,
				                               .receiver = devices->list[devices->count - 1]};
		}
	}
	devices_reset(devices, 0);
	return 0;
}

void devices_reset(struct devices *devices, uint64_t now)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->list[i]->reset)
			devices->list[i]->reset(devices->list[i], now);
}

void devices_free(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		devices->list[i]->destroy(devices->list[i]);
	free(devices->list);
	*devices = (struct devices){0};
}

void devices_dump(const struct devices *devices, FILE *out)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->list[i]->dump)
			devices->list[i]->dump(devices->list[i], out);
}

void devices_save(const struct devices *devices, const struct event_queue *events, struct state_writer *writer)
{
	event_queue_save(events, writer);
	for (size_t i = 0; i < devices->count; i++)
		devices->list[i]->save(devices->list[i], writer);
}

bool devices_restore(struct devices *devices, struct event_queue *events, struct state_reader *reader)
{
	bool good = event_queue_restore(events, reader);
	for (size_t i = 0; i < devices->count && good; i++)
		good = devices->list[i]->restore(devices->list[i], reader);
	return good;
}

void devices_describe(struct tree_writer *writer, const struct board *board)
{
	for (unsigned node = 1; node <= DEVICE_ROWS; node++)
		for (const struct device_row *row = device_rows; row < device_rows + DEVICE_ROWS; row++) {
			unsigned count = row->node == node ? count_of(row, board) : 0;
			for (unsigned slot = count; slot-- > 0;) { /* QEMU's order */
				struct device_site site = site_of(row, slot, board, (struct irq_wire){0});
				row->kind->describe(writer, board, &site);
			}
		}
}

void devices_describe_front(struct tree_writer *writer, const struct board *board)
{
	for (const struct device_row *row = device_rows; row < device_rows + DEVICE_ROWS; row++)
		if (row->kind->describe_front) {
			struct device_site first = site_of(row, 0, board, (struct irq_wire){0});
			row->kind->describe_front(writer, &first);
		}
}

void devices_describe_root(struct tree_writer *writer)
{
	for (const struct device_row *row = device_rows; row < device_rows + DEVICE_ROWS; row++)
		if (row->kind->describe_root)
			row->kind->describe_root(writer);
}

void devices_stdout_path(char *path, size_t size)
{
	for (const struct device_row *row = device_rows; row < device_rows + DEVICE_ROWS; row++)
		if (row->kind->stdout_node)
			snprintf(path, size, "/soc/%s@%" PRIx64, row->kind->stdout_node, row->base);
}
