/* Sdtrig: what triggers match, in which modes and contexts; what the exception tells; what the registers hold. */
#include "step_world.h"

enum { RD = 10, RS1 = 12, RS2 = 13, NOP = 0x13 };
enum { EQUAL, NAPOT, GE, LT, LOW, HIGH, NOT = 8 };

#define MCONTROL6 ((uint64_t)TRIGGER_MCONTROL6 << tdata1_TYPE_LOW)
#define ANY_MODE (tdata1_M | tdata1_S | tdata1_U | tdata1_VS | tdata1_VU)
#define MATCH(n) ((uint64_t)(n) << tdata1_MATCH_LOW)
#define SIZE(n) ((uint64_t)(n) << tdata1_SIZE_LOW)

static void set(struct hart *hart, unsigned index, uint64_t tdata1, uint64_t tdata2, uint64_t tdata3)
{
	cr_assert(csr_poke(hart, CSR_tselect, index));
	cr_assert(csr_poke(hart, CSR_tdata2, tdata2));
	cr_assert(csr_poke(hart, CSR_tdata3, tdata3));
	cr_assert(csr_poke(hart, CSR_tdata1, tdata1));
	cr_assert_eq(hart->triggers.each[index].tdata1, tdata1);
}

static void clear(struct hart *hart)
{
	for (unsigned i = 0; i < TRIGGERS; i++)
		set(hart, i, (uint64_t)TRIGGER_DISABLED << tdata1_TYPE_LOW, 0, 0);
}

/* A world where breakpoints can be taken from M-mode. */
static struct world *trigger_world(void)
{
	struct world *world = step_world_new();
	cr_assert(isa_has(&world->hart.isa, EXT_Sdtrig));
	world->hart.csr.mstatus |= mstatus_MIE;
	return world;
}

/* Execute `word` in a mode with x[RS1] = address: does a breakpoint exception with tval stop it? */
static bool stops(struct world *world, enum mode mode, uint32_t word, uint64_t address, uint64_t tval)
{
	struct hart *hart = &world->hart;
	hart->x[RD] = hart->x[RS2] = 77;
	hart->x[RS1] = address;
	hart->csr.mcause = 0;
	hart->csr.mstatus |= mstatus_MIE;
	enter(hart, mode);
	bool completed = step(world, word);
	bool stopped = hart->csr.mcause == CAUSE_BREAKPOINT;
	cr_expect_eq(completed, !stopped, "cause %lu", hart->csr.mcause);
	if (stopped) {
		cr_expect_eq(hart->csr.mepc, CODE);
		cr_expect_eq(hart->csr.mtval, tval, "tval %#lx", hart->csr.mtval);
		cr_expect_eq(hart->x[RD], 77, "nothing is changed");
		cr_expect_eq(hart->csr.mtval2 | hart->csr.mtinst, 0);
	}
	return stopped;
}

/* ---- matching ---- */

/* The comparisons as the specification words them. */
static bool expected(unsigned match, uint64_t value, uint64_t tdata2)
{
	unsigned zero = 0;
	uint64_t mask = tdata2 >> 32, low = tdata2 & UINT32_MAX;
	while (tdata2 >> zero & 1)
		zero++;
	switch (match) {
	case EQUAL: return value == tdata2;
	case NAPOT: return value >> zero >> 1 == tdata2 >> zero >> 1;
	case GE: return value >= tdata2;
	case LT: return value < tdata2;
	case LOW: return ((value & UINT32_MAX) & mask) == low;
	case HIGH: return (value >> 32 & mask) == low;
	default: return !expected(match - NOT, value, tdata2);
	}
}

Test(trigger, every_match_of_instruction_addresses)
{
	static const uint8_t matches[] = {0, 1, 2, 3, 4, 5, 8, 9, 12, 13};
	static const uint64_t values[] = {
		CODE, CODE + 1, CODE - 1, CODE + 2, CODE | 7, CODE | 0xfff, (CODE | 0x7ff) ^ 0x1000, 0, ~0ull >> 2,
		0xffff0000ull << 32 | CODE, 0xffffull << 32, 0xffull << 32 | 1, 3ull << 32,
	};
	struct world *world = trigger_world();
	for (unsigned n = 0; n < sizeof matches * sizeof values / sizeof values[0]; n++) {
		unsigned match = matches[n % sizeof matches];
		uint64_t value = values[n / sizeof matches];
		set(&world->hart, n % TRIGGERS, MCONTROL6 | MATCH(match) | tdata1_EXECUTE | tdata1_M, value, 0);
		bool stopped = stops(world, MODE_M, NOP, 0, CODE);
		cr_expect_eq(stopped, expected(match, CODE, value), "match %u, %#lx", match, value);
		clear(&world->hart);
	}
	step_world_free(world);
}

/* Every byte of an access is compared, and a negated match is none of them. */
Test(trigger, every_match_of_data_addresses)
{
	static const uint8_t matches[] = {0, 1, 2, 3, 4, 8, 9, 12};
	struct world *world = trigger_world();
	uint32_t words[] = {encode(INSN_lb, RD, RS1, 0), encode(INSN_lw, RD, RS1, 0), encode(INSN_sd, 0, RS1, RS2)};
	static const unsigned sizes[] = {1, 4, 8};
	for (unsigned n = 0; n < 3 * sizeof matches * 20; n++) {
		unsigned kind = n % 3, match = matches[n / 3 % sizeof matches];
		uint64_t value = DATA - 10 + n / 3 / sizeof matches, any = false;
		if (match == LOW || match == (LOW | NOT))
			value = 0xfffffffeull << 32 | (value & 0xfffffffe);
		for (unsigned i = 0; i < sizes[kind]; i++)
			any |= expected(match & 7, DATA + i, value);
		set(&world->hart, 2, MCONTROL6 | MATCH(match) | tdata1_LOAD | tdata1_STORE | tdata1_M, value, 0);
		bool stopped = stops(world, MODE_M, words[kind], DATA, DATA);
		cr_expect_eq(stopped, any == (match < NOT), "match %u, %#lx", match, value);
		clear(&world->hart);
	}
	step_world_free(world);
}

Test(trigger, loads_and_stores)
{
	static const struct { enum insn_id id; unsigned rd, rs2; bool load, store, guest; } rows[] = {
		{INSN_ld, RD, 0, true, false, false},
		{INSN_sd, 0, RS2, false, true, false},
		{INSN_fld, RD, 0, true, false, false},
		{INSN_fsd, 0, RS2, false, true, false},
		{INSN_amoadd_d, RD, RS2, true, true, false},
		{INSN_lr_d, RD, 0, true, false, false},
		{INSN_sc_d, RD, RS2, false, true, false},
		{INSN_amocas_d, RD, RS2, true, true, false},
		{INSN_cbo_zero, 0, 0, false, true, false},
		{INSN_cbo_flush, 0, 0, false, true, false},
		{INSN_hlv_d, RD, 0, true, false, true},
		{INSN_hlvx_wu, RD, 0, true, false, true},
		{INSN_hsv_d, 0, RS2, false, true, true},
	};
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	hart->csr.mstatus |= mstatus_FS;
	for (unsigned n = 0; n < sizeof rows / sizeof rows[0] * 4; n++) {
		bool load = n & 1, store = n & 2;
		uint32_t word = encode(rows[n / 4].id, rows[n / 4].rd, RS1, rows[n / 4].rs2);
		*at(world, DATA) = 5;
		set(hart, 0, MCONTROL6 | (load ? tdata1_LOAD : 0) | (store ? tdata1_STORE : 0) | tdata1_M, DATA, 0);
		bool wanted = (load && rows[n / 4].load) || (store && rows[n / 4].store);
		cr_expect_eq(stops(world, MODE_M, word, DATA, DATA), wanted, "%s", insn_rows[rows[n / 4].id].name);
		if (wanted) {
			cr_expect_eq(*at(world, DATA), 5, "%s", insn_rows[rows[n / 4].id].name);
			cr_expect_eq(!(hart->csr.mstatus & mstatus_GVA), !rows[n / 4].guest);
		}
		clear(hart);
	}
	step_world_free(world);
}

/* Cache operations touch their whole block. */
Test(trigger, cache_blocks)
{
	struct world *world = trigger_world();
	uint32_t word = encode(INSN_cbo_zero, 0, RS1, 0);
	for (uint64_t address = DATA - 1; address <= DATA + 64; address++) {
		set(&world->hart, 0, MCONTROL6 | tdata1_STORE | tdata1_M, address, 0);
		cr_expect_eq(stops(world, MODE_M, word, DATA + 8, DATA), address >= DATA && address < DATA + 64);
	}
	set(&world->hart, 0, MCONTROL6 | tdata1_STORE | tdata1_M | 1 << tdata1_SIZE_LOW, DATA, 0);
	cr_expect_not(stops(world, MODE_M, word, DATA, DATA), "they have no size");
	step_world_free(world);
}

Test(trigger, sizes)
{
	struct world *world = trigger_world();
	static const enum insn_id loads[] = {INSN_lb, INSN_lh, INSN_lw, INSN_ld};
	static const unsigned codes[] = {1, 2, 3, 5};
	for (unsigned n = 0; n < 4 * 4; n++) {
		set(&world->hart, 0, MCONTROL6 | tdata1_LOAD | tdata1_M | SIZE(codes[n / 4]), DATA, 0);
		cr_expect_eq(stops(world, MODE_M, encode(loads[n % 4], RD, RS1, 0), DATA, DATA), n / 4 == n % 4);
	}
	for (unsigned n = 0; n < 4; n++) {
		set(&world->hart, 0, MCONTROL6 | tdata1_EXECUTE | tdata1_M | SIZE(codes[n]), CODE, 0);
		cr_expect_eq(stops(world, MODE_M, NOP, 0, CODE), codes[n] == 3);
		cr_expect_eq(stops(world, MODE_M, 0x0001, 0, CODE), codes[n] == 2);
	}
	step_world_free(world);
}

/* ---- modes and contexts ---- */

Test(trigger, a_bit_a_mode)
{
	static const uint64_t bits[MODE_COUNT] = {tdata1_M, tdata1_S, tdata1_U, tdata1_VS, tdata1_VU};
	struct world *world = trigger_world();
	uint32_t ld = encode(INSN_ld, RD, RS1, 0);
	for (unsigned n = 0; n < MODE_COUNT * MODE_COUNT; n++) {
		enum mode mode = n % MODE_COUNT, other = n / MODE_COUNT;
		set(&world->hart, 0, MCONTROL6 | tdata1_EXECUTE | bits[other], CODE, 0);
		cr_expect_eq(stops(world, mode, NOP, 0, CODE), mode == other);
		cr_expect(mode != other || !(world->hart.csr.mstatus & mstatus_GVA) == !mode_virt(mode));
		set(&world->hart, 0, MCONTROL6 | tdata1_LOAD | bits[other], DATA, 0);
		cr_expect_eq(stops(world, mode, ld, DATA, DATA), mode == other);
	}
	step_world_free(world);
}

/* "Native Triggers": not where the exception is handled, while interrupts are off. */
Test(trigger, not_in_their_own_handler)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	for (unsigned n = 0; n < MODE_COUNT * 32; n++) {
		bool to_hs = n & 1, to_vs = n & 2, mie = n & 4, sie = n & 8, vs_sie = n & 16, fires = true;
		enum mode mode = n / 32;
		if (mode == MODE_M)
			fires = mie;
		else if (mode == MODE_HS)
			fires = !to_hs || sie;
		else if (mode == MODE_VS)
			fires = !(to_hs && to_vs) || vs_sie;
		set(hart, 0, MCONTROL6 | tdata1_EXECUTE | ANY_MODE, CODE, 0);
		hart->csr.medeleg = to_hs ? medeleg_BREAKPOINT : 0;
		hart->csr.hedeleg = to_vs ? hedeleg_BREAKPOINT : 0;
		hart->csr.mstatus &= ~(mstatus_MIE | mstatus_SIE);
		hart->csr.mstatus |= (mie ? mstatus_MIE : 0) | (sie ? mstatus_SIE : 0);
		hart->csr.vsstatus = (hart->csr.vsstatus & ~vsstatus_SIE) | (vs_sie ? vsstatus_SIE : 0);
		enter(hart, mode);
		cr_expect_eq(step(world, NOP), !fires, "case %u in %s", n % 32, mode_name(mode));
	}
	step_world_free(world);
}

static uint64_t textra(uint64_t mhselect, uint64_t mhvalue, uint64_t sselect, uint64_t svalue, uint64_t sbytemask)
{
	return mhselect << tdata3_MHSELECT_LOW | mhvalue << tdata3_MHVALUE_LOW | sselect << tdata3_SSELECT_LOW |
	       svalue << tdata3_SVALUE_LOW | sbytemask << tdata3_SBYTEMASK_LOW;
}

Test(trigger, contexts)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	static const struct { uint64_t mhselect, mhvalue, sselect, svalue, sbytemask; bool in_hs, in_vs; } rows[] = {
		{0, 99, 0, 99, 0, true, true},
		{4, 0x123, 0, 0, 0, true, true},   {4, 0x1123, 0, 0, 0, false, false},
		{1, 0x1091, 0, 0, 0, false, false}, {5, 0x1091, 0, 0, 0, true, true}, /* mcontext 0x2123 */
		{2, 0x2a, 0, 0, 0, true, true},     {6, 0x2a, 0, 0, 0, false, false}, /* VMID 0x54 */
		{0, 0, 1, 0x2aabbccddull, 0, true, true}, {0, 0, 1, 0x2aabbcc00ull, 0, false, false},
		{0, 0, 1, 0x2aabbcc00ull, 1, true, true}, {0, 0, 1, 0x2ffbbccddull, 8, true, true},
		{0, 0, 1, 0x1aabbccddull, 16, true, true}, {0, 0, 1, 0x1aabbccddull, 15, false, false},
		{0, 0, 2, 0x10007, 0, true, false}, {0, 0, 2, 9, 0, false, true},
		{2, 0x2a, 2, 9, 0, false, true},    {6, 0x2a, 2, 9, 0, false, false},
	};
	csr_poke(hart, CSR_mcontext, 0x2123);
	csr_poke(hart, CSR_scontext, 0x2aabbccddull);
	csr_poke(hart, CSR_hgatp, (uint64_t)0x54 << hgatp_VMID_LOW);
	csr_poke(hart, CSR_satp, (uint64_t)7 << satp_ASID_LOW);
	csr_poke(hart, CSR_vsatp, (uint64_t)9 << satp_ASID_LOW);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t extra = textra(rows[i].mhselect, rows[i].mhvalue, rows[i].sselect, rows[i].svalue,
		                        rows[i].sbytemask);
		set(hart, 3, MCONTROL6 | tdata1_EXECUTE | ANY_MODE, CODE, extra);
		cr_expect_eq(hart->triggers.each[3].tdata3, extra);
		cr_expect_eq(stops(world, MODE_HS, NOP, 0, CODE), rows[i].in_hs, "row %zu in HS", i);
		cr_expect_eq(stops(world, MODE_VS, NOP, 0, CODE), rows[i].in_vs, "row %zu in VS", i);
	}
	step_world_free(world);
}

/* A change of context by the program itself takes effect at the next instruction. */
Test(trigger, context_written_by_a_guest)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	uint32_t csrw = insn_rows[INSN_csrrw].match | RS1 << 15 | (uint32_t)CSR_scontext << 20;
	set(hart, 0, MCONTROL6 | tdata1_EXECUTE | tdata1_VS, CODE, textra(0, 0, 1, 5, 0));
	hart->csr.mstateen0 |= mstateen0_CONTEXT;
	hart->csr.hstateen0 |= hstateen0_CONTEXT;
	cr_expect_not(stops(world, MODE_VS, csrw, 5, 0));
	cr_expect_eq(hart->csr.scontext, 5);
	cr_expect_eq(hart->csr.mcontext, 0, "scontext has no VS twin");
	cr_expect(stops(world, MODE_VS, csrw, 6, CODE));
	step_world_free(world);
}

/* ---- chains, hits ---- */

Test(trigger, a_chain_needs_all)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	uint64_t load = MCONTROL6 | tdata1_LOAD | tdata1_M;
	uint32_t ld = encode(INSN_ld, RD, RS1, 0);
	for (unsigned n = 0; n < 8; n++) {
		bool low = n & 1, high = n & 2, here = n & 4;
		set(hart, 1, load | MATCH(GE) | tdata1_CHAIN, low ? DATA : DATA + 100, 0);
		set(hart, 2, load | MATCH(LT) | tdata1_CHAIN, high ? DATA + 1 : DATA, 0);
		set(hart, 3, MCONTROL6 | tdata1_EXECUTE | tdata1_M | 3 << tdata1_SIZE_LOW, here ? CODE : CODE + 4, 0);
		cr_expect_eq(stops(world, MODE_M, ld, DATA, DATA), low && high && here, "case %u", n);
		for (unsigned i = 0; i < TRIGGERS; i++)
			cr_expect_eq(!!(hart->triggers.each[i].tdata1 & tdata1_HIT0), n == 7 && i >= 1 && i <= 3);
		clear(hart);
	}
	set(hart, 1, MCONTROL6 | tdata1_EXECUTE | tdata1_M | tdata1_CHAIN, CODE, 0);
	set(hart, 2, load, DATA, 0);
	cr_expect_not(stops(world, MODE_M, NOP, 0, 0));
	cr_expect_not(stops(world, MODE_M, ld, DATA + 8, 0));
	step_world_free(world);
}

Test(trigger, mcontrol)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	uint64_t tdata1 = (uint64_t)TRIGGER_MCONTROL << tdata1_TYPE_LOW | tdata1_EXECUTE | tdata1_M | tdata1_S;
	set(hart, 0, tdata1, CODE, 0);
	cr_expect(stops(world, MODE_HS, NOP, 0, CODE));
	cr_expect_eq(hart->triggers.each[0].tdata1, tdata1 | tdata1_MCONTROL_HIT);
	cr_expect_not(stops(world, MODE_VS, NOP, 0, CODE), "S is HS-mode alone");
	step_world_free(world);
}

/* ---- before everything else the instruction does ---- */

Test(trigger, before_faults)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	uint64_t hole = 0x1000;
	set(hart, 0, MCONTROL6 | tdata1_LOAD | tdata1_STORE | tdata1_M, hole + 1, 0);
	cr_expect(stops(world, MODE_M, encode(INSN_ld, RD, RS1, 0), hole, hole));
	cr_expect(stops(world, MODE_M, encode(INSN_amoadd_d, RD, RS1, RS2), hole + 1, hole + 1), "misaligned");
	world->options.misaligned_traps = true;
	cr_expect(stops(world, MODE_M, encode(INSN_sd, 0, RS1, RS2), hole + 1, hole + 1));
	set(hart, 0, MCONTROL6 | tdata1_EXECUTE | tdata1_M, CODE, 0);
	cr_expect(stops(world, MODE_M, 0xffffffff, 0, CODE), "an illegal instruction");
	set(hart, 0, MCONTROL6 | tdata1_EXECUTE | tdata1_M, hole, 0);
	hart->csr.mstatus |= mstatus_MIE;
	enter(hart, MODE_M);
	hart->pc = hole;
	exec_step(hart, UINT64_MAX);
	cr_expect_eq(hart->csr.mcause, CAUSE_BREAKPOINT);
	cr_expect_eq(hart->csr.mepc, hole);
	step_world_free(world);
}

/* norm:pm_debug_trigger */
Test(trigger, masked_pointers)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	csr_poke(hart, CSR_mseccfg, UINT64_C(2) << mseccfg_PMM_LOW);
	set(hart, 0, MCONTROL6 | tdata1_LOAD | tdata1_M, DATA, 0);
	cr_expect(stops(world, MODE_M, encode(INSN_ld, RD, RS1, 0), DATA | UINT64_C(0x2a) << 57, DATA));
	step_world_free(world);
}

/* Code and data that ran before the trigger was armed, and in the middle of a block. */
Test(trigger, what_ran_before_is_stopped)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	uint32_t program[] = {NOP, encode(INSN_ld, RD, RS1, 0), NOP, 0x0000006f /* j . */};
	cr_assert(bus_poke(&world->bus, CODE, program, sizeof program));
	hart->x[RS1] = DATA;
	for (unsigned round = 0; round < 4; round++) {
		static const uint64_t stop[] = {0, CODE + 8, CODE + 4, 0};
		if (round == 1)
			set(hart, 0, MCONTROL6 | tdata1_EXECUTE | tdata1_M, CODE + 8, 0);
		if (round == 2)
			set(hart, 0, MCONTROL6 | tdata1_LOAD | tdata1_M, DATA + 7, 0);
		if (round == 3)
			clear(hart);
		csr_poke(hart, CSR_mtvec, CODE + 12);
		hart->csr.mstatus |= mstatus_MIE;
		hart->csr.mepc = 0;
		enter(hart, MODE_M);
		hart->pc = CODE;
		uint64_t before = hart->insns;
		exec_run(hart, hart->cycle + 20, UINT64_MAX);
		cr_expect_eq(hart->csr.mepc, stop[round], "round %u", round);
		cr_expect_eq(hart->pc, CODE + 12);
		cr_expect_geq(hart->insns, before + (round == 1 ? 2 : round == 2 ? 1 : 3));
	}
	step_world_free(world);
}

/* ---- the registers ---- */

Test(trigger, legal_values)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	uint64_t value, disabled = (uint64_t)TRIGGER_DISABLED << tdata1_TYPE_LOW;
	cr_assert_geq(TRIGGERS, 4);
	csr_poke(hart, CSR_tselect, TRIGGERS - 1);
	csr_poke(hart, CSR_tselect, TRIGGERS);
	cr_expect_eq(hart->csr.tselect, TRIGGERS - 1);
	csr_peek(hart, CSR_tinfo, &value);
	cr_expect_eq(value, 1 << 24 | 0x7c | 1 << 15);
	csr_peek(hart, CSR_tdata1, &value);
	cr_expect_eq(value, disabled);
	for (unsigned type = 0; type < 16; type++) {
		uint64_t all = MCONTROL6 | tdata1_LOAD | tdata1_STORE | tdata1_EXECUTE | ANY_MODE | tdata1_HIT0;
		bool address = type == TRIGGER_MCONTROL6 || type == TRIGGER_MCONTROL;
		csr_poke(hart, CSR_tdata1, (uint64_t)type << tdata1_TYPE_LOW |
		                           (~UINT64_C(0) >> 4 & ~(address ? tdata1_MATCH | tdata1_SIZE : 0)));
		csr_peek(hart, CSR_tdata1, &value);
		if (type == TRIGGER_MCONTROL)
			all = (uint64_t)type << tdata1_TYPE_LOW | tdata1_LOAD | tdata1_STORE | tdata1_EXECUTE | tdata1_M |
			      tdata1_S | tdata1_U | tdata1_MCONTROL_HIT;
		else if (type == TRIGGER_ICOUNT)
			all = (uint64_t)type << tdata1_TYPE_LOW | ICOUNT_COUNT | ICOUNT_PENDING | ICOUNT_HIT | ICOUNT_M | ICOUNT_S |
			      ICOUNT_U | ICOUNT_VS | ICOUNT_VU;
		else if (type == TRIGGER_ITRIGGER || type == TRIGGER_ETRIGGER)
			all = (uint64_t)type << tdata1_TYPE_LOW | TRAP_TRIGGER_HIT | TRAP_TRIGGER_M | TRAP_TRIGGER_S |
			      TRAP_TRIGGER_U | TRAP_TRIGGER_VS | TRAP_TRIGGER_VU;
		bool known = type >= TRIGGER_MCONTROL && type <= TRIGGER_MCONTROL6;
		cr_expect_eq(value, known ? all : disabled, "type %u", type);
	}
	csr_poke(hart, CSR_tdata1, MCONTROL6 | MATCH(6));
	csr_peek(hart, CSR_tdata1, &value);
	cr_expect_eq(value, MCONTROL6);
	csr_poke(hart, CSR_tdata1, MCONTROL6 | MATCH(NAPOT));
	csr_poke(hart, CSR_tdata2, ~UINT64_C(0));
	csr_peek(hart, CSR_tdata2, &value);
	cr_expect_eq(value, ~(UINT64_C(1) << 62), "maskmax6 is 63");
	csr_poke(hart, CSR_tdata3, ~UINT64_C(0));
	csr_peek(hart, CSR_tdata3, &value);
	cr_expect_eq(value, textra(4, 0x1fff, 0, 0x3ffffffff, 0x1f));
	step_world_free(world);
}

/* hcontext is mcontext; scontext is everyone's but U-mode's. norm:mstateen0_context_op norm:hstateen0_context_op */
Test(trigger, context_registers)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	uint64_t value;
	csr_poke(hart, CSR_hcontext, ~UINT64_C(0));
	csr_peek(hart, CSR_mcontext, &value);
	cr_expect_eq(value, 0x3fff);
	for (unsigned n = 0; n < 8; n++) {
		bool stateen = n & 1, of_m = n & 2, of_h = n & 4;
		isa_parse(stateen ? "+smstateen" : "-smstateen,-ssstateen", &hart->isa, (char[64]){""}, 64);
		hart->csr.mstateen0 = of_m ? mstateen0_CONTEXT : 0;
		hart->csr.hstateen0 = of_h ? hstateen0_CONTEXT : 0;
		for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
			bool refused_by_m = stateen && !of_m && mode != MODE_M;
			enum csr_verdict s = CSR_OK, h = CSR_OK, m = mode == MODE_M ? CSR_OK : CSR_ILLEGAL;
			hart->mode = mode;
			if (mode == MODE_VS)
				s = stateen && !of_h ? CSR_VIRTUAL : CSR_OK, h = CSR_VIRTUAL;
			if (mode == MODE_VU)
				s = h = CSR_VIRTUAL;
			if (mode == MODE_U || refused_by_m)
				s = h = CSR_ILLEGAL;
			cr_expect_eq(csr_check(hart, CSR_scontext, true), s, "case %u in %s", n, mode_name(mode));
			cr_expect_eq(csr_check(hart, CSR_hcontext, true), h, "case %u in %s", n, mode_name(mode));
			cr_expect_eq(csr_check(hart, CSR_tdata1, true), m);
		}
	}
	isa_parse("-sdtrig", &hart->isa, (char[64]){""}, 64);
	hart->mode = MODE_M;
	cr_expect_eq(csr_check(hart, CSR_tselect, false), CSR_ILLEGAL);
	step_world_free(world);
}

/* An itrigger sees non-maskable interrupts where there are any, and none under the number of an ordinary one. */
Test(trigger, non_maskable_interrupts)
{
	struct world *world = trigger_world();
	struct hart *hart = &world->hart;
	isa_add(&hart->isa, EXT_Smrnmi);
	const struct trap rnmi = {.pending = true, .interrupt = true, .rnmi = true, .cause = RNMI_FIRST};
	uint64_t itrigger = (uint64_t)TRIGGER_ITRIGGER << tdata1_TYPE_LOW | TRAP_TRIGGER_U;
	hart->mode = MODE_U;
	set(hart, 0, itrigger | TRAP_TRIGGER_NMI, 0, 0);
	set(hart, 1, itrigger, ~UINT64_C(0), 0);
	cr_expect_eq(trigger_match_trap(hart, &rnmi), 1);
	step_world_free(world);
}
