/*
 * The walker against a second one, written straight along the numbered steps of "Virtual Address Translation Process"
 * and the exceptions to it in "Guest Physical Address Translation": no TLB, no shared code, its own copy of memory.
 * Both run over page tables full of random PTEs, in random contexts; everything visible is compared.
 */
#include <stdlib.h>
#include "mmu_world.h"
#include "pmp_reference.h"

enum { PAGES = 256, PTES = 512, WRITES = 16 };

struct reference {
	const struct world *world;
	uint64_t *memory; /* its own DRAM */
	const struct mmu_context *context;
	enum access access;
	uint64_t va;
	unsigned size;
	/* what came out */
	struct trap trap;
	uint64_t gpa, pa, page_bytes;
	unsigned writes;
	uint64_t written[WRITES]; /* where PTEs were updated */
};

static bool bit(uint64_t value, unsigned n) { return value >> n & 1; }

static bool ref_trap(struct reference *ref, unsigned fetch, unsigned load, unsigned store, uint64_t tval2,
                     uint64_t tinst)
{
	ref->trap = (struct trap){
		.pending = true,
		.cause = (uint8_t)(ref->access == ACCESS_FETCH ? fetch : ref->access == ACCESS_LOAD ? load : store),
		.tval = ref->va,
		.tval2 = tval2,
		.tinst = tinst,
		.gva = ref->context->mode == MODE_VS || ref->context->mode == MODE_VU,
	};
	return false;
}

static bool ref_access_fault(struct reference *ref) { return ref_trap(ref, 1, 5, 7, 0, 0); }
static bool ref_page_fault(struct reference *ref) { return ref_trap(ref, 12, 13, 15, 0, 0); }

static uint64_t *ref_word(struct reference *ref, uint64_t pa)
{
	if (pa < DRAM || pa >= DRAM + PAGES * 4096u)
		return NULL;
	return ref->memory + (pa - DRAM) / 8;
}

static uint64_t in_order(uint64_t value, bool big) { return big ? __builtin_bswap64(value) : value; }

static void ref_write(struct reference *ref, uint64_t pa, uint64_t value, bool big)
{
	*ref_word(ref, pa) = in_order(value, big);
	cr_assert_lt(ref->writes, WRITES);
	ref->written[ref->writes++] = pa;
}

/* "any bits or encodings that are reserved for future standard use are set within pte" */
static bool ref_reserved(const struct reference *ref, uint64_t pte, unsigned i, bool svpbmt)
{
	bool leaf = bit(pte, 1) || bit(pte, 3), svnapot = isa_has(&ref->world->hart.isa, EXT_Svnapot);
	unsigned pbmt = pte >> 61 & 3;
	for (unsigned n = 54; n <= 60; n++)
		if (bit(pte, n))
			return true;
	if (!leaf)
		return bit(pte, 4) || bit(pte, 6) || bit(pte, 7) || pbmt || bit(pte, 63);
	if (pbmt == 3 || (pbmt && !svpbmt))
		return true;
	return bit(pte, 63) && (!svnapot || i > 0 || (pte >> 10) % 16 != 8);
}

/* Pages of 4 KiB x 512^i, or 64 KiB. */
static uint64_t ref_page_bytes(uint64_t pte, unsigned i)
{
	uint64_t bytes = bit(pte, 63) ? 65536 : 4096;
	while (i--)
		bytes *= 512;
	return bytes;
}

enum guest_need { NEED_READ, NEED_WRITE, NEED_EXECUTE };

/* Steps 1 to 10 with hgatp in the place of satp. `implicit`: for a VS-level page table. */
static bool ref_guest(struct reference *ref, uint64_t gpa, enum guest_need need, bool implicit, uint64_t *pa,
                      uint64_t *page_bytes)
{
	const struct csr_file *csr = &ref->world->hart.csr;
	unsigned mode = (unsigned)(csr->hgatp >> 60), levels = mode - 5, i = levels - 1;
	bool big = bit(csr->mstatus, 36), adue = bit(csr->menvcfg, 61), svpbmt = bit(csr->menvcfg, 62);
	uint64_t tinst = !implicit ? 0 : need == NEED_WRITE ? 0x3020 : 0x3000, pte, pte_at, divisor;
	uint64_t limit = UINT64_C(1) << (levels == 3 ? 41 : levels == 4 ? 50 : 59);
	*pa = gpa;
	*page_bytes = 0; /* no limit */
	if (mode == 0)
		return true;
	if (gpa >= limit)
		goto fault;
	uint64_t a = csr->hgatp % (UINT64_C(1) << 44) * 4096; /* step 1 */
step2:
	divisor = 4096;
	for (unsigned n = 0; n < i; n++)
		divisor *= 512;
	pte_at = a + gpa / divisor % (i == levels - 1 ? 2048 : 512) * 8;
	if (!ref_word(ref, pte_at) || !pmp_reference(ref->world, pte_at, 8, ACCESS_LOAD, false))
		return ref_access_fault(ref);
	pte = in_order(*ref_word(ref, pte_at), big);
	if (!bit(pte, 0) || (!bit(pte, 1) && bit(pte, 2)) || ref_reserved(ref, pte, i, svpbmt)) /* step 3 */
		goto fault;
	if (!bit(pte, 1) && !bit(pte, 3)) { /* step 4 */
		if (i == 0)
			goto fault;
		i--;
		a = (pte >> 10) % (UINT64_C(1) << 44) * 4096;
		goto step2;
	}
	uint64_t target = (pte >> 10) % (UINT64_C(1) << 44) * 4096;
	if (i > 0 && target % ref_page_bytes(pte, i) != 0) /* step 5 */
		goto fault;
	if (!bit(pte, 4)) /* step 6: as U-mode, always */
		goto fault;
	bool hlvx = !implicit && ref->context->hlvx, mxr = !implicit && ref->context->mxr;
	if (need == NEED_EXECUTE || (need == NEED_READ && hlvx)) { /* steps 7, 8 */
		if (!bit(pte, 3))
			goto fault;
	} else if (need == NEED_WRITE ? !bit(pte, 2) : !bit(pte, 1) && !(mxr && bit(pte, 3))) {
		goto fault;
	}
	if (!bit(pte, 6) || (need == NEED_WRITE && !bit(pte, 7))) { /* step 9 */
		if (!adue)
			goto fault;
		if (!pmp_reference(ref->world, pte_at, 8, ACCESS_STORE, false))
			return ref_access_fault(ref);
		ref_write(ref, pte_at, pte | 0x40 | (need == NEED_WRITE ? 0x80 : 0), big);
	}
	*page_bytes = ref_page_bytes(pte, i); /* step 10 */
	*pa = target / *page_bytes * *page_bytes + gpa % *page_bytes;
	return true;
fault:
	return ref_trap(ref, 20, 21, 23, gpa / 4, tinst);
}

/* Where the PTE at address `pte_at` of the first stage lies, once all that guards it is asked. */
static bool ref_reach(struct reference *ref, uint64_t pte_at, bool guest, enum access how, uint64_t *pa)
{
	uint64_t ignored;
	*pa = pte_at;
	if (guest && !ref_guest(ref, pte_at, how == ACCESS_STORE ? NEED_WRITE : NEED_READ, true, pa, &ignored))
		return false;
	if (!ref_word(ref, *pa) || !pmp_reference(ref->world, *pa, 8, how, false))
		return ref_access_fault(ref);
	return true;
}

/* Steps 1 to 10 for satp, or for vsatp under the G-stage. */
static bool ref_first(struct reference *ref, bool guest, uint64_t *out, uint64_t *page_bytes)
{
	const struct csr_file *csr = &ref->world->hart.csr;
	uint64_t atp = guest ? csr->vsatp : csr->satp, va = ref->va, pte, pte_at, pa, divisor;
	unsigned mode = (unsigned)(atp >> 60), levels = mode - 5, i = levels - 1;
	bool big = guest ? bit(csr->hstatus, 5) : bit(csr->mstatus, 36);
	bool adue = bit(csr->menvcfg, 61) && (!guest || bit(csr->henvcfg, 61));
	bool svpbmt = bit(csr->menvcfg, 62) && (!guest || bit(csr->henvcfg, 62));
	bool user = ref->context->mode == MODE_U || ref->context->mode == MODE_VU, store = ref->access == ACCESS_STORE;
	*out = va;
	*page_bytes = 0;
	if (mode == 0)
		return true;
	unsigned top = levels == 3 ? 38 : levels == 4 ? 47 : 56;
	for (unsigned n = top + 1; n < 64; n++)
		if (bit(va, n) != bit(va, top))
			return ref_page_fault(ref);
	uint64_t a = atp % (UINT64_C(1) << 44) * 4096; /* step 1 */
step2:
	divisor = 4096;
	for (unsigned n = 0; n < i; n++)
		divisor *= 512;
	pte_at = a + va / divisor % 512 * 8;
	if (!ref_reach(ref, pte_at, guest, ACCESS_LOAD, &pa))
		return false;
	pte = in_order(*ref_word(ref, pa), big);
	if (!bit(pte, 0) || (!bit(pte, 1) && bit(pte, 2)) || ref_reserved(ref, pte, i, svpbmt)) /* step 3 */
		return ref_page_fault(ref);
	if (!bit(pte, 1) && !bit(pte, 3)) { /* step 4 */
		if (i == 0)
			return ref_page_fault(ref);
		i--;
		a = (pte >> 10) % (UINT64_C(1) << 44) * 4096;
		goto step2;
	}
	uint64_t target = (pte >> 10) % (UINT64_C(1) << 44) * 4096;
	if (i > 0 && target % ref_page_bytes(pte, i) != 0) /* step 5 */
		return ref_page_fault(ref);
	if (user ? !bit(pte, 4) : bit(pte, 4) && (ref->access == ACCESS_FETCH || !ref->context->sum)) /* step 6 */
		return ref_page_fault(ref);
	bool mxr = ref->context->mxr || (guest && ref->context->vmxr);
	bool readable = ref->context->hlvx ? bit(pte, 3) : bit(pte, 1) || (mxr && bit(pte, 3));
	if (!(ref->access == ACCESS_FETCH ? bit(pte, 3) : store ? bit(pte, 2) : readable)) /* steps 7, 8 */
		return ref_page_fault(ref);
	if (!bit(pte, 6) || (store && !bit(pte, 7))) { /* step 9 */
		if (!adue)
			return ref_page_fault(ref);
		if (!ref_reach(ref, pte_at, guest, ACCESS_STORE, &pa))
			return false;
		if (in_order(*ref_word(ref, pa), big) != pte)
			goto step2;
		ref_write(ref, pa, pte | 0x40 | (store ? 0x80 : 0), big);
	}
	*page_bytes = ref_page_bytes(pte, i); /* step 10 */
	*out = target / *page_bytes * *page_bytes + va % *page_bytes;
	return true;
}

static bool ref_translate(struct reference *ref)
{
	static const enum guest_need needs[] = {
		[ACCESS_LOAD] = NEED_READ, [ACCESS_STORE] = NEED_WRITE, [ACCESS_FETCH] = NEED_EXECUTE,
	};
	enum mode mode = ref->context->mode;
	bool guest = mode == MODE_VS || mode == MODE_VU, machine = mode == MODE_M;
	uint64_t first_bytes = 0, second_bytes = 0;
	ref->gpa = ref->va;
	if (!machine && !ref_first(ref, guest, &ref->gpa, &first_bytes))
		return false;
	ref->pa = ref->gpa;
	if (guest && !ref_guest(ref, ref->gpa, needs[ref->access], false, &ref->pa, &second_bytes))
		return false;
	ref->page_bytes = !first_bytes || (second_bytes && second_bytes < first_bytes) ? second_bytes : first_bytes;
	if (!ref->page_bytes)
		ref->page_bytes = 4096;
	if (!pmp_reference(ref->world, ref->pa, ref->size, ref->access, machine) ||
	    (ref->context->hlvx && !pmp_reference(ref->world, ref->pa, ref->size, ACCESS_FETCH, machine)))
		return ref_access_fault(ref);
	return true;
}

/* ---- random tables ---- */

/* What a page of memory is, by its number: tables of level n point to tables of level n - 1, and so walks go on for a
 * while although no PTE is made for the walk that reads it. Roots of the G-stage are aligned to four pages. */
enum { DATA = 5 };
static const uint8_t role_of[16] = {2, 0, 1, 2, 3, 0, 1, 3, 4, 0, 1, 4, DATA, DATA, DATA, DATA};

static uint64_t chance(uint64_t *seed, unsigned of) { return (next_random(seed) >> 33) % of; }

static uint64_t random_page(uint64_t *seed, unsigned role)
{
	uint64_t number;
	do
		number = chance(seed, PAGES);
	while (role_of[number % 16] != role);
	return DRAM + number * 4096;
}

static uint64_t random_leaf(uint64_t *seed, unsigned role, unsigned index)
{
	static const uint8_t rwx[] = {PTE_R, PTE_X, PTE_R | PTE_W, PTE_R | PTE_X, PTE_RWX, PTE_RWX, PTE_RWX, PTE_RWX};
	uint64_t bits = PTE_V | rwx[chance(seed, 8)];
	bits |= chance(seed, 8) ? PTE_A : 0;
	bits |= chance(seed, 6) ? PTE_D : 0;
	bits |= chance(seed, 12) ? PTE_U : 0;
	bits |= chance(seed, 4) ? 0 : PTE_G;
	/* guest pages of a role are mapped to pages of that role */
	uint64_t page = DRAM + (chance(seed, PAGES / 16) * 16 + index % 16) * 4096;
	if (role > 0)
		page = DRAM;
	if (role == 0 && !chance(seed, 40)) {
		bits |= PTE_N;
		page = (page & ~UINT64_C(0xffff)) | 0x8000;
	}
	if (!chance(seed, 40))
		bits |= PTE_PBMT(chance(seed, 4));
	return pte_of(page, bits);
}

static uint64_t random_pte(uint64_t *seed, unsigned role, unsigned index)
{
	uint64_t pte;
	if (role == DATA)
		return next_random(seed);
	if (role == 0 || !chance(seed, 12))
		pte = random_leaf(seed, role, index);
	else
		pte = pte_of(random_page(seed, role - 1), PTE_V | (chance(seed, 8) ? 0 : PTE_G));
	if (!chance(seed, 40))
		pte ^= UINT64_C(1) << chance(seed, 64);
	return pte;
}

static void fill_memory(struct world *world, uint64_t *seed)
{
	for (unsigned page = 0; page < PAGES; page++)
		for (unsigned i = 0; i < PTES; i++)
			*at(world, DRAM + page * 4096u + i * 8) = random_pte(seed, role_of[page % 16], i);
}

static uint64_t random_atp(uint64_t *seed, bool second, unsigned id)
{
	unsigned mode = (unsigned)chance(seed, 8);
	if (mode == 0)
		return 0;
	mode = SV39 + mode % 3;
	uint64_t root = random_page(seed, levels_of(mode) - 1);
	while (second && root % 16384)
		root = random_page(seed, levels_of(mode) - 1);
	return (uint64_t)mode << 60 | (uint64_t)id << 44 | root >> 12;
}

static void random_pmp(struct world *world, uint64_t *seed)
{
	struct csr_file *csr = &world->hart.csr;
	world->options.pmp_entries = chance(seed, 2) ? 16 : 0;
	csr->pmpcfg0 = csr->pmpcfg2 = 0;
	for (unsigned i = 0; i < 8; i++) {
		uint64_t cfg = chance(seed, 3) ? 0 : next_random(seed) >> 20 & 0x9f;
		if ((cfg & (PMP_R | PMP_W)) == PMP_W)
			cfg |= PMP_R;
		csr->pmpcfg0 |= cfg << i * 8;
		(&csr->pmpaddr0)[i] = DRAM / 4 + chance(seed, PAGES * 1024);
	}
	if (chance(seed, 8)) { /* the rest is open */
		csr->pmpcfg2 = PMP_NAPOT | PMP_R | PMP_W | PMP_X;
		csr->pmpaddr8 = (UINT64_C(1) << 54) - 1;
	}
}

static void random_csrs(struct world *world, uint64_t *seed)
{
	struct csr_file *csr = &world->hart.csr;
	csr->satp = random_atp(seed, false, 1);
	csr->vsatp = random_atp(seed, false, 2);
	csr->hgatp = random_atp(seed, true, 3);
	csr->menvcfg = (chance(seed, 3) ? menvcfg_ADUE : 0) | (chance(seed, 3) ? menvcfg_PBMTE : 0);
	csr->henvcfg = (chance(seed, 4) ? henvcfg_ADUE : 0) | (chance(seed, 4) ? henvcfg_PBMTE : 0);
	csr->mstatus = chance(seed, 60) ? 0 : mstatus_SBE;
	csr->hstatus = chance(seed, 60) ? 0 : hstatus_VSBE;
	memset(&world->hart.isa, 0, sizeof world->hart.isa);
	if (chance(seed, 4))
		isa_add(&world->hart.isa, EXT_Svnapot);
	random_pmp(world, seed);
}

static uint64_t random_va(const struct world *world, uint64_t *seed, enum mode mode)
{
	uint64_t atp = mode_virt(mode) ? world->hart.csr.vsatp : world->hart.csr.satp;
	if (mode == MODE_M || !atp)
		return DRAM + chance(seed, PAGES) * 4096 + chance(seed, 4096);
	unsigned width = (unsigned)(atp >> 60) * 9 - 33;
	uint64_t va = (uint64_t)((int64_t)(next_random(seed) << (64 - width)) >> (64 - width));
	return chance(seed, 100) ? va : va ^ UINT64_C(1) << chance(seed, 64);
}

static struct mmu_context random_context(uint64_t *seed)
{
	enum mode mode = chance(seed, 40) ? MODE_HS + chance(seed, 4) : MODE_M;
	struct mmu_context context = {.mode = mode, .sum = chance(seed, 3), .mxr = chance(seed, 2)};
	context.vmxr = mode_virt(mode) && chance(seed, 2);
	return context;
}

/* ---- comparison ---- */

struct tally { unsigned done, page, guest_page, implicit_read, implicit_write, access, writes, hits; };

static void count_outcome(struct tally *tally, const struct reference *ref, bool done)
{
	unsigned cause = ref->trap.cause;
	tally->writes += ref->writes;
	if (done)
		tally->done++;
	else if (cause == 1 || cause == 5 || cause == 7)
		tally->access++;
	else if (cause < 16)
		tally->page++;
	else if (ref->trap.tinst)
		ref->trap.tinst == 0x3000 ? tally->implicit_read++ : tally->implicit_write++;
	else
		tally->guest_page++;
}

/* Everything that a translation shows must be what the reference says. */
static void compare(struct world *world, const struct reference *ref, bool want, bool got,
                    const struct translation *result, unsigned round)
{
	const struct trap *trap = &world->hart.trap;
	cr_assert_eq(got, want, "round %u va %lx mode %d access %d: cause %u, not %u", round, (long)ref->va,
	             ref->context->mode, ref->access, got ? 99 : trap->cause, want ? 99 : ref->trap.cause);
	if (want) {
		cr_assert_eq(result->pa, ref->pa, "round %u: pa %lx, not %lx", round, (long)result->pa, (long)ref->pa);
		cr_assert(result->gpa == (mode_virt(ref->context->mode) ? ref->gpa : ref->pa) && result->va == ref->va);
		cr_assert_eq(UINT64_C(1) << result->page_shift, ref->page_bytes, "round %u", round);
		cr_assert(ref->access == ACCESS_LOAD    ? result->readable
		          : ref->access == ACCESS_FETCH ? result->executable || !result->uniform_pmp
		                                        : result->writable || !result->uniform_pmp);
	} else {
		cr_assert(trap->pending && !trap->interrupt && trap->gva == ref->trap.gva);
		cr_assert_eq(trap->cause, ref->trap.cause, "round %u: %u, not %u", round, trap->cause, ref->trap.cause);
		cr_assert(trap->tval == ref->trap.tval && trap->tval2 == ref->trap.tval2, "round %u", round);
		cr_assert_eq(trap->tinst, ref->trap.tinst, "round %u", round);
	}
	for (unsigned i = 0; i < ref->writes; i++)
		cr_assert_eq(*at(world, ref->written[i]), ref->memory[(ref->written[i] - DRAM) / 8], "round %u", round);
}

/* One access: first the debugger's walk, which must change nothing, then the hardware's. */
static void one_access(struct world *world, uint64_t *memory, uint64_t *seed, uint64_t va,
                       struct mmu_context context, struct tally *tally, unsigned round)
{
	struct reference ref = {.world = world, .memory = memory, .context = &context, .access = chance(seed, 3)};
	struct translation result = {0};
	context.hlvx = mode_virt(context.mode) && ref.access == ACCESS_LOAD && !chance(seed, 4);
	ref.size = 1u << chance(seed, 4);
	ref.va = va & ~(uint64_t)(ref.size - 1);
	struct hart before = world->hart;
	struct trap trap;
	uint64_t hits = mmu_stats(&world->hart)->hits;
	bool watched = mmu_walk(&world->hart, ref.va, ref.size, ref.access, &context, false, NULL, NULL, &result,
	                        &trap);
	cr_assert_eq(memcmp(&before, &world->hart, sizeof before), 0);
	bool want = ref_translate(&ref);
	memset(&world->hart.trap, 0, sizeof world->hart.trap);
	if (!ref.writes) {
		if (!watched)
			world->hart.trap = trap;
		compare(world, &ref, want, watched, &result, round);
		memset(&world->hart.trap, 0, sizeof world->hart.trap);
	}
	bool got = mmu_translate(&world->hart, ref.va, ref.size, ref.access, &context, &result);
	compare(world, &ref, want, got, &result, round);
	count_outcome(tally, &ref, want);
	tally->hits += mmu_stats(&world->hart)->hits != hits;
}

/* Rounds of one seed: new CSRs and an empty TLB each round, then a few accesses to one page that may use the TLB. */
static void run_rounds(unsigned rounds, unsigned tlb_entries, uint64_t seed, struct tally *tally)
{
	struct world world;
	uint64_t *memory = malloc(PAGES * 4096u);
	world_init(&world, tlb_entries);
	world.bus.dram_size = PAGES * 4096u;
	for (unsigned round = 0; round < rounds; round++) {
		if (round % 2000 == 0) {
			cr_assert(round == 0 || !memcmp(memory, world.bus.dram, PAGES * 4096u));
			fill_memory(&world, &seed);
			memcpy(memory, world.bus.dram, PAGES * 4096u);
		}
		random_csrs(&world, &seed);
		mmu_flush(&world.hart);
		struct mmu_context context = random_context(&seed);
		uint64_t va = random_va(&world, &seed, context.mode);
		for (unsigned i = 0; i < 4; i++) {
			one_access(&world, memory, &seed, va, context, tally, round);
			va ^= chance(&seed, 4096);
			context.sum = chance(&seed, 2);
			context.mxr = chance(&seed, 2);
		}
	}
	cr_assert(!memcmp(memory, world.bus.dram, PAGES * 4096u));
	free(memory);
	world.bus.dram_size = WORLD_BYTES;
	world_free(&world);
}

Test(walk_reference, agrees_on_random_tables_and_contexts)
{
	struct tally tally = {0};
	run_rounds(200000, 64, 987654321, &tally);
	cr_log_info("done %u, page %u, guest-page %u, implicit %u + %u, access %u, updates %u, hits %u", tally.done,
	            tally.page, tally.guest_page, tally.implicit_read, tally.implicit_write, tally.access, tally.writes,
	            tally.hits);
	/* every outcome is common enough to mean something */
	cr_assert(tally.done > 100000 && tally.page > 50000 && tally.guest_page > 10000 && tally.access > 10000);
	cr_assert(tally.implicit_read > 10000 && tally.implicit_write > 100);
	cr_assert(tally.writes > 10000 && tally.hits > 50000);
}

Test(walk_reference, agrees_with_a_tlb_of_one_entry)
{
	struct tally tally = {0};
	run_rounds(20000, 1, 5, &tally);
	cr_assert(tally.done > 10000 && tally.hits > 5000);
}
