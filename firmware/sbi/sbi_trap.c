/* What a machine-mode trap is about. */
#include "sbi.h"

#include "../csr.h"

static bool came_from_here(const struct sbi_trap_frame *frame)
{
    return (frame->mstatus & MSTATUS_MPP) == MSTATUS_MPP_M;
}

static void interrupt(uint64_t number, struct sbi_trap_frame *frame)
{
    switch (number) {
    case IRQ_MSI: sbi_ipi_serve(sbi_this_hart()); break;
    case IRQ_MTI: sbi_timer_expired(); break;
    default: sbi_die("unexpected interrupt", frame);
    }
}

void sbi_trap(struct sbi_trap_frame *frame)
{
    uint64_t cause = csr_read(mcause);

    if (cause & CAUSE_INTERRUPT) {
        interrupt(cause & ~CAUSE_INTERRUPT, frame);
    } else if (came_from_here(frame)) {
        frame->mepc = extable_find(frame->mepc);
        if (!frame->mepc) {
            frame->mepc = csr_read(mepc);
            sbi_die("unexpected trap", frame);
        }
    } else if (cause == EXC_ECALL_S) {
        frame->mepc += 4;
        sbi_ecall(frame);
    } else if (cause != EXC_ILLEGAL || !sbi_emulate_time_read(frame)) {
        sbi_redirect_to_supervisor(frame);
    }
}
