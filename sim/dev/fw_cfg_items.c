/* What the firmware configuration device holds. */
#include "dev/fw_cfg.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"

static uint8_t *copy_of(const void *bytes, uint32_t size)
{
	uint8_t *copy = malloc((size_t)size + 1); /* an item of no bytes is there, too */
	if (copy && size != 0)
		memcpy(copy, bytes, size);
	return copy;
}

int fw_cfg_add(struct fw_cfg *config, enum fw_cfg_key key, const void *bytes, uint32_t size)
{
	struct fw_cfg_item *item = &config->items[key];
	assert(key < FW_CFG_FILE_FIRST && !item->bytes);
	*item = (struct fw_cfg_item){.bytes = copy_of(bytes, size), .size = size};
	return item->bytes ? 0 : -1;
}

int fw_cfg_add_number(struct fw_cfg *config, enum fw_cfg_key key, uint64_t number, unsigned size)
{
	uint8_t bytes[8];
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
	return fw_cfg_add(config, key, bytes, size);
}

/* Where the name belongs; keys of the files behind it become others. */
static unsigned make_place(struct fw_cfg *config, const char *name)
{
	unsigned place = 0, behind;
	while (place < config->files && strcmp(config->names[place], name) < 0)
		place++;
	behind = config->files++ - place;
	memmove(config->names[place + 1], config->names[place], behind * sizeof(config->names[0]));
	struct fw_cfg_item *items = config->items + FW_CFG_FILE_FIRST;
	memmove(items + place + 1, items + place, behind * sizeof(*items));
	return place;
}

static int check_name(const struct fw_cfg *config, const char *name)
{
	if (name[0] == '\0' || strlen(name) >= FW_CFG_NAME_BYTES)
		return say("fw_cfg: '%s': a name has 1 to %u bytes", name, FW_CFG_NAME_BYTES - 1);
	for (unsigned i = 0; i < config->files; i++)
		if (strcmp(config->names[i], name) == 0)
			return say("fw_cfg: '%s': there is such a file already", name);
	if (config->files == FW_CFG_FILES)
		return say("fw_cfg: '%s': there are %u files already, and no more can be", name, FW_CFG_FILES);
	return 0;
}

static int add_file(struct fw_cfg *config, const char *name, const struct fw_cfg_item *item)
{
	unsigned place = make_place(config, name);
	memset(config->names[place], 0, sizeof(config->names[0]));
	memcpy(config->names[place], name, strlen(name));
	config->items[FW_CFG_FILE_FIRST + place] = *item;
	return 0;
}

static int add_copies(struct fw_cfg *config, const char *name, struct fw_cfg_item item, const void *bytes,
                      bool writable)
{
	if (check_name(config, name) != 0)
		return -1;
	item.bytes = copy_of(bytes, item.size);
	item.first = item.bytes && writable ? copy_of(bytes, item.size) : NULL;
	if (item.bytes && (item.first || !writable))
		return add_file(config, name, &item);
	free(item.bytes);
	return say("fw_cfg: '%s': out of memory", name);
}

int fw_cfg_add_file(struct fw_cfg *config, const char *name, const void *bytes, uint32_t size)
{
	return add_copies(config, name, (struct fw_cfg_item){.size = size}, bytes, false);
}

int fw_cfg_add_writable(struct fw_cfg *config, const char *name, const void *bytes, uint32_t size,
                        fw_cfg_written *written, void *context)
{
	return add_copies(config, name, (struct fw_cfg_item){.size = size, .written = written, .context = context},
	                  bytes, true);
}

void fw_cfg_free(struct fw_cfg *config)
{
	for (unsigned i = 0; i < FW_CFG_KEYS; i++) {
		free(config->items[i].bytes);
		free(config->items[i].first);
	}
	*config = (struct fw_cfg){0};
}
