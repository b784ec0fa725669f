/* Zicfilp: which jumps expect a landing pad, what is one, and the expectation across traps. */
#include "step_world.h"

enum { RS1 = 12, LABEL = 7, NOP = 0x13, LPAD = 0x17 };

#define TARGET (CODE + 0x100)

static const unsigned lpe_csr[MODE_COUNT] = {
	[MODE_M] = CSR_mseccfg, [MODE_HS] = CSR_menvcfg, [MODE_U] = CSR_senvcfg, [MODE_VS] = CSR_henvcfg, [MODE_VU] = CSR_senvcfg,
};

static void set_lpe(struct hart *hart, enum mode mode, bool on)
{
	uint64_t value, bit = mode == MODE_M ? mseccfg_MLPE : menvcfg_LPE;
	cr_assert(csr_peek(hart, lpe_csr[mode], &value));
	cr_assert(csr_poke(hart, lpe_csr[mode], on ? value | bit : value & ~bit));
	cr_assert(csr_peek(hart, lpe_csr[mode], &value));
	cr_assert_eq(!(value & bit), !on);
}

/* jalr x0, 0(rs1) to `target`, in a mode. */
static void jump(struct world *world, enum mode mode, unsigned rs1, uint64_t target)
{
	world->hart.x[rs1] = target;
	enter(&world->hart, mode);
	step(world, encode(INSN_jalr, 0, rs1, 0));
	cr_assert_eq(world->hart.pc, target);
}

/* Then the word there: is it refused as no landing pad? */
static bool refused(struct world *world, uint64_t target, uint32_t word)
{
	struct hart *hart = &world->hart;
	hart->csr.mcause = 0;
	bool completed = step_at(world, target, target, word);
	if (hart->csr.mcause != CAUSE_SOFTWARE_CHECK) {
		cr_expect(completed);
		return false;
	}
	cr_expect_eq(hart->csr.mepc, target);
	cr_expect_eq(hart->csr.mtval, 2);
	cr_expect_not(hart->csr.mstatus & mstatus_GVA);
	cr_expect(hart->csr.mstatus & mstatus_MPELP, "the expectation is kept");
	cr_expect_not(hart->elp);
	return true;
}

/* norm:menvcfg_lpe_op_lead-in norm:mseccfg_mlpe_set_op norm:senvcfg_lpe_Zicfilp */
Test(landing_pad, a_mode_obeys_one_field)
{
	struct world *world = step_world_new();
	for (enum mode on = MODE_M; on < MODE_COUNT; on++) {
		for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
			set_lpe(&world->hart, on, true);
			jump(world, mode, RS1, TARGET);
			cr_expect_eq(refused(world, TARGET, NOP), lpe_csr[on] == lpe_csr[mode], "%s for %s", mode_name(on),
			             mode_name(mode));
			jump(world, mode, RS1, TARGET);
			cr_expect_not(refused(world, TARGET, LPAD));
			cr_expect_not(refused(world, TARGET + 4, NOP), "once is enough");
			set_lpe(&world->hart, on, false);
			jump(world, mode, RS1, TARGET);
			cr_expect_not(refused(world, TARGET, NOP));
			cr_expect_not(refused(world, TARGET, LPAD | 0x12345000), "a no-op");
		}
	}
	step_world_free(world);
}

/* norm:zicflip_lpad_enc norm:zicflip_lpad_imm_enc norm:zicflip_elp_lpad_expected norm:Zicfilp_exception_priority */
Test(landing_pad, what_is_one)
{
	static const struct { uint32_t word; uint64_t offset, label; bool refused; } rows[] = {
		{LPAD, 0, 0, false},
		{LPAD, 0, 0xabcde000, false},
		{LPAD | 0xabcde000, 0, 0xabcde000, false},
		{LPAD | 0xabcde000, 0, 0xffffffffabcdefff, false},
		{LPAD | 0xabcde000, 0, 0xabcdf000, true},
		{LPAD | 0x00001000, 0, 0, true},
		{LPAD, 2, 0, true}, /* not 4-byte aligned */
		{LPAD | 1 << 7, 0, 0, true}, /* auipc ra */
		{0x0001, 0, 0, true}, /* c.nop */
		{0xffffffff, 0, 0, true}, /* before illegal instruction */
		{0x00100073, 0, 0, true}, /* ebreak */
	};
	struct world *world = step_world_new();
	set_lpe(&world->hart, MODE_HS, true);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		jump(world, MODE_HS, RS1, TARGET + rows[i].offset);
		world->hart.x[LABEL] = rows[i].label;
		cr_expect_eq(refused(world, TARGET + rows[i].offset, rows[i].word), rows[i].refused, "row %zu", i);
	}
	step_world_free(world);
}

/* norm:zicflip_lpad_expected norm:zicflip_indirect_branch_lpad: not returns, nor through x7, nor direct jumps. */
Test(landing_pad, which_jumps_expect_one)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	set_lpe(hart, MODE_VS, true);
	for (unsigned rs1 = 1; rs1 < 32; rs1++) {
		uint32_t words[] = {encode(INSN_jalr, 0, rs1, 0), encode(INSN_jalr, 1, rs1, 0), 0x8002 | rs1 << 7, 0x9002 | rs1 << 7};
		for (unsigned n = 0; n < 4; n++) {
			hart->x[rs1] = TARGET;
			enter(hart, MODE_VS);
			step(world, words[n]);
			cr_assert_eq(hart->pc, TARGET);
			cr_expect_eq(refused(world, TARGET, NOP), rs1 != 1 && rs1 != 5 && rs1 != 7, "x%u, form %u", rs1, n);
		}
	}
	enter(hart, MODE_VS);
	step(world, 0x1000006f); /* jal x0, .+0x100 */
	cr_expect_eq(hart->pc, TARGET);
	cr_expect_not(refused(world, TARGET, NOP));
	step_world_free(world);
}

/* ---- traps ---- */

/* A fetch that faults comes first; the trap saves the expectation where its mode keeps it. norm:Zicfilp_forward_traps
 * norm:Zicfilp_pelp_trap norm:cfi_mstatus_mpelp_op norm:cfi_mstatus_spelp_op norm:vsstatus_spelp_op2 */
Test(landing_pad, traps_save_it)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	uint64_t hole = 0x1000;
	for (unsigned n = 0; n < 8; n++) {
		enum mode to = n % 4 == 0 ? MODE_M : n % 4 == 1 ? MODE_HS : MODE_VS;
		bool expected = n & 4;
		hart->csr.medeleg = to == MODE_M ? 0 : medeleg_FETCH_ACCESS;
		hart->csr.hedeleg = to == MODE_VS ? hedeleg_FETCH_ACCESS : 0;
		hart->csr.mstatus |= mstatus_SPELP | mstatus_MPELP;
		hart->csr.vsstatus |= vsstatus_SPELP;
		set_lpe(hart, MODE_VS, expected);
		jump(world, MODE_VS, RS1, hole);
		exec_step(hart, UINT64_MAX);
		cr_assert_eq(hart->mode, to);
		cr_expect_not(hart->elp);
		cr_expect_eq(!!(hart->csr.mstatus & mstatus_MPELP), to != MODE_M || expected);
		cr_expect_eq(!!(hart->csr.mstatus & mstatus_SPELP), to != MODE_HS || expected);
		cr_expect_eq(!!(hart->csr.vsstatus & vsstatus_SPELP), to != MODE_VS || expected);
	}
	step_world_free(world);
}

/* norm:Zicfilp_forward_trap_async_interrupt */
Test(landing_pad, interrupts_save_it)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	set_lpe(hart, MODE_U, true);
	jump(world, MODE_U, RS1, TARGET);
	hart->csr.mie = mie_MSIE;
	hart->csr.mtvec = TARGET + 0x40;
	cr_assert(bus_poke(&world->bus, TARGET + 0x40, &(uint32_t){NOP}, 4));
	hart_set_irq(hart, IRQ_MSI, true, hart->now);
	exec_step(hart, UINT64_MAX);
	cr_expect_eq(hart->csr.mcause, mcause_INTERRUPT | IRQ_MSI);
	cr_expect_eq(hart->csr.mepc, TARGET);
	cr_expect(hart->csr.mstatus & mstatus_MPELP);
	step_world_free(world);
}

/* norm:Zicfilp_pelp_trap_return: if the new mode has landing pads; and the saved one is gone. */
Test(landing_pad, returns_restore_it)
{
	static const struct { enum insn_id ret; enum mode from, to; } rows[] = {
		{INSN_mret, MODE_M, MODE_M},  {INSN_mret, MODE_M, MODE_HS},  {INSN_mret, MODE_M, MODE_VU},
		{INSN_sret, MODE_HS, MODE_HS}, {INSN_sret, MODE_HS, MODE_U}, {INSN_sret, MODE_HS, MODE_VS},
		{INSN_sret, MODE_VS, MODE_VS}, {INSN_sret, MODE_VS, MODE_VU},
	};
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	for (unsigned n = 0; n < sizeof rows / sizeof rows[0] * 4; n++) {
		enum mode from = rows[n / 4].from, to = rows[n / 4].to;
		bool saved = n & 1, lpe = n & 2, of_m = from == MODE_M, of_vs = from == MODE_VS;
		uint64_t *status = of_vs ? &hart->csr.vsstatus : &hart->csr.mstatus, pelp = of_m ? mstatus_MPELP : mstatus_SPELP;
		hart->csr.mstatus &= ~(mstatus_MPP | mstatus_MPV | mstatus_SPP | mstatus_MPELP | mstatus_SPELP);
		hart->csr.vsstatus &= ~(vsstatus_SPP | vsstatus_SPELP);
		hart->csr.mstatus |= (uint64_t)mode_priv(to) << mstatus_MPP_LOW | (mode_virt(to) ? mstatus_MPV : 0);
		hart->csr.mstatus |= mode_priv(to) ? mstatus_SPP : 0;
		hart->csr.vsstatus |= mode_priv(to) ? vsstatus_SPP : 0;
		hart->csr.hstatus = (hart->csr.hstatus & ~hstatus_SPV) | (mode_virt(to) ? hstatus_SPV : 0);
		*status |= saved ? pelp : 0;
		hart->csr.mepc = hart->csr.sepc = hart->csr.vsepc = TARGET;
		set_lpe(hart, to, lpe);
		enter(hart, from);
		step(world, insn_rows[rows[n / 4].ret].match);
		cr_assert_eq(hart->mode, to);
		cr_expect_eq(hart->elp, saved && lpe);
		cr_expect_not(*status & pelp);
		cr_expect_eq(refused(world, TARGET, NOP), saved && lpe, "row %u", n);
		set_lpe(hart, to, false);
	}
	step_world_free(world);
}

/* ---- engine and registers ---- */

/* Many jumps, by way of every cache of blocks: each finds its landing pad, until one is gone. */
Test(landing_pad, in_a_loop)
{
	uint32_t loop[] = {
		LPAD, 0x00158593 /* addi a1, a1, 1 */, encode(INSN_jalr, 0, RS1, 0), NOP,
	};
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	uint64_t traps = TARGET + 0x40;
	cr_assert(bus_poke(&world->bus, TARGET, loop, sizeof loop));
	cr_assert(bus_poke(&world->bus, traps, &(uint32_t){0x6f}, 4)); /* j . */
	set_lpe(hart, MODE_HS, true);
	hart->csr.mtvec = traps;
	hart->x[RS1] = hart->pc = TARGET;
	enter(hart, MODE_HS);
	exec_run(hart, hart->cycle + 300, UINT64_MAX);
	cr_expect_eq(hart->x[11], 100);
	cr_expect_eq(hart->mode, MODE_HS);
	cr_assert(bus_poke(&world->bus, TARGET, &(uint32_t){NOP}, 4));
	exec_invalidate(hart, TARGET, 4);
	exec_run(hart, hart->cycle + 20, UINT64_MAX);
	cr_expect_eq(hart->csr.mcause, CAUSE_SOFTWARE_CHECK);
	cr_expect_eq(hart->csr.mepc, TARGET);
	cr_expect_eq(hart->x[11], 100);
	step_world_free(world);
}

/* norm:mseccfg_mlpe_presence norm:mseccfg_mlpe_rst */
Test(landing_pad, fields_go_with_the_extension)
{
	static const struct { unsigned csr; uint64_t field; } rows[] = {
		{CSR_mseccfg, mseccfg_MLPE}, {CSR_menvcfg, menvcfg_LPE}, {CSR_henvcfg, henvcfg_LPE}, {CSR_senvcfg, senvcfg_LPE},
		{CSR_mstatus, mstatus_MPELP | mstatus_SPELP}, {CSR_sstatus, sstatus_SPELP}, {CSR_vsstatus, vsstatus_SPELP},
	};
	struct world *world = step_world_new();
	for (unsigned n = 0; n < 2 * sizeof rows / sizeof rows[0]; n++) {
		uint64_t value, field = rows[n / 2].field;
		isa_parse(n & 1 ? "-zicfilp" : "+zicfilp", &world->hart.isa, (char[64]){""}, 64);
		csr_reset(&world->hart);
		csr_peek(&world->hart, rows[n / 2].csr, &value);
		cr_expect_eq(value & field, 0);
		csr_poke(&world->hart, rows[n / 2].csr, ~UINT64_C(0));
		csr_peek(&world->hart, rows[n / 2].csr, &value);
		cr_expect_eq(value & field, n & 1 ? 0 : field, "%s", csr_info(rows[n / 2].csr)->name);
	}
	step_world_free(world);
}
