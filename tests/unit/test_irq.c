/* Which interrupts are pending, which one is taken first, and when a timer fires. */
#include "csr_hart.h"
#include "hart/trap.h"

enum { ALL_S = 0x222, ALL_VS = 0x444, SGEI = 1 << IRQ_SGEI };

/* Every interrupt enabled, globally too; nothing pending. */
static struct world *enabled_world(void)
{
	struct world *world = new_world();
	put(world, CSR_mie, ~UINT64_C(0));
	put(world, CSR_mstatus, mstatus_MIE | mstatus_SIE);
	put(world, CSR_vsstatus, vsstatus_SIE);
	return world;
}

/* The interrupt taken in a mode; 0 if none. */
static unsigned taken(struct world *world, enum mode mode)
{
	struct hart *hart = &world->hart;
	hart->mode = mode;
	memset(&hart->trap, 0, sizeof hart->trap);
	bool any = irq_poll(hart);
	cr_expect_eq(hart->trap.pending, any);
	cr_expect_eq(hart->trap.interrupt, any);
	cr_expect_eq(hart->trap.tval | hart->trap.tval2 | hart->trap.tinst, 0);
	return hart->trap.cause;
}

/* ---- pending ---- */

/* norm:intr_sei_op */
Test(irq, wires_and_software)
{
	struct world *world = enabled_world();
	world->hart.irq_lines = 1 << IRQ_MEI | 1 << IRQ_MSI | 1 << IRQ_MTI;
	expect_hex(irq_mip(&world->hart), 0x888);
	world->hart.irq_lines = 1 << IRQ_SEI;
	expect_hex(irq_mip(&world->hart), 0x200);
	put(world, CSR_mip, mip_SEIP);
	world->hart.irq_lines = 0;
	expect_hex(irq_mip(&world->hart), 0x200);
	free(world);
}

/* norm:hip_vseip_vseie_op: hvip, or the line that VGEIN selects, whatever hgeie says. norm:hgeie_op */
Test(irq, vseip)
{
	struct world *world = enabled_world();
	for (unsigned vgein = 0; vgein <= 5; vgein++)
		for (unsigned line = 0; line <= 5; line++) {
			put(world, CSR_hstatus, (uint64_t)vgein << hstatus_VGEIN_LOW);
			world->hart.hgei = UINT64_C(1) << line;
			bool selected = line == vgein && vgein != 0;
			expect_hex(get(world, CSR_hip), selected ? hip_VSEIP : 0);
			expect_hex(get(world, CSR_mip), selected ? mip_VSEIP : 0);
		}
	world->hart.hgei = 0;
	put(world, CSR_hvip, hvip_VSEIP);
	expect_hex(get(world, CSR_hip), hip_VSEIP);
	free(world);
}

/* norm:hip_sgeip_sgeie_acc_op */
Test(irq, sgeip)
{
	struct world *world = enabled_world();
	world->hart.hgei = 0x14;
	put(world, CSR_hgeie, 0x2a);
	expect_hex(get(world, CSR_hip), 0);
	put(world, CSR_hgeie, 0x10);
	expect_hex(get(world, CSR_hip), hip_SGEIP);
	expect_hex(get(world, CSR_mip), mip_SGEIP);
	world->hart.hgei = 4;
	expect_hex(get(world, CSR_hip), 0);
	free(world);
}

/* norm:mip_sip_stip_op norm:menvcfg_stce_op2 */
Test(irq, stip_when_time_reaches_stimecmp)
{
	struct world *world = enabled_world();
	put(world, CSR_stimecmp, 5);
	world->hart.now = 1000;
	expect_hex(irq_mip(&world->hart), 0);
	put(world, CSR_menvcfg, menvcfg_STCE);
	expect_hex(irq_mip(&world->hart), mip_STIP);
	world->hart.now = 50;
	expect_hex(irq_mip(&world->hart), mip_STIP);
	world->hart.now = 49;
	expect_hex(irq_mip(&world->hart), 0);
	put(world, CSR_stimecmp, ~UINT64_C(0));
	world->hart.now = UINT64_MAX - 1;
	expect_hex(irq_mip(&world->hart), 0);
	free(world);
}

/* norm:hip_vstip_op norm:hip_vstip_vstie_acc_op norm:henvcfg_stce: the sum is unsigned and wraps. */
Test(irq, vstip)
{
	static const struct { uint64_t time, delta, compare; bool pending; } rows[] = {
		{100, 0, 100, true}, {99, 0, 100, false}, {100, 50, 150, true}, {100, 50, 151, false},
		{100, -UINT64_C(40), 60, true}, {100, -UINT64_C(40), 61, false}, {30, -UINT64_C(40), 1, true},
		{50, -UINT64_C(40), 11, false}, {0, 0, 0, true}, {5, 0, UINT64_MAX, false},
	};
	struct world *world = enabled_world();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put(world, CSR_menvcfg, menvcfg_STCE);
		put(world, CSR_henvcfg, henvcfg_STCE);
		put(world, CSR_htimedelta, rows[i].delta);
		put(world, CSR_vstimecmp, rows[i].compare);
		world->hart.now = rows[i].time * 10 + 9;
		expect_hex(irq_mip(&world->hart) & mip_VSTIP, rows[i].pending ? mip_VSTIP : 0);
		put(world, CSR_henvcfg, 0);
		expect_hex(irq_mip(&world->hart) & mip_VSTIP, 0);
		put(world, CSR_henvcfg, henvcfg_STCE);
		put(world, CSR_menvcfg, 0);
		expect_hex(irq_mip(&world->hart) & mip_VSTIP, 0);
		put(world, CSR_hvip, hvip_VSTIP);
		expect_hex(irq_mip(&world->hart) & mip_VSTIP, mip_VSTIP);
		put(world, CSR_hvip, 0);
	}
	free(world);
}

/* ---- priority ---- */

/* norm:intr_M_mode_pri norm:hsint_priority: of any two destined for the same mode, the earlier one in the list. */
Test(irq, priority_of_every_pair)
{
	static const unsigned order[] = {IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI};
	struct world *world = enabled_world();
	for (unsigned i = 0; i < 6; i++)
		for (unsigned k = i; k < 6; k++) {
			world->hart.irq_lines = UINT64_C(1) << order[i] | UINT64_C(1) << order[k];
			cr_expect_eq(taken(world, MODE_M), order[i], "%u with %u", order[i], order[k]);
		}
	free(world);
}

Test(irq, priority_of_every_pair_in_hs)
{
	static const unsigned order[] = {IRQ_SEI, IRQ_SSI, IRQ_STI, IRQ_SGEI, IRQ_VSEI, IRQ_VSSI, IRQ_VSTI};
	struct world *world = enabled_world();
	put(world, CSR_mideleg, ~UINT64_C(0));
	for (unsigned i = 0; i < 7; i++)
		for (unsigned k = i; k < 7; k++) {
			world->hart.irq_lines = UINT64_C(1) << order[i] | UINT64_C(1) << order[k];
			cr_expect_eq(taken(world, MODE_HS), order[i], "%u with %u", order[i], order[k]);
		}
	free(world);
}

/* norm:intr_M_mode_highest_pri norm:s_interrupt_priority: a higher level's interrupt goes first, whatever its
 * number. */
Test(irq, levels_come_before_numbers)
{
	struct world *world = enabled_world();
	put(world, CSR_mideleg, mideleg_SEI | mideleg_SSI);
	put(world, CSR_hideleg, hideleg_VSEI | hideleg_VSTI);
	world->hart.irq_lines = 1 << IRQ_SEI | 1 << IRQ_STI | ALL_VS;
	cr_expect_eq(taken(world, MODE_VS), IRQ_STI); /* M-mode's */
	put(world, CSR_mideleg, ALL_S);
	world->hart.irq_lines = 1 << IRQ_VSSI | 1 << IRQ_VSEI | 1 << IRQ_VSTI;
	cr_expect_eq(taken(world, MODE_VS), IRQ_VSSI); /* HS-mode's */
	put(world, CSR_hideleg, ALL_VS);
	cr_expect_eq(taken(world, MODE_VS), IRQ_VSEI);
	free(world);
}

/* ---- global enables ---- */

/* norm:intr_mip_mie_op norm:mstatus_mie_sie_op2 */
Test(irq, machine_interrupts)
{
	struct world *world = enabled_world();
	world->hart.irq_lines = 1 << IRQ_MTI;
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
		cr_expect_eq(taken(world, mode), IRQ_MTI);
	put(world, CSR_mstatus, mstatus_SIE);
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
		cr_expect_eq(taken(world, mode), mode == MODE_M ? 0 : IRQ_MTI);
	put(world, CSR_mie, 0);
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
		cr_expect_eq(taken(world, mode), 0);
	free(world);
}

/* norm:sie_sip_supervisor_strap norm:hideleg_hs */
Test(irq, supervisor_interrupts)
{
	struct world *world = enabled_world();
	put(world, CSR_mideleg, ALL_S);
	for (unsigned sie = 0; sie < 2; sie++) {
		put(world, CSR_mstatus, mstatus_MIE | (sie ? mstatus_SIE : 0));
		for (unsigned irq = IRQ_SSI; irq <= IRQ_SGEI; irq++) {
			if (!((ALL_S | ALL_VS | SGEI) >> irq & 1))
				continue;
			world->hart.irq_lines = UINT64_C(1) << irq;
			cr_expect_eq(taken(world, MODE_M), 0);
			cr_expect_eq(taken(world, MODE_HS), sie ? irq : 0);
			cr_expect_eq(taken(world, MODE_U), irq);
			cr_expect_eq(taken(world, MODE_VS), irq);
			cr_expect_eq(taken(world, MODE_VU), irq);
		}
	}
	free(world);
}

/* Delegated to the guest: only while V=1, by vsstatus.SIE in VS-mode. norm:hideleg_op */
Test(irq, guest_interrupts)
{
	struct world *world = enabled_world();
	put(world, CSR_hideleg, ALL_VS);
	for (unsigned sie = 0; sie < 2; sie++) {
		put(world, CSR_vsstatus, sie ? vsstatus_SIE : 0);
		for (unsigned irq = IRQ_VSSI; irq <= IRQ_VSEI; irq += 4) {
			world->hart.irq_lines = UINT64_C(1) << irq;
			cr_expect_eq(taken(world, MODE_M), 0);
			cr_expect_eq(taken(world, MODE_HS), 0);
			cr_expect_eq(taken(world, MODE_U), 0);
			cr_expect_eq(taken(world, MODE_VS), sie ? irq : 0);
			cr_expect_eq(taken(world, MODE_VU), irq);
		}
	}
	free(world);
}

/* norm:vsip_vsie_lcofi: a counter overflow keeps its number in the guest. */
Test(irq, guest_counter_overflow)
{
	struct world *world = enabled_world();
	set_extension(&world->hart, EXT_Sscofpmf, true);
	set_extension(&world->hart, EXT_Shlcofideleg, true);
	put(world, CSR_mie, ~UINT64_C(0));
	put(world, CSR_mideleg, mideleg_LCOFI);
	put(world, CSR_hideleg, hideleg_LCOFI);
	put(world, CSR_mip, mip_LCOFIP);
	cr_expect_eq(taken(world, MODE_M), 0);
	cr_expect_eq(taken(world, MODE_HS), 0);
	cr_expect_eq(taken(world, MODE_VU), IRQ_LCOFI);
	cr_expect_eq(taken(world, MODE_VS), IRQ_LCOFI);
	trap_take(&world->hart);
	cr_expect_eq(world->hart.mode, MODE_VS);
	cr_expect_eq(world->hart.csr.vscause, vscause_INTERRUPT | IRQ_LCOFI);
	free(world);
}

/* ---- WFI ---- */

/* norm:wfi_resume_reason norm:wfi_unaffected_conditions: by mip and mie alone; delegation and global enables do not
 * matter. */
Test(irq, what_wakes)
{
	struct world *world = new_world();
	world->hart.irq_lines = 1 << IRQ_MTI;
	cr_expect_not(irq_wakes(&world->hart));
	put(world, CSR_mie, mie_MTIE);
	cr_expect(irq_wakes(&world->hart));
	put(world, CSR_mie, mie_VSSIE);
	cr_expect_not(irq_wakes(&world->hart));
	put(world, CSR_hideleg, ALL_VS);
	put(world, CSR_hvip, hvip_VSSIP);
	cr_expect(irq_wakes(&world->hart));
	put(world, CSR_mie, mie_STIE);
	put(world, CSR_menvcfg, menvcfg_STCE);
	put(world, CSR_stimecmp, 0);
	cr_expect(irq_wakes(&world->hart));
	free(world);
}

/* ---- when timers fire ---- */

static void expect_fires_at(struct world *world, uint64_t cycle, uint64_t bit)
{
	world->hart.now = cycle - 1;
	expect_hex(irq_mip(&world->hart) & bit, 0);
	world->hart.now = cycle;
	expect_hex(irq_mip(&world->hart) & bit, bit);
}

Test(irq, next_cycle)
{
	struct world *world = enabled_world();
	world->hart.now = 42;
	expect_hex(irq_next_cycle(&world->hart), UINT64_MAX);
	put(world, CSR_stimecmp, 100);
	expect_hex(irq_next_cycle(&world->hart), UINT64_MAX);
	put(world, CSR_menvcfg, menvcfg_STCE);
	expect_hex(irq_next_cycle(&world->hart), 1000);
	put(world, CSR_henvcfg, henvcfg_STCE);
	put(world, CSR_htimedelta, -UINT64_C(3));
	put(world, CSR_vstimecmp, 7);
	expect_hex(irq_next_cycle(&world->hart), 100); /* guest time 1 now, 7 at tick 10 */
	world->hart.now = 42;
	put(world, CSR_htimedelta, 2);
	expect_hex(irq_next_cycle(&world->hart), 50);
	expect_fires_at(world, 50, mip_VSTIP);
	expect_hex(irq_next_cycle(&world->hart), 1000);
	expect_fires_at(world, 1000, mip_STIP);
	expect_hex(irq_next_cycle(&world->hart), UINT64_MAX);
	free(world);
}

/* A guest time below 0 wraps to the greatest values; vstimecmp may lie on either side. */
Test(irq, next_cycle_of_a_guest_clock_before_zero)
{
	struct world *world = enabled_world();
	put(world, CSR_menvcfg, menvcfg_STCE);
	put(world, CSR_henvcfg, henvcfg_STCE);
	put(world, CSR_htimedelta, -UINT64_C(100));
	put(world, CSR_vstimecmp, -UINT64_C(20));
	world->hart.now = 10;
	expect_hex(irq_next_cycle(&world->hart), 800);
	expect_fires_at(world, 800, mip_VSTIP);
	world->hart.now = 999;
	expect_hex(irq_mip(&world->hart) & mip_VSTIP, mip_VSTIP);
	world->hart.now = 1000; /* guest time 0 */
	expect_hex(irq_mip(&world->hart) & mip_VSTIP, 0);
	expect_hex(irq_next_cycle(&world->hart), UINT64_MAX);
	free(world);
}
