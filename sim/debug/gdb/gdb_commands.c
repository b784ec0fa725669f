/* Commands that choose which memory a GDB client sees (monitor phys, monitor zone). */
#include <inttypes.h>
#include <string.h>
#include "debug/commands.h"
#include "debug/gdb/gdb_stub.h"

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

/* The G-stage table of a VMID, as some hart has it in force. */
static bool find_zone(const struct machine *machine, uint64_t vmid, uint64_t *hgatp)
{
	for (unsigned i = 0; i < machine->hart_count; i++) {
		*hgatp = machine->harts[i].csr.hgatp;
		if (*hgatp >> hgatp_MODE_LOW && (*hgatp & hgatp_VMID) >> hgatp_VMID_LOW == vmid)
			return true;
	}
	return false;
}

COMMAND(cmd_zone, 228, "zone", "zo", "VMID|off", "a GDB client's memory is the guest-physical memory of a zone")
{
	uint64_t vmid, hgatp;
	if (!needs_client(debugger))
		return false;
	if (strcmp(args, "off") == 0) {
		debugger->gdb->space = GDB_SPACE_HART;
		return true;
	}
	if (!expression_all(debugger, args, &vmid))
		return false;
	if (!find_zone(debugger->machine, vmid, &hgatp))
		return complain(debugger, "no hart has a zone of VMID %" PRIu64, vmid);
	debugger->gdb->space = GDB_SPACE_ZONE;
	debugger->gdb->zone = hgatp;
	return true;
}
