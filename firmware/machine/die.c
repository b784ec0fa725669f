/* The end of everything when this layer itself is wrong, or is told to stop. */
#include "arch/csr.h"
#include "arch/regs.h"
#include "lib/format.h"
#include "machine/machine.h"

static _Noreturn void last_words(const char *line, size_t length)
{
	sbi_console_seize();
	sbi_console_write_all(line, length);
	finisher_write(&sbi_platform, FINISHER_FAIL(1));
	for (;;)
		__asm__ volatile("wfi");
}

/* A non-maskable interrupt means that somebody wants to know where the hart is; a double trap, that this layer is
 * broken. */
_Noreturn void sbi_non_maskable(uint64_t hart_id)
{
	uint64_t cause = csr_read(CSR_MNCAUSE), pc = csr_read(CSR_MNEPC), status = csr_read(CSR_MNSTATUS);
	char line[160];
	size_t length = format(line, sizeof line, "%s on hart %lu: mncause 0x%lx mnepc 0x%lx mnstatus 0x%lx\n",
	                       cause & CAUSE_INTERRUPT ? "non-maskable interrupt" : "double trap in machine mode",
	                       hart_id, cause, pc, status);

	last_words(line, length);
}

_Noreturn void sbi_die(const char *text, const struct sbi_trap_frame *frame)
{
	char line[200];
	size_t length = format(line, sizeof line,
	                       "machine-mode fault on hart %lu: %s: mcause 0x%lx mepc 0x%lx mtval 0x%lx "
	                       "ra 0x%lx sp 0x%lx\n",
	                       sbi_this_hart()->id, text, frame->mcause, frame->mepc, frame->mtval, frame->x[REG_RA],
	                       frame->x[REG_SP]);

	last_words(line, length);
}
