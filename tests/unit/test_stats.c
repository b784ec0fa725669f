/* --stats: the JSON object of a machine that has stopped. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "csr/csr.h"
#include "dev/console.h"
#include "engine/exec.h"
#include "hart/mmu.h"
#include "machine/machine.h"
#include "temporary.h"
#include "machine/stats.h"
#include "trace/trace.h"

enum { HARTS = 2 };

struct fixture {
	struct config config;
	struct machine machine;
	struct hart harts[HARTS];
};

static struct fixture *new_fixture(void)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct machine *machine = &fixture->machine;
	fixture->config.bios = "a \"quoted\" name";
	fixture->config.harts = HARTS;
	fixture->config.isa = isa_default();
	fixture->config.timing = timing_find("ideal");
	machine->config = &fixture->config;
	machine->platform = (struct platform){ .cycles_per_tick = 10, .hart_count = HARTS };
	machine->harts = fixture->harts;
	machine->hart_count = HARTS;
	cr_assert_eq(bus_init(&machine->bus, 1 << 20), 0);
	machine->trace = trace_open(NULL, 0, HARTS, 0, 0);
	machine->console = console_open(&(struct console_config){ .serial = "null" });
	for (unsigned i = 0; i < HARTS; i++) {
		struct hart *hart = &fixture->harts[i];
		hart->id = i;
		hart->isa = isa_default();
		hart->bus = &machine->bus;
		hart->options = &fixture->config.options;
		hart->platform = &machine->platform;
		hart->now = 1000 + i;
		hart->retired = 900;
		cr_assert_eq(mmu_init(hart, 4), 0);
		cr_assert_eq(exec_init(hart), 0);
	}
	return fixture;
}

static void free_fixture(struct fixture *fixture)
{
	for (unsigned i = 0; i < HARTS; i++) {
		exec_free(&fixture->harts[i]);
		mmu_free(&fixture->harts[i]);
	}
	console_close(fixture->machine.console);
	trace_close(fixture->machine.trace);
	bus_free(&fixture->machine.bus);
	free(fixture);
}

static void world(struct fixture *fixture, enum mode from, enum mode to, uint64_t cycle, uint64_t cause)
{
	struct trace_event event = { .type = TRACE_WORLD, .from = from, .mode = to, .cycle = cycle, .retired = cycle,
	                             .value = { cause, 0, UINT64_C(5) << 44 } };
	trace_emit(fixture->machine.trace, &event);
}

static char *write_stats(const struct fixture *fixture, double seconds)
{
	char path[TEMPORARY_PATH], *text = calloc(1, 1 << 16);
	temporary(path);
	cr_assert_eq(stats_write(path, &fixture->machine, seconds), 0);
	FILE *file = fopen(path, "r");
	cr_assert_gt(fread(text, 1, (1 << 16) - 1, file), 0);
	fclose(file);
	return text;
}

Test(test_stats, has_the_keys_of_the_contract)
{
	static const char *const parts[] = {
		"\"version\": \"", "\"config\": {", "a \\\"quoted\\\" name", "\"cycles\": 1001", "\"instructions\": 1800",
		"\"host_seconds\": 2.0", "\"mips\": 0.0009", "\"trace_hash\": \"0x", "\"harts\": [", "\"stalls\": {", "\"tlb\": {",
		"\"cache\": {", "\"branch\": {", "\"engine\": {", "\"tlb_hits\": ", "\"world_switches\": {", "\"entries\": 2", "\"exits\": 1",
		"\"min\": 40", "\"median\": 40", "\"p99\": 40", "\"max\": 40", "\"zones\": [", "\"vmid\": 5",
		"\"VS\": {\n          \"cycles\": 760,\n          \"instructions\": 760\n",
	};
	struct fixture *fixture = new_fixture();
	world(fixture, MODE_M, MODE_VS, 100, TRACE_RETURN);
	world(fixture, MODE_VS, MODE_HS, 200, CAUSE_ECALL_VS);
	world(fixture, MODE_HS, MODE_VS, 240, TRACE_RETURN);
	fixture->harts[0].now = 900;
	char *text = write_stats(fixture, 2);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		cr_assert_not_null(strstr(text, parts[i]), "%s in %s", parts[i], text);
	free(text);
	free_fixture(fixture);
}

/* Without the two members that the host's speed decides. */
static void cut_host(char *text)
{
	static const char *const keys[] = { "\"host_seconds\"", "\"mips\"" };
	for (unsigned i = 0; i < 2; i++) {
		char *start = strstr(text, keys[i]), *end = strchr(start, '\n');
		memmove(start, end, strlen(end) + 1);
	}
}

Test(test_stats, only_host_time_differs_between_equal_runs)
{
	struct fixture *a = new_fixture(), *b = new_fixture();
	char *first = write_stats(a, 1), *second = write_stats(b, 2);
	cr_assert_str_neq(first, second);
	cut_host(first);
	cut_host(second);
	cr_assert_str_eq(first, second);
	free(first);
	free(second);
	free_fixture(a);
	free_fixture(b);
}

Test(test_stats, a_file_that_cannot_be_written_is_an_error)
{
	struct fixture *fixture = new_fixture();
	cr_assert_eq(stats_write("/nonexistent/stats.json", &fixture->machine, 1), -1);
	cr_assert_eq(stats_write("/dev/full", &fixture->machine, 1), -1);
	free_fixture(fixture);
}
