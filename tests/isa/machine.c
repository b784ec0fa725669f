/*
 * The machine level: traps and what they leave, delegation, interrupts and WFI, status fields that change what
 * instructions do, counters, the timer, memory attributes.
 */
#include "rt.h"

#define MSIP(hart) (*(volatile u32 *)(UINT64_C(0x2000000) + 4 * (hart)))
#define MTIMECMP(hart) (*(volatile u64 *)(UINT64_C(0x2004000) + 8 * (hart)))
#define MTIME (*(volatile u64 *)UINT64_C(0x200bff8))
enum { HOLE = 0x6000000, UART = 0x10000000, SSI = 1, MSI = 3, STI = 5, MTI = 7, SEI = 9, MEI = 11 };
#define CSR_MINSTRET 0xb02
#define CSR_MVENDORID 0xf11

static bool illegal(const struct trap *t)
{
	return took(t, LEVEL_M, EXC_ILLEGAL);
}

/* ---- identity ---- */

static u64 ids[MAX_HARTS];

static void note_id(u64 slot)
{
	ids[slot] = csrr(CSR_MHARTID);
}

static void harts_have_numbers(void)
{
	CHECK("mhartid_one_is_zero mhartid_op mhartid_always_rd HART_ID", csrr(CSR_MHARTID) == 0 && hart_count() == 4);
	for (unsigned i = 1; i < hart_count(); i++) {
		hart_start(i, note_id, i);
		hart_wait(i);
		CHECK("mhartid_unique mhartid_op HART_ID", ids[i] == i);
	}
	CHECK("misa_always_rd misa_op", csr_exists(CSR_MISA) && csrr(CSR_MISA) >> 62 == 2);
	for (unsigned n = CSR_MVENDORID; n <= CSR_MVENDORID + 4; n++)
		CHECK("mvendorid_always_rd marchid_always_rd mimpid_always_rd mconfigptr_mandatory", csr_exists(n));
	for (unsigned n = CSR_MVENDORID; n <= CSR_MVENDORID + 4; n++)
		CHECK("mvendorid_acc marchid_acc mhartid_acc mconfigptr_acc", illegal(try(MODE_M, CSRW(n, A1), 0, 0)));
}

/* ---- where traps go ---- */

static struct { u32 word; u64 rs1; u64 cause; bool ecall; } exceptions[] = {
	{ 0, 0, EXC_ILLEGAL, false }, { EBREAK, 0, EXC_BREAK, false }, { LD, HOLE, EXC_LOAD_ACCESS, false },
	{ SD, HOLE, EXC_STORE_ACCESS, false }, { LR_W, 2, EXC_LOAD_MISALIGNED, false },
	{ AMOADD_W, 2, EXC_STORE_MISALIGNED, false }, { ECALL, 0, 0, true },
};
enum { EXCEPTIONS = sizeof(exceptions) / sizeof(exceptions[0]) };

static void delegation_of_exceptions(void)
{
	static const enum mode modes[] = { MODE_M, MODE_S, MODE_U };
	for (unsigned i = 0; i < EXCEPTIONS; i++)
		for (unsigned m = 0; m < 3; m++)
			for (unsigned deleg = 0; deleg < 2; deleg++) {
				enum mode mode = modes[m];
				u64 cause = exceptions[i].ecall ? (u64)EXC_ECALL_U + mode : exceptions[i].cause;
				u64 pc = try_pc(mode), rs1 = exceptions[i].rs1 == 2 ? (u64)ids + 2 : exceptions[i].rs1;
				reset();
				if (exceptions[i].ecall && mode == MODE_S && deleg)
					continue; /* the runtime's own way back */
				csrw(CSR_MEDELEG, deleg ? BIT(cause) : ~BIT(cause) & 0xb3ff & ~BIT(9));
				csrw(CSR_SCAUSE, 77);
				csrw(CSR_SEPC, 4);
				struct trap *t = try(mode, exceptions[i].word, rs1, 0);
				context("exception, mode", cause, mode);
				enum level level = deleg && mode != MODE_M ? LEVEL_S : LEVEL_M;
				CHECK("trap_def_M_mode medeleg_op mcause_op mcause_exccode_op mcause_exccode_enc", took(t, level, cause));
				CHECK("mepc_op ecall_epc_value ebreak_epc_value", t->epc == pc);
				if (mode == MODE_M)
					CHECK("trap_never_trans_lower", t->level == LEVEL_M);
				if (mode == MODE_S && deleg)
					CHECK("trap_horiz", t->level == LEVEL_S);
				if (level == LEVEL_M) {
					CHECK("mstatus_xpp_trap_op mstatus_xpp_op mstatus_xpie_trap_op mstatus_xie_trap_op",
					      (t->mstatus & STATUS_MPP) == (u64)mode << 11 && !(t->mstatus & STATUS_MIE));
					CHECK("trap_def_M_mode", csrr(CSR_SCAUSE) == 77 && csrr(CSR_SEPC) == 4);
				} else {
					CHECK("trap_del_S_mode_op sepc_op_trap_write scause_op",
					      !(t->sstatus & STATUS_SPP) == (mode == MODE_U) && !(t->sstatus & STATUS_SIE));
				}
				if (exceptions[i].rs1)
					CHECK("mtval_vaddr_wr1 mtval_op stval_op_faulting_addr", t->tval == rs1);
				else if (exceptions[i].ecall)
					CHECK("mtval_other_traps_zero stval_op_other_traps", t->tval == 0);
			}
	reset();
}

/* Three delegated traps do not touch the machine level's registers. */
static void delegated_traps_leave_m_alone(void)
{
	reset();
	csrs(CSR_MSTATUS, STATUS_SIE);
	struct trap *t = try(MODE_U, 0, 0, 0); /* its handler's ecall is what comes to M */
	CHECK("trap_del_S_mode_no_M_mode", took(t, LEVEL_S, EXC_ILLEGAL) && csrr(CSR_MCAUSE) == EXC_ECALL_S);
	CHECK("trap_del_S_mode_no_M_mode", csrr(CSR_MEPC) == (u64)hs_entry && csrr(CSR_MTVAL) == 0);
	CHECK("trap_del_S_mode_op mstatus_xpie_trap_op sstatus_spie_op", t->sstatus & STATUS_SPIE);
	CHECK("sstatus_spp_op", !(t->sstatus & STATUS_SPP));
	csrc(CSR_MSTATUS, STATUS_SIE);
	t = try(MODE_S, 0, 0, 0);
	CHECK("mstatus_xpie_trap_op sstatus_spie_op sstatus_spp_op", !(t->sstatus & STATUS_SPIE) && t->sstatus & STATUS_SPP);
}

/* ---- what trap values hold ---- */

static void trap_values(void)
{
	reset();
	struct trap *t = try(MODE_S, 0xffffffff, 0, 0);
	CHECK("mtval_instr_bits mtval_ill_instr_exc_in_low_bits stval_op_illegal_instr stval_op_illegal_instr_format "
	      "sstvala_stval_faulting_instruction MTVAL_PER_EXC_BEHAVIOR", t->tval == 0xffffffff);
	t = try(MODE_S, 0x8002, 0, 0); /* c.jr x0: reserved */
	CHECK("mtval_instr_bits mtval_ill_instr_exc_in_low_bits stval_op_illegal_instr_format c-jr_rsv", t->tval == 0x8002);
	t = try(MODE_S, EBREAK, 0, 0);
	CHECK("stval_op_breakpoint mtval_vaddr_wr1", took(t, LEVEL_S, EXC_BREAK) && t->tval == t->epc);
	struct space space;
	space_new(&space, 3, false, 0);
	u64 page = (u64)page_alloc(2);
	space_map(&space, TEST_VA, page, 0, PTE_S);
	space_map(&space, TEST_VA + 0x2000, HOLE, 0, PTE_S);
	space_map(&space, TEST_VA + 0x3000, page, 0, PTE_S);
	csrw(CSR_SATP, space_atp(&space, 0));
	fence_all();
	for (unsigned i = 4089; i < 4096; i++) { /* the second part faults */
		context("offset", i, 0);
		t = try(MODE_S, LD, TEST_VA + i, 0);
		CHECK("mtval_vaddr_wr2 stval_op_load_store_fault", took(t, LEVEL_S, EXC_LOAD_PAGE) && t->tval == TEST_VA + 4096);
		t = try(MODE_S, SD, TEST_VA + i, 5);
		CHECK("mtval_vaddr_wr2 stval_op_load_store_fault", took(t, LEVEL_S, EXC_STORE_PAGE) && t->tval == TEST_VA + 4096);
		t = try(MODE_S, LD, TEST_VA + 0x1000 + i, 0); /* the first part does: nothing mapped, then a hole */
		CHECK("mtval_vaddr_wr2", took(t, LEVEL_S, EXC_LOAD_PAGE) && t->tval == TEST_VA + 0x1000 + i);
		CHECK("pma_idp_misaligned_exc", took(try(MODE_S, LD, HOLE + 1, 0), LEVEL_S, EXC_LOAD_PAGE));
	}
	space_map(&space, TEST_VA + 0x6000, page, 0, PTE_S);
	space_map(&space, TEST_VA + 0x7000, HOLE, 0, PTE_S);
	fence_all();
	t = try(MODE_S, LD, TEST_VA + 0x6ffc, 0); /* both parts are mapped; nothing is where the second leads */
	CHECK("mtval_vaddr_wr2 stval_op_load_store_fault", took(t, LEVEL_S, EXC_LOAD_ACCESS) && t->tval == TEST_VA + 0x7000);
	t = try(MODE_S, SD, TEST_VA + 0x6ffc, 0);
	CHECK("mtval_vaddr_wr2 stval_op_load_store_fault", took(t, LEVEL_S, EXC_STORE_ACCESS) && t->tval == TEST_VA + 0x7000);
	t = try(MODE_S, LD, TEST_VA + 0x2008, 0);
	CHECK("mtval_vaddr_not_paddr sstvala_stval_faulting_vaddr pma_chk_paddr", took(t, LEVEL_S, EXC_LOAD_ACCESS) &&
	      t->tval == TEST_VA + 0x2008);
	t = try(MODE_S, SD, TEST_VA + 0x2010, 0);
	CHECK("mtval_vaddr_not_paddr sstvala_stval_faulting_vaddr", took(t, LEVEL_S, EXC_STORE_ACCESS) && t->tval == TEST_VA + 0x2010);
	u64 x[32] = { 0 };
	t = run(MODE_S, TEST_VA + 0x2020, x);
	CHECK("mtval_vaddr_not_paddr sstvala_stval_faulting_vaddr pma_precise_recom", took(t, LEVEL_S, EXC_FETCH_ACCESS) &&
	      t->tval == TEST_VA + 0x2020 && t->epc == TEST_VA + 0x2020);
	t = try(MODE_S, LR_D, TEST_VA + 4, 0);
	CHECK("sstvala_stval_faulting_vaddr", t->level == LEVEL_S && t->tval == TEST_VA + 4);
	CHECK("mcause_exccode_ld_ldrsv", took(try(MODE_S, LR_D, TEST_VA + 0x1000, 0), LEVEL_S, EXC_LOAD_PAGE));
	CHECK("mcause_exccode_st_sc_amo", took(try(MODE_S, SC_D, TEST_VA + 0x1000, 0), LEVEL_S, EXC_STORE_PAGE));
	CHECK("mcause_exccode_st_sc_amo", took(try(MODE_S, AMOADD_D, TEST_VA + 0x1000, 0), LEVEL_S, EXC_STORE_PAGE));
	CHECK("mcause_exccode_ld_ldrsv", took(try(MODE_S, LR_D, TEST_VA + 0x2000, 0), LEVEL_S, EXC_LOAD_ACCESS));
	CHECK("mcause_exccode_st_sc_amo", took(try(MODE_S, AMOADD_D, TEST_VA + 0x2000, 0), LEVEL_S, EXC_STORE_ACCESS));
}

/* Of two exceptions that one instruction could raise, the earlier one of the table. */
static void priorities(void)
{
	reset();
	struct space space;
	space_new(&space, 3, false, 0);
	volatile u32 *page = page_alloc(1);
	page[0] = 0;
	page[1] = LD;
	space_map(&space, TEST_VA, (u64)page, 0, PTE_S & ~(u64)PTE_X);
	space_map(&space, TEST_VA + 0x1000, (u64)page, 0, PTE_S);
	csrw(CSR_SATP, space_atp(&space, 0));
	fence_all();
	/* before illegal */
	CHECK("exc_priority mcause_exccode_pri", took(run(MODE_S, TEST_VA, NULL), LEVEL_S, EXC_FETCH_PAGE));
	CHECK("exc_priority mcause_exccode_pri", took(run(MODE_S, TEST_VA + 0x1000, NULL), LEVEL_S, EXC_ILLEGAL));
	csrc(CSR_MSTATUS, STATUS_FS); /* illegal before the fault of the data */
	CHECK("exc_priority mcause_exccode_pri", took(try(MODE_S, FLD, TEST_VA + 0x5000, 0), LEVEL_S, EXC_ILLEGAL));
	csrs(CSR_MSTATUS, STATUS_FS);
	CHECK("exc_priority", took(try(MODE_S, FLD, TEST_VA + 0x5000, 0), LEVEL_S, EXC_LOAD_PAGE));
	/* page fault before the access fault of the physical address */
	space_map(&space, TEST_VA + 0x2000, HOLE, 0, PTE_S & ~(u64)(PTE_R | PTE_W));
	fence_all();
	CHECK("exc_priority", took(try(MODE_S, LD, TEST_VA + 0x2000, 0), LEVEL_S, EXC_LOAD_PAGE));
	space_map(&space, TEST_VA + 0x2000, HOLE, 0, PTE_S);
	fence_all();
	CHECK("exc_priority", took(try(MODE_S, LD, TEST_VA + 0x2000, 0), LEVEL_S, EXC_LOAD_ACCESS));
	/* misaligned atomics: before page and access faults */
	CHECK("MCAUSE_EXCCODE_MISALIGNED_VS_FAULT_PRI exc_priority", took(try(MODE_S, AMOADD_D, TEST_VA + 0x5004, 0), LEVEL_S, EXC_STORE_MISALIGNED));
	CHECK("MCAUSE_EXCCODE_MISALIGNED_VS_FAULT_PRI", took(try(MODE_S, LR_D, TEST_VA + 0x2004, 0), LEVEL_S, EXC_LOAD_MISALIGNED));
	CHECK("MCAUSE_EXCCODE_MISALIGNED_VS_FAULT_PRI", took(try(MODE_S, SC_W, TEST_VA + 0x5002, 0), LEVEL_S, EXC_STORE_MISALIGNED));
}

/* ---- returning ---- */

static void returns(void)
{
	reset();
	delegate(0, 0);
	CHECK("mret_in_S_mode", illegal(try(MODE_S, MRET, 0, 0)));
	CHECK("mret_in_U_mode", illegal(try(MODE_U, MRET, 0, 0)));
	CHECK("sret_in_U_mode", illegal(try(MODE_U, SRET, 0, 0)));
	csrs(CSR_MSTATUS, STATUS_TSR);
	CHECK("mstatus_tsr_op sret_ill_inst_exc_rst", illegal(try(MODE_S, SRET, 0, 0)));
	csrc(CSR_MSTATUS, STATUS_TSR);
	for (unsigned i = 0; i < 8; i++) { /* sret from M and S, to S and U, with SPIE 0 and 1 */
		enum mode from = i & 1 ? MODE_M : MODE_S, to = i & 2 ? MODE_S : MODE_U;
		u64 spie = i & 4 ? STATUS_SPIE : 0;
		csrc(CSR_MSTATUS, STATUS_SPP | STATUS_SPIE | STATUS_SIE | STATUS_MPRV);
		csrs(CSR_MSTATUS, (to == MODE_S ? STATUS_SPP : 0) | spie);
		csrw(CSR_SEPC, (u64)rt_done);
		struct trap *t = try(from, SRET, 0, 0);
		context("from to", from, to);
		CHECK("sret_op mstatus_xpp_xret_op sret_in_M_mode sret_presence mstatus_tsr_op", finished(t) && t->cause == (u64)EXC_ECALL_U + to);
		CHECK("mstatus_xpp_xret_op mstatus_xpie_xret_op mstatus_xie_xret_op sstatus_spp_op sstatus_spie_op",
		      !(t->mstatus & STATUS_SPP) && t->mstatus & STATUS_SPIE && !(t->mstatus & STATUS_SIE) == !spie);
	}
	for (unsigned i = 0; i < 6; i++) { /* mret to M, S, U: MPRV stays only in M */
		static const enum mode modes[] = { MODE_M, MODE_S, MODE_U };
		enum mode to = modes[i % 3];
		u32 words[4] = { CSRRC(0, CSR_MSTATUS, A1), CSRRS(0, CSR_MSTATUS, A2), CSRW(CSR_MEPC, A3), MRET };
		u64 x[32] = { 0 };
		x[A1] = STATUS_MPP | STATUS_MPIE;
		x[A2] = (u64)to << 11 | (i < 3 ? STATUS_MPRV : 0);
		x[A3] = (u64)rt_done;
		struct trap *t = try_words(MODE_M, words, 4, x);
		context("mret to", to, i < 3);
		CHECK("mret_op mret_presence mstatus_xpp_xret_op", finished(t) && t->cause == (u64)EXC_ECALL_U + to);
		CHECK("mstatus_mprv_xret_op mstatus_mprv_clr_mret_sret_less_priv", !(t->mstatus & STATUS_MPRV) == (to != MODE_M || i >= 3));
		CHECK("mstatus_mie_op", !(t->mstatus & STATUS_MIE));
	}
	csrc(CSR_MSTATUS, STATUS_MPRV | STATUS_SPP);
	csrw(CSR_SEPC, (u64)rt_done);
	u32 words[2] = { CSRRS(0, CSR_MSTATUS, A1), SRET };
	u64 x[32] = { 0 };
	x[A1] = STATUS_MPRV | STATUS_SPP;
	struct trap *t = try_words(MODE_M, words, 2, x);
	CHECK("mstatus_mprv_clr_mret_sret_less_priv", finished(t) && !(t->mstatus & STATUS_MPRV));
}

/* ---- interrupts ---- */

static void raise(unsigned irq, bool on)
{
	if (irq == MSI)
		MSIP(0) = on;
	else if (irq == MTI)
		MTIMECMP(0) = on ? 0 : ~UINT64_C(0);
	else if (on)
		csrs(CSR_MIP, BIT(irq));
	else
		csrc(CSR_MIP, BIT(irq));
}

static const unsigned raisable[] = { SSI, MSI, STI, MTI, SEI };

static void wait_for(u64 bit, bool on)
{
	for (unsigned i = 0; i < 100000 && !(csrr(CSR_MIP) & bit) == on; i++)
		;
}

/* Each interrupt in each mode, delegated or not, enabled or not. */
static void interrupts(void)
{
	static const enum mode modes[] = { MODE_M, MODE_S, MODE_U };
	for (unsigned n = 0; n < 5; n++)
		for (unsigned bits = 0; bits < 24; bits++) {
			unsigned irq = raisable[n];
			enum mode mode = modes[bits % 3];
			bool enabled = bits / 3 & 1, delegated = (bits / 6 & 1) && irq != MSI && irq != MTI, global = bits / 12;
			reset();
			csrw(CSR_MIDELEG, delegated ? BIT(irq) : 0);
			raise(irq, true);
			wait_for(BIT(irq), true);
			csrw(CSR_MIE, enabled ? BIT(irq) : ~BIT(irq));
			if (global && delegated)
				csrs(CSR_MSTATUS, STATUS_SIE);
			u32 words[2] = { global && mode == MODE_M ? CSRRSI(0, CSR_MSTATUS, 8) : NOP, ADDI(A0, A0, 1) };
			u64 x[32] = { 0 };
			struct trap *t = try_words(mode, words, 2, x);
			csrw(CSR_MIE, 0);
			context("irq, bits", irq, bits);
			bool taken = enabled && (delegated ? mode == MODE_U || (mode == MODE_S && global) : mode != MODE_M || global);
			const char *rules = mode == MODE_M ? "mstatus_mie_op mstatus_xie_intr_en_dis intr_mip_mie_op trap_del_intr_priv_lvl"
			                  : delegated      ? "sie_sip_supervisor_strap sstatus_sie_op mstatus_sie_op mideleg_op trap_del_intr_priv_lvl"
			                                   : "intr_mip_mie_op mstatus_xie_intr_en_dis trap_del_intr_priv_lvl mideleg_op";
			CHECK(rules, finished(t) == !taken);
			CHECK("mip_enc mie_enc mcause_intr_op mcause_exccode_op scause_interrupt_op",
			      !taken || took(t, delegated ? LEVEL_S : LEVEL_M, IRQ(irq)));
			if (taken) {
				CHECK("mtval_other_traps_zero stval_op_other_traps", t->tval == 0);
				/* at once: after MRET where it lowers the mode, after the write of MIE in M */
				CHECK("intr_mip_mie_xret_csrwr mepc_op", t->epc == try_pc(mode) + (mode == MODE_M ? 4 : 0) && t->x[A0] == 0);
			}
			raise(irq, false);
			wait_for(BIT(irq), false);
			CHECK("mip_bits_wr_op mip_bits_rdonly_op mip_msip_op mip_mtip_op", !(csrr(CSR_MIP) & BIT(irq)));
		}
	reset();
}

static void pending_bits(void)
{
	reset();
	raise(MTI, false); /* mtimecmp may be 0 out of reset */
	wait_for(BIT(MTI), false);
	raise(MSI, true);
	wait_for(BIT(MSI), true);
	csrw(CSR_MIP, 0);
	CHECK("mip_msip_rdonly mip_msip_op MIP_MSIP_MAYBE_RDONLY0 MIE_MSIE_MAYBE_RDONLY0", csrr(CSR_MIP) & BIT(MSI));
	CHECK("msip_acc msip_enc msip_sz", MSIP(0) == 1);
	MSIP(0) = 0xfffffffe;
	CHECK("msip_enc", MSIP(0) == 0);
	wait_for(BIT(MSI), false);
	CHECK("mip_msip_op MSIP_UPDATE_MAX_TIME", !(csrr(CSR_MIP) & BIT(MSI)));
	csrw(CSR_MIP, BIT(MSI) | BIT(MTI) | BIT(MEI));
	CHECK("mip_msip_rdonly mip_mtip_rdonly mip_meip_rdonly", !(csrr(CSR_MIP) & (BIT(MSI) | BIT(MTI) | BIT(MEI))));
	raise(MTI, true);
	wait_for(BIT(MTI), true);
	csrw(CSR_MIP, 0);
	CHECK("mip_mtip_rdonly mip_mtip_op mtime_intr_pending", csrr(CSR_MIP) & BIT(MTI));
	raise(MTI, false);
	wait_for(BIT(MTI), false);
	CHECK("mip_mtip_rdonly mtime_intr_pending mtime_intr_mtip_visibility", !(csrr(CSR_MIP) & BIT(MTI)));
	csrw(CSR_MIE, 0);
	csrw(CSR_MIE, BIT(MSI) | BIT(MTI) | BIT(MEI) | BIT(SSI) | BIT(STI) | BIT(SEI));
	CHECK("mie_bits_wr mie_meie_op mie_mtie_op mie_msie_op mie_seie_op mie_ssie_op", (csrr(CSR_MIE) & 0xaaa) == 0xaaa);
	reset();
}

/* The explicit write that enables, unmasks, raises or delegates: the very next instruction is not executed. */
static void interrupts_right_after_writes(void)
{
	for (unsigned i = 0; i < 6; i++) {
		reset();
		csrw(CSR_MIDELEG, BIT(SSI));
		u64 x[32] = { 0 };
		u32 words[2] = { 0, ADDI(A0, A0, 1) };
		x[A1] = BIT(SSI);
		enum mode mode = MODE_S;
		if (i == 0) { /* sip */
			csrw(CSR_MIE, BIT(SSI));
			csrs(CSR_MSTATUS, STATUS_SIE);
			words[0] = CSRRS(0, CSR_SIP, A1);
		} else if (i == 1) { /* sie */
			csrs(CSR_MIP, BIT(SSI));
			csrs(CSR_MSTATUS, STATUS_SIE);
			words[0] = CSRRS(0, CSR_SIE, A1);
		} else if (i == 2) { /* sstatus */
			csrs(CSR_MIP, BIT(SSI));
			csrw(CSR_MIE, BIT(SSI));
			words[0] = CSRRS(0, CSR_SSTATUS, A1);
			x[A1] = STATUS_SIE;
		} else if (i == 3) { /* sret that sets SIE again */
			csrs(CSR_MIP, BIT(SSI));
			csrw(CSR_MIE, BIT(SSI));
			csrs(CSR_MSTATUS, STATUS_SPIE | STATUS_SPP);
			csrw(CSR_SEPC, try_pc(MODE_S) + 4);
			words[0] = SRET;
		} else { /* M-mode: mideleg cleared, or mie set, with MIE on */
			mode = MODE_M;
			csrs(CSR_MIP, BIT(SSI));
			csrw(CSR_MIE, i == 4 ? BIT(SSI) : 0);
			csrw(CSR_MIDELEG, i == 4 ? BIT(SSI) : 0);
			words[0] = i == 4 ? CSRRC(0, CSR_MIDELEG, A1) : CSRRS(0, CSR_MIE, A1);
		}
		u32 m_words[3] = { CSRRSI(0, CSR_MSTATUS, 8), words[0], words[1] };
		struct trap *t = mode == MODE_M ? try_words(mode, m_words, 3, x) : try_words(mode, words, 2, x);
		context("way", i, 0);
		CHECK(mode == MODE_M ? "intr_mip_mie_xret_csrwr intr_mip_mie_bounded_time" : "sie_sip_strap_time_constraint sstatus_sie_op",
		      took(t, mode == MODE_M ? LEVEL_M : LEVEL_S, IRQ(SSI)));
		CHECK(mode == MODE_M ? "intr_mip_mie_xret_csrwr" : "sie_sip_strap_time_constraint",
		      t->x[A0] == 0 && t->epc == try_pc(mode) + (mode == MODE_M ? 8 : 4));
	}
	reset();
}

/* Of all pending, in M and in S. */
static void interrupt_priorities(void)
{
	static const unsigned order[] = { MSI, MTI, SEI, SSI, STI };
	for (unsigned first = 0; first < 5; first++)
		for (unsigned deleg = 0; deleg < 2; deleg++) {
			reset();
			if (deleg && first < 2)
				continue;
			csrw(CSR_MIDELEG, deleg ? 0x222 : 0);
			u64 all = 0;
			for (unsigned i = first; i < 5; i++) {
				raise(order[i], true);
				wait_for(BIT(order[i]), true);
				all |= BIT(order[i]);
			}
			csrw(CSR_MIE, all);
			struct trap *t = try(MODE_U, NOP, 0, 0);
			csrw(CSR_MIE, 0);
			context("first", order[first], deleg);
			CHECK(deleg ? "sip_priority_bit_order sie_priority_bit_order" : "intr_M_mode_pri",
			      took(t, deleg ? LEVEL_S : LEVEL_M, IRQ(order[first])));
			for (unsigned i = first; i < 5; i++)
				raise(order[i], false);
			MSIP(0) = 0;
			MTIMECMP(0) = ~UINT64_C(0);
		}
	/* STI of M-mode before SEI of S-mode */
	reset();
	csrw(CSR_MIDELEG, BIT(SEI));
	raise(SEI, true);
	raise(STI, true);
	csrw(CSR_MIE, BIT(SEI) | BIT(STI));
	struct trap *t = try(MODE_U, NOP, 0, 0);
	CHECK("intr_M_mode_highest_pri", took(t, LEVEL_M, IRQ(STI)));
	raise(STI, false);
	CHECK("intr_M_mode_highest_pri mip_seip_op", took(try(MODE_U, NOP, 0, 0), LEVEL_S, IRQ(SEI)));
	reset();
}

static void vectored_supervisor_traps(void)
{
	static const unsigned irqs[] = { SSI, STI, SEI };
	for (unsigned vectored = 0; vectored < 2; vectored++)
		for (unsigned i = 0; i < 3; i++) {
			reset();
			csrw(CSR_STVEC, (u64)hs_entry | vectored);
			csrw(CSR_MIDELEG, BIT(irqs[i]));
			csrw(CSR_MIE, BIT(irqs[i]));
			raise(irqs[i], true);
			struct trap *t = try(MODE_U, NOP, 0, 0);
			CHECK("stvec_op stvec_mode stvec_acc sstvecd_stvec_mode_direct", took(t, LEVEL_S, IRQ(irqs[i])) &&
			      t->vector == (vectored ? irqs[i] : 0));
			csrw(CSR_MIE, 0);
			t = try(MODE_U, 0, 0, 0);
			CHECK("stvec_op stvec_mode", took(t, LEVEL_S, EXC_ILLEGAL) && t->vector == 0);
			raise(irqs[i], false);
		}
	reset();
}

/* ---- WFI ---- */

static void wfi(void)
{
	static const enum mode modes[] = { MODE_M, MODE_S };
	for (unsigned n = 0; n < 5; n++)
		for (unsigned m = 0; m < 2; m++)
			for (unsigned deleg = 0; deleg < 2; deleg++) {
				/* pending and enabled, but globally off: it goes on behind WFI, delegated or not */
				reset();
				unsigned irq = raisable[n];
				if (modes[m] == MODE_S && (!deleg || irq == MSI || irq == MTI))
					continue;
				csrw(CSR_MIDELEG, deleg ? BIT(irq) : 0);
				raise(irq, true);
				wait_for(BIT(irq), true);
				csrw(CSR_MIE, BIT(irq));
				u32 words[2] = { WFI, ADDI(A0, A0, 1) };
				struct trap *t = try_words(modes[m], words, 2, NULL);
				csrw(CSR_MIE, 0);
				raise(irq, false);
				context("irq, mode", irq, modes[m]);
				CHECK("wfi_intr_dis wfi_unaffected_conditions wfi_no_intr_pc wfi_op wfi_all_privileged_modes WFI_RESUME_REASON",
				      finished(t) && t->x[A0] == 1);
			}
	/* asleep until the timer: the trap's pc is behind WFI */
	reset();
	csrw(CSR_MIE, BIT(MTI));
	u64 start = MTIME;
	MTIMECMP(0) = start + 2000;
	u32 words[2] = { WFI, ADDI(A0, A0, 1) };
	struct trap *t = try_words(MODE_S, words, 2, NULL);
	CHECK("wfi_mepc_val wfi_op", took(t, LEVEL_M, IRQ(MTI)) && t->epc == try_pc(MODE_S) + 4 && t->x[A0] == 0);
	CHECK("wfi_op WFI_RESUME_REASON mtime_intr_taken mtime_intr_pending", MTIME >= start + 2000);
	start = MTIME;
	MTIMECMP(0) = start + 2000;
	t = try_words(MODE_M, words, 2, NULL); /* MIE is 0 */
	CHECK("wfi_intr_dis wfi_no_intr_pc wfi_unaffected_conditions", finished(t) && t->x[A0] == 1 && MTIME >= start + 2000);
	/* pending but not enabled: sleeps on until another one is */
	csrw(CSR_MIE, BIT(SSI));
	MTIMECMP(0) = 0;
	wait_for(BIT(MTI), true);
	start = MTIME;
	csrw(CSR_MENVCFG, ENVCFG_STCE);
	csr_write(CSR_STIMECMP, start + 3000);
	csrw(CSR_MIE, BIT(STI));
	t = try_words(MODE_M, words, 2, NULL);
	CHECK("wfi_unaffected_conditions mip_stip_stimecmp_op", finished(t) && csrr(CSR_MIP) & BIT(STI) && MTIME >= start + 3000);
	csr_write(CSR_STIMECMP, ~UINT64_C(0));
	CHECK("mip_stip_stimecmp_clr", !(csrr(CSR_MIP) & BIT(STI)));
	csrs(CSR_MIP, BIT(STI));
	CHECK("mip_stip_stimecmp_acc", !(csrr(CSR_MIP) & BIT(STI)));
	MTIMECMP(0) = ~UINT64_C(0);
	reset();
	/* TW */
	delegate(0, 0);
	csrs(CSR_MSTATUS, STATUS_TW);
	CHECK("mstatus_tw_op wfi_ill_exc MSTATUS_TW_TIME_LIMIT", illegal(try(MODE_S, WFI, 0, 0)));
	CHECK("mstatus_tw_umode_op WFI_OPT_U_MODE", illegal(try(MODE_U, WFI, 0, 0)));
	csrw(CSR_MIDELEG, BIT(SSI)); /* even with an interrupt pending */
	csrw(CSR_MIE, BIT(SSI));
	csrs(CSR_MIP, BIT(SSI));
	CHECK("MSTATUS_TW_ALWAYS_ILLEGAL MSTATUS_TW_TIME_LIMIT", illegal(try(MODE_S, WFI, 0, 0)));
	CHECK("mstatus_tw_op", finished(try(MODE_M, WFI, 0, 0)));
	csrc(CSR_MSTATUS, STATUS_TW);
	CHECK("mstatus_tw_op", finished(try(MODE_S, WFI, 0, 0)));
	csrw(CSR_MIE, 0);
	csrw(CSR_MIP, 0);
	CHECK("mstatus_tw_umode_op WFI_OPT_U_MODE", illegal(try(MODE_U, WFI, 0, 0)));
	reset();
}

/* ---- status fields that change instructions ---- */

static void tvm(void)
{
	reset();
	delegate(0, 0);
	static const u32 words[] = { CSRR(A0, CSR_SATP), CSRW(CSR_SATP, ZERO), SFENCE_VMA(0, 0), SFENCE_VMA(A1, A2), SINVAL_VMA(0, 0) };
	for (unsigned i = 0; i < 5; i++) {
		csrs(CSR_MSTATUS, STATUS_TVM);
		CHECK("mstatus_tvm_op MSTATUS_TVM_WARL", illegal(try(MODE_S, words[i], 0, 0)));
		CHECK("mstatus_tvm_op", finished(try(MODE_M, words[i], 0, 0)));
		csrc(CSR_MSTATUS, STATUS_TVM);
		CHECK("mstatus_tvm_op", finished(try(MODE_S, words[i], 0, 0)));
		CHECK("mstatus_tvm_op sfence_vma_op", illegal(try(MODE_U, words[i], 0, 0)));
	}
}

/* An access from M with MPRV and MPP. */
static struct trap *mprv(enum mode as, u32 word, u64 address, u64 more)
{
	u32 words[4] = { CSRRC(0, CSR_MSTATUS, A3), CSRRS(0, CSR_MSTATUS, A4), word, CSRRC(0, CSR_MSTATUS, A5) };
	u64 x[32] = { 0 };
	x[A1] = address;
	x[A2] = 0x77;
	x[A3] = STATUS_MPP | STATUS_SUM | STATUS_MXR;
	x[A4] = STATUS_MPRV | (u64)as << 11 | more;
	x[A5] = STATUS_MPRV | STATUS_SUM | STATUS_MXR;
	return try_words(MODE_M, words, 4, x);
}

static void mprv_mxr_sum(void)
{
	reset();
	struct space space;
	space_new(&space, 3, false, 0);
	volatile u64 *page = page_alloc(1);
	page[0] = 0x1234;
	static const u64 flags[] = { PTE_S, PTE_ALL, PTE_S & ~(u64)PTE_W, PTE_V | PTE_X | PTE_AD, PTE_V | PTE_X | PTE_AD | PTE_U };
	for (unsigned i = 0; i < 5; i++)
		space_map(&space, TEST_VA + i * 0x1000, (u64)page, 0, flags[i]);
	csrw(CSR_SATP, space_atp(&space, 0));
	fence_all();
	for (unsigned i = 0; i < 5; i++)
		for (unsigned m = 0; m < 3; m++)
			for (unsigned bits = 0; bits < 8; bits++) {
				static const enum mode modes[] = { MODE_S, MODE_U, MODE_M };
				bool sum = bits & 1, mxr = bits & 2, store = bits & 4, user = flags[i] & PTE_U;
				u64 va = TEST_VA + i * 0x1000, extra = (sum ? STATUS_SUM : 0) | (mxr ? STATUS_MXR : 0);
				if (modes[m] == MODE_M) { /* not translated */
					struct trap *t = mprv(MODE_M, store ? SD : LD, (u64)page, extra);
					CHECK("mstatus_mprv_ldst_op", finished(t));
					CHECK("mstatus_mxr_op mstatus_sum_op_no-vm", finished(mprv(MODE_M, LD, (u64)page, extra)));
					continue;
				}
				bool may = modes[m] == MODE_U ? user : !user || sum;
				may &= store ? (flags[i] & PTE_W) != 0 : (flags[i] & PTE_R) || mxr;
				page[0] = 0x1234;
				struct trap *t = mprv(modes[m], store ? SD : LD, va, extra);
				context("page, mode", i, modes[m] | bits << 4);
				CHECK("mstatus_mprv_ldst_op mstatus_mxr_op mstatus_sum_op mstatus_sum_op_mprv_mpp sstatus_mxr_op sstatus_sum_op",
				      may ? finished(t) && (store ? page[0] == 0x77 : t->x[A0] == 0x1234)
				          : took(t, LEVEL_M, store ? EXC_STORE_PAGE : EXC_LOAD_PAGE) && t->tval == va);
				CHECK("mstatus_mprv_inst_xlat_op", finished(t) || t->epc == try_pc(MODE_M) + 8);
			}
	/* the same by instructions of S itself */
	for (unsigned i = 0; i < 5; i++)
		for (unsigned bits = 0; bits < 4; bits++) {
			csrc(CSR_MSTATUS, STATUS_SUM | STATUS_MXR);
			csrs(CSR_MSTATUS, (bits & 1 ? STATUS_SUM : 0) | (bits & 2 ? STATUS_MXR : 0));
			bool may = (!(flags[i] & PTE_U) || bits & 1) && (flags[i] & PTE_R || bits & 2);
			struct trap *t = try(MODE_S, LD, TEST_VA + i * 0x1000, 0);
			context("page", i, bits);
			CHECK("sstatus_sum_op sstatus_mxr_op sfence_vma_sum_mxr_effect mstatus_mxr_op mstatus_sum_op", may ? finished(t) : took(t, LEVEL_S, EXC_LOAD_PAGE));
			CHECK("sstatus_sum_op", !(flags[i] & PTE_U) || took(run(MODE_S, TEST_VA + i * 0x1000, NULL), LEVEL_S, EXC_FETCH_PAGE));
		}
	csrw(CSR_SATP, 0); /* neither counts without translation */
	csrc(CSR_MSTATUS, STATUS_SUM | STATUS_MXR);
	CHECK("mstatus_sum_op_no-vm sstatus_mxr_op sstatus_sum_op", finished(try(MODE_S, LD, (u64)page, 0)));
	reset();
}

static void floating_point_state(void)
{
	static const u32 uses[] = { FADD_D(10, 10, 10), FMV_X_D(A0, 10), FMV_D_X(10, A1), FLD, FSD, CSRR(A0, CSR_FCSR), CSRR(A0, CSR_FFLAGS), CSRRWI(0, CSR_FRM, 0) };
	static u64 data;
	reset();
	delegate(0, 0);
	CHECK("mstatus_fs_acc", (csr_holds(CSR_MSTATUS, csrr(CSR_MSTATUS) | STATUS_FS) & STATUS_FS) == STATUS_FS);
	for (unsigned i = 0; i < 8; i++)
		for (unsigned m = 0; m < 3; m++) {
			static const enum mode modes[] = { MODE_M, MODE_S, MODE_U };
			for (u64 fs = 0; fs < 4; fs++) {
				csrc(CSR_MSTATUS, STATUS_FS);
				csrs(CSR_MSTATUS, fs << 13);
				struct trap *t = try(modes[m], uses[i], (u64)&data, 0);
				context("instruction, fs", i, fs);
				CHECK("mstatus_fs_vs_xs_off_op mstatus_fs_op", fs ? finished(t) : illegal(t));
				u64 after = t->mstatus >> 13 & 3;
				/* those that write FP state make it dirty; the others leave it */
				bool writes = i == 0 || i == 2 || i == 3 || i == 7;
				if (fs)
					CHECK("mstatus_fs_vs_xs_dirty_op mstatus_fs_vs_xs_update_indep_priv MSTATUS_FS_IMPRECISE MSTATUS_FS_NO_DIRTY_TRACK "
					      "MSTATUS_FS_NO_CHANGE_DIRTY mstatus_fs_vs_xs_clean_op mstatus_fs_vs_xs_initial_op", after == (writes ? 3 : fs));
				CHECK("mstatus_sd_op", t->mstatus >> 63 == (after == 3));
			}
		}
	csrs(CSR_MSTATUS, STATUS_FS);
	try(MODE_M, FMV_D_X(10, A1), 0x123456789abcdef0, 0);
	for (u64 fs = 0; fs < 3; fs++) {
		csrc(CSR_MSTATUS, STATUS_FS);
		csrs(CSR_MSTATUS, fs << 13);
		csrs(CSR_MSTATUS, STATUS_FS);
		CHECK("mstatus_fs_wr", try(MODE_M, FMV_X_D(A0, 10), 0, 0)->x[A0] == 0x123456789abcdef0);
	}
	reset();
}

/* ---- byte order ---- */

static u64 reversed(u64 value, unsigned bytes)
{
	u64 result = 0;
	for (unsigned i = 0; i < bytes; i++)
		result |= (value >> 8 * i & 0xff) << 8 * (bytes - 1 - i);
	return result;
}

/* Each mode's bit swaps its own loads and stores, MPRV takes the bit of MPP, instructions and other modes stay as they
 * are. */
static void byte_order(void)
{
	static volatile u64 word;
	static const struct { enum mode mode; u64 bit; } owners[] = { { MODE_M, STATUS_MBE }, { MODE_S, STATUS_SBE }, { MODE_U, STATUS_UBE } };
	static const u32 loads[] = { LBU, LHU, LWU, LD }, stores[] = { SB, SH, SW, SD };
	reset();
	CHECK("mstatus_mbe_rst warl_rst", !(csrr(CSR_MSTATUS) & (STATUS_MBE | STATUS_SBE | STATUS_UBE)));
	for (unsigned set = 0; set < 3; set++)
		for (unsigned m = 0; m < 3; m++)
			for (unsigned size = 0; size < 4; size++)
				for (unsigned big = 0; big < 2; big++) {
					u32 words[3] = { big ? CSRRS(0, CSR_MSTATUS, A3) : NOP, loads[size], big ? CSRRC(0, CSR_MSTATUS, A3) : NOP };
					u64 x[32] = { 0 };
					x[A1] = (u64)&word;
					x[A2] = 0x8877665544332211;
					x[A3] = owners[set].bit;
					word = 0x1122334455667788;
					u64 value = word << (64 - (8 << size)) >> (64 - (8 << size));
					bool swapped = big && set == m;
					if (m) { /* not M: the driver sets the bit, unless it is M's own */
						if (big && set)
							csrs(CSR_MSTATUS, owners[set].bit);
						words[0] = words[2] = NOP;
					}
					struct trap *t = try_words(owners[m].mode, words, 3, x);
					csrc(CSR_MSTATUS, STATUS_MBE | STATUS_SBE | STATUS_UBE);
					context("bit, mode", set, m | size << 8);
					CHECK("mstatus_mbe_op mstatus_sbe_op mstatus_ube_op sstatus_ube_op endianness_inst_fetch_little sstatus_ube_implicit",
					      finished(t) && t->x[A0] == (swapped ? reversed(value, 1 << size) : value));
					if (!m)
						continue;
					if (big && set)
						csrs(CSR_MSTATUS, owners[set].bit);
					word = 0;
					t = try(owners[m].mode, stores[size], (u64)&word, x[A2]);
					csrc(CSR_MSTATUS, STATUS_MBE | STATUS_SBE | STATUS_UBE);
					u64 low = x[A2] << (64 - (8 << size)) >> (64 - (8 << size));
					CHECK("mstatus_sbe_op mstatus_ube_op sstatus_ube_op", finished(t) && word == (swapped ? reversed(low, 1 << size) : low));
				}
	for (unsigned m = 1; m < 3; m++) { /* MPRV */
		word = 0x1122334455667788;
		struct trap *t = mprv(owners[m].mode, LD, (u64)&word, owners[m].bit);
		csrc(CSR_MSTATUS, STATUS_SBE | STATUS_UBE);
		CHECK("mstatus_mprv_ldst_op mstatus_sbe_op mstatus_ube_op", finished(t) && t->x[A0] == 0x8877665544332211);
	}
	/* page tables are read in the order of SBE, from U too; the fence follows the change */
	struct space space;
	space_new(&space, 3, false, 0);
	u64 *page = page_alloc(1);
	page[0] = 0x55;
	space_map(&space, TEST_VA, (u64)page, 0, PTE_S);
	u64 *root = (u64 *)space.root, *pte = space_pte(&space, TEST_VA, 0), *pointer = space_pte(&space, TEST_VA, 1);
	for (unsigned i = 0; i < 512; i++)
		root[i] = reversed(root[i], 8);
	*pte = reversed(*pte, 8);
	*pointer = reversed(*pointer, 8);
	csrw(CSR_SATP, space_atp(&space, 0));
	csrs(CSR_MSTATUS, STATUS_SBE);
	fence_all();
	struct trap *t = try(MODE_S, LBU, TEST_VA + 0, 0);
	CHECK("mstatus_sbe_implicit mstatus_sbe_change_fence", finished(t) && t->x[A0] == 0x55);
	csrc(CSR_MSTATUS, STATUS_SBE);
	delegate(0, 0); /* the supervisor's handler is behind the same tables */
	fence_all();
	CHECK("mstatus_sbe_implicit mstatus_sbe_change_fence", took(try(MODE_S, LBU, TEST_VA, 0), LEVEL_M, EXC_FETCH_PAGE));
	reset();
}

/* ---- counters and time ---- */

static void counters(void)
{
	reset();
	u64 x[32] = { 0 };
	u32 words[8] = { CSRR(A0, CSR_MINSTRET), NOP, NOP, NOP, CSRR(A1, CSR_MINSTRET), CSRR(A2, CSR_MCYCLE), CSRR(A3, CSR_MCYCLE), NOP };
	struct trap *t = try_words(MODE_M, words, 8, x);
	CHECK("minstret_op zicntr_rdinstret_op", t->x[A1] - t->x[A0] == 4);
	CHECK("mcycle_op zicntr_rdcycle_op", t->x[A3] > t->x[A2]);
	/* ecall, ebreak and faults do not retire */
	static const u32 traps[] = { ECALL, EBREAK, 0xffffffff };
	for (unsigned i = 0; i < 3; i++) {
		delegate(0, 0);
		u32 one[4] = { CSRR(A0, CSR_MINSTRET), NOP, NOP, NOP };
		t = try_words(MODE_M, one, 4, x); /* the same way out: rt_done's ecall */
		u64 usual = csrr(CSR_MINSTRET) - t->x[A0];
		t = try_words(MODE_M, one, 4, x);
		usual = csrr(CSR_MINSTRET) - t->x[A0];
		one[1] = traps[i];
		t = try_words(MODE_M, one, 4, x);
		u64 less = csrr(CSR_MINSTRET) - t->x[A0];
		/* it saved three instructions: two NOPs and the jump to the end; its own ecall does not count either */
		context("trap", traps[i], usual - less);
		CHECK(i == 0 ? "ecall_no_minstret_inc" : "ebreak_no_minstret_inc", usual - less >= 3);
	}
	/* writes take effect after the instruction */
	u32 writes[6] = { CSRW(CSR_MINSTRET, A1), CSRR(A0, CSR_MINSTRET), CSRW(CSR_MINSTRET, ZERO), NOP, CSRR(A2, CSR_MINSTRET), NOP };
	x[A1] = 0x123456789abc;
	t = try_words(MODE_M, writes, 6, x);
	CHECK("minstret_wr minstret_rst minstret_sz zicsr_order", t->x[A0] == 0x123456789abc && t->x[A2] == 1);
	csrs(CSR_MCOUNTINHIBIT, 5);
	u64 before = csrr(CSR_MINSTRET), cycle = csrr(CSR_MCYCLE);
	CHECK("mcountinhibit_op mcountinhibit_only_inc", csrr(CSR_MINSTRET) == before && csrr(CSR_MCYCLE) == cycle);
	CHECK("mcountinhibit_only_inc", finished(try(MODE_U, CSRR(A0, CSR_CYCLE), 0, 0)));
	csrw(CSR_MCOUNTINHIBIT, 0);
	asm volatile("nop");
	CHECK("mcountinhibit_op mcounteren_inc_inaccessible", csrr(CSR_MINSTRET) > before && csrr(CSR_MCYCLE) > cycle);
	csrw(CSR_MCOUNTEREN, 0);
	before = csrr(CSR_MCYCLE);
	CHECK("mcounteren_inc_inaccessible", csrr(CSR_MCYCLE) > before);
	reset();
	delegate(0, 0);
	for (unsigned i = 0; i < 3; i++) {
		csrw(CSR_MCOUNTEREN, 7 & ~(1 << i));
		CHECK("mcounteren_clr_ill_inst_exc mcounteren_op", illegal(try(MODE_S, CSRR(A0, CSR_CYCLE + i), 0, 0)));
		CHECK("mcounteren_clr_ill_inst_exc", illegal(try(MODE_U, CSRR(A0, CSR_CYCLE + i), 0, 0)));
		csrw(CSR_MCOUNTEREN, 1 << i);
		CHECK("mcounteren_set_nxt_priv mcounteren_enc", finished(try(MODE_S, CSRR(A0, CSR_CYCLE + i), 0, 0)));
		csrw(CSR_SCOUNTEREN, 7 & ~(1 << i));
		CHECK("scounteren_op scounteren_acc", illegal(try(MODE_U, CSRR(A0, CSR_CYCLE + i), 0, 0)));
		csrw(CSR_SCOUNTEREN, 1 << i);
		CHECK("scounteren_op scounteren_acc", finished(try(MODE_U, CSRR(A0, CSR_CYCLE + i), 0, 0)));
	}
	reset();
}

static void time(void)
{
	reset();
	u64 a = MTIME, b = csrr(CSR_TIME), c = MTIME;
	CHECK("time_op time_rdonly time_visibility_mtime zicntr_rdtime_op mtime_acc", a <= b && b <= c);
	u64 start = MTIME;
	while (MTIME < start + 100)
		;
	CHECK("mtime_op MTIME_TICK_PERIOD", MTIME > start);
	MTIMECMP(0) = 0x1122334455667788;
	CHECK("mtimecmp_sz mtime_rv64_wr mtimecmp_rv64_wr mtimecmp_enc mtime_sz mtime_enc", MTIMECMP(0) == 0x1122334455667788);
	CHECK("mtimecmp_enc", ((volatile u32 *)&MTIMECMP(0))[1] == 0x11223344 && ((volatile u32 *)&MTIMECMP(0))[0] == 0x55667788);
	MTIMECMP(0) = MTIME + 1000; /* the interrupt stays away until then, and is taken only when enabled */
	CHECK("mtime_intr_pending", !(csrr(CSR_MIP) & BIT(MTI)) || MTIME >= MTIMECMP(0));
	wait_for(BIT(MTI), true);
	CHECK("mtime_intr_pending", MTIME >= MTIMECMP(0));
	CHECK("mtime_intr_taken", finished(try(MODE_S, NOP, 0, 0)));
	csrw(CSR_MIE, BIT(MTI));
	CHECK("mtime_intr_taken", took(try(MODE_S, NOP, 0, 0), LEVEL_M, IRQ(MTI)));
	MTIMECMP(0) = ~UINT64_C(0);
	csrw(CSR_MIE, 0);
	/* treated as unsigned */
	MTIMECMP(0) = BIT(63);
	wait_for(BIT(MTI), false);
	CHECK("mtime_intr_pending", !(csrr(CSR_MIP) & BIT(MTI)));
	MTIMECMP(0) = ~UINT64_C(0);
	CHECK("supervisor_timer_scheduling", csr_exists(CSR_STIMECMP));
}

/* ---- memory attributes ---- */

static void memory_attributes(void)
{
	reset();
	delegate(0, 0);
	static u64 memory[4] __attribute__((aligned(32)));
	static const u32 loads[] = { LB, LH, LW, LD }, stores[] = { SB, SH, SW, SD };
	static const enum mode modes[] = { MODE_M, MODE_S, MODE_U };
	for (unsigned m = 0; m < 3; m++) {
		for (unsigned i = 0; i < 4; i++) {
			for (unsigned offset = 0; offset < 8; offset++) {
				memory[0] = memory[1] = 0;
				context("size, offset", i, offset);
				struct trap *t = try(modes[m], stores[i], (u64)memory + offset, 0x7766554433221101);
				CHECK("pma_mm_rw pma_mm_mandatory_sz PMA_MAG_OP_LDST pma_mag_insts", finished(t));
				t = try(modes[m], loads[i], (u64)memory + offset, 0);
				u64 want = 0x7766554433221101 << (64 - (8 << i)) >> (64 - (8 << i));
				CHECK("pma_mm_rw pma_indep_exec_context pma_mag_op_vec PMA_MAG_OP_LDST fp_misaligned", finished(t) && t->x[A0] == want);
			}
			struct trap *t = try(modes[m], loads[i], HOLE, 0);
			CHECK("pma_precise_recom pma_mm_vs_io_def pma_indep_exec_context", took(t, LEVEL_M, EXC_LOAD_ACCESS) && t->epc == try_pc(modes[m]) && t->tval == HOLE);
			t = try(modes[m], stores[i], HOLE, 0);
			CHECK("pma_precise_recom pma_indep_exec_context", took(t, LEVEL_M, EXC_STORE_ACCESS) && t->epc == try_pc(modes[m]) && t->tval == HOLE);
		}
		CHECK("pma_io_rwx_per_sz PMA_MM_IFETCH", took(run(modes[m], UART, NULL), LEVEL_M, EXC_FETCH_ACCESS));
		CHECK("pma_io_rwx_per_sz", finished(try(modes[m], LBU, UART + 5, 0)));
		CHECK("PMA_MM_IFETCH", finished(try(modes[m], NOP, 0, 0)));
		for (u32 op = 0; op < 32; op += op < 4 ? 1 : 4) { /* AMOs: all in memory, none in I/O */
			if (op == 2 || op == 3)
				continue;
			memory[0] = 0;
			CHECK("pma_amo_levels pma_amo_sz_support PMA_CACHE_MM_ALL_ATOMICS", finished(try(modes[m], AMO(op, 3), (u64)memory, 1)));
			CHECK("pma_amo_far_subset_proc pma_amo_levels", took(try(modes[m], AMO(op, 2), UART + 4, 1), LEVEL_M, EXC_STORE_ACCESS));
			for (unsigned offset = 1; offset < 8; offset++)
				CHECK("pma_mag_op_amo amo_alignment pma_mag_def", took(try(modes[m], AMO(op, 3), (u64)memory + offset, 1), LEVEL_M, EXC_STORE_MISALIGNED));
		}
		CHECK("pma_rsrv_levels pma_amo_far_subset_proc", took(try(modes[m], LR_W, UART + 4, 0), LEVEL_M, EXC_LOAD_ACCESS));
		CHECK("pma_rsrv_levels PMA_CACHE_MM_ALL_ATOMICS", finished(try(modes[m], LR_W, (u64)memory, 0)));
		CHECK("pma_mag_op_rsrv", took(try(modes[m], LR_D, (u64)memory + 4, 0), LEVEL_M, EXC_LOAD_MISALIGNED));
		CHECK("pma_mag_op_rsrv", took(try(modes[m], SC_D, (u64)memory + 4, 0), LEVEL_M, EXC_STORE_MISALIGNED));
		CHECK("PMA_MAG_EXC", took(try(modes[m], LR_W, (u64)memory + 2, 0), LEVEL_M, EXC_LOAD_MISALIGNED));
		/* misaligned in I/O: an access fault, which says that emulation does not help */
		CHECK("pma_idp_misaligned_exc", took(try(modes[m], LW, 0x2004001, 0), LEVEL_M, EXC_LOAD_ACCESS));
		CHECK("pma_idp_misaligned_exc", took(try(modes[m], SW, 0x2004001, 0), LEVEL_M, EXC_STORE_ACCESS));
	}
	/* page tables in I/O */
	csrw(CSR_SATP, UINT64_C(8) << 60 | UART >> 12);
	fence_all();
	CHECK("pma_vm_hw_tbl_acc", took(try(MODE_S, NOP, 0, 0), LEVEL_M, EXC_FETCH_ACCESS));
	reset();
}

/* ---- device and memory order ---- */

static volatile u64 payload, seen;

static void waits_for_msip(u64 rounds)
{
	u64 me = csrr(CSR_MHARTID);
	for (u64 i = 1; i <= rounds; i++) {
		while (!(csrr(CSR_MIP) & BIT(MSI)))
			;
		asm volatile("fence iorw, iorw" ::: "memory");
		if (payload == i)
			seen++;
		MSIP(me) = 0;
		while (csrr(CSR_MIP) & BIT(MSI))
			;
		__atomic_store_n(&payload, 0, __ATOMIC_SEQ_CST);
	}
}

/* Memory, then a device that tells another hart: FENCE O,O with FIOM orders both; with it off, FENCE W,O does. */
static void fence_of_io(void)
{
	for (unsigned fiom = 0; fiom < 2; fiom++) {
		reset();
		csrw(CSR_MENVCFG, fiom);
		CHECK("menvcfg_fiom_fence_op MENVCFG_FIOM_RDONLY0_OK menvcfg_acc menvcfg_op", (csrr(CSR_MENVCFG) & 1) == fiom);
		payload = seen = 0;
		hart_start(1, waits_for_msip, 50);
		for (u64 i = 1; i <= 50; i++) {
			u32 words[3] = { SD, fiom ? 0x0440000f : 0x0140000f, s_type(0x23, 2, A4, A3, 0) };
			u64 x[32] = { 0 };
			x[A1] = (u64)&payload;
			x[A2] = i;
			x[A3] = (u64)&MSIP(1);
			x[A4] = 1;
			struct trap *t = try_words(MODE_S, words, 3, x);
			CHECK("menvcfg_fiom_fence_op menvcfg_fiom_fence_presuc_op", finished(t));
			while (__atomic_load_n(&payload, __ATOMIC_SEQ_CST))
				;
		}
		hart_wait(1);
		CHECK("menvcfg_fiom_fence_op menvcfg_fiom_fence_presuc_op menvcfg_fiom_atomic_op senvcfg_fiom_op senvcfg_fiom_op_atomic", seen == 50);
	}
	reset();
}

int main(void)
{
	reset();
	harts_have_numbers();
	delegation_of_exceptions();
	delegated_traps_leave_m_alone();
	trap_values();
	priorities();
	returns();
	pending_bits();
	interrupts();
	interrupts_right_after_writes();
	interrupt_priorities();
	vectored_supervisor_traps();
	wfi();
	tvm();
	mprv_mxr_sum();
	floating_point_state();
	byte_order();
	counters();
	time();
	memory_attributes();
	fence_of_io();
	finish();
}
