#include "cli/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "machine/boot.h"
#include "machine/params.h"
#include "machine/stats.h"
#include "base/limits.h"
#include "base/say.h"
#include "watch/check.h"
#include "trace/trace.h"
#include "cli/about.h"
#include "cli/disks.h"
#include "cli/display.h"
#include "cli/firmware.h"
#include "cli/guests.h"
#include "cli/loaders.h"
#include "cli/networks.h"
#include "cli/ports.h"
#include "cli/qemu.h"
#include "cli/qemu_console.h"
#include "cli/qemu_gdb.h"
#include "cli/qemu_run.h"
#include "cli/qemu_semihosting.h"
#include "cli/row.h"
#include "cli/shares.h"
#include "cli/usage.h"
#include "cli/values.h"
#include "cli/virtio.h"

static int set_text(struct options *options, const struct option_row *row, char *value)
{
	if (*value == '\0')
		return bad("-%s: the value is empty", row->name);
	*(const char **)((char *)&options->config + row->field) = value;
	return 0;
}

/* A file to be written: an option in its place is a name that was forgotten. */
static int set_output(struct options *options, const struct option_row *row, char *value)
{
	if (value[0] == '-' && value[1] != '\0')
		return bad("--%s: a file name is missing before %s (./%s would be one)", row->name, value, value);
	return set_text(options, row, value);
}

/* Each as often as wanted. */
static int add_pattern(struct options *options, const struct option_row *row, char *value)
{
	struct config *config = &options->config;
	if (*value == '\0')
		return bad("--%s: the value is empty", row->name);
	config->patterns[config->pattern_count++] = (struct console_pattern){
	    .kind = strcmp(row->name, "expect") == 0 ? CONSOLE_EXPECTED : CONSOLE_FAILED,
	    .text = value,
	};
	return 0;
}

static int set_flag(struct options *options, const struct option_row *row, char *value)
{
	(void)value;
	*(bool *)((char *)&options->config + row->field) = true;
	return 0;
}

static int set_option_number(struct options *options, const struct option_row *row, char *value)
{
	uint64_t *field = (uint64_t *)((char *)&options->config + row->field);
	if (number_between(value, row->low, row->high, field))
		return 0;
	if (row->high == UINT64_MAX)
		return bad("--%s %s: must be a number, at least %" PRIu64, row->name, value, row->low);
	return bad("--%s %s: must be a number from %" PRIu64 " to %" PRIu64, row->name, value, row->low, row->high);
}

/* -L FOLDER */
static int add_folder(struct options *options, const struct option_row *row, char *value)
{
	if (*value == '\0')
		return bad("-%s: the value is empty", row->name);
	options->folders[options->folder_count++] = value;
	return 0;
}

/* QEMU tells the guest's firmware of this one only. */
static int set_nographic(struct options *options, const struct option_row *row, char *value)
{
	(void)row, (void)value;
	options->config.nographic = options->config.told.no_graphics = true;
	options->config.display.sdl = false; /* unless -display comes later */
	return 0;
}

static int option_device(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	const char *model = next_item(&list);
	(void)row;
	if (strcmp(model, "guest-loader") == 0)
		return guest_loader(options, list);
	if (strncmp(model, "virtio-", 7) == 0)
		return virtio_device(options, model, list);
	if (ports_is_port(model))
		return ports_add(options, model, list);
	if (strcmp(model, "loader") == 0)
		return generic_loader(options, list);
	if (strcmp(model, "ramfb") == 0)
		return display_ramfb(options, list);
	if (strcmp(model, "simple-framebuffer") == 0)
		return display_framebuffer(options, list);
	return bad("-device %s: unknown device", model);
}

static int set_isa(struct options *options, const struct option_row *row, char *value)
{
	char reason[160];
	if (isa_parse(value, &options->config.isa, reason, sizeof(reason)) != 0)
		return bad("--%s %s: %s", row->name, value, reason);
	return 0;
}

static int set_cpu(struct options *options, const struct option_row *row, char *value)
{
	char reason[224];
	int result;
	if (qemu_cpu(options, value, &result))
		return result;
	if (timing_load(&options->config.preset, value, reason, sizeof(reason)) != 0)
		return bad("--%s %s: %s", row->name, value, reason);
	options->config.timing = &options->config.preset;
	options->config.preset_path = strpbrk(value, "/.") ? value : NULL; /* a name alone is a built-in one */
	return 0;
}

/* A symbol is looked up when the programs are loaded. */
static int set_timing_from(struct options *options, const struct option_row *row, const char *value)
{
	struct config *config = &options->config;
	config->timing_off = false;
	config->timing_from.given = true;
	config->timing_from.hints = strcmp(value, "hint") == 0;
	config->timing_from.symbol = NULL;
	config->timing_from.insns = 0;
	config->timing_from.counted = value[0] >= '0' && value[0] <= '9';
	if (config->timing_from.counted) {
		if (!number_between(value, 0, UINT64_MAX - 1, &config->timing_from.insns))
			return bad("--%s from=%s: must be a number of instructions", row->name, value);
	} else if (!config->timing_from.hints) {
		config->timing_from.symbol = value;
	}
	return 0;
}

static int set_timing(struct options *options, const struct option_row *row, char *value)
{
	if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0) {
		options->config.timing_off = value[1] == 'f';
		options->config.timing_from.given = false;
		return 0;
	}
	if (strncmp(value, "from=", 5) == 0 && value[5])
		return set_timing_from(options, row, value + 5);
	return bad("--%s %s: must be on, off or from=SYMBOL|COUNT|hint", row->name, value);
}

static int set_param(struct options *options, const struct option_row *row, char *value)
{
	(void)row;
	return params_set(&options->config, value);
}

/* FILE[,events=LIST]: LIST holds commas itself, so it goes to the end. */
static int set_trace(struct options *options, const struct option_row *row, char *value)
{
	char *path = keep_text(options, value), *events = strstr(path, ",events=");
	if (events) {
		*events = '\0';
		events += strlen(",events=");
		if (trace_parse_events(events, &options->config.trace_events) != 0)
			return bad(
			    "--%s: events=%s: unknown event (insn, trap, world, csr, tp, tlb, mem, dev, irq, console, default, all)",
			    row->name, events);
	}
	if (*path == '\0')
		return bad("--%s: a file name is missing", row->name);
	return set_output(options, row, path);
}

static int set_checks(struct options *options, const struct option_row *row, char *value)
{
	if (check_parse(value, &options->config.checks) != 0)
		return bad("--%s %s: must be a list of percpu, worldswitch, isolation, or all", row->name, value);
	return 0;
}

static int set_engine(struct options *options, const struct option_row *row, char *value)
{
	(void)options;
	if (strcmp(value, "threaded") != 0 && strcmp(value, "plain") != 0 && strcmp(value, "jit") != 0)
		return bad("--%s %s: must be threaded or plain", row->name, value);
	return strcmp(value, about_engine()) == 0
	           ? 0
	           : bad("--%s %s: this rvsim was built with the %s engine alone", row->name, value, about_engine());
}

static int set_cycles(struct options *options, const struct option_row *row, char *value)
{
	if (golden_parse_cycles(value, &options->config.golden) != 0)
		return bad("--%s %s: must be exact, or N%% (0 to 1000)", row->name, value);
	return 0;
}

/* base=SYMBOL|ADDRESS,size=BYTES[,count=SLOTS] */
static int set_percpu(struct options *options, const struct option_row *row, char *value)
{
	struct percpu_config percpu = {.count = HARTS_MAX};
	char *list = keep_text(options, value);
	for (char *item; (item = next_item(&list)) != NULL;) {
		const char *setting = cut_value(item);
		if (setting && strcmp(item, "base") == 0 && *setting)
			percpu.base = setting;
		else if (setting && strcmp(item, "size") == 0 && options_size(setting, 1, &percpu.size))
			continue;
		else if (!setting || strcmp(item, "count") != 0 ||
		         !number_between(setting, 1, HARTS_MAX, &percpu.count))
			return bad("--%s %s: must be base=SYMBOL|ADDRESS,size=BYTES[,count=1..%u]", row->name, value,
			           HARTS_MAX);
	}
	if (!percpu.base || !percpu.size)
		return bad("--%s %s: needs base= and size=", row->name, value);
	options->config.percpu = percpu;
	return 0;
}

static int set_save_unfinished(struct options *options, const struct option_row *row, char *value)
{
	options->config.save_unfinished = true;
	return set_output(options, row, value);
}

static int set_timeout(struct options *options, const struct option_row *row, char *value)
{
	char *end;
	double seconds = strtod(value, &end);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || !(seconds > 0 && seconds < 1e9))
		return bad("--%s %s: must be a number of seconds", row->name, value);
	options->config.timeout = seconds;
	return 0;
}

#define TEXT(name, member) {name, true, set_text, offsetof(struct config, member), 0, 0, NULL}
#define OUTPUT(name, member) {name, true, set_output, offsetof(struct config, member), 0, 0, NULL}
#define FLAG(name, member) {name, false, set_flag, offsetof(struct config, member), 0, 0, NULL}
#define NUMBER(name, member, low, high)                                                                                \
	{name, true, set_option_number, offsetof(struct config, member), low, high, NULL}
#define VALUE(name, handler) {name, true, handler, 0, 0, 0, NULL}
#define REFUSED(name, takes_value, why) {name, takes_value, qemu_refuse, 0, 0, 0, why},
#define IGNORED(name, takes_value) {name, takes_value, qemu_ignore, 0, 0, 0, NULL},
#define ONLY(name, words, why) {name, true, qemu_ignore, 0, 0, 0, words "\n" why},

/* Of two rows with one name the first is QEMU's, with one dash, and the second is rvsim's own, with two. */
static const struct option_row rows[] = {
	/* QEMU's */
    VALUE("M", qemu_machine),
    VALUE("machine", qemu_machine),
    VALUE("smp", qemu_harts),
    VALUE("m", qemu_memory),
    TEXT("bios", bios),
    VALUE("L", add_folder),
    TEXT("kernel", kernel),
    TEXT("initrd", initrd),
    TEXT("append", append),
    TEXT("dtb", dtb),
    OUTPUT("dump-dtb", dump_dtb),
    VALUE("device", option_device),
    VALUE("display", display_option),
    {"full-screen", false, set_flag, offsetof(struct config, display.full_screen), 0, 0, NULL},
    VALUE("serial", qemu_serial),
    VALUE("chardev", qemu_chardev),
    VALUE("mon", qemu_mon),
    VALUE("rtc", qemu_rtc),
    VALUE("icount", qemu_icount),
    VALUE("d", qemu_log),
    VALUE("action", qemu_action),
    VALUE("numa", qemu_numa),
    FLAG("S", stopped),
    VALUE("gdb", qemu_gdb),
    {"s", false, qemu_gdb, 0, 0, 0, NULL},
    VALUE("cpu", set_cpu),
    {"nographic", false, set_nographic, 0, 0, 0, NULL},
    FLAG("no-reboot", no_reboot),
    VALUE("accel", qemu_accel),
    VALUE("drive", disks_drive),
    VALUE("blockdev", disks_blockdev),
    VALUE("pflash", disks_pflash),
    VALUE("fw_cfg", firmware_file),
    VALUE("boot", firmware_boot),
    VALUE("uuid", firmware_uuid),
    VALUE("hda", disks_legacy),
    VALUE("hdb", disks_legacy),
    VALUE("hdc", disks_legacy),
    VALUE("hdd", disks_legacy),
    VALUE("cdrom", disks_legacy),
    {"snapshot", false, disks_snapshot, 0, 0, 0, NULL},
    VALUE("netdev", networks_netdev),
    VALUE("nic", networks_nic),
    VALUE("net", networks_net),
    VALUE("fsdev", shares_fsdev),
    VALUE("virtfs", shares_virtfs),
    VALUE("object", virtio_object),
    VALUE("global", virtio_global),
    {"semihosting", false, qemu_semihosting, 0, 0, 0, NULL},
    VALUE("semihosting-config", qemu_semihosting_config),
#include "cli/qemu.def"
	/* our own */
    VALUE("isa", set_isa),
    VALUE("timing", set_timing),
    NUMBER("quantum", quantum, 1, UINT64_C(1) << 32),
    VALUE("set", set_param),
    {"trace", true, set_trace, offsetof(struct config, trace_path), 0, 0, NULL},
    OUTPUT("stats", stats_path),
    OUTPUT("profile", profile_path),
    REFUSED("view", false, "there is no live view: rvtrace report FILE -o report.html makes a page of a trace")
	REFUSED("zones", true, "zones are given as guests: GUEST,vcpus=N,memory=SIZE,name=TEXT")

	    NUMBER("max-cycles", max_cycles, 1, UINT64_MAX),
    NUMBER("max-insns", max_insns, 1, UINT64_MAX),
    NUMBER("max-resets", max_resets, 0, UINT64_MAX),
    VALUE("timeout", set_timeout),
    OUTPUT("signature", signature_path),
    VALUE("check", set_checks),
    VALUE("percpu", set_percpu),
    VALUE("engine", set_engine),
    OUTPUT("golden", golden.path),
    FLAG("update", golden.update),
    VALUE("cycles", set_cycles),
    NUMBER("seed", seed, 0, UINT64_MAX),
    FLAG("debug", debug),
    TEXT("debug-cmd", debug_cmd),
    VALUE("expect", add_pattern),
    VALUE("fail-on", add_pattern),
    FLAG("quiet", quiet),
    OUTPUT("record", record),
    TEXT("replay", replay),
    OUTPUT("save", save),
    {"save-unfinished", true, set_save_unfinished, offsetof(struct config, save), 0, 0, NULL},
    TEXT("load", load),
    TEXT("semihosting-files", semihosting.folder),
    {"help", false, NULL, 0, 0, 0, NULL},
    {"h", false, NULL, 0, 0, 0, NULL},
    {"version", false, NULL, 0, 0, 0, NULL},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* Options that end it all: --help, --version, --set help, --stats help. */
static bool answered(const struct options *options, const struct option_row *row, const char *value)
{
	if (strcmp(row->name, "help") == 0 || strcmp(row->name, "h") == 0)
		usage_print(stdout);
	else if (strcmp(row->name, "version") == 0)
		about_print(stdout);
	else if (strcmp(row->name, "set") == 0 && strcmp(value, "help") == 0)
		params_list(&options->config, stdout);
	else if (strcmp(row->name, "stats") == 0 && strcmp(value, "help") == 0)
		stats_list(stdout);
	else
		return false;
	return true;
}

static void set_defaults(struct config *config)
{
	*config = (struct config){
	    .harts = 1,
	    .memory = 512 * MIB,
	    .isa = isa_default(),
	    .timing = timing_find("ideal"),
	    .quantum = 1000,
	    .max_cycles = UINT64_MAX,
	    .max_insns = UINT64_MAX,
	    .max_resets = UINT64_MAX,
	    .serial = "stdio",
	    .told = {.fail_wait = UINT32_MAX, .menu_wait = UINT32_MAX},
	};
	params_default(config);
	trace_parse_events("default", &config->trace_events);
}

static int positional(struct options *options, int count, char **words)
{
	struct config *config = &options->config;
	if (count > 0) {
		if (config->bios)
			return bad("%s: the firmware is named already, by -bios %s", words[0], config->bios);
		config->bios = words[0];
		config->bios_is_elf = true;
	}
	for (int i = 1; i < count; i++)
		if (positional_guest(options, words[i]) != 0)
			return -1;
	return 0;
}

/* What only shows when everything is said. */
static int check_together(const struct config *config)
{
	for (unsigned i = 0; i < config->guest_count; i++) {
		const struct guest_config *guest = &config->guests[i];
		if (config->harts < HARTS_MAX && guest->cpus >> config->harts != 0)
			return bad("%s: cpus= names a hart beyond the machine's %u", guest->path, config->harts);
		if (guest->memory > config->memory)
			return bad("%s: memory= is more than the machine's %" PRIu64 " MiB", guest->path,
			           config->memory >> 20);
	}
	const char *misfit = timing_misfit(config->timing);
	if (misfit)
		return bad("--cpu %s: %s", config->timing->name, misfit);
	if (config->timing_from.given && config->timing->ideal)
		return bad("--timing from=: there is no timing to switch on (--cpu cva6, rocket, u74 or a file)");
	bool rnmi = config->rnmi_cycle || config->options.rnmi_vector || config->options.rnmi_exception_vector;
	if (rnmi && !isa_has(&config->isa, EXT_Smrnmi))
		return bad("--set rnmi.*: there are no non-maskable interrupts without Smrnmi (--isa +smrnmi)");
	bool client = config->gdb.port || config->gdb.path;
	if (config->stopped && !config->debug && !config->debug_cmd && !client)
		return bad("-S needs -s, -gdb or --debug: nothing else could start the machine");
	if (config->debug && client)
		return bad("-gdb and --debug are both the debugger: a client's `monitor COMMAND` is --debug's COMMAND");
	const struct golden_config *golden = &config->golden;
	if (!golden->path && (golden->update || golden->cycles))
		return bad("--update and --cycles say how --golden FILE is used");
	if (golden->path && (config->debug || config->debug_cmd || client || config->load))
		return bad("--golden takes a run from its start on: not with a debugger or --load");
	for (unsigned i = 0; i < config->loader_count; i++)
		if (config->loaders[i].hart >= config->harts)
			return bad("-device loader: cpu-num=%u: the machine has %u harts", config->loaders[i].hart,
			           config->harts);
	if (!config->bios && !config->dump_dtb && !boot_begins_in_flash(config))
		return bad("no firmware: rvsim [option...] FIRMWARE.elf [GUEST[,key=value]...]... (--help says more)");
	return 0;
}

/* The word of the command line that getopt has just read: before its value, if that is a word of its own. */
static const char *word_read(char **argv)
{
	return optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

/* getopt takes any beginning of a name, too. */
static bool is_whole(const char *word, const struct option_row *row)
{
	size_t length = strlen(row->name);
	word += word[1] == '-' ? 2 : 1;
	return strncmp(word, row->name, length) == 0 && (word[length] == '\0' || word[length] == '=');
}

/* The word that getopt could not make an option of. */
static int complain(int code, char **argv)
{
	const char *word = argv[optind - 1];
	if (optopt >= 256 && is_whole(word, &rows[optopt - 256]))
		return bad(code == ':' ? "%s needs a value" : "%s takes no value", word);
	return bad("unknown option %s (--help lists them)", word);
}

/* The row of a word, from the first one of its name. */
static const struct option_row *choose_row(const struct option_row *row, const char *word)
{
	if (word[1] == '-')
		for (const struct option_row *later = row + 1; later < rows + ROW_COUNT; later++)
			if (strcmp(later->name, row->name) == 0)
				return later;
	return row;
}

/* --timing off wins over --cpu, wherever it stands. */
static void choose_timing(struct config *config)
{
	if (config->timing_off)
		config->timing = timing_find("ideal");
}

/* An extension that only names a behaviour goes with the behaviour. */
static void drop_untrue_names(struct config *config)
{
	if (config->options.tval_zero) {
		isa_remove(&config->isa, EXT_Sstvala);
		isa_remove(&config->isa, EXT_Shvstvala);
	}
	if (config->options.tval2_zero)
		isa_remove(&config->isa, EXT_Shtvala);
	if (config->options.misaligned_traps)
		isa_remove(&config->isa, EXT_Zicclsm);
}

/* Options that say where results go, and change none. */
static bool is_result(const struct option_row *row)
{
	static const char *const names[] = {"golden", "update",    "cycles", "stats", "profile",
	                                    "trace",  "signature", "record", "save",  "save-unfinished",
	                                    "quiet",  "dump-dtb",  "gdb",    "s",     "S"};
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(row->name, names[i]) == 0)
			return true;
	return false;
}

static void keep_given(struct options *options, const struct option_row *row, const char *value)
{
	if (is_result(row))
		return;
	keep_option(options, row->name);
	if (value)
		keep_word(options, value);
}

/* Words that look like options come behind "--". */
static void keep_positional(struct options *options, int count, char **words)
{
	bool dashed = false;
	for (int i = 0; i < count; i++)
		dashed |= words[i][0] == '-';
	if (dashed)
		keep_word(options, "--");
	for (int i = 0; i < count; i++)
		keep_word(options, words[i]);
}

/* --set ad= says in one word what Svade and Svadu say together, and has the last word. */
static void choose_ad(struct config *config)
{
	if (config->ad == AD_HARDWARE || config->ad == AD_EITHER)
		isa_add(&config->isa, EXT_Svadu);
	if (config->ad == AD_EITHER)
		isa_add(&config->isa, EXT_Svade);
	if (config->ad == AD_HARDWARE)
		isa_remove(&config->isa, EXT_Svade);
	if (config->ad == AD_FAULT)
		isa_remove(&config->isa, EXT_Svadu);
}

static enum options_result parse_option(struct options *options, int argc, char **argv)
{
	struct option table[ROW_COUNT + 1] = {0};
	for (unsigned i = 0; i < ROW_COUNT; i++)
		table[i] = (struct option){.name = rows[i].name, .has_arg = rows[i].takes_value, .val = 256 + (int)i};
	optind = 0; /* glibc: start afresh, even in a process that parsed another command line */
	opterr = 0;
	for (int code; (code = getopt_long_only(argc, argv, ":", table, NULL)) != -1;) {
		if (code < 256)
			return complain(code, argv), OPTIONS_BAD;
		const char *word = word_read(argv);
		const struct option_row *row = choose_row(&rows[code - 256], word);
		if (!is_whole(word, row))
			return bad("unknown option %s (--help lists them)", word), OPTIONS_BAD;
		if (answered(options, row, optarg))
			return OPTIONS_DONE;
		if (row->handle(options, row, optarg) != 0)
			return OPTIONS_BAD;
		keep_given(options, row, optarg);
	}
	keep_positional(options, argc - optind, argv + optind);
	choose_timing(&options->config);
	choose_ad(&options->config);
	drop_untrue_names(&options->config);
	if (positional(options, argc - optind, argv + optind) != 0 || disks_settle(options) != 0 ||
	    find_firmware(options) != 0 || qemu_console_settle(options) != 0 || qemu_semihosting_settle(options) != 0 ||
	    check_together(&options->config) != 0)
		return OPTIONS_BAD;
	if (virtio_settle(options) != 0 || shares_settle(options) != 0 || ports_settle(options) != 0)
		return OPTIONS_BAD;
	networks_settle(options);
	qemu_tell_ignored(options);
	return OPTIONS_RUN;
}

enum options_result options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){0};
	set_defaults(&options->config);
	if (options_room(options, argc, argv) != 0)
		return OPTIONS_BAD;
	return parse_option(options, argc, argv);
}

void options_free(struct options *options)
{
	free(options->kept);
	free(options->command);
	free(options->config.guests);
	free(options->config.patterns);
	free(options->config.backends.disks);
	free(options->config.backends.shares);
	free(options->config.backends.chars);
	free(options->config.loaders);
	free(options->folders);
	free(options->serials);
	free(options->chardevs);
	free(options->command_line);
	free(options->config.firmware_files);
	free(options->config.backends.networks);
	*options = (struct options){0};
}
