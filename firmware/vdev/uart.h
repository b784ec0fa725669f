/*
 * A guest's ns16550a. The transmitter is always ready; what the host console receives comes in through
 * struct guest_input, which the SBI console reads as well. All under the devices' lock.
 */
#ifndef FIRMWARE_VDEV_UART_H
#define FIRMWARE_VDEV_UART_H

#include <stdbool.h>
#include <stdint.h>

#include "vdev/input.h"

#define GUEST_UART_BASE UINT64_C(0x10000000) /* gpa */
#define GUEST_UART_SIZE UINT64_C(0x100)
#define GUEST_UART_REGISTERS 8 /* bytes; behind them is nothing */
#define GUEST_UART_IRQ 10

struct guest_uart {
	uint8_t ier, fcr, lcr, mcr, scr;
	uint8_t divisor[2];
	bool transmitter_event; /* "THR empty" is to be reported: since the last write, until IIR is read */
};

uint8_t guest_uart_read(struct guest_uart *uart, struct guest_input *input, uint64_t offset);

/* True if the byte is output: it goes to the console. */
bool guest_uart_write(struct guest_uart *uart, struct guest_input *input, uint64_t offset, uint8_t value);

/* The level of its interrupt line. */
bool guest_uart_interrupt(const struct guest_uart *uart, const struct guest_input *input);

#endif
