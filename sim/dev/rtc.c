/* Goldfish real-time clock: nanoseconds since 1970 as simulated time has them, and one alarm. */
#include <inttypes.h>
#include <stdlib.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "hart/hart.h"

enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c,
	END = 0x24,
	TICK_NS = 100,
	RTC_VERSION = 1,
};

struct rtc {
	struct device device;
	const struct platform *platform;
	struct irq_wire irq;
	struct event alarm;
	uint64_t base_ns; /* at cycle 0; moves as the guest sets the time */
	uint64_t alarm_ns;
	uint32_t time_high, alarm_high; /* latched by a read of TIME_LOW, by a write of ALARM_HIGH */
	bool running, pending, enabled;
};

/* The platform's time_offset is not in it: setting mtime does not set the calendar. */
static uint64_t now_ns(const struct rtc *rtc, uint64_t now)
{
	return rtc->base_ns + now / rtc->platform->cycles_per_tick * TICK_NS;
}

static void rtc_update(struct rtc *rtc, uint64_t now) { irq_wire_set(&rtc->irq, rtc->pending && rtc->enabled, now); }

static void alarm_due(void *context, uint64_t cycle)
{
	struct rtc *rtc = context;
	rtc->running = false;
	rtc->pending = true;
	rtc_update(rtc, cycle);
}

static void cancel(struct rtc *rtc)
{
	rtc->running = false;
	event_cancel(rtc->device.events, &rtc->alarm);
}

/* An alarm in the past rings at once. */
static void set_alarm(struct rtc *rtc, uint64_t alarm_ns, uint64_t now)
{
	cancel(rtc);
	rtc->alarm_ns = alarm_ns;
	uint64_t time = now_ns(rtc, now), tick, cycle;
	if (alarm_ns <= time) {
		alarm_due(rtc, now);
		return;
	}
	rtc->running = true;
	uint64_t wait = (alarm_ns - time + TICK_NS - 1) / TICK_NS;
	if (!__builtin_add_overflow(now / rtc->platform->cycles_per_tick, wait, &tick) &&
	    !__builtin_mul_overflow(tick, rtc->platform->cycles_per_tick, &cycle))
		event_schedule(rtc->device.events, &rtc->alarm, cycle);
}

static uint32_t read_register(struct rtc *rtc, uint64_t offset, uint64_t now)
{
	uint64_t time = now_ns(rtc, now);
	switch (offset) {
	case TIME_LOW: rtc->time_high = (uint32_t)(time >> 32); return (uint32_t)time;
	case TIME_HIGH: return rtc->time_high;
	case ALARM_LOW: return (uint32_t)rtc->alarm_ns;
	case ALARM_HIGH: return (uint32_t)(rtc->alarm_ns >> 32);
	case IRQ_ENABLED: return rtc->enabled;
	case ALARM_STATUS: return rtc->running;
	default: return 0;
	}
}

/* A doubleword is two registers, the lower first; so it is all of the time, or of the alarm. */
static bool rtc_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device, (void)store;
	return size >= 4 && offset + size <= END;
}

static bool rtc_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                     uint32_t *effects)
{
	struct rtc *rtc = (struct rtc *)device;
	(void)effects;
	if (!rtc_accepts(device, offset, size, false))
		return false;
	*value = read_register(rtc, offset, now);
	if (size == 8)
		*value |= (uint64_t)read_register(rtc, offset + 4, now) << 32;
	return true;
}

static void write_register(struct rtc *rtc, uint64_t offset, uint64_t value, uint64_t now)
{
	switch (offset) {
	case TIME_LOW: rtc->base_ns += value - (uint32_t)now_ns(rtc, now); break;
	case TIME_HIGH: rtc->base_ns += (value << 32) - (now_ns(rtc, now) & ~UINT64_C(0xffffffff)); break;
	case ALARM_LOW: set_alarm(rtc, (uint64_t)rtc->alarm_high << 32 | value, now); break;
	case ALARM_HIGH: rtc->alarm_high = (uint32_t)value; break;
	case IRQ_ENABLED:
		rtc->enabled = value & 1;
		rtc_update(rtc, now);
		break;
	case CLEAR_ALARM: cancel(rtc); break;
	case CLEAR_INTERRUPT:
		rtc->pending = false;
		rtc_update(rtc, now);
		break;
	default: break;
	}
}

static bool rtc_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                      uint32_t *effects)
{
	struct rtc *rtc = (struct rtc *)device;
	if (!rtc_accepts(device, offset, size, true))
		return false;
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	write_register(rtc, offset, value & 0xffffffff, now);
	if (size == 8)
		write_register(rtc, offset + 4, value >> 32, now);
	return true;
}

/* The calendar has a battery: it goes on as it was set, as QEMU's does. */
static void rtc_reset(struct device *device, uint64_t now)
{
	struct rtc *rtc = (struct rtc *)device;
	(void)now;
	cancel(rtc);
	rtc->alarm_ns = 0;
	rtc->time_high = rtc->alarm_high = 0;
	rtc->pending = rtc->enabled = false;
}

static void rtc_save(const struct device *device, struct state_writer *writer)
{
	const struct rtc *rtc = (const struct rtc *)device;
	state_write_begin(writer, device->name, RTC_VERSION);
	state_write_u64(writer, rtc->base_ns);
	state_write_u64(writer, rtc->alarm_ns);
	state_write_u64(writer, rtc->time_high);
	state_write_u64(writer, rtc->alarm_high);
	state_write_u64(writer, rtc->running);
	state_write_u64(writer, rtc->pending);
	state_write_u64(writer, rtc->enabled);
	event_save(&rtc->alarm, writer);
	state_write_end(writer);
}

static bool rtc_restore(struct device *device, struct state_reader *reader)
{
	struct rtc *rtc = (struct rtc *)device;
	state_read_begin(reader, device->name, RTC_VERSION);
	rtc->base_ns = state_read_u64(reader);
	rtc->alarm_ns = state_read_u64(reader);
	rtc->time_high = (uint32_t)state_read_limited(reader, UINT32_MAX);
	rtc->alarm_high = (uint32_t)state_read_limited(reader, UINT32_MAX);
	rtc->running = state_read_limited(reader, 1);
	rtc->pending = state_read_limited(reader, 1);
	rtc->enabled = state_read_limited(reader, 1);
	event_restore(device->events, &rtc->alarm, reader);
	return state_read_end(reader);
}

static void rtc_dump(const struct device *device, FILE *out)
{
	const struct rtc *rtc = (const struct rtc *)device;
	fprintf(out, "base %" PRIu64 " ns, alarm %" PRIu64 " ns%s%s%s\n", rtc->base_ns, rtc->alarm_ns,
	        rtc->running ? ", running" : "", rtc->pending ? ", pending" : "", rtc->enabled ? ", enabled" : "");
}

static void rtc_destroy(struct device *device)
{
	event_drop(device->events, &((struct rtc *)device)->alarm);
	free(device);
}

static struct device *rtc_make(const struct board *board, const struct device_site *site)
{
	struct rtc *rtc = calloc(1, sizeof(*rtc));
	if (!rtc)
		return NULL;
	rtc->device = (struct device){
	    .name = site->name,
	    .accepts = rtc_accepts,
	    .read = rtc_read,
	    .write = rtc_write,
	    .reset = rtc_reset,
	    .save = rtc_save,
	    .restore = rtc_restore,
	    .dump = rtc_dump,
	    .destroy = rtc_destroy,
	    .events = board->events,
	};
	rtc->platform = board->platform;
	rtc->irq = site->wire;
	rtc->base_ns = board->rtc_epoch * UINT64_C(1000000000);
	if (event_init(&rtc->alarm, board->events, alarm_due, rtc) == 0)
		return &rtc->device;
	rtc_destroy(&rtc->device);
	return NULL;
}

static void rtc_describe(struct tree_writer *writer, const struct board *board, const struct device_site *site)
{
	(void)board;
	tree_begin_at(writer, "rtc", site->base, site->size);
	tree_interrupt(writer, site->irq);
	tree_string(writer, "compatible", "google,goldfish-rtc");
	tree_end(writer);
}

const struct device_kind rtc_kind = {.make = rtc_make, .describe = rtc_describe};
