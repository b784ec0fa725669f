/*
 * The smallest hypervisor there is: M-mode that a guest calls 200 times, with one thing to do at each exit, chosen by
 * -D. Where that thing's cycles go must show in the statistics (tests/suites/split.py).
 */
        .equ    FINISHER, 0x100000
        .equ    PASS, 0x5555
        .equ    CLINT_MTIMECMP, 0x2004000
        .equ    CLINT_MTIME, 0x200bff8
        .equ    MODE_SV39, 8
        .equ    EXITS, 200

        .option norelax
        .text
        .globl  _start
_start:
        la      t0, vector
        csrw    mtvec, t0
        li      t0, -1
        csrw    pmpaddr0, t0
        li      t0, 0x1f
        csrw    pmpcfg0, t0
        li      t1, MODE_SV39
        slli    t1, t1, 60
        la      t0, g_root              /* identity, in gigapages, on both stages */
        srli    t0, t0, 12
        or      t0, t0, t1
        csrw    hgatp, t0
        la      t0, s_root
        srli    t0, t0, 12
        or      t0, t0, t1
        csrw    vsatp, t0
        hfence.gvma
        li      t0, 3 << 11
        csrc    mstatus, t0
        li      t0, 1 << 39 | 1 << 11   /* MPV, MPP = S */
        csrs    mstatus, t0
        li      t0, 1 << 8              /* SPVP: hlv reads as VS-mode */
        csrs    hstatus, t0
        la      t0, guest
        csrw    mepc, t0
        li      s0, EXITS
        la      s2, memory
        li      s3, 0x2545f491
        la      s4, word
        mret

        .globl  guest
guest:
        ecall
        addi    s0, s0, -1
        bgez    s0, guest
        j       .

        .globl  vector
        .balign 4
vector:
        beqz    s0, finish
        csrr    t0, mepc
        addi    t0, t0, 4
        csrw    mepc, t0
        call    handler
        mret

        .globl  finish
finish:
        li      t0, FINISHER
        li      t1, PASS
        sw      t1, (t0)
        j       .

        .globl  handler
        .balign 64
handler:
#if defined(FENCE)
        sd      t1, (s4)
        fence
#elif defined(DCACHE)
        .rept   8                       /* lines never seen before */
        ld      t1, (s2)
        add     t2, t1, t1
        addi    s2, s2, 128
        .endr
#elif defined(ICACHE)
        .rept   1024                    /* more code than a cache holds */
        j       1f
        .balign 64
1:
        .endr
#elif defined(BRANCH)
        .rept   16                      /* on the bits of a xorshift generator */
        slli    t1, s3, 13
        xor     s3, s3, t1
        srli    t1, s3, 7
        xor     s3, s3, t1
        slli    t1, s3, 17
        xor     s3, s3, t1
        andi    t1, s3, 64
        beqz    t1, 1f
        addi    t2, t2, 1
1:
        .endr
#elif defined(WALK)
        hfence.vvma
        hfence.gvma
        hlv.d   t1, (s4)
        add     t2, t1, t1
#elif defined(WAIT)
        li      t1, 1 << 7
        csrw    mie, t1                 /* wakes, but is not taken: mstatus.MIE is 0 */
        li      t1, CLINT_MTIME
        ld      t1, (t1)
        addi    t1, t1, 100
        li      t2, CLINT_MTIMECMP
        sd      t1, (t2)
        wfi
        li      t1, -1
        sd      t1, (t2)
#elif defined(TRAP)
        la      t1, 1f
        csrrw   t1, mtvec, t1
        ecall
        .balign 4
1:      csrw    mtvec, t1
        la      t1, guest + 4           /* the nested trap has overwritten both */
        csrw    mepc, t1
        li      t1, 1 << 39 | 1 << 11
        csrs    mstatus, t1
        li      t1, 1 << 12
        csrc    mstatus, t1
#elif defined(CALL)
        mv      s5, ra
        call    work
        mv      ra, s5
#endif
        ret

        .globl  work
work:
        li      t1, 100
1:      addi    t1, t1, -1
        bnez    t1, 1b
        ret
        .globl  work_end
work_end:

        .balign 16384
g_root: .dword  0, 0, 0x80000 << 10 | 0xdf
        .balign 16384
s_root: .dword  0, 0, 0x80000 << 10 | 0xcf
        .balign 4096
word:   .dword  42

        .bss
        .balign 128
memory: .space  EXITS * 8 * 128
