/*
 * Traps this layer takes on behalf of those below.
 *
 * On a core without the `time` CSR, illegal instructions are not delegated, so
 * that reads of time can be emulated from the CLINT; every other illegal instruction, and any exception
 * the core could not delegate, goes on to the world it belongs to exactly as the hardware would have sent it.
 */
#include "sbi.h"

#include "../csr.h"

#define CSR_TIME 0xc01

/* csrrs rd, time, x0: what rdtime assembles to. */
static bool is_time_read(uint32_t instruction, unsigned *rd)
{
    *rd = instruction >> 7 & 31;
    return (instruction & ~(31u << 7)) == (CSR_TIME << 20 | 2u << 12 | 0x73u);
}

bool sbi_emulate_time_read(struct sbi_trap_frame *frame)
{
    uint64_t delta = 0;
    unsigned rd;

    if (!is_time_read((uint32_t)csr_read(mtval), &rd))
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
    csr_write(vscause, csr_read(mcause));
    csr_write(vstval, csr_read(mtval));
    csr_write(vsstatus, status_after_trap(csr_read(vsstatus), spp));
    frame->mepc = vector(csr_read(vstvec));
    frame->mstatus = (frame->mstatus & ~MSTATUS_MPP) | MSTATUS_MPP_S; /* MPV stays: VS-mode */
}

static void redirect_to_hypervisor(struct sbi_trap_frame *frame, uint64_t spp)
{
    bool from_guest = frame->mstatus & MSTATUS_MPV;
    uint64_t hstatus = 0, unused;

    csr_write(sepc, frame->mepc);
    csr_write(scause, csr_read(mcause));
    csr_write(stval, csr_read(mtval));
    if (csr_try_read(hstatus, &hstatus)) {
        hstatus &= ~HSTATUS_SPV;
        if (from_guest)
            hstatus = (hstatus & ~HSTATUS_SPVP) | HSTATUS_SPV | (spp ? HSTATUS_SPVP : 0);
        csr_write(hstatus, hstatus);
        if (csr_try_read(mtval2, &unused)) {
            csr_write(htval, csr_read(mtval2));
            csr_write(htinst, csr_read(mtinst));
        }
    }
    frame->mstatus = status_after_trap(frame->mstatus, spp);
    frame->mstatus = (frame->mstatus & ~(MSTATUS_MPP | MSTATUS_MPV)) | MSTATUS_MPP_S;
    frame->mepc = vector(csr_read(stvec));
}

void sbi_redirect_to_supervisor(struct sbi_trap_frame *frame)
{
    uint64_t cause = csr_read(mcause), hedeleg = 0;
    uint64_t spp = (frame->mstatus & MSTATUS_MPP) == MSTATUS_MPP_S ? SSTATUS_SPP : 0;

    if ((frame->mstatus & MSTATUS_MPV) && csr_try_read(hedeleg, &hedeleg) && (hedeleg >> cause & 1))
        redirect_to_guest(frame, spp);
    else
        redirect_to_hypervisor(frame, spp);
}
