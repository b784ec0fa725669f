/* A machine that was saved, and restored into another one, goes on as if nothing had happened: the same cycles, statistics and
 * trace hash; with every preset, under checks, in the middle of world switches. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/options.h"
#include "machine/sched.h"
#include "base/symbols.h"
#include "machine/snapshot.h"
#include "machine/stats.h"
#include "trace/trace.h"

enum { WORDS_MAX = 24 };

/* A command line, and its machine. */
struct run {
	struct options options;
	struct machine machine;
	char stats[64];
};

static void begin(struct run *run, const char *const *words)
{
	char *argv[WORDS_MAX] = {"rvsim", "-serial", "null", "--stats"};
	int argc = 4, descriptor;
	memset(run, 0, sizeof *run);
	strcpy(run->stats, "/tmp/rvsim-snapshot-XXXXXX");
	cr_assert_geq(descriptor = mkstemp(run->stats), 0);
	close(descriptor);
	argv[argc++] = run->stats;
	for (; *words; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	cr_assert_eq(options_parse(&run->options, argc, argv), OPTIONS_RUN);
	cr_assert_eq(machine_init(&run->machine, &run->options.config), 0);
}

/* Free it; its statistics as text, which the caller frees. */
static char *end(struct run *run)
{
	static char text[1 << 20];
	cr_assert_eq(stats_write(run->stats, &run->machine, 0), 0);
	FILE *file = fopen(run->stats, "r");
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	unlink(run->stats);
	machine_free(&run->machine);
	options_free(&run->options);
	return strdup(text);
}

/* How often the engine asks its own TLB is no matter of the machine's. */
static void drop_engine(char *stats)
{
	for (char *at = stats; (at = strstr(at, "\"engine\""));) {
		char *after = strchr(at, '}');
		memmove(at, after, strlen(after) + 1);
	}
}

static void run_until(struct machine *machine, uint64_t cycle, bool stepped)
{
	while (machine->stop == RUNNING && machine_now(machine) < cycle)
		stepped ? (void)sched_step(machine) : (void)sched_slice(machine);
}

static struct state_writer save_at(const char *const *words, uint64_t cycle, bool stepped)
{
	struct state_writer writer = {0};
	struct run run;
	begin(&run, words);
	run_until(&run.machine, cycle, stepped);
	cr_assert_eq(run.machine.stop, RUNNING, "over before cycle %lu", (long)cycle);
	cr_assert(snapshot_save(&run.machine, &writer));
	free(end(&run));
	return writer;
}

static void expect_same(const char *const *words, uint64_t cycle, bool stepped)
{
	struct run straight, restored;
	struct state_writer writer = save_at(words, cycle, stepped);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	begin(&straight, words);
	sched_run(&straight.machine);
	begin(&restored, words);
	run_until(&restored.machine, cycle / 3, false); /* it may have done something else before */
	cr_assert(snapshot_restore(&restored.machine, &reader), "%s", reader.reason);
	cr_expect_eq(reader.at, reader.size);
	const struct symbol_binding *binding;
	bool guest_runs = false; /* as soon as one does it is known again */
	for (unsigned i = 0; i < restored.machine.hart_count; i++)
		guest_runs |= mode_virt(restored.machine.harts[i].mode);
	cr_expect(!guest_runs || symbols_binding(restored.machine.symbols, 0), "whose hgatp that is has been forgotten");
	sched_run(&restored.machine);
	for (size_t i = 0; (binding = symbols_binding(straight.machine.symbols, i)) != NULL; i++)
		cr_expect_eq(symbols_space_of(restored.machine.symbols, binding->hgatp), binding->space);
	cr_expect_eq(restored.machine.stop, straight.machine.stop);
	char *wanted = end(&straight), *got = end(&restored);
	drop_engine(wanted);
	drop_engine(got);
	cr_expect(strcmp(wanted, got) == 0, "%s %s: other statistics after a snapshot at cycle %lu", words[0], words[1], (long)cycle);
	free(wanted);
	free(got);
	state_writer_free(&writer);
}

#define FIRMWARE "build/firmware.elf"
#define GUEST(name) "build/guests/" name ".elf"

Test(snapshot, goes_on_the_same)
{
	static const char *const presets[] = {"ideal", "cva6", "rocket", "u74"};
	for (unsigned i = 0; i < 4; i++) {
		const char *const words[] = {"--cpu", presets[i], "-smp", "2", "--quantum", "1", FIRMWARE, GUEST("timer"), NULL};
		expect_same(words, 1100000, false);
		expect_same(words, 1300001, true);
	}
}

Test(snapshot, with_checks_and_several_zones)
{
	const char *const words[] = {"--cpu", "cva6", "-smp", "2", "--check", "percpu,worldswitch,isolation", FIRMWARE,
	                             GUEST("mmio"), GUEST("hello"), NULL};
	expect_same(words, 1500000, false);
	expect_same(words, 1700000, true);
}

Test(snapshot, before_timing_begins)
{
	const char *const words[] = {"--cpu", "cva6", "--timing", "from=1200000", FIRMWARE, GUEST("hello"), NULL};
	expect_same(words, 500000, false);
}

/* ---- what is refused ---- */

static void expect_refused(const char *const *words, struct state_reader reader, const char *reason)
{
	struct run run;
	begin(&run, words);
	cr_expect_not(snapshot_restore(&run.machine, &reader));
	cr_expect(strstr(reader.reason, reason), "%s", reader.reason);
	free(end(&run));
}

Test(snapshot, of_another_machine_is_refused)
{
	const char *const words[] = {"--cpu", "cva6", FIRMWARE, GUEST("hello"), NULL};
	const char *const others[][8] = {
		{"--cpu", "rocket", FIRMWARE, GUEST("hello"), NULL},
		{"--cpu", "cva6", FIRMWARE, GUEST("timer"), NULL},
		{"--cpu", "cva6", "-smp", "2", FIRMWARE, GUEST("hello"), NULL},
		{"--cpu", "cva6", "--check", "percpu", FIRMWARE, GUEST("hello"), NULL},
	};
	struct state_writer writer = save_at(words, 200000, false);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	for (unsigned i = 0; i < 4; i++)
		expect_refused(others[i], reader, "machine: ");
	reader.size = 20;
	expect_refused(words, reader, "cut short");
	reader.size = writer.size / 2;
	expect_refused(words, reader, "");
	reader.size = writer.size - 1;
	expect_refused(words, reader, "");
	state_writer_free(&writer);
}
