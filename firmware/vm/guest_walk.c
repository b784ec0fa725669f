/*
 * The guest's own translation, done in software: for harts that leave htval 0. The hart has judged the access
 * already, so permissions, A and D do not matter here.
 */
#include "arch/csr.h"
#include "arch/paging.h"
#include "vm/guest_memory.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

#define NAPOT_BITS UINT64_C(15) /* of a PPN: the only size there is, 64 KiB */

static uint64_t vsstage_index(uint64_t address, unsigned level) { return address / LEVEL_SIZE(level) % TABLE_ENTRIES; }

/* What a leaf of this level makes of the address. */
static uint64_t leaf_address(uint64_t pte, uint64_t address, unsigned level)
{
	uint64_t offset_bits = LEVEL_SIZE(level) - 1;

	if (pte & PTE_N)
		offset_bits |= NAPOT_BITS << PAGE_SHIFT;
	return (pte_address(pte) & ~offset_bits) | (address & offset_bits);
}

bool guest_translate(const struct vcpu *vcpu, uint64_t address, uint64_t *gpa)
{
	uint64_t vsatp = csr_read(vsatp), mode = vsatp >> SATP_MODE_SHIFT, unused;
	uint64_t table = (vsatp & PPN_MASK) << PAGE_SHIFT;

	*gpa = address;
	if (mode < SATP_MODE_SV39)
		return true;
	for (unsigned level = (unsigned)(mode - SATP_MODE_SV39) + 3; level-- > 0;) {
		*gpa = table + 8 * vsstage_index(address, level);
		uint64_t where = gstage_translate(&vcpu->zone->gstage, *gpa, &unused);
		if (!where)
			return false;
		uint64_t pte = *(const volatile uint64_t *)where;
		if (pte & PTE_RWX) {
			*gpa = leaf_address(pte, address, level);
			return true;
		}
		if (!(pte & PTE_V))
			return false;
		table = pte_address(pte);
	}
	return false;
}
