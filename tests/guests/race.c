/*
 * Accesses to a device while another hart rewrites the instruction and the page tables that lead there: each does what
 * one of the two versions says, and never anything else. With one hart there is no race, and the text is the same.
 */
#include "rt/rt.h"

const char guest_name[] = "race";

#define PRIORITY UINT64_C(0x0c000028) /* of the PLIC's source 10 */
#define GIB (UINT64_C(1) << 30)
#define WINDOW (4 * GIB)
#define PAGE_OFFSET (PRIORITY % PAGE_SIZE)

enum { DEVICE_VALUE = 5, RAM_VALUE = 0x1234, OTHER_VALUE = 7, OLD_VALUE = 99, ROUNDS = 3000 };

#define PTE_ALL 0xcfu
#define RET 0x00008067u
/* Instructions are fetched by halves: those that follow each other differ in one. */
#define LW_A0_A1 0x0005a503u
#define MV_A0_A0 0x00050513u
#define LW_A0_A3 0x0006a503u
#define SW_A0_A1 0x00a5a023u
#define SW_A0_A3 0x00a6a023u

typedef uint64_t table[512] __attribute__((aligned(PAGE_SIZE)));

static table root, directory, pages;
static uint32_t ram[PAGE_SIZE / 4] __attribute__((aligned(PAGE_SIZE)));
static volatile uint32_t code[2] __attribute__((aligned(16)));
static uint32_t stored;

/* What the other hart writes in turn. */
static volatile uint32_t *what_word;
static volatile uint64_t *what_entry;
static volatile uint64_t versions[2];
static volatile bool over;
static volatile uint64_t writers;

static uint64_t make_pte(uint64_t physical, uint64_t flags)
{
	return physical >> 12 << 10 | flags;
}

static void map(void)
{
	root[0] = make_pte(0, PTE_ALL);
	root[2] = make_pte(2 * GIB, PTE_ALL);
	root[4] = make_pte((uintptr_t)directory, 1);
	directory[0] = make_pte((uintptr_t)pages, 1);
	pages[0] = make_pte(PRIORITY, PTE_ALL);
	csr_write(satp, SATP_SV39 | (uintptr_t)root >> 12);
	__asm__ volatile("sfence.vma" : : : "memory");
}

static void rewrite(uint64_t arg)
{
	(void)arg;
	for (unsigned turn = 0; !over; turn++) {
		if (what_entry != NULL)
			*what_entry = versions[turn % 2];
		else
			*what_word = (uint32_t)versions[turn % 2];
		for (unsigned wait = 0; wait < turn % 97; wait++)
			relax();
	}
	__atomic_fetch_sub(&writers, 1, __ATOMIC_RELEASE);
}

static uint64_t run(uint64_t a0, uint64_t address, uint64_t other)
{
	register uint64_t x10 __asm__("a0") = a0;
	register uint64_t x11 __asm__("a1") = address;
	register uint64_t x13 __asm__("a3") = other;

	__asm__ volatile("fence.i; jalr %3" : "+r"(x10) : "r"(x11), "r"(x13), "r"(code) : "ra", "memory");
	return x10;
}

static void begin(volatile uint32_t *word, volatile uint64_t *entry, uint64_t first, uint64_t second)
{
	what_word = word;
	what_entry = entry;
	versions[0] = first;
	versions[1] = second;
	over = false;
	if (entry != NULL)
		*entry = first;
	else
		*word = (uint32_t)first;
	for (uint64_t i = 0; i < platform.harts && writers == 0; i++) {
		if (platform.hart_id[i] == this_hart()->id)
			continue;
		hart_await(platform.hart_id[i], HSM_STOPPED);
		writers = 1;
		CHECK(hart_start(platform.hart_id[i], rewrite, 0) == SBI_SUCCESS, "hart_start refused");
	}
}

static void finish(void)
{
	over = true;
	while (__atomic_load_n(&writers, __ATOMIC_ACQUIRE) != 0)
		relax();
}

static void loads(const char *what, uint64_t other_value, uint64_t address)
{
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t value = run(OLD_VALUE, address, (uintptr_t)&stored);

		CHECK(value == DEVICE_VALUE || value == other_value, "%s: a load gives %lx", what, value);
		__asm__ volatile("sfence.vma" : : : "memory");
	}
	finish();
	print("race: %s: every load is one or the other\n", what);
}

void guest_main(void)
{
	volatile uint32_t *priority = (volatile uint32_t *)PRIORITY;

	ram[PAGE_OFFSET / 4] = RAM_VALUE;
	code[1] = RET;
	*priority = DEVICE_VALUE;

	begin(&code[0], NULL, LW_A0_A1, MV_A0_A0);
	loads("the instruction becomes another kind", OLD_VALUE, PRIORITY);

	stored = OTHER_VALUE;
	begin(&code[0], NULL, LW_A0_A1, LW_A0_A3);
	loads("the instruction gets another address", OTHER_VALUE, PRIORITY);

	map();
	code[0] = LW_A0_A1;
	begin(NULL, &pages[0], make_pte(PRIORITY, PTE_ALL), make_pte((uintptr_t)ram, PTE_ALL));
	loads("the page becomes memory", RAM_VALUE, WINDOW + PAGE_OFFSET);

	pages[0] = make_pte(PRIORITY, PTE_ALL);
	__asm__ volatile("sfence.vma" : : : "memory");
	begin(&code[0], NULL, SW_A0_A1, SW_A0_A3);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t value = (uint32_t)i & 7;

		*priority = DEVICE_VALUE;
		stored = DEVICE_VALUE;
		run(value, WINDOW + PAGE_OFFSET, (uintptr_t)&stored);
		CHECK((*priority == value && stored == DEVICE_VALUE) || (*priority == DEVICE_VALUE && stored == value),
		      "a store of %x leaves %x and %x", value, *priority, stored);
	}
	finish();
	print("race: a store gets another address: every one goes to one of them\n");
	*priority = 0;
	csr_write(satp, 0);
	__asm__ volatile("sfence.vma" : : : "memory");
}
