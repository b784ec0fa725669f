#include "platform/platform.h"

static fdt_node device(const struct fdt *fdt, const char *compatible, uint64_t *address)
{
	fdt_node node = fdt_find_compatible(fdt, compatible);
	uint64_t size;

	*address = 0;
	fdt_get_reg(fdt, node, address, &size);
	return node;
}

void platform_read(const struct fdt *fdt, struct platform *platform)
{
	fdt_node uart = device(fdt, "ns16550a", &platform->uart);

	platform->uart_irq = (uint32_t)fdt_get_number(fdt, uart, "interrupts", 0);
	device(fdt, "riscv,clint0", &platform->clint);
	device(fdt, "sifive,test0", &platform->finisher);
	device(fdt, "riscv,plic0", &platform->plic);

	fdt_node cpus = fdt_child(fdt, fdt_root(fdt), "cpus");
	platform->timebase_frequency = fdt_get_number(fdt, cpus, "timebase-frequency", 10000000);
}
