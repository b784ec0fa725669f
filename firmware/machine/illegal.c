/*
 * Traps this layer takes on behalf of those below.
 *
 * On a core without the `time` CSR, illegal instructions are not delegated, so that reads of time can be
 * emulated from the CLINT; every other illegal instruction, and any exception the core could not delegate,
 * goes on to the world it belongs to exactly as the hardware would have sent it.
 */
#include "machine/machine.h"

#include "arch/csr.h"

#define CSR_TIME 0xc01

/* csrrs rd, time, x0: what rdtime assembles to. */
static bool is_time_read(uint32_t instruction, unsigned *rd)
{
	*rd = instruction >> 7 & 31;
	return (instruction & ~(31u << 7)) == (CSR_TIME << 20 | 2u << 12 | 0x73u);
}

/* A halfword at the trapped world's own address, through its own translation; executable is readable enough. */
static bool fetch_halfword(const struct sbi_trap_frame *frame, uint64_t address, uint64_t *value)
{
	uint64_t modes = MSTATUS_MPRV | MSTATUS_MXR, ok = 0, loaded = 0;

	csr_write(mstatus, (frame->mstatus & ~MSTATUS_MIE) | modes);
	__asm__ volatile("1: lhu %1, (%2)\n"
	                 "   li %0, 1\n"
	                 "2:\n" EXTABLE("1b", "2b")
	                 : "+r"(ok), "+r"(loaded) : "r"(address) : "memory");
	csr_clear(mstatus, modes);
	*value = loaded;
	return ok;
}

/* The illegal instruction; a core may leave it out of mtval. */
static bool trapped_instruction(const struct sbi_trap_frame *frame, uint32_t *instruction)
{
	uint64_t low, high;

	*instruction = (uint32_t)frame->mtval;
	if (*instruction)
		return true;
	if (!fetch_halfword(frame, frame->mepc, &low) || !fetch_halfword(frame, frame->mepc + 2, &high))
		return false;
	*instruction = (uint32_t)(high << 16 | low);
	return true;
}

bool sbi_emulate_time_read(struct sbi_trap_frame *frame)
{
	uint32_t instruction;
	uint64_t delta = 0;
	unsigned rd;

	if (!trapped_instruction(frame, &instruction) || !is_time_read(instruction, &rd))
		return false;
	if (frame->mstatus & MSTATUS_MPV)
		csr_try_read(htimedelta, &delta);
	if (rd)
		frame->x[rd] = sbi_timer_now() + delta;
	frame->mepc += 4;
	return true;
}

static uint64_t vector(uint64_t tvec)
{
	return tvec & ~UINT64_C(3); /* exceptions go to the base in both modes */
}

/* sstatus or vsstatus after a trap that interrupted the given privilege (SPP). */
static uint64_t status_after_trap(uint64_t status, uint64_t spp)
{
	uint64_t cleared = status & ~(SSTATUS_SPIE | SSTATUS_SIE | SSTATUS_SPP);

	return cleared | (status & SSTATUS_SIE ? SSTATUS_SPIE : 0) | spp;
}

static void redirect_to_guest(struct sbi_trap_frame *frame, uint64_t spp)
{
	csr_write(vsepc, frame->mepc);
	csr_write(vscause, frame->mcause);
	csr_write(vstval, frame->mtval);
	csr_write(vsstatus, status_after_trap(csr_read(vsstatus), spp));
	frame->mepc = vector(csr_read(vstvec));
	frame->mstatus = (frame->mstatus & ~MSTATUS_MPP) | MSTATUS_MPP_S; /* MPV stays: VS-mode */
}

static void redirect_to_hypervisor(struct sbi_trap_frame *frame, uint64_t spp)
{
	bool from_guest = frame->mstatus & MSTATUS_MPV;
	uint64_t hstatus = 0;

	csr_write(sepc, frame->mepc);
	csr_write(scause, frame->mcause);
	csr_write(stval, frame->mtval);
	if (csr_try_read(hstatus, &hstatus)) {
		hstatus &= ~HSTATUS_SPV;
		if (from_guest)
			hstatus = (hstatus & ~HSTATUS_SPVP) | HSTATUS_SPV | (spp ? HSTATUS_SPVP : 0);
		csr_write(hstatus, hstatus);
		csr_write(htval, frame->mtval2);
		csr_write(htinst, frame->mtinst);
	}
	frame->mstatus = status_after_trap(frame->mstatus, spp);
	frame->mstatus = (frame->mstatus & ~(MSTATUS_MPP | MSTATUS_MPV)) | MSTATUS_MPP_S;
	frame->mepc = vector(csr_read(stvec));
}

void sbi_redirect_to_supervisor(struct sbi_trap_frame *frame)
{
	uint64_t cause = frame->mcause, hedeleg = 0;
	uint64_t spp = (frame->mstatus & MSTATUS_MPP) == MSTATUS_MPP_S ? SSTATUS_SPP : 0;

	if ((frame->mstatus & MSTATUS_MPV) && csr_try_read(hedeleg, &hedeleg) && (hedeleg >> cause & 1))
		redirect_to_guest(frame, spp);
	else
		redirect_to_hypervisor(frame, spp);
}
