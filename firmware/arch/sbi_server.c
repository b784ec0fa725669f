#include "arch/sbi_server.h"

#include "lib/harts.h"

bool sbi_has_extension(const struct sbi_extension *extensions, unsigned count, uint64_t id)
{
	for (unsigned i = 0; i < count; i++)
		if (extensions[i].first <= id && id <= extensions[i].last)
			return true;
	return false;
}

bool sbi_hart_mask(uint64_t mask, uint64_t base, uint64_t available, uint64_t *harts)
{
	if (base == SBI_ALL_HARTS) {
		*harts = available;
		return true;
	}
	*harts = base < HARTS_MAX ? mask << base : 0;
	bool all_fit = base < HARTS_MAX ? *harts >> base == mask : !mask;
	return all_fit && !(*harts & ~available);
}
