#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dev/p9_parts.h"

int p9_name(const struct p9_server *server, struct p9_text text, char name[NAME_MAX + 1])
{
	if (text.size > NAME_MAX)
		return ENAMETOOLONG;
	if (text.size == 0 || memchr(text.bytes, '/', text.size) || memchr(text.bytes, '\0', text.size))
		return ENOENT;
	memcpy(name, text.bytes, text.size);
	name[text.size] = '\0';
	return host_share_allows(server->share, name) ? 0 : ENOENT;
}

int p9_new_name(const struct p9_server *server, struct p9_text text, char name[NAME_MAX + 1])
{
	int error = p9_name(server, text, name);
	bool dots = !error && (strcmp(name, ".") == 0 || strcmp(name, "..") == 0);
	return dots ? EEXIST : error;
}

int p9_join(char path[PATH_MAX], const char *folder, const char *name)
{
	int length = snprintf(path, PATH_MAX, "%s%s%s", folder, *folder ? "/" : "", name);
	return length < PATH_MAX ? 0 : ENAMETOOLONG;
}

int p9_object(const struct p9_server *server, const struct p9_fid *fid)
{
	return fid->file >= 0 ? fid->file : host_share_find(server->share, fid->path);
}

void p9_release(const struct p9_fid *fid, int object)
{
	if (object >= 0 && object != fid->file)
		close(object);
}

struct held {
	const struct stat *status;
	bool found;
};

static void compare_held(void *context, const struct stat *status)
{
	struct held *held = context;
	held->found |= held->status->st_dev == status->st_dev && held->status->st_ino == status->st_ino;
}

bool p9_is_held(const struct p9_server *server, const struct stat *status)
{
	struct held held = {.status = status};
	p9_fids_nameless(&server->fids, compare_held, &held);
	return held.found;
}

/* What the host gives the number of a file to that was open last by this fid is another file. */
void p9_drop_fid(struct p9_server *server, struct p9_fid *fid)
{
	struct stat status;
	bool nameless = fid->gone && fstat(fid->file, &status) == 0 && status.st_nlink == 0;
	p9_fid_remove(&server->fids, fid);
	if (nameless && !p9_is_held(server, &status))
		share_nodes_forget(server->nodes, &status);
}

static void forget_held(void *context, const struct stat *status) { share_nodes_forget(context, status); }

void p9_drop_fids(struct p9_server *server)
{
	p9_fids_nameless(&server->fids, forget_held, server->nodes);
	p9_fids_clear(&server->fids);
}

int p9_status(struct p9_server *server, const char *path, int object, struct stat *status, struct p9_qid *qid)
{
	int error = host_share_stat(server->share, path, object, status);
	if (error)
		return error;
	uint64_t number = share_nodes_meet(server->nodes, path, status);
	if (number == 0)
		return ENOMEM;
	if (qid)
		*qid = (struct p9_qid){
		    .type = S_ISDIR(status->st_mode)   ? 0x80
		            : S_ISLNK(status->st_mode) ? 0x02
		                                       : 0,
		    .path = number,
		};
	return 0;
}

int p9_status_at(struct p9_server *server, const char *path, struct stat *status, struct p9_qid *qid)
{
	int object = host_share_find(server->share, path);
	if (object < 0)
		return -object;
	int error = p9_status(server, path, object, status, qid);
	close(object);
	return error;
}

void p9_touch_to(struct p9_server *server, const char *path, int object, unsigned which, struct timespec time)
{
	struct stat status;
	if (fstat(object, &status) == 0)
		share_nodes_touch(server->nodes, path, &status, which, time);
}

void p9_touch(struct p9_server *server, const char *path, int object, unsigned which)
{
	p9_touch_to(server, path, object, which, server->now);
}

void p9_touch_at(struct p9_server *server, const char *path, unsigned which)
{
	int object = host_share_find(server->share, path);
	if (object < 0)
		return;
	p9_touch(server, path, object, which);
	close(object);
}
