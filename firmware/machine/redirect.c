/*
 * Exceptions this layer takes on behalf of those below: an illegal instruction that is no read of `time`, and any that
 * the core could not delegate. Each goes on to the world it belongs to exactly as the hardware would have sent it.
 */
#include "arch/csr.h"
#include "machine/machine.h"

static void redirect_to_guest(struct sbi_trap_frame *frame, uint64_t from)
{
	csr_write(vsepc, frame->mepc);
	csr_write(vscause, frame->mcause);
	csr_write(vstval, frame->mtval);
	csr_write(vsstatus, sstatus_after_trap(csr_read(vsstatus), from));
	frame->mepc = exception_vector(csr_read(vstvec));
	frame->mstatus = (frame->mstatus & ~MSTATUS_MPP) | MSTATUS_MPP_S; /* MPV stays: VS-mode */
}

static void redirect_to_hypervisor(struct sbi_trap_frame *frame, uint64_t from)
{
	bool from_guest = frame->mstatus & MSTATUS_MPV;
	uint64_t hstatus = 0;

	csr_write(sepc, frame->mepc);
	csr_write(scause, frame->mcause);
	csr_write(stval, frame->mtval);
	if (csr_try_read(hstatus, &hstatus)) {
		hstatus &= ~HSTATUS_SPV;
		if (from_guest)
			hstatus = (hstatus & ~HSTATUS_SPVP) | HSTATUS_SPV | (from & SSTATUS_SPP ? HSTATUS_SPVP : 0);
		csr_write(hstatus, hstatus);
		csr_write(htval, frame->mtval2);
		csr_write(htinst, frame->mtinst);
	}
	frame->mstatus = sstatus_after_trap(frame->mstatus, from);
	frame->mstatus = (frame->mstatus & ~(MSTATUS_MPP | MSTATUS_MPV)) | MSTATUS_MPP_S;
	frame->mepc = exception_vector(csr_read(stvec));
}

void sbi_redirect_to_supervisor(struct sbi_trap_frame *frame)
{
	uint64_t cause = frame->mcause, hedeleg = 0;
	uint64_t from = (frame->mstatus & MSTATUS_MPP) == MSTATUS_MPP_S ? SSTATUS_SPP : 0;

	from |= frame->mstatus & MSTATUS_MPELP ? SSTATUS_SPELP : 0;
	frame->mstatus &= ~MSTATUS_MPELP;
	if ((frame->mstatus & MSTATUS_MPV) && csr_try_read(hedeleg, &hedeleg) && (hedeleg >> cause & 1))
		redirect_to_guest(frame, from);
	else
		redirect_to_hypervisor(frame, from);
}
