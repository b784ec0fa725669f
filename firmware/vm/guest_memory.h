/*
 * Guest-virtual memory: accesses by HLV and HLVX, which the hart translates as the guest would (guest_memory.c), and
 * the translation alone, by software (guest_walk.c). A fault is an answer.
 */
#ifndef FIRMWARE_VM_GUEST_MEMORY_H
#define FIRMWARE_VM_GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* The instruction at the guest's virtual address pc; a 16-bit one has a zero upper half. Bound. */
bool guest_fetch(const struct vcpu *vcpu, uint64_t pc, uint32_t *instruction);

/* The doubleword at a guest-virtual address, with the rights of the mode the guest left. Bound. */
bool guest_load(const struct vcpu *vcpu, uint64_t address, uint64_t *value);

/* The guest-physical address of a guest-virtual one by the guest's page tables, whatever they permit. False, with the
 * address of the entry that could not be used, if they do not lead anywhere. Bound. */
bool guest_translate(const struct vcpu *vcpu, uint64_t address, uint64_t *gpa);

#endif
