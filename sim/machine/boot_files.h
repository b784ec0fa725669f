/* Files that a machine starts with: opened, and known by their contents. */
#ifndef BOOT_FILES_H
#define BOOT_FILES_H

#include "machine/boot.h"

/* As file_open; the file is part of boot->content_hash and boot->files. 0, or -1 after a line. */
int boot_open(struct boot *boot, struct file *file, const char *path);

/* The run depends on these bytes, too. */
void boot_add_hash(struct boot *boot, const void *bytes, size_t size);

/* The file is read, though it is not loaded: NULL, or one that is none (a pipe), is left out. `matters`: the run depends on it, as it
 * does on one of boot_open. 0, or -1: no memory. */
int boot_identify(struct boot *boot, const char *path, bool matters);

#endif
