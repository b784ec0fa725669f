/* A machine's past: whatever moment is gone to, in whatever order, everything is as it was when it was there first, and the rest of the
 * run is what it was. What the host has seen once it does not see again. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include "cli/options.h"
#include "dev/console.h"
#include "machine/history.h"
#include "machine/sched.h"
#include "machine/snapshot.h"
#include "trace/trace.h"

enum { WORDS_MAX = 24, MOMENTS = 100 };

#define FIRMWARE "build/firmware.elf"
#define GUEST(name) "build/guests/" name ".elf"

struct run {
	struct options options;
	struct machine machine;
	struct history *history;
};

static bool never(void *context)
{
	(void)context;
	return false;
}

static void begin(struct run *run, const char *const *words, size_t budget)
{
	char *argv[WORDS_MAX] = {"rvsim"};
	int argc = 1;
	memset(run, 0, sizeof *run);
	for (; *words; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	cr_assert_eq(options_parse(&run->options, argc, argv), OPTIONS_RUN);
	cr_assert_eq(machine_init(&run->machine, &run->options.config), 0);
	const struct history_config config = {.budget = budget, .every = 300000, .interrupted = never};
	cr_assert(run->history = history_new(&run->machine, &config));
}

static void end(struct run *run)
{
	history_free(run->history);
	machine_finish(&run->machine);
	machine_free(&run->machine);
	options_free(&run->options);
}

/* All that can be seen of it: what happened, every hart's state, memory, and the cycle of each. */
static uint64_t look(const struct machine *machine)
{
	XXH3_state_t *state = XXH3_createState();
	uint64_t trace = trace_hash(machine->trace, machine->harts, machine->hart_count);
	XXH3_64bits_reset(state);
	XXH3_64bits_update(state, &trace, sizeof trace);
	XXH3_64bits_update(state, machine->bus.dram, machine->bus.dram_size);
	for (unsigned i = 0; i < machine->hart_count; i++) {
		const uint64_t words[] = {machine->harts[i].cycle, machine->harts[i].waiting, machine->harts[i].trapped.count};
		XXH3_64bits_update(state, words, sizeof words);
	}
	uint64_t result = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return result;
}

struct moment {
	uint64_t position, seen;
};

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 33;
}

/* To the end, by slices and steps in turn; some moments are remembered. */
static size_t run_and_remember(struct run *run, uint64_t *random, struct moment *moments, uint64_t gap)
{
	struct machine *machine = &run->machine;
	size_t count = 0;
	uint64_t next = 1 + next_random(random) % gap;
	history_resume(run->history);
	while (machine->stop == RUNNING) {
		if (machine_position(machine) + 100 < next)
			sched_slice(machine);
		else
			sched_step(machine);
		history_attend(run->history);
		if (machine_position(machine) < next || machine->stop != RUNNING)
			continue;
		if (count < MOMENTS)
			moments[count++] = (struct moment){machine_position(machine), look(machine)};
		next = machine_position(machine) + 1 + next_random(random) % gap;
	}
	return count;
}

static void go(struct run *run, uint64_t position)
{
	char reason[160];
	cr_assert(history_goto(run->history, position, reason), "to %lu: %s", (long)position, reason);
}

static void expect_all_again(const char *const *words, uint64_t gap, size_t budget)
{
	static struct moment moments[MOMENTS];
	uint64_t random = 1;
	struct run run;
	begin(&run, words, budget);
	size_t count = run_and_remember(&run, &random, moments, gap);
	cr_assert_geq(count, MOMENTS / 2);
	enum stop_reason stopped = run.machine.stop;
	uint64_t last = machine_position(&run.machine), seen = look(&run.machine);
	for (unsigned i = 0; i < MOMENTS; i++) {
		const struct moment *moment = &moments[next_random(&random) % count];
		go(&run, moment->position);
		cr_assert_eq(machine_position(&run.machine), moment->position);
		cr_assert_eq(look(&run.machine), moment->seen, "%s: another state at %lu", words[0], (long)moment->position);
	}
	history_resume(run.history);
	while (run.machine.stop == RUNNING) {
		sched_slice(&run.machine);
		history_attend(run.history);
	}
	cr_expect_eq(run.machine.stop, stopped);
	cr_expect_eq(machine_position(&run.machine), last);
	cr_expect_eq(look(&run.machine), seen);
	if (budget < ((size_t)64 << 20))
		cr_expect_lt(history_bytes(run.history), budget + ((size_t)8 << 20), "%zu", history_bytes(run.history));
	end(&run);
}

Test(history, every_moment_is_as_it_was)
{
	const char *const words[] = {"-serial", "null", "-m", "16", "-smp", "4", "--cpu", "cva6", "--stats", "/dev/null", "--check", "percpu,worldswitch,isolation",
	                             FIRMWARE, GUEST("timer"), NULL};
	expect_all_again(words, 8000, (size_t)1 << 30);
}

Test(history, at_quantum_one_and_without_timing)
{
	const char *const words[] = {"-serial", "null", "-m", "16", "-smp", "2", "--quantum", "1", FIRMWARE, GUEST("timer"), NULL};
	expect_all_again(words, 8000, (size_t)1 << 30);
}

Test(history, fits_its_budget)
{
	const char *const words[] = {"-serial", "null", "-m", "16", "-smp", "2", FIRMWARE, GUEST("timer"), NULL};
	expect_all_again(words, 4000, (size_t)3 << 20);
}

Test(history, through_resets)
{
	const char *const words[] = {"-serial", "null", "-m", "16", "-smp", "3", "--max-resets", "3000", "build/board/again.elf", NULL};
	expect_all_again(words, 2000, (size_t)1 << 30);
}

/* ---- what the host sees ---- */

static size_t size_of(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 ? (size_t)status.st_size : 0;
}

static void run_on(struct run *run, uint64_t position)
{
	history_resume(run->history);
	while (run->machine.stop == RUNNING && machine_position(&run->machine) < position) {
		sched_slice(&run->machine);
		history_attend(run->history);
	}
	console_flush(run->machine.console);
}

Test(history, output_is_shown_once)
{
	char path[] = "/tmp/rvsim-history-XXXXXX", serial[64];
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	snprintf(serial, sizeof serial, "file:%s", path);
	const char *const words[] = {"-serial", serial, "-m", "16", FIRMWARE, GUEST("hello"), NULL};
	struct run run;
	begin(&run, words, (size_t)1 << 30);
	run_on(&run, UINT64_MAX);
	size_t size = size_of(path);
	uint64_t last = history_last(run.history);
	cr_assert_gt(size, 0);
	go(&run, last / 2);
	run_on(&run, UINT64_MAX);
	cr_expect_eq(size_of(path), size);
	/* but another future is another run's */
	char reason[160];
	go(&run, 0);
	cr_assert(history_change(run.history, reason));
	run_on(&run, UINT64_MAX);
	cr_expect_eq(size_of(path), 2 * size);
	end(&run);
	unlink(path);
}

Test(history, a_change_is_a_part_of_the_past)
{
	const char *const words[] = {"-serial", "null", "-m", "16", FIRMWARE, GUEST("timer"), NULL};
	const uint64_t mark = UINT64_C(0x123456789abcdef);
	const uint64_t place = 0x80ff0000;
	char reason[160];
	uint64_t value;
	struct run run;
	begin(&run, words, (size_t)1 << 30);
	run_on(&run, 500000);
	uint64_t changed = machine_position(&run.machine);
	cr_assert(history_change(run.history, reason));
	cr_assert(bus_poke(&run.machine.bus, place, &mark, sizeof mark));
	run_on(&run, 900000);
	uint64_t after = machine_position(&run.machine), seen = look(&run.machine);
	go(&run, changed - 10);
	cr_expect(bus_peek(&run.machine.bus, place, &value, sizeof value));
	cr_expect_neq(value, mark);
	/* going there, and running there, meet the change */
	go(&run, after);
	cr_expect_eq(look(&run.machine), seen);
	go(&run, changed - 10);
	run_on(&run, after);
	cr_expect(bus_peek(&run.machine.bus, place, &value, sizeof value));
	cr_expect_eq(value, mark);
	/* a change of the past ends what was known of the future */
	go(&run, changed - 10);
	cr_assert(history_change(run.history, reason));
	cr_expect_eq(history_last(run.history), machine_position(&run.machine));
	cr_expect_not(history_goto(run.history, after, reason));
	cr_expect(strlen(reason) != 0);
	end(&run);
}

Test(history, marks_stay)
{
	const char *const words[] = {"-serial", "null", "-m", "16", FIRMWARE, GUEST("timer"), NULL};
	struct history_entry entry;
	struct run run;
	begin(&run, words, (size_t)1 << 20);
	run_on(&run, 400000);
	uint64_t marked = machine_position(&run.machine);
	unsigned number = history_mark(run.history);
	cr_assert_gt(number, 0);
	run_on(&run, UINT64_MAX);
	bool found = false;
	for (size_t i = 0; history_at(run.history, i, &entry); i++)
		found |= entry.number == number && entry.position == marked;
	cr_expect(found);
	cr_expect(history_unmark(run.history, number));
	cr_expect_not(history_unmark(run.history, number));
	end(&run);
}
