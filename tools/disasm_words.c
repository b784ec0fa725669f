/* Reads lines "PC WORD" in hex, prints "row<TAB>text" for each: what tools/check_insn compares with objdump. */
#include <inttypes.h>
#include <stdio.h>
#include "isa/insn.h"

int main(int argc, char **argv)
{
	struct isa isa = isa_default();
	char error[128], text[128];
	uint64_t pc;
	uint32_t word;

	if (argc > 1 && isa_parse(argv[1], &isa, error, sizeof(error)) < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], error);
		return 2;
	}
	while (scanf("%" SCNx64 " %" SCNx32, &pc, &word) == 2) {
		struct insn insn = decode(&isa, word);

		printf("%s\t%s\n", insn_rows[insn.id].name, disasm(&insn, pc, text, sizeof(text)));
	}
	return 0;
}
