/* A machine: harts, bus and devices built from one configuration. Nothing else builds them, and there is no global
 * state: two machines can live in one process. */
#ifndef MACHINE_H
#define MACHINE_H

#include "base/bus.h"
#include "base/event_queue.h"
#include "dev/backend.h"
#include "base/limits.h"
#include "dev/devices.h"
#include "dev/flash.h"
#include "dev/framebuffer.h"
#include "dev/fw_cfg.h"
#include "dev/line_watch.h"
#include "dev/ramfb.h"
#include "dev/recording.h"
#include "dev/screen.h"
#include "dev/virtio.h"
#include "engine/engine.h"
#include "hart/hart.h"
#include "hart/options.h"
#include "hart/platform.h"
#include "machine/reload.h"
#include "timing/timing.h"
#include "watch/check.h"
#include "watch/golden.h"

struct window;
struct user_input;
struct symbols; /* loader.h */
struct file_identity; /* config_json.h */

struct guest_config {
	const char *path;
	const char *initrd, *args, *name;
	unsigned vcpus;    /* 0: as many as the harts given to it */
	uint64_t memory;   /* bytes; 0: shared out evenly by the firmware */
	uint64_t cpus;     /* bit set of hart ids; 0: shared out by the firmware */
	uint64_t address;  /* where to stage it; 0: chosen */
	bool ramdisk;      /* guest-loader,initrd=: the file itself is a ramdisk module */
};

/* -device loader: a file, a value of 1 to 8 bytes, or neither but a place to start. */
struct loader_config {
	const char *path; /* NULL: a value or a start */
	bool raw;         /* the file as it is, whatever its format */
	unsigned size;    /* of the value; 0: a file or a start */
	uint8_t value[8];
	uint64_t address;
	bool starts;      /* `hart` begins where this was loaded or says */
	unsigned hart;
};

/* An item of fw_cfg: the bytes of a file, or of a text. */
struct firmware_file {
	const char *name;
	const char *path, *text; /* one of them is NULL */
};

/* -gdb: where a client of GDB's protocol comes in. */
struct gdb_config {
	const char *host, *port; /* TCP: host may be empty (loopback); NULL: not there */
	const char *path;        /* a Unix socket; NULL: not there */
	bool inferiors;          /* each hart is a process of its own */
};

struct config {
	/* The arguments that make this run again: all but where its results go. Options first, each with its value behind it. */
	const char *const *command;
	unsigned command_count;
	const char *bios; /* FIRMWARE.elf or -bios */
	bool bios_is_elf; /* FIRMWARE.elf: anything else is refused */
	const char *kernel, *initrd, *append, *dtb, *dump_dtb;
	struct guest_config *guests;
	unsigned guest_count;
	struct loader_config *loaders;
	unsigned loader_count;
	unsigned harts; /* 1..HARTS_MAX */
	uint64_t memory; /* bytes of DRAM */
	struct isa isa;
	const struct timing *timing; /* &preset, or a built-in one */
	struct timing preset;
	const char *preset_path; /* of a --cpu that is a file */
	bool timing_off; /* --timing off: as the preset ideal */
	/* --timing from=: a symbol's name, or a number of instructions of all harts together, or by hints. */
	struct {
		bool given, hints, counted;
		const char *symbol;
		uint64_t insns;
	} timing_from;
	struct hart_options options;
	struct engine_options engine;
	uint64_t cycles_per_tick; /* as struct platform has it */
	uint64_t rnmi_cycle; /* likewise */
	bool plic_by_level; /* likewise */
	unsigned ad; /* enum ad_choice: what it makes of `isa` */
	uint64_t quantum; /* cycles, >= 1 */
	uint64_t max_cycles, max_insns; /* UINT64_MAX: none */
	uint64_t max_resets; /* UINT64_MAX: none */
	/* -semihosting: whether, in U-mode too, where files are (NULL: nowhere), and what the program was called by. */
	struct {
		bool on, user;
		const char *folder, *command_line;
	} semihosting;
	bool no_reboot; /* the first reset ends the machine */
	double timeout; /* host seconds; 0: none */
	const char *trace_path;
	uint32_t trace_events;
	const char *profile_path, *stats_path, *signature_path;
	uint32_t checks; /* enum check_kind bits */
	struct percpu_config percpu;
	struct golden_config golden;
	uint64_t seed;
	const char *serial; /* "stdio", "file:F", "null", "pty" */
	struct console_pattern *patterns; /* --expect, --fail-on */
	size_t pattern_count;
	bool nographic; /* a terminal is the guest's whole, and ctrl-A begins commands */
	const char *record, *replay; /* host input, or NULL */
	const char *save, *load; /* snapshots, or NULL */
	bool save_unfinished; /* a run that comes to its end needs none */
	bool debug, quiet, stopped;
	const char *debug_cmd;
	struct gdb_config gdb;
	uint64_t rtc_epoch; /* seconds since 1970 at cycle 0 */
	struct backend_config backends;
	unsigned flash[FLASH_BANKS]; /* 1 + the index of a flash bank's disk; 0: nothing is in it */
	bool flash_by_node[FLASH_BANKS]; /* said with -M pflashN=: what is in bank 0 runs behind the firmware */
	struct firmware_file *firmware_files; /* -fw_cfg */
	unsigned firmware_file_count;
	struct {
		bool no_graphics; /* -nographic */
		bool menu;
		uint8_t uuid[16];
		uint32_t fail_wait; /* what the firmware waits after it has found nothing, ms; UINT32_MAX: for ever */
		uint32_t menu_wait; /* ms; UINT32_MAX: not said */
	} told; /* to the guest's firmware, by fw_cfg */
	struct virtio_options virtio;
	struct {
		bool present;
		const char *id; /* NULL: none */
	} ramfb;
	struct framebuffer_config framebuffer;
	struct {
		bool sdl; /* else none */
		bool cursor; /* the host's pointer is shown over the guest's */
		bool stays; /* closing the window ends nothing */
		bool full_screen; /* from the start */
	} display;
};

/* --set ad=: who sets A and D bits, in the words of `ad` in params.c. */
enum ad_choice { AD_ISA, AD_HARDWARE, AD_EITHER, AD_FAULT };

enum stop_reason {
	RUNNING,
	STOP_PASS,
	STOP_MATCHED, /* all that was expected has come */
	STOP_FAIL,
	STOP_LIMIT,
	STOP_CHECK,
	STOP_GOLDEN, /* the run is not the one that --golden names */
	STOP_IDLE,
	STOP_RESET,
	STOP_DEBUG,
	STOP_INPUT, /* host input that cannot be used */
	STOP_FAULT, /* the host could not give what a run needs */
	STOP_QUIT, /* the user has had enough: ctrl-A x */
	STOP_SIGNAL, /* exit_code is its number */
};

struct machine {
	const struct config *config;
	uint64_t config_hash; /* of whatever can change a result */
	struct platform platform;
	struct engine engine;
	struct bus bus;
	struct event_queue events;
	struct hart *harts;
	struct model_shared *model_shared; /* what the harts' timing models share */
	struct {
		bool counted; /* timing begins when so many instructions have retired */
		uint64_t insns;
	} timing_from;
	unsigned hart_count;
	struct board board; /* what the devices are plugged into */
	struct devices devices;
	struct input_log input; /* --record, --replay */
	struct backends backends;
	struct fw_cfg fw_cfg;
	struct screens screens; /* of the devices, and of these two */
	struct ramfb ramfb;
	struct framebuffer framebuffer;
	struct user_input *user_input; /* NULL: no device takes any */
	struct window *window; /* NULL unless -display sdl */
	bool window_closed; /* the user has had enough */
	struct observers observers;
	struct trace *trace;
	struct check *check;
	struct golden *golden;
	enum stop_reason
	    golden_end; /* how the run ended where that is the difference; RUNNING: it was stopped at one */
	struct symbols *symbols;
	struct spaces *spaces; /* whose hgatp is which guest's; NULL: there are no guests */
	struct file_identity *files; /* that were read at the start */
	unsigned file_count;
	char *config_text; /* as traces have it */
	struct console *console;
	struct semihosting *semihosting; /* NULL unless -semihosting */
	struct htif *htif; /* NULL: the firmware has no tohost */
	uint64_t start_pc[HARTS_MAX]; /* out of reset: the boot ROM, unless -device loader says otherwise */
	struct reload reload;
	uint64_t resets; /* so far */
	uint64_t
	    turns; /* how often a slice ended, events ran, or a reset was obeyed: what happens between instructions */
	uint64_t pause_at; /* sched_slice stops at the first machine_position from here on; 0: it does not */
	bool reset_asked; /* before anything else runs: restart.h */
	enum stop_reason stop;
	unsigned exit_code; /* the guest's own code for STOP_FAIL, the number of STOP_SIGNAL */
	char stop_message[320]; /* one line, may be empty */
	double deadline; /* --timeout, by the host's clock; 0: none */
	double flushed; /* when, by that clock, the trace was written out last */
	bool debugged; /* a debugger listens at a terminal: SIGINT and ctrl-A d go there */
	bool wants_debugger; /* ... and have come */
	struct {
		struct hart *hart; /* NULL: choose the next one */
		uint64_t bound;
	} slice; /* what sched is running: kept here so that stepping can pause inside it */
};

/* 0, or -1 after one line on stderr naming the file and the reason (exit code 2). */
int machine_init(struct machine *machine, const struct config *config);
void machine_free(struct machine *machine);

/* The run has ended: the console's output and the recording of its input are written whole. 0, or -1 after a line on stderr. */
int machine_finish(struct machine *machine);
/* How much of a recording being replayed nobody has asked for. */
uint64_t machine_unasked(const struct machine *machine);

/* All harts' timing on, with cold caches, or off. Between slices, or between a slice's instructions. */
void machine_switch_timing(struct machine *machine, bool on);

/* Whatever hart runs ends its slice after this instruction. */
void machine_yield(struct machine *machine);

/* Begin anew before anything else runs, or stop, as -no-reboot and --max-resets say. */
void machine_ask_for_reset(struct machine *machine);

/* A device or a check stops the machine. The first reason stays. Every hart is asked to yield. */
void machine_stop(struct machine *machine, enum stop_reason reason, unsigned code, const char *message);

/* A hart in the critical-error state (a double trap in M-mode without Smrnmi), NULL: none; and what is said of it. */
const struct hart *machine_critical_hart(const struct machine *machine);
void machine_critical_text(const struct hart *hart, char *text, size_t size);

/* Reasons of the host's or of limits: the message also says so if a hart is in the critical-error state, or if instructions
 * do nothing but trap. */
void machine_give_up(struct machine *machine, enum stop_reason reason, unsigned code, const char *message);

/* The run begins: --timeout counts from here. */
void machine_start_clock(struct machine *machine);
/* Is the time up, or has a signal asked to end? Then the machine stops. */
bool machine_called_off(struct machine *machine);
/* The host's side of a run, now and then: the console shows what was written, keys and signals are obeyed, time may be
 * up. A run that is killed leaves all of its trace but its last second. */
void machine_attend(struct machine *machine);

/* How far the run has come: it grows with every step of a hart (an instruction that retires or traps, an interrupt), with every slice, batch
 * of events and reset. Two runs that are the same are in the same state at the same position. Between slices, or between steps. */
uint64_t machine_position(const struct machine *machine);

/* The machine goes another way from here than it did before: what it does from now on is shown, sent and written again. False,
 * and nothing is changed: something on the host has gone on and cannot be taken back. */
bool machine_forget_future(struct machine *machine);

/* The exact cycle of the instruction being run, or of the hart that is furthest. */
uint64_t machine_now(const struct machine *machine);

#endif
