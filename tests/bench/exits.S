/* A guest that does nothing but leave: SBI calls for the specification's version, then a sum of them printed, then the end. */
        .section .text.start, "ax"
        .globl  _start
_start:
        li      s0, ROUNDS
        li      s1, 0
1:      li      a7, 0x10                /* base extension */
        li      a6, 0                   /* its version */
        ecall
        slli    t0, s1, 1
        add     s1, t0, a1
        addi    s0, s0, -1
        bnez    s0, 1b
        li      s2, 60
2:      srl     a0, s1, s2
        andi    a0, a0, 15
        addi    a0, a0, 'a'
        li      a7, 1                   /* console_putchar */
        ecall
        addi    s2, s2, -4
        bgez    s2, 2b
        li      a0, '\n'
        ecall
        li      a7, 0x53525354          /* SRST: shutdown, no reason */
        li      a6, 0
        li      a0, 0
        li      a1, 0
        ecall
3:      j       3b
