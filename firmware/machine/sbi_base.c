/* BASE, as far as sbi_serve leaves it to the server: the machine's ids. */
#include "arch/csr.h"
#include "machine/machine.h"

struct sbi_result sbi_base(const struct sbi_call *call)
{
	switch (call->function) {
	case SBI_BASE_GET_MVENDORID: return sbi_value(csr_read(mvendorid));
	case SBI_BASE_GET_MARCHID: return sbi_value(csr_read(marchid));
	case SBI_BASE_GET_MIMPID: return sbi_value(csr_read(mimpid));
	default: return sbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
