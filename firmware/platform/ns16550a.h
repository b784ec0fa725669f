/* The ns16550a UART, which the machine has and a guest sees: registers at byte offsets, and their bits. */
#ifndef FIRMWARE_PLATFORM_NS16550A_H
#define FIRMWARE_PLATFORM_NS16550A_H

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
#define UART_IIR_NONE 0x01u
#define UART_IIR_THR_EMPTY 0x02u
#define UART_IIR_RX_READY 0x04u
#define UART_IIR_FIFOS 0xc0u
#define UART_FCR_ENABLE 0x01u
#define UART_FCR_CLEAR_RX 0x02u
#define UART_LCR_DLAB 0x80u
#define UART_MCR_LOOPBACK 0x10u
#define UART_LSR_RX_READY 0x01u
#define UART_LSR_THR_EMPTY 0x20u
#define UART_LSR_IDLE 0x40u
#define UART_MSR_READY 0xb0u /* carrier, data set ready, clear to send */

#endif
