/*
 * A framebuffer that is there when the machine starts: a part of memory that is shown, and a node of the device tree that says where and how
 * (simple-framebuffer, of Linux's bindings). Pixels are little-endian words 0x00RRGGBB. Its state is the memory.
 */
#ifndef FRAMEBUFFER_H
#define FRAMEBUFFER_H

#include "dev/screen.h"

struct bus;

/* As the command line says it. */
struct framebuffer_config {
	bool present;
	const char *id; /* NULL: none */
	uint32_t width, height;
	uint64_t address; /* of its memory; 0: chosen by who loads the machine */
};

struct framebuffer {
	struct screen screen;
	const struct bus *bus;
	uint64_t address;
	uint32_t width, height;
};

/* The bytes that it takes. */
uint64_t framebuffer_bytes(const struct framebuffer_config *config);

/* Its screen; memory at `address` must be DRAM. Lives as long as the screens do. 0, or -1 after a line. */
int framebuffer_add(struct framebuffer *framebuffer, const struct framebuffer_config *config, uint64_t address,
                    const struct bus *bus, struct screens *screens);

#endif
