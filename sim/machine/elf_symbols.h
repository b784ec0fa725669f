/* Symbols of ELF files. */
#ifndef ELF_SYMBOLS_H
#define ELF_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/section_place.h"

struct file;
struct symbols;

/* Where a file was loaded; all zero: where it says. */
struct symbol_place {
	uint64_t offset; /* of all sections that are not in the list */
	const struct section_place *sections;
	size_t section_count;
	bool
	    whole; /* ".text", which is the first of the list, moves all of the file with it, unless it is relocatable */
};

/* Add the file's symbols under a module number. Files that are no ELF, or have none, add nothing. 0, or -1 after a line. */
int elf_symbols(const struct file *file, struct symbols *symbols, unsigned module);

/* Likewise those of any ELF file, where it was loaded. Of a relocatable one (a kernel module) only sections of the list are
 * anywhere; of others each section of the list must be there. place->offset becomes what `whole` makes of it. */
int elf_symbols_at(const struct file *file, struct symbols *symbols, unsigned module, struct symbol_place *place);

#endif
