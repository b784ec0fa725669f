/* The network of the machine itself: what needs no card. */
#include "init.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BYTES = 300000 };

static bool interface_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int file = socket(AF_INET, SOCK_DGRAM, 0);
	REQUIRE(file >= 0 && ioctl(file, SIOCSIFFLAGS, &request) == 0);
	close(file);
	return true;
}

/* A child connects and sends; all that is sent arrives, in order. */
static bool stream(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	static unsigned char data[BYTES], got[BYTES];
	for (int i = 0; i < BYTES; i++)
		data[i] = i * 7 + (i >> 8);
	int server = socket(AF_INET, SOCK_STREAM, 0);
	REQUIRE(server >= 0 && bind(server, (void *)&address, sizeof address) == 0 && listen(server, 1) == 0);
	REQUIRE(getsockname(server, (void *)&address, &length) == 0);
	pid_t child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		int client = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(client, (void *)&address, sizeof address))
			_exit(1);
		for (ssize_t at = 0, count; at < BYTES; at += count) {
			count = write(client, data + at, BYTES - at);
			if (count <= 0)
				_exit(2);
		}
		_exit(0);
	}
	int peer = accept(server, NULL, NULL);
	REQUIRE(peer >= 0);
	size_t at = 0;
	for (ssize_t count; at < BYTES && (count = read(peer, got + at, BYTES - at)) > 0;)
		at += count;
	REQUIRE(at == BYTES && memcmp(data, got, BYTES) == 0);
	close(peer);
	close(server);
	return exit_status(child) == 0;
}

const struct check net_checks[] = {{"loopback interface", interface_up}, {"loopback stream", stream}, {NULL, NULL}};
