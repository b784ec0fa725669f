/* A socket, each datagram a frame: what QEMU calls dgram. Two simulators that name each other's are one cable. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/say.h"
#include "dev/host_net.h"

enum { FRAMES_A_LOOK = 64 };

struct dgram_net {
	struct host_net net;
	int fd;
	union network_address remote;
	const char *path; /* of the socket, to be removed; NULL: it has none */
	uint8_t frame[FRAME_MAX + 1]; /* one byte more than is anybody's */
};

static socklen_t address_size(const union network_address *address)
{
	return address->any.sa_family == AF_UNIX ? sizeof(address->local) : sizeof(address->inet);
}

/* A peer that is not there, or not yet, loses what it is sent. */
static void dgram_send(struct host_net *net, const uint8_t *frame, size_t size, uint64_t ns)
{
	struct dgram_net *dgram = (struct dgram_net *)net;
	(void)ns;
	ssize_t sent = sendto(dgram->fd, frame, size, MSG_DONTWAIT | MSG_NOSIGNAL, &dgram->remote.any,
	                      address_size(&dgram->remote));
	(void)sent;
}

static void dgram_poll(struct host_net *net, uint64_t ns, double wait)
{
	struct dgram_net *dgram = (struct dgram_net *)net;
	struct timespec patience = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};
	struct pollfd look = {.fd = dgram->fd, .events = POLLIN};
	(void)ns;
	if (wait > 0)
		ppoll(&look, 1, &patience, NULL);
	for (unsigned i = 0; i < FRAMES_A_LOOK; i++) {
		ssize_t size = recv(dgram->fd, dgram->frame, sizeof(dgram->frame), MSG_DONTWAIT);
		if (size > 0)
			net->came(net->context, dgram->frame, (size_t)size);
		else if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
	}
}

static void dgram_close(struct host_net *net)
{
	struct dgram_net *dgram = (struct dgram_net *)net;
	if (dgram->fd >= 0)
		close(dgram->fd);
	if (dgram->path)
		unlink(dgram->path);
	free(dgram);
}

/* A socket that nobody listens on any more is in the way. */
static void remove_stale(const char *path)
{
	struct stat status;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (stat(path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno == ECONNREFUSED)
		unlink(path);
	if (fd >= 0)
		close(fd);
}

static int bind_local(struct dgram_net *dgram, const struct network_config *config)
{
	const union network_address *local = &config->dgram.local;
	bool unix_path = local->any.sa_family == AF_UNIX;
	dgram->fd = socket(local->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (unix_path)
		remove_stale(local->local.sun_path);
	if (dgram->fd >= 0 && bind(dgram->fd, &local->any, address_size(local)) == 0) {
		dgram->path = unix_path ? local->local.sun_path : NULL;
		return 0;
	}
	const char *reason = strerror(errno);
	if (unix_path)
		return say("-netdev dgram,id=%s: %s: %s", config->id, local->local.sun_path, reason);
	char host[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &local->inet.sin_addr, host, sizeof(host));
	return say("-netdev dgram,id=%s: UDP port %u of %s: %s", config->id, ntohs(local->inet.sin_port), host, reason);
}

static struct host_net *dgram_open(const struct network_config *config)
{
	struct dgram_net *dgram = calloc(1, sizeof(*dgram));
	if (!dgram) {
		say("-netdev dgram,id=%s: out of memory", config->id);
		return NULL;
	}
	dgram->remote = config->dgram.remote;
	if (bind_local(dgram, config) == 0)
		return &dgram->net;
	dgram_close(&dgram->net);
	return NULL;
}

const struct host_net_kind host_net_dgram_kind = {
    .name = "dgram",
    .open = dgram_open,
    .send = dgram_send,
    .poll = dgram_poll,
    .close = dgram_close,
};
