/* What the files of the 9P server share among them. A handler reads its request, does it and writes the reply, without headers: 0, or an
 * errno, and what it has written is not sent. */
#ifndef P9_PARTS_H
#define P9_PARTS_H

#include <limits.h>
#include <time.h>
#include "dev/host_share.h"
#include "dev/p9_fids.h"
#include "dev/p9_server.h"
#include "dev/p9_wire.h"
#include "dev/share_nodes.h"

struct p9_server {
	struct host_share *share;
	struct share_nodes *nodes;
	struct p9_fids fids;
	uint32_t message_size; /* agreed on; 0: not yet */
	struct timespec now; /* of the request */
};

typedef int p9_handler(struct p9_server *server, struct p9_in *in, struct p9_out *out);

/* p9_names.c */
p9_handler p9_do_attach, p9_do_walk, p9_do_mkdir, p9_do_symlink, p9_do_mknod, p9_do_link, p9_do_rename, p9_do_renameat,
    p9_do_unlinkat, p9_do_remove;
/* p9_files.c */
p9_handler p9_do_lopen, p9_do_lcreate, p9_do_read, p9_do_write, p9_do_readdir, p9_do_fsync, p9_do_clunk, p9_do_lock,
    p9_do_getlock;
/* p9_attributes.c */
p9_handler p9_do_getattr, p9_do_setattr, p9_do_statfs, p9_do_readlink, p9_do_xattrwalk, p9_do_xattrcreate;

enum { TOUCH_MTIME = 1 << SHARE_MTIME, TOUCH_CTIME = 1 << SHARE_CTIME, TOUCH_ATIME = 1 << SHARE_ATIME };
enum { TOUCH_CONTENTS = TOUCH_MTIME | TOUCH_CTIME, TOUCH_ALL = TOUCH_CONTENTS | TOUCH_ATIME };

/* ---- p9_common.c ---- */

/* A name in a folder, ended by 0; one that no file can have: an errno. */
int p9_name(const struct p9_server *server, struct p9_text text, char name[NAME_MAX + 1]);
/* ... of a file to be made. */
int p9_new_name(const struct p9_server *server, struct p9_text text, char name[NAME_MAX + 1]);
int p9_join(char path[PATH_MAX], const char *folder, const char *name);

/* A descriptor of what a fid means, or a negative errno; given back by p9_release. */
int p9_object(const struct p9_server *server, const struct p9_fid *fid);
void p9_release(const struct p9_fid *fid, int object);

/* Is a file that has no name left open by some fid? */
bool p9_is_held(const struct p9_server *server, const struct stat *status);
/* The fid goes. */
void p9_drop_fid(struct p9_server *server, struct p9_fid *fid);
/* All of them go. */
void p9_drop_fids(struct p9_server *server);

/* As the guest is to see it; qid may be NULL. */
int p9_status(struct p9_server *server, const char *path, int object, struct stat *status, struct p9_qid *qid);
int p9_status_at(struct p9_server *server, const char *path, struct stat *status, struct p9_qid *qid);

/* The guest has changed a file: its times are now, or `time`. */
void p9_touch_to(struct p9_server *server, const char *path, int object, unsigned which, struct timespec time);
void p9_touch(struct p9_server *server, const char *path, int object, unsigned which);
void p9_touch_at(struct p9_server *server, const char *path, unsigned which);

#endif
