#include "machine/signature.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "machine/machine.h"
#include "base/output_file.h"
#include "base/say.h"
#include "base/symbols.h"

static int write_words(FILE *file, const struct machine *machine, uint64_t begin, uint64_t end)
{
	for (uint64_t pa = begin; pa < end; pa += 4) {
		uint32_t word = 0;
		bus_peek(&machine->bus, pa, &word, end - pa < 4 ? end - pa : 4);
		fprintf(file, "%08" PRIx32 "\n", word);
	}
	return ferror(file) ? -1 : 0;
}

int signature_find(const char *path, const struct machine *machine, uint64_t *begin, uint64_t *end)
{
	if (!symbols_lookup_in(machine->symbols, 0, "begin_signature", begin) ||
	    !symbols_lookup_in(machine->symbols, 0, "end_signature", end))
		return say("--signature %s: the program has no symbols begin_signature and end_signature", path);
	if (*end < *begin || !bus_is_dram(&machine->bus, *begin, *end - *begin))
		return say("--signature %s: begin_signature..end_signature is not a range of DRAM", path);
	return 0;
}

int signature_write(const char *path, const struct machine *machine)
{
	uint64_t begin, end;
	if (signature_find(path, machine, &begin, &end) != 0)
		return -1;
	FILE *file = output_open(path);
	int result = file ? write_words(file, machine, begin, end) : -1;
	if (file && fclose(file) != 0)
		result = -1;
	if (result != 0)
		say("%s: %s", path, strerror(errno));
	return result;
}
