#include "machine/reload.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include "base/bus.h"
#include "machine/loader.h"

/* zstd's level: the fastest that there are halve a kernel, and take a hundredth of its boot. */
enum { PACKING = -5 };

/* Without the zeros at the end: a large .bss need not be kept. */
static uint64_t nonzero_length(const uint8_t *bytes, uint64_t size)
{
	while (size != 0 && bytes[size - 1] == 0)
		size--;
	return size;
}

static int keep_piece(struct reload *reload, const struct placement *item, const struct bus *bus)
{
	const uint8_t *bytes = bus_host(bus, item->start);
	struct reload_piece piece = {
	    .start = item->start, .size = item->size, .kept = nonzero_length(bytes, item->size)};
	size_t most = ZSTD_compressBound(piece.kept);
	void *packed = malloc(most);
	if (!packed)
		return -1;
	piece.packed_size = ZSTD_compress(packed, most, bytes, piece.kept, PACKING);
	if (ZSTD_isError(piece.packed_size)) {
		free(packed);
		return -1;
	}
	piece.packed = realloc(packed, piece.packed_size);
	if (!piece.packed)
		piece.packed = packed;
	reload->pieces[reload->count++] = piece;
	return 0;
}

int reload_keep(struct reload *reload, const struct layout *layout, const struct bus *bus)
{
	*reload = (struct reload){.pieces = calloc(layout->count + 1, sizeof(*reload->pieces))};
	if (!reload->pieces)
		return -1;
	for (size_t i = 0; i < layout->count; i++)
		if (keep_piece(reload, &layout->items[i], bus) != 0)
			return -1;
	return 0;
}

void reload_free(struct reload *reload)
{
	for (size_t i = 0; i < reload->count; i++)
		free(reload->pieces[i].packed);
	free(reload->pieces);
	*reload = (struct reload){0};
}

void reload_write(const struct reload *reload, struct bus *bus)
{
	for (size_t i = 0; i < reload->count; i++) {
		const struct reload_piece *piece = &reload->pieces[i];
		uint8_t *bytes = bus_host(bus, piece->start);
		size_t written = ZSTD_decompress(bytes, piece->kept, piece->packed, piece->packed_size);
		assert(written == piece->kept);
		(void)written;
		memset(bytes + piece->kept, 0, piece->size - piece->kept);
	}
}
