#include "cli/chardevs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cli/values.h"

/* ---- back ends ---- */

struct char_reading {
	const char *id, *path;
};

static int set_char_property(struct char_reading *reading, const char *kind, const char *name, const char *value)
{
	bool on;
	if (!value || *value == '\0')
		return bad("-chardev %s: '%s' needs a value", kind, name);
	if (strcmp(name, "id") == 0)
		reading->id = value;
	else if (strcmp(name, "path") == 0 && strcmp(kind, "file") == 0)
		reading->path = value;
	else if (strcmp(name, "signal") == 0 && strcmp(kind, "stdio") == 0 && options_switch(value, &on))
		return on ? 0
		          : bad("-chardev stdio,signal=off is not supported: -nographic gives the guest a terminal as a "
		                "whole");
	else if (strcmp(name, "mux") == 0 && options_switch(value, &on))
		return on ? bad("-chardev %s,mux=on is not supported: input has one owner", kind) : 0;
	else
		return bad("-chardev %s: unknown property '%s=%s'", kind, name, value);
	return 0;
}

static bool find_char(const struct config *config, const char *id, unsigned *index)
{
	for (*index = 0; *index < config->backends.char_count; ++*index)
		if (strcmp(config->backends.chars[*index].id, id) == 0)
			return true;
	return false;
}

/* Where its bytes go, in the words of -serial. NULL after a line. */
static const char *char_place(struct options *options, const struct char_reading *reading, const char *kind)
{
	char place[4096];
	if (strcmp(kind, "file") != 0)
		return kind;
	if (!reading->path) {
		bad("-chardev file: path=FILE is missing");
		return NULL;
	}
	snprintf(place, sizeof(place), "file:%s", reading->path);
	return keep_text(options, place);
}

int chardevs_chardev(struct options *options, const struct option_row *row, char *value)
{
	struct backend_config *backends = &options->config.backends;
	struct char_reading reading = {0};
	unsigned index;
	char *list = keep_text(options, value);
	const char *kind = next_item(&list);
	if (strcmp(kind, "stdio") != 0 && strcmp(kind, "file") != 0 && strcmp(kind, "null") != 0)
		return bad("-%s %s: must be stdio, file or null", row->name, kind);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (set_char_property(&reading, kind, item, setting) != 0)
			return -1;
	}
	if (!reading.id)
		return bad("-chardev %s: id=NAME is missing", kind);
	if (find_char(&options->config, reading.id, &index))
		return bad("-chardev %s: there are two back ends '%s'", kind, reading.id);
	const char *where = char_place(options, &reading, kind);
	if (!where)
		return -1;
	backends->chars[backends->char_count++] = (struct char_config){.id = reading.id, .where = where};
	return 0;
}

/* ---- ports ---- */

struct port_reading {
	const char *model, *chardev, *name, *bus;
	uint64_t number;
	bool numbered;
};

bool chardevs_is_port(const char *model)
{
	return strcmp(model, "virtconsole") == 0 || strcmp(model, "virtserialport") == 0;
}

static int set_port_property(struct port_reading *reading, const char *name, const char *value)
{
	if (!value || *value == '\0')
		return bad("-device %s: '%s' needs a value", reading->model, name);
	if (strcmp(name, "chardev") == 0)
		reading->chardev = value;
	else if (strcmp(name, "name") == 0)
		reading->name = value;
	else if (strcmp(name, "bus") == 0)
		reading->bus = value;
	else if (strcmp(name, "nr") == 0) {
		reading->numbered = number_between(value, 0, VIRTIO_PORTS - 1, &reading->number);
		return reading->numbered
		           ? 0
		           : bad("-device %s: nr=%s: must be from 0 to %d", reading->model, value, VIRTIO_PORTS - 1);
	} else if (strcmp(name, "id") != 0) {
		return bad("-device %s: unknown property '%s' (chardev, name, nr, bus)", reading->model, name);
	}
	return 0;
}

/* The bus of a serial device: ID.0 of one that has an id, virtio-serial0.0 and so on in the order of the line. */
static struct virtio_serial *find_bus(struct options *options, const struct port_reading *reading)
{
	struct virtio_serial *found = NULL;
	for (unsigned i = 0; i < options->serial_count; i++) {
		char name[64], given[128];
		const struct serial_named *serial = &options->serials[i];
		snprintf(name, sizeof(name), "virtio-serial%u.0", i);
		snprintf(given, sizeof(given), "%s.0", serial->id ? serial->id : "virtio-serial-bus");
		if (!reading->bus || strcmp(reading->bus, name) == 0 || strcmp(reading->bus, given) == 0) {
			found = &options->config.virtio.serial[serial->slot];
			if (!reading->bus && found->count == found->max_ports)
				continue; /* the next one has room */
			return found;
		}
	}
	return found;
}

/* QEMU's rules: the first console is port 0, if that is free, and nothing else is. */
static int choose_port(struct virtio_serial *serial, const struct port_reading *reading, bool console, unsigned *number)
{
	*number = (unsigned)reading->number;
	if (!reading->numbered && console && !serial->ports[0].present)
		*number = 0;
	else if (!reading->numbered)
		for (*number = 1; *number < serial->max_ports && serial->ports[*number].present;)
			++*number;
	if (*number >= serial->max_ports)
		return bad("-device %s: the device has ports 0 to %u (virtio-serial-device,max_ports=N)",
		           reading->model, serial->max_ports - 1);
	if (serial->ports[*number].present)
		return bad("-device %s: nr=%u: there is such a port", reading->model, *number);
	if (*number == 0 && !console)
		return bad("-device %s: nr=0: port 0 is a virtconsole's", reading->model);
	for (unsigned i = 0; reading->name && i < serial->max_ports; i++)
		if (serial->ports[i].present && serial->ports[i].name &&
		    strcmp(serial->ports[i].name, reading->name) == 0)
			return bad("-device %s: there are two ports '%s'", reading->model, reading->name);
	return 0;
}

int chardevs_port(struct options *options, const char *model, char *list)
{
	struct port_reading reading = {.model = model};
	bool console = strcmp(model, "virtconsole") == 0;
	unsigned number;
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (set_port_property(&reading, item, setting) != 0)
			return -1;
	}
	struct virtio_serial *serial = find_bus(options, &reading);
	if (!serial)
		return bad("-device %s: there is no virtio serial device%s%s (-device virtio-serial-device before it)",
		           model, reading.bus ? " with bus " : "", reading.bus ? reading.bus : "");
	if (choose_port(serial, &reading, console, &number) != 0)
		return -1;
	serial->ports[number] = (struct virtio_port){.present = true, .is_console = console, .name = reading.name};
	serial->ports[number].chardev = reading.chardev;
	serial->count++;
	return 0;
}

/* ---- settling ---- */

static int settle_port(struct options *options, struct virtio_port *port, bool *used)
{
	const char *model = port->is_console ? "virtconsole" : "virtserialport";
	if (!find_char(&options->config, port->chardev, &port->backend))
		return bad("-device %s: chardev=%s: there is no such back end (-chardev stdio|file|null,id=%s)", model,
		           port->chardev, port->chardev);
	if (used[port->backend])
		return bad("-device %s: chardev=%s is used by another device", model, port->chardev);
	used[port->backend] = true;
	port->connected = true;
	return 0;
}

/* A port has standard input and output: the UART goes where -serial says, and if that is not said, nowhere. */
static int give_console_away(struct options *options)
{
	struct config *config = &options->config;
	bool taken = strcmp(config->serial, "stdio") == 0 && (options->serial_given || config->nographic);
	if (taken)
		return bad(
		    "-chardev stdio: standard input and output are the UART's (-nographic, -serial stdio): -serial null or "
		    "file:NAME gives them away");
	const char *uart = options->serial_given ? config->serial : "null";
	config->backends.chars[config->backends.char_count++] = (struct char_config){.where = uart};
	config->backends.uart = config->backends.char_count;
	config->serial = "stdio";
	return 0;
}

int chardevs_settle(struct options *options)
{
	const struct config *config = &options->config;
	bool used[VIRTIO_SLOTS * VIRTIO_PORTS + 1] = {false};
	if (config->backends.char_count > VIRTIO_SLOTS * VIRTIO_PORTS)
		return bad("-chardev: there can be no more than %d", VIRTIO_SLOTS * VIRTIO_PORTS);
	for (unsigned i = 0; i < options->serial_count; i++) {
		struct virtio_serial *serial = &options->config.virtio.serial[options->serials[i].slot];
		for (unsigned port = 0; port < serial->max_ports; port++)
			if (serial->ports[port].chardev && settle_port(options, &serial->ports[port], used) != 0)
				return -1;
	}
	unsigned owners = 0, count = config->backends.char_count;
	for (unsigned i = 0; i < count; i++)
		owners += used[i] && strcmp(config->backends.chars[i].where, "stdio") == 0;
	if (owners > 1)
		return bad("-chardev stdio: standard input and output are one device's alone");
	return owners ? give_console_away(options) : 0;
}
