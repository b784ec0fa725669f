/* What the debugger reads of a machine: memory as a hart sees it, names, instructions. Nothing here has side
 * effects. */
#include <string.h>
#include "base/bus.h"
#include "debug/debugger.h"
#include "hart/mmu.h"
#include "isa/insn.h"
#include "watch/names.h"

static bool look_at_word(struct hart *hart, uint64_t va, unsigned size, enum access access, uint64_t *pa)
{
	struct mmu_context context = access == ACCESS_FETCH ? mmu_context_fetch(hart) : mmu_context_data(hart);
	struct translation translation;
	struct trap trap;
	if (!mmu_walk(hart, va, size, access, &context, false, NULL, NULL, &translation, &trap))
		return false;
	*pa = translation.pa;
	return true;
}

bool debug_read_virtual(struct hart *hart, uint64_t va, unsigned size, uint64_t *value)
{
	uint8_t bytes[8] = {0};
	for (unsigned i = 0; i < size; i++) {
		uint64_t pa;
		if (!look_at_word(hart, va + i, 1, ACCESS_LOAD, &pa) || !bus_peek(hart->bus, pa, bytes + i, 1))
			return false;
	}
	memcpy(value, bytes, 8);
	return true;
}

bool debug_physical(struct hart *hart, uint64_t va, uint64_t *pa) { return look_at_word(hart, va, 1, ACCESS_LOAD, pa); }

bool debug_fetch(struct hart *hart, uint64_t va, uint32_t *word)
{
	uint16_t low, high = 0;
	uint64_t pa;
	if (!look_at_word(hart, va, 2, ACCESS_FETCH, &pa) || !bus_peek(hart->bus, pa, &low, 2))
		return false;
	if ((low & 3) == 3 && (!look_at_word(hart, va + 2, 2, ACCESS_FETCH, &pa) || !bus_peek(hart->bus, pa, &high, 2)))
		return false;
	*word = low | (uint32_t)high << 16;
	return true;
}

const char *debug_symbol(const struct debugger *debugger, struct hart *hart, enum mode mode, uint64_t address,
                         char *text, size_t size)
{
	uint64_t offset = 0;
	const char *name = name_of(debugger->machine->symbols, hart, mode, address, &offset);
	if (!name)
		snprintf(text, size, "%s", "");
	else if (offset)
		snprintf(text, size, " <%s+0x%llx>", name, (unsigned long long)offset);
	else
		snprintf(text, size, " <%s>", name);
	return text;
}

void debug_print_insn(struct debugger *debugger, struct hart *hart, uint64_t pc, unsigned *length)
{
	char name[160], text[128];
	uint32_t word;
	debug_symbol(debugger, hart, hart->mode, pc, name, sizeof name);
	if (!debug_fetch(hart, pc, &word)) {
		fprintf(debugger->out, "0x%016llx%s: cannot be fetched\n", (unsigned long long)pc, name);
		*length = 0;
		return;
	}
	struct insn insn = decode(&hart->isa, word);
	*length = insn.length;
	fprintf(debugger->out, "0x%016llx%s: %0*x  %s\n", (unsigned long long)pc, name, insn.length * 2, word,
	        disasm(&insn, pc, text, sizeof text));
}

void debug_print_place(struct debugger *debugger, struct hart *hart)
{
	unsigned length;
	fprintf(debugger->out, "hart %u %s%s cycle %llu  ", hart->id, mode_name(hart->mode),
	        hart->waiting ? " waiting" : "", (unsigned long long)hart->cycle);
	debug_print_insn(debugger, hart, hart->pc, &length);
}
