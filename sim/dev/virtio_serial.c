/* Virtio's console device (Virtio 1.2, 5.3): up to 31 ports, consoles or plain ones, and a pair of queues in which they are spoken of. */
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/backend.h"
#include "dev/console.h"
#include "dev/devices.h"
#include "dev/host_char.h"
#include "dev/virtio.h"
#include "hart/platform.h"

enum {
	F_MULTIPORT = 1,
	F_EMERG_WRITE = 2,

	MAX_PORTS_AT = 4, /* offsets in the configuration */
	EMERG_WRITE_AT = 8,
	CONFIG_BYTES = 12,

	CONTROL_RECEIVE = 2, /* queues: a port's receive and transmit are 0 and 1, then from 4 on */
	CONTROL_TRANSMIT = 3,

	POLL_TICKS = 10000, /* how often to look when there was no input: 1 ms */
	CYCLES_A_REQUEST = 100,
	BYTES_A_CYCLE = 8,
	PIECE_BYTES = 4096, /* copied at a time */
	PENDING_MAX = 256, /* messages to a driver that does not take them; more are lost */
};

enum control {
	DEVICE_READY = 0,
	PORT_ADD = 1,
	PORT_REMOVE = 2,
	PORT_READY = 3,
	CONSOLE_PORT = 4,
	RESIZE = 5,
	PORT_OPEN = 6,
	PORT_NAME = 7,
};

struct control_message {
	uint32_t port;
	uint16_t event, value;
};

struct port {
	const struct virtio_port *config;
	struct host_char *where;
	bool opened; /* by the driver */
	bool has_byte; /* of input, which no buffer was there for */
	bool ended; /* there will be no more */
	uint8_t byte;
};

struct serial {
	struct virtio virtio;
	const struct platform *platform;
	struct console *console;
	const struct virtio_serial *config;
	struct event poll; /* looks whether there is input, when there was none */
	struct control_message pending[PENDING_MAX];
	unsigned pending_first, pending_count;
	struct port ports[VIRTIO_PORTS];
};

static unsigned receive_queue(unsigned port) { return port == 0 ? 0 : 2 * port + 2; }

static bool is_multiport(const struct virtio *virtio) { return virtio_has(virtio, F_MULTIPORT); }

static uint64_t serial_features(const struct virtio *virtio)
{
	const struct serial *serial = (const struct serial *)virtio;
	return UINT64_C(1) << F_EMERG_WRITE | (serial->config->max_ports > 1 ? 1 << F_MULTIPORT : 0);
}

/* The size of a terminal is the host's, and not told: columns and rows are 0. */
static void serial_config_read(const struct virtio *virtio, uint8_t *bytes)
{
	uint32_t ports = ((const struct serial *)virtio)->config->max_ports;
	memcpy(bytes + MAX_PORTS_AT, &ports, sizeof(ports));
}

/* A character for the console from a driver that cannot work yet. */
static void serial_config_write(struct virtio *virtio, uint32_t offset, uint32_t value, unsigned size, uint64_t now)
{
	struct serial *serial = (struct serial *)virtio;
	(void)size;
	for (unsigned i = 0; offset == EMERG_WRITE_AT && i < serial->config->max_ports; i++) {
		const struct port *port = &serial->ports[i];
		if (!port->config->present || !port->config->is_console)
			continue;
		if (port->where)
			host_char_write(port->where, serial->console, (uint8_t)value, now);
		break;
	}
}

/* ---- what the ports are ---- */

static void tell_driver(struct serial *serial, unsigned port, enum control event, uint16_t value, uint64_t now)
{
	if (serial->pending_count < PENDING_MAX) {
		unsigned at = (serial->pending_first + serial->pending_count++) % PENDING_MAX;
		serial->pending[at] = (struct control_message){.port = port, .event = (uint16_t)event, .value = value};
	}
	virtio_notify(&serial->virtio, CONTROL_RECEIVE, now);
}

static void port_is_ready(struct serial *serial, unsigned index, uint64_t now)
{
	const struct port *port = &serial->ports[index];
	if (port->config->is_console)
		tell_driver(serial, index, CONSOLE_PORT, 1, now);
	if (port->config->name)
		tell_driver(serial, index, PORT_NAME, 1, now);
	if (port->where)
		tell_driver(serial, index, PORT_OPEN, 1, now);
}

static void obey_driver(struct serial *serial, const struct control_message *message, uint64_t now)
{
	unsigned index = message->port;
	if (message->event == DEVICE_READY) {
		for (unsigned i = 0; message->value && i < serial->config->max_ports; i++)
			if (serial->ports[i].config->present)
				tell_driver(serial, i, PORT_ADD, 1, now);
		return;
	}
	if (index >= serial->config->max_ports || !serial->ports[index].config->present)
		return;
	if (message->event == PORT_READY && message->value)
		port_is_ready(serial, index, now);
	if (message->event == PORT_OPEN) {
		serial->ports[index].opened = message->value != 0;
		virtio_notify(&serial->virtio, receive_queue(index), now);
	}
}

static uint64_t take_control(struct serial *serial, unsigned queue, uint64_t now)
{
	struct virtio_chain chain;
	struct control_message message;
	if (!virtio_take(&serial->virtio, queue, &chain, now))
		return 0;
	if (chain.read_size >= sizeof(message)) {
		virtio_read(&serial->virtio, &chain, 0, &message, sizeof(message));
		obey_driver(serial, &message, now);
	}
	virtio_give(&serial->virtio, queue, &chain, 0, now);
	return CYCLES_A_REQUEST;
}

/* What does not fit is not told. */
static uint64_t give_control(struct serial *serial, unsigned queue, uint64_t now)
{
	struct virtio_chain chain;
	if (serial->pending_count == 0 || !virtio_take(&serial->virtio, queue, &chain, now))
		return 0;
	const struct control_message *message = &serial->pending[serial->pending_first];
	const char *name = message->event == PORT_NAME ? serial->ports[message->port].config->name : NULL;
	size_t size = sizeof(*message), more = name ? strlen(name) : 0, left = 0;
	if (chain.write_size >= size)
		left = chain.write_size - size < more ? (size_t)(chain.write_size - size) : more;
	else
		size = 0;
	virtio_write(&serial->virtio, &chain, 0, message, size);
	if (left)
		virtio_write(&serial->virtio, &chain, size, name, left);
	virtio_give(&serial->virtio, queue, &chain, (uint32_t)(size + left), now);
	serial->pending_first = (serial->pending_first + 1) % PENDING_MAX;
	serial->pending_count--;
	return CYCLES_A_REQUEST;
}

/* ---- bytes ---- */

static uint64_t transmit_output(struct serial *serial, const struct port *port, unsigned queue, uint64_t now)
{
	struct virtio_chain chain;
	uint8_t piece[PIECE_BYTES];
	if (!virtio_take(&serial->virtio, queue, &chain, now))
		return 0;
	for (uint64_t at = 0; port->where && at < chain.read_size; at += sizeof(piece)) {
		uint64_t left = chain.read_size - at;
		size_t size = left < sizeof(piece) ? (size_t)left : sizeof(piece);
		virtio_read(&serial->virtio, &chain, at, piece, size);
		for (size_t i = 0; i < size; i++)
			host_char_write(port->where, serial->console, piece[i], now);
	}
	virtio_give(&serial->virtio, queue, &chain, 0, now);
	return CYCLES_A_REQUEST + chain.read_size / BYTES_A_CYCLE;
}

/* The next byte of input, in port->byte. None: look again later, if there can be any. */
static bool next_byte(struct serial *serial, struct port *port, uint64_t now)
{
	if (port->has_byte || port->ended)
		return port->has_byte;
	int input = host_char_read(port->where, serial->console, now);
	port->has_byte = input >= 0;
	port->ended = input == CONSOLE_END;
	port->byte = port->has_byte ? (uint8_t)input : 0;
	return port->has_byte;
}

static bool listens(const struct serial *serial, const struct port *port)
{
	return port->config->present && port->where && (port->opened || !is_multiport(&serial->virtio));
}

/* Input goes into a buffer as far as it fits. */
static uint64_t receive_input(struct serial *serial, unsigned index, uint64_t now)
{
	struct port *port = &serial->ports[index];
	unsigned queue = receive_queue(index);
	struct virtio_chain chain;
	if (!listens(serial, port) || !virtio_waiting(&serial->virtio, queue, now))
		return 0;
	if (!next_byte(serial, port, now)) {
		if (!port->ended && serial->poll.heap_index == SIZE_MAX)
			event_schedule(serial->virtio.events, &serial->poll,
			               now + POLL_TICKS * serial->platform->cycles_per_tick);
		return 0;
	}
	if (!virtio_take(&serial->virtio, queue, &chain, now))
		return 0;
	uint64_t size = 0;
	for (; size < chain.write_size && size < PIECE_BYTES && next_byte(serial, port, now); size++) {
		virtio_write(&serial->virtio, &chain, size, &port->byte, 1);
		port->has_byte = false;
	}
	virtio_give(&serial->virtio, queue, &chain, (uint32_t)size, now);
	return CYCLES_A_REQUEST + size / BYTES_A_CYCLE;
}

static void poll_due(void *context, uint64_t now)
{
	struct serial *serial = context;
	for (unsigned i = 0; i < serial->config->max_ports; i++)
		if (listens(serial, &serial->ports[i]))
			virtio_notify(&serial->virtio, receive_queue(i), now);
}

static uint64_t serial_serve(struct virtio *virtio, unsigned queue, uint64_t now)
{
	struct serial *serial = (struct serial *)virtio;
	if (queue == CONTROL_RECEIVE)
		return give_control(serial, queue, now);
	if (queue == CONTROL_TRANSMIT)
		return take_control(serial, queue, now);
	unsigned index = queue < CONTROL_RECEIVE ? 0 : queue / 2 - 1;
	return queue & 1 ? transmit_output(serial, &serial->ports[index], queue, now)
	                 : receive_input(serial, index, now);
}

/* ---- the device ---- */

/* A byte that was read and not given stays: it is the next driver's. */
static void serial_reset(struct virtio *virtio)
{
	struct serial *serial = (struct serial *)virtio;
	event_cancel(virtio->events, &serial->poll);
	serial->pending_first = serial->pending_count = 0;
	for (unsigned i = 0; i < VIRTIO_PORTS; i++)
		serial->ports[i].opened = false;
}

static void serial_save(const struct virtio *virtio, struct state_writer *writer)
{
	const struct serial *serial = (const struct serial *)virtio;
	state_write_u64(writer, serial->pending_count);
	for (unsigned i = 0; i < serial->pending_count; i++)
		STATE_WRITE(writer, serial->pending[(serial->pending_first + i) % PENDING_MAX]);
	for (unsigned i = 0; i < serial->config->max_ports; i++) {
		const struct port *port = &serial->ports[i];
		state_write_u64(writer, port->opened);
		state_write_u64(writer, port->ended);
		state_write_u64(writer, port->has_byte ? 1u + port->byte : 0);
	}
	event_save(&serial->poll, writer);
}

static bool serial_restore(struct virtio *virtio, struct state_reader *reader)
{
	struct serial *serial = (struct serial *)virtio;
	serial->pending_first = 0;
	serial->pending_count = (unsigned)state_read_limited(reader, PENDING_MAX);
	for (unsigned i = 0; i < serial->pending_count; i++) {
		STATE_READ(reader, serial->pending[i]);
		if (serial->pending[i].port >= serial->config->max_ports)
			return state_refuse(reader, "virtio: a number is out of range");
	}
	for (unsigned i = 0; i < serial->config->max_ports; i++) {
		struct port *port = &serial->ports[i];
		port->opened = state_read_limited(reader, 1);
		port->ended = state_read_limited(reader, 1);
		uint64_t byte = state_read_limited(reader, 256);
		port->has_byte = byte != 0;
		port->byte = byte ? (uint8_t)(byte - 1) : 0;
	}
	event_restore(virtio->events, &serial->poll, reader);
	return !reader->failed;
}

static void serial_dump(const struct virtio *virtio, FILE *out)
{
	const struct serial *serial = (const struct serial *)virtio;
	for (unsigned i = 0; i < serial->config->max_ports; i++) {
		const struct port *port = &serial->ports[i];
		if (port->config->present)
			fprintf(out, "  port %u: %s%s%s, %s\n", i, port->config->is_console ? "console" : "serial",
			        port->config->name ? " " : "", port->config->name ? port->config->name : "",
			        port->opened ? "open" : "closed");
	}
}

static void serial_destroy(struct virtio *virtio)
{
	event_drop(virtio->events, &((struct serial *)virtio)->poll);
	free(virtio);
}

static struct virtio *serial_make(const struct board *board, const struct virtio_config *config)
{
	struct serial *serial = calloc(1, sizeof(*serial));
	if (!serial || event_init(&serial->poll, board->events, poll_due, serial) != 0) {
		free(serial);
		return NULL;
	}
	serial->platform = board->platform;
	serial->console = board->console;
	serial->config = &board->virtio->serial[config - board->virtio->slots];
	serial->virtio.queue_count = 2 * (serial->config->max_ports + 1);
	for (unsigned i = 0; i < VIRTIO_PORTS; i++) {
		struct port *port = &serial->ports[i];
		port->config = &serial->config->ports[i];
		if (port->config->connected)
			port->where = board->backends->chars[port->config->backend];
	}
	return &serial->virtio;
}

const struct virtio_kind virtio_serial_kind = {
    .name = "virtio-serial-device",
    .id = 3,
    .queues = VIRTIO_QUEUES,
    .config_size = CONFIG_BYTES,
    .make = serial_make,
    .features = serial_features,
    .config_read = serial_config_read,
    .config_write = serial_config_write,
    .serve = serial_serve,
    .reset = serial_reset,
    .save = serial_save,
    .restore = serial_restore,
    .dump = serial_dump,
    .destroy = serial_destroy,
};
