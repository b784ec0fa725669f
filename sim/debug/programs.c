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
	struct debug_place place;
};

struct programs {
	struct program_file **files; /* each stays where it is: its program keeps its bytes */
	size_t count, capacity;
};

/* What the machine has loaded was read already; what is no file any more, or was never one, is left out. */
static void add_program_file(struct debugger *debugger, struct programs *programs, const char *path, unsigned space)
{
	struct stat status;
	if (!path || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	struct program_file *added = calloc(1, sizeof *added);
	if (!added || file_open(&added->file, path) != 0) {
		free(added);
		return;
	}
	added->place = (struct debug_place){true, space, ASID_ANY};
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
	add_program_file(debugger, programs, config->bios, SPACE_HOST);
	add_program_file(debugger, programs, config->kernel, SPACE_HOST);
	for (unsigned i = 0; i < config->loader_count; i++)
		if (!config->loaders[i].raw)
			add_program_file(debugger, programs, config->loaders[i].path, SPACE_HOST);
	for (unsigned i = 0; i < config->guest_count; i++)
		if (!config->guests[i].ramdisk)
			add_program_file(debugger, programs, config->guests[i].path, i + 1);
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

struct debug_place debug_program_place(struct debugger *debugger, const struct program *program)
{
	const struct programs *programs = programs_of(debugger);
	for (size_t i = 0; programs && i < programs->count; i++)
		if (programs->files[i]->program == program)
			return programs->files[i]->place;
	return (struct debug_place){0};
}

static struct program *program_in(const struct programs *programs, unsigned space, uint32_t asid, uint64_t address)
{
	for (size_t i = 0; i < programs->count; i++) {
		const struct debug_place *place = &programs->files[i]->place;
		if (place->space == space && (place->asid == ASID_ANY || place->asid == asid) &&
		    program_holds(programs->files[i]->program, address))
			return programs->files[i]->program;
	}
	return NULL;
}

/* Any guest may be the one that runs: what all of them say of the address. */
static struct program *program_of_any_guest(const struct symbols *symbols, const struct programs *programs,
                                            uint64_t address)
{
	uint64_t offset;
	unsigned guests = 0;
	for (unsigned space = 0; space < symbols_spaces(symbols); space++)
		guests += symbols_is_guest(symbols, space);
	if (guests > 1 && !symbols_find_at(symbols, SPACE_UNKNOWN, ASID_ANY, address, &offset))
		return NULL;
	return program_in(programs, SPACE_HOST + 1, ASID_ANY, address);
}

struct program *debug_program(struct debugger *debugger, struct hart *hart, enum mode mode, uint64_t address)
{
	const struct symbols *symbols = debugger->machine->symbols;
	const struct programs *programs = programs_of(debugger);
	unsigned space;
	uint32_t asid;
	uint64_t offset;
	if (!programs)
		return NULL;
	name_place(symbols, hart, mode, &space, &asid);
	if (space != SPACE_UNKNOWN)
		return program_in(programs, space, asid, address);
	if (symbols_have_guests(symbols))
		return program_of_any_guest(symbols, programs, address);
	/* the program holds its guests itself */
	return name_of(symbols, hart, mode, address, &offset) ? program_in(programs, SPACE_HOST, ASID_ANY, address)
	                                                      : NULL;
}

bool debug_line(struct debugger *debugger, struct hart *hart, enum mode mode, uint64_t address,
                struct source_line *line)
{
	return line_at(debug_program(debugger, hart, mode, address), address, line);
}
