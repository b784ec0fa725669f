/*
 * The host's side of a network (QEMU's -netdev): where frames that the guest sends go to, and where others come from. A kind a
 * file. Nobody but network.c calls them, which decides when what has come is the guest's.
 */
#ifndef HOST_NET_H
#define HOST_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "dev/network.h"

enum { FORWARDS_MAX = 64 };

struct host_net_kind;

/* A port of the host's that leads to one of the guest's. */
struct network_forward {
	bool udp;
	struct in_addr host, guest; /* guest 0: the address that DHCP gives first */
	uint16_t host_port, guest_port;
};

union network_address {
	struct sockaddr any;
	struct sockaddr_in inet;
	struct sockaddr_un local;
};

struct network_config {
	const char *id;
	const struct host_net_kind *kind;
	/* libslirp's network */
	struct {
		struct in_addr net, mask, host, dhcp, dns;
		bool restricted; /* nothing leads out of it but forwards */
		bool ipv4, ipv6;
		const char *hostname, *domain, *tftp, *tftp_server, *bootfile; /* NULL: none */
		struct network_forward forwards[FORWARDS_MAX];
		unsigned forward_count;
	} user;
	/* a socket, each datagram a frame */
	struct {
		union network_address local, remote; /* of one family */
	} dgram;
};

struct host_net {
	const struct host_net_kind *kind;
	/* A frame has come, of whatever size. Called while the host's side is: it does not call back. */
	void (*came)(void *context, const uint8_t *frame, size_t size);
	void *context;
};

struct host_net_kind {
	const char *name; /* QEMU's */
	/* Without `kind`. NULL after a line on stderr. */
	struct host_net *(*open)(const struct network_config *config);
	/* The guest sends a frame. `ns`: simulated time, here and below. */
	void (*send)(struct host_net *net, const uint8_t *frame, size_t size, uint64_t ns);
	/* See what has come, and wait for something for up to `wait` seconds if there is nothing. */
	void (*poll)(struct host_net *net, uint64_t ns, double wait);
	void (*close)(struct host_net *net);
};

extern const struct host_net_kind host_net_user_kind, host_net_dgram_kind;

#endif
