/* mcycle, minstret and the performance counters: what an instruction reads, and when writes take effect. */
#include "csr_hart.h"
#include "hart/trap.h"

/* One instruction that takes a cycle has retired. */
static void retire(struct world *world)
{
	world->hart.now++;
	world->hart.retired++;
}

/* A CSR instruction in the hart's mode. */
static void instruction_writes(struct world *world, unsigned num, uint64_t value)
{
	csr_write(&world->hart, num, value);
	retire(world);
}

/* norm:mcycle_op norm:minstret_op: a read sees the count before the reading instruction. */
Test(csr_counter, reads_count_what_came_before)
{
	struct world *world = new_world();
	world->hart.now = 500;
	world->hart.retired = 300;
	expect_hex(csr_read(&world->hart, CSR_mcycle), 500);
	expect_hex(csr_read(&world->hart, CSR_minstret), 300);
	expect_hex(csr_read(&world->hart, CSR_cycle), 500);
	expect_hex(csr_read(&world->hart, CSR_instret), 300);
	free(world);
}

/* norm:mcycle_minstret_wr: the next instruction reads exactly what was written. */
Test(csr_counter, writes_take_effect_after_the_instruction)
{
	struct world *world = new_world();
	world->hart.now = 500;
	world->hart.retired = 300;
	instruction_writes(world, CSR_mcycle, 7);
	expect_hex(csr_read(&world->hart, CSR_mcycle), 7);
	instruction_writes(world, CSR_minstret, 9);
	expect_hex(csr_read(&world->hart, CSR_minstret), 9);
	expect_hex(csr_read(&world->hart, CSR_mcycle), 8);
	retire(world);
	expect_hex(csr_read(&world->hart, CSR_minstret), 10);
	expect_hex(csr_read(&world->hart, CSR_cycle), 9);
	free(world);
}

Test(csr_counter, the_debugger_writes_at_once)
{
	struct world *world = new_world();
	world->hart.now = 500;
	expect_hex(hold(world, CSR_mcycle, 3), 3);
	expect_hex(hold(world, CSR_minstret, 4), 4);
	expect_hex(hold(world, CSR_mhpmcounter3, 5), 5);
	free(world);
}

/* norm:mcountinhibit_op2 */
Test(csr_counter, inhibited_counters_stand_still)
{
	struct world *world = new_world();
	put(world, CSR_mcycle, 100);
	put(world, CSR_minstret, 200);
	instruction_writes(world, CSR_mcountinhibit, mcountinhibit_CY);
	for (unsigned i = 0; i < 10; i++)
		retire(world);
	expect_hex(csr_read(&world->hart, CSR_mcycle), 101);
	expect_hex(csr_read(&world->hart, CSR_minstret), 211);
	instruction_writes(world, CSR_mcycle, 50);
	expect_hex(csr_read(&world->hart, CSR_mcycle), 50);
	instruction_writes(world, CSR_mcountinhibit, mcountinhibit_IR);
	expect_hex(csr_read(&world->hart, CSR_mcycle), 50);
	expect_hex(csr_read(&world->hart, CSR_minstret), 213);
	retire(world);
	expect_hex(csr_read(&world->hart, CSR_mcycle), 51);
	expect_hex(csr_read(&world->hart, CSR_minstret), 213);
	free(world);
}

/* norm:mcountinhibit_sz_warl_op1: there is no bit for time. */
Test(csr_counter, mcountinhibit_bits)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_mcountinhibit, ~UINT64_C(0)), 0xfffffffd);
	expect_hex(hold(world, CSR_mcountinhibit, 0), 0);
	free(world);
}

Test(csr_counter, performance_counters_count_their_event)
{
	struct world *world = new_world();
	instruction_writes(world, CSR_mhpmevent31, 2);
	instruction_writes(world, CSR_mhpmevent3, 1);
	world->hart.now += 70;
	world->hart.retired += 40;
	expect_hex(get(world, CSR_mhpmcounter3), 70);
	expect_hex(get(world, CSR_hpmcounter3), 70);
	expect_hex(get(world, CSR_mhpmcounter31), 41);
	expect_hex(get(world, CSR_mhpmcounter4), 0);
	instruction_writes(world, CSR_mhpmevent3, 0); /* itself still counted */
	world->hart.now += 70;
	expect_hex(get(world, CSR_mhpmcounter3), 71);
	instruction_writes(world, CSR_mcountinhibit, UINT64_C(1) << 31);
	world->hart.retired += 40;
	expect_hex(get(world, CSR_mhpmcounter31), 43);
	free(world);
}

/* norm:mhpmcounter_mhpmevent_rdonly0 norm:mcounteren_flds_rdonly0 norm:hcounteren_warl */
Test(csr_counter, absent_ones_are_read_only_0)
{
	for (unsigned present = 0; present <= 29; present++) {
		struct world *world = new_world();
		world->options.hpm_counters = present;
		uint64_t bits = ((UINT64_C(1) << present) - 1) << 3 | 5;
		expect_hex(hold(world, CSR_mcountinhibit, ~UINT64_C(0)), bits);
		put(world, CSR_mcountinhibit, 0);
		expect_hex(hold(world, CSR_mcounteren, ~UINT64_C(0)), bits | 2);
		expect_hex(hold(world, CSR_hcounteren, ~UINT64_C(0)), bits | 2);
		expect_hex(hold(world, CSR_scounteren, ~UINT64_C(0)), bits | 2);
		for (unsigned n = 0; n < 29; n++) {
			expect_hex(hold(world, CSR_mhpmevent3 + n, 1), n < present);
			expect_hex(hold(world, CSR_mhpmcounter3 + n, 0x1234), n < present ? 0x1234 : 0);
			csr_write(&world->hart, CSR_mhpmcounter3 + n, 0x777);
			cr_expect_eq(csr_read(&world->hart, CSR_mhpmcounter3 + n) != 0, n < present);
		}
		free(world);
	}
}

Test(csr_counter, unknown_events_count_nothing)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_mhpmevent3, 2), 2);
	expect_hex(hold(world, CSR_mhpmevent3, 3), 0);
	expect_hex(hold(world, CSR_mhpmevent3, 0xffff), 0);
	free(world);
}

/* norm:cycle_instret_hpmcounter_op_rdonly: every user-level counter is its machine-level one. */
Test(csr_counter, shadows)
{
	struct world *world = new_world();
	for (unsigned i = 0; i < 32; i++)
		if (i != 1) {
			put(world, CSR_mcycle + i, 1000 + i);
			expect_hex(get(world, CSR_cycle + i), 1000 + i);
		}
	free(world);
}

/* ---- Sscofpmf and Smcntrpmf: modes ---- */

static struct world *filter_world(void)
{
	struct world *world = new_world();
	set_extension(&world->hart, EXT_Smcntrpmf, true);
	with_extension(world, EXT_Sscofpmf, true);
	return world;
}

/* Time and instructions go by in a mode. */
static void run_in(struct world *world, enum mode mode, uint64_t count)
{
	csr_counters_mode(&world->hart, mode, false);
	world->hart.mode = mode;
	world->hart.now += 10 * count;
	world->hart.retired += count;
}

/* norm:mhpmevent_inh_op norm:counter_inhibited_behavior norm:all_xinh_zero: every set of inhibited modes, for counters
 * of both kinds. */
Test(csr_counter, modes)
{
	static const uint64_t inhibit[MODE_COUNT] = {1ull << 62, 1ull << 61, 1ull << 60, 1ull << 59, 1ull << 58};
	for (unsigned set = 0; set < 1 << MODE_COUNT; set++) {
		struct world *world = filter_world();
		uint64_t config = 0, expected = 0;
		for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
			if (set >> mode & 1)
				config |= inhibit[mode];
			else
				expected += UINT64_C(1) << 4 * mode;
		put(world, CSR_mcyclecfg, config);
		put(world, CSR_minstretcfg, config);
		put(world, CSR_mhpmevent5, config | 2);
		put(world, CSR_mcycle, 0);
		put(world, CSR_minstret, 0);
		put(world, CSR_mhpmcounter5, 0);
		for (enum mode mode = MODE_COUNT; mode-- > MODE_M;)
			run_in(world, mode, UINT64_C(1) << 4 * mode);
		expect_hex(get(world, CSR_mcycle), 10 * expected);
		expect_hex(get(world, CSR_minstret), expected);
		expect_hex(get(world, CSR_mhpmcounter5), expected);
		free(world);
	}
}

/* norm:instret_exception norm:instret_xret: seen by a counter that counts in U-mode only. */
Test(csr_counter, traps_and_returns_at_the_border)
{
	struct world *world = filter_world();
	put(world, CSR_minstretcfg, 0x1f * (UINT64_C(1) << 58) & ~minstretcfg_UINH);
	put(world, CSR_minstret, 0);
	put(world, CSR_mstatus, 0); /* MPP = U */
	world->hart.now = 100;
	world->hart.retired = 100;
	cr_assert(trap_mret(&world->hart, 0x30200073));
	cr_assert_eq(world->hart.mode, MODE_U);
	retire(world); /* MRET itself */
	expect_hex(csr_read(&world->hart, CSR_instret), 0);
	retire(world);
	retire(world);
	expect_hex(csr_read(&world->hart, CSR_instret), 2);
	world->hart.trap = (struct trap){.pending = true, .cause = CAUSE_ECALL_U};
	cr_assert_eq(trap_take(&world->hart), MODE_M); /* ECALL does not retire */
	retire(world);
	expect_hex(csr_read(&world->hart, CSR_instret), 2);
	free(world);
}

/* norm:unimplemented_mode_bits: and bit 63 is not there. */
Test(csr_counter, filter_bits_of_modes_that_exist)
{
	struct world *world = filter_world();
	expect_hex(hold(world, CSR_mcyclecfg, ~UINT64_C(0)), UINT64_C(0x7c00000000000000));
	expect_hex(hold(world, CSR_minstretcfg, ~UINT64_C(0)), UINT64_C(0x7c00000000000000));
	expect_hex(hold(world, CSR_mhpmevent3, ~UINT64_C(0) << 56 | 1), UINT64_C(0xfc00000000000001));
	with_extension(world, EXT_H, false);
	expect_hex(hold(world, CSR_mcyclecfg, ~UINT64_C(0)), UINT64_C(0x7000000000000000));
	with_extension(world, EXT_S, false);
	expect_hex(hold(world, CSR_mcyclecfg, ~UINT64_C(0)), UINT64_C(0x5000000000000000));
	with_extension(world, EXT_Sscofpmf, false);
	expect_hex(hold(world, CSR_mhpmevent3, ~UINT64_C(0) << 56 | 1), 1);
	free(world);
}

/* ---- Sscofpmf: overflow ---- */

static void arm(struct world *world, unsigned index, uint64_t event, uint64_t left)
{
	put(world, CSR_mhpmevent3 + index - 3, event);
	put(world, CSR_mhpmcounter3 + index - 3, -left);
}

/* norm:hpmcounter_overflow norm:mhpmevent_of_bit_set norm:LCOFIP_op norm:mhpmevent_of_op */
Test(csr_counter, overflow_sets_of_and_interrupts)
{
	struct world *world = filter_world();
	for (uint64_t event = 1; event <= 2; event++) {
		csr_reset(&world->hart);
		world->hart.now = world->hart.retired = 1000;
		put(world, CSR_mie, mie_LCOFIE);
		put(world, CSR_mstatus, mstatus_MIE);
		arm(world, 7, event, 50);
		expect_hex(irq_next_cycle(&world->hart), 1050);
		world->hart.now = world->hart.retired = 1049;
		expect_hex(get(world, CSR_mhpmevent7), event);
		expect_hex(get(world, CSR_mip), 0);
		cr_expect_not(irq_poll(&world->hart));
		world->hart.now = world->hart.retired = 1050;
		expect_hex(get(world, CSR_mhpmcounter7), 0);
		expect_hex(get(world, CSR_mhpmevent7), event | mhpmevent7_OF);
		expect_hex(get(world, CSR_mip), mip_LCOFIP);
		cr_expect(irq_wakes(&world->hart));
		cr_assert(irq_poll(&world->hart));
		cr_expect_eq(world->hart.trap.cause, IRQ_LCOFI);
		expect_hex(irq_next_cycle(&world->hart), UINT64_MAX);
		world->hart.now = world->hart.retired = 1060;
		expect_hex(get(world, CSR_mhpmcounter7), 10);
		expect_hex(get(world, CSR_mhpmevent7), event | mhpmevent7_OF);
		expect_hex(hold(world, CSR_mip, 0), 0); /* and stays clear while OF is set */
	}
	free(world);
}

/* norm:count_overflow_interrupt: OF set means no interrupt, and the counter wraps in silence. */
Test(csr_counter, of_holds_back_interrupts)
{
	struct world *world = filter_world();
	arm(world, 3, 1 | mhpmevent3_OF, 50);
	expect_hex(irq_next_cycle(&world->hart), UINT64_MAX);
	world->hart.now = 200;
	expect_hex(get(world, CSR_mip), 0);
	put(world, CSR_mhpmevent3, 1); /* OF cleared after the overflow: the next one is far */
	world->hart.now = 300;
	expect_hex(get(world, CSR_mip), 0);
	expect_hex(get(world, CSR_mhpmevent3), 1);
	put(world, CSR_mhpmcounter3, -UINT64_C(5));
	world->hart.now = 305;
	expect_hex(get(world, CSR_mip), mip_LCOFIP);
	free(world);
}

/* norm:count_overflow_trigger: writes are no overflow; what happened before a write counts. */
Test(csr_counter, writes_do_not_overflow)
{
	struct world *world = filter_world();
	world->hart.now = 1000;
	arm(world, 3, 1, 50);
	put(world, CSR_mhpmcounter3, 0);
	put(world, CSR_mhpmcounter3, 7);
	world->hart.now = 2000;
	expect_hex(get(world, CSR_mip), 0);
	arm(world, 3, 1, 50);
	world->hart.now = 2060;
	put(world, CSR_mhpmcounter3, 0);
	expect_hex(get(world, CSR_mip), mip_LCOFIP);
	expect_hex(get(world, CSR_mhpmevent3), 1 | mhpmevent3_OF);
	free(world);
}

Test(csr_counter, counters_that_stand_still_do_not_overflow)
{
	struct world *world = filter_world();
	arm(world, 3, 1 | mhpmevent3_MINH, 5);
	arm(world, 4, 1, 5);
	put(world, CSR_mcountinhibit, 1 << 4);
	arm(world, 5, 0, 5);
	world->hart.now = 100;
	expect_hex(get(world, CSR_mip), 0);
	expect_hex(irq_next_cycle(&world->hart), UINT64_MAX);
	csr_counters_mode(&world->hart, MODE_HS, false);
	world->hart.mode = MODE_HS;
	expect_hex(irq_next_cycle(&world->hart), 105);
	world->hart.now = 105;
	expect_hex(get(world, CSR_mhpmevent3), 1 | mhpmevent3_MINH | mhpmevent3_OF);
	free(world);
}

Test(csr_counter, without_sscofpmf_counters_wrap)
{
	struct world *world = new_world();
	arm(world, 3, 1, 5);
	world->hart.now = 100;
	expect_hex(get(world, CSR_mhpmevent3), 1);
	expect_hex(get(world, CSR_mip), 0);
	free(world);
}

/* norm:scountovf_op norm:scountovf_mmode_read_access norm:scountovf_smode_read_access
 * norm:scountovf_vsmode_read_access */
Test(csr_counter, scountovf)
{
	struct world *world = filter_world();
	for (unsigned i = 3; i < 32; i++)
		put(world, CSR_mhpmevent3 + i - 3, mhpmevent3_OF);
	expect_hex(get(world, CSR_scountovf), 0xfffffff8);
	put(world, CSR_mcounteren, 0x00ff00f8);
	put(world, CSR_hcounteren, 0x0f0f0f08);
	put(world, CSR_mhpmevent3, 0);
	static const uint64_t expected[MODE_COUNT] = {0xfffffff0, 0x00ff00f0, 0, 0x000f0000, 0};
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
		world->hart.mode = mode;
		if (csr_check(&world->hart, CSR_scountovf, false) == CSR_OK)
			expect_hex(csr_read(&world->hart, CSR_scountovf), expected[mode]);
		else
			cr_expect(mode == MODE_U || mode == MODE_VU);
	}
	world->hart.mode = MODE_VU;
	cr_expect_eq(csr_check(&world->hart, CSR_scountovf, false), CSR_VIRTUAL);
	free(world);
}

/* Seen before any poll has recorded them, and only of the counters that did overflow. */
Test(csr_counter, scountovf_of_fresh_overflows)
{
	struct world *world = filter_world();
	for (unsigned i = 3; i < 32; i++)
		arm(world, i, 1, 10 * i);
	world->hart.now = 60;
	expect_hex(get(world, CSR_scountovf), 0x78);
	csr_counters_latch(&world->hart);
	expect_hex(get(world, CSR_scountovf), 0x78);
	expect_hex(world->hart.counters.armed, 0xffffff80);
	free(world);
}

/* norm:sip_sie_Sscofpmf norm:mip_lcofip_acc norm:vsip_vsie_lcofi */
Test(csr_counter, lcofi_is_an_interrupt_of_supervisors)
{
	struct world *world = filter_world();
	expect_hex(hold(world, CSR_mip, mip_LCOFIP), mip_LCOFIP);
	expect_hex(get(world, CSR_sip), 0);
	expect_hex(hold(world, CSR_mideleg, mideleg_LCOFI) & mideleg_LCOFI, mideleg_LCOFI);
	expect_hex(get(world, CSR_sip), sip_LCOFIP);
	expect_hex(hold(world, CSR_sie, sie_LCOFIE), sie_LCOFIE);
	expect_hex(hold(world, CSR_hideleg, ~UINT64_C(0)), 0x444);
	expect_hex(get(world, CSR_vsip), 0);
	world->hart.mode = MODE_VS;
	cr_assert(irq_poll(&world->hart));
	cr_expect_eq(world->hart.trap.cause, IRQ_LCOFI);
	cr_expect_eq(trap_take(&world->hart), MODE_HS);
	expect_hex(hold(world, CSR_sip, 0), 0);
	free(world);
}
