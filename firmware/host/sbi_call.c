#include "host/sbi_call.h"

#include <stdbool.h>

static bool has_debug_console;

static struct sbi_result sbi_ecall5(uint64_t extension, uint64_t function, uint64_t x0, uint64_t x1, uint64_t x2,
                                    uint64_t x3, uint64_t x4)
{
	register uint64_t a0 __asm__("a0") = x0;
	register uint64_t a1 __asm__("a1") = x1;
	register uint64_t a2 __asm__("a2") = x2;
	register uint64_t a3 __asm__("a3") = x3;
	register uint64_t a4 __asm__("a4") = x4;
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	return (struct sbi_result){(int64_t)a0, a1};
}

static struct sbi_result sbi_ecall3(uint64_t extension, uint64_t function, uint64_t x0, uint64_t x1, uint64_t x2)
{
	return sbi_ecall5(extension, function, x0, x1, x2, 0, 0);
}

struct sbi_result sbi_call_base(uint64_t function, uint64_t argument)
{
	return sbi_ecall3(SBI_EXT_BASE, function, argument, 0, 0);
}

void sbi_call_init(void)
{
	struct sbi_result probe = sbi_call_base(SBI_BASE_PROBE_EXTENSION, SBI_EXT_DBCN);

	has_debug_console = !probe.error && probe.value;
}

void sbi_call_set_timer(uint64_t deadline) { sbi_ecall3(SBI_EXT_TIME, SBI_TIME_SET_TIMER, deadline, 0, 0); }

void sbi_call_send_ipi(uint64_t harts) { sbi_ecall3(SBI_EXT_IPI, SBI_IPI_SEND, harts, 0, 0); }

int64_t sbi_call_hart_start(uint64_t hart_id, uint64_t address, uint64_t argument)
{
	return sbi_ecall3(SBI_EXT_HSM, SBI_HSM_HART_START, hart_id, address, argument).error;
}

void sbi_call_system_reset(uint32_t type, uint32_t reason)
{
	sbi_ecall3(SBI_EXT_SRST, SBI_SRST_SYSTEM_RESET, type, reason, 0);
	sbi_ecall3(SBI_LEGACY_SHUTDOWN, 0, 0, 0, 0);
}

uint64_t sbi_call_console_write(const char *text, uint64_t size)
{
	if (!has_debug_console) {
		sbi_ecall3(SBI_LEGACY_CONSOLE_PUTCHAR, 0, (uint8_t)*text, 0, 0);
		return 1;
	}
	struct sbi_result result = sbi_ecall3(SBI_EXT_DBCN, SBI_DBCN_WRITE, size, (uint64_t)text, 0);
	return result.error ? size : result.value; /* a console that fails has lost it */
}

void sbi_call_remote_fence_i(uint64_t harts) { sbi_ecall3(SBI_EXT_RFENCE, SBI_RFENCE_FENCE_I, harts, 0, 0); }

void sbi_call_remote_hfence_vvma(uint64_t harts, uint64_t start, uint64_t size)
{
	sbi_ecall5(SBI_EXT_RFENCE, SBI_RFENCE_HFENCE_VVMA, harts, 0, start, size, 0);
}

void sbi_call_remote_hfence_vvma_asid(uint64_t harts, uint64_t start, uint64_t size, uint64_t asid)
{
	sbi_ecall5(SBI_EXT_RFENCE, SBI_RFENCE_HFENCE_VVMA_ASID, harts, 0, start, size, asid);
}
