/* PMP registers: reserved combinations, locks, Smepmp's rules. */
#include "csr_hart.h"

enum { R = 1, W = 2, X = 4, TOR = 1 << 3, NA4 = 2 << 3, NAPOT = 3 << 3, L = 0x80 };

static uint8_t hold_cfg(struct world *world, unsigned entry, uint8_t cfg)
{
	unsigned num = CSR_pmpcfg0 + entry / 8 * 2, shift = entry % 8 * 8;
	uint64_t value = (get(world, num) & ~(UINT64_C(0xff) << shift)) | (uint64_t)cfg << shift;
	return (uint8_t)(hold(world, num, value) >> shift);
}

/* norm:pmp_rwx_warl; bits 6:5 are 0. All address modes exist with 4-byte granularity. */
Test(csr_pmp, every_configuration)
{
	struct world *world = new_world();
	for (unsigned entry = 0; entry < 16; entry++)
		for (unsigned cfg = 0; cfg < 0x80; cfg++) {
			unsigned legal = cfg & 0x1f;
			if (!(legal & R))
				legal &= ~(unsigned)W;
			cr_expect_eq(hold_cfg(world, entry, (uint8_t)cfg), legal, "entry %u, %#x", entry, cfg);
		}
	free(world);
}

Test(csr_pmp, addresses_have_54_bits)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_pmpaddr0, ~UINT64_C(0)), UINT64_C(0x3fffffffffffff));
	expect_hex(hold(world, CSR_pmpaddr15, 0x1235), 0x1235);
	free(world);
}

/* norm:pmp_l_bit_function norm:pmp_l_bit_write_protection */
Test(csr_pmp, locked_entries_stay)
{
	struct world *world = new_world();
	put(world, CSR_pmpaddr8, 0x111);
	put(world, CSR_pmpaddr9, 0x222);
	cr_expect_eq(hold_cfg(world, 9, L | NAPOT | R), L | NAPOT | R);
	cr_expect_eq(hold_cfg(world, 9, 0), L | NAPOT | R);
	expect_hex(hold(world, CSR_pmpaddr9, 5), 0x222);
	expect_hex(hold(world, CSR_pmpaddr8, 5), 5); /* NAPOT does not use the address below */
	cr_expect_eq(hold_cfg(world, 8, TOR | R), TOR | R);
	csr_reset(&world->hart);
	expect_hex(hold(world, CSR_pmpaddr9, 6), 6);
	free(world);
}

Test(csr_pmp, a_locked_tor_locks_the_address_below)
{
	struct world *world = new_world();
	for (unsigned entry = 7; entry < 9; entry++) { /* within a CSR and across two */
		csr_reset(&world->hart);
		put(world, CSR_pmpaddr0 + entry, 0x100);
		cr_expect_eq(hold_cfg(world, entry + 1, TOR), TOR);
		expect_hex(hold(world, CSR_pmpaddr0 + entry, 0x101), 0x101);
		cr_expect_eq(hold_cfg(world, entry + 1, L | TOR), L | TOR);
		expect_hex(hold(world, CSR_pmpaddr0 + entry, 0x102), 0x101);
		cr_expect_eq(hold_cfg(world, entry, R), R);
	}
	free(world);
}

/* The last implemented entry has no next one, though its slot exists. */
Test(csr_pmp, the_last_entry)
{
	struct world *world = new_world();
	(&world->hart.csr.pmpcfg0)[2] = L | TOR;
	expect_hex(hold(world, CSR_pmpaddr15, 9), 9);
	free(world);
}

/* ---- Smepmp ---- */

static struct world *smepmp_world(void)
{
	struct world *world = new_world();
	with_extension(world, EXT_Smepmp, true);
	return world;
}

Test(csr_pmp, mseccfg_exists_with_a_field_of_its_own)
{
	struct world *world = new_world();
	uint64_t value;
	cr_expect_not(csr_peek(&world->hart, CSR_mseccfg, &value));
	with_extension(world, EXT_Zkr, true);
	expect_hex(hold(world, CSR_mseccfg, ~UINT64_C(0)), 0x300);
	expect_hex(hold(world, CSR_mseccfg, 0), 0);
	with_extension(world, EXT_Zkr, false);
	with_extension(world, EXT_Smepmp, true);
	expect_hex(hold(world, CSR_mseccfg, ~UINT64_C(0)), 7);
	free(world);
}

/* norm:mseccfg_mml_sticky norm:mseccfg_mmwp_op_warl */
Test(csr_pmp, mml_and_mmwp_are_sticky)
{
	struct world *world = smepmp_world();
	expect_hex(hold(world, CSR_mseccfg, mseccfg_MML), mseccfg_MML);
	expect_hex(hold(world, CSR_mseccfg, mseccfg_MMWP), mseccfg_MML | mseccfg_MMWP);
	expect_hex(hold(world, CSR_mseccfg, 0), mseccfg_MML | mseccfg_MMWP);
	free(world);
}

/* norm:mseccfg_rlb_op_warl */
Test(csr_pmp, rlb_opens_locks_until_it_is_cleared)
{
	struct world *world = smepmp_world();
	expect_hex(hold(world, CSR_mseccfg, mseccfg_RLB), mseccfg_RLB);
	cr_expect_eq(hold_cfg(world, 3, L | R), L | R);
	cr_expect_eq(hold_cfg(world, 3, L | R | X), L | R | X);
	expect_hex(hold(world, CSR_pmpaddr3, 77), 77);
	expect_hex(hold(world, CSR_mseccfg, 0), 0);
	expect_hex(hold(world, CSR_mseccfg, mseccfg_RLB), 0); /* something is locked now */
	cr_expect_eq(hold_cfg(world, 3, 0), L | R | X);
	free(world);
}

/* norm:mseccfg_mml_X_restrict: no new rule lets M-mode execute; RW=01 is a shared region. */
Test(csr_pmp, configurations_under_mml)
{
	for (unsigned cfg = 0; cfg < 8; cfg++)
		for (unsigned lock = 0; lock <= L; lock += L)
			for (unsigned rlb = 0; rlb < 2; rlb++) {
				struct world *world = smepmp_world();
				put(world, CSR_mseccfg, mseccfg_MML | (rlb ? mseccfg_RLB : 0));
				static const bool executable_by_m[8] = {[W] = true, [X] = true, [X | R] = true, [X | W] = true};
				bool refused = lock && !rlb && executable_by_m[cfg];
				unsigned value = lock | NAPOT | cfg;
				cr_expect_eq(hold_cfg(world, 0, (uint8_t)value), refused ? 0 : value, "%#x rlb %u", value, rlb);
				free(world);
			}
}
