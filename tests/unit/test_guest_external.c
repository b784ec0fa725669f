/* Guest external interrupts from their wires to the trap; tests/hyp/interrupts.c drives them from the device. */
#include "csr_hart.h"

#include "hart/trap.h"

enum { GEILEN = 5 };

static struct world *guest_world(void)
{
	struct world *world = new_world();
	put(world, CSR_mideleg, ~UINT64_C(0));
	return world;
}

static void wire(struct world *world, unsigned number, bool level)
{
	uint64_t bit = UINT64_C(1) << number;
	world->hart.hgei = level ? world->hart.hgei | bit : world->hart.hgei & ~bit;
}

/* The interrupt is taken at once. */
static bool interrupted(struct world *world)
{
	if (!irq_poll(&world->hart))
		return false;
	trap_take(&world->hart);
	return true;
}

/* norm:hgeip_sz_acc_op norm:hgeip_hgeie_fields norm:geilen */
Test(guest_external, bit_i_is_wire_i)
{
	struct world *world = guest_world();
	for (unsigned i = 1; i <= GEILEN; i++) {
		wire(world, i, true);
		expect_hex(get(world, CSR_hgeip), UINT64_C(1) << i);
		wire(world, i, false);
		expect_hex(get(world, CSR_hgeip), 0);
	}
	free(world);
}

/* norm:hip_sgeip_sgeie_acc_op: 1 if and only if hgeip and hgeie have a bit in common. norm:mip_mie_alias */
Test(guest_external, sgeip_is_enabled_and_pending)
{
	struct world *world = guest_world();
	for (uint64_t pending = 0; pending < 64; pending += 2) {
		for (uint64_t enabled = 0; enabled < 64; enabled += 2) {
			for (unsigned i = 1; i <= GEILEN; i++)
				wire(world, i, pending >> i & 1);
			put(world, CSR_hgeie, enabled);
			uint64_t wanted = pending & enabled ? hip_SGEIP : 0;
			expect_hex(get(world, CSR_hip), wanted);
			expect_hex(get(world, CSR_mip), wanted);
			put(world, CSR_hip, 0);
			expect_hex(get(world, CSR_hip), wanted);
		}
	}
	free(world);
}

/* norm:hip_vseip_vseie_op norm:hstatus_vgein_op norm:hgeie_op: VGEIN selects the wire for VS, hgeie has no part in
 * it. */
Test(guest_external, vgein_selects_the_guests_wire)
{
	struct world *world = guest_world();
	put(world, CSR_hideleg, hideleg_VSEI);
	for (unsigned vgein = 0; vgein <= GEILEN; vgein++) {
		put(world, CSR_hstatus, (uint64_t)vgein << hstatus_VGEIN_LOW);
		for (unsigned i = 1; i <= GEILEN; i++) {
			for (unsigned enabled = 0; enabled < 2; enabled++) {
				put(world, CSR_hgeie, enabled ? ~UINT64_C(0) : 0);
				wire(world, i, true);
				uint64_t sgei = enabled ? hip_SGEIP : 0;
				expect_hex(get(world, CSR_hip), sgei | (vgein == i ? hip_VSEIP : 0));
				expect_hex(get(world, CSR_vsip), vgein == i ? vsip_SEIP : 0);
				wire(world, i, false);
				expect_hex(get(world, CSR_hip), 0);
				put(world, CSR_hvip, hvip_VSEIP);
				expect_hex(get(world, CSR_hip), hip_VSEIP);
				put(world, CSR_hvip, 0);
			}
		}
	}
	free(world);
}

/* Taken by HS as interrupt 12, never by M or VS; by VS as its external interrupt. norm:hideleg_acc norm:hideleg_trans
 * norm:H_cause norm:mideleg_acc_h */
Test(guest_external, who_takes_it)
{
	struct world *world = guest_world();
	put(world, CSR_mideleg, 0);
	cr_expect(get(world, CSR_mideleg) & mideleg_SGEI, "always delegated to HS-mode");
	put(world, CSR_hideleg, ~UINT64_C(0));
	cr_expect_not(get(world, CSR_hideleg) & hideleg_SGEI);
	put(world, CSR_hgeie, ~UINT64_C(0));
	put(world, CSR_hie, ~UINT64_C(0));
	wire(world, 3, true);
	static const struct {
		enum mode from;
		bool hs_enabled, taken;
	} cases[] = {
		{ MODE_M, true, false }, { MODE_HS, false, false }, { MODE_HS, true, true },
		{ MODE_U, false, true }, { MODE_VS, false, true },  { MODE_VU, false, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		world->hart.mode = cases[i].from;
		world->hart.csr.mstatus &= ~mstatus_SIE;
		world->hart.csr.mstatus |= cases[i].hs_enabled ? mstatus_SIE : 0;
		bool taken = interrupted(world);
		cr_expect_eq(taken, cases[i].taken, "case %zu", i);
		if (taken) {
			cr_expect_eq(world->hart.mode, MODE_HS);
			expect_hex(world->hart.csr.scause, UINT64_C(1) << 63 | 12);
		}
	}
	/* the same wire through VGEIN: VS's own external interrupt */
	put(world, CSR_hgeie, 0);
	put(world, CSR_hstatus, UINT64_C(3) << hstatus_VGEIN_LOW);
	world->hart.csr.vsstatus |= vsstatus_SIE;
	world->hart.mode = MODE_VS;
	cr_expect(interrupted(world));
	cr_expect_eq(world->hart.mode, MODE_VS);
	expect_hex(world->hart.csr.vscause, UINT64_C(1) << 63 | 9);
	free(world);
}

/* norm:hsint_priority: after SEI, SSI, STI; before VSEI, VSSI, VSTI. */
Test(guest_external, priority)
{
	static const unsigned before[] = { 9, 1, 5 }, after[] = { 10, 2, 6 };
	for (unsigned i = 0; i < 6; i++) {
		struct world *world = guest_world();
		unsigned other = i < 3 ? before[i] : after[i - 3];
		put(world, CSR_hgeie, ~UINT64_C(0));
		put(world, CSR_mie, UINT64_C(1) << other | mie_SGEIE);
		wire(world, 1, true);
		put(world, CSR_hvip, UINT64_C(1) << other & 0x444);
		put(world, CSR_mip, get(world, CSR_mip) | (UINT64_C(1) << other & 0x222));
		world->hart.mode = MODE_U;
		cr_assert(interrupted(world));
		expect_hex(world->hart.csr.scause, UINT64_C(1) << 63 | (i < 3 ? other : 12));
		free(world);
	}
}
