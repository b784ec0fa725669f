/* The CLINT: software interrupts of M-mode, the machine timer. Register groups at byte offsets. */
#ifndef FIRMWARE_PLATFORM_CLINT_H
#define FIRMWARE_PLATFORM_CLINT_H

#define CLINT_MSIP 0x0        /* 4 bytes a hart: bit 0 is its mip.MSIP */
#define CLINT_MTIMECMP 0x4000 /* 8 bytes a hart */
#define CLINT_MTIME 0xbff8

#endif
