/* Traps: delegation, the trap CSRs, return from traps; and interrupts: what is pending and which comes first. */
#ifndef TRAP_H
#define TRAP_H

#include "hart/hart.h"

/* Take hart->trap, as its route says (hart/route.h): writes the trap CSRs of the mode that takes
 * it, sets hart->pc to the vector and hart->mode, clears trap.pending, ORs EFFECT_MODE | EFFECT_IRQ. hart->pc is the
 * faulting instruction (or the interrupted one) on entry. Returns the mode that took the trap. */
enum mode trap_take(struct hart *hart);

/* Which of the trap's values the hart writes as 0 because its options say so, though they are not: bits. */
enum { TRAP_HIDES_TVAL = 2, TRAP_HIDES_TVAL2 = 4, TRAP_HIDES_TINST = 8 };
unsigned trap_hidden(const struct hart *hart, const struct trap *trap);

/* The privileged returns. Each checks its own permission (false: a trap has been raised, illegal or virtual
 * instruction, with tval = word) and otherwise sets hart->pc, hart->mode and effects. */
bool trap_mret(struct hart *hart, uint32_t word);
bool trap_sret(struct hart *hart, uint32_t word);
bool trap_mnret(struct hart *hart, uint32_t word);

/* Must indirect jumps in this mode land on landing pads (xLPE of Zicfilp)? */
bool trap_landing_pads(const struct hart *hart, enum mode mode);

/* Fill hart->trap.tinst with the transformed instruction for a fault of the explicit access by `word`;
 * offset = faulting address - address of the access. norm:H_trap_xtinst_val */
void trap_transform(struct hart *hart, uint32_t word, unsigned offset);

/* mip as software would read it now: wires, hvip, timers (stimecmp, vstimecmp against mtime at hart->now). */
uint64_t irq_mip(const struct hart *hart);

/* Pending interrupts may have changed, at cycle `now`: note since when. A poll does that too. */
void irq_look(struct hart *hart, uint64_t now);

/* The interrupt in hart->trap is taken, and its handler begins at cycle `first`: how long it has waited for that. */
struct trace_latency irq_taken(struct hart *hart, uint64_t first);

/* If an interrupt is pending, enabled and not masked in the current mode: fills hart->trap with the one of highest
 * priority and returns true. */
bool irq_poll(struct hart *hart);

/* WFI wakes when an interrupt is pending in mip & mie, whatever the global enables say. */
bool irq_wakes(const struct hart *hart);

/* A cycle > hart->now, at or before the earliest at which stimecmp or vstimecmp is reached or a counter overflows;
 * UINT64_MAX if none. Wires raised by devices are events of their own. */
uint64_t irq_next_cycle(struct hart *hart);

#endif
