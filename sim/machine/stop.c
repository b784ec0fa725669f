/* How a run comes to its end: the machine is told to stop, or the host calls it off. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include "base/host_clock.h"
#include "base/host_signals.h"
#include "dev/console.h"
#include "isa/privileged.h"
#include "machine/display.h"
#include "trace/trace.h"

void machine_yield(struct machine *machine)
{
	for (unsigned i = 0; i < machine->hart_count; i++)
		machine->harts[i].effects |= EFFECT_YIELD;
}

void machine_stop(struct machine *machine, enum stop_reason reason, unsigned code, const char *message)
{
	if (machine->stop != RUNNING)
		return;
	machine->stop = reason;
	machine->exit_code = code;
	snprintf(machine->stop_message, sizeof(machine->stop_message), "%s", message ? message : "");
	machine_yield(machine);
}

/* A hart for which instructions have long done nothing but trap, without one that retired in between; NULL: none. */
static const struct hart *trapping_hart(const struct machine *machine)
{
	enum { LONG = 100 };
	for (unsigned i = 0; i < machine->hart_count; i++) {
		const struct hart *hart = &machine->harts[i];
		if (hart->trapped.insns == hart->insns && hart->trapped.in_a_row >= LONG)
			return hart;
	}
	return NULL;
}

static const char *vector_name(enum mode mode)
{
	return mode == MODE_M ? "mtvec" : mode == MODE_HS ? "stvec" : "vstvec";
}

static uint64_t trap_vector(const struct hart *hart)
{
	return hart->mode == MODE_M ? hart->csr.mtvec : hart->mode == MODE_HS ? hart->csr.stvec : hart->csr.vstvec;
}

const struct hart *machine_critical_hart(const struct machine *machine)
{
	for (unsigned i = 0; i < machine->hart_count; i++)
		if (machine->harts[i].halted)
			return &machine->harts[i];
	return NULL;
}

void machine_critical_text(const struct hart *hart, char *text, size_t size)
{
	snprintf(text, size,
	         "hart %u is in the critical-error state: at 0x%" PRIx64 " M-mode trapped (%s) while it could not",
	         hart->id, hart->pc, cause_name(false, hart->trap.cause));
}

void machine_give_up(struct machine *machine, enum stop_reason reason, unsigned code, const char *message)
{
	const struct hart *critical = machine_critical_hart(machine), *trapping = trapping_hart(machine);
	char why[160], text[sizeof(machine->stop_message)];
	why[0] = '\0';
	if (critical)
		machine_critical_text(critical, why, sizeof(why));
	else if (trapping)
		snprintf(why, sizeof(why), "every instruction traps at 0x%" PRIx64 " (%s %#" PRIx64 ")", trapping->pc,
		         vector_name(trapping->mode), trap_vector(trapping));
	snprintf(text, sizeof(text), "%s%s%s", message, why[0] ? ": " : "", why);
	machine_stop(machine, reason, code, text);
}

void machine_start_clock(struct machine *machine)
{
	machine->deadline = machine->config->timeout > 0 ? host_seconds() + machine->config->timeout : 0;
}

/* SIGINT is for the debugger, if one listens. */
static int ending_signal(struct machine *machine)
{
	int signal = host_signals_ending();
	if (signal == SIGINT && machine->debugged && host_signals_take(SIGINT)) {
		machine->wants_debugger = true;
		return host_signals_ending();
	}
	return signal;
}

bool machine_called_off(struct machine *machine)
{
	char text[64], name[16];
	int signal = ending_signal(machine);
	if (signal != 0) {
		machine->stop = RUNNING; /* whatever stopped it: the process is to end, not only the machine */
		snprintf(text, sizeof(text), "ended by %s", host_signals_name(signal, name));
		machine_give_up(machine, STOP_SIGNAL, (unsigned)signal, text);
		return true;
	}
	if (machine->deadline == 0 || host_seconds() < machine->deadline)
		return false;
	machine_give_up(machine, STOP_LIMIT, 0, "--timeout reached");
	return true;
}

/* While the user has the machine paused nothing happens: it stands between two slices. */
static void attend_display(struct machine *machine)
{
	const struct timespec nap = {.tv_nsec = 10000000};
	display_attend(machine);
	while (display_paused(machine) && !machine_called_off(machine)) {
		nanosleep(&nap, NULL);
		display_attend(machine);
	}
}

void machine_attend(struct machine *machine)
{
	double now = host_seconds();
	console_attend(machine->console);
	attend_display(machine);
	machine_called_off(machine);
	if (now - machine->flushed >= 1) {
		trace_flush(machine->trace);
		machine->flushed = now;
	}
}
