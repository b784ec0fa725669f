/*
 * The machine as its device tree describes it: harts, and where the devices are. No state: each privilege layer reads
 * it into a struct of its own, because under another SBI implementation only the upper layer exists.
 */
#ifndef FIRMWARE_PLATFORM_PLATFORM_H
#define FIRMWARE_PLATFORM_PLATFORM_H

#include <stdint.h>

#include "lib/fdt_read.h"
#include "lib/harts.h"

/* Physical addresses; 0 where the machine has no such device. */
struct platform {
	uint64_t uart;     /* ns16550a */
	uint32_t uart_irq; /* its PLIC source */
	uint64_t clint;
	uint64_t finisher; /* sifive,test0 */
	uint64_t plic;
	uint64_t timebase_frequency; /* Hz */

	/* A bit per hart id below HARTS_MAX: those the tree has, and those of them whose status is okay. */
	uint64_t harts, enabled_harts;
};

void platform_read(const struct fdt *fdt, struct platform *platform);

/* What the finisher is told. The status a simulator exits with is the code, if it failed. */
#define FINISHER_PASS 0x5555u
#define FINISHER_FAIL(code) (0x3333u | (code) << 16)
#define FINISHER_RESET 0x7777u

static inline void finisher_write(const struct platform *platform, uint32_t value)
{
	if (platform->finisher)
		*(volatile uint32_t *)platform->finisher = value;
}

#endif
