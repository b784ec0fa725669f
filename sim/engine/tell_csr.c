#include "engine/tell_csr.h"

#include "csr/csr.h"
#include "hart/hart.h"

bool tell_csr_begin(struct hart *hart, struct csrs_told *told)
{
	if (!hart_wants(hart, TRACE_CSR))
		return false;
	told->place = (struct trace_event){
	    .type = TRACE_CSR,
	    .hart = (uint8_t)hart->id,
	    .mode = hart->mode,
	    .cycle = hart->now,
	    .retired = hart->retired,
	    .pc = hart->pc,
	};
	told->count = 0;
	return true;
}

void tell_csr_before(const struct hart *hart, struct csrs_told *told, unsigned number)
{
	uint64_t value;
	if (!csr_peek(hart, number, &value))
		return;
	told->csrs[told->count].number = (uint16_t)number;
	told->csrs[told->count++].was = value;
}

/* FS is not dirty at a level that counts. */
static bool fp_clean(const struct hart *hart)
{
	return (hart->csr.mstatus & mstatus_FS) != mstatus_FS ||
	       (mode_virt(hart->mode) && (hart->csr.vsstatus & vsstatus_FS) != vsstatus_FS);
}

void tell_csr_before_write(const struct hart *hart, struct csrs_told *told, unsigned number)
{
	uint16_t holders[CSR_HOLDERS_MAX];
	unsigned meant = csr_meant(hart, number), count = csr_holders(meant, holders);
	tell_csr_before(hart, told, meant);
	for (unsigned i = 0; i < count; i++)
		tell_csr_before(hart, told, holders[i]);
	if ((meant == CSR_fcsr || meant == CSR_fflags || meant == CSR_frm) && fp_clean(hart)) {
		tell_csr_before(hart, told, CSR_mstatus);
		if (mode_virt(hart->mode))
			tell_csr_before(hart, told, CSR_vsstatus);
	}
}

static void tell_nth(struct hart *hart, const struct csrs_told *told, unsigned i)
{
	struct trace_event event = told->place;
	event.value[0] = told->csrs[i].number;
	event.value[2] = told->csrs[i].was;
	csr_peek(hart, told->csrs[i].number, &event.value[1]);
	hart_tell(hart, &event);
}

void tell_csr_after(struct hart *hart, const struct csrs_told *told, unsigned number)
{
	for (unsigned i = 0; i < told->count; i++)
		if (told->csrs[i].number == number)
			tell_nth(hart, told, i);
}

void tell_csrs_after(struct hart *hart, const struct csrs_told *told)
{
	for (unsigned i = 0; i < told->count; i++)
		tell_nth(hart, told, i);
}
