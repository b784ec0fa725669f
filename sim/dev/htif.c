#include "dev/htif.h"

#include <stdlib.h>
#include "base/state.h"
#include "dev/console.h"

/* A command: device in bits 63..56, command in 55..48, payload in 47..0. */
enum { DEVICE_SYSCALL = 0, DEVICE_CONSOLE = 1, CONSOLE_GETC = 0, CONSOLE_PUTC = 1 };
enum { SYSCALL_WRITE = 64, SYSCALL_EXIT = 93 };
enum { ERROR_BADF = 9, ERROR_FAULT = 14, ERROR_NOSYS = 38 };
enum {
	HALF_LOW = 1,
	HALF_HIGH = 2,
	HALF_WAIT_TICKS = 10,   /* a lone 32-bit store counts as the whole command after a microsecond */
	INPUT_TICKS = 10000,    /* how often to look for input that a program waits for: 1 ms */
	HTIF_VERSION = 1,
};

struct htif {
	struct htif_config config;
	struct event half;  /* the other half of a command did not come */
	struct event input; /* the program waits for a character */
	unsigned halves;
	uint64_t getc;      /* the command to answer with a character */
};

static uint64_t htif_load(const struct htif *htif, uint64_t pa)
{
	uint64_t value = 0;
	bus_peek(htif->config.bus, pa, &value, sizeof(value));
	return value;
}

static void htif_put(struct htif *htif, uint64_t pa, uint64_t value)
{
	bus_dma_write(htif->config.bus, pa, &value, sizeof(value));
}

/* An answer carries the device and command it belongs to. */
static void respond(struct htif *htif, uint64_t command, uint64_t payload)
{
	if (htif->config.fromhost)
		htif_put(htif, htif->config.fromhost, (command & UINT64_C(0xffff) << 48) | payload);
}

static uint64_t proxy_write(struct htif *htif, uint64_t fd, uint64_t pa, uint64_t length)
{
	uint64_t now = htif->config.now(htif->config.context);
	if (fd != 1 && fd != 2)
		return -(uint64_t)ERROR_BADF;
	if (!bus_is_dram(htif->config.bus, pa, length))
		return length == 0 ? 0 : -(uint64_t)ERROR_FAULT;
	const uint8_t *bytes = bus_host(htif->config.bus, pa);
	for (uint64_t i = 0; i < length; i++)
		console_write(htif->config.console, bytes[i], now);
	return length;
}

/* The syscall proxy: the payload points at eight words, number and arguments; the result goes into the first. */
static void syscall_proxy(struct htif *htif, uint64_t command)
{
	uint64_t magic = command & ((UINT64_C(1) << 48) - 1), words[8];
	const struct bus *bus = htif->config.bus;
	if (!bus_dma_read(bus, magic, words, sizeof(words)))
		return;
	switch (words[0]) {
	case SYSCALL_WRITE: htif_put(htif, magic, proxy_write(htif, words[1], words[2], words[3])); break;
	case SYSCALL_EXIT: htif->config.exit(htif->config.context, words[1]); return;
	default: htif_put(htif, magic, -(uint64_t)ERROR_NOSYS);
	}
	respond(htif, command, 1);
}

static void answer_getc(struct htif *htif, uint64_t now)
{
	int input = console_read(htif->config.console, now);
	if (input >= 0)
		respond(htif, htif->getc, 0x100 | (unsigned)input);
	else if (input != CONSOLE_END) /* nothing yet, or a break, which HTIF does not know */
		event_schedule(htif->config.events, &htif->input, now + INPUT_TICKS * htif->config.cycles_per_tick);
}

static void input_due(void *context, uint64_t cycle) { answer_getc(context, cycle); }

static void console_device(struct htif *htif, uint64_t command)
{
	uint64_t now = htif->config.now(htif->config.context);
	switch (command >> 48 & 0xff) {
	case CONSOLE_PUTC: console_write(htif->config.console, (uint8_t)command, now); break;
	case CONSOLE_GETC:
		htif->getc = command;
		answer_getc(htif, now);
		break;
	default: break;
	}
}

/* Obey what stands in tohost, and take it away: that tells the program that it was seen. */
static void obey(struct htif *htif)
{
	htif->halves = 0;
	event_cancel(htif->config.events, &htif->half);
	uint64_t command = htif_load(htif, htif->config.tohost);
	if (command == 0)
		return;
	unsigned device = command >> 56;
	if (device == DEVICE_SYSCALL && (command & 1)) {
		/* an exit stays, as the program's last word */
		htif->config.exit(htif->config.context, (command & ((UINT64_C(1) << 48) - 1)) >> 1);
		return;
	}
	htif_put(htif, htif->config.tohost, 0);
	if (device == DEVICE_SYSCALL)
		syscall_proxy(htif, command);
	else if (device == DEVICE_CONSOLE)
		console_device(htif, command);
}

static void half_due(void *context, uint64_t cycle)
{
	(void)cycle;
	obey(context);
}

struct htif *htif_new(const struct htif_config *config)
{
	struct htif *htif = calloc(1, sizeof(*htif));
	if (!htif)
		return NULL;
	htif->config = *config;
	if (event_init(&htif->half, config->events, half_due, htif) != 0 ||
	    event_init(&htif->input, config->events, input_due, htif) != 0) {
		htif_free(htif);
		return NULL;
	}
	bus_flag(config->bus, config->tohost, PAGE_HOOK);
	return htif;
}

void htif_free(struct htif *htif)
{
	if (!htif)
		return;
	event_drop(htif->config.events, &htif->half);
	event_drop(htif->config.events, &htif->input);
	free(htif);
}

void htif_reset(struct htif *htif)
{
	htif->halves = 0;
	htif->getc = 0;
	event_cancel(htif->config.events, &htif->half);
	event_cancel(htif->config.events, &htif->input);
}

/* Two 32-bit stores come in either order. Only when both are there, or the second one does not come, is it known
 * what the program means: the low half of a console command looks like an exit. */
bool htif_store(struct htif *htif, uint64_t pa, unsigned size)
{
	uint64_t tohost = htif->config.tohost;
	if (pa >= tohost + 8 || pa + size <= tohost)
		return false;
	if (size == 8) {
		obey(htif);
		return true;
	}
	unsigned half = pa < tohost + 4 ? HALF_LOW : HALF_HIGH;
	bool again = htif->halves & half;
	htif->halves |= half;
	if (again || htif->halves == (HALF_LOW | HALF_HIGH))
		obey(htif);
	else
		event_schedule(htif->config.events, &htif->half,
		               htif->config.now(htif->config.context) + HALF_WAIT_TICKS * htif->config.cycles_per_tick);
	return true;
}

void htif_save(const struct htif *htif, struct state_writer *writer)
{
	state_write_begin(writer, "htif", HTIF_VERSION);
	state_write_u64(writer, htif->halves);
	state_write_u64(writer, htif->getc);
	event_save(&htif->half, writer);
	event_save(&htif->input, writer);
	state_write_end(writer);
}

bool htif_restore(struct htif *htif, struct state_reader *reader)
{
	state_read_begin(reader, "htif", HTIF_VERSION);
	htif->halves = (unsigned)state_read_limited(reader, HALF_LOW | HALF_HIGH);
	htif->getc = state_read_u64(reader);
	event_restore(htif->config.events, &htif->half, reader);
	event_restore(htif->config.events, &htif->input, reader);
	return state_read_end(reader);
}
