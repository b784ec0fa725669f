/* QEMU's options that name networks: -netdev, -nic, -net. */
#ifndef NETWORKS_H
#define NETWORKS_H

#include "cli/row.h"
#include "dev/host_net.h"

option_handler networks_netdev, networks_nic, networks_net;

/* The network that a device calls `id`, as its index. False: there is none. */
bool networks_find(const struct config *config, const char *id, unsigned *index);

/* When devices have found theirs: a line for each network that none uses. */
void networks_settle(const struct options *options);

/* ---- kinds of networks ---- */

struct network_reading; /* of an option's list */
/* The property is one of the network's: 0; or -1 after a line. */
typedef int network_property(struct network_reading *reading, const char *name, char *value);
/* When all have been read. 0, or -1 after a line. */
typedef int network_whole(struct network_reading *reading);

struct network_reading {
	char option[64]; /* "netdev user": for messages */
	struct network_config config;
	const char *model, *mac; /* of -nic's card */
	bool mask_given, host_given, dhcp_given, dns_given;
	bool ipv4_given, ipv6_given;
	struct {
		const char *type, *host, *path;
		uint64_t port; /* 0: not given */
	} local, remote;
};

network_property user_net_property, dgram_property, socket_property;
network_whole user_net_whole, dgram_whole;

struct network_kind {
	const char *name;
	const struct host_net_kind *kind;
	network_property *property;
	network_whole *whole;
};

/* By its name; NULL after a line. */
const struct network_kind *network_find_kind(const char *option, const char *name);
/* What `option` says: TYPE or type=TYPE, and properties. The list is cut up. 0, or -1 after a line. */
int network_read(struct network_reading *reading, const char *option, char *list);
/* 0, or -1 after a line: there is one of its name already. */
int network_add(struct options *options, const struct network_reading *reading);

#endif
