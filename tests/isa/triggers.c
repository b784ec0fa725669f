/*
 * Sdtrig beyond addresses: triggers that count instructions and that wait for traps. No "norm:" tags there: the names
 * are registers of the RISC-V Debug Specification.
 */
#include "rt.h"

enum { CSR_TSELECT = 0x7a0, CSR_TDATA1 = 0x7a1, CSR_TDATA2 = 0x7a2, CSR_TDATA3 = 0x7a3, SSI = 1, TRIGGERS = 8 };
#define TYPE(n) ((u64)(n) << 60)
#define ICOUNT(n) (TYPE(3) | (u64)(n) << 10)
#define ICOUNT_PENDING BIT(8)
#define ICOUNT_HIT BIT(24)
#define ITRIGGER TYPE(4)
#define ETRIGGER TYPE(5)
#define TRAP_HIT BIT(58)
#define NO_BREAK (DELEGATE_DEFAULT & ~BIT(EXC_BREAK))

static const enum mode modes[] = { MODE_S, MODE_U, MODE_VS, MODE_VU };
static const u64 icount_modes[] = { BIT(7), BIT(6), BIT(26), BIT(25) };
static const u64 trap_modes[] = { BIT(7), BIT(6), BIT(12), BIT(11) };
static const u32 adding[] = { ADDI(A0, A0, 1), ADDI(A0, A0, 1), ADDI(A0, A0, 1), ADDI(A0, A0, 1), ADDI(A0, A0, 1) };

static void set(unsigned index, u64 tdata1, u64 tdata2)
{
	csrw(CSR_TSELECT, index);
	csrw(CSR_TDATA2, tdata2);
	csrw(CSR_TDATA3, 0);
	csrw(CSR_TDATA1, tdata1);
}

static u64 tdata1(unsigned index)
{
	csrw(CSR_TSELECT, index);
	return csrr(CSR_TDATA1);
}

/* Breakpoints go to M-mode, everything else where it always does. */
static void begin(void)
{
	reset();
	delegate(NO_BREAK, 0);
	for (unsigned i = 0; i < TRIGGERS; i++)
		set(i, 0, 0);
}

/* The nth instruction of a piece of code stops it before the next. */
static void counting(void)
{
	for (unsigned m = 0; m < 4; m++)
		for (unsigned n = 1; n <= 5; n++) {
			context("mode, count", modes[m], n);
			begin();
			set(2, ICOUNT(n) | icount_modes[m], 0);
			struct trap *t = try_words(modes[m], adding, 5, NULL);
			CHECK("sdtrig_icount", took(t, LEVEL_M, EXC_BREAK) && t->epc == try_pc(modes[m]) + 4 * n && t->x[A0] == n);
			CHECK("sdtrig_icount", t->tval == t->epc && !!(t->mstatus & STATUS_GVA) == modes[m] >> 2);
			CHECK("sdtrig_icount_hit", tdata1(2) == (ICOUNT(0) | ICOUNT_HIT | icount_modes[m]));
			/* it is over */
			CHECK("sdtrig_icount", finished(try_words(modes[m], adding, 5, NULL)));
		}
}

static void counting_in_other_modes(void)
{
	for (unsigned m = 0; m < 4; m++)
		for (unsigned other = 0; other < 4; other++) {
			if (m == other)
				continue;
			begin();
			set(0, ICOUNT(1) | icount_modes[other], 0);
			CHECK("sdtrig_icount_modes", finished(try_words(modes[m], adding, 5, NULL)) &&
			                                     tdata1(0) == (ICOUNT(1) | icount_modes[other]));
		}
}

/* A trap ends an instruction too; what is due then waits for the mode. */
static void counting_traps(void)
{
	begin();
	set(7, ICOUNT(2) | icount_modes[1], 0);
	struct trap *t = try_words(MODE_U, (const u32[]){ NOP, 0xffffffff }, 2, NULL);
	CHECK("sdtrig_icount_trap", took(t, LEVEL_S, EXC_ILLEGAL));
	CHECK("sdtrig_icount_pending", tdata1(7) == (ICOUNT(0) | ICOUNT_PENDING | icount_modes[1]));
	CHECK("sdtrig_icount_pending", finished(try(MODE_S, NOP, 0, 0)));
	t = try(MODE_U, NOP, 0, 0);
	CHECK("sdtrig_icount_pending", took(t, LEVEL_M, EXC_BREAK) && t->epc == try_pc(MODE_U));
	CHECK("sdtrig_icount_pending", !(tdata1(7) & ICOUNT_PENDING) && tdata1(7) & ICOUNT_HIT);
	/* so does an interrupt, which comes before the first instruction */
	begin();
	set(0, ICOUNT(2) | icount_modes[1], 0);
	csrw(CSR_MIE, BIT(SSI)), csrw(CSR_MIP, BIT(SSI));
	CHECK("sdtrig_icount_trap", took(try(MODE_U, NOP, 0, 0), LEVEL_S, IRQ(SSI)) && tdata1(0) == (ICOUNT(1) | icount_modes[1]));
	csrw(CSR_MIP, 0);
}

/* In M-mode only with interrupts enabled there. What reads the count has not been counted; what writes it, neither. */
static void counting_in_m_mode(void)
{
	const u32 words[] = { CSRRSI(ZERO, CSR_MSTATUS, 8), NOP, CSRR(A0, CSR_TDATA1), CSRW(CSR_TDATA1, A2), NOP, NOP, NOP };
	u64 x[32] = { [A2] = ICOUNT(2) | BIT(9) };
	begin();
	set(0, ICOUNT(100) | BIT(9), 0);
	struct trap *t = try_words(MODE_M, words, 7, x);
	CHECK("sdtrig_icount_m", took(t, LEVEL_M, EXC_BREAK) && t->epc == try_pc(MODE_M) + 4 * 6);
	CHECK("sdtrig_icount_read", t->x[A0] == (ICOUNT(99) | BIT(9)));
	csrc(CSR_MSTATUS, STATUS_MIE);
	set(0, ICOUNT(1) | BIT(9), 0);
	CHECK("sdtrig_icount_m", finished(try(MODE_M, NOP, 0, 0)));
}

/* ---- traps ---- */

static void exceptions(void)
{
	for (unsigned m = 0; m < 4; m++)
		for (unsigned other = 0; other < 4; other++)
			for (unsigned cause = EXC_FETCH_ACCESS; cause <= EXC_BREAK; cause++) {
				bool fires = m == other && cause == EXC_ILLEGAL;
				context("mode, trigger's", modes[m], other * 16 + cause);
				begin();
				set(5, ETRIGGER | trap_modes[other], BIT(cause));
				struct trap *t = try(modes[m], 0xffffffff, 0, 0);
				CHECK("sdtrig_etrigger", fires ? took(t, LEVEL_M, EXC_BREAK) && t->epc == (u64)hs_entry
				                               : took(t, LEVEL_S, EXC_ILLEGAL));
				CHECK("sdtrig_etrigger", csrr(CSR_SCAUSE) == EXC_ILLEGAL && csrr(CSR_SEPC) == try_pc(modes[m]));
				CHECK("sdtrig_etrigger_hit", !!(tdata1(5) & TRAP_HIT) == fires);
			}
	/* to a guest's own handler */
	begin();
	delegate(NO_BREAK, BIT(EXC_ILLEGAL));
	set(0, ETRIGGER | trap_modes[3], BIT(EXC_ILLEGAL));
	struct trap *t = try(MODE_VU, 0xffffffff, 0, 0);
	CHECK("sdtrig_etrigger", took(t, LEVEL_M, EXC_BREAK) && t->epc == (u64)vs_entry && csrr(CSR_VSCAUSE) == EXC_ILLEGAL);
	CHECK("sdtrig_etrigger", t->mstatus & STATUS_MPV && (t->mstatus & STATUS_MPP) == BIT(11));
}

/* Where breakpoints would come to the handler itself, which has interrupts off, none does. */
static void reentrance(void)
{
	begin();
	delegate(DELEGATE_DEFAULT, 0);
	set(0, ETRIGGER | trap_modes[1], BIT(EXC_ILLEGAL));
	CHECK("sdtrig_reentrancy", took(try(MODE_U, 0xffffffff, 0, 0), LEVEL_S, EXC_ILLEGAL) && !(tdata1(0) & TRAP_HIT));
	delegate(0, 0);
	CHECK("sdtrig_reentrancy", took(try(MODE_U, 0xffffffff, 0, 0), LEVEL_M, EXC_ILLEGAL) && !(tdata1(0) & TRAP_HIT));
	/* nor later, when the handler comes by its first instruction (the second here), by then with interrupts on:
	   beq a0, a1, +8; j -12 */
	static const u32 handler[] __attribute__((aligned(64))) = {
		CSRRSI(ZERO, CSR_SSTATUS, 2), ADDI(A0, A0, 1), 0x00b50463, 0xff5ff06f, ECALL,
	};
	begin();
	delegate(DELEGATE_DEFAULT, 0);
	set(0, ETRIGGER | trap_modes[1], BIT(EXC_ILLEGAL));
	csrw(CSR_STVEC, (u64)&handler[1]);
	struct trap *t = try(MODE_U, 0xffffffff, 2, 0);
	CHECK("sdtrig_reentrancy", took(t, LEVEL_M, EXC_ECALL_S) && t->x[A0] == 2 && csrr(CSR_SCAUSE) == EXC_ILLEGAL);
	csrw(CSR_STVEC, (u64)hs_entry);
	begin();
	delegate(DELEGATE_DEFAULT, 0);
	set(0, ICOUNT(1) | icount_modes[0], 0);
	CHECK("sdtrig_reentrancy", finished(try_words(MODE_S, adding, 5, NULL)));
	csrs(CSR_MSTATUS, STATUS_SIE);
	CHECK("sdtrig_reentrancy", took(try_words(MODE_S, adding, 5, NULL), LEVEL_S, EXC_BREAK));
}

static void interrupts(void)
{
	for (unsigned fires = 0; fires < 2; fires++) {
		begin();
		set(0, ITRIGGER | trap_modes[2], BIT(fires ? SSI : SSI + 1));
		csrw(CSR_MIE, BIT(SSI)), csrw(CSR_MIP, BIT(SSI));
		struct trap *t = try(MODE_VS, NOP, 0, 0);
		CHECK("sdtrig_itrigger", fires ? took(t, LEVEL_M, EXC_BREAK) && t->epc == (u64)hs_entry : took(t, LEVEL_S, IRQ(SSI)));
		CHECK("sdtrig_itrigger", csrr(CSR_SCAUSE) == IRQ(SSI) && csrr(CSR_SEPC) == try_pc(MODE_VS));
		CHECK("sdtrig_itrigger_hit", !!(tdata1(0) & TRAP_HIT) == fires);
	}
	csrw(CSR_MIP, 0);
}

static void registers(void)
{
	begin();
	CHECK("sdtrig_tinfo", (csrr(0x7a4) & 0xffff) == (BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(15)));
	set(3, TYPE(3) | (BIT(60) - 1), ~UINT64_C(0));
	CHECK("sdtrig_icount_warl", tdata1(3) == (TYPE(3) | 0x7ffffc0) && csrr(CSR_TDATA2) == ~UINT64_C(0));
	set(3, TYPE(4) | (BIT(60) - 1), ~UINT64_C(0));
	CHECK("sdtrig_itrigger_warl", (tdata1(3) & ~BIT(10)) == (TYPE(4) | TRAP_HIT | 0x1ac0) && csrr(CSR_TDATA2) == ~UINT64_C(0));
	set(3, TYPE(5) | (BIT(60) - 1), ~UINT64_C(0));
	CHECK("sdtrig_etrigger_warl", tdata1(3) == (TYPE(5) | TRAP_HIT | 0x1ac0) && csrr(CSR_TDATA2) == ~UINT64_C(0));
}

int main(void)
{
	registers();
	counting();
	counting_in_other_modes();
	counting_traps();
	counting_in_m_mode();
	exceptions();
	reentrance();
	interrupts();
	finish();
}
