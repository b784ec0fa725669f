#include "dev/guest_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/say.h"
#include "base/state.h"

/* "SHFB", and: SYS_EXIT_EXTENDED is known, ":tt" opened to append is standard error. */
static const uint8_t features[] = {'S', 'H', 'F', 'B', 3};

static int64_t fail(struct guest_files *files, int error)
{
	files->error = error;
	return -1;
}

int guest_files_open(struct guest_files *files, const char *folder)
{
	files->folder = -1;
	if (!folder)
		return 0;
	files->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return files->folder >= 0 ? 0 : say("%s: %s", folder, strerror(errno));
}

void guest_files_reset(struct guest_files *files)
{
	for (unsigned i = 0; i < GUEST_FILES; i++) {
		if (files->files[i].kind == GUEST_FILE_HOST)
			close(files->files[i].fd);
		files->files[i].kind = GUEST_FILE_NONE;
	}
	files->error = 0;
}

void guest_files_close(struct guest_files *files)
{
	guest_files_reset(files);
	if (files->folder >= 0)
		close(files->folder);
	files->folder = -1;
}

/* ---- names ---- */

/* The kernel looks at every step of the name, links included: none leads out of the folder. */
static int open_beneath(const struct guest_files *files, const char *name, uint64_t flags)
{
	struct open_how how = {
	    .flags = flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK),
	    .mode = flags & O_CREAT ? 0666 : 0,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, files->folder, name, &how, sizeof(how));
	if (fd < 0 && errno == EXDEV)
		errno = EACCES;
	return fd;
}

/* What is to be removed or renamed stands in this folder, under its last name. False, and errno: there is no such. */
static bool find_place(const struct guest_files *files, const char *name, int *folder, const char **last)
{
	char path[GUEST_FILE_NAME];
	const char *slash = strrchr(name, '/');
	*last = slash ? slash + 1 : name;
	snprintf(path, sizeof(path), "%.*s", slash ? (int)(slash - name) : 1, slash ? name : ".");
	if (**last == '\0' || strcmp(*last, ".") == 0 || strcmp(*last, "..") == 0) {
		errno = EINVAL;
		return false;
	}
	*folder = open_beneath(files, path, O_PATH | O_DIRECTORY);
	return *folder >= 0;
}

/* ---- handles ---- */

static int open_host(struct guest_files *files, const char *name, unsigned mode, bool anew)
{
	static const int flags[] = {O_RDONLY, O_RDWR, O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDWR | O_APPEND};
	int create = !anew || mode < 4 ? 0 : mode < 8 ? O_CREAT | O_TRUNC : O_CREAT;
	struct stat status;
	if (files->folder < 0) {
		errno = EACCES;
		return -1;
	}
	int fd = open_beneath(files, name, (uint64_t)(flags[mode / 2] | create));
	if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
		close(fd);
		errno = S_ISDIR(status.st_mode) ? EISDIR : EACCES;
		return -1;
	}
	return fd;
}

static enum guest_file_kind kind_of(const char *name, unsigned mode)
{
	if (strcmp(name, ":tt") == 0)
		return mode < 4 ? GUEST_FILE_INPUT : GUEST_FILE_OUTPUT;
	return strcmp(name, ":semihosting-features") == 0 ? GUEST_FILE_FEATURES : GUEST_FILE_HOST;
}

int64_t guest_file_open(struct guest_files *files, const char *name, unsigned mode)
{
	unsigned handle = 1;
	files->touched += files->folder >= 0;
	while (handle <= GUEST_FILES && files->files[handle - 1].kind != GUEST_FILE_NONE)
		handle++;
	if (mode > 11)
		return fail(files, EINVAL);
	if (handle > GUEST_FILES)
		return fail(files, EMFILE);
	struct guest_file file = {.kind = kind_of(name, mode), .mode = mode, .fd = -1};
	snprintf(file.name, sizeof(file.name), "%s", name);
	if (file.kind == GUEST_FILE_FEATURES && mode > 1)
		return fail(files, EACCES);
	if (file.kind == GUEST_FILE_HOST) {
		file.fd = open_host(files, name, mode, true);
		if (file.fd < 0)
			return fail(files, errno);
	}
	files->files[handle - 1] = file;
	return handle;
}

struct guest_file *guest_file(struct guest_files *files, uint64_t handle)
{
	struct guest_file *file = handle - 1 < GUEST_FILES ? &files->files[handle - 1] : NULL;
	if (file && file->kind != GUEST_FILE_NONE)
		return file;
	files->error = EBADF;
	return NULL;
}

int64_t guest_file_close(struct guest_files *files, uint64_t handle)
{
	struct guest_file *file = guest_file(files, handle);
	if (!file)
		return -1;
	bool host = file->kind == GUEST_FILE_HOST, closed = !host || close(file->fd) == 0;
	files->touched += host;
	file->kind = GUEST_FILE_NONE;
	return closed ? 0 : fail(files, errno);
}

/* ---- contents ---- */

int64_t guest_file_read(struct guest_files *files, struct guest_file *file, void *bytes, size_t size)
{
	if (file->kind == GUEST_FILE_HOST) {
		files->touched++;
		ssize_t got = read(file->fd, bytes, size);
		return got >= 0 ? got : fail(files, errno);
	}
	size_t left = sizeof(features) - file->offset, count = size < left ? size : left;
	memcpy(bytes, features + file->offset, count);
	file->offset += count;
	return (int64_t)count;
}

int64_t guest_file_write(struct guest_files *files, struct guest_file *file, const void *bytes, size_t size)
{
	files->touched += file->kind == GUEST_FILE_HOST;
	ssize_t done = file->kind == GUEST_FILE_HOST ? write(file->fd, bytes, size) : fail(files, EBADF);
	return done >= 0 || file->kind != GUEST_FILE_HOST ? done : fail(files, errno);
}

int64_t guest_file_seek(struct guest_files *files, struct guest_file *file, uint64_t offset)
{
	switch (file->kind) {
	case GUEST_FILE_HOST:
		files->touched++;
		return offset <= INT64_MAX && lseek(file->fd, (off_t)offset, SEEK_SET) >= 0 ? 0 : fail(files, EINVAL);
	case GUEST_FILE_FEATURES:
		if (offset > sizeof(features))
			return fail(files, EINVAL);
		file->offset = offset;
		return 0;
	default: return fail(files, ESPIPE);
	}
}

int64_t guest_file_length(struct guest_files *files, const struct guest_file *file)
{
	struct stat status;
	if (file->kind == GUEST_FILE_FEATURES)
		return sizeof(features);
	if (file->kind != GUEST_FILE_HOST)
		return 0;
	files->touched++;
	return fstat(file->fd, &status) == 0 ? status.st_size : fail(files, errno);
}

int64_t guest_file_remove(struct guest_files *files, const char *name)
{
	const char *last;
	int folder = -1;
	files->touched++;
	if (!find_place(files, name, &folder, &last))
		return fail(files, files->folder < 0 ? EACCES : errno);
	int result = unlinkat(folder, last, 0);
	if (result != 0 && errno == EISDIR)
		result = unlinkat(folder, last, AT_REMOVEDIR);
	int error = errno;
	close(folder);
	return result == 0 ? 0 : fail(files, error);
}

int64_t guest_file_rename(struct guest_files *files, const char *from, const char *to)
{
	const char *last_from, *last_to;
	int folder_from = -1, folder_to = -1;
	files->touched++;
	bool found = find_place(files, from, &folder_from, &last_from) && find_place(files, to, &folder_to, &last_to);
	int result = found ? renameat(folder_from, last_from, folder_to, last_to) : -1;
	int error = files->folder < 0 ? EACCES : errno;
	if (folder_from >= 0)
		close(folder_from);
	if (folder_to >= 0)
		close(folder_to);
	return result == 0 ? 0 : fail(files, error);
}

/* ---- state ---- */

void guest_files_save(const struct guest_files *files, struct state_writer *writer)
{
	state_write_u64(writer, (uint64_t)files->error);
	for (unsigned i = 0; i < GUEST_FILES; i++) {
		const struct guest_file *file = &files->files[i];
		bool host = file->kind == GUEST_FILE_HOST;
		state_write_u64(writer, file->kind);
		if (file->kind == GUEST_FILE_NONE)
			continue;
		off_t at = host ? lseek(file->fd, 0, SEEK_CUR) : (off_t)file->offset;
		state_write_u64(writer, file->mode);
		state_write_u64(writer, (uint64_t)at);
		state_write_u64(writer, strlen(file->name));
		state_write(writer, file->name, strlen(file->name));
	}
}

static bool restore_file(struct guest_files *files, struct guest_file *file, struct state_reader *reader)
{
	struct guest_file saved = {.kind = (enum guest_file_kind)state_read_limited(reader, GUEST_FILE_HOST), .fd = -1};
	if (saved.kind == GUEST_FILE_NONE || reader->failed)
		return !reader->failed;
	saved.mode = (unsigned)state_read_limited(reader, 11);
	saved.offset = saved.kind == GUEST_FILE_HOST ? state_read_u64(reader)
	                                             : state_read_limited(reader, sizeof(features));
	state_read(reader, saved.name, state_read_limited(reader, sizeof(saved.name) - 1));
	if (reader->failed)
		return false;
	if (saved.kind == GUEST_FILE_HOST) {
		saved.fd = open_host(files, saved.name, saved.mode, false);
		if (saved.fd < 0 || lseek(saved.fd, (off_t)saved.offset, SEEK_SET) < 0) {
			if (saved.fd >= 0)
				close(saved.fd);
			return state_refuse(reader, "semihosting: a file that was open cannot be opened again");
		}
	}
	*file = saved;
	return true;
}

bool guest_files_restore(struct guest_files *files, struct state_reader *reader)
{
	guest_files_reset(files);
	files->error = (int)state_read_limited(reader, INT32_MAX);
	for (unsigned i = 0; i < GUEST_FILES; i++)
		if (!restore_file(files, &files->files[i], reader))
			return false;
	return true;
}
