#include "cli/qemu_console.h"

#include <stdio.h>
#include <string.h>
#include "base/say.h"
#include "cli/values.h"

static const char others[] = "stdio, file:NAME, pty or null";

/* What may stand behind -serial, but for mon: and chardev:; "none" is none of them. */
static bool is_backend(const char *text)
{
	return strcmp(text, "stdio") == 0 || strcmp(text, "pty") == 0 || strcmp(text, "null") == 0 ||
	       (strncmp(text, "file:", 5) == 0 && text[5] != '\0');
}

int qemu_serial(struct options *options, const struct option_row *row, char *value)
{
	bool mon = strncmp(value, "mon:", 4) == 0, chardev = strncmp(value, "chardev:", 8) == 0;
	bool none = strcmp(value, "none") == 0;
	options->serials_none |= none;
	if (!none)
		options->serials[options->serial_count++] = (struct serial){value, value + (mon ? 4 : 0), mon};
	if (none || (chardev && value[8] != '\0') || is_backend(value + (mon ? 4 : 0)))
		return 0;
	return bad("-%s %s: must be %s", row->name, value, others);
}

static struct chardev *find_chardev(struct options *options, const char *id)
{
	for (unsigned i = 0; i < options->chardev_count; i++)
		if (strcmp(options->chardevs[i].id, id) == 0)
			return &options->chardevs[i];
	return NULL;
}

static int set_chardev_key(struct chardev *chardev, const char *key, const char *setting)
{
	bool *flag = strcmp(key, "mux") == 0      ? &chardev->mux
	             : strcmp(key, "signal") == 0 ? &chardev->signal
	                                          : NULL,
	     append;
	if (!setting || *setting == '\0')
		return bad("-chardev: '%s' needs a value", key);
	if (flag)
		return options_switch(setting, flag) ? 0 : bad("-chardev %s=%s: must be on or off", key, setting);
	if (strcmp(key, "id") == 0)
		chardev->id = setting;
	else if (strcmp(key, "path") == 0 && strcmp(chardev->kind, "file") == 0)
		chardev->path = setting;
	else if (strcmp(key, "append") != 0 || !options_switch(setting, &append) || append)
		return bad(
		    "-chardev %s,%s=%s is not supported: id=ID, path=FILE (of a file), mux=on|off, signal=on|off are",
		    chardev->kind, key, setting);
	return 0;
}

int qemu_chardev(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	struct chardev chardev = {.kind = next_item(&list), .signal = true};
	static const char *const kinds[] = {"stdio", "file", "pty", "null"};
	unsigned kind = 0;
	while (kind < 4 && strcmp(kinds[kind], chardev.kind) != 0)
		kind++;
	if (kind == 4)
		return bad("-%s %s is not supported: the console is stdio, file,path=NAME, pty or null", row->name,
		           chardev.kind);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (set_chardev_key(&chardev, item, setting) != 0)
			return -1;
	}
	if (!chardev.id)
		return bad("-%s %s: needs id=ID", row->name, chardev.kind);
	if (strcmp(chardev.kind, "file") == 0 && !chardev.path)
		return bad("-%s file: needs path=FILE", row->name);
	if (find_chardev(options, chardev.id))
		return bad("-%s %s,id=%s: this id is taken already", row->name, chardev.kind, chardev.id);
	options->chardevs[options->chardev_count++] = chardev;
	return 0;
}

int qemu_mon(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (!setting)
			setting = item, item = "chardev";
		if (strcmp(item, "chardev") == 0)
			options->mon = setting;
		else if (strcmp(item, "mode") == 0 && strcmp(setting, "readline") == 0)
			continue;
		else
			return bad("-%s %s=%s is not supported: there is no monitor (--debug is rvsim's debugger)",
			           row->name, item, setting);
	}
	return options->mon ? 0 : bad("-%s: needs chardev=ID", row->name);
}

/* The words of a -serial that a chardev makes. */
static int resolve_chardev(struct options *options, struct serial *serial)
{
	struct chardev *chardev = strncmp(serial->text, "chardev:", 8) == 0 ? find_chardev(options, serial->text + 8)
	                                                                    : NULL;
	if (strncmp(serial->text, "chardev:", 8) != 0)
		return 0;
	if (!chardev)
		return bad("-serial %s: there is no -chardev with this id", serial->text);
	/* a shared terminal, or one whose ^C is the guest's, has ctrl-A's keys: there must be a way out */
	serial->mon = chardev->mux || !chardev->signal;
	serial->text = chardev->kind;
	if (chardev->path) {
		snprintf(options->serial_file, sizeof(options->serial_file), "file:%s", chardev->path);
		serial->text = options->serial_file;
	}
	return strlen(options->serial_file) + 1 < sizeof(options->serial_file)
	           ? 0
	           : bad("-chardev file: the path is too long");
}

/* The machine has one UART. */
static int settle_later(const struct options *options, const struct serial *serial)
{
	const struct serial *first = options->serials;
	bool shared = strncmp(serial->said, "chardev:", 8) == 0 && strcmp(serial->said, first->said) == 0;
	if (strcmp(serial->text, "stdio") == 0 && strcmp(first->text, "stdio") == 0 && !shared)
		return bad("-serial %s: stdio is the first -serial's", serial->said);
	if (strcmp(serial->text, "null") != 0 && !options->config.quiet)
		say("-serial %s: the machine has one UART, the first -serial's: nothing comes here", serial->said);
	return 0;
}

static int check_ids(struct options *options)
{
	const char *const names[][2] = {{"-mon", options->mon}, {"-semihosting-config", options->semihosting_chardev}};
	for (unsigned i = 0; i < 2; i++) {
		const char *id = names[i][1];
		if (!id)
			continue;
		if (!find_chardev(options, id))
			return bad("%s chardev=%s: there is no -chardev with this id", names[i][0], id);
		const char *said = options->serial_count ? options->serials[0].said : "";
		bool console = strncmp(said, "chardev:", 8) == 0 && strcmp(said + 8, id) == 0;
		bool stdio = strcmp(find_chardev(options, id)->kind, "stdio") == 0 && options->serial_count == 0;
		if (i == 0 ? !console && strcmp(find_chardev(options, id)->kind, "null") != 0 : !console && !stdio)
			return bad("%s chardev=%s is not supported: %s", names[i][0], id,
			           i == 0 ? "there is no monitor of its own (--debug is rvsim's debugger)"
			                  : "what it writes goes where the console is (-serial chardev:ID)");
	}
	return 0;
}

int qemu_console_settle(struct options *options)
{
	struct config *config = &options->config;
	if (check_ids(options) != 0)
		return -1;
	for (unsigned i = 0; i < options->serial_count; i++)
		if (resolve_chardev(options, &options->serials[i]) != 0 ||
		    (i > 0 && settle_later(options, &options->serials[i]) != 0))
			return -1;
	if (options->serial_count != 0) {
		config->serial = options->serials[0].text;
		config->nographic |= options->serials[0].mon && strcmp(config->serial, "stdio") == 0;
	} else if (options->serials_none) {
		config->serial = "null";
	}
	return 0;
}
