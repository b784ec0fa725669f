/* Physical memory protection, decoded: the address space cut into segments that have one and the same winning entry. */
#ifndef PMP_H
#define PMP_H

#include <stdbool.h>
#include <stdint.h>
#include "hart/tlb.h"

enum { PMP_ENTRIES = 64, PMP_CFG_WORDS = PMP_ENTRIES / 8, PMP_SEGMENTS = 2 * PMP_ENTRIES + 1 };

/* Every byte of a segment is decided by the same entry (or by none), so an access inside it has that entry's verdict,
 * and an access that leaves it fails: of two winners, neither matches all bytes. norm:pmp_full_match_required */
struct pmp_segment {
	uint64_t last; /* last address; the first is the previous segment's last + 1 */
	uint8_t perms[2]; /* PERM_R, PERM_W, PERM_X: [0] for S- and U-mode, [1] for M-mode */
};

struct pmp {
	/* The CSR values decoded below; `sources` of another epoch are compared again. */
	struct {
		uint64_t cfg[PMP_CFG_WORDS], addr[PMP_ENTRIES], mseccfg;
	} sources;
	bool valid;
	uint64_t epoch;
	uint64_t decoded; /* how often that has been done */
	unsigned recent; /* segment of the last question */
	unsigned count;
	struct pmp_segment segments[PMP_SEGMENTS];
};

struct hart;

/* The segment that pa lies in, and its first address. */
const struct pmp_segment *pmp_find(const struct hart *hart, uint64_t pa, uint64_t *first);

/* Decode anew at the next question. */
void pmp_forget(struct pmp *pmp);

#endif
