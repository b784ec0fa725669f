/* The hart's own timer: it ends time slices, wakes waiting vCPUs, and is the guest's timer without Sstc. */
#ifndef FIRMWARE_CPU_TIMER_H
#define FIRMWARE_CPU_TIMER_H

#include <stdint.h>

struct percpu;

#define NO_DEADLINE UINT64_MAX /* in ticks of mtime, like all deadlines */

#define TIME_SLICE 20000 /* ticks of mtime: 2 ms on `virt` */

/* Makes the timer interrupt this CPU at deadline, and only then. */
void timer_arm(struct percpu *cpu, uint64_t deadline);

/* Takes the interrupt away until the next timer_arm. */
void timer_expired(struct percpu *cpu);

#endif
