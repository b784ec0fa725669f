/* What a display says of itself: EDID 1.4 (VESA) with the block of CTA-861, as QEMU's monitor does. */
#ifndef EDID_H
#define EDID_H

#include <stdint.h>

enum { EDID_BYTES = 1024 /* of virtio-gpu; the rest is 0 */ };

void edid_write(uint8_t edid[EDID_BYTES], uint32_t width, uint32_t height);

#endif
