/* Every hart at once: HSM states, atomics, IPIs, remote fences that must have an effect, stop and restart. */
#include "rt/rt.h"

enum {
	ROUNDS = 1000,	 /* of each kind of atomic, per hart */
	GENERATIONS = 8, /* of patched code and of changed mappings */
	NO_SUCH_HART = 4095,
};

const char guest_name[] = "smp";

/* ---- all harts in step ---- */

static uint64_t arrived;
static volatile uint64_t barriers_passed;

static void barrier(void)
{
	uint64_t passed = barriers_passed;

	if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == platform.harts) {
		arrived = 0;
		__atomic_store_n(&barriers_passed, passed + 1, __ATOMIC_RELEASE);
	} else {
		while (__atomic_load_n(&barriers_passed, __ATOMIC_ACQUIRE) == passed)
			relax();
	}
}

static uint64_t boot_id;

static bool is_boot(void)
{
	return this_hart()->id == boot_id;
}

static uint64_t index_of(uint64_t id)
{
	uint64_t index = 0;

	while (platform.hart_id[index] != id)
		index++;
	return index;
}

/* ---- atomics ---- */

static struct {
	uint64_t lrsc_d, amo_d, locked;
	uint32_t lrsc_w, amo_w, neighbour; /* the two words share a doubleword with nobody's help */
	uint64_t or_bits, and_bits, xor_bits;
	uint64_t max, min;
	int64_t signed_max, signed_min;
	uint64_t swapped;
	spinlock lock;
} shared = { .and_bits = UINT64_MAX, .min = UINT64_MAX };

static uint64_t swap_sum; /* of everything amoswap took out */

#define LRSC_ADD(width, address, addend)                                                     \
	do {                                                                                 \
		uint64_t old_, failed_;                                                      \
		__asm__ volatile("1: lr." width ".aq %0, (%2)\n\t"                           \
				 "add %0, %0, %3\n\t"                                        \
				 "sc." width ".rl %1, %0, (%2)\n\t"                          \
				 "bnez %1, 1b"                                               \
				 : "=&r"(old_), "=&r"(failed_)                               \
				 : "r"(address), "r"(addend)                                 \
				 : "memory");                                                \
	} while (0)

static void count(uint64_t index)
{
	uint64_t bit = UINT64_C(1) << index;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		LRSC_ADD("d", &shared.lrsc_d, UINT64_C(0x100000001));
		LRSC_ADD("w", &shared.lrsc_w, 1);
		__atomic_fetch_add(&shared.amo_d, UINT64_C(0x100000001), __ATOMIC_RELAXED);
		__atomic_fetch_add(&shared.amo_w, 1, __ATOMIC_ACQ_REL);
		__atomic_fetch_xor(&shared.xor_bits, bit, __ATOMIC_RELAXED);
		spin_lock(&shared.lock);
		shared.locked++;
		spin_unlock(&shared.lock);
		uint64_t took = __atomic_exchange_n(&shared.swapped, index + 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&swap_sum, took, __ATOMIC_RELAXED);
	}
	__atomic_fetch_or(&shared.or_bits, bit, __ATOMIC_RELAXED);
	__atomic_fetch_and(&shared.and_bits, ~bit, __ATOMIC_RELAXED);
	__asm__ volatile("amomaxu.d zero, %0, (%1)" : : "r"(index), "r"(&shared.max) : "memory");
	__asm__ volatile("amominu.d zero, %0, (%1)" : : "r"(index + 5), "r"(&shared.min) : "memory");
	__asm__ volatile("amomax.d zero, %0, (%1)" : : "r"(index + 1), "r"(&shared.signed_max) : "memory");
	__asm__ volatile("amomin.d zero, %0, (%1)" : : "r"(-index - 1), "r"(&shared.signed_min) : "memory");
}

static void check_counters(void)
{
	uint64_t harts = platform.harts, total = harts * ROUNDS;
	uint64_t all = harts == 64 ? UINT64_MAX : (UINT64_C(1) << harts) - 1;

	CHECK(shared.lrsc_d == total * UINT64_C(0x100000001), "LR/SC lost a count: %lx", shared.lrsc_d);
	CHECK(shared.amo_d == total * UINT64_C(0x100000001), "AMO lost a count: %lx", shared.amo_d);
	CHECK(shared.lrsc_w == total, "LR/SC.W lost a count: %u", shared.lrsc_w);
	CHECK(shared.amo_w == total, "AMO.W lost a count: %u", shared.amo_w);
	CHECK(shared.neighbour == 0, "a word atomic wrote its neighbour: %x", shared.neighbour);
	CHECK(shared.locked == total, "the spinlock let two harts in: %lu", shared.locked);
	CHECK(shared.xor_bits == 0, "amoxor lost a bit: %lx", shared.xor_bits);
	CHECK(shared.or_bits == all, "amoor lost a bit: %lx", shared.or_bits);
	CHECK(shared.and_bits == ~all, "amoand lost a bit: %lx", shared.and_bits);
	CHECK(swap_sum + shared.swapped == harts * (harts + 1) / 2 * ROUNDS, "amoswap lost a value");
	CHECK(shared.max == harts - 1 && shared.min == 5, "amomaxu or amominu is wrong");
	CHECK(shared.signed_max == (int64_t)harts && shared.signed_min == -(int64_t)harts,
	      "amomax or amomin is wrong");
	print("smp: LR/SC, AMO and spinlock counters are exact\n");
}

/* ---- IPIs ---- */

static volatile uint64_t ipis[MAX_HARTS]; /* answered, by hart id */
static volatile bool ring;		  /* an answer sends the next hart one, once round */

static void send_ipi(uint64_t id)
{
	CHECK(sbi(SBI_IPI, 0, 1, id).error == SBI_SUCCESS, "send_ipi to hart %lu refused", id);
}

static bool on_ipi(struct trap_frame *frame)
{
	uint64_t id = this_hart()->id;
	uint64_t next = index_of(id) + 1;

	if (frame->scause != CAUSE_IRQ(IRQ_SOFT))
		return false;
	csr_clear(sip, IRQ_BIT(IRQ_SOFT));
	__atomic_store_n(&ipis[id], ipis[id] + 1, __ATOMIC_RELEASE);
	if (ring && next < platform.harts)
		send_ipi(platform.hart_id[next]);
	return true;
}

static void await_ipis(uint64_t id, uint64_t wanted)
{
	while (__atomic_load_n(&ipis[id], __ATOMIC_ACQUIRE) < wanted)
		relax();
	CHECK(ipis[id] == wanted, "hart %lu answered %lu IPIs of %lu", id, ipis[id], wanted);
}

static void check_ipis(void)
{
	uint64_t base = platform.hart_id[0], mask = 0;

	for (uint64_t i = 0; i < platform.harts; i++) {
		uint64_t id = platform.hart_id[i];

		send_ipi(id);
		await_ipis(id, 1);
		if (id - base < 64)
			mask |= UINT64_C(1) << (id - base);
	}
	CHECK(sbi(SBI_IPI, 0, 0, SBI_ALL_HARTS).error == SBI_SUCCESS, "send_ipi to all refused");
	for (uint64_t i = 0; i < platform.harts; i++)
		await_ipis(platform.hart_id[i], 2);
	CHECK(sbi(SBI_IPI, 0, mask, base).error == SBI_SUCCESS, "send_ipi by mask refused");
	for (uint64_t i = 0; i < platform.harts; i++)
		await_ipis(platform.hart_id[i], 3);
	CHECK(sbi(SBI_IPI, 0, 0, base).error == SBI_SUCCESS, "send_ipi to nobody refused");
	ring = true;
	send_ipi(base);
	for (uint64_t i = 0; i < platform.harts; i++)
		await_ipis(platform.hart_id[i], 4);
	ring = false;
	print("smp: every IPI answered: to each, to all, by mask, round the ring\n");
}

/* ---- remote fences: harts in `generation` must see what the boot hart changed before its fence ---- */

static volatile uint64_t generation, fences_done;
static volatile uint64_t reported[MAX_HARTS];

static void report(uint64_t value)
{
	static volatile uint64_t reports;

	reported[this_hart()->id] = value;
	if (__atomic_add_fetch(&reports, 1, __ATOMIC_ACQ_REL) % platform.harts == 0)
		fences_done = fences_done + 1;
}

/* Every hart but the boot hart: one look each generation. */
static void follow(uint64_t (*look)(void))
{
	uint64_t start = fences_done;

	for (uint64_t seen = 1; seen <= GENERATIONS; seen++) {
		while (__atomic_load_n(&generation, __ATOMIC_ACQUIRE) != start + seen)
			relax();
		report(look());
		while (__atomic_load_n(&fences_done, __ATOMIC_ACQUIRE) != start + seen)
			relax();
	}
}

static void lead(uint64_t (*look)(void), void (*change)(uint64_t value))
{
	for (uint64_t value = 1; value <= GENERATIONS; value++) {
		uint64_t done = fences_done;

		change(value);
		__atomic_store_n(&generation, done + 1, __ATOMIC_RELEASE);
		report(look());
		while (__atomic_load_n(&fences_done, __ATOMIC_ACQUIRE) == done)
			relax();
		for (uint64_t i = 0; i < platform.harts; i++)
			CHECK(reported[platform.hart_id[i]] == value, "hart %lu saw %lu after fence %lu",
			      platform.hart_id[i], reported[platform.hart_id[i]], value);
	}
}

static void fence_all(uint64_t function, uint64_t start, uint64_t size, uint64_t asid)
{
	struct sbi_ret ret = sbi(SBI_RFENCE, function, 0, SBI_ALL_HARTS, start, size, asid);

	CHECK(ret.error == SBI_SUCCESS, "remote fence %lu refused: %ld", function, ret.error);
}

static uint32_t code[2] __attribute__((aligned(64)));

static void patch_code(uint64_t value)
{
	code[0] = 0x00000513 | (uint32_t)value << 20; /* li a0, value */
	code[1] = 0x00008067;			      /* ret */
	__asm__ volatile("fence rw, rw; fence.i" : : : "memory");
	fence_all(SBI_RFENCE_FENCE_I, 0, 0, 0);
}

static uint64_t run_code(void)
{
	return ((uint64_t(*)(void))code)();
}

/* The kernel's gigapage as it is, and one page at WINDOW that moves. */
#define WINDOW UINT64_C(0x100000000)
enum { PTE_VALID = 1, PTE_RW = 6, PTE_RWX = 14, PTE_AD = 0xc0 };

static uint64_t root_table[512] __attribute__((aligned(PAGE_SIZE)));
static uint64_t window_directory[512] __attribute__((aligned(PAGE_SIZE)));
static uint64_t window_table[512] __attribute__((aligned(PAGE_SIZE)));
static uint64_t window_page[GENERATIONS + 1][512] __attribute__((aligned(PAGE_SIZE)));

static uint64_t pte(const void *target, uint64_t flags)
{
	return (uintptr_t)target >> 12 << 10 | flags | PTE_VALID;
}

static void make_tables(void)
{
	root_table[2] = pte((void *)UINT64_C(0x80000000), PTE_RWX | PTE_AD);
	root_table[WINDOW >> 30] = pte(window_directory, 0);
	window_directory[0] = pte(window_table, 0);
	for (uint64_t value = 0; value <= GENERATIONS; value++)
		window_page[value][0] = value;
	window_table[0] = pte(window_page[0], PTE_RW | PTE_AD);
}

static void move_window(uint64_t value)
{
	*(volatile uint64_t *)window_table = pte(window_page[value], PTE_RW | PTE_AD);
	__asm__ volatile("fence rw, rw" : : : "memory");
	if (value % 3 == 0)
		fence_all(SBI_RFENCE_SFENCE_VMA, 0, UINT64_MAX, 0);
	else if (value % 3 == 1)
		fence_all(SBI_RFENCE_SFENCE_VMA, WINDOW, PAGE_SIZE, 0);
	else
		fence_all(SBI_RFENCE_SFENCE_VMA_ASID, WINDOW, PAGE_SIZE, 0);
}

static uint64_t read_window(void)
{
	return *(volatile uint64_t *)WINDOW;
}

static void fences(void)
{
	if (is_boot())
		lead(run_code, patch_code);
	else
		follow(run_code);
	barrier();
	csr_write(satp, SATP_SV39 | (uintptr_t)root_table >> 12);
	__asm__ volatile("sfence.vma" : : : "memory");
	CHECK(read_window() == 0, "the window shows page %lu at first", read_window());
	barrier();
	if (is_boot())
		lead(read_window, move_window);
	else
		follow(read_window);
	barrier();
	csr_write(satp, 0);
	__asm__ volatile("sfence.vma" : : : "memory");
	if (is_boot())
		print("smp: remote fences reach every hart: new code runs, new mappings show\n");
}

/* ---- HSM ---- */

static volatile uint64_t restarted;

static void together(void)
{
	struct hart *hart = this_hart();

	hart->on_trap = on_ipi;
	csr_clear(sip, IRQ_BIT(IRQ_SOFT));
	csr_set(sie, IRQ_BIT(IRQ_SOFT));
	csr_set(sstatus, SSTATUS_SIE);
	barrier();
	count(index_of(hart->id));
	barrier();
	if (is_boot()) {
		check_counters();
		check_ipis();
	}
	barrier();
	fences();
	barrier();
	csr_clear(sstatus, SSTATUS_SIE);
}

static void first_life(uint64_t arg)
{
	CHECK(arg == this_hart()->id + 1, "hart %lu got another hart's argument", this_hart()->id);
	together();
	hart_stop();
}

static void second_life(uint64_t arg)
{
	CHECK(arg == 0, "a restarted hart got argument %lx", arg);
	__atomic_fetch_add(&restarted, 1, __ATOMIC_RELEASE);
	hart_stop();
}

static void start_all(void)
{
	int64_t error;

	for (uint64_t i = 0; i < platform.harts; i++) {
		uint64_t id = platform.hart_id[i];

		if (id == boot_id)
			continue;
		CHECK(hart_state(id) == HSM_STOPPED, "hart %lu is in state %ld before its start", id, hart_state(id));
		error = hart_start(id, first_life, id + 1);
		CHECK(error == SBI_SUCCESS, "hart_start of hart %lu: %ld", id, error);
		hart_await(id, HSM_STARTED);
		error = sbi(SBI_HSM, SBI_HSM_START, id, (uintptr_t)second_life, 0).error;
		CHECK(error == SBI_ERR_ALREADY_AVAILABLE, "second hart_start of hart %lu: %ld", id, error);
	}
	error = sbi(SBI_HSM, SBI_HSM_START, boot_id, (uintptr_t)second_life, 0).error;
	CHECK(error == SBI_ERR_ALREADY_AVAILABLE, "hart_start of the caller: %ld", error);
	error = sbi(SBI_HSM, SBI_HSM_START, NO_SUCH_HART, (uintptr_t)second_life, 0).error;
	CHECK(error == SBI_ERR_INVALID_PARAM, "hart_start of no hart: %ld", error);
	CHECK(hart_state(NO_SUCH_HART) == SBI_ERR_INVALID_PARAM, "status of no hart: %ld", hart_state(NO_SUCH_HART));
	CHECK(hart_state(boot_id) == HSM_STARTED, "the caller is in state %ld", hart_state(boot_id));
	print("smp: every hart started, none twice\n");
}

static void await_all_stopped(void)
{
	for (uint64_t i = 0; i < platform.harts; i++)
		if (platform.hart_id[i] != boot_id)
			hart_await(platform.hart_id[i], HSM_STOPPED);
}

static void restart_all(void)
{
	await_all_stopped();
	for (uint64_t i = 0; i < platform.harts; i++) {
		uint64_t id = platform.hart_id[i];

		if (id != boot_id)
			CHECK(hart_start(id, second_life, 0) == SBI_SUCCESS, "restart of hart %lu refused", id);
	}
	while (__atomic_load_n(&restarted, __ATOMIC_ACQUIRE) != platform.harts - 1)
		relax();
	await_all_stopped();
	print("smp: every hart stopped itself, started again and stopped\n");
}

void guest_main(void)
{
	boot_id = this_hart()->id;
	make_tables();
	start_all();
	together();
	restart_all();
}
