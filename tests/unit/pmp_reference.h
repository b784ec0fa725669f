/* Physical memory protection in the words of the spec: byte by byte, entry by entry, nothing decoded. */
#ifndef PMP_REFERENCE_H
#define PMP_REFERENCE_H

#include "mmu_world.h"

enum {
	PMP_R = 1, PMP_W = 2, PMP_X = 4, PMP_L = 0x80,
	PMP_OFF = 0, PMP_TOR = 1 << 3, PMP_NA4 = 2 << 3, PMP_NAPOT = 3 << 3,
};

static inline bool entry_matches(const struct hart *hart, unsigned i, unsigned __int128 byte)
{
	unsigned cfg = (&hart->csr.pmpcfg0)[i / 8] >> i % 8 * 8 & 0xff;
	unsigned __int128 addr = (unsigned __int128)(&hart->csr.pmpaddr0)[i] << 2;
	unsigned ones = 0;
	switch (cfg & PMP_NAPOT) {
	case PMP_TOR:
		return byte < addr && (i == 0 || byte >= (unsigned __int128)(&hart->csr.pmpaddr0)[i - 1] << 2);
	case PMP_NA4:
		return byte >= addr && byte < addr + 4;
	case PMP_NAPOT:
		while ((&hart->csr.pmpaddr0)[i] >> ones & 1)
			ones++;
		return byte >> (ones + 3) == addr >> (ones + 3);
	default:
		return false;
	}
}

/* norm:mml_truth_table, as the spec prints it */
static inline bool lockdown_allows(unsigned cfg, enum access access, bool machine)
{
	static const struct { const char *m, *su; } rules[16] = {
		{"", ""},   {"", "x"},  {"rw", "r"}, {"rw", "rw"}, {"", "r"},  {"", "rx"},  {"", "rw"},  {"", "rwx"},
		{"", ""},   {"x", ""},  {"x", "x"},  {"rx", "x"},  {"r", ""},  {"rx", ""},  {"rw", ""},  {"r", "r"},
	};
	unsigned row = (cfg & PMP_L ? 8u : 0) + (cfg & PMP_R ? 4u : 0) + (cfg & PMP_W ? 2u : 0) +
	               (cfg & PMP_X ? 1u : 0);
	return strchr(machine ? rules[row].m : rules[row].su, "rwx"[access]) != NULL;
}

static inline bool pmp_reference(const struct world *world, uint64_t pa, unsigned size, enum access access,
                                 bool machine)
{
	const struct hart *hart = &world->hart;
	unsigned count = world->options.pmp_entries;
	bool mml = hart->csr.mseccfg & mseccfg_MML, mmwp = hart->csr.mseccfg & mseccfg_MMWP;
	for (unsigned i = 0; i < count; i++) {
		unsigned matched = 0;
		for (unsigned byte = 0; byte < size; byte++)
			matched += entry_matches(hart, i, (unsigned __int128)pa + byte);
		if (matched == 0)
			continue;
		unsigned cfg = (&hart->csr.pmpcfg0)[i / 8] >> i % 8 * 8 & 0xff;
		if (matched < size)
			return false;
		if (mml)
			return lockdown_allows(cfg, access, machine);
		unsigned need = access == ACCESS_LOAD ? PMP_R : access == ACCESS_STORE ? PMP_W : PMP_X;
		return (machine && !(cfg & PMP_L)) || cfg & need;
	}
	if (machine)
		return !mmwp && (!mml || access != ACCESS_FETCH);
	return count == 0;
}

static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
