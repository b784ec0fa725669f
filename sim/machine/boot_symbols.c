#include "machine/boot_symbols.h"

#include <stdlib.h>
#include <string.h>
#include "base/say.h"
#include "machine/elf_symbols.h"
#include "machine/loader.h"
#include "machine/machine.h"
#include "watch/spaces.h"

char *boot_stem(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
	return strndup(name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

static int add_program(struct machine *machine, const struct file *file, const struct symbol_module *made)
{
	int module = symbols_new_module(machine->symbols, made);
	return module < 0 ? say("out of memory for symbols") : elf_symbols(file, machine->symbols, (unsigned)module);
}

int boot_host_symbols(struct machine *machine, const struct file *file)
{
	char *name = boot_stem(file->path);
	struct symbol_module made = {.path = file->path, .name = name, .space = SPACE_HOST, .asid = ASID_ANY};
	int result = name ? add_program(machine, file, &made) : say("out of memory for symbols");
	free(name);
	return result;
}

/* ---- guests ---- */

struct guest_program {
	struct spaces *spaces;
	unsigned space;
};

static int take_piece(void *context, uint64_t pa, const uint8_t *bytes, size_t size)
{
	const struct guest_program *program = context;
	return spaces_piece(program->spaces, program->space, false, pa, bytes, size);
}

int boot_name_guests(struct machine *machine)
{
	const struct config *config = machine->config;
	int result = 0;
	for (unsigned i = 0; i < config->guest_count && result == 0; i++) {
		const struct guest_config *guest = &config->guests[i];
		if (guest->ramdisk)
			continue;
		char *stem = boot_stem(guest->path);
		result = stem ? symbols_add_guest(machine->symbols, i + 1) : -1;
		if (result == 0)
			result = symbols_name_space(machine->symbols, i + 1, guest->name ? guest->name : stem);
		free(stem);
	}
	return result == 0 ? 0 : say("out of memory for symbols");
}

/* By what its memory is known again. */
static int describe_guest(struct machine *machine, unsigned space, const struct file *file)
{
	uint64_t entry = 0;
	if (!machine->spaces)
		machine->spaces = spaces_new(machine->symbols);
	if (!machine->spaces)
		return -1;
	struct guest_program program = {machine->spaces, space};
	if (!file_is_elf(file))
		return spaces_piece(machine->spaces, space, true, 0, file->data, file->size);
	return elf_pieces(file, take_piece, &program, &entry) == 0 ? spaces_entry(machine->spaces, space, entry) : -1;
}

int boot_guest_symbols(struct machine *machine, unsigned space, const struct file *file)
{
	struct symbol_module made = {.path = file->path, .space = space, .asid = ASID_ANY};
	if (describe_guest(machine, space, file) != 0)
		return say("out of memory for symbols");
	return add_program(machine, file, &made);
}
