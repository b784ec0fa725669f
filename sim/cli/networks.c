#include "cli/networks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "base/say.h"
#include "cli/values.h"

/* ---- sockets ---- */

/* local.NAME=, remote.NAME= */
int dgram_property(struct network_reading *reading, const char *name, char *value)
{
	bool remote = strncmp(name, "remote.", 7) == 0;
	if (!remote && strncmp(name, "local.", 6) != 0)
		return bad("-%s: unknown property '%s' (id, local.type, local.host, local.port, local.path, remote...)",
		           reading->option, name);
	const char *part = strchr(name, '.') + 1;
	const char **type = remote ? &reading->remote.type : &reading->local.type;
	const char **host = remote ? &reading->remote.host : &reading->local.host;
	const char **path = remote ? &reading->remote.path : &reading->local.path;
	uint64_t *port = remote ? &reading->remote.port : &reading->local.port;
	if (strcmp(part, "type") == 0)
		*type = value;
	else if (strcmp(part, "host") == 0)
		*host = value;
	else if (strcmp(part, "path") == 0)
		*path = value;
	else if (strcmp(part, "port") != 0)
		return bad("-%s: unknown property '%s' (type, host, port, path)", reading->option, name);
	else if (!number_between(value, 1, UINT16_MAX, port))
		return bad("-%s: %s=%s: must be a port, 1 to 65535", reading->option, name, value);
	return 0;
}

/* HOST:PORT, of udp= and localaddr=. */
int socket_property(struct network_reading *reading, const char *name, char *value)
{
	bool remote = strcmp(name, "udp") == 0;
	char *port = strrchr(value, ':');
	if (!remote && strcmp(name, "localaddr") != 0)
		return bad("-%s: %s= is not supported: udp=HOST:PORT,localaddr=HOST:PORT is, or -netdev dgram",
		           reading->option, name);
	if (!port || !number_between(port + 1, 1, UINT16_MAX, remote ? &reading->remote.port : &reading->local.port))
		return bad("-%s: %s=%s: must be HOST:PORT", reading->option, name, value);
	*port = '\0';
	*(remote ? &reading->remote.host : &reading->local.host) = value;
	*(remote ? &reading->remote.type : &reading->local.type) = "inet";
	return 0;
}

static int inet_side(const struct network_reading *reading, const char *side, const char *host, uint64_t port,
                     union network_address *address)
{
	if (!host || port == 0)
		return bad("-%s: %s needs a host and a port", reading->option, side);
	address->inet = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &address->inet.sin_addr) != 1)
		return bad("-%s: %s: %s is no IPv4 address", reading->option, side, host);
	if (IN_MULTICAST(ntohl(address->inet.sin_addr.s_addr)))
		return bad("-%s: %s: %s is a group's address: a network has one peer", reading->option, side, host);
	return 0;
}

static int unix_side(const struct network_reading *reading, const char *side, const char *path,
                     union network_address *address)
{
	if (!path)
		return bad("-%s: %s needs a path", reading->option, side);
	address->local = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->local.sun_path))
		return bad("-%s: %s: the path is longer than %zu characters", reading->option, side,
		           sizeof(address->local.sun_path) - 1);
	memcpy(address->local.sun_path, path, strlen(path) + 1);
	return 0;
}

int dgram_whole(struct network_reading *reading)
{
	const char *type = reading->local.type;
	union network_address *local = &reading->config.dgram.local, *remote = &reading->config.dgram.remote;
	if (!type || !reading->remote.type)
		return bad("-%s: needs both sides: local.type=inet|unix,... and remote.type=inet|unix,...",
		           reading->option);
	if (strcmp(type, reading->remote.type) != 0)
		return bad("-%s: both sides must be of one type", reading->option);
	if (strcmp(type, "inet") == 0)
		return inet_side(reading, "local", reading->local.host, reading->local.port, local) != 0
		           ? -1
		           : inet_side(reading, "remote", reading->remote.host, reading->remote.port, remote);
	if (strcmp(type, "unix") == 0)
		return unix_side(reading, "local", reading->local.path, local) != 0
		           ? -1
		           : unix_side(reading, "remote", reading->remote.path, remote);
	return bad("-%s: type=%s: must be inet or unix", reading->option, type);
}

/* ---- options ---- */

static const struct network_kind kinds[] = {
    {"user", &host_net_user_kind, user_net_property, user_net_whole},
    {"dgram", &host_net_dgram_kind, dgram_property, dgram_whole},
    {"socket", &host_net_dgram_kind, socket_property, dgram_whole},
};

const struct network_kind *network_find_kind(const char *option, const char *name)
{
	static const char *const others[] = {"tap",     "bridge",     "vde",          "l2tpv3",
	                                     "netmap",  "vhost-user", "vhost-vdpa",   "stream",
	                                     "hubport", "vmnet-host", "vmnet-shared", "vmnet-bridged"};
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i], name) == 0) {
			bad("-%s %s is not supported: user, dgram and socket,udp= are", option, name);
			return NULL;
		}
	bad("-%s %s: there is no such network (user, dgram)", option, name);
	return NULL;
}

bool networks_find(const struct config *config, const char *id, unsigned *index)
{
	for (*index = 0; *index < config->backends.network_count; ++*index)
		if (strcmp(config->backends.networks[*index].id, id) == 0)
			return true;
	return false;
}

/* One of the card's, where there is a card. */
static bool card_property(struct network_reading *reading, const char *name, const char *value)
{
	if (strncmp(reading->option, "nic", 3) != 0)
		return false;
	if (strcmp(name, "model") == 0)
		reading->model = value;
	else if (strcmp(name, "mac") == 0)
		reading->mac = value;
	else
		return false;
	return true;
}

int network_read(struct network_reading *reading, const char *option, char *list)
{
	const char *name = next_item(&list);
	if (strncmp(name, "type=", 5) == 0)
		name += 5;
	const struct network_kind *kind = network_find_kind(option, name);
	if (!kind)
		return -1;
	*reading = (struct network_reading){.config.kind = kind->kind};
	snprintf(reading->option, sizeof(reading->option), "%s %s", option, name);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *value = cut_value(item);
		if (*item == '\0' && !value && !list)
			break; /* a comma at the end */
		if (!value || *value == '\0')
			return bad("-%s: '%s' needs a value", reading->option, item);
		if (strcmp(item, "id") == 0)
			reading->config.id = value;
		else if (!card_property(reading, item, value) && kind->property(reading, item, value) != 0)
			return -1;
	}
	return kind->whole(reading);
}

int network_add(struct options *options, const struct network_reading *reading)
{
	struct backend_config *backends = &options->config.backends;
	unsigned index;
	if (networks_find(&options->config, reading->config.id, &index))
		return bad("-%s: there are two networks '%s'", reading->option, reading->config.id);
	if (backends->network_count == NETWORKS_MAX)
		return bad("-%s: more than %d networks", reading->option, NETWORKS_MAX);
	backends->networks[backends->network_count++] = reading->config;
	return 0;
}

int networks_netdev(struct options *options, const struct option_row *row, char *value)
{
	struct network_reading reading;
	if (network_read(&reading, row->name, keep_text(options, value)) != 0)
		return -1;
	if (!reading.config.id)
		return bad("-%s: id=NAME is missing", reading.option);
	return network_add(options, &reading);
}

void networks_settle(const struct options *options)
{
	const struct config *config = &options->config;
	for (unsigned i = 0; i < config->backends.network_count; i++) {
		bool used = false;
		for (unsigned slot = 0; slot < VIRTIO_SLOTS; slot++)
			used |= config->virtio.slots[slot].kind == &virtio_net_kind &&
			        config->virtio.slots[slot].backend == i;
		if (!used && !config->quiet)
			say("warning: -netdev id=%s: no device uses it (-device virtio-net-device,netdev=%s)",
			    config->backends.networks[i].id, config->backends.networks[i].id);
	}
}
