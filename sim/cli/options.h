/* The command line: what a user may say, and what is wrong with it. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "machine/machine.h"

enum { PATH_ROOM = 4096 };

/* A -serial: as it was said, what of it is the host's side, and whether a terminal is the guest's whole there. */
struct serial {
	const char *said, *text;
	bool mon;
};

struct chardev {
	const char *id, *kind, *path;
	bool mux, signal;
};

struct options {
	struct config config;
	const char **folders; /* -L */
	unsigned folder_count;
	char firmware[PATH_ROOM]; /* config.bios, where it was looked for */
	const char **command; /* what config.command points to */
	char *kept; /* texts that config points into and argv does not hold, one behind the other */
	size_t kept_size;
	bool all_snapshots; /* -snapshot */
	struct serial_bus {
		const char *id; /* NULL: none */
		unsigned slot;
	} buses[VIRTIO_SLOTS]; /* virtio serial devices, in the order of the line */
	unsigned bus_count;
	const char *drives[VIRTIO_SLOTS]; /* what the device in the slot is to use: it may be named later */
	char *command_line; /* config.semihosting's */
	const char *semihosting_chardev; /* NULL: it is the console anyway */
	struct serial *serials; /* but those that are none */
	struct chardev *chardevs;
	unsigned serial_count, chardev_count;
	bool serials_none, numa_node;
	const char *mon; /* a chardev's id */
	char serial_file[PATH_ROOM]; /* a chardev's as config.serial has it */
	const char *flash_nodes[FLASH_BANKS]; /* -M pflashN=: likewise */
	char ignored[256]; /* QEMU's options that changed nothing */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help and the like: answered on stdout */
	OPTIONS_BAD,  /* one line on stderr: exit code 2 */
};

enum options_result options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

/* "512M", "1.5G", "0x1000K"; a bare number counts `unit` bytes. Parts of a byte are left off. False if it is no size, 0, or
 * too large for 64 bits. */
bool options_size(const char *text, uint64_t unit, uint64_t *bytes);
/* "0-1+3": a bit set of hart ids. False if it is none, or names one beyond 63. */
bool options_cpus(const char *text, uint64_t *cpus);

#endif
