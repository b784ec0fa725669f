/* Why a guest left, and what becomes of it. */
#ifndef FIRMWARE_EXIT_EXIT_H
#define FIRMWARE_EXIT_EXIT_H

struct vcpu;

enum exit_verdict {
	EXIT_RESUME, /* go on at once */
	EXIT_YIELD,  /* let the scheduler look at the CPU's other vCPUs first */
	EXIT_LEAVE,  /* the vCPU has stopped itself */
};

/* Reads the trap CSRs into the vCPU: before anything else can trap on this hart. */
void exit_snapshot(struct vcpu *vcpu);

/* Dispatches on the cause. Bound. */
enum exit_verdict exit_handle(struct vcpu *vcpu);

#endif
