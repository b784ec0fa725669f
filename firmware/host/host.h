/* The machine beneath the hypervisor, as found at boot. Written by the boot hart before any other starts. */
#ifndef FIRMWARE_HOST_HOST_H
#define FIRMWARE_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/fdt_read.h"
#include "platform/platform.h"

struct host {
	struct fdt fdt;
	struct platform platform;
	uint64_t harts; /* bit per hart id: those the hypervisor runs on */
};

extern struct host host;

/* False if there is no device tree at dtb. */
bool host_init(const void *dtb);

/* Ends the machine, with the status that says whether all went well. */
_Noreturn void host_power_off(bool success);

/* The same, whatever output is lost: for when that cannot be relied on. */
_Noreturn void host_cut_power(bool success);

/* Ends the machine after a report about the hypervisor itself. */
_Noreturn void host_panic(const char *text, ...) __attribute__((format(printf, 1, 2)));

#endif
