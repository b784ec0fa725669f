/* Files that a machine starts with: opened, and known by their contents. */
#ifndef BOOT_FILES_H
#define BOOT_FILES_H

#include "machine/boot.h"

/* Bytes that follow what `hash` is of (0: none). It only tells configurations apart. */
uint64_t boot_hash(uint64_t hash, const uint8_t *bytes, size_t size);

/* As file_open; the file is part of boot->content_hash and boot->files. 0, or -1 after a line. */
int boot_open(struct boot *boot, struct file *file, const char *path);

/* The run depends on these bytes, too. */
void boot_add_hash(struct boot *boot, const void *bytes, size_t size);

/* The file is one that the run depends on, though it is not loaded: NULL, or one that is none (a pipe), is left out. 0, or -1: no
 * memory. */
int boot_identify(struct boot *boot, const char *path);

#endif
