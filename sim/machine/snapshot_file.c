#include "machine/snapshot_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>
#include "base/output_file.h"
#include "base/say.h"
#include "machine/loader.h"
#include "machine/machine.h"
#include "machine/snapshot.h"

enum { FILE_VERSION = 1, LEVEL = 3 };

static const char magic[12] = "rvsim-state";

struct snapshot_header {
	char magic[12];
	uint32_t version;
	uint64_t size, hash; /* of the state */
	uint64_t disks;
};

/* As many as there are disks. NULL: no memory, or one cannot be read. */
static uint64_t *digests_of(const struct machine *machine)
{
	const struct backends *backends = &machine->backends;
	uint64_t *digests = calloc(backends->disk_count + 1, sizeof(*digests));
	for (unsigned i = 0; digests && i < backends->disk_count; i++)
		if (!host_disk_digest(backends->disks[i], &digests[i])) {
			free(digests);
			return NULL;
		}
	return digests;
}

/* ---- writing ---- */

/* Where a run that stopped for this reason could go on. */
static bool could_go_on(const struct machine *machine)
{
	switch (machine->stop == STOP_GOLDEN ? machine->golden_end : machine->stop) {
	case RUNNING:
	case STOP_MATCHED:
	case STOP_LIMIT:
	case STOP_DEBUG:
	case STOP_QUIT:
	case STOP_SIGNAL: return true;
	default: return false;
	}
}

static bool put_file(FILE *file, const struct snapshot_header *header, const uint64_t *digests, const void *packed,
                     size_t size)
{
	return fwrite(header, sizeof(*header), 1, file) == 1 &&
	       fwrite(digests, sizeof(*digests), header->disks, file) == header->disks &&
	       fwrite(packed, 1, size, file) == size;
}

static int write_packed(const struct machine *machine, const char *path, const struct state_writer *state,
                        const void *packed, size_t size)
{
	struct snapshot_header header = {
	    .version = FILE_VERSION,
	    .size = state->size,
	    .hash = XXH3_64bits(state->bytes, state->size),
	    .disks = machine->backends.disk_count,
	};
	memcpy(header.magic, magic, sizeof(magic));
	uint64_t *digests = digests_of(machine);
	if (!digests)
		return say("%s: a disk cannot be read again", path);
	FILE *file = output_open(path);
	bool good = file && put_file(file, &header, digests, packed, size);
	good = file && fclose(file) == 0 && good;
	free(digests);
	return good ? 0 : say("%s: the snapshot could not be written: %s", path, strerror(errno));
}

int snapshot_write(const struct machine *machine, const char *path)
{
	struct state_writer state = {0};
	if (!could_go_on(machine))
		return machine->config->save_unfinished
		           ? 0
		           : say("--save %s: the machine has come to its end: there is nothing to go on from", path);
	bool saved = snapshot_save(machine, &state);
	size_t room = ZSTD_compressBound(state.size);
	void *packed = saved ? malloc(room) : NULL;
	size_t size = packed ? ZSTD_compress(packed, room, state.bytes, state.size, LEVEL) : 0;
	int result = packed && !ZSTD_isError(size) ? write_packed(machine, path, &state, packed, size)
	                                           : say("%s: no memory for a snapshot", path);
	free(packed);
	state_writer_free(&state);
	return result;
}

/* ---- reading ---- */

static const char *check_state_header(const struct snapshot_header *header, const struct file *file)
{
	const uint64_t limit = UINT64_C(1) << 48;
	if (file->size < sizeof(*header) || memcmp(header->magic, magic, sizeof(magic)) != 0)
		return "is no snapshot";
	if (header->version != FILE_VERSION)
		return "is a snapshot of another version of rvsim";
	if (header->disks > (file->size - sizeof(*header)) / sizeof(uint64_t) || header->size == 0 ||
	    header->size > limit)
		return "is damaged";
	return NULL;
}

static const char *check_disks(const struct machine *machine, const uint8_t *digests, uint64_t count)
{
	const char *reason = NULL;
	if (count != machine->backends.disk_count)
		return "is of a machine with another number of disks";
	uint64_t *here = digests_of(machine);
	if (!here)
		return "a disk cannot be read";
	if (count && memcmp(here, digests, count * sizeof(*here)) != 0)
		reason = "a disk holds something else than when the snapshot was made";
	free(here);
	return reason;
}

/* The state's bytes, which the caller frees; NULL: *reason. */
static uint8_t *unpack_state(const struct snapshot_header *header, const uint8_t *packed, size_t size,
                             const char **reason)
{
	*reason = "is damaged";
	if (ZSTD_getFrameContentSize(packed, size) != header->size)
		return NULL;
	uint8_t *bytes = malloc(header->size);
	if (!bytes) {
		*reason = "no memory for it";
		return NULL;
	}
	if (ZSTD_decompress(bytes, header->size, packed, size) == header->size &&
	    XXH3_64bits(bytes, header->size) == header->hash)
		return bytes;
	free(bytes);
	return NULL;
}

static int restore_from(struct machine *machine, const char *path, const struct file *file)
{
	struct snapshot_header header = {0};
	memcpy(&header, file->data, file->size < sizeof(header) ? file->size : sizeof(header));
	const char *reason = check_state_header(&header, file);
	const uint8_t *digests = file->data + sizeof(header);
	if (!reason)
		reason = check_disks(machine, digests, header.disks);
	if (reason)
		return say("%s: %s", path, reason);
	const uint8_t *packed = digests + header.disks * sizeof(uint64_t);
	size_t size = (size_t)(file->data + file->size - packed);
	uint8_t *bytes = unpack_state(&header, packed, size, &reason);
	if (!bytes)
		return say("%s: %s", path, reason);
	struct state_reader reader = {.bytes = bytes, .size = header.size};
	bool restored = snapshot_restore(machine, &reader);
	free(bytes);
	return restored ? 0 : say("%s: does not fit: %s", path, reader.reason);
}

int snapshot_read(struct machine *machine, const char *path)
{
	struct file file = {0};
	if (file_open(&file, path) != 0)
		return -1;
	int result = restore_from(machine, path, &file);
	file_close(&file);
	return result;
}
