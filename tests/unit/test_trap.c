/* Where traps go, what they leave in the CSRs, and the way back. */
#include "csr_hart.h"
#include "hart/route.h"
#include "hart/trap.h"

enum { EPC = 0x80001234, MTVEC = 0x80100000, STVEC = 0x80200000, VSTVEC = 0x80300000 };

static struct world *vectored_world(uint64_t vector_mode)
{
	struct world *world = new_world();
	put(world, CSR_mtvec, MTVEC | vector_mode);
	put(world, CSR_stvec, STVEC | vector_mode);
	put(world, CSR_vstvec, VSTVEC | vector_mode);
	return world;
}

static struct world *trap_world(void)
{
	return vectored_world(0);
}

static enum mode take(struct world *world, enum mode from, struct trap trap)
{
	world->hart.mode = from;
	world->hart.pc = EPC;
	trap.pending = true;
	world->hart.trap = trap;
	enum mode to = trap_take(&world->hart);
	cr_expect_eq(to, world->hart.mode);
	cr_expect_not(world->hart.trap.pending);
	return to;
}

static enum mode take_exception(struct world *world, enum mode from, unsigned cause)
{
	return take(world, from, (struct trap){.cause = (uint8_t)cause});
}

static enum mode take_interrupt(struct world *world, enum mode from, unsigned cause)
{
	return take(world, from, (struct trap){.cause = (uint8_t)cause, .interrupt = true});
}

/* ---- delegation ---- */

static enum mode expected_target(enum mode from, bool medeleg, bool hedeleg)
{
	if (from == MODE_M || !medeleg)
		return MODE_M;
	return mode_virt(from) && hedeleg ? MODE_VS : MODE_HS;
}

/* norm:H_trap_deleg norm:hedeleg_op: every exception from every mode under every setting of its two bits. */
Test(trap, delegation_of_exceptions)
{
	static const unsigned causes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 20, 21, 22, 23};
	struct world *world = trap_world();
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
		for (unsigned bits = 0; bits < 4; bits++)
			for (enum mode from = MODE_M; from < MODE_COUNT; from++) {
				uint64_t bit = UINT64_C(1) << causes[i];
				put(world, CSR_medeleg, bits & 1 ? bit : ~bit);
				put(world, CSR_hedeleg, bits & 2 ? bit : ~bit);
				bool held = get(world, CSR_hedeleg) & bit; /* read-only 0 for some causes */
				cr_expect_eq(take_exception(world, from, causes[i]), expected_target(from, bits & 1, held),
				             "cause %u from %s, bits %u", causes[i], mode_name(from), bits);
			}
	free(world);
}

/* norm:hideleg_op norm:mideleg_acc_h */
Test(trap, delegation_of_interrupts)
{
	struct world *world = trap_world();
	for (unsigned irq = 1; irq <= 12; irq++)
		for (unsigned bits = 0; bits < 4; bits++)
			for (enum mode from = MODE_M; from < MODE_COUNT; from++) {
				uint64_t bit = UINT64_C(1) << irq;
				put(world, CSR_mideleg, bits & 1 ? bit : 0);
				put(world, CSR_hideleg, bits & 2 ? bit : 0);
				bool mideleg = get(world, CSR_mideleg) & bit, hideleg = get(world, CSR_hideleg) & bit;
				cr_expect_eq(take_interrupt(world, from, irq), expected_target(from, mideleg, hideleg),
				             "interrupt %u from %s, bits %u", irq, mode_name(from), bits);
			}
	free(world);
}

/* ---- entry into M ---- */

/* norm:H_trap_m_csrwrites norm:mstatus_xpie_xie_xpp_trap_op */
Test(trap, entry_into_m)
{
	static const struct { enum mode from; uint64_t mpp, mpv; } rows[] = {
		{MODE_M, 3, 0}, {MODE_HS, 1, 0}, {MODE_U, 0, 0}, {MODE_VS, 1, 1}, {MODE_VU, 0, 1},
	};
	for (size_t i = 0; i < 10; i++) {
		struct world *world = trap_world();
		bool mie = i >= 5;
		put(world, CSR_mstatus, (mie ? mstatus_MIE : mstatus_MPIE) | mstatus_SIE | mstatus_MPRV | mstatus_SUM);
		uint64_t before = get(world, CSR_mstatus);
		put(world, CSR_hstatus, hstatus_SPVP);
		struct trap trap = {.cause = CAUSE_LOAD_GUEST_PAGE, .gva = true, .tval = 0x111, .tval2 = 0x222, .tinst = 0x3003};
		cr_expect_eq(take(world, rows[i % 5].from, trap), MODE_M);
		expect_hex(get(world, CSR_mepc), EPC);
		expect_hex(get(world, CSR_mcause), CAUSE_LOAD_GUEST_PAGE);
		expect_hex(get(world, CSR_mtval), 0x111);
		expect_hex(get(world, CSR_mtval2), 0x222);
		expect_hex(get(world, CSR_mtinst), 0x3003);
		uint64_t expected = before & ~(mstatus_MIE | mstatus_MPIE | mstatus_MPP);
		expected |= (mie ? mstatus_MPIE : 0) | mstatus_GVA | rows[i % 5].mpp << mstatus_MPP_LOW |
		            rows[i % 5].mpv << mstatus_MPV_LOW;
		expect_hex(get(world, CSR_mstatus), expected);
		expect_hex(get(world, CSR_hstatus), hstatus_SPVP | UINT64_C(0x200000000));
		expect_hex(world->hart.pc, MTVEC);
		expect_hex(get(world, CSR_sepc), 0);
		free(world);
	}
}

/* Fields of an earlier trap do not stay. */
Test(trap, entry_clears_gva_mpv_and_second_values)
{
	struct world *world = trap_world();
	put(world, CSR_mstatus, mstatus_GVA | mstatus_MPV);
	put(world, CSR_mtval, 1);
	put(world, CSR_mtval2, 1);
	put(world, CSR_mtinst, 1);
	take_exception(world, MODE_HS, CAUSE_ECALL_HS);
	expect_hex(get(world, CSR_mstatus) & (mstatus_GVA | mstatus_MPV), 0);
	expect_hex(get(world, CSR_mtval) | get(world, CSR_mtval2) | get(world, CSR_mtinst), 0);
	free(world);
}

/* ---- entry into HS ---- */

/* norm:H_trap_hs_csrwrites norm:hstatus_spv_op norm:hstatus_spvp_op norm:hstatus_gva_op */
Test(trap, entry_into_hs)
{
	static const struct { enum mode from; uint64_t spp, spv; } rows[] = {
		{MODE_HS, 1, 0}, {MODE_U, 0, 0}, {MODE_VS, 1, 1}, {MODE_VU, 0, 1},
	};
	for (size_t i = 0; i < 16; i++) {
		struct world *world = trap_world();
		bool sie = i & 4, spvp = i & 8;
		put(world, CSR_medeleg, ~UINT64_C(0));
		put(world, CSR_mstatus, (sie ? mstatus_SIE : mstatus_SPIE) | mstatus_MIE);
		put(world, CSR_vsstatus, vsstatus_SIE | vsstatus_SPP);
		put(world, CSR_hstatus, spvp ? hstatus_SPVP : 0);
		struct trap trap = {.cause = CAUSE_STORE_GUEST_PAGE, .gva = true, .tval = 0x111, .tval2 = 0x222, .tinst = 0x3005};
		cr_expect_eq(take(world, rows[i % 4].from, trap), MODE_HS);
		expect_hex(get(world, CSR_sepc), EPC);
		expect_hex(get(world, CSR_scause), CAUSE_STORE_GUEST_PAGE);
		expect_hex(get(world, CSR_stval), 0x111);
		expect_hex(get(world, CSR_htval), 0x222);
		expect_hex(get(world, CSR_htinst), 0x3005);
		uint64_t new_spvp = rows[i % 4].spv ? rows[i % 4].spp : spvp;
		expect_hex(get(world, CSR_hstatus), UINT64_C(0x200000000) | hstatus_GVA | rows[i % 4].spv << hstatus_SPV_LOW |
		                                            new_spvp << hstatus_SPVP_LOW);
		expect_hex(get(world, CSR_sstatus) & (sstatus_SIE | sstatus_SPIE | sstatus_SPP),
		           (sie ? sstatus_SPIE : 0) | rows[i % 4].spp << sstatus_SPP_LOW);
		expect_hex(get(world, CSR_mstatus) & mstatus_MIE, mstatus_MIE);
		expect_hex(get(world, CSR_vsstatus) & (vsstatus_SIE | vsstatus_SPP), vsstatus_SIE | vsstatus_SPP);
		expect_hex(world->hart.pc, STVEC);
		expect_hex(get(world, CSR_mepc) | get(world, CSR_vsepc), 0);
		free(world);
	}
}

/* ---- entry into VS ---- */

/* norm:H_trap_vs_csrwrites: hstatus and sstatus are not touched. */
Test(trap, entry_into_vs)
{
	for (unsigned i = 0; i < 4; i++) {
		struct world *world = trap_world();
		enum mode from = i & 1 ? MODE_VS : MODE_VU;
		bool sie = i & 2;
		put(world, CSR_medeleg, ~UINT64_C(0));
		put(world, CSR_hedeleg, ~UINT64_C(0));
		put(world, CSR_mstatus, mstatus_SIE | mstatus_MIE);
		put(world, CSR_vsstatus, (sie ? vsstatus_SIE : vsstatus_SPIE) | vsstatus_SUM);
		uint64_t mstatus = get(world, CSR_mstatus), hstatus = get(world, CSR_hstatus);
		cr_expect_eq(take(world, from, (struct trap){.cause = CAUSE_LOAD_PAGE, .gva = true, .tval = 0x777}), MODE_VS);
		expect_hex(get(world, CSR_vsepc), EPC);
		expect_hex(get(world, CSR_vscause), CAUSE_LOAD_PAGE);
		expect_hex(get(world, CSR_vstval), 0x777);
		expect_hex(get(world, CSR_vsstatus), UINT64_C(0x200000000) | vsstatus_SUM | (sie ? vsstatus_SPIE : 0) |
		                                             (from == MODE_VS ? vsstatus_SPP : 0));
		expect_hex(get(world, CSR_mstatus), mstatus);
		expect_hex(get(world, CSR_hstatus), hstatus);
		expect_hex(world->hart.pc, VSTVEC);
		expect_hex(get(world, CSR_sepc) | get(world, CSR_mepc) | get(world, CSR_htval), 0);
		free(world);
	}
}

/* norm:hideleg_trans */
Test(trap, guests_see_supervisor_interrupt_numbers)
{
	struct world *world = vectored_world(1);
	put(world, CSR_hideleg, ~UINT64_C(0));
	for (unsigned irq = IRQ_VSSI; irq <= IRQ_VSEI; irq += 4) {
		cr_expect_eq(take_interrupt(world, MODE_VS, irq), MODE_VS);
		expect_hex(get(world, CSR_vscause), UINT64_C(1) << 63 | (irq - 1));
		expect_hex(world->hart.pc, VSTVEC + 4 * (irq - 1));
		cr_expect_eq(take_interrupt(world, MODE_HS, irq), MODE_HS);
		expect_hex(get(world, CSR_scause), UINT64_C(1) << 63 | irq);
	}
	free(world);
}

/* Exceptions 2 and 6 are no interrupts 2 and 6. */
Test(trap, guests_see_exceptions_as_they_are)
{
	static const unsigned causes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15};
	struct world *world = vectored_world(1);
	put(world, CSR_medeleg, ~UINT64_C(0));
	put(world, CSR_hedeleg, ~UINT64_C(0));
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
		cr_expect_eq(take_exception(world, MODE_VU, causes[i]), MODE_VS);
		expect_hex(get(world, CSR_vscause), causes[i]);
		expect_hex(world->hart.pc, VSTVEC);
	}
	free(world);
}

/* ---- vectors ---- */

/* norm:mtvec_mode_vectored_op norm:mtvec_mode_direct_op */
Test(trap, vectors)
{
	for (uint64_t mode = 0; mode < 2; mode++) {
		struct world *world = vectored_world(mode);
		take_interrupt(world, MODE_HS, IRQ_MTI);
		expect_hex(world->hart.pc, MTVEC + (mode ? 4 * IRQ_MTI : 0));
		expect_hex(get(world, CSR_mcause), UINT64_C(1) << 63 | IRQ_MTI);
		take_exception(world, MODE_HS, CAUSE_ECALL_HS);
		expect_hex(world->hart.pc, MTVEC);
		put(world, CSR_mideleg, ~UINT64_C(0));
		put(world, CSR_medeleg, ~UINT64_C(0));
		take_interrupt(world, MODE_HS, IRQ_SEI);
		expect_hex(world->hart.pc, STVEC + (mode ? 4 * IRQ_SEI : 0));
		take_exception(world, MODE_HS, CAUSE_BREAKPOINT);
		expect_hex(world->hart.pc, STVEC);
		free(world);
	}
}

/* ---- legal choices of the platform ---- */

static uint64_t mtval_of(struct world *world, unsigned cause)
{
	take(world, MODE_VS, (struct trap){.cause = (uint8_t)cause, .tval = 0x55, .gva = true});
	return get(world, CSR_mtval);
}

Test(trap, tval_zero)
{
	struct world *world = trap_world();
	for (unsigned option = 0; option < 2; option++) {
		world->options.tval_zero = option;
		uint64_t optional = option ? 0 : 0x55;
		expect_hex(mtval_of(world, CAUSE_ILLEGAL), optional);
		expect_hex(mtval_of(world, CAUSE_VIRTUAL), optional);
		expect_hex(mtval_of(world, CAUSE_BREAKPOINT), optional);
		/* norm:mstatus_gva_op: set when a guest virtual address is written */
		expect_hex(get(world, CSR_mstatus) & mstatus_GVA, option ? 0 : mstatus_GVA);
		expect_hex(mtval_of(world, CAUSE_LOAD_PAGE), 0x55);
		expect_hex(get(world, CSR_mstatus) & mstatus_GVA, mstatus_GVA);
		expect_hex(mtval_of(world, CAUSE_STORE_GUEST_PAGE), 0x55);
		expect_hex(mtval_of(world, CAUSE_FETCH_ACCESS), 0x55);
	}
	free(world);
}

/* norm:H_trap_xtinst_guestpage: a pseudoinstruction may not be left out where its address is written. */
Test(trap, tinst_zero)
{
	struct world *world = trap_world();
	put(world, CSR_medeleg, ~UINT64_C(0));
	world->options.tinst_zero = true;
	take(world, MODE_VS, (struct trap){.cause = CAUSE_LOAD_GUEST_PAGE, .tval2 = 4, .tinst = 0x3003});
	expect_hex(get(world, CSR_htinst), 0);
	take(world, MODE_VS, (struct trap){.cause = CAUSE_LOAD_GUEST_PAGE, .tval2 = 4, .tinst = 0x3000});
	expect_hex(get(world, CSR_htinst), 0x3000);
	take(world, MODE_VS, (struct trap){.cause = CAUSE_LOAD_GUEST_PAGE, .tval2 = 4, .tinst = 0x3020});
	expect_hex(get(world, CSR_htinst), 0x3020);
	free(world);
}

/* norm:htval_trapval norm:mtval2_trapval: and then nothing needs the pseudoinstruction. */
Test(trap, tval2_zero)
{
	struct world *world = trap_world();
	struct trap trap = {.cause = CAUSE_LOAD_GUEST_PAGE, .tval = 8, .tval2 = 4, .tinst = 0x3000};
	world->options.tval2_zero = true;
	take(world, MODE_VS, trap);
	expect_hex(get(world, CSR_mtval2), 0);
	expect_hex(get(world, CSR_mtval), 8);
	expect_hex(get(world, CSR_mtinst), 0x3000);
	world->options.tinst_zero = true;
	put(world, CSR_medeleg, ~UINT64_C(0));
	take(world, MODE_VS, trap);
	expect_hex(get(world, CSR_htval), 0);
	expect_hex(get(world, CSR_htinst), 0);
	with_extension(world, EXT_Ssdbltrp, true);
	put(world, CSR_menvcfg, menvcfg_DTE);
	put(world, CSR_sstatus, sstatus_SDT);
	put(world, CSR_medeleg, ~UINT64_C(0));
	cr_expect_eq(take(world, MODE_VS, trap), MODE_M);
	expect_hex(get(world, CSR_mtval2), CAUSE_LOAD_GUEST_PAGE); /* a double trap's cause is no address */
	free(world);
}

/* ---- MRET ---- */

/* norm:mret_h norm:mstatus_xret_op norm:mstatus_mprv_clr_mret_sret_less_priv: every MPP and MPV. */
Test(trap, mret)
{
	static const struct { uint64_t mpp, mpv; enum mode to; } rows[] = {
		{0, 0, MODE_U}, {0, 1, MODE_VU}, {1, 0, MODE_HS}, {1, 1, MODE_VS}, {3, 0, MODE_M}, {3, 1, MODE_M},
	};
	for (size_t i = 0; i < 12; i++) {
		struct world *world = trap_world();
		bool mpie = i >= 6;
		put(world, CSR_mepc, EPC);
		put(world, CSR_mstatus, rows[i % 6].mpp << mstatus_MPP_LOW | rows[i % 6].mpv << mstatus_MPV_LOW | mstatus_MPRV |
		                                (mpie ? mstatus_MPIE : mstatus_MIE) | mstatus_SIE | mstatus_GVA);
		world->hart.effects = 0;
		cr_expect(trap_mret(&world->hart, 0x30200073));
		cr_expect_eq(world->hart.mode, rows[i % 6].to);
		expect_hex(world->hart.pc, EPC);
		expect_hex(get(world, CSR_mstatus), UINT64_C(0xa00000000) | mstatus_MPIE | (mpie ? mstatus_MIE : 0) | mstatus_SIE |
		                                            mstatus_GVA | (rows[i % 6].to == MODE_M ? mstatus_MPRV : 0));
		cr_expect_eq(world->hart.effects, EFFECT_MODE | EFFECT_IRQ);
		free(world);
	}
}

Test(trap, mret_without_user_mode_keeps_mpp)
{
	struct world *world = new_world();
	set_extension(&world->hart, EXT_H, false);
	set_extension(&world->hart, EXT_S, false);
	with_extension(world, EXT_U, false);
	cr_expect(trap_mret(&world->hart, 0x30200073));
	cr_expect_eq(world->hart.mode, MODE_M);
	expect_hex(get(world, CSR_mstatus) & mstatus_MPP, mstatus_MPP);
	free(world);
}

static void expect_refused(struct world *world, bool (*ret)(struct hart *, uint32_t), enum mode mode, unsigned cause)
{
	struct hart *hart = &world->hart;
	hart->mode = mode;
	hart->pc = EPC;
	cr_expect_not(ret(hart, 0x12345678), "in %s", mode_name(mode));
	cr_expect(hart->trap.pending);
	cr_expect_eq(hart->trap.cause, cause, "cause %u in %s", hart->trap.cause, mode_name(mode));
	expect_hex(hart->trap.tval, 0x12345678);
	cr_expect_eq(hart->mode, mode);
	expect_hex(hart->pc, EPC);
	hart->trap.pending = false;
}

/* MRET would not be valid in HS-mode, so it is illegal for guests too. norm:H_cause_virtual_instruction */
Test(trap, mret_belongs_to_m)
{
	struct world *world = trap_world();
	for (enum mode mode = MODE_HS; mode < MODE_COUNT; mode++)
		expect_refused(world, trap_mret, mode, CAUSE_ILLEGAL);
	free(world);
}

/* ---- SRET ---- */

/* norm:sret_v0: from M and from HS, every SPP and SPV. */
Test(trap, sret_with_v0)
{
	static const enum mode to[2][2] = {{MODE_U, MODE_HS}, {MODE_VU, MODE_VS}};
	for (unsigned i = 0; i < 16; i++) {
		struct world *world = trap_world();
		bool spp = i & 1, spv = i & 2, spie = i & 4;
		put(world, CSR_sepc, EPC);
		put(world, CSR_mstatus, mstatus_MPRV | mstatus_MPP | (spp ? mstatus_SPP : 0) | (spie ? mstatus_SPIE : mstatus_SIE));
		put(world, CSR_hstatus, hstatus_SPVP | hstatus_GVA | hstatus_VTSR | (spv ? hstatus_SPV : 0));
		put(world, CSR_vsstatus, vsstatus_SPP | vsstatus_SIE);
		uint64_t vsstatus = get(world, CSR_vsstatus);
		world->hart.mode = i & 8 ? MODE_M : MODE_HS;
		cr_expect(trap_sret(&world->hart, 0x10200073));
		cr_expect_eq(world->hart.mode, to[spv][spp]);
		expect_hex(world->hart.pc, EPC);
		expect_hex(get(world, CSR_mstatus), UINT64_C(0xa00000000) | mstatus_MPP | mstatus_SPIE | (spie ? mstatus_SIE : 0));
		expect_hex(get(world, CSR_hstatus), UINT64_C(0x200000000) | hstatus_SPVP | hstatus_GVA | hstatus_VTSR);
		expect_hex(get(world, CSR_vsstatus), vsstatus);
		free(world);
	}
}

/* norm:sret_v1: nothing above the guest changes. */
Test(trap, sret_with_v1)
{
	for (unsigned i = 0; i < 4; i++) {
		struct world *world = trap_world();
		bool spp = i & 1, spie = i & 2;
		put(world, CSR_vsepc, EPC);
		put(world, CSR_vsstatus, (spp ? vsstatus_SPP : 0) | (spie ? vsstatus_SPIE : vsstatus_SIE));
		put(world, CSR_mstatus, mstatus_SPP | mstatus_TSR);
		put(world, CSR_hstatus, hstatus_SPV);
		uint64_t mstatus = get(world, CSR_mstatus), hstatus = get(world, CSR_hstatus);
		world->hart.mode = MODE_VS;
		cr_expect(trap_sret(&world->hart, 0x10200073));
		cr_expect_eq(world->hart.mode, spp ? MODE_VS : MODE_VU);
		expect_hex(world->hart.pc, EPC);
		expect_hex(get(world, CSR_vsstatus), UINT64_C(0x200000000) | vsstatus_SPIE | (spie ? vsstatus_SIE : 0));
		expect_hex(get(world, CSR_mstatus), mstatus);
		expect_hex(get(world, CSR_hstatus), hstatus);
		free(world);
	}
}

/* norm:mstatus_tsr_op norm:hstatus_vtsr_op norm:H_virtinst_vu_sret_sfence norm:mstatus_modes */
Test(trap, sret_refused)
{
	struct world *world = trap_world();
	expect_refused(world, trap_sret, MODE_U, CAUSE_ILLEGAL);
	expect_refused(world, trap_sret, MODE_VU, CAUSE_VIRTUAL);
	put(world, CSR_mstatus, mstatus_TSR);
	expect_refused(world, trap_sret, MODE_HS, CAUSE_ILLEGAL);
	expect_refused(world, trap_sret, MODE_VU, CAUSE_VIRTUAL);
	put(world, CSR_mstatus, 0);
	put(world, CSR_hstatus, hstatus_VTSR);
	expect_refused(world, trap_sret, MODE_VS, CAUSE_VIRTUAL);
	set_extension(&world->hart, EXT_H, false);
	set_extension(&world->hart, EXT_S, false);
	expect_refused(world, trap_sret, MODE_M, CAUSE_ILLEGAL);
	free(world);
}

/* There and back: every mode's trap into HS and SRET returns to it. */
Test(trap, round_trip)
{
	struct world *world = trap_world();
	put(world, CSR_medeleg, ~UINT64_C(0));
	for (enum mode mode = MODE_HS; mode < MODE_COUNT; mode++) {
		cr_expect_eq(take_exception(world, mode, CAUSE_BREAKPOINT), MODE_HS);
		cr_expect(trap_sret(&world->hart, 0x10200073));
		cr_expect_eq(world->hart.mode, mode);
		expect_hex(world->hart.pc, EPC);
	}
	free(world);
}

/* ---- Ssdbltrp and Smdbltrp ---- */

static struct world *double_trap_world(void)
{
	struct world *world = trap_world();
	with_extension(world, EXT_Ssdbltrp, true);
	put(world, CSR_mtvec, MTVEC);
	put(world, CSR_stvec, STVEC);
	put(world, CSR_vstvec, VSTVEC);
	put(world, CSR_medeleg, ~UINT64_C(0));
	put(world, CSR_hedeleg, ~UINT64_C(0));
	put(world, CSR_menvcfg, menvcfg_DTE);
	put(world, CSR_henvcfg, henvcfg_DTE);
	return world;
}

/* norm:sstatus_sdt norm:menvcfg_dte_op norm:henvcfg_dte_op */
Test(trap, sdt_is_there_while_dte_is_set)
{
	struct world *world = double_trap_world();
	expect_hex(hold(world, CSR_sstatus, sstatus_SDT) & sstatus_SDT, sstatus_SDT);
	expect_hex(get(world, CSR_mstatus) & mstatus_SDT, mstatus_SDT);
	expect_hex(hold(world, CSR_vsstatus, vsstatus_SDT) & vsstatus_SDT, vsstatus_SDT);
	put(world, CSR_henvcfg, 0);
	expect_hex(get(world, CSR_mstatus) & mstatus_SDT, mstatus_SDT);
	expect_hex(get(world, CSR_vsstatus) & vsstatus_SDT, 0);
	expect_hex(hold(world, CSR_vsstatus, vsstatus_SDT) & vsstatus_SDT, 0);
	put(world, CSR_menvcfg, 0);
	expect_hex(get(world, CSR_mstatus) & mstatus_SDT, 0);
	expect_hex(hold(world, CSR_mstatus, mstatus_SDT) & mstatus_SDT, 0);
	expect_hex(hold(world, CSR_henvcfg, henvcfg_DTE), 0);
	with_extension(world, EXT_Ssdbltrp, false);
	expect_hex(hold(world, CSR_menvcfg, menvcfg_DTE), 0);
	free(world);
}

/* norm:sstatus_sdt_sstatus_sie_overwrite: for each register that has the pair. */
Test(trap, sdt_keeps_sie_clear)
{
	static const unsigned numbers[] = {CSR_mstatus, CSR_sstatus, CSR_vsstatus};
	struct world *world = double_trap_world();
	uint64_t both = sstatus_SDT | sstatus_SIE;
	for (size_t i = 0; i < 3; i++) {
		expect_hex(hold(world, numbers[i], sstatus_SIE) & both, sstatus_SIE);
		expect_hex(hold(world, numbers[i], both) & both, sstatus_SDT);
		expect_hex(hold(world, numbers[i], sstatus_SIE) & both, sstatus_SIE);
		put(world, numbers[i], 0);
	}
	free(world);
}

/* norm:sstatus_sdt_trap */
Test(trap, double_trap_of_hs_goes_to_m)
{
	struct world *world = double_trap_world();
	put(world, CSR_vsstatus, vsstatus_SDT); /* not HS-mode's */
	cr_expect_eq(take_exception(world, MODE_HS, CAUSE_BREAKPOINT), MODE_HS);
	expect_hex(get(world, CSR_sstatus) & sstatus_SDT, sstatus_SDT);
	struct trap trap = {.cause = CAUSE_LOAD_GUEST_PAGE, .gva = true, .tval = 0x111, .tval2 = 0x222, .tinst = 0x3003};
	cr_expect_eq(take(world, MODE_HS, trap), MODE_M);
	expect_hex(get(world, CSR_mcause), CAUSE_DOUBLE_TRAP);
	expect_hex(get(world, CSR_mtval2), CAUSE_LOAD_GUEST_PAGE);
	expect_hex(get(world, CSR_mtval), 0x111);
	expect_hex(get(world, CSR_mtinst), 0x3003);
	expect_hex(get(world, CSR_mepc), EPC);
	expect_hex(get(world, CSR_mstatus) & (mstatus_GVA | mstatus_MPP), mstatus_GVA | UINT64_C(1) << mstatus_MPP_LOW);
	expect_hex(get(world, CSR_scause), CAUSE_BREAKPOINT);
	expect_hex(world->hart.pc, MTVEC);
	free(world);
}

Test(trap, double_trap_of_a_guest_goes_to_m)
{
	struct world *world = double_trap_world();
	put(world, CSR_hideleg, ~UINT64_C(0));
	cr_expect_eq(take_exception(world, MODE_VU, CAUSE_ECALL_U), MODE_VS);
	expect_hex(get(world, CSR_vsstatus) & vsstatus_SDT, vsstatus_SDT);
	expect_hex(get(world, CSR_sstatus) & sstatus_SDT, 0);
	cr_expect_eq(take_exception(world, MODE_VS, CAUSE_VIRTUAL), MODE_HS); /* not the guest's */
	cr_expect(trap_sret(&world->hart, 0x10200073));
	cr_expect_eq(take_interrupt(world, MODE_VU, IRQ_VSEI), MODE_M);
	expect_hex(get(world, CSR_mcause), CAUSE_DOUBLE_TRAP);
	expect_hex(get(world, CSR_mtval2), UINT64_C(1) << 63 | IRQ_VSEI);
	expect_hex(get(world, CSR_mstatus) & mstatus_MPV, mstatus_MPV);
	free(world);
}

Test(trap, no_double_traps_without_dte)
{
	struct world *world = double_trap_world();
	put(world, CSR_henvcfg, 0);
	cr_expect_eq(take_exception(world, MODE_VS, CAUSE_BREAKPOINT), MODE_VS);
	cr_expect_eq(take_exception(world, MODE_VS, CAUSE_BREAKPOINT), MODE_VS);
	put(world, CSR_menvcfg, 0);
	cr_expect_eq(take_exception(world, MODE_HS, CAUSE_BREAKPOINT), MODE_HS);
	cr_expect_eq(take_exception(world, MODE_HS, CAUSE_BREAKPOINT), MODE_HS);
	free(world);
}

/* norm:sstatus_sdt_sret norm:sret_dt norm:sstatus_sdt_clr_mret_sret norm:vsstatus_sdt_clr_mret_sret */
Test(trap, returns_clear_sdt)
{
	static const struct { enum mode from; bool mret; enum mode to; bool sdt_left, vs_sdt_left; } rows[] = {
		{MODE_HS, false, MODE_HS, false, true}, {MODE_HS, false, MODE_U, false, true},
		{MODE_HS, false, MODE_VS, false, true}, {MODE_HS, false, MODE_VU, false, false},
		{MODE_VS, false, MODE_VS, true, false}, {MODE_VS, false, MODE_VU, true, false},
		{MODE_M, false, MODE_HS, false, true},  {MODE_M, false, MODE_VU, false, false},
		{MODE_M, true, MODE_M, true, true},     {MODE_M, true, MODE_HS, true, true},
		{MODE_M, true, MODE_U, false, true},    {MODE_M, true, MODE_VS, false, true},
		{MODE_M, true, MODE_VU, false, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world *world = double_trap_world();
		uint64_t priv = mode_priv(rows[i].to);
		uint64_t spp = priv == 1 ? mstatus_SPP : 0, virt = mode_virt(rows[i].to);
		put(world, CSR_mstatus, mstatus_SDT | priv << mstatus_MPP_LOW | spp | virt << mstatus_MPV_LOW);
		put(world, CSR_vsstatus, vsstatus_SDT | spp);
		put(world, CSR_hstatus, virt << hstatus_SPV_LOW);
		world->hart.mode = rows[i].from;
		cr_assert(rows[i].mret ? trap_mret(&world->hart, 0) : trap_sret(&world->hart, 0));
		cr_expect_eq(world->hart.mode, rows[i].to, "row %zu", i);
		cr_expect_eq((get(world, CSR_mstatus) & mstatus_SDT) != 0, rows[i].sdt_left, "row %zu", i);
		cr_expect_eq((get(world, CSR_vsstatus) & vsstatus_SDT) != 0, rows[i].vs_sdt_left, "row %zu", i);
		free(world);
	}
}

/* norm:mstatus_mdt_rst norm:trap_exp norm:mstatus_mie_clr_by_mdt norm:mstatus_mdt_clr_mret_sret */
Test(trap, mdt)
{
	struct world *world = trap_world();
	with_extension(world, EXT_Smdbltrp, true);
	uint64_t both = mstatus_MDT | mstatus_MIE;
	expect_hex(get(world, CSR_mstatus) & both, mstatus_MDT);
	expect_hex(hold(world, CSR_mstatus, both) & both, mstatus_MDT);
	expect_hex(hold(world, CSR_mstatus, mstatus_MIE) & both, mstatus_MIE);
	take_exception(world, MODE_HS, CAUSE_ECALL_HS);
	expect_hex(get(world, CSR_mstatus) & both, mstatus_MDT);
	cr_expect(trap_mret(&world->hart, 0));
	expect_hex(get(world, CSR_mstatus) & both, mstatus_MIE);
	put(world, CSR_mstatus, mstatus_MDT);
	world->hart.mode = MODE_M;
	cr_expect(trap_sret(&world->hart, 0));
	expect_hex(get(world, CSR_mstatus) & both, 0);
	free(world);
}

/* norm:trap_unexp_mdt_1 norm:trap_unexp_hndl_no_rnmi: nothing architectural changes any more. */
Test(trap, double_trap_of_m_stops_the_hart)
{
	struct world *world = trap_world();
	with_extension(world, EXT_Smdbltrp, true);
	struct csr_file before = world->hart.csr;
	cr_expect_eq(take_exception(world, MODE_M, CAUSE_ILLEGAL), MODE_M);
	cr_expect(world->hart.halted);
	cr_expect_eq(world->hart.effects & EFFECT_YIELD, EFFECT_YIELD);
	expect_hex(world->hart.pc, EPC);
	cr_expect_eq(memcmp(&before, &world->hart.csr, sizeof before), 0);
	free(world);
}

/* ---- words ---- */

static const char *text_of(const struct trap_route *route, char text[300])
{
	FILE *out = fmemopen(text, 300, "w");
	cr_assert_not_null(out);
	trap_explain(route, out);
	fclose(out);
	return text;
}

/* What is said of a trap that the hart would take now; it goes where that says. */
static const char *explain_trap(struct world *world, struct trap trap, enum mode from, char text[300])
{
	world->hart.mode = from;
	struct trap_route route = trap_route(&world->hart, &trap);
	enum mode to = take(world, from, trap);
	cr_expect_eq(route.from, from);
	cr_expect_eq(route.to, to);
	return text_of(&route, text);
}

static const char *explain(struct world *world, bool interrupt, unsigned cause, enum mode from, char text[300])
{
	return explain_trap(world, (struct trap){.interrupt = interrupt, .cause = (uint8_t)cause}, from, text);
}

Test(trap, explanations)
{
	struct world *world = trap_world();
	char text[300];
	cr_expect_str_eq(explain(world, false, CAUSE_LOAD_PAGE, MODE_M, text),
	                 "load page fault (exception 13) in M went to M: traps in M-mode are never delegated");
	cr_expect_str_eq(explain(world, false, CAUSE_LOAD_PAGE, MODE_VU, text),
	                 "load page fault (exception 13) in VU went to M: medeleg[13]=0");
	put(world, CSR_medeleg, ~UINT64_C(0));
	cr_expect_str_eq(explain(world, false, CAUSE_LOAD_PAGE, MODE_VU, text),
	                 "load page fault (exception 13) in VU went to HS: medeleg[13]=1, hedeleg[13]=0");
	cr_expect_str_eq(explain(world, false, CAUSE_LOAD_PAGE, MODE_U, text),
	                 "load page fault (exception 13) in U went to HS: medeleg[13]=1, and V=0, so hedeleg does not count");
	put(world, CSR_hedeleg, ~UINT64_C(0));
	cr_expect_str_eq(explain(world, false, CAUSE_LOAD_PAGE, MODE_VU, text),
	                 "load page fault (exception 13) in VU went to VS: medeleg[13]=1, hedeleg[13]=1");
	free(world);
}

/* norm:hideleg_trans: an interrupt for VS-mode arrives there under another number. */
Test(trap, explanations_of_interrupts)
{
	struct world *world = trap_world();
	char text[300];
	cr_expect_str_eq(explain(world, true, IRQ_VSTI, MODE_VS, text),
	                 "virtual supervisor timer interrupt (interrupt 6) in VS went to HS: mideleg[6]=1, hideleg[6]=0");
	expect_hex(get(world, CSR_scause) & 0xff, IRQ_VSTI);
	put(world, CSR_hideleg, ~UINT64_C(0));
	cr_expect_str_eq(explain(world, true, IRQ_VSTI, MODE_VS, text),
	                 "virtual supervisor timer interrupt (interrupt 6) in VS went to VS: mideleg[6]=1, hideleg[6]=1, which reads interrupt 5");
	expect_hex(get(world, CSR_vscause) & 0xff, IRQ_STI);
	free(world);
	world = trap_world();
	with_extension(world, EXT_Smrnmi, true);
	put(world, CSR_mnstatus, mnstatus_NMIE);
	cr_expect_str_eq(explain_trap(world, (struct trap){.interrupt = true, .rnmi = true, .cause = RNMI_FIRST}, MODE_VU, text),
	                 "non-maskable interrupt (interrupt 48) in VU went to M: mnstatus.NMIE was 1, and nothing else holds it back");
	free(world);
}

Test(trap, explanations_of_double_traps)
{
	struct world *world = double_trap_world();
	char text[300];
	put(world, CSR_medeleg, ~UINT64_C(0));
	put(world, CSR_mstatus, mstatus_SDT);
	cr_expect_str_eq(explain(world, false, CAUSE_LOAD_PAGE, MODE_U, text),
	                 "load page fault (exception 13) in U went to M: medeleg[13]=1, and V=0, so hedeleg does not count, "
	                 "but sstatus.SDT was 1: a double trap");
	expect_hex(get(world, CSR_mcause), CAUSE_DOUBLE_TRAP);
	put(world, CSR_hedeleg, ~UINT64_C(0));
	put(world, CSR_vsstatus, vsstatus_SDT);
	cr_expect_str_eq(explain(world, false, CAUSE_LOAD_PAGE, MODE_VS, text),
	                 "load page fault (exception 13) in VS went to M: medeleg[13]=1, hedeleg[13]=1, but vsstatus.SDT was 1: a double trap");
	free(world);
	for (unsigned handler = 0; handler < 2; handler++) {
		world = trap_world();
		with_extension(world, EXT_Smdbltrp, true);
		with_extension(world, EXT_Smrnmi, handler);
		if (handler)
			put(world, CSR_mnstatus, mnstatus_NMIE);
		put(world, CSR_mstatus, mstatus_MDT);
		cr_expect_str_eq(explain(world, false, CAUSE_ILLEGAL, MODE_M, text),
		                 handler ? "illegal instruction (exception 2) in M went to M: traps in M-mode are never delegated, but "
		                           "mstatus.MDT was 1: to the handler of non-maskable interrupts"
		                         : "illegal instruction (exception 2) in M stopped the hart: traps in M-mode are never delegated, but M-mode "
		                           "did not expect a trap (mstatus.MDT or mnstatus.NMIE), and there was no other handler");
		cr_expect_eq(world->hart.halted, !handler);
		free(world);
	}
}

/* A route is what it was, whatever the CSRs come to hold. */
Test(trap, a_route_stays)
{
	struct world *world = trap_world();
	char text[300];
	world->hart.mode = MODE_VS;
	struct trap_route route = trap_route(&world->hart, &(struct trap){.cause = CAUSE_LOAD_PAGE});
	put(world, CSR_medeleg, ~UINT64_C(0));
	put(world, CSR_hedeleg, ~UINT64_C(0));
	cr_expect_str_eq(text_of(&route, text), "load page fault (exception 13) in VS went to M: medeleg[13]=0");
	free(world);
}

Test(trap, every_cause_has_a_name)
{
	for (unsigned cause = 0; cause < 64; cause++) {
		cr_expect_str_neq(cause_name(false, cause), "");
		cr_expect_str_neq(cause_name(true, cause), "");
	}
	cr_expect_str_eq(cause_name(false, 21), "load guest-page fault");
	cr_expect_str_eq(cause_name(true, 5), "supervisor timer interrupt");
	cr_expect_str_eq(cause_name(false, 14), "reserved exception");
}
