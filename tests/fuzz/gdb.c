/* GDB's stub: whatever a client sends, it answers in packets, and the run ends. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include "debug/debug.h"
#include "fuzz.h"
#include "machine/machine.h"
#include "small.h"
#include "two_harts.h"

static const char *program_path;

/* What the client sends, and what it has been told. */
static struct {
	uint8_t *bytes;
	size_t size, at;
	bool came, serving;
	enum { OUTSIDE, INSIDE, NOTICE, HIGH, LOW } state;
	uint8_t sum, said;
} client;

/* What monitor commands open (not libFuzzer): nothing is read, nothing is written. */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (!client.serving)
		return __real_fopen(path, mode);
	return __real_fopen(*mode == 'r' ? "/nonexistent" : "/dev/null", mode);
}

/* One client comes. */
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	(void)fd, (void)address, (void)size, (void)flags;
	if (client.came) {
		errno = EAGAIN;
		return -1;
	}
	client.came = true;
	return open("/dev/null", O_RDWR); /* there is always something to read */
}

ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
	(void)fd;
	size_t left = client.size - client.at, part = left < size ? left : size;
	memcpy(buffer, client.bytes + client.at, part);
	client.at += flags & MSG_PEEK ? 0 : part;
	return (ssize_t)part;
}

/* All that is sent is packets and notifications with right sums, and acknowledgements between them. */
static void hear_byte(uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";
	switch (client.state) {
	case OUTSIDE:
		REQUIRE(strchr("+-$%", byte) && byte, "0x%02x between packets", byte);
		client.state = byte == '$' || byte == '%' ? INSIDE : OUTSIDE;
		client.sum = 0;
		break;
	case HIGH:
		client.said = (uint8_t)byte;
		client.state = LOW;
		break;
	case LOW:
		REQUIRE(client.said == digits[client.sum >> 4] && byte == digits[client.sum & 15], "a wrong sum");
		client.state = OUTSIDE;
		break;
	default:
		REQUIRE(byte != '$', "a packet inside a packet");
		if (byte == '#')
			client.state = HIGH;
		else
			client.sum = (uint8_t)(client.sum + byte);
	}
}

ssize_t __wrap_send(int fd, const void *buffer, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *buffer, size_t size, int flags)
{
	(void)fd, (void)flags;
	for (size_t i = 0; i < size; i++)
		hear_byte(((const uint8_t *)buffer)[i]);
	return (ssize_t)size;
}

/* Lines are packets, with a right sum; a line that begins with a control character is bytes as they are. */
static void frame_lines(const uint8_t *data, size_t size)
{
	static const char last[] = "$?#3f$?#3f"; /* so that it has spoken, and the machine waits no longer when it goes */
	client.bytes = malloc(size * 5 + 8 + sizeof(last));
	REQUIRE(client.bytes, "no memory");
	client.size = client.at = 0;
	for (size_t i = 0; i < size; i++) {
		const uint8_t *end = memchr(data + i, '\n', size - i);
		size_t length = end ? (size_t)(end - data) - i : size - i;
		uint8_t sum = 0;
		bool raw = length && data[i] < ' ';
		if (!raw)
			client.bytes[client.size++] = '$';
		memcpy(client.bytes + client.size, data + i, length);
		client.size += length;
		for (size_t k = 0; k < length; k++)
			sum = (uint8_t)(sum + data[i + k]);
		if (!raw)
			client.size += (size_t)sprintf((char *)client.bytes + client.size, "#%02x", sum);
		i += length;
	}
	memcpy(client.bytes + client.size, last, sizeof(last) - 1);
	client.size += sizeof(last) - 1;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	program_path = file_in_memory("program", program, sizeof(program));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[] = { "rvsim", "-m", "64K", "-smp", "2", "-serial", "null", "--max-insns", "1000", "--max-cycles", "3000", "--timeout", "30",
	                  "-S", "-gdb", size % 2 ? "tcp::0" : "tcp::0,harts=inferiors", "-bios", (char *)program_path, NULL };
	struct options options;
	struct machine machine;
	struct capture capture;
	small_options(&options, words);
	frame_lines(data, size);
	client.came = false;
	client.state = OUTSIDE;
	capture_begin(&capture, &stderr);
	REQUIRE(machine_init(&machine, &options.config) == 0, "no machine");
	client.serving = true;
	int code;
	REQUIRE(debug_run(&machine, &code) == DEBUG_DONE, "the stub fails");
	client.serving = false;
	for (unsigned i = 0; i < machine.hart_count; i++)
		REQUIRE(!machine.harts[i].held, "a hart is held for good");
	machine_free(&machine);
	capture_end(&capture);
	free(capture.text);
	free(client.bytes);
	options_free(&options);
	return 0;
}
