/*
 * The pieces a trace file consists of: each is checked before anything in it is believed. A chunk is two zstd frames
 * (RFC 8878), so that any zstd decompresses the file to its header and records:
 *
 *	offset size
 *	0      4    magic of a skippable frame, 0x184d2a50
 *	4      4    its size, 16
 *	8      4    number of the chunk, from 0; bit 31: it is the last
 *	12     4    size of the frame behind this one
 *	16     4    CRC-32 of the frame behind this one
 *	20     4    CRC-32 of the 20 bytes before
 *	24          a zstd frame of at most CHUNK_CONTENT bytes
 *
 * Integers are little-endian.
 */
#ifndef TRACE_CHUNK_H
#define TRACE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zstd.h>

enum {
	CHUNK_HEAD = 24,
	CHUNK_CONTENT = 1 << 20,
	CHUNK_FRAME = ZSTD_COMPRESSBOUND(CHUNK_CONTENT),
	CHUNK_MAX = CHUNK_HEAD + CHUNK_FRAME
};

struct chunk_head {
	uint32_t number, size, crc;
	bool last;
};

/* CRC-32 as gzip and zlib have it (ISO-HDLC): every damage of up to 32 bits in a row shows. */
uint32_t chunk_crc(const uint8_t *bytes, size_t size);

/* Bytes of the chunk at `out`, which has room for CHUNK_MAX; or what ZSTD_isError knows. size: 0..CHUNK_CONTENT. */
size_t chunk_put(ZSTD_CCtx *zstd, uint32_t number, bool last, const uint8_t *content, size_t size, uint8_t *out);

/* Fills *head from CHUNK_HEAD bytes. False: they are damaged. */
bool chunk_get_head(const uint8_t *in, struct chunk_head *head);

/* Can these `size` bytes, fewer than CHUNK_HEAD, be how a chunk begins? */
bool chunk_begins(const uint8_t *in, size_t size);

#endif
