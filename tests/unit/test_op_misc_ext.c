/* Cache-block operations: who may, where, and what they change; Zawrs; half-precision loads and stores. */
#include "step_world.h"

enum { RS1 = 12, BLOCK = 64 };

static const struct {
	enum insn_id id;
	uint64_t field; /* of menvcfg, henvcfg, senvcfg */
} cbos[] = {
	{ INSN_cbo_inval, menvcfg_CBIE_LOW },
	{ INSN_cbo_clean, menvcfg_CBCFE_LOW },
	{ INSN_cbo_flush, menvcfg_CBCFE_LOW },
	{ INSN_cbo_zero, menvcfg_CBZE_LOW },
};

static void allow_all(struct hart *hart)
{
	hart->csr.menvcfg = hart->csr.henvcfg = hart->csr.senvcfg =
	    menvcfg_CBCFE | menvcfg_CBZE | UINT64_C(3) << menvcfg_CBIE_LOW;
}

/* The rules as the specification's pseudocode has them; 0: it completes.
 * norm:cbo-inval norm:cbo-clean_cbo-flush norm:cbo-zero_basedon_xenvcfg-CBZE */
static unsigned expected_cause(enum mode mode, bool menvcfg, bool henvcfg, bool senvcfg)
{
	if ((mode != MODE_M && !menvcfg) || (mode == MODE_U && !senvcfg))
		return CAUSE_ILLEGAL;
	if ((mode == MODE_VS && !henvcfg) || (mode == MODE_VU && !(henvcfg && senvcfg)))
		return CAUSE_VIRTUAL;
	return 0;
}

Test(op_misc_ext, envcfg_controls_every_mode)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	for (unsigned n = 0; n < 4 * MODE_COUNT * 8; n++) {
		enum insn_id id = cbos[n % 4].id;
		enum mode mode = n / 4 % MODE_COUNT;
		unsigned bits = n / 4 / MODE_COUNT;
		uint64_t low = cbos[n % 4].field;
		uint32_t word = encode(id, 0, RS1, 0);
		unsigned expected = expected_cause(mode, bits & 1, bits >> 1 & 1, bits >> 2 & 1);

		hart->csr.menvcfg = (uint64_t)(bits & 1) << low;
		hart->csr.henvcfg = (uint64_t)(bits >> 1 & 1) << low;
		hart->csr.senvcfg = (uint64_t)(bits >> 2 & 1) << low;
		hart->csr.mcause = 0;
		hart->x[RS1] = DATA;
		enter(hart, mode);
		cr_expect_eq(step(world, word), expected == 0, "%s in %s with %u", insn_rows[id].name, mode_name(mode), bits);
		cr_expect_eq(hart->csr.mcause, expected, "%s in %s with %u: cause %lu", insn_rows[id].name, mode_name(mode),
		             bits, hart->csr.mcause);
		if (expected)
			cr_expect_eq(hart->csr.mtval, word);
	}
	step_world_free(world);
}

Test(op_misc_ext, absent_envcfg_controls_nothing)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	world->options.envcfg_absent = true;
	hart->x[RS1] = DATA;
	for (unsigned n = 0; n < 4 * MODE_COUNT; n++) {
		uint32_t word = encode(cbos[n % 4].id, 0, RS1, 0);

		hart->csr.menvcfg = UINT64_C(1) << cbos[n % 4].field;
		enter(hart, n / 4);
		cr_expect(step(world, word), "%s in %s", insn_rows[cbos[n % 4].id].name, mode_name(n / 4));
		hart->csr.menvcfg = 0;
		enter(hart, n / 4);
		cr_expect_eq(step(world, word), n / 4 == MODE_M);
	}
	step_world_free(world);
}

/* norm:cbo-zero_op norm:cbo-zero_unaligned */
Test(op_misc_ext, zero_clears_its_block_only)
{
	struct world *world = step_world_new();
	uint8_t *bytes = bus_host(&world->bus, DATA);

	memset(bytes, 0xee, 3 * BLOCK);
	world->hart.x[RS1] = DATA + BLOCK + 13;
	cr_expect(step(world, encode(INSN_cbo_zero, 0, RS1, 0)));
	for (unsigned i = 0; i < 3 * BLOCK; i++)
		cr_expect_eq(bytes[i], i / BLOCK == 1 ? 0 : 0xee, "byte %u is %#x", i, bytes[i]);
	step_world_free(world);
}

Test(op_misc_ext, management_changes_no_memory)
{
	struct world *world = step_world_new();
	uint8_t *bytes = bus_host(&world->bus, DATA);

	memset(bytes, 0xee, BLOCK);
	world->hart.x[RS1] = DATA;
	for (unsigned i = 0; i < 3; i++)
		cr_expect(step(world, encode(cbos[i].id, 0, RS1, 0)));
	for (unsigned i = 0; i < BLOCK; i++)
		cr_expect_eq(bytes[i], 0xee);
	step_world_free(world);
}

/* Code in the block is translated anew. */
Test(op_misc_ext, zero_reaches_translated_code)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	const uint32_t nop = 0x13;

	cr_assert(step_at(world, CODE + BLOCK, CODE + BLOCK, nop));
	hart->x[RS1] = CODE + BLOCK;
	cr_assert(step(world, encode(INSN_cbo_zero, 0, RS1, 0)));
	hart->pc = CODE + BLOCK;
	exec_step(hart, UINT64_MAX);
	cr_expect_eq(hart->csr.mcause, CAUSE_ILLEGAL);
	cr_expect_eq(hart->csr.mepc, CODE + BLOCK);
	step_world_free(world);
}

static void expect_trap(struct world *world, uint32_t word, enum cause cause, uint64_t tval)
{
	cr_expect(!step(world, word), "%#x did not trap", word);
	cr_expect_eq(world->hart.csr.mcause, cause, "%#x: cause %lu", word, world->hart.csr.mcause);
	cr_expect_eq(world->hart.csr.mtval, tval, "%#x: tval %#lx", word, world->hart.csr.mtval);
}

/* norm:cbz_access */
Test(op_misc_ext, zero_needs_main_memory)
{
	struct world *world = step_world_new();

	world->hart.x[RS1] = 0x10000004;
	expect_trap(world, encode(INSN_cbo_zero, 0, RS1, 0), CAUSE_STORE_ACCESS, 0x10000004);
	step_world_free(world);
}

/* A block that PMP allows in part (norm:PMP_same says it should not be) faults as a whole. */
Test(op_misc_ext, physical_protection_of_the_whole_block)
{
	enum { LOCKED_NA4 = 0x90 };
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	world->options.pmp_entries = 16;
	cr_assert(csr_poke(hart, CSR_pmpaddr0, (DATA + BLOCK - 4) >> 2) && csr_poke(hart, CSR_pmpcfg0, LOCKED_NA4));
	context_changed(hart);
	*at(world, DATA) = 1;
	hart->x[RS1] = DATA + 3;
	for (unsigned i = 0; i < 4; i++)
		expect_trap(world, encode(cbos[i].id, 0, RS1, 0), CAUSE_STORE_ACCESS, DATA + 3);
	cr_expect_eq(*at(world, DATA), 1);
	hart->x[RS1] = DATA + BLOCK;
	cr_expect(step(world, encode(INSN_cbo_zero, 0, RS1, 0)));
	step_world_free(world);
}

/* norm:cbm_access norm:cbm_unperm_fault norm:cbz_unperm_fault norm:fault_excep_csr */
Test(op_misc_ext, page_permissions)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	struct tables tables = tables_new(world, SV39, false, 0);
	const uint64_t readable = DATA, none = DATA + PAGE_SIZE, address = readable + 77;
	uint64_t leaf;

	allow_all(hart);
	map(&tables, CODE, CODE, 0, PTE_FULL);
	leaf = map(&tables, readable, readable, 0, PTE_V | PTE_R | PTE_A);
	map(&tables, none, none, 0, 0);
	hart->csr.satp = atp_of(&tables, 0);
	hart->x[RS1] = address;
	for (unsigned i = 0; i < 3; i++) {
		enter(hart, MODE_HS);
		cr_expect(step(world, encode(cbos[i].id, 0, RS1, 0)), "%s", insn_rows[cbos[i].id].name);
	}
	cr_expect(!(*at(world, leaf) & PTE_D), "D is set by management");
	enter(hart, MODE_HS);
	expect_trap(world, encode(INSN_cbo_zero, 0, RS1, 0), CAUSE_STORE_PAGE, address);
	hart->x[RS1] = none + 5;
	for (unsigned i = 0; i < 4; i++) {
		enter(hart, MODE_HS);
		expect_trap(world, encode(cbos[i].id, 0, RS1, 0), CAUSE_STORE_PAGE, none + 5);
	}
	step_world_free(world);
}

/* norm:cbm_unperm_fault: where there is no memory, neither loads nor stores are permitted */
Test(op_misc_ext, nothing_there)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	const uint64_t nowhere = UINT64_C(1) << 40;

	allow_all(hart);
	hart->x[RS1] = nowhere + 9;
	for (unsigned i = 0; i < 4; i++) {
		enter(hart, MODE_HS);
		expect_trap(world, encode(cbos[i].id, 0, RS1, 0), CAUSE_STORE_ACCESS, nowhere + 9);
	}
	step_world_free(world);
}

/* norm:h_trans_cache */
Test(op_misc_ext, guest_page_fault_transforms_the_instruction)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	struct tables tables = tables_new(world, SV39, true, 0);

	allow_all(hart);
	map(&tables, CODE, CODE, 0, PTE_FULL_U);
	hart->csr.hgatp = atp_of(&tables, 0);
	hart->x[RS1] = DATA + 78;
	for (unsigned i = 0; i < 4; i++) {
		enter(hart, MODE_VS);
		expect_trap(world, encode(cbos[i].id, 0, RS1, 0), CAUSE_STORE_GUEST_PAGE, DATA + 78);
		cr_expect_eq(hart->csr.mtval2, (DATA + 78) >> 2);
		cr_expect_eq(hart->csr.mtinst, insn_rows[cbos[i].id].match);
	}
	step_world_free(world);
}

/* norm:cbp_unperm_noexcep */
Test(op_misc_ext, prefetch_never_traps)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	hart->x[RS1] = 1; /* nothing there */
	enter(hart, MODE_U);
	cr_expect(step(world, encode(INSN_prefetch_i, 0, RS1, 0)));
	cr_expect(step(world, encode(INSN_prefetch_r, 0, RS1, 0)));
	cr_expect(step(world, encode(INSN_prefetch_w, 0, RS1, 0)));
	cr_expect_eq(hart->x[0], 0);
	step_world_free(world);
}

/* norm:Zawrs_stall_terminate: it never lasts, so TW and VTW have nothing to limit */
Test(op_misc_ext, waiting_on_a_reservation_ends_at_once)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	hart->csr.mstatus |= mstatus_TW;
	hart->csr.hstatus |= hstatus_VTW;
	for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
		enter(hart, mode);
		cr_expect(step(world, encode(INSN_wrs_nto, 0, 0, 0)), "%s", mode_name(mode));
		cr_expect(step(world, encode(INSN_wrs_sto, 0, 0, 0)), "%s", mode_name(mode));
		cr_expect(!hart->waiting);
	}
	step_world_free(world);
}

/* Twice: the slow way first, then through the filter. flh fa0,-2(a2) and fsh fa0,4(a2). */
Test(op_misc_ext, half_precision_loads_and_stores)
{
	enum { FA0 = 10, A2 = 12 };
	const uint32_t flh = 0xffe61507, fsh = 0x00a61227;
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	hart->csr.mstatus |= mstatus_FS;
	context_changed(hart);
	hart->x[A2] = DATA + 2;
	for (unsigned i = 0; i < 2; i++) {
		*at(world, DATA) = 0x1111222233338000 + i;
		cr_expect(step(world, flh));
		cr_expect_eq(hart->f[FA0], 0xffffffffffff8000 + i);
		hart->f[FA0] = 0x123456789abcdef0 + i;
		cr_expect(step(world, fsh));
		cr_expect_eq(*at(world, DATA), 0xdef0222233338000 + i * UINT64_C(0x1000000000001));
	}
	hart->x[A2] = 0x12;
	cr_expect(!step(world, flh));
	cr_expect(hart->csr.mcause == CAUSE_LOAD_ACCESS && hart->csr.mtval == 0x10);
	cr_expect(!step(world, fsh));
	cr_expect(hart->csr.mcause == CAUSE_STORE_ACCESS && hart->csr.mtval == 0x16);
	step_world_free(world);
}
