/* The rows of csr.def as data, for the debugger, the disassembler and tests: numbers, names, fields and their
 * meanings. */
#ifndef CSR_TABLE_H
#define CSR_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct csr_field {
	const char *name;
	uint8_t low, width; /* lowest bit; bits */
	const char *meaning;
};

struct csr_info {
	uint16_t num;
	const char *name;
	const struct csr_field *fields;
	unsigned field_count;
};

const struct csr_info *csr_info(unsigned num); /* NULL if there is no row */
const struct csr_info *csr_info_by_name(const char *name); /* likewise */
/* Other registers that a write of this one changes, because they hold its bits: that of sstatus changes mstatus. At most
 * CSR_HOLDERS_MAX numbers go to `holders`; how many. */
enum { CSR_HOLDERS_MAX = 2 };
unsigned csr_holders(unsigned num, uint16_t *holders);

const struct csr_info *csr_info_at(size_t index); /* NULL past the end: to iterate */

#endif
