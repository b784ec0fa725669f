/*
 * ns16550a. Output leaves at once, so the transmitter is always empty. Input arrives at 115,200 baud of simulated
 * time, is held back while there is no room, and costs events only while the guest takes receive interrupts: a guest
 * that polls gets what has arrived by then when it looks.
 */
#include <stdlib.h>
#include <string.h>
#include "dev/console.h"
#include "dev/devices.h"
#include "hart/hart.h"

enum { RBR = 0, IER = 1, IIR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7, REGISTERS = 8 };
enum { IER_RDI = 1, IER_THRI = 2, IER_RLSI = 4, IER_MSI = 8 };
enum { IIR_NONE = 1, IIR_MSI = 0, IIR_THRI = 2, IIR_RDI = 4, IIR_RLSI = 6, IIR_TIMEOUT = 12, IIR_FIFO = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2 };
enum { LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 16 };
enum { LSR_DR = 1, LSR_OE = 2, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80, MSR_DELTA = 0x0f };
enum {
	FIFO_SIZE = 16,
	CHAR_TICKS = 868,   /* ten bits at 115,200 baud, in mtime ticks of 100 ns */
	POLL_TICKS = 10000, /* how often to look when there was no input: 1 ms */
	TIMEOUT_CHARS = 4,
};

struct uart {
	struct device device;
	const struct platform *platform;
	struct console *console;
	struct irq_wire irq;
	struct event receive, timeout;
	uint64_t next_arrival; /* cycle before which nothing more can arrive */
	bool ended;            /* there will be no more input */
	uint8_t fifo[FIFO_SIZE];
	unsigned head, count;
	uint8_t ier, fcr, lcr, mcr, msr, scr, dll, dlm;
	bool overrun, thr_pending, timeout_pending;
};

static unsigned fifo_room(const struct uart *uart)
{
	return (uart->fcr & FCR_ENABLE ? FIFO_SIZE : 1) - uart->count;
}

static unsigned trigger(const struct uart *uart)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };
	return uart->fcr & FCR_ENABLE ? levels[uart->fcr >> 6] : 1;
}

/* The pending interrupt of highest priority, as IIR encodes it. */
static uint8_t identify(const struct uart *uart)
{
	if ((uart->ier & IER_RLSI) && uart->overrun)
		return IIR_RLSI;
	if ((uart->ier & IER_RDI) && uart->timeout_pending)
		return IIR_TIMEOUT;
	if ((uart->ier & IER_RDI) && uart->count >= trigger(uart))
		return IIR_RDI;
	if ((uart->ier & IER_THRI) && uart->thr_pending)
		return IIR_THRI;
	if ((uart->ier & IER_MSI) && (uart->msr & MSR_DELTA))
		return IIR_MSI;
	return IIR_NONE;
}

static uint64_t ticks(const struct uart *uart, uint64_t count)
{
	return count * uart->platform->cycles_per_tick;
}

/* Keep wire and events in step with the registers. */
static void uart_update(struct uart *uart, uint64_t now)
{
	struct event_queue *events = uart->device.events;
	irq_wire_set(&uart->irq, identify(uart) != IIR_NONE, now);
	bool listens = (uart->ier & IER_RDI) && !uart->ended && !(uart->mcr & MCR_LOOP) && fifo_room(uart) != 0;
	if (!listens)
		event_cancel(events, &uart->receive);
	else if (uart->receive.heap_index == SIZE_MAX)
		event_schedule(events, &uart->receive, uart->next_arrival > now ? uart->next_arrival : now + 1);
	if (uart->count == 0 || uart->count >= trigger(uart) || !(uart->ier & IER_RDI))
		event_cancel(events, &uart->timeout);
}

/* Four character times without traffic, and bytes below the trigger level: tell the guest anyway. */
static void restart_timeout(struct uart *uart, uint64_t now)
{
	uart->timeout_pending = false;
	if (uart->fcr & FCR_ENABLE)
		event_schedule(uart->device.events, &uart->timeout, now + ticks(uart, TIMEOUT_CHARS * CHAR_TICKS));
}

static void uart_push(struct uart *uart, uint8_t byte, uint64_t now)
{
	if (fifo_room(uart) == 0) {
		uart->overrun = true;
		return;
	}
	uart->fifo[(uart->head + uart->count++) % FIFO_SIZE] = byte;
	restart_timeout(uart, now);
}

/* Take what has arrived by now. */
static void listen(struct uart *uart, uint64_t now)
{
	if (uart->ended || now < uart->next_arrival || fifo_room(uart) == 0 || (uart->mcr & MCR_LOOP))
		return;
	int input = console_read(uart->console);
	if (input >= 0)
		uart_push(uart, (uint8_t)input, now);
	uart->ended = input == CONSOLE_END;
	uart->next_arrival = now + ticks(uart, input == CONSOLE_NOTHING ? POLL_TICKS : CHAR_TICKS);
}

static void receive_due(void *context, uint64_t cycle)
{
	struct uart *uart = context;
	listen(uart, cycle);
	uart_update(uart, cycle);
}

static void timeout_due(void *context, uint64_t cycle)
{
	struct uart *uart = context;
	uart->timeout_pending = true;
	uart_update(uart, cycle);
}

static void clear_receiver(struct uart *uart)
{
	uart->count = 0;
	uart->timeout_pending = false;
}

static uint8_t read_rbr(struct uart *uart, uint64_t now)
{
	listen(uart, now);
	if (uart->count == 0)
		return 0;
	uint8_t byte = uart->fifo[uart->head];
	uart->head = (uart->head + 1) % FIFO_SIZE;
	uart->count--;
	restart_timeout(uart, now);
	return byte;
}

static uint8_t read_iir(struct uart *uart, uint64_t now)
{
	listen(uart, now);
	uint8_t iir = identify(uart);
	if (iir == IIR_THRI)
		uart->thr_pending = false;
	return iir | (uart->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static uint8_t read_lsr(struct uart *uart, uint64_t now)
{
	listen(uart, now);
	uint8_t lsr = LSR_THRE | LSR_TEMT | (uart->count ? LSR_DR : 0) | (uart->overrun ? LSR_OE : 0);
	uart->overrun = false;
	return lsr;
}

static uint8_t read_msr(struct uart *uart)
{
	uint8_t msr = uart->msr;
	uart->msr &= (uint8_t)~MSR_DELTA;
	return msr;
}

static bool uart_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                      uint32_t *effects)
{
	struct uart *uart = (struct uart *)device;
	bool divisor = uart->lcr & LCR_DLAB;
	(void)size;
	if (offset >= REGISTERS)
		return false;
	switch (offset) {
	case RBR:
		*value = divisor ? uart->dll : read_rbr(uart, now);
		break;
	case IER:
		*value = divisor ? uart->dlm : uart->ier;
		break;
	case IIR:
		*value = read_iir(uart, now);
		break;
	case LCR:
		*value = uart->lcr;
		break;
	case MCR:
		*value = uart->mcr;
		break;
	case LSR:
		*value = read_lsr(uart, now);
		break;
	case MSR:
		*value = read_msr(uart);
		break;
	default:
		*value = uart->scr;
	}
	uart_update(uart, now);
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	return true;
}

static void write_thr(struct uart *uart, uint8_t byte, uint64_t now)
{
	if (uart->mcr & MCR_LOOP)
		uart_push(uart, byte, now);
	else
		console_write(uart->console, byte, now);
	uart->thr_pending = true;
}

static void write_ier(struct uart *uart, uint8_t value)
{
	if (value & ~uart->ier & IER_THRI)
		uart->thr_pending = true;
	uart->ier = value & 0x0f;
}

static void write_fcr(struct uart *uart, uint8_t value)
{
	if ((value ^ uart->fcr) & FCR_ENABLE || value & FCR_CLEAR_RX)
		clear_receiver(uart);
	uart->fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
}

/* In loopback the modem outputs are the modem inputs; otherwise a peer is there and ready. */
static void write_mcr(struct uart *uart, uint8_t value)
{
	uart->mcr = value & 0x1f;
	uint8_t lines = MSR_CTS | MSR_DSR | MSR_DCD;
	if (value & MCR_LOOP)
		lines = (value & MCR_RTS ? MSR_CTS : 0) | (value & MCR_DTR ? MSR_DSR : 0) | (value & MCR_OUT1 ? MSR_RI : 0) |
		        (value & MCR_OUT2 ? MSR_DCD : 0);
	uint8_t changed = (uart->msr ^ lines) >> 4;
	if (!(uart->msr & ~lines & MSR_RI))
		changed &= (uint8_t)~(MSR_RI >> 4); /* its delta marks the trailing edge only */
	uart->msr = lines | (uart->msr & MSR_DELTA) | (changed & MSR_DELTA);
}

static bool uart_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                       uint32_t *effects)
{
	struct uart *uart = (struct uart *)device;
	uint8_t byte = (uint8_t)value;
	bool divisor = uart->lcr & LCR_DLAB;
	(void)size;
	if (offset >= REGISTERS)
		return false;
	switch (offset) {
	case RBR:
		if (divisor)
			uart->dll = byte;
		else
			write_thr(uart, byte, now);
		break;
	case IER:
		if (divisor)
			uart->dlm = byte;
		else
			write_ier(uart, byte);
		break;
	case IIR:
		write_fcr(uart, byte);
		break;
	case LCR:
		uart->lcr = byte;
		break;
	case MCR:
		write_mcr(uart, byte);
		break;
	case SCR:
		uart->scr = byte;
		break;
	default:
		break;
	}
	uart_update(uart, now);
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	return true;
}

static void uart_reset(struct device *device)
{
	struct uart *uart = (struct uart *)device;
	event_cancel(device->events, &uart->receive);
	event_cancel(device->events, &uart->timeout);
	clear_receiver(uart);
	uart->head = 0;
	uart->ier = uart->fcr = uart->lcr = uart->scr = uart->dlm = 0;
	uart->dll = 12; /* 9,600 baud of 1.8432 MHz, as after power-on of the original */
	uart->mcr = MCR_OUT2;
	uart->msr = MSR_CTS | MSR_DSR | MSR_DCD;
	uart->overrun = uart->thr_pending = false;
}

static void uart_dump(const struct device *device, FILE *out)
{
	const struct uart *uart = (const struct uart *)device;
	fprintf(out, "ier %02x, iir %02x, fcr %02x, lcr %02x, mcr %02x, msr %02x, %u bytes received%s\n", uart->ier,
	        identify(uart), uart->fcr, uart->lcr, uart->mcr, uart->msr, uart->count,
	        uart->ended ? ", input ended" : "");
}

static void uart_destroy(struct device *device)
{
	struct uart *uart = (struct uart *)device;
	event_cancel(device->events, &uart->receive);
	event_cancel(device->events, &uart->timeout);
	free(device);
}

struct device *uart_new(const struct platform *platform, struct event_queue *events, struct console *console,
                        struct irq_wire irq)
{
	struct uart *uart = calloc(1, sizeof(*uart));
	if (!uart)
		return NULL;
	uart->device = (struct device){
		.name = "uart", .read = uart_read, .write = uart_write, .reset = uart_reset, .dump = uart_dump,
		.destroy = uart_destroy, .events = events,
	};
	uart->platform = platform;
	uart->console = console;
	uart->irq = irq;
	event_init(&uart->receive, receive_due, uart);
	event_init(&uart->timeout, timeout_due, uart);
	uart_reset(&uart->device);
	return &uart->device;
}
