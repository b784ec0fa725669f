/* -nic and -net: networks with a card of their own. */
#include <string.h>
#include "base/say.h"
#include "cli/networks.h"
#include "cli/qemu.h"
#include "cli/values.h"
#include "cli/virtio.h"

/* QEMU's virt machine makes no card of -nic and -net: it says so, and runs. */
static int no_card(const struct options *options, const struct option_row *row, const char *value)
{
	if (!options->config.quiet)
		say("warning: -%s %s makes no network card, as on QEMU's virt machine (-netdev user,id=NAME -device "
		    "virtio-net-device,netdev=NAME does, or -nic user,model=virtio-net-device)",
		    row->name, value);
	return 0;
}

int networks_nic(struct options *options, const struct option_row *row, char *value)
{
	static const char *const names[NETWORKS_MAX] = {"#nic0", "#nic1", "#nic2", "#nic3",
	                                                "#nic4", "#nic5", "#nic6", "#nic7"};
	struct network_reading reading;
	if (is_one_of(value, "none|type=none")) {
		qemu_note_ignored(options, row->name, value);
		return 0;
	}
	if (network_read(&reading, row->name, keep_text(options, value)) != 0)
		return -1;
	if (!reading.model || strcmp(reading.model, "virtio-net-device") != 0)
		return no_card(options, row, value);
	if (!reading.config.id)
		reading.config.id = names[options->config.backends.network_count % NETWORKS_MAX];
	return network_add(options, &reading) != 0
	           ? -1
	           : virtio_card(options, reading.model, reading.config.id, reading.mac);
}

int networks_net(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	const char *name = next_item(&list);
	if (strcmp(value, "none") == 0) {
		qemu_note_ignored(options, row->name, value);
		return 0;
	}
	if (strcmp(name, "nic") == 0 || strcmp(name, "user") == 0)
		return no_card(options, row, value);
	return network_find_kind(row->name, name) ? no_card(options, row, value) : -1;
}
