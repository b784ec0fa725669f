#include "machine/boot_screen.h"

#include <inttypes.h>
#include "base/say.h"

enum { FRAMEBUFFER_ALIGN = 4096, FRAMEBUFFER_PIXEL = 4 };

/* As high as possible, where 32 bits reach it. */
static uint64_t choose_address(const struct boot *boot, uint64_t size)
{
	uint64_t end = boot->layout.base + boot->layout.size, reach = UINT64_C(1) << 32;
	return layout_find_below(&boot->layout, end < reach ? end : reach, size, FRAMEBUFFER_ALIGN);
}

int boot_place_framebuffer(struct boot *boot, struct machine *machine, struct devtree_framebuffer *framebuffer)
{
	const struct framebuffer_config *config = &machine->config->framebuffer;
	uint64_t bytes = framebuffer_bytes(config);
	uint64_t size = (bytes + FRAMEBUFFER_ALIGN - 1) & ~(uint64_t)(FRAMEBUFFER_ALIGN - 1);
	if (!config->present)
		return 0;
	uint64_t address = config->address ? config->address : choose_address(boot, size);
	if (address == UINT64_MAX)
		return say("-device simple-framebuffer: %" PRIu64 " KiB do not fit into what is free of DRAM",
		           size >> 10);
	if (layout_claim(&boot->layout, address, size, "framebuffer", NULL) != 0)
		return -1;
	*framebuffer = (struct devtree_framebuffer){
	    .address = address,
	    .size = size,
	    .width = config->width,
	    .height = config->height,
	    .stride = config->width * FRAMEBUFFER_PIXEL,
	};
	return framebuffer_add(&machine->framebuffer, config, address, &machine->bus, &machine->screens);
}
