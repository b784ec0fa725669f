/* Numbers of CSRs and registers, and words of instructions, for code put together at run time. Facts of the ISA
 * manual. */
#ifndef INSN_H
#define INSN_H

#include <stdint.h>

enum {
	ZERO = 0, RA = 1, SP = 2, GP = 3, TP = 4, T0 = 5, T1 = 6, T2 = 7, S0 = 8, S1 = 9, A0 = 10, A1 = 11, A2 = 12, A3 = 13,
	A4 = 14, A5 = 15, A6 = 16, A7 = 17, T3 = 28, T4 = 29,
};

enum {
	CSR_FFLAGS = 0x001, CSR_FRM = 0x002, CSR_FCSR = 0x003, CSR_CYCLE = 0xc00, CSR_TIME = 0xc01, CSR_INSTRET = 0xc02,
	CSR_HPMCOUNTER3 = 0xc03, CSR_CYCLEH = 0xc80,
	CSR_SSTATUS = 0x100, CSR_SIE = 0x104, CSR_STVEC = 0x105, CSR_SCOUNTEREN = 0x106, CSR_SENVCFG = 0x10a,
	CSR_SSTATEEN0 = 0x10c, CSR_SSCRATCH = 0x140, CSR_SEPC = 0x141, CSR_SCAUSE = 0x142, CSR_STVAL = 0x143, CSR_SIP = 0x144,
	CSR_STIMECMP = 0x14d, CSR_SISELECT = 0x150, CSR_SIREG = 0x151, CSR_SATP = 0x180, CSR_SCONTEXT = 0x5a8,
	CSR_SCOUNTOVF = 0xda0,
	CSR_VSSTATUS = 0x200, CSR_VSIE = 0x204, CSR_VSTVEC = 0x205, CSR_VSSCRATCH = 0x240, CSR_VSEPC = 0x241,
	CSR_VSCAUSE = 0x242, CSR_VSTVAL = 0x243, CSR_VSIP = 0x244, CSR_VSTIMECMP = 0x24d, CSR_VSISELECT = 0x250,
	CSR_VSIREG = 0x251, CSR_VSATP = 0x280,
	CSR_HSTATUS = 0x600, CSR_HEDELEG = 0x602, CSR_HIDELEG = 0x603, CSR_HIE = 0x604, CSR_HTIMEDELTA = 0x605,
	CSR_HCOUNTEREN = 0x606, CSR_HGEIE = 0x607, CSR_HENVCFG = 0x60a, CSR_HSTATEEN0 = 0x60c, CSR_HEDELEGH = 0x612,
	CSR_HTIMEDELTAH = 0x615, CSR_HENVCFGH = 0x61a, CSR_HTVAL = 0x643, CSR_HIP = 0x644, CSR_HVIP = 0x645, CSR_HTINST = 0x64a,
	CSR_HGATP = 0x680, CSR_HCONTEXT = 0x6a8, CSR_HGEIP = 0xe12, CSR_VSTIMECMPH = 0x25d,
	CSR_MSTATUS = 0x300, CSR_MISA = 0x301, CSR_MEDELEG = 0x302, CSR_MIDELEG = 0x303, CSR_MIE = 0x304, CSR_MTVEC = 0x305,
	CSR_MCOUNTEREN = 0x306, CSR_MENVCFG = 0x30a, CSR_MSTATEEN0 = 0x30c, CSR_MSCRATCH = 0x340, CSR_MEPC = 0x341,
	CSR_MCAUSE = 0x342, CSR_MTVAL = 0x343, CSR_MIP = 0x344, CSR_MTINST = 0x34a, CSR_MTVAL2 = 0x34b, CSR_PMPCFG0 = 0x3a0,
	CSR_PMPADDR0 = 0x3b0, CSR_PMPADDR1 = 0x3b1, CSR_PMPADDR2 = 0x3b2, CSR_MCYCLE = 0xb00, CSR_MHARTID = 0xf14,
	CSR_MSECCFG = 0x747, CSR_MHPMCOUNTER3 = 0xb03, CSR_MHPMEVENT3 = 0x323, CSR_MCOUNTINHIBIT = 0x320,
};

/* Constants if their operands are. */
#define r_type(opcode, funct3, funct7, rd, rs1, rs2) \
	((uint32_t)(funct7) << 25 | (uint32_t)(rs2) << 20 | (uint32_t)(rs1) << 15 | (uint32_t)(funct3) << 12 | \
	 (uint32_t)(rd) << 7 | (uint32_t)(opcode))
#define i_type(opcode, funct3, rd, rs1, imm) \
	((uint32_t)(imm) << 20 | (uint32_t)(rs1) << 15 | (uint32_t)(funct3) << 12 | (uint32_t)(rd) << 7 | (uint32_t)(opcode))
#define s_type(opcode, funct3, rs2, rs1, imm) \
	((uint32_t)(imm) >> 5 << 25 | (uint32_t)(rs2) << 20 | (uint32_t)(rs1) << 15 | (uint32_t)(funct3) << 12 | \
	 ((uint32_t)(imm) & 31) << 7 | (uint32_t)(opcode))

#define CSRRW(rd, csr, rs1) i_type(0x73, 1, rd, rs1, csr)
#define CSRRS(rd, csr, rs1) i_type(0x73, 2, rd, rs1, csr)
#define CSRRC(rd, csr, rs1) i_type(0x73, 3, rd, rs1, csr)
#define CSRRWI(rd, csr, imm) i_type(0x73, 5, rd, imm, csr)
#define CSRRSI(rd, csr, imm) i_type(0x73, 6, rd, imm, csr)
#define CSRRCI(rd, csr, imm) i_type(0x73, 7, rd, imm, csr)
#define CSRR(rd, csr) CSRRS(rd, csr, ZERO)
#define CSRW(csr, rs1) CSRRW(ZERO, csr, rs1)

/* The usual operands of try(): a0 = result, a1 = address, a2 = data. */
#define LOAD(funct3) i_type(0x03, funct3, A0, A1, 0)
#define STORE(funct3) s_type(0x23, funct3, A2, A1, 0)
#define LB LOAD(0)
#define LH LOAD(1)
#define LW LOAD(2)
#define LD LOAD(3)
#define LBU LOAD(4)
#define LHU LOAD(5)
#define LWU LOAD(6)
#define SB STORE(0)
#define SH STORE(1)
#define SW STORE(2)
#define SD STORE(3)
#define ADDI(rd, rs1, imm) i_type(0x13, 0, rd, rs1, imm)
#define ADD(rd, rs1, rs2) r_type(0x33, 0, 0, rd, rs1, rs2)
#define NOP ADDI(0, 0, 0)
#define JALR(rd, rs1) i_type(0x67, 0, rd, rs1, 0)

#define AMO(funct5, funct3) r_type(0x2f, funct3, (funct5) << 2, A0, A1, A2)
#define AMOADD_W AMO(0, 2)
#define AMOADD_D AMO(0, 3)
#define AMOSWAP_D AMO(1, 3)
#define LR_W r_type(0x2f, 2, 2 << 2, A0, A1, 0)
#define LR_D r_type(0x2f, 3, 2 << 2, A0, A1, 0)
#define SC_W AMO(3, 2)
#define SC_D AMO(3, 3)

#define HLV(funct7, kind) r_type(0x73, 4, funct7, A0, A1, kind)
#define HSV(funct7) r_type(0x73, 4, funct7, 0, A1, A2)
#define HLV_B HLV(0x30, 0)
#define HLV_BU HLV(0x30, 1)
#define HLV_H HLV(0x32, 0)
#define HLV_HU HLV(0x32, 1)
#define HLVX_HU HLV(0x32, 3)
#define HLV_W HLV(0x34, 0)
#define HLV_WU HLV(0x34, 1)
#define HLVX_WU HLV(0x34, 3)
#define HLV_D HLV(0x36, 0)
#define HSV_B HSV(0x31)
#define HSV_H HSV(0x33)
#define HSV_W HSV(0x35)
#define HSV_D HSV(0x37)

/* Fences: rs1, rs2 by register number. */
#define FENCE_OF(funct7, rs1, rs2) r_type(0x73, 0, funct7, 0, rs1, rs2)
#define SFENCE_VMA(rs1, rs2) FENCE_OF(0x09, rs1, rs2)
#define SINVAL_VMA(rs1, rs2) FENCE_OF(0x0b, rs1, rs2)
#define HFENCE_VVMA(rs1, rs2) FENCE_OF(0x11, rs1, rs2)
#define HINVAL_VVMA(rs1, rs2) FENCE_OF(0x13, rs1, rs2)
#define HFENCE_GVMA(rs1, rs2) FENCE_OF(0x31, rs1, rs2)
#define HINVAL_GVMA(rs1, rs2) FENCE_OF(0x33, rs1, rs2)
#define SFENCE_W_INVAL 0x18000073u
#define SFENCE_INVAL_IR 0x18100073u

#define ECALL 0x00000073u
#define EBREAK 0x00100073u
#define SRET 0x10200073u
#define MRET 0x30200073u
#define WFI 0x10500073u
#define FENCE_I 0x0000100fu
#define FENCE 0x0ff0000fu
#define CBO_INVAL i_type(0x0f, 2, 0, A1, 0)
#define CBO_CLEAN i_type(0x0f, 2, 0, A1, 1)
#define CBO_FLUSH i_type(0x0f, 2, 0, A1, 2)
#define CBO_ZERO i_type(0x0f, 2, 0, A1, 4)

/* fld fa0, 0(a1) and so on: f10 */
#define FLH i_type(0x07, 1, 10, A1, 0)
#define FLW i_type(0x07, 2, 10, A1, 0)
#define FLD i_type(0x07, 3, 10, A1, 0)
#define FSH s_type(0x27, 1, 10, A1, 0)
#define FSW s_type(0x27, 2, 10, A1, 0)
#define FSD s_type(0x27, 3, 10, A1, 0)
#define FADD_D(rd, rs1, rs2) r_type(0x53, 7, 1, rd, rs1, rs2)
#define FMV_X_D(rd, rs1) r_type(0x53, 0, 0x71, rd, rs1, 0)
#define FMV_D_X(rd, rs1) r_type(0x53, 0, 0x79, rd, rs1, 0)

/* mstatus, sstatus, vsstatus, hstatus */
#define STATUS_SIE BIT(1)
#define STATUS_MIE BIT(3)
#define STATUS_SPIE BIT(5)
#define STATUS_UBE BIT(6)
#define STATUS_MPIE BIT(7)
#define STATUS_SPP BIT(8)
#define STATUS_VS (BIT(9) | BIT(10))
#define STATUS_MPP (BIT(11) | BIT(12))
#define STATUS_FS (BIT(13) | BIT(14))
#define STATUS_MPRV BIT(17)
#define STATUS_SUM BIT(18)
#define STATUS_MXR BIT(19)
#define STATUS_TVM BIT(20)
#define STATUS_TW BIT(21)
#define STATUS_TSR BIT(22)
#define STATUS_SPELP BIT(23)
#define STATUS_SDT BIT(24)
#define STATUS_UXL (BIT(32) | BIT(33))
#define STATUS_SBE BIT(36)
#define STATUS_MBE BIT(37)
#define STATUS_GVA BIT(38)
#define STATUS_MPV BIT(39)
#define STATUS_SD BIT(63)
#define HSTATUS_VSBE BIT(5)
#define HSTATUS_GVA BIT(6)
#define HSTATUS_SPV BIT(7)
#define HSTATUS_SPVP BIT(8)
#define HSTATUS_HU BIT(9)
#define HSTATUS_VGEIN (UINT64_C(63) << 12)
#define HSTATUS_VTVM BIT(20)
#define HSTATUS_VTW BIT(21)
#define HSTATUS_VTSR BIT(22)
#define HSTATUS_VSXL (BIT(32) | BIT(33))
#define ENVCFG_FIOM BIT(0)
#define ENVCFG_LPE BIT(2)
#define ENVCFG_SSE BIT(3)
#define ENVCFG_CBIE (BIT(4) | BIT(5))
#define ENVCFG_CBCFE BIT(6)
#define ENVCFG_CBZE BIT(7)
#define ENVCFG_PMM (BIT(32) | BIT(33))
#define ENVCFG_DTE BIT(59)
#define ENVCFG_ADUE BIT(61)
#define ENVCFG_PBMTE BIT(62)
#define ENVCFG_STCE BIT(63)

#endif
