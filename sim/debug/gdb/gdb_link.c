#include "debug/gdb/gdb_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/say.h"
#include "machine/machine.h"

enum { WAITING = 4 }; /* connections that wait to be taken */

static int cannot_listen(const struct gdb_config *config, const char *reason)
{
	return config->path ? say("-gdb unix:%s: %s", config->path, reason)
	                    : say("-gdb tcp:%s:%s: %s", config->host, config->port, reason);
}

/* A socket that a run before has left behind is in nobody's way; one that is listened at, or another file, is. */
static void remove_left(const struct sockaddr_un *address)
{
	struct stat status;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool stale = probe >= 0 && lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
	             connect(probe, (const struct sockaddr *)address, sizeof *address) < 0 && errno == ECONNREFUSED;
	if (probe >= 0)
		close(probe);
	if (stale)
		unlink(address->sun_path);
}

static int open_unix(struct gdb_link *link, const struct gdb_config *config)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(config->path) >= sizeof address.sun_path)
		return cannot_listen(config, "the path is too long for a socket");
	strcpy(address.sun_path, config->path);
	remove_left(&address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	link->listening = fd;
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return cannot_listen(config, strerror(errno));
	link->path = config->path;
	return listen(fd, WAITING) == 0 ? 0 : cannot_listen(config, strerror(errno));
}

static int listen_at(const struct addrinfo *where)
{
	int on = 1, fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, WAITING) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Without a host: loopback, so that nobody but this host's users can come. */
static int open_tcp(struct gdb_link *link, const struct gdb_config *config)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *all;
	const char *host = *config->host ? config->host : "127.0.0.1";
	int result = getaddrinfo(host, config->port, &hints, &all);
	if (result != 0)
		return cannot_listen(config, result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
	for (const struct addrinfo *where = all; where && link->listening < 0; where = where->ai_next)
		link->listening = listen_at(where);
	int error = errno;
	freeaddrinfo(all);
	return link->listening >= 0 ? 0 : cannot_listen(config, strerror(error));
}

static void tell_where(const struct gdb_link *link, const struct gdb_config *config)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	char host[INET6_ADDRSTRLEN + 32], port[16];
	if (config->path)
		say("gdb: target remote %s", config->path);
	else if (getsockname(link->listening, (struct sockaddr *)&address, &size) == 0 &&
	         getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
	                     NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		say(strchr(host, ':') ? "gdb: target remote [%s]:%s" : "gdb: target remote %s:%s", host, port);
}

int gdb_link_open(struct gdb_link *link, const struct gdb_config *config, bool quiet)
{
	*link = (struct gdb_link){.listening = -1, .client = -1};
	if ((config->path ? open_unix(link, config) : open_tcp(link, config)) != 0) {
		gdb_link_close(link);
		return -1;
	}
	if (!quiet)
		tell_where(link, config);
	return 0;
}

void gdb_link_close(struct gdb_link *link)
{
	gdb_link_drop(link);
	if (link->listening >= 0)
		close(link->listening);
	if (link->path)
		unlink(link->path);
	*link = (struct gdb_link){.listening = -1, .client = -1};
}

void gdb_link_drop(struct gdb_link *link)
{
	if (link->client >= 0)
		close(link->client);
	link->client = -1;
}

static void send_away(int fd)
{
	static const char words[] = "$E.another debugger has the machine#7b";
	(void)!send(fd, words, sizeof words - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/* The client has gone, and nothing that it said is left to read. */
static bool has_gone(const struct gdb_link *link)
{
	uint8_t byte;
	return recv(link->client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool gdb_link_accept(struct gdb_link *link)
{
	int on = 1, fd = accept4(link->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return false;
	if (link->client >= 0 && link->spoken && !has_gone(link)) {
		send_away(fd);
		return false;
	}
	gdb_link_drop(link);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	link->client = fd;
	link->spoken = false;
	return true;
}

static bool only_later(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

ssize_t gdb_link_read(const struct gdb_link *link, uint8_t *bytes, size_t size)
{
	ssize_t got = recv(link->client, bytes, size, MSG_DONTWAIT);
	return got > 0 ? got : got < 0 && only_later() ? 0 : -1;
}

ssize_t gdb_link_write(const struct gdb_link *link, const uint8_t *bytes, size_t size)
{
	ssize_t sent = send(link->client, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	return sent >= 0 ? sent : only_later() ? 0 : -1;
}

bool gdb_link_asks(struct gdb_link *link)
{
	enum { CTRL_C = 3 };
	uint8_t byte;
	ssize_t got = -1;
	while (link->client >= 0 && (got = recv(link->client, &byte, 1, MSG_PEEK | MSG_DONTWAIT)) == 1 && byte == '+')
		recv(link->client, &byte, 1, MSG_DONTWAIT); /* what was acknowledged is no news */
	if (got != 1 || byte != CTRL_C)
		return got == 0;
	link->interrupted = true;
	return recv(link->client, &byte, 1, MSG_DONTWAIT) == 1;
}

void gdb_link_wait(const struct gdb_link *link, bool writes, int milliseconds)
{
	struct pollfd look[] = {
	    {.fd = link->listening, .events = POLLIN},
	    {.fd = link->client, .events = (short)(POLLIN | (writes ? POLLOUT : 0))},
	};
	(void)poll(look, 2, milliseconds);
}
