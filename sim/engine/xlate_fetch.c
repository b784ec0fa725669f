/* The bytes that are translated. */
#include "engine/xlate.h"

#include "base/bus.h"
#include "hart/mmu.h"

/* The second half of a 4-byte instruction may lie in another page, or (in a fragile block) another PMP region. */
static bool translate_second_half(const struct translator *translator, uint64_t *pa)
{
	uint64_t pc = translator->pc + 2;
	*pa = translator->pa + 2;
	if (pc % PAGE_SIZE != 0 && !translator->fragile)
		return true;
	struct mmu_context context = mmu_context_fetch(translator->hart);
	struct translation translation;
	if (!mmu_translate(translator->hart, pc, 2, ACCESS_FETCH, &context, &translation))
		return false;
	*pa = translation.pa;
	return true;
}

static bool fetch_halfword(const struct translator *translator, uint64_t pa, uint16_t *half)
{
	const uint8_t *bytes = bus_fetch(translator->hart->bus, pa, 2);
	if (!bytes)
		return false;
	memcpy(half, bytes, 2);
	return true;
}

bool xlate_fetch(const struct translator *translator, uint32_t *word)
{
	struct hart *hart = translator->hart;
	uint16_t low, high = 0;
	uint64_t second;
	if (!fetch_halfword(translator, translator->pa, &low))
		return hart_raise(hart, CAUSE_FETCH_ACCESS, translator->pc);
	if ((low & 3) == 3) {
		if (!translate_second_half(translator, &second))
			return false;
		if (!fetch_halfword(translator, second, &high))
			return hart_raise(hart, CAUSE_FETCH_ACCESS, translator->pc + 2);
	}
	*word = low | (uint32_t)high << 16;
	return true;
}

bool xlate_next_is_inside(const struct translator *translator)
{
	uint64_t offset = translator->pc % PAGE_SIZE;
	uint16_t low;
	if (translator->pc / PAGE_SIZE != translator->block->code.pc / PAGE_SIZE)
		return false;
	if (!fetch_halfword(translator, translator->pa, &low))
		return false;
	return (low & 3) != 3 || (offset <= PAGE_SIZE - 4 && bus_fetch(translator->hart->bus, translator->pa + 2, 2));
}
