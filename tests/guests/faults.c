/*
 * Accesses that are faults of the guest's own, and accesses to devices by every instruction that a hypervisor might
 * not emulate: what each does at each place, a line a kind. A machine and a hypervisor's guest must print the same.
 * Whatever faults must have changed nothing, and have trapped once, with the right stval and sepc.
 *
 * Words of the bootargs add instructions: fp (F and D), more (Zfh, Zcb, Zabha, Zacas).
 * NAME=8 is a byte loaded, or what a store left there; NAME!5 is the cause of the fault.
 */
#include "rt/rt.h"

const char guest_name[] = "faults";

#define PLIC_BASE UINT64_C(0x0c000000)
#define NOTHING UINT64_C(0x18000000) /* where `virt` has nothing */
#define FAR_ADDRESS UINT64_C(0x0100000000000000)

enum { RBR = 0, MCR = 4, SCR = 7, LCR = 3, LCR_8N1 = 0x03, LCR_DLAB = 0x80 };
enum { PRIORITY = 0x28 }; /* of source 10 */

/* ---- one instruction: a0 is the data, a1 the address, a2 what an atomic stores, fa0 as a0 ---- */

/* What a fault of it is reported as, and whether it is about fa0. LR is a load. */
enum kind { LOAD, STORE, FP_LOAD, FP_STORE };

struct instruction {
	const char *name;
	uint32_t word;
	unsigned width; /* bytes */
	enum kind kind;
};

static const struct instruction loads[] = {
	{ "lb", 0x00058503, 1, LOAD },  { "lbu", 0x0005c503, 1, LOAD }, { "lh", 0x00059503, 2, LOAD },  { "lhu", 0x0005d503, 2, LOAD },
	{ "lw", 0x0005a503, 4, LOAD },  { "lwu", 0x0005e503, 4, LOAD }, { "ld", 0x0005b503, 8, LOAD },  { "c.lw", 0x4188, 4, LOAD },
	{ "c.ld", 0x6188, 8, LOAD },    { "", 0, 0, LOAD },
}, stores[] = {
	{ "sb", 0x00a58023, 1, STORE }, { "sh", 0x00a59023, 2, STORE }, { "sw", 0x00a5a023, 4, STORE },
	{ "sd", 0x00a5b023, 8, STORE }, { "c.sw", 0xc188, 4, STORE },   { "c.sd", 0xe188, 8, STORE },
	{ "", 0, 0, LOAD },
}, atomics[] = {
	{ "lr.w", 0x1005a52f, 4, LOAD },		 { "lr.d", 0x1005b52f, 8, LOAD },
	{ "amoswap.w", 0x08c5a52f, 4, STORE },	 { "amoswap.d", 0x08c5b52f, 8, STORE },
	{ "amoadd.w", 0x00c5a52f, 4, STORE },	 { "amoor.d", 0x40c5b52f, 8, STORE },
	{ "amomaxu.w", 0xe0c5a52f, 4, STORE },	 { "", 0, 0, LOAD },
}, fp[] = {
	{ "flw", 0x0005a507, 4, FP_LOAD }, { "fld", 0x0005b507, 8, FP_LOAD },
	{ "c.fld", 0x2188, 8, FP_LOAD },   { "fsw", 0x00a5a027, 4, FP_STORE },
	{ "fsd", 0x00a5b027, 8, FP_STORE },  { "c.fsd", 0xa188, 8, FP_STORE },
	{ "", 0, 0, LOAD },
}, more[] = {
	{ "flh", 0x00059507, 2, FP_LOAD }, { "fsh", 0x00a59027, 2, FP_STORE }, { "c.lbu", 0x8188, 1, LOAD },
	{ "c.lhu", 0x8588, 2, LOAD },		       { "c.lh", 0x85c8, 2, LOAD },		     { "c.sb", 0x8988, 1, STORE },
	{ "c.sh", 0x8d88, 2, STORE },	       { "amoadd.b", 0x00c5852f, 1, STORE },  { "amoxor.h", 0x20c5952f, 2, STORE },
	{ "amocas.w", 0x28c5a52f, 4, STORE },   { "amocas.q", 0x28c5c52f, 16, STORE }, { "", 0, 0, LOAD },
};

#define C_NOP 0x0001u
#define RET 0x00008067u
#define ECALL 0x00000073u

static uint16_t code[2048] __attribute__((aligned(PAGE_SIZE)));

struct outcome {
	struct trap_record trap;
	uint64_t x, f; /* a0 and fa0 */
};

static void put_code(uint16_t *at, uint32_t word, uint32_t end)
{
	at[0] = (uint16_t)word;
	at[1] = (word & 3) == 3 ? (uint16_t)(word >> 16) : C_NOP;
	at[2] = (uint16_t)end;
	at[3] = (uint16_t)(end >> 16);
	__asm__ volatile("fence rw, rw; fence.i" : : : "memory");
}

static bool has_fp;

static bool is_store(const struct instruction *insn)
{
	return insn->kind == STORE || insn->kind == FP_STORE;
}

/* Nothing may come between the registers and the jump: a call would take them. */
static uint64_t jump(uint64_t pc, uint64_t address, uint64_t value)
{
	register uint64_t a0 __asm__("a0") = value;
	register uint64_t a1 __asm__("a1") = address;
	register uint64_t a2 __asm__("a2") = value;
	register uint64_t a3 __asm__("a3") = 0;
	register uint64_t a4 __asm__("a4") = pc;

	__asm__ volatile("jalr a4" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "ra", "a5", "memory");
	return a0;
}

static struct outcome attempt(uint64_t pc, uint64_t address, uint64_t value)
{
	uint64_t x, f = 0;

	trap_catch();
	if (has_fp)
		__asm__ volatile("fmv.d.x fa0, %0" : : "r"(value));
	x = jump(pc, address, value);
	if (has_fp)
		__asm__ volatile("fmv.x.d %0, fa0" : "=r"(f));
	return (struct outcome){ trap_caught(), x, f };
}

/* ---- places ---- */

struct place {
	const char *name;
	uint64_t address;
	uint64_t value;	      /* for stores; its low byte shows where it went */
	uint64_t witness;     /* a word that holds what the place does; 0: nothing does */
	uint8_t witness_size; /* bytes */
};

static uint64_t witness(const struct place *place)
{
	switch (place->witness == 0 ? 0 : place->witness_size) {
	case 1:
		return *(volatile uint8_t *)place->witness;
	case 4:
		return *(volatile uint32_t *)place->witness;
	default:
		return 0;
	}
}

static void reset_witness(const struct place *place, uint64_t value)
{
	if (place->witness_size == 1)
		*(volatile uint8_t *)place->witness = (uint8_t)value;
	else if (place->witness_size == 4)
		*(volatile uint32_t *)place->witness = (uint32_t)value;
}

static char report[256];
static size_t report_length;

static void report_text(const char *text)
{
	while (*text != '\0' && report_length < sizeof(report) - 1)
		report[report_length++] = *text++;
	report[report_length] = '\0';
}

static void report_outcome(const char *name, char sign, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";
	char number[3] = { digits[value >> 4 & 15], digits[value & 15], '\0' };

	report_text(" ");
	report_text(name);
	report_text((char[2]){ sign, '\0' });
	report_text(sign == '!' && value < 16 ? number + 1 : number);
}

/*
 * A hart may refuse every misaligned access by a cause of its own, and stval may be where the access leaves its page.
 * QEMU 7.2 has the causes of loads for atomics, and for stores that find no page table: the text tells which it is.
 */
static uint64_t judge_fault(const struct place *place, const struct instruction *insn, const struct trap_record *trap)
{
	bool misaligned = (place->address & (insn->width - 1)) != 0;
	uint64_t next_page = (place->address | (PAGE_SIZE - 1)) + 1;
	bool at_next = next_page - place->address < insn->width && trap->stval == next_page;
	uint64_t cause = trap->scause, wanted = is_store(insn) ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS;

	CHECK(trap->count == 1, "%s at %s trapped %lu times", insn->name, place->name, trap->count);
	CHECK(trap->sepc == (uintptr_t)code, "%s at %s: sepc %lx", insn->name, place->name, trap->sepc);
	if (cause == CAUSE_ILLEGAL)
		return cause;
	CHECK(trap->stval == place->address || at_next, "%s at %s (%lx): cause %lu, stval %lx", insn->name, place->name,
	      place->address, trap->scause, trap->stval);
	if (misaligned && (cause == CAUSE_LOAD_MISALIGNED || cause == CAUSE_STORE_MISALIGNED))
		cause = wanted;
	CHECK(cause == wanted || cause == CAUSE_LOAD_ACCESS, "%s at %s: cause %lu", insn->name,
	      place->name, trap->scause);
	return cause;
}

/* NaN boxes, and FS: a load makes it dirty. */
static void judge_fp_load(const struct place *place, const struct instruction *insn, uint64_t f)
{
	CHECK(insn->width == 8 || f >> 8 * insn->width == UINT64_MAX >> 8 * insn->width, "%s at %s: fa0 is %lx",
	      insn->name, place->name, f);
	CHECK((csr_read(sstatus) & SSTATUS_FS) == SSTATUS_FS, "%s at %s leaves sstatus %lx", insn->name, place->name,
	      csr_read(sstatus));
}

static void try_instruction(const struct place *place, const struct instruction *insn)
{
	uint64_t before, after;
	struct outcome outcome;

	reset_witness(place, place->value ^ 0x03);
	before = witness(place);
	put_code(code, insn->word, RET);
	outcome = attempt((uintptr_t)code, place->address, place->value);
	after = witness(place);
	if (outcome.trap.count != 0) {
		report_outcome(insn->name, '!', judge_fault(place, insn, &outcome.trap));
		CHECK(after == before, "%s at %s faults and stores", insn->name, place->name);
		CHECK(outcome.x == place->value && (!has_fp || outcome.f == place->value), "%s at %s faults and loads",
		      insn->name, place->name);
	} else if (is_store(insn)) {
		report_outcome(insn->name, '=', after);
	} else {
		CHECK(after == before, "%s at %s stores", insn->name, place->name);
		report_outcome(insn->name, '=', insn->kind == FP_LOAD ? outcome.f : outcome.x);
		if (insn->kind == FP_LOAD)
			judge_fp_load(place, insn, outcome.f);
	}
}

static void try_group(const struct place *place, const char *group, const struct instruction *list)
{
	report_length = 0;
	for (; list->name[0] != '\0'; list++)
		try_instruction(place, list);
	print("faults: %s: %s:%s\n", place->name, group, report);
}

static void try_place(const struct place *place)
{
	try_group(place, "loads", loads);
	try_group(place, "stores", stores);
	try_group(place, "atomics", atomics);
	if (has_fp)
		try_group(place, "fp", fp);
	if (has_word(platform.bootargs, "more"))
		try_group(place, "more", more);
}

static volatile uint8_t *uart(uint64_t offset)
{
	return (volatile uint8_t *)(UART_BASE + offset);
}

/* Of a wide store the upper bytes are what the UART's next registers should hold anyway. The console is silent then. */
static void try_divisor(const struct instruction *list, const char *group)
{
	struct place dll = { "the divisor", UART_BASE, UINT64_C(0x5a00000b83000016), UART_BASE, 1 };

	*uart(LCR) = LCR_8N1 | LCR_DLAB;
	report_length = 0;
	for (; list->name[0] != '\0'; list++) {
		try_instruction(&dll, list);
		*uart(LCR) = LCR_8N1 | LCR_DLAB;
	}
	*uart(0) = 1;
	*uart(1) = 0;
	*uart(LCR) = LCR_8N1;
	print("faults: %s: %s:%s\n", dll.name, group, report);
}

static void try_bare_places(void)
{
	uint64_t end = platform.memory_base + platform.memory_size;
	const struct place places[] = {
		{ "UART scratch", UART_BASE + SCR, UINT64_C(0xa5a5a5a5a5a5a5a5), UART_BASE + SCR, 1 },
		{ "UART modem control", UART_BASE + MCR, UINT64_C(0x5a00000b5a00000b), UART_BASE + MCR, 1 },
		{ "UART, no register", UART_BASE + 8, UINT64_C(0x1122334455667788), UART_BASE + SCR, 1 },
		{ "PLIC priority", PLIC_BASE + PRIORITY, UINT64_C(0x0000000500000005), PLIC_BASE + PRIORITY, 4 },
		{ "PLIC, between two", PLIC_BASE + PRIORITY + 2, 5, PLIC_BASE + PRIORITY, 4 },
		{ "nothing", NOTHING + 0x100, 1, 0, 0 },
		{ "beyond memory", end + 0x10000, 2, 0, 0 },
		{ "across the end of memory", end - 4, UINT64_C(0x7777777766666666), end - 4, 4 },
		{ "far", FAR_ADDRESS, 3, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		try_place(&places[i]);
	try_divisor(loads, "loads");
	try_divisor(stores, "stores");
	if (has_fp)
		try_divisor(fp, "fp");
	*(volatile uint32_t *)(PLIC_BASE + PRIORITY) = 0;
}

/* ---- translated: the window of gigapage 4, the kernel identity mapped ---- */

enum pte_bits { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_A = 64, PTE_D = 128, PTE_ALL = 0xcf };

#define GIB (UINT64_C(1) << 30)
#define WINDOW (4 * GIB)
#define VA(page, offset) (WINDOW + (uint64_t)(page) * PAGE_SIZE + (offset))
#define NO_TABLE_VA (WINDOW + (UINT64_C(1) << 21)) /* its page table is where nothing is */

enum window_page { RAM_1, UART_1, RAM_2, PLIC_1, RAM_3, NOTHING_1, RAM_4, UNMAPPED_1, FAR_1, USER_CODE, UNMAPPED_2, USER_UART, USER_PLIC,
		   USER_NOTHING };

typedef uint64_t table[512] __attribute__((aligned(PAGE_SIZE)));

static table root, directory, pages;
static uint16_t ram[5][2048] __attribute__((aligned(PAGE_SIZE)));

static uint64_t make_pte(uint64_t physical, uint64_t flags)
{
	return physical >> 12 << 10 | flags;
}

static void map_window(void)
{
	root[0] = make_pte(0, PTE_ALL);
	root[2] = make_pte(2 * GIB, PTE_ALL);
	root[4] = make_pte((uintptr_t)directory, PTE_V);
	directory[0] = make_pte((uintptr_t)pages, PTE_V);
	directory[1] = make_pte(NOTHING, PTE_V);
	for (int i = 0; i < 4; i++)
		pages[2 * i] = make_pte((uintptr_t)ram[i], PTE_ALL);
	pages[UART_1] = make_pte(UART_BASE, PTE_ALL);
	pages[PLIC_1] = make_pte(PLIC_BASE, PTE_ALL);
	pages[NOTHING_1] = make_pte(NOTHING, PTE_ALL);
	pages[FAR_1] = make_pte(UINT64_C(1) << 52, PTE_ALL);
	pages[USER_CODE] = make_pte((uintptr_t)ram[4], PTE_ALL | PTE_U);
	pages[USER_UART] = make_pte(UART_BASE, PTE_ALL | PTE_U);
	pages[USER_NOTHING] = make_pte(NOTHING, PTE_ALL | PTE_U);
	pages[USER_PLIC] = make_pte(PLIC_BASE, PTE_ALL | PTE_U);
	csr_write(satp, SATP_SV39 | (uintptr_t)root >> 12);
	__asm__ volatile("sfence.vma" : : : "memory");
}

static void try_translated_places(void)
{
	const struct place places[] = {
		{ "UART by a page table", VA(UART_1, SCR), UINT64_C(0xc3), UART_BASE + SCR, 1 },
		{ "PLIC by a page table", VA(PLIC_1, PRIORITY), 6, PLIC_BASE + PRIORITY, 4 },
		{ "nothing by a page table", VA(NOTHING_1, 0x18), 1, 0, 0 },
		{ "far by a page table", VA(FAR_1, 0x18), 1, 0, 0 },
		{ "no page table", NO_TABLE_VA + 0x5008, 1, 0, 0 },
		{ "across into the UART", VA(UART_1, -4), UINT64_C(0x1111111122222222), VA(UART_1, -4), 4 },
		{ "across into nothing", VA(NOTHING_1, -4), UINT64_C(0x1111111122222222), VA(NOTHING_1, -4), 4 },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		try_place(&places[i]);
	*(volatile uint32_t *)(PLIC_BASE + PRIORITY) = 0;
}

/* ---- fetches ---- */

/* Whatever it is goes back to its caller at once: what comes behind it may be nowhere. */
static volatile bool leaving;
static struct trap_record left;

static bool leave(struct trap_frame *frame)
{
	if (!leaving)
		return false;
	left = (struct trap_record){ left.count + 1, frame->scause, frame->stval, frame->x[0] };
	frame->x[0] = frame->x[1];
	return true;
}

static struct trap_record trap_at(uint64_t pc)
{
	leaving = true;
	left.count = 0;
	jump(pc, 0, 0);
	leaving = false;
	return left;
}

static void demand_fault(const char *what, uint64_t pc, uint64_t cause, uint64_t stval)
{
	struct trap_record trap = trap_at(pc);

	CHECK(trap.count == 1 && trap.scause == cause, "%s: %lu traps, cause %lu", what, trap.count, trap.scause);
	CHECK(trap.sepc == pc, "%s: sepc %lx", what, trap.sepc);
	CHECK(trap.stval == stval || (cause == CAUSE_ILLEGAL && trap.stval == 0), "%s: stval %lx", what, trap.stval);
}

#define ILLEGAL_16 0x0004u /* c.addi4spn with immediate 0: reserved */
#define ILLEGAL_32 0x00000077u
#define RDTIME_A0 0xc0102573u

static void put_at_end(uint16_t *page, uint16_t *next, uint32_t word)
{
	page[PAGE_SIZE / 2 - 1] = (uint16_t)word;
	if (next != NULL)
		put_code(next, word >> 16 | C_NOP << 16, RET);
	__asm__ volatile("fence rw, rw; fence.i" : : : "memory");
}

static void try_fetches(void)
{
	struct trap_record trap = trap_at(NO_TABLE_VA);

	CHECK(trap.count == 1 && trap.sepc == NO_TABLE_VA && trap.stval == NO_TABLE_VA, "no page table: %lu traps, stval %lx",
	      trap.count, trap.stval);
	print("faults: no page table: fetch!%lu\n", trap.scause);
	demand_fault("fetch from a device", VA(UART_1, 0), CAUSE_FETCH_ACCESS, VA(UART_1, 0));
	demand_fault("fetch from nothing", VA(NOTHING_1, 0x20), CAUSE_FETCH_ACCESS, VA(NOTHING_1, 0x20));
	demand_fault("fetch from far", VA(FAR_1, 0x20), CAUSE_FETCH_ACCESS, VA(FAR_1, 0x20));
	put_at_end(ram[0], NULL, RDTIME_A0);
	demand_fault("fetch across into a device", VA(UART_1, -2), CAUSE_FETCH_ACCESS, VA(UART_1, 0));
	put_at_end(ram[2], NULL, RDTIME_A0);
	demand_fault("fetch across into nothing", VA(NOTHING_1, -2), CAUSE_FETCH_ACCESS, VA(NOTHING_1, 0));
	put_at_end(ram[3], NULL, RDTIME_A0);
	demand_fault("fetch across into no page", VA(UNMAPPED_1, -2), CAUSE_FETCH_PAGE, VA(UNMAPPED_1, 0));
	print("faults: fetches from devices, from nothing and across into them: all are the guest's faults\n");
}

/* An illegal instruction is fetched by whoever emulates it: no further than it goes. */
static void try_illegal(uint64_t last, const char *what)
{
	uint16_t *end = (uint16_t *)(platform.memory_base + platform.memory_size);

	put_at_end(ram[0], NULL, ILLEGAL_16);
	put_at_end(ram[2], NULL, ILLEGAL_16);
	put_at_end(ram[3], NULL, ILLEGAL_16);
	if (last == 0) {
		demand_fault("16 bits before a device", VA(UART_1, -2), CAUSE_ILLEGAL, ILLEGAL_16);
		demand_fault("16 bits before nothing", VA(NOTHING_1, -2), CAUSE_ILLEGAL, ILLEGAL_16);
		demand_fault("16 bits before no page", VA(UNMAPPED_1, -2), CAUSE_ILLEGAL, ILLEGAL_16);
	} else {
		end[-1] = ILLEGAL_16;
		__asm__ volatile("fence rw, rw; fence.i" : : : "memory");
		demand_fault("16 bits at the end of memory", last, CAUSE_ILLEGAL, ILLEGAL_16);
	}
	put_at_end(ram[0], ram[1], ILLEGAL_32);
	demand_fault("32 bits across a page", (uintptr_t)&ram[0][PAGE_SIZE / 2 - 1], CAUSE_ILLEGAL, ILLEGAL_32);
	print("faults: illegal instructions at the end of %s: all trap, once\n", what);
}

static void try_time_across_pages(void)
{
	struct outcome outcome;
	uint64_t before = time_now();

	put_at_end(ram[0], ram[1], RDTIME_A0);
	outcome = attempt((uintptr_t)&ram[0][PAGE_SIZE / 2 - 1], 0, 0);
	CHECK(outcome.trap.count == 0 && outcome.x >= before && outcome.x <= time_now(),
	      "rdtime across a page: %lu traps, %lx", outcome.trap.count, outcome.x);
}

/* ---- from U-mode ---- */

struct user_state {
	uint64_t a0, a1;
	struct trap_record trap;
	uint64_t sstatus; /* at the trap */
};

void faults_user(struct user_state *state, uint64_t pc); /* faults_user.S */
void faults_user_return(void);

static struct user_state user;

static bool on_trap(struct trap_frame *frame)
{
	if ((frame->sstatus & SSTATUS_SPP) != 0)
		return leave(frame);
	user.trap = (struct trap_record){ user.trap.count + 1, frame->scause, frame->stval, frame->x[0] };
	user.a0 = frame->x[10];
	user.sstatus = frame->sstatus;
	frame->x[0] = (uintptr_t)faults_user_return;
	frame->sstatus |= SSTATUS_SPP;
	return true;
}

/* At that halfword of the page of user code; returns the trap's cause. */
static uint64_t user_attempt(unsigned at, uint32_t word, uint64_t address, uint64_t value)
{
	if (at == PAGE_SIZE / 2 - 1)
		put_at_end(ram[4], NULL, word);
	else
		put_code(&ram[4][at], word, ECALL);
	user = (struct user_state){ .a0 = value, .a1 = address };
	faults_user(&user, VA(USER_CODE, 2 * at));
	CHECK(user.trap.count == 1, "U-mode came back after %lu traps", user.trap.count);
	return user.trap.scause;
}

#define LBU 0x0005c503u
#define LW 0x0005a503u
#define LD 0x0005b503u
#define SW 0x00a5a023u
#define SSTATUS_UBE (UINT64_C(1) << 6)

/* OpenSBI 1.1 reads instructions in the byte order of the data, and loses SPELP when it passes a trap on. */
static bool below_is_opensbi(void)
{
	return sbi(SBI_BASE, SBI_BASE_IMPL_ID).value == SBI_IMPL_OPENSBI;
}

static void try_user(void)
{
	volatile uint32_t *priority = (volatile uint32_t *)(PLIC_BASE + PRIORITY);
	uint32_t swap = 0;

	for (int big = 0; big < 2; big++) {
		if (big)
			csr_set(sstatus, SSTATUS_UBE);
		if (big && (csr_read(sstatus) & SSTATUS_UBE) == 0)
			break; /* this machine is little-endian */
		swap = big ? 24 : 0;
		*uart(SCR) = 0x3c;
		CHECK(user_attempt(4, LBU, VA(USER_UART, SCR), 0) == CAUSE_ECALL_U && user.a0 == 0x3c,
		      "lbu in U-mode gives %lx, cause %lu", user.a0, user.trap.scause);
		CHECK(user_attempt(4, SW, VA(USER_PLIC, PRIORITY), UINT64_C(5) << swap) == CAUSE_ECALL_U &&
			      *priority == 5, "sw in U-mode stores %x, cause %lu", *priority, user.trap.scause);
		CHECK(user_attempt(4, LW, VA(USER_PLIC, PRIORITY), 0) == CAUSE_ECALL_U && user.a0 == UINT64_C(5) << swap,
		      "lw in U-mode gives %lx, cause %lu", user.a0, user.trap.scause);
		CHECK(user_attempt(4, LD, VA(USER_PLIC, PRIORITY), 7) == CAUSE_LOAD_ACCESS && user.a0 == 7 &&
			      user.trap.stval == VA(USER_PLIC, PRIORITY), "ld in U-mode: cause %lu", user.trap.scause);
		CHECK(user_attempt(PAGE_SIZE / 2 - 1, ILLEGAL_16, 0, 0) == CAUSE_ILLEGAL &&
			      user.trap.sepc == VA(USER_CODE, PAGE_SIZE - 2) &&
			      (user.trap.stval == 0 || user.trap.stval == ILLEGAL_16 || (big && below_is_opensbi())),
		      "illegal in U-mode: cause %lu, stval %lx", user.trap.scause, user.trap.stval);
		CHECK(user_attempt(4, RDTIME_A0, 0, 0) == CAUSE_ECALL_U && user.a0 != 0, "rdtime in U-mode: cause %lu",
		      user.trap.scause);
	}
	csr_clear(sstatus, SSTATUS_UBE);
	*priority = 0;
	print("faults: U-mode reaches devices and faults as S-mode does, in any byte order\n");
}

#define SENVCFG_LPE 4
#define SSTATUS_SPELP (UINT64_C(1) << 23)
#define C_JR_A1 0x8582u
#define CAUSE_SOFTWARE_CHECK 18

/* Jumps of U-mode to what is no landing pad, and to where nothing is. */
static void try_landing_pads(void)
{
	uint64_t target = VA(USER_CODE, 0x40);

	csr_set(0x10a, SENVCFG_LPE);
	if ((csr_read(0x10a) & SENVCFG_LPE) == 0)
		return;
	put_code(&ram[4][0x20], ECALL, ECALL);
	CHECK(user_attempt(4, C_JR_A1, target, 0) == CAUSE_SOFTWARE_CHECK && user.trap.sepc == target &&
		      user.trap.stval == 2, "no landing pad: cause %lu, stval %lx", user.trap.scause, user.trap.stval);
	CHECK(user_attempt(4, C_JR_A1, VA(USER_NOTHING, 0), 0) == CAUSE_FETCH_ACCESS &&
		      ((user.sstatus & SSTATUS_SPELP) != 0 || below_is_opensbi()), "jump into nothing: cause %lu, sstatus %lx", user.trap.scause,
	      user.sstatus);
	csr_clear(0x10a, SENVCFG_LPE);
	csr_clear(sstatus, SSTATUS_SPELP);
	print("faults: U-mode lands on pads\n");
}

void guest_main(void)
{
	uint64_t last = platform.memory_base + platform.memory_size - 2;

	has_fp = has_word(platform.bootargs, "fp");
	this_hart()->on_trap = on_trap;
	try_bare_places();
	try_illegal(last, "memory");
	map_window();
	try_translated_places();
	try_fetches();
	try_illegal(0, "a page");
	try_time_across_pages();
	try_user();
	if (has_word(platform.bootargs, "more"))
		try_landing_pads();
	csr_write(satp, 0);
	__asm__ volatile("sfence.vma" : : : "memory");
}
