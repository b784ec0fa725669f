/* What the files of host_share share among them. */
#ifndef HOST_SHARE_PARTS_H
#define HOST_SHARE_PARTS_H

#include "dev/answer_log.h"
#include "dev/host_share.h"

struct host_share {
	struct share_config config;
	int root;
	dev_t device;
	struct answer_log log;
};

enum { OBJECT_PATH = 32 };

/* The path that means what a descriptor is open on, links too: for calls that want a path. */
static inline void share_object_path(char path[OBJECT_PATH], int object)
{
	static const char prefix[] = "/proc/self/fd/";
	char digits[12];
	unsigned count = 0, at = sizeof(prefix) - 1;
	for (unsigned i = 0; i < at; i++)
		path[i] = prefix[i];
	do
		digits[count++] = (char)('0' + object % 10);
	while ((object /= 10) != 0);
	while (count)
		path[at++] = digits[--count];
	path[at] = '\0';
}

static inline bool share_is_mapped(const struct host_share *share)
{
	return share->config.model == SHARE_MAPPED_XATTR || share->config.model == SHARE_MAPPED_FILE;
}

/* ---- host_share_mapped.c: what a file is to the guest, kept beside it ---- */

struct share_mapping {
	bool has_uid, has_gid, has_mode, has_device;
	uint32_t uid, gid, mode;
	uint64_t device;
};

/* Only what the model maps: nothing where it maps nothing. */
int share_mapping_get(const struct host_share *share, const char *path, int object, struct share_mapping *mapping);
/* What `mapping` has takes the place of what there was. */
int share_mapping_set(const struct host_share *share, const char *path, int object,
                      const struct share_mapping *mapping);
/* The file gets another name (NULL: none) or one more. Only what the model keeps by names changes. */
int share_mapping_move(const struct host_share *share, int folder, const char *name, int new_folder,
                       const char *new_name, bool keep);
/* A folder is to be removed: what the model has put into it goes. */
void share_mapping_clear(const struct host_share *share, int folder, const char *name);
/* Names that are the model's own. */
bool share_mapping_owns(const struct host_share *share, const char *name);
bool share_mapping_owns_xattr(const struct host_share *share, const char *name);

#endif
