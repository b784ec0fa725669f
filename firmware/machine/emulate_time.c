/*
 * On a core without the `time` CSR, illegal instructions are not delegated, so that reads of time can be
 * emulated from the CLINT.
 */
#include "arch/csr.h"
#include "machine/machine.h"

#define CSR_TIME 0xc01

/* csrrs rd, time, x0: what rdtime assembles to; or csrrc, csrrsi, csrrci that change no bit. */
static bool is_time_read(uint32_t instruction, unsigned *rd)
{
	uint32_t function = instruction >> 12 & 3;

	*rd = instruction >> 7 & 31;
	return (instruction & ~(31u << 7 | 7u << 12)) == (CSR_TIME << 20 | 0x73u) && function >= 2;
}

/*
 * Where the counter enables of the levels between keep time from whoever reads it, the trap is what it would be on a core
 * with the CSR: a guest's is the hypervisor's affair.
 */
static bool may_read_time(struct sbi_trap_frame *frame)
{
	bool from_user = (frame->mstatus & MSTATUS_MPP) == 0;
	uint64_t hypervisor = COUNTEREN_TM, user = COUNTEREN_TM;

	if (frame->mstatus & MSTATUS_MPV)
		csr_try_read(hcounteren, &hypervisor);
	if (from_user)
		csr_try_read(scounteren, &user);
	if (hypervisor & user & COUNTEREN_TM)
		return true;
	if (frame->mstatus & MSTATUS_MPV)
		frame->mcause = EXC_VIRTUAL_INSTRUCTION;
	return false;
}

static bool is_big_endian(const struct sbi_trap_frame *frame)
{
	if (frame->mstatus & MSTATUS_MPP)
		return false; /* S-mode and VS-mode are not: hstatus.VSBE and mstatus.SBE are never set */
	return (frame->mstatus & MSTATUS_MPV ? csr_read(vsstatus) : frame->mstatus) & SSTATUS_UBE;
}

/*
 * A halfword at the trapped world's own address, through its own translation and in its own byte order; executable is
 * readable enough. The load may trap: so MDT stays clear, and mstatus is put back whole, since the return from that trap
 * leaves another MPP. Nothing of the compiler's comes between, as MPRV would apply to it.
 */
static bool fetch_halfword(const struct sbi_trap_frame *frame, uint64_t address, uint32_t *half)
{
	uint64_t status = (frame->mstatus & ~(MSTATUS_MIE | MSTATUS_MDT)) | MSTATUS_MPRV | MSTATUS_MXR;
	uint64_t ok = 0, loaded = 0;

	__asm__ volatile("   csrrw %2, mstatus, %2\n"
	                 "1: lhu %1, (%3)\n"
	                 "   li %0, 1\n"
	                 "2: csrw mstatus, %2\n" EXTABLE("1b", "2b")
	                 : "+r"(ok), "+r"(loaded), "+r"(status)
	                 : "r"(address)
	                 : "memory");
	*half = (uint32_t)(is_big_endian(frame) ? (loaded >> 8 | loaded << 8) & 0xffff : loaded);
	return ok;
}

/* The illegal instruction; a core may leave it out of mtval. What lies behind a 16-bit one is none of it. */
static bool trapped_instruction(const struct sbi_trap_frame *frame, uint32_t *instruction)
{
	uint32_t high = 0;

	*instruction = (uint32_t)frame->mtval;
	if (*instruction)
		return true;
	if (!fetch_halfword(frame, frame->mepc, instruction))
		return false;
	if ((*instruction & 3) == 3 && !fetch_halfword(frame, frame->mepc + 2, &high))
		return false;
	*instruction |= high << 16;
	return true;
}

bool sbi_emulate_time_read(struct sbi_trap_frame *frame)
{
	uint32_t instruction;
	uint64_t delta = 0;
	unsigned rd;

	if (!trapped_instruction(frame, &instruction) || !is_time_read(instruction, &rd) || !may_read_time(frame))
		return false;
	if (frame->mstatus & MSTATUS_MPV)
		csr_try_read(htimedelta, &delta);
	if (rd)
		frame->x[rd] = sbi_timer_now() + delta;
	frame->mepc += 4;
	return true;
}
