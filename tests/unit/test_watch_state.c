/* Those who look on, saved in mid-run: what goes on from there comes to the same hash and the same statistics. */
#include "base/symbols.h"
#include "engine_world.h"
#include "state_bytes.h"
#include "trace/world.h"
#include "watch/meter.h"

enum { HARTS = 2, EVENTS = 2000 };

static struct trace *new_trace(void)
{
	struct trace *trace = trace_open(NULL, 0, HARTS, 1, 2);
	cr_assert_not_null(trace);
	return trace;
}

static struct state_writer saved(const struct trace *trace)
{
	struct state_writer writer = {0};
	trace_save(trace, &writer);
	cr_assert_not(writer.failed);
	return writer;
}

static void expect_same_state(const struct trace *a, const struct trace *b)
{
	struct state_writer one = saved(a), other = saved(b);
	struct hart *harts = calloc(HARTS, sizeof *harts);
	cr_assert_eq(one.size, other.size);
	cr_assert_eq(memcmp(one.bytes, other.bytes, one.size), 0);
	cr_assert_eq(trace_hash(a, harts, HARTS), trace_hash(b, harts, HARTS));
	state_writer_free(&one);
	state_writer_free(&other);
	free(harts);
}

/* World changes, traps and splits of exits, as a hypervisor makes them. */
static void feed(struct trace *trace, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		uint64_t random = (i / 2 + 1) * UINT64_C(0x9e3779b97f4a7c15);
		unsigned hart = random >> 60 & 1;
		bool exit = i % 2 == 0;
		struct trace_event trap = {.type = TRACE_TRAP, .hart = (uint8_t)hart, .mode = MODE_VS, .cycle = i * 100, .value = {random >> 62}};
		struct trace_event event = {
			.type = TRACE_WORLD, .hart = (uint8_t)hart, .from = exit ? MODE_VS : MODE_HS, .mode = exit ? MODE_HS : MODE_VS,
			.cycle = i * 100 + (exit ? 0 : random >> 58), .retired = i * 50,
			.value = {exit ? random >> 62 : TRACE_RETURN, 1, (random >> 57 & 3) << 44},
		};
		struct split_symbol symbols[] = {{0x1000, 40}, {0x2000 + (random >> 56 & 15) * 16, 60 + (random >> 58)}};
		struct split split = {.cycles = 100 + (random >> 58), .symbol_count = 2, .symbols = symbols};
		split.parts[SPLIT_HANDLER] = split.cycles;
		if (exit)
			trace_emit(trace, &trap);
		else
			trace_split(trace, hart, &split);
		trace_emit(trace, &event);
	}
}

Test(watch_state, a_trace_goes_on)
{
	struct trace *whole = new_trace();
	feed(whole, 0, EVENTS);
	for (unsigned at = 0; at <= EVENTS; at += at < 20 ? 1 : 397) {
		struct trace *first = new_trace(), *second = new_trace();
		feed(first, 0, at);
		struct state_writer writer = saved(first);
		struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
		cr_assert(trace_restore(second, &reader), "%s", reader.reason);
		expect_same_state(first, second);
		feed(second, at, EVENTS);
		expect_same_state(whole, second);
		state_writer_free(&writer);
		trace_close(first);
		trace_close(second);
	}
	trace_close(whole);
}

static bool restore_trace(struct state_reader *reader)
{
	struct trace *trace = new_trace();
	bool result = trace_restore(trace, reader);
	trace_close(trace);
	return result;
}

Test(watch_state, other_bytes_are_no_trace, .timeout = 60)
{
	struct trace *trace = new_trace(), *other = trace_open(NULL, 0, HARTS + 1, 1, 2);
	feed(trace, 0, EVENTS);
	struct state_writer writer = saved(trace);
	expect_refusals(restore_trace, &writer);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert_not(trace_restore(other, &reader));
	cr_assert_str_eq(reader.reason, "trace: another number of harts");
	state_writer_free(&writer);
	trace_close(trace);
	trace_close(other);
}

/* ---- meters ---- */

#define HANDLER (CODE + 0x100)
#define HELPER (CODE + 0x200)
enum { STEPS = 120 };

/* A guest that calls M-mode, which calls a function, again and again. */
static struct engine_world *guest_world(struct symbols **symbols)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, insn_rows[INSN_ecall].match, insn_j(0, -4));
	PROGRAM(world, HANDLER, insn_i(INSN_csrrs, 5, 0, (int)CSR_mepc), insn_i(INSN_addi, 5, 5, 4), insn_i(INSN_csrrw, 0, 5, (int)CSR_mepc),
	        insn_j(1, (int)(HELPER - HANDLER - 12)), insn_rows[INSN_mret].match);
	PROGRAM(world, HELPER, insn_i(INSN_addi, 6, 6, 1), nop(), insn_i(INSN_jalr, 0, 1, 0));
	*symbols = symbols_new();
	static const struct { const char *name; uint64_t address; } functions[] = {{"handler", HANDLER}, {"helper", HELPER}};
	for (unsigned i = 0; i < 2; i++)
		cr_assert_eq(symbols_add(*symbols, &(struct symbol){.name = functions[i].name, .address = functions[i].address, .size = 32,
		                                                    .is_function = true, .is_global = true}), 0);
	symbols_seal(*symbols);
	csr_poke(hart, CSR_mtvec, HANDLER);
	csr_poke(hart, CSR_pmpaddr0, UINT64_MAX);
	csr_poke(hart, CSR_pmpcfg0, 0x1f);
	enter(hart, MODE_VS);
	cr_assert_eq(meter_init(hart, *symbols), 0);
	return world;
}

static void free_guest_world(struct engine_world *world, struct symbols *symbols)
{
	meter_free(world->machine.harts);
	symbols_free(symbols);
	engine_world_free(world);
}

/* New observers take over, who know what the old ones saved. */
static void replace_observers(struct machine *machine, const struct symbols *symbols)
{
	struct hart *hart = machine->harts;
	struct state_writer writer = {0};
	trace_save(machine->trace, &writer);
	meter_save(hart, &writer);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	observers_remove(&machine->observers, trace_observer(machine->trace));
	trace_close(machine->trace);
	meter_free(hart);
	machine->trace = hart->trace = trace_open(NULL, 0, 1, 0, 0);
	observers_add(&machine->observers, trace_observer(machine->trace));
	cr_assert_eq(meter_init(hart, symbols), 0);
	cr_assert(trace_restore(machine->trace, &reader) && meter_restore(hart, &reader), "%s", reader.reason);
	cr_assert_eq(reader.at, reader.size);
	state_writer_free(&writer);
}

Test(watch_state, a_meter_goes_on)
{
	struct symbols *symbols;
	struct engine_world *whole = guest_world(&symbols);
	for (unsigned i = 0; i < STEPS; i++)
		sched_step(&whole->machine);
	struct state_writer wanted = saved(whole->machine.trace);
	size_t count;
	struct world_exits *exits = world_exits(trace_world(whole->machine.trace), WORLD_ALL, &count);
	cr_assert(count == 1 && exits->split.exits > 5 && exits->split.symbol_count == 2);
	world_exits_free(exits, count);
	free_guest_world(whole, symbols);
	for (unsigned at = 0; at < 40; at++) {
		struct engine_world *world = guest_world(&symbols);
		for (unsigned i = 0; i < STEPS; i++) {
			if (i == at || i == 2 * at)
				replace_observers(&world->machine, symbols);
			sched_step(&world->machine);
		}
		struct state_writer writer = saved(world->machine.trace);
		cr_assert(writer.size == wanted.size && !memcmp(writer.bytes, wanted.bytes, wanted.size), "after %u steps", at);
		state_writer_free(&writer);
		free_guest_world(world, symbols);
	}
	state_writer_free(&wanted);
}

static bool restore_meter(struct state_reader *reader)
{
	struct symbols *symbols;
	struct engine_world *world = guest_world(&symbols);
	bool result = meter_restore(world->machine.harts, reader);
	free_guest_world(world, symbols);
	return result;
}

Test(watch_state, other_bytes_are_no_meter, .timeout = 120)
{
	struct symbols *symbols;
	struct engine_world *world = guest_world(&symbols);
	struct state_writer writer = {0};
	for (unsigned i = 0; i < 8; i++)
		sched_step(&world->machine);
	cr_assert(world->machine.harts->metering);
	meter_save(world->machine.harts, &writer);
	expect_refusals(restore_meter, &writer);
	state_writer_free(&writer);
	free_guest_world(world, symbols);
}
