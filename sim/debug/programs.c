#include "debug/programs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/array.h"
#include "base/symbols.h"
#include "debug/source.h"
#include "machine/unpack.h"
#include "watch/names.h"

struct program_file {
	struct file file;
	struct program *program;
	unsigned module;
};

struct programs {
	struct program_file **files; /* each stays where it is: its program keeps its bytes */
	size_t count, capacity;
};

/* What the machine has loaded was read already; what is no file any more, or was never one, is left out. */
static void add_program(struct debugger *debugger, struct programs *programs, const char *path, unsigned module)
{
	struct stat status;
	if (!path || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	struct program_file *added = calloc(1, sizeof *added);
	if (!added || file_open(&added->file, path) != 0) {
		free(added);
		return;
	}
	added->module = module;
	if (unpack_kernel(&added->file, debugger->machine->config->memory) == 0 && file_is_elf(&added->file))
		added->program = program_open(path, added->file.data, added->file.size, 0);
	if (added->program && ARRAY_RESERVE(programs->files, programs->count, 1, &programs->capacity) == 0) {
		programs->files[programs->count++] = added;
		return;
	}
	program_free(added->program);
	file_close(&added->file);
	free(added);
}

static struct programs *programs_of(struct debugger *debugger)
{
	const struct config *config = debugger->machine->config;
	if (debugger->source->programs)
		return debugger->source->programs;
	struct programs *programs = calloc(1, sizeof *programs);
	debugger->source->programs = programs;
	if (!programs)
		return NULL;
	add_program(debugger, programs, config->bios, 0);
	add_program(debugger, programs, config->kernel, 0);
	for (unsigned i = 0; i < config->loader_count; i++)
		if (!config->loaders[i].raw)
			add_program(debugger, programs, config->loaders[i].path, 0);
	for (unsigned i = 0; i < config->guest_count; i++)
		if (!config->guests[i].ramdisk)
			add_program(debugger, programs, config->guests[i].path, i + 1);
	return programs;
}

void programs_free(struct debugger *debugger)
{
	struct programs *programs = debugger->source->programs;
	for (size_t i = 0; programs && i < programs->count; i++) {
		program_free(programs->files[i]->program);
		file_close(&programs->files[i]->file);
		free(programs->files[i]);
	}
	if (programs)
		free(programs->files);
	free(programs);
	debugger->source->programs = NULL;
}

struct program *debug_program_at(struct debugger *debugger, size_t index)
{
	const struct programs *programs = programs_of(debugger);
	return programs && index < programs->count ? programs->files[index]->program : NULL;
}

unsigned debug_program_module(struct debugger *debugger, const struct program *program)
{
	const struct programs *programs = programs_of(debugger);
	for (size_t i = 0; programs && i < programs->count; i++)
		if (programs->files[i]->program == program)
			return programs->files[i]->module;
	return 0;
}

static struct program *program_in(const struct programs *programs, unsigned module, uint64_t address)
{
	for (size_t i = 0; i < programs->count; i++)
		if (programs->files[i]->module == module && program_holds(programs->files[i]->program, address))
			return programs->files[i]->program;
	return NULL;
}

struct program *debug_program(struct debugger *debugger, struct hart *hart, enum mode mode, uint64_t address)
{
	const struct symbols *symbols = debugger->machine->symbols;
	const struct programs *programs = programs_of(debugger);
	uint64_t offset;
	if (!programs)
		return NULL;
	if (!mode_virt(mode))
		return program_in(programs, 0, address);
	if (!symbols_have_guests(symbols)) /* the program holds its guests itself */
		return name_of(symbols, hart, mode, address, &offset) ? program_in(programs, 0, address) : NULL;
	if (symbols_modules(symbols) > 2 && !symbols_find_guest(symbols, address, &offset))
		return NULL; /* any of them may be the one that runs, and they disagree */
	return program_in(programs, 1, address);
}

bool debug_line(struct debugger *debugger, struct hart *hart, enum mode mode, uint64_t address,
                struct source_line *line)
{
	return line_at(debug_program(debugger, hart, mode, address), address, line);
}
