/* info zones, vcpus, switch and tp: guests as the hardware has shown them, of whatever hypervisor that is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "debug/switches.h"
#include "debug/commands.h"
#include "trace/world.h"

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

/* Guests that were given to the machine and have not been recognised. */
static void print_unseen(struct debugger *debugger)
{
	const struct symbols *symbols = debugger->machine->symbols;
	for (unsigned space = 0; space < symbols_spaces(symbols); space++) {
		const struct symbol_binding *binding;
		bool bound = false;
		for (size_t i = 0; (binding = symbols_binding(symbols, i)) != NULL; i++)
			bound |= binding->space == space;
		if (symbols_is_guest(symbols, space) && !bound)
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

TOPIC(topic_switch, 110, "switch", "sw", "", "the hart's last world switch: what the guest got back otherwise")
{
	if (!no_arguments(debugger, args))
		return false;
	if (!switches_last(debugger, debugger->hart))
		return complain(debugger, "hart %u has switched to no guest yet", debugger->hart);
	switches_print(debugger, debugger->hart);
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
