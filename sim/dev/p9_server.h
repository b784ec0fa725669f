/*
 * A file server that speaks 9P2000.L, the dialect of Linux's v9fs, over a shared folder. A request is answered before the next
 * one is looked at, so none is ever there to be flushed. What a guest asks that cannot be is answered with an errno.
 */
#ifndef P9_SERVER_H
#define P9_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct host_share;
struct p9_server;
struct state_reader;
struct state_writer;

enum {
	P9_MESSAGE_MAX = 1 << 20 /* the largest that is agreed on, in bytes; from P9_MESSAGE_MIN */,
	P9_MESSAGE_MIN = 4096
};

/* NULL: no memory. The share must live as long. */
struct p9_server *p9_server_new(struct host_share *share);
/* NULL is allowed. */
void p9_server_free(struct p9_server *server);
/* As after p9_server_new, but that files keep their numbers: no fids. */
void p9_server_reset(struct p9_server *server);

/* Answers the request of `size` bytes, at `now_ns` since 1970, with at most `room` bytes, of which it returns the number. 0: not even an
 * error fits, or there is no header. */
uint32_t p9_server_answer(struct p9_server *server, uint64_t now_ns, const uint8_t *request, uint32_t size,
                          uint8_t *reply, uint32_t room);

/* Parts of a device's section. Restoring opens files again: they must be there. */
void p9_server_save(const struct p9_server *server, struct state_writer *writer);
bool p9_server_restore(struct p9_server *server, struct state_reader *reader);
void p9_server_dump(const struct p9_server *server, FILE *out);

#endif
