#include "host/host.h"

#include "arch/hal.h"
#include "arch/sbi_spec.h"
#include "host/console.h"
#include "host/sbi_call.h"
#include "lib/format.h"

struct host host;

bool host_init(const void *dtb)
{
	if (!fdt_open(&host.fdt, dtb))
		return false;
	platform_read(&host.fdt, &host.platform);
	host.harts = host.platform.enabled_harts;
	return true;
}

/*
 * A failure goes to the finisher directly first: OpenSBI's shutdown for a failure writes a code of 0 there,
 * which QEMU makes exit status 0. Where the machine has no finisher, the SBI call is what is left.
 */
_Noreturn void host_cut_power(bool success)
{
	if (!success)
		finisher_write(&host.platform, FINISHER_FAIL(1));
	sbi_call_system_reset(SBI_SRST_SHUTDOWN, success ? SBI_SRST_REASON_NONE : SBI_SRST_REASON_SYSTEM_FAILURE);
	for (;;)
		hal_wait_for_interrupt();
}

_Noreturn void host_power_off(bool success)
{
	console_flush();
	host_cut_power(success);
}

_Noreturn void host_panic(const char *text, ...)
{
	char line[128];
	va_list arguments;

	va_start(arguments, text);
	vformat(line, sizeof line, text, arguments);
	va_end(arguments);
	console_line("rvsim hypervisor: %s", line);
	host_power_off(false);
}
