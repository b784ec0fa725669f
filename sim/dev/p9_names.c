/* 9P: what finds, makes, renames and removes names. */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "dev/p9_parts.h"

enum { UNLINK_FOLDER = 0x200 };

/* There is no authentication, and one folder whatever it is called. */
int p9_do_attach(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	struct stat status;
	struct p9_qid qid = {0};
	uint32_t number = p9_get32(in);
	p9_get32(in);
	p9_get_text(in);
	p9_get_text(in);
	uint32_t uid = p9_get32(in);
	if (in->bad)
		return EINVAL;
	int error = p9_status_at(server, "", &status, &qid);
	if (!error)
		p9_fid_add(&server->fids, number, "", uid, &error);
	p9_put_qid(out, qid);
	return error;
}

/* One step from `path`, whose status is known, to what becomes it. */
static int walk_step(struct p9_server *server, struct p9_text text, char path[PATH_MAX], struct stat *status,
                     struct p9_qid *qid)
{
	char name[NAME_MAX + 1], next[PATH_MAX];
	int error = p9_name(server, text, name);
	if (error)
		return error;
	if (!S_ISDIR(status->st_mode))
		return ENOTDIR;
	if (strcmp(name, "..") == 0) {
		char *slash = strrchr(strcpy(next, path), '/');
		*(slash ? slash : next) = '\0'; /* above the folder is the folder */
	} else if (strcmp(name, ".") == 0) {
		strcpy(next, path);
	} else if (p9_join(next, path, name) != 0) {
		return ENAMETOOLONG;
	}
	error = p9_status_at(server, next, status, qid);
	if (!error)
		strcpy(path, next);
	return error;
}

/* As far as it goes: fewer qids than names say that it did not go on, and there is no new fid then. */
static int walk_names(struct p9_server *server, const struct p9_text *names, unsigned count, char path[PATH_MAX],
                      struct p9_qid *qids, unsigned *done)
{
	struct stat status;
	*done = 0;
	int error = count ? p9_status_at(server, path, &status, NULL) : 0;
	while (!error && *done < count) {
		error = walk_step(server, names[*done], path, &status, &qids[*done]);
		*done += !error;
	}
	return *done ? 0 : error;
}

int p9_do_walk(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	struct p9_text names[P9_WALK_NAMES];
	struct p9_qid qids[P9_WALK_NAMES];
	char path[PATH_MAX];
	unsigned done;
	uint32_t number = p9_get32(in), new_number = p9_get32(in);
	unsigned count = p9_get16(in);
	if (in->bad || count > P9_WALK_NAMES)
		return EINVAL;
	for (unsigned i = 0; i < count; i++)
		names[i] = p9_get_text(in);
	struct p9_fid *fid = p9_fid_find(&server->fids, number);
	if (in->bad || (fid && number == new_number && fid->kind != P9_PLAIN))
		return EINVAL;
	if (!fid)
		return ENOENT;
	if (strlen(fid->path) >= sizeof(path))
		return ENAMETOOLONG;
	int error = walk_names(server, names, count, strcpy(path, fid->path), qids, &done);
	if (!error && done == count && number != new_number)
		p9_fid_add(&server->fids, new_number, path, fid->uid, &error);
	else if (!error && done == count && !p9_fid_move(&server->fids, fid, path))
		error = ENOMEM;
	p9_put16(out, (uint16_t)done);
	for (unsigned i = 0; i < done; i++)
		p9_put_qid(out, qids[i]);
	return error;
}

/* ---- making ---- */

static int make_entry_of(struct p9_server *server, const struct p9_fid *folder, const char *name,
                         const struct share_creation *what, struct p9_out *out)
{
	char path[PATH_MAX];
	struct stat status;
	struct p9_qid qid = {0};
	int file, error = p9_join(path, folder->path, name);
	if (!error)
		error = host_share_make(server->share, folder->path, name, what, &file);
	if (error)
		return error;
	p9_touch_at(server, path, TOUCH_ALL);
	p9_touch_at(server, folder->path, TOUCH_CONTENTS);
	error = p9_status_at(server, path, &status, &qid);
	p9_put_qid(out, qid);
	return error;
}

/* Which folder, and what is to be made in it: what all these requests have in common. */
static int check_folder(const struct p9_server *server, const struct p9_in *in, uint32_t number, struct p9_text text,
                        char name[NAME_MAX + 1], struct p9_fid **folder)
{
	if (in->bad)
		return EINVAL;
	*folder = p9_fid_find(&server->fids, number);
	return *folder ? p9_new_name(server, text, name) : ENOENT;
}

int p9_do_mkdir(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1];
	struct p9_fid *folder;
	uint32_t number = p9_get32(in);
	struct p9_text text = p9_get_text(in);
	uint32_t mode = p9_get32(in), gid = p9_get32(in);
	int error = check_folder(server, in, number, text, name, &folder);
	if (error)
		return error;
	struct share_creation what = {.mode = S_IFDIR | (mode & 07777), .uid = folder->uid, .gid = gid};
	return make_entry_of(server, folder, name, &what, out);
}

int p9_do_symlink(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1], target[PATH_MAX];
	struct p9_fid *folder;
	uint32_t number = p9_get32(in);
	struct p9_text text = p9_get_text(in), leads_to = p9_get_text(in);
	uint32_t gid = p9_get32(in);
	int error = check_folder(server, in, number, text, name, &folder);
	if (error)
		return error;
	if (leads_to.size >= sizeof(target))
		return ENAMETOOLONG;
	if (leads_to.size == 0 || memchr(leads_to.bytes, '\0', leads_to.size))
		return ENOENT;
	memcpy(target, leads_to.bytes, leads_to.size);
	target[leads_to.size] = '\0';
	struct share_creation what = {.mode = S_IFLNK | 0777, .uid = folder->uid, .gid = gid, .target = target};
	return make_entry_of(server, folder, name, &what, out);
}

int p9_do_mknod(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1];
	struct p9_fid *folder;
	uint32_t number = p9_get32(in);
	struct p9_text text = p9_get_text(in);
	uint32_t mode = p9_get32(in), major = p9_get32(in), minor = p9_get32(in), gid = p9_get32(in);
	int error = check_folder(server, in, number, text, name, &folder);
	if (error)
		return error;
	uint32_t type = mode & S_IFMT;
	if (type == S_IFDIR || type == S_IFLNK)
		return EINVAL;
	struct share_creation what = {
	    .mode = (type ? type : S_IFREG) | (mode & 07777),
	    .uid = folder->uid,
	    .gid = gid,
	    .device = makedev(major, minor),
	};
	return make_entry_of(server, folder, name, &what, out);
}

int p9_do_link(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1], path[PATH_MAX];
	struct p9_fid *folder;
	uint32_t folder_number = p9_get32(in), number = p9_get32(in);
	struct p9_text text = p9_get_text(in);
	(void)out;
	int error = check_folder(server, in, folder_number, text, name, &folder);
	const struct p9_fid *fid = error ? NULL : p9_fid_find(&server->fids, number);
	if (error || !fid)
		return error ? error : ENOENT;
	error = p9_join(path, folder->path, name);
	int object = error ? -error : p9_object(server, fid);
	if (object < 0)
		return -object;
	error = host_share_link(server->share, object, fid->path, folder->path, name);
	if (!error)
		p9_touch(server, fid->path, object, TOUCH_CTIME);
	p9_release(fid, object);
	if (!error)
		p9_touch_at(server, folder->path, TOUCH_CONTENTS);
	return error;
}

/* ---- removing and renaming ---- */

/* A name of a file has gone. What the host gives its number to, once nobody has it open, is another file. */
static void forget_name(struct p9_server *server, const char *path, const struct stat *before, bool folder, int object)
{
	p9_fids_unlinked(&server->fids, path);
	if (folder || (before->st_nlink <= 1 && !p9_is_held(server, before)))
		share_nodes_forget(server->nodes, before);
	else
		p9_touch(server, path, object, TOUCH_CTIME);
}

static int unlink_path(struct p9_server *server, const char *folder, const char *name, int is_folder)
{
	char path[PATH_MAX];
	struct stat before;
	int error = p9_join(path, folder, name), object = error ? -error : host_share_find(server->share, path);
	if (object < 0)
		return -object;
	bool is_one = fstat(object, &before) == 0 && S_ISDIR(before.st_mode);
	error = host_share_unlink(server->share, folder, name, is_folder < 0 ? is_one : is_folder);
	if (!error) {
		forget_name(server, path, &before, is_one, object);
		p9_touch_at(server, folder, TOUCH_CONTENTS);
	}
	close(object);
	return error;
}

int p9_do_unlinkat(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1];
	uint32_t number = p9_get32(in);
	struct p9_text text = p9_get_text(in);
	uint32_t flags = p9_get32(in);
	(void)out;
	if (in->bad || flags & ~(uint32_t)UNLINK_FOLDER)
		return EINVAL;
	const struct p9_fid *folder = p9_fid_find(&server->fids, number);
	int error = folder ? p9_name(server, text, name) : ENOENT;
	if (error)
		return error;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return name[1] ? ENOTEMPTY : EINVAL;
	return unlink_path(server, folder->path, name, flags != 0);
}

/* A path's folder, and its name there. */
static int split_path(const char *path, char folder[PATH_MAX], const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (*path == '\0')
		return EBUSY; /* the shared folder itself */
	if (length >= PATH_MAX)
		return ENAMETOOLONG;
	memcpy(folder, path, length);
	folder[length] = '\0';
	*name = slash ? slash + 1 : path;
	return 0;
}

/* The fid goes, whether the file does or not. */
int p9_do_remove(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char folder[PATH_MAX];
	const char *name;
	struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	(void)out;
	if (in->bad || !fid)
		return in->bad ? EINVAL : ENOENT;
	int error = fid->gone ? ENOENT : split_path(fid->path, folder, &name);
	if (!error)
		error = unlink_path(server, folder, name, -1);
	p9_drop_fid(server, fid);
	return error;
}

static int rename_path(struct p9_server *server, const char *folder, const char *name, const char *new_folder,
                       const char *new_name)
{
	char path[PATH_MAX], new_path[PATH_MAX];
	struct stat moved, before;
	int error = p9_join(path, folder, name);
	if (!error)
		error = p9_join(new_path, new_folder, new_name);
	if (!error)
		error = p9_status_at(server, path, &moved, NULL);
	if (error)
		return error;
	int object = host_share_find(server->share, new_path);
	bool replaces = object >= 0 && fstat(object, &before) == 0;
	bool same = replaces && before.st_dev == moved.st_dev && before.st_ino == moved.st_ino;
	error = same ? 0 : host_share_rename(server->share, folder, name, new_folder, new_name);
	if (!error && !same) {
		if (replaces)
			forget_name(server, new_path, &before, S_ISDIR(before.st_mode), object);
		p9_fids_renamed(&server->fids, path, new_path);
		share_nodes_move(server->nodes, path, new_path);
		p9_touch_at(server, new_path, TOUCH_CTIME);
		p9_touch_at(server, folder, TOUCH_CONTENTS);
		p9_touch_at(server, new_folder, TOUCH_CONTENTS);
	}
	if (object >= 0)
		close(object);
	return error;
}

static int check_renamed(const struct p9_server *server, struct p9_text text, char name[NAME_MAX + 1])
{
	int error = p9_new_name(server, text, name);
	return error == EEXIST ? EISDIR : error;
}

int p9_do_renameat(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_MAX + 1], new_name[NAME_MAX + 1], folder[PATH_MAX], new_folder[PATH_MAX];
	const struct p9_fid *from = p9_fid_find(&server->fids, p9_get32(in));
	struct p9_text text = p9_get_text(in);
	const struct p9_fid *to = p9_fid_find(&server->fids, p9_get32(in));
	struct p9_text new_text = p9_get_text(in);
	(void)out;
	if (in->bad || !from || !to)
		return in->bad ? EINVAL : ENOENT;
	int error = check_renamed(server, text, name);
	if (!error)
		error = check_renamed(server, new_text, new_name);
	if (!error && (strlen(from->path) >= PATH_MAX || strlen(to->path) >= PATH_MAX))
		error = ENAMETOOLONG;
	if (error)
		return error;
	/* copies, for the paths of fids change */
	return rename_path(server, strcpy(folder, from->path), name, strcpy(new_folder, to->path), new_name);
}

int p9_do_rename(struct p9_server *server, struct p9_in *in, struct p9_out *out)
{
	char folder[PATH_MAX], name[PATH_MAX], new_folder[PATH_MAX], new_name[NAME_MAX + 1];
	const char *last;
	const struct p9_fid *fid = p9_fid_find(&server->fids, p9_get32(in));
	const struct p9_fid *to = p9_fid_find(&server->fids, p9_get32(in));
	struct p9_text text = p9_get_text(in);
	(void)out;
	if (in->bad || !fid || !to)
		return in->bad ? EINVAL : ENOENT;
	int error = check_renamed(server, text, new_name);
	if (!error && (strlen(fid->path) >= PATH_MAX || strlen(to->path) >= PATH_MAX))
		error = ENAMETOOLONG;
	if (!error)
		error = fid->gone ? ENOENT : split_path(fid->path, folder, &last);
	if (error)
		return error;
	return rename_path(server, folder, strcpy(name, last), strcpy(new_folder, to->path), new_name);
}
