/* Which part of memory is a zone's: what its G-stage tables map, in cells that all of DRAM is cut into. */
#ifndef ZONE_MEMORY_H
#define ZONE_MEMORY_H

#include <stdint.h>

enum { ZONE_CELLS = 512 };

struct bus;

struct zone_memory {
	uint64_t bytes[ZONE_CELLS]; /* that are mapped there */
	uint8_t fresh[ZONE_CELLS];  /* looks since that grew, from FRESH down to 0 */
	uint64_t seen;              /* looks so far */
};

/* What hgatp maps now. Tables that lie outside of DRAM, or have more PTEs than anybody would read, are left out. */
void zone_memory_look(struct zone_memory *memory, const struct bus *bus, uint64_t hgatp);

#endif
