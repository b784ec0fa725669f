/*
 * Smrnmi: resumable non-maskable interrupts, and what double traps become with them. Run with --isa +smrnmi on two
 * harts and the vectors at INTERRUPT_VECTOR and EXCEPTION_VECTOR; in the variant mtvec without, in the variant double
 * with Smdbltrp too.
 */
#include "rt.h"

enum { CSR_MNSCRATCH = 0x740, CSR_MNEPC = 0x741, CSR_MNCAUSE = 0x742, CSR_MNSTATUS = 0x744 };
enum { INTERRUPT_VECTOR = 0x80700000, EXCEPTION_VECTOR = 0x80700100, NMI = 0x102000, MSI = 3 };
#define LINES(hart) (*(volatile u32 *)((u64)NMI + 4 * (hart)))
#define MSIP(hart) (*(volatile u32 *)(UINT64_C(0x2000000) + 4 * (hart)))
#define MNRET 0x70200073u
#define NMIE BIT(3)
#define MNPV BIT(7)
#define MNPELP BIT(9)
#define MNPP (BIT(11) | BIT(12))
#define STATUS_MDT BIT(42)
#define CAUSE(line) (UINT64_C(1) << 63 | (48 + (line)))
#define ONES (~UINT64_C(0))

/* ---- the handlers: C functions between asm that keeps every register ---- */

struct seen {
	u64 mnepc, mncause, mnstatus, mstatus, vsstatus, mepc, mcause;
};
enum { MOST = 8 };
static struct seen seen[MOST];       /* each RNMI */
static volatile unsigned seen_count;
static struct seen exception;        /* the last exception in a handler */
static volatile unsigned exceptions;
static void (*hook)(unsigned count); /* called in the handler, which has cleared the hart's lines; may be NULL */
char handler_stack[4096] __attribute__((aligned(16)));

static bool has_h(void)
{
	return csrr(CSR_MISA) >> 7 & 1;
}

static struct seen look(void)
{
	return (struct seen){
		.mnepc = csrr(CSR_MNEPC), .mncause = csrr(CSR_MNCAUSE), .mnstatus = csrr(CSR_MNSTATUS),
		.mstatus = csrr(CSR_MSTATUS), .vsstatus = has_h() ? csrr(CSR_VSSTATUS) : 0, .mepc = csrr(CSR_MEPC),
		.mcause = csrr(CSR_MCAUSE),
	};
}

void on_rnmi(void);
void on_rnmi(void)
{
	unsigned count = seen_count;
	if (count < MOST)
		seen[count] = look();
	seen_count = count + 1;
	LINES(csrr(CSR_MHARTID)) = 0;
	if (hook)
		hook(count);
}

/* Goes on after the instruction, which is one of 4 bytes. */
void on_exception(void);
void on_exception(void)
{
	exception = look();
	exceptions++;
	csrw(CSR_MEPC, csrr(CSR_MEPC) + 4);
}

/* Entered with t0 in mnscratch. */
#define HANDLER(name, function, stack, give_back) \
	asm(".text\n.balign 4\n.globl " name "\n" name ":\n" \
	    "la t0, handler_stack + " stack " - 256\n" \
	    ".irp n, 1,2,3,4,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n" \
	    "sd x\\n, 8*\\n(t0)\n.endr\n" \
	    "csrr t1, 0x740\nsd t1, 40(t0)\nmv sp, t0\ncall " function "\n" \
	    "mv t0, sp\n" \
	    ".irp n, 1,2,3,4,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n" \
	    "ld x\\n, 8*\\n(t0)\n.endr\n" \
	    "ld t0, 40(t0)\n.4byte " give_back "\n")
HANDLER("rnmi_entry", "on_rnmi", "2048", "0x70200073");
HANDLER("exception_entry", "on_exception", "4096", "0x30200073");
extern char rnmi_entry[], exception_entry[];

/* csrw mnscratch, t0; auipc t0, 0; ld t0, 12(t0); jr t0; .dword target. */
static void put_stub(u64 at, const char *target)
{
	u32 *word = (u32 *)at;
	word[0] = CSRW(CSR_MNSCRATCH, T0);
	word[1] = T0 << 7 | 0x17;
	word[2] = i_type(0x03, 3, T0, T0, 12);
	word[3] = JALR(ZERO, T0);
	*(u64 *)(word + 4) = (u64)target;
	asm volatile("fence.i" ::: "memory");
}

static void expect_rnmis(void (*what)(unsigned count))
{
	seen_count = 0;
	exceptions = 0;
	hook = what;
}

/* Code under test that raises line `line` itself and goes on. */
static struct trap *raise_in(enum mode mode, unsigned line)
{
	return try(mode, SW, NMI, BIT(line));
}

/* ---- out of reset ---- */

/* What reset() does, as far as needed, without a trap in M-mode: with Smdbltrp that would be the end. */
static void prepare(void)
{
	csrw(CSR_MTVEC, (u64)m_entry);
	csrw(CSR_STVEC, (u64)hs_entry);
	csrw(CSR_PMPADDR0, ONES >> 10);
	csrw(CSR_PMPCFG0, 0x1f);
	csrw(CSR_MEDELEG, DELEGATE_DEFAULT);
}

/* NMIE is 0, so no interrupt is taken, at any level, until software sets it. */
static void out_of_reset(void)
{
	u64 vector = csrr(CSR_MTVEC);
	prepare();
	expect_rnmis(NULL);
	csrw(CSR_MIE, BIT(MSI));
	MSIP(0) = 1;
	LINES(0) = 1;
	CHECK("mnstatus_nmie_disable", finished(try(MODE_U, NOP, 0, 0)) && finished(try(MODE_S, NOP, 0, 0)));
	csrc(CSR_MSTATUS, STATUS_MDT);
	csrs(CSR_MSTATUS, STATUS_MIE);
	asm volatile("nop");
	csrc(CSR_MSTATUS, STATUS_MIE);
	CHECK("mnstatus_nmie_disable", seen_count == 0 && csrr(CSR_MIP) >> MSI & 1);
	/* an exception of a lower mode goes where it always does */
	CHECK("rnmi_exception_nmie0", took(try(MODE_U, 0, 0, 0), LEVEL_S, EXC_ILLEGAL));
	csrw(CSR_MEDELEG, 0);
	CHECK("rnmi_exception_nmie0", took(try(MODE_U, 0, 0, 0), LEVEL_M, EXC_ILLEGAL));
	csrw(CSR_MTVEC, vector);
	csrs(CSR_MNSTATUS, NMIE);
	csrw(CSR_MTVEC, (u64)m_entry);
	CHECK("mnstatus_nmie_enable mnstatus_nmie_set_clear", seen_count == 1 && csrr(CSR_MNSTATUS) & NMIE);
	CHECK("mnstatus_nmie_enable", took(try(MODE_U, NOP, 0, 0), LEVEL_M, IRQ(MSI)));
	MSIP(0) = 0;
}

/* ---- registers ---- */

static void registers(void)
{
	static const unsigned csrs[] = { CSR_MNSCRATCH, CSR_MNEPC, CSR_MNCAUSE, CSR_MNSTATUS };
	static const enum mode modes[] = { MODE_U, MODE_S, MODE_VU, MODE_VS };
	reset();
	for (unsigned i = 0; i < 4; i++) {
		CHECK("Smrnmi_csrs", csr_exists(csrs[i]));
		for (unsigned m = 0; m < 4; m++)
			CHECK("Smrnmi_csrs", took(try(modes[m], CSRR(A0, csrs[i]), 0, 0), LEVEL_S, EXC_ILLEGAL));
	}
	CHECK("mnscratch_sz mnscratch_acc", csr_holds(CSR_MNSCRATCH, ONES) == ONES && csr_holds(CSR_MNSCRATCH, 0) == 0);
	CHECK("mnepc_sz mnepc_acc mnepc_bit0 mnepc_warl MNEPC_WARL mnepc_invalid_convert",
	      csr_holds(CSR_MNEPC, ONES) == ONES - 1 && csr_holds(CSR_MNEPC, 0) == 0 &&
	      csr_holds(CSR_MNEPC, UINT64_C(0x123456789abcdef2)) == UINT64_C(0x123456789abcdef2));
	CHECK("MNCAUSE_WARL", csr_holds(CSR_MNCAUSE, ONES) == ONES && csr_holds(CSR_MNCAUSE, 0) == 0);
	u64 fields = NMIE | MNPP | (has_h() ? MNPV : 0);
	CHECK("mnstatus_reserved MNSTATUS_WARL",
	      (csr_holds(CSR_MNSTATUS, ONES) & ~MNPELP) == fields && csr_holds(CSR_MNSTATUS, ONES & ~(fields | MNPELP)) == NMIE);
	csrw(CSR_MNSTATUS, 0);
	CHECK("mnstatus_nmie_set_clear", csrr(CSR_MNSTATUS) == NMIE);
	csrc(CSR_MNSTATUS, NMIE);
	CHECK("mnstatus_nmie_set_clear", csrr(CSR_MNSTATUS) == NMIE);
	for (u64 mpp = 0; mpp < 4; mpp++) {
		csrw(CSR_MNSTATUS, BIT(11));
		csrw(CSR_MNSTATUS, mpp << 11);
		CHECK("MNSTATUS_WARL mnstatus_mnpp_op", (csrr(CSR_MNSTATUS) & MNPP) >> 11 == (mpp == 2 ? 1 : mpp));
	}
}

/* ---- entry and return ---- */

static void entry_in_every_mode(void)
{
	static const enum mode modes[] = { MODE_M, MODE_S, MODE_U, MODE_VS, MODE_VU };
	reset();
	for (unsigned m = 0; m < (has_h() ? 5 : 3); m++) {
		for (unsigned line = 0; line < 16; line += 5) {
			context("mode, line", modes[m], line);
			csrw(CSR_MEPC, 0x1234);
			csrw(CSR_MCAUSE, 0x77);
			expect_rnmis(NULL);
			struct trap *t = raise_in(modes[m], line);
			const struct seen *s = &seen[0];
			CHECK("rnmi_trap_addr rnmi_enter_mmode rnmi_not_disabled", seen_count == 1);
			CHECK("rnmi_entry mnepc_op", s->mnepc == try_pc(modes[m]) + 4);
			CHECK("rnmi_entry_cause mncause_op mncause_interrupt mncause_interrupt_code", s->mncause == CAUSE(line));
			CHECK("rnmi_entry_priv mnstatus_mnpp_op", (s->mnstatus & MNPP) >> 11 == (modes[m] & 3));
			CHECK("rnmi_entry_priv mnstatus_mnpv_op", !!(s->mnstatus & MNPV) == modes[m] >> 2);
			CHECK("rnmi_entry_nmie_clear", !(s->mnstatus & NMIE));
			CHECK("rnmi_resume mnret_exist", finished(t));
			CHECK("mnret_restore", csrr(CSR_MNSTATUS) & NMIE);
			/* what belongs to ordinary traps is as it was (run() has put the code's address into mepc) */
			CHECK("rnmi_entry", s->mcause == 0x77 && s->mepc == try_pc(modes[m]));
		}
	}
}

static void mnret_below_m(void)
{
	static const enum mode modes[] = { MODE_U, MODE_S, MODE_VU, MODE_VS };
	reset();
	for (unsigned m = 0; m < (has_h() ? 4 : 2); m++)
		CHECK("mnret_mode", took(try(modes[m], MNRET, 0, 0), LEVEL_S, EXC_ILLEGAL));
	CHECK("mnret_mode", csrr(CSR_MNSTATUS) & NMIE);
}

static void set_mprv(unsigned count)
{
	csrs(CSR_MSTATUS, STATUS_MPRV | (count ? 0 : STATUS_MPP));
}

/* To M-mode MPRV stays, below it goes: seen by a second RNMI. */
static void mnret_and_mprv(void)
{
	const u32 twice[] = { SW, NOP, SW };
	u64 x[32] = { [A1] = NMI, [A2] = 1 };
	for (unsigned m = 0; m < 2; m++) {
		reset();
		expect_rnmis(set_mprv);
		try_words(m ? MODE_M : MODE_S, twice, 3, x);
		CHECK("mnret_mprv", seen_count == 2 && !(seen[0].mstatus & STATUS_MPRV) && !!(seen[1].mstatus & STATUS_MPRV) == m);
		csrc(CSR_MSTATUS, STATUS_MPRV);
	}
}

/* ---- while NMIE is 0 ---- */

static struct space space;
static volatile u64 word_read, after_wfi;

static void read_with_mprv(unsigned count)
{
	static const u64 word = 0x5ca1ab1e;
	(void)count;
	csrc(CSR_MSTATUS, STATUS_MPP);
	csrs(CSR_MSTATUS, STATUS_MPRV | (u64)MODE_S << 11);
	word_read = *(const volatile u64 *)&word;
	csrc(CSR_MSTATUS, STATUS_MPRV);
}

/* As S-mode nothing is mapped where the image is. */
static void mprv_is_ignored(void)
{
	reset();
	u64 *root = page_alloc(1);
	space = (struct space){ .root = (u64)root, .levels = 3 };
	csrw(CSR_SATP, space_atp(&space, 0));
	fence_all();
	word_read = 0;
	expect_rnmis(read_with_mprv);
	CHECK("mnstatus_mprv_clear", finished(raise_in(MODE_M, 0)) && word_read == 0x5ca1ab1e && exceptions == 0);
	const u32 words[] = { CSRRS(ZERO, CSR_MSTATUS, A3), LD };
	u64 x[32] = { [A1] = (u64)&word_read, [A3] = STATUS_MPRV | (u64)MODE_S << 11 };
	csrc(CSR_MSTATUS, STATUS_MPP);
	CHECK("mnstatus_mprv_clear", took(try_words(MODE_M, words, 2, x), LEVEL_M, EXC_LOAD_PAGE));
	reset();
}

static void wait_in_handler(unsigned count)
{
	if (count)
		return;
	MSIP(0) = 1;
	asm volatile("wfi");
	MSIP(0) = 0;
	LINES(0) = 2;
	asm volatile("wfi");
	after_wfi = seen_count;
}

/* Neither would ever come to an end otherwise. */
static void waiting(void)
{
	reset();
	csrw(CSR_MIE, BIT(MSI));
	after_wfi = 0;
	expect_rnmis(wait_in_handler);
	CHECK("mnstatus_wfi", finished(raise_in(MODE_M, 0)) && after_wfi == 1);
	CHECK("mnstatus_nmie_disable rnmi_resume", seen_count == 2 && seen[1].mncause == CAUSE(1) && seen[1].mnepc == seen[0].mnepc);
}

__attribute__((noipa)) static void fault_in_handler(unsigned count)
{
	(void)count;
	asm volatile("fault_here: .4byte 0xffffffff");
}
extern char fault_here[];

static void exception_in_handler(void)
{
	reset();
	expect_rnmis(fault_in_handler);
	CHECK("rnmi_exc_trap_addr", finished(raise_in(MODE_U, 3)) && exceptions == 1);
	CHECK("rnmi_exception_nmie0", exception.mcause == EXC_ILLEGAL && exception.mepc == (u64)fault_here &&
	                                      (exception.mstatus & STATUS_MPP) == STATUS_MPP);
	CHECK("rnmi_exception_nmie0", !(exception.mnstatus & NMIE) && exception.mncause == CAUSE(3));
	CHECK("mnscratch_op rnmi_resume", seen_count == 1);
}

/* ---- priority ---- */

static void raise_all(unsigned count)
{
	if (count)
		return;
	csrw(CSR_MIE, BIT(MSI));
	MSIP(0) = 1;
	LINES(0) = BIT(9) | BIT(4);
}

/* Two lines, an interrupt and an exception at one instruction. */
static void priority(void)
{
	const u32 words[] = { SW, 0 };
	u64 x[32] = { [A1] = NMI, [A2] = 1 };
	reset();
	expect_rnmis(raise_all);
	struct trap *t = try_words(MODE_U, words, 1, x);
	CHECK("rnmi_priority", seen_count == 2 && seen[1].mncause == CAUSE(4) && seen[1].mnepc == seen[0].mnepc);
	CHECK("rnmi_priority", took(t, LEVEL_M, IRQ(MSI)) && t->epc == seen[0].mnepc);
	MSIP(0) = 0;
	reset();
	expect_rnmis(NULL);
	t = try_words(MODE_U, (const u32[]){ SW, 0xffffffff }, 2, x);
	CHECK("rnmi_priority", seen_count == 1 && took(t, LEVEL_S, EXC_ILLEGAL) && t->epc == seen[0].mnepc);
}

/* ---- another hart ---- */

static volatile bool is_ready;

static void wait_for_rnmi(u64 unused)
{
	(void)unused;
	csrs(CSR_MNSTATUS, NMIE);
	is_ready = true;
	while (!seen_count)
		;
}

static void other_hart(void)
{
	reset();
	expect_rnmis(NULL);
	CHECK("rnmi_entry", hart_count() == 2);
	hart_start(1, wait_for_rnmi, 0);
	while (!is_ready)
		;
	CHECK("rnmi_entry", LINES(1) == 0);
	LINES(1) = BIT(15);
	hart_wait(1);
	CHECK("rnmi_entry rnmi_not_disabled", seen_count == 1 && seen[0].mncause == CAUSE(15) && LINES(1) == 0);
	CHECK("mnstatus_mnpp_op", (seen[0].mnstatus & MNPP) == MNPP);
}

/* ---- with Smdbltrp ---- */

static void skip_instruction(unsigned count)
{
	(void)count;
	csrw(CSR_MNEPC, csrr(CSR_MNEPC) + 4);
}

/* In the driver MDT is 1: the last trap set it. */
static void double_traps(void)
{
	reset();
	try(MODE_M, NOP, 0, 0);
	CHECK("trap_unexp_rnmi", csrr(CSR_MSTATUS) & STATUS_MDT);
	expect_rnmis(NULL);
	LINES(0) = 1;
	CHECK("trap_unexp_rnmi", seen_count == 1 && seen[0].mncause == CAUSE(0) && csrr(CSR_MSTATUS) & STATUS_MDT);
	csrw(CSR_MCAUSE, 0x77);
	expect_rnmis(skip_instruction);
	asm volatile("double_fault_here: .4byte 0xffffffff");
	extern char double_fault_here[];
	CHECK("trap_unexp_hndl_rnmi Smdbltrp_with_Smrnmi_op trap_unexp_mdt_1 mncause_doubletrap",
	      seen_count == 1 && seen[0].mncause == EXC_ILLEGAL && seen[0].mnepc == (u64)double_fault_here);
	CHECK("trap_unexp_hndl_rnmi", (seen[0].mnstatus & (MNPP | MNPV | NMIE)) == MNPP && csrr(CSR_MCAUSE) == 0x77);
	CHECK("MSTATUS_MDT_CLR_MNRET mnret_restore", csrr(CSR_MSTATUS) & STATUS_MDT && csrr(CSR_MNSTATUS) & NMIE);
	expect_rnmis(NULL);
	raise_in(MODE_M, 2); /* the code under test comes from an mret: MDT is 0 */
	CHECK("mstatus_mdt_not_set_rnmi", seen_count == 1 && !(seen[0].mstatus & STATUS_MDT));
}

static enum mode return_to;

static void change_mode(unsigned count)
{
	if (count) { /* the end is an ecall: no double trap */
		csrc(CSR_MSTATUS, STATUS_MDT);
		return;
	}
	csrs(CSR_MSTATUS, STATUS_MDT | STATUS_SDT);
	if (has_h())
		csrs(CSR_VSSTATUS, STATUS_SDT);
	csrc(CSR_MNSTATUS, MNPP | MNPV);
	csrs(CSR_MNSTATUS, (u64)(return_to & 3) << 11 | (return_to & 4 ? MNPV : 0));
}

static void mnret_and_double_traps(void)
{
	static const struct { enum mode to; bool mdt, sdt, vs_sdt; } rows[] = {
		{ MODE_M, true, true, true }, { MODE_S, false, true, true }, { MODE_U, false, false, true },
		{ MODE_VS, false, false, true }, { MODE_VU, false, false, false },
	};
	const u32 twice[] = { SW, NOP, SW };
	u64 x[32] = { [A1] = NMI, [A2] = 1 };
	for (unsigned i = 0; i < 5; i++) {
		reset();
		csrw(CSR_MENVCFG, ENVCFG_DTE);
		csrw(CSR_HENVCFG, ENVCFG_DTE);
		return_to = rows[i].to;
		expect_rnmis(change_mode);
		try_words(MODE_M, twice, 3, x);
		context("mode", rows[i].to, seen[1].mstatus);
		CHECK("MSTATUS_MDT_CLR_MNRET", seen_count == 2 && !!(seen[1].mstatus & STATUS_MDT) == rows[i].mdt);
		CHECK("sstatus_sdt_clr_mnret", !!(seen[1].mstatus & STATUS_SDT) == rows[i].sdt);
		CHECK("vsstatus_sdt_clr_mnret", !!(seen[1].vsstatus & STATUS_SDT) == rows[i].vs_sdt);
		csrc(CSR_MSTATUS, STATUS_SDT);
	}
}

/* ---- where the vectors are ---- */

static volatile bool by_mtvec;

void on_rnmi_by_mtvec(void);
void on_rnmi_by_mtvec(void)
{
	by_mtvec = true;
	on_rnmi();
}
HANDLER("rnmi_by_mtvec", "on_rnmi_by_mtvec", "2048", "0x70200073");
extern char rnmi_by_mtvec[];

static u32 vectors[2][8] __attribute__((aligned(64)));

static void fault_by_mtvec(unsigned count)
{
	csrw(CSR_MTVEC, (u64)vectors[1]);
	fault_in_handler(count);
}

/* Without addresses of their own, RNMIs go to mtvec.BASE even if that is vectored, exceptions in the handler by
 * mtvec. */
static void vectors_by_mtvec(void)
{
	expect_rnmis(fault_by_mtvec);
	csrw(CSR_MTVEC, (u64)vectors[0] | 1);
	LINES(0) = BIT(6);
	csrw(CSR_MTVEC, (u64)m_entry);
	CHECK("rnmi_trap_addr", seen_count == 1 && seen[0].mncause == CAUSE(6));
	CHECK("rnmi_exc_trap_addr", exceptions == 1 && exception.mepc == (u64)fault_here && exception.mcause == EXC_ILLEGAL);
}

/* What the options of this run say, seen where a first RNMI arrives. */
static void find_vectors(void)
{
	put_stub(INTERRUPT_VECTOR, rnmi_entry);
	put_stub(EXCEPTION_VECTOR, exception_entry);
	put_stub((u64)vectors[0], rnmi_by_mtvec);
	put_stub((u64)vectors[1], exception_entry);
	csrw(CSR_MTVEC, (u64)vectors[0]);
}

int main(void)
{
	CHECK("mnstatus_nmie_reset mnstatus_nmie_rst", !(csrr(CSR_MNSTATUS) & NMIE));
	find_vectors();
	out_of_reset();
	if (by_mtvec) {
		vectors_by_mtvec();
		finish();
	}
	registers();
	entry_in_every_mode();
	mnret_below_m();
	mnret_and_mprv();
	mprv_is_ignored();
	waiting();
	if (csr_holds(CSR_MSTATUS, csrr(CSR_MSTATUS) | STATUS_MDT) & STATUS_MDT) {
		double_traps();
		mnret_and_double_traps();
	} else {
		exception_in_handler();
	}
	priority();
	other_hart();
	finish();
}
