/*
 * Owners, modes and device numbers that the guest gives and the host does not: as extended attributes user.virtfs.*, or as
 * lines "virtfs.uid=0" of a file of the same name in a folder .virtfs_metadata beside it. The formats are QEMU's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "dev/host_share_parts.h"

enum { METADATA_BYTES = 256 };

static const char prefix[] = "user.virtfs.", metadata_folder[] = ".virtfs_metadata",
		  metadata_root[] = ".virtfs_metadata_root";

bool share_mapping_owns(const struct host_share *share, const char *name)
{
	return share->config.model == SHARE_MAPPED_FILE &&
	       (strcmp(name, metadata_folder) == 0 || strcmp(name, metadata_root) == 0);
}

bool share_mapping_owns_xattr(const struct host_share *share, const char *name)
{
	return share->config.model == SHARE_MAPPED_XATTR && strncmp(name, prefix, strlen(prefix)) == 0;
}

/* ---- attributes ---- */

/* 0 bytes where there is none. */
static int get_attribute(const char *path, const char *name, void *value, size_t size, bool *there)
{
	ssize_t got = getxattr(path, name, value, size);
	*there = got == (ssize_t)size;
	return got >= 0 || errno == ENODATA || errno == ENOTSUP ? 0 : errno;
}

static int get_attributes(int object, struct share_mapping *mapping)
{
	char path[OBJECT_PATH];
	share_object_path(path, object);
	int error = get_attribute(path, "user.virtfs.uid", &mapping->uid, 4, &mapping->has_uid);
	if (!error)
		error = get_attribute(path, "user.virtfs.gid", &mapping->gid, 4, &mapping->has_gid);
	if (!error)
		error = get_attribute(path, "user.virtfs.mode", &mapping->mode, 4, &mapping->has_mode);
	return error ? error : get_attribute(path, "user.virtfs.rdev", &mapping->device, 8, &mapping->has_device);
}

static int set_attribute(bool has, const char *path, const char *name, const void *value, size_t size)
{
	return !has || setxattr(path, name, value, size, 0) == 0 ? 0 : errno;
}

static int set_attributes(int object, const struct share_mapping *mapping)
{
	char path[OBJECT_PATH];
	share_object_path(path, object);
	int error = set_attribute(mapping->has_uid, path, "user.virtfs.uid", &mapping->uid, 4);
	if (!error)
		error = set_attribute(mapping->has_gid, path, "user.virtfs.gid", &mapping->gid, 4);
	if (!error)
		error = set_attribute(mapping->has_mode, path, "user.virtfs.mode", &mapping->mode, 4);
	return error ? error : set_attribute(mapping->has_device, path, "user.virtfs.rdev", &mapping->device, 8);
}

/* ---- files ---- */

/* The file of metadata of the one that is called `name` in `folder`, or the folder that is shared: a descriptor, or a negative errno. */
static int open_metadata(int folder, const char *name, int flags)
{
	if (*name == '\0')
		return openat(folder, metadata_root, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (flags & O_CREAT && mkdirat(folder, metadata_folder, 0700) != 0 && errno != EEXIST)
		return -errno;
	int inside = openat(folder, metadata_folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inside < 0)
		return -errno;
	int file = openat(inside, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	int error = errno;
	close(inside);
	return file >= 0 ? file : -error;
}

/* The folder that a path's file is in, and its name there. */
static int open_folder_of(const struct host_share *share, const char *path, const char **name)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	*name = slash ? slash + 1 : path;
	if (length >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, length);
	folder[length] = '\0';
	return host_share_find(share, folder);
}

static void read_metadata(const char *text, struct share_mapping *mapping)
{
	uint64_t value;
	char name[8];
	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (sscanf(line, "virtfs.%7[a-z]=%" SCNu64, name, &value) != 2)
			continue;
		if (strcmp(name, "uid") == 0)
			mapping->has_uid = true, mapping->uid = (uint32_t)value;
		else if (strcmp(name, "gid") == 0)
			mapping->has_gid = true, mapping->gid = (uint32_t)value;
		else if (strcmp(name, "mode") == 0)
			mapping->has_mode = true, mapping->mode = (uint32_t)value;
		else if (strcmp(name, "rdev") == 0)
			mapping->has_device = true, mapping->device = value;
	}
}

static int get_metadata(const struct host_share *share, const char *path, struct share_mapping *mapping)
{
	const char *name;
	char text[METADATA_BYTES + 1];
	int folder = open_folder_of(share, path, &name);
	if (folder < 0)
		return folder == -ENOENT ? 0 : -folder; /* it is open, and gone */
	int file = open_metadata(folder, name, O_RDONLY);
	close(folder);
	if (file < 0)
		return 0;
	ssize_t got = pread(file, text, METADATA_BYTES, 0);
	close(file);
	text[got > 0 ? got : 0] = '\0';
	read_metadata(text, mapping);
	return 0;
}

static int write_metadata(int file, const struct share_mapping *mapping)
{
	char text[METADATA_BYTES];
	int length = 0;
	if (mapping->has_uid)
		length += sprintf(text + length, "virtfs.uid=%" PRIu32 "\n", mapping->uid);
	if (mapping->has_gid)
		length += sprintf(text + length, "virtfs.gid=%" PRIu32 "\n", mapping->gid);
	if (mapping->has_mode)
		length += sprintf(text + length, "virtfs.mode=%" PRIu32 "\n", mapping->mode);
	if (mapping->has_device)
		length += sprintf(text + length, "virtfs.rdev=%" PRIu64 "\n", mapping->device);
	return ftruncate(file, 0) == 0 && pwrite(file, text, (size_t)length, 0) == length ? 0 : errno;
}

/* What is kept in a folder is none of the guest's: no time of the folder tells of it. */
static void keep_times(int folder, const struct stat *before)
{
	char path[OBJECT_PATH];
	const struct timespec times[2] = {before->st_atim, before->st_mtim};
	share_object_path(path, folder);
	utimensat(AT_FDCWD, path, times, 0);
}

static int set_metadata(const struct host_share *share, const char *path, const struct share_mapping *mapping)
{
	const char *name;
	struct share_mapping all = {0};
	struct stat before;
	int error = get_metadata(share, path, &all);
	int folder = error ? -error : open_folder_of(share, path, &name);
	if (folder < 0)
		return -folder;
	if (mapping->has_uid)
		all.has_uid = true, all.uid = mapping->uid;
	if (mapping->has_gid)
		all.has_gid = true, all.gid = mapping->gid;
	if (mapping->has_mode)
		all.has_mode = true, all.mode = mapping->mode;
	if (mapping->has_device)
		all.has_device = true, all.device = mapping->device;
	bool known = fstat(folder, &before) == 0;
	int file = open_metadata(folder, name, O_RDWR | O_CREAT);
	if (known)
		keep_times(folder, &before);
	close(folder);
	if (file < 0)
		return -file;
	error = write_metadata(file, &all);
	close(file);
	return error;
}

/* The file of metadata that is called so is another's then. */
static bool has_no_name(int object)
{
	struct stat status;
	return fstat(object, &status) == 0 && status.st_nlink == 0;
}

int share_mapping_get(const struct host_share *share, const char *path, int object, struct share_mapping *mapping)
{
	*mapping = (struct share_mapping){0};
	switch (share->config.model) {
	case SHARE_MAPPED_XATTR: return get_attributes(object, mapping);
	case SHARE_MAPPED_FILE: return has_no_name(object) ? 0 : get_metadata(share, path, mapping);
	default: return 0;
	}
}

int share_mapping_set(const struct host_share *share, const char *path, int object, const struct share_mapping *mapping)
{
	switch (share->config.model) {
	case SHARE_MAPPED_XATTR: return set_attributes(object, mapping);
	case SHARE_MAPPED_FILE: return has_no_name(object) ? 0 : set_metadata(share, path, mapping);
	default: return 0;
	}
}

/* ---- names ---- */

/* The metadata of files in a folder: a descriptor, or a negative errno. */
static int find_metadata(int folder)
{
	int inside = openat(folder, metadata_folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return inside >= 0 ? inside : -errno;
}

static int drop_metadata(int folder, const char *name)
{
	int inside = find_metadata(folder);
	if (inside < 0)
		return -inside;
	int error = unlinkat(inside, name, 0) == 0 ? 0 : errno;
	close(inside);
	return error;
}

static int move_metadata(int from, const char *name, int new_folder, const char *new_name, bool keep)
{
	struct stat status;
	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno;
	if (mkdirat(new_folder, metadata_folder, 0700) != 0 && errno != EEXIST)
		return errno;
	int to = find_metadata(new_folder);
	if (to < 0)
		return -to;
	int result = keep ? linkat(from, name, to, new_name, 0) : renameat(from, name, to, new_name);
	int error = result == 0 ? 0 : errno;
	close(to);
	return error;
}

/* What there is of the new name is of a file that has gone. */
int share_mapping_move(const struct host_share *share, int folder, const char *name, int new_folder,
                       const char *new_name, bool keep)
{
	if (share->config.model != SHARE_MAPPED_FILE)
		return 0;
	int error = new_name ? drop_metadata(new_folder, new_name) : drop_metadata(folder, name);
	int from = new_name && (error == 0 || error == ENOENT) ? find_metadata(folder) : -1;
	if (from >= 0) {
		error = move_metadata(from, name, new_folder, new_name, keep);
		close(from);
	}
	return error == ENOENT ? 0 : error;
}

void share_mapping_clear(const struct host_share *share, int folder, const char *name)
{
	if (share->config.model != SHARE_MAPPED_FILE)
		return;
	struct stat before;
	int inside = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inside < 0)
		return;
	bool known = fstat(inside, &before) == 0;
	/* its files went with the files that they are of */
	if (unlinkat(inside, metadata_folder, AT_REMOVEDIR) == 0 && known)
		keep_times(inside, &before);
	close(inside);
}
