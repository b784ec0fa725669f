#include "cli/guests.h"

#include <string.h>
#include "base/limits.h"
#include "cli/values.h"

static struct guest_config *add_guest(struct config *config) { return &config->guests[config->guest_count++]; }

static int set_guest_key(struct guest_config *guest, const char *key, const char *value)
{
	uint64_t number;
	if (!value || *value == '\0')
		return bad("%s: key '%s' needs a value", guest->path, key);
	if (strcmp(key, "vcpus") == 0) {
		if (!number_between(value, 1, HARTS_MAX, &number))
			return bad("%s: vcpus=%s: must be a number from 1 to %u", guest->path, value, HARTS_MAX);
		guest->vcpus = (unsigned)number;
	} else if (strcmp(key, "memory") == 0) {
		if (!options_size(value, MIB, &guest->memory) || guest->memory % 4096 != 0)
			return bad("%s: memory=%s: must be a size such as 64M, a multiple of 4096 bytes", guest->path,
			           value);
	} else if (strcmp(key, "cpus") == 0) {
		if (!options_cpus(value, &guest->cpus))
			return bad("%s: cpus=%s: must be a list of harts such as 0-1+3", guest->path, value);
	} else if (strcmp(key, "initrd") == 0) {
		guest->initrd = value;
	} else if (strcmp(key, "args") == 0) {
		guest->args = value;
	} else if (strcmp(key, "name") == 0) {
		guest->name = value;
	} else {
		return bad("%s: unknown key '%s' (vcpus, memory, initrd, args, name, cpus)", guest->path, key);
	}
	return 0;
}

int positional_guest(struct options *options, const char *text)
{
	char *list = keep_text(options, text);
	struct guest_config *guest = add_guest(&options->config);
	guest->path = next_item(&list);
	if (guest->path[0] == '\0')
		return bad("'%s': a guest needs a file name", text);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *value = cut_value(item);
		if (set_guest_key(guest, item, value) != 0)
			return -1;
	}
	return 0;
}

int guest_loader(struct options *options, char *list)
{
	struct guest_config *guest = add_guest(&options->config);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *value = cut_value(item);
		if (!value || *value == '\0')
			return bad("-device guest-loader: '%s' needs a value", item);
		if (strcmp(item, "addr") == 0) {
			if (!number_between(value, 1, UINT64_MAX, &guest->address))
				return bad("-device guest-loader: addr=%s: must be an address", value);
		} else if (strcmp(item, "kernel") == 0 || strcmp(item, "initrd") == 0) {
			if (guest->path)
				return bad("-device guest-loader: either kernel= or initrd=, once");
			guest->path = value;
			guest->ramdisk = item[0] == 'i';
		} else if (strcmp(item, "bootargs") == 0) {
			guest->args = value;
		} else if (strcmp(item, "id") != 0) {
			return bad("-device guest-loader: unknown key '%s' (addr, kernel, initrd, bootargs)", item);
		}
	}
	if (!guest->path || !guest->address)
		return bad("-device guest-loader: needs addr=ADDRESS and kernel=FILE or initrd=FILE");
	if (guest->ramdisk && guest->args)
		return bad("-device guest-loader: bootargs= goes with kernel=");
	return 0;
}
