/* What the pipeline sees of an instruction. */
#include <string.h>
#include "timing/pipe.h"

enum {
	CSR_FFLAGS = 0x001,
	CSR_FCSR = 0x003,
	CSR_SSTATUS = 0x100,
	CSR_SATP = 0x180,
	CSR_VSSTATUS = 0x200,
	CSR_VSATP = 0x280,
	CSR_MSTATUS = 0x300,
	CSR_HSTATUS = 0x600,
	CSR_HGATP = 0x680
};

/* Writes to these change how the following instructions execute: they are fetched anew. */
static bool csr_flushes(unsigned number)
{
	switch (number) {
	case CSR_SSTATUS:
	case CSR_SATP:
	case CSR_VSSTATUS:
	case CSR_VSATP:
	case CSR_MSTATUS:
	case CSR_HSTATUS:
	case CSR_HGATP: return true;
	default: return number >= CSR_FFLAGS && number <= CSR_FCSR;
	}
}

static bool csr_writes(const struct insn *insn) { return insn_has(insn->semantics, FLAG_WRITES_CSR) || insn->rs1 != 0; }

static void describe_csr(const struct insn *insn, struct uop *uop)
{
	uop->kind = UOP_CSR;
	if (csr_writes(insn) && csr_flushes((unsigned)insn->imm & 0xfff))
		uop->flags = UOP_FLUSH | UOP_SETTLE;
}

static void describe_system(const struct insn *insn, struct uop *uop)
{
	static const struct {
		uint16_t insn; /* enum insn_flag */
		uint8_t uop;
	} adds[] = {
	    {FLAG_RETURNS, UOP_RETURN},
	    {FLAG_FENCE_TRANSLATION, UOP_WALKS | UOP_PROBE},
	    {FLAG_FENCE_I, UOP_DRAIN | UOP_ICACHE},
	    {FLAG_FENCE_MEMORY, UOP_DRAIN},
	};
	bool traps = insn_has(insn->semantics, FLAG_TRAPS);
	uop->kind = traps ? UOP_NONE : UOP_CSR;
	uop->flags = traps ? UOP_SETTLE : UOP_FLUSH | UOP_SETTLE;
	for (unsigned i = 0; i < sizeof adds / sizeof adds[0]; i++)
		if (insn_has(insn->semantics, adds[i].insn))
			uop->flags |= adds[i].uop;
}

static bool is_double(const struct insn *insn)
{
	const struct insn_row *row = &insn_rows[insn->semantics];
	return (row->match >> 25 & 3) == 1; /* fmt, of OP-FP and the fused ones alike */
}

static void describe_class(const struct timing *timing, const struct insn *insn, struct uop *uop)
{
	const struct insn_row *row = &insn_rows[insn->semantics];
	switch (row->class) {
	case CLASS_MUL:
		uop->kind = UOP_MUL;
		uop->latency = (uint8_t)timing->mul;
		break;
	case CLASS_DIV:
		uop->kind = UOP_DIV;
		uop->flags = UOP_PROBE | UOP_SETTLE;
		break;
	case CLASS_BRANCH: uop->kind = UOP_BRANCH; break;
	case CLASS_JAL: uop->kind = UOP_JAL; break;
	case CLASS_JALR: uop->kind = UOP_JALR; break;
	case CLASS_LOAD:
	case CLASS_FLOAD:
		uop->kind = UOP_LOAD;
		uop->latency = (uint8_t)(timing->load + ((row->match >> 12 & 3) < 2 ? timing->load_narrow : 0));
		break;
	case CLASS_HLOAD:
		uop->kind = UOP_LOAD;
		uop->latency = (uint8_t)timing->load;
		uop->flags = UOP_PROBE | UOP_SETTLE;
		break;
	case CLASS_STORE:
	case CLASS_FSTORE: uop->kind = UOP_STORE; break;
	case CLASS_HSTORE:
		uop->kind = UOP_STORE;
		uop->flags = UOP_PROBE | UOP_SETTLE;
		break;
	case CLASS_AMO:
	case CLASS_LR:
	case CLASS_SC:
		uop->kind = UOP_AMO;
		uop->flags = (uint8_t)(UOP_PROBE | UOP_SETTLE | UOP_DRAIN | (timing->amo_flush ? UOP_FLUSH : 0));
		break;
	case CLASS_CACHE:
		uop->kind = UOP_STORE;
		uop->flags = UOP_PROBE | UOP_SETTLE;
		break;
	case CLASS_CSR: describe_csr(insn, uop); break;
	case CLASS_FENCE:
	case CLASS_SYSTEM: describe_system(insn, uop); break;
	case CLASS_FADD:
	case CLASS_FMUL:
	case CLASS_FMA:
		uop->kind = UOP_FPU;
		uop->latency = (uint8_t)(is_double(insn) ? timing->fadd_d : timing->fadd_s);
		break;
	case CLASS_FDIV:
	case CLASS_FSQRT:
		uop->kind = UOP_FDIV;
		uop->flags = UOP_PROBE | UOP_SETTLE;
		break;
	case CLASS_FCVT:
		uop->kind = UOP_FPU;
		uop->latency = (uint8_t)timing->fcvt;
		break;
	case CLASS_FCMP:
	case CLASS_FMOVE:
		uop->kind = UOP_FPU;
		uop->latency = (uint8_t)timing->fcmp;
		break;
	default:
		uop->kind = UOP_ALU;
		uop->latency = (uint8_t)timing->alu;
		break;
	}
}

struct uop uop_of(const struct timing *timing, const struct insn *insn, uint64_t pc)
{
	struct uop uop = {.place = (uint8_t)((pc >> 1 & 0x7f) | (insn->length == 4 ? 0x80 : 0))};
	unsigned sources = 0;
	for (const char *c = format_operands(insn_rows[insn->semantics].format); *c; c++) {
		uint8_t reg = 0;
		switch (*c) {
		case 'd': uop.rd = insn->rd; break;
		case 'D': uop.rd = insn->rd + 32; break;
		case 's': reg = insn->rs1; break;
		case 't': reg = insn->rs2; break;
		case 'S': reg = insn->rs1 + 32; break;
		case 'T': reg = insn->rs2 + 32; break;
		case 'R': reg = insn->rs3 + 32; break;
		default: break;
		}
		if (reg && sources < 3)
			uop.rs[sources++] = reg;
	}
	describe_class(timing, insn, &uop);
	return uop;
}
