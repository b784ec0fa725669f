/* Showing state: registers, CSRs by field, harts, per-CPU data, the last trap. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "csr/csr.h"
#include "debug/as_json.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/percpu.h"
#include "base/device.h"
#include "isa/insn.h"
#include "hart/mmu.h"
#include "hart/trap.h"

static void print_registers(const struct debugger *debugger, const struct hart *hart)
{
	fprintf(debugger->out, "pc   0x%016llx\n", (unsigned long long)hart->pc);
	for (unsigned i = 0; i < 32; i++)
		fprintf(debugger->out, "%-4s 0x%016llx%s", reg_name(i), (unsigned long long)(i ? hart->x[i] : 0),
		        i % 4 == 3 ? "\n" : "  ");
}

/* One by its name, with or without its $. */
static bool print_named_register(struct debugger *debugger, const char *word, size_t length)
{
	char *text;
	uint64_t value;
	word += *word == '$' ? (length--, 1) : 0;
	if (asprintf(&text, "$%.*s", (int)length, word) < 0)
		return complain(debugger, "no memory");
	bool good = expression_all(debugger, text, &value);
	if (good)
		fprintf(debugger->out, "%-4s 0x%016llx\n", text + 1, (unsigned long long)value);
	free(text);
	return good;
}

TOPIC(topic_regs, 10, "registers", "r", "[NAME... | -a]", "pc and x registers; some of any kind; of all harts (-a)")
{
	struct machine *machine = debugger->machine;
	size_t length;
	if (!*args)
		print_registers(debugger, current(debugger));
	if (strcmp(args, "-a") == 0) {
		for (unsigned i = 0; i < machine->hart_count; i++) {
			fprintf(debugger->out, "hart %u:\n", i);
			print_registers(debugger, &machine->harts[i]);
		}
		return true;
	}
	while (*args) {
		const char *word = next_word(&args, &length);
		if (!print_named_register(debugger, word, length))
			return false;
	}
	return true;
}
AS_JSON(topic_regs)
{
	if (*args)
		return complain(debugger, "info registers -json has all of them");
	struct hart *hart = current(debugger);
	as_json_place(json, "pc", debugger, hart, hart->mode, hart->pc);
	json_open(json, "registers", '{');
	for (unsigned i = 0; i < 32; i++)
		json_hex(json, reg_name(i), i ? hart->x[i] : 0);
	json_close(json, '}');
	return true;
}

TOPIC(topic_fregs, 20, "fregs", "f", "", "f registers and fcsr")
{
	(void)args;
	const struct hart *hart = current(debugger);
	for (unsigned i = 0; i < 32; i++) {
		double value;
		memcpy(&value, &hart->f[i], sizeof value);
		fprintf(debugger->out, "%-4s 0x%016llx %-24.17g%s", freg_name(i), (unsigned long long)hart->f[i], value,
		        i % 2 ? "\n" : "  ");
	}
	fprintf(debugger->out, "fcsr 0x%llx\n", (unsigned long long)hart->csr.fcsr);
	return true;
}
AS_JSON(topic_fregs)
{
	(void)args;
	const struct hart *hart = current(debugger);
	json_open(json, "registers", '{');
	for (unsigned i = 0; i < 32; i++)
		json_hex(json, freg_name(i), hart->f[i]);
	json_close(json, '}');
	json_hex(json, "fcsr", hart->csr.fcsr);
	return true;
}

TOPIC(topic_csr, 30, "csr", "c", "", "CSRs that are not 0; by field: csr NAME")
{
	(void)args;
	const struct csr_info *info;
	uint64_t value;
	for (size_t i = 0; (info = csr_info_at(i)) != NULL; i++)
		if (csr_peek(current(debugger), info->num, &value) && value)
			fprintf(debugger->out, "0x%03x %-14s 0x%016llx\n", info->num, info->name,
			        (unsigned long long)value);
	fprintf(debugger->out, "(those that are 0 are left out)\n");
	return true;
}
/* Those that are 0, too: whoever asks for one finds it. */
AS_JSON(topic_csr)
{
	(void)args;
	const struct csr_info *info;
	uint64_t value;
	json_open(json, "csrs", '{');
	for (size_t i = 0; (info = csr_info_at(i)) != NULL; i++)
		if (csr_peek(current(debugger), info->num, &value))
			json_hex(json, info->name, value);
	json_close(json, '}');
	return true;
}

TOPIC(topic_harts, 40, "harts", "h", "", "mode, cycle and pc of each")
{
	(void)args;
	char name[160];
	for (unsigned i = 0; i < debugger->machine->hart_count; i++) {
		struct hart *hart = &debugger->machine->harts[i];
		debug_symbol(debugger, hart, hart->mode, hart->pc, name, sizeof name);
		fprintf(debugger->out, "%c hart %-2u %-2s %-7s cycle %-12llu retired %-12llu pc 0x%llx%s\n",
		        i == debugger->hart ? '*' : ' ', i, mode_name(hart->mode),
		        hart->waiting ? "waiting" : "running", (unsigned long long)hart->cycle,
		        (unsigned long long)hart->insns, (unsigned long long)hart->pc, name);
	}
	return true;
}
AS_JSON(topic_harts)
{
	(void)args;
	json_open(json, "harts", '[');
	for (unsigned i = 0; i < debugger->machine->hart_count; i++) {
		struct hart *hart = &debugger->machine->harts[i];
		json_open(json, NULL, '{');
		json_u64(json, "hart", i);
		json_string(json, "mode", mode_name(hart->mode));
		json_bool(json, "waiting", hart->waiting);
		json_u64(json, "cycles", hart->cycle);
		json_u64(json, "instructions", hart->insns);
		as_json_place(json, "pc", debugger, hart, hart->mode, hart->pc);
		json_close(json, '}');
	}
	json_close(json, ']');
	return true;
}

static const unsigned interrupts[] = {IRQ_SSI, IRQ_VSSI, IRQ_MSI, IRQ_STI,  IRQ_VSTI, IRQ_MTI,
                                      IRQ_SEI, IRQ_VSEI, IRQ_MEI, IRQ_SGEI, IRQ_LCOFI};
enum { INTERRUPTS = sizeof interrupts / sizeof interrupts[0] };

TOPIC(topic_irq, 150, "irq", "i", "", "interrupts: pending, enabled, delegated")
{
	(void)args;
	const struct hart *hart = current(debugger);
	uint64_t pending = irq_mip(hart);
	for (unsigned i = 0; i < INTERRUPTS; i++) {
		unsigned n = interrupts[i];
		fprintf(debugger->out, "%-2u %-44s%s%s%s%s\n", n, cause_name(true, n),
		        pending >> n & 1 ? " pending" : "", hart->csr.mie >> n & 1 ? " enabled" : "",
		        hart->csr.mideleg >> n & 1 ? " to-HS" : "", hart->csr.hideleg >> n & 1 ? " to-VS" : "");
	}
	fprintf(debugger->out, "hgeip 0x%llx hgeie 0x%llx\n", (unsigned long long)hart->hgei,
	        (unsigned long long)hart->csr.hgeie);
	return true;
}
AS_JSON(topic_irq)
{
	(void)args;
	const struct hart *hart = current(debugger);
	uint64_t pending = irq_mip(hart);
	json_open(json, "interrupts", '[');
	for (unsigned i = 0; i < INTERRUPTS; i++) {
		unsigned n = interrupts[i];
		json_open(json, NULL, '{');
		json_u64(json, "number", n);
		json_string(json, "cause", cause_name(true, n));
		json_bool(json, "pending", pending >> n & 1);
		json_bool(json, "enabled", hart->csr.mie >> n & 1);
		json_bool(json, "to_hs", hart->csr.mideleg >> n & 1);
		json_bool(json, "to_vs", hart->csr.hideleg >> n & 1);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_hex(json, "hgeip", hart->hgei);
	json_hex(json, "hgeie", hart->csr.hgeie);
	return true;
}

/* The slots that --check percpu looks at. False after a complaint. */
static bool find_slots(struct debugger *debugger, struct percpu_array *array)
{
	const struct machine *machine = debugger->machine;
	return check_find_percpu(&machine->config->percpu, machine->symbols, &machine->bus, array) ||
	       complain(debugger,
	                "no --percpu, and no symbols percpu_base, percpu_slot_size, percpu_max in the firmware");
}

TOPIC(topic_percpu, 80, "percpu", "p", "", "the hypervisor's data of each hart, field by field")
{
	(void)args;
	const struct machine *machine = debugger->machine;
	struct percpu_array array;
	if (!find_slots(debugger, &array))
		return false;
	struct type type;
	bool typed = percpu_type(debugger, array.base, array.size, &type);
	for (unsigned i = 0; i < machine->hart_count && i < array.count; i++) {
		const struct hart *hart = &machine->harts[i];
		uint64_t address = array.base + i * array.size, tp = hart->tp.hypervisor, words[4] = {0};
		bus_peek(&machine->bus, address, words, sizeof words);
		fprintf(debugger->out, "hart %-2u slot 0x%llx tp(HS) 0x%llx%s", i, (unsigned long long)address,
		        (unsigned long long)tp,
		        !hart->tp.written[MODE_HS] ? " (never)"
		        : tp == address            ? ""
		                                   : " (NOT its slot)");
		if (!typed)
			fprintf(debugger->out, "  %016llx %016llx %016llx %016llx", (unsigned long long)words[0],
			        (unsigned long long)words[1], (unsigned long long)words[2],
			        (unsigned long long)words[3]);
		fputc('\n', debugger->out);
		if (typed)
			percpu_print(debugger, &type, address);
	}
	return true;
}
static void slot_json(struct debugger *debugger, const struct hart *hart, uint64_t address, const struct type *type,
                      struct json *json)
{
	uint64_t words[4] = {0};
	json_open(json, NULL, '{');
	json_u64(json, "hart", hart->id);
	json_hex(json, "address", address);
	json_hex(json, "tp", hart->tp.hypervisor);
	json_bool(json, "tp_written", hart->tp.written[MODE_HS]);
	json_bool(json, "tp_is_slot", hart->tp.written[MODE_HS] && hart->tp.hypervisor == address);
	json_open(json, type ? "fields" : "words", '[');
	if (type)
		percpu_json(debugger, type, address, json);
	else
		bus_peek(&debugger->machine->bus, address, words, sizeof words);
	for (unsigned i = 0; !type && i < sizeof words / sizeof words[0]; i++)
		json_hex(json, NULL, words[i]);
	json_close(json, ']');
	json_close(json, '}');
}

AS_JSON(topic_percpu)
{
	(void)args;
	const struct machine *machine = debugger->machine;
	struct percpu_array array;
	struct type type;
	if (!find_slots(debugger, &array))
		return false;
	bool typed = percpu_type(debugger, array.base, array.size, &type);
	json_hex(json, "base", array.base);
	json_hex(json, "size", array.size);
	json_open(json, "slots", '[');
	for (unsigned i = 0; i < machine->hart_count && i < array.count; i++)
		slot_json(debugger, &machine->harts[i], array.base + i * array.size, typed ? &type : NULL, json);
	json_close(json, ']');
	return true;
}

TOPIC(topic_mtree, 170, "mtree", "mt", "", "what lies where in physical memory; devices")
{
	(void)args;
	const struct bus *bus = &debugger->machine->bus;
	for (size_t i = 0; i < bus->range_count; i++)
		fprintf(debugger->out, "0x%010llx..0x%010llx %s\n", (unsigned long long)bus->ranges[i].base,
		        (unsigned long long)(bus->ranges[i].base + bus->ranges[i].size - 1),
		        bus->ranges[i].device->name);
	fprintf(debugger->out, "0x%010llx..0x%010llx dram\n", (unsigned long long)bus->dram_base,
	        (unsigned long long)(bus->dram_base + bus->dram_size - 1));
	devices_dump(&debugger->machine->devices, debugger->out);
	return true;
}
static void device_json(const struct device *device, struct json *json)
{
	char *bytes = NULL, *rest, *line;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);
	if (!out)
		return;
	device->dump(device, out);
	fclose(out);
	json_open(json, NULL, '{');
	json_string(json, "device", device->name);
	json_open(json, "state", '[');
	for (rest = bytes; (line = strsep(&rest, "\n")) != NULL;)
		if (*line)
			json_string(json, NULL, line);
	json_close(json, ']');
	json_close(json, '}');
	free(bytes);
}

static void memory_json(const char *name, uint64_t base, uint64_t size, struct json *json)
{
	json_open(json, NULL, '{');
	json_string(json, "name", name);
	json_hex(json, "base", base);
	json_hex(json, "size", size);
	json_close(json, '}');
}

AS_JSON(topic_mtree)
{
	(void)args;
	const struct bus *bus = &debugger->machine->bus;
	const struct devices *devices = &debugger->machine->devices;
	json_open(json, "ranges", '[');
	for (size_t i = 0; i < bus->range_count; i++)
		memory_json(bus->ranges[i].device->name, bus->ranges[i].base, bus->ranges[i].size, json);
	memory_json("dram", bus->dram_base, bus->dram_size, json);
	json_close(json, ']');
	json_open(json, "devices", '[');
	for (size_t i = 0; i < devices->count; i++)
		if (devices->list[i]->dump)
			device_json(devices->list[i], json);
	json_close(json, ']');
	return true;
}

TOPIC(topic_stats, 180, "stats", "s", "", "instructions, trace hash")
{
	(void)args;
	uint64_t total = 0;
	for (unsigned i = 0; i < debugger->machine->hart_count; i++)
		total += debugger->machine->harts[i].insns;
	topic_harts(debugger, "");
	fprintf(debugger->out, "instructions %llu, trace hash 0x%016llx\n", (unsigned long long)total,
	        (unsigned long long)trace_hash(debugger->machine->trace, debugger->machine->harts,
	                                       debugger->machine->hart_count));
	return true;
}
/* Names are those of --stats. */
AS_JSON(topic_stats)
{
	const struct machine *machine = debugger->machine;
	uint64_t total = 0;
	for (unsigned i = 0; i < machine->hart_count; i++)
		total += machine->harts[i].insns;
	json_u64(json, "cycles", machine_now(machine));
	json_u64(json, "instructions", total);
	json_hex(json, "trace_hash", trace_hash(machine->trace, machine->harts, machine->hart_count));
	return json_of_topic_harts(debugger, args, json);
}

TOPIC(topic_status, 190, "status", "status", "", "running, or why it has stopped")
{
	(void)args;
	const struct machine *machine = debugger->machine;
	if (machine->stop == RUNNING)
		fprintf(debugger->out, "paused, at the prompt%s\n",
		        machine->reset_asked ? "; a reset comes first" : "");
	else
		fprintf(debugger->out, "the machine has stopped%s%s\n", *machine->stop_message ? ": " : "",
		        machine->stop_message);
	return true;
}
AS_JSON(topic_status)
{
	(void)args;
	const struct machine *machine = debugger->machine;
	json_string(json, "state", machine->stop == RUNNING ? "paused" : "stopped");
	json_string(json, "reason", *machine->stop_message ? machine->stop_message : NULL);
	json_bool(json, "reset_asked", machine->reset_asked);
	return true;
}

/* The register of this name, and what it holds on the hart. NULL after a complaint. */
static const struct csr_info *find_csr(struct debugger *debugger, const char *name, uint64_t *value)
{
	const struct csr_info *info = csr_info_by_name(name);
	if (!info)
		complain(debugger, "no CSR `%s'", name);
	else if (csr_peek(current(debugger), info->num, value))
		return info;
	else
		complain(debugger, "%s does not exist on this hart", name);
	return NULL;
}

static uint64_t field_value(const struct csr_field *field, uint64_t value)
{
	return value >> field->low & (field->width == 64 ? UINT64_MAX : (UINT64_C(1) << field->width) - 1);
}

COMMAND(cmd_csr, 130, "csr", "cs", "NAME", "show a CSR by field")
{
	uint64_t value;
	const struct csr_info *info = find_csr(debugger, args, &value);
	if (!info)
		return false;
	fprintf(debugger->out, "%s (0x%03x) = 0x%016llx\n", info->name, info->num, (unsigned long long)value);
	for (unsigned i = 0; i < info->field_count; i++) {
		const struct csr_field *field = &info->fields[i];
		fprintf(debugger->out, "  %2u..%-2u %-10s 0x%-8llx %s\n", field->low + field->width - 1u, field->low,
		        field->name, (unsigned long long)field_value(field, value), field->meaning);
	}
	return true;
}
AS_JSON(cmd_csr)
{
	uint64_t value;
	const struct csr_info *info = find_csr(debugger, args, &value);
	if (!info)
		return false;
	json_string(json, "csr", info->name);
	json_u64(json, "number", info->num);
	json_hex(json, "value", value);
	json_open(json, "fields", '[');
	for (unsigned i = 0; i < info->field_count; i++) {
		const struct csr_field *field = &info->fields[i];
		json_open(json, NULL, '{');
		json_string(json, "name", field->name);
		json_u64(json, "low", field->low);
		json_u64(json, "width", field->width);
		json_hex(json, "value", field_value(field, value));
		json_string(json, "meaning", field->meaning);
		json_close(json, '}');
	}
	json_close(json, ']');
	return true;
}

struct trap_value {
	const char *name;
	uint64_t value; /* the true one */
	bool hidden; /* the hart wrote 0 */
};
enum { TRAP_VALUES = 3 };

static void trap_values(const struct last_trap *trap, struct trap_value values[TRAP_VALUES])
{
	values[0] = (struct trap_value){"tval", trap->tval, trap->hidden & TRAP_HIDES_TVAL};
	values[1] = (struct trap_value){"tval2", trap->tval2, trap->hidden & TRAP_HIDES_TVAL2};
	values[2] = (struct trap_value){"tinst", trap->tinst, trap->hidden & TRAP_HIDES_TINST};
}

/* The values that the trap's registers got, and the truth behind those that are 0 by choice. */
static void print_trap_values(struct debugger *debugger, const struct last_trap *trap)
{
	struct trap_value values[TRAP_VALUES];
	trap_values(trap, values);
	for (unsigned i = 0; i < TRAP_VALUES; i++)
		fprintf(debugger->out, " %s 0x%llx", values[i].name,
		        values[i].hidden ? 0 : (unsigned long long)values[i].value);
	if (trap->hidden)
		fprintf(debugger->out, " (true:");
	for (unsigned i = 0; i < TRAP_VALUES; i++)
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
static void explanation_json(const struct trap_route *route, struct json *json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out)
		trap_explain(route, out);
	if (out && fclose(out) == 0)
		json_string(json, "explanation", text);
	free(text);
}

AS_JSON(cmd_why)
{
	(void)args;
	const struct last_trap *trap = &debugger->traps[debugger->hart];
	const struct trap_route *route = &trap->route;
	struct trap_value values[TRAP_VALUES];
	if (!trap->valid)
		return complain(debugger, "hart %u has taken no trap yet", debugger->hart);
	json_string(json, "cause", cause_name(route->interrupt, route->cause));
	json_bool(json, "interrupt", route->interrupt);
	json_u64(json, "number", route->cause);
	json_u64(json, "code", route->code);
	json_string(json, "from", mode_name(route->from));
	json_string(json, "to", route->way == WAY_STOP ? NULL : mode_name(route->to));
	json_bool(json, "delegated", route->delegated);
	json_bool(json, "delegated_again", route->delegated_again);
	json_bool(json, "double", route->twice);
	as_json_place(json, "pc", debugger, current(debugger), route->from, trap->pc);
	json_u64(json, "cycle", trap->cycle);
	trap_values(trap, values);
	for (unsigned i = 0; i < TRAP_VALUES; i++)
		json_hex(json, values[i].name, values[i].hidden ? 0 : values[i].value);
	json_open(json, "true", '{');
	for (unsigned i = 0; i < TRAP_VALUES; i++)
		if (values[i].hidden)
			json_hex(json, values[i].name, values[i].value);
	json_close(json, '}');
	explanation_json(route, json);
	return true;
}
