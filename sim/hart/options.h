/* What the specification leaves to the implementation of a hart, and this one chose: one for all harts of a machine,
 * and the same for as long as it runs. */
#ifndef HART_OPTIONS_H
#define HART_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct hart_options {
	unsigned pmp_entries; /* 0, 16 or 64 */
	unsigned asid_bits; /* 0..16 */
	unsigned vmid_bits; /* 0..14 */
	unsigned geilen; /* guest external interrupts, 0..63 */
	unsigned hpm_counters; /* 0..29: mhpmcounter3 and on; the others are read-only 0 */
	unsigned tlb_entries; /* >= 1 */
	uint64_t rnmi_vector; /* where RNMIs go; 0: mtvec.BASE */
	uint64_t rnmi_exception_vector; /* where exceptions in M-mode go while NMIE is 0; 0: as ever by mtvec */
	bool time_absent; /* no time CSR: reads are for M-mode to emulate */
	bool tinst_zero; /* mtinst/htinst always 0 instead of transformed instructions */
	bool tval_zero; /* mtval/stval written 0 where the spec allows */
	bool tval2_zero; /* mtval2/htval written 0 instead of guest-physical addresses */
	bool misaligned_traps; /* misaligned loads and stores raise exceptions instead of working */
	bool envcfg_absent; /* senvcfg and henvcfg do not exist, as before privileged 1.12 */
	bool little_endian; /* MBE, SBE, UBE and VSBE are read-only 0 */
};

#endif
