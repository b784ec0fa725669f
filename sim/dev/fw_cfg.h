/*
 * What QEMU's firmware configuration device (docs/specs/fw_cfg of QEMU) holds: items by key, some of them files with names, which
 * stand in a directory. The machine fills it before it runs; other devices may add files that the guest writes.
 */
#ifndef FW_CFG_H
#define FW_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fw_cfg_key {
	FW_CFG_SIGNATURE = 0x00,
	FW_CFG_ID = 0x01,
	FW_CFG_UUID = 0x02,
	FW_CFG_NOGRAPHIC = 0x04,
	FW_CFG_NB_CPUS = 0x05,
	FW_CFG_KERNEL_SIZE = 0x08,
	FW_CFG_INITRD_SIZE = 0x0b,
	FW_CFG_BOOT_MENU = 0x0e,
	FW_CFG_KERNEL_DATA = 0x11,
	FW_CFG_INITRD_DATA = 0x12,
	FW_CFG_CMDLINE_SIZE = 0x14,
	FW_CFG_CMDLINE_DATA = 0x15,
	FW_CFG_FILE_DIRECTORY = 0x19,
	FW_CFG_FILE_FIRST = 0x20,
};

enum {
	FW_CFG_FILES = 0x20,      /* most files that there can be */
	FW_CFG_NAME_BYTES = 56,   /* of a file's name, with the zero behind it */
	FW_CFG_KEYS = FW_CFG_FILE_FIRST + FW_CFG_FILES,
};

/* The guest has written bytes [at, at+size) of the item. */
typedef void fw_cfg_written(void *context, uint32_t at, uint32_t size);

struct fw_cfg_item {
	uint8_t *bytes; /* NULL: there is none */
	uint8_t *first; /* of one that the guest may write: what is there at power-on. Else NULL */
	uint32_t size;
	fw_cfg_written *written; /* may be NULL */
	void *context;
};

struct fw_cfg {
	struct fw_cfg_item items[FW_CFG_KEYS];
	char names[FW_CFG_FILES][FW_CFG_NAME_BYTES]; /* of files, in the order of their keys */
	unsigned files;
};

/* Copies of the bytes become the item, which must not be there yet. 0, or -1: no memory. */
int fw_cfg_add(struct fw_cfg *config, enum fw_cfg_key key, const void *bytes, uint32_t size);
/* Likewise a number, little-endian. */
int fw_cfg_add_number(struct fw_cfg *config, enum fw_cfg_key key, uint64_t number, unsigned size);

/* Files are in the order of their names, whatever order they come in. Of one that the guest may write, `written` may say who hears of it.
 * 0, or -1 after a line: the name is taken or too long, there are too many, no memory. */
int fw_cfg_add_file(struct fw_cfg *config, const char *name, const void *bytes, uint32_t size);
int fw_cfg_add_writable(struct fw_cfg *config, const char *name, const void *bytes, uint32_t size,
                        fw_cfg_written *written, void *context);

void fw_cfg_free(struct fw_cfg *config);

#endif
