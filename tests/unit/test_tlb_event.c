/* What is told of a TLB: every entry that comes and goes, and by which fence. */
#include "hart/tlb_event.h"
#include "mmu_world.h"
#include "trace/format.h"
#include "trace/text.h"

enum { EVENTS_MAX = 64, ASID = 5, VMID = 7 };
#define DATA (DRAM + 0x5000)
#define VA UINT64_C(0x40005000)

struct listener {
	struct observer observer; /* first */
	struct trace_event events[EVENTS_MAX];
	unsigned count;
	uint64_t fills, evicts, fenced;
};

static void listen(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct listener *listener = (struct listener *)observer;
	unsigned what = event->flags >> TRACE_TLB_WHAT & 3;
	(void)hart;
	cr_assert_eq(event->type, TRACE_TLB);
	listener->events[listener->count++ % EVENTS_MAX] = *event;
	listener->fills += what == TLB_FILL;
	listener->evicts += what == TLB_EVICT;
	listener->fenced += what == TLB_FENCE ? event->value[2] : 0;
}

static void begin(struct listener *listener, struct world *world)
{
	*listener = (struct listener){.observer = {.event = listen, .wanted = 1u << TRACE_TLB}};
	observers_add(&world->observers, &listener->observer);
}

/* The fields of the n-th event, as rvtrace dump shows them. */
static const char *fields_of(const struct listener *listener, unsigned n, char text[400])
{
	FILE *out = fmemopen(text, 400, "w");
	cr_assert(out && n < listener->count);
	trace_print(out, &listener->events[n], NULL, NULL);
	fclose(out);
	text[strcspn(text, "\n")] = '\0';
	return strstr(text, " what=") + 1;
}

#define expect_event(listener, n, wanted)                                                                            \
	do {                                                                                                         \
		char text[400];                                                                                      \
		cr_assert_str_eq(fields_of(listener, n, text), wanted);                                              \
	} while (0)

static bool access_page(struct world *world, uint64_t va, enum access access, enum mode mode)
{
	struct mmu_context context = context_in(mode);
	struct translation translation;
	world->hart.mode = mode;
	return mmu_translate(&world->hart, va, 8, access, &context, &translation);
}

Test(tlb_event, one_stage)
{
	struct world world;
	struct listener listener;
	world_init(&world, 1);
	struct tables tables = tables_new(&world, SV39, false, 0);
	map(&tables, VA, DATA, 0, PTE_FULL & ~(uint64_t)PTE_D);
	map(&tables, 0x200000, DRAM, 1, PTE_FULL);
	world.hart.csr.satp = atp_of(&tables, ASID);
	begin(&listener, &world);
	cr_assert(access_page(&world, VA + 0x18, ACCESS_LOAD, MODE_HS));
	cr_assert(access_page(&world, VA + 0x20, ACCESS_LOAD, MODE_HS));
	cr_assert_eq(listener.count, 1u, "a hit changes nothing");
	expect_event(&listener, 0, "what=fill unit=tlb stage=S access=r va=0x40005018 pa=0x80005018 asid=5 first=2^12 reads_first=3");
	world.hart.csr.menvcfg = menvcfg_ADUE;
	cr_assert(access_page(&world, VA, ACCESS_STORE, MODE_HS));
	expect_event(&listener, 1, "what=evict unit=tlb stage=S va=0x40005000 pa=0x80005000 asid=5 first=2^12");
	expect_event(&listener, 2, "what=fill unit=tlb stage=S access=w va=0x40005000 pa=0x80005000 asid=5 first=2^12 reads_first=3");
	cr_assert(access_page(&world, 0x212340, ACCESS_FETCH, MODE_HS));
	expect_event(&listener, 3, "what=evict unit=tlb stage=S va=0x40005000 pa=0x80005000 asid=5 first=2^12");
	expect_event(&listener, 4, "what=fill unit=tlb stage=S access=x va=0x212340 pa=0x80012340 asid=5 first=2^21 reads_first=2");
	cr_assert_not(access_page(&world, 0x600000, ACCESS_LOAD, MODE_HS));
	cr_assert_eq(listener.count, 5u, "a walk that faults brings nothing");
	world_free(&world);
}

/* A 4 KiB page of the VS-stage in a 2 MiB page of the G-stage, whose tables the VS-stage's PTEs are found by too. */
Test(tlb_event, two_stages)
{
	struct world world;
	struct listener listener;
	world_init(&world, 16);
	struct tables first = tables_new(&world, SV39, false, 0), second = tables_new(&world, SV39, true, 0);
	map(&first, VA, DATA, 0, PTE_FULL);
	for (uint64_t gpa = DRAM; gpa < DRAM + WORLD_BYTES; gpa += 0x200000)
		map(&second, gpa, gpa, 1, PTE_FULL_U);
	world.hart.csr.vsatp = atp_of(&first, ASID);
	world.hart.csr.hgatp = atp_of(&second, VMID);
	begin(&listener, &world);
	cr_assert(access_page(&world, VA + 8, ACCESS_LOAD, MODE_VS));
	expect_event(&listener, 0, "what=fill unit=tlb stage=VS access=r va=0x40005008 gpa=0x80005008 pa=0x80005008 asid=5 vmid=7 "
	                           "first=2^12 second=2^21 reads_first=3 reads_second=8");
	world.hart.csr.vsatp = 0;
	cr_assert(access_page(&world, DATA, ACCESS_LOAD, MODE_VS));
	expect_event(&listener, 1, "what=fill unit=tlb stage=VS access=r va=0x80005000 gpa=0x80005000 pa=0x80005000 asid=0 vmid=7 "
	                           "first=bare second=2^21 reads_first=0 reads_second=2");
	world_free(&world);
}

Test(tlb_event, fences)
{
	struct world world;
	struct listener listener;
	world_init(&world, 16);
	world.hart.csr.hgatp = (uint64_t)VMID << hgatp_VMID_LOW;
	struct tables tables = tables_new(&world, SV39, false, 0);
	map(&tables, VA, DATA, 0, PTE_FULL);
	world.hart.csr.satp = atp_of(&tables, ASID);
	cr_assert(access_page(&world, VA, ACCESS_LOAD, MODE_HS));
	begin(&listener, &world);
	mmu_fence_vma(&world.hart, &(struct fence){.id_valid = true, .id = 6});
	mmu_fence_vma(&world.hart, &(struct fence){.address_valid = true, .address = VA + 8, .id_valid = true, .id = ASID});
	mmu_fence_vma(&world.hart, &(struct fence){0});
	mmu_fence_vvma(&world.hart, &(struct fence){.id_valid = true, .id = 0x10003});
	mmu_fence_gvma(&world.hart, &(struct fence){.address_valid = true, .address = 0x80001000});
	mmu_fence_gvma(&world.hart, &(struct fence){.id_valid = true, .id = VMID});
	cr_assert_eq(listener.count, 6u);
	expect_event(&listener, 0, "what=fence unit=tlb stage=S asid=6 entries=0");
	expect_event(&listener, 1, "what=fence unit=tlb stage=S va=0x40005008 asid=5 entries=1");
	expect_event(&listener, 2, "what=fence unit=tlb stage=S entries=0");
	expect_event(&listener, 3, "what=fence unit=tlb stage=VS asid=3 vmid=7 entries=0");
	expect_event(&listener, 4, "what=fence unit=tlb stage=G gpa=0x80001000 entries=0");
	expect_event(&listener, 5, "what=fence unit=tlb stage=G vmid=7 entries=0");
	world_free(&world);
}

static void count_entry(void *context, uint64_t va, uint64_t pa, unsigned page_shift, bool virt, unsigned asid, unsigned vmid,
                        const char *perms)
{
	(void)va, (void)pa, (void)page_shift, (void)virt, (void)asid, (void)vmid, (void)perms;
	++*(unsigned *)context;
}

/* Whatever comes goes once, or is there. What an observer hears changes nothing. */
Test(tlb_event, adds_up)
{
	struct world world[2];
	struct listener listener;
	uint64_t random = 1;
	for (unsigned i = 0; i < 2; i++) {
		world_init(&world[i], 8);
		struct tables tables = tables_new(&world[i], SV39, false, 0);
		for (unsigned page = 0; page < 64; page++)
			map(&tables, page << 12, DRAM + (page << 12), 0, page % 2 ? PTE_FULL : PTE_FULL & ~(uint64_t)PTE_D);
		world[i].hart.csr.satp = atp_of(&tables, ASID);
		world[i].hart.csr.menvcfg = menvcfg_ADUE;
	}
	begin(&listener, &world[0]);
	for (unsigned step = 0; step < 20000; step++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		uint64_t va = random >> 40 & 0x3f000;
		for (unsigned i = 0; i < 2; i++) {
			if (random >> 60 == 0)
				mmu_fence_vma(&world[i].hart, &(struct fence){.address_valid = random >> 59 & 1, .address = va});
			else
				cr_assert(access_page(&world[i], va, random >> 58 & 1 ? ACCESS_LOAD : ACCESS_STORE, MODE_HS));
		}
		unsigned present = 0;
		mmu_visit_tlb(&world[0].hart, count_entry, &present);
		cr_assert_eq(listener.fills, listener.evicts + listener.fenced + present);
	}
	cr_assert(listener.evicts > 1000 && listener.fenced > 1000);
	cr_assert_eq(memcmp(mmu_stats(&world[0].hart), mmu_stats(&world[1].hart), sizeof(struct mmu_stats)), 0);
	for (unsigned i = 0; i < 2; i++)
		world_free(&world[i]);
}
