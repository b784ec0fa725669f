/* CRC-32C (Castagnoli): every damage of up to 32 bits in a row, and all but one in 2^32 of any other, shows. */
#ifndef CRC_H
#define CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t size);

#endif
