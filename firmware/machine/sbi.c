/* The calls of the hypervisor. Of the legacy ones only those that its fallback console uses. */
#include <stddef.h>

#include "arch/regs.h"
#include "machine/machine.h"

/* Commonest first. */
static const struct sbi_extension machine_extensions[] = {
    {SBI_EXT_TIME, SBI_EXT_TIME, sbi_time},
    {SBI_EXT_IPI, SBI_EXT_IPI, sbi_ipi},
    {SBI_EXT_RFENCE, SBI_EXT_RFENCE, sbi_rfence},
    {SBI_EXT_DBCN, SBI_EXT_DBCN, sbi_dbcn},
    {SBI_EXT_HSM, SBI_EXT_HSM, sbi_hsm},
    {SBI_EXT_BASE, SBI_EXT_BASE, sbi_base},
    {SBI_EXT_SRST, SBI_EXT_SRST, sbi_srst},
    {SBI_LEGACY_SET_TIMER, SBI_LEGACY_CONSOLE_GETCHAR, sbi_legacy},
    {SBI_LEGACY_SHUTDOWN, SBI_LEGACY_SHUTDOWN, sbi_legacy},
};

void sbi_ecall(struct sbi_trap_frame *frame)
{
	sbi_serve(machine_extensions, sizeof machine_extensions / sizeof machine_extensions[0], NULL,
	          &frame->x[REG_A0]);
}
