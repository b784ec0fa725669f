/*
 * What a guest is told of the files of a shared folder so that equal folders give equal runs. Files have numbers in the order in
 * which they are met, whatever the host's are. Times are the host's for what the guest has not changed, and simulated time for
 * what it has; a file's status changed when its contents did, as far as the guest did not change it, and reading leaves no time.
 */
#ifndef SHARE_NODES_H
#define SHARE_NODES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct state_reader;
struct state_writer;

struct share_nodes;

enum share_time { SHARE_ATIME, SHARE_MTIME, SHARE_CTIME, SHARE_TIMES };

/* NULL: no memory. */
struct share_nodes *share_nodes_new(void);
/* NULL is allowed. */
void share_nodes_free(struct share_nodes *nodes);

/* The file of `status`, which is at `path`, has this number from now on; its status becomes what the guest is to see. 0: no memory. */
uint64_t share_nodes_meet(struct share_nodes *nodes, const char *path, struct stat *status);
/* The last name of the file that has the host's numbers went: what gets them next is another file. */
void share_nodes_forget(struct share_nodes *nodes, const struct stat *status);
/* The guest has changed a file: the times of the set `which` (bits by enum share_time) are `time` now, others what they were when it
 * was met last. `status` is the host's. */
void share_nodes_touch(struct share_nodes *nodes, const char *path, const struct stat *status, unsigned which,
                       struct timespec time);
/* `path`, and what is below it, is at `new_path` now. */
void share_nodes_move(struct share_nodes *nodes, const char *path, const char *new_path);

/* If `path` is `old` or below it, what it is when that has become `new`: malloc'd. NULL: it is elsewhere, or there is no memory. */
char *share_path_moved(const char *path, const char *old, const char *new);

/* Parts of a device's section. To restore, `find` looks at a path again: false, and the file is forgotten. */
void share_nodes_save(const struct share_nodes *nodes, struct state_writer *writer);
bool share_nodes_restore(struct share_nodes *nodes, struct state_reader *reader,
                         bool (*find)(void *context, const char *path, struct stat *status), void *context);

#endif
