/* Zabha and Zacas. */
#include "step_world.h"

enum { RD = 10, RS1 = 12, RS2 = 14 };

/* Each on memory that holds 8 bytes of `before`, at DATA + offset. */
static const struct {
	enum insn_id id;
	uint64_t before, operand, after, result;
	unsigned offset;
} samples[] = {
	{ INSN_amoswap_b, 0x1122334455667788, 0xffffff01, 0x1122334455667701, 0xffffffffffffff88, 0 },
	{ INSN_amoadd_b, 0x11223344556677ff, 2, 0x1122334455667701, UINT64_MAX, 0 },
	{ INSN_amoadd_b, 0x1122334455667f88, 1, 0x1122334455668088, 0x7f, 1 },
	{ INSN_amoxor_b, 0x11223344556677f0, 0xff, 0x112233445566770f, 0xfffffffffffffff0, 0 },
	{ INSN_amoand_b, 0x11223344556677f0, 0x3c, 0x1122334455667730, 0xfffffffffffffff0, 0 },
	{ INSN_amoor_b, 0x11223344556677f0, 0x0f, 0x11223344556677ff, 0xfffffffffffffff0, 0 },
	{ INSN_amomin_b, 0x1122334455667780, 0x17f, 0x1122334455667780, 0xffffffffffffff80, 0 },
	{ INSN_amomax_b, 0x1122334455667780, 0x17f, 0x112233445566777f, 0xffffffffffffff80, 0 },
	{ INSN_amominu_b, 0x1122334455667780, 0x17f, 0x112233445566777f, 0xffffffffffffff80, 0 },
	{ INSN_amomaxu_b, 0x1122334455667780, 0x17f, 0x1122334455667780, 0xffffffffffffff80, 0 },
	{ INSN_amoswap_h, 0x1122334455667788, 0xffff0001, 0x1122334455660001, 0x7788, 0 },
	{ INSN_amoadd_h, 0x112233445566ffff, 2, 0x1122334455660001, UINT64_MAX, 0 },
	{ INSN_amoadd_h, 0x11227fff55667788, 1, 0x1122800055667788, 0x7fff, 4 },
	{ INSN_amoxor_h, 0x112233445566ff00, 0xffff, 0x11223344556600ff, 0xffffffffffffff00, 0 },
	{ INSN_amoand_h, 0x112233445566ff00, 0x3cc3, 0x1122334455663c00, 0xffffffffffffff00, 0 },
	{ INSN_amoor_h, 0x112233445566ff00, 0x00ff, 0x112233445566ffff, 0xffffffffffffff00, 0 },
	{ INSN_amomin_h, 0x1122334455668000, 0x17fff, 0x1122334455668000, 0xffffffffffff8000, 0 },
	{ INSN_amomax_h, 0x1122334455668000, 0x17fff, 0x1122334455667fff, 0xffffffffffff8000, 0 },
	{ INSN_amominu_h, 0x1122334455668000, 0x17fff, 0x1122334455667fff, 0xffffffffffff8000, 0 },
	{ INSN_amomaxu_h, 0x1122334455668000, 0x17fff, 0x1122334455668000, 0xffffffffffff8000, 0 },
};

Test(op_amo_ext, bytes_and_halfwords)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	/* twice: the slow way first, then through the filter */
	for (size_t i = 0; i < 2 * (sizeof(samples) / sizeof(samples[0])); i++) {
		size_t n = i / 2;
		const char *name = insn_rows[samples[n].id].name;

		*at(world, DATA) = samples[n].before;
		hart->x[RS1] = DATA + samples[n].offset;
		hart->x[RS2] = samples[n].operand;
		cr_expect(step(world, encode(samples[n].id, RD, RS1, RS2)), "%s trapped", name);
		cr_expect_eq(*at(world, DATA), samples[n].after, "%s: memory %#lx", name, *at(world, DATA));
		cr_expect_eq(hart->x[RD], samples[n].result, "%s: result %#lx", name, hart->x[RD]);
	}
	step_world_free(world);
}

static void cas(struct world *world, enum insn_id id, uint64_t compare, uint64_t swap)
{
	world->hart.x[RD] = compare;
	world->hart.x[RS1] = DATA;
	world->hart.x[RS2] = swap;
	cr_expect(step(world, encode(id, RD, RS1, RS2)));
}

/* norm:Zacas_rv64_amocas-w_op norm:Zacas_rv64_amocas-d_op norm:Zabha_amocas-BH_ignore_bits */
Test(op_amo_ext, compare_and_swap)
{
	static const struct {
		enum insn_id id;
		uint64_t mask;
		uint64_t old; /* sign-extended */
	} sizes[] = {
		{ INSN_amocas_b, 0xff, 0xffffffffffffff88 },
		{ INSN_amocas_h, 0xffff, 0x7788 },
		{ INSN_amocas_w, 0xffffffff, 0x55667788 },
		{ INSN_amocas_d, UINT64_MAX, 0x9122334455667788 },
	};
	const uint64_t before = 0x9122334455667788, swap = 0xa5a5a5a5a5a5a5a5;
	struct world *world = step_world_new();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t mask = sizes[i].mask;

		*at(world, DATA) = before;
		cas(world, sizes[i].id, (before & mask) | (~mask & 0x5555555555555555), swap);
		cr_expect_eq(*at(world, DATA), (before & ~mask) | (swap & mask), "%s", insn_rows[sizes[i].id].name);
		cr_expect_eq(world->hart.x[RD], sizes[i].old, "%s", insn_rows[sizes[i].id].name);
		*at(world, DATA) = before;
		cas(world, sizes[i].id, before ^ (mask & ~(mask >> 1)), swap);
		cr_expect_eq(*at(world, DATA), before, "%s swapped", insn_rows[sizes[i].id].name);
		cr_expect_eq(world->hart.x[RD], sizes[i].old, "%s", insn_rows[sizes[i].id].name);
	}
	step_world_free(world);
}

static void set_pair(struct world *world, uint64_t low, uint64_t high)
{
	*at(world, DATA) = low;
	*at(world, DATA + 8) = high;
}

static void expect_pair(struct world *world, uint64_t low, uint64_t high)
{
	cr_expect_eq(*at(world, DATA), low);
	cr_expect_eq(*at(world, DATA + 8), high);
}

Test(op_amo_ext, compare_and_swap_of_pairs)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	set_pair(world, 1, 2);
	hart->x[RD + 1] = 2;
	hart->x[RS2 + 1] = 4;
	cas(world, INSN_amocas_q, 1, 3);
	expect_pair(world, 3, 4);
	cr_expect(hart->x[RD] == 1 && hart->x[RD + 1] == 2);
	/* the high halves differ */
	hart->x[RD + 1] = 5;
	cas(world, INSN_amocas_q, 3, 7);
	expect_pair(world, 3, 4);
	cr_expect(hart->x[RD] == 3 && hart->x[RD + 1] == 4);
	step_world_free(world);
}

/* norm:Zacas_rv64_amocas-q_rd_frst_reg_x0 norm:Zacas_rv64_amocas-q_rs2_frst_reg_x0: the sink for x0, what lies behind
 * it, and x1 stay out. */
Test(op_amo_ext, the_pair_of_x0_is_zero)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	hart->x[1] = 77;
	hart->x[RS1] = DATA;
	hart->x[RS2] = 3;
	hart->x[RS2 + 1] = 4;
	hart->x[32] = 99;
	set_pair(world, 0, 0);
	cr_expect(step(world, encode(INSN_amocas_q, 0, RS1, RS2)));
	expect_pair(world, 3, 4);
	cr_expect_eq(hart->x[1], 77);
	cr_expect_eq(hart->x[0], 0);
	hart->f[0] = 55;
	cr_expect(step(world, encode(INSN_amocas_q, 0, RS1, RS2)));
	cr_expect(hart->x[1] == 77 && hart->f[0] == 55);
	hart->x[RD] = 3;
	hart->x[RD + 1] = 4;
	cr_expect(step(world, encode(INSN_amocas_q, RD, RS1, 0)));
	expect_pair(world, 0, 0);
	/* a single x0 too */
	hart->x[32] = 99;
	cr_expect(step(world, encode(INSN_amocas_d, 0, RS1, RS2)));
	expect_pair(world, 3, 0);
	step_world_free(world);
}

static void expect_trap(struct world *world, uint32_t word, enum cause cause, uint64_t tval)
{
	cr_expect(!step(world, word), "%#x did not trap", word);
	cr_expect_eq(world->hart.csr.mcause, cause, "%#x: cause %lu", word, world->hart.csr.mcause);
	cr_expect_eq(world->hart.csr.mtval, tval, "%#x: tval %#lx", word, world->hart.csr.mtval);
}

Test(op_amo_ext, alignment)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;

	hart->x[RS1] = DATA + 1;
	expect_trap(world, encode(INSN_amoadd_h, RD, RS1, RS2), CAUSE_STORE_MISALIGNED, DATA + 1);
	cr_expect(step(world, encode(INSN_amoadd_b, RD, RS1, RS2)));
	hart->x[RS1] = DATA + 8;
	expect_trap(world, encode(INSN_amocas_q, RD, RS1, RS2), CAUSE_STORE_MISALIGNED, DATA + 8);
	cr_expect(step(world, encode(INSN_amocas_d, RD, RS1, RS2)));
	step_world_free(world);
}

/* norm:Zacas_amocas_w_permission: also where it would not swap */
Test(op_amo_ext, compare_and_swap_needs_write_permission)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	struct tables tables = tables_new(world, SV39, false, 0);

	map(&tables, CODE, CODE, 0, PTE_FULL);
	map(&tables, DATA, DATA, 0, PTE_V | PTE_R | PTE_A | PTE_D);
	hart->csr.satp = atp_of(&tables, 0);
	enter(hart, MODE_HS);
	*at(world, DATA) = 1;
	hart->x[RS1] = DATA;
	hart->x[RD] = 2;
	expect_trap(world, encode(INSN_amocas_d, RD, RS1, RS2), CAUSE_STORE_PAGE, DATA);
	step_world_free(world);
}
