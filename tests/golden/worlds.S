/*
 * Every kind of mode switch once, in hand-written assembly, so that its trace is exact to the cycle whatever compiler
 * is about: M -> HS -> VS -> VU, an ecall from each, a delegated fault, a guest-page fault, and the way back.
 */
        .option norvc
        .text
        .globl  _start
_start:
        la      t0, m_trap
        csrw    mtvec, t0
        li      t0, -1
        csrw    pmpaddr0, t0
        li      t0, 0x1f
        csrw    pmpcfg0, t0
        li      t0, 0xf00100            /* guest-page faults, virtual instruction and ecall from U go to HS */
        csrw    medeleg, t0
        li      t0, 0x100               /* ecall from VU stays in the guest */
        csrw    hedeleg, t0
        la      t0, hs_trap
        csrw    stvec, t0
        la      t0, vs_trap
        csrw    vstvec, t0
        li      t0, 0x1800
        csrc    mstatus, t0
        li      t0, 0x0800              /* MPP = S, MPV = 0 */
        csrs    mstatus, t0
        la      t0, hs
        csrw    mepc, t0
        mret

        .globl  hs
hs:
        ecall                           /* to M and back */
        li      t0, 0x180               /* SPV, SPVP */
        csrs    hstatus, t0
        li      t0, 0x100               /* SPP = S */
        csrs    sstatus, t0
        la      t0, vs
        csrw    sepc, t0
        sret

        .globl  vs
vs:
        csrr    t1, hstatus             /* virtual instruction: to HS */
        li      t0, 0x100
        csrc    sstatus, t0
        la      t0, vu
        csrw    sepc, t0
        sret

        .globl  vu
vu:
        mv      tp, sp
        ecall                           /* to VS by hedeleg */
        j       vu

        .balign 4
        .globl  vs_trap
vs_trap:
        csrr    t2, scause
        ecall                           /* to M: not delegated; ends the test */

        .balign 4
        .globl  hs_trap
hs_trap:
        csrr    t2, scause
        csrr    t3, sepc
        addi    t3, t3, 4
        csrw    sepc, t3
        sret

        .balign 4
        .globl  m_trap
m_trap:
        csrr    t2, mcause
        li      t3, 10                  /* ecall from VS: done */
        beq     t2, t3, done
        csrr    t3, mepc
        addi    t3, t3, 4
        csrw    mepc, t3
        mret

done:
        li      t0, 0x100000
        li      t1, 0x5555
        sw      t1, 0(t0)
1:      j       1b
