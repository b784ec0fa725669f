#include "cli/qemu_run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/limits.h"
#include "cli/qemu.h"
#include "cli/values.h"
#include "machine/params.h"

/* A key with a value of a list, '|' between them. */
struct choice {
	const char *key, *words;
};

/* Each item is one of the choices; *take is called with each that is. An item without a value is the first choice's. */
static int read_choices(struct options *options, const struct option_row *row, const char *value,
                        const struct choice *choices,
                        int (*take)(struct options *options, const char *key, const char *setting))
{
	char *list = keep_text(options, value);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		const struct choice *choice = choices;
		while (choice->key && setting && strcmp(choice->key, item) != 0)
			choice++;
		if (!choice->key)
			return bad("-%s %s: unknown key '%s'", row->name, value, item);
		if (!setting)
			setting = item;
		if (choice->words && !is_one_of(setting, choice->words))
			return bad("-%s %s=%s: must be one of %s", row->name, choice->key, setting, choice->words);
		if (take && take(options, choice->key, setting) != 0)
			return -1;
	}
	return 0;
}

static int changes_nothing(struct options *options, const struct option_row *row, char *value)
{
	return qemu_ignore(options, &(struct option_row){.name = row->name}, value);
}

/* ---- -rtc ---- */

/* "2006-06-17T16:01:21" or "2006-06-17", of UTC. */
static bool read_date(const char *text, uint64_t *seconds)
{
	struct tm time = {0};
	const char *end = strptime(text, "%Y-%m-%d", &time);
	if (end && *end == 'T')
		end = strptime(end + 1, "%H:%M:%S", &time);
	struct tm same = time;
	time_t value = end && *end == '\0' ? timegm(&same) : -1;
	*seconds = (uint64_t)value;
	/* timegm makes a date of February 30 too, another */
	return value >= 0 && *seconds <= RTC_EPOCH_MAX && same.tm_mday == time.tm_mday && same.tm_sec == time.tm_sec;
}

static int take_rtc(struct options *options, const char *key, const char *setting)
{
	if (strcmp(key, "base") != 0 || is_one_of(setting, "utc|localtime"))
		return 0;
	if (read_date(setting, &options->config.rtc_epoch))
		return 0;
	return bad("-rtc base=%s: must be utc, localtime or a date such as 2006-06-17T16:01:21 from 1970 on", setting);
}

int qemu_rtc(struct options *options, const struct option_row *row, char *value)
{
	static const struct choice choices[] = {
	    {"base", NULL}, {"clock", "host|rt|vm"}, {"driftfix", "none|slew"}, {NULL, NULL}};
	uint64_t before = options->config.rtc_epoch;
	if (!strchr(value, '='))
		return bad("-%s %s: needs base=, clock= or driftfix=", row->name, value);
	if (read_choices(options, row, value, choices, take_rtc) != 0)
		return -1;
	return options->config.rtc_epoch == before ? changes_nothing(options, row, value) : 0;
}

/* ---- -icount ---- */

static int take_icount(struct options *options, const char *key, const char *setting)
{
	(void)options;
	if (strncmp(key, "rr", 2) == 0)
		return bad("-icount %s=%s is not supported: --record FILE and --replay FILE are for that", key,
		           setting);
	return 0;
}

int qemu_icount(struct options *options, const struct option_row *row, char *value)
{
	static const struct choice choices[] = {{"shift", "auto|0|1|2|3|4|5|6|7|8|9|10"},
	                                        {"align", "on|off"},
	                                        {"sleep", "on|off"},
	                                        {"rr", NULL},
	                                        {"rrfile", NULL},
	                                        {"rrsnapshot", NULL},
	                                        {NULL, NULL}};
	return read_choices(options, row, value, choices, take_icount) == 0 ? changes_nothing(options, row, value) : -1;
}

/* ---- -d ---- */

int qemu_log(struct options *options, const struct option_row *row, char *value)
{
	static const char items[] =
	    "out_asm|in_asm|op|op_opt|op_ind|int|exec|cpu|fpu|mmu|pcall|cpu_reset|unimp|guest_errors|page|nochain|"
	    "plugin|strace|tid|vpu|all";
	char *list = keep_text(options, value);
	for (char *item; (item = next_item(&list)) != NULL;) {
		if (strcmp(item, "help") == 0)
			return bad(
			    "-%s help: QEMU's log is not written (--trace FILE writes what happens, rvtrace dump FILE shows it)",
			    row->name);
		if (!is_one_of(item, items) && strncmp(item, "trace:", 6) != 0)
			return bad("-%s %s: '%s' is no item of QEMU's log", row->name, value, item);
	}
	return changes_nothing(options, row, value);
}

/* ---- -action ---- */

static int take_action(struct options *options, const char *key, const char *setting)
{
	if (strcmp(key, "reboot") == 0)
		options->config.no_reboot = strcmp(setting, "shutdown") == 0;
	return 0;
}

int qemu_action(struct options *options, const struct option_row *row, char *value)
{
	static const struct choice choices[] = {{"reboot", "reset|shutdown"},
	                                        {"shutdown", "poweroff|pause"},
	                                        {"panic", "pause|shutdown|exit-failure|none"},
	                                        {"watchdog", "reset|shutdown|poweroff|pause|debug|none|inject-nmi"},
	                                        {NULL, NULL}};
	if (!strchr(value, '='))
		return bad("-%s %s: needs reboot=, shutdown=, panic= or watchdog=", row->name, value);
	if (read_choices(options, row, value, choices, take_action) != 0)
		return -1;
	return options->config.no_reboot ? 0 : changes_nothing(options, row, value);
}

/* ---- -numa ---- */

static int bad_numa(const char *value)
{
	return bad(
	    "-numa %s is not supported: memory is one node, and all harts are near to it (-numa node,nodeid=0,cpus=...)",
	    value);
}

int qemu_numa(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	const char *kind = next_item(&list);
	bool node = strcmp(kind, "node") == 0;
	if (!node || options->numa_node)
		return bad_numa(value);
	options->numa_node = true;
	for (char *item; (item = next_item(&list)) != NULL;) {
		const char *setting = cut_value(item);
		uint64_t number, last;
		char *dash = setting && strcmp(item, "cpus") == 0 ? strchr(setting, '-') : NULL;
		if (dash)
			*dash++ = '\0';
		bool good = setting &&
		            ((strcmp(item, "nodeid") == 0 && strcmp(setting, "0") == 0) ||
		             (strcmp(item, "mem") == 0 && options_size(setting, MIB, &number)) ||
		             (strcmp(item, "cpus") == 0 && number_between(setting, 0, HARTS_MAX - 1, &number) &&
		              (!dash || number_between(dash, number, HARTS_MAX - 1, &last))));
		if (!good)
			return bad_numa(value);
	}
	return changes_nothing(options, row, value);
}
