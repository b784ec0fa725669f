/* The run queue of a CPU: the vCPUs that live on it, of whatever zone, take turns in the order of their list. */
#ifndef FIRMWARE_RUN_QUEUE_H
#define FIRMWARE_RUN_QUEUE_H

#include <stdint.h>

struct percpu;
struct vcpu;

/* The next vCPU that can use a turn, beginning behind the one that had the last; NULL if none can. */
struct vcpu *next_vcpu(struct percpu *cpu);

/* When the CPU has to turn to something other than current: to another vCPU, at slice_end if one is ready or when one
 * wakes, or to output; or never. */
uint64_t queue_deadline(struct percpu *cpu, const struct vcpu *current, uint64_t slice_end);

#endif
