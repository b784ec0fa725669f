/*
 * A folder of the host's, mounted by 9P: what is in it, and whatever a file system can be asked to do there; and the ports of a
 * virtio serial device. The host has put `many`, a thousand files, `text`, and links into the folder, and looks at it afterwards.
 */
#include "init.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { FILES = 200, LARGEST = 30000, MANY = 1000, PAGE = 4096 };

static bool write_all(const char *name, int flags, const void *data, size_t length)
{
	int file = open(name, flags, 0640);
	return file >= 0 && write(file, data, length) == (ssize_t)length && close(file) == 0;
}

static bool holds(const char *name, const void *data, size_t length)
{
	static unsigned char got[LARGEST + 1];
	int file = open(name, O_RDONLY);
	if (file < 0)
		return false;
	ssize_t count = read(file, got, sizeof got);
	close(file);
	return count == (ssize_t)length && memcmp(got, data, length) == 0;
}

static bool host_text(void)
{
	struct stat status;
	REQUIRE(holds("text", "put here by the host\n", 21));
	REQUIRE(stat("text", &status) == 0 && status.st_size == 21 && S_ISREG(status.st_mode));
	printf("text: mode %o, mtime %ld\n", status.st_mode, status.st_mtime);
	REQUIRE(status.st_mtime == 1000000000);
	return true;
}

/* In two sizes of read, by two ways. */
static bool many_entries(void)
{
	unsigned seen = 0;
	char name[32];
	struct dirent *entry;
	DIR *folder = opendir("many");
	REQUIRE(folder);
	while ((entry = readdir(folder)) != NULL) {
		seen += entry->d_name[0] == 'f' && (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN);
	}
	REQUIRE(seen == MANY);
	rewinddir(folder);
	for (seen = 0; readdir(folder); seen++)
		;
	REQUIRE(seen == MANY + 2);
	closedir(folder);
	for (int i = 0; i < MANY; i += 37) {
		snprintf(name, sizeof name, "many/f%04d", i);
		REQUIRE(access(name, F_OK) == 0);
	}
	return true;
}

static bool links(void)
{
	char target[64] = {0};
	struct stat status;
	REQUIRE(readlink("inside", target, sizeof target) == 4 && strcmp(target, "text") == 0);
	REQUIRE(holds("inside", "put here by the host\n", 21));
	/* the guest's own /proc, not the host's */
	REQUIRE(readlink("outside", target, sizeof target) == 13 && strncmp(target, "/proc/cmdline", 13) == 0);
	int file = open("outside", O_RDONLY);
	char line[512] = {0};
	REQUIRE(file >= 0 && read(file, line, sizeof line - 1) > 0 && strstr(line, "task=") != NULL);
	close(file);
	REQUIRE(symlink("text", "mine") == 0 && lstat("mine", &status) == 0 && S_ISLNK(status.st_mode));
	REQUIRE(holds("mine", "put here by the host\n", 21));
	REQUIRE(link("text", "second") == 0 && stat("second", &status) == 0 && status.st_nlink == 2);
	REQUIRE(unlink("second") == 0 && stat("text", &status) == 0 && status.st_nlink == 1);
	return true;
}

static bool two_hundred_files(void)
{
	static unsigned char data[LARGEST];
	char name[32], other[32];
	REQUIRE(mkdir("made", 0755) == 0 && mkdir("moved", 0755) == 0 && mkdir("made", 0755) == -1 && errno == EEXIST);
	for (int i = 0; i < FILES; i++) {
		size_t length = content(i, data, LARGEST);
		snprintf(name, sizeof name, "made/%03d", i);
		REQUIRE(write_all(name, O_WRONLY | O_CREAT | O_EXCL, data, length));
		REQUIRE(open(name, O_WRONLY | O_CREAT | O_EXCL, 0600) == -1 && errno == EEXIST);
	}
	for (int i = 0; i < FILES; i++) {
		size_t length = content(i, data, LARGEST);
		snprintf(name, sizeof name, "made/%03d", i);
		snprintf(other, sizeof other, "moved/%03d", i);
		REQUIRE(holds(name, data, length));
		if (i % 2)
			REQUIRE(rename(name, other) == 0 && holds(other, data, length) && access(name, F_OK) == -1);
		if (i % 4 == 0)
			REQUIRE(unlink(name) == 0 && access(name, F_OK) == -1 && errno == ENOENT);
	}
	REQUIRE(rmdir("made") == -1 && errno == ENOTEMPTY);
	return true;
}

static bool attributes(void)
{
	struct stat status;
	struct statfs system;
	struct timespec times[2] = {{1234567890, 0}, {1300000000, 0}};
	REQUIRE(write_all("file", O_WRONLY | O_CREAT, "0123456789", 10));
	REQUIRE(chmod("file", 0604) == 0 && stat("file", &status) == 0 && (status.st_mode & 07777) == 0604);
	REQUIRE(truncate("file", 4) == 0 && holds("file", "0123", 4));
	REQUIRE(write_all("file", O_WRONLY | O_APPEND, "abc", 3) && holds("file", "0123abc", 7));
	REQUIRE(utimensat(AT_FDCWD, "file", times, 0) == 0 && stat("file", &status) == 0);
	REQUIRE(status.st_mtime == 1300000000 && status.st_atime == 1234567890);
	REQUIRE(truncate("file", 100000) == 0 && stat("file", &status) == 0 && status.st_size == 100000);
	REQUIRE(statfs(".", &system) == 0 && system.f_namelen == 255 && system.f_bfree <= system.f_blocks);
	return true;
}

static bool open_and_gone(void)
{
	char got[8] = {0};
	struct stat status;
	int file = open("gone", O_RDWR | O_CREAT, 0600);
	REQUIRE(file >= 0 && write(file, "here", 4) == 4);
	REQUIRE(unlink("gone") == 0 && access("gone", F_OK) == -1);
	REQUIRE(pwrite(file, "there", 5, 4) == 5 && pread(file, got, 4, 5) == 4 && memcmp(got, "here", 4) == 0);
	REQUIRE(fstat(file, &status) == 0 && status.st_size == 9);
	REQUIRE(close(file) == 0);
	return true;
}

static bool moved_folder(void)
{
	REQUIRE(mkdir("old", 0700) == 0 && write_all("old/x", O_WRONLY | O_CREAT, "1", 1));
	int file = open("old/x", O_RDWR);
	REQUIRE(file >= 0 && rename("old", "new") == 0 && pwrite(file, "22", 2, 0) == 2 && close(file) == 0);
	REQUIRE(holds("new/x", "22", 2));
	REQUIRE(write_all("y", O_WRONLY | O_CREAT, "333", 3) && rename("y", "new/x") == 0 && holds("new/x", "333", 3));
	REQUIRE(rename("new", "new/inside") == -1 && errno == EINVAL);
	return true;
}

static bool locks_and_sync(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
	int file = open("file", O_RDWR);
	REQUIRE(file >= 0 && fcntl(file, F_SETLK, &lock) == 0 && flock(file, LOCK_UN) == 0);
	lock.l_type = F_RDLCK;
	REQUIRE(fcntl(file, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
	REQUIRE(fsync(file) == 0 && fdatasync(file) == 0 && close(file) == 0);
	int folder = open(".", O_RDONLY | O_DIRECTORY);
	REQUIRE(folder >= 0 && fsync(folder) == 0 && close(folder) == 0);
	return true;
}

static bool extended_attributes(void)
{
	char got[16], names[64];
	REQUIRE(setxattr("file", "user.kind", "test", 4, XATTR_CREATE) == 0);
	REQUIRE(setxattr("file", "user.kind", "more", 4, XATTR_CREATE) == -1 && errno == EEXIST);
	REQUIRE(getxattr("file", "user.kind", got, sizeof got) == 4 && memcmp(got, "test", 4) == 0);
	REQUIRE(setxattr("file", "user.a", "1", 1, 0) == 0);
	ssize_t size = listxattr("file", names, sizeof names);
	REQUIRE(size == 17 && removexattr("file", "user.a") == 0 && getxattr("file", "user.a", got, sizeof got) == -1);
	REQUIRE(getxattr("file", "user.none", got, sizeof got) == -1 && errno == ENODATA);
	return true;
}

static bool special_files(void)
{
	struct stat status;
	REQUIRE(mkfifo("pipe", 0600) == 0 && lstat("pipe", &status) == 0 && S_ISFIFO(status.st_mode));
	REQUIRE(open("pipe", O_WRONLY | O_NONBLOCK) == -1 && errno == ENXIO); /* the guest's pipe, with nobody at the other end */
	return true;
}

/* A mapping that is only read, and, where the mount allows it, one that is written. */
static bool mapped_memory(void)
{
	static unsigned char data[LARGEST];
	size_t length = content(199, data, LARGEST);
	int file = open("moved/199", O_RDONLY);
	REQUIRE(file >= 0);
	unsigned char *map = mmap(NULL, length, PROT_READ, MAP_PRIVATE, file, 0);
	REQUIRE(map != MAP_FAILED && memcmp(map, data, length) == 0 && munmap(map, length) == 0 && close(file) == 0);
	return true;
}

static bool written_mapping(void)
{
	int file = open("mapped", O_RDWR | O_CREAT, 0600);
	REQUIRE(file >= 0 && ftruncate(file, 3 * PAGE) == 0);
	unsigned char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	REQUIRE(map != MAP_FAILED);
	for (int i = 0; i < 3 * PAGE; i++)
		map[i] = i % 251;
	REQUIRE(msync(map, 3 * PAGE, MS_SYNC) == 0 && munmap(map, 3 * PAGE) == 0 && close(file) == 0);
	return true;
}

static const struct check share_checks[] = {
	{"text of the host's", host_text}, {"a thousand entries", many_entries}, {"links", links},
	{"two hundred files", two_hundred_files}, {"attributes", attributes}, {"open and gone", open_and_gone},
	{"a folder that moves", moved_folder}, {"locks", locks_and_sync}, {"extended attributes", extended_attributes},
	{"mapped memory", mapped_memory}, {NULL, NULL},
};
static const struct check pipe_checks[] = {{"a pipe", special_files}, {NULL, NULL}};
static const struct check mapping_checks[] = {{"a mapping that is written", written_mapping}, {NULL, NULL}};

static bool on_share(const char *options, const struct check *checks)
{
	mkdir("/share", 0755);
	REQUIRE(mount("share", "/share", "9p", 0, options) == 0);
	REQUIRE(chdir("/share") == 0);
	bool held = all_hold(checks);
	REQUIRE(chdir("/") == 0 && umount("/share") == 0);
	return held;
}

bool share_task(void)
{
	return on_share("trans=virtio,version=9p2000.L,msize=65536", share_checks) &&
	       on_share("trans=virtio,version=9p2000.L,cache=mmap", mapping_checks);
}

bool pipe_task(void)
{
	return on_share("trans=virtio,version=9p2000.L", pipe_checks);
}

/* Each port has a name: a line to it; and one that is called `echo` gives back a line of what it gets. */
bool ports_task(void)
{
	char path[64], name[64], line[64];
	unsigned found = 0;
	for (int i = 0; i < 31; i++) {
		snprintf(path, sizeof path, "/sys/class/virtio-ports/vport0p%d/name", i);
		FILE *file = fopen(path, "r");
		if (!file)
			continue;
		REQUIRE(fgets(name, sizeof name, file) && fclose(file) == 0);
		name[strcspn(name, "\n")] = '\0';
		printf("port %d: %s\n", i, name);
		snprintf(path, sizeof path, "/dev/vport0p%d", i);
		int port = open(path, O_RDWR);
		REQUIRE(port >= 0 || errno == ENXIO); /* a console's */
		if (port < 0)
			continue;
		if (strcmp(name, "echo") == 0)
			REQUIRE(read(port, line, sizeof line) > 0 && write(port, line, strcspn(line, "\n") + 1) > 0);
		else
			REQUIRE(dprintf(port, "to %s\n", name) > 0);
		REQUIRE(close(port) == 0);
		found++;
	}
	REQUIRE(found > 0);
	return true;
}
