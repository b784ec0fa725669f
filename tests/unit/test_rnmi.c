/* Smrnmi where tests/isa/rnmi.c does not reach: landing pads, the end of a hart, harts without C or without it at
 * all. */
#include "csr_hart.h"
#include "hart/trap.h"

enum { EPC = 0x80001234, MTVEC = 0x80100000, MNRET = 0x70200073 };

static struct world *rnmi_world(bool nmie)
{
	struct world *world = new_world();
	with_extension(world, EXT_Smrnmi, true);
	put(world, CSR_mtvec, MTVEC);
	put(world, CSR_mnstatus, nmie ? mnstatus_NMIE : 0);
	return world;
}

static void take(struct world *world, enum mode from, struct trap trap)
{
	world->hart.mode = from;
	world->hart.pc = EPC;
	trap.pending = true;
	world->hart.trap = trap;
	cr_expect_eq(trap_take(&world->hart), MODE_M);
}

/* norm:mnstatus_mnpelp_op norm:mnstatus_mnpelp_update norm:mnret_zicfilp */
Test(rnmi, keeps_the_expected_landing_pad)
{
	const struct trap rnmi = {.interrupt = true, .rnmi = true, .cause = RNMI_FIRST};
	for (unsigned bits = 0; bits < 8; bits++) {
		bool elp = bits & 1, lpe = bits & 2, to_m = bits & 4;
		struct world *world = rnmi_world(true);
		with_extension(world, EXT_Zicfilp, true);
		world->hart.elp = elp;
		take(world, to_m ? MODE_M : MODE_HS, rnmi);
		cr_expect_eq(!!(get(world, CSR_mnstatus) & mnstatus_MNPELP), elp);
		cr_expect_not(world->hart.elp);
		put(world, CSR_mseccfg, lpe && to_m ? mseccfg_MLPE : 0);
		put(world, CSR_menvcfg, lpe && !to_m ? menvcfg_LPE : 0);
		cr_expect(trap_mnret(&world->hart, MNRET));
		cr_expect_eq(world->hart.elp, elp && lpe, "bits %u", bits);
		free(world);
	}
}

/* norm:trap_unexp_mnstatus_nmie_0 norm:trap_unexp_hndl_no_rnmi: with Smdbltrp a trap in the handler is the last. */
Test(rnmi, double_trap_in_the_handler_stops_the_hart)
{
	struct world *world = rnmi_world(false);
	with_extension(world, EXT_Smdbltrp, true);
	put(world, CSR_mstatus, 0);
	struct csr_file before = world->hart.csr;
	take(world, MODE_M, (struct trap){.cause = CAUSE_ILLEGAL});
	cr_expect(world->hart.halted);
	expect_hex(world->hart.pc, EPC);
	cr_expect_eq(memcmp(&before, &world->hart.csr, sizeof before), 0);
	free(world);
}

/* ... but not one from below, nor one in the handler without Smdbltrp. norm:rnmi_exception_nmie0 */
Test(rnmi, other_traps_with_nmie_0)
{
	struct world *world = rnmi_world(false);
	world->options.rnmi_exception_vector = 0x80500000;
	take(world, MODE_M, (struct trap){.cause = CAUSE_ILLEGAL});
	expect_hex(world->hart.pc, 0x80500000);
	expect_hex(get(world, CSR_mcause), CAUSE_ILLEGAL);
	with_extension(world, EXT_Smdbltrp, true);
	put(world, CSR_mstatus, 0);
	put(world, CSR_mtvec, MTVEC);
	take(world, MODE_U, (struct trap){.cause = CAUSE_ECALL_U});
	cr_expect_not(world->hart.halted);
	expect_hex(world->hart.pc, MTVEC);
	free(world);
}

/* norm:mnepc_ialign32 */
Test(rnmi, mnepc_is_aligned_like_instructions)
{
	struct world *world = rnmi_world(true);
	expect_hex(hold(world, CSR_mnepc, ~UINT64_C(0)), ~UINT64_C(1));
	with_extension(world, EXT_Zca, false);
	expect_hex(hold(world, CSR_mnepc, ~UINT64_C(0)), ~UINT64_C(3));
	free(world);
}

/* Nothing is masked where there is no NMIE to set, and nobody sees the registers. */
Test(rnmi, absent)
{
	struct world *world = new_world();
	static const unsigned numbers[] = {CSR_mnscratch, CSR_mnepc, CSR_mncause, CSR_mnstatus};
	with_extension(world, EXT_Smrnmi, false);
	world->hart.mode = MODE_M;
	for (unsigned i = 0; i < 4; i++)
		cr_expect_eq(csr_check(&world->hart, numbers[i], false), CSR_ILLEGAL);
	put(world, CSR_mie, mie_MSIE);
	put(world, CSR_mstatus, mstatus_MIE);
	world->hart.irq_lines = mip_MSIP;
	cr_expect(irq_poll(&world->hart));
	free(world);
}
