/*
 * Why a guest left, and what becomes of it.
 *
 * exit.c dispatches on the cause; exit_mmio.c and exit_sbi.c handle the two large families.
 */
#ifndef FIRMWARE_EXIT_EXIT_H
#define FIRMWARE_EXIT_EXIT_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

enum exit_verdict {
	EXIT_RESUME, /* go on at once */
	EXIT_YIELD,  /* let the scheduler look at the CPU's other vCPUs first */
	EXIT_LEAVE,  /* the vCPU has stopped itself */
};

/* Reads the trap CSRs into the vCPU: before anything else can trap on this hart. */
void exit_snapshot(struct vcpu *vcpu);

enum exit_verdict exit_handle(struct vcpu *vcpu);

/* A guest-page fault at a device. False if there is no device there that can serve the access. */
bool exit_mmio(struct vcpu *vcpu, uint64_t gpa);

/* An ecall from VS-mode. */
enum exit_verdict exit_sbi(struct vcpu *vcpu);

/* The gpa of the guest-page fault that was the last exit. */
uint64_t exit_fault_gpa(const struct vcpu *vcpu);

#endif
