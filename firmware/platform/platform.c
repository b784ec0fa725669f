#include "platform/platform.h"

#include "lib/string.h"

static fdt_node find_device(const struct fdt *fdt, const char *compatible, uint64_t *address)
{
	fdt_node node = fdt_find_compatible(fdt, compatible);
	uint64_t size;

	*address = 0;
	fdt_get_reg(fdt, node, address, &size);
	return node;
}

static void read_harts(const struct fdt *fdt, fdt_node cpus, struct platform *platform)
{
	platform->harts = platform->enabled_harts = 0;
	for (fdt_node cpu = fdt_first_child(fdt, cpus); cpu >= 0; cpu = fdt_next_sibling(fdt, cpu)) {
		uint64_t id = fdt_get_number(fdt, cpu, "reg", HARTS_MAX);
		if (id >= HARTS_MAX || strcmp(fdt_get_string(fdt, cpu, "device_type", ""), "cpu") != 0)
			continue;
		platform->harts |= UINT64_C(1) << id;
		if (fdt_is_enabled(fdt, cpu))
			platform->enabled_harts |= UINT64_C(1) << id;
	}
}

void platform_read(const struct fdt *fdt, struct platform *platform)
{
	fdt_node uart = find_device(fdt, "ns16550a", &platform->uart);

	platform->uart_irq = (uint32_t)fdt_get_number(fdt, uart, "interrupts", 0);
	find_device(fdt, "riscv,clint0", &platform->clint);
	find_device(fdt, "sifive,test0", &platform->finisher);
	find_device(fdt, "riscv,plic0", &platform->plic);

	fdt_node cpus = fdt_child(fdt, fdt_root(fdt), "cpus");
	platform->timebase_frequency = fdt_get_number(fdt, cpus, "timebase-frequency", 10000000);
	read_harts(fdt, cpus, platform);
}
