#include "dev/host_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include "base/say.h"
#include "base/state.h"

enum { SECTOR = 512, CLUSTER_SHIFT = 16, CLUSTER = 1 << CLUSTER_SHIFT };

/* The largest file that the host can have. */
#define SIZE_LIMIT (UINT64_C(1) << 62)

struct host_disk {
	const char *path;
	int fd;
	uint64_t size;
	bool read_only;
	bool complained;
	uint8_t **clusters; /* of a snapshot: a pointer for each of the file's, NULL where it was not written */
	uint64_t cluster_count;
	struct change *changes; /* of the file, since it is kept */
	size_t change_count, change_capacity;
	uint64_t changed; /* the file is as it was after so many of them */
	bool kept;
};

/* What the file holds there on the other side of it: before, or, once it is undone, after. */
struct change {
	uint64_t at;
	size_t size;
	uint8_t *bytes;
};

/* The first complaint is told: a guest that goes on asking would fill the screen. */
static bool complain_of(struct host_disk *disk, const char *what)
{
	if (!disk->complained)
		say("%s: %s: %s (the guest gets an I/O error)", disk->path, what, strerror(errno));
	disk->complained = true;
	return false;
}

/* ---- the file ---- */

static bool file_read(struct host_disk *disk, uint64_t at, uint8_t *bytes, size_t size)
{
	while (size != 0) {
		ssize_t got = pread(disk->fd, bytes, size, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return complain_of(disk, "cannot be read");
		if (got == 0) { /* it has become shorter meanwhile */
			memset(bytes, 0, size);
			return true;
		}
		bytes += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return true;
}

static bool file_write(struct host_disk *disk, uint64_t at, const uint8_t *bytes, size_t size)
{
	while (size != 0) {
		ssize_t put = pwrite(disk->fd, bytes, size, (off_t)at);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return complain_of(disk, "cannot be written");
		bytes += put;
		at += (uint64_t)put;
		size -= (size_t)put;
	}
	return true;
}

static void forget_changes(struct host_disk *disk)
{
	while (disk->change_count > disk->changed)
		free(disk->changes[--disk->change_count].bytes);
}

static bool room_for_change(struct host_disk *disk)
{
	if (disk->change_count < disk->change_capacity)
		return true;
	size_t capacity = 2 * disk->change_capacity + 64;
	struct change *grown = realloc(disk->changes, capacity * sizeof(*grown));
	if (!grown)
		return false;
	disk->changes = grown;
	disk->change_capacity = capacity;
	return true;
}

/* Before a change of the file. One that was undone comes again as it was. */
static bool keep_change(struct host_disk *disk, uint64_t at, size_t size)
{
	if (disk->changed < disk->change_count &&
	    (disk->changes[disk->changed].at != at || disk->changes[disk->changed].size != size))
		forget_changes(disk);
	if (disk->changed == disk->change_count) {
		uint8_t *bytes = room_for_change(disk) ? malloc(size) : NULL;
		if (!bytes)
			return complain_of(disk, "no memory to keep what it held");
		disk->changes[disk->change_count++] = (struct change){.at = at, .size = size, .bytes = bytes};
	}
	return file_read(disk, at, disk->changes[disk->changed++].bytes, size);
}

static bool keep_before(struct host_disk *disk, uint64_t at, uint64_t size)
{
	while (disk->kept && size != 0) {
		size_t part = size < CLUSTER ? (size_t)size : CLUSTER;
		if (!keep_change(disk, at, part))
			return false;
		at += part;
		size -= part;
	}
	return true;
}

/* Undo a change, or do it again. */
static bool swap_change(struct host_disk *disk, struct change *change)
{
	uint8_t *before = malloc(change->size);
	bool done = before && file_read(disk, change->at, before, change->size) &&
	            file_write(disk, change->at, change->bytes, change->size);
	if (!done) {
		free(before);
		return false;
	}
	free(change->bytes);
	change->bytes = before;
	return true;
}

static bool file_zero(struct host_disk *disk, uint64_t at, uint64_t size)
{
	static const uint8_t zeros[4096];
	if (fallocate(disk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)size) == 0)
		return true;
	for (; size != 0; at += sizeof(zeros)) {
		size_t part = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);
		if (!file_write(disk, at, zeros, part))
			return false;
		size -= part;
	}
	return true;
}

/* ---- a snapshot ---- */

/* The part of [at, at+size) that lies in the first cluster of it. */
static size_t cluster_part(uint64_t at, uint64_t size)
{
	size_t rest = CLUSTER - (size_t)(at % CLUSTER);
	return size < rest ? (size_t)size : rest;
}

/* The bytes of the last cluster that the file has: the rest are never asked for. */
static size_t cluster_bytes(const struct host_disk *disk, uint64_t index)
{
	uint64_t rest = disk->size - (index << CLUSTER_SHIFT);
	return rest < CLUSTER ? (size_t)rest : CLUSTER;
}

/* The cluster's own copy; `whole`: all of it will be written. NULL after a line. */
static uint8_t *own_cluster(struct host_disk *disk, uint64_t index, bool whole)
{
	uint8_t *bytes = disk->clusters[index];
	if (bytes)
		return bytes;
	bytes = malloc(CLUSTER);
	if (!bytes) {
		complain_of(disk, "no memory for what is written");
		return NULL;
	}
	if (!whole && !file_read(disk, index << CLUSTER_SHIFT, bytes, cluster_bytes(disk, index))) {
		free(bytes);
		return NULL;
	}
	return disk->clusters[index] = bytes;
}

static bool snapshot_read(struct host_disk *disk, uint64_t at, uint8_t *bytes, size_t size)
{
	while (size != 0) {
		size_t part = cluster_part(at, size);
		const uint8_t *own = disk->clusters[at >> CLUSTER_SHIFT];
		if (own)
			memcpy(bytes, own + at % CLUSTER, part);
		else if (!file_read(disk, at, bytes, part))
			return false;
		bytes += part;
		at += part;
		size -= part;
	}
	return true;
}

/* bytes NULL: zeros. */
static bool snapshot_write(struct host_disk *disk, uint64_t at, const uint8_t *bytes, uint64_t size)
{
	while (size != 0) {
		size_t part = cluster_part(at, size);
		uint64_t index = at >> CLUSTER_SHIFT;
		uint8_t *own = own_cluster(disk, index, part == cluster_bytes(disk, index));
		if (!own)
			return false;
		if (bytes)
			memcpy(own + at % CLUSTER, bytes, part);
		else
			memset(own + at % CLUSTER, 0, part);
		bytes = bytes ? bytes + part : NULL;
		at += part;
		size -= part;
	}
	return true;
}

static void drop_clusters(struct host_disk *disk)
{
	for (uint64_t i = 0; disk->clusters && i < disk->cluster_count; i++) {
		free(disk->clusters[i]);
		disk->clusters[i] = NULL;
	}
}

/* ---- opening ---- */

static int lock_file(int fd, bool shared)
{
	struct flock lock = {.l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES))
		return 0; /* file systems without locks keep nobody out */
	return -1;
}

/* Formats that are not what they hold. A name alone could not tell. */
static const char *other_format(const uint8_t *head, size_t size)
{
	static const struct {
		const char *name;
		uint8_t magic[4];
	} formats[] = {
	    {"qcow2", {'Q', 'F', 'I', 0xfb}},
	    {"VMDK", {'K', 'D', 'M', 'V'}},
	    {"QED", {'Q', 'E', 'D', 0}},
	    {"VHDX", {'v', 'h', 'd', 'x'}},
	};
	for (unsigned i = 0; size >= 4 && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (memcmp(head, formats[i].magic, 4) == 0)
			return formats[i].name;
	return NULL;
}

static int find_size(struct host_disk *disk)
{
	struct stat status;
	if (fstat(disk->fd, &status) != 0)
		return say("%s: %s", disk->path, strerror(errno));
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return say("%s: is neither a file nor a block device", disk->path);
	off_t end = lseek(disk->fd, 0, SEEK_END);
	if (end < 0 || (uint64_t)end > SIZE_LIMIT)
		return say("%s: %s", disk->path, end < 0 ? strerror(errno) : "is too large");
	disk->size = ((uint64_t)end + SECTOR - 1) / SECTOR *
	             SECTOR; /* what is missing of the last one reads as zeros */
	return 0;
}

static int check_format(struct host_disk *disk)
{
	uint8_t head[4];
	ssize_t got = pread(disk->fd, head, sizeof(head), 0);
	const char *format = other_format(head, got > 0 ? (size_t)got : 0);
	if (format)
		return say("%s: is a %s image: raw ones alone are supported (qemu-img convert -O raw)", disk->path,
		           format);
	return 0;
}

static int prepare_snapshot(struct host_disk *disk)
{
	disk->cluster_count = (disk->size + CLUSTER - 1) >> CLUSTER_SHIFT;
	disk->clusters = calloc(disk->cluster_count + 1, sizeof(*disk->clusters));
	return disk->clusters ? 0 : say("%s: out of memory for its snapshot", disk->path);
}

static int open_image(struct host_disk *disk, const struct disk_config *config)
{
	bool writes = !config->read_only && !config->snapshot;
	disk->fd = open(config->path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	if (disk->fd < 0) {
		bool denied = writes && (errno == EACCES || errno == EROFS || errno == EPERM);
		return say("%s: %s%s", disk->path, strerror(errno), denied ? " (readonly=on or snapshot=on)" : "");
	}
	if (find_size(disk) != 0 || check_format(disk) != 0)
		return -1;
	if (config->locked && lock_file(disk->fd, !writes) != 0)
		return say("%s: is in use by another disk or machine%s", disk->path,
		           writes ? " (snapshot=on reads it together with others)" : ", which writes it");
	return config->snapshot ? prepare_snapshot(disk) : 0;
}

struct host_disk *host_disk_open(const struct disk_config *config)
{
	struct host_disk *disk = calloc(1, sizeof(*disk));
	if (!disk) {
		say("out of memory for disks");
		return NULL;
	}
	*disk = (struct host_disk){.path = config->path, .fd = -1, .read_only = config->read_only};
	if (open_image(disk, config) == 0)
		return disk;
	host_disk_close(disk);
	return NULL;
}

void host_disk_close(struct host_disk *disk)
{
	if (!disk)
		return;
	drop_clusters(disk);
	free(disk->clusters);
	disk->changed = 0;
	forget_changes(disk);
	free(disk->changes);
	if (disk->fd >= 0)
		close(disk->fd);
	free(disk);
}

uint64_t host_disk_size(const struct host_disk *disk) { return disk->size; }

bool host_disk_read_only(const struct host_disk *disk) { return disk->read_only; }

/* ---- what devices do ---- */

bool host_disk_read(struct host_disk *disk, uint64_t at, void *bytes, size_t size)
{
	return disk->clusters ? snapshot_read(disk, at, bytes, size) : file_read(disk, at, bytes, size);
}

bool host_disk_write(struct host_disk *disk, uint64_t at, const void *bytes, size_t size)
{
	if (disk->clusters)
		return snapshot_write(disk, at, bytes, size);
	return keep_before(disk, at, size) && file_write(disk, at, bytes, size);
}

bool host_disk_zero(struct host_disk *disk, uint64_t at, uint64_t size)
{
	if (disk->clusters)
		return snapshot_write(disk, at, NULL, size);
	return keep_before(disk, at, size) && file_zero(disk, at, size);
}

bool host_disk_flush(struct host_disk *disk)
{
	if (disk->clusters || disk->read_only || fdatasync(disk->fd) == 0)
		return true;
	return complain_of(disk, "cannot be flushed");
}

bool host_disk_digest(struct host_disk *disk, uint64_t *digest)
{
	enum { PART = 1 << 20 };
	uint8_t *bytes = malloc(PART);
	XXH3_state_t *state = XXH3_createState();
	bool good = bytes && state && XXH3_64bits_reset(state) == XXH_OK;
	for (uint64_t at = 0; at < disk->size && good; at += PART) {
		size_t part = disk->size - at < PART ? (size_t)(disk->size - at) : PART;
		good = file_read(disk, at, bytes, part) && XXH3_64bits_update(state, bytes, part) == XXH_OK;
	}
	*digest = good ? XXH3_64bits_digest(state) : 0;
	XXH3_freeState(state);
	free(bytes);
	return good;
}

void host_disk_keep(struct host_disk *disk) { disk->kept = true; }

void host_disk_forget(struct host_disk *disk) { forget_changes(disk); }

/* ---- state: how many clusters; of each its index and bytes; the number of changes of the file ---- */

void host_disk_save(const struct host_disk *disk, struct state_writer *writer)
{
	uint64_t count = 0;
	for (uint64_t i = 0; disk->clusters && i < disk->cluster_count; i++)
		count += disk->clusters[i] != NULL;
	state_write_u64(writer, count);
	for (uint64_t i = 0; count != 0 && i < disk->cluster_count; i++)
		if (disk->clusters[i]) {
			state_write_u64(writer, i);
			state_write_large(writer, disk->clusters[i], cluster_bytes(disk, i));
		}
	state_write_u64(writer, disk->changed);
}

/* The file is to be as it was after so many changes. */
static bool go_to_change(struct host_disk *disk, uint64_t changed)
{
	for (; disk->changed > changed; disk->changed--)
		if (!swap_change(disk, &disk->changes[disk->changed - 1]))
			return false;
	for (; disk->changed < changed && disk->changed < disk->change_count; disk->changed++)
		if (!swap_change(disk, &disk->changes[disk->changed]))
			return false;
	return true;
}

bool host_disk_restore(struct host_disk *disk, struct state_reader *reader)
{
	uint64_t count = state_read_limited(reader, disk->clusters ? disk->cluster_count : 0);
	drop_clusters(disk);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t index = state_read_limited(reader, disk->cluster_count - 1);
		if (reader->failed)
			return false;
		uint8_t *own = own_cluster(disk, index, true);
		if (!own)
			return state_refuse(reader, "disk: no memory");
		state_read_large(reader, own, cluster_bytes(disk, index));
	}
	uint64_t changed = state_read_u64(reader); /* of another process: its file is as it is */
	return !reader->failed &&
	       (!reader->stored || go_to_change(disk, changed) || state_refuse(reader, "disk: cannot be written"));
}
