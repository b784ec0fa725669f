/*
 * VS-stage Sv39, page faults handled by the guest itself: every permission in S- and U-mode against a model,
 * three page sizes, malformed entries, A and D, address spaces, and demand paging with eviction.
 */
#include "rt/rt.h"

const char guest_name[] = "paging";

enum pte_bits {
	PTE_V = 1 << 0,
	PTE_R = 1 << 1,
	PTE_W = 1 << 2,
	PTE_X = 1 << 3,
	PTE_U = 1 << 4,
	PTE_G = 1 << 5,
	PTE_A = 1 << 6,
	PTE_D = 1 << 7,
	PTE_RWX = PTE_R | PTE_W | PTE_X,
	PTE_AD = PTE_A | PTE_D,
};

enum access { LOAD, STORE, FETCH, ACCESSES };

static const char *const access_name[] = { "load", "store", "fetch" };
static const uint64_t fault_of[] = { CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE };

#define GIB (UINT64_C(1) << 30)
#define MIB2 (UINT64_C(1) << 21)
#define KERNEL UINT64_C(0x80000000) /* identity: gigapage 2 */
/* The window: gigapage 4 is a table of 2 MiB entries; its entry 0 a table of 4 KiB pages. */
#define WINDOW (4 * GIB)
#define PAGE_VA(n) (WINDOW + (uint64_t)(n) * PAGE_SIZE)
#define MEGAPAGE_VA (WINDOW + MIB2)
#define ALIAS_VA (6 * GIB) /* a second gigapage onto the kernel */
#define HIGH_VA (-GIB)	   /* a third, in the upper half */
#define CODE_PAGE 511	   /* of the window: the U-mode code */

typedef uint64_t table[512] __attribute__((aligned(PAGE_SIZE)));

static table root, directory, pages;
static table other_root, other_directory, other_pages; /* a second address space */
static uint64_t test_page[2][512] __attribute__((aligned(PAGE_SIZE)));
static uint64_t seen_faults; /* page faults this guest has handled */

static uint64_t make_pte(uint64_t physical, uint64_t flags)
{
	return physical >> 12 << 10 | flags;
}

static void set_pte(volatile uint64_t *entry, uint64_t value)
{
	*entry = value;
	__asm__ volatile("sfence.vma" : : : "memory");
}

/* ---- single accesses, from S-mode and from U-mode ---- */

void user_code(void);	  /* a0 = enum access, a1 = address; ends by ecall */
void user_code_end(void);
void user_enter(uint64_t pc, uint64_t access, uint64_t address, uint64_t *saved_sp);
void user_return(void);

__asm__(".text\n"
	".balign 4\n"
	"user_code:\n"
	"	bnez	a0, 1f\n"
	"	lbu	a2, 0(a1)\n"
	"	ecall\n"
	"1:	addi	a0, a0, -1\n"
	"	bnez	a0, 2f\n"
	"	sb	zero, 16(a1)\n"
	"	ecall\n"
	"2:	jalr	a1\n"
	"	ecall\n"
	"user_code_end:\n"
	"	.balign	4\n"
	"user_enter:\n"
	"	addi	sp, sp, -112\n"
	"	sd	ra, 0(sp)\n"
	"	sd	s0, 8(sp)\n"
	"	sd	s1, 16(sp)\n"
	"	sd	s2, 24(sp)\n"
	"	sd	s3, 32(sp)\n"
	"	sd	s4, 40(sp)\n"
	"	sd	s5, 48(sp)\n"
	"	sd	s6, 56(sp)\n"
	"	sd	s7, 64(sp)\n"
	"	sd	s8, 72(sp)\n"
	"	sd	s9, 80(sp)\n"
	"	sd	s10, 88(sp)\n"
	"	sd	s11, 96(sp)\n"
	"	sd	sp, 0(a3)\n"
	"	csrw	sepc, a0\n"
	"	li	t0, 0x100\n" /* sstatus.SPP */
	"	csrc	sstatus, t0\n"
	"	mv	a0, a1\n"
	"	mv	a1, a2\n"
	"	sret\n"
	/* on_trap comes back here in S-mode, sp as user_enter left it. */
	"user_return:\n"
	"	ld	ra, 0(sp)\n"
	"	ld	s0, 8(sp)\n"
	"	ld	s1, 16(sp)\n"
	"	ld	s2, 24(sp)\n"
	"	ld	s3, 32(sp)\n"
	"	ld	s4, 40(sp)\n"
	"	ld	s5, 48(sp)\n"
	"	ld	s6, 56(sp)\n"
	"	ld	s7, 64(sp)\n"
	"	ld	s8, 72(sp)\n"
	"	ld	s9, 80(sp)\n"
	"	ld	s10, 88(sp)\n"
	"	ld	s11, 96(sp)\n"
	"	addi	sp, sp, 112\n"
	"	ret\n");

static uint64_t user_sp;
static struct trap_record user_trap;

static void supervisor_access(enum access access, uint64_t address)
{
	uint64_t scratch = 0;

	if (access == LOAD)
		__asm__ volatile("lbu %0, 0(%1)" : "=r"(scratch) : "r"(address) : "memory");
	else if (access == STORE)
		__asm__ volatile("sb zero, 16(%0)" : : "r"(address) : "memory");
	else
		__asm__ volatile("jalr %0" : : "r"(address) : "ra", "memory");
}

/* Returns the cause, 0 if the access went through. A wrong stval counts as a failure of its own. */
static uint64_t try_access(enum access access, uint64_t address)
{
	uint64_t expected_stval = address + (access == STORE ? 16 : 0);
	struct trap_record trap;

	trap_catch();
	supervisor_access(access, address);
	trap = trap_caught();
	if (trap.count == 0)
		return 0;
	CHECK(trap.stval == expected_stval, "%s of %lx gives stval %lx", access_name[access], address, trap.stval);
	return trap.scause;
}

static uint64_t try_user_access(enum access access, uint64_t address)
{
	user_trap.count = 0;
	user_enter(PAGE_VA(CODE_PAGE), access, address, &user_sp);
	CHECK(user_trap.count == 1, "U-mode came back after %lu traps", user_trap.count);
	return user_trap.scause == CAUSE_ECALL_U ? 0 : user_trap.scause;
}

static bool from_user(struct trap_frame *frame)
{
	if ((frame->sstatus & SSTATUS_SPP) != 0)
		return false;
	user_trap = (struct trap_record){ user_trap.count + 1, frame->scause, frame->stval, frame->x[0] };
	frame->x[0] = (uintptr_t)user_return;
	frame->sstatus |= SSTATUS_SPP;
	return true;
}

/* ---- A and D: where hardware does not set them, it faults, and we set them ---- */

static uint64_t *leaf_of(uint64_t address)
{
	bool in_window = address >= PAGE_VA(0) && address < PAGE_VA(512);

	return in_window ? &pages[(address - WINDOW) / PAGE_SIZE] : NULL;
}

static bool set_accessed_and_dirty(const struct trap_frame *frame)
{
	uint64_t *entry = leaf_of(frame->stval);
	uint64_t missing;

	if (entry == NULL || (*entry & PTE_V) == 0)
		return false;
	if (frame->scause == CAUSE_STORE_PAGE && (*entry & PTE_W) != 0)
		missing = PTE_A | PTE_D;
	else if (frame->scause == CAUSE_LOAD_PAGE && (*entry & PTE_R) != 0)
		missing = PTE_A;
	else if (frame->scause == CAUSE_FETCH_PAGE && (*entry & PTE_X) != 0)
		missing = PTE_A;
	else
		return false;
	if ((*entry & missing) == missing)
		return false;
	set_pte(entry, *entry | missing);
	return true;
}

/* ---- demand paging: more pages than frames, oldest frame evicted to a backing store ---- */

enum { DEMAND_FIRST = 64, DEMAND_PAGES = 64, FRAMES = 16, TOUCHES = 600, WORDS = 512 };

static uint64_t frames[FRAMES][WORDS] __attribute__((section(".noinit"), aligned(PAGE_SIZE)));
static uint64_t store[DEMAND_PAGES][WORDS] __attribute__((section(".noinit"), aligned(PAGE_SIZE)));
static int frame_owner[FRAMES]; /* page + 1 */
static unsigned next_frame;

static void copy_page(uint64_t *to, const uint64_t *from)
{
	for (int i = 0; i < WORDS; i++)
		to[i] = from[i];
}

static void evict(unsigned frame)
{
	int page = frame_owner[frame] - 1;

	if (page < 0)
		return;
	pages[DEMAND_FIRST + page] = 0;
	__asm__ volatile("sfence.vma %0, zero" : : "r"(PAGE_VA(DEMAND_FIRST + page)) : "memory");
	copy_page(store[page], frames[frame]);
}

static bool demand_page(const struct trap_frame *frame)
{
	uint64_t page = (frame->stval - PAGE_VA(DEMAND_FIRST)) / PAGE_SIZE;
	unsigned slot = next_frame;

	if (frame->stval < PAGE_VA(DEMAND_FIRST) || page >= DEMAND_PAGES)
		return false;
	if ((pages[DEMAND_FIRST + page] & PTE_V) != 0)
		return false;
	next_frame = (next_frame + 1) % FRAMES;
	evict(slot);
	copy_page(frames[slot], store[page]);
	frame_owner[slot] = (int)page + 1;
	set_pte(&pages[DEMAND_FIRST + page], make_pte((uintptr_t)frames[slot], PTE_RWX | PTE_V));
	seen_faults++;
	return true;
}

static bool on_trap(struct trap_frame *frame)
{
	return set_accessed_and_dirty(frame) || demand_page(frame) || from_user(frame);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static uint64_t word_of(uint64_t page, uint64_t word, uint64_t version)
{
	return page * UINT64_C(0x9e3779b97f4a7c15) ^ word << 20 ^ version;
}

static void check_demand_paging(void)
{
	static uint64_t version[DEMAND_PAGES];
	uint64_t random = 42, page, word;

	for (page = 0; page < DEMAND_PAGES; page++)
		for (word = 0; word < WORDS; word++)
			store[page][word] = word_of(page, word, 0);
	for (int i = 0; i < TOUCHES; i++) {
		volatile uint64_t *at;

		page = next_random(&random) % DEMAND_PAGES;
		word = next_random(&random) % WORDS;
		at = (volatile uint64_t *)PAGE_VA(DEMAND_FIRST + page);
		CHECK(at[0] == word_of(page, 0, version[page]), "page %lu lost its first word at touch %d", page, i);
		if (word != 0)
			CHECK(at[word] == word_of(page, word, 0), "page %lu lost word %lu at touch %d", page, word, i);
		if (i % 3 == 0)
			at[0] = word_of(page, 0, ++version[page]);
	}
	CHECK(seen_faults > TOUCHES / 2, "only %lu demand faults", seen_faults);
	print("paging: %d pages over %d frames, touched at random: nothing lost\n", DEMAND_PAGES, FRAMES);
}

/* ---- permissions ---- */

struct mode {
	bool user, sum, mxr;
};

static bool allowed(uint64_t flags, enum access access, struct mode mode)
{
	bool user_page = (flags & PTE_U) != 0;
	bool readable = (flags & PTE_R) != 0 || (mode.mxr && (flags & PTE_X) != 0);

	if ((flags & (PTE_R | PTE_W)) == PTE_W || (flags & PTE_RWX) == 0)
		return false; /* reserved, or a pointer at the last level */
	if (mode.user && !user_page)
		return false;
	if (!mode.user && user_page && (access == FETCH || !mode.sum))
		return false;
	if (access == LOAD)
		return readable;
	return (flags & (access == STORE ? PTE_W : PTE_X)) != 0;
}

static void set_mode(struct mode mode)
{
	csr_clear(sstatus, SSTATUS_SUM | SSTATUS_MXR);
	csr_set(sstatus, (mode.sum ? SSTATUS_SUM : 0) | (mode.mxr ? SSTATUS_MXR : 0));
}

static void check_permission(uint64_t flags, enum access access, struct mode mode)
{
	uint64_t expected = allowed(flags, access, mode) ? 0 : fault_of[access];
	uint64_t cause;

	set_mode(mode);
	cause = mode.user ? try_user_access(access, PAGE_VA(0)) : try_access(access, PAGE_VA(0));
	set_mode((struct mode){ 0 });
	CHECK(cause == expected, "%s, pte flags %lx, user %d sum %d mxr %d: cause %lu, expected %lu",
	      access_name[access], flags, mode.user, mode.sum, mode.mxr, cause, expected);
}

static void check_permissions(void)
{
	for (uint64_t rwxu = 0; rwxu < 16; rwxu++) {
		uint64_t flags = rwxu << 1 | PTE_V | PTE_AD;

		set_pte(&pages[0], make_pte((uintptr_t)test_page[0], flags));
		for (enum access access = LOAD; access < ACCESSES; access++)
			for (unsigned bits = 0; bits < 8; bits++)
				check_permission(flags, access,
						 (struct mode){ (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0 });
	}
	print("paging: R, W, X, U, SUM and MXR hold for loads, stores and fetches in S and U\n");
}

/* ---- malformed entries and addresses ---- */

static void expect_faults(uint64_t address, const char *what)
{
	for (enum access access = LOAD; access < ACCESSES; access++) {
		uint64_t cause = try_access(access, address);

		CHECK(cause == fault_of[access], "%s of %s: cause %lu", access_name[access], what, cause);
	}
}

static void check_malformed(void)
{
	uint64_t good = make_pte((uintptr_t)test_page[0], PTE_RWX | PTE_AD | PTE_V);
	uint64_t to_pages = directory[0];

	set_pte(&pages[0], good & ~(uint64_t)PTE_V);
	expect_faults(PAGE_VA(0), "an invalid page");
	set_pte(&pages[0], make_pte((uintptr_t)pages, PTE_V));
	expect_faults(PAGE_VA(0), "a pointer at the last level");
	set_pte(&pages[0], good);
	CHECK(try_access(LOAD, PAGE_VA(0)) == 0, "a good page faults");

	set_pte(&directory[0], to_pages & ~(uint64_t)PTE_V);
	expect_faults(PAGE_VA(0), "an invalid directory entry");
	set_pte(&directory[0], to_pages | PTE_A);
	expect_faults(PAGE_VA(0), "a pointer with A set");
	set_pte(&directory[0], to_pages | PTE_U);
	expect_faults(PAGE_VA(0), "a pointer with U set");
	set_pte(&directory[0], to_pages);

	set_pte(&directory[1], make_pte(KERNEL + PAGE_SIZE, PTE_RWX | PTE_AD | PTE_V));
	expect_faults(MEGAPAGE_VA, "a misaligned 2 MiB page");
	set_pte(&directory[1], 0);
	set_pte(&root[5], make_pte(KERNEL + MIB2, PTE_RWX | PTE_AD | PTE_V));
	expect_faults(5 * GIB, "a misaligned 1 GiB page");
	set_pte(&root[5], 0);
	expect_faults(5 * GIB, "a hole");
	expect_faults(PAGE_VA(0) | UINT64_C(1) << 39, "an address that is not canonical");
	expect_faults(PAGE_VA(0) | UINT64_C(1) << 63, "a sign bit alone");
	print("paging: malformed entries and addresses fault\n");
}

/* ---- page sizes ---- */

static volatile uint64_t landmark;

static void check_alias(uint64_t base, uint64_t offset, uint64_t value, const char *what)
{
	volatile uint64_t *alias = (volatile uint64_t *)(base + offset);

	landmark = value;
	CHECK(*alias == value, "%s page does not show a store", what);
	*alias = ~value;
	CHECK(landmark == ~value, "%s page does not pass a store on", what);
}

static void check_last_page(void)
{
	uint64_t last = platform.memory_base + platform.memory_size - PAGE_SIZE;
	volatile uint64_t *words = (volatile uint64_t *)PAGE_VA(1);
	uint64_t kept;

	set_pte(&pages[1], make_pte(last, PTE_RWX | PTE_AD | PTE_V));
	kept = words[511];
	words[511] = UINT64_C(0x6c61737420776f72);
	__asm__ volatile("sfence.vma" : : : "memory");
	CHECK(words[511] == UINT64_C(0x6c61737420776f72), "the last page of memory does not hold a word");
	words[511] = kept;
}

static void check_sizes(void)
{
	uint64_t offset = (uintptr_t)&landmark - KERNEL;
	uint64_t flags = PTE_R | PTE_W | PTE_AD | PTE_V;

	set_pte(&pages[2], make_pte((uintptr_t)&landmark & -(uint64_t)PAGE_SIZE, flags));
	check_alias(PAGE_VA(2), offset % PAGE_SIZE, 1, "4 KiB");
	set_pte(&directory[1], make_pte((uintptr_t)&landmark & -MIB2, flags));
	check_alias(MEGAPAGE_VA, offset % MIB2, 2, "2 MiB");
	set_pte(&root[ALIAS_VA / GIB], make_pte(KERNEL, flags));
	check_alias(ALIAS_VA, offset, 3, "1 GiB");
	set_pte(&root[511], make_pte(KERNEL, flags));
	check_alias(HIGH_VA, offset, 4, "upper 1 GiB");
	check_last_page();
	print("paging: 4 KiB, 2 MiB and 1 GiB pages reach the same memory\n");
}

/* A hypervisor that is not told the guest-physical address has to find it through these. */
static void check_devices(void)
{
	enum { SCRATCH = 7 };
	static const uint64_t at[] = { PAGE_VA(7), MEGAPAGE_VA, 5 * GIB + UART_BASE };
	uint64_t flags = PTE_R | PTE_W | PTE_AD | PTE_V;

	set_pte(&pages[7], make_pte(UART_BASE, flags));
	set_pte(&directory[1], make_pte(UART_BASE, flags));
	set_pte(&root[5], make_pte(0, flags));
	for (uint8_t i = 0; i < 3; i++) {
		*(volatile uint8_t *)(at[i] + SCRATCH) = 0xa5 ^ i;
		for (uint8_t j = 0; j < 3; j++)
			CHECK(*(volatile uint8_t *)(at[j] + SCRATCH) == (0xa5 ^ i), "pages %u and %u are not one device", i, j);
	}
	set_pte(&pages[7], 0);
	set_pte(&directory[1], 0);
	set_pte(&root[5], 0);
	print("paging: a device answers through pages of 4 KiB, 2 MiB and 1 GiB\n");
}

/* ---- two address spaces, and pages that move ---- */

static void use_space(uint64_t *table_root, uint64_t asid)
{
	uint64_t satp = SATP_SV39 | asid << 44 | (uintptr_t)table_root >> 12;

	csr_write(satp, satp);
	if (csr_read(satp) != satp || asid == 0)
		__asm__ volatile("sfence.vma" : : : "memory"); /* fewer ASIDs than we asked for */
}

static void check_spaces(void)
{
	volatile uint64_t *at = (volatile uint64_t *)PAGE_VA(3);
	uint64_t flags = PTE_R | PTE_W | PTE_AD | PTE_V;

	other_root[KERNEL / GIB] = root[KERNEL / GIB];
	other_root[WINDOW / GIB] = make_pte((uintptr_t)other_directory, PTE_V);
	other_directory[0] = make_pte((uintptr_t)other_pages, PTE_V);
	other_pages[3] = make_pte((uintptr_t)test_page[1], flags);
	set_pte(&pages[3], make_pte((uintptr_t)test_page[0], flags));
	test_page[0][0] = 0x8082808280828082;
	test_page[1][0] = 1111;
	for (int i = 0; i < 10; i++) {
		use_space(root, 1);
		CHECK(*at == 0x8082808280828082, "space 1 shows space 2's page");
		use_space(other_root, 2);
		CHECK(*at == 1111 + (uint64_t)i, "space 2 shows space 1's page");
		*at = 1112 + (uint64_t)i;
	}
	/* One address of one space fenced: it must show the new page, the other space its old one. */
	other_pages[3] = make_pte((uintptr_t)test_page[0], flags);
	__asm__ volatile("sfence.vma %0, %1" : : "r"(PAGE_VA(3)), "r"(UINT64_C(2)) : "memory");
	CHECK(*at == 0x8082808280828082, "sfence.vma of one page in one space shows the old page");
	use_space(root, 1);
	pages[3] = make_pte((uintptr_t)test_page[1], flags);
	__asm__ volatile("sfence.vma zero, %0" : : "r"(UINT64_C(1)) : "memory");
	CHECK(*at == 1121, "sfence.vma of one space shows the old page");
	use_space(root, 0);
	print("paging: address spaces keep apart, sfence.vma moves pages\n");
}

/* ---- A and D ---- */

static void check_accessed_and_dirty(void)
{
	static const struct {
		enum access access;
		uint64_t expected;
	} cases[] = { { LOAD, PTE_A }, { FETCH, PTE_A }, { STORE, PTE_A | PTE_D } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_pte(&pages[4], make_pte((uintptr_t)test_page[0], PTE_RWX | PTE_V));
		CHECK(try_access(cases[i].access, PAGE_VA(4)) == 0, "%s without A faults for good",
		      access_name[cases[i].access]);
		CHECK((pages[4] & PTE_AD) == cases[i].expected, "%s leaves A and D at %lx",
		      access_name[cases[i].access], pages[4] & PTE_AD);
	}
	set_pte(&pages[4], make_pte((uintptr_t)test_page[0], PTE_R | PTE_X | PTE_V));
	CHECK(try_access(STORE, PAGE_VA(4)) == CAUSE_STORE_PAGE, "store to a read-only page goes through");
	CHECK((pages[4] & PTE_D) == 0, "a store that faulted set D");
	print("paging: A and D follow the accesses\n");
}

/* ---- accesses with two halves ---- */

static uint64_t try_amo(uint64_t address)
{
	struct trap_record trap;

	trap_catch();
	__asm__ volatile("amoadd.d zero, zero, (%0)" : : "r"(address) : "memory");
	trap = trap_caught();
	return trap.count == 0 ? 0 : trap.scause;
}

static uint64_t try_load_reserved(uint64_t address)
{
	struct trap_record trap;

	trap_catch();
	__asm__ volatile("lr.d zero, (%0)" : : "r"(address) : "memory");
	trap = trap_caught();
	return trap.count == 0 ? 0 : trap.scause;
}

static void check_atomics(void)
{
	uint64_t cause;

	set_pte(&pages[0], 0);
	cause = try_amo(PAGE_VA(0));
	/* A store/AMO fault by the spec; QEMU with a single hart does a load and a store, and reports the load. */
	CHECK(cause == CAUSE_STORE_PAGE || cause == CAUSE_LOAD_PAGE, "AMO to no page: cause %lu", cause);
	CHECK(try_load_reserved(PAGE_VA(0)) == CAUSE_LOAD_PAGE, "LR of no page");
	set_pte(&pages[0], make_pte((uintptr_t)test_page[0], PTE_R | PTE_AD | PTE_V));
	CHECK(try_amo(PAGE_VA(0)) == CAUSE_STORE_PAGE, "AMO to a read-only page");
	CHECK(try_load_reserved(PAGE_VA(0)) == 0, "LR of a read-only page");
	set_pte(&pages[0], make_pte((uintptr_t)test_page[0], PTE_R | PTE_W | PTE_AD | PTE_V));
	CHECK(try_amo(PAGE_VA(0)) == 0, "AMO to a writable page");
}

/* A four-byte instruction across two pages: the fault is on the second page, sepc on the first. */
static void check_straddling_fetch(void)
{
	uint16_t *end = (uint16_t *)test_page[1] - 1;
	uint16_t *next = (uint16_t *)test_page[1];
	struct trap_record trap;
	uint64_t start = PAGE_VA(6) - 2, got;

	set_pte(&pages[5], make_pte((uintptr_t)test_page[0], PTE_R | PTE_X | PTE_AD | PTE_V));
	set_pte(&pages[6], 0);
	end[0] = 0x0513; /* li a0, 1234: low half */
	next[0] = 1234 << 4;
	next[1] = 0x8082; /* ret */
	__asm__ volatile("fence.i" : : : "memory");
	trap_catch();
	__asm__ volatile("jalr %0" : : "r"(start) : "ra", "a0", "memory");
	trap = trap_caught();
	CHECK(trap.count == 1 && trap.scause == CAUSE_FETCH_PAGE, "straddling fetch: %lu traps, cause %lu", trap.count,
	      trap.scause);
	CHECK(trap.sepc == start && trap.stval == PAGE_VA(6), "straddling fetch: sepc %lx stval %lx", trap.sepc,
	      trap.stval);
	set_pte(&pages[6], make_pte((uintptr_t)test_page[1], PTE_R | PTE_X | PTE_AD | PTE_V));
	got = ((uint64_t(*)(void))start)();
	CHECK(got == 1234, "an instruction across two pages gives %lu", got);
}

void guest_main(void)
{
	uint64_t code_size = (uintptr_t)user_code_end - (uintptr_t)user_code;
	static uint8_t code[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

	for (uint64_t i = 0; i < code_size; i++)
		code[i] = ((const uint8_t *)user_code)[i];
	test_page[0][0] = UINT64_C(0x8082808280828082); /* ret, four times: loads, stores and calls all work */
	__asm__ volatile("fence.i" : : : "memory");

	root[KERNEL / GIB] = make_pte(KERNEL, PTE_RWX | PTE_AD | PTE_V);
	root[WINDOW / GIB] = make_pte((uintptr_t)directory, PTE_V);
	directory[0] = make_pte((uintptr_t)pages, PTE_V);
	pages[CODE_PAGE] = make_pte((uintptr_t)code, PTE_X | PTE_U | PTE_AD | PTE_V);
	this_hart()->on_trap = on_trap;
	use_space(root, 0);
	CHECK(csr_read(satp) >> 60 == 8, "satp does not take Sv39");
	print("paging: Sv39 is on\n");

	check_permissions();
	check_malformed();
	check_sizes();
	check_devices();
	check_spaces();
	check_accessed_and_dirty();
	check_atomics();
	check_straddling_fetch();
	print("paging: atomics and straddling fetches fault where they should\n");
	check_demand_paging();
}
