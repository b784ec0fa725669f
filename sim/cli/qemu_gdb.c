#include "cli/qemu_gdb.h"

#include <stdlib.h>
#include <string.h>
#include "cli/values.h"

static int bad_place(const char *value) { return bad("-gdb %s: must be tcp:[HOST]:PORT, unix:PATH or none", value); }

/* [HOST]:PORT, where HOST may be an IPv6 address in brackets. */
static int take_tcp(struct gdb_config *gdb, char *text, const char *value)
{
	uint64_t number;
	char *port = strrchr(text, ':');
	if (!port || !number_between(port + 1, 0, UINT16_MAX, &number) ||
	    strspn(port + 1, "0123456789") != strlen(port + 1))
		return bad_place(value);
	*port = '\0';
	size_t length = strlen(text);
	if (text[0] == '[' && text[length - 1] == ']') {
		text[length - 1] = '\0';
		text++;
	} else if (strchr(text, ':')) {
		return bad_place(value);
	}
	gdb->host = text;
	gdb->port = port + 1;
	return 0;
}

static int take_place(struct gdb_config *gdb, char *text, const char *value)
{
	if (strncmp(text, "tcp:", 4) == 0)
		return take_tcp(gdb, text + 4, value);
	if (strncmp(text, "unix:", 5) != 0 || text[5] == '\0')
		return strcmp(text, "none") == 0 ? 0 : bad_place(value);
	gdb->path = text + 5;
	return 0;
}

/* It listens, and waits for nobody: that is what the words of a chardev may say, and no more. */
static int take_setting(struct gdb_config *gdb, char *item, const char *value)
{
	const char *setting = cut_value(item);
	bool on = true;
	if (strcmp(item, "harts") == 0) {
		gdb->inferiors = setting && strcmp(setting, "inferiors") == 0;
		if (gdb->inferiors || (setting && strcmp(setting, "threads") == 0))
			return 0;
		return bad("-gdb %s: harts= must be threads or inferiors", value);
	}
	if (setting && !options_switch(setting, &on))
		return bad("-gdb %s: %s= must be on or off", value, item);
	if (strcmp(item, "server") == 0)
		return on ? 0 : bad("-gdb %s: it listens (server=on)", value);
	if (strcmp(item, "wait") == 0)
		return on ? bad("-gdb %s: it waits for nobody (wait=off); -S has the machine wait", value) : 0;
	if (strcmp(item, "nowait") == 0 || strcmp(item, "nodelay") == 0 || strcmp(item, "delay") == 0)
		return 0;
	return bad("-gdb %s: unknown key '%s'", value, item);
}

int qemu_gdb(struct options *options, const struct option_row *row, char *value)
{
	struct gdb_config *gdb = &options->config.gdb;
	(void)row;
	*gdb = (struct gdb_config){0};
	if (!value)
		value = "tcp::1234"; /* -s */
	char *list = keep_text(options, value);
	char *place = next_item(&list);
	if (!place || take_place(gdb, place, value) != 0)
		return place ? -1 : bad_place(value);
	for (char *item; (item = next_item(&list)) != NULL;)
		if (take_setting(gdb, item, value) != 0)
			return -1;
	return 0;
}
