/* DBCN: the debug console, which is the UART. Memory that is not there is an error of the caller's. */
#include "lib/bits.h"
#include "machine/machine.h"

static struct sbi_result write_from(uint64_t address, uint64_t size)
{
	char piece[SBI_CONSOLE_PIECE];
	uint64_t length = sbi_load_bytes(address, piece, min_u64(size, sizeof piece));

	return length || !size ? sbi_value(sbi_console_write(piece, length)) : sbi_error(SBI_ERR_INVALID_PARAM);
}

/* A character is taken only when there is a place for it. */
static struct sbi_result read_into(uint64_t address, uint64_t size)
{
	uint64_t done = 0;
	int character = 0;
	char byte;

	for (; done < min_u64(size, SBI_CONSOLE_PIECE); done++) {
		if (!sbi_load_byte(address + done, &byte) || !sbi_store_byte(address + done, byte))
			break;
		character = sbi_console_read();
		if (character < 0)
			break;
		sbi_store_byte(address + done, (char)character);
	}
	return done || !size || character < 0 ? sbi_value(done) : sbi_error(SBI_ERR_INVALID_PARAM);
}

struct sbi_result sbi_dbcn(const struct sbi_call *call)
{
	const uint64_t *arguments = call->arguments;
	char byte = (char)arguments[0];

	if (call->function != SBI_DBCN_WRITE_BYTE && arguments[2])
		return sbi_error(SBI_ERR_INVALID_PARAM); /* no memory above 2^64 */
	switch (call->function) {
	case SBI_DBCN_WRITE: return write_from(arguments[1], arguments[0]);
	case SBI_DBCN_READ: return read_into(arguments[1], arguments[0]);
	case SBI_DBCN_WRITE_BYTE: sbi_console_write_all(&byte, 1); return sbi_success();
	default: return sbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
