/*
 * A folder of the host's that a machine shares: the host's side of virtio-9p. Names are paths below the folder, without "." and
 * ".." and a slash at either end; "" is the folder itself. Each is walked a component at a time, and no symbolic link is followed:
 * whatever a guest makes of links and names, nothing outside is reached.
 *
 * Who owns a file and what it is, is the host's own (`none`, `passthrough`) or is kept beside it (`mapped-xattr`, `mapped-file`),
 * in QEMU's format. Functions that can fail return 0 or an errno.
 */
#ifndef HOST_SHARE_H
#define HOST_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum share_model {
	SHARE_NONE,        /* as passthrough, but that who owns a file may be refused by the host */
	SHARE_PASSTHROUGH, /* the guest's owners and modes are the host's */
	SHARE_MAPPED_XATTR,
	SHARE_MAPPED_FILE,
};

struct share_config {
	const char *id; /* what devices call it */
	const char *path;
	enum share_model model;
	bool read_only;
	bool one_device;             /* what is mounted inside is refused */
	uint32_t file_mode, folder_mode; /* of what is created, on the host, where it is mapped */
};

struct answer_log;
struct host_share;

/* NULL after a line on stderr: it is no folder that can be read. */
struct host_share *host_share_open(const struct share_config *config);
/* NULL is allowed. */
void host_share_close(struct host_share *share);
bool host_share_read_only(const struct host_share *share);
/* Of what those who serve it have answered. */
struct answer_log *host_share_log(struct host_share *share);
/* May a file of the guest's be called so? */
bool host_share_allows(const struct host_share *share, const char *name);

/* ---- looking ---- */

/* A descriptor to name the file by (O_PATH), or a negative errno. Where functions below want one, one that reads or writes does, too. */
int host_share_find(const struct host_share *share, const char *path);
/* As the guest is to see it. */
int host_share_stat(const struct host_share *share, const char *path, int object, struct stat *status);
/* A regular file, with flags of open(2). */
int host_share_open_file(const struct host_share *share, int object, int flags, int *file);
/* Where a link leads: at most `size` bytes, of which *length are used. */
int host_share_read_link(const struct host_share *share, int object, char *target, size_t size, size_t *length);

/* What was written is on the host's disk. */
int host_share_sync(const struct host_share *share, int object);

/* Names in a folder, in the order of their bytes, without "." and "..". */
struct share_names {
	char **names;
	size_t count, capacity;
};
int host_share_list(const struct host_share *share, int object, struct share_names *names);
void share_names_free(struct share_names *names);

/* ---- changing ---- */

/* What is made: with S_IFREG and flags of open(2) it is open afterwards, in *file. */
struct share_creation {
	uint32_t mode; /* what it is, and permissions */
	uint32_t uid, gid;
	uint64_t device; /* a device's numbers, as makedev has them */
	const char *target; /* a link's */
	bool opened;
	int flags;
};
int host_share_make(const struct host_share *share, const char *folder, const char *name,
                    const struct share_creation *what, int *file);
int host_share_link(const struct host_share *share, int object, const char *path, const char *folder, const char *name);
int host_share_rename(const struct host_share *share, const char *folder, const char *name, const char *new_folder,
                      const char *new_name);
int host_share_unlink(const struct host_share *share, const char *folder, const char *name, bool is_folder);
int host_share_set_mode(const struct host_share *share, const char *path, int object, uint32_t mode);
/* UINT32_MAX: stays. */
int host_share_set_owner(const struct host_share *share, const char *path, int object, uint32_t uid, uint32_t gid);
int host_share_set_size(const struct host_share *share, int object, uint64_t size);
/* As utimensat(2). */
int host_share_set_times(const struct host_share *share, int object, const struct timespec times[2]);

/* ---- extended attributes ---- */

/* The longest that Linux has. */
enum { SHARE_XATTR_BYTES = 65536 };

/* The value, or all names, each ended by 0, in the order of their bytes: malloc'd. */
int host_share_get_xattr(const struct host_share *share, int object, const char *name, uint8_t **value, size_t *size);
int host_share_list_xattrs(const struct host_share *share, int object, uint8_t **names, size_t *size);
/* `value` NULL: it is removed. Flags as those of setxattr(2). */
int host_share_set_xattr(const struct host_share *share, int object, const char *name, const void *value, size_t size,
                         int flags);

#endif
