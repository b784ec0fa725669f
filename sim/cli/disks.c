#include "cli/disks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cli/values.h"

/* What an option says of a disk while it is read. */
struct reading {
	const char *option; /* for messages */
	struct disk_config disk;
	const char *node; /* -blockdev file=: the node below */
	const char *interface;
	bool placed; /* unit was said */
	uint64_t unit;
};

/* Properties that change nothing here: how the host does its work, or what is so anyway. */
static const char *const ignored[] = {
    "cache",
    "aio",
    "detect-zeroes",
    "werror",
    "rerror",
    "copy-on-read",
    "media",
    "bus",
    "discard",
    "auto-read-only",
    "cache.direct",
    "cache.no-flush",
    "file.aio",
    "file.discard",
    "x-check-cache-dropped",
    "file.cache.direct",
    "file.cache.no-flush",
    "force-share",
    "file.force-share",
};

static bool is_ignored(const char *name)
{
	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (strcmp(ignored[i], name) == 0)
			return true;
	return false;
}

static int set_switch(const struct reading *reading, const char *name, const char *value, bool *field)
{
	if (options_switch(value, field))
		return 0;
	return bad("-%s: %s=%s: must be on or off", reading->option, name, value);
}

static int check_driver(const struct reading *reading, const char *name, const char *value)
{
	bool block = strcmp(reading->option, "blockdev") == 0;
	if (strcmp(value, "raw") == 0 || (block && (strcmp(value, "file") == 0 || strcmp(value, "host_device") == 0)))
		return 0;
	return bad("-%s: %s=%s: raw images alone are supported (qemu-img convert -O raw)", reading->option, name,
	           value);
}

static int set_interface(struct reading *reading, const char *value)
{
	if (strcmp(value, "virtio") == 0)
		return bad("-drive if=virtio is a disk on PCI, which this machine has not: if=none,id=NAME and -device "
		           "virtio-blk-device,drive=NAME");
	if (strcmp(value, "none") != 0 && strcmp(value, "pflash") != 0)
		return bad("-drive if=%s: must be none (with -device virtio-blk-device,drive=ID) or pflash", value);
	reading->interface = value;
	return 0;
}

static int set_disk_property(struct reading *reading, const char *name, const char *value)
{
	if (!value || *value == '\0')
		return bad("-%s: '%s' needs a value", reading->option, name);
	if (strcmp(name, "file") == 0 && strcmp(reading->option, "blockdev") == 0)
		reading->node = value;
	else if (strcmp(name, "file") == 0 || strcmp(name, "filename") == 0 || strcmp(name, "file.filename") == 0)
		reading->disk.path = value;
	else if (strcmp(name, "id") == 0 || strcmp(name, "node-name") == 0)
		reading->disk.id = value;
	else if (strcmp(name, "if") == 0)
		return set_interface(reading, value);
	else if (strcmp(name, "unit") == 0 || strcmp(name, "index") == 0)
		return (reading->placed = number_between(value, 0, 255, &reading->unit))
		           ? 0
		           : bad("-%s: %s=%s: must be a number from 0 to 255", reading->option, name, value);
	else if (strcmp(name, "snapshot") == 0)
		return set_switch(reading, name, value, &reading->disk.snapshot);
	else if (strcmp(name, "readonly") == 0 || strcmp(name, "read-only") == 0)
		return set_switch(reading, name, value, &reading->disk.read_only);
	else if (strcmp(name, "locking") == 0 || strcmp(name, "file.locking") == 0)
		return strcmp(value, "auto") == 0 ? 0 : set_switch(reading, name, value, &reading->disk.locked);
	else if (strcmp(name, "media") == 0 && strcmp(value, "cdrom") == 0)
		reading->disk.read_only = true;
	else if (strcmp(name, "format") == 0 || strcmp(name, "driver") == 0 || strcmp(name, "file.driver") == 0)
		return strcmp(name, "file.driver") == 0 && strcmp(value, "file") == 0
		           ? 0
		           : check_driver(reading, name, value);
	else if (!is_ignored(name))
		return bad("-%s: unknown property '%s' (file, id, if, format, snapshot, readonly)", reading->option,
		           name);
	return 0;
}

static int read_properties(struct options *options, struct reading *reading, const char *value)
{
	char *list = keep_text(options, value);
	if (value[0] == '{')
		return bad("-%s: JSON is not read here: driver=file,filename=FILE,node-name=ID", reading->option);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (*item == '\0' && !setting && !list)
			break; /* a comma at the end */
		if (set_disk_property(reading, item, setting) != 0)
			return -1;
	}
	return 0;
}

bool disks_find(const struct config *config, const char *id, unsigned *index)
{
	for (*index = 0; *index < config->backends.disk_count; ++*index) {
		const char *name = config->backends.disks[*index].id;
		if (name && strcmp(name, id) == 0)
			return true;
	}
	return false;
}

static int add_disk(struct options *options, const struct reading *reading)
{
	struct backend_config *backends = &options->config.backends;
	unsigned index;
	if (!reading->disk.path)
		return bad("-%s: file=FILE is missing", reading->option);
	if (reading->disk.id && disks_find(&options->config, reading->disk.id, &index))
		return bad("-%s: there are two disks '%s'", reading->option, reading->disk.id);
	backends->disks[backends->disk_count++] = reading->disk;
	return 0;
}

/* The disk that was added last is a flash bank. */
static int add_flash(struct options *options, const struct reading *reading)
{
	unsigned *flash = options->config.flash;
	uint64_t unit = reading->placed ? reading->unit : flash[0] != 0;
	if (unit >= FLASH_BANKS || flash[unit] != 0)
		return bad("-%s: this machine has two flash banks, units 0 and 1, each for one image", reading->option);
	flash[unit] = options->config.backends.disk_count;
	return 0;
}

int disks_drive(struct options *options, const struct option_row *row, char *value)
{
	struct reading reading = {.option = row->name, .disk = {.locked = true}};
	if (read_properties(options, &reading, value) != 0 || add_disk(options, &reading) != 0)
		return -1;
	if (reading.interface && strcmp(reading.interface, "pflash") == 0)
		return add_flash(options, &reading);
	if (!reading.disk.id)
		return bad("-drive: no device could use it: if=none,id=NAME and -device virtio-blk-device,drive=NAME");
	return 0;
}

/* A node over another one takes its place: there is one image behind both. */
static int stack_node(struct options *options, const struct reading *reading)
{
	unsigned below, same;
	struct disk_config *disk = options->config.backends.disks;
	if (reading->disk.path || !disks_find(&options->config, reading->node, &below))
		return bad(
		    "-blockdev: file=%s: there is no such node (file.driver=file,file.filename=FILE names a file)",
		    reading->node);
	if (disks_find(&options->config, reading->disk.id, &same))
		return bad("-blockdev: there are two nodes '%s'", reading->disk.id);
	disk += below;
	disk->id = reading->disk.id;
	disk->read_only |= reading->disk.read_only;
	return 0;
}

int disks_blockdev(struct options *options, const struct option_row *row, char *value)
{
	struct reading reading = {.option = row->name, .disk = {.locked = true}};
	if (read_properties(options, &reading, value) != 0)
		return -1;
	if (!reading.disk.id)
		return bad("-blockdev: node-name=NAME is missing");
	return reading.node ? stack_node(options, &reading) : add_disk(options, &reading);
}

int disks_pflash(struct options *options, const struct option_row *row, char *value)
{
	struct reading reading = {.option = row->name, .disk = {.path = value, .locked = true}};
	if (*value == '\0')
		return bad("-%s: the value is empty", row->name);
	return add_disk(options, &reading) == 0 ? add_flash(options, &reading) : -1;
}

int disks_legacy(struct options *options, const struct option_row *row, char *value)
{
	(void)options;
	return bad(
	    "-%s is a disk on a bus that this machine has not: -drive if=none,format=raw,id=NAME,file=%s and -device "
	    "virtio-blk-device,drive=NAME",
	    row->name, value);
}

int disks_snapshot(struct options *options, const struct option_row *row, char *value)
{
	(void)row, (void)value;
	options->all_snapshots = true;
	return 0;
}

/* -M pflashN=NODE */
static int settle_flash(struct options *options, unsigned bank)
{
	struct config *config = &options->config;
	const char *node = options->flash_nodes[bank];
	unsigned disk;
	if (!node)
		return 0;
	if (!disks_find(config, node, &disk))
		return bad("-M virt,pflash%u=%s: there is no such node (-blockdev node-name=%s)", bank, node, node);
	if (config->flash[bank])
		return bad("-M virt,pflash%u=%s: there is an image in that bank already", bank, node);
	config->flash[bank] = disk + 1;
	config->flash_by_node[bank] = true;
	return 0;
}

int disks_settle(struct options *options)
{
	struct backend_config *backends = &options->config.backends;
	const unsigned *flash = options->config.flash;
	if (settle_flash(options, 0) != 0 || settle_flash(options, 1) != 0)
		return -1;
	if (flash[0] && flash[0] == flash[1])
		return bad("-M virt,pflash1=%s: is used by the other bank", options->flash_nodes[1]);
	for (unsigned i = 0; options->all_snapshots && i < backends->disk_count; i++)
		backends->disks[i].snapshot = !backends->disks[i].read_only;
	return 0;
}
