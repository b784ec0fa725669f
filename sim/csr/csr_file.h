/* The CSRs' storage: one uint64_t a row of csr.def, by name. Views (sstatus, sie, sip, hie, hip, hvip's aliases) have a
 * row and a slot too, but their slot stays unused: csr_access.c reads them through the register they are a view of. */
#ifndef CSR_FILE_H
#define CSR_FILE_H

#include <stddef.h>
#include <stdint.h>

struct csr_file {
#define CSR(num, name, ...) uint64_t name;
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

/* Rows that follow each other are an array: member `index` of the one that begins with `first`. Who uses it asserts how
 * many rows stand from the first to the last. */
#define CSR_NTH(csr, first, index) ((&(csr)->first)[index])
#define CSR_ROWS(first, last)                                                                                          \
	((offsetof(struct csr_file, last) - offsetof(struct csr_file, first)) / sizeof(uint64_t) + 1)

/* CSR numbers: CSR_mstatus = 0x300... */
enum {
#define CSR(num, name, ...) CSR_##name = (num),
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

/* Field masks and positions: MSTATUS_MIE is written mstatus_MIE (mask) and mstatus_MIE_LOW (bit number). */
#define CSR(...)
#define FIELD(csr, name, low, width, ...)                                                                              \
	enum { csr##_##name##_LOW = (low) };                                                                           \
	static const uint64_t csr##_##name                                                                             \
	    __attribute__((unused)) = ((width) == 64 ? ~UINT64_C(0) : (UINT64_C(1) << ((width) % 64)) - 1) << (low);
#include "isa/csr.def"
#undef CSR
#undef FIELD

#endif
