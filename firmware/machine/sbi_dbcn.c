/* DBCN: the debug console, which is the UART. */
#include "lib/bits.h"
#include "machine/machine.h"

struct sbi_result sbi_dbcn(const struct sbi_call *call)
{
	uint64_t size = call->arguments[0], done = 0;
	char *memory = (char *)call->arguments[1];
	char byte = (char)call->arguments[0];
	int character;

	if (call->function != SBI_DBCN_WRITE_BYTE && call->arguments[2])
		return sbi_error(SBI_ERR_INVALID_PARAM); /* no memory above 2^64 */
	switch (call->function) {
	case SBI_DBCN_WRITE: return sbi_value(sbi_console_write(memory, size));
	case SBI_DBCN_READ:
		while (done < min_u64(size, SBI_CONSOLE_PIECE) && (character = sbi_console_read()) >= 0)
			memory[done++] = (char)character;
		return sbi_value(done);
	case SBI_DBCN_WRITE_BYTE: sbi_console_write_all(&byte, 1); return sbi_success();
	default: return sbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
