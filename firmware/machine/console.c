/* The UART, by polling. */
#include "lib/bits.h"
#include "lib/lock.h"
#include "machine/machine.h"
#include "platform/ns16550a.h"

static struct spinlock uart_lock;

static volatile uint8_t *machine_uart(unsigned offset) { return (volatile uint8_t *)(sbi_platform.uart + offset); }

uint64_t sbi_console_write(const char *text, uint64_t size)
{
	volatile uint8_t *status = machine_uart(UART_LSR), *transmitter = machine_uart(UART_RBR_THR);
	const char *at = text, *end = text + min_u64(size, SBI_CONSOLE_PIECE);

	if (!sbi_platform.uart)
		return size; /* nobody listens */
	spin_lock(&uart_lock);
	while (at < end && (*status & UART_LSR_THR_EMPTY))
		*transmitter = (uint8_t)*at++;
	spin_unlock(&uart_lock);
	return (uint64_t)(at - text);
}

void sbi_console_write_all(const char *text, uint64_t size)
{
	for (uint64_t done; size; text += done, size -= done)
		done = sbi_console_write(text, size);
}

/* For last words, which one hart only gets to say: what it interrupted may hold the lock, and will not give it back. */
void sbi_console_seize(void)
{
	static uint32_t seized;

	while (__atomic_exchange_n(&seized, 1, __ATOMIC_ACQUIRE))
		__asm__ volatile("wfi");
	uart_lock = (struct spinlock){0};
}

int sbi_console_read(void)
{
	int character = -1;

	if (!sbi_platform.uart)
		return -1;
	spin_lock(&uart_lock);
	if (*machine_uart(UART_LSR) & UART_LSR_RX_READY)
		character = *machine_uart(UART_RBR_THR);
	spin_unlock(&uart_lock);
	return character;
}
