/* Copies between the hypervisor and a zone's RAM, piece by piece as the G-stage maps it. */
#include "lib/string.h"
#include "vm/zone.h"

void *zone_ram(struct zone *zone, uint64_t gpa, uint64_t size, uint64_t *length)
{
	uint64_t address = gstage_translate(&zone->gstage, gpa, length);

	*length = min_u64(*length, size);
	return (void *)address;
}

void zone_write(struct zone *zone, uint64_t gpa, const void *from, uint64_t size)
{
	const uint8_t *in = from;
	uint64_t length;

	for (; size; size -= length, gpa += length, in += length)
		memcpy(zone_ram(zone, gpa, size, &length), in, length);
}

void zone_read(struct zone *zone, uint64_t gpa, void *to, uint64_t size)
{
	uint8_t *out = to;
	uint64_t length;

	for (; size; size -= length, gpa += length, out += length)
		memcpy(out, zone_ram(zone, gpa, size, &length), length);
}

void zone_zero(struct zone *zone, uint64_t gpa, uint64_t size)
{
	uint64_t length;

	for (; size; size -= length, gpa += length)
		memset(zone_ram(zone, gpa, size, &length), 0, length);
}
