/* The registers behind the select registers: who may reach which. A register that comes to be there gets its value
 * by the columns of its window's rows (mireg*, sireg*, vsireg*) in csr.def, and is let through here. */
#include "csr/csr_row.h"

/* norm:mstateen0_csrind_op norm:hstateen0_csrind_op */
bool guard_iselect(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	(void)num, (void)write;
	return csr_state_enabled(hart, 0, mstateen0_CSRIND, mode);
}

/* No extension that we have allocates select values, so no register is behind mireg*, sireg* and vsireg*: illegal, but
 * what is virtual by the number alone stays virtual. norm:sscsrind_virtual_inst_fault
 * norm:hypervisor_impl_csrs_access_control */
bool guard_ireg(const struct hart *hart, unsigned num, enum mode mode, bool write)
{
	if (!guard_iselect(hart, num, mode, write) || !mode_virt(hart->mode))
		return false;
	bool by_guest_kernel = hart->mode == MODE_VS && csr_level(num) == LEVEL_SUPERVISOR;
	return !by_guest_kernel || !guard_iselect(hart, num, MODE_VS, write);
}
