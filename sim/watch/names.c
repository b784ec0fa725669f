#include "watch/names.h"

#include "base/symbols.h"
#include "hart/mmu.h"

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

const char *name_of(const struct symbols *symbols, struct hart *hart, enum mode mode, uint64_t address,
                    uint64_t *offset)
{
	if (!mode_virt(mode))
		return symbols_find(symbols, address, offset);
	if (symbols_have_guests(symbols))
		return symbols_find_guest(symbols, address, offset);
	const char *name = symbols_find(symbols, address, offset);
	return name && is_identity(hart, mode, address) ? name : NULL;
}
