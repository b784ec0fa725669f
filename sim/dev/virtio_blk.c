/* Virtio's block device (Virtio 1.2, 5.2): one queue over a raw disk of the host's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/backend.h"
#include "dev/devices.h"
#include "dev/virtio.h"

enum {
	F_SEG_MAX = 2,
	F_RO = 5,
	F_BLK_SIZE = 6,
	F_FLUSH = 9,
	F_CONFIG_WCE = 11,
	F_DISCARD = 13,
	F_WRITE_ZEROES = 14,

	SECTOR = 512,
	SEG_MAX = 254, /* QEMU's */
	SEGMENTS_MAX = 16, /* of a discard or write-zeroes request */
	SEGMENT_SECTORS = 0x3fffff,
	ID_BYTES = 20,
	PIECE = 1 << 16, /* bytes copied at a time */

	WRITEBACK_AT = 32, /* offset in the configuration */
	CONFIG_SIZE = 60,
};

enum request {
	REQUEST_IN = 0,
	REQUEST_OUT = 1,
	REQUEST_FLUSH = 4,
	REQUEST_GET_ID = 8,
	REQUEST_DISCARD = 11,
	REQUEST_WRITE_ZEROES = 13
};

enum outcome { OUTCOME_OK = 0, OUTCOME_IOERR = 1, OUTCOME_UNSUPP = 2 };

struct header {
	uint32_t type, reserved;
	uint64_t sector;
};

struct segment {
	uint64_t sector;
	uint32_t count, flags; /* flags, bit 0: the sectors may be unmapped */
};

struct blk {
	struct virtio virtio;
	struct host_disk *disk;
	const char *serial;
	bool writeback; /* what is written may be lost with the host's power until it is flushed */
	uint64_t request_cycles, bytes_a_cycle;
	uint64_t reads, writes; /* requests, since the start of the machine */
	uint8_t piece[PIECE];
};

static uint64_t sectors_of(const struct blk *blk) { return host_disk_size(blk->disk) / SECTOR; }

static uint64_t blk_features(const struct virtio *virtio)
{
	const struct blk *blk = (const struct blk *)virtio;
	uint64_t features = UINT64_C(1) << F_SEG_MAX | 1 << F_BLK_SIZE | 1 << F_FLUSH;
	if (host_disk_read_only(blk->disk))
		return features | 1 << F_RO;
	return features | 1 << F_CONFIG_WCE | 1 << F_DISCARD | 1 << F_WRITE_ZEROES;
}

static void put(uint8_t *bytes, unsigned offset, uint64_t value, size_t size) { memcpy(bytes + offset, &value, size); }

static void blk_config_read(const struct virtio *virtio, uint8_t *bytes)
{
	const struct blk *blk = (const struct blk *)virtio;
	put(bytes, 0, sectors_of(blk), 8);
	put(bytes, 12, SEG_MAX, 4);
	put(bytes, 20, SECTOR, 4);
	put(bytes, WRITEBACK_AT, blk->writeback, 1);
	put(bytes, 34, 1, 2); /* queues */
	put(bytes, 36, SEGMENT_SECTORS, 4);
	put(bytes, 40, SEGMENTS_MAX, 4);
	put(bytes, 44, 1, 4); /* sectors that a discard is aligned to */
	put(bytes, 48, SEGMENT_SECTORS, 4);
	put(bytes, 52, SEGMENTS_MAX, 4);
	put(bytes, 56, 1, 1); /* write-zeroes may unmap */
}

static void blk_config_write(struct virtio *virtio, uint32_t offset, uint32_t value, unsigned size, uint64_t now)
{
	(void)now;
	if (offset == WRITEBACK_AT && size == 1 && virtio_has(virtio, F_CONFIG_WCE))
		((struct blk *)virtio)->writeback = value & 1;
}

/* ---- requests ---- */

static bool sectors_exist(const struct blk *blk, uint64_t sector, uint64_t bytes)
{
	uint64_t sectors = sectors_of(blk);
	return bytes % SECTOR == 0 && sector <= sectors && bytes / SECTOR <= sectors - sector;
}

static enum outcome read_sectors(struct blk *blk, const struct virtio_chain *chain, uint64_t sector, uint64_t size)
{
	if (!sectors_exist(blk, sector, size))
		return OUTCOME_IOERR;
	for (uint64_t at = 0; at < size;) {
		size_t part = size - at < PIECE ? (size_t)(size - at) : PIECE;
		if (!host_disk_read(blk->disk, sector * SECTOR + at, blk->piece, part))
			return OUTCOME_IOERR;
		virtio_write(&blk->virtio, chain, at, blk->piece, part);
		at += part;
	}
	blk->reads++;
	return OUTCOME_OK;
}

/* A driver that does not know of flushes gets what it writes onto the disk at once. */
static bool settle_write(struct blk *blk)
{
	return (blk->writeback && virtio_has(&blk->virtio, F_FLUSH)) || host_disk_flush(blk->disk);
}

static enum outcome write_sectors(struct blk *blk, const struct virtio_chain *chain, uint64_t sector, uint64_t size)
{
	if (!sectors_exist(blk, sector, size) || host_disk_read_only(blk->disk))
		return OUTCOME_IOERR;
	for (uint64_t at = 0; at < size;) {
		size_t part = size - at < PIECE ? (size_t)(size - at) : PIECE;
		virtio_read(&blk->virtio, chain, sizeof(struct header) + at, blk->piece, part);
		if (!host_disk_write(blk->disk, sector * SECTOR + at, blk->piece, part))
			return OUTCOME_IOERR;
		at += part;
	}
	blk->writes++;
	return settle_write(blk) ? OUTCOME_OK : OUTCOME_IOERR;
}

/* Sectors that are discarded read as zeros: one of the things that they may read as, and always the same. */
static enum outcome clear_segment(struct blk *blk, const struct segment *segment, bool discard)
{
	if (segment->flags & ~(discard ? UINT32_C(0) : UINT32_C(1)))
		return OUTCOME_UNSUPP;
	uint64_t bytes = (uint64_t)segment->count * SECTOR;
	if (segment->count > SEGMENT_SECTORS || !sectors_exist(blk, segment->sector, bytes))
		return OUTCOME_IOERR;
	return host_disk_zero(blk->disk, segment->sector * SECTOR, bytes) ? OUTCOME_OK : OUTCOME_IOERR;
}

static enum outcome clear_sectors(struct blk *blk, const struct virtio_chain *chain, uint64_t size, bool discard)
{
	struct segment segment;
	if (host_disk_read_only(blk->disk) || size == 0 || size % sizeof(segment) != 0 ||
	    size > SEGMENTS_MAX * sizeof(segment))
		return OUTCOME_IOERR;
	for (uint64_t at = 0; at < size; at += sizeof(segment)) {
		virtio_read(&blk->virtio, chain, sizeof(struct header) + at, &segment, sizeof(segment));
		enum outcome outcome = clear_segment(blk, &segment, discard);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return settle_write(blk) ? OUTCOME_OK : OUTCOME_IOERR;
}

static enum outcome tell_serial(struct blk *blk, const struct virtio_chain *chain, uint64_t *size)
{
	char id[ID_BYTES] = {0};
	if (blk->serial)
		memcpy(id, blk->serial, strnlen(blk->serial, sizeof(id)));
	*size = *size < sizeof(id) ? *size : sizeof(id);
	virtio_write(&blk->virtio, chain, 0, id, (size_t)*size);
	return OUTCOME_OK;
}

/* Bytes behind the header, and bytes in front of the status, of which `got` are written. */
static enum outcome do_request(struct blk *blk, const struct virtio_chain *chain, const struct header *header,
                               uint64_t *got)
{
	uint64_t given = chain->read_size - sizeof(*header), wanted = chain->write_size - 1;
	*got = 0;
	switch (header->type) {
	case REQUEST_IN: *got = wanted; return read_sectors(blk, chain, header->sector, wanted);
	case REQUEST_OUT: return write_sectors(blk, chain, header->sector, given);
	case REQUEST_FLUSH: return host_disk_flush(blk->disk) ? OUTCOME_OK : OUTCOME_IOERR;
	case REQUEST_GET_ID: *got = wanted; return tell_serial(blk, chain, got);
	case REQUEST_DISCARD: return clear_sectors(blk, chain, given, true);
	case REQUEST_WRITE_ZEROES: return clear_sectors(blk, chain, given, false);
	default: return OUTCOME_UNSUPP;
	}
}

static uint64_t blk_serve(struct virtio *virtio, unsigned queue, uint64_t now)
{
	struct blk *blk = (struct blk *)virtio;
	struct virtio_chain chain;
	struct header header;
	uint64_t got;
	if (!virtio_take(virtio, queue, &chain, now))
		return 0;
	if (chain.read_size < sizeof(header) || chain.write_size == 0) {
		virtio_break(virtio, now);
		return 0;
	}
	virtio_read(virtio, &chain, 0, &header, sizeof(header));
	uint8_t status = (uint8_t)do_request(blk, &chain, &header, &got);
	virtio_write(virtio, &chain, chain.write_size - 1, &status, 1);
	virtio_give(virtio, queue, &chain, (uint32_t)(got + 1), now);
	return blk->request_cycles + (chain.read_size + chain.write_size) / blk->bytes_a_cycle;
}

/* ---- the device ---- */

static void blk_reset(struct virtio *virtio) { ((struct blk *)virtio)->writeback = true; }

static void blk_save(const struct virtio *virtio, struct state_writer *writer)
{
	const struct blk *blk = (const struct blk *)virtio;
	state_write_u64(writer, blk->writeback);
	state_write_u64(writer, blk->reads);
	state_write_u64(writer, blk->writes);
	host_disk_save(blk->disk, writer);
}

static bool blk_restore(struct virtio *virtio, struct state_reader *reader)
{
	struct blk *blk = (struct blk *)virtio;
	blk->writeback = state_read_limited(reader, 1);
	blk->reads = state_read_u64(reader);
	blk->writes = state_read_u64(reader);
	return host_disk_restore(blk->disk, reader);
}

static void blk_dump(const struct virtio *virtio, FILE *out)
{
	const struct blk *blk = (const struct blk *)virtio;
	fprintf(out, "  %" PRIu64 " sectors%s, %" PRIu64 " reads, %" PRIu64 " writes\n", sectors_of(blk),
	        host_disk_read_only(blk->disk) ? ", read-only" : "", blk->reads, blk->writes);
}

static void blk_destroy(struct virtio *virtio) { free(virtio); }

static struct virtio *blk_make(const struct board *board, const struct virtio_config *config)
{
	struct blk *blk = calloc(1, sizeof(*blk));
	if (!blk)
		return NULL;
	blk->disk = board->backends->disks[config->backend];
	blk->serial = config->text;
	blk->writeback = true;
	blk->request_cycles = board->virtio->disk_cycles;
	blk->bytes_a_cycle = board->virtio->disk_bytes;
	return &blk->virtio;
}

const struct virtio_kind virtio_blk_kind = {
    .name = "virtio-blk-device",
    .id = 2,
    .queues = 1,
    .config_size = CONFIG_SIZE,
    .make = blk_make,
    .features = blk_features,
    .config_read = blk_config_read,
    .config_write = blk_config_write,
    .serve = blk_serve,
    .reset = blk_reset,
    .save = blk_save,
    .restore = blk_restore,
    .dump = blk_dump,
    .destroy = blk_destroy,
};
