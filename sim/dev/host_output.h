/* Where the console's bytes go on the host: standard output, a file, or nowhere. Whoever reads there may be slow: as long
 * as it is not asked to give up, output waits, and nothing is lost. */
#ifndef HOST_OUTPUT_H
#define HOST_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

enum { HOST_OUTPUT_BYTES = 4096 };

struct host_output {
	int fd; /* -1: discarded */
	bool own, pty;
	int error; /* errno of the first thing that failed */
	unsigned count;
	/* Asked now and then while the host takes nothing. True: what is left is dropped. May be NULL. */
	bool (*give_up)(void *context);
	void *context;
	uint8_t bytes[HOST_OUTPUT_BYTES];
};

/* `serial`: "stdio", "file:F", "null", or "pty": a new pseudo-terminal, whose name is told on stderr. What is written while
 * nobody has that open is lost. 0, or -1 after a line on stderr. */
int host_output_open(struct host_output *output, const char *serial);
void host_output_close(struct host_output *output);

/* A byte, which is shown at a line's end, or when asked. */
void host_output_put(struct host_output *output, uint8_t byte);
/* Show all that was put. */
void host_output_flush(struct host_output *output);

#endif
