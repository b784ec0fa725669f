/* A hart with nothing but CSRs, for the tests of csr/, trap.c and irq.c. */
#ifndef TEST_CSR_HART_H
#define TEST_CSR_HART_H

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>
#include "csr/csr.h"
#include "csr/csr.h"
#include "hart/hart.h"
#include "hart/options.h"
#include "hart/platform.h"

struct world {
	struct hart_options options;
	struct platform platform;
	struct hart hart;
};

static inline void set_extension(struct hart *hart, enum ext ext, bool on)
{
	uint64_t bit = UINT64_C(1) << (ext % 64);
	hart->isa.bits[ext / 64] = on ? hart->isa.bits[ext / 64] | bit : hart->isa.bits[ext / 64] & ~bit;
}

/* A plain machine with H, whatever the defaults of ext.def are: RV64IMAFDCH with counters, Sstc, Sv39 and Svadu. */
static inline struct world *new_world(void)
{
	static const enum ext extensions[] = {EXT_I, EXT_M, EXT_A, EXT_F, EXT_D, EXT_C, EXT_H, EXT_S, EXT_U, EXT_Zicsr,
	                                      EXT_Zicntr, EXT_Zihpm, EXT_Zca, EXT_Sstc, EXT_Sv39, EXT_Svadu};
	struct world *world = calloc(1, sizeof *world);
	world->options = (struct hart_options){.pmp_entries = 16, .asid_bits = 16, .vmid_bits = 14, .hpm_counters = 29, .geilen = 5};
	world->platform = (struct platform){.cycles_per_tick = 10, .hart_count = 1};
	world->hart.options = &world->options;
	world->hart.platform = &world->platform;
	for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
		set_extension(&world->hart, extensions[i], true);
	world->hart.mode = MODE_M;
	csr_reset(&world->hart);
	return world;
}

/* Turn an extension on or off, and reset. */
static inline void with_extension(struct world *world, enum ext ext, bool on)
{
	set_extension(&world->hart, ext, on);
	csr_reset(&world->hart);
}

/* Read and write as M-mode or the debugger does. */
static inline uint64_t get(struct world *world, unsigned num)
{
	uint64_t value = 0;
	cr_assert(csr_peek(&world->hart, num, &value), "CSR %#x does not exist", num);
	return value;
}

static inline void put(struct world *world, unsigned num, uint64_t value)
{
	cr_assert(csr_poke(&world->hart, num, value), "CSR %#x does not exist", num);
}

/* Write, then read back. */
static inline uint64_t hold(struct world *world, unsigned num, uint64_t value)
{
	put(world, num, value);
	return get(world, num);
}

#define expect_hex(actual, expected)                                                                                 \
	do {                                                                                                         \
		uint64_t actual_ = (actual), expected_ = (expected);                                                 \
		cr_expect(actual_ == expected_, #actual ": %#" PRIx64 ", expected %#" PRIx64, actual_, expected_);   \
	} while (0)

#endif
