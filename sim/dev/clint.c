/* SiFive's core-local interruptor: per hart a software interrupt and a timer compare, one mtime for all. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "hart/hart.h"

/* END: nothing is behind mtime, as on QEMU. */
enum { MSIP = 0x0, MTIMECMP = 0x4000, MTIME = 0xbff8, END = 0xc000, CLINT_VERSION = 1 };

struct clint_hart {
	struct clint *clint;
	struct event timer;
	struct irq_wire msip, mtip;
	uint64_t mtimecmp;
	bool software;
};

struct clint {
	struct device device;
	struct platform *platform;
	void (*time_changed)(void *context, uint64_t now);
	void *context;
	unsigned hart_count;
	struct clint_hart harts[];
};

/* MTIP is a level: mtime >= mtimecmp. While it is low, an event stands where it will rise. */
static void update_timer(struct clint_hart *hart, uint64_t now)
{
	const struct platform *platform = hart->clint->platform;
	struct event_queue *events = hart->clint->device.events;
	uint64_t time = platform_time(platform, now);
	bool level = time >= hart->mtimecmp;
	irq_wire_set(&hart->mtip, level, now);
	event_cancel(events, &hart->timer);
	uint64_t tick, cycle;
	if (!level && !__builtin_add_overflow(now / platform->cycles_per_tick, hart->mtimecmp - time, &tick) &&
	    !__builtin_mul_overflow(tick, platform->cycles_per_tick, &cycle))
		event_schedule(events, &hart->timer, cycle);
}

static void timer_due(void *context, uint64_t cycle) { update_timer(context, cycle); }

static void set_mtime(struct clint *clint, uint64_t time, uint64_t now)
{
	clint->platform->time_offset += time - platform_time(clint->platform, now);
	for (unsigned i = 0; i < clint->hart_count; i++)
		update_timer(&clint->harts[i], now);
	if (clint->time_changed)
		clint->time_changed(clint->context, now);
}

/* The 64-bit register that holds offset, or NULL (mtime, nothing). */
static struct clint_hart *timer_at(struct clint *clint, uint64_t offset)
{
	uint64_t index = (offset - MTIMECMP) / 8;
	return offset >= MTIMECMP && index < clint->hart_count ? &clint->harts[index] : NULL;
}

static bool clint_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device, (void)store;
	return offset < END && (size == 4 || (size == 8 && offset >= MTIMECMP));
}

static bool clint_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                       uint32_t *effects)
{
	struct clint *clint = (struct clint *)device;
	(void)effects;
	if (!clint_accepts(device, offset, size, false))
		return false;
	*value = 0;
	if (offset < MTIMECMP) {
		if (offset / 4 < clint->hart_count)
			*value = clint->harts[offset / 4].software;
		return true;
	}
	const struct clint_hart *hart = timer_at(clint, offset);
	uint64_t whole = hart ? hart->mtimecmp : 0;
	if ((offset & ~UINT64_C(7)) == MTIME)
		whole = platform_time(clint->platform, now);
	*value = size == 8 ? whole : (uint32_t)(whole >> (offset & 4) * 8);
	return true;
}

/* `whole` with the written half, or all of it, replaced. */
static uint64_t merge(uint64_t whole, uint64_t offset, unsigned size, uint64_t value)
{
	if (size == 8)
		return value;
	unsigned shift = (offset & 4) * 8;
	return (whole & ~(UINT64_C(0xffffffff) << shift)) | (value & 0xffffffff) << shift;
}

static bool clint_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                        uint32_t *effects)
{
	struct clint *clint = (struct clint *)device;
	if (!clint_accepts(device, offset, size, true))
		return false;
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	struct clint_hart *hart = timer_at(clint, offset);
	if (offset < MTIMECMP && offset / 4 < clint->hart_count) {
		hart = &clint->harts[offset / 4];
		hart->software = value & 1;
		irq_wire_set(&hart->msip, hart->software, now);
	} else if (hart) {
		hart->mtimecmp = merge(hart->mtimecmp, offset, size, value);
		update_timer(hart, now);
	} else if ((offset & ~UINT64_C(7)) == MTIME) {
		set_mtime(clint, merge(platform_time(clint->platform, now), offset, size, value), now);
	}
	return true;
}

/* mtime begins anew. What mtimecmp holds is left to the implementation: 0, as on QEMU, so that MTIP is pending. */
static void clint_reset(struct device *device, uint64_t now)
{
	struct clint *clint = (struct clint *)device;
	clint->platform->time_offset = -(now / clint->platform->cycles_per_tick);
	for (unsigned i = 0; i < clint->hart_count; i++) {
		clint->harts[i].software = false;
		clint->harts[i].mtimecmp = 0;
		update_timer(&clint->harts[i], now);
	}
}

static void clint_save(const struct device *device, struct state_writer *writer)
{
	const struct clint *clint = (const struct clint *)device;
	state_write_begin(writer, device->name, CLINT_VERSION);
	state_write_u64(writer, clint->hart_count);
	state_write_u64(writer, clint->platform->time_offset);
	for (unsigned i = 0; i < clint->hart_count; i++) {
		state_write_u64(writer, clint->harts[i].mtimecmp);
		state_write_u64(writer, clint->harts[i].software);
		event_save(&clint->harts[i].timer, writer);
	}
	state_write_end(writer);
}

static bool clint_restore(struct device *device, struct state_reader *reader)
{
	struct clint *clint = (struct clint *)device;
	state_read_begin(reader, device->name, CLINT_VERSION);
	if (state_read_u64(reader) != clint->hart_count)
		return state_refuse(reader, "clint: another number of harts");
	clint->platform->time_offset = state_read_u64(reader);
	for (unsigned i = 0; i < clint->hart_count; i++) {
		clint->harts[i].mtimecmp = state_read_u64(reader);
		clint->harts[i].software = state_read_limited(reader, 1);
		event_restore(device->events, &clint->harts[i].timer, reader);
	}
	return state_read_end(reader);
}

static void clint_dump(const struct device *device, FILE *out)
{
	const struct clint *clint = (const struct clint *)device;
	for (unsigned i = 0; i < clint->hart_count; i++)
		fprintf(out, "hart %u: msip %u, mtimecmp 0x%" PRIx64 "\n", i, clint->harts[i].software,
		        clint->harts[i].mtimecmp);
}

static void clint_destroy(struct device *device)
{
	struct clint *clint = (struct clint *)device;
	for (unsigned i = 0; i < clint->hart_count; i++)
		event_drop(device->events, &clint->harts[i].timer);
	free(device);
}

static struct device *clint_make(const struct board *board, const struct device_site *site)
{
	unsigned hart_count = board->platform->hart_count;
	struct clint *clint = calloc(1, sizeof(*clint) + hart_count * sizeof(struct clint_hart));
	if (!clint)
		return NULL;
	clint->device = (struct device){
	    .name = site->name,
	    .accepts = clint_accepts,
	    .read = clint_read,
	    .write = clint_write,
	    .reset = clint_reset,
	    .save = clint_save,
	    .restore = clint_restore,
	    .dump = clint_dump,
	    .destroy = clint_destroy,
	    .events = board->events,
	};
	clint->platform = board->platform;
	clint->time_changed = board->time_changed;
	clint->context = board->context;
	clint->hart_count = hart_count;
	int result = 0;
	for (unsigned i = 0; i < hart_count && result == 0; i++) {
		struct clint_hart *hart = &clint->harts[i];
		hart->clint = clint;
		hart->msip = board->hart_wire(board->context, WIRE_IRQ, i, IRQ_MSI);
		hart->mtip = board->hart_wire(board->context, WIRE_IRQ, i, IRQ_MTI);
		result = event_init(&hart->timer, board->events, timer_due, hart);
	}
	if (result == 0)
		return &clint->device;
	clint_destroy(&clint->device);
	return NULL;
}

static void clint_describe(struct tree_writer *writer, const struct board *board, const struct device_site *site)
{
	(void)board;
	tree_begin_at(writer, "clint", site->base, site->size);
	tree_hart_interrupts(writer, IRQ_MSI, IRQ_MTI);
	tree_strings(writer, "compatible", "sifive,clint0\0riscv,clint0");
	tree_end(writer);
}

const struct device_kind clint_kind = {.make = clint_make, .describe = clint_describe};
