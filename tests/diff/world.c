#include "world.h"

enum { PAGE = 4096, INDEX_BITS = 9, OFFSET_BITS = 12 };
enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_G = 32, PTE_A = 64, PTE_D = 128 };
enum { NAPOT = 0x10000 };
enum { NOTHING = 32 }; /* superpages of 2 MiB from 0x80000000, and of 1 GiB */
#define PTE_N (UINT64_C(1) << 63)

/* Returns its number in world->ptes. */
static unsigned add_pte(struct world *world, uint64_t address, uint64_t value)
{
	for (unsigned i = 0; i < world->pte_count; i++)
		if (world->ptes[i].address == address) {
			world->ptes[i].value = value;
			return i;
		}
	assert(world->pte_count < MAX_PTES);
	world->ptes[world->pte_count] = (struct diff_pte){address, value};
	return world->pte_count++;
}

static void add_place(struct world *world, uint64_t address)
{
	if (world->place_count < MAX_PLACES)
		world->places[world->place_count++] = address;
	else
		world->places[pick(world->random, MAX_PLACES)] = address;
}

static uint64_t new_table(struct world *world, unsigned pages)
{
	uint64_t size = (uint64_t)pages * PAGE, table = (world->next_table + size - 1) & ~(size - 1);
	world->next_table = table + size;
	assert(world->next_table <= TABLES + (uint64_t)TABLE_PAGES * PAGE);
	return table;
}

static uint64_t pte_to(uint64_t address, uint64_t flags)
{
	return address >> OFFSET_BITS << 10 | flags;
}

static uint64_t span(unsigned level)
{
	return UINT64_C(1) << (OFFSET_BITS + INDEX_BITS * level);
}

/* ---- random entries ---- */

static uint64_t leaf_flags(struct world *world, bool guest_stage)
{
	static const uint8_t permissions[] = {PTE_R, PTE_R | PTE_W, PTE_R | PTE_W, PTE_R | PTE_X, PTE_X, PTE_X, PTE_R | PTE_W | PTE_X,
	                                      PTE_R | PTE_W | PTE_X, PTE_R | PTE_W | PTE_X, PTE_R | PTE_W | PTE_X, PTE_W, PTE_W | PTE_X};
	struct random *random = world->random;
	uint64_t flags = PICK(random, permissions);
	flags |= chance(random, 97) ? PTE_V : 0;
	flags |= chance(random, guest_stage ? 92 : 50) ? PTE_U : 0;
	flags |= chance(random, 75) ? PTE_A : 0;
	flags |= chance(random, 70) ? PTE_D : 0;
	flags |= guest_stage && chance(random, 10) ? PTE_G : 0;
	flags |= (uint64_t)pick(random, 4) << 8; /* RSW */
	return flags;
}

/* Bits 54..63: what is reserved, or belongs to Svnapot and Svpbmt. */
static uint64_t high_bits(struct world *world)
{
	struct random *random = world->random;
	switch (pick(random, 40)) {
	case 0:
		return UINT64_C(1) << (54 + pick(random, 7));
	case 1:
	case 2:
		return UINT64_C(1) << 61 << pick(random, 2);
	case 3:
		return UINT64_C(3) << 61;
	default:
		return 0;
	}
}

/* What a leaf may lead to: data, or the superpage that holds the whole region. */
static uint64_t leaf_target(struct world *world, unsigned level)
{
	if (level == 0)
		return DATA + (uint64_t)pick(world->random, DATA_PAGES) * PAGE;
	return REGION & ~(span(level) - 1);
}

uint64_t world_leaf(struct world *world, unsigned level, bool guest_stage)
{
	struct random *random = world->random;
	uint64_t target = leaf_target(world, level);
	uint64_t flags = leaf_flags(world, guest_stage) | high_bits(world);
	if (level && chance(random, 12)) /* misaligned */
		target |= (uint64_t)PAGE << pick(random, INDEX_BITS * level);
	if (chance(random, 3)) { /* NAPOT of a reserved size */
		flags |= PTE_N;
		if (!level)
			target = (target & ~UINT64_C(0xffff)) | (uint64_t)((9 + pick(random, 15)) & 15) * PAGE;
	}
	return pte_to(target, flags);
}

/* A pointer to the next level; seldom one with bits that only leaves may have. */
static uint64_t pointer(struct world *world, uint64_t table)
{
	static const uint64_t reserved[] = {PTE_A, PTE_D, PTE_U, PTE_N, UINT64_C(1) << 61, UINT64_C(1) << 54, UINT64_C(1) << 60};
	return pte_to(table, PTE_V | (chance(world->random, 15) ? PICK(world->random, reserved) : 0));
}

/* ---- whole tables ---- */

static unsigned map_page(struct world *world, uint64_t level0, uint64_t address, uint64_t value)
{
	return add_pte(world, level0 + (address >> OFFSET_BITS & 511) * 8, value);
}

/* The case's own code, which every table maps alike. */
static void map_code(struct world *world, uint64_t level0, bool guest_stage)
{
	for (uint64_t offset = 0; offset < CODE_SIZE; offset += PAGE) {
		uint64_t flags = PTE_V | PTE_R | PTE_X | PTE_A | PTE_D;
		map_page(world, level0, CODE_S + offset, pte_to(CODE_S + offset, flags | (guest_stage ? PTE_U : 0)));
		map_page(world, level0, CODE_U + offset, pte_to(CODE_U + offset, flags | PTE_U));
	}
}

/* The sixteen entries of a NAPOT range, all the same: any of them may stand for all. */
static void map_napot(struct world *world, uint64_t level0, uint64_t address, bool guest_stage)
{
	uint64_t target = DATA + (chance(world->random, 50) ? NAPOT : 0) + NAPOT / 2;
	uint64_t value = pte_to(target, leaf_flags(world, guest_stage) | high_bits(world) | PTE_N);
	for (uint64_t offset = 0; offset < NAPOT; offset += PAGE)
		map_page(world, level0, address + offset, value);
}

static void map_data(struct world *world, uint64_t level0, struct mapped as)
{
	bool guest_stage = as.guest_stage;
	for (unsigned i = 0; i < DATA_PAGES; i++) {
		uint64_t address = DATA + (uint64_t)i * PAGE;
		if (chance(world->random, 85)) {
			as.pte = map_page(world, level0, address, world_leaf(world, 0, guest_stage));
			as.address = address;
			world->mapped[world->mapped_count++] = as;
		}
		if (chance(world->random, 40))
			add_place(world, address);
	}
	for (uint64_t address = DATA; address < DATA + DATA_PAGES * PAGE; address += NAPOT)
		if (chance(world->random, 12))
			map_napot(world, level0, address, guest_stage);
}

/* Beside the path to the region: superpages, and second ways to the level-0 table. Returns whether there are such
 * ways. */
static bool add_neighbours(struct world *world, uint64_t table, unsigned level, uint64_t base, unsigned entries, uint64_t lower)
{
	struct random *random = world->random;
	unsigned own = (unsigned)(REGION / span(level)) & 511;
	bool aliased = false;
	for (unsigned i = 0; i < 4; i++) {
		unsigned index = chance(random, 70) ? (own + 1 + pick(random, 6)) & 511 : pick(random, entries);
		/* without translation, nothing is there: no memory, no window of QEMU's PCIe */
		if (level == 1 || level == 2)
			index |= NOTHING;
		if (index == own)
			continue;
		bool leads_down = lower && chance(random, 30);
		aliased |= leads_down;
		add_pte(world, table + index * 8ull, leads_down ? pointer(world, lower) : world_leaf(world, level, entries > 512));
		uint64_t address = base + index * span(level) + (REGION & (span(level) - 1));
		if (entries == 512 && !base && index >= 256) /* the upper half of what a root maps is sign-extended */
			address |= -(512 * span(level));
		add_place(world, address + (DATA - REGION) + (uint64_t)pick(random, DATA_PAGES) * PAGE);
	}
	return aliased;
}

/* A root of `levels` levels, wide by two bits for a guest's physical addresses. */
static uint64_t make_root(struct world *world, unsigned levels, bool guest_stage, uint64_t *tables)
{
	for (unsigned level = levels; level-- > 0;)
		tables[level] = new_table(world, guest_stage && level == levels - 1 ? 4 : 1);
	for (unsigned level = levels - 1; level > 0; level--)
		add_pte(world, tables[level] + (REGION >> (OFFSET_BITS + INDEX_BITS * level) & 511) * 8, pte_to(tables[level - 1], PTE_V));
	map_code(world, tables[0], guest_stage);
	return tables[levels - 1];
}

/* All that is not the case's own code. */
static void decorate(struct world *world, uint64_t root, unsigned levels, bool guest_stage, unsigned id)
{
	uint64_t table = root;
	bool aliased = false;
	for (unsigned level = levels - 1; level > 0; level--) {
		uint64_t next = 0;
		uint64_t place = table + (REGION >> (OFFSET_BITS + INDEX_BITS * level) & 511) * 8;
		for (unsigned i = 0; i < world->pte_count; i++)
			if (world->ptes[i].address == place)
				next = world->ptes[i].value >> 10 << OFFSET_BITS;
		uint64_t base = level == levels - 1 ? 0 : REGION & ~(span(level + 1) - 1);
		aliased |= add_neighbours(world, table, level, base, guest_stage && level == levels - 1 ? 2048 : 512, next);
		table = next;
	}
	map_data(world, table, (struct mapped){.id = id, .guest_stage = guest_stage, .aliased = aliased});
}

static uint64_t atp(unsigned levels, uint64_t id, uint64_t root)
{
	return (uint64_t)(levels + 5) << 60 | id << 44 | root >> OFFSET_BITS;
}

/* A guest's page tables are themselves reached through the G-stage; and programs edit them. */
static void map_tables(struct world *world, uint64_t level0, bool guest_stage)
{
	for (uint64_t page = TABLES; page < world->next_table; page += PAGE) {
		uint64_t flags = PTE_V | PTE_R | PTE_W | PTE_A | PTE_D | (guest_stage ? PTE_U : 0);
		if (guest_stage && chance(world->random, 3))
			flags = leaf_flags(world, true);
		map_page(world, level0, page, pte_to(page, flags));
	}
}

/* Good mappings of data and tables, before a slot changes one. */
static void map_own(struct world *world, unsigned levels)
{
	for (unsigned i = 0; i < DATA_PAGES; i++)
		map_page(world, world->own.table[0], DATA + (uint64_t)i * PAGE,
		         pte_to(DATA + (uint64_t)i * PAGE, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D));
	map_tables(world, world->own.table[0], false);
	world->own.satp = atp(levels, ROOTS + 1, world->own.table[levels - 1]);
}

static unsigned any_levels(struct random *random)
{
	return chance(random, 60) ? 3 : 4 + pick(random, 2);
}

void world_make(struct world *world, struct random *random, bool wild)
{
	uint64_t root[ROOTS], guest_root[GUEST_ROOTS], tables[ROOTS][5], guest_tables[GUEST_ROOTS][5];
	unsigned levels[ROOTS], guest_levels[GUEST_ROOTS];
	*world = (struct world){.random = random, .next_table = TABLES, .wild = wild};
	for (unsigned i = 0; i < GUEST_ROOTS; i++)
		guest_root[i] = make_root(world, guest_levels[i] = any_levels(random), true, guest_tables[i]);
	for (unsigned i = 0; i < ROOTS; i++)
		root[i] = make_root(world, levels[i] = any_levels(random), false, tables[i]);
	unsigned own_levels = any_levels(random);
	make_root(world, own_levels, false, world->own.table);
	map_own(world, own_levels);
	world->tame_ptes = world->pte_count;
	for (unsigned i = 0; i < GUEST_ROOTS; i++) {
		map_tables(world, guest_tables[i][0], true);
		decorate(world, guest_root[i], guest_levels[i], true, i + 1);
		world->hgatp[i] = atp(guest_levels[i], i + 1, guest_root[i]);
	}
	for (unsigned i = 0; i < ROOTS; i++) {
		map_tables(world, tables[i][0], false);
		decorate(world, root[i], levels[i], false, i + 1);
		world->satp[i] = atp(levels[i], i + 1, root[i]);
	}
}

/* ---- addresses ---- */

uint64_t world_address(struct world *world, unsigned size)
{
	struct random *random = world->random;
	uint64_t page = world->places[pick(random, world->place_count)];
	if (chance(random, 20))
		page = DATA + (uint64_t)pick(random, DATA_PAGES) * PAGE;
	if (chance(random, 4))
		page ^= UINT64_C(1) << (38 + pick(random, 26));
	if (chance(random, 2))
		page |= UINT64_MAX << (38 + 9 * pick(random, 3));
	if (chance(random, 1))
		page = (uint64_t)(1 + pick(random, 8)) << 36; /* no memory there */
	switch (pick(random, 8)) {
	case 0: /* across the end of the page */
		return page + PAGE - (size > 1 ? 1 + pick(random, size - 1) : 1);
	case 1:
	case 2: /* misaligned */
		return page + 64 + pick(random, PAGE - 128);
	default:
		return page + 64 + (pick(random, PAGE - 128) & ~(size - 1));
	}
}
