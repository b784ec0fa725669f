/*
 * CSR access: the sole judge of whether an access is legal, and the home of every WARL rule.
 * isa/csr.def holds one CSR row per register and one FIELD row per field.
 */
#ifndef CSR_H
#define CSR_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "hart/hart.h"
#include "isa/csr_table.h"

enum csr_verdict { CSR_OK, CSR_ILLEGAL, CSR_VIRTUAL };

/* May an instruction at the hart's current mode access CSR number `num` (0..4095)? Looks at existence (isa), privilege,
 * V, read-only space, counteren, TVM/VTVM, stateen, FS, envcfg. Virtual-instruction rules:
 * norm:H_cause_virtual_instruction. */
enum csr_verdict csr_check(const struct hart *hart, unsigned num, bool write);

/* Value an instruction at the current mode reads (VS substitution of s* CSRs when V=1 included). csr_check passed. */
uint64_t csr_read(const struct hart *hart, unsigned num);

/* The value that CSRRS and CSRRC combine with their operand: csr_read but for mip.SEIP, whose wire is read but never
 * written back. norm:mip_seip_wrcsr */
uint64_t csr_read_to_modify(const struct hart *hart, unsigned num);

/* Write by an instruction at the current mode; legalizes WARL fields; ORs into hart->effects. csr_check passed. */
void csr_write(struct hart *hart, unsigned num, uint64_t value);

/* The register that an instruction at the current mode reaches by this number: with V=1 that of satp is vsatp. */
unsigned csr_meant(const struct hart *hart, unsigned num);

/* Debugger's and trace's view: any CSR by number, no permission, no V substitution. False if it does not exist. */
bool csr_peek(const struct hart *hart, unsigned num, uint64_t *value);

/* The debugger's write between instructions, whatever the hart's mode: through the WARL rules of a write from M-mode, but
 * without permission, and without the instruction that such a write is part of. False: there is no such CSR. */
bool csr_poke(struct hart *hart, unsigned num, uint64_t value);

void csr_reset(struct hart *hart);

/* Save and restore (base/state.h) all CSRs, the triggers, and what counters know besides; a section of its own. False:
 * refused, and the hart is only good for hart_reset. */
struct state_writer;
struct state_reader;
void csr_save(const struct hart *hart, struct state_writer *writer);
bool csr_restore(struct hart *hart, struct state_reader *reader);

/* The hart is about to change its mode: counters that do not count in every mode have to know. `retires`: by an
 * instruction that retires in the old mode (a return from a trap). */
void csr_counters_mode(struct hart *hart, enum mode to, bool retires);

/* Record the overflows that have happened by now: sets mhpmevent.OF and mip.LCOFIP. */
void csr_counters_latch(struct hart *hart);

/* Has a counter overflowed since the last csr_counters_latch? */
bool csr_counters_overflowed(const struct hart *hart);

/* A cycle > hart->now, at or before the one at which the next overflow of a counter happens; UINT64_MAX if none
 * will. */
uint64_t csr_counters_next_cycle(const struct hart *hart);

#endif
