/* World switches as the debugger keeps them: what a guest left with, what it gets back, and both in a snapshot. */
#include "base/state.h"
#include "debug/switches.h"
#include "mmu_world.h"

static const uint64_t HGATP = UINT64_C(0x8000100000080204);

static struct trace_event switch_event(enum mode from, enum mode to, uint64_t cause, uint64_t cycle, uint64_t pc)
{
	return (struct trace_event){
		.type = TRACE_WORLD, .from = (uint8_t)from, .mode = (uint8_t)to, .cycle = cycle, .pc = pc,
		.value = { cause, 0x5000, HGATP },
	};
}

static void leave_with(struct debugger *debugger, struct hart *hart, uint64_t cause)
{
	struct trace_event event = switch_event(MODE_VS, MODE_HS, cause, 100, 0x80000000);
	hart->csr.sepc = 0x80200000;
	switches_event(debugger, hart, &event);
}

static void back_at(struct debugger *debugger, struct hart *hart, uint64_t pc)
{
	struct trace_event event = switch_event(MODE_HS, MODE_VS, TRACE_RETURN, 150, pc);
	switches_event(debugger, hart, &event);
}

static void expect_changes(const struct debugger *debugger)
{
	struct switch_change changes[SWITCH_CHANGES];
	const struct seen_vcpu *vcpu = switches_last(debugger, 0);
	cr_assert_not_null(vcpu);
	cr_expect(vcpu->inside && vcpu->entries == 1 && vcpu->exits == 1 && vcpu->sscratch == 0x5000 && vcpu->hgatp == HGATP);
	cr_expect(vcpu->left.pc == 0x80200000 && vcpu->left.cycle == 100 && vcpu->entered.cycle == 150);
	cr_assert_eq(switches_changes(vcpu, changes), 4);
	cr_expect_str_eq(changes[0].name, "a0");
	cr_expect_str_eq(changes[0].reason, "what the call answers");
	cr_expect_str_eq(changes[1].name, "s5");
	cr_expect(changes[1].before == 5 && changes[1].after == 7 && !changes[1].reason);
	cr_expect_str_eq(changes[2].name, "ft3");
	cr_expect_null(changes[2].reason);
	cr_expect_str_eq(changes[3].name, "hvip");
	cr_expect_not_null(changes[3].reason);
}

Test(switches, what_a_guest_gets_back)
{
	struct world world;
	struct debugger debugger = {0}, restored = {0};
	struct state_writer writer = {0};
	world_init(&world, 16);
	world.hart.isa = isa_default();
	struct hart *hart = &world.hart;
	hart->csr.mstatus = hart->csr.vsstatus = mstatus_FS;
	hart->x[10] = 1;
	hart->x[21] = 5;
	leave_with(&debugger, hart, CAUSE_ECALL_VS);
	struct switch_change changes[SWITCH_CHANGES];
	cr_expect_eq(switches_changes(switches_last(&debugger, 0), changes), 0, "it is not back yet");
	hart->x[10] = 2;
	hart->x[21] = 7;
	hart->f[3] = 9;
	hart->csr.hvip = 0x40;
	back_at(&debugger, hart, 0x80200004);
	expect_changes(&debugger);
	switches_save(&debugger, &writer);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert(switches_restore(&restored, &reader), "%s", reader.reason);
	cr_expect_eq(reader.at, reader.size);
	expect_changes(&restored);
	/* a byte of the number of vCPUs: too many, or more than there are */
	writer.bytes[writer.size - 8 * HARTS_MAX] = 2;
	reader = (struct state_reader){.bytes = writer.bytes, .size = writer.size};
	cr_expect_not(switches_restore(&restored, &reader), "the last vCPU of a hart is none");
	switches_free(&debugger);
	switches_free(&restored);
	state_writer_free(&writer);
	world_free(&world);
}

Test(switches, a_trap_that_the_guest_is_given)
{
	struct world world;
	struct debugger debugger = {0};
	struct switch_change changes[SWITCH_CHANGES];
	world_init(&world, 16);
	world.hart.isa = isa_default();
	struct hart *hart = &world.hart;
	hart->csr.vstvec = 0x80300000;
	leave_with(&debugger, hart, CAUSE_ILLEGAL);
	hart->csr.vsepc = 0x80200000;
	back_at(&debugger, hart, 0x80300000);
	cr_assert_eq(switches_changes(switches_last(&debugger, 0), changes), 1);
	cr_expect_str_eq(changes[0].reason, "a trap that the guest is given");
	leave_with(&debugger, hart, CAUSE_ILLEGAL);
	hart->csr.vsepc = 0;
	back_at(&debugger, hart, 0x80200004);
	cr_assert_eq(switches_changes(switches_last(&debugger, 0), changes), 1);
	cr_expect_null(changes[0].reason);
	struct trace_event reset = {.type = TRACE_WORLD, .value = {TRACE_RESET}};
	switches_event(&debugger, hart, &reset);
	cr_expect_null(switches_last(&debugger, 0));
	cr_expect_null(switches_vcpu(&debugger, 0));
	switches_free(&debugger);
	world_free(&world);
}
