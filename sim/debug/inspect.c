/* Showing state: registers, CSRs by field, harts, per-CPU data, the last trap. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "csr/csr.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/mappings.h"
#include "debug/topics.h"
#include "debug/travel.h"
#include "base/device.h"
#include "isa/insn.h"
#include "hart/mmu.h"
#include "hart/trap.h"

typedef void info_function(struct debugger *debugger);

static void info_regs(struct debugger *debugger)
{
	const struct hart *hart = current(debugger);
	fprintf(debugger->out, "pc   0x%016llx\n", (unsigned long long)hart->pc);
	for (unsigned i = 0; i < 32; i++)
		fprintf(debugger->out, "%-4s 0x%016llx%s", reg_name(i), (unsigned long long)(i ? hart->x[i] : 0),
		        i % 4 == 3 ? "\n" : "  ");
}

static void info_fregs(struct debugger *debugger)
{
	const struct hart *hart = current(debugger);
	for (unsigned i = 0; i < 32; i++) {
		double value;
		memcpy(&value, &hart->f[i], sizeof value);
		fprintf(debugger->out, "%-4s 0x%016llx %-24.17g%s", freg_name(i), (unsigned long long)hart->f[i], value,
		        i % 2 ? "\n" : "  ");
	}
	fprintf(debugger->out, "fcsr 0x%llx\n", (unsigned long long)hart->csr.fcsr);
}

static void info_csr(struct debugger *debugger)
{
	const struct csr_info *info;
	uint64_t value;
	for (size_t i = 0; (info = csr_info_at(i)) != NULL; i++)
		if (csr_peek(current(debugger), info->num, &value) && value)
			fprintf(debugger->out, "0x%03x %-14s 0x%016llx\n", info->num, info->name,
			        (unsigned long long)value);
	fprintf(debugger->out, "(those that are 0 are left out)\n");
}

static void info_harts(struct debugger *debugger)
{
	char name[160];
	for (unsigned i = 0; i < debugger->machine->hart_count; i++) {
		struct hart *hart = &debugger->machine->harts[i];
		debug_symbol(debugger, hart, hart->mode, hart->pc, name, sizeof name);
		fprintf(debugger->out, "%c hart %-2u %-2s %-7s cycle %-12llu retired %-12llu pc 0x%llx%s\n",
		        i == debugger->hart ? '*' : ' ', i, mode_name(hart->mode),
		        hart->waiting ? "waiting" : "running", (unsigned long long)hart->cycle,
		        (unsigned long long)hart->insns, (unsigned long long)hart->pc, name);
	}
}

static void info_irq(struct debugger *debugger)
{
	const struct hart *hart = current(debugger);
	static const unsigned numbers[] = {IRQ_SSI, IRQ_VSSI, IRQ_MSI, IRQ_STI,  IRQ_VSTI, IRQ_MTI,
	                                   IRQ_SEI, IRQ_VSEI, IRQ_MEI, IRQ_SGEI, IRQ_LCOFI};
	uint64_t pending = irq_mip(hart);
	for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		unsigned n = numbers[i];
		fprintf(debugger->out, "%-2u %-44s%s%s%s%s\n", n, cause_name(true, n),
		        pending >> n & 1 ? " pending" : "", hart->csr.mie >> n & 1 ? " enabled" : "",
		        hart->csr.mideleg >> n & 1 ? " to-HS" : "", hart->csr.hideleg >> n & 1 ? " to-VS" : "");
	}
	fprintf(debugger->out, "hgeip 0x%llx hgeie 0x%llx\n", (unsigned long long)hart->hgei,
	        (unsigned long long)hart->csr.hgeie);
}

/* The slots that --check percpu looks at. */
static void info_percpu(struct debugger *debugger)
{
	const struct machine *machine = debugger->machine;
	struct percpu_array array;
	if (!check_find_percpu(&machine->config->percpu, machine->symbols, &machine->bus, &array)) {
		complain(debugger,
		         "no --percpu, and no symbols percpu_base, percpu_slot_size, percpu_max in the firmware");
		return;
	}
	for (unsigned i = 0; i < machine->hart_count && i < array.count; i++) {
		const struct hart *hart = &machine->harts[i];
		uint64_t address = array.base + i * array.size, tp = hart->tp.hypervisor, words[4] = {0};
		bus_peek(&machine->bus, address, words, sizeof words);
		fprintf(debugger->out, "hart %-2u slot 0x%llx tp(HS) 0x%llx%s  %016llx %016llx %016llx %016llx\n", i,
		        (unsigned long long)address, (unsigned long long)tp,
		        !hart->tp.written[MODE_HS] ? " (never)"
		        : tp == address            ? ""
		                                   : " (NOT its slot)",
		        (unsigned long long)words[0], (unsigned long long)words[1], (unsigned long long)words[2],
		        (unsigned long long)words[3]);
	}
}

static void info_mtree(struct debugger *debugger)
{
	const struct bus *bus = &debugger->machine->bus;
	for (size_t i = 0; i < bus->range_count; i++)
		fprintf(debugger->out, "0x%010llx..0x%010llx %s\n", (unsigned long long)bus->ranges[i].base,
		        (unsigned long long)(bus->ranges[i].base + bus->ranges[i].size - 1),
		        bus->ranges[i].device->name);
	fprintf(debugger->out, "0x%010llx..0x%010llx dram\n", (unsigned long long)bus->dram_base,
	        (unsigned long long)(bus->dram_base + bus->dram_size - 1));
	devices_dump(&debugger->machine->devices, debugger->out);
}

static void info_stats(struct debugger *debugger)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < debugger->machine->hart_count; i++)
		total += debugger->machine->harts[i].insns;
	info_harts(debugger);
	fprintf(debugger->out, "instructions %llu, trace hash 0x%016llx\n", (unsigned long long)total,
	        (unsigned long long)trace_hash(debugger->machine->trace, debugger->machine->harts,
	                                       debugger->machine->hart_count));
}

static void info_status(struct debugger *debugger)
{
	const struct machine *machine = debugger->machine;
	if (machine->stop == RUNNING)
		fprintf(debugger->out, "paused, at the prompt%s\n",
		        machine->reset_asked ? "; a reset comes first" : "");
	else
		fprintf(debugger->out, "the machine has stopped%s%s\n", *machine->stop_message ? ": " : "",
		        machine->stop_message);
}

COMMAND(
    cmd_info, 120, "info", "i",
    "regs|fregs|csr|harts|breakpoints|percpu|zones|vcpus|switch|tp|gstage|pt|cache|tlb|irq|mem|mtree|checkpoints|stats|status",
    "show state")
{
	static const struct {
		const char *name;
		info_function *run;
	} topics[] = {
	    {"regs", info_regs},   {"registers", info_regs}, {"fregs", info_fregs},         {"csr", info_csr},
	    {"harts", info_harts}, {"threads", info_harts},  {"breakpoints", points_print}, {"percpu", info_percpu},
	    {"irq", info_irq},     {"mtree", info_mtree},    {"checkpoints", travel_print}, {"stats", info_stats},
	    {"qtree", info_mtree}, {"cpus", info_harts},     {"status", info_status},       {"mem", info_mem},
	};
	size_t length;
	const char *rest = args, *word = next_word(&rest, &length);
	topic_function *topic = topic_find(word, length);
	if (topic)
		return topic(debugger, rest);
	for (unsigned i = 0; i < sizeof topics / sizeof topics[0]; i++)
		if (*args && strncmp(topics[i].name, args, strlen(args)) == 0) {
			topics[i].run(debugger);
			return true;
		}
	return complain(
	    debugger,
	    "info regs|fregs|csr|harts|breakpoints|percpu|zones|vcpus|switch|tp|gstage|pt|cache|tlb|irq|mem|mtree|checkpoints|stats|status");
}

COMMAND(cmd_csr, 130, "csr", "cs", "NAME", "show a CSR by field")
{
	const struct csr_info *info = csr_info_by_name(args);
	uint64_t value;
	if (!info)
		return complain(debugger, "no CSR `%s'", args);
	if (!csr_peek(current(debugger), info->num, &value))
		return complain(debugger, "%s does not exist on this hart", args);
	fprintf(debugger->out, "%s (0x%03x) = 0x%016llx\n", info->name, info->num, (unsigned long long)value);
	for (unsigned i = 0; i < info->field_count; i++) {
		const struct csr_field *field = &info->fields[i];
		uint64_t mask = field->width == 64 ? UINT64_MAX : (UINT64_C(1) << field->width) - 1;
		fprintf(debugger->out, "  %2u..%-2u %-10s 0x%-8llx %s\n", field->low + field->width - 1u, field->low,
		        field->name, (unsigned long long)(value >> field->low & mask), field->meaning);
	}
	return true;
}

COMMAND(cmd_print, 170, "print", "p", "EXPR", "evaluate: numbers, $registers, $csrs, symbols, C operators")
{
	uint64_t value;
	char name[160];
	if (!expression_all(debugger, args, &value))
		return false;
	fprintf(debugger->out, "0x%llx %lld%s\n", (unsigned long long)value, (long long)value,
	        debug_symbol(debugger, current(debugger), current(debugger)->mode, value, name, sizeof name));
	return true;
}

/* The values that the trap's registers got, and the truth behind those that are 0 by choice. */
static void print_trap_values(struct debugger *debugger, const struct last_trap *trap)
{
	const struct {
		const char *name;
		uint64_t value;
		bool hidden;
	} values[] = {
	    {"tval", trap->tval, trap->hidden & TRAP_HIDES_TVAL},
	    {"tval2", trap->tval2, trap->hidden & TRAP_HIDES_TVAL2},
	    {"tinst", trap->tinst, trap->hidden & TRAP_HIDES_TINST},
	};
	enum { COUNT = sizeof values / sizeof values[0] };
	for (unsigned i = 0; i < COUNT; i++)
		fprintf(debugger->out, " %s 0x%llx", values[i].name,
		        values[i].hidden ? 0 : (unsigned long long)values[i].value);
	if (trap->hidden)
		fprintf(debugger->out, " (true:");
	for (unsigned i = 0; i < COUNT; i++)
		if (values[i].hidden)
			fprintf(debugger->out, " %s 0x%llx", values[i].name, (unsigned long long)values[i].value);
	fputs(trap->hidden ? ")\n" : "\n", debugger->out);
}

COMMAND(cmd_why, 190, "why", "wh", "", "the hart's last trap: where it went, and which delegation bits sent it")
{
	(void)args;
	const struct last_trap *trap = &debugger->traps[debugger->hart];
	char name[160];
	if (!trap->valid)
		return complain(debugger, "hart %u has taken no trap yet", debugger->hart);
	enum mode from = trap->route.from;
	fprintf(
	    debugger->out, "%s at 0x%llx%s in %s, cycle %llu:", cause_name(trap->route.interrupt, trap->route.cause),
	    (unsigned long long)trap->pc, debug_symbol(debugger, current(debugger), from, trap->pc, name, sizeof name),
	    mode_name(from), (unsigned long long)trap->cycle);
	print_trap_values(debugger, trap);
	trap_explain(&trap->route, debugger->out);
	fputc('\n', debugger->out);
	return true;
}
