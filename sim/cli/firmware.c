#include "cli/firmware.h"

#include <inttypes.h>
#include <string.h>
#include "base/say.h"
#include "base/words.h"
#include "cli/qemu.h"
#include "cli/values.h"

/* ---- -fw_cfg [name=]NAME,file=FILE|string=TEXT ---- */

static int check_file(const struct firmware_file *file)
{
	if (!file->name || *file->name == '\0' || !file->path == !file->text)
		return bad("-fw_cfg: must be name=NAME and one of file=FILE and string=TEXT");
	if (strlen(file->name) >= FW_CFG_NAME_BYTES)
		return bad("-fw_cfg: name=%s: is too long (%d bytes at most)", file->name, FW_CFG_NAME_BYTES - 1);
	return 0;
}

int firmware_file(struct options *options, const struct option_row *row, char *value)
{
	struct firmware_file file = {0};
	char *list = keep_text(options, value);
	bool first = true;
	for (char *item; (item = next_item(&list)) != NULL; first = false) {
		char *setting = cut_value(item);
		if (*item == '\0' && !setting && !list && !first)
			break; /* a comma at the end */
		if (!setting && first)
			file.name = item;
		else if (setting && strcmp(item, "name") == 0)
			file.name = setting;
		else if (setting && strcmp(item, "file") == 0)
			file.path = *setting ? setting : NULL;
		else if (setting && strcmp(item, "string") == 0)
			file.text = *setting ? setting : NULL;
		else
			return bad("-%s: unknown property '%s' (name, file, string)", row->name, item);
	}
	if (check_file(&file) != 0)
		return -1;
	options->config.firmware_files[options->config.firmware_file_count++] = file;
	return 0;
}

/* ---- -boot ---- */

static int set_time(const char *name, const char *value, uint32_t *field)
{
	uint64_t number;
	if (!number_between(value, 0, 65535, &number))
		return bad("-boot %s=%s: must be a number of milliseconds from 0 to 65535", name, value);
	*field = (uint32_t)number;
	return 0;
}

static int set_boot(struct options *options, const char *name, const char *value)
{
	struct config *config = &options->config;
	if (strcmp(name, "menu") == 0)
		return options_switch(value, &config->told.menu) ? 0 : bad("-boot menu=%s: must be on or off", value);
	if (strcmp(name, "splash-time") == 0)
		return set_time(name, value, &config->told.menu_wait);
	if (strcmp(name, "reboot-timeout") == 0 && strcmp(value, "-1") == 0) {
		config->told.fail_wait = UINT32_MAX;
		return 0;
	}
	if (strcmp(name, "reboot-timeout") == 0)
		return set_time(name, value, &config->told.fail_wait);
	if (strcmp(name, "splash") == 0)
		return bad("-boot splash=%s is not supported: this machine has no graphics", value);
	if (strcmp(name, "order") != 0 && strcmp(name, "once") != 0 && strcmp(name, "strict") != 0)
		return bad("-boot: unknown property '%s' (menu, splash-time, reboot-timeout, order, once, strict)",
		           name);
	qemu_note_ignored(options, "boot", name); /* nothing here looks for what it boots */
	return 0;
}

int firmware_boot(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	(void)row;
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (*item == '\0' && !setting && !list)
			break; /* a comma at the end */
		if (set_boot(options, setting ? item : "order", setting ? setting : item) != 0)
			return -1;
	}
	return 0;
}

/* ---- -uuid ---- */

/* 8-4-4-4-12 digits. */
static bool read_uuid(const char *text, uint8_t uuid[16])
{
	unsigned digits = 0;
	if (strlen(text) != 36)
		return false;
	for (unsigned i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash != (text[i] == '-') || (!dash && hex_digit(text[i]) < 0))
			return false;
		if (dash)
			continue;
		uint8_t *byte = &uuid[digits++ / 2];
		*byte = (uint8_t)(*byte << 4 | hex_digit(text[i]));
	}
	return true;
}

int firmware_uuid(struct options *options, const struct option_row *row, char *value)
{
	if (read_uuid(value, options->config.told.uuid))
		return 0;
	return bad("-%s %s: must be 32 hexadecimal digits: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", row->name, value);
}
