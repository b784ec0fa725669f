/* The hypervisor extension on several harts: fences are local until an IPI carries them, A and D updates are atomic,
 * each hart has its own guest. */
#include "rt.h"

enum { ROUNDS = 200 };

static struct guest guest;
static volatile u64 acknowledged, told[MAX_HARTS], results[MAX_HARTS];

static void software_interrupt(unsigned hart, bool on)
{
	*(volatile u32 *)(0x2000000 + 4 * (u64)hart) = on;
}

/* What reset() does for hart 0, for the state of this hart alone; then the guest's spaces under these identifiers. */
static void enter_guest(struct guest *g, u64 vmid, u64 asid)
{
	csrw(CSR_PMPADDR0, ~UINT64_C(0) >> 10), csrw(CSR_PMPCFG0, 0x1f);
	csrw(CSR_MEDELEG, DELEGATE_DEFAULT), csrw(CSR_HEDELEG, 0), csrw(CSR_MIDELEG, 0xffff);
	csrw(CSR_STVEC, (u64)hs_entry), csrw(CSR_VSTVEC, (u64)vs_entry);
	csrw(CSR_MENVCFG, ENVCFG_ADUE), csrw(CSR_HENVCFG, ENVCFG_ADUE);
	csrw(CSR_MIE, 0), csrw(CSR_HIDELEG, 0), csrw(CSR_HVIP, 0);
	csrw(CSR_HGATP, space_atp(&g->g, vmid)), csrw(CSR_VSATP, space_atp(&g->vs, asid));
	csrw(CSR_HSTATUS, HSTATUS_SPVP);
	csrs(CSR_MSTATUS, STATUS_FS), csrw(CSR_VSSTATUS, STATUS_FS | STATUS_SUM);
	fence_all();
}

static u64 seen(void)
{
	struct trap *t = try(MODE_VS, LD, TEST_VA, 0);
	return finished(t) ? t->x[A0] : 99;
}

/* ---- remote fences ---- */

/* In a guest until a software interrupt comes; then the fence that was asked for, and the answer. */
static void remote(u64 fences)
{
	u64 id = this_cpu()->id;
	static const u32 forever[] = { LD, 0xffdff06f }; /* jal x0, -4 */
	u64 x[32] = { 0 };
	x[A1] = TEST_VA;
	enter_guest(&guest, 1, 1);
	told[id] = seen();
	for (u64 i = 0; i < fences; i++) {
		__atomic_fetch_add(&acknowledged, 1, __ATOMIC_SEQ_CST);
		csrw(CSR_MIE, BIT(3));
		struct trap *t = try_words(MODE_VS, forever, 2, x);
		csrw(CSR_MIE, 0);
		CHECK("remote_fence", took(t, LEVEL_M, IRQ(3)) && t->mstatus & STATUS_MPV && t->tinst == 0);
		results[id] = seen();
		software_interrupt((unsigned)id, false);
		try(MODE_S, i & 1 ? HFENCE_GVMA(0, 0) : HFENCE_VVMA(0, 0), 0, 0);
		told[id] = seen();
	}
}

static void wait_for(u64 count)
{
	while (__atomic_load_n(&acknowledged, __ATOMIC_SEQ_CST) < count)
		;
}

static void remote_fences(unsigned harts)
{
	enum { FENCES = 6 };
	reset();
	guest_new(&guest, 3, 3);
	for (unsigned i = 0; i < TEST_PAGES; i++)
		guest_data(&guest, i)[0] = i;
	acknowledged = 0;
	for (unsigned h = 1; h < harts; h++)
		hart_start(h, remote, FENCES);
	enter_guest(&guest, 1, 1);
	u64 current = 0;
	for (unsigned i = 0; i < FENCES; i++) {
		wait_for((i + 1) * (harts - 1));
		/* VS-stage and G-stage in turn; this hart's own fence is not theirs */
		u64 next = (current + 1) % TEST_PAGES;
		seen();
		if (i & 1)
			*space_pte(&guest.g, TEST_GPA, 0) = (guest.pages + next * 4096) >> 12 << 10 | PTE_ALL;
		else
			*space_pte(&guest.vs, TEST_VA, 0) = guest_gpa(&guest, 0) >> 12 << 10 | PTE_S;
		if (!(i & 1))
			next = current;
		fence_all();
		CHECK("remote_fence", seen() == next);
		for (unsigned h = 1; h < harts; h++)
			software_interrupt(h, true);
		if (i + 1 < FENCES)
			wait_for((i + 2) * (harts - 1));
		else
			for (unsigned h = 1; h < harts; h++)
				hart_wait(h);
		for (unsigned h = 1; h < harts; h++) {
			context("hart, round", h, i);
			CHECK("kept_remote", results[h] == current); /* old until its own fence: our TLB keeps */
			CHECK("remote_fence hfence-vvma_mode hfence-gvma_op", told[h] == next);
		}
		current = next;
	}
}

/* ---- concurrent updates of A and D ---- */
enum { SOFT = 256 }; /* a bit for software in a PTE */

static void dirty_pages(u64 unused)
{
	(void)unused;
	enter_guest(&guest, 1, 1);
	u64 id = this_cpu()->id;
	for (unsigned i = 0; i < ROUNDS; i++) {
		u64 page = (i + id) % TEST_PAGES;
		CHECK("concurrent_ad", finished(try(MODE_VS, i % 3 ? SD : LD, TEST_VA + page * 4096 + 8 * id, i)));
		try(MODE_S, HFENCE_VVMA(0, 0), 0, 0);
	}
	__atomic_fetch_add(&acknowledged, 1, __ATOMIC_SEQ_CST);
}

static void concurrent_ad(unsigned harts)
{
	reset();
	csrw(CSR_MENVCFG, ENVCFG_ADUE);
	if (!(csrr(CSR_MENVCFG) & ENVCFG_ADUE))
		return;
	guest_new(&guest, 3, 3);
	u64 *vs = space_pte(&guest.vs, TEST_VA, 0), *g = space_pte(&guest.g, TEST_GPA, 0);
	for (unsigned i = 0; i < TEST_PAGES; i++)
		vs[i] &= ~PTE_AD, g[i] &= ~PTE_AD;
	acknowledged = 0;
	for (unsigned h = 1; h < harts; h++)
		hart_start(h, dirty_pages, 0);
	/* software's own bits, set and cleared meanwhile: neither side loses what the other wrote */
	bool kept = true;
	unsigned rounds = 0;
	while (acknowledged < harts - 1) {
		for (unsigned i = 0; i < TEST_PAGES; i++) {
			__atomic_fetch_or(&vs[i], SOFT, __ATOMIC_SEQ_CST);
			kept &= !!(__atomic_fetch_and(&vs[i], ~(u64)SOFT, __ATOMIC_SEQ_CST) & SOFT);
			__atomic_fetch_or(&g[i], SOFT, __ATOMIC_SEQ_CST);
			kept &= !!(__atomic_fetch_and(&g[i], ~(u64)SOFT, __ATOMIC_SEQ_CST) & SOFT);
			/* D goes away under the others' feet, as a hypervisor's page cleaner does it */
			__atomic_fetch_and(&vs[i], ~(u64)(rounds % 8 ? 0 : PTE_D), __ATOMIC_SEQ_CST);
		}
		rounds++;
	}
	for (unsigned h = 1; h < harts; h++)
		hart_wait(h);
	CHECK("concurrent_ad", kept && rounds > 1);
	for (unsigned i = 0; i < TEST_PAGES; i++) {
		CHECK("concurrent_ad", vs[i] & PTE_A && (g[i] & PTE_AD) == PTE_AD && !((vs[i] | g[i]) & SOFT));
		CHECK("concurrent_ad", (vs[i] | PTE_AD) == (guest_gpa(&guest, i) >> 12 << 10 | PTE_S));
	}
}

/* ---- atomics of guests on one word: LR/SC and AMO, from VS and VU ---- */
static void count(u64 unused)
{
	(void)unused;
	u64 id = this_cpu()->id, x[32] = { 0 };
	enter_guest(&guest, id & 1 ? 1 : 2, id);
	x[A1] = TEST_VA, x[A4] = ROUNDS;
	/* loop: lr.d a0; addi a0, a0, 1; sc.d a3, a0; bnez a3, loop; amoadd.d a0, a5; addi a4, a4, -1; bnez a4, loop */
	const u32 words[] = {
		LR_D,
		ADDI(A0, A0, 1),
		r_type(0x2f, 3, 3 << 2, A3, A1, A0),
		0xfe069ae3, /* bne a3, x0, -12 */
		ADDI(A5, ZERO, 1),
		r_type(0x2f, 3, 0, A0, A1, A5),
		ADDI(A4, A4, -1),
		0xfe0712e3, /* bne a4, x0, -28 */
	};
	struct trap *t = try_words(id & 1 ? MODE_VS : MODE_VU, words, 8, x);
	CHECK("guest_atomics", finished(t));
}

static void atomics(unsigned harts)
{
	reset();
	guest_new(&guest, 3, 3);
	guest_map(&guest, 0, PTE_ALL, PTE_ALL);
	guest_data(&guest, 0)[0] = 0;
	for (unsigned h = 1; h < harts; h++)
		hart_start(h, count, 0);
	count(0);
	for (unsigned h = 1; h < harts; h++)
		hart_wait(h);
	context("counter", guest_data(&guest, 0)[0], harts);
	CHECK("guest_atomics", guest_data(&guest, 0)[0] == 2 * ROUNDS * harts);
}

/* ---- every hart its own guest, at the same addresses and identifiers; its own interrupts ---- */
static struct guest guests[MAX_HARTS];

static void own_world(u64 unused)
{
	(void)unused;
	u64 id = this_cpu()->id;
	enter_guest(&guests[id], 3, 3);
	csrw(CSR_VSSCRATCH, 0x1000 + id), csrw(CSR_HTIMEDELTA, id << 40);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct trap *t = try(i & 1 ? MODE_VS : MODE_S, i & 1 ? LD : HLV_D, TEST_VA, 0);
		CHECK("own_guest hgatp_op", finished(t) && t->x[A0] == 500 + id);
		t = try(MODE_VS, CSRR(A0, CSR_SSCRATCH), 0, 0);
		CHECK("own_guest H_vscsrs_sub", finished(t) && t->x[A0] == 0x1000 + id);
		/* hvip is this hart's: odd harts have an interrupt pending, even ones not */
		csrw(CSR_HIE, 0x444), csrw(CSR_HVIP, id & 1 ? BIT(2) : 0);
		t = try(MODE_VS, NOP, 0, 0);
		CHECK("own_guest hvip_op", id & 1 ? took(t, LEVEL_S, IRQ(2)) : finished(t));
		csrw(CSR_HVIP, 0);
	}
	CHECK("own_guest htimedelta_op", csrr(CSR_HTIMEDELTA) == id << 40);
	csrw(CSR_HTIMEDELTA, 0);
}

static void own_worlds(unsigned harts)
{
	reset();
	for (unsigned h = 0; h < harts; h++) {
		guests[h].pages = (u64)page_alloc(TEST_PAGES);
		space_new(&guests[h].g, 3, true, 0);
		space_new(&guests[h].vs, 3, false, 0);
		space_map(&guests[h].vs, TEST_VA, TEST_GPA, 0, PTE_S);
		space_map(&guests[h].g, TEST_GPA, guests[h].pages, 0, PTE_ALL);
		guest_data(&guests[h], 0)[0] = 500 + h;
	}
	for (unsigned h = 1; h < harts; h++)
		hart_start(h, own_world, 0);
	own_world(0);
	for (unsigned h = 1; h < harts; h++)
		hart_wait(h);
}

int main(void)
{
	unsigned harts = hart_count();
	CHECK("several_harts", harts > 1);
	remote_fences(harts);
	concurrent_ad(harts);
	atomics(harts);
	own_worlds(harts);
	return 0;
}
