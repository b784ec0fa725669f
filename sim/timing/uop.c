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

/* What the pipeline makes of a class, where neither the instruction nor the preset says more. UOP_ALU: 0. */
enum { ASKS = UOP_PROBE | UOP_SETTLE };
static const struct {
	uint8_t kind, flags;
} of_class[CLASS_COUNT] = {
    [CLASS_MUL] = {UOP_MUL, 0},
    [CLASS_DIV] = {UOP_DIV, ASKS},
    [CLASS_BRANCH] = {UOP_BRANCH, 0},
    [CLASS_JAL] = {UOP_JAL, 0},
    [CLASS_JALR] = {UOP_JALR, 0},
    [CLASS_LOAD] = {UOP_LOAD, 0},
    [CLASS_FLOAD] = {UOP_LOAD, 0},
    [CLASS_HLOAD] = {UOP_LOAD, ASKS},
    [CLASS_STORE] = {UOP_STORE, 0},
    [CLASS_FSTORE] = {UOP_STORE, 0},
    [CLASS_HSTORE] = {UOP_STORE, ASKS},
    [CLASS_CACHE] = {UOP_STORE, ASKS},
    [CLASS_AMO] = {UOP_AMO, ASKS | UOP_DRAIN},
    [CLASS_LR] = {UOP_AMO, ASKS | UOP_DRAIN},
    [CLASS_SC] = {UOP_AMO, ASKS | UOP_DRAIN},
    [CLASS_FADD] = {UOP_FPU, 0},
    [CLASS_FMUL] = {UOP_FPU, 0},
    [CLASS_FMA] = {UOP_FPU, 0},
    [CLASS_FCVT] = {UOP_FPU, 0},
    [CLASS_FCMP] = {UOP_FPU, 0},
    [CLASS_FMOVE] = {UOP_FPU, 0},
    [CLASS_FDIV] = {UOP_FDIV, ASKS},
    [CLASS_FSQRT] = {UOP_FDIV, ASKS},
};

/* From issue to a dependent's issue, where that is fixed; else 0. */
static unsigned latency_of(const struct timing *timing, const struct insn *insn)
{
	const struct insn_row *row = &insn_rows[insn->semantics];
	switch (row->class) {
	case CLASS_ALU: return timing->alu;
	case CLASS_MUL: return timing->mul;
	case CLASS_LOAD:
	case CLASS_FLOAD: return timing->load + ((row->match >> 12 & 3) < 2 ? timing->load_narrow : 0);
	case CLASS_HLOAD: return timing->load;
	case CLASS_FADD:
	case CLASS_FMUL:
	case CLASS_FMA: return is_double(insn) ? timing->fadd_d : timing->fadd_s;
	case CLASS_FCVT: return timing->fcvt;
	case CLASS_FCMP:
	case CLASS_FMOVE: return timing->fcmp;
	default: return 0;
	}
}

static void describe_class(const struct timing *timing, const struct insn *insn, struct uop *uop)
{
	unsigned class = insn_rows[insn->semantics].class;
	uop->kind = of_class[class].kind;
	uop->flags = of_class[class].flags;
	uop->latency = (uint8_t)latency_of(timing, insn);
	if (uop->kind == UOP_AMO && timing->amo_flush)
		uop->flags |= UOP_FLUSH;
	if (class == CLASS_CSR)
		describe_csr(insn, uop);
	else if (class == CLASS_FENCE || class == CLASS_SYSTEM)
		describe_system(insn, uop);
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
