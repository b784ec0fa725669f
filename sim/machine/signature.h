/* --signature: what riscv-arch-test compares. */
#ifndef SIGNATURE_H
#define SIGNATURE_H

struct machine;

/* Write memory from begin_signature to end_signature (symbols of the firmware), a 32-bit word in hex a line. 0, or
 * -1 after a line on stderr. */
int signature_write(const char *path, const struct machine *machine);

#endif
