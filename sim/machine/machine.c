#include "machine/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/limits.h"
#include "machine/boot.h"
#include "machine/boot_files.h"
#include "machine/firmware_items.h"
#include "machine/config_json.h"
#include "machine/display.h"
#include "dev/console.h"
#include "engine/exec.h"
#include "engine/mem.h"
#include "hart/mmu.h"
#include "dev/htif.h"
#include "dev/user_input.h"
#include "dev/semihosting.h"
#include "machine/params.h"
#include "machine/semihost.h"
#include "machine/signature.h"
#include "base/say.h"
#include "base/symbols.h"
#include "timing/model.h"
#include "watch/check.h"
#include "watch/meter.h"
#include "watch/spaces.h"
#include "trace/trace.h"

static int no_memory(const char *what)
{
	say("out of memory for %s", what);
	return -1;
}

uint64_t machine_now(const struct machine *machine)
{
	uint64_t now = 0;
	for (unsigned i = 0; i < machine->hart_count; i++)
		if (machine->harts[i].now > now)
			now = machine->harts[i].now;
	return now;
}

bool machine_forget_future(struct machine *machine)
{
	if (machine->input.recorder || !backends_can_forget(&machine->backends))
		return false;
	console_forget(machine->console);
	backends_forget(&machine->backends);
	user_input_forget(machine->user_input);
	return true;
}

/* What devices call */

void machine_ask_for_reset(struct machine *machine)
{
	if (machine->config->no_reboot) {
		machine_stop(machine, STOP_RESET, 0, "the guest asked for a reset");
	} else if (machine->resets >= machine->config->max_resets) {
		machine_stop(machine, STOP_LIMIT, 0, "--max-resets reached");
		machine->reset_asked = true; /* of whoever goes on from here */
	} else {
		machine->reset_asked = true;
		machine_yield(machine);
	}
}

static void finisher_said(void *context, enum finish what, unsigned code)
{
	struct machine *machine = context;
	char message[64];
	switch (what) {
	case FINISH_PASS: machine_stop(machine, STOP_PASS, 0, NULL); break;
	case FINISH_RESET: machine_ask_for_reset(machine); break;
	default:
		snprintf(message, sizeof(message), "the program signalled failure: code %u", code);
		machine_stop(machine, STOP_FAIL, code, message);
	}
}

static void htif_exit(void *context, uint64_t code)
{
	struct machine *machine = context;
	char message[96];
	if (code == 0) {
		machine_stop(machine, STOP_PASS, 0, NULL);
		return;
	}
	snprintf(message, sizeof(message),
	         "the program failed: tohost says %" PRIu64 " (riscv-tests: the failed test's number)", code);
	machine_stop(machine, STOP_FAIL, (unsigned)code, message);
}

static uint64_t htif_now(void *context) { return machine_now(context); }

/* A hart's store is the program's; others are HTIF's own answers. */
static void tohost_stored(void *context, const void *by, uint64_t pa, unsigned size)
{
	struct machine *machine = context;
	if (!by || !htif_store(machine->htif, pa, size))
		return;
	machine_yield(machine); /* it may have scheduled an event that comes before the bound of the slice */
}

static void console_matched(void *context, const struct console_pattern *failed, const char *line)
{
	struct machine *machine = context;
	char message[256];
	if (!failed) {
		machine_stop(machine, STOP_MATCHED, 0, NULL);
		return;
	}
	snprintf(message, sizeof(message), "--fail-on '%s' matched: %s", failed->text, line);
	machine_stop(machine, STOP_FAIL, 0, message);
}

static void console_command(void *context, enum console_command command)
{
	struct machine *machine = context;
	if (command == COMMAND_QUIT)
		machine_stop(machine, STOP_QUIT, 0, "ended by ctrl-A x");
	else if (command == COMMAND_TIMES)
		console_stamp(machine->console);
	else if (command == COMMAND_SAVE)
		say("ctrl-A s: nothing waits to be written");
	else if (machine->debugged)
		machine->wants_debugger = true;
	else
		say("ctrl-A: there is no monitor; --debug has a debugger");
}

static enum console_idle console_idle(void *context)
{
	const struct machine *machine = context;
	bool stuck = event_next(&machine->events) == UINT64_MAX;
	for (unsigned i = 0; i < machine->hart_count; i++) {
		const struct hart *hart = &machine->harts[i];
		if (!hart->waiting && !hart->halted)
			return CONSOLE_BUSY;
		stuck = stuck && hart->wake_cycle == UINT64_MAX;
	}
	return stuck ? CONSOLE_STUCK : CONSOLE_WAITING;
}

static void check_violated(void *context, unsigned hart, const char *message)
{
	struct machine *machine = context;
	machine_stop(machine, STOP_CHECK, 0, message);
	machine->harts[hart].effects |= EFFECT_YIELD;
}

static void golden_differed(void *context, unsigned hart, const char *message)
{
	struct machine *machine = context;
	machine_stop(machine, STOP_GOLDEN, 0, message);
	machine->harts[hart].effects |= EFFECT_YIELD;
}

static bool console_give_up(void *context) { return machine_called_off(context); }

static void console_trouble(void *context, enum input_trouble trouble, const char *message)
{
	static const enum stop_reason reasons[] = {
	    [INPUT_OTHER_RUN] = STOP_INPUT,
	    [INPUT_RUN_OUT] = STOP_LIMIT,
	    [INPUT_TOO_LONG] = STOP_INPUT,
	    [INPUT_NO_MEMORY] = STOP_FAULT,
	};
	machine_stop(context, reasons[trouble], 0, message);
}

/* The console is no hart's: its events stand in hart 0's stream. */
static void console_written(void *context, uint8_t byte, uint64_t now)
{
	struct machine *machine = context;
	if (!hart_wants(machine->harts, TRACE_CONSOLE))
		return;
	struct trace_event event = {.type = TRACE_CONSOLE, .cycle = now, .value = {byte}};
	hart_tell(machine->harts, &event);
}

/* mtime was written: timers that harts sleep on are off. A spurious end of WFI is always allowed. */
static void time_changed(void *context, uint64_t now)
{
	struct machine *machine = context;
	for (unsigned i = 0; i < machine->hart_count; i++) {
		machine->harts[i].effects |= EFFECT_IRQ;
		if (machine->harts[i].waiting)
			machine->harts[i].wake_cycle = now;
	}
}

/* Harts */

static int init_hart(struct machine *machine, unsigned id)
{
	struct hart *hart = &machine->harts[id];
	hart->id = id;
	hart->isa = machine->config->isa;
	hart->options = &machine->config->options;
	hart->platform = &machine->platform;
	hart->engine = &machine->engine;
	hart->bus = &machine->bus;
	hart->peers = machine->harts;
	hart->observers = &machine->observers;
	if (l0_init(hart) != 0 || mmu_init(hart, hart->options->tlb_entries) != 0 || exec_init(hart) != 0)
		return no_memory("harts");
	const struct timing *timing = machine->config->timing;
	if (!timing->ideal && model_init(hart, timing, machine->model_shared) != 0)
		return no_memory("the timing model");
	hart_reset(hart, machine->start_pc[id]);
	return 0;
}

static int init_harts(struct machine *machine)
{
	machine->harts = calloc(machine->config->harts, sizeof(*machine->harts));
	if (!machine->harts)
		return no_memory("harts");
	machine->hart_count = machine->config->harts;
	machine->model_shared = calloc(1, sizeof(*machine->model_shared));
	if (!machine->model_shared || model_shared_init(machine->model_shared, machine->config->timing) != 0)
		return no_memory("the timing model");
	for (unsigned i = 0; i < machine->hart_count; i++)
		if (init_hart(machine, i) != 0)
			return -1;
	return 0;
}

/* Devices */

static struct irq_wire hart_wire(void *context, enum hart_wire kind, unsigned hart, unsigned line)
{
	static void (*const set[])(void *receiver, unsigned line, bool level, uint64_t now) = {
	    [WIRE_IRQ] = hart_set_irq,
	    [WIRE_RNMI] = hart_set_rnmi,
	    [WIRE_HGEI] = hart_set_hgei,
	};
	struct machine *machine = context;
	return (struct irq_wire){.set = set[kind], .receiver = &machine->harts[hart], .line = line};
}

static void make_board(struct machine *machine)
{
	machine->board = (struct board){
	    .platform = &machine->platform,
	    .options = &machine->config->options,
	    .isa = &machine->config->isa,
	    .events = &machine->events,
	    .bus = &machine->bus,
	    .console = machine->console,
	    .backends = &machine->backends,
	    .virtio = &machine->config->virtio,
	    .fw_cfg = &machine->fw_cfg,
	    .screens = &machine->screens,
	    .user_input = machine->user_input,
	    .flash = machine->config->flash,
	    .seed = machine->config->seed,
	    .rtc_epoch = machine->config->rtc_epoch,
	    .hart_wire = hart_wire,
	    .time_changed = time_changed,
	    .finish = finisher_said,
	    .context = machine,
	};
}

static int add_devices(struct machine *machine, const struct boot *boot)
{
	uint8_t rom[BOOT_ROM_BYTES];
	boot_rom(boot, rom);
	machine->board.rom = rom;
	machine->board.rom_size = sizeof(rom);
	int result = devices_build(&machine->devices, &machine->board);
	machine->board.rom = NULL;
	machine->board.rom_size = 0;
	return result != 0 ? no_memory("devices") : 0;
}

static void attend(void *context) { machine_attend(context); }

static int add_backends(struct machine *machine)
{
	struct network_host host = {
	    .events = &machine->events,
	    .log = &machine->input,
	    .cycles_per_tick = machine->platform.cycles_per_tick,
	    .poll_ticks = machine->config->virtio.net_poll,
	    .idle = console_idle,
	    .attend = attend,
	    .trouble = console_trouble,
	    .context = machine,
	};
	return backends_open(&machine->backends, &machine->config->backends, &host);
}

/* All harts wait, and the user does nothing: time goes by. */
static void wait_for_user(void *context, double seconds)
{
	struct timespec wait = {.tv_nsec = (long)(seconds * 1e9)};
	nanosleep(&wait, NULL);
	machine_attend(context);
}

static void window_closed(void *context)
{
	struct machine *machine = context;
	machine->window_closed = true;
	machine_stop(machine, STOP_QUIT, 0, "the window was closed");
}

static int add_display(struct machine *machine)
{
	struct user_host host = {
	    .events = &machine->events,
	    .log = &machine->input,
	    .cycles_per_tick = machine->platform.cycles_per_tick,
	    .idle = console_idle,
	    .wait = wait_for_user,
	    .trouble = console_trouble,
	    .context = machine,
	};
	return display_add(machine, &host, window_closed);
}

static int add_console(struct machine *machine)
{
	struct console_config config = {
	    .serial = machine->config->serial,
	    .deaf = machine->config->debug && !machine->debugged, /* the debugger reads commands there */
	    .keys = machine->config->nographic || machine->debugged,
	    .whole = machine->config->nographic,
	    .patterns = machine->config->patterns,
	    .pattern_count = machine->config->pattern_count,
	    .events = &machine->events,
	    .cycles_per_tick = machine->platform.cycles_per_tick,
	    .matched = console_matched,
	    .written = console_written,
	    .log = &machine->input,
	    .idle = console_idle,
	    .give_up = console_give_up,
	    .trouble = console_trouble,
	    .command = console_command,
	    .context = machine,
	};
	machine->console = machine->board.console = console_open(&config);
	return machine->console ? 0 : -1;
}

/* A program with the symbol tohost speaks HTIF. */
static int add_htif(struct machine *machine)
{
	struct htif_config config = {
	    .bus = &machine->bus,
	    .events = &machine->events,
	    .console = machine->console,
	    .cycles_per_tick = machine->platform.cycles_per_tick,
	    .exit = htif_exit,
	    .now = htif_now,
	    .context = machine,
	};
	if (!symbols_lookup_in(machine->symbols, 0, "tohost", &config.tohost) ||
	    !bus_is_dram(&machine->bus, config.tohost, 8))
		return 0;
	if (!symbols_lookup_in(machine->symbols, 0, "fromhost", &config.fromhost) ||
	    !bus_is_dram(&machine->bus, config.fromhost, 8))
		config.fromhost = 0;
	struct bus_listener listener = {.flags = PAGE_HOOK, .stored = tohost_stored, .context = machine};
	if (bus_listen(&machine->bus, &listener) != 0)
		return no_memory("HTIF");
	machine->htif = htif_new(&config);
	return machine->htif ? 0 : no_memory("HTIF");
}

/* Observers */

/* 0 without devices. */
static uint64_t virtio_hash(const struct virtio_options *virtio)
{
	uint64_t hash = virtio->modern;
	for (unsigned i = 0; i < VIRTIO_SLOTS; i++) {
		const struct virtio_config *slot = &virtio->slots[i];
		uint64_t value = slot->kind ? (slot->kind->id << 8 | slot->backend) ^ slot->without << 16 : 0;
		value ^= slot->number << 8;
		for (const char *c = slot->text; c && *c; c++)
			value = (value ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
		for (unsigned port = 0; port < virtio->serial[i].max_ports; port++)
			value = value * 5 + 1 + virtio->serial[i].ports[port].present +
			        UINT64_C(2) * virtio->serial[i].ports[port].is_console;
		hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	}
	return hash;
}

/* Of what else a guest's firmware can see; what files hold is in the boot's hash. 0 if nothing was said. */
static uint64_t told_hash(const struct config *config)
{
	uint64_t hash = 0;
	const uint8_t *bytes = config->told.uuid;
	for (unsigned i = 0; i < FLASH_BANKS; i++)
		hash = (hash ^ config->flash[i] << 1 ^ config->flash_by_node[i]) * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < sizeof(config->told.uuid); i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	hash ^= (uint64_t)config->ramfb.present << 2;
	hash ^= config->told.no_graphics | config->told.menu << 1 | (uint64_t)~config->told.fail_wait << 8;
	return hash ^ (uint64_t)~config->told.menu_wait << 32;
}

/* Whatever can change a result, and nothing else. */
static uint64_t config_hash(const struct config *config, const struct boot *boot)
{
	uint64_t values[] = {
	    boot->content_hash,  boot->entry,         config->harts,   config->memory,
	    config->isa.bits[0], config->isa.bits[1], config->quantum, config->seed,
	};
	uint64_t hash = params_hash(config);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		hash = (hash ^ values[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	hash ^= config->timing_from.insns << 2 | config->timing_from.counted << 1 | config->timing_from.hints;
	for (const char *c = config->timing_from.symbol; c && *c; c++)
		hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	if (config->semihosting.on)
		hash = (hash ^ (1 + config->semihosting.user)) * UINT64_C(0x100000001b3);
	for (const char *c = config->semihosting.command_line; c && *c; c++)
		hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	for (const char *c = config->timing->name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	return hash ^ virtio_hash(&config->virtio) ^ told_hash(config);
}

/* Timing */

void machine_switch_timing(struct machine *machine, bool on)
{
	machine->engine.timing.request = TIMING_STAYS;
	if (on) {
		machine->engine.timing.at_pc = false;
		machine->timing_from.counted = false;
		model_shared_cold(machine->model_shared);
	}
	for (unsigned i = 0; i < machine->hart_count; i++)
		exec_switch_timing(&machine->harts[i], on);
}

/* Is the symbol the firmware's (module 0 comes first)? Then code with V=0 is meant. */
static bool is_guest_symbol(const struct symbols *symbols, const char *name)
{
	uint64_t address;
	return !symbols_lookup_in(symbols, 0, name, &address);
}

static int find_timing_symbol(struct machine *machine)
{
	const char *name = machine->config->timing_from.symbol;
	if (!name || symbols_lookup(machine->symbols, name, &machine->engine.timing.pc, NULL, NULL))
		return 0;
	return say("--timing from=%s: neither a number, nor 'hint', nor a symbol of the programs", name);
}

static void prepare_timing(struct machine *machine)
{
	const struct config *config = machine->config;
	const char *name = config->timing_from.symbol;
	if (!config->timing_from.given)
		return;
	machine_switch_timing(machine, false);
	machine->timing_from.counted = config->timing_from.counted;
	machine->timing_from.insns = config->timing_from.insns;
	machine->engine.timing.hints = config->timing_from.hints;
	machine->engine.timing.at_pc = name != NULL;
	machine->engine.timing.guest = name && is_guest_symbol(machine->symbols, name);
}

/* Only for those who will read what they say. */
static int add_meters(struct machine *machine)
{
	for (unsigned i = 0; i < machine->hart_count; i++)
		if (meter_init(&machine->harts[i], machine->symbols) != 0)
			return -1;
	return 0;
}

/* What a run depends on besides what was loaded. */
static int take_files(struct machine *machine, struct boot *boot)
{
	const struct config *config = machine->config;
	const char *const others[] = {config->preset_path, config->replay, config->debug_cmd};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (boot_identify(boot, others[i], false) != 0)
			return -1;
	for (unsigned i = 0; i < config->backends.disk_count; i++)
		if (boot_identify(boot, config->backends.disks[i].path, true) != 0)
			return -1;
	machine->files = boot->files;
	machine->file_count = (unsigned)boot->file_count;
	boot->files = NULL;
	return 0;
}

static int add_check(struct machine *machine)
{
	if (!machine->config->checks)
		return 0;
	machine->check = check_new(&(struct check_config){
	    .kinds = machine->config->checks,
	    .bus = &machine->bus,
	    .symbols = machine->symbols,
	    .firmware = machine->config->bios,
	    .percpu = machine->config->percpu,
	    .violated = check_violated,
	    .context = machine,
	});
	return machine->check ? 0 : -1;
}

static int add_golden(struct machine *machine)
{
	const struct config *config = machine->config;
	if (!config->golden.path || config->dump_dtb)
		return 0;
	machine->golden = golden_new(&config->golden, machine->hart_count, machine->symbols, golden_differed, machine);
	return machine->golden ? 0 : -1;
}

/* An image fills its bank. */
static int check_flash(const struct machine *machine)
{
	for (unsigned i = 0; i < FLASH_BANKS; i++) {
		unsigned disk = machine->config->flash[i];
		uint64_t size = disk ? host_disk_size(machine->backends.disks[disk - 1]) : FLASH_BYTES;
		if (size != FLASH_BYTES)
			return say("%s: has %" PRIu64 " bytes, and a flash bank %u (truncate -s %u)",
			           machine->config->backends.disks[disk - 1].path, size, FLASH_BYTES, FLASH_BYTES);
	}
	return 0;
}

static int has_signature(const struct machine *machine)
{
	uint64_t begin, end;
	const char *path = machine->config->signature_path;
	return path && !machine->config->dump_dtb ? signature_find(path, machine, &begin, &end) : 0;
}

static int add_observers(struct machine *machine, const struct boot *boot)
{
	const struct config *config = machine->config;
	machine->config_hash = config_hash(config, boot);
	machine->trace = trace_open(config->trace_path, config->trace_events, machine->hart_count, machine->config_hash,
	                            config->seed);
	if (!machine->trace)
		return -1;
	if (machine->spaces) { /* before those that use names */
		spaces_trace(machine->spaces, machine->trace);
		observers_add(&machine->observers, spaces_observer(machine->spaces));
	}
	observers_add(&machine->observers, trace_observer(machine->trace));
	machine->config_text = config_text(machine);
	if (!machine->config_text)
		return no_memory("the configuration");
	if (config->profile_path && trace_count(machine->trace))
		return no_memory("the profile");
	trace_config(machine->trace, machine->config_text);
	trace_symbols(machine->trace, machine->symbols);
	if (machine->check)
		observers_add(&machine->observers, check_observer(machine->check));
	if (machine->golden)
		observers_add(&machine->observers, golden_observer(machine->golden));
	bool recorded = config->debug || (config->trace_path && config->trace_events >> TRACE_WORLD & 1);
	if ((config->stats_path || recorded) && add_meters(machine) != 0)
		return no_memory("statistics");
	bool insn = trace_wants_insns(machine->trace);
	for (unsigned i = 0; i < machine->hart_count; i++) {
		machine->harts[i].trace = machine->trace;
		machine->harts[i].check = machine->check;
		exec_set_tracing(&machine->harts[i], insn);
	}
	return 0;
}

static int build(struct machine *machine, struct boot *boot)
{
	const struct config *config = machine->config;
	machine->symbols = symbols_new();
	if (!machine->symbols)
		return no_memory("symbols");
	make_board(machine);
	if (bus_init(&machine->bus, config->memory) != 0 || boot_load(boot, machine) != 0 ||
	    firmware_items_fill(boot, machine) != 0)
		return -1;
	if (take_files(machine, boot) != 0)
		return -1;
	bool resets = !config->no_reboot && config->max_resets != 0;
	if (resets && reload_keep(&machine->reload, &boot->layout, &machine->bus) != 0)
		return no_memory("what a reset loads");
	symbols_seal(machine->symbols);
	if (init_harts(machine) != 0 || add_check(machine) != 0 || add_golden(machine) != 0 ||
	    find_timing_symbol(machine) != 0 || has_signature(machine) != 0 ||
	    input_log_replay(&machine->input, config->replay, config->backends.network_count,
	                     display_takes_input(config)) != 0 ||
	    add_backends(machine) != 0 || check_flash(machine) != 0 || add_display(machine) != 0)
		return -1;
	/* these make files empty: all but the console's patterns has been found good, and they are looked at first */
	if (add_console(machine) != 0 || input_log_record(&machine->input, config->record) != 0 ||
	    backends_open_outputs(&machine->backends, &config->backends, console_give_up, machine) != 0)
		return -1;
	if (add_devices(machine, boot) != 0 || add_htif(machine) != 0 || semihost_add(machine, &boot->layout) != 0)
		return -1;
	if (add_observers(machine, boot) != 0)
		return -1;
	prepare_timing(machine);
	return 0;
}

int machine_init(struct machine *machine, const struct config *config)
{
	*machine = (struct machine){.config = config, .engine.options = config->engine};
	machine->platform = (struct platform){
	    .cycles_per_tick = config->cycles_per_tick,
	    .hart_count = config->harts,
	    .rnmi_cycle = config->rnmi_cycle,
	    .plic_by_level = config->plic_by_level,
	};
	/* commands are typed where they are answered */
	machine->debugged = config->debug && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	event_queue_init(&machine->events);
	struct boot boot = {0};
	int result = build(machine, &boot);
	boot_free(&boot);
	if (result != 0)
		machine_free(machine);
	return result;
}

int machine_finish(struct machine *machine)
{
	int result = console_finish(machine->console);
	user_input_finish(machine->user_input);
	result |= backends_finish(&machine->backends);
	return input_log_finish(&machine->input) != 0 ? -1 : result;
}

uint64_t machine_unasked(const struct machine *machine)
{
	return console_unasked(machine->console) + backends_unasked(&machine->backends) +
	       user_input_unasked(machine->user_input);
}

void machine_free(struct machine *machine)
{
	check_free(machine->check);
	golden_free(machine->golden);
	trace_close(machine->trace);
	htif_free(machine->htif);
	semihosting_free(machine->semihosting);
	display_close(machine);
	devices_free(&machine->devices);
	user_input_close(machine->user_input);
	fw_cfg_free(&machine->fw_cfg);
	backends_close(&machine->backends);
	for (unsigned i = 0; i < machine->hart_count; i++) {
		struct hart *hart = &machine->harts[i];
		meter_free(hart);
		model_free(hart);
		exec_free(hart);
		mmu_free(hart);
		l0_free(hart);
	}
	if (machine->model_shared)
		model_shared_free(machine->model_shared);
	free(machine->model_shared);
	free(machine->harts);
	console_close(machine->console);
	input_log_free(&machine->input);
	spaces_free(machine->spaces);
	symbols_free(machine->symbols);
	reload_free(&machine->reload);
	free(machine->config_text);
	free(machine->files);
	event_queue_free(&machine->events);
	bus_free(&machine->bus);
	*machine = (struct machine){0};
}
