#include "cli/ports.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cli/values.h"

struct port_reading {
	const char *model, *chardev, *name, *bus;
	uint64_t number;
	bool numbered;
};

bool ports_is_port(const char *model)
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
	for (unsigned i = 0; i < options->bus_count; i++) {
		char name[64], given[128];
		const struct serial_bus *serial = &options->buses[i];
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

int ports_add(struct options *options, const char *model, char *list)
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

static const struct chardev *find_back_end(const struct options *options, const char *id)
{
	for (unsigned i = 0; i < options->chardev_count; i++)
		if (strcmp(options->chardevs[i].id, id) == 0)
			return &options->chardevs[i];
	return NULL;
}

static bool is_taken(const struct options *options, const char *id)
{
	const struct backend_config *backends = &options->config.backends;
	for (unsigned i = 0; i < options->serial_count; i++)
		if (strncmp(options->serials[i].said, "chardev:", 8) == 0 &&
		    strcmp(options->serials[i].said + 8, id) == 0)
			return true;
	for (unsigned i = 0; i < backends->char_count; i++)
		if (strcmp(backends->chars[i].id, id) == 0)
			return true;
	return false;
}

static int settle_port(struct options *options, struct virtio_port *port)
{
	struct backend_config *backends = &options->config.backends;
	const char *model = port->is_console ? "virtconsole" : "virtserialport";
	const struct chardev *chardev = find_back_end(options, port->chardev);
	char file[PATH_ROOM + 8];
	if (!chardev)
		return bad("-device %s: chardev=%s: there is no such back end (-chardev stdio|file|null,id=%s)", model,
		           port->chardev, port->chardev);
	if (is_taken(options, port->chardev))
		return bad("-device %s: chardev=%s is used by another device", model, port->chardev);
	if (chardev->path)
		snprintf(file, sizeof(file), "file:%s", chardev->path);
	/* as of the UART: a terminal that is the guest's has ctrl-A's keys */
	if (strcmp(chardev->kind, "stdio") == 0)
		options->config.nographic |= chardev->mux || !chardev->signal;
	port->backend = backends->char_count;
	port->connected = true;
	backends->chars[backends->char_count++] = (struct char_config){
	    .id = chardev->id, .where = chardev->path ? keep_text(options, file) : chardev->kind};
	return 0;
}

static bool has_input(const char *where) { return strcmp(where, "stdio") == 0 || strcmp(where, "pty") == 0; }

/* A port is the console: the UART goes where -serial says, and if that is not said, nowhere. */
static int give_console_away(struct options *options, struct char_config *owner, bool nographic)
{
	struct config *config = &options->config;
	bool said = options->serial_count != 0 || options->serials_none;
	if (has_input(config->serial) && (said || nographic))
		return bad(
		    "-chardev %s: there is one console with input, which is the UART's (-nographic, -serial %s): -serial null "
		    "or file:NAME gives it away",
		    owner->where, config->serial);
	const char *uart = said ? config->serial : "null";
	config->serial = owner->where;
	config->backends.chars[config->backends.char_count++] = (struct char_config){.id = "", .where = uart};
	config->backends.uart = config->backends.char_count;
	return 0;
}

int ports_settle(struct options *options)
{
	const struct backend_config *backends = &options->config.backends;
	bool nographic = options->config.nographic;
	for (unsigned i = 0; i < options->bus_count; i++) {
		struct virtio_serial *serial = &options->config.virtio.serial[options->buses[i].slot];
		for (unsigned port = 0; port < serial->max_ports; port++)
			if (serial->ports[port].chardev && settle_port(options, &serial->ports[port]) != 0)
				return -1;
	}
	struct char_config *owner = NULL;
	for (unsigned i = 0; i < backends->char_count; i++) {
		if (!has_input(backends->chars[i].where))
			continue;
		if (owner)
			return bad("-chardev %s: there is one console with input, which is another device's",
			           backends->chars[i].where);
		owner = &backends->chars[i];
	}
	return owner ? give_console_away(options, owner, nographic) : 0;
}
