/*
 * ns16550a. Output leaves at once, so the transmitter is always empty. Input arrives at 115,200 baud of simulated
 * time, is held back while there is no room, and costs events only while the guest takes receive interrupts: a guest
 * that polls gets what has arrived by then when it looks.
 *
 * Whoever is at the other end sends nothing before the guest listens: it enables receive interrupts, reads the receive
 * buffer, or reads the line status for the second time without having written a character in between. One read is what
 * a driver does before it writes; so a program that only prints never asks the host for input.
 */
#include <stdlib.h>
#include "base/state.h"
#include "dev/backend.h"
#include "dev/console.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "hart/hart.h"

enum { RBR = 0, IER = 1, IIR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7, REGISTERS = 8 };
enum { IER_RDI = 1, IER_THRI = 2, IER_RLSI = 4, IER_MSI = 8 };
enum { IIR_NONE = 1, IIR_MSI = 0, IIR_THRI = 2, IIR_RDI = 4, IIR_RLSI = 6, IIR_TIMEOUT = 12, IIR_FIFO = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2, FCR_CLEAR_TX = 4 };
enum { LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 16 };
enum { LSR_DR = 1, LSR_OE = 2, LSR_BI = 0x10, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80, MSR_DELTA = 0x0f };
enum {
	FIFO_SIZE = 16,
	CHAR_TICKS = 868,   /* ten bits at 115,200 baud, in mtime ticks of 100 ns */
	POLL_TICKS = 10000, /* how often to look when there was no input: 1 ms */
	TIMEOUT_CHARS = 4,
	CLOCK_HZ = 3686400,
	UART_VERSION = 2,
};

struct uart {
	struct device device;
	const struct platform *platform;
	struct console *console;
	struct host_char *where; /* NULL: the console */
	struct irq_wire irq;
	struct event receive, timeout;
	uint64_t next_arrival; /* cycle before which nothing more can arrive */
	bool listening;        /* the guest has asked for input */
	bool looked;           /* ... or has read the line status, and not written since */
	bool ended;            /* there will be no more input */
	uint8_t fifo[FIFO_SIZE];
	unsigned head, count;
	uint8_t ier, fcr, lcr, mcr, msr, scr, dll, dlm;
	bool overrun, broken, thr_pending, timeout_pending; /* broken: a break has come since LSR was read */
	bool stirred; /* within an access or event: what may interrupt has come, or been taken */
};

static unsigned fifo_room(const struct uart *uart) { return (uart->fcr & FCR_ENABLE ? FIFO_SIZE : 1) - uart->count; }

static unsigned trigger(const struct uart *uart)
{
	static const uint8_t levels[] = {1, 4, 8, 14};
	return uart->fcr & FCR_ENABLE ? levels[uart->fcr >> 6] : 1;
}

/* The pending interrupt of highest priority, as IIR encodes it. */
static uint8_t identify(const struct uart *uart)
{
	if ((uart->ier & IER_RLSI) && (uart->overrun || uart->broken))
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

static uint64_t ticks(const struct uart *uart, uint64_t count) { return count * uart->platform->cycles_per_tick; }

/* Keep wire and events in step with the registers. A wire that stays high is raised again by what changes its causes only. */
static void uart_update(struct uart *uart, uint64_t now)
{
	struct event_queue *events = uart->device.events;
	if (uart->stirred)
		irq_wire_set(&uart->irq, identify(uart) != IIR_NONE, now);
	uart->stirred = false;
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
		event_schedule(uart->device.events, &uart->timeout,
		               now + ticks(uart, (uint64_t)TIMEOUT_CHARS * CHAR_TICKS));
}

static void uart_push(struct uart *uart, uint8_t byte, uint64_t now)
{
	uart->stirred = true;
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
	if (!uart->listening || uart->ended || now < uart->next_arrival || fifo_room(uart) == 0 ||
	    (uart->mcr & MCR_LOOP))
		return;
	int input = host_char_read(uart->where, uart->console, now);
	if (input >= 0)
		uart_push(uart, (uint8_t)input, now);
	if (input == CONSOLE_BREAK) { /* a character of zeros */
		uart_push(uart, 0, now);
		uart->broken = true;
	}
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
	uart->timeout_pending = uart->stirred = true;
	uart_update(uart, cycle);
}

static void clear_receiver(struct uart *uart)
{
	uart->count = 0;
	uart->timeout_pending = false;
}

static uint8_t read_rbr(struct uart *uart, uint64_t now)
{
	uart->listening = uart->stirred = true;
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
	if (iir == IIR_THRI) {
		uart->thr_pending = false;
		uart->stirred = true;
	}
	return iir | (uart->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static uint8_t read_lsr(struct uart *uart, uint64_t now)
{
	uart->listening |= uart->looked;
	uart->looked = true;
	listen(uart, now);
	uint8_t lsr = LSR_THRE | LSR_TEMT | (uart->count ? LSR_DR : 0) | (uart->overrun ? LSR_OE : 0) |
	              (uart->broken ? LSR_BI : 0);
	uart->stirred |= uart->overrun || uart->broken;
	uart->overrun = uart->broken = false;
	return lsr;
}

static uint8_t read_msr(struct uart *uart)
{
	uint8_t msr = uart->msr;
	uart->stirred |= msr & MSR_DELTA;
	uart->msr &= (uint8_t)~MSR_DELTA;
	return msr;
}

static bool uart_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device, (void)size, (void)store;
	return offset < REGISTERS;
}

static bool uart_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                      uint32_t *effects)
{
	struct uart *uart = (struct uart *)device;
	bool divisor = uart->lcr & LCR_DLAB;
	if (!uart_accepts(device, offset, size, false))
		return false;
	switch (offset) {
	case RBR: *value = divisor ? uart->dll : read_rbr(uart, now); break;
	case IER: *value = divisor ? uart->dlm : uart->ier; break;
	case IIR: *value = read_iir(uart, now); break;
	case LCR: *value = uart->lcr; break;
	case MCR: *value = uart->mcr; break;
	case LSR: *value = read_lsr(uart, now); break;
	case MSR: *value = read_msr(uart); break;
	default: *value = uart->scr;
	}
	uart_update(uart, now);
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	return true;
}

static void write_thr(struct uart *uart, uint8_t byte, uint64_t now)
{
	uart->looked = false;
	if (uart->mcr & MCR_LOOP)
		uart_push(uart, byte, now);
	else
		host_char_write(uart->where, uart->console, byte, now);
	uart->thr_pending = uart->stirred = true;
}

static void write_ier(struct uart *uart, uint8_t value, uint64_t now)
{
	uint8_t changed = (value ^ uart->ier) & 0x0f;
	if (changed & IER_THRI)
		uart->thr_pending = value & IER_THRI;
	uart->stirred |= changed;
	uart->ier = value & 0x0f;
	if (uart->ier & IER_RDI && !uart->listening) {
		uart->listening = true;
		uart->ended = host_char_ended(uart->where, uart->console, now);
	}
}

static void write_fcr(struct uart *uart, uint8_t value)
{
	bool switched = (value ^ uart->fcr) & FCR_ENABLE;
	if (switched || value & FCR_CLEAR_RX)
		clear_receiver(uart);
	if (switched || value & FCR_CLEAR_TX)
		uart->thr_pending = true;
	uart->stirred = true;
	uart->fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
}

/* In loopback the modem outputs are the modem inputs; otherwise a peer is there and ready. */
static void write_mcr(struct uart *uart, uint8_t value)
{
	uart->mcr = value & 0x1f;
	uint8_t lines = MSR_CTS | MSR_DSR | MSR_DCD;
	if (value & MCR_LOOP)
		lines = (value & MCR_RTS ? MSR_CTS : 0) | (value & MCR_DTR ? MSR_DSR : 0) |
		        (value & MCR_OUT1 ? MSR_RI : 0) | (value & MCR_OUT2 ? MSR_DCD : 0);
	uint8_t changed = (uart->msr ^ lines) >> 4;
	if (!(uart->msr & ~lines & MSR_RI))
		changed &= (uint8_t)~(MSR_RI >> 4); /* its delta marks the trailing edge only */
	uart->msr = lines | (uart->msr & MSR_DELTA) | (changed & MSR_DELTA);
	uart->stirred |= changed & MSR_DELTA;
}

static bool uart_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                       uint32_t *effects)
{
	struct uart *uart = (struct uart *)device;
	uint8_t byte = (uint8_t)value;
	bool divisor = uart->lcr & LCR_DLAB;
	if (!uart_accepts(device, offset, size, true))
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
			write_ier(uart, byte, now);
		break;
	case IIR: write_fcr(uart, byte); break;
	case LCR: uart->lcr = byte; break;
	case MCR: write_mcr(uart, byte); break;
	case SCR: uart->scr = byte; break;
	default: break;
	}
	uart_update(uart, now);
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	return true;
}

static void uart_reset(struct device *device, uint64_t now)
{
	(void)now;
	struct uart *uart = (struct uart *)device;
	event_cancel(device->events, &uart->receive);
	event_cancel(device->events, &uart->timeout);
	clear_receiver(uart);
	uart->head = 0;
	uart->ier = uart->fcr = uart->lcr = uart->scr = uart->dlm = 0;
	uart->dll = 12; /* 9,600 baud of 1.8432 MHz, as after power-on of the original */
	uart->mcr = MCR_OUT2;
	uart->msr = MSR_CTS | MSR_DSR | MSR_DCD;
	uart->overrun = uart->broken = uart->thr_pending = false;
	uart->listening = uart->looked = false;
}

static void uart_save(const struct device *device, struct state_writer *writer)
{
	const struct uart *uart = (const struct uart *)device;
	state_write_begin(writer, device->name, UART_VERSION);
	state_write_u64(writer, uart->next_arrival);
	state_write_u64(writer, uart->listening);
	state_write_u64(writer, uart->looked);
	state_write_u64(writer, uart->ended);
	STATE_WRITE(writer, uart->fifo);
	state_write_u64(writer, uart->head);
	state_write_u64(writer, uart->count);
	const uint8_t registers[] = {uart->ier, uart->fcr, uart->lcr, uart->mcr,
	                             uart->msr, uart->scr, uart->dll, uart->dlm};
	STATE_WRITE(writer, registers);
	state_write_u64(writer, uart->overrun);
	state_write_u64(writer, uart->broken);
	state_write_u64(writer, uart->thr_pending);
	state_write_u64(writer, uart->timeout_pending);
	event_save(&uart->receive, writer);
	event_save(&uart->timeout, writer);
	state_write_end(writer);
}

/* The registers that hold less than eight bits. */
static bool restore_registers(struct uart *uart, struct state_reader *reader)
{
	uint8_t registers[8];
	STATE_READ(reader, registers);
	uart->ier = registers[0] & 0x0f;
	uart->fcr = registers[1] & 0xc9;
	uart->lcr = registers[2];
	uart->mcr = registers[3] & 0x1f;
	uart->msr = registers[4];
	uart->scr = registers[5];
	uart->dll = registers[6];
	uart->dlm = registers[7];
	return uart->ier == registers[0] && uart->fcr == registers[1] && uart->mcr == registers[3] &&
	       uart->count <= (uart->fcr & FCR_ENABLE ? FIFO_SIZE : 1);
}

static bool uart_restore(struct device *device, struct state_reader *reader)
{
	struct uart *uart = (struct uart *)device;
	state_read_begin(reader, device->name, UART_VERSION);
	uart->next_arrival = state_read_u64(reader);
	uart->listening = state_read_limited(reader, 1);
	uart->looked = state_read_limited(reader, 1);
	uart->ended = state_read_limited(reader, 1);
	STATE_READ(reader, uart->fifo);
	uart->head = (unsigned)state_read_limited(reader, FIFO_SIZE - 1);
	uart->count = (unsigned)state_read_limited(reader, FIFO_SIZE);
	if (!restore_registers(uart, reader))
		return state_refuse(reader, "uart: registers that cannot be");
	uart->overrun = state_read_limited(reader, 1);
	uart->broken = state_read_limited(reader, 1);
	uart->thr_pending = state_read_limited(reader, 1);
	uart->timeout_pending = state_read_limited(reader, 1);
	event_restore(device->events, &uart->receive, reader);
	event_restore(device->events, &uart->timeout, reader);
	return state_read_end(reader);
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
	event_drop(device->events, &uart->receive);
	event_drop(device->events, &uart->timeout);
	free(device);
}

static struct device *uart_make(const struct board *board, const struct device_site *site)
{
	struct uart *uart = calloc(1, sizeof(*uart));
	if (!uart)
		return NULL;
	uart->device = (struct device){
	    .name = site->name,
	    .accepts = uart_accepts,
	    .read = uart_read,
	    .write = uart_write,
	    .reset = uart_reset,
	    .save = uart_save,
	    .restore = uart_restore,
	    .dump = uart_dump,
	    .destroy = uart_destroy,
	    .events = board->events,
	};
	uart->platform = board->platform;
	uart->console = board->console;
	uart->where = board->backends ? board->backends->uart : NULL;
	uart->irq = site->wire;
	if (event_init(&uart->receive, board->events, receive_due, uart) != 0 ||
	    event_init(&uart->timeout, board->events, timeout_due, uart) != 0) {
		uart_destroy(&uart->device);
		return NULL;
	}
	uart_reset(&uart->device, 0);
	return &uart->device;
}

static void uart_describe(struct tree_writer *writer, const struct board *board, const struct device_site *site)
{
	(void)board;
	tree_begin_at(writer, "serial", site->base, site->size);
	tree_interrupt(writer, site->irq);
	tree_u32(writer, "clock-frequency", CLOCK_HZ);
	tree_string(writer, "compatible", "ns16550a");
	tree_end(writer);
}

const struct device_kind uart_kind = {.make = uart_make, .describe = uart_describe, .stdout_node = "serial"};
