/* Keys of a keyboard (keys.def): QEMU's names, Linux's codes, and how the host calls them. */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_CODES = 256 };

/* Linux's code of what `length` bytes name; 0: there is no such key. */
unsigned key_by_name(const char *name, size_t length);
/* ... of what the host calls so: a usage of USB's keyboard page, or what SDL adds to it. */
unsigned key_by_usage(unsigned usage);
/* The n-th name of all; NULL past the last. */
const char *key_name(size_t n);
/* A bit for each code that there is. */
void key_bitmap(uint8_t bitmap[KEY_CODES / 8]);

#endif
