#include "cli/qemu_semihosting.h"

#include <stdlib.h>
#include <string.h>
#include "cli/values.h"

int qemu_semihosting(struct options *options, const struct option_row *row, char *value)
{
	(void)row;
	(void)value;
	options->config.semihosting.on = true;
	return 0;
}

/* One more word of what the program was called by. */
static int add_word(struct options *options, const char *word, size_t length)
{
	size_t used = options->command_line ? strlen(options->command_line) : 0;
	char *text = realloc(options->command_line, used + length + 2);
	if (!text)
		return bad("out of memory for options");
	if (options->command_line)
		text[used++] = ' ';
	memcpy(text + used, word, length);
	text[used + length] = '\0';
	options->command_line = text;
	return 0;
}

static int set_key(struct options *options, const char *key, const char *setting)
{
	struct config *config = &options->config;
	if (!setting)
		return bad("-semihosting-config: '%s' needs a value", key);
	if (strcmp(key, "enable") == 0 && options_switch(setting, &config->semihosting.on))
		return 0;
	if (strcmp(key, "userspace") == 0 && options_switch(setting, &config->semihosting.user))
		return 0;
	if (strcmp(key, "target") == 0) {
		if (strcmp(setting, "native") == 0 || strcmp(setting, "auto") == 0)
			return 0;
		return bad("-semihosting-config target=%s: calls are answered here (target=native)", setting);
	}
	if (strcmp(key, "arg") == 0)
		return add_word(options, setting, strlen(setting));
	if (strcmp(key, "chardev") == 0) {
		options->semihosting_chardev = setting;
		return 0;
	}
	if (strcmp(key, "enable") == 0 || strcmp(key, "userspace") == 0)
		return bad("-semihosting-config %s=%s: must be on or off", key, setting);
	return bad("-semihosting-config: unknown key '%s' (enable, target, userspace, chardev, arg)", key);
}

int qemu_semihosting_config(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	(void)row;
	options->config.semihosting.on = true;
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (set_key(options, item, setting) != 0)
			return -1;
	}
	return 0;
}

static int add_call_of_kernel(struct options *options)
{
	const struct config *config = &options->config;
	int result = add_word(options, config->kernel, strlen(config->kernel));
	for (const char *at = config->append; result == 0 && at && *(at += strspn(at, " "));) {
		size_t length = strcspn(at, " ");
		result = add_word(options, at, length);
		at += length;
	}
	return result;
}

int qemu_semihosting_settle(struct options *options)
{
	struct config *config = &options->config;
	if (config->semihosting.folder && !config->semihosting.on)
		return bad("--semihosting-files needs -semihosting: nothing else would read them");
	if (!config->semihosting.on)
		return 0;
	if (!options->command_line && config->kernel && add_call_of_kernel(options) != 0)
		return -1;
	config->semihosting.command_line = options->command_line;
	return 0;
}
