/* Kernels as they are shipped: gzip'd, and in U-Boot's uImage format, known by their magic. */
#ifndef UNPACK_H
#define UNPACK_H

#include "machine/loader.h"

/* Does it begin as a uImage does? */
bool file_is_uimage(const struct file *file);

/* A kernel without what is around it. Anything that is neither gzip'd nor a uImage stays as it is. A uImage's checksums
 * must be right; `file` gets where it wants to be loaded and entered. `limit`, a number of bytes, is the most that it may
 * unpack to. 0, or -1 after a line. */
int unpack_kernel(struct file *file, uint64_t limit);

/* What is gzip'd, unpacked; anything else stays as it is. `limit` as above. 0, or -1 after a line. */
int unpack_data(struct file *file, uint64_t limit);

/* A ramdisk without a uImage's header. What it holds stays packed: kernels unpack it themselves. 0, or -1 after a line. */
int unpack_ramdisk(struct file *file);

#endif
