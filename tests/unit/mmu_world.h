/* A hart with memory and nothing else, and page tables built into it by code: for the tests of translation. */
#ifndef MMU_WORLD_H
#define MMU_WORLD_H

#include <criterion/criterion.h>
#include <string.h>
#include "base/bus.h"
#include "engine/engine.h"
#include "hart/mmu.h"
#include "hart/options.h"
#include "hart/platform.h"

enum {
	PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_G = 32, PTE_A = 64, PTE_D = 128,
	PTE_RWX = PTE_R | PTE_W | PTE_X,
	PTE_FULL = PTE_V | PTE_RWX | PTE_A | PTE_D,       /* a supervisor page that allows everything */
	PTE_FULL_U = PTE_FULL | PTE_U,                    /* a user page, or a G-stage page */
};
#define PTE_PBMT(n) ((uint64_t)(n) << 61)
#define PTE_N (UINT64_C(1) << 63)

enum { BARE = 0, SV39 = 8, SV48 = 9, SV57 = 10 };

#define DRAM UINT64_C(0x80000000)
#define WORLD_BYTES (UINT64_C(64) << 20)

struct world {
	struct hart hart;
	struct bus bus;
	struct hart_options options;
	struct platform platform;
	struct engine engine; /* of tests that execute */
	struct observers observers;
	uint64_t next; /* first free page, for tables */
};

static inline unsigned levels_of(unsigned mode) { return mode ? mode - 5 : 0; }

static inline void world_init(struct world *world, unsigned tlb_entries)
{
	memset(world, 0, sizeof *world);
	world->options = (struct hart_options){.asid_bits = 16, .vmid_bits = 14, .hpm_counters = 29, .tlb_entries = tlb_entries};
	world->platform = (struct platform){.cycles_per_tick = 1, .hart_count = 1};
	cr_assert(bus_init(&world->bus, WORLD_BYTES) == 0);
	world->hart.bus = &world->bus;
	world->hart.options = &world->options;
	world->hart.platform = &world->platform;
	world->hart.peers = &world->hart;
	world->hart.observers = &world->observers;
	world->hart.csr.mnstatus = mnstatus_NMIE; /* as reset leaves it without Smrnmi */
	cr_assert(mmu_init(&world->hart, tlb_entries) == 0);
	world->next = DRAM + (UINT64_C(16) << 20); /* below: data */
}

static inline void world_free(struct world *world)
{
	mmu_free(&world->hart);
	bus_free(&world->bus);
}

static inline uint64_t *at(struct world *world, uint64_t pa)
{
	cr_assert(bus_is_dram(&world->bus, pa, 8));
	return (uint64_t *)(void *)bus_host(&world->bus, pa);
}

/* A new page table of 4 KiB, or of 16 KiB for the root of a G-stage. */
static inline uint64_t new_table(struct world *world, uint64_t bytes)
{
	world->next = (world->next + bytes - 1) & ~(bytes - 1);
	uint64_t table = world->next;
	world->next += bytes;
	memset(at(world, table), 0, bytes);
	return table;
}

static inline uint64_t pte_of(uint64_t pa, uint64_t bits) { return pa >> 12 << 10 | bits; }

/* Page tables of one stage. They lie at physical addresses; a VS-stage sees them `offset` higher. */
struct tables {
	struct world *world;
	unsigned mode;   /* SV39... */
	bool second;     /* G-stage: a root of four pages */
	uint64_t root;   /* physical */
	uint64_t offset; /* guest-physical - physical address of these tables */
};

static inline struct tables tables_new(struct world *world, unsigned mode, bool second, uint64_t offset)
{
	return (struct tables){world, mode, second, new_table(world, second ? 16384 : 4096), offset};
}

/* Physical address of the PTE for `address` at a level, making the tables above it. */
static inline uint64_t pte_at(const struct tables *tables, uint64_t address, unsigned level)
{
	unsigned top = levels_of(tables->mode) - 1;
	uint64_t table = tables->root;
	for (unsigned l = top;; l--) {
		uint64_t mask = l == top && tables->second ? 2047 : 511;
		uint64_t place = table + (address >> (12 + 9 * l) & mask) * 8;
		if (l == level)
			return place;
		if (!(*at(tables->world, place) & PTE_V))
			*at(tables->world, place) = pte_of(new_table(tables->world, 4096) + tables->offset, PTE_V);
		table = (*at(tables->world, place) >> 10 << 12) - tables->offset;
	}
}

/* Map the page of that level around `address`. Returns where the leaf is. */
static inline uint64_t map(const struct tables *tables, uint64_t address, uint64_t pa, unsigned level, uint64_t bits)
{
	uint64_t place = pte_at(tables, address, level);
	*at(tables->world, place) = pte_of(pa, bits);
	return place;
}

static inline uint64_t atp_of(const struct tables *tables, unsigned id)
{
	return (uint64_t)tables->mode << 60 | (uint64_t)id << 44 | (tables->root + tables->offset) >> 12;
}

static inline struct mmu_context context_in(enum mode mode)
{
	return (struct mmu_context){.mode = mode};
}

static inline bool translate(struct world *world, uint64_t va, enum access access, struct mmu_context context,
                             struct translation *result)
{
	memset(&world->hart.trap, 0, sizeof world->hart.trap);
	return mmu_translate(&world->hart, va, 1, access, &context, result);
}

/* In a mode, without SUM, MXR or HLVX. */
static inline bool plain(struct world *world, uint64_t va, enum access access, enum mode mode,
                         struct translation *result)
{
	return translate(world, va, access, context_in(mode), result);
}

/* A virtual address whose every index is different, in the mode's lower half. */
static inline uint64_t some_va(unsigned mode)
{
	return UINT64_C(0x0095a3b5c6789) & ((UINT64_C(1) << (mode * 9 - 34)) - 1);
}

static inline enum cause page_fault_of(enum access access)
{
	return access == ACCESS_FETCH ? CAUSE_FETCH_PAGE : access == ACCESS_LOAD ? CAUSE_LOAD_PAGE : CAUSE_STORE_PAGE;
}

static inline enum cause guest_fault_of(enum access access)
{
	return access == ACCESS_FETCH  ? CAUSE_FETCH_GUEST_PAGE
	       : access == ACCESS_LOAD ? CAUSE_LOAD_GUEST_PAGE
	                               : CAUSE_STORE_GUEST_PAGE;
}

static inline enum cause access_fault_of(enum access access)
{
	return access == ACCESS_FETCH  ? CAUSE_FETCH_ACCESS
	       : access == ACCESS_LOAD ? CAUSE_LOAD_ACCESS
	                               : CAUSE_STORE_ACCESS;
}

/* A guest: both stages, every DRAM page mapped by a 4 KiB page of the G-stage, `offset` higher than it is. */
struct guest {
	struct tables first, second;
	uint64_t offset;
};

static inline uint64_t guest_offset(unsigned gmode)
{
	/* into the two bits that the G-stage has more, as far as 56-bit PPN fields reach */
	return gmode == BARE ? 0 : UINT64_C(3) << (gmode == SV39 ? 39 : gmode == SV48 ? 48 : 54);
}

static inline void guest_enter(struct world *world, const struct guest *guest, unsigned vmid, unsigned asid)
{
	world->hart.csr.vsatp = guest->first.mode ? atp_of(&guest->first, asid) : 0;
	world->hart.csr.hgatp = guest->second.mode ? atp_of(&guest->second, vmid) : 0;
}

static inline struct guest guest_new(struct world *world, unsigned mode, unsigned gmode)
{
	struct guest guest = {.offset = guest_offset(gmode)};
	if (gmode) {
		guest.second = tables_new(world, gmode, true, 0);
		for (uint64_t pa = DRAM; pa < DRAM + WORLD_BYTES; pa += 4096)
			map(&guest.second, pa + guest.offset, pa, 0, PTE_FULL_U);
	}
	if (mode)
		guest.first = tables_new(world, mode, false, guest.offset);
	guest_enter(world, &guest, 1, 1);
	return guest;
}

/* The G-stage leaf that maps what lies at physical address pa. */
static inline uint64_t *second_leaf(const struct guest *guest, uint64_t pa)
{
	return at(guest->second.world, pte_at(&guest->second, pa + guest->offset, 0));
}

#define ASSERT_TRAP(world, want_cause, want_tval, want_tval2, want_tinst, want_gva)                                  \
	do {                                                                                                         \
		const struct trap *trap_ = &(world)->hart.trap;                                                      \
		cr_assert(trap_->pending && !trap_->interrupt);                                                      \
		cr_assert_eq(trap_->cause, (want_cause), "cause %u", trap_->cause);                                  \
		cr_assert_eq(trap_->tval, (uint64_t)(want_tval), "tval %lx", (long)trap_->tval);                     \
		cr_assert_eq(trap_->tval2, (uint64_t)(want_tval2), "tval2 %lx", (long)trap_->tval2);                 \
		cr_assert_eq(trap_->tinst, (uint64_t)(want_tinst), "tinst %lx", (long)trap_->tinst);                 \
		cr_assert_eq(trap_->gva, (want_gva), "gva %d", trap_->gva);                                          \
	} while (0)

#endif
