/* What exit_handle dispatches to: one file a cause, or a few that belong together. The vCPU is bound. */
#ifndef FIRMWARE_EXIT_CAUSES_H
#define FIRMWARE_EXIT_CAUSES_H

#include <stdbool.h>
#include <stdint.h>

#include "exit/exit.h"

struct vcpu;

/* sbi.c: an ecall from VS-mode. */
enum exit_verdict exit_sbi(struct vcpu *vcpu);

/* guest_page_fault.c: a fetch, load or store where the G-stage maps nothing: at a device, or the zone's end. */
void exit_guest_page_fault(struct vcpu *vcpu);

/* mmio.c: a load or store at a device. False if there is no device at gpa that can serve the access. */
bool exit_mmio(struct vcpu *vcpu, uint64_t gpa);

/* instruction.c: exceptions that are about the instruction itself. */
void exit_illegal_instruction(struct vcpu *vcpu);
enum exit_verdict exit_virtual_instruction(struct vcpu *vcpu);

/* interrupt.c: an interrupt of the host's, by its number. */
enum exit_verdict exit_interrupt(struct vcpu *vcpu, uint64_t number);

#endif
