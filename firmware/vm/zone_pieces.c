/* What a zone finds in its RAM when it starts: put there at once by boot, and a little at a time when it starts anew. */
#include "lib/bits.h"
#include "vm/zone.h"
#include "vm/zone_load.h"

void zone_put_in(struct zone *zone, uint64_t gpa, const void *from, uint64_t size, uint64_t zeros)
{
	zone->pieces[zone->pieces_count++] = (struct zone_piece){gpa, size, zeros, from};
	zone_write(zone, gpa, from, size);
	zone_zero(zone, gpa + size, zeros);
}

/* Up to `limit` bytes of a piece, from `at` on. Returns how many: 0, it is whole. */
static uint64_t load_some(struct zone *zone, const struct zone_piece *piece, uint64_t at, uint64_t limit)
{
	uint64_t size = min_u64(limit, at < piece->size ? piece->size - at : piece->size + piece->zeros - at);

	if (at < piece->size)
		zone_write(zone, piece->gpa + at, (const uint8_t *)piece->from + at, size);
	else
		zone_zero(zone, piece->gpa + at, size);
	return size;
}

bool zone_load_more(struct zone *zone)
{
	enum { LITTLE = 256 }; /* bytes, in a few microseconds */

	if (zone->next < zone->pieces_count) {
		uint64_t size = load_some(zone, &zone->pieces[zone->next], zone->at, LITTLE);
		zone->at = size ? zone->at + size : 0;
		zone->next += !size;
		return false;
	}
	zone->next = 0; /* for the time after this */
	return true;
}
