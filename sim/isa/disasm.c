/* Text of an instruction, in the spelling of objdump -M no-aliases. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "isa/csr_table.h"
#include "isa/insn.h"

struct line {
	char *text;
	size_t size, used;
};

static __attribute__((format(printf, 2, 3))) void put(struct line *line, const char *format, ...)
{
	va_list arguments;
	int length;

	if (line->used >= line->size)
		return;
	va_start(arguments, format);
	length = vsnprintf(line->text + line->used, line->size - line->used, format, arguments);
	va_end(arguments);
	line->used += (size_t)length;
}

const char *reg_name(unsigned x)
{
	static const char *const names[32] = {
	    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
	    "a6",   "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};

	return names[x % 32];
}

const char *freg_name(unsigned f)
{
	static const char *const names[32] = {
	    "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
	    "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
	    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
	};

	return names[f % 32];
}

static const char *rounding_name(unsigned rm)
{
	static const char *const names[8] = {"rne", "rtz", "rdn", "rup", "rmm", "unknown", "unknown", "dyn"};

	return names[rm % 8];
}

/* Constants of fli.*, by the field that selects them; of those without a number of its own, min (smallest normal),
 * inf and nan are told by name. */
static void put_constant(struct line *line, unsigned index)
{
	static const double values[32] = {
	    -1,    0, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625,  0.75,
	    0.875, 1, 1.25,    1.5,     1.75,   2,      2.5,    3,     4,    8,      16,    128,    256, 0x1p15, 0x1p16,
	};

	if (index == 1 || index >= 30)
		put(line, "%s", index == 1 ? "min" : index == 30 ? "inf" : "nan");
	else
		put(line, "%a", values[index]);
}

/* One of fence's two sets. */
static void put_fence_set(struct line *line, unsigned set)
{
	if (set == 0)
		put(line, "unknown");
	for (unsigned i = 0; i < 4; i++) {
		if (set >> (3 - i) & 1)
			put(line, "%c", "iorw"[i]);
	}
}

static void put_csr(struct line *line, unsigned num)
{
	const struct csr_info *info = csr_info(num);

	if (info)
		put(line, "%s", info->name);
	else
		put(line, "0x%x", num);
}

/* Which of the may-be-operations of its row this is: mop.r.0..31, mop.rr.0..7, c.mop.1..15. */
static unsigned mop_number(const struct insn *insn)
{
	uint32_t word = insn->word;

	if (insn->length == 2)
		return word >> 7 & 15;
	if (insn_rows[insn->id].format == FORMAT_MOPRR)
		return (word >> 30 & 1) << 2 | (word >> 26 & 3);
	return (word >> 30 & 1) << 4 | (word >> 26 & 3) << 2 | (word >> 20 & 3);
}

/* One letter of a format's template (format.def). */
static void put_operand(struct line *line, const struct insn *insn, uint64_t pc, char letter)
{
	switch (letter) {
	case 'd': put(line, "%s", reg_name(insn->rd)); break;
	case 's': put(line, "%s", reg_name(insn->rs1)); break;
	case 't': put(line, "%s", reg_name(insn->rs2)); break;
	case 'D': put(line, "%s", freg_name(insn->rd)); break;
	case 'S': put(line, "%s", freg_name(insn->rs1)); break;
	case 'T': put(line, "%s", freg_name(insn->rs2)); break;
	case 'R': put(line, "%s", freg_name(insn->rs3)); break;
	case 'i': put(line, "%lld", (long long)insn->imm); break;
	case 'x': put(line, "0x%llx", (unsigned long long)insn->imm); break;
	case 'u': put(line, "0x%llx", (unsigned long long)insn->imm >> 12 & 0xfffff); break;
	case 'p': put(line, "0x%" PRIx64, pc + (uint64_t)insn->imm); break;
	case 'z': put(line, "%u", insn->rs1); break;
	case 'c': put_csr(line, (unsigned)insn->imm); break;
	case 'f':
		put_fence_set(line, insn->imm >> 4 & 15);
		put(line, ",");
		put_fence_set(line, insn->imm & 15);
		break;
	case 'l': put_constant(line, (unsigned)insn->imm & 31); break;
	case 'm':
		if (insn->rm != 7)
			put(line, ",%s", rounding_name(insn->rm));
		break;
	case 'M':
		if (insn->rm != 0)
			put(line, ",%s", rounding_name(insn->rm));
		break;
	case 'Z': put(line, ",rtz"); break;
	default: put(line, "%c", letter); break;
	}
}

static void put_illegal(struct line *line, const struct insn *insn)
{
	if (insn->length == 2 && insn->word == 0)
		put(line, "c.unimp");
	else
		put(line, ".%ubyte\t0x%x", insn->length, insn->word);
}

const char *disasm(const struct insn *insn, uint64_t pc, char *text, size_t size)
{
	static const char *const orderings[4] = {"", ".rl", ".aq", ".aqrl"};
	const struct insn_row *row = &insn_rows[insn->id];
	const char *operands = format_operands(row->format);
	struct line line = {text, size, 0};

	if (insn->id == INSN_illegal) {
		put_illegal(&line, insn);
		return text;
	}
	put(&line, "%s", row->name);
	if (row->format == FORMAT_AMO || row->format == FORMAT_AMOQ || row->format == FORMAT_LR)
		put(&line, "%s", orderings[insn->rm & 3]);
	if (*operands == 'n') {
		put(&line, "%u", mop_number(insn));
		operands++;
	}
	if (*operands != '\0')
		put(&line, "\t");
	for (; *operands != '\0'; operands++)
		put_operand(&line, insn, pc, *operands);
	return text;
}
