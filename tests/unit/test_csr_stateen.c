/* Smstateen and Ssstateen: what the registers hold, and which accesses they refuse. */
#include "csr_hart.h"

enum { SE = 1, ENVCFG = 2 };

static uint64_t bits(unsigned flags)
{
	return (flags & SE ? UINT64_C(1) << 63 : 0) | (flags & ENVCFG ? UINT64_C(1) << 62 : 0);
}

static struct world *stateen_world(void)
{
	struct world *world = new_world();
	with_extension(world, EXT_Smstateen, true);
	return world;
}

static void expect_verdicts(struct world *world, unsigned num, const char *expected)
{
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
		for (unsigned write = 0; write < 2; write++) {
			world->hart.mode = mode;
			char actual = "oiv"[csr_check(&world->hart, num, write)];
			cr_expect_eq(actual, expected[mode], "%s in %s: %c, expected %c (mstateen0 %#" PRIx64 ", hstateen0 %#" PRIx64 ")",
			             csr_info(num)->name, mode_name(mode), actual, expected[mode], world->hart.csr.mstateen0,
			             world->hart.csr.hstateen0);
		}
	world->hart.mode = MODE_M;
}

/* norm:mstateen_zero_initialization norm:stateen_unimplemented_state_roz norm:stateen_reserved_roz */
Test(csr_stateen, implemented_bits)
{
	struct world *world = stateen_world();
	for (unsigned i = 0; i < 4; i++) {
		uint64_t held = i ? bits(SE) : bits(SE | ENVCFG);
		expect_hex(get(world, CSR_mstateen0 + i), 0);
		expect_hex(hold(world, CSR_mstateen0 + i, ~UINT64_C(0)), held);
		expect_hex(hold(world, CSR_hstateen0 + i, ~UINT64_C(0)), held);
		expect_hex(hold(world, CSR_sstateen0 + i, ~UINT64_C(0)), 0);
	}
	free(world);
}

/* norm:mstateen_lower_priv_roz */
Test(csr_stateen, hstateen_under_mstateen)
{
	struct world *world = stateen_world();
	expect_hex(hold(world, CSR_hstateen0, ~UINT64_C(0)), 0);
	put(world, CSR_mstateen0, bits(SE));
	expect_hex(get(world, CSR_hstateen0), 0);
	expect_hex(hold(world, CSR_hstateen0, ~UINT64_C(0)), bits(SE));
	put(world, CSR_mstateen0, bits(ENVCFG));
	expect_hex(get(world, CSR_hstateen0), 0);
	free(world);
}

/* norm:mstateen_rv64_csrs norm:sstateen_rv64_csrs norm:hstateen_rv64_csrs */
Test(csr_stateen, existence)
{
	static const struct { bool sm, ss, m_exists, s_exists; } rows[] = {
		{false, false, false, false}, {false, true, false, true}, {true, false, true, true}, {true, true, true, true},
	};
	struct world *world = new_world();
	for (size_t i = 0; i < 4; i++) {
		set_extension(&world->hart, EXT_Smstateen, rows[i].sm);
		with_extension(world, EXT_Ssstateen, rows[i].ss);
		for (unsigned k = 0; k < 4; k++) {
			cr_expect_eq(csr_check(&world->hart, CSR_mstateen0 + k, true) == CSR_OK, rows[i].m_exists);
			cr_expect_eq(csr_check(&world->hart, CSR_hstateen0 + k, true) == CSR_OK, rows[i].s_exists);
			cr_expect_eq(csr_check(&world->hart, CSR_sstateen0 + k, true) == CSR_OK, rows[i].s_exists);
		}
	}
	free(world);
}

/* norm:mstateen_bit_63_op norm:hstateen_bit_63_op norm:mstateen0_envcfg_op norm:hstateen0_envcfg_op
 * norm:stateen_illegal_state_access: every combination of both levels. */
Test(csr_stateen, refusals)
{
	struct world *world = stateen_world();
	for (unsigned m = 0; m < 4; m++)
		for (unsigned h = 0; h < 4; h++) {
			put(world, CSR_mstateen0, ~UINT64_C(0));
			put(world, CSR_hstateen0, bits(h));
			put(world, CSR_mstateen0, bits(m));
			expect_verdicts(world, CSR_sstateen0, !(m & SE) ? "oiiii" : h & SE ? "ooiov" : "ooivv");
			expect_verdicts(world, CSR_hstateen0, m & SE ? "ooivv" : "oiiii");
			expect_verdicts(world, CSR_senvcfg, !(m & ENVCFG) ? "oiiii" : h & ENVCFG ? "ooiov" : "ooivv");
			expect_verdicts(world, CSR_henvcfg, m & ENVCFG ? "ooivv" : "oiiii");
			expect_verdicts(world, CSR_mstateen0, "oiiii");
			expect_verdicts(world, CSR_sstateen1, "oiiii"); /* mstateen1.SE is 0 */
			expect_verdicts(world, CSR_scounteren, "ooiov");
		}
	free(world);
}

Test(csr_stateen, each_register_has_its_own_se)
{
	struct world *world = stateen_world();
	for (unsigned i = 0; i < 4; i++) {
		csr_reset(&world->hart);
		put(world, CSR_mstateen0 + i, bits(SE));
		for (unsigned k = 0; k < 4; k++) {
			expect_verdicts(world, CSR_sstateen0 + k, k == i ? "ooivv" : "oiiii");
			expect_verdicts(world, CSR_hstateen0 + k, k == i ? "ooivv" : "oiiii");
		}
		put(world, CSR_hstateen0 + i, bits(SE));
		expect_verdicts(world, CSR_sstateen0 + i, "ooiov");
	}
	free(world);
}

/* Ssstateen alone: nothing above hstateen refuses. */
Test(csr_stateen, without_mstateen)
{
	struct world *world = new_world();
	with_extension(world, EXT_Ssstateen, true);
	expect_verdicts(world, CSR_senvcfg, "ooivv");
	expect_verdicts(world, CSR_henvcfg, "ooivv");
	expect_hex(hold(world, CSR_hstateen0, ~UINT64_C(0)), bits(SE | ENVCFG));
	expect_verdicts(world, CSR_senvcfg, "ooiov");
	expect_verdicts(world, CSR_sstateen0, "ooiov");
	free(world);
}

/* norm:Ssqosid_smstateen_srmcfg_requires_mstateen0 norm:Ssqosid_srmcfg_access_illegal_instruction
 * norm:Ssqosid_srmcfg_access_virtual_instruction norm:Ssqosid_srmcfg_register_size */
Test(csr_stateen, srmcfg)
{
	struct world *world = stateen_world();
	expect_hex(hold(world, CSR_mstateen0, ~UINT64_C(0)) & mstateen0_SRMCFG, 0);
	cr_expect_eq(csr_check(&world->hart, CSR_srmcfg, false), CSR_ILLEGAL);
	with_extension(world, EXT_Ssqosid, true);
	expect_hex(hold(world, CSR_srmcfg, ~UINT64_C(0)), srmcfg_RCID | srmcfg_MCID);
	put(world, CSR_mstateen0, 0);
	expect_verdicts(world, CSR_srmcfg, "oiiii");
	put(world, CSR_mstateen0, mstateen0_SRMCFG);
	expect_verdicts(world, CSR_srmcfg, "ooivv");
	expect_hex(hold(world, CSR_hstateen0, ~UINT64_C(0)), 0);
	with_extension(world, EXT_Smstateen, false);
	expect_verdicts(world, CSR_srmcfg, "ooivv");
	free(world);
}
