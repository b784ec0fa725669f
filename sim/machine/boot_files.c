#include "machine/boot_files.h"

#include <string.h>
#include <sys/stat.h>
#include "base/array.h"
#include "base/say.h"
#include "machine/config_json.h"

/* Eight bytes at a time: files are large. */
static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
	for (; size >= 8; bytes += 8, size -= 8) {
		uint64_t word;
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (; size != 0; bytes++, size--)
		hash = (hash ^ *bytes) * UINT64_C(0x100000001b3);
	return hash ^ size;
}

static int note_file(struct boot *boot, const struct file *file, uint64_t hash)
{
	if (ARRAY_RESERVE(boot->files, boot->file_count, 1, &boot->file_room) != 0) {
		say("out of memory for the names of files");
		return -1;
	}
	boot->files[boot->file_count++] = (struct file_identity){file->path, file->size, hash};
	return 0;
}

int boot_open(struct boot *boot, struct file *file, const char *path)
{
	if (file_open(file, path) != 0)
		return -1;
	uint64_t hash = hash_bytes(0, file->data, file->size);
	boot_add_hash(boot, &hash, sizeof(hash));
	return note_file(boot, file, hash);
}

void boot_add_hash(struct boot *boot, const void *bytes, size_t size)
{
	boot->content_hash = hash_bytes(boot->content_hash, bytes, size);
}

int boot_identify(struct boot *boot, const char *path, bool matters)
{
	enum {
		ENOUGH = 256 << 20
	}; /* a disk's beginning tells it: all of it may be more than can be read in a moment */
	struct stat status;
	struct file file;
	if (!path || stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0 ||
	    file_open(&file, path) != 0)
		return 0; /* whoever needs it says so */
	size_t size = file.size < ENOUGH ? file.size : ENOUGH;
	uint64_t hash = hash_bytes(file.size, file.data, size);
	int result = note_file(boot, &file, hash);
	if (matters)
		boot_add_hash(boot, &hash, sizeof(hash));
	file_close(&file);
	return result;
}
