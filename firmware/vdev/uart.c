#include "vdev/uart.h"

#include "platform/ns16550a.h"

static bool divisor_latched(const struct guest_uart *uart) { return uart->lcr & UART_LCR_DLAB; }

/* The highest-priority cause of an interrupt, as IIR shows it. */
static uint8_t interrupt_cause(const struct guest_uart *uart, const struct guest_input *input)
{
	if ((uart->ier & UART_IER_RX) && !guest_input_is_empty(input))
		return UART_IIR_RX_READY;
	if ((uart->ier & UART_IER_TX) && uart->transmitter_event)
		return UART_IIR_THR_EMPTY;
	return UART_IIR_NONE;
}

bool guest_uart_interrupt(const struct guest_uart *uart, const struct guest_input *input)
{
	return interrupt_cause(uart, input) != UART_IIR_NONE;
}

static uint8_t read_iir(struct guest_uart *uart, const struct guest_input *input)
{
	uint8_t iir = interrupt_cause(uart, input);

	if (iir == UART_IIR_THR_EMPTY)
		uart->transmitter_event = false; /* reading it is the acknowledgement */
	return iir | (uart->fcr & UART_FCR_ENABLE ? UART_IIR_FIFOS : 0);
}

/* With loopback, modem control outputs come back as modem status inputs: drivers probe with it. */
static uint8_t modem_status(const struct guest_uart *uart)
{
	uint8_t mcr = uart->mcr;

	if (!(mcr & UART_MCR_LOOPBACK))
		return UART_MSR_READY;
	return (uint8_t)((mcr & 0x02) << 3 | (mcr & 0x01) << 5 | (mcr & 0x0c) << 4);
}

uint8_t guest_uart_read(struct guest_uart *uart, struct guest_input *input, uint64_t offset)
{
	if (offset <= UART_IER && divisor_latched(uart))
		return uart->divisor[offset];
	switch (offset) {
	case UART_RBR_THR: return guest_input_is_empty(input) ? 0 : (uint8_t)guest_input_get(input);
	case UART_IER: return uart->ier;
	case UART_IIR_FCR: return read_iir(uart, input);
	case UART_LCR: return uart->lcr;
	case UART_MCR: return uart->mcr;
	case UART_LSR:
		return UART_LSR_THR_EMPTY | UART_LSR_IDLE | (guest_input_is_empty(input) ? 0 : UART_LSR_RX_READY);
	case UART_MSR: return modem_status(uart);
	case UART_SCR: return uart->scr;
	default: return 0;
	}
}

static void write_ier(struct guest_uart *uart, uint8_t value)
{
	if (value & ~uart->ier & UART_IER_TX)
		uart->transmitter_event = true; /* enabling it while the transmitter is empty reports that */
	uart->ier = value & 0x0f;
}

bool guest_uart_write(struct guest_uart *uart, struct guest_input *input, uint64_t offset, uint8_t value)
{
	if (offset <= UART_IER && divisor_latched(uart)) {
		uart->divisor[offset] = value;
		return false;
	}
	switch (offset) {
	case UART_RBR_THR: uart->transmitter_event = true; return !(uart->mcr & UART_MCR_LOOPBACK);
	case UART_IER: write_ier(uart, value); break;
	case UART_IIR_FCR:
		if (value & UART_FCR_CLEAR_RX)
			input->head = input->tail;
		uart->fcr = value;
		break;
	case UART_LCR: uart->lcr = value; break;
	case UART_MCR: uart->mcr = value & 0x1f; break;
	case UART_SCR: uart->scr = value; break;
	default: break;
	}
	return false;
}
