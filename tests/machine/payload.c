/*
 * A program of S-mode in the hypervisor's place, above the firmware's machine-mode layer alone: what that layer does for
 * a caller that names memory which is not there, and with instructions that trap to it, on every core it may meet.
 * Linked with the layer's own objects. Prints a line a case; ends with success or failure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "arch/csr.h"
#include "arch/sbi_spec.h"
#include "lib/bits.h"

#define NOTHING UINT64_C(0x18000000) /* where the machine has nothing */
#define FAR UINT64_C(0x0100000000000000)
#define PAGE 4096

struct trap {
	uint64_t count, cause, pc, value;
};

void payload_main(uint64_t memory_end);
void payload_run(uint64_t pc, bool user); /* payload.S: comes back with the first trap, or by ret */
extern struct trap payload_trap;

static struct sbi_result call(uint64_t extension, uint64_t function, uint64_t x0, uint64_t x1, uint64_t x2)
{
	register uint64_t a0 __asm__("a0") = x0;
	register uint64_t a1 __asm__("a1") = x1;
	register uint64_t a2 __asm__("a2") = x2;
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return (struct sbi_result){(int64_t)a0, a1};
}

static void print(const char *text)
{
	uint64_t size = 0;

	while (text[size])
		size++;
	while (size) { /* a call takes a piece */
		uint64_t written = call(SBI_EXT_DBCN, SBI_DBCN_WRITE, size, (uint64_t)text, 0).value;
		text += written;
		size -= written;
	}
}

static _Noreturn void end(bool success)
{
	call(SBI_EXT_SRST, SBI_SRST_SYSTEM_RESET, SBI_SRST_SHUTDOWN, !success, 0);
	for (;;)
		;
}

static void demand(bool good, const char *what)
{
	if (good)
		return;
	print("FAIL ");
	print(what);
	print("\n");
	end(false);
}

static void console(uint64_t memory_end)
{
	char *last = (char *)memory_end - 3;

	for (uint64_t function = SBI_DBCN_WRITE; function <= SBI_DBCN_READ; function++) {
		demand(call(SBI_EXT_DBCN, function, 16, NOTHING, 0).error == SBI_ERR_INVALID_PARAM, "DBCN of nothing");
		demand(call(SBI_EXT_DBCN, function, 16, FAR, 0).error == SBI_ERR_INVALID_PARAM, "DBCN of far");
		demand(call(SBI_EXT_DBCN, function, UINT64_MAX, memory_end, 0).error == SBI_ERR_INVALID_PARAM,
		       "DBCN behind memory");
		demand(call(SBI_EXT_DBCN, function, 0, NOTHING, 0).error == SBI_SUCCESS, "DBCN of no bytes");
	}
	last[0] = 'e', last[1] = 'n', last[2] = 'd';
	struct sbi_result result = call(SBI_EXT_DBCN, SBI_DBCN_WRITE, 100, (uint64_t)last, 0);
	demand(!result.error && result.value == 3, "DBCN across the end of memory");
	print("\nmemory that is not there: refused\n");
}

/* ---- harts that are not there, or do not run ---- */

static void masks(void)
{
	static const uint64_t extensions[] = {SBI_EXT_IPI, SBI_EXT_RFENCE};

	for (unsigned i = 0; i < 2; i++) { /* function 0 of both: SEND_IPI, FENCE_I */
		demand(call(extensions[i], 0, 1, 0, 0).error == SBI_SUCCESS, "a mask of this hart");
		demand(call(extensions[i], 0, 0, UINT64_MAX, 0).error == SBI_SUCCESS, "all harts");
		demand(call(extensions[i], 0, 2, 0, 0).error == SBI_ERR_INVALID_PARAM, "a mask of a hart that is stopped");
		demand(call(extensions[i], 0, 3, 0, 0).error == SBI_ERR_INVALID_PARAM, "a mask with a hart that is stopped");
		demand(call(extensions[i], 0, 1, 70, 0).error == SBI_ERR_INVALID_PARAM, "a mask of a hart that is not there");
	}
	csr_clear(sip, BIT(1));
}

/* ---- instructions that trap to the layer, by pages of their own ---- */

#define PTE_KERNEL 0xcfu /* V R W X A D */
#define PTE_USER 0xdfu
#define GIB (UINT64_C(1) << 30)
#define WINDOW (4 * GIB)

static uint64_t root[512] __attribute__((aligned(PAGE))), directory[512] __attribute__((aligned(PAGE)));
static uint64_t pages[512] __attribute__((aligned(PAGE)));
static uint16_t code[2 * PAGE / 2] __attribute__((aligned(PAGE)));

static uint64_t pte(uint64_t address, uint64_t bits) { return address >> 12 << 10 | bits; }

/* Pages of code: for S-mode 0 and 1, for U-mode 3 and 4; behind each pair is none. */
static void map(void)
{
	root[0] = pte(0, PTE_KERNEL);
	root[2] = pte(2 * GIB, PTE_KERNEL);
	root[4] = pte((uint64_t)directory, 1);
	directory[0] = pte((uint64_t)pages, 1);
	for (unsigned i = 0; i < 2; i++) {
		pages[i] = pte((uint64_t)code + i * PAGE, PTE_KERNEL);
		pages[3 + i] = pte((uint64_t)code + i * PAGE, PTE_USER);
	}
	csr_write(satp, UINT64_C(8) << 60 | (uint64_t)root >> 12);
	__asm__ volatile("sfence.vma" : : : "memory");
}

/* Runs what stands at that halfword of the code, at its end or behind it a ret. */
static struct trap run(unsigned at, uint32_t word, bool user)
{
	code[at] = (uint16_t)word;
	if ((word & 3) == 3)
		code[at + 1] = (uint16_t)(word >> 16);
	if (at + 2 < PAGE)
		code[at + 2] = 0x8082; /* ret; in U-mode it goes where a fetch faults */
	__asm__ volatile("fence.i" : : : "memory");
	payload_trap = (struct trap){0};
	payload_run(WINDOW + (user ? 3 * PAGE : 0) + 2 * at, user);
	return payload_trap;
}

#define ILLEGAL_16 0x0004u
#define ILLEGAL_32 0x00000077u
#define RDTIME_A0 0xc0102573u

static void instructions(bool user)
{
	static const struct {
		unsigned at;
		uint32_t word;
	} illegal[] = {{8, ILLEGAL_16}, {8, ILLEGAL_32}, {PAGE - 1, ILLEGAL_16}, {PAGE - 2, ILLEGAL_32}, {PAGE / 2 - 1, ILLEGAL_32}};
	const uint64_t base = WINDOW + (user ? 3 * PAGE : 0);

	for (unsigned i = 0; i < sizeof illegal / sizeof illegal[0]; i++) {
		struct trap trap = run(illegal[i].at, illegal[i].word, user);
		demand(trap.cause == EXC_ILLEGAL && trap.pc == base + 2 * illegal[i].at, "an illegal instruction's trap");
		demand(!trap.value || trap.value == illegal[i].word, "an illegal instruction's stval");
	}
	/* A time read goes on; in U-mode it is the ret behind it that ends the run. */
	for (unsigned at = 8; at < PAGE; at += PAGE / 2 - 9) {
		struct trap trap = run(at, RDTIME_A0, user);
		demand(user ? trap.count == 1 && trap.cause == EXC_FETCH_PAGE_FAULT : !trap.count, "a read of time");
	}
}

void payload_main(uint64_t memory_end)
{
	console(memory_end);
	masks();
	map();
	instructions(false);
	instructions(true);
	print("illegal instructions at the end of pages, reads of time across them: as the hart would\n");
	end(true);
}
