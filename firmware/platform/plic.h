/*
 * The PLIC, which the machine has and a guest sees: register groups at byte offsets. A context is a hart's privilege
 * mode that it can interrupt.
 */
#ifndef FIRMWARE_PLATFORM_PLIC_H
#define FIRMWARE_PLATFORM_PLIC_H

/* 4 bytes a source: 0..7, and 0 never interrupts. */
#define PLIC_PRIORITY 0x0
#define PLIC_PRIORITY_MAX 7u

/* A bit per source. */
#define PLIC_PENDING 0x1000

/* A bit per source, for each context. */
#define PLIC_ENABLE 0x2000
#define PLIC_ENABLE_STRIDE 0x80

/* For each context. Claim is what a read of the register is, completion a write. */
#define PLIC_CONTEXT 0x200000
#define PLIC_CONTEXT_STRIDE 0x1000
#define PLIC_CONTEXT_THRESHOLD 0
#define PLIC_CONTEXT_CLAIM 4

#endif
