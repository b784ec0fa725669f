/*
 * The guest's own translation, done in software: for harts that leave htval 0. The hart has judged the access
 * already, so permissions, A and D do not matter here.
 */
#include "arch/csr.h"
#include "vm/guest_memory.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

#define PAGE_SHIFT 12
#define LEVEL_BITS 9
#define PTE_V BIT(0)
#define PTE_LEAF_BITS (BIT(1) | BIT(2) | BIT(3)) /* R W X */
#define PTE_N BIT(63)
#define PTE_PPN_SHIFT 10
#define PPN_MASK (BIT(44) - 1)
#define NAPOT_BITS UINT64_C(15) /* of a PPN: the only size there is, 64 KiB */
#define SATP_MODE_SHIFT 60
#define SATP_MODE_SV39 8

static uint64_t index_at(uint64_t address, unsigned level)
{
	return address >> (PAGE_SHIFT + LEVEL_BITS * level) & (BIT(LEVEL_BITS) - 1);
}

/* What a leaf of this level makes of the address. */
static uint64_t leaf_address(uint64_t pte, uint64_t address, unsigned level)
{
	uint64_t offset_bits = BIT(PAGE_SHIFT + LEVEL_BITS * level) - 1;

	if (pte & PTE_N)
		offset_bits |= NAPOT_BITS << PAGE_SHIFT;
	return ((pte >> PTE_PPN_SHIFT & PPN_MASK) << PAGE_SHIFT & ~offset_bits) | (address & offset_bits);
}

bool guest_translate(const struct vcpu *vcpu, uint64_t address, uint64_t *gpa)
{
	uint64_t vsatp = csr_read(vsatp), mode = vsatp >> SATP_MODE_SHIFT, unused;
	uint64_t table = (vsatp & PPN_MASK) << PAGE_SHIFT;

	*gpa = address;
	if (mode < SATP_MODE_SV39)
		return true;
	for (unsigned level = (unsigned)(mode - SATP_MODE_SV39) + 3; level-- > 0;) {
		*gpa = table + 8 * index_at(address, level);
		uint64_t where = gstage_translate(&vcpu->zone->gstage, *gpa, &unused);
		if (!where)
			return false;
		uint64_t pte = *(const volatile uint64_t *)where;
		if (pte & PTE_LEAF_BITS) {
			*gpa = leaf_address(pte, address, level);
			return true;
		}
		if (!(pte & PTE_V))
			return false;
		table = (pte >> PTE_PPN_SHIFT & PPN_MASK) << PAGE_SHIFT;
	}
	return false;
}
