/*
 * Rows with address translation: HS with Sv39, HLV and HSV, VS with the G-stage only and with both stages; TLB misses,
 * fences, traps and world switches. M-mode sets up, then everything runs in HS, on an identity map of 1 GiB pages; VS
 * code through run_guest.
 */
#include "accuracy.h"

#define PAGE 4096ull
#ifndef HOPS
#define HOPS 512 /* loads in a chain through pages; misses.elf has 100,000, and only those through 128 pages */
#endif
/* HS: virtual, VS: guest-virtual addresses */
#define VA_4K 0xc0000000ull        /* 4 KiB pages: HS to `memory`, VS to GPA 0xc0000000 */
#define VA_G1 0x100000000ull       /* VS: 4 KiB pages to the GPA that equals `memory`'s address (G-stage of 1 GiB pages) */
#define VA_USER 0x180000000ull     /* user alias of 0x80000000 */
#define VA_BAD 0x200000000ull      /* VS: valid leaf, no G-stage mapping; HS: no mapping */
#define GPA_4K 0xc0000000ull
#define GPA_TABLES 0x140000000ull
#define ATP(root) (8ull << 60 | (uint64_t)(root) >> 12)
#define PTE(pa, flags) (((uint64_t)(pa) >> 12 << 10) | (flags))
enum { LEAF = 0xcf, USER_LEAF = 0xdf, POINTER = 1 };


static uint8_t memory[128 * 4096] __attribute__((aligned(4096)));
static uint64_t hs_table[3][512] __attribute__((aligned(4096)));     /* root, and two levels to VA_4K */
static uint64_t g_root[2048] __attribute__((aligned(16384)));
static uint64_t g_data[2][512] __attribute__((aligned(4096)));       /* GPA_4K in 4 KiB pages */
static uint64_t g_tables[2][512] __attribute__((aligned(4096)));     /* vs_table in 4 KiB pages */
static uint64_t vs_table[5][512] __attribute__((aligned(4096)));     /* root; two levels to VA_4K; two to VA_G1 */
static uint64_t buffer[1024] __attribute__((aligned(4096)));

#define SAVE1(csr, offset) "csrr t0," #csr "\nsd t0," #offset "(a0)\n"
#define REST1(csr, offset) "ld t0," #offset "(a0)\ncsrw " #csr ",t0\n"
#include "kernels_guest.def"
__asm__(".text\n.option push\n.include \"guest_code.S\"\n.option pop\n");

/* guest_code.S */
void run_guest(void (*program)(void), void *handler);
extern char m_skip[], h_skip[], h_full[], h_inject[], vs_irq[], s_trap[], s_skip[];

/* As in machine.c. */
static void __attribute__((noinline)) measure(const char *prefix, const char *name, kernel *run, void *a0, uint64_t a1,
                                              uint64_t a2, uint64_t units, int warm)
{
	while (warm-- > 0)
		run(a0, a1, a2);
	uint64_t e3 = csr_read(hpmcounter3), e4 = csr_read(hpmcounter4), e5 = csr_read(hpmcounter5), e6 = csr_read(hpmcounter6);
	__asm__ volatile("fence" ::: "memory");
	uint64_t instructions = csr_read(instret), cycles = csr_read(cycle);
	run(a0, a1, a2);
	cycles = csr_read(cycle) - cycles;
	instructions = csr_read(instret) - instructions;
	e3 = csr_read(hpmcounter3) - e3;
	e4 = csr_read(hpmcounter4) - e4;
	e5 = csr_read(hpmcounter5) - e5;
	e6 = csr_read(hpmcounter6) - e6;
	put_text("R\t"); put_text(prefix); put_text(name);
	put_text("\t"); put_number((int64_t)cycles);
	put_text("\t"); put_number((int64_t)instructions);
	put_text("\t"); put_number((int64_t)units);
	put_text("\n");
	put_text("E\t"); put_text(prefix); put_text(name);
	put_text("\t"); put_number((int64_t)e3);
	put_text("\t"); put_number((int64_t)e4);
	put_text("\t"); put_number((int64_t)e5);
	put_text("\t"); put_number((int64_t)e6);
	put_text("\n");
}

#define ROW(prefix, name, address, units) measure(prefix, #name, kernel_##name, (void *)(address), 0, 0, units, 2)

/* ---- pages ---- */

/* One node in each page, each in another cache set. */
static uint64_t node_offset(uint64_t page) { return page * PAGE + (page * 16 & 0xff0); }

static void make_chain(uint64_t va, uint64_t pages)
{
	for (uint64_t page = 0; page < pages; page++)
		*(volatile uint64_t *)(memory + node_offset(page)) = va + node_offset((page + 1) % pages);
}

/* A jump in each page to the next; the last one returns. */
static void make_code(uint64_t pages)
{
	for (uint64_t page = 0; page < pages; page++) {
		uint32_t distance = PAGE + 16;
		if ((page * 16 & 0xff0) == 0xff0)
			distance -= PAGE;
		uint32_t jump = 0x6f | (distance >> 20 & 1) << 31 | (distance >> 1 & 0x3ff) << 21 | (distance >> 11 & 1) << 20 |
		                (distance >> 12 & 0xff) << 12;
		*(volatile uint32_t *)(memory + node_offset(page)) = page + 1 < pages ? jump : 0x8067;
	}
	__asm__ volatile("fence.i" ::: "memory");
}

static const struct { int pages; const char *name; } sizes[] = {
	{8, "8p"}, {16, "16p"}, {24, "24p"}, {32, "32p"}, {64, "64p"}, {128, "128p"},
};

static void data_pages(const char *prefix, uint64_t va, kernel *run)
{
	for (int i = HOPS > 512 ? 5 : 0; i < 6; i++) {
		make_chain(va, sizes[i].pages);
		measure(prefix, sizes[i].name, run, (void *)va, HOPS, 0, HOPS, 2);
	}
}

static void code_pages(const char *prefix, uint64_t va)
{
	for (int i = 0; i < 5; i++) {
		make_code(sizes[i].pages);
		measure(prefix, sizes[i].name, (kernel *)va, 0, 0, 0, sizes[i].pages, 3);
	}
}

/* ---- VS programs ---- */

static void vs_basic(void)
{
	ROW("vs_", empty, buffer, 0); ROW("vs_", alu_dep, buffer, 3200); ROW("vs_", ld_dep, buffer, 3200);
	ROW("vs_", csrr_sscratch, buffer, 320); ROW("vs_", csrw_sscratch, buffer, 320); ROW("vs_", rdcycle, buffer, 320);
	ROW("vs_", ecall, buffer, 160); ROW("vs_", virt_csr, buffer, 80);
	ROW("vs_", fence_i, buffer, 16);
}

static void vs_ecall_only(void) { ROW("vs_full_", ecall, buffer, 160); }

static void vs_interrupts(void)
{
	csr_write(stvec, vs_irq);
	csr_set(sie, 2);
	csr_set(sstatus, 2);
	ROW("vs_inject_", ecall, buffer, 160);
	csr_clear(sstatus, 2);
}

static void use_table(uint64_t atp)
{
	csr_write(satp, atp);
	__asm__ volatile("sfence.vma" ::: "memory");
}

static void vs_two_stages(void)
{
	use_table(ATP(vs_table[0]));
	ROW("vs39_", ld_dep, buffer, 3200);
	data_pages("vs39_tlb_vs4k_g1g_", VA_G1, kernel_chase8);
	data_pages("vs39_tlb_vs4k_g4k_", VA_4K, kernel_chase8);
	code_pages("vs39_itlb_vs4k_g4k_", VA_4K);
	ROW("vs39_", sfence_all, buffer, 80);
	ROW("vs39_vs1g_g1g_", sfence_all_ld, buffer, 80); ROW("vs39_vs4k_g1g_", sfence_all_ld, VA_G1, 80);
	ROW("vs39_vs4k_g4k_", sfence_all_ld, VA_4K, 80); ROW("vs39_vs4k_g4k_", sfence_va_ld, VA_4K, 80);
	ROW("vs39_vs4k_g4k_", sfence_all_ld2, VA_4K, 80);
	ROW("vs39_", csrw_satp_same, buffer, 80);
	ROW("vs39_", ecall, buffer, 160);
	ROW("vs39_guest_fault_", bad_ld, VA_BAD, 80);
	measure("vs39_", "user_rt", kernel_user_rt, 0, 0, VA_USER - 0x80000000ull, 80, 2);
	use_table(0);
}

/* The VS-stage tables themselves behind 4 KiB G-stage pages. */
static void vs_tables_4k(void)
{
	use_table(ATP(GPA_TABLES));
	data_pages("vs39_tlb_vs4k_g4k_pt4k_", VA_4K, kernel_chase8);
	ROW("vs39_vs4k_g4k_pt4k_", sfence_all_ld, VA_4K, 80);
	use_table(0);
}

static void vs_one_stage(void)
{
	data_pages("vs_tlb_g4k_", GPA_4K, kernel_chase8);
	ROW("vs_gstage_guest_fault_", bad_ld, VA_BAD, 80);
}

/* ---- HS ---- */

static void supervisor(void)
{
	ROW("s_", empty, buffer, 0); ROW("s_", alu_dep, buffer, 3200); ROW("s_", ld_dep, buffer, 3200);
	ROW("s_", csrr_sscratch, buffer, 320); ROW("s_", csrw_sscratch, buffer, 320); ROW("s_", csrr_satp, buffer, 320);
	ROW("s_", csrw_satp_same, buffer, 80); ROW("s_", rdcycle, buffer, 320);
	data_pages("s_tlb_4k_", VA_4K, kernel_chase8);
	code_pages("s_itlb_4k_", VA_4K);
	ROW("s_", sfence_all, buffer, 80); ROW("s_1g_", sfence_all_ld, buffer, 80); ROW("s_4k_", sfence_all_ld, VA_4K, 80);
	ROW("s_4k_", sfence_all_ld2, VA_4K, 80);
	ROW("s_", sfence_va, VA_4K, 80); ROW("s_4k_", sfence_va_ld, VA_4K, 80); ROW("s_", fence_i, buffer, 16);
	ROW("s_sbi_", ecall, buffer, 160);
	csr_write(stvec, s_skip);
	ROW("s_page_fault_", bad_ld, VA_BAD, 80);
	csr_write(stvec, s_trap);
	csr_set(sstatus, 0x20);
	measure("s_", "user_rt", kernel_user_rt, 0, 0, VA_USER - 0x80000000ull, 80, 2);
}

static void hypervisor(void)
{
	csr_write(0x680, ATP(g_root));
	csr_write(0x280, ATP(vs_table[0]));
	csr_write(0x600, 0x100 | 2ull << 32);
	/* hfence.gvma, .vvma */
	__asm__ volatile(".insn r 0x73,0,0x31,x0,x0,x0\n.insn r 0x73,0,0x11,x0,x0,x0" ::: "memory");
	ROW("hs_", csrr_hstatus, buffer, 320); ROW("hs_", csrw_hvip, buffer, 80); ROW("hs_", csrw_hgatp_same, buffer, 80);
	ROW("hs_", csrw_vsatp_same, buffer, 80); ROW("hs_", csrr_vsatp, buffer, 320);
	ROW("hs_", vscsr_save, buffer, 20); ROW("hs_", vscsr_save_restore, buffer, 20);
	ROW("hs_", hfence_gvma, buffer, 80); ROW("hs_", hfence_vvma, buffer, 80);
	ROW("hs_vs1g_g1g_", hlv_d, buffer, 640); ROW("hs_vs4k_g4k_", hlv_d, VA_4K, 640); ROW("hs_", hlv_wu, buffer, 640);
	ROW("hs_", hsv_d, buffer, 640); ROW("hs_vs1g_g1g_", hlv_d_dep, buffer, 640);
	ROW("hs_vs1g_g1g_", hfence_gvma_hlv, buffer, 80); ROW("hs_vs4k_g4k_", hfence_gvma_hlv, VA_4K, 80);
	ROW("hs_vs4k_g4k_", hfence_vvma_hlv, VA_4K, 80); ROW("hs_", hfence_gvma_ld, buffer, 80);
	data_pages("hs_tlb_hlv_vs4k_g4k_", VA_4K, kernel_hchase8);
	csr_write(0x280, 0);
}

static void supervisor_main(void)
{
	csr_write(stvec, s_trap);
	supervisor();
	hypervisor();
	run_guest(vs_basic, h_skip);
	run_guest(vs_ecall_only, h_full);
	csr_set(0x603, 4);
	run_guest(vs_interrupts, h_inject);
	csr_clear(0x603, 4);
	csr_write(0x645, 0);
	run_guest(vs_one_stage, h_skip);
	run_guest(vs_two_stages, h_skip);
	run_guest(vs_tables_4k, h_skip);
	finish(0);
}

static void make_tables(void)
{
	hs_table[0][0] = PTE(0, LEAF);
	hs_table[0][2] = PTE(0x80000000, LEAF);
	hs_table[0][3] = PTE(hs_table[1], POINTER);
	hs_table[0][6] = PTE(0x80000000, USER_LEAF);
	hs_table[1][0] = PTE(hs_table[2], POINTER);
	g_root[0] = PTE(0, USER_LEAF);
	g_root[2] = PTE(0x80000000, USER_LEAF);
	g_root[3] = PTE(g_data[0], POINTER);
	g_data[0][0] = PTE(g_data[1], POINTER);
	g_root[5] = PTE(g_tables[0], POINTER);
	g_tables[0][0] = PTE(g_tables[1], POINTER);
	for (int i = 0; i < 5; i++)
		g_tables[1][i] = PTE(vs_table[i], USER_LEAF);
	/* pointers to VA_4K's levels lead through GPA_TABLES, those to VA_G1's are physical addresses too */
	vs_table[0][0] = PTE(0, LEAF);
	vs_table[0][2] = PTE(0x80000000, LEAF);
	vs_table[0][3] = PTE(GPA_TABLES + 1 * PAGE, POINTER);
	vs_table[0][4] = PTE(vs_table[3], POINTER);
	vs_table[0][6] = PTE(0x80000000, USER_LEAF);
	vs_table[0][8] = PTE(VA_BAD, LEAF);
	vs_table[1][0] = PTE(GPA_TABLES + 2 * PAGE, POINTER);
	vs_table[3][0] = PTE(vs_table[4], POINTER);
	for (int i = 0; i < 128; i++) {
		hs_table[2][i] = PTE(memory + i * PAGE, LEAF);
		g_data[1][i] = PTE(memory + i * PAGE, USER_LEAF);
		vs_table[2][i] = PTE(GPA_4K + i * PAGE, LEAF);
		vs_table[4][i] = PTE(memory + i * PAGE, LEAF);
	}
}

int main(void)
{
	make_tables();
	csr_write(mhpmevent3, 4); /* CVA6's events: data TLB and data cache misses, mispredictions, fetch TLB misses */
	csr_write(mhpmevent4, 2);
	csr_write(mhpmevent5, 10);
	csr_write(mhpmevent6, 3);
	csr_write(medeleg, 0xf0b5ff & ~(1u << 9));
	csr_write(mideleg, 0x222 | 0x444);
	csr_write(mtvec, m_skip);
	csr_write(0x602, 0x1ff);
	csr_write(0x603, 0);
	csr_write(0x606, -1);
	csr_write(satp, ATP(hs_table[0]));
	__asm__ volatile("sfence.vma" ::: "memory");
	csr_write(mepc, supervisor_main);
	csr_clear(mstatus, 0x1800);
	csr_set(mstatus, 0x0800);
	__asm__ volatile("mret");
	return 0;
}
