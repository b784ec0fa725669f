/* Pointer masking: Smmpm, Smnpm, Ssnpm. Whose field controls an access, what becomes of the address, what is exempt. */
#include "step_world.h"

enum { RD = 10, RS1 = 12, RS2 = 13, PMLEN_7 = 2, PMLEN_16 = 3 };

#define TAG UINT64_C(0x5a01000000000000)   /* bit 48 is beyond PMLEN 7 */
#define TAG_7 UINT64_C(0x5a00000000000000) /* only the seven highest bits */
#define PATTERN UINT64_C(0x1122334455667788)

/* Every PMM field there is, by the mode it controls; the last is for HLV and HSV in U-mode. */
enum field { FIELD_M, FIELD_S, FIELD_U, FIELD_VS, FIELD_HU, FIELDS };

static void set_field(struct hart *hart, enum field field, uint64_t pmm)
{
	static const unsigned numbers[FIELDS] = {CSR_mseccfg, CSR_menvcfg, CSR_senvcfg, CSR_henvcfg, CSR_hstatus};
	unsigned low = field == FIELD_HU ? hstatus_HUPMM_LOW : menvcfg_PMM_LOW;
	uint64_t value;

	cr_assert(csr_peek(hart, numbers[field], &value));
	cr_assert(csr_poke(hart, numbers[field], (value & ~(UINT64_C(3) << low)) | pmm << low));
	cr_assert(csr_peek(hart, numbers[field], &value));
	cr_assert_eq(value >> low & 3, pmm);
}

/* Does `word` at the current mode work on the tagged address of PATTERN? */
static bool masked(struct world *world, enum mode mode, uint32_t word, uint64_t address)
{
	struct hart *hart = &world->hart;

	*at(world, DATA) = PATTERN;
	hart->x[RD] = 0;
	hart->x[RS1] = address;
	enter(hart, mode);
	bool completed = step(world, word);
	cr_expect_eq(hart->x[RD], completed ? PATTERN : 0);
	return completed;
}

/* norm:pm_per_mode_control norm:pm_config_next_higher norm:pm_auto_apply_active_mode */
Test(pointer_masking, a_mode_obeys_one_field)
{
	static const enum field of_mode[MODE_COUNT] = {
		[MODE_M] = FIELD_M, [MODE_HS] = FIELD_S, [MODE_U] = FIELD_U, [MODE_VS] = FIELD_VS, [MODE_VU] = FIELD_U,
	};
	struct world *world = step_world_new();
	uint32_t ld = encode(INSN_ld, RD, RS1, 0);

	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
		for (enum field field = FIELD_M; field < FIELDS; field++) {
			set_field(&world->hart, field, PMLEN_7);
			cr_expect_eq(masked(world, mode, ld, DATA | TAG_7), field == of_mode[mode], "%s, field %d",
			             mode_name(mode), field);
			cr_expect_not(masked(world, mode, ld, DATA | TAG), "%s, field %d: too long a tag", mode_name(mode), field);
			set_field(&world->hart, field, PMLEN_16);
			cr_expect_eq(masked(world, mode, ld, DATA | TAG), field == of_mode[mode]);
			set_field(&world->hart, field, 0);
			cr_expect_not(masked(world, mode, ld, DATA | TAG_7), "%s: off", mode_name(mode));
		}
	}
	step_world_free(world);
}

/* norm:pm_mprv_spvp; and HLV and HSV in U-mode as though in VU-mode have hstatus.HUPMM. HLVX is like a fetch. */
Test(pointer_masking, hypervisor_accesses)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	uint32_t hlv = encode(INSN_hlv_d, RD, RS1, 0), hlvx = encode(INSN_hlvx_wu, RD, RS1, 0);

	hart->csr.hstatus |= hstatus_HU;
	for (unsigned n = 0; n < 6 * FIELDS; n++) {
		static const enum mode modes[] = {MODE_M, MODE_HS, MODE_U};
		enum mode mode = modes[n % 3];
		bool as_vs = n / 3 % 2;
		enum field field = n / 6, expected = as_vs ? FIELD_VS : mode == MODE_U ? FIELD_HU : FIELD_U;

		set_field(hart, field, PMLEN_16);
		hart->csr.hstatus = (hart->csr.hstatus & ~hstatus_SPVP) | (as_vs ? hstatus_SPVP : 0);
		cr_expect_eq(masked(world, mode, hlv, DATA | TAG), field == expected, "%s as %s, field %d", mode_name(mode),
		             as_vs ? "VS" : "VU", field);
		hart->x[RS1] = DATA | TAG;
		enter(hart, mode);
		cr_expect_not(step(world, hlvx), "hlvx is not masked");
		set_field(hart, field, 0);
	}
	step_world_free(world);
}

/* norm:pm_mprv_spvp: the effective mode's field, in M-mode with MPRV. */
Test(pointer_masking, mprv)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	uint32_t ld = encode(INSN_ld, RD, RS1, 0);

	for (unsigned n = 0; n < 2 * FIELDS; n++) {
		enum field field = n / 2, expected = n % 2 ? FIELD_VS : FIELD_S;

		hart->csr.mstatus &= ~(mstatus_MPP | mstatus_MPV);
		hart->csr.mstatus |= mstatus_MPRV | UINT64_C(1) << mstatus_MPP_LOW | (n % 2 ? mstatus_MPV : 0);
		set_field(hart, field, PMLEN_7);
		cr_expect_eq(masked(world, MODE_M, ld, DATA | TAG_7), field == expected, "field %d", field);
		set_field(hart, field, 0);
	}
	step_world_free(world);
}

/* norm:pm_mxr_exception: also where nothing is translated; M-mode has no MXR. */
Test(pointer_masking, mxr_ends_it)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	uint32_t ld = encode(INSN_ld, RD, RS1, 0), sd = encode(INSN_sd, 0, RS1, RS2);

	for (enum field field = FIELD_M; field <= FIELD_VS; field++)
		set_field(hart, field, PMLEN_7);
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
		cr_expect(masked(world, mode, ld, DATA | TAG_7));
		hart->csr.mstatus |= mstatus_MXR;
		cr_expect_eq(masked(world, mode, ld, DATA | TAG_7), mode == MODE_M, "%s", mode_name(mode));
		hart->x[RS1] = DATA | TAG_7;
		enter(hart, mode);
		cr_expect_eq(step(world, sd), mode == MODE_M);
		hart->csr.mstatus &= ~mstatus_MXR;
		hart->csr.vsstatus |= vsstatus_MXR;
		cr_expect_eq(masked(world, mode, ld, DATA | TAG_7), !mode_virt(mode), "%s", mode_name(mode));
		hart->csr.vsstatus &= ~vsstatus_MXR;
	}
	step_world_free(world);
}

/* norm:pm_ignore_va: the bit below the masked ones is extended; norm:pm_csr_hw_apply: tval has the result. */
Test(pointer_masking, virtual_addresses_are_sign_extended)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	struct tables tables = tables_new(world, SV48, false, 0);
	uint64_t high = UINT64_C(0xffff800012345000), low = UINT64_C(0x0000700012345000);
	uint32_t ld = encode(INSN_ld, RD, RS1, 0);

	map(&tables, CODE, CODE, 0, PTE_FULL);
	map(&tables, high, DATA, 0, PTE_FULL);
	map(&tables, low, DATA, 0, PTE_FULL);
	hart->csr.satp = atp_of(&tables, 0);
	set_field(hart, FIELD_S, PMLEN_16);
	cr_expect(masked(world, MODE_HS, ld, high ^ UINT64_C(0x3c5a) << 48));
	cr_expect(masked(world, MODE_HS, ld, low ^ UINT64_C(0xc35a) << 48));
	cr_expect_not(masked(world, MODE_HS, ld, (high + 4096) ^ UINT64_C(0x3c5a) << 48));
	cr_expect_eq(hart->csr.mcause, CAUSE_LOAD_PAGE);
	cr_expect_eq(hart->csr.mtval, high + 4096);
	set_field(hart, FIELD_S, PMLEN_7); /* bits 56..48 still have to agree with bit 47 */
	cr_expect(masked(world, MODE_HS, ld, high ^ UINT64_C(0x2a) << 57));
	cr_expect_not(masked(world, MODE_HS, ld, high ^ UINT64_C(1) << 50));
	cr_expect_eq(hart->csr.mtval, high ^ UINT64_C(1) << 50);
	step_world_free(world);
}

/* norm:pm_ignore_pa: a guest-physical address is a physical one: extended by zeros. */
Test(pointer_masking, guest_physical_addresses_are_zero_extended)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	struct tables second = tables_new(world, SV57, true, 0);
	uint64_t gpa = UINT64_C(0x0003800012345000); /* bit 48, above the masked ones of PMLEN 16, is lost */
	uint32_t ld = encode(INSN_ld, RD, RS1, 0);

	map(&second, CODE, CODE, 0, PTE_FULL_U);
	map(&second, gpa, DATA, 0, PTE_FULL_U);
	hart->csr.hgatp = atp_of(&second, 1);
	set_field(hart, FIELD_VS, PMLEN_7);
	cr_expect(masked(world, MODE_VS, ld, gpa | UINT64_C(0x7f) << 57));
	set_field(hart, FIELD_VS, PMLEN_16);
	cr_expect_not(masked(world, MODE_VS, ld, gpa | UINT64_C(0x7f) << 57));
	cr_expect_eq(hart->csr.mcause, CAUSE_LOAD_GUEST_PAGE);
	cr_expect_eq(hart->csr.mtval2, UINT64_C(0x0000800012345000) >> 2);
	step_world_free(world);
}

/* norm:pm_apply_explicit: everything that touches memory, but no fetch: norm:pm_not_apply_implicit. */
Test(pointer_masking, every_explicit_access)
{
	static const struct { enum insn_id id; bool has_rd; uint64_t after; } rows[] = {
		{INSN_sd, false, 5},
		{INSN_amoadd_d, true, PATTERN + 5},
		{INSN_cbo_zero, false, 0},
		{INSN_fsd, false, 7},
		{INSN_lr_d, true, PATTERN},
		{INSN_amocas_d, true, 5},
		{INSN_cbo_flush, false, PATTERN},
	};
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	set_field(hart, FIELD_M, PMLEN_16);
	hart->csr.mstatus |= mstatus_FS;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		*at(world, DATA) = PATTERN;
		hart->x[RD] = PATTERN;
		hart->x[RS1] = DATA | TAG;
		hart->x[RS2] = 5;
		hart->f[RS2] = 7;
		enter(hart, MODE_M);
		cr_expect(step(world, encode(rows[i].id, rows[i].has_rd ? RD : 0, RS1, RS2)), "%s",
		          insn_rows[rows[i].id].name);
		cr_expect_eq(*at(world, DATA), rows[i].after, "%s", insn_rows[rows[i].id].name);
	}
	hart->x[RS1] = CODE | TAG;
	hart->pc = CODE | TAG;
	exec_step(hart, UINT64_MAX);
	cr_expect_eq(hart->csr.mcause, CAUSE_FETCH_ACCESS);
	step_world_free(world);
}

/* norm:pm_misaligned_equivalence: across a page, every byte's address is masked. */
Test(pointer_masking, misaligned)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	set_field(hart, FIELD_M, PMLEN_16);
	*at(world, DATA + 4088) = PATTERN;
	*at(world, DATA + 4096) = ~PATTERN;
	hart->x[RS1] = (DATA + 4092) | TAG;
	enter(hart, MODE_M);
	cr_expect(step(world, encode(INSN_ld, RD, RS1, 0)));
	cr_expect_eq(hart->x[RD], PATTERN >> 32 | ~PATTERN << 32);
	world->options.misaligned_traps = true;
	cr_expect_not(step(world, encode(INSN_ld, RD, RS1, 0)));
	cr_expect_eq(hart->csr.mtval, DATA + 4092);
	step_world_free(world);
}

/* norm:mseccfg_pmm_rdonly0 norm:pmlen_illegal_warl: 1 is reserved; without its extension a field is 0. */
Test(pointer_masking, mseccfg_field)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	cr_assert_eq(isa_parse("+zkr", &hart->isa, (char[64]){""}, 64), 0);
	csr_poke(hart, CSR_mseccfg, (uint64_t)PMLEN_16 << mseccfg_PMM_LOW);
	csr_poke(hart, CSR_mseccfg, UINT64_C(1) << mseccfg_PMM_LOW | mseccfg_SSEED);
	cr_expect_eq(hart->csr.mseccfg, (uint64_t)PMLEN_16 << mseccfg_PMM_LOW | mseccfg_SSEED);
	csr_poke(hart, CSR_mseccfg, 0);
	cr_assert_eq(isa_parse("-smmpm", &hart->isa, (char[64]){""}, 64), 0);
	csr_poke(hart, CSR_mseccfg, (uint64_t)PMLEN_16 << mseccfg_PMM_LOW);
	cr_expect_eq(hart->csr.mseccfg, 0);
	step_world_free(world);
}
