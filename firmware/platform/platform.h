/*
 * Where the machine's devices are, as its device tree says. No state: each privilege layer reads it into a
 * struct of its own, because under another SBI implementation only the upper layer exists.
 */
#ifndef FIRMWARE_PLATFORM_PLATFORM_H
#define FIRMWARE_PLATFORM_PLATFORM_H

#include <stdint.h>

#include "lib/fdt_read.h"

/* Physical addresses; 0 where the machine has no such device. */
struct platform {
	uint64_t uart;     /* ns16550a */
	uint32_t uart_irq; /* its PLIC source */
	uint64_t clint;
	uint64_t finisher; /* sifive,test0 */
	uint64_t plic;
	uint64_t timebase_frequency; /* Hz */
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

/* ns16550a registers, at byte offsets. */
enum {
	UART_RBR_THR = 0,
	UART_IER = 1,
	UART_IIR_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_MSR = 6,
	UART_SCR = 7,
};

#define UART_IER_RX 0x01u
#define UART_IER_TX 0x02u
#define UART_LSR_RX_READY 0x01u
#define UART_LSR_THR_EMPTY 0x20u
#define UART_LSR_IDLE 0x40u

#endif
