/* What a CPU does for ever: give its vCPUs turns, sleep while none wants one. */
#ifndef FIRMWARE_RUN_SCHEDULER_H
#define FIRMWARE_RUN_SCHEDULER_H

#include <stdint.h>

struct percpu;

/* Serves this CPU's vCPUs for ever. A CPU that boots no zone idles until it is told to start. */
_Noreturn void percpu_run_vm(struct percpu *cpu);

/* Number of CPUs that have entered percpu_run_vm. */
uint64_t entered_cpus(void);

#endif
