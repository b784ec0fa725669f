/*
 * What another guest has left: nothing may be found of it, in memory or in the hart, and nothing may be lost of one's
 * own. Two of these take turns on one hart. Each looks first at all that a machine just reset would have cleared; then
 * fills what it can write and looks, turn after turn, whether it finds it again.
 *
 * No register is known by name: every CSR number is tried. `mark=N` (a digit) in the bootargs makes the patterns its own.
 */
#include "rt/rt.h"

const char guest_name[] = "left";

enum { CSRS = 4096, READ_ONLY = 0xc00, TURNS = 4, TURN_TICKS = 50000 };

extern uint8_t __image_end[];

/* ---- any CSR ---- */

/* csrrs a0, csr, x0 or csrrw x0, csr, a0; ret. Patched, so that a number may come from a loop. */
static uint32_t code[2] __attribute__((aligned(8)));

static uint64_t execute(uint32_t instruction, uint64_t value)
{
	register uint64_t a0 __asm__("a0") = value;

	code[0] = instruction;
	code[1] = 0x00008067; /* ret */
	__asm__ volatile("fence rw, rw; fence.i; jalr %1" : "+r"(a0) : "r"(code) : "ra", "memory");
	return a0;
}

static bool read_csr(unsigned number, uint64_t *value)
{
	trap_catch();
	*value = execute(number << 20 | 10 << 7 | 2 << 12 | 0x73, 0);
	return trap_caught().count == 0;
}

static bool write_csr(unsigned number, uint64_t value)
{
	trap_catch();
	execute(number << 20 | 10 << 15 | 1 << 12 | 0x73, value);
	return trap_caught().count == 0;
}

/* What a guest needs to run, and what runs by itself. */
static bool is_in_use(unsigned number)
{
	switch (number) {
	case 0x001: /* fflags and frm: parts of fcsr */
	case 0x002:
	case 0x100: /* sstatus */
	case 0x104: /* sie */
	case 0x105: /* stvec */
	case 0x141: /* sepc */
	case 0x142: /* scause */
	case 0x143: /* stval */
	case 0x144: /* sip */
	case 0x14d: /* stimecmp */
	case 0x180: /* satp */
	case 0xc00: /* cycle */
	case 0xc01: /* time */
	case 0xc02: /* instret */
		return true;
	default:
		return false;
	}
}

/* ---- as after a reset ---- */

/* Before any exception changes them. */
static void check_trap_csrs(void)
{
	CHECK(csr_read(sepc) == 0 && csr_read(scause) == 0 && csr_read(stval) == 0 && csr_read(sscratch) == 0,
	      "sepc %lx scause %lx stval %lx sscratch %lx at the start", csr_read(sepc), csr_read(scause), csr_read(stval),
	      csr_read(sscratch));
}

static void check_csrs(void)
{
	uint64_t value;

	for (unsigned number = 0; number < CSRS; number++)
		if (!is_in_use(number) && number != 0x106 && read_csr(number, &value))
			CHECK(value == 0, "csr %x is %lx at the start", number, value);
	CHECK(csr_read(scounteren) == 7, "scounteren is %lx at the start", csr_read(scounteren));
}

static void check_memory(void)
{
	const uint64_t *end = (const uint64_t *)(platform.memory_base + platform.memory_size);
	const uint64_t *tree = platform.device_tree, *tree_end = tree + platform.device_tree_size / 8 + 1;

	for (const uint64_t *at = (const uint64_t *)platform.memory_base; at < end; at++) {
		bool is_mine = (const uint8_t *)at >= (const uint8_t *)0x80200000 && (const uint8_t *)at < __image_end;

		if (!is_mine && (at < tree || at >= tree_end))
			CHECK(*at == 0, "memory at %lx is %lx at the start", (uint64_t)at, *at);
	}
}

/* ---- floating-point registers ---- */

#define EACH_F(OP) \
	OP(0) OP(1) OP(2) OP(3) OP(4) OP(5) OP(6) OP(7) OP(8) OP(9) OP(10) OP(11) OP(12) OP(13) OP(14) OP(15) \
	OP(16) OP(17) OP(18) OP(19) OP(20) OP(21) OP(22) OP(23) OP(24) OP(25) OP(26) OP(27) OP(28) OP(29) OP(30) OP(31)

static bool has_fp(void)
{
	return (csr_read(sstatus) & SSTATUS_FS) != 0;
}

/* Each is `start` plus its number times `step`. */
static void check_f(uint64_t start, uint64_t step, const char *when)
{
	uint64_t value;
#define CHECK_F(n) \
	__asm__ volatile("fmv.x.d %0, f" #n : "=r"(value)); \
	CHECK(value == start + n * step, "f%u is %lx %s", n, value, when);
	EACH_F(CHECK_F)
}

static void fill_f(uint64_t start, uint64_t step)
{
#define FILL_F(n) __asm__ volatile("fmv.d.x f" #n ", %0" : : "r"(start + n * step));
	EACH_F(FILL_F)
}

/* ---- turns ---- */

static uint64_t found[CSRS];
static bool filled[CSRS];

/* WARL: what it holds after the write is what must be there later. */
static void fill_csrs(uint64_t pattern)
{
	for (unsigned number = 0; number < READ_ONLY; number++)
		filled[number] = !is_in_use(number) && write_csr(number, pattern ^ number) && read_csr(number, &found[number]);
}

static void check_filled(void)
{
	uint64_t value;

	for (unsigned number = 0; number < READ_ONLY; number++)
		if (filled[number] && read_csr(number, &value))
			CHECK(value == found[number], "csr %x is %lx, was %lx a turn ago", number, value, found[number]);
}

/* A reservation is held whenever the turn ends. Whoever has none of his own must not have the other's. */
static void spend_turn(bool reserves)
{
	static uint64_t word __attribute__((aligned(64)));
	uint64_t failed, loaded, end = time_now() + TURN_TICKS;

	__asm__ volatile("sc.d %0, zero, (%1)" : "=r"(failed) : "r"(&word) : "memory");
	while (time_now() < end) {
		if (reserves) {
			__asm__ volatile("lr.d %0, (%1)" : "=r"(loaded) : "r"(&word) : "memory");
			continue;
		}
		__asm__ volatile("sc.d %0, zero, (%1)" : "=r"(failed) : "r"(&word) : "memory");
		CHECK(failed != 0, "an SC succeeded without an LR");
	}
}

static uint64_t mark_of(const char *bootargs)
{
	for (; *bootargs != '\0'; bootargs++)
		if (bootargs[0] == 'm' && bootargs[1] == 'a' && bootargs[4] == '=')
			return (uint64_t)(bootargs[5] - '0');
	return 1;
}

void guest_main(void)
{
	uint64_t mark = mark_of(platform.bootargs), pattern = mark * UINT64_C(0x1111111111111111);

	check_trap_csrs();
	if (has_fp())
		check_f(0, 0, "at the start");
	check_csrs();
	check_memory();
	print("left: nothing was there before\n");
	for (unsigned turn = 0; turn < TURNS; turn++) {
		fill_csrs(pattern + turn);
		if (has_fp())
			fill_f(pattern, turn + mark);
		spend_turn(mark & 1);
		if (has_fp())
			check_f(pattern, turn + mark, "after a turn");
		check_filled();
	}
	print("left: all was there after %u turns\n", TURNS);
}
