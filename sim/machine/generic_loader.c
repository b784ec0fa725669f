#include "machine/generic_loader.h"

#include "base/bus.h"
#include "dev/devices.h"
#include "machine/boot_files.h"
#include "machine/boot_symbols.h"
#include "machine/hex.h"
#include "machine/unpack.h"

/* What an executable format says of its place. */
static int load_executable(struct boot *boot, struct machine *machine, struct file *file, uint64_t *entry)
{
	struct image image = {0};
	int result;
	if (file_is_elf(file)) {
		result = elf_load(file, &machine->bus, &boot->layout, "loader's file", &image);
		if (result == 0)
			result = boot_host_symbols(machine, file);
	} else if (file_is_hex(file)) {
		result = hex_load(file, &machine->bus, &boot->layout, &image);
	} else { /* a uImage without an address of its own is for a boot loader */
		image.entry = file->entry;
		result = raw_load(file, &machine->bus, &boot->layout, file->load, "loader's file");
	}
	*entry = image.entry;
	return result;
}

static int load_file(struct boot *boot, struct machine *machine, const struct loader_config *loader, uint64_t *entry)
{
	struct file file;
	if (boot_open(boot, &file, loader->path) != 0)
		return -1;
	int result = 0;
	if (!loader->raw && file_is_uimage(&file))
		result = unpack_kernel(&file, boot->layout.size);
	*entry = loader->address;
	bool placed = !loader->raw && (file_is_elf(&file) || file_is_hex(&file) || file.uimage == UIMAGE_AT);
	if (result == 0 && placed)
		result = load_executable(boot, machine, &file, entry);
	else if (result == 0)
		result = raw_load(&file, &machine->bus, &boot->layout, loader->address, "loader's file");
	file_close(&file);
	return result;
}

static int load_value(struct boot *boot, struct machine *machine, const struct loader_config *loader)
{
	if (layout_claim(&boot->layout, loader->address, loader->size, "loader's value", NULL) != 0)
		return -1;
	bus_poke(&machine->bus, loader->address, loader->value, loader->size);
	boot_add_hash(boot, &loader->address, sizeof(loader->address));
	boot_add_hash(boot, loader->value, loader->size);
	return 0;
}

static int run_loader(struct boot *boot, struct machine *machine, const struct loader_config *loader)
{
	uint64_t entry = loader->address;
	int result = loader->path   ? load_file(boot, machine, loader, &entry)
	             : loader->size ? load_value(boot, machine, loader)
	                            : 0;
	if (result == 0 && loader->starts && !loader->size) {
		machine->start_pc[loader->hart] = entry & ~UINT64_C(1);
		boot->hart_starts |= UINT64_C(1) << loader->hart;
		boot_add_hash(boot, &entry, sizeof(entry));
		boot_add_hash(boot, &loader->hart, sizeof(loader->hart));
	}
	return result;
}

int generic_loaders(struct boot *boot, struct machine *machine)
{
	const struct config *config = machine->config;
	for (unsigned i = 0; i < config->harts; i++)
		machine->start_pc[i] = device_rows[DEVICE_rom].base;
	for (unsigned i = 0; i < config->loader_count; i++)
		if (run_loader(boot, machine, &config->loaders[i]) != 0)
			return -1;
	return 0;
}
