/*
 * The machine's devices as a table, devices.def: whoever builds a machine, describes it or saves it goes through the
 * rows and knows none of them. What all of them may use of the machine is a struct board.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include "base/device.h"
#include "hart/options.h"
#include "hart/platform.h"

struct bus;
struct console;
struct isa;
struct tree_writer;
struct backends;
struct fw_cfg;
struct screens;
struct user_input;
struct virtio_options;

enum finish { FINISH_PASS, FINISH_FAIL, FINISH_RESET };

/* The wires into a hart, by what their line numbers mean. */
enum hart_wire {
	WIRE_IRQ,  /* enum irq: MSIP, MTIP, MEIP, SEIP */
	WIRE_RNMI, /* non-maskable interrupts, 0..RNMI_LINES-1 of hart/hart.h */
	WIRE_HGEI, /* guest external interrupts, 1..geilen */
};

/* What devices are plugged into. Lives as long as they do. */
struct board {
	struct platform *platform; /* time_offset follows writes to mtime */
	const struct hart_options *options; /* of its harts */
	const struct isa *isa;
	struct event_queue *events;
	struct bus *bus;
	struct console *console;
	const struct backends *backends;
	const struct virtio_options *virtio;
	struct fw_cfg *fw_cfg; /* devices may add to it while they are made */
	struct screens *screens; /* devices that show something add theirs while they are made */
	struct user_input *user_input; /* NULL: no device takes any */
	const unsigned *flash; /* of each bank: 1 + the index of its disk; 0: it has none */
	uint64_t seed; /* of what is random */
	uint64_t rtc_epoch;        /* what the RTC shows at cycle 0, in seconds since 1970 */
	const void *rom;           /* the first bytes of the boot ROM; the rest is 0 */
	size_t rom_size;
	struct irq_wire (*hart_wire)(void *context, enum hart_wire kind, unsigned hart, unsigned line);
	void (*time_changed)(void *context, uint64_t now); /* after a write to mtime. May be NULL */
	void (*finish)(void *context, enum finish what, unsigned code); /* the guest's request to the finisher */
	void *context;
};

/* Where one device is. */
struct device_site {
	const char *name;
	unsigned slot;        /* of its row's */
	uint64_t base, size;
	unsigned irq;         /* source number; 0: none */
	struct irq_wire wire; /* where it leads */
};

/* What a device's file exports. */
struct device_kind {
	/* How many this machine has, at most the row's slots. NULL: all. */
	unsigned (*count)(const struct board *board);
	/* Nothing answers there: it only does not fault. */
	bool empty;
	/* Where it is, if that depends on the machine. NULL: where the row says. */
	uint64_t (*base)(const struct board *board);
	/* NULL: no memory. device->destroy frees it. */
	struct device *(*make)(const struct board *board, const struct device_site *site);
	/* Its node in /soc, and what it has at the root of the tree: before /chosen, and behind it. Each may be NULL. */
	void (*describe)(struct tree_writer *writer, const struct board *board, const struct device_site *site);
	void (*describe_front)(struct tree_writer *writer, const struct device_site *first);
	void (*describe_root)(struct tree_writer *writer);
	/* An interrupt controller: a source changes level. From its row on, rows' interrupts go to it. Else NULL. */
	void (*source)(void *device, unsigned source, bool level, uint64_t now);
	/* The console's: how its node is called, without address. Else NULL. */
	const char *stdout_node;
};

struct device_row {
	const char *name;
	uint64_t base, size;
	unsigned irq, slots, node;
	const struct device_kind *kind;
};

enum device_name {
#define DEVICE(name, ...) DEVICE_##name,
#include "dev/devices.def"
#undef DEVICE
	DEVICE_ROWS
};
extern const struct device_row device_rows[DEVICE_ROWS];

#define DEVICE(name, ...) extern const struct device_kind name##_kind;
#include "dev/devices.def"
#undef DEVICE

struct devices {
	struct device **list; /* in the order in which they were built */
	size_t count;
};

/* Build all that the board's machine has and map them on its bus. 0, or -1 without memory; devices_free in both
 * cases. */
int devices_build(struct devices *devices, const struct board *board);
void devices_free(struct devices *devices);
/* All as at power-on, at cycle `now`; harts have been reset. Devices have just been built so, at cycle 0. */
void devices_reset(struct devices *devices, uint64_t now);
void devices_dump(const struct devices *devices, FILE *out);
/* Every device's section, the event queue's first. False: refused, reader->reason says why. */
void devices_save(const struct devices *devices, const struct event_queue *events, struct state_writer *writer);
bool devices_restore(struct devices *devices, struct event_queue *events, struct state_reader *reader);

/* The nodes that stand in /soc, the nodes beside it, before and behind /chosen, and the path of the console's. */
void devices_describe(struct tree_writer *writer, const struct board *board);
void devices_describe_front(struct tree_writer *writer, const struct board *board);
void devices_describe_root(struct tree_writer *writer);
void devices_stdout_path(char *path, size_t size);

#endif
