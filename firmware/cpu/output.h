/* What zones print, on its way to the console: a CPU sends a little when one of its zones prints, and what is then left
 * soon after, whatever its guest does meanwhile. */
#ifndef FIRMWARE_CPU_OUTPUT_H
#define FIRMWARE_CPU_OUTPUT_H

struct percpu;

/* Sends some of what there is. If that is not all, cpu->output_due says when this is to be called again. */
void output_send(struct percpu *cpu);

/* Has it called by the timer at once: for a guest that waits for room, with interrupts on. */
void output_expedite(struct percpu *cpu);

#endif
