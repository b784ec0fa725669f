/* The device tree a guest sees: QEMU's `virt` as far as the guest has it. */
#include <stddef.h>

#include "arch/csr.h"
#include "cpu/percpu.h"
#include "host/host.h"
#include "host/memory.h"
#include "lib/fdt_build.h"
#include "lib/string.h"
#include "vm/vcpu.h"
#include "vm/zone.h"
#include "vm/zone_load.h"

#define PHANDLE_PLIC 1
#define PHANDLE_CPU_INTC(id) (2 + (id))
#define NO_INTERRUPT UINT32_MAX /* a PLIC context that nobody here can receive: machine mode's */

/* As a string, for readers that know no list; as a list; Sstc is the last of both, and left off where it is not. */
static void build_isa(struct fdt_builder *fdt, bool has_sstc)
{
	static const char names[] = "i\0m\0a\0f\0d\0c\0zicntr\0zicsr\0zifencei\0zihpm\0sstc";
	fdt_build_string(fdt, "riscv,isa", has_sstc ? "rv64imafdc_sstc" : "rv64imafdc");
	fdt_build_string(fdt, "riscv,isa-base", "rv64i");
	fdt_build_bytes(fdt, "riscv,isa-extensions", names, sizeof names - (has_sstc ? 0 : sizeof "sstc"));
}

static void build_cpu(struct fdt_builder *fdt, const struct vcpu *vcpu)
{
	fdt_build_node(fdt, "cpu@%x", vcpu->id);
	fdt_build_string(fdt, "device_type", "cpu");
	fdt_build_u32(fdt, "reg", vcpu->id);
	fdt_build_string(fdt, "status", "okay");
	fdt_build_string(fdt, "compatible", "riscv");
	build_isa(fdt, vcpu->cpu->arch_cpu.has_sstc);
	fdt_build_string(fdt, "mmu-type", "riscv,sv39");
	fdt_build_node(fdt, "interrupt-controller");
	fdt_build_u32(fdt, "#interrupt-cells", 1);
	fdt_build_empty(fdt, "interrupt-controller");
	fdt_build_string(fdt, "compatible", "riscv,cpu-intc");
	fdt_build_u32(fdt, "phandle", PHANDLE_CPU_INTC(vcpu->id));
	fdt_build_end_node(fdt);
	fdt_build_end_node(fdt);
}

static void build_cpus(struct fdt_builder *fdt, const struct zone *zone)
{
	fdt_build_node(fdt, "cpus");
	fdt_build_u32(fdt, "#address-cells", 1);
	fdt_build_u32(fdt, "#size-cells", 0);
	fdt_build_u32(fdt, "timebase-frequency", (uint32_t)host.platform.timebase_frequency);
	for (uint32_t i = 0; i < zone->vcpus_count; i++)
		build_cpu(fdt, zone->vcpus[i]);
	fdt_build_end_node(fdt);
}

/* Contexts 2n and 2n + 1 are vCPU n's machine and supervisor mode, as on `virt`. */
static void build_plic(struct fdt_builder *fdt, const struct zone *zone)
{
	uint32_t cells[4 * HARTS_MAX];

	for (uint32_t i = 0; i < zone->vcpus_count; i++) {
		cells[4 * i] = cells[4 * i + 2] = PHANDLE_CPU_INTC(i);
		cells[4 * i + 1] = NO_INTERRUPT;
		cells[4 * i + 3] = IRQ_SEI;
	}
	fdt_build_node(fdt, "plic@%lx", GUEST_PLIC_BASE);
	fdt_build_bytes(fdt, "compatible", "sifive,plic-1.0.0\0riscv,plic0", 30);
	fdt_build_reg(fdt, GUEST_PLIC_BASE, GUEST_PLIC_SIZE);
	fdt_build_u32(fdt, "#interrupt-cells", 1);
	fdt_build_u32(fdt, "#address-cells", 0);
	fdt_build_empty(fdt, "interrupt-controller");
	fdt_build_cells(fdt, "interrupts-extended", cells, 4 * zone->vcpus_count);
	fdt_build_u32(fdt, "riscv,ndev", GUEST_PLIC_SOURCES - 1);
	fdt_build_u32(fdt, "phandle", PHANDLE_PLIC);
	fdt_build_end_node(fdt);
}

static void build_uart(struct fdt_builder *fdt)
{
	fdt_build_node(fdt, "serial@%lx", GUEST_UART_BASE);
	fdt_build_string(fdt, "compatible", "ns16550a");
	fdt_build_reg(fdt, GUEST_UART_BASE, GUEST_UART_SIZE);
	fdt_build_u32(fdt, "clock-frequency", 3686400);
	fdt_build_u32(fdt, "interrupt-parent", PHANDLE_PLIC);
	fdt_build_u32(fdt, "interrupts", GUEST_UART_IRQ);
	fdt_build_end_node(fdt);
}

static void build_chosen(struct fdt_builder *fdt, const struct zone *zone, const char *bootargs)
{
	fdt_build_node(fdt, "chosen");
	fdt_build_string(fdt, "stdout-path", "/soc/serial@10000000");
	fdt_build_string(fdt, "bootargs", bootargs);
	if (zone->initrd_end != zone->initrd_start) {
		fdt_build_u64(fdt, "linux,initrd-start", zone->initrd_start);
		fdt_build_u64(fdt, "linux,initrd-end", zone->initrd_end);
	}
	fdt_build_end_node(fdt);
}

static void build_tree(struct fdt_builder *fdt, const struct zone *zone, const char *bootargs)
{
	fdt_build_node(fdt, "%s", "");
	fdt_build_u32(fdt, "#address-cells", 2);
	fdt_build_u32(fdt, "#size-cells", 2);
	fdt_build_string(fdt, "compatible", "riscv-virtio");
	fdt_build_string(fdt, "model", "rvsim,zone");
	build_chosen(fdt, zone, bootargs);

	fdt_build_node(fdt, "memory@%lx", ZONE_RAM_BASE);
	fdt_build_string(fdt, "device_type", "memory");
	fdt_build_reg(fdt, ZONE_RAM_BASE, zone->memory_size);
	fdt_build_end_node(fdt);

	build_cpus(fdt, zone);
	fdt_build_node(fdt, "soc");
	fdt_build_u32(fdt, "#address-cells", 2);
	fdt_build_u32(fdt, "#size-cells", 2);
	fdt_build_string(fdt, "compatible", "simple-bus");
	fdt_build_empty(fdt, "ranges");
	build_uart(fdt);
	build_plic(fdt, zone);
	fdt_build_end_node(fdt);
	fdt_build_end_node(fdt);
}

const char *zone_load_dtb(struct zone *zone, const char *bootargs)
{
	static uint8_t buffer[ZONE_DTB_MAX] __attribute__((aligned(8))); /* zone_load's lock */
	static struct fdt_builder builder;

	fdt_build_start(&builder, buffer, sizeof buffer);
	build_tree(&builder, zone, bootargs);
	uint32_t size = fdt_build_finish(&builder);
	if (!size)
		return "its device tree is too large";
	void *kept = memory_alloc(size, 8);
	if (!kept)
		return "the machine has not enough memory for its device tree";
	memcpy(kept, buffer, size);
	zone_put_in(zone, zone->dtb, kept, size, 0);
	return NULL;
}
