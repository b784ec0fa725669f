/* Reads of time in U-mode, in each form there is: where scounteren.TM says no, each is illegal, and the next one goes on. */
#include "rt/rt.h"

const char guest_name[] = "counters";

void user_csrrs(void);
void user_csrrc(void);
void user_csrrsi(void);
void user_csrrci(void);
void user_write(void);

#define USER_CODE(name, instruction) ".balign 4\n" name ":\n\t" instruction "\n\tecall\n"
__asm__(".text\n"
	USER_CODE("user_csrrs", "csrrs	a0, time, x0")
	USER_CODE("user_csrrc", "csrrc	a0, time, x0")
	USER_CODE("user_csrrsi", "csrrsi	a0, time, 0")
	USER_CODE("user_csrrci", "csrrci	a0, time, 0")
	USER_CODE("user_write", ".word	0xc0101573")); /* csrrw a0, time, x0, which assemblers refuse */

static struct {
	uint64_t resume, cause, pc, a0;
} user;

static bool from_user(struct trap_frame *frame)
{
	if ((frame->sstatus & SSTATUS_SPP) != 0)
		return false;
	user.cause = frame->scause;
	user.pc = frame->x[0];
	user.a0 = frame->x[10];
	frame->x[0] = user.resume;
	frame->sstatus |= SSTATUS_SPP;
	return true;
}

static void run_in_user(void (*code)(void))
{
	__asm__ volatile("la	t0, 1f\n\t"
			 "sd	t0, %0\n\t"
			 "csrw	sepc, %1\n\t"
			 "csrc	sstatus, %2\n\t"
			 "li	a0, 0\n\t"
			 "sret\n\t"
			 "1:"
			 : "=m"(user.resume)
			 : "r"(code), "r"(SSTATUS_SPP)
			 : "t0", "a0", "memory");
}

static void check_user_reads(void)
{
	void (*const reads[])(void) = { user_csrrs, user_csrrc, user_csrrsi, user_csrrci };
	uint64_t before = csr_read(scounteren);

	this_hart()->on_trap = from_user;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t begin = time_now();

		csr_set(scounteren, 2);
		run_in_user(reads[i]);
		CHECK(user.cause == CAUSE_ECALL_U && user.a0 >= begin && user.a0 <= time_now(), "read %u of time: cause %lu, %lx", i,
		      user.cause, user.a0);
		csr_clear(scounteren, 2);
		run_in_user(reads[i]);
		CHECK(user.cause == CAUSE_ILLEGAL && user.pc == (uintptr_t)reads[i] && user.a0 == 0,
		      "read %u of time without scounteren.TM: cause %lu at %lx, %lx", i, user.cause, user.pc, user.a0);
	}
	csr_write(scounteren, before | 2);
	run_in_user(user_write);
	CHECK(user.cause == CAUSE_ILLEGAL, "a write of time: cause %lu", user.cause);
	csr_write(scounteren, before);
	print("counters: U-mode reads time in every form, where scounteren says so\n");
}

void guest_main(void)
{
	check_user_reads();
}
