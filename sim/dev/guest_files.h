/*
 * Files that a program opens by semihosting: below one folder of the host and nowhere else, whatever names and links say.
 * Handles are numbers from 1 on. What fails says so by -1, or by what is left, and by the host's errno in `error`.
 */
#ifndef GUEST_FILES_H
#define GUEST_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_reader;
struct state_writer;

enum { GUEST_FILES = 64, GUEST_FILE_NAME = 1024 };

enum guest_file_kind {
	GUEST_FILE_NONE,     /* the handle is free */
	GUEST_FILE_INPUT,    /* the console, to be read */
	GUEST_FILE_OUTPUT,   /* to be written */
	GUEST_FILE_FEATURES, /* ":semihosting-features" */
	GUEST_FILE_HOST,
};

struct guest_file {
	enum guest_file_kind kind;
	int fd;
	unsigned mode;   /* as SYS_OPEN has it: fopen's "r" is 0, "rb" 1 ... "a+b" 11 */
	uint64_t offset; /* of GUEST_FILE_FEATURES */
	char name[GUEST_FILE_NAME];
};

struct guest_files {
	int folder; /* -1: there is none */
	int error;  /* errno of what failed last */
	uint64_t touched; /* how often the host's files were read, changed or looked at: what cannot be taken back */
	struct guest_file files[GUEST_FILES];
};

/* 0, or -1 after a line on stderr. NULL: no folder. */
int guest_files_open(struct guest_files *files, const char *folder);
void guest_files_close(struct guest_files *files);
/* Every handle is free again. */
void guest_files_reset(struct guest_files *files);

/* A handle, or -1. */
int64_t guest_file_open(struct guest_files *files, const char *name, unsigned mode);
/* What the handle stands for; NULL, and EBADF: nothing. */
struct guest_file *guest_file(struct guest_files *files, uint64_t handle);
int64_t guest_file_close(struct guest_files *files, uint64_t handle);

/* Of files that are no console. Bytes done, or -1. */
int64_t guest_file_read(struct guest_files *files, struct guest_file *file, void *bytes, size_t size);
int64_t guest_file_write(struct guest_files *files, struct guest_file *file, const void *bytes, size_t size);
int64_t guest_file_seek(struct guest_files *files, struct guest_file *file, uint64_t offset);
int64_t guest_file_length(struct guest_files *files, const struct guest_file *file);

int64_t guest_file_remove(struct guest_files *files, const char *name);
int64_t guest_file_rename(struct guest_files *files, const char *from, const char *to);

/* Part of a section: what is open, and where in it. Contents are the host's: restored are the same names, not the same bytes. */
void guest_files_save(const struct guest_files *files, struct state_writer *writer);
bool guest_files_restore(struct guest_files *files, struct state_reader *reader);

#endif
