#include "host/input.h"

#include "arch/csr.h"
#include "host/host.h"
#include "platform/ns16550a.h"
#include "platform/plic.h"

static volatile uint32_t *claim_register; /* of the PLIC context that is interrupted */

static volatile uint32_t *host_plic(uint64_t offset) { return (volatile uint32_t *)(host.platform.plic + offset); }

static volatile uint8_t *host_uart(unsigned offset) { return (volatile uint8_t *)(host.platform.uart + offset); }

/* The phandle of a hart's interrupt controller; 0 if it has none. */
static uint32_t controller_of(uint64_t hart_id)
{
	fdt_node cpu = fdt_first_child(&host.fdt, fdt_child(&host.fdt, fdt_root(&host.fdt), "cpus"));

	while (cpu >= 0 && fdt_get_number(&host.fdt, cpu, "reg", HARTS_MAX) != hart_id)
		cpu = fdt_next_sibling(&host.fdt, cpu);
	return (uint32_t)fdt_get_number(&host.fdt, fdt_child(&host.fdt, cpu, "interrupt-controller"), "phandle", 0);
}

/* The PLIC's context for a hart's S-mode, by its place in interrupts-extended; -1 if there is none. */
static int64_t context_of(uint64_t hart_id)
{
	struct fdt_property list;
	uint32_t controller = controller_of(hart_id);

	fdt_get(&host.fdt, fdt_find_compatible(&host.fdt, "riscv,plic0"), "interrupts-extended", &list);
	for (uint32_t i = 0; controller && i + 1 < list.size / 4; i += 2)
		if (fdt_cell(&list, i) == controller && fdt_cell(&list, i + 1) == IRQ_SEI)
			return i / 2;
	return -1;
}

bool host_input_init(uint64_t hart_id)
{
	uint32_t irq = host.platform.uart_irq;
	int64_t context = context_of(hart_id);

	if (!host.platform.plic || !host.platform.uart || !irq || context < 0)
		return false;
	uint64_t enables = PLIC_ENABLE + PLIC_ENABLE_STRIDE * (uint64_t)context;
	uint64_t registers = PLIC_CONTEXT + PLIC_CONTEXT_STRIDE * (uint64_t)context;
	claim_register = host_plic(registers + PLIC_CONTEXT_CLAIM);
	*host_plic(PLIC_PRIORITY + 4 * irq) = 1;
	*host_plic(enables + 4 * (irq / 32)) = 1u << irq % 32;
	*host_plic(registers + PLIC_CONTEXT_THRESHOLD) = 0;
	*host_uart(UART_IER) = UART_IER_RX;
	return true;
}

uint32_t host_input_claim(void) { return *claim_register; }

int host_input_get(void) { return *host_uart(UART_LSR) & UART_LSR_RX_READY ? *host_uart(UART_RBR_THR) : -1; }

void host_input_complete(uint32_t source) { *claim_register = source; }
