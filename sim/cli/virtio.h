/* QEMU's options that name virtio devices and what they use: -device virtio-*-device, -object, -global virtio-mmio.* */
#ifndef CLI_VIRTIO_H
#define CLI_VIRTIO_H

#include "cli/row.h"

/* -device MODEL,list: 0, or -1 after a line. */
int virtio_device(struct options *options, const char *model, char *list);

/* A network card on a network, with a MAC address as mac= has it, or NULL: the next of QEMU's. Likewise. */
int virtio_card(struct options *options, const char *model, const char *netdev, const char *mac);

/* A virtio-9p-device for a folder. Likewise. */
int virtio_add_share(struct options *options, const char *id, const char *tag);

option_handler virtio_object, virtio_global;

/* When all options have been read: devices find what they use. 0, or -1 after a line. */
int virtio_settle(struct options *options);

#endif
