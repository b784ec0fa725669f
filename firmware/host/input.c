#include "host/input.h"

#include "arch/csr.h"
#include "vdev/device.h"
#include "host/host.h"
#include "cpu/percpu.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

#define PLIC_ENABLE 0x2000
#define PLIC_ENABLE_STRIDE 0x80
#define PLIC_CONTEXT 0x200000
#define PLIC_CONTEXT_STRIDE 0x1000

/* Set once at boot, before the CPU that uses them starts a zone. */
static struct percpu *input_cpu;
static struct zone *input_zone;
static volatile uint32_t *claim; /* the PLIC's claim and complete register of input_cpu's S-mode */

static volatile uint32_t *plic(uint64_t offset)
{
	return (volatile uint32_t *)(host.platform.plic + offset);
}

static volatile uint8_t *uart(unsigned offset)
{
	return (volatile uint8_t *)(host.platform.uart + offset);
}

/* The phandle of a hart's interrupt controller; 0 if it has none. */
static uint32_t controller_of(uint64_t hart_id)
{
	fdt_node cpu = fdt_first_child(&host.fdt, fdt_child(&host.fdt, fdt_root(&host.fdt), "cpus"));

	while (cpu >= 0 && fdt_get_number(&host.fdt, cpu, "reg", PERCPU_MAX) != hart_id)
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

void host_input_init(struct zone *zone)
{
	struct percpu *cpu = zone->vcpus[0]->cpu;
	uint32_t irq = host.platform.uart_irq;
	int64_t context = context_of(cpu->id);

	if (!host.platform.plic || !host.platform.uart || !irq || context < 0)
		return;
	input_zone = zone;
	claim = plic(PLIC_CONTEXT + PLIC_CONTEXT_STRIDE * (uint64_t)context + 4);
	*plic(4 * irq) = 1;
	*plic(PLIC_ENABLE + PLIC_ENABLE_STRIDE * (uint64_t)context + 4 * (irq / 32)) = 1u << irq % 32;
	*plic(PLIC_CONTEXT + PLIC_CONTEXT_STRIDE * (uint64_t)context) = 0; /* threshold */
	*uart(UART_IER) = UART_IER_RX;
	__atomic_store_n(&input_cpu, cpu, __ATOMIC_RELEASE);
}

void host_input_poll(struct percpu *cpu)
{
	uint32_t source;

	if (__atomic_load_n(&input_cpu, __ATOMIC_ACQUIRE) != cpu)
		return;
	while ((source = *claim)) {
		while (*uart(UART_LSR) & UART_LSR_RX_READY)
			guest_device_input(input_zone, (char)*uart(UART_RBR_THR));
		*claim = source;
	}
}
