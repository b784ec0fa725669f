/* QEMU's `-device loader`: files and values anywhere in DRAM, and harts that start there. */
#ifndef GENERIC_LOADER_H
#define GENERIC_LOADER_H

#include "machine/boot.h"

/* What config->loaders says, in its order: an ELF, uImage or Intel HEX file goes where it says itself, any other (and each that
 * is to be taken raw) to the address, values likewise. Also fills machine->start_pc. 0, or -1 after a line: a file that cannot
 * be used, a place outside DRAM or one where something else was loaded. */
int generic_loaders(struct boot *boot, struct machine *machine);

#endif
