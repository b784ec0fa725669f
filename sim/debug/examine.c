/* Looking at memory: dumps, disassembly, and the walk of an address through both stages. Nothing here has side
 * effects. */
#include <inttypes.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "hart/mmu.h"
#include "hart/pte.h"
#include "hart/trap.h"

/* ---- x and xp ---- */

struct dump_format {
	uint64_t count;
	char format;
	unsigned size;
};

/* "/NFU", each part optional. */
static bool parse_format(struct debugger *debugger, const char **args, struct dump_format *format)
{
	*format = (struct dump_format){1, 'x', 8};
	const char *text = *args;
	if (*text != '/')
		return true;
	text++;
	if (isdigit((unsigned char)*text)) {
		char *end;
		format->count = strtoull(text, &end, 10);
		text = end;
	}
	for (; *text && *text != ' ' && *text != '\t'; text++) {
		static const char units[] = "bhwg";
		const char *unit = strchr(units, *text);
		if (unit)
			format->size = 1u << (unit - units);
		else if (strchr("xduisc", *text))
			format->format = *text;
		else
			return complain(debugger, "no format `%c': x d u i s c, b h w g", *text);
	}
	if (format->format == 'c')
		format->size = 1;
	*args = text + strspn(text, " \t");
	return true;
}

static void print_unit(FILE *out, const struct dump_format *format, uint64_t value)
{
	int digits = (int)format->size * 2;
	unsigned shift = 64 - 8 * format->size;
	switch (format->format) {
	case 'd': fprintf(out, " %lld", (long long)((int64_t)(value << shift) >> shift)); break;
	case 'u': fprintf(out, " %llu", (unsigned long long)value); break;
	case 'c': fprintf(out, isprint((int)value) ? " '%c'" : " \\x%02x", (int)value); break;
	default: fprintf(out, " 0x%0*llx", digits, (unsigned long long)value);
	}
}

typedef bool reader(struct hart *hart, uint64_t address, unsigned size, uint64_t *value);

static bool read_physical(struct hart *hart, uint64_t address, unsigned size, uint64_t *value)
{
	*value = 0;
	return bus_peek(hart->bus, address, value, size);
}

static bool dump_string(struct debugger *debugger, reader *read, uint64_t address)
{
	uint64_t value;
	fputc('"', debugger->out);
	for (unsigned i = 0; i < 4096; i++) {
		if (!read(current(debugger), address + i, 1, &value))
			return complain(debugger, "\" cannot read 0x%" PRIx64, address + i);
		if (value == 0)
			break;
		fprintf(debugger->out, isprint((int)value) ? "%c" : "\\x%02x", (int)value);
	}
	fputs("\"\n", debugger->out);
	return true;
}

static bool disassemble(struct debugger *debugger, uint64_t address, uint64_t count)
{
	unsigned length = 1;
	for (uint64_t i = 0; i < count && length && !debug_interrupted(debugger); i++, address += length)
		debug_print_insn(debugger, current(debugger), address, &length);
	return true;
}

static bool dump(struct debugger *debugger, const char *args, reader *read)
{
	struct dump_format format;
	uint64_t address, value;
	if (!parse_format(debugger, &args, &format) || !expression_all(debugger, args, &address))
		return false;
	if (format.format == 's')
		return dump_string(debugger, read, address);
	if (format.format == 'i')
		return disassemble(debugger, address, format.count);
	unsigned per_line = 16 / format.size;
	for (uint64_t i = 0; i < format.count && !(i % 4096 == 4095 && debug_interrupted(debugger));
	     i++, address += format.size) {
		if (!read(current(debugger), address, format.size, &value))
			return complain(debugger, "%scannot read 0x%llx", i % per_line ? "\n" : "",
			                (unsigned long long)address);
		if (i % per_line == 0)
			fprintf(debugger->out, "0x%016llx:", (unsigned long long)address);
		print_unit(debugger->out, &format, value);
		if (i % per_line == per_line - 1 || i == format.count - 1)
			fputc('\n', debugger->out);
	}
	return true;
}

bool cmd_x(struct debugger *debugger, const char *args) { return dump(debugger, args, debug_read_virtual); }
bool cmd_xp(struct debugger *debugger, const char *args) { return dump(debugger, args, read_physical); }

bool cmd_disas(struct debugger *debugger, const char *args)
{
	uint64_t address = current(debugger)->pc, count = 10;
	if (*args && !expression(debugger, &args, &address))
		return false;
	if (*args && !expression_all(debugger, args, &count))
		return false;
	return disassemble(debugger, address, count);
}

/* ---- translate ---- */

static void print_step(void *context, const struct walk_step *step)
{
	static const char *const stages[] = {[STAGE_S] = "S", [STAGE_VS] = "VS", [STAGE_G] = "G"};
	struct debugger *debugger = context;
	fprintf(debugger->out, "%s%-2s-stage", step->implicit ? "    " : "  ", stages[step->stage]);
	if (!step->pte_read) {
		fprintf(debugger->out, " bare, or refused: 0x%llx", (unsigned long long)step->address);
	} else {
		uint64_t pte = step->pte;
		fprintf(
		    debugger->out, " level %u: PTE at 0x%llx (physical 0x%llx) = 0x%016llx ppn 0x%llx %c%c%c%c%c%c%c%c",
		    step->level, (unsigned long long)step->address, (unsigned long long)step->pa,
		    (unsigned long long)pte, (unsigned long long)pte_ppn(pte), pte & PTE_D ? 'D' : '-',
		    pte & PTE_A ? 'A' : '-', pte & PTE_G ? 'G' : '-', pte & PTE_U ? 'U' : '-', pte & PTE_X ? 'X' : '-',
		    pte & PTE_W ? 'W' : '-', pte & PTE_R ? 'R' : '-', pte & PTE_V ? 'V' : '-');
		fprintf(debugger->out, "%s%s", step->leaf ? " leaf" : "", step->updated ? " (A/D would be set)" : "");
	}
	if (step->verdict)
		fprintf(debugger->out, ": %s", step->verdict);
	fputc('\n', debugger->out);
}

/* What the access would do in `mode`, as that mode's own explicit access. */
static struct mmu_context context_in(const struct hart *hart, enum mode mode, enum access access)
{
	struct mmu_context context = access == ACCESS_FETCH ? mmu_context_fetch(hart) : mmu_context_data(hart);
	if (mode == hart->mode)
		return context;
	bool virt = mode_virt(mode);
	return (struct mmu_context){
	    .mode = mode,
	    .sum = virt ? hart->csr.vsstatus & vsstatus_SUM : hart->csr.mstatus & mstatus_SUM,
	    .mxr = hart->csr.mstatus & mstatus_MXR,
	    .vmxr = virt && (hart->csr.vsstatus & vsstatus_MXR),
	};
}

/* The htinst that a real load or store would bring is that of an instruction: shown is what does not depend on one. */
static void print_fault(struct debugger *debugger, const struct trap *trap)
{
	fprintf(debugger->out, "%s: cause %u, tval 0x%llx", cause_name(false, trap->cause), trap->cause,
	        (unsigned long long)trap->tval);
	if (trap->cause >= CAUSE_FETCH_GUEST_PAGE && trap->cause != CAUSE_VIRTUAL)
		fprintf(debugger->out, ", htval 0x%" PRIx64 " (gpa 0x%" PRIx64 "), htinst %s0x%" PRIx64, trap->tval2,
		        trap->tval2 << 2, trap->tinst ? "pseudoinstruction " : "transformed instruction or ",
		        trap->tinst);
	unsigned hidden = trap_hidden(current(debugger), trap);
	if (hidden)
		fprintf(debugger->out, " (this hart writes 0:%s%s%s)", hidden & TRAP_HIDES_TVAL ? " tval" : "",
		        hidden & TRAP_HIDES_TVAL2 ? " htval" : "", hidden & TRAP_HIDES_TINST ? " htinst" : "");
	fputc('\n', debugger->out);
}

static bool parse_access(const char *word, size_t length, enum access *access)
{
	static const char letters[] = {[ACCESS_LOAD] = 'r', [ACCESS_STORE] = 'w', [ACCESS_FETCH] = 'x'};
	for (unsigned i = 0; i < sizeof letters; i++)
		if (length == 1 && *word == letters[i]) {
			*access = i;
			return true;
		}
	return false;
}

bool cmd_translate(struct debugger *debugger, const char *args)
{
	struct hart *hart = current(debugger);
	enum access access = ACCESS_LOAD;
	enum mode mode = hart->mode;
	uint64_t va;
	if (!expression(debugger, &args, &va))
		return false;
	while (*args) {
		size_t length;
		const char *word = next_word(&args, &length);
		if (!parse_access(word, length, &access) && !parse_mode(word, length, &mode))
			return complain(debugger, "what is `%.*s'? translate ADDR [r|w|x] [MODE]", (int)length, word);
	}
	struct mmu_context context = context_in(hart, mode, access);
	struct translation translation;
	struct trap trap;
	if (!mmu_walk(hart, va, 1, access, &context, false, print_step, debugger, &translation, &trap)) {
		print_fault(debugger, &trap);
		return true;
	}
	fprintf(debugger->out, "0x%llx -> ", (unsigned long long)va);
	if (mode_virt(context.mode))
		fprintf(debugger->out, "gpa 0x%llx -> ", (unsigned long long)translation.gpa);
	fprintf(debugger->out, "pa 0x%llx, page of 2^%u bytes, in %s\n", (unsigned long long)translation.pa,
	        translation.page_shift, mode_name(context.mode));
	return true;
}
