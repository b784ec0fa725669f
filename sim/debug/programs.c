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
	char *path;
	struct file file;
	struct program *program;
	struct debug_place place;
	struct section_place *sections; /* names are its own, too */
	size_t section_count;
};

struct programs {
	struct program_file **files; /* each stays where it is: its program keeps its bytes */
	size_t count, capacity;
};

static void free_program_file(struct program_file *file)
{
	if (!file)
		return;
	program_free(file->program);
	file_close(&file->file);
	for (size_t i = 0; i < file->section_count; i++)
		free((char *)file->sections[i].name);
	free(file->sections);
	free(file->path);
	free(file);
}

static bool copy_sections(struct program_file *file, const struct program_place *loaded)
{
	file->sections = loaded->section_count ? calloc(loaded->section_count, sizeof *file->sections) : NULL;
	for (size_t i = 0; file->sections && i < loaded->section_count; i++) {
		file->sections[i] = (struct section_place){strdup(loaded->sections[i].name),
		                                           loaded->sections[i].address};
		if (!file->sections[i].name)
			return false;
		file->section_count++;
	}
	return file->section_count == loaded->section_count;
}

static bool open_program_file(const struct debugger *debugger, struct program_file *file, const char *path,
                              const struct program_place *loaded)
{
	file->path = strdup(path);
	if (!file->path || file_open(&file->file, file->path) != 0 || !copy_sections(file, loaded) ||
	    unpack_kernel(&file->file, debugger->machine->config->memory) != 0 || !file_is_elf(&file->file))
		return false;
	const struct program_place place = {loaded->bias, file->sections, file->section_count};
	file->program = program_open(file->path, file->file.data, file->file.size, &place);
	return file->program != NULL;
}

/* What the machine has loaded was read already; what is no file any more, or was never one, is left out. */
static void add_program_file(const struct debugger *debugger, struct programs *programs, const char *path,
                             const struct debug_place *place, const struct program_place *loaded)
{
	struct stat status;
	if (!path || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	struct program_file *added = calloc(1, sizeof *added);
	if (added && open_program_file(debugger, added, path, loaded) &&
	    ARRAY_RESERVE(programs->files, programs->count, 1, &programs->capacity) == 0) {
		added->place = *place;
		programs->files[programs->count++] = added;
		return;
	}
	free_program_file(added);
}

static void add_loaded_file(const struct debugger *debugger, struct programs *programs, const char *path,
                            unsigned space)
{
	const struct program_place loaded = {0};
	const struct debug_place place = {true, space, ASID_ANY};
	add_program_file(debugger, programs, path, &place, &loaded);
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
	add_loaded_file(debugger, programs, config->bios, SPACE_HOST);
	add_loaded_file(debugger, programs, config->kernel, SPACE_HOST);
	for (unsigned i = 0; i < config->loader_count; i++)
		if (!config->loaders[i].raw)
			add_loaded_file(debugger, programs, config->loaders[i].path, SPACE_HOST);
	for (unsigned i = 0; i < config->guest_count; i++)
		if (!config->guests[i].ramdisk)
			add_loaded_file(debugger, programs, config->guests[i].path, i + 1);
	return programs;
}

static void drop_space(struct programs *programs, unsigned space)
{
	size_t kept = 0;
	for (size_t i = 0; i < programs->count; i++)
		if (programs->files[i]->place.space == space)
			free_program_file(programs->files[i]);
		else
			programs->files[kept++] = programs->files[i];
	programs->count = kept;
}

void programs_add(struct debugger *debugger, const char *path, const struct debug_place *place,
                  const struct program_place *loaded, bool instead)
{
	struct programs *programs = programs_of(debugger);
	if (!programs)
		return;
	if (instead)
		drop_space(programs, place->space);
	add_program_file(debugger, programs, path, place, loaded);
	debugger->source->listed.valid = false;
}

void programs_free(struct debugger *debugger)
{
	struct programs *programs = debugger->source->programs;
	for (size_t i = 0; programs && i < programs->count; i++)
		free_program_file(programs->files[i]);
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
	for (size_t i = programs->count; i-- > 0;) { /* what was named last knows best */
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
