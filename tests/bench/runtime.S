/*
 * Start of a benchmark: hart 0 (and, with -DHARTS, all of them) reaches bench_main in M-mode, in S-mode under Sv39, or
 * in VS-mode under two stages of 4 KiB pages, as -DMODE_M, -DMODE_S or -DMODE_VS chooses. tables.c made the tables'
 * contents; what bench_main returns on hart 0 is printed, and the finisher ends the run. The linker is told which
 * kind bench_main is.
 */
        .section .text.start, "ax"
        .globl  _start
_start:
        la      sp, stacks
        slli    t0, a0, 14
        add     sp, sp, t0
        li      t0, 16384
        add     sp, sp, t0
        la      t0, trap
        csrw    mtvec, t0
        li      t0, 0x2000              /* FS: initial */
        csrs    mstatus, t0
        mv      s0, a0
#ifndef HARTS
        bnez    a0, park
#endif
        bnez    a0, 1f
        la      t0, __bss_start
        la      t1, __bss_end
2:      sd      zero, 0(t0)
        addi    t0, t0, 8
        bltu    t0, t1, 2b
        call    make_tables
        fence   rw, rw
        la      t0, ready
        li      t1, 1
        amoswap.w.aqrl zero, t1, (t0)
1:      la      t0, ready
        lw      t1, 0(t0)
        beqz    t1, 1b
        fence   rw, rw
#ifdef MODE_M
        j       enter
#else
        li      t0, -1
        csrw    pmpaddr0, t0
        li      t0, 0x1f
        csrw    pmpcfg0, t0
        li      t0, 1 << 61             /* menvcfg.ADUE: tables have A and D set anyway */
        csrs    0x30a, t0
        li      t0, 0x1800
        csrc    mstatus, t0
        li      t0, 0x0800              /* MPP = S */
        csrs    mstatus, t0
#ifdef MODE_VS
        li      t0, 1 << 39             /* MPV */
        csrs    mstatus, t0
        la      t0, g_root
        srli    t0, t0, 12
        li      t1, 8 << 60
        or      t0, t0, t1
        csrw    0x680, t0               /* hgatp */
        la      t0, s_root
        srli    t0, t0, 12
        or      t0, t0, t1
        csrw    0x280, t0               /* vsatp */
        li      t0, 0x2000
        csrs    0x200, t0               /* vsstatus.FS */
        .insn r 0x73, 0, 0x31, x0, x0, x0   /* hfence.gvma */
        .insn r 0x73, 0, 0x11, x0, x0, x0   /* hfence.vvma */
#else
        la      t0, s_root
        srli    t0, t0, 12
        li      t1, 8 << 60
        or      t0, t0, t1
        csrw    satp, t0
        sfence.vma
#endif
        la      t0, enter
        csrw    mepc, t0
        mret
#endif

enter:
        mv      a0, s0
        call    bench_main
        bnez    s0, park
        li      t0, 0x10000000          /* the UART */
        li      t1, 60
3:      srl     t2, a0, t1
        andi    t2, t2, 15
        addi    t3, t2, -10
        srai    t3, t3, 63              /* -1 for a digit */
        andi    t3, t3, '0' - 'a' + 10
        add     t2, t2, t3
        addi    t2, t2, 'a' - 10
        sb      t2, 0(t0)
        addi    t1, t1, -4
        bgez    t1, 3b
        li      t2, '\n'
        sb      t2, 0(t0)
        li      t0, 0x100000
        li      t1, 0x5555
        sw      t1, 0(t0)
park:
        wfi
        j       park

        /* An ecall, of any mode, is returned from; any other trap fails. */
        .balign 4
trap:
        csrw    mscratch, t0
        csrr    t0, mcause
        addi    t0, t0, -8
        sltiu   t0, t0, 4
        beqz    t0, fail
        csrr    t0, mepc
        addi    t0, t0, 4
        csrw    mepc, t0
        csrr    t0, mscratch
        mret
fail:
        li      t0, 0x100000
        li      t1, 0x13333
        sw      t1, 0(t0)
        j       park

        .bss
        .balign 4096
        .globl  s_root
s_root: .space  4096
        .balign 16384
        .globl  g_root
g_root: .space  16384
stacks: .space  16384 * 4
        .data
        .balign 64
ready:  .word   0
