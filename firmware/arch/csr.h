/*
 * Control and status registers: accessors, and the few fields the hypervisor names.
 *
 * An access that may not exist on this core goes through csr_try_*: the instruction has a row in the
 * exception table (extable.h), so an illegal-instruction trap becomes "false" instead of a panic.
 */
#ifndef FIRMWARE_ARCH_CSR_H
#define FIRMWARE_ARCH_CSR_H

#include <stdint.h>

#include "arch/extable.h"
#include "lib/bits.h"

/* Of a CSR, or of a macro that stands for its number. */
#define CSR_NAME(csr) #csr

#define csr_read(csr)                                                                                                  \
	({                                                                                                             \
		uint64_t value_;                                                                                       \
		__asm__ volatile("csrr %0, " CSR_NAME(csr) : "=r"(value_) : : "memory");                               \
		value_;                                                                                                \
	})
#define csr_write(csr, value) __asm__ volatile("csrw " CSR_NAME(csr) ", %0" : : "rK"((uint64_t)(value)) : "memory")
#define csr_set(csr, bits) __asm__ volatile("csrs " CSR_NAME(csr) ", %0" : : "rK"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " CSR_NAME(csr) ", %0" : : "rK"((uint64_t)(bits)) : "memory")

/* True if the CSR could be read; its value is then in *out. */
#define csr_try_read(csr, out)                                                                                         \
	({                                                                                                             \
		uint64_t ok_ = 0, value_ = 0;                                                                          \
		__asm__ volatile("1: csrr %1, " CSR_NAME(csr) "\n"                                                     \
		                                              "   li %0, 1\n"                                          \
		                                              "2:\n" EXTABLE("1b", "2b")                               \
		                 : "+r"(ok_), "+r"(value_)                                                             \
		                 :                                                                                     \
		                 : "memory");                                                                          \
		*(out) = value_;                                                                                       \
		ok_ != 0;                                                                                              \
	})

/* True if the CSR could be written (WARL: what it now holds is for the caller to read back). */
#define csr_try_write(csr, value)                                                                                      \
	({                                                                                                             \
		uint64_t ok_ = 0;                                                                                      \
		__asm__ volatile("1: csrw " CSR_NAME(csr) ", %1\n"                                                     \
		                                          "   li %0, 1\n"                                              \
		                                          "2:\n" EXTABLE("1b", "2b")                                   \
		                 : "+r"(ok_)                                                                           \
		                 : "r"((uint64_t)(value))                                                              \
		                 : "memory");                                                                          \
		ok_ != 0;                                                                                              \
	})

/* True if the CSR exists; the bits are then set in it. */
#define csr_try_set(csr, bits)                                                                                         \
	({                                                                                                             \
		uint64_t ok_ = 0;                                                                                      \
		__asm__ volatile("1: csrs " CSR_NAME(csr) ", %1\n"                                                     \
		                                          "   li %0, 1\n"                                              \
		                                          "2:\n" EXTABLE("1b", "2b")                                   \
		                 : "+r"(ok_)                                                                           \
		                 : "r"((uint64_t)(bits))                                                               \
		                 : "memory");                                                                          \
		ok_ != 0;                                                                                              \
	})

/* sstatus; vsstatus has the same layout, mstatus a superset. */
#define SSTATUS_SIE BIT(1)
#define SSTATUS_SPIE BIT(5)
#define SSTATUS_UBE BIT(6)
#define SSTATUS_SPP BIT(8)
#define SSTATUS_FS UINT64_C(0x6000)
#define SSTATUS_FS_INITIAL UINT64_C(0x2000)
#define SSTATUS_FS_CLEAN UINT64_C(0x4000)
#define SSTATUS_FS_DIRTY UINT64_C(0x6000)
#define SSTATUS_SPELP BIT(23) /* of Zicfilp: a landing pad was expected */
#define SSTATUS_UXL64 (UINT64_C(2) << 32)

/* Either after a trap: interrupts are off, and what was interrupted goes to SPIE, SPP and SPELP (`from`: the last two). */
static inline uint64_t sstatus_after_trap(uint64_t status, uint64_t from)
{
	uint64_t cleared = status & ~(SSTATUS_SPIE | SSTATUS_SIE | SSTATUS_SPP | SSTATUS_SPELP);

	return cleared | (status & SSTATUS_SIE ? SSTATUS_SPIE : 0) | from;
}

/* Where stvec or vstvec sends an exception: to the base, in both modes. */
static inline uint64_t exception_vector(uint64_t tvec) { return tvec & ~UINT64_C(3); }

#define HSTATUS_SPV BIT(7)
#define HSTATUS_SPVP BIT(8)
#define HSTATUS_VTW BIT(21)
#define HSTATUS_VSXL64 (UINT64_C(2) << 32)

#define MSTATUS_MIE BIT(3)
#define MSTATUS_MPIE BIT(7)
#define MSTATUS_MPP UINT64_C(0x1800)
#define MSTATUS_MPP_S UINT64_C(0x0800)
#define MSTATUS_MPP_M UINT64_C(0x1800)
#define MSTATUS_MPRV BIT(17)
#define MSTATUS_MXR BIT(19)
#define MSTATUS_MPV BIT(39)
#define MSTATUS_MPELP BIT(41)
#define MSTATUS_MDT BIT(42) /* of Smdbltrp: a trap to M-mode now is a double trap */

/* Of Smrnmi. By number: binutils 2.40 does not know the names. */
#define CSR_MNSCRATCH 0x740
#define CSR_MNEPC 0x741
#define CSR_MNCAUSE 0x742
#define CSR_MNSTATUS 0x744

#define MNSTATUS_NMIE BIT(3)

/* Of Sscsrind and Sdtrig, by number likewise. */
#define CSR_VSISELECT 0x250
#define CSR_SCONTEXT 0x5a8

/* hstateen0: what guests have of the state whose switch is ours. */
#define STATEEN0_ENVCFG BIT(62)

/* menvcfg and henvcfg */
#define ENVCFG_CBZE BIT(7)
#define ENVCFG_ADUE BIT(61)
#define ENVCFG_STCE BIT(63)

/* Interrupt numbers are also their bit positions in mip, sip, hip and their enables. */
#define IRQ_SSI 1
#define IRQ_VSSI 2
#define IRQ_MSI 3
#define IRQ_STI 5
#define IRQ_VSTI 6
#define IRQ_MTI 7
#define IRQ_SEI 9
#define IRQ_VSEI 10
#define IRQ_MEI 11

#define CAUSE_INTERRUPT BIT(63)

/* Exception causes. */
#define EXC_FETCH_MISALIGNED 0
#define EXC_FETCH_ACCESS 1
#define EXC_ILLEGAL 2
#define EXC_BREAKPOINT 3
#define EXC_LOAD_MISALIGNED 4
#define EXC_LOAD_ACCESS 5
#define EXC_STORE_MISALIGNED 6
#define EXC_STORE_ACCESS 7
#define EXC_ECALL_U 8
#define EXC_ECALL_S 9
#define EXC_ECALL_VS 10
#define EXC_FETCH_PAGE_FAULT 12
#define EXC_LOAD_PAGE_FAULT 13
#define EXC_STORE_PAGE_FAULT 15
#define EXC_SOFTWARE_CHECK 18
#define EXC_HARDWARE_ERROR 19
#define EXC_FETCH_GUEST_PAGE_FAULT 20
#define EXC_LOAD_GUEST_PAGE_FAULT 21
#define EXC_VIRTUAL_INSTRUCTION 22
#define EXC_STORE_GUEST_PAGE_FAULT 23

#define SATP_MODE_SHIFT 60 /* of satp, vsatp and hgatp */
#define SATP_MODE_SV39 8
#define HGATP_MODE_SV39X4 (UINT64_C(8) << SATP_MODE_SHIFT)
#define HGATP_VMID_SHIFT 44
#define HGATP_VMID_MASK (UINT64_C(0x3fff) << HGATP_VMID_SHIFT)

#define COUNTEREN_TM BIT(1)
#define COUNTEREN_CY_TM_IR UINT64_C(7)

#endif
