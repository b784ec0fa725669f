#include "cli/qemu.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/limits.h"
#include "base/say.h"
#include "cli/values.h"

#define MEMORY_MAX (UINT64_C(1) << 40)

enum { MEMORY_ALIGN = 8192 /* QEMU's: sizes are rounded up to it */ };

bool is_one_of(const char *word, const char *list)
{
	size_t length = strlen(word);
	for (const char *at = list; *at; at += *at == '|') {
		size_t span = strcspn(at, "|");
		if (span == length && strncmp(at, word, length) == 0)
			return true;
		at += span;
	}
	return false;
}

void qemu_note_ignored(struct options *options, const char *name, const char *value)
{
	size_t used = strlen(options->ignored);
	snprintf(options->ignored + used, sizeof(options->ignored) - used, "%s-%s%s%s", used ? ", " : "", name,
	         value ? " " : "", value ? value : "");
}

void qemu_tell_ignored(const struct options *options)
{
	if (options->ignored[0] && !options->config.quiet)
		say("%s: nothing changes by that here", options->ignored);
}

int qemu_refuse(struct options *options, const struct option_row *row, char *value)
{
	(void)options;
	(void)value;
	return bad("-%s is not supported: %s", row->name, row->text);
}

int qemu_ignore(struct options *options, const struct option_row *row, char *value)
{
	static const char only[] = "\n"; /* between the words and what a refusal says */
	if (row->text) {
		char words[32];
		snprintf(words, sizeof(words), "%.*s", (int)strcspn(row->text, only), row->text);
		if (!is_one_of(value, words))
			return bad("-%s %s is not supported: %s", row->name, value, strchr(row->text, '\n') + 1);
	}
	qemu_note_ignored(options, row->name, value);
	return 0;
}

int qemu_accel(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	const char *name = next_item(&list);
	if (strncmp(name, "accel=", 6) == 0)
		name += 6;
	if (strcmp(name, "tcg") != 0)
		return bad("-%s %s: only tcg is supported, and changes nothing", row->name, value);
	qemu_note_ignored(options, row->name, value);
	return 0;
}

/* -M virt's properties: what may be said because that is how it is, and what is the same as an option. */

static const struct {
	const char *name, *words, *why;
} fixed[] = {
    {"aia", "none", "this machine has a PLIC (aia=none)"},
    {"aia-guests", "0", "this machine has a PLIC (aia=none)"},
    {"aclint", "off|no|false", "this machine has a CLINT (aclint=off)"},
    {"acpi", "off|no|false|auto", "this machine has a device tree alone (acpi=off)"},
    {"usb", "off|no|false", "this machine has no USB (usb=off)"},
    {"iommu-sys", "off|no|false|auto", "this machine has no IOMMU (iommu-sys=off)"},
    {"accel", "tcg|kvm:tcg|hvf:tcg", "only tcg is supported, and changes nothing"},
    {"graphics", "on|off|yes|no|true|false", "must be on or off"},
    {"dump-guest-core", "on|off|yes|no|true|false", "must be on or off"},
    {"mem-merge", "on|off|yes|no|true|false", "must be on or off"},
    {"suppress-vmdesc", "on|off|yes|no|true|false", "must be on or off"},
};

static const struct {
	const char *name;
	size_t field;
} same[] = {
    {"dumpdtb", offsetof(struct config, dump_dtb)}, {"dtb", offsetof(struct config, dtb)},
    {"firmware", offsetof(struct config, bios)},    {"kernel", offsetof(struct config, kernel)},
    {"initrd", offsetof(struct config, initrd)},    {"append", offsetof(struct config, append)},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int set_property(struct options *options, const char *name, const char *setting)
{
	struct config *config = &options->config;
	bool on, second = strcmp(name, "pflash1") == 0;
	if (!setting || *setting == '\0')
		return bad("-M virt: '%s' needs a value", name);
	if (second || strcmp(name, "pflash0") == 0) {
		options->flash_nodes[second] = setting;
		return 0;
	}
	if (strcmp(name, "graphics") == 0 && options_switch(setting, &on)) {
		config->told.no_graphics = !on;
		return 0;
	}
	for (size_t i = 0; i < LENGTH(same); i++)
		if (strcmp(same[i].name, name) == 0) {
			*(const char **)((char *)config + same[i].field) = setting;
			return 0;
		}
	for (size_t i = 0; i < LENGTH(fixed); i++)
		if (strcmp(fixed[i].name, name) == 0) {
			if (is_one_of(setting, fixed[i].words))
				return 0;
			return bad("-M virt,%s=%s is not supported: %s", name, setting, fixed[i].why);
		}
	return bad("-M virt: unknown property '%s'", name);
}

int qemu_machine(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	char *item = next_item(&list);
	if (strncmp(item, "type=", 5) == 0)
		item += 5;
	if (strcmp(item, "virt") != 0)
		return bad("-%s %s: the only machine is virt", row->name, item);
	while ((item = next_item(&list)) != NULL) {
		char *setting = cut_value(item);
		if (*item == '\0' && !setting && !list)
			break; /* a comma at the end */
		if (set_property(options, item, setting) != 0)
			return -1;
	}
	return 0;
}

/* Harts of a topology, of which any part may be left open: QEMU's rules. There is no topology here but their number. */
enum smp_part { CPUS, MAXCPUS, SOCKETS, DIES, CLUSTERS, CORES, THREADS, SMP_PARTS };

static void complete(uint64_t part[SMP_PARTS])
{
	bool counted = part[CPUS] != 0 || part[MAXCPUS] != 0;
	uint64_t all = part[MAXCPUS] ? part[MAXCPUS] : part[CPUS];
	for (unsigned i = DIES; i <= CLUSTERS; i++)
		part[i] = part[i] ? part[i] : 1;
	if (!counted || part[CORES] == 0) {
		part[SOCKETS] = part[SOCKETS] ? part[SOCKETS] : 1;
		part[THREADS] = part[THREADS] ? part[THREADS] : 1;
		if (part[CORES] == 0)
			part[CORES] = counted ? all / (part[SOCKETS] * part[THREADS]) : 1;
	} else if (part[SOCKETS] == 0) {
		part[THREADS] = part[THREADS] ? part[THREADS] : 1;
		part[SOCKETS] = all / (part[CORES] * part[THREADS]);
	}
	if (part[THREADS] == 0)
		part[THREADS] = all / (part[SOCKETS] * part[CORES]);
	uint64_t total = part[SOCKETS] * part[CORES] * part[THREADS];
	part[MAXCPUS] = counted ? all : total;
	part[CPUS] = part[CPUS] ? part[CPUS] : part[MAXCPUS];
}

int qemu_harts(struct options *options, const struct option_row *row, char *value)
{
	static const char *const names[SMP_PARTS] = {"cpus",     "maxcpus", "sockets", "dies",
	                                             "clusters", "cores",   "threads"};
	uint64_t part[SMP_PARTS] = {0};
	char *list = keep_text(options, value);
	bool first = true;
	for (char *item; (item = next_item(&list)) != NULL; first = false) {
		unsigned i = 0;
		char *setting = cut_value(item);
		if (!first && *item == '\0' && !setting && !list)
			break; /* a comma at the end */
		if (first && !setting)
			setting = item;
		else
			while (i < SMP_PARTS && strcmp(names[i], item) != 0)
				i++;
		if (i == SMP_PARTS)
			return bad("-%s %s: unknown part '%s'", row->name, value, item);
		if (!setting || !number_between(setting, 1, i == CPUS ? HARTS_MAX : 1024, &part[i]))
			return bad("-%s %s: must be a number of harts from 1 to %u", row->name, value, HARTS_MAX);
	}
	if (part[DIES] > 1 || part[CLUSTERS] > 1)
		return bad("-%s %s: harts are in sockets, cores and threads alone", row->name, value);
	complete(part);
	if (part[SOCKETS] * part[CORES] * part[THREADS] != part[MAXCPUS] || part[MAXCPUS] < part[CPUS])
		return bad("-%s %s: sockets, cores and threads (%" PRIu64 " * %" PRIu64 " * %" PRIu64
		           ") do not make up %" PRIu64 " harts",
		           row->name, value, part[SOCKETS], part[CORES], part[THREADS],
		           part[MAXCPUS] < part[CPUS] ? part[CPUS] : part[MAXCPUS]);
	if (part[CPUS] > HARTS_MAX)
		return bad("-%s %s: must be a number of harts from 1 to %u", row->name, value, HARTS_MAX);
	options->config.harts = (unsigned)part[CPUS];
	return 0;
}

/* Memory that might be added later, which QEMU's virt machine takes no more than this one does. */
static int check_later_memory(const char *value, const char *name, const char *setting, uint64_t *maxmem)
{
	uint64_t slots;
	if (setting && strcmp(name, "slots") == 0 && number_between(setting, 0, 256, &slots))
		return 0;
	if (setting && strcmp(name, "maxmem") == 0 && options_size(setting, MIB, maxmem))
		return 0;
	return bad("-m %s: '%s%s%s' is not slots=NUMBER or maxmem=SIZE", value, name, setting ? "=" : "",
	           setting ? setting : "");
}

int qemu_memory(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	const char *text = next_item(&list);
	uint64_t *memory = &options->config.memory, maxmem = UINT64_MAX;
	if (strncmp(text, "size=", 5) == 0)
		text += 5;
	if (!options_size(text, MIB, memory) || *memory > MEMORY_MAX)
		return bad("-%s %s: must be a size such as 512M, 1.5G or 2048, which is MiB; at most 1T", row->name,
		           value);
	*memory = (*memory + MEMORY_ALIGN - 1) & ~(uint64_t)(MEMORY_ALIGN - 1);
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (check_later_memory(value, item, setting, &maxmem) != 0)
			return -1;
	}
	if (maxmem < *memory)
		return bad("-%s %s: maxmem is less than the memory", row->name, value);
	return 0;
}
