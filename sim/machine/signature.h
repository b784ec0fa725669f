/* --signature: what riscv-arch-test compares. */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stdint.h>

struct machine;

/* Where it is: [*begin, *end). 0, or -1 after a line on stderr: the program has none. */
int signature_find(const char *path, const struct machine *machine, uint64_t *begin, uint64_t *end);

/* Write memory from begin_signature to end_signature (symbols of the firmware), a 32-bit word in hex a line. 0, or
 * -1 after a line on stderr. */
int signature_write(const char *path, const struct machine *machine);

#endif
