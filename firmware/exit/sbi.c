#include "exit/sbi.h"

#include "exit/causes.h"
#include "vm/vcpu.h"

/* Commonest first. */
static const struct sbi_extension guest_extensions[] = {
    {SBI_EXT_TIME, SBI_EXT_TIME, exit_sbi_time},       {SBI_EXT_IPI, SBI_EXT_IPI, exit_sbi_ipi},
    {SBI_EXT_RFENCE, SBI_EXT_RFENCE, exit_sbi_rfence}, {SBI_EXT_HSM, SBI_EXT_HSM, exit_sbi_hsm},
    {SBI_EXT_DBCN, SBI_EXT_DBCN, exit_sbi_dbcn},       {SBI_EXT_BASE, SBI_EXT_BASE, exit_sbi_base},
    {SBI_EXT_SRST, SBI_EXT_SRST, exit_sbi_srst},       {SBI_LEGACY_SET_TIMER, SBI_LEGACY_SHUTDOWN, exit_sbi_legacy},
};

enum exit_verdict exit_sbi(struct vcpu *vcpu)
{
	struct sbi_guest guest = {.vcpu = vcpu, .verdict = EXIT_RESUME};

	vcpu->regs.guest.sepc += 4;
	sbi_serve(guest_extensions, sizeof guest_extensions / sizeof guest_extensions[0], &guest,
	          &vcpu->regs.guest.x[REG_A0]);
	return guest.verdict;
}
