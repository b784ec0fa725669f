#include "machine/reload.h"

#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "machine/loader.h"

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
	piece.bytes = malloc(piece.kept + 1);
	if (!piece.bytes)
		return -1;
	memcpy(piece.bytes, bytes, piece.kept);
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
		free(reload->pieces[i].bytes);
	free(reload->pieces);
	*reload = (struct reload){0};
}

void reload_write(const struct reload *reload, struct bus *bus)
{
	for (size_t i = 0; i < reload->count; i++) {
		const struct reload_piece *piece = &reload->pieces[i];
		uint8_t *bytes = bus_host(bus, piece->start);
		memcpy(bytes, piece->bytes, piece->kept);
		memset(bytes + piece->kept, 0, piece->size - piece->kept);
	}
}
