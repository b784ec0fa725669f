/* 9P: files and folders that are open. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dev/p9_parts.h"

/* Flags of the protocol are those of Linux on most processors, whatever the host's are. */
enum {
	OPEN_ACCESS = 03,
	OPEN_EXCL = 0200,
	OPEN_TRUNC = 01000,
	OPEN_APPEND = 02000,
	OPEN_DSYNC = 010000,
	OPEN_FOLDER = 0200000,
	OPEN_SYNC = 04000000,

	READ_HEADER = P9_HEADER + 4,
	WRITE_HEADER = P9_HEADER + 17, /* as the first implementation has it: one more than there is */
	ENTRY_HEADER = P9_QID_BYTES + 8 + 1 + 2,
	LOCK_BLOCK = 1, /* flag of a lock */
	LOCK_SUCCESS = 0,
	LOCK_NONE = 2,
};

/* -1: there is no such access. */
static int host_flags(uint32_t flags)
{
	static const int access[] = {O_RDONLY, O_WRONLY, O_RDWR, -1};
	int result = access[flags & OPEN_ACCESS];
	if (result < 0)
		return -1;
	return result | (flags & OPEN_EXCL ? O_EXCL : 0) | (flags & OPEN_TRUNC ? O_TRUNC : 0) |
	       (flags & OPEN_APPEND ? O_APPEND : 0) | (flags & OPEN_DSYNC ? O_DSYNC : 0) |
	       (flags & OPEN_SYNC ? O_SYNC : 0);
}

static uint32_t unit(const struct p9_server *server) { return server->message_size - WRITE_HEADER; }

/* ---- opening ---- */

static int open_object(struct p9_server *server, struct p9_fid *fid, int object, uint32_t flags, struct p9_qid *qid)
{
	struct stat status;
	int file, error = p9_status(server, fid->path, object, &status, qid), host = host_flags(flags);
	if (error || host < 0)
		return error ? error : EINVAL;
	if (S_ISDIR(status.st_mode)) {
		if (flags & (OPEN_ACCESS | OPEN_TRUNC))
			return EISDIR;
		fid->kind = P9_FOLDER;
		return 0;
	}
	if (flags & OPEN_FOLDER || !S_ISREG(status.st_mode))
		return flags & OPEN_FOLDER ? ENOTDIR : S_ISLNK(status.st_mode) ? ELOOP : ENXIO;
	error = p9_fids_may_open(&server->fids) ? host_share_open_file(server->share, object, host & ~O_EXCL, &file)
	                                        : EMFILE;
	if (error)
		return error;
	if (host & O_TRUNC)
		p9_touch(server, fid->path, file, TOUCH_CONTENTS);
	p9_fid_opened(&server->fids, fid, file, host & ~(O_TRUNC | O_EXCL));
	return 0;
}

int p9_do_lopen(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	struct p9_qid qid = {0};
	struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	uint32_t flags = p9_get32(in);
	if (in->bad || (fid && fid->kind != P9_PLAIN))
		return EINVAL;
	int object = fid ? p9_object(server, fid) : -ENOENT;
	if (object < 0)
		return -object;
	int error = open_object(server, fid, object, flags, &qid);
	close(object);
	p9_put_qid(out, qid);
	p9_put32(out, unit(server));
	return error;
}

/* The fid of a folder becomes that of the new file in it. */
static int create_file(struct p9_server *server, struct p9_fid *fid, const char *name,
                       const struct share_creation *what, struct p9_qid *qid)
{
	char path[PATH_MAX];
	struct stat status;
	int file, error = p9_join(path, fid->path, name);
	bool before = !error && p9_status_at(server, path, &status, qid) == 0;
	if (!error)
		error = host_share_make(server->share, fid->path, name, what, &file);
	if (error)
		return error;
	if (!before)
		p9_touch_at(server, fid->path, TOUCH_CONTENTS);
	if (!before || what->flags & O_TRUNC)
		p9_touch(server, path, file, before ? TOUCH_CONTENTS : TOUCH_ALL);
	error = p9_status(server, path, file, &status, qid);
	if (!error && !p9_fid_move(&server->fids, fid, path))
		error = ENOMEM;
	if (error)
		close(file);
	else
		p9_fid_opened(&server->fids, fid, file, what->flags & ~(O_TRUNC | O_EXCL));
	return error;
}

int p9_do_lcreate(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1];
	struct p9_qid qid = {0};
	struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	struct p9_text text = p9_get_text(in);
	uint32_t flags = p9_get32(in), mode = p9_get32(in), gid = p9_get32(in);
	int host = host_flags(flags);
	if (in->bad || host < 0 || (fid && fid->kind != P9_PLAIN))
		return EINVAL;
	int error = fid ? p9_new_name(server, text, name) : ENOENT;
	if (!error && !p9_fids_may_open(&server->fids))
		error = EMFILE;
	if (error)
		return error;
	struct share_creation what = {
	    .mode = S_IFREG | (mode & 07777), .uid = fid->uid, .gid = gid, .opened = true, .flags = host};
	error = create_file(server, fid, name, &what, &qid);
	p9_put_qid(out, qid);
	p9_put32(out, unit(server));
	return error;
}

/* ---- reading and writing ---- */

/* How much of `count` bytes a reply can hold. */
static uint32_t fitting(const struct p9_server *server, const struct p9_out *out, uint32_t count)
{
	uint32_t agreed = server->message_size - READ_HEADER, room = out->size - out->at;
	room = room > 4 ? room - 4 : 0;
	count = count < agreed ? count : agreed;
	return count < room ? count : room;
}

/* All there is of `count` bytes: how much the host gives at a time makes no difference. */
static int read_open(int file, uint64_t offset, uint8_t *bytes, uint32_t count, uint32_t *got)
{
	*got = 0;
	while (*got < count) {
		ssize_t part = pread(file, bytes + *got, count - *got, (off_t)(offset + *got));
		if (part == 0)
			break;
		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return *got ? 0 : errno;
		*got += (uint32_t)part;
	}
	return 0;
}

static int read_held(const struct p9_fid *fid, uint64_t offset, uint8_t *bytes, uint32_t count, uint32_t *got)
{
	uint64_t left = offset < fid->size ? fid->size - offset : 0;
	*got = count < left ? count : (uint32_t)left;
	if (*got)
		memcpy(bytes, fid->bytes + offset, *got);
	return 0;
}

int p9_do_read(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	uint64_t offset = p9_get64(in);
	uint32_t count = fitting(server, out, p9_get32(in)), got = 0, at = out->at;
	if (in->bad || !fid || offset > (uint64_t)INT64_MAX - count)
		return EINVAL;
	p9_put32(out, 0);
	uint8_t *bytes = p9_room(out, count);
	int error = fid->kind == P9_FOLDER ? EOPNOTSUPP : EINVAL;
	if (bytes && fid->kind == P9_FILE)
		error = read_open(fid->file, offset, bytes, count, &got);
	else if (bytes && fid->kind == P9_XATTR)
		error = read_held(fid, offset, bytes, count, &got);
	if (error || !bytes)
		return error;
	out->at = at;
	p9_put32(out, got);
	out->at += got;
	return 0;
}

static int write_open(struct p9_server *server, struct p9_fid *fid, uint64_t offset, const uint8_t *bytes,
                      uint32_t count, uint32_t *done)
{
	int error = 0;
	while (*done < count) {
		ssize_t part = pwrite(fid->file, bytes + *done, count - *done, (off_t)(offset + *done));
		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0) {
			error = *done ? 0 : errno;
			break;
		}
		*done += (uint32_t)part;
	}
	if (*done)
		p9_touch(server, fid->path, fid->file, TOUCH_CONTENTS);
	return error;
}

static int write_xattr(struct p9_fid *fid, uint64_t offset, const uint8_t *bytes, uint32_t count, uint32_t *done)
{
	if (offset > fid->size || count > fid->size - offset)
		return ENOSPC;
	if (count)
		memcpy(fid->bytes + offset, bytes, count);
	if (fid->written < offset + count)
		fid->written = offset + count;
	*done = count;
	return 0;
}

int p9_do_write(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	uint64_t offset = p9_get64(in);
	uint32_t count = p9_get32(in), done = 0;
	const uint8_t *bytes = p9_take(in, count);
	if (!bytes || !fid || offset > (uint64_t)INT64_MAX - count)
		return EINVAL;
	int error = EINVAL;
	if (fid->kind == P9_FILE)
		error = write_open(server, fid, offset, bytes, count, &done);
	else if (fid->kind == P9_NEW_XATTR)
		error = write_xattr(fid, offset, bytes, count, &done);
	p9_put32(out, done);
	return error;
}

int p9_do_fsync(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	(void)out;
	int object = in->bad ? -EINVAL : fid ? p9_object(server, fid) : -ENOENT;
	if (object < 0)
		return -object;
	int error = fid->kind == P9_FILE || fid->kind == P9_FOLDER ? host_share_sync(server->share, object) : EINVAL;
	p9_release(fid, object);
	return error;
}

/* An attribute that was written is set now, if all of it is there. */
int p9_do_clunk(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	int error = 0;
	(void)out;
	if (in->bad || !fid)
		return in->bad ? EINVAL : ENOENT;
	if (fid->kind == P9_NEW_XATTR) {
		int object = fid->written == fid->size ? p9_object(server, fid) : -EINVAL;
		error = object < 0 ? -object
		                   : host_share_set_xattr(server->share, object, fid->name,
		                                          fid->size ? fid->bytes : NULL, fid->size, fid->flags);
		if (object >= 0 && !error)
			p9_touch(server, fid->path, object, TOUCH_CTIME);
		p9_release(fid, object);
	}
	p9_drop_fid(server, fid);
	return error;
}

/* ---- folders ---- */

/* Bytes that grow. */
struct p9_listing {
	uint8_t *bytes;
	size_t size, room;
	uint32_t *entries;
	size_t count;
};

static bool add_entry(struct p9_listing *listing, const char *name, const struct stat *status, struct p9_qid qid)
{
	size_t size = ENTRY_HEADER + strlen(name);
	if (listing->room - listing->size < size) {
		size_t room = 2 * listing->room + size;
		uint8_t *bytes = room <= UINT32_MAX ? realloc(listing->bytes, room) : NULL;
		if (!bytes)
			return false;
		listing->bytes = bytes;
		listing->room = room;
	}
	struct p9_out out = {.bytes = listing->bytes + listing->size, .size = (uint32_t)size};
	p9_put_qid(&out, qid);
	p9_put64(&out, listing->count + 1);
	p9_put8(&out, (uint8_t)(status->st_mode >> 12 & 15));
	p9_put_text(&out, name, strlen(name));
	listing->entries[listing->count++] = (uint32_t)listing->size;
	listing->size += size;
	return true;
}

/* What is gone meanwhile is left out. */
static bool add_named(struct p9_server *server, struct p9_listing *listing, const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat status;
	struct p9_qid qid;
	if (p9_join(path, folder, name) != 0 || p9_status_at(server, path, &status, &qid) != 0)
		return true;
	return add_entry(listing, name, &status, qid);
}

static bool add_dots(struct p9_server *server, struct p9_listing *listing, const char *folder)
{
	char above[PATH_MAX];
	struct stat status;
	struct p9_qid qid;
	size_t length = strlen(folder);
	if (length >= sizeof(above) || p9_status_at(server, folder, &status, &qid) != 0)
		return true;
	if (!add_entry(listing, ".", &status, qid))
		return false;
	char *slash = strrchr(strcpy(above, folder), '/');
	*(slash ? slash : above) = '\0';
	return p9_status_at(server, above, &status, &qid) != 0 || add_entry(listing, "..", &status, qid);
}

static int list_folder(struct p9_server *server, struct p9_fid *fid)
{
	struct share_names names;
	struct p9_listing listing = {0};
	int object = host_share_find(server->share, fid->path);
	int error = object < 0 ? -object : host_share_list(server->share, object, &names);
	if (object >= 0)
		close(object);
	if (error)
		return error;
	listing.entries = calloc(names.count + 2, sizeof(*listing.entries));
	bool good = listing.entries && add_dots(server, &listing, fid->path);
	for (size_t i = 0; good && i < names.count; i++)
		good = add_named(server, &listing, fid->path, names.names[i]);
	share_names_free(&names);
	if (good)
		return p9_fid_hold(&server->fids, fid, listing.bytes, listing.size, listing.entries, listing.count)
		           ? 0
		           : ENOMEM;
	free(listing.bytes);
	free(listing.entries);
	return ENOMEM;
}

/* An offset is the number of entries before. What is in the folder is looked at when it is read from the start, and stays. */
int p9_do_readdir(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	uint64_t offset = p9_get64(in);
	uint32_t count = fitting(server, out, p9_get32(in));
	if (in->bad || !fid)
		return EINVAL;
	if (fid->kind != P9_FOLDER)
		return ENOTDIR;
	int error = offset == 0 || !fid->entries ? list_folder(server, fid) : 0;
	if (error)
		return error;
	size_t first = offset < fid->entry_count ? (size_t)offset : fid->entry_count, last = first;
	size_t from = first < fid->entry_count ? fid->entries[first] : fid->size, to = from;
	for (; last < fid->entry_count; last++) {
		size_t end = last + 1 < fid->entry_count ? fid->entries[last + 1] : fid->size;
		if (end - from > count)
			break;
		to = end;
	}
	p9_put32(out, (uint32_t)(to - from));
	if (to > from)
		p9_put_bytes(out, fid->bytes + from, (uint32_t)(to - from));
	return 0;
}

/* ---- locks: one guest, whose kernel keeps them ---- */

int p9_do_lock(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	p9_get8(in);
	uint32_t flags = p9_get32(in);
	p9_get64(in);
	p9_get64(in);
	p9_get32(in);
	p9_get_text(in);
	if (in->bad || flags & ~(uint32_t)LOCK_BLOCK)
		return EINVAL;
	p9_put8(out, LOCK_SUCCESS);
	return fid ? 0 : ENOENT;
}

int p9_do_getlock(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	p9_get8(in);
	uint64_t start = p9_get64(in), length = p9_get64(in);
	uint32_t process = p9_get32(in);
	struct p9_text client = p9_get_text(in);
	if (in->bad)
		return EINVAL;
	p9_put8(out, LOCK_NONE);
	p9_put64(out, start);
	p9_put64(out, length);
	p9_put32(out, process);
	p9_put_text(out, client.bytes, client.size);
	return fid ? 0 : ENOENT;
}
