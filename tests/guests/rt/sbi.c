#include "rt.h"

struct sbi_ret sbi_call(uint64_t extension, uint64_t function, struct sbi_args args)
{
	register uint64_t a0 __asm__("a0") = args.a[0];
	register uint64_t a1 __asm__("a1") = args.a[1];
	register uint64_t a2 __asm__("a2") = args.a[2];
	register uint64_t a3 __asm__("a3") = args.a[3];
	register uint64_t a4 __asm__("a4") = args.a[4];
	register uint64_t a5 __asm__("a5") = args.a[5];
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7)
			 : "memory");
	return (struct sbi_ret){ (int64_t)a0, (int64_t)a1 };
}

bool sbi_has(uint64_t extension)
{
	struct sbi_ret ret = sbi(SBI_BASE, SBI_BASE_PROBE, extension);

	return ret.error == SBI_SUCCESS && ret.value != 0;
}

void sbi_set_timer(uint64_t deadline)
{
	CHECK(sbi(SBI_TIME, 0, deadline).error == SBI_SUCCESS, "set_timer refused");
}

_Noreturn void sbi_shutdown(bool failed)
{
	sbi(SBI_SRST, 0, 0, failed);
	sbi(SBI_LEGACY_SHUTDOWN, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}
