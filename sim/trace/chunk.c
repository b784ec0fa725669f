#include "trace/chunk.h"

#include <string.h>
#include <zlib.h>

enum { LAST_SHIFT = 31 };

static const uint8_t chunk_magic[] = {0x50, 0x2a, 0x4d, 0x18, CHUNK_HEAD - 8, 0, 0, 0};

static void put_u32(uint8_t *out, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_u32(const uint8_t *in)
{
	return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

uint32_t chunk_crc(const uint8_t *bytes, size_t size) { return (uint32_t)crc32_z(0, bytes, size); }

size_t chunk_put(ZSTD_CCtx *zstd, uint32_t number, bool last, const uint8_t *content, size_t size, uint8_t *out)
{
	size_t frame = ZSTD_compress2(zstd, out + CHUNK_HEAD, CHUNK_FRAME, content, size);
	if (ZSTD_isError(frame))
		return frame;
	memcpy(out, chunk_magic, sizeof chunk_magic);
	put_u32(out + 8, (number & ~(UINT32_C(1) << LAST_SHIFT)) | (uint32_t)last << LAST_SHIFT);
	put_u32(out + 12, (uint32_t)frame);
	put_u32(out + 16, chunk_crc(out + CHUNK_HEAD, frame));
	put_u32(out + 20, chunk_crc(out, 20));
	return CHUNK_HEAD + frame;
}

bool chunk_get_head(const uint8_t *in, struct chunk_head *head)
{
	uint32_t number = get_u32(in + 8);
	*head = (struct chunk_head){
	    .number = number & ~(UINT32_C(1) << LAST_SHIFT),
	    .size = get_u32(in + 12),
	    .crc = get_u32(in + 16),
	    .last = number >> LAST_SHIFT,
	};
	return chunk_begins(in, sizeof chunk_magic) && head->size <= CHUNK_FRAME &&
	       get_u32(in + 20) == chunk_crc(in, 20);
}

bool chunk_begins(const uint8_t *in, size_t size)
{
	return memcmp(in, chunk_magic, size < sizeof chunk_magic ? size : sizeof chunk_magic) == 0;
}
