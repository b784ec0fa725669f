/* How the rows of csr.def behave: private to this folder. Readers, writers and conditions are named by the rows. */
#ifndef CSR_ROW_H
#define CSR_ROW_H

#include <stddef.h>
#include "csr/csr.h"
#include "hart/hart.h"

struct csr_row;

/* Does the CSR exist on this hart (extensions, number of PMP entries)? */
typedef bool csr_need(const struct hart *hart, unsigned num);
/* Do the controls above `mode` let an instruction in `mode` access the CSR? For VS and VU only the hypervisor's and the
 * guest's own controls count: the question is asked a second time for HS. */
typedef bool csr_guard(const struct hart *hart, unsigned num, enum mode mode, bool write);
typedef uint64_t csr_reader(const struct hart *hart, const struct csr_row *row);
/* For what an instruction asks: to have the value, or to combine it with its operand and write it back. */
enum csr_use { CSR_USE_READ, CSR_USE_MODIFY };
typedef uint64_t csr_view(const struct hart *hart, uint64_t value, enum csr_use use);
typedef void csr_writer(struct hart *hart, const struct csr_row *row, uint64_t value);

struct csr_row {
	uint16_t num;
	uint16_t slot; /* offset in struct csr_file */
	uint64_t mask, reset;
	csr_need *need;
	csr_guard *guard;
	csr_reader *read;
	csr_view *seen;
	csr_writer *write;
};

#define CSR(num, name, need, mask, reset, guard, read, seen, write, meaning)                                           \
	csr_need need_##need;                                                                                          \
	csr_guard guard_##guard;                                                                                       \
	csr_reader read_##read;                                                                                        \
	csr_view seen_##seen;                                                                                          \
	csr_writer write_##write;
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD

static inline uint64_t *csr_slot(struct hart *hart, const struct csr_row *row)
{
	return (uint64_t *)((char *)&hart->csr + row->slot);
}

static inline uint64_t csr_slot_value(const struct hart *hart, const struct csr_row *row)
{
	return *(const uint64_t *)((const char *)&hart->csr + row->slot);
}

/* Bits 9:8 of the number say from which level on a CSR is accessible; hypervisor and VS CSRs are those of level 2. */
enum { LEVEL_SUPERVISOR = 1, LEVEL_HYPERVISOR = 2, LEVEL_MACHINE = 3 };
static inline unsigned csr_level(unsigned num) { return num >> 8 & 3; }

/* csr_stateen.c: do the stateen registers of the levels above let `mode` touch the state of `bit` of register
 * `index`? */
bool csr_state_enabled(const struct hart *hart, unsigned index, uint64_t bit, enum mode mode);

/* Replace the bits of `mask`. */
static inline uint64_t csr_merge(uint64_t old, uint64_t value, uint64_t mask) { return (old & ~mask) | (value & mask); }

/* csr_reset.c: what reset puts into fields that depend on the hart's extensions. */
void csr_reset_fixed(struct hart *hart);

/* csr_trigger.c: every trigger disabled; a trigger or what it is compared with has changed. */
void csr_reset_triggers(struct hart *hart);

/* csr_counter.c: cycles and instructions count from 0; their clocks go on. */
void csr_reset_counters(struct hart *hart);
void csr_triggers_changed(struct hart *hart);

/* csr_counter.c: bits of the performance counters that there are, as in counteren registers. */
uint64_t csr_hpm_counters(const struct hart *hart);

/* csr_counter.c: can counters work with what the CSRs and hart->counters hold? False: they are not this hart's. */
bool csr_counters_fit(const struct hart *hart);

/* csr_counter.c: value of counter 0 (cycle), 2 (instret), 3..31 at hart->now; and set it as of now. */
uint64_t csr_counter(const struct hart *hart, unsigned index);
void csr_counter_set(struct hart *hart, unsigned index, uint64_t value);

/* csr_warl.c: `value` with a legal pointer-masking field (bits `field`, lowest bit `low`). */
uint64_t csr_legal_pmm(uint64_t old, uint64_t value, uint64_t field, unsigned low);

/* csr_warl.c: which bits of interrupt and delegation registers exist on this hart. */
uint64_t csr_irqs_m(const struct hart *hart); /* implemented bits of mie */
uint64_t csr_irqs_s(const struct hart *hart); /* bits that mideleg can delegate to S-mode */
uint64_t csr_irqs_h(const struct hart *hart); /* bits of hie and hip: always delegated */
uint64_t csr_irqs_vs(const struct hart *hart); /* bits that hideleg can delegate under another number */
uint64_t csr_irqs_same(const struct hart *hart); /* and under their own: LCOFI */
uint64_t csr_guest_externals(const struct hart *hart); /* bits of hgeip and hgeie: 1..GEILEN */

#endif
