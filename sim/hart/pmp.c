#include "hart/pmp.h"

#include <string.h>
#include "base/bus.h"
#include "hart/mmu.h"
#include "hart/mmu_state.h"
#include "hart/options.h"
#include "hart/platform.h"

enum { CFG_R = 1 << 0, CFG_W = 1 << 1, CFG_X = 1 << 2, CFG_A_LOW = 3, CFG_L = 1 << 7 };
enum { A_OFF, A_TOR, A_NA4, A_NAPOT };
enum { RWX = PERM_R | PERM_W | PERM_X };

_Static_assert((int)CFG_R == PERM_R && (int)CFG_W == PERM_W && (int)CFG_X == PERM_X, "pmpcfg's RWX are used as PERM_*");

/* pmpaddr holds address bits 55..2. norm:pmp_addr_encoding */
static const uint64_t addr_mask = (UINT64_C(1) << 54) - 1;

_Static_assert(CSR_ROWS(pmpcfg0, pmpcfg14) == PMP_CFG_WORDS, "pmpcfg0, 2, ... 14 are consecutive");
_Static_assert(CSR_ROWS(pmpaddr0, pmpaddr63) == PMP_ENTRIES, "pmpaddr0..63 are consecutive");

/* norm:mml_truth_table: index LRWX; S/U-mode, then M-mode */
static const uint8_t lockdown[16][2] = {
    {0, 0},      {PERM_X, 0},          {PERM_R, PERM_R | PERM_W}, {PERM_R | PERM_W, PERM_R | PERM_W},
    {PERM_R, 0}, {PERM_R | PERM_X, 0}, {PERM_R | PERM_W, 0},      {RWX, 0},
    {0, 0},      {0, PERM_X},          {PERM_X, PERM_X},          {PERM_X, PERM_R | PERM_X},
    {0, PERM_R}, {0, PERM_R | PERM_X}, {0, PERM_R | PERM_W},      {PERM_R, PERM_R},
};

struct range {
	uint64_t first, last;
	bool empty;
};

static struct range entry_range(const struct pmp *pmp, unsigned i, unsigned cfg)
{
	uint64_t addr = pmp->sources.addr[i] & addr_mask;
	switch (cfg >> CFG_A_LOW & 3) {
	case A_TOR: { /* norm:pmp_a_field_tor */
		uint64_t bottom = i ? pmp->sources.addr[i - 1] & addr_mask : 0;
		return (struct range){bottom << 2, (addr << 2) - 1, bottom >= addr};
	}
	case A_NA4: return (struct range){addr << 2, addr << 2 | 3, false};
	case A_NAPOT: { /* norm:pmp_napot_encoding_low_bits: the trailing ones and the zero above them */
		uint64_t low = addr ^ (addr + 1);
		return (struct range){(addr & ~low) << 2, (addr | low) << 2 | 3, false};
	}
	default: return (struct range){0, 0, true};
	}
}

static void entry_perms(unsigned cfg, bool mml, uint8_t perms[2])
{
	if (mml) {
		unsigned lrwx = (cfg & CFG_L ? 8u : 0) | (cfg & CFG_R ? 4u : 0) | (cfg & CFG_W ? 2u : 0) |
		                (cfg & CFG_X ? 1u : 0);
		perms[0] = lockdown[lrwx][0];
		perms[1] = lockdown[lrwx][1];
		return;
	}
	perms[0] = cfg & RWX;
	perms[1] = cfg & CFG_L ? cfg & RWX : RWX; /* norm:pmp_l_bit_m_mode_enforcement */
}

/* norm:pmp_no_entry_match, norm:mseccfg_mmwp_op_warl, norm:mseccfg_mml_exec_code */
static void unmatched_perms(unsigned entries, uint64_t mseccfg, uint8_t perms[2])
{
	perms[0] = entries ? 0 : RWX;
	perms[1] = mseccfg & mseccfg_MMWP ? 0 : mseccfg & mseccfg_MML ? PERM_R | PERM_W : RWX;
}

static unsigned sort_unique(uint64_t *values, unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		for (unsigned j = i; j > 0 && values[j - 1] > values[j]; j--) {
			uint64_t value = values[j];
			values[j] = values[j - 1];
			values[j - 1] = value;
		}
	unsigned kept = 0;
	for (unsigned i = 0; i < count; i++)
		if (!kept || values[i] != values[kept - 1])
			values[kept++] = values[i];
	return kept;
}

/* Cut the address space at every entry's ends, find who wins each piece, join neighbours with the same winner. */
static void decode(struct pmp *pmp, unsigned entries)
{
	struct range ranges[PMP_ENTRIES];
	uint8_t cfgs[PMP_ENTRIES];
	uint64_t starts[PMP_SEGMENTS] = {0};
	unsigned count = 1, last_winner = 0;

	memcpy(cfgs, pmp->sources.cfg, sizeof cfgs);
	for (unsigned i = 0; i < entries; i++) {
		ranges[i] = entry_range(pmp, i, cfgs[i]);
		if (ranges[i].empty)
			continue;
		starts[count++] = ranges[i].first;
		starts[count++] = ranges[i].last + 1;
	}
	count = sort_unique(starts, count);
	pmp->count = 0;
	for (unsigned piece = 0; piece < count; piece++) {
		unsigned winner = 0; /* norm:pmp_entry_priority: the lowest-numbered match */
		while (winner < entries && (ranges[winner].empty || starts[piece] < ranges[winner].first ||
		                            starts[piece] > ranges[winner].last))
			winner++;
		uint64_t last = piece + 1 < count ? starts[piece + 1] - 1 : UINT64_MAX;
		if (pmp->count && winner == last_winner) {
			pmp->segments[pmp->count - 1].last = last;
			continue;
		}
		struct pmp_segment *segment = &pmp->segments[pmp->count++];
		segment->last = last;
		if (winner < entries)
			entry_perms(cfgs[winner], pmp->sources.mseccfg & mseccfg_MML, segment->perms);
		else
			unmatched_perms(entries, pmp->sources.mseccfg, segment->perms);
		last_winner = winner;
	}
	pmp->recent = 0;
}

/* Which state of the PMP CSRs the engine has taken notice of. */
static uint64_t epoch_of(const struct hart *hart) { return hart->context >> 8; }

static void pmp_refresh(const struct hart *hart, struct pmp *pmp)
{
	const uint64_t *cfg = &CSR_NTH(&hart->csr, pmpcfg0, 0), *addr = &CSR_NTH(&hart->csr, pmpaddr0, 0);
	bool same = pmp->valid && pmp->sources.mseccfg == hart->csr.mseccfg &&
	            !memcmp(pmp->sources.cfg, cfg, sizeof pmp->sources.cfg) &&
	            !memcmp(pmp->sources.addr, addr, sizeof pmp->sources.addr);
	pmp->epoch = epoch_of(hart);
	if (same)
		return;
	memcpy(pmp->sources.cfg, cfg, sizeof pmp->sources.cfg);
	memcpy(pmp->sources.addr, addr, sizeof pmp->sources.addr);
	pmp->sources.mseccfg = hart->csr.mseccfg;
	pmp->valid = true;
	pmp->decoded++;
	decode(pmp, hart->options->pmp_entries);
}

void pmp_forget(struct pmp *pmp) { pmp->valid = false; }

static bool inside(const struct pmp *pmp, unsigned i, uint64_t pa)
{
	return pa <= pmp->segments[i].last && (i == 0 || pa > pmp->segments[i - 1].last);
}

static struct pmp *up_to_date(const struct hart *hart)
{
	struct pmp *pmp = &hart->mmu->pmp;
	if (!pmp->valid || pmp->epoch != epoch_of(hart) || hart->effects & EFFECT_TRANSLATE)
		pmp_refresh(hart, pmp);
	return pmp;
}

uint64_t pmp_version(const struct hart *hart) { return up_to_date(hart)->decoded; }

const struct pmp_segment *pmp_find(const struct hart *hart, uint64_t pa, uint64_t *first)
{
	struct pmp *pmp = up_to_date(hart);
	if (!inside(pmp, pmp->recent, pa)) {
		unsigned low = 0, high = pmp->count - 1;
		while (low < high) {
			unsigned middle = (low + high) / 2;
			if (pa <= pmp->segments[middle].last)
				high = middle;
			else
				low = middle + 1;
		}
		pmp->recent = low;
	}
	*first = pmp->recent ? pmp->segments[pmp->recent - 1].last + 1 : 0;
	return &pmp->segments[pmp->recent];
}

bool pmp_allows(const struct hart *hart, uint64_t pa, unsigned size, enum access access, enum mode mode)
{
	static const uint8_t need[] = {[ACCESS_LOAD] = PERM_R, [ACCESS_STORE] = PERM_W, [ACCESS_FETCH] = PERM_X};
	uint64_t first;
	const struct pmp_segment *segment = pmp_find(hart, pa, &first);
	return size - 1 <= segment->last - pa && segment->perms[mode == MODE_M] & need[access];
}
