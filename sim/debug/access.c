/* What the debugger reads of a machine: memory as a hart sees it, names, instructions. Nothing here has side
 * effects. */
#include <string.h>
#include "base/bus.h"
#include "debug/debugger.h"
#include "debug/source_text.h"
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

/* The part of [va, va + size) that lies in va's page of 4 KiB, and where it is. */
static bool piece_at(struct hart *hart, const struct mmu_context *context, uint64_t va, size_t *size, uint64_t *pa)
{
	struct translation translation;
	struct trap trap;
	uint64_t left = 4096 - va % 4096;
	*size = *size < left ? *size : (size_t)left;
	if (!mmu_walk(hart, va, 1, ACCESS_LOAD, context, false, NULL, NULL, &translation, &trap))
		return false;
	*pa = translation.pa;
	return true;
}

bool debug_read_bytes(struct hart *hart, enum mode mode, uint64_t va, void *bytes, size_t size)
{
	struct mmu_context context = mmu_context_in(hart, mode, false);
	context.sum = true;
	for (uint8_t *at = bytes; size;) {
		size_t piece = size;
		uint64_t pa;
		if (!piece_at(hart, &context, va, &piece, &pa) || !bus_peek(hart->bus, pa, at, piece))
			return false;
		va += piece;
		at += piece;
		size -= piece;
	}
	return true;
}

bool debug_write_bytes(struct hart *hart, enum mode mode, uint64_t va, const void *bytes, size_t size)
{
	struct mmu_context context = mmu_context_in(hart, mode, false);
	context.sum = true;
	for (unsigned pass = 0; pass < 2; pass++) { /* look at all of it first */
		const uint8_t *at = bytes;
		for (size_t left = size, piece; left; left -= piece, at += piece) {
			uint64_t pa, place = va + (size - left);
			uint8_t old[4096];
			piece = left;
			if (!piece_at(hart, &context, place, &piece, &pa) ||
			    !(pass ? bus_dma_write(hart->bus, pa, at, piece) : bus_peek(hart->bus, pa, old, piece)))
				return false;
		}
	}
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

/* Without the end of the line. Its length; 0: it cannot be fetched. */
static unsigned print_place_insn(struct debugger *debugger, struct hart *hart, uint64_t pc)
{
	char name[160], text[128];
	uint32_t word;
	debug_symbol(debugger, hart, hart->mode, pc, name, sizeof name);
	if (!debug_fetch(hart, pc, &word)) {
		fprintf(debugger->out, "0x%016llx%s: cannot be fetched", (unsigned long long)pc, name);
		return 0;
	}
	struct insn insn = decode(&hart->isa, word);
	fprintf(debugger->out, "0x%016llx%s: %0*x  %s", (unsigned long long)pc, name, insn.length * 2, word,
	        disasm(&insn, pc, text, sizeof text));
	return insn.length;
}

void debug_print_insn(struct debugger *debugger, struct hart *hart, uint64_t pc, unsigned *length)
{
	*length = print_place_insn(debugger, hart, pc);
	fputc('\n', debugger->out);
}

void debug_print_place(struct debugger *debugger, struct hart *hart)
{
	fprintf(debugger->out, "hart %u %s%s cycle %llu  ", hart->id, mode_name(hart->mode),
	        hart->waiting ? " waiting" : "", (unsigned long long)hart->cycle);
	print_place_insn(debugger, hart, hart->pc);
	source_print_place(debugger, hart);
	fputc('\n', debugger->out);
}
