/*
 * What was loaded into DRAM before the machine started. A reset puts it there again, and leaves the rest of memory as it
 * is: as QEMU does, and as machines do whose firmware lies in a ROM.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include <stddef.h>
#include <stdint.h>

struct bus;
struct layout; /* loader.h */

/* Bytes from `start` on: `size` of them, the first `kept` packed here (one zstd frame), and zeros behind those. */
struct reload_piece {
	uint64_t start, size, kept;
	void *packed;
	size_t packed_size;
};

struct reload {
	struct reload_piece *pieces;
	size_t count;
};

/* Copy what lies where the layout says, as it is now. 0, or -1: no memory; reload_free in both cases. */
int reload_keep(struct reload *reload, const struct layout *layout, const struct bus *bus);
void reload_free(struct reload *reload);

/* Write it again. No listener is told: what harts keep of the bytes before is theirs to forget. */
void reload_write(const struct reload *reload, struct bus *bus);

#endif
