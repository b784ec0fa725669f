#include "dev/host_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "base/say.h"

enum { LOOK_MS = 100 };

/* Both ends are opened once, so that ours can tell whether somebody has the other. */
static int open_pty(struct host_output *output)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), other = -1;
	char name[64];
	struct termios settings;
	if (fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 && ptsname_r(fd, name, sizeof(name)) == 0)
		other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (other < 0 || tcgetattr(other, &settings) != 0) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		if (other >= 0)
			close(other);
		return say("-serial pty: %s", strerror(error));
	}
	cfmakeraw(&settings);
	tcsetattr(other, TCSANOW, &settings);
	close(other);
	output->fd = fd;
	output->own = output->pty = true;
	say("the console is %s", name);
	return 0;
}

int host_output_open(struct host_output *output, const char *serial)
{
	output->fd = -1;
	if (strcmp(serial, "null") == 0)
		return 0;
	if (strcmp(serial, "pty") == 0)
		return open_pty(output);
	if (strncmp(serial, "file:", 5) != 0) {
		output->fd = STDOUT_FILENO;
		return 0;
	}
	output->fd = open(serial + 5, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	output->own = output->fd >= 0;
	return output->own ? 0 : say("%s: %s", serial + 5, strerror(errno));
}

void host_output_close(struct host_output *output)
{
	host_output_flush(output);
	if (output->own && close(output->fd) != 0 && output->error == 0)
		output->error = errno;
	output->own = false;
	output->fd = -1;
}

static bool told_to_give_up(const struct host_output *output)
{
	return output->give_up && output->give_up(output->context);
}

/* After a write that failed: a pty whose other end nobody has open. */
static bool nobody_listens(const struct host_output *output) { return output->pty && errno == EIO; }

/* Wait until the host takes something: a pipe that is ready takes all of our buffer at once. */
static bool wait_for_host(const struct host_output *output)
{
	struct pollfd look = {.fd = output->fd, .events = POLLOUT};
	while (poll(&look, 1, LOOK_MS) <= 0)
		if (told_to_give_up(output))
			return false;
	return !(output->pty && look.revents & POLLHUP);
}

void host_output_flush(struct host_output *output)
{
	unsigned done = 0;
	while (output->fd >= 0 && output->error == 0 && done < output->count && wait_for_host(output)) {
		ssize_t written = write(output->fd, output->bytes + done, output->count - done);
		if (written >= 0)
			done += (unsigned)written;
		else if (nobody_listens(output) || (errno == EINTR && told_to_give_up(output)))
			break;
		else if (errno != EINTR && errno != EAGAIN)
			output->error = errno;
	}
	if (done < output->count && output->error == 0 && output->fd >= 0 && !output->pty)
		output->error = ECANCELED;
	output->count = 0;
}

void host_output_put(struct host_output *output, uint8_t byte)
{
	output->bytes[output->count++] = byte;
	if (byte == '\n' || output->count == HOST_OUTPUT_BYTES)
		host_output_flush(output);
}
