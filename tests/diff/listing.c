/* listing BATCH.elf: the code of a batch's first case, slot by slot, and its page tables. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include "isa/insn.h"
#include "layout.h"

static void list(const unsigned char *code, unsigned from, unsigned to)
{
	struct isa isa = isa_default();
	for (unsigned at = from; at < to;) {
		uint32_t word = code[at] | code[at + 1] << 8;
		if ((word & 3) == 3)
			word |= (uint32_t)(code[at + 2] | code[at + 3] << 8) << 16;
		struct insn insn = decode(&isa, word);
		char text[128];
		printf("    %08llx  %s\n", CODE_S + CODE_START + at, disasm(&insn, CODE_S + CODE_START + at, text, sizeof text));
		at += insn.length;
	}
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	static unsigned char elf[0x400000];
	if (!file || fread(elf, 1, sizeof elf, file) < sizeof(Elf64_Ehdr)) {
		fprintf(stderr, "usage: listing BATCH.elf\n");
		return 2;
	}
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)elf;
	const Elf64_Phdr *segment = (const Elf64_Phdr *)(elf + header->e_phoff);
	while (segment->p_paddr != CASES)
		segment++;
	const struct diff_case *c = (const struct diff_case *)(elf + segment->p_offset + 8);
	const struct diff_pte *ptes = (const struct diff_pte *)(c + 1);
	const unsigned char *code = (const unsigned char *)(ptes + c->ptes);
	printf("initialization\n");
	list(code, 0, c->slot[0] - CODE_START);
	for (unsigned i = 0; i < c->slots; i++) {
		printf("\nslot %u policy %u\n", i, c->policy[i]);
		list(code, c->slot[i] - CODE_START, c->slot[i + 1] - CODE_START);
	}
	printf("\ntables\n");
	for (unsigned i = 0; i < c->ptes; i++)
		printf("    %08llx  %016llx\n", ptes[i].address, ptes[i].value);
	return 0;
}
