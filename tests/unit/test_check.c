/* --check: scripted events of a hypervisor, right and wrong. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "csr/csr.h"
#include "hart/mmu.h"
#include "machine/machine.h"
#include "base/symbols.h"
#include "state_bytes.h"
#include "watch/check.h"
#include "trace/trace.h"

enum {
	HARTS = 2,
	TP = 4, A0 = 10, A1 = 11, A5 = 15, A7 = 17,
	SLOT = 0x4000,
	PTE_V = 1, PTE_TABLE = PTE_V, PTE_RWX = PTE_V | 2 | 4 | 8 | 16 | 64 | 128, PTE_RX = PTE_V | 2 | 8 | 16 | 64,
};

#define DRAM UINT64_C(0x80000000)
#define MIB UINT64_C(0x100000)
#define PERCPU (DRAM + 4 * MIB)
#define FUNCTION (DRAM + 0x100)
#define SWITCH (DRAM + 0x1000)       /* the world switch, 0x100 bytes */
#define ROOT(vmid) (DRAM + 8 * MIB + (vmid) * 0x8000) /* of a zone's G-stage, 16 KiB */
#define ZONE(vmid) (DRAM + 16 * MIB + (vmid) * 2 * MIB) /* what it maps at guest-physical 0 */
#define VECTOR UINT64_C(0x100)       /* the guest's stvec */
#define GUEST_PC UINT64_C(0x1000)
#define VCPU(n) (DRAM + 0x2000 + (n) * 0x800)

struct fixture {
	struct machine machine;
	struct config config;
	struct hart harts[HARTS];
	struct check *check;
};

static uint64_t hgatp_of(unsigned vmid) { return UINT64_C(8) << 60 | (uint64_t)vmid << 44 | ROOT(vmid) >> 12; }

static void store(struct fixture *fixture, uint64_t pa, uint64_t value, unsigned size)
{
	cr_assert(bus_poke(&fixture->machine.bus, pa, &value, size));
}

/* One 2 MiB page at guest-physical 0. */
static void map_zone(struct fixture *fixture, unsigned vmid, uint64_t pa, unsigned bits)
{
	store(fixture, ROOT(vmid), (ROOT(vmid) + 0x4000) >> 12 << 10 | PTE_TABLE, 8);
	store(fixture, ROOT(vmid) + 0x4000, pa >> 12 << 10 | bits, 8);
}

static void add_symbol(struct fixture *fixture, const char *name, uint64_t address, bool is_function)
{
	struct symbol symbol = {
		.address = address, .limit = is_function ? address + 0x40 : 0, .name = name, .is_function = is_function, .is_global = true,
	};
	cr_assert_eq(symbols_add(fixture->machine.symbols, &symbol), 0);
}

static void add_symbols(struct fixture *fixture)
{
	add_symbol(fixture, "percpu_base", PERCPU, false);
	add_symbol(fixture, "percpu_slot_size", SLOT, false);
	add_symbol(fixture, "percpu_max", 4, false);
	add_symbol(fixture, "some_function", FUNCTION, true);
	add_symbol(fixture, "__world_switch_start", SWITCH, false);
	add_symbol(fixture, "_guest_exit", SWITCH + 0x80, true);
	add_symbol(fixture, "__world_switch_end", SWITCH + 0x100, false);
}

static void init_hart(struct fixture *fixture, unsigned i)
{
	struct hart *hart = &fixture->harts[i];
	hart->id = i;
	hart->isa = isa_default();
	hart->bus = &fixture->machine.bus;
	hart->options = &fixture->machine.config->options;
	hart->platform = &fixture->machine.platform;
	hart->peers = fixture->harts;
	hart->observers = &fixture->machine.observers;
	hart->mode = MODE_HS;
	csr_reset(hart);
	cr_assert_eq(mmu_init(hart, 16), 0);
	for (unsigned x = 1; x < 32; x++)
		hart->x[x] = 0x1000 * (i + 1) + x;
	hart->x[TP] = PERCPU + i * SLOT;
}

static void stop_machine(void *context, unsigned hart, const char *message)
{
	struct machine *machine = context;
	cr_assert_lt(hart, (unsigned)HARTS);
	machine_stop(machine, STOP_CHECK, 0, message);
}

/* Without symbols when `bare`. */
static struct fixture *new_fixture(uint32_t kinds, bool bare)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct machine *machine = &fixture->machine;
	machine->config = &fixture->config;
	machine->platform = (struct platform){ .cycles_per_tick = 1, .hart_count = HARTS };
	fixture->config.options = (struct hart_options){ .vmid_bits = 14, .asid_bits = 16 };
	machine->harts = fixture->harts;
	machine->hart_count = HARTS;
	cr_assert_eq(bus_init(&machine->bus, 64 * MIB), 0);
	machine->symbols = symbols_new();
	if (!bare)
		add_symbols(fixture);
	symbols_seal(machine->symbols);
	for (unsigned i = 0; i < HARTS; i++)
		init_hart(fixture, i);
	for (unsigned vmid = 1; vmid <= 2; vmid++)
		map_zone(fixture, vmid, ZONE(vmid), PTE_RWX);
	fixture->check = check_new(&(struct check_config){
		.kinds = kinds, .bus = &machine->bus, .symbols = machine->symbols, .firmware = "firmware.elf", .violated = stop_machine,
		.context = machine,
	});
	return fixture;
}

static void free_fixture(struct fixture *fixture)
{
	check_free(fixture->check);
	for (unsigned i = 0; i < HARTS; i++)
		mmu_free(&fixture->harts[i]);
	symbols_free(fixture->machine.symbols);
	bus_free(&fixture->machine.bus);
	free(fixture);
}

static void expect_nothing(const struct fixture *fixture)
{
	cr_assert_eq(fixture->machine.stop, RUNNING, "%s", fixture->machine.stop_message);
}

/* The machine has stopped with a message that holds all of these words. */
static void expect_violation(const struct fixture *fixture, const char *kind, const char *word, const char *other)
{
	const char *message = fixture->machine.stop_message;
	cr_assert_eq(fixture->machine.stop, STOP_CHECK);
	cr_assert_not_null(strstr(message, kind), "%s", message);
	cr_assert_not_null(strstr(message, word), "%s", message);
	cr_assert_not_null(strstr(message, other), "%s", message);
	cr_assert_not_null(strstr(message, "hart "), "%s", message);
	cr_assert_not_null(strstr(message, "cycle "), "%s", message);
	cr_assert_not_null(strstr(message, "pc 0x"), "%s", message);
}

/* ---- the script's verbs ---- */

static void world(struct fixture *fixture, unsigned i, enum mode to, uint64_t pc, uint64_t cause)
{
	struct hart *hart = &fixture->harts[i];
	struct trace_event event = {
		.type = TRACE_WORLD, .hart = (uint8_t)i, .from = hart->mode, .mode = to, .cycle = ++hart->now, .pc = pc,
		.value = { cause, hart->csr.sscratch, hart->csr.hgatp },
	};
	hart->mode = to;
	hart->pc = pc;
	check_observer(fixture->check)->event(check_observer(fixture->check), hart, &event);
}

static void write_tp(struct fixture *fixture, unsigned i, uint64_t value, uint64_t pc)
{
	struct hart *hart = &fixture->harts[i];
	struct trace_event event = {
		.type = TRACE_TP, .hart = (uint8_t)i, .mode = hart->mode, .cycle = ++hart->now, .pc = pc, .value = { value },
	};
	hart->x[TP] = value;
	check_observer(fixture->check)->event(check_observer(fixture->check), hart, &event);
}

static void call_function(struct fixture *fixture, unsigned i)
{
	struct hart *hart = &fixture->harts[i];
	cr_assert(check_is_function(fixture->check, FUNCTION));
	hart->pc = FUNCTION;
	check_function(fixture->check, hart);
}

/* HS-mode enters the guest with registers x (NULL: as they are, or another zone's, which say nothing). */
static void enter(struct fixture *fixture, unsigned i, unsigned vcpu, unsigned vmid, const uint64_t *x, uint64_t pc)
{
	struct hart *hart = &fixture->harts[i];
	if (x)
		memcpy(hart->x, x, 32 * sizeof(*x));
	for (unsigned r = 1; !x && hart->csr.hgatp && hart->csr.hgatp != hgatp_of(vmid) && r < 32; r++)
		hart->x[r] = r;
	hart->csr.sscratch = VCPU(vcpu);
	hart->csr.hgatp = hgatp_of(vmid);
	world(fixture, i, MODE_VS, pc, TRACE_RETURN);
}

static void leave(struct fixture *fixture, unsigned i, uint64_t cause, uint64_t pc)
{
	fixture->harts[i].csr.sepc = pc;
	world(fixture, i, MODE_HS, SWITCH + 0x80, cause);
}

/* A guest that has run on hart 0 and left at GUEST_PC by this cause, executing this instruction; x[] holds its
 * registers. */
static struct fixture *after_exit(uint64_t cause, uint32_t word, uint64_t *x)
{
	struct fixture *fixture = new_fixture(CHECK_WORLDSWITCH, false);
	struct hart *hart = &fixture->harts[0];
	hart->csr.vstvec = VECTOR;
	hart->csr.mstatus |= mstatus_FS;
	hart->csr.vsstatus |= vsstatus_FS;
	hart->csr.fcsr = 1;
	for (unsigned f = 0; f < 32; f++)
		hart->f[f] = 0x100 + f;
	store(fixture, ZONE(1) + GUEST_PC, word, 4);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	for (unsigned r = 1; r < 32; r++)
		hart->x[r] = 0xabc0000 + r;
	leave(fixture, 0, cause, GUEST_PC);
	memcpy(x, hart->x, 32 * sizeof(*x));
	expect_nothing(fixture);
	return fixture;
}

#define INTERRUPT (UINT64_C(1) << 63 | 5)
#define LD_A5 0x0005b783u /* ld a5, 0(a1) */
#define C_LD_A5 0x619cu   /* c.ld a5, 0(a1) */
#define SD_A5 0x00f5b023u /* sd a5, 0(a1) */
#define FLD_FA5 0x0005b787u /* fld fa5, 0(a1) */
#define ECALL 0x00000073u
#define WFI 0x10500073u
#define CSRR_A5 0x180027f3u /* csrr a5, satp */

/* ---- options ---- */

Test(test_check, kinds_are_parsed)
{
	uint32_t kinds = 0;
	cr_assert_eq(check_parse("percpu,worldswitch", &kinds), 0);
	cr_assert_eq(kinds, CHECK_PERCPU | CHECK_WORLDSWITCH);
	cr_assert_eq(check_parse("isolation", &kinds), 0);
	cr_assert_eq(kinds, CHECK_ISOLATION);
	cr_assert(check_parse("", &kinds) && check_parse("percpu,", &kinds) && check_parse("perc", &kinds));
}

Test(test_check, percpu_needs_symbols_and_worldswitch_does_not)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, true);
	cr_assert_null(fixture->check);
	free_fixture(fixture);
	fixture = new_fixture(CHECK_WORLDSWITCH | CHECK_ISOLATION, true);
	cr_assert_not_null(fixture->check);
	free_fixture(fixture);
}

/* ---- percpu ---- */

Test(test_check, functions_are_those_outside_the_world_switch)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	cr_assert(check_is_function(fixture->check, FUNCTION));
	cr_assert(!check_is_function(fixture->check, FUNCTION + 2));
	cr_assert(!check_is_function(fixture->check, SWITCH + 0x80));
	cr_assert(!check_is_function(fixture->check, PERCPU));
	free_fixture(fixture);
	fixture = new_fixture(CHECK_WORLDSWITCH, false);
	cr_assert(!check_is_function(fixture->check, FUNCTION)); /* costs nothing without percpu */
	free_fixture(fixture);
}

Test(test_check, right_tp_everywhere_is_fine)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	for (unsigned i = 0; i < HARTS; i++) {
		write_tp(fixture, i, PERCPU, DRAM); /* `la tp, percpu_base`, on its way to the slot */
		write_tp(fixture, i, PERCPU + i * SLOT, DRAM + 4);
		call_function(fixture, i);
		write_tp(fixture, i, 0x1234, SWITCH); /* the guest's */
		enter(fixture, i, i, 1, NULL, 0x10);
		leave(fixture, i, INTERRUPT, 0x20);
		write_tp(fixture, i, PERCPU + i * SLOT, SWITCH + 0x90);
		call_function(fixture, i);
	}
	expect_nothing(fixture);
	free_fixture(fixture);
}

Test(test_check, tp_not_restored_after_an_exit_is_found)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	write_tp(fixture, 1, PERCPU + SLOT, DRAM);
	write_tp(fixture, 1, 0x1234, SWITCH);
	enter(fixture, 1, 0, 1, NULL, 0x10);
	leave(fixture, 1, INTERRUPT, 0x20);
	expect_nothing(fixture);
	call_function(fixture, 1);
	expect_violation(fixture, "percpu", "hart 1", "some_function");
	cr_assert(fixture->harts[1].effects & EFFECT_YIELD);
	free_fixture(fixture);
}

Test(test_check, a_first_tp_of_another_harts_slot_is_found)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	write_tp(fixture, 1, PERCPU, DRAM);
	call_function(fixture, 1);
	expect_violation(fixture, "percpu", "slot of hart 0", "hart 1");
	free_fixture(fixture);
}

Test(test_check, a_later_write_of_another_harts_slot_is_found_at_once)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	write_tp(fixture, 0, PERCPU, FUNCTION);
	expect_nothing(fixture);
	write_tp(fixture, 0, PERCPU + SLOT + 8, FUNCTION + 4);
	expect_violation(fixture, "percpu", "slot of hart 1", "some_function+0x4");
	free_fixture(fixture);
}

Test(test_check, a_guest_entered_with_the_hypervisors_tp_is_found)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	struct hart *hart = &fixture->harts[0];
	write_tp(fixture, 0, PERCPU, DRAM);
	write_tp(fixture, 0, 0x1234, SWITCH);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	leave(fixture, 0, INTERRUPT, 0x20);
	hart->x[TP] = PERCPU;
	enter(fixture, 0, 0, 1, NULL, 0x20);
	expect_violation(fixture, "percpu", "hypervisor's tp", "hart 0");
	free_fixture(fixture);
}

Test(test_check, a_guest_may_choose_a_tp_that_looks_like_the_hypervisors)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	struct hart *hart = &fixture->harts[0];
	write_tp(fixture, 0, PERCPU, DRAM);
	write_tp(fixture, 0, 0, SWITCH);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	hart->x[TP] = PERCPU;
	leave(fixture, 0, INTERRUPT, 0x20);
	enter(fixture, 0, 0, 1, NULL, 0x20);
	expect_nothing(fixture);
	free_fixture(fixture);
}

Test(test_check, a_tp_that_machine_mode_set_arms)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	struct hart *hart = &fixture->harts[0];
	hart->mode = MODE_M;
	world(fixture, 0, MODE_HS, DRAM + 0x700, TRACE_RETURN);
	hart->x[TP] = 0x1234;
	enter(fixture, 0, 0, 1, NULL, 0x10);
	leave(fixture, 0, INTERRUPT, 0x20);
	call_function(fixture, 0);
	expect_violation(fixture, "percpu", "tp is 0x1234", "some_function");
	free_fixture(fixture);
}

Test(test_check, a_tp_that_is_right_when_a_function_begins_arms)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	call_function(fixture, 0);
	fixture->harts[0].x[TP] = 0x1234;
	call_function(fixture, 0);
	expect_violation(fixture, "percpu", "tp is 0x1234", "some_function");
	free_fixture(fixture);
}

/* By way of a pointer of the hypervisor's own, but not of the guest's. */
Test(test_check, memory_by_way_of_the_guests_tp_is_found)
{
	for (unsigned guests = 0; guests < 2; guests++) {
		struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
		struct hart *hart = &fixture->harts[0];
		call_function(fixture, 0);
		hart->x[TP] = 0x1234;
		enter(fixture, 0, 0, 1, NULL, 0x10);
		leave(fixture, 0, INTERRUPT, 0x20);
		hart->x[TP] = guests ? 0x1234 : VCPU(0);
		hart->pc = FUNCTION + 8;
		cr_assert(check_wants_tp(fixture->check, hart->pc) && !check_wants_tp(fixture->check, SWITCH + 8));
		check_function(fixture->check, hart);
		cr_assert_eq(fixture->machine.stop, guests ? STOP_CHECK : RUNNING);
		free_fixture(fixture);
	}
}

Test(test_check, a_hart_started_anew_sets_tp_again)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	struct hart *hart = &fixture->harts[0];
	write_tp(fixture, 0, PERCPU, DRAM);
	hart->csr.mepc = DRAM + 0x50;
	world(fixture, 0, MODE_M, DRAM + 0x9000, CAUSE_ECALL_HS);
	world(fixture, 0, MODE_HS, DRAM + 0x54, TRACE_RETURN); /* an ordinary call */
	hart->x[TP] = 77;
	call_function(fixture, 0);
	expect_violation(fixture, "percpu", "not this hart's slot", "hart 0");
	free_fixture(fixture);

	fixture = new_fixture(CHECK_PERCPU, false);
	hart = &fixture->harts[0];
	write_tp(fixture, 0, PERCPU, DRAM);
	hart->csr.mepc = DRAM + 0x50;
	world(fixture, 0, MODE_M, DRAM + 0x9000, CAUSE_ECALL_HS);
	world(fixture, 0, MODE_HS, DRAM + 0x700, TRACE_RETURN); /* hart_start */
	write_tp(fixture, 0, 77, DRAM + 0x700);
	call_function(fixture, 0);
	expect_nothing(fixture);
	free_fixture(fixture);
}

/* ---- worldswitch: what each cause entitles to ---- */

/* Enter again at pc with register r (0: none) changed: allowed or not? */
static void try_entry(uint64_t cause, uint32_t word, uint64_t pc, unsigned r, bool allowed)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(cause, word, x);
	x[r] ^= 0x10;
	enter(fixture, 0, 0, 1, x, pc);
	if (allowed)
		cr_assert_eq(fixture->machine.stop, RUNNING, "cause %" PRIx64 " word %x pc %" PRIx64 " x%u: %s", cause, word, pc, r,
		             fixture->machine.stop_message);
	else
		cr_assert_eq(fixture->machine.stop, STOP_CHECK, "cause %" PRIx64 " word %x pc %" PRIx64 " x%u", cause, word, pc, r);
	free_fixture(fixture);
}

Test(test_check, an_interrupt_entitles_to_nothing)
{
	try_entry(INTERRUPT, LD_A5, GUEST_PC, 0, true);
	for (unsigned r = 1; r < 32; r++)
		try_entry(INTERRUPT, LD_A5, GUEST_PC, r, false);
	try_entry(INTERRUPT, LD_A5, GUEST_PC + 4, 0, false);
	try_entry(INTERRUPT, LD_A5, VECTOR, 0, false);
}

Test(test_check, an_ecall_entitles_to_its_results)
{
	for (unsigned r = 1; r < 32; r++)
		try_entry(CAUSE_ECALL_VS, ECALL, GUEST_PC + 4, r, r == A0 || r == A1);
	try_entry(CAUSE_ECALL_VS, ECALL, GUEST_PC + 4, 0, true);
	try_entry(CAUSE_ECALL_VS, ECALL, GUEST_PC, 0, true);
	try_entry(CAUSE_ECALL_VS, ECALL, GUEST_PC, A0, false);
	try_entry(CAUSE_ECALL_VS, ECALL, 0x7000, 0, false);
}

Test(test_check, a_guest_that_stopped_itself_may_start_anywhere)
{
	for (unsigned extension = 0x48534d; extension <= 0x48534e; extension++) { /* HSM, and the next one */
		uint64_t x[32];
		struct fixture *fixture = new_fixture(CHECK_WORLDSWITCH, false);
		enter(fixture, 0, 0, 1, NULL, 0x10);
		fixture->harts[0].x[A7] = extension;
		leave(fixture, 0, CAUSE_ECALL_VS, GUEST_PC);
		memset(x, 0, sizeof(x));
		fixture->harts[0].csr.vstvec = 0x5000;
		enter(fixture, 0, 0, 1, x, 0x7000);
		cr_assert_eq(fixture->machine.stop, extension == 0x48534d ? RUNNING : STOP_CHECK);
		free_fixture(fixture);
	}
}

Test(test_check, a_load_entitles_to_its_destination)
{
	for (unsigned r = 1; r < 32; r++) {
		try_entry(CAUSE_LOAD_GUEST_PAGE, LD_A5, GUEST_PC + 4, r, r == A5);
		try_entry(CAUSE_LOAD_GUEST_PAGE, C_LD_A5, GUEST_PC + 2, r, r == A5);
	}
	try_entry(CAUSE_LOAD_GUEST_PAGE, C_LD_A5, GUEST_PC + 4, 0, false);
	try_entry(CAUSE_LOAD_GUEST_PAGE, LD_A5, GUEST_PC + 2, 0, false);
	try_entry(CAUSE_LOAD_GUEST_PAGE, LD_A5, GUEST_PC, 0, true); /* mapped, once more */
	try_entry(CAUSE_LOAD_GUEST_PAGE, LD_A5, GUEST_PC, A5, false);
}

/* Another vCPU writes another load where the one that trapped was: whoever emulates reads that one. `pa`: where. */
static void try_rewritten(uint64_t pa, uint32_t word, unsigned r, unsigned length, bool allowed)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(CAUSE_LOAD_GUEST_PAGE, LD_A5, x);
	store(fixture, pa, word, 4);
	bus_stored(&fixture->machine.bus, &fixture->harts[1], pa, 4);
	store(fixture, pa, LD_A5, 4); /* and back, before the guest goes on */
	bus_stored(&fixture->machine.bus, &fixture->harts[1], pa, 4);
	x[r] ^= 0x10;
	enter(fixture, 0, 0, 1, x, GUEST_PC + length);
	cr_assert_eq(fixture->machine.stop, allowed ? RUNNING : STOP_CHECK, "x%u %s", r, fixture->machine.stop_message);
	free_fixture(fixture);
}

Test(test_check, an_instruction_that_was_rewritten_is_not_the_hypervisors_fault)
{
	try_rewritten(ZONE(1) + GUEST_PC, 0x0005b703 /* ld a4, 0(a1) */, 14, 4, true);
	try_rewritten(ZONE(1) + GUEST_PC, C_LD_A5, A5, 2, true);
	try_rewritten(ZONE(1) + GUEST_PC, LD_A5, A5, 8, false);
	try_rewritten(ZONE(1) + GUEST_PC + 4, 0x0005b703, 14, 4, false); /* the next one */
	try_entry(CAUSE_LOAD_GUEST_PAGE, LD_A5, GUEST_PC + 4, 14, false);
}

/* Another vCPU maps another page there. */
Test(test_check, an_instruction_that_was_remapped_is_not_the_hypervisors_fault)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(CAUSE_LOAD_GUEST_PAGE, LD_A5, x);
	map_zone(fixture, 1, ZONE(2), PTE_RWX);
	x[14] ^= 0x10;
	enter(fixture, 0, 0, 1, x, GUEST_PC + 4);
	expect_nothing(fixture);
	free_fixture(fixture);
}

#define CSRW_SATP 0x18059073u /* csrw satp, a1 */
#define CSRW_SIE 0x10459073u

/* hstatus.VTVM makes a guest's write to satp trap; no other CSR is the hypervisor's to write. */
Test(test_check, an_emulated_write_of_satp_changes_it)
{
	for (unsigned other = 0; other < 2; other++) {
		uint64_t x[32];
		struct fixture *fixture = after_exit(CAUSE_VIRTUAL, other ? CSRW_SIE : CSRW_SATP, x);
		fixture->harts[0].csr.vsatp = 0x77;
		enter(fixture, 0, 0, 1, x, GUEST_PC + 4);
		cr_assert_eq(fixture->machine.stop, other ? STOP_CHECK : RUNNING, "%s", fixture->machine.stop_message);
		free_fixture(fixture);
	}
}

Test(test_check, a_store_entitles_to_nothing_but_going_on)
{
	for (unsigned r = 1; r < 32; r++)
		try_entry(CAUSE_STORE_GUEST_PAGE, SD_A5, GUEST_PC + 4, r, false);
	try_entry(CAUSE_STORE_GUEST_PAGE, SD_A5, GUEST_PC + 4, 0, true);
	try_entry(CAUSE_STORE_GUEST_PAGE, SD_A5, GUEST_PC, 0, true);
}

Test(test_check, a_virtual_instruction_entitles_to_its_destination)
{
	try_entry(CAUSE_VIRTUAL, WFI, GUEST_PC + 4, 0, true);
	try_entry(CAUSE_VIRTUAL, WFI, GUEST_PC + 4, A5, false);
	try_entry(CAUSE_VIRTUAL, CSRR_A5, GUEST_PC + 4, A5, true);
	try_entry(CAUSE_VIRTUAL, CSRR_A5, GUEST_PC + 4, A0, false);
}

Test(test_check, a_fetch_fault_is_no_instruction)
{
	try_entry(CAUSE_FETCH_GUEST_PAGE, LD_A5, GUEST_PC, 0, true);
	try_entry(CAUSE_FETCH_GUEST_PAGE, LD_A5, GUEST_PC + 4, 0, false);
}

Test(test_check, the_report_names_register_values_and_cause)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(INTERRUPT, LD_A5, x);
	x[9] = 0x77;
	enter(fixture, 0, 0, 1, x, GUEST_PC);
	expect_violation(fixture, "worldswitch", "s1 0x77, was 0xabc0009", "hart 0");
	free_fixture(fixture);
}

Test(test_check, an_unreadable_instruction_is_known_by_htinst)
{
	for (unsigned r = A0; r <= A5; r += A5 - A0) {
		uint64_t x[32];
		struct fixture *fixture = new_fixture(CHECK_WORLDSWITCH, false);
		enter(fixture, 0, 0, 1, NULL, 0x10);
		fixture->harts[0].csr.htinst = 0x00003781; /* compressed: bit 1 clear; ld a5, rs1 field 0 */
		leave(fixture, 0, CAUSE_LOAD_GUEST_PAGE, 0x40000000); /* not mapped */
		memcpy(x, fixture->harts[0].x, sizeof(x));
		x[r] ^= 1;
		enter(fixture, 0, 0, 1, x, 0x40000002);
		cr_assert_eq(fixture->machine.stop, r == A5 ? RUNNING : STOP_CHECK);
		free_fixture(fixture);
	}
}

/* Reflected: change VS CSRs as the hardware would have; `wrong` 1: vsepc, 2: vsstatus.SUM, 3: vsatp, 4: a register. */
static void try_reflection(unsigned wrong, bool allowed)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(CAUSE_VIRTUAL, WFI, x);
	struct hart *hart = &fixture->harts[0];
	hart->csr.vsepc = GUEST_PC + (wrong == 1);
	hart->csr.vscause = CAUSE_ILLEGAL;
	hart->csr.vstval = WFI;
	hart->csr.vsstatus = (hart->csr.vsstatus | vsstatus_SPP) ^ (wrong == 2 ? vsstatus_SUM : 0);
	if (wrong == 3)
		hart->csr.vsatp = 1;
	x[A5] ^= wrong == 4;
	enter(fixture, 0, 0, 1, x, VECTOR);
	cr_assert_eq(fixture->machine.stop, allowed ? RUNNING : STOP_CHECK, "%u %s", wrong, fixture->machine.stop_message);
	free_fixture(fixture);
}

Test(test_check, a_reflected_exception_changes_what_a_trap_changes)
{
	try_reflection(0, true);
	for (unsigned wrong = 1; wrong <= 4; wrong++)
		try_reflection(wrong, false);
}

Test(test_check, vs_csrs_stay_as_they_were)
{
	static const size_t csrs[] = {
		offsetof(struct csr_file, vsstatus), offsetof(struct csr_file, vstvec), offsetof(struct csr_file, vsscratch),
		offsetof(struct csr_file, vsepc),    offsetof(struct csr_file, vscause), offsetof(struct csr_file, vstval),
		offsetof(struct csr_file, vsatp),    offsetof(struct csr_file, vstimecmp),
	};
	for (size_t i = 0; i < sizeof(csrs) / sizeof(csrs[0]); i++) {
		uint64_t x[32];
		struct fixture *fixture = after_exit(INTERRUPT, LD_A5, x);
		*(uint64_t *)(void *)((char *)&fixture->harts[0].csr + csrs[i]) ^= 0x100;
		enter(fixture, 0, 0, 1, x, GUEST_PC);
		cr_assert_eq(fixture->machine.stop, STOP_CHECK, "CSR %zu", i);
		free_fixture(fixture);
	}
}

Test(test_check, an_ecall_may_set_the_guests_timer)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(CAUSE_ECALL_VS, ECALL, x);
	fixture->harts[0].csr.vstimecmp = 5;
	enter(fixture, 0, 0, 1, x, GUEST_PC + 4);
	expect_nothing(fixture);
	free_fixture(fixture);
}

Test(test_check, the_mode_stays_as_it_was)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(INTERRUPT, LD_A5, x);
	fixture->harts[0].csr.sscratch = VCPU(0);
	world(fixture, 0, MODE_VU, GUEST_PC, TRACE_RETURN);
	expect_violation(fixture, "worldswitch", "mode", "hart 0");
	free_fixture(fixture);
}

/* ---- worldswitch: floating point ---- */

Test(test_check, fp_registers_and_fcsr_stay_as_they_were)
{
	for (unsigned f = 0; f <= 32; f++) {
		uint64_t x[32];
		struct fixture *fixture = after_exit(INTERRUPT, LD_A5, x);
		if (f < 32)
			fixture->harts[0].f[f]++;
		else
			fixture->harts[0].csr.fcsr = 0;
		enter(fixture, 0, 0, 1, x, GUEST_PC);
		cr_assert_eq(fixture->machine.stop, STOP_CHECK, "f%u", f);
		free_fixture(fixture);
	}
}

Test(test_check, an_emulated_fp_load_changes_its_destination)
{
	for (unsigned f = 14; f <= 15; f++) {
		uint64_t x[32];
		struct fixture *fixture = after_exit(CAUSE_LOAD_GUEST_PAGE, FLD_FA5, x);
		fixture->harts[0].f[f]++;
		enter(fixture, 0, 0, 1, x, GUEST_PC + 4);
		cr_assert_eq(fixture->machine.stop, f == 15 ? RUNNING : STOP_CHECK, "f%u", f);
		free_fixture(fixture);
	}
}

/* FP state that is not the guest's while HS-level FS is off, but has to be when it is on again. */
static void try_lazy_fp(bool restored)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(INTERRUPT, LD_A5, x);
	struct hart *hart = &fixture->harts[0];
	hart->f[3] = 999; /* another vCPU's */
	hart->csr.mstatus &= ~mstatus_FS;
	enter(fixture, 0, 0, 1, x, GUEST_PC);
	expect_nothing(fixture);
	leave(fixture, 0, CAUSE_ILLEGAL, GUEST_PC);
	hart->csr.mstatus |= mstatus_FS;
	if (restored)
		hart->f[3] = 0x103;
	enter(fixture, 0, 0, 1, x, GUEST_PC);
	cr_assert_eq(fixture->machine.stop, restored ? RUNNING : STOP_CHECK, "%s", fixture->machine.stop_message);
	free_fixture(fixture);
}

Test(test_check, lazily_switched_fp_state_is_compared_when_it_is_back)
{
	try_lazy_fp(true);
	try_lazy_fp(false);
}

/* ---- worldswitch: several vCPUs and harts ---- */

Test(test_check, a_vcpu_is_followed_to_another_hart)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(INTERRUPT, LD_A5, x);
	fixture->harts[1].csr = fixture->harts[0].csr;
	memcpy(fixture->harts[1].f, fixture->harts[0].f, sizeof(fixture->harts[0].f));
	enter(fixture, 1, 0, 1, x, GUEST_PC);
	expect_nothing(fixture);
	leave(fixture, 1, INTERRUPT, GUEST_PC);
	x[3]++;
	enter(fixture, 0, 0, 1, x, GUEST_PC);
	expect_violation(fixture, "worldswitch", "gp ", "hart 0");
	free_fixture(fixture);
}

Test(test_check, vcpus_and_zones_are_told_apart)
{
	uint64_t x[32];
	struct fixture *fixture = after_exit(INTERRUPT, LD_A5, x);
	enter(fixture, 0, 1, 1, fixture->harts[1].x, 0x500); /* another vCPU of the zone */
	leave(fixture, 0, INTERRUPT, 0x504);
	enter(fixture, 0, 0, 2, fixture->harts[1].x, 0x600); /* the same structure in another zone */
	leave(fixture, 0, INTERRUPT, 0x604);
	enter(fixture, 0, 0, 1, x, GUEST_PC);
	expect_nothing(fixture);
	free_fixture(fixture);
}

Test(test_check, a_vcpu_on_two_harts_is_found)
{
	struct fixture *fixture = new_fixture(CHECK_WORLDSWITCH, false);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	enter(fixture, 1, 0, 1, NULL, 0x10);
	expect_violation(fixture, "worldswitch", "runs on hart 0 already", "hart 1");
	free_fixture(fixture);
}

Test(test_check, an_exit_to_m_mode_is_an_exit)
{
	uint64_t x[32];
	struct fixture *fixture = new_fixture(CHECK_WORLDSWITCH, false);
	struct hart *hart = &fixture->harts[0];
	enter(fixture, 0, 0, 1, NULL, 0x10);
	hart->csr.mepc = GUEST_PC;
	world(fixture, 0, MODE_M, DRAM + 0x9000, INTERRUPT);
	memcpy(x, hart->x, sizeof(x));
	enter(fixture, 0, 0, 1, x, GUEST_PC);
	expect_nothing(fixture);
	hart->csr.mepc = GUEST_PC;
	world(fixture, 0, MODE_M, DRAM + 0x9000, INTERRUPT);
	x[20]++;
	enter(fixture, 0, 0, 1, x, GUEST_PC);
	expect_violation(fixture, "worldswitch", "s4 ", "hart 0");
	free_fixture(fixture);
}

/* vCPU 0 of zone 1 asks for its zone's reset, when vCPU 1 and one of zone 2 have left by interrupts. */
static struct fixture *after_reset_call(unsigned refused)
{
	struct fixture *fixture = new_fixture(CHECK_WORLDSWITCH, false);
	uint64_t x[32];
	enter(fixture, 0, 1, 1, fixture->harts[1].x, 0x500);
	leave(fixture, 0, INTERRUPT, 0x504);
	enter(fixture, 0, 2, 2, fixture->harts[1].x, 0x500);
	leave(fixture, 0, INTERRUPT, 0x504);
	enter(fixture, 0, 0, 1, fixture->harts[0].x, 0x500);
	fixture->harts[0].x[A7] = 0x53525354;
	memcpy(x, fixture->harts[0].x, sizeof(x));
	store(fixture, ZONE(1) + GUEST_PC, ECALL, 4);
	leave(fixture, 0, CAUSE_ECALL_VS, GUEST_PC);
	if (refused)
		enter(fixture, 0, 0, 1, x, GUEST_PC + 4);
	expect_nothing(fixture);
	return fixture;
}

Test(test_check, a_zone_that_asked_for_its_reset_starts_anew)
{
	static const uint64_t fresh[32];
	static const struct {
		unsigned vcpu, zone, refused;
		uint64_t pc;
		bool allowed;
	} entries[] = {
		{ 0, 1, false, 0x7000, true }, { 1, 1, false, 0x7000, true }, { 1, 1, false, 0x504, true },
		{ 2, 2, false, 0x7000, false }, { 1, 1, true, 0x7000, false }, { 1, 1, true, 0x504, false },
	};
	for (unsigned i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct fixture *fixture = after_reset_call(entries[i].refused);
		if (entries[i].refused)
			leave(fixture, 0, INTERRUPT, GUEST_PC + 4);
		enter(fixture, 0, entries[i].vcpu, entries[i].zone, fresh, entries[i].pc);
		cr_expect_eq(fixture->machine.stop, entries[i].allowed ? RUNNING : STOP_CHECK, "entry %u: %s", i,
		             fixture->machine.stop_message);
		free_fixture(fixture);
	}
}

/* Once: from then on it goes on as it left. */
Test(test_check, a_zone_starts_anew_once)
{
	static const uint64_t fresh[32];
	uint64_t x[32] = { 0 };
	struct fixture *fixture = after_reset_call(false);
	enter(fixture, 0, 1, 1, fresh, 0x7000);
	leave(fixture, 0, INTERRUPT, 0x7004);
	expect_nothing(fixture);
	x[5] = 1;
	enter(fixture, 0, 1, 1, x, 0x7004);
	expect_violation(fixture, "worldswitch", "t0 ", "hart 0");
	free_fixture(fixture);
}

Test(test_check, nothing_is_known_after_a_reset_of_the_machine)
{
	static const uint64_t fresh[32];
	struct fixture *fixture = new_fixture(CHECK_WORLDSWITCH | CHECK_PERCPU | CHECK_ISOLATION, false);
	write_tp(fixture, 0, PERCPU, DRAM);
	enter(fixture, 0, 0, 1, fresh, 0x500);
	enter(fixture, 1, 1, 1, fresh, 0x500);
	leave(fixture, 0, INTERRUPT, 0x504);
	expect_nothing(fixture);
	for (unsigned i = 0; i < HARTS; i++)
		world(fixture, i, MODE_M, 0x1000, TRACE_RESET);
	map_zone(fixture, 2, ZONE(1), PTE_RWX); /* the memory is another zone's now */
	world(fixture, 0, MODE_HS, DRAM, TRACE_RETURN);
	fixture->harts[0].x[TP] = 77; /* not set yet */
	call_function(fixture, 0);
	enter(fixture, 0, 1, 2, fresh, 0x900); /* it ran on hart 1 */
	expect_nothing(fixture);
	free_fixture(fixture);
}

/* ---- isolation ---- */

Test(test_check, zones_with_memory_of_their_own_are_isolated)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	enter(fixture, 1, 1, 2, NULL, 0x10);
	leave(fixture, 0, INTERRUPT, 0x10);
	enter(fixture, 0, 2, 2, NULL, 0x10);
	expect_nothing(fixture);
	free_fixture(fixture);
}

Test(test_check, a_page_that_two_zones_may_write_is_found)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	map_zone(fixture, 2, ZONE(1), PTE_RWX);
	enter(fixture, 1, 1, 2, NULL, 0x10);
	expect_violation(fixture, "isolation", "VMID 2 may write 0x81200000, as VMID 1 may", "hart 1");
	free_fixture(fixture);
}

Test(test_check, a_page_shared_for_reading_is_no_violation)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	map_zone(fixture, 2, ZONE(1), PTE_RX);
	enter(fixture, 1, 1, 2, NULL, 0x10);
	expect_nothing(fixture);
	free_fixture(fixture);
}

Test(test_check, memory_that_a_zone_gave_up_may_go_to_another)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	leave(fixture, 0, INTERRUPT, 0x10);
	map_zone(fixture, 1, ZONE(1), 0);
	map_zone(fixture, 2, ZONE(1), PTE_RWX);
	enter(fixture, 1, 1, 2, NULL, 0x10);
	expect_nothing(fixture);
	free_fixture(fixture);
}

Test(test_check, a_mapping_changed_later_is_found_after_its_fence)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	const struct fence all = { 0 };
	enter(fixture, 0, 0, 1, NULL, 0x10);
	enter(fixture, 1, 1, 2, NULL, 0x10);
	leave(fixture, 1, INTERRUPT, 0x10);
	map_zone(fixture, 2, ZONE(1), PTE_RWX);
	mmu_fence_gvma(&fixture->harts[1], &all);
	enter(fixture, 1, 1, 2, NULL, 0x10);
	expect_violation(fixture, "isolation", "as VMID 1 may", "hart 1");
	free_fixture(fixture);
}

Test(test_check, tables_and_per_cpu_data_are_the_hypervisors)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	map_zone(fixture, 1, PERCPU, PTE_RWX);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	expect_violation(fixture, "isolation", "per-CPU data", "hart 0");
	free_fixture(fixture);
	fixture = new_fixture(CHECK_ISOLATION, false);
	map_zone(fixture, 1, DRAM + 8 * MIB, PTE_RWX); /* where its own root lies */
	enter(fixture, 0, 0, 1, NULL, 0x10);
	expect_violation(fixture, "isolation", "a G-stage table of VMID 1", "hart 0");
	free_fixture(fixture);
}

/* Zone 1 leaves a word; the hypervisor writes `cleared` bytes from there on; zone 2 gets the page. `again`: zone 1 runs once more
 * in between. */
static void try_page_left(unsigned cleared, bool again, bool allowed)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	const struct fence all = { 0 };
	uint64_t pa = ZONE(1) + 0x3008;
	enter(fixture, 0, 0, 1, NULL, 0x10);
	store(fixture, pa, 0x5ec2e7, 8);
	store(fixture, pa + 8, 0x5ec2e7, 8);
	leave(fixture, 0, INTERRUPT, 0x10);
	for (unsigned at = 0; at < cleared; at += 8) {
		store(fixture, pa + at, 0x1a6e, 8); /* the next zone's image */
		bus_stored(&fixture->machine.bus, &fixture->harts[0], pa + at, 8);
	}
	if (again) {
		enter(fixture, 0, 0, 1, NULL, 0x10);
		leave(fixture, 0, INTERRUPT, 0x10);
	}
	map_zone(fixture, 1, ZONE(1), 0);
	map_zone(fixture, 2, ZONE(1), PTE_RWX);
	mmu_fence_gvma(&fixture->harts[0], &all);
	enter(fixture, 0, 1, 2, NULL, 0x10);
	cr_assert_eq(fixture->machine.stop, allowed ? RUNNING : STOP_CHECK, "%u %d %s", cleared, again,
	             fixture->machine.stop_message);
	if (!allowed)
		expect_violation(fixture, "isolation", "with what VMID 1 left there", cleared == 8 ? "0x81203010" : "0x81203008");
	free_fixture(fixture);
}

Test(test_check, memory_that_another_zone_left_something_in_is_found)
{
	try_page_left(16, false, true);
	try_page_left(8, false, false);
	try_page_left(0, false, false);
	try_page_left(16, true, false); /* it may have written there again */
}

Test(test_check, what_was_written_after_a_zone_lost_a_page_stays_known)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	const struct fence all = { 0 };
	uint64_t pa = ZONE(1) + 0x3008;
	enter(fixture, 0, 0, 1, NULL, 0x10);
	store(fixture, pa, 0x5ec2e7, 8);
	leave(fixture, 0, INTERRUPT, 0x10);
	map_zone(fixture, 1, ZONE(2), PTE_RWX);
	mmu_fence_gvma(&fixture->harts[0], &all);
	enter(fixture, 0, 0, 1, NULL, 0x10); /* it runs on without the page */
	store(fixture, pa, 0x1a6e, 8);
	bus_stored(&fixture->machine.bus, NULL, pa, 8);
	leave(fixture, 0, INTERRUPT, 0x10);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	leave(fixture, 0, INTERRUPT, 0x10);
	map_zone(fixture, 2, ZONE(1), PTE_RWX);
	enter(fixture, 0, 1, 2, NULL, 0x10);
	expect_nothing(fixture);
	free_fixture(fixture);
}

static void write_csr(struct fixture *fixture, unsigned i, unsigned number, uint64_t value)
{
	struct hart *hart = &fixture->harts[i];
	struct trace_event event = { .type = TRACE_CSR, .hart = (uint8_t)i, .mode = hart->mode, .value = { number, value } };
	csr_write(hart, number, value);
	check_observer(fixture->check)->event(check_observer(fixture->check), hart, &event);
}

/* Zone 1's guest has written vsscratch; `found`: what zone 2's finds, `written` by the hypervisor or not. */
static void try_csr_left(uint64_t found, bool written, bool allowed)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	struct hart *hart = &fixture->harts[0];
	enter(fixture, 0, 0, 1, NULL, 0x10);
	hart->csr.vsscratch = 0x5ec2e7;
	leave(fixture, 0, INTERRUPT, 0x10);
	if (written)
		write_csr(fixture, 0, CSR_vsscratch, found);
	hart->csr.vsscratch = found;
	enter(fixture, 0, 1, 2, NULL, 0x10);
	cr_assert_eq(fixture->machine.stop, allowed ? RUNNING : STOP_CHECK, "%" PRIx64 " %d", found, written);
	free_fixture(fixture);
}

Test(test_check, csrs_that_another_zone_left_are_found)
{
	try_csr_left(0x5ec2e7, false, false);
	try_csr_left(0x5ec2e7, true, true);
	try_csr_left(0x77, true, true);
	try_csr_left(0, false, true);
}

/* What the hypervisor set once for all is nobody's; a vCPU that left the same finds its own. */
Test(test_check, csrs_that_say_nothing_of_another_zone_are_fine)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	struct hart *hart = &fixture->harts[0];
	write_csr(fixture, 0, CSR_scounteren, 7);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	leave(fixture, 0, INTERRUPT, 0x10);
	enter(fixture, 0, 1, 2, NULL, 0x10);
	hart->csr.vstvec = 0x4000;
	leave(fixture, 0, INTERRUPT, 0x10);
	write_csr(fixture, 0, CSR_vstvec, 0);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	hart->csr.vstvec = 0x4000; /* the same kernel */
	leave(fixture, 0, INTERRUPT, 0x10);
	enter(fixture, 0, 1, 2, NULL, 0x10);
	expect_nothing(fixture);
	free_fixture(fixture);
}

/* Every entry of the root leads to a table whose every entry leads to itself: 2^38 ways down under Sv57x4. */
Test(test_check, tables_that_hold_themselves_are_looked_at_once, .timeout = 10)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	uint64_t table = ROOT(1) + 0x4000;
	for (unsigned i = 0; i < 4096 / 8 * 5; i++)
		store(fixture, ROOT(1) + 8 * i, table >> 12 << 10 | PTE_TABLE, 8);
	fixture->harts[0].csr.hgatp = hgatp_of(1) | UINT64_C(2) << 60;
	world(fixture, 0, MODE_VS, 0x10, TRACE_RETURN);
	expect_nothing(fixture);
	/* the largest page, of which DRAM is a small part */
	store(fixture, ROOT(2), PTE_RWX, 8);
	fixture->harts[1].csr.hgatp = hgatp_of(2) | UINT64_C(2) << 60;
	world(fixture, 1, MODE_VS, 0x10, TRACE_RETURN);
	expect_violation(fixture, "isolation", "per-CPU data", "hart 1");
	free_fixture(fixture);
}

/* ---- state ---- */

static void save_check(const struct fixture *fixture, struct state_writer *writer)
{
	*writer = (struct state_writer){0};
	check_save(fixture->check, writer);
	cr_assert_not(writer->failed);
}

/* A new check takes the old one's place, and knows what that knew. */
static void replace_check(struct fixture *fixture, uint32_t kinds)
{
	struct machine *machine = &fixture->machine;
	struct state_writer writer, again;
	save_check(fixture, &writer);
	check_free(fixture->check);
	fixture->check = check_new(&(struct check_config){
		.kinds = kinds, .bus = &machine->bus, .symbols = machine->symbols, .violated = stop_machine, .context = machine,
	});
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert(check_restore(fixture->check, &reader), "%s", reader.reason);
	save_check(fixture, &again);
	cr_assert(again.size == writer.size && !memcmp(again.bytes, writer.bytes, writer.size));
	state_writer_free(&writer);
	state_writer_free(&again);
}

Test(test_check, a_restored_check_knows_how_a_vcpu_left)
{
	for (unsigned wrong = 0; wrong < 2; wrong++) {
		uint64_t x[32];
		struct fixture *fixture = after_exit(CAUSE_LOAD_GUEST_PAGE, LD_A5, x);
		replace_check(fixture, CHECK_WORLDSWITCH);
		x[A5] = 0x77; /* the load's result */
		x[A0] += wrong;
		enter(fixture, 0, 0, 1, x, GUEST_PC + 4);
		if (wrong)
			expect_violation(fixture, "worldswitch", "a0", "was 0x");
		else
			expect_nothing(fixture);
		free_fixture(fixture);
	}
}

Test(test_check, a_restored_check_knows_that_tp_was_right)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU, false);
	write_tp(fixture, 0, PERCPU, DRAM);
	replace_check(fixture, CHECK_PERCPU);
	write_tp(fixture, 0, PERCPU + SLOT, DRAM + 4);
	expect_violation(fixture, "percpu", "tp set to", "hart 1");
	free_fixture(fixture);
}

Test(test_check, a_restored_check_knows_whose_pages_are_whose)
{
	struct fixture *fixture = new_fixture(CHECK_ISOLATION, false);
	enter(fixture, 0, 0, 1, NULL, 0x10);
	leave(fixture, 0, INTERRUPT, 0x20);
	expect_nothing(fixture);
	replace_check(fixture, CHECK_ISOLATION);
	map_zone(fixture, 2, ZONE(1), PTE_RWX);
	enter(fixture, 1, 1, 2, NULL, 0x10);
	expect_violation(fixture, "isolation", "VMID 2", "VMID 1");
	free_fixture(fixture);
}

static bool restore_check(struct state_reader *reader)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU | CHECK_WORLDSWITCH, false);
	bool result = check_restore(fixture->check, reader);
	free_fixture(fixture);
	return result;
}

Test(test_check, other_bytes_are_no_check, .timeout = 120)
{
	struct fixture *fixture = new_fixture(CHECK_PERCPU | CHECK_WORLDSWITCH, false);
	struct state_writer writer;
	enter(fixture, 0, 0, 1, NULL, 0x10);
	leave(fixture, 0, INTERRUPT, 0x20);
	save_check(fixture, &writer);
	expect_refusals(restore_check, &writer);
	struct fixture *other = new_fixture(CHECK_PERCPU, false);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert_not(check_restore(other->check, &reader));
	cr_assert_str_eq(reader.reason, "check: other invariants were checked");
	state_writer_free(&writer);
	free_fixture(other);
	free_fixture(fixture);
}
