/* Ctrl-C. The signal is blocked while the debugger runs, so it stays pending until somebody looks. */
#include <signal.h>
#include "debug/debugger.h"

bool debug_interrupted(const struct debugger *debugger)
{
	sigset_t pending;
	if (!debugger->interactive)
		return false;
	sigpending(&pending);
	if (!sigismember(&pending, SIGINT))
		return false;
	int number;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigwait(&set, &number);
	return true;
}
