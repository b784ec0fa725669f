/* Decoder and disassembler: every word is an instruction or none, for any set of extensions, always the same. */
#include "fuzz.h"
#include "isa/insn.h"

enum { TEXT = 128 };

static void check_row(const struct isa *isa, const struct insn *insn)
{
	const struct insn_row *row = &insn_rows[insn->id];
	REQUIRE(insn->id < INSN_COUNT && insn->semantics < INSN_COUNT, "row %u, %u", insn->id, insn->semantics);
	REQUIRE((insn->word & row->mask) == row->match, "%08x is not %s", insn->word, row->name);
	REQUIRE(insn->id == INSN_illegal || isa_has(isa, row->ext), "%08x: %s does not exist", insn->word, row->name);
	REQUIRE(insn->rd < 32 && insn->rs1 < 32 && insn->rs2 < 32 && insn->rs3 < 32 && insn->rm < 8, "%08x", insn->word);
	insn_writes_x(insn);
	insn_writes_f(insn);
	insn_dirties_fp(insn);
}

/* Whole text fits where the debugger and traces put it; cut text is the same text, cut. */
static void check_text(const struct insn *insn, uint64_t pc, size_t size)
{
	char whole[TEXT], *cut = malloc(size ? size : 1);
	REQUIRE(cut, "no memory");
	REQUIRE(disasm(insn, pc, whole, TEXT) == whole && strlen(whole) > 0 && strlen(whole) < TEXT - 1, "%08x", insn->word);
	disasm(insn, pc, cut, size);
	REQUIRE(!size || (strlen(cut) < size && strncmp(cut, whole, strlen(cut)) == 0), "%08x: %s, %s", insn->word, whole, cut);
	REQUIRE(size <= strlen(whole) || strcmp(cut, whole) == 0, "%08x: %s, %s", insn->word, whole, cut);
	free(cut);
}

static void check_word(const struct isa *isa, uint32_t word, uint64_t pc, size_t size)
{
	struct insn insn = decode(isa, word), again = decode(isa, word);
	REQUIRE(insn.length == ((word & 3) == 3 ? 4 : 2), "%08x: length %u", word, insn.length);
	REQUIRE(insn.word == (insn.length == 4 ? word : word & 0xffff), "%08x: word %08x", word, insn.word);
	REQUIRE(insn.id == again.id && insn.semantics == again.semantics && insn.imm == again.imm && insn.rd == again.rd &&
	            insn.rs1 == again.rs1 && insn.rs2 == again.rs2 && insn.rs3 == again.rs3 && insn.rm == again.rm,
	        "%08x", word);
	check_row(isa, &insn);
	check_text(&insn, pc, size);
}

/* Any bits: even sets that no --isa string can make. */
static struct isa isa_of(uint64_t choice)
{
	struct isa isa = isa_default();
	if (choice & 1)
		memset(isa.bits, 0xff, sizeof(isa.bits));
	if (choice & 2)
		for (unsigned i = 0; i < 2; i++)
			isa.bits[i] &= ~(choice >> 8 << 16 * i);
	return isa;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source source = source_of(data, size);
	struct isa isa = isa_of(source_take(&source, 8));
	uint64_t pc = source_take(&source, 8);
	do {
		uint32_t word = (uint32_t)source_take(&source, 4);
		check_word(&isa, word, pc, source_below(&source, TEXT));
	} while (source.end - source.at >= 5);
	return 0;
}
