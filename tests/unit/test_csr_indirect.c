/* Registers reached in other ways than by their number alone: indirect CSRs and the entropy source. */
#include "csr_hart.h"

static void expect_verdicts(struct world *world, unsigned num, const char *read, const char *write)
{
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
		world->hart.mode = mode;
		char r = "oiv"[csr_check(&world->hart, num, false)], w = "oiv"[csr_check(&world->hart, num, true)];
		cr_expect(r == read[mode] && w == write[mode], "%s in %s: read %c, write %c, expected %c, %c",
		          csr_info(num)->name, mode_name(mode), r, w, read[mode], write[mode]);
	}
	world->hart.mode = MODE_M;
}

/* ---- Smcsrind, Sscsrind ---- */

static const unsigned siregs[] = {CSR_sireg, CSR_sireg2, CSR_sireg3, CSR_sireg4, CSR_sireg5, CSR_sireg6};
static const unsigned vsiregs[] = {CSR_vsireg, CSR_vsireg2, CSR_vsireg3, CSR_vsireg4, CSR_vsireg5, CSR_vsireg6};
static const unsigned miregs[] = {CSR_mireg, CSR_mireg2, CSR_mireg3, CSR_mireg4, CSR_mireg5, CSR_mireg6};

static struct world *indirect_world(bool stateen)
{
	struct world *world = new_world();
	set_extension(&world->hart, EXT_Smstateen, stateen);
	with_extension(world, EXT_Smcsrind, true);
	return world;
}

/* norm:siselect_min_range norm:vsiselect_min_range norm:miselect_WARL */
Test(csr_indirect, select_registers)
{
	struct world *world = indirect_world(false);
	static const unsigned numbers[] = {CSR_miselect, CSR_siselect, CSR_vsiselect};
	for (size_t i = 0; i < 3; i++)
		expect_hex(hold(world, numbers[i], ~UINT64_C(0)), 0xfff);
	put(world, CSR_siselect, 1);
	put(world, CSR_vsiselect, 2);
	world->hart.mode = MODE_VS;
	expect_hex(csr_read(&world->hart, CSR_siselect), 2);
	free(world);
}

Test(csr_indirect, existence)
{
	struct world *world = new_world();
	expect_verdicts(world, CSR_siselect, "iiiii", "iiiii");
	expect_verdicts(world, CSR_vsireg, "iiiii", "iiiii");
	with_extension(world, EXT_Sscsrind, true);
	expect_verdicts(world, CSR_siselect, "ooiov", "ooiov");
	expect_verdicts(world, CSR_miselect, "iiiii", "iiiii");
	with_extension(world, EXT_Smcsrind, true);
	expect_verdicts(world, CSR_miselect, "oiiii", "oiiii");
	free(world);
}

/* norm:sscsrind_virtual_inst_fault: no select value is implemented, so the rest is illegal. */
Test(csr_indirect, registers_behind_no_select_value)
{
	struct world *world = indirect_world(false);
	expect_verdicts(world, CSR_siselect, "ooiov", "ooiov");
	expect_verdicts(world, CSR_vsiselect, "ooivv", "ooivv");
	for (size_t i = 0; i < 6; i++) {
		expect_verdicts(world, siregs[i], "iiiiv", "iiiiv");
		expect_verdicts(world, vsiregs[i], "iiivv", "iiivv");
		expect_verdicts(world, miregs[i], "iiiii", "iiiii");
	}
	free(world);
}

/* norm:sscsrind_csrs_access_control norm:hypervisor_impl_csrs_access_control */
Test(csr_indirect, state_enables)
{
	struct world *world = indirect_world(true);
	expect_verdicts(world, CSR_siselect, "oiiii", "oiiii");
	expect_verdicts(world, CSR_sireg, "iiiii", "iiiii");
	expect_verdicts(world, CSR_vsiselect, "oiiii", "oiiii");
	expect_verdicts(world, CSR_vsireg, "iiiii", "iiiii");
	put(world, CSR_mstateen0, mstateen0_CSRIND);
	expect_verdicts(world, CSR_siselect, "ooivv", "ooivv");
	expect_verdicts(world, CSR_sireg, "iiivv", "iiivv");
	expect_verdicts(world, CSR_vsireg, "iiivv", "iiivv");
	expect_hex(hold(world, CSR_hstateen0, ~UINT64_C(0)), hstateen0_CSRIND);
	expect_verdicts(world, CSR_siselect, "ooiov", "ooiov");
	expect_verdicts(world, CSR_sireg, "iiiiv", "iiiiv");
	free(world);
}

/* ---- seed ---- */

static struct world *seed_world(void)
{
	struct world *world = new_world();
	with_extension(world, EXT_Zkr, true);
	return world;
}

/* norm:mseccfg_sseed_useed_op_tbl */
Test(csr_indirect, seed_access)
{
	struct world *world = seed_world();
	expect_verdicts(world, CSR_seed, "iiiii", "oiiii");
	put(world, CSR_mseccfg, mseccfg_USEED);
	expect_verdicts(world, CSR_seed, "iiiii", "oioii");
	put(world, CSR_mseccfg, mseccfg_SSEED);
	expect_verdicts(world, CSR_seed, "iiiii", "ooivv");
	put(world, CSR_mseccfg, mseccfg_SSEED | mseccfg_USEED);
	expect_verdicts(world, CSR_seed, "iiiii", "ooovv");
	free(world);
}

/* Valid entropy at every access, none of it twice in a row, the same on every machine and different on every hart. */
Test(csr_indirect, seed_values)
{
	struct world *one = seed_world(), *same = seed_world(), *other = seed_world();
	other->hart.id = 1;
	unsigned ones = 0, different = 0;
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t value = csr_read(&one->hart, CSR_seed);
		expect_hex(value & ~seed_ENTROPY, UINT64_C(2) << 30);
		expect_hex(csr_read(&same->hart, CSR_seed), value);
		different += csr_read(&other->hart, CSR_seed) != value;
		ones += (unsigned)__builtin_popcountll(value & seed_ENTROPY);
		csr_write(&one->hart, CSR_seed, i);
		csr_write(&same->hart, CSR_seed, ~(uint64_t)i);
		csr_write(&other->hart, CSR_seed, 0);
	}
	cr_expect(ones > 7600 && ones < 8400, "%u of 16000 bits are 1", ones);
	cr_expect_gt(different, 990);
	free(one);
	free(same);
	free(other);
}
