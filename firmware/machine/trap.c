/* What a machine-mode trap is about. */
#include "arch/csr.h"
#include "arch/extable.h"
#include "machine/machine.h"

static bool came_from_here(const struct sbi_trap_frame *frame)
{
	return (frame->mstatus & MSTATUS_MPP) == MSTATUS_MPP_M;
}

static void machine_interrupt(uint64_t number, struct sbi_trap_frame *frame)
{
	switch (number) {
	case IRQ_MSI: sbi_ipi_serve(sbi_this_hart()); break;
	case IRQ_MTI: sbi_timer_expired(); break;
	default: sbi_die("unexpected interrupt", frame);
	}
}

/* mtval2 and mtinst first: reading them where they do not exist is itself a trap, but then replaces nothing. */
static void pass_on_exception(struct sbi_trap_frame *frame)
{
	csr_try_read(mtval2, &frame->mtval2);
	csr_try_read(mtinst, &frame->mtinst);
	if (frame->mcause != EXC_ILLEGAL || !sbi_emulate_time_read(frame))
		sbi_redirect_to_supervisor(frame);
}

void sbi_trap(struct sbi_trap_frame *frame)
{
	uint64_t cause = frame->mcause = csr_read(mcause);

	frame->mtval = csr_read(mtval);
	if (cause & CAUSE_INTERRUPT) {
		machine_interrupt(cause & ~CAUSE_INTERRUPT, frame);
	} else if (came_from_here(frame)) {
		uint64_t fixup = extable_find(frame->mepc);
		if (!fixup)
			sbi_die("unexpected trap", frame);
		frame->mepc = fixup;
	} else if (cause == EXC_ECALL_S) {
		frame->mepc += 4;
		sbi_ecall(frame);
	} else {
		pass_on_exception(frame);
	}
}
