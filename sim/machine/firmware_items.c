#include "machine/firmware_items.h"

#include <string.h>
#include <sys/stat.h>
#include "base/say.h"
#include "machine/boot.h"
#include "machine/boot_files.h"
#include "machine/unpack.h"

enum { VERSION_AND_DMA = 3 };

static int no_memory(void) { return say("out of memory for fw_cfg"); }

/* Sizes are words. */
static int check_size(const struct file *file)
{
	return file->size < UINT32_MAX ? 0 : say("%s: is too large for fw_cfg: 4 GiB", file->path);
}

static int add_machine(struct fw_cfg *fw_cfg, const struct config *config)
{
	int result = fw_cfg_add(fw_cfg, FW_CFG_SIGNATURE, "QEMU", 4);
	result |= fw_cfg_add_number(fw_cfg, FW_CFG_ID, VERSION_AND_DMA, 4);
	result |= fw_cfg_add(fw_cfg, FW_CFG_UUID, config->told.uuid, sizeof(config->told.uuid));
	result |= fw_cfg_add_number(fw_cfg, FW_CFG_NOGRAPHIC, config->told.no_graphics, 2);
	result |= fw_cfg_add_number(fw_cfg, FW_CFG_NB_CPUS, config->harts, 2);
	result |= fw_cfg_add_number(fw_cfg, FW_CFG_BOOT_MENU, config->told.menu, 2);
	return result == 0 ? 0 : no_memory();
}

/* ---- what a loader in flash is to boot ---- */

static int add_image(struct boot *boot, struct fw_cfg *fw_cfg, const char *path, uint64_t unpacked,
                     enum fw_cfg_key size, enum fw_cfg_key data)
{
	struct file file;
	if (boot_open(boot, &file, path) != 0)
		return -1;
	int result = unpacked ? unpack_data(&file, unpacked) : 0;
	if (result == 0)
		result = check_size(&file);
	if (result == 0 && (fw_cfg_add_number(fw_cfg, size, file.size, 4) != 0 ||
	                    fw_cfg_add(fw_cfg, data, file.data, (uint32_t)file.size) != 0))
		result = no_memory();
	file_close(&file);
	return result;
}

static int add_kernel(struct boot *boot, struct machine *machine)
{
	const struct config *config = machine->config;
	struct fw_cfg *fw_cfg = &machine->fw_cfg;
	const char *line = config->append ? config->append : "";
	uint32_t size = (uint32_t)strlen(line) + 1;
	if (!boot->flashed || !config->kernel)
		return 0;
	if (add_image(boot, fw_cfg, config->kernel, config->memory, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA) != 0)
		return -1;
	if (config->initrd && add_image(boot, fw_cfg, config->initrd, 0, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA) != 0)
		return -1;
	if (fw_cfg_add_number(fw_cfg, FW_CFG_CMDLINE_SIZE, size, 4) != 0 ||
	    fw_cfg_add(fw_cfg, FW_CFG_CMDLINE_DATA, line, size) != 0)
		return no_memory();
	return 0;
}

/* ---- files ---- */

static int add_item_word(struct fw_cfg *fw_cfg, const char *name, uint32_t value, unsigned size)
{
	const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
	                          (uint8_t)(value >> 24)};
	return fw_cfg_add_file(fw_cfg, name, bytes, size);
}

static int add_standard_files(struct fw_cfg *fw_cfg, const struct config *config)
{
	if (fw_cfg_add_file(fw_cfg, "bootorder", NULL, 0) != 0 ||
	    fw_cfg_add_file(fw_cfg, "bios-geometry", NULL, 0) != 0)
		return -1;
	if (config->told.menu_wait != UINT32_MAX &&
	    add_item_word(fw_cfg, "etc/boot-menu-wait", config->told.menu_wait, 2) != 0)
		return -1;
	return add_item_word(fw_cfg, "etc/boot-fail-wait", config->told.fail_wait, 4);
}

/* Of what is loaded into memory that would be a mistake. */
static bool is_empty(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
}

static int add_given_file(struct boot *boot, struct fw_cfg *fw_cfg, const struct firmware_file *given)
{
	struct file file;
	if (given->text) {
		boot_add_hash(boot, given->text, strlen(given->text));
		return fw_cfg_add_file(fw_cfg, given->name, given->text, (uint32_t)strlen(given->text));
	}
	if (is_empty(given->path))
		return fw_cfg_add_file(fw_cfg, given->name, NULL, 0);
	if (boot_open(boot, &file, given->path) != 0)
		return -1;
	int result = check_size(&file);
	if (result == 0)
		result = fw_cfg_add_file(fw_cfg, given->name, file.data, (uint32_t)file.size);
	file_close(&file);
	return result;
}

static int add_given_files(struct boot *boot, struct fw_cfg *fw_cfg, const struct config *config)
{
	for (unsigned i = 0; i < config->firmware_file_count; i++) {
		const struct firmware_file *given = &config->firmware_files[i];
		boot_add_hash(boot, given->name, strlen(given->name));
		if (add_given_file(boot, fw_cfg, given) != 0)
			return -1;
	}
	return 0;
}

int firmware_items_fill(struct boot *boot, struct machine *machine)
{
	struct fw_cfg *fw_cfg = &machine->fw_cfg;
	if (add_machine(fw_cfg, machine->config) != 0 || add_kernel(boot, machine) != 0 ||
	    add_standard_files(fw_cfg, machine->config) != 0)
		return -1;
	if (machine->config->ramfb.present &&
	    ramfb_add(&machine->ramfb, machine->config->ramfb.id, fw_cfg, &machine->bus, &machine->screens) != 0)
		return -1;
	return add_given_files(boot, fw_cfg, machine->config);
}
