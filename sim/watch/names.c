#include "watch/names.h"

#include "base/symbols.h"
#include "hart/mmu.h"
#include "isa/csr_table.h"

/* Does the address lead to the same physical one? */
static bool is_identity(struct hart *hart, enum mode mode, uint64_t address)
{
	const struct mmu_context context = {.mode = mode, .mxr = true, .sum = true};
	struct translation translation;
	struct trap trap;
	return (mmu_walk(hart, address, 1, ACCESS_FETCH, &context, false, NULL, NULL, &translation, &trap) ||
	        mmu_walk(hart, address, 1, ACCESS_LOAD, &context, false, NULL, NULL, &translation, &trap)) &&
	       translation.pa == address;
}

/* The ASID that code runs with; ASID_ANY: none, translation is off. */
static uint32_t asid_of(uint64_t atp) { return atp >> satp_MODE_LOW ? atp >> satp_ASID_LOW & 0xffff : ASID_ANY; }

void name_place(const struct symbols *symbols, const struct hart *hart, enum mode mode, unsigned *space, uint32_t *asid)
{
	*space = mode_virt(mode) ? symbols_space_of(symbols, hart->csr.hgatp) : SPACE_HOST;
	*asid = mode == MODE_M ? ASID_ANY : asid_of(mode_virt(mode) ? hart->csr.vsatp : hart->csr.satp);
}

const char *name_of(const struct symbols *symbols, struct hart *hart, enum mode mode, uint64_t address,
                    uint64_t *offset)
{
	unsigned space;
	uint32_t asid;
	name_place(symbols, hart, mode, &space, &asid);
	if (space != SPACE_UNKNOWN || symbols_have_guests(symbols))
		return symbols_find_at(symbols, space, asid, address, offset);
	const char *name = symbols_find(symbols, address, offset);
	return name && is_identity(hart, mode, address) ? name : NULL;
}
