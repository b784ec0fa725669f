#include "cli/loaders.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/limits.h"
#include "cli/values.h"

/* ---- -device loader ---- */

/* What was said of one. */
struct said {
	struct loader_config *loader;
	bool address, value, size, big_endian, hart;
	uint64_t number; /* the value */
};

static int bad_value(const char *key, const char *value, const char *wanted)
{
	return bad("-device loader: %s=%s: must be %s", key, value, wanted);
}

static int set_loader_key(struct said *said, const char *key, const char *value)
{
	struct loader_config *loader = said->loader;
	uint64_t number;
	if (!value || *value == '\0')
		return bad("-device loader: '%s' needs a value", key);
	if (strcmp(key, "file") == 0) {
		loader->path = value;
	} else if (strcmp(key, "addr") == 0) {
		said->address = true;
		if (!number_between(value, 0, UINT64_MAX, &loader->address))
			return bad_value(key, value, "an address");
	} else if (strcmp(key, "data") == 0) {
		said->value = true;
		if (!number_between(value, 0, UINT64_MAX, &said->number))
			return bad_value(key, value, "a number");
	} else if (strcmp(key, "data-len") == 0) {
		said->size = true;
		if (!number_between(value, 1, sizeof(loader->value), &number))
			return bad_value(key, value, "a number of bytes from 1 to 8");
		loader->size = (unsigned)number;
	} else if (strcmp(key, "cpu-num") == 0) {
		said->hart = true;
		if (!number_between(value, 0, HARTS_MAX - 1, &number))
			return bad_value(key, value, "a hart");
		loader->hart = (unsigned)number;
	} else if (strcmp(key, "data-be") == 0 || strcmp(key, "force-raw") == 0) {
		if (!options_switch(value, key[0] == 'd' ? &said->big_endian : &loader->raw))
			return bad_value(key, value, "on or off");
	} else if (strcmp(key, "id") != 0) {
		return bad("-device loader: unknown key '%s' (file, addr, force-raw, cpu-num, data, data-len, data-be)",
		           key);
	}
	return 0;
}

/* The bytes as they lie in memory. Of a big-endian one QEMU takes the first of eight bytes, and so do we. */
static void make_value(struct said *said)
{
	for (unsigned i = 0; i < sizeof(said->loader->value); i++)
		said->loader->value[i] = (uint8_t)(said->number >> 8 * (said->big_endian ? 7 - i : i));
}

/* Of the three kinds there are. */
static int check_kind(const struct said *said)
{
	const struct loader_config *loader = said->loader;
	if (said->value || said->size || said->big_endian) {
		if (loader->path || loader->raw)
			return bad("-device loader: either file= or data=");
		if (!said->value || !said->size || !said->address)
			return bad("-device loader: data= needs addr= and data-len=");
	} else if (loader->path) {
		return 0;
	} else if (loader->raw) {
		return bad("-device loader: force-raw= goes with file=");
	} else if (!said->address || !said->hart) {
		return bad(
		    "-device loader: needs file=FILE, or addr=ADDRESS with data=NUMBER,data-len=BYTES or cpu-num=HART");
	}
	return 0;
}

int generic_loader(struct options *options, char *list)
{
	struct config *config = &options->config;
	struct said said = {.loader = &config->loaders[config->loader_count++]};
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *value = cut_value(item);
		if (set_loader_key(&said, item, value) != 0)
			return -1;
	}
	make_value(&said);
	said.loader->starts = said.hart && !said.value;
	return check_kind(&said);
}

/* ---- the firmware's file ---- */

static const char opensbi[] = "opensbi-riscv64-generic-fw_dynamic.bin"; /* QEMU's -bios default */

/* Where QEMU looks behind -L, as Debian has it. */
static const char qemu_folder[] = "/usr/share/qemu";

/* The same, from the package that has nothing else. */
static const char opensbi_packaged[] = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin";

static bool is_in(char path[PATH_ROOM], const char *folder, const char *name)
{
	int length = snprintf(path, PATH_ROOM, "%s/%s", folder, name);
	return length > 0 && length < PATH_ROOM && access(path, R_OK) == 0;
}

static bool find_in_folders(struct options *options, const char *name)
{
	for (unsigned i = 0; i < options->folder_count; i++)
		if (is_in(options->firmware, options->folders[i], name))
			return true;
	return is_in(options->firmware, qemu_folder, name);
}

static int find_opensbi(struct options *options)
{
	bool there = false;
	for (unsigned i = 0; i < options->folder_count && !there; i++)
		there = is_in(options->firmware, options->folders[i], opensbi);
	if (!there && access(opensbi_packaged, R_OK) == 0) {
		options->config.bios = opensbi_packaged;
		return 0;
	}
	if (!there && !find_in_folders(options, opensbi))
		return bad(
		    "OpenSBI is not here (-bios default): Debian's package opensbi has it; -bios FILE is another firmware, "
		    "-bios none enters the kernel in M-mode");
	options->config.bios = options->firmware;
	return 0;
}

int find_firmware(struct options *options)
{
	struct config *config = &options->config;
	if (config->bios_is_elf)
		return 0;
	if (!config->bios && (config->kernel || config->loader_count != 0))
		config->bios = "default";
	if (!config->bios || strcmp(config->bios, "none") == 0)
		return 0;
	if (strcmp(config->bios, "default") == 0)
		return find_opensbi(options);
	if (config->bios[0] != '/' && access(config->bios, R_OK) != 0 && find_in_folders(options, config->bios))
		config->bios = options->firmware;
	return 0;
}
