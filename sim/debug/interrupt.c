/* What takes a user back to the prompt, or the debugger out of all it does. */
#include "debug/debugger.h"

bool debug_interrupted(struct debugger *debugger)
{
	struct machine *machine = debugger->machine;
	machine_attend(machine);
	bool asked = machine->wants_debugger;
	machine->wants_debugger = false;
	return machine_called_off(machine) || asked;
}
