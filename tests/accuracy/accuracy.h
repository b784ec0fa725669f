/* Bare-metal support for the accuracy programs: counters, console, kernels. Runs on rvsim, on QEMU's virt machine and
 * on RTL. */
#ifndef ACCURACY_H
#define ACCURACY_H

#include <stddef.h>
#include <stdint.h>

#define csr_read(name) ({ uint64_t value_; __asm__ volatile("csrr %0," #name : "=r"(value_)); value_; })
#define csr_write(name, value) __asm__ volatile("csrw " #name ",%0" ::"r"((uint64_t)(value)) : "memory")
#define csr_set(name, value) __asm__ volatile("csrs " #name ",%0" ::"r"((uint64_t)(value)) : "memory")
#define csr_clear(name, value) __asm__ volatile("csrc " #name ",%0" ::"r"((uint64_t)(value)) : "memory")

typedef void kernel(void *a0, uint64_t a1, uint64_t a2);

/* The function kernel_NAME, in a section of its own and aligned to 64 bytes, as its loop is. */
#define KERNEL(name, options, setup, body, copies, loops, end)                                                       \
	__asm__(".section .text.kernel_" #name ",\"ax\"\n.p2align 6\n.globl kernel_" #name "\n.type kernel_" #name        \
	        ",@function\nkernel_" #name ":\n.option push\n.option " #options "\nli t6," #loops "\n" setup             \
	        "\n.p2align 6\n.Lkernel_" #name ":\n.rept " #copies "\n" body "\n.endr\naddi t6,t6,-1\nbnez t6,.Lkernel_" \
	        #name "\n" end "\nret\n.option pop\n.text\n");                                                            \
	kernel kernel_##name;

void put_text(const char *text);
void put_hex(uint64_t value);
void put_number(int64_t value);
/* One line: R, name, cycles, instructions, how many of the measured thing. */
void report(const char *name, uint64_t cycles, uint64_t instructions, uint64_t units);
void finish(int code);

#endif
