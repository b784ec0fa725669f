/* Commands that choose which memory a GDB client sees (monitor phys, monitor zone). */
#include <string.h>
#include "base/symbols.h"
#include "debug/commands.h"
#include "debug/gdb/gdb_stub.h"
#include "debug/switches.h"

static bool needs_client(struct debugger *debugger)
{
	return debugger->gdb ||
	       complain(debugger, "that is for a GDB client (-gdb): here x, xp and translate show memory");
}

COMMAND(cmd_phys, 227, "phys", "ph", "[on|off]", "a GDB client's memory is physical, or as the hart has it")
{
	if (!needs_client(debugger))
		return false;
	if (strcmp(args, "on") == 0)
		debugger->gdb->space = GDB_SPACE_PHYSICAL;
	else if (strcmp(args, "off") == 0)
		debugger->gdb->space = GDB_SPACE_HART;
	else if (*args)
		return complain(debugger, "phys on or phys off");
	fprintf(debugger->out, "memory is %s\n",
	        debugger->gdb->space == GDB_SPACE_PHYSICAL ? "physical"
	        : debugger->gdb->space == GDB_SPACE_ZONE   ? "a zone's, guest-physical"
	                                                   : "as the hart has it");
	return true;
}

static bool is_zones(const struct machine *machine, uint64_t hgatp, unsigned space)
{
	return hgatp >> hgatp_MODE_LOW && symbols_space_of(machine->symbols, hgatp) == space;
}

/* A zone's G-stage table: as a hart has it in force, or as its vCPUs had it that was seen last. */
static bool find_zone(struct debugger *debugger, unsigned space, uint64_t *hgatp)
{
	const struct machine *machine = debugger->machine;
	const struct seen_vcpu *vcpu;
	bool found = false;
	for (size_t i = 0; (vcpu = switches_vcpu(debugger, i)) != NULL; i++)
		if (is_zones(machine, vcpu->hgatp, space)) {
			*hgatp = vcpu->hgatp;
			found = true;
		}
	for (unsigned i = 0; i < machine->hart_count; i++)
		if (is_zones(machine, machine->harts[i].csr.hgatp, space)) {
			*hgatp = machine->harts[i].csr.hgatp;
			found = true;
		}
	return found;
}

COMMAND(cmd_zone, 228, "zone", "zo", "NAME|VMID|off", "a GDB client's memory is the guest-physical memory of a zone")
{
	uint64_t hgatp;
	unsigned space;
	const char *rest = args;
	if (!needs_client(debugger))
		return false;
	if (strcmp(args, "off") == 0) {
		debugger->gdb->space = GDB_SPACE_HART;
		return true;
	}
	if (!debug_zone(debugger, &rest, &space))
		return false;
	if (*rest)
		return complain(debugger, "what is `%s'?", rest);
	if (!find_zone(debugger, space, &hgatp))
		return complain(debugger, "zone %s has not run yet", args);
	debugger->gdb->space = GDB_SPACE_ZONE;
	debugger->gdb->zone = hgatp;
	return true;
}
