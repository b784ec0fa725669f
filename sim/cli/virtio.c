#include "cli/virtio.h"

#include <stdio.h>
#include <string.h>
#include "base/say.h"
#include "base/words.h"
#include "cli/disks.h"
#include "cli/display.h"
#include "cli/networks.h"
#include "cli/qemu.h"
#include "cli/values.h"
#include "dev/virtio.h"

/* 1280x800, as QEMU has it. */
#define GPU_DEFAULT_SIZE (UINT64_C(800) << 32 | 1280)

/* A device while its properties are read. */
struct plugging {
	struct options *options;
	const char *model;
	struct virtio_config config;
	int slot; /* -1: the last one that is free, as QEMU chooses */
	const char *backend; /* the name of what it uses */
	const char *id;
	uint64_t max_ports;
};

/* Feature bits that properties take away. */
static const struct {
	const char *model; /* NULL: any */
	const char *name;
	unsigned bit;
} features[] = {
    {NULL, "event_idx", VIRTIO_F_EVENT_IDX},    {NULL, "indirect_desc", VIRTIO_F_INDIRECT_DESC},
    {NULL, "any_layout", VIRTIO_F_ANY_LAYOUT},  {NULL, "notify_on_empty", VIRTIO_F_NOTIFY_ON_EMPTY},
    {"virtio-blk-device", "config-wce", 11},    {"virtio-blk-device", "discard", 13},
    {"virtio-gpu-device", "edid", 1},           {"virtio-serial-device", "emergency-write", 2},
    {"virtio-blk-device", "write-zeroes", 14},  {"virtio-net-device", "mrg_rxbuf", 15},
    {"virtio-net-device", "status", 16},        {"virtio-net-device", "ctrl_vq", 17},
    {"virtio-net-device", "ctrl_rx", 18},       {"virtio-net-device", "ctrl_vlan", 19},
    {"virtio-net-device", "ctrl_rx_extra", 20}, {"virtio-net-device", "ctrl_mac_addr", 23},
};

/* Properties that may have one setting: it is so here. */
static const struct {
	const char *model, *name, *setting;
} fixed_properties[] = {
    {NULL, "packed", "off"},
    {NULL, "iommu_platform", "off"},
    {NULL, "queue_reset", "off"},
    {"virtio-gpu-device", "blob", "off"},
    {"virtio-gpu-device", "max_outputs", "1"},
    {"virtio-gpu-device", "max_hostmem", "256M"},
    {"virtio-mouse-device", "wheel-axis", "on"},
    {"virtio-tablet-device", "wheel-axis", "on"},
    {"virtio-blk-device", "num-queues", "1"},
    {"virtio-blk-device", "logical_block_size", "512"},
    {"virtio-blk-device", "physical_block_size", "512"},
    {"virtio-blk-device", "scsi", "off"},
    {"virtio-net-device", "mq", "off"},
    {"virtio-net-device", "rss", "off"},
    {"virtio-net-device", "hash", "off"},
    {"virtio-net-device", "failover", "off"},
    {"virtio-net-device", "host_mtu", "0"},
    {"virtio-net-device", "speed", "-1"},
};

/* Properties that change nothing. */
static const char *const idle[] = {
    "id", "bootindex", "iothread", "share-rw", "use-started", "queue-size", "max-bytes", "period", "write-cache",
    "request-merging", "seg-max-adjust", "x-disable-legacy-check", "use-disabled-flag", "werror", "rerror",
				   /* QEMU offers them to such back ends as can do them, which none here can */
    "csum", "guest_csum", "gso", "guest_tso4", "guest_tso6", "guest_ecn", "guest_ufo", "guest_announce", "host_tso4",
    "host_tso6", "host_ecn", "host_ufo", "ctrl_guest_offloads", "tx", "x-txtimer", "x-txburst", "rx_queue_size",
    "tx_queue_size", "x-mtu-bypass-backend", "romfile"};

static bool is_for(const char *model, const struct plugging *plugging)
{
	return !model || strcmp(model, plugging->model) == 0;
}

/* bus=virtio-mmio-bus.N is slot N. */
static int choose_slot(struct plugging *plugging, const char *value)
{
	static const char bus[] = "virtio-mmio-bus.";
	uint64_t slot;
	if (strncmp(value, bus, strlen(bus)) != 0 || !number_between(value + strlen(bus), 0, VIRTIO_SLOTS - 1, &slot))
		return bad("-device %s: bus=%s: must be virtio-mmio-bus.0 to .%d", plugging->model, value,
		           VIRTIO_SLOTS - 1);
	plugging->slot = (int)slot;
	return 0;
}

/* Six bytes in hexadecimal, with colons or dashes; of one card, so not a group's. */
static int set_mac(struct plugging *plugging, const char *value)
{
	uint64_t address = 0;
	unsigned digits = 0, length = (unsigned)strlen(value);
	for (unsigned i = 0; i < length && length == 17; i++) {
		if (i % 3 == 2 ? !strchr(":-", value[i]) : hex_digit(value[i]) < 0)
			break;
		if (i % 3 == 2)
			continue;
		address = address << 4 | (uint64_t)hex_digit(value[i]);
		digits++;
	}
	if (digits != 12)
		return bad("-device %s: mac=%s: must be six bytes, as 52:54:00:12:34:56", plugging->model, value);
	if (address >> 40 & 1)
		return bad("-device %s: mac=%s: is the address of a group", plugging->model, value);
	plugging->config.number = address;
	return 0;
}

/* 1: it is one of the features. 0: it is none. -1 after a line. */
static int set_feature(struct plugging *plugging, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		bool on;
		if (!is_for(features[i].model, plugging) || strcmp(features[i].name, name) != 0)
			continue;
		if (!options_switch(value, &on))
			return bad("-device %s: %s=%s: must be on or off", plugging->model, name, value);
		uint64_t bit = UINT64_C(1) << features[i].bit;
		plugging->config.without = on ? plugging->config.without & ~bit : plugging->config.without | bit;
		return 1;
	}
	return 0;
}

/* Likewise. "off" in the table is any word for it. */
static int check_property(const struct plugging *plugging, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(fixed_properties) / sizeof(fixed_properties[0]); i++) {
		const char *setting = fixed_properties[i].setting;
		bool on = true;
		if (!is_for(fixed_properties[i].model, plugging) || strcmp(fixed_properties[i].name, name) != 0)
			continue;
		if (strcmp(value, setting) == 0 || (strcmp(setting, "off") == 0 && options_switch(value, &on) && !on))
			return 1;
		return bad("-device %s: %s=%s is not supported: it is %s here", plugging->model, name, value, setting);
	}
	return 0;
}

static bool is_idle(const char *name)
{
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (strcmp(idle[i], name) == 0)
			return true;
	return false;
}

static int set_tag(struct plugging *plugging, const char *value)
{
	if (strlen(value) > VIRTIO_9P_TAG)
		return bad("-device %s: mount_tag=%s: must be at most %d bytes", plugging->model, value, VIRTIO_9P_TAG);
	plugging->config.text = value;
	return 0;
}

/* 1: it is one of those of shared folders or serial devices. 0: it is none. -1 after a line. */
static int set_named(struct plugging *plugging, const char *name, const char *value)
{
	bool share = plugging->config.kind == &virtio_9p_kind, serial = plugging->config.kind == &virtio_serial_kind;
	if (strcmp(name, "id") == 0) {
		plugging->id = plugging->config.id = value;
		return 1;
	}
	if (share && strcmp(name, "fsdev") == 0) {
		plugging->backend = value;
		return 1;
	}
	if (share && strcmp(name, "mount_tag") == 0)
		return set_tag(plugging, value) == 0 ? 1 : -1;
	if (!serial || strcmp(name, "max_ports") != 0)
		return 0;
	if (number_between(value, 1, VIRTIO_PORTS, &plugging->max_ports))
		return 1;
	return bad("-device %s: max_ports=%s: must be from 1 to %d", plugging->model, value, VIRTIO_PORTS);
}

static bool is_input_device(const struct virtio_kind *kind)
{
	return kind == &virtio_keyboard_kind || kind == &virtio_mouse_kind || kind == &virtio_tablet_kind ||
	       kind == &virtio_multitouch_kind;
}

/* Likewise of screens and of what is typed, pointed and touched with. */
static int set_display_property(struct plugging *plugging, const char *name, const char *value)
{
	struct virtio_config *config = &plugging->config;
	bool width = strcmp(name, "xres") == 0;
	if (is_input_device(config->kind) && strcmp(name, "serial") == 0) {
		if (strlen(value) > VIRTIO_INPUT_SERIAL)
			return bad("-device %s: serial=%s: must be at most %d bytes", plugging->model, value,
			           VIRTIO_INPUT_SERIAL);
		config->text = value;
		return 1;
	}
	if (is_input_device(config->kind) && (strcmp(name, "display") == 0 || strcmp(name, "head") == 0))
		return 1; /* there is one window, and it is for all */
	if (config->kind != &virtio_gpu_kind || (!width && strcmp(name, "yres") != 0))
		return 0;
	uint32_t side;
	unsigned shift = width ? 0 : 32;
	if (display_side(plugging->model, name, value, &side) != 0)
		return -1;
	config->number = (config->number & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)side << shift;
	return 1;
}

static int set_device_property(struct plugging *plugging, const char *name, const char *value)
{
	bool block = plugging->config.kind == &virtio_blk_kind, card = plugging->config.kind == &virtio_net_kind;
	if (!value || *value == '\0')
		return bad("-device %s: '%s' needs a value", plugging->model, name);
	if (strcmp(name, "bus") == 0)
		return choose_slot(plugging, value);
	if (block && strcmp(name, "drive") == 0) {
		plugging->backend = value;
		return 0;
	}
	if (card && strcmp(name, "netdev") == 0) {
		plugging->backend = value;
		return 0;
	}
	if (card && strcmp(name, "mac") == 0)
		return set_mac(plugging, value);
	if (block && strcmp(name, "serial") == 0) {
		plugging->config.text = value;
		return 0;
	}
	int found = set_named(plugging, name, value);
	if (found == 0)
		found = set_display_property(plugging, name, value);
	if (found == 0)
		found = set_feature(plugging, name, value);
	if (found == 0)
		found = check_property(plugging, name, value);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (is_idle(name) || (strcmp(name, "rng") == 0 && plugging->config.kind == &virtio_rng_kind))
		return 0;
	return bad("-device %s: unknown property '%s'", plugging->model, name);
}

static int find_slot(struct plugging *plugging)
{
	const struct virtio_config *slots = plugging->options->config.virtio.slots;
	if (plugging->slot >= 0) {
		if (!slots[plugging->slot].kind)
			return 0;
		return bad("-device %s: virtio-mmio-bus.%d has a device already", plugging->model, plugging->slot);
	}
	for (plugging->slot = VIRTIO_SLOTS - 1; plugging->slot >= 0; plugging->slot--)
		if (!slots[plugging->slot].kind)
			return 0;
	return bad("-device %s: all %d virtio-mmio slots are taken", plugging->model, VIRTIO_SLOTS);
}

/* Ports find the device they belong to by its name. */
static void add_bus(const struct plugging *plugging)
{
	struct options *options = plugging->options;
	options->config.virtio.serial[plugging->slot].max_ports = (unsigned)plugging->max_ports;
	options->buses[options->bus_count++] = (struct serial_bus){.id = plugging->id,
	                                                           .slot = (unsigned)plugging->slot};
}

static int plug(struct plugging *plugging)
{
	if (find_slot(plugging) != 0)
		return -1;
	plugging->options->config.virtio.slots[plugging->slot] = plugging->config;
	plugging->options->drives[plugging->slot] = plugging->backend;
	if (plugging->config.kind == &virtio_serial_kind)
		add_bus(plugging);
	return 0;
}

/* The same device stands on PCI under other names. */
static int refuse_model(const char *model)
{
	char name[64], device[80];
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(model + strlen("virtio-"), "-"), model + strlen("virtio-"));
	snprintf(device, sizeof(device), "virtio-%s-device", name);
	if (strcmp(model, device) != 0 && virtio_find(device))
		return bad("-device %s is a PCI device, and there is no PCI here: %s is the same on virtio-mmio", model,
		           device);
	return bad("-device %s: there is no such device here", model);
}

int virtio_device(struct options *options, const char *model, char *list)
{
	struct plugging plugging = {.options = options,
	                            .model = model,
	                            .config.kind = virtio_find(model),
	                            .slot = -1,
	                            .max_ports = VIRTIO_PORTS};
	if (!plugging.config.kind)
		return refuse_model(model);
	if (plugging.config.kind == &virtio_gpu_kind)
		plugging.config.number = GPU_DEFAULT_SIZE;
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *value = cut_value(item);
		if (set_device_property(&plugging, item, value) != 0)
			return -1;
	}
	return plug(&plugging);
}

int virtio_add_share(struct options *options, const char *id, const char *tag)
{
	struct plugging plugging = {
	    .options = options, .model = "virtio-9p-device", .config.kind = &virtio_9p_kind, .slot = -1, .backend = id};
	return set_tag(&plugging, tag) != 0 ? -1 : plug(&plugging);
}

int virtio_card(struct options *options, const char *model, const char *netdev, const char *mac)
{
	struct plugging plugging = {
	    .options = options, .model = model, .config.kind = &virtio_net_kind, .slot = -1, .backend = netdev};
	return mac && set_mac(&plugging, mac) != 0 ? -1 : plug(&plugging);
}

/* Where random numbers come from is the same here whatever is said: the seed. */
int virtio_object(struct options *options, const struct option_row *row, char *value)
{
	if (strncmp(value, "rng-", 4) != 0)
		return bad("-%s %s is not supported: no device here would use it", row->name, value);
	qemu_note_ignored(options, row->name, value);
	return 0;
}

int virtio_global(struct options *options, const struct option_row *row, char *value)
{
	static const char legacy[] = "virtio-mmio.force-legacy=";
	bool on;
	if (strncmp(value, legacy, strlen(legacy)) != 0)
		return bad("-%s %s is not supported: virtio-mmio.force-legacy=on|off is", row->name, value);
	if (!options_switch(value + strlen(legacy), &on))
		return bad("-%s %s: must be on or off", row->name, value);
	options->config.virtio.modern = !on;
	return 0;
}

static int settle_drive(struct options *options, struct virtio_config *slot, const char *drive)
{
	if (!drive)
		return bad("-device %s: drive=ID is missing", slot->kind->name);
	if (!disks_find(&options->config, drive, &slot->backend))
		return bad("-device %s: drive=%s: there is no such disk (-drive if=none,id=%s,file=FILE)",
		           slot->kind->name, drive, drive);
	for (unsigned i = 0; i < FLASH_BANKS; i++)
		if (options->config.flash[i] == slot->backend + 1)
			return bad("-device %s: drive=%s is a flash bank's", slot->kind->name, drive);
	for (struct virtio_config *other = options->config.virtio.slots; other < slot; other++)
		if (other->kind == slot->kind && other->backend == slot->backend)
			return bad("-device %s: drive=%s is used by another device", slot->kind->name, drive);
	return 0;
}

/* QEMU's: 52:54:00:12:34:56, the next card has the next. */
static const uint64_t first_mac = UINT64_C(0x525400123456);

static int settle_card(struct options *options, struct virtio_config *slot, const char *netdev, unsigned index)
{
	if (slot->number == 0)
		slot->number = first_mac + index;
	slot->backend = VIRTIO_NO_BACKEND;
	if (!netdev) {
		if (!options->config.quiet)
			say("warning: -device %s: it is connected to nothing (netdev=ID)", slot->kind->name);
		return 0;
	}
	if (!networks_find(&options->config, netdev, &slot->backend))
		return bad("-device %s: netdev=%s: there is no such network (-netdev user,id=%s)", slot->kind->name,
		           netdev, netdev);
	for (struct virtio_config *other = slot + 1; other < options->config.virtio.slots + VIRTIO_SLOTS; other++)
		if (other->kind == slot->kind && other->backend == slot->backend)
			return bad("-device %s: netdev=%s is used by another device", slot->kind->name, netdev);
	return 0;
}

/* Their drivers know nothing of what came before version 1 of the specification, and say so badly. */
static void warn_of_legacy(const struct options *options)
{
	const struct virtio_options *virtio = &options->config.virtio;
	for (unsigned i = VIRTIO_SLOTS; !virtio->modern && !options->config.quiet && i-- > 0;) {
		const struct virtio_kind *kind = virtio->slots[i].kind;
		if (!kind || (kind != &virtio_gpu_kind && !is_input_device(kind)))
			continue;
		say("warning: -device %s: no driver works with it on a legacy slot (-global virtio-mmio.force-legacy=off)",
		    kind->name);
		return;
	}
}

int virtio_settle(struct options *options)
{
	warn_of_legacy(options);
	unsigned cards = 0;
	for (unsigned i = VIRTIO_SLOTS; i-- > 0;) { /* in the order in which slots are chosen */
		struct virtio_config *slot = &options->config.virtio.slots[i];
		if (slot->kind == &virtio_net_kind && settle_card(options, slot, options->drives[i], cards++) != 0)
			return -1;
	}
	for (unsigned i = 0; i < VIRTIO_SLOTS; i++) {
		struct virtio_config *slot = &options->config.virtio.slots[i];
		if (slot->kind == &virtio_blk_kind && settle_drive(options, slot, options->drives[i]) != 0)
			return -1;
	}
	return 0;
}
