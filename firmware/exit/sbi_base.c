/* BASE, as far as sbi_serve leaves it to the server: the machine's ids, which are the host's. */
#include "exit/sbi.h"
#include "host/sbi_call.h"

struct sbi_result exit_sbi_base(const struct sbi_call *call)
{
	switch (call->function) {
	case SBI_BASE_GET_MVENDORID:
	case SBI_BASE_GET_MARCHID:
	case SBI_BASE_GET_MIMPID: return sbi_call_base(call->function, 0);
	default: return sbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
