/*
 * The user space of the network's boots, as /init. The kernel has got its address by DHCP; then this fetches what `fetch=ADDRESS:PORT` of
 * the kernel's command line has, says how much that was and its hash, and is a server itself until somebody asks for /end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PORT = 80, SERVED = 300000, CONSOLE_OFF = 6 };

static void end(const char *what)
{
	printf("FAIL %s: %s\n", what, strerror(errno));
	sleep(1);
	reboot(RB_POWER_OFF);
}

static void need(int condition, const char *what)
{
	if (!condition)
		end(what);
}

/* FNV-1a. */
static uint64_t hash_of(uint64_t hash, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void write_all(int file, const void *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t count = write(file, (const char *)bytes + at, size - at);
		if (count <= 0)
			_exit(1); /* whoever asked is gone */
		at += count;
	}
}

/* The lines of a request or an answer, up to the empty one. What is read of the body already is counted. */
static size_t read_head(int file, char *text, size_t room, char **body)
{
	size_t size = 0;
	for (ssize_t count; size < room - 1; size += count) {
		count = read(file, text + size, room - 1 - size);
		if (count <= 0)
			break;
		text[size + count] = '\0';
		*body = strstr(text, "\r\n\r\n");
		if (*body) {
			*body += 4;
			return size + count - (*body - text);
		}
	}
	*body = NULL;
	return 0;
}

static void fetch(const char *from)
{
	static const char request[] = "GET /data HTTP/1.0\r\n\r\n";
	static char bytes[65536];
	char host[32], *body;
	snprintf(host, sizeof host, "%s", from);
	char *port = strchr(host, ':');
	need(port != NULL, "fetch=");
	*port++ = '\0';
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	need(inet_pton(AF_INET, host, &address.sin_addr) == 1, "fetch=");
	int server = socket(AF_INET, SOCK_STREAM, 0);
	need(server >= 0 && connect(server, (void *)&address, sizeof address) == 0, "connect");
	write_all(server, request, sizeof request - 1);
	size_t size = read_head(server, bytes, sizeof bytes, &body);
	need(body && strncmp(bytes, "HTTP/1.", 7) == 0 && strstr(bytes, " 200 "), "answer");
	uint64_t hash = hash_of(UINT64_C(0xcbf29ce484222325), (unsigned char *)body, size);
	for (ssize_t count; (count = read(server, bytes, sizeof bytes)) > 0; size += count)
		hash = hash_of(hash, (unsigned char *)bytes, count);
	close(server);
	printf("FETCHED %zu 0x%016llx\n", size, (unsigned long long)hash);
}

/* The answer to one request; whether it was the last. */
static int answer(int client)
{
	static unsigned char bytes[SERVED];
	char text[4096], head[128], *body;
	read_head(client, text, sizeof text, &body);
	int last = body && strncmp(text, "GET /end ", 9) == 0, data = body && strncmp(text, "GET /data ", 10) == 0;
	size_t size = data ? SERVED : 0;
	for (size_t i = 0; i < size; i++)
		bytes[i] = i * 7 + (i >> 8);
	int length = snprintf(head, sizeof head, "HTTP/1.0 %s\r\nContent-Length: %zu\r\n\r\n", data || last ? "200 OK" : "404 Not Found", size);
	write_all(client, head, length);
	write_all(client, bytes, size);
	return last;
}

/* A child each, so that several are answered at a time. Only this process prints: in the order in which they came. */
static void serve(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int server = socket(AF_INET, SOCK_STREAM, 0);
	need(server >= 0 && bind(server, (void *)&address, sizeof address) == 0 && listen(server, 8) == 0, "listen");
	puts("SERVING");
	for (int last = 0; !last;) {
		int client = accept(server, NULL, NULL), status;
		need(client >= 0, "accept");
		char peek[9] = "";
		recv(client, peek, sizeof peek, MSG_PEEK | MSG_WAITALL);
		last = memcmp(peek, "GET /end ", 9) == 0;
		if (fork() == 0)
			_exit(answer(client) ? 0 : 2);
		close(client);
		while (waitpid(-1, &status, last ? 0 : WNOHANG) > 0)
			;
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	klogctl(CONSOLE_OFF, NULL, 0);
	if (getenv("fetch"))
		fetch(getenv("fetch"));
	serve();
	puts("DONE");
	sleep(1); /* what was sent last is on its way */
	reboot(RB_POWER_OFF);
	return 1;
}
