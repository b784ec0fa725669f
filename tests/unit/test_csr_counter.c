/* mcycle, minstret and the performance counters: what an instruction reads, and when writes take effect. */
#include "csr_hart.h"

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
	expect_hex(csr_cycle(&world->hart), 500);
	expect_hex(csr_instret(&world->hart), 300);
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
