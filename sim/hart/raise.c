#include "hart/hart.h"

/* Does the cause write an address into tval? Only those can set GVA. */
static bool cause_has_address(enum cause cause)
{
	switch (cause) {
	case CAUSE_ILLEGAL:
	case CAUSE_VIRTUAL:
	case CAUSE_SOFTWARE_CHECK:
	case CAUSE_ECALL_U:
	case CAUSE_ECALL_HS:
	case CAUSE_ECALL_VS:
	case CAUSE_ECALL_M: return false;
	default: return true;
	}
}

bool hart_raise(struct hart *hart, enum cause cause, uint64_t tval)
{
	hart->trap = (struct trap){
	    .pending = true,
	    .cause = (uint8_t)cause,
	    .tval = tval,
	    .gva = mode_virt(hart->mode) && cause_has_address(cause),
	};
	return false;
}
