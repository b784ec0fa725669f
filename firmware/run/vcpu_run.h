#ifndef FIRMWARE_RUN_VCPU_RUN_H
#define FIRMWARE_RUN_VCPU_RUN_H

struct vcpu;

/* Runs the guest, exit after exit, until it has to give the hart to another. */
void vcpu_run(struct vcpu *vcpu);

#endif
