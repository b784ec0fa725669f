/* The legacy extensions: one call each. */
#include "machine/machine.h"

struct sbi_result sbi_legacy(const struct sbi_call *call)
{
	char character = (char)call->arguments[0];

	switch (call->extension) {
	case SBI_LEGACY_SET_TIMER: sbi_timer_set(call->arguments[0]); break;
	case SBI_LEGACY_CONSOLE_PUTCHAR: sbi_console_write_all(&character, 1); break;
	case SBI_LEGACY_CONSOLE_GETCHAR: return sbi_error(sbi_console_read()); /* the character, or -1 */
	case SBI_LEGACY_SHUTDOWN: finisher_write(&sbi_platform, FINISHER_PASS); break;
	}
	return sbi_success();
}
