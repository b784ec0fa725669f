/* Relocatable files (kernel modules): their debug information speaks of sections, and libdwfl makes addresses of that. */
#ifndef RELOCATE_H
#define RELOCATE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include "source/program.h"

struct relocated;

/* The file's own bytes are left alone. NULL: no memory, or not such a file. The sections' names must outlive it. */
struct relocated *relocate_open(const uint8_t *image, size_t size, const struct section_place *sections,
                                size_t section_count);
void relocate_close(struct relocated *relocated);

/* They live as long as `relocated`. */
Elf *relocated_elf(const struct relocated *relocated);
Dwarf *relocated_dwarf(const struct relocated *relocated); /* NULL: it has no debug information */

#endif
