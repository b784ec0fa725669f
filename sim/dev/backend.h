/*
 * What the host lends to devices (QEMU calls them back ends), as the command line asks for it: disks, networks, shared
 * folders, and where characters go. The machine opens them before it builds devices, which only use them.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include "dev/host_char.h"
#include "dev/host_disk.h"
#include "dev/host_share.h"
#include "dev/network.h"

struct backend_config {
	struct disk_config *disks;
	unsigned disk_count;
	struct network_config *networks;
	unsigned network_count; /* at most NETWORKS_MAX */
	struct share_config *shares;
	unsigned share_count;
	struct char_config *chars;
	unsigned char_count;
	unsigned uart; /* 1 + the index of the UART's among chars; 0: the console */
};

struct backends {
	struct host_disk **disks;
	unsigned disk_count;
	struct network *networks[NETWORKS_MAX];
	unsigned network_count;
	struct host_share **shares;
	unsigned share_count;
	struct host_char **chars;
	unsigned char_count;
	struct host_char *uart; /* NULL: the console */
};

/* 0, or -1 after a line on stderr; backends_close in both cases. Nothing is made empty. */
int backends_open(struct backends *backends, const struct backend_config *config, const struct network_host *host);
/* Likewise, for what makes files empty: when nothing else can be refused. `give_up` as in struct host_output. */
int backends_open_outputs(struct backends *backends, const struct backend_config *config,
                          bool (*give_up)(void *context), void *context);
/* The run has ended: network_finish, host_char_finish. 0, or -1 after a line on stderr: some output could not be written. */
int backends_finish(struct backends *backends);
/* network_unasked of all. */
uint64_t backends_unasked(const struct backends *backends);
/* From now on they can be taken back with the machine: what is written to disks is kept, and what shared folders answer. */
void backends_keep(struct backends *backends);
/* False: a shared folder has served a future that will not be, and cannot be taken back. */
bool backends_can_forget(const struct backends *backends);
/* The machine goes another way from here than it did before. */
void backends_forget(struct backends *backends);
/* Section "outputs". Disks and networks are parts of their devices. */
void backends_save(const struct backends *backends, struct state_writer *writer);
bool backends_restore(struct backends *backends, struct state_reader *reader);
void backends_close(struct backends *backends);

#endif
