/*
 * A thousand files, written by one boot and checked by the next, and the device's random numbers.
 *
 * Sizes and contents follow from a file's number. The first boot finds no folder of the name, writes it, and has the machine start
 * again; the second one finds it, checks every file, and leaves one more that says so.
 */
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 1000, FOLDERS = 10, LARGEST = 20000 };

static void name_of(char name[64], const char *folder, int number)
{
	snprintf(name, 64, "%s/files/%d/%04d", folder, number % FOLDERS, number);
}

static bool write_files(const char *folder)
{
	static unsigned char data[LARGEST];
	char name[64];
	for (int i = 0; i < FOLDERS; i++) {
		snprintf(name, sizeof name, "%s/files/%d", folder, i);
		REQUIRE(mkdir(name, 0755) == 0);
	}
	for (int i = 0; i < FILES; i++) {
		size_t length = content(i, data, LARGEST);
		name_of(name, folder, i);
		int file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
		REQUIRE(file >= 0);
		REQUIRE(write(file, data, length) == (ssize_t)length);
		if (i % 100 == 0)
			REQUIRE(fsync(file) == 0);
		REQUIRE(close(file) == 0);
	}
	return true;
}

/* Every file is what it should be; their hash goes to the console, for the other machine to have the same. */
static bool check_files(const char *folder)
{
	static unsigned char data[LARGEST], got[LARGEST + 1];
	unsigned long hash = 0;
	char name[64];
	for (int i = 0; i < FILES; i++) {
		size_t length = content(i, data, LARGEST);
		name_of(name, folder, i);
		int file = open(name, O_RDONLY);
		REQUIRE(file >= 0);
		REQUIRE(read(file, got, sizeof got) == (ssize_t)length);
		REQUIRE(memcmp(data, got, length) == 0);
		REQUIRE(close(file) == 0);
		hash = hash_of(hash, got, length);
	}
	printf("OK %d files, hash %016lx\n", FILES, hash);
	return true;
}

/* What the page cache knows, the disk is asked for again. */
static bool forget_cache(void)
{
	sync();
	int file = open("/proc/sys/vm/drop_caches", O_WRONLY);
	REQUIRE(file >= 0 && write(file, "3", 1) == 1);
	close(file);
	return true;
}

bool disk_task(const char *folder, bool *again)
{
	char name[64];
	snprintf(name, sizeof name, "%s/files", folder);
	bool first = mkdir(name, 0755) == 0;
	REQUIRE(first || errno == EEXIST);
	if (first) {
		if (!write_files(folder))
			return false;
		puts("OK files written");
		*again = true;
	}
	if (!forget_cache() || !check_files(folder))
		return false;
	if (!first) {
		snprintf(name, sizeof name, "%s/checked", folder);
		int file = open(name, O_WRONLY | O_CREAT, 0644);
		REQUIRE(file >= 0 && write(file, "yes\n", 4) == 4 && fsync(file) == 0 && close(file) == 0);
	}
	return true;
}

static bool random_numbers(void)
{
	unsigned char first[64] = {}, second[64] = {};
	char current[32] = {};
	int file = open("/sys/class/misc/hw_random/rng_current", O_RDONLY);
	REQUIRE(file >= 0 && read(file, current, sizeof current - 1) > 0 && strncmp(current, "virtio_rng.0\n", 13) == 0);
	close(file);
	file = open("/dev/hwrng", O_RDONLY);
	REQUIRE(file >= 0);
	REQUIRE(read(file, first, sizeof first) == sizeof first && read(file, second, sizeof second) == sizeof second);
	REQUIRE(memcmp(first, second, sizeof first) != 0);
	int bits = 0;
	for (size_t i = 0; i < sizeof first; i++)
		bits += __builtin_popcount(first[i]);
	REQUIRE(bits > 180 && bits < 332); /* 512 bits: 256 and 6.7 standard deviations */
	close(file);
	return true;
}

const struct check rng_checks[] = {{"random numbers", random_numbers}, {NULL, NULL}};
