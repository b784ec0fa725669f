#include "host/host.h"

#include "host/console.h"
#include "lib/lib.h"
#include "cpu/percpu.h"
#include "host/sbi_call.h"
#include "arch/sbi_spec.h"

struct host host;

static uint64_t harts_of(const struct fdt *fdt)
{
	fdt_node cpus = fdt_child(fdt, fdt_root(fdt), "cpus");
	uint64_t harts = 0;

	for (fdt_node cpu = fdt_first_child(fdt, cpus); cpu >= 0; cpu = fdt_next_sibling(fdt, cpu)) {
		uint64_t id = fdt_get_number(fdt, cpu, "reg", PERCPU_MAX);
		if (strcmp(fdt_get_string(fdt, cpu, "device_type", ""), "cpu") == 0 && fdt_is_enabled(fdt, cpu) &&
		    id < PERCPU_MAX)
			harts |= UINT64_C(1) << id;
	}
	return harts;
}

bool host_init(const void *dtb)
{
	if (!fdt_open(&host.fdt, dtb))
		return false;
	platform_read(&host.fdt, &host.platform);
	host.harts = harts_of(&host.fdt);
	return true;
}

/*
 * A failure goes to the finisher directly first: OpenSBI's shutdown for a failure writes a code of 0 there,
 * which QEMU makes exit status 0. Where the machine has no finisher, the SBI call is what is left.
 */
_Noreturn void host_power_off(bool success)
{
	if (!success)
		finisher_write(&host.platform, FINISHER_FAIL(1));
	sbi_call_system_reset(SBI_SRST_SHUTDOWN, success ? SBI_SRST_REASON_NONE : SBI_SRST_REASON_SYSTEM_FAILURE);
	for (;;)
		hal_wait_for_interrupt();
}

_Noreturn void host_panic(const char *text)
{
	console_line("rvsim hypervisor: %s", text);
	host_power_off(false);
}
