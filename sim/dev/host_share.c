#include "dev/host_share.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/say.h"
#include "dev/host_share_parts.h"

enum { FILES_WANTED = 8192 };

/* A guest's open files are ours: as many as may be had without asking anybody. */
static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

struct host_share *host_share_open(const struct share_config *config)
{
	struct host_share *share = calloc(1, sizeof(*share));
	struct stat status;
	if (!share) {
		say("out of memory for shared folders");
		return NULL;
	}
	share->config = *config;
	share->root = open(config->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (share->root < 0 || fstat(share->root, &status) != 0) {
		say("%s: %s", config->path, strerror(errno));
		host_share_close(share);
		return NULL;
	}
	share->device = status.st_dev;
	raise_file_limit();
	return share;
}

void host_share_close(struct host_share *share)
{
	if (share && share->root >= 0)
		close(share->root);
	if (share)
		answer_log_free(&share->log);
	free(share);
}

struct answer_log *host_share_log(struct host_share *share) { return &share->log; }

bool host_share_read_only(const struct host_share *share) { return share->config.read_only; }

/* ---- looking ---- */

/* A path from a snapshot may be anything. */
static bool leads_down(const char *path, size_t length)
{
	return length != 0 && !(path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.')));
}

int host_share_find(const struct host_share *share, const char *path)
{
	int at = openat(share->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (at >= 0 && *path) {
		char name[NAME_MAX + 1];
		size_t length = strcspn(path, "/");
		if (length > NAME_MAX || !leads_down(path, length)) {
			close(at);
			return length > NAME_MAX ? -ENAMETOOLONG : -ENOENT;
		}
		memcpy(name, path, length);
		name[length] = '\0';
		path += length;
		path += *path == '/';
		int next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | (*path ? O_DIRECTORY : 0));
		int error = errno;
		close(at);
		errno = error;
		at = next;
	}
	return at >= 0 ? at : -errno;
}
