/* The fids of a 9P server: what a guest calls its files by. Only as many, and as much in them, as one guest may have of us. */
#ifndef P9_FIDS_H
#define P9_FIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct state_reader;
struct state_writer;

enum p9_kind {
	P9_PLAIN, /* names a file */
	P9_FILE, /* ... that is open */
	P9_FOLDER, /* a folder that is open */
	P9_XATTR, /* an attribute's value, or their names, to be read */
	P9_NEW_XATTR, /* a value that is being written; set when the fid goes */
};

struct p9_fid {
	uint32_t number;
	uint32_t uid; /* who attached */
	enum p9_kind kind;
	char *path; /* below the shared folder */
	int file; /* P9_FILE; else -1 */
	int flags; /* of open(2), or of setxattr(2) */
	bool gone; /* the file that is open has no name any more */
	/* A folder's entries as they are sent, or an attribute. */
	uint8_t *bytes;
	size_t size, written;
	uint32_t *entries; /* where each begins in bytes */
	size_t entry_count;
	char *name; /* an attribute's */
};

struct p9_fids {
	void *tree; /* of tsearch, by number */
	size_t count, open; /* all, and those that have a descriptor */
	size_t memory; /* bytes that they hold */
};

/* NULL: there is none. */
struct p9_fid *p9_fid_find(const struct p9_fids *fids, uint32_t number);
/* NULL, and *error: it is used already, or there are too many. */
struct p9_fid *p9_fid_add(struct p9_fids *fids, uint32_t number, const char *path, uint32_t uid, int *error);
/* Another path: false without memory, and nothing has changed. */
bool p9_fid_move(struct p9_fids *fids, struct p9_fid *fid, const char *path);
/* It holds `bytes` (malloc'd; with `entries` and `name`) in place of what it held. False: that would be too much, and they are freed. */
bool p9_fid_hold(struct p9_fids *fids, struct p9_fid *fid, uint8_t *bytes, size_t size, uint32_t *entries,
                 size_t count);
/* May another file be opened? */
bool p9_fids_may_open(const struct p9_fids *fids);
void p9_fid_opened(struct p9_fids *fids, struct p9_fid *fid, int file, int flags);
void p9_fid_remove(struct p9_fids *fids, struct p9_fid *fid);
void p9_fids_clear(struct p9_fids *fids);

/* A file has another path now, and with it all below. */
void p9_fids_renamed(struct p9_fids *fids, const char *old, const char *new);
/* ... or has none any more. */
void p9_fids_unlinked(struct p9_fids *fids, const char *path);
/* The host's status of every file that is open and has no name left; twice, if it is open twice. */
void p9_fids_nameless(const struct p9_fids *fids, void (*visit)(void *context, const struct stat *status),
                      void *context);

void p9_fids_save(const struct p9_fids *fids, struct state_writer *writer);
/* `open` opens a file again: false, and it cannot be. */
bool p9_fids_restore(struct p9_fids *fids, struct state_reader *reader,
                     bool (*open)(void *context, struct p9_fid *fid, int *file), void *context);

#endif
