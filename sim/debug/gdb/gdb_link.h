/* Where a GDB client comes in: a listening socket, and one client at a time. Nothing here waits. */
#ifndef GDB_LINK_H
#define GDB_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct gdb_config;

struct gdb_link {
	int listening, client; /* -1: none */
	bool spoken; /* the client has: until then it makes room for another one */
	bool interrupted; /* by ctrl-C, while a command ran */
	const char *path; /* of a Unix socket, to be removed; or NULL */
};

/* 0, or -1 after a line on stderr that says why it cannot be. Says where it listens unless `quiet`. */
int gdb_link_open(struct gdb_link *link, const struct gdb_config *config, bool quiet);
void gdb_link_close(struct gdb_link *link);

/* Has a client come? One who comes while another one has the machine is told so, and sent away. */
bool gdb_link_accept(struct gdb_link *link);
/* The client is let go. */
void gdb_link_drop(struct gdb_link *link);

/* What has come, at most `size` bytes: 0 none, -1 the client has gone. */
ssize_t gdb_link_read(const struct gdb_link *link, uint8_t *bytes, size_t size);
/* How much could be sent now; -1 the client has gone. */
ssize_t gdb_link_write(const struct gdb_link *link, const uint8_t *bytes, size_t size);

/* While a command runs: does the client want it to end, by ctrl-C or by going? */
bool gdb_link_asks(struct gdb_link *link);

/* Wait until something comes, or (writes) can be sent, but no longer than so many milliseconds. */
void gdb_link_wait(const struct gdb_link *link, bool writes, int milliseconds);

#endif
