/* A reset while a guest runs, which meets the guest's next life in other registers: nothing of the first is remembered. */
#include "board.h"

enum { RESETS = 3, VMID_1 = 44 };

/* In VS-mode: an exit and an entry by an ecall, the number of this life in s2; then it runs until it is over. */
static _Noreturn void enter_guest(u64 life)
{
	csr_write(pmpaddr0, ~UINT64_C(0));
	csr_write(pmpcfg0, 0x1f);
	csr_write(sscratch, 0x1234);
	__asm__ volatile(".option push\n.option norvc\n.option arch, +h\n"
			 "csrw	hgatp, %0\n"
			 "li	t0, 3 << 11\n"
			 "csrc	mstatus, t0\n"
			 "li	t0, 1 << 39 | 1 << 11\n"
			 "csrs	mstatus, t0\n"
			 "la	t0, 1f\n"
			 "csrw	mepc, t0\n"
			 "mv	s2, %1\n"
			 "mret\n"
			 "1:	ecall\n"
			 "li	t0, 1\n"
			 "sd	t0, 0(%2)\n"
			 "2:	addi	s3, s3, 1\n"
			 "j	2b\n"
			 ".option pop"
			 :
			 : "r"(UINT64_C(1) << VMID_1), "r"(life), "r"(KEPT + 8)
			 : "t0", "s2", "s3", "memory");
	__builtin_unreachable();
}

int main(u64 hart)
{
	if (hart == 0) {
		show("life", REG64(KEPT));
		if (REG64(KEPT) == RESETS)
			return 0;
		enter_guest(REG64(KEPT));
	}
	while (REG64(KEPT) == RESETS || !REG64(KEPT + 8))
		;
	REG64(KEPT + 8) = 0;
	REG64(KEPT) += 1;
	REG32(FINISHER) = RESET;
	for (;;)
		;
}
