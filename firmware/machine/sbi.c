/* The calls of the hypervisor, by extension. */
#include "machine/machine.h"

#include "arch/csr.h"
#include "lib/lib.h"
#include "arch/sbi_spec.h"

#define IMPLEMENTATION_ID 0x72767369 /* "rvsi": none of the registered ones */
#define IMPLEMENTATION_VERSION 1

/* The legacy calls that the hypervisor's fallback console uses; result in a0 only. */
static bool legacy(struct sbi_trap_frame *frame)
{
	char character = (char)frame->x[10];

	switch (frame->x[17]) {
	case SBI_LEGACY_SET_TIMER: sbi_timer_set(frame->x[10]); break;
	case SBI_LEGACY_CONSOLE_PUTCHAR: sbi_console_write(&character, 1); break;
	case SBI_LEGACY_CONSOLE_GETCHAR: frame->x[10] = (uint64_t)(int64_t)sbi_console_read(); return true;
	case SBI_LEGACY_SHUTDOWN: finisher_write(&sbi_platform, FINISHER_PASS); break;
	default: return false;
	}
	frame->x[10] = SBI_SUCCESS;
	return true;
}

static bool is_implemented(uint64_t extension)
{
	switch (extension) {
	case SBI_LEGACY_SET_TIMER:
	case SBI_LEGACY_CONSOLE_PUTCHAR:
	case SBI_LEGACY_CONSOLE_GETCHAR:
	case SBI_LEGACY_SHUTDOWN:
	case SBI_EXT_BASE:
	case SBI_EXT_TIME:
	case SBI_EXT_IPI:
	case SBI_EXT_RFENCE:
	case SBI_EXT_HSM:
	case SBI_EXT_SRST:
	case SBI_EXT_DBCN: return true;
	default: return false;
	}
}

static int64_t base(uint64_t function, const uint64_t *arguments, uint64_t *value)
{
	switch (function) {
	case SBI_BASE_GET_SPEC_VERSION: *value = SBI_SPEC_VERSION_2_0; break;
	case SBI_BASE_GET_IMPL_ID: *value = IMPLEMENTATION_ID; break;
	case SBI_BASE_GET_IMPL_VERSION: *value = IMPLEMENTATION_VERSION; break;
	case SBI_BASE_PROBE_EXTENSION: *value = is_implemented(arguments[0]); break;
	case SBI_BASE_GET_MVENDORID: *value = csr_read(mvendorid); break;
	case SBI_BASE_GET_MARCHID: *value = csr_read(marchid); break;
	case SBI_BASE_GET_MIMPID: *value = csr_read(mimpid); break;
	default: return SBI_ERR_NOT_SUPPORTED;
	}
	return SBI_SUCCESS;
}

static int64_t timer(uint64_t function, const uint64_t *arguments)
{
	if (function != SBI_TIME_SET_TIMER)
		return SBI_ERR_NOT_SUPPORTED;
	sbi_timer_set(arguments[0]);
	return SBI_SUCCESS;
}

static int64_t ipi(uint64_t function, const uint64_t *arguments)
{
	uint64_t harts;

	if (function != SBI_IPI_SEND)
		return SBI_ERR_NOT_SUPPORTED;
	int64_t error = sbi_harts_of_mask(arguments[0], arguments[1], &harts);
	for (; !error && harts; harts &= harts - 1)
		sbi_ipi_raise(lowest_bit(harts), IPI_SUPERVISOR);
	return error;
}

static int64_t reset(uint64_t function, const uint64_t *arguments)
{
	if (function != SBI_SRST_SYSTEM_RESET)
		return SBI_ERR_NOT_SUPPORTED;
	switch ((uint32_t)arguments[0]) {
	case SBI_SRST_SHUTDOWN:
		finisher_write(&sbi_platform, arguments[1] == SBI_SRST_REASON_NONE ? FINISHER_PASS : FINISHER_FAIL(1));
		break;
	case SBI_SRST_COLD_REBOOT:
	case SBI_SRST_WARM_REBOOT: finisher_write(&sbi_platform, FINISHER_RESET); break;
	default: return SBI_ERR_INVALID_PARAM;
	}
	return SBI_ERR_FAILED; /* the machine has no finisher */
}

static int64_t debug_console(uint64_t function, const uint64_t *arguments, uint64_t *value)
{
	char *memory = (char *)arguments[1];
	char byte = (char)arguments[0];
	uint64_t done = 0;
	int character;

	if (function != SBI_DBCN_WRITE_BYTE && arguments[2])
		return SBI_ERR_INVALID_PARAM; /* no memory above 2^64 */
	switch (function) {
	case SBI_DBCN_WRITE:
		sbi_console_write(memory, arguments[0]);
		*value = arguments[0];
		return SBI_SUCCESS;
	case SBI_DBCN_READ:
		while (done < arguments[0] && (character = sbi_console_read()) >= 0)
			memory[done++] = (char)character;
		*value = done;
		return SBI_SUCCESS;
	case SBI_DBCN_WRITE_BYTE: sbi_console_write(&byte, 1); return SBI_SUCCESS;
	default: return SBI_ERR_NOT_SUPPORTED;
	}
}

void sbi_ecall(struct sbi_trap_frame *frame)
{
	const uint64_t *arguments = &frame->x[10];
	uint64_t function = frame->x[16];
	uint64_t value = 0;
	int64_t error = SBI_ERR_NOT_SUPPORTED;

	if (legacy(frame))
		return;
	switch (frame->x[17]) {
	case SBI_EXT_BASE: error = base(function, arguments, &value); break;
	case SBI_EXT_TIME: error = timer(function, arguments); break;
	case SBI_EXT_IPI: error = ipi(function, arguments); break;
	case SBI_EXT_RFENCE: error = sbi_rfence_call(function, arguments); break;
	case SBI_EXT_HSM: error = sbi_hsm_call(function, arguments, &value); break;
	case SBI_EXT_SRST: error = reset(function, arguments); break;
	case SBI_EXT_DBCN: error = debug_console(function, arguments, &value); break;
	default: break;
	}
	frame->x[10] = (uint64_t)error;
	frame->x[11] = value;
}
