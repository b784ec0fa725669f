#include "cli/shares.h"

#include <stdlib.h>
#include <string.h>
#include "cli/values.h"
#include "cli/virtio.h"

/* What an option says of a folder while it is read. */
struct folder_reading {
	const char *option; /* for messages */
	struct share_config share;
	const char *tag; /* -virtfs */
	bool modelled;
};

static const struct {
	const char *word;
	enum share_model model;
} models[] = {
    {"none", SHARE_NONE},
    {"passthrough", SHARE_PASSTHROUGH},
    {"mapped", SHARE_MAPPED_XATTR},
    {"mapped-xattr", SHARE_MAPPED_XATTR},
    {"mapped-file", SHARE_MAPPED_FILE},
};

static int set_model(struct folder_reading *reading, const char *value)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (strcmp(models[i].word, value) == 0) {
			reading->share.model = models[i].model;
			reading->modelled = true;
			return 0;
		}
	return bad("-%s: security_model=%s: must be none, mapped-xattr, mapped-file or passthrough", reading->option,
	           value);
}

/* Octal, as permissions are. */
static int set_permissions(const struct folder_reading *reading, const char *name, const char *value, uint32_t *field)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);
	if (value[0] < '0' || value[0] > '7' || *end != '\0' || mode > 0777)
		return bad("-%s: %s=%s: must be permissions in octal, at most 0777", reading->option, name, value);
	*field = (uint32_t)mode;
	return 0;
}

static int set_devices(struct folder_reading *reading, const char *value)
{
	reading->share.one_device = strcmp(value, "forbid") == 0;
	if (reading->share.one_device || strcmp(value, "remap") == 0 || strcmp(value, "warn") == 0)
		return 0;
	return bad("-%s: multidevs=%s: must be remap, forbid or warn", reading->option, value);
}

static int set_folder_property(struct folder_reading *reading, const char *name, const char *value)
{
	if (!value || *value == '\0')
		return bad("-%s: '%s' needs a value", reading->option, name);
	if (strcmp(name, "path") == 0)
		reading->share.path = value;
	else if (strcmp(name, "id") == 0)
		reading->share.id = value;
	else if (strcmp(name, "mount_tag") == 0 && strcmp(reading->option, "virtfs") == 0)
		reading->tag = value;
	else if (strcmp(name, "security_model") == 0)
		return set_model(reading, value);
	else if (strcmp(name, "readonly") == 0)
		return options_switch(value, &reading->share.read_only)
		           ? 0
		           : bad("-%s: readonly=%s: must be on or off", reading->option, value);
	else if (strcmp(name, "multidevs") == 0)
		return set_devices(reading, value);
	else if (strcmp(name, "fmode") == 0)
		return set_permissions(reading, name, value, &reading->share.file_mode);
	else if (strcmp(name, "dmode") == 0)
		return set_permissions(reading, name, value, &reading->share.folder_mode);
	else if (strcmp(name, "writeout") == 0)
		return strcmp(value, "immediate") == 0
		           ? 0
		           : bad("-%s: writeout=%s: must be immediate", reading->option, value);
	else
		return bad("-%s: unknown property '%s' (path, id, security_model, readonly, multidevs, fmode, dmode)",
		           reading->option, name);
	return 0;
}

static int check_folder_driver(const struct folder_reading *reading, const char *driver)
{
	if (driver && strcmp(driver, "local") == 0)
		return 0;
	return bad("-%s %s: must be local: a folder of this host", reading->option, driver ? driver : "");
}

static int read_folder(struct options *options, struct folder_reading *reading, const char *value)
{
	char *list = keep_text(options, value);
	if (check_folder_driver(reading, next_item(&list)) != 0)
		return -1;
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (*item == '\0' && !setting && !list)
			break; /* a comma at the end */
		if (!setting && strcmp(item, "readonly") == 0)
			setting = "on";
		if (set_folder_property(reading, item, setting) != 0)
			return -1;
	}
	if (!reading->share.path)
		return bad("-%s: path=FOLDER is missing", reading->option);
	if (!reading->modelled)
		return bad("-%s: security_model=none|mapped-xattr|mapped-file|passthrough is missing", reading->option);
	return 0;
}

static bool find_share(const struct config *config, const char *id, unsigned *index)
{
	for (*index = 0; *index < config->backends.share_count; ++*index)
		if (strcmp(config->backends.shares[*index].id, id) == 0)
			return true;
	return false;
}

static int add_share(struct options *options, const struct folder_reading *reading)
{
	struct backend_config *backends = &options->config.backends;
	unsigned index;
	if (find_share(&options->config, reading->share.id, &index))
		return bad("-%s: there are two folders '%s'", reading->option, reading->share.id);
	backends->shares[backends->share_count++] = reading->share;
	return 0;
}

static struct folder_reading begin_reading(const struct option_row *row)
{
	return (struct folder_reading){.option = row->name, .share = {.file_mode = 0600, .folder_mode = 0700}};
}

int shares_fsdev(struct options *options, const struct option_row *row, char *value)
{
	struct folder_reading reading = begin_reading(row);
	if (read_folder(options, &reading, value) != 0)
		return -1;
	if (!reading.share.id)
		return bad(
		    "-fsdev: no device could use it: id=NAME and -device virtio-9p-device,fsdev=NAME,mount_tag=TAG");
	return add_share(options, &reading);
}

/* On QEMU's virt this is a device on PCI; what users want is the folder. */
int shares_virtfs(struct options *options, const struct option_row *row, char *value)
{
	struct folder_reading reading = begin_reading(row);
	if (read_folder(options, &reading, value) != 0)
		return -1;
	if (!reading.tag)
		return bad("-virtfs: mount_tag=TAG is missing");
	if (!reading.share.id)
		reading.share.id = reading.tag;
	return add_share(options, &reading) == 0 ? virtio_add_share(options, reading.share.id, reading.tag) : -1;
}

static int settle_share(struct options *options, struct virtio_config *slot, const char *share)
{
	if (!share)
		return bad("-device %s: fsdev=ID is missing", slot->kind->name);
	if (!slot->text)
		return bad("-device %s: mount_tag=TAG is missing", slot->kind->name);
	if (find_share(&options->config, share, &slot->backend))
		return 0;
	return bad("-device %s: fsdev=%s: there is no such folder (-fsdev local,id=%s,path=FOLDER,security_model=none)",
	           slot->kind->name, share, share);
}

int shares_settle(struct options *options)
{
	for (unsigned i = 0; i < VIRTIO_SLOTS; i++) {
		struct virtio_config *slot = &options->config.virtio.slots[i];
		if (slot->kind == &virtio_9p_kind && settle_share(options, slot, options->drives[i]) != 0)
			return -1;
	}
	return 0;
}
