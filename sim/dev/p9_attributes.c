/* 9P: what is known of files besides their contents. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dev/p9_parts.h"

enum { ATTRIBUTES = 0x7ff /* all but birth, generation and version */ };

enum set_attribute {
	SET_MODE = 0x1,
	SET_UID = 0x2,
	SET_GID = 0x4,
	SET_SIZE = 0x8,
	SET_ATIME = 0x10, /* now, */
	SET_MTIME = 0x20,
	SET_CTIME = 0x40,
	SET_ATIME_TO = 0x80, /* or as told */
	SET_MTIME_TO = 0x100,
};

static void put_time(struct p9_out *out, struct timespec time)
{
	p9_put64(out, (uint64_t)time.tv_sec);
	p9_put64(out, (uint64_t)time.tv_nsec);
}

int p9_do_getattr(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	struct stat status;
	struct p9_qid qid;
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	p9_get64(in);
	int object = in->bad ? -EINVAL : fid ? p9_object(server, fid) : -ENOENT;
	int error = object < 0 ? -object : p9_status(server, fid->path, object, &status, &qid);
	if (object >= 0)
		p9_release(fid, object);
	if (error)
		return error;
	p9_put64(out, ATTRIBUTES);
	p9_put_qid(out, qid);
	p9_put32(out, status.st_mode);
	p9_put32(out, status.st_uid);
	p9_put32(out, status.st_gid);
	p9_put64(out, status.st_nlink);
	p9_put64(out, status.st_rdev);
	p9_put64(out, (uint64_t)status.st_size);
	p9_put64(out, (uint64_t)status.st_blksize);
	p9_put64(out, (uint64_t)status.st_blocks);
	put_time(out, status.st_atim);
	put_time(out, status.st_mtim);
	put_time(out, status.st_ctim);
	put_time(out, (struct timespec){0});
	p9_put64(out, 0);
	p9_put64(out, 0);
	return 0;
}

/* What a request sets, read from it. */
struct p9_setting {
	uint32_t valid, mode, uid, gid;
	uint64_t size;
	struct timespec times[2];
};

/* A time of now is the host's on the host, and simulated time here. */
static struct timespec host_time(const struct p9_setting *setting, uint32_t now, uint32_t told, struct timespec time)
{
	if (setting->valid & told)
		return time;
	return (struct timespec){.tv_nsec = setting->valid & now ? UTIME_NOW : UTIME_OMIT};
}

static int set_times(struct p9_server *server, const char *path, int object, const struct p9_setting *setting)
{
	const struct timespec times[2] = {host_time(setting, SET_ATIME, SET_ATIME_TO, setting->times[0]),
	                                  host_time(setting, SET_MTIME, SET_MTIME_TO, setting->times[1])};
	int error = host_share_set_times(server->share, object, times);
	if (error)
		return error;
	if (setting->valid & (SET_ATIME | SET_ATIME_TO))
		p9_touch_to(server, path, object, TOUCH_ATIME, setting->valid & SET_ATIME_TO ? times[0] : server->now);
	if (setting->valid & (SET_MTIME | SET_MTIME_TO))
		p9_touch_to(server, path, object, TOUCH_MTIME, setting->valid & SET_MTIME_TO ? times[1] : server->now);
	return 0;
}

static int set_attributes_of(struct p9_server *server, const char *path, int object, const struct p9_setting *setting)
{
	int error = 0;
	if (setting->valid & SET_MODE)
		error = host_share_set_mode(server->share, path, object, setting->mode);
	if (!error && setting->valid & (SET_ATIME | SET_ATIME_TO | SET_MTIME | SET_MTIME_TO))
		error = set_times(server, path, object, setting);
	if (!error && setting->valid & (SET_UID | SET_GID))
		error = host_share_set_owner(server->share, path, object,
		                             setting->valid & SET_UID ? setting->uid : UINT32_MAX,
		                             setting->valid & SET_GID ? setting->gid : UINT32_MAX);
	if (!error && setting->valid & SET_SIZE) {
		error = host_share_set_size(server->share, object, setting->size);
		if (!error)
			p9_touch(server, path, object, TOUCH_CONTENTS);
	}
	if (!error && setting->valid)
		p9_touch(server, path, object, TOUCH_CTIME);
	return error;
}

static struct timespec get_time(struct p9_in *in)
{
	uint64_t seconds = p9_get64(in), nanoseconds = p9_get64(in);
	return (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)nanoseconds};
}

static bool is_time(struct timespec time) { return time.tv_nsec >= 0 && time.tv_nsec < 1000000000; }

int p9_do_setattr(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	struct p9_setting setting = {.valid = p9_get32(in)};
	(void)out;
	setting.mode = p9_get32(in);
	setting.uid = p9_get32(in);
	setting.gid = p9_get32(in);
	setting.size = p9_get64(in);
	setting.times[0] = get_time(in);
	setting.times[1] = get_time(in);
	bool bad_time = (setting.valid & SET_ATIME_TO && !is_time(setting.times[0])) ||
	                (setting.valid & SET_MTIME_TO && !is_time(setting.times[1]));
	int object = in->bad || bad_time ? -EINVAL : fid ? p9_object(server, fid) : -ENOENT;
	if (object < 0)
		return -object;
	int error = set_attributes_of(server, fid->path, object, &setting);
	p9_release(fid, object);
	return error;
}

/* How full the host's file system is, is the host's: the numbers are these, always. */
int p9_do_statfs(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	enum { MAGIC = 0x01021997, BYTES = 4096 };
	static const uint64_t blocks = UINT64_C(1) << 28, files = UINT64_C(1) << 24;
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	if (in->bad || !fid)
		return in->bad ? EINVAL : ENOENT;
	p9_put32(out, MAGIC);
	p9_put32(out, BYTES);
	p9_put64(out, blocks);
	p9_put64(out, blocks / 2);
	p9_put64(out, blocks / 2);
	p9_put64(out, files);
	p9_put64(out, files / 2);
	p9_put64(out, 0);
	p9_put32(out, NAME_MAX);
	return 0;
}

int p9_do_readlink(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char target[PATH_MAX];
	struct stat status;
	size_t length = 0;
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	int object = in->bad ? -EINVAL : fid ? p9_object(server, fid) : -ENOENT;
	int error = object < 0 ? -object : p9_status(server, fid->path, object, &status, NULL);
	if (!error)
		error = S_ISLNK(status.st_mode)
		            ? host_share_read_link(server->share, object, target, sizeof(target), &length)
		            : EINVAL;
	if (object >= 0)
		p9_release(fid, object);
	p9_put_text(out, target, length);
	return error;
}

/* ---- extended attributes ---- */

static int xattr_name(struct p9_text text, char name[NAME_MAX + 1])
{
	if (text.size > NAME_MAX)
		return ERANGE;
	if (memchr(text.bytes, '\0', text.size))
		return EINVAL;
	memcpy(name, text.bytes, text.size);
	name[text.size] = '\0';
	return 0;
}

/* A value, or without a name all names, becomes a fid that is read like a file. */
int p9_do_xattrwalk(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1];
	uint8_t *bytes = NULL;
	size_t size = 0;
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	uint32_t number = p9_get32(in);
	int error = xattr_name(p9_get_text(in), name);
	int object = in->bad ? -EINVAL : !fid ? -ENOENT : error ? -error : p9_object(server, fid);
	if (object < 0)
		return -object;
	error = *name ? host_share_get_xattr(server->share, object, name, &bytes, &size)
	              : host_share_list_xattrs(server->share, object, &bytes, &size);
	p9_release(fid, object);
	if (error)
		return error;
	struct p9_fid *held = p9_fid_add(&server->fids, number, fid->path, fid->uid, &error);
	if (!held) {
		free(bytes);
		return error;
	}
	held->kind = P9_XATTR;
	if (!p9_fid_hold(&server->fids, held, bytes, size, NULL, 0)) {
		p9_fid_remove(&server->fids, held);
		return ENOMEM;
	}
	p9_put64(out, size);
	return 0;
}

int p9_do_xattrcreate(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1];
	struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	int error = xattr_name(p9_get_text(in), name);
	uint64_t size = p9_get64(in);
	uint32_t flags = p9_get32(in);
	(void)out;
	if (in->bad || flags > 2 || (fid && fid->kind != P9_PLAIN))
		return EINVAL;
	if (error || !fid || size > SHARE_XATTR_BYTES)
		return error ? error : fid ? E2BIG : ENOENT;
	uint8_t *bytes = calloc(1, (size_t)size + 1);
	char *copy = strdup(name);
	if (!bytes || !copy || !p9_fid_hold(&server->fids, fid, bytes, (size_t)size, NULL, 0)) {
		if (!copy)
			free(bytes);
		free(copy);
		return ENOMEM;
	}
	server->fids.memory += strlen(copy);
	fid->name = copy;
	fid->kind = P9_NEW_XATTR;
	fid->flags = (int)flags;
	fid->written = 0;
	return 0;
}
