#include "dev/p9_server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/state.h"
#include "dev/p9_parts.h"

/* ---- the session ---- */

/* A new session: what was before is forgotten. */
static int p9_do_version(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	static const char dialect[] = "9P2000.L", other[] = "unknown";
	uint32_t size = p9_get32(in);
	struct p9_text version = p9_get_text(in);
	if (in->bad)
		return EINVAL;
	p9_drop_fids(server);
	server->message_size = 0;
	bool known = version.size == strlen(dialect) && memcmp(version.bytes, dialect, version.size) == 0;
	if (known && size < P9_MESSAGE_MIN)
		return EMSGSIZE;
	size = size < P9_MESSAGE_MAX ? size : P9_MESSAGE_MAX;
	if (known)
		server->message_size = size;
	p9_put32(out, size);
	p9_put_text(out, known ? dialect : other, strlen(known ? dialect : other));
	return 0;
}

/* Whatever it was has been answered. */
static int p9_do_flush(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	(void)server, (void)out;
	p9_get16(in);
	return in->bad ? EINVAL : 0;
}

static p9_handler *find_handler(const struct p9_server *server, uint8_t type)
{
	static p9_handler *const handlers[UINT8_MAX + 1] = {
	    [P9_STATFS] = p9_do_statfs,
	    [P9_LOPEN] = p9_do_lopen,
	    [P9_LCREATE] = p9_do_lcreate,
	    [P9_SYMLINK] = p9_do_symlink,
	    [P9_MKNOD] = p9_do_mknod,
	    [P9_RENAME] = p9_do_rename,
	    [P9_READLINK] = p9_do_readlink,
	    [P9_GETATTR] = p9_do_getattr,
	    [P9_SETATTR] = p9_do_setattr,
	    [P9_XATTRWALK] = p9_do_xattrwalk,
	    [P9_XATTRCREATE] = p9_do_xattrcreate,
	    [P9_READDIR] = p9_do_readdir,
	    [P9_FSYNC] = p9_do_fsync,
	    [P9_LOCK] = p9_do_lock,
	    [P9_GETLOCK] = p9_do_getlock,
	    [P9_LINK] = p9_do_link,
	    [P9_MKDIR] = p9_do_mkdir,
	    [P9_RENAMEAT] = p9_do_renameat,
	    [P9_UNLINKAT] = p9_do_unlinkat,
	    [P9_VERSION] = p9_do_version,
	    [P9_ATTACH] = p9_do_attach,
	    [P9_FLUSH] = p9_do_flush,
	    [P9_WALK] = p9_do_walk,
	    [P9_READ] = p9_do_read,
	    [P9_WRITE] = p9_do_write,
	    [P9_CLUNK] = p9_do_clunk,
	    [P9_REMOVE] = p9_do_remove,
	};
	return server->message_size || type == P9_VERSION ? handlers[type] : NULL;
}

static uint32_t reply_error(uint8_t *reply, uint32_t room, uint16_t tag, int error)
{
	struct p9_out out = {.bytes = reply, .size = room};
	p9_put32(&out, P9_HEADER + 4);
	p9_put8(&out, P9_LERROR + 1);
	p9_put16(&out, tag);
	p9_put32(&out, (uint32_t)error);
	return out.full ? 0 : out.at;
}

uint32_t p9_server_answer(struct p9_server *server, uint64_t now_ns, const uint8_t *request, uint32_t size,
                          uint8_t *reply, uint32_t room)
{
	struct p9_in in = {.bytes = request, .size = size};
	struct p9_out out = {.bytes = reply, .size = room}, header = {.bytes = reply, .size = P9_HEADER};
	p9_get32(&in); /* how long it is, is known */
	uint8_t type = p9_get8(&in);
	uint16_t tag = p9_get16(&in);
	if (in.bad || !p9_room(&out, P9_HEADER))
		return 0;
	server->now = (struct timespec){.tv_sec = (time_t)(now_ns / 1000000000),
	                                .tv_nsec = (long)(now_ns % 1000000000)};
	p9_handler *handler = find_handler(server, type);
	int error = handler ? handler(server, &in, &out) : EOPNOTSUPP;
	if (!error && out.full)
		error = EMSGSIZE;
	if (error)
		return reply_error(reply, room, tag, error);
	p9_put32(&header, out.at);
	p9_put8(&header, (uint8_t)(type + 1));
	p9_put16(&header, tag);
	return out.at;
}

struct p9_server *p9_server_new(struct host_share *share)
{
	struct p9_server *server = calloc(1, sizeof(*server));
	if (!server)
		return NULL;
	server->share = share;
	server->nodes = share_nodes_new();
	if (server->nodes)
		return server;
	free(server);
	return NULL;
}

void p9_server_free(struct p9_server *server)
{
	if (!server)
		return;
	p9_fids_clear(&server->fids);
	share_nodes_free(server->nodes);
	free(server);
}

void p9_server_reset(struct p9_server *server)
{
	p9_drop_fids(server);
	server->message_size = 0;
}

/* ---- state ---- */

void p9_server_save(const struct p9_server *server, struct state_writer *writer)
{
	state_write_u64(writer, server->message_size);
	share_nodes_save(server->nodes, writer);
	p9_fids_save(&server->fids, writer);
}

static bool find_again(void *context, const char *path, struct stat *status)
{
	const struct p9_server *server = context;
	int object = host_share_find(server->share, path);
	if (object < 0)
		return false;
	bool found = host_share_stat(server->share, path, object, status) == 0;
	close(object);
	return found;
}

static bool open_again(void *context, struct p9_fid *fid, int *file)
{
	const struct p9_server *server = context;
	int object = p9_fids_may_open(&server->fids) ? host_share_find(server->share, fid->path) : -1;
	fid->flags &= O_ACCMODE | O_APPEND | O_SYNC;
	bool opened = object >= 0 && host_share_open_file(server->share, object, fid->flags, file) == 0;
	if (object >= 0)
		close(object);
	return opened;
}

bool p9_server_restore(struct p9_server *server, struct state_reader *reader)
{
	server->message_size = (uint32_t)state_read_limited(reader, P9_MESSAGE_MAX);
	if (server->message_size && server->message_size < P9_MESSAGE_MIN)
		return state_refuse(reader, "virtio: a number is out of range");
	return share_nodes_restore(server->nodes, reader, find_again, server) &&
	       p9_fids_restore(&server->fids, reader, open_again, server);
}

void p9_server_dump(const struct p9_server *server, FILE *out)
{
	fprintf(out, "  messages of %" PRIu32 " bytes, %zu fids, %zu open\n", server->message_size, server->fids.count,
	        server->fids.open);
}
