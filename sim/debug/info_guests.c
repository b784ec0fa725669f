/* info zones, vcpus, switch and tp: guests as the hardware has shown them, of whatever hypervisor that is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "debug/as_json.h"
#include "debug/switches.h"
#include "debug/commands.h"
#include "trace/world.h"
#include "trace/world_json.h"

static bool no_arguments(struct debugger *debugger, const char *args)
{
	return !*args || complain(debugger, "what is `%s'?", args);
}

static struct world_now *now_of(const struct machine *machine)
{
	struct world_now *now = calloc(machine->hart_count, sizeof *now);
	for (unsigned i = 0; now && i < machine->hart_count; i++)
		now[i] = (struct world_now){machine->harts[i].cycle, machine->harts[i].insns};
	return now;
}

/* ---- vCPUs ---- */

static void print_where(struct debugger *debugger, const struct seen_vcpu *vcpu)
{
	char name[160];
	const struct switch_image *image = &vcpu->left;
	if (vcpu->inside) {
		struct hart *hart = &debugger->machine->harts[vcpu->entered.hart];
		debug_symbol(debugger, hart, hart->mode, hart->pc, name, sizeof name);
		fprintf(debugger->out, "runs on hart %u in %s at 0x%" PRIx64 "%s", hart->id, mode_name(hart->mode),
		        hart->pc, name);
		return;
	}
	const struct symbols *symbols = debugger->machine->symbols;
	uint64_t offset = 0;
	uint64_t vsatp = switches_vsatp(image);
	uint32_t asid = vsatp >> satp_MODE_LOW ? (uint32_t)((vsatp & satp_ASID) >> satp_ASID_LOW) : ASID_ANY;
	const char *known = symbols_find_at(symbols, symbols_space_of(symbols, vcpu->hgatp), asid, image->pc, &offset);
	fprintf(debugger->out, "left hart %u in %s at 0x%" PRIx64, image->hart, mode_name(image->mode), image->pc);
	if (known)
		fprintf(debugger->out, offset ? " <%s+0x%" PRIx64 ">" : " <%s>", known, offset);
	fprintf(debugger->out, ", cycle %" PRIu64 ": %s", image->cycle, world_cause_name(vcpu->cause));
}

static void print_vcpu(struct debugger *debugger, const struct seen_vcpu *vcpu)
{
	char zone[160];
	fprintf(debugger->out, "%s vCPU 0x%" PRIx64 ": ", switches_zone(debugger, vcpu->hgatp, zone, sizeof zone),
	        vcpu->sscratch);
	print_where(debugger, vcpu);
	fprintf(debugger->out, "; %" PRIu64 " entries, %" PRIu64 " exits\n", vcpu->entries, vcpu->exits);
}

TOPIC(topic_vcpus, 100, "vcpus", "v", "", "each vCPU: where it is or last was, its exits")
{
	const struct seen_vcpu *vcpu;
	if (!no_arguments(debugger, args))
		return false;
	for (size_t i = 0; (vcpu = switches_vcpu(debugger, i)) != NULL; i++)
		print_vcpu(debugger, vcpu);
	if (!switches_vcpu(debugger, 0))
		fprintf(debugger->out, "no guest has run yet\n");
	return true;
}
static void vcpu_json(struct debugger *debugger, const struct seen_vcpu *vcpu, struct json *json)
{
	struct hart *hart = &debugger->machine->harts[vcpu->entered.hart];
	json_open(json, NULL, '{');
	switches_zone_json(debugger, vcpu->hgatp, json);
	json_hex(json, "vcpu", vcpu->sscratch);
	json_bool(json, "inside", vcpu->inside);
	json_u64(json, "entries", vcpu->entries);
	json_u64(json, "exits", vcpu->exits);
	json_open(json, vcpu->inside ? "at" : "left", '{');
	if (vcpu->inside) {
		json_u64(json, "hart", hart->id);
		json_string(json, "mode", mode_name(hart->mode));
		as_json_place(json, "pc", debugger, hart, hart->mode, hart->pc);
	} else {
		switches_image_json(debugger, vcpu, &vcpu->left, json);
		json_string(json, "cause", world_cause_name(vcpu->cause));
	}
	json_close(json, '}');
	json_close(json, '}');
}

AS_JSON(topic_vcpus)
{
	const struct seen_vcpu *vcpu;
	if (!no_arguments(debugger, args))
		return false;
	json_open(json, "vcpus", '[');
	for (size_t i = 0; (vcpu = switches_vcpu(debugger, i)) != NULL; i++)
		vcpu_json(debugger, vcpu, json);
	json_close(json, ']');
	return true;
}

/* ---- zones ---- */

static void print_exits(struct debugger *debugger, unsigned vmid)
{
	size_t count;
	struct world_exits *exits = world_exits(trace_world(debugger->machine->trace), (int)vmid, &count);
	for (size_t i = 0; i < count; i++)
		fprintf(debugger->out, "  %-40s %" PRIu64 "\n", world_cause_name(exits[i].cause), exits[i].count);
	world_exits_free(exits, count);
}

static void print_tables_of(struct debugger *debugger, unsigned vmid)
{
	const struct seen_vcpu *vcpu, *before;
	for (size_t i = 0; (vcpu = switches_vcpu(debugger, i)) != NULL; i++) {
		bool again = (vcpu->hgatp & hgatp_VMID) >> hgatp_VMID_LOW != vmid;
		for (size_t j = 0; !again && j < i && (before = switches_vcpu(debugger, j)) != NULL; j++)
			again = before->hgatp == vcpu->hgatp;
		if (!again)
			fprintf(debugger->out, "  G-stage root 0x%" PRIx64 ", mode %" PRIu64 " (hgatp 0x%" PRIx64 ")\n",
			        (vcpu->hgatp & hgatp_PPN) << PAGE_SHIFT, vcpu->hgatp >> hgatp_MODE_LOW, vcpu->hgatp);
	}
}

static uint64_t any_hgatp(const struct debugger *debugger, unsigned vmid)
{
	const struct seen_vcpu *vcpu;
	for (size_t i = 0; (vcpu = switches_vcpu(debugger, i)) != NULL; i++)
		if ((vcpu->hgatp & hgatp_VMID) >> hgatp_VMID_LOW == vmid)
			return vcpu->hgatp;
	return (uint64_t)vmid << hgatp_VMID_LOW;
}

static void print_zone(struct debugger *debugger, const struct world_zone *zone)
{
	char name[160];
	const struct seen_vcpu *vcpu;
	fprintf(debugger->out,
	        "%s: %" PRIu64 " entries, %" PRIu64 " exits, %" PRIu64 " cycles, %" PRIu64 " instructions\n",
	        switches_zone(debugger, any_hgatp(debugger, zone->vmid), name, sizeof name), zone->entries, zone->exits,
	        zone->cycles, zone->instructions);
	print_tables_of(debugger, zone->vmid);
	for (size_t i = 0; (vcpu = switches_vcpu(debugger, i)) != NULL; i++)
		if ((vcpu->hgatp & hgatp_VMID) >> hgatp_VMID_LOW == zone->vmid) {
			fprintf(debugger->out, "  vCPU 0x%" PRIx64 " ", vcpu->sscratch);
			print_where(debugger, vcpu);
			fputc('\n', debugger->out);
		}
	print_exits(debugger, zone->vmid);
}

/* Has this guest been recognised? */
static bool was_seen(const struct symbols *symbols, unsigned space)
{
	const struct symbol_binding *binding;
	for (size_t i = 0; (binding = symbols_binding(symbols, i)) != NULL; i++)
		if (binding->space == space)
			return true;
	return false;
}

/* Guests that were given to the machine. */
static void print_unseen(struct debugger *debugger)
{
	const struct symbols *symbols = debugger->machine->symbols;
	for (unsigned space = 0; space < symbols_spaces(symbols); space++) {
		if (symbols_is_guest(symbols, space) && !was_seen(symbols, space))
			fprintf(debugger->out, "zone %s: has not been seen to run\n",
			        symbols_space_name(symbols, space));
	}
}

/* What each hart is set to, whether a guest has run there or not. */
static void print_harts(struct debugger *debugger)
{
	char zone[160];
	for (unsigned i = 0; i < debugger->machine->hart_count; i++) {
		const struct hart *hart = &debugger->machine->harts[i];
		fprintf(debugger->out, "hart %-2u hgatp 0x%" PRIx64 ", %s%s\n", i, hart->csr.hgatp,
		        switches_zone(debugger, hart->csr.hgatp, zone, sizeof zone),
		        mode_virt(hart->mode) ? ", in the guest" : "");
	}
}

TOPIC(topic_zones, 90, "zones", "z", "", "each zone: vCPUs, exits by cause, its G-stage table")
{
	size_t count = 0;
	if (!no_arguments(debugger, args))
		return false;
	struct world_now *now = now_of(debugger->machine);
	struct world_zone *zones = world_zones(trace_world(debugger->machine->trace), now, &count);
	for (size_t i = 0; i < count; i++)
		print_zone(debugger, &zones[i]);
	print_unseen(debugger);
	if (!count)
		fprintf(debugger->out, "no guest has run yet\n");
	print_harts(debugger);
	free(zones);
	free(now);
	return true;
}
static const char *host_name(void *symbols, enum mode mode, unsigned guest, uint64_t address, uint64_t *offset)
{
	(void)mode; /* functions of exits are the hypervisor's */
	(void)guest;
	return symbols_find(symbols, address, offset);
}

static void guests_json(const struct symbols *symbols, struct json *json)
{
	json_open(json, "guests", '[');
	for (unsigned space = 0; space < symbols_spaces(symbols); space++) {
		if (!symbols_is_guest(symbols, space))
			continue;
		json_open(json, NULL, '{');
		json_string(json, "zone", symbols_space_name(symbols, space));
		json_bool(json, "seen", was_seen(symbols, space));
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* "zones" is that of --stats; beside it stands what each hart is set to, and each guest. */
AS_JSON(topic_zones)
{
	const struct machine *machine = debugger->machine;
	struct trace_names names = {host_name, machine->symbols};
	if (!no_arguments(debugger, args))
		return false;
	struct world_now *now = now_of(machine);
	if (!now)
		return complain(debugger, "no memory");
	world_json_zones(json, trace_world(machine->trace), now, &names);
	free(now);
	guests_json(machine->symbols, json);
	json_open(json, "harts", '[');
	for (unsigned i = 0; i < machine->hart_count; i++) {
		json_open(json, NULL, '{');
		json_u64(json, "hart", i);
		switches_zone_json(debugger, machine->harts[i].csr.hgatp, json);
		json_bool(json, "inside", mode_virt(machine->harts[i].mode));
		json_close(json, '}');
	}
	json_close(json, ']');
	return json_of_topic_vcpus(debugger, args, json);
}

static bool has_switched(struct debugger *debugger, const char *args)
{
	if (!no_arguments(debugger, args))
		return false;
	return switches_last(debugger, debugger->hart) ||
	       complain(debugger, "hart %u has switched to no guest yet", debugger->hart);
}

TOPIC(topic_switch, 110, "switch", "sw", "", "the hart's last world switch: what the guest got back otherwise")
{
	if (!has_switched(debugger, args))
		return false;
	switches_print(debugger, debugger->hart);
	return true;
}
AS_JSON(topic_switch)
{
	if (!has_switched(debugger, args))
		return false;
	switches_json(debugger, switches_last(debugger, debugger->hart), json);
	return true;
}

/* ---- tp ---- */

/* Whose value that is: a slot of the hypervisor's per-CPU data, the guest's, or neither. */
static const char *whose_tp(const struct debugger *debugger, uint64_t value, char *text, size_t size)
{
	const struct machine *machine = debugger->machine;
	const struct hart *hart = current(debugger);
	struct percpu_array array;
	const struct seen_vcpu *vcpu = switches_last(debugger, hart->id);
	bool is_array = check_find_percpu(&machine->config->percpu, machine->symbols, &machine->bus, &array) &&
	                array.size != 0;
	uint64_t slot = is_array ? (value - array.base) / array.size : 0;
	if (is_array && value >= array.base && slot < array.count) {
		bool start = value == array.base + slot * array.size;
		snprintf(text, size, "%s per-CPU slot %" PRIu64 "%s", start ? "the hypervisor's" : "inside", slot,
		         slot == hart->id ? ", this hart's" : ", NOT this hart's");
	} else if (vcpu && (value == hart->tp.guest || (vcpu->left.known && value == vcpu->left.x[4]))) {
		char zone[80];
		snprintf(text, size, "the guest's, %s", switches_zone(debugger, vcpu->hgatp, zone, sizeof zone));
	} else {
		snprintf(text, size, "%s", value ? "neither a per-CPU slot nor the guest's" : "nobody's: 0");
	}
	return text;
}

TOPIC(topic_tp, 70, "tp", "tp", "", "who wrote tp, when, and whose value is whose")
{
	struct hart *hart = current(debugger);
	const struct tp_file *tp = &hart->tp;
	char name[160], whose[160];
	if (!no_arguments(debugger, args))
		return false;
	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		if (!tp->written[mode])
			continue;
		debug_symbol(debugger, hart, mode, tp->pc[mode], name, sizeof name);
		fprintf(debugger->out,
		        "%c %-2s wrote tp = 0x%016" PRIx64 " at pc 0x%" PRIx64 "%s, cycle %" PRIu64 ": %s\n",
		        tp->last_writer == mode ? '*' : ' ', mode_name(mode), tp->value[mode], tp->pc[mode], name,
		        tp->cycle[mode], whose_tp(debugger, tp->value[mode], whose, sizeof whose));
	}
	fprintf(debugger->out, "tp is 0x%" PRIx64 ", %s; the hypervisor's 0x%" PRIx64 ", the guest's 0x%" PRIx64 "\n",
	        hart->x[4], whose_tp(debugger, hart->x[4], whose, sizeof whose), tp->hypervisor, tp->guest);
	return true;
}

AS_JSON(topic_tp)
{
	struct hart *hart = current(debugger);
	const struct tp_file *tp = &hart->tp;
	char whose[160];
	if (!no_arguments(debugger, args))
		return false;
	json_hex(json, "tp", hart->x[4]);
	json_string(json, "whose", whose_tp(debugger, hart->x[4], whose, sizeof whose));
	json_hex(json, "hypervisor", tp->hypervisor);
	json_hex(json, "guest", tp->guest);
	json_open(json, "written", '[');
	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		if (!tp->written[mode])
			continue;
		json_open(json, NULL, '{');
		json_string(json, "mode", mode_name(mode));
		json_bool(json, "last", tp->last_writer == mode);
		json_hex(json, "value", tp->value[mode]);
		as_json_place(json, "pc", debugger, hart, mode, tp->pc[mode]);
		json_u64(json, "cycle", tp->cycle[mode]);
		json_string(json, "whose", whose_tp(debugger, tp->value[mode], whose, sizeof whose));
		json_close(json, '}');
	}
	json_close(json, ']');
	return true;
}
