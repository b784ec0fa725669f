/*
 * Code of BYTES, run through ROUNDS times: in a line, or as functions of 64 bytes that are called in an order that jumps about.
 * Each 64 bytes differ; they compute, load, store, and branch forward as the data has it.
 */
        .option norvc
        .option norelax
        .set    UNITS, BYTES / 64
        .set    n, 0

        .macro  unit
        .set    n, n + 1
        add     a0, a0, a1
        slli    a2, a0, (n * 5) % 31 + 1
        xor     a1, a1, a2
        ld      a3, (n * 8) % 512(t0)
        srli    a4, a1, (n * 3) % 29 + 1
        add     a0, a0, a3
        andi    a5, a4, 15
        bnez    a5, 1f
        sub     a0, a0, a4
        xori    a1, a1, n % 2048
1:      sd      a0, (n * 24) % 512(t0)
        or      a4, a4, a2
        add     a1, a1, a4
        .endm

        .section .text.straight, "ax"
        .globl  straight
straight:
        la      t0, scratch
        li      t1, ROUNDS
        addi    a1, a0, 1
2:      .rept   UNITS
        unit
        addi    a0, a0, n % 2048
        slt     a2, a0, a1
        add     a1, a1, a2
        .endr
        addi    t1, t1, -1
        beqz    t1, 3f
        la      t2, 2b
        jr      t2
3:      xor     a0, a0, a1
        ret

        .section .text.calls, "ax"
        .globl  calls
calls:
        mv      t6, ra
        la      t0, scratch
        li      t1, ROUNDS
        addi    a1, a0, 1
        .set    n, 0
2:      .rept   UNITS
        .set    n, n + 1
        call    functions + ((n * 37) % UNITS) * 64
        .endr
        addi    t1, t1, -1
        beqz    t1, 3f
        la      t2, 2b
        jr      t2
3:      xor     a0, a0, a1
        jr      t6
        .balign 64
functions:
        .rept   UNITS
        unit
        ret
        .balign 64
        .endr

        .bss
        .balign 64
scratch: .space 512
