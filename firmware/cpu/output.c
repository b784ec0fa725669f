#include "cpu/output.h"

#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "host/console.h"

/* Ticks of mtime, in which the guest gets on: ten times what the sending takes. */
#define OUTPUT_INTERVAL 1000

void output_send(struct percpu *cpu) { cpu->output_due = console_drain() ? hal_time() + OUTPUT_INTERVAL : NO_DEADLINE; }

void output_expedite(struct percpu *cpu) { cpu->output_due = 0; }
