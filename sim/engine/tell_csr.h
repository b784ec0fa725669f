/*
 * csr events. An instruction that may write CSRs tells which ones before it does, and after it those that it wrote;
 * where nobody wants to know this is one look at who does.
 */
#ifndef TELL_CSR_H
#define TELL_CSR_H

#include <stdbool.h>
#include "hart/observer.h"

enum { CSRS_TOLD_MAX = 5 };

struct csrs_told {
	struct trace_event place; /* the instruction's */
	unsigned count;
	struct {
		uint16_t number;
		uint64_t was;
	} csrs[CSRS_TOLD_MAX];
};

/* The hart stands at the instruction (op_sync). False: nobody wants to know. */
bool tell_csr_begin(struct hart *hart, struct csrs_told *told);

/* The register may be written: keep what it holds. One that the hart lacks is left out. */
void tell_csr_before(const struct hart *hart, struct csrs_told *told, unsigned number);

/* The register that a CSR instruction's number means, and all that its write changes. */
void tell_csr_before_write(const struct hart *hart, struct csrs_told *told, unsigned number);

/* It was written, if it is among them. */
void tell_csr_after(struct hart *hart, const struct csrs_told *told, unsigned number);

/* All of them were. */
void tell_csrs_after(struct hart *hart, const struct csrs_told *told);

#endif
