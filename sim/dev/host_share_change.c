/* Shared folders: what changes them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "dev/host_share_parts.h"

enum { PERMISSIONS = 07777 };

/* A folder that may be changed: a descriptor, or a negative errno. */
static int open_to_change(const struct host_share *share, const char *folder)
{
	return share->config.read_only ? -EROFS : host_share_find(share, folder);
}

static int join_path(char path[PATH_MAX], const char *folder, const char *name)
{
	int length = snprintf(path, PATH_MAX, "%s%s%s", folder, *folder ? "/" : "", name);
	return length < PATH_MAX ? 0 : ENAMETOOLONG;
}

/* ---- making ---- */

/* A regular file that holds `text`, if that is not NULL: stands for anything where things are mapped. */
static int make_file(int folder, const char *name, uint32_t mode, int flags, const char *text, int *file)
{
	*file = openat(folder, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & PERMISSIONS);
	if (*file < 0)
		return errno;
	if (!text || pwrite(*file, text, strlen(text), 0) == (ssize_t)strlen(text))
		return 0;
	int error = errno;
	close(*file);
	*file = -1;
	unlinkat(folder, name, 0);
	return error;
}

static int make_entry(const struct host_share *share, int folder, const char *name, const struct share_creation *what,
                      int *file)
{
	uint32_t type = what->mode & S_IFMT;
	bool mapped = share_is_mapped(share);
	if (type == S_IFDIR)
		return mkdirat(folder, name, mapped ? share->config.folder_mode : what->mode & PERMISSIONS) == 0
		           ? 0
		           : errno;
	if (mapped || type == S_IFREG) {
		int flags = what->opened ? what->flags & ~O_TRUNC : O_WRONLY;
		uint32_t mode = mapped ? share->config.file_mode : what->mode;
		return make_file(folder, name, mode, flags, type == S_IFLNK ? what->target : NULL, file);
	}
	if (type == S_IFLNK)
		return symlinkat(what->target, folder, name) == 0 ? 0 : errno;
	if (type != S_IFIFO && type != S_IFSOCK)
		return EPERM; /* a device of the host's is not the guest's to open */
	return mknodat(folder, name, what->mode, 0) == 0 ? 0 : errno;
}

/* What has just been made gets its owner and mode. */
static int settle_entry(const struct host_share *share, const char *path, int object, const struct share_creation *what)
{
	char by_object[OBJECT_PATH];
	struct share_mapping mapping = {
	    .has_uid = true,
	    .has_gid = true,
	    .has_mode = true,
	    .has_device = S_ISCHR(what->mode) || S_ISBLK(what->mode),
	    .uid = what->uid,
	    .gid = what->gid,
	    .mode = what->mode,
	    .device = what->device,
	};
	if (share_is_mapped(share))
		return share_mapping_set(share, path, object, &mapping);
	if (fchownat(object, "", what->uid, what->gid, AT_EMPTY_PATH) != 0 && share->config.model == SHARE_PASSTHROUGH)
		return errno;
	share_object_path(by_object, object);
	return S_ISLNK(what->mode) || chmod(by_object, what->mode & PERMISSIONS) == 0 ? 0 : errno;
}

static int make_in(const struct host_share *share, int folder, const char *path, const char *name,
                   const struct share_creation *what, int *file)
{
	int error = make_entry(share, folder, name, what, file);
	if (error)
		return error;
	int object = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	error = object < 0 ? errno : settle_entry(share, path, object, what);
	if (object >= 0)
		close(object);
	if (error)
		unlinkat(folder, name, S_ISDIR(what->mode) ? AT_REMOVEDIR : 0);
	if (*file >= 0 && (error || !what->opened)) {
		close(*file);
		*file = -1;
	}
	return error;
}

int host_share_make(const struct host_share *share, const char *folder, const char *name,
                    const struct share_creation *what, int *file)
{
	char path[PATH_MAX];
	*file = -1;
	int error = join_path(path, folder, name), at = error ? -error : open_to_change(share, folder);
	if (at < 0)
		return -at;
	error = make_in(share, at, path, name, what, file);
	if (error == EEXIST && what->opened && !(what->flags & O_EXCL)) {
		int object = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		error = object < 0 ? errno : host_share_open_file(share, object, what->flags, file);
		if (object >= 0)
			close(object);
	}
	close(at);
	return error;
}

/* ---- names ---- */

int host_share_link(const struct host_share *share, int object, const char *path, const char *folder, const char *name)
{
	char by_object[OBJECT_PATH], old_folder[PATH_MAX];
	int at = open_to_change(share, folder);
	if (at < 0)
		return -at;
	share_object_path(by_object, object);
	int error = linkat(AT_FDCWD, by_object, at, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
	const char *slash = strrchr(path, '/');
	snprintf(old_folder, sizeof(old_folder), "%.*s", slash ? (int)(slash - path) : 0, path);
	int from = error ? -1 : host_share_find(share, old_folder);
	if (from >= 0) {
		error = share_mapping_move(share, from, slash ? slash + 1 : path, at, name, true);
		close(from);
	}
	close(at);
	return error;
}

int host_share_rename(const struct host_share *share, const char *folder, const char *name, const char *new_folder,
                      const char *new_name)
{
	struct stat status;
	int from = open_to_change(share, folder), to = from < 0 ? -1 : host_share_find(share, new_folder);
	int error = from < 0 ? -from : to < 0 ? -to : 0;
	if (!error && fstatat(to, new_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
		share_mapping_clear(share, to, new_name);
	if (!error && renameat(from, name, to, new_name) != 0)
		error = errno;
	if (!error)
		error = share_mapping_move(share, from, name, to, new_name, false);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return error;
}

int host_share_unlink(const struct host_share *share, const char *folder, const char *name, bool is_folder)
{
	int at = open_to_change(share, folder);
	if (at < 0)
		return -at;
	if (is_folder)
		share_mapping_clear(share, at, name);
	int error = unlinkat(at, name, is_folder ? AT_REMOVEDIR : 0) == 0 ? 0 : errno;
	if (!error)
		error = share_mapping_move(share, at, name, -1, NULL, false);
	close(at);
	return error;
}

/* ---- attributes ---- */

int host_share_set_mode(const struct host_share *share, const char *path, int object, uint32_t mode)
{
	char by_object[OBJECT_PATH];
	struct stat status;
	if (share->config.read_only)
		return EROFS;
	int error = host_share_stat(share, path, object, &status);
	if (error)
		return error;
	if (share_is_mapped(share)) {
		struct share_mapping mapping = {.has_mode = true,
		                                .mode = (status.st_mode & S_IFMT) | (mode & PERMISSIONS)};
		return share_mapping_set(share, path, object, &mapping);
	}
	if (S_ISLNK(status.st_mode))
		return EOPNOTSUPP;
	share_object_path(by_object, object);
	return chmod(by_object, mode & PERMISSIONS) == 0 ? 0 : errno;
}

int host_share_set_owner(const struct host_share *share, const char *path, int object, uint32_t uid, uint32_t gid)
{
	struct share_mapping mapping = {
	    .has_uid = uid != UINT32_MAX, .has_gid = gid != UINT32_MAX, .uid = uid, .gid = gid};
	if (share->config.read_only)
		return EROFS;
	if (share_is_mapped(share))
		return share_mapping_set(share, path, object, &mapping);
	bool done = fchownat(object, "", uid, gid, AT_EMPTY_PATH) == 0;
	return done || share->config.model == SHARE_NONE ? 0 : errno;
}

int host_share_set_size(const struct host_share *share, int object, uint64_t size)
{
	if (size > INT64_MAX)
		return EFBIG;
	if (ftruncate(object, (off_t)size) ==
	    0) /* open to be written: the guest may, whatever the file's mode says now */
		return 0;
	int file, error = host_share_open_file(share, object, O_WRONLY, &file);
	if (error)
		return error;
	error = ftruncate(file, (off_t)size) == 0 ? 0 : errno;
	close(file);
	return error;
}

int host_share_set_times(const struct host_share *share, int object, const struct timespec times[2])
{
	char by_object[OBJECT_PATH];
	if (share->config.read_only)
		return EROFS;
	share_object_path(by_object, object);
	return utimensat(AT_FDCWD, by_object, times, 0) == 0 ? 0 : errno;
}

/* ---- extended attributes ---- */

/* Others are the host's security, which is none of the guest's. */
static int check_xattr(const struct host_share *share, const char *name)
{
	if (share_mapping_owns_xattr(share, name))
		return ENODATA;
	bool open = strncmp(name, "user.", 5) == 0 || strncmp(name, "system.posix_acl_", 17) == 0;
	return open ? 0 : EOPNOTSUPP;
}

int host_share_get_xattr(const struct host_share *share, int object, const char *name, uint8_t **value, size_t *size)
{
	char by_object[OBJECT_PATH];
	int error = check_xattr(share, name);
	if (error)
		return error;
	*value = malloc(SHARE_XATTR_BYTES);
	if (!*value)
		return ENOMEM;
	share_object_path(by_object, object);
	ssize_t got = getxattr(by_object, name, *value, SHARE_XATTR_BYTES);
	if (got >= 0) {
		*size = (size_t)got;
		return 0;
	}
	error = errno;
	free(*value);
	return error;
}

static int compare_words(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The names of `list` that the guest may see, in order, to `names`, which has as much room. */
static size_t sort_xattrs(const struct host_share *share, const char *list, size_t size, const char **words,
                          uint8_t *names)
{
	size_t count = 0, length = 0;
	for (const char *name = list; name < list + size; name += strlen(name) + 1)
		if (check_xattr(share, name) == 0)
			words[count++] = name;
	if (count)
		qsort(words, count, sizeof(*words), compare_words);
	for (size_t i = 0; i < count; i++) {
		memcpy(names + length, words[i], strlen(words[i]) + 1);
		length += strlen(words[i]) + 1;
	}
	return length;
}

int host_share_list_xattrs(const struct host_share *share, int object, uint8_t **names, size_t *size)
{
	char by_object[OBJECT_PATH];
	char *list = malloc(SHARE_XATTR_BYTES);
	const char **words = malloc(SHARE_XATTR_BYTES / 2 * sizeof(*words));
	int error = 0;
	*names = malloc(SHARE_XATTR_BYTES);
	share_object_path(by_object, object);
	ssize_t got = list && words && *names ? listxattr(by_object, list, SHARE_XATTR_BYTES) : -1;
	if (!list || !words || !*names)
		error = ENOMEM;
	else if (got < 0)
		error = errno;
	else
		*size = sort_xattrs(share, list, (size_t)got, words, *names);
	if (error)
		free(*names);
	free(list);
	free(words);
	return error;
}

int host_share_set_xattr(const struct host_share *share, int object, const char *name, const void *value, size_t size,
                         int flags)
{
	char by_object[OBJECT_PATH];
	int error = share->config.read_only ? EROFS : check_xattr(share, name);
	if (error)
		return error == ENODATA ? EPERM : error;
	share_object_path(by_object, object);
	int result = value ? setxattr(by_object, name, value, size, flags) : removexattr(by_object, name);
	return result == 0 ? 0 : errno;
}
