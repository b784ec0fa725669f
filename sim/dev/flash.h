/* The two banks of flash. */
#ifndef FLASH_H
#define FLASH_H

enum {
	FLASH_BANKS = 2,
	FLASH_BYTES = 32 << 20, /* of each, and of an image that is put in */
};

#endif
