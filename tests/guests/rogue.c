/*
 * A guest that misbehaves. Words of its bootargs choose what it does, in the order of this list:
 *
 *   sbi    wild SBI calls: each must be answered by an error, and do nothing
 *   insn   illegal and hypervisor instructions: each must be an illegal-instruction trap of its own
 *   csr    machine, debug and hypervisor CSRs, writes to read-only ones: the same
 *   read write exec    just after the end of its memory: each must be an access fault of its own
 *   far    a load further than any guest-physical address goes: the same
 *   walk   page tables outside its memory, where its trap vector is then too: there is no way out of that
 *   spin   says so and never ends
 *
 * Without bootargs: sbi insn csr read, and walk in a zone, which is stopped then.
 */
#include "rt/rt.h"

const char guest_name[] = "rogue";

#define FAR_ADDRESS UINT64_C(0x0100000000000000)
#define NO_MEMORY_BELOW UINT64_C(0x1000) /* the boot ROM natively, nothing in a zone */

/* Bare under OpenSBI, memory has no end we could run into by right and the H extension may be ours. */
static bool confined;

static uint64_t beyond_memory(void)
{
	return platform.memory_base + platform.memory_size + 0x10000;
}

/* ---- sbi ---- */

static void refuse(const char *what, struct sbi_ret ret)
{
	CHECK(ret.error < 0, "%s: answered %ld", what, ret.error);
}

static void demand(const char *what, struct sbi_ret ret, int64_t error)
{
	CHECK(ret.error == error, "%s: answered %ld, expected %ld", what, ret.error, error);
}

static void wild_console(void)
{
	if (!sbi_has(SBI_DBCN))
		return;
	for (uint64_t function = SBI_DBCN_WRITE; function <= SBI_DBCN_READ; function++) {
		refuse("DBCN beyond memory", sbi(SBI_DBCN, function, 16, beyond_memory(), 0));
		refuse("DBCN below memory", sbi(SBI_DBCN, function, 16, 0, 0));
		refuse("DBCN across the end", sbi(SBI_DBCN, function, 0x100000, beyond_memory() - 0x11000, 0));
		refuse("DBCN round the end of addresses", sbi(SBI_DBCN, function, 4096, (uint64_t)-16, 0));
		refuse("DBCN of everything", sbi(SBI_DBCN, function, UINT64_MAX, platform.memory_base, 0));
		refuse("DBCN in a high half", sbi(SBI_DBCN, function, 16, platform.memory_base, UINT64_MAX));
	}
}

static void wild_hsm(void)
{
	uint64_t self = this_hart()->id;

	demand("hart_start of no hart", sbi(SBI_HSM, SBI_HSM_START, UINT64_MAX, platform.memory_base),
	       SBI_ERR_INVALID_PARAM);
	if (confined) /* OpenSBI 1.1 drops the upper half of a hart id */
		demand("hart_start of a huge hart",
		       sbi(SBI_HSM, SBI_HSM_START, UINT64_C(1) << 32, platform.memory_base), SBI_ERR_INVALID_PARAM);
	demand("hart status of no hart", sbi(SBI_HSM, SBI_HSM_STATUS, UINT64_MAX), SBI_ERR_INVALID_PARAM);
	refuse("hart_suspend of no type", sbi(SBI_HSM, SBI_HSM_SUSPEND, 0x12345678));
	for (uint64_t i = 0; confined && i < platform.harts; i++) {
		uint64_t id = platform.hart_id[i];

		if (id == self)
			continue;
		demand("hart_start beyond memory", sbi(SBI_HSM, SBI_HSM_START, id, beyond_memory()),
		       SBI_ERR_INVALID_ADDRESS);
		demand("hart_start below memory", sbi(SBI_HSM, SBI_HSM_START, id, NO_MEMORY_BELOW),
		       SBI_ERR_INVALID_ADDRESS);
		demand("hart_start far away", sbi(SBI_HSM, SBI_HSM_START, id, FAR_ADDRESS), SBI_ERR_INVALID_ADDRESS);
		CHECK(hart_state(id) == HSM_STOPPED, "a refused hart_start leaves state %ld", hart_state(id));
	}
}

/* Of masks that name harts which are not there, SBI says INVALID_PARAM; OpenSBI forgives them. */
static void wild_masks(void)
{
	static const uint64_t bases[] = { UINT64_C(1) << 40, UINT64_MAX - 1, 4096 };
	static const uint64_t functions[] = { SBI_RFENCE_FENCE_I, SBI_RFENCE_SFENCE_VMA, SBI_RFENCE_SFENCE_VMA_ASID };

	for (size_t i = 0; confined && i < sizeof(bases) / sizeof(bases[0]); i++) {
		demand("send_ipi to a wild base", sbi(SBI_IPI, 0, UINT64_MAX, bases[i]), SBI_ERR_INVALID_PARAM);
		for (size_t f = 0; f < 3; f++)
			demand("remote fence to a wild base", sbi(SBI_RFENCE, functions[f], UINT64_MAX, bases[i]),
			       SBI_ERR_INVALID_PARAM);
	}
	sbi(SBI_IPI, 0, UINT64_MAX, 0);
	csr_clear(sip, IRQ_BIT(IRQ_SOFT));
	for (size_t f = 0; f < 3; f++)
		sbi(SBI_RFENCE, functions[f], 1, this_hart()->id, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	sbi(SBI_RFENCE, SBI_RFENCE_SFENCE_VMA, 1, this_hart()->id, 0, UINT64_MAX);
	sbi(SBI_RFENCE, SBI_RFENCE_SFENCE_VMA, 1, this_hart()->id, beyond_memory(), UINT64_C(1) << 62);
	for (uint64_t function = SBI_RFENCE_HFENCE_GVMA; confined && function < SBI_RFENCE_HFENCE_GVMA + 3; function++)
		refuse("remote hfence of a guest", sbi(SBI_RFENCE, function, 1, this_hart()->id));
}

static void wild_calls(void)
{
	static const uint64_t extensions[] = { SBI_BASE, SBI_TIME, SBI_IPI, SBI_RFENCE, SBI_HSM, SBI_SRST };

	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		demand("unknown function", sbi(extensions[i], SBI_NO_SUCH_FUNCTION), SBI_ERR_NOT_SUPPORTED);
		demand("huge function", sbi(extensions[i], UINT64_MAX), SBI_ERR_NOT_SUPPORTED);
	}
	demand("unknown extension", sbi(SBI_NO_SUCH_EXTENSION, 0), SBI_ERR_NOT_SUPPORTED);
	demand("extension -1", sbi(UINT64_MAX, UINT64_MAX), SBI_ERR_NOT_SUPPORTED);
	demand("extension with a high half", sbi(SBI_BASE | UINT64_C(1) << 32, 0), SBI_ERR_NOT_SUPPORTED);
	refuse("reset of no type", sbi(SBI_SRST, 0, 0x12345678, 0));
	sbi_set_timer(0);
	sbi_set_timer(UINT64_MAX);
	/* The legacy call takes a pointer; whether it is known, refused or faults is the SBI's choice. */
	trap_catch();
	if (confined)
		sbi(SBI_LEGACY_SEND_IPI, 0, beyond_memory());
	trap_caught();
}

static void try_sbi(void)
{
	wild_calls();
	wild_console();
	wild_hsm();
	wild_masks();
	print("rogue: wild SBI calls: all refused\n");
}

/* ---- insn and csr ---- */

static struct trap_record execute(uint32_t instruction)
{
	static uint32_t code[2] __attribute__((aligned(8)));

	code[0] = instruction;
	code[1] = 0x00008067; /* ret */
	__asm__ volatile("fence rw, rw; fence.i" : : : "memory");
	trap_catch();
	__asm__ volatile("li a1, 0; jalr %0" : : "r"(code) : "ra", "a0", "a1", "memory");
	return trap_caught();
}

/* stval is the instruction or 0, as the spec allows. Its length is what skipping it needs. */
static void demand_illegal(const char *what, uint32_t instruction)
{
	struct trap_record trap = execute(instruction);
	uint32_t bits = (instruction & 3) == 3 ? instruction : instruction & 0xffff;

	CHECK(trap.count == 1, "%s: instruction %x trapped %lu times", what, instruction, trap.count);
	CHECK(trap.scause == CAUSE_ILLEGAL, "%s: instruction %x: cause %lu", what, instruction, trap.scause);
	CHECK(trap.stval == 0 || trap.stval == bits, "%s: instruction %x: stval %lx", what, instruction, trap.stval);
}

static void try_instructions(void)
{
	static const struct {
		const char *name;
		uint32_t bits;
	} illegal[] = {
		{ "zeros", 0x00010000 }, /* c.unimp, then c.nop */
		{ "ones", 0xffffffff },
		{ "reserved c.addi4spn", 0x00010004 },
		{ "opcode 0x77", 0x00000077 },
		{ "reserved load width", 0x0000f003 },
		{ "reserved SYSTEM function", 0x00004073 },
		{ "mret", 0x30200073 },
		{ "dret", 0x7b200073 },
	}, hypervisor[] = {
		{ "hlv.b a0, (a1)", 0x6005c573 },
		{ "hlv.wu a0, (a1)", 0x6815c573 },
		{ "hlvx.hu a0, (a1)", 0x6435c573 },
		{ "hlv.d a0, (a1)", 0x6c05c573 },
		{ "hsv.b a0, (a1)", 0x62a5c073 },
		{ "hsv.d a0, (a1)", 0x6ea5c073 },
		{ "hfence.vvma", 0x22000073 },
		{ "hfence.gvma", 0x62000073 },
	};

	for (size_t i = 0; i < sizeof(illegal) / sizeof(illegal[0]); i++)
		demand_illegal(illegal[i].name, illegal[i].bits);
	for (size_t i = 0; confined && i < sizeof(hypervisor) / sizeof(hypervisor[0]); i++)
		demand_illegal(hypervisor[i].name, hypervisor[i].bits);
	print("rogue: illegal and hypervisor instructions: all trapped\n");
}

#define CSRR_A0 UINT32_C(0x00002573) /* csrrs a0, csr, x0 */
#define CSRW_A1 UINT32_C(0x00059073) /* csrrw x0, csr, a1; a1 is 0 */
#define CSR_FIELD(csr) ((uint32_t)(csr) << 20)

static const uint16_t machine_csrs[] = {
	0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, /* mstatus misa medeleg mideleg mie mtvec mcounteren */
	0x30a, 0x320,					 /* menvcfg mcountinhibit */
	0x340, 0x341, 0x342, 0x343, 0x344, 0x34a, 0x34b, /* mscratch mepc mcause mtval mip mtinst mtval2 */
	0x3a0, 0x3a2, 0x3b0, 0x3bf,			 /* pmpcfg0 pmpcfg2 pmpaddr0 pmpaddr15 */
	0x7a0, 0x7a1, 0x7b0, 0x7b1,			 /* tselect tdata1 dcsr dpc */
	0xb00, 0xb02, 0xb03,				 /* mcycle minstret mhpmcounter3 */
	0xf11, 0xf12, 0xf13, 0xf14,			 /* mvendorid marchid mimpid mhartid */
};

static const uint16_t hypervisor_csrs[] = {
	0x600, 0x602, 0x603, 0x604, 0x605, 0x606, 0x607, /* hstatus hedeleg hideleg hie htimedelta hcounteren hgeie */
	0x60a, 0x643, 0x644, 0x645, 0x64a, 0x680, 0xe12, /* henvcfg htval hip hvip htinst hgatp hgeip */
	0x200, 0x204, 0x205, 0x240, 0x241, 0x242, 0x243, /* vsstatus vsie vstvec vsscratch vsepc vscause vstval */
	0x244, 0x280,					 /* vsip vsatp */
};

static const uint16_t absent_csrs[] = { 0x0ff, 0x1ff, 0x5c0, 0x6ff, 0x7ff, 0x9ff, 0xfff };
static const uint16_t read_only_csrs[] = { 0xc00, 0xc01, 0xc02, 0xc1f };

static void demand_no_csr(const char *what, const uint16_t *csrs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		demand_illegal(what, CSRR_A0 | CSR_FIELD(csrs[i]));
		demand_illegal(what, CSRW_A1 | CSR_FIELD(csrs[i]));
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void try_csrs(void)
{
	demand_no_csr("machine or debug CSR", machine_csrs, COUNT(machine_csrs));
	demand_no_csr("CSR that does not exist", absent_csrs, COUNT(absent_csrs));
	if (confined)
		demand_no_csr("hypervisor CSR", hypervisor_csrs, COUNT(hypervisor_csrs));
	for (size_t i = 0; i < COUNT(read_only_csrs); i++)
		demand_illegal("read-only CSR", CSRW_A1 | CSR_FIELD(read_only_csrs[i]));
	print("rogue: CSRs of other modes: all trapped\n");
}

/* ---- outside its memory ---- */

static void demand_access_fault(const char *what, uint64_t cause, uint64_t address)
{
	struct trap_record trap = trap_caught();

	CHECK(trap.count == 1 && trap.scause == cause && trap.stval == address, "%s: %lu traps, cause %lu, stval %lx", what,
	      trap.count, trap.scause, trap.stval);
	print("rogue: %s: a fault of its own\n", what);
}

static void try_read(void)
{
	trap_catch();
	*(volatile uint64_t *)beyond_memory();
	demand_access_fault("reads outside its memory", CAUSE_LOAD_ACCESS, beyond_memory());
}

static void try_write(void)
{
	trap_catch();
	*(volatile uint64_t *)beyond_memory() = 0;
	demand_access_fault("writes outside its memory", CAUSE_STORE_ACCESS, beyond_memory());
}

static void try_exec(void)
{
	trap_catch();
	__asm__ volatile("jalr %0" : : "r"(beyond_memory()) : "ra", "memory");
	demand_access_fault("executes outside its memory", CAUSE_FETCH_ACCESS, beyond_memory());
}

static void try_far(void)
{
	trap_catch();
	*(volatile uint64_t *)FAR_ADDRESS;
	demand_access_fault("reads where no address goes", CAUSE_LOAD_ACCESS, FAR_ADDRESS);
}

/* Nothing after this is meant to run. */
static void try_walk(void)
{
	print("rogue: puts its page tables outside its memory\n");
	trap_catch();
	csr_write(satp, SATP_SV39 | beyond_memory() >> 12);
	__asm__ volatile("sfence.vma" : : : "memory");
	csr_write(satp, 0);
	print("rogue: FAIL still alive\n");
	sbi_shutdown(false);
}

static void spin(void)
{
	print("rogue: spins\n");
	for (;;)
		relax();
}

static const struct {
	const char *word;
	void (*run)(void);
} parts[] = {
	{ "sbi", try_sbi },   { "insn", try_instructions }, { "csr", try_csrs }, { "read", try_read },
	{ "write", try_write }, { "exec", try_exec },	    { "far", try_far },	 { "walk", try_walk },
	{ "spin", spin },
};

void guest_main(void)
{
	const char *plan = platform.bootargs;
	bool known = false;

	confined = sbi(SBI_BASE, SBI_BASE_IMPL_ID).value != SBI_IMPL_OPENSBI;
	if (plan[0] == '\0')
		plan = confined ? "sbi insn csr read walk" : "sbi insn csr read";
	for (size_t i = 0; i < COUNT(parts); i++) {
		if (!has_word(plan, parts[i].word))
			continue;
		known = true;
		parts[i].run();
	}
	CHECK(known, "no word of my bootargs is known: %s", plan);
}
