/* Intel HEX: a program as lines of hexadecimal records. */
#ifndef HEX_H
#define HEX_H

#include "machine/loader.h"

/* Are its first bytes a record's? */
bool file_is_hex(const struct file *file);

/* Load every record where it says, and take the entry from where one says that (0 where none does). 0, or -1 after a line that
 * names the file and the line: it is not well-formed, or its bytes do not fit into what is free of DRAM. */
int hex_load(const struct file *file, struct bus *bus, struct layout *layout, struct image *image);

#endif
