/* What takes a user back to the prompt, or the debugger out of all it does. */
#include "debug/debugger.h"
#include "debug/gdb/gdb_link.h"

bool debug_interrupted(struct debugger *debugger)
{
	struct machine *machine = debugger->machine;
	machine_attend(machine);
	bool asked = machine->wants_debugger;
	machine->wants_debugger = false;
	asked |= debugger->link && gdb_link_asks(debugger->link);
	return machine_called_off(machine) || asked;
}
