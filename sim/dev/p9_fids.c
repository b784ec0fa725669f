#include "dev/p9_fids.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/state.h"
#include "dev/host_share.h"
#include "dev/share_nodes.h"

enum { FIDS_MAX = 1 << 18, FIDS_OPEN_MAX = 4096, FIDS_MEMORY_MAX = 256 << 20 };

static int compare_fids(const void *left, const void *right)
{
	const struct p9_fid *one = left, *other = right;
	return one->number < other->number ? -1 : one->number > other->number;
}

static size_t memory_of(const struct p9_fid *fid)
{
	return sizeof(*fid) + strlen(fid->path) + fid->size + fid->entry_count * sizeof(*fid->entries) +
	       (fid->name ? strlen(fid->name) : 0);
}

struct p9_fid *p9_fid_find(const struct p9_fids *fids, uint32_t number)
{
	const struct p9_fid key = {.number = number};
	void *found = tfind(&key, &fids->tree, compare_fids);
	return found ? *(struct p9_fid **)found : NULL;
}

static void free_fid(void *node)
{
	struct p9_fid *fid = node;
	if (fid->file >= 0)
		close(fid->file);
	free(fid->path);
	free(fid->bytes);
	free(fid->entries);
	free(fid->name);
	free(fid);
}

struct p9_fid *p9_fid_add(struct p9_fids *fids, uint32_t number, const char *path, uint32_t uid, int *error)
{
	*error = p9_fid_find(fids, number) ? EINVAL : fids->count >= FIDS_MAX ? EMFILE : ENOMEM;
	if (*error != ENOMEM || fids->memory >= FIDS_MEMORY_MAX)
		return NULL;
	struct p9_fid *fid = calloc(1, sizeof(*fid));
	if (!fid)
		return NULL;
	*fid = (struct p9_fid){.number = number, .uid = uid, .file = -1, .path = strdup(path)};
	if (!fid->path || !tsearch(fid, &fids->tree, compare_fids)) {
		free_fid(fid);
		return NULL;
	}
	fids->count++;
	fids->memory += memory_of(fid);
	*error = 0;
	return fid;
}

bool p9_fid_move(struct p9_fids *fids, struct p9_fid *fid, const char *path)
{
	char *copy = strdup(path);
	if (!copy)
		return false;
	fids->memory -= memory_of(fid);
	free(fid->path);
	fid->path = copy;
	fids->memory += memory_of(fid);
	return true;
}

bool p9_fid_hold(struct p9_fids *fids, struct p9_fid *fid, uint8_t *bytes, size_t size, uint32_t *entries, size_t count)
{
	if (size + count * sizeof(*entries) > FIDS_MEMORY_MAX - (fids->memory < FIDS_MEMORY_MAX ? fids->memory : 0)) {
		free(bytes);
		free(entries);
		return false;
	}
	fids->memory -= memory_of(fid);
	free(fid->bytes);
	free(fid->entries);
	fid->bytes = bytes;
	fid->size = size;
	fid->entries = entries;
	fid->entry_count = count;
	fids->memory += memory_of(fid);
	return true;
}

bool p9_fids_may_open(const struct p9_fids *fids) { return fids->open < FIDS_OPEN_MAX; }

void p9_fid_opened(struct p9_fids *fids, struct p9_fid *fid, int file, int flags)
{
	fid->kind = P9_FILE;
	fid->file = file;
	fid->flags = flags;
	fids->open++;
}

void p9_fid_remove(struct p9_fids *fids, struct p9_fid *fid)
{
	tdelete(fid, &fids->tree, compare_fids);
	fids->count--;
	fids->open -= fid->file >= 0;
	fids->memory -= memory_of(fid);
	free_fid(fid);
}

void p9_fids_clear(struct p9_fids *fids)
{
	tdestroy(fids->tree, free_fid);
	*fids = (struct p9_fids){0};
}

/* ---- all of them ---- */

struct fid_walk {
	struct p9_fids *fids;
	const char *old, *new;
	struct state_writer *writer;
};

static struct p9_fid *visited(const void *place, VISIT visit)
{
	return visit == postorder || visit == leaf ? *(struct p9_fid *const *)place : NULL;
}

static void move_fid(const void *place, VISIT visit, void *closure)
{
	const struct fid_walk *walk = closure;
	struct p9_fid *fid = visited(place, visit);
	char *moved = fid && !fid->gone ? share_path_moved(fid->path, walk->old, walk->new) : NULL;
	if (moved)
		p9_fid_move(walk->fids, fid, moved);
	free(moved);
}

void p9_fids_renamed(struct p9_fids *fids, const char *old, const char *new)
{
	struct fid_walk walk = {.fids = fids, .old = old, .new = new};
	twalk_r(fids->tree, move_fid, &walk);
}

static void mark_fid(const void *place, VISIT visit, void *closure)
{
	const struct fid_walk *walk = closure;
	struct p9_fid *fid = visited(place, visit);
	if (fid && fid->file >= 0 && strcmp(fid->path, walk->old) == 0)
		fid->gone = true;
}

void p9_fids_unlinked(struct p9_fids *fids, const char *path)
{
	struct fid_walk walk = {.old = path};
	twalk_r(fids->tree, mark_fid, &walk);
}

struct nameless_walk {
	void (*visit)(void *context, const struct stat *status);
	void *context;
};

static void visit_nameless(const void *place, VISIT visit, void *closure)
{
	const struct nameless_walk *walk = closure;
	const struct p9_fid *fid = visited(place, visit);
	struct stat status;
	if (fid && fid->gone && fstat(fid->file, &status) == 0 && status.st_nlink == 0)
		walk->visit(walk->context, &status);
}

void p9_fids_nameless(const struct p9_fids *fids, void (*visit)(void *context, const struct stat *status),
                      void *context)
{
	struct nameless_walk walk = {visit, context};
	twalk_r(fids->tree, visit_nameless, &walk);
}

/* ---- state ---- */

static void write_bytes(struct state_writer *writer, const void *bytes, size_t size)
{
	state_write_u64(writer, size);
	state_write(writer, bytes, size);
}

static void save_fid(const void *place, VISIT visit, void *closure)
{
	struct state_writer *writer = ((struct fid_walk *)closure)->writer;
	const struct p9_fid *fid = visited(place, visit);
	if (!fid)
		return;
	state_write_u64(writer, fid->number);
	state_write_u64(writer, fid->uid);
	state_write_u64(writer, fid->kind);
	state_write_u64(writer, (uint64_t)fid->flags);
	state_write_u64(writer, fid->gone);
	write_bytes(writer, fid->path, strlen(fid->path));
	write_bytes(writer, fid->name ? fid->name : "", fid->name ? strlen(fid->name) : 0);
	state_write_u64(writer, fid->written);
	write_bytes(writer, fid->bytes, fid->size);
	state_write_u64(writer, fid->entry_count);
	for (size_t i = 0; i < fid->entry_count; i++)
		state_write_u64(writer, fid->entries[i]);
}

void p9_fids_save(const struct p9_fids *fids, struct state_writer *writer)
{
	struct fid_walk walk = {.writer = writer};
	state_write_u64(writer, fids->count);
	twalk_r(fids->tree, save_fid, &walk);
}

/* What it holds: sizes are at most what there is left to read. */
static bool restore_held(struct p9_fids *fids, struct p9_fid *fid, struct state_reader *reader)
{
	size_t written = (size_t)state_read_u64(reader), size = (size_t)state_read_limited(reader, reader->size);
	uint8_t *bytes = malloc(size + 1);
	if (!bytes)
		return state_refuse(reader, "virtio: out of memory");
	state_read(reader, bytes, size);
	size_t count = (size_t)state_read_limited(reader, reader->size / sizeof(uint64_t));
	uint32_t *entries = calloc(count + 1, sizeof(*entries));
	for (size_t i = 0; entries && i < count; i++)
		entries[i] = (uint32_t)state_read_limited(reader, size);
	if (!entries || written > size || reader->failed) {
		free(bytes);
		free(entries);
		return reader->failed ? false : state_refuse(reader, "virtio: a number is out of range");
	}
	if (count == 0) { /* no folder that has been read is without */
		free(entries);
		entries = NULL;
	}
	fid->written = written;
	return p9_fid_hold(fids, fid, bytes, size, entries, count) || state_refuse(reader, "virtio: out of memory");
}

/* A text without zeros, of at most `limit` bytes. */
static void restore_text(struct state_reader *reader, char *text, size_t limit)
{
	size_t size = (size_t)state_read_limited(reader, limit);
	memset(text, 0, limit + 1);
	state_read(reader, text, size);
}

static bool restore_fid(struct p9_fids *fids, struct state_reader *reader,
                        bool (*open)(void *context, struct p9_fid *fid, int *file), void *context)
{
	char path[PATH_MAX], name[256];
	int error, file;
	uint32_t number = (uint32_t)state_read_limited(reader, UINT32_MAX);
	uint32_t uid = (uint32_t)state_read_limited(reader, UINT32_MAX);
	enum p9_kind kind = (enum p9_kind)state_read_limited(reader, P9_NEW_XATTR);
	int flags = (int)state_read_limited(reader, INT_MAX);
	bool gone = state_read_limited(reader, 1);
	restore_text(reader, path, sizeof(path) - 1);
	restore_text(reader, name, sizeof(name) - 1);
	struct p9_fid *fid = reader->failed ? NULL : p9_fid_add(fids, number, path, uid, &error);
	if (!fid)
		return reader->failed ? false : state_refuse(reader, "virtio: a file of the guest's is there twice");
	fid->flags = flags;
	fid->kind = kind;
	fid->name = kind == P9_NEW_XATTR ? strdup(name) : NULL;
	if (kind == P9_NEW_XATTR && !fid->name)
		return state_refuse(reader, "virtio: out of memory");
	fids->memory += fid->name ? strlen(name) : 0;
	if (!restore_held(fids, fid, reader))
		return false;
	if (kind != P9_FILE)
		return true;
	if (gone || !open(context, fid, &file))
		return state_refuse(reader, "virtio: a file that the guest has open is in the shared folder no more");
	p9_fid_opened(fids, fid, file, flags);
	return true;
}

bool p9_fids_restore(struct p9_fids *fids, struct state_reader *reader,
                     bool (*open)(void *context, struct p9_fid *fid, int *file), void *context)
{
	p9_fids_clear(fids);
	uint64_t count = state_read_limited(reader, FIDS_MAX);
	for (uint64_t i = 0; i < count && !reader->failed; i++)
		if (!restore_fid(fids, reader, open, context))
			break;
	return !reader->failed;
}
