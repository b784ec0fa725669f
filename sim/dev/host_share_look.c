/* Shared folders: what looks at files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/array.h"
#include "dev/host_share_parts.h"

bool host_share_allows(const struct host_share *share, const char *name) { return !share_mapping_owns(share, name); }

int host_share_stat(const struct host_share *share, const char *path, int object, struct stat *status)
{
	struct share_mapping mapping;
	if (fstat(object, status) != 0)
		return errno;
	if (share->config.one_device && status->st_dev != share->device)
		return ENODEV;
	int error = share_mapping_get(share, path, object, &mapping);
	if (error)
		return error;
	status->st_uid = mapping.has_uid ? mapping.uid : status->st_uid;
	status->st_gid = mapping.has_gid ? mapping.gid : status->st_gid;
	status->st_mode = mapping.has_mode ? mapping.mode : status->st_mode;
	status->st_rdev = mapping.has_device ? mapping.device : status->st_rdev;
	return 0;
}

/* What is on the host, whatever the guest takes it for: a pipe would have us wait, a device do what devices do. */
int host_share_open_file(const struct host_share *share, int object, int flags, int *file)
{
	struct stat status;
	char path[OBJECT_PATH];
	if (fstat(object, &status) != 0)
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	if (!S_ISREG(status.st_mode))
		return S_ISLNK(status.st_mode) ? ELOOP : ENXIO;
	if (share->config.read_only && ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC))
		return EROFS;
	share_object_path(path, object);
	*file = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return *file >= 0 ? 0 : errno;
}

/* Where links are mapped they are files; one that the host has made is a link all the same. */
int host_share_read_link(const struct host_share *share, int object, char *target, size_t size, size_t *length)
{
	int file, error = host_share_open_file(share, object, O_RDONLY, &file);
	ssize_t got = -1;
	if (error == ELOOP) {
		got = readlinkat(object, "", target, size);
	} else if (!error) {
		got = pread(file, target, size, 0);
		close(file);
	}
	if (got < 0)
		return error && error != ELOOP ? error : errno;
	*length = (size_t)got;
	return 0;
}

/* There may be nothing to be done. EBADF: it only names a file. */
static int sync_file(int file) { return fsync(file) == 0 || errno == EINVAL || errno == EROFS ? 0 : errno; }

int host_share_sync(const struct host_share *share, int object)
{
	char path[OBJECT_PATH];
	(void)share;
	int error = sync_file(object);
	if (error != EBADF)
		return error;
	share_object_path(path, object);
	int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return errno;
	error = sync_file(file);
	close(file);
	return error;
}

void share_names_free(struct share_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct share_names){0};
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int add_found(struct share_names *names, const char *name)
{
	if (ARRAY_RESERVE(names->names, names->count, 1, &names->capacity) != 0)
		return ENOMEM;
	names->names[names->count] = strdup(name);
	return names->names[names->count] ? (names->count++, 0) : ENOMEM;
}

static int read_names(const struct host_share *share, DIR *folder, struct share_names *names)
{
	int error = 0;
	errno = 0;
	for (const struct dirent *entry; !error && (entry = readdir(folder)) != NULL; errno = 0) {
		bool dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		if (!dots && !share_mapping_owns(share, entry->d_name))
			error = add_found(names, entry->d_name);
	}
	return error ? error : errno;
}

int host_share_list(const struct host_share *share, int object, struct share_names *names)
{
	char path[OBJECT_PATH];
	*names = (struct share_names){0};
	share_object_path(path, object);
	DIR *folder = opendir(path);
	if (!folder)
		return errno;
	int error = read_names(share, folder, names);
	closedir(folder);
	if (error) {
		share_names_free(names);
		return error;
	}
	if (names->count)
		qsort(names->names, names->count, sizeof(*names->names), compare_names);
	return 0;
}
