/*
 * --check: invariants of a hypervisor, looked at while it runs.
 *
 * percpu       In HS-mode tp is the hart's slot of an array (symbols percpu_base, percpu_slot_size, percpu_max of the
 *              firmware, or --percpu), from the first time it is seen to be so, whoever set it. Looked at wherever a
 *              function begins, memory is accessed by way of tp, M-mode is called, and at the return to a guest: code
 *              between __world_switch_start and __world_switch_end may have the guest's. It never points into another
 *              hart's slot, and no guest is entered with it.
 * worldswitch  A vCPU goes on with the registers it left with, but for what the cause of its exit entitles the
 *              hypervisor to change; and it runs on one hart at a time. A vCPU is known by sscratch while the guest
 *              runs, and the VMID. Who emulates may go by what the instruction has become since, if somebody wrote it.
 * isolation    No DRAM page is writable through the G-stage tables of two VMIDs, nor does a guest reach a G-stage table
 *              or the per-CPU array with a store. Looked at whenever a guest is entered under a new hgatp or after a
 *              fence. Nor does it find what another zone left: in CSRs, floating-point registers (and, when a vCPU
 *              begins, others) of the hart; in pages that were another's, unless cleared or written by somebody else.
 *
 * A check only looks: it changes nothing the simulation can see. Whoever runs it is told of a violation: a message that
 * names hart, pc, cycle and symbol.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct bus;
struct check;
struct hart;
struct observer;
struct state_reader;
struct state_writer;
struct symbols;

enum check_kind { CHECK_PERCPU = 1 << 0, CHECK_WORLDSWITCH = 1 << 1, CHECK_ISOLATION = 1 << 2 };

/* Parse "percpu,worldswitch" or "all". 0 or -1. */
int check_parse(const char *list, uint32_t *kinds);

enum { CHECK_MESSAGE = 160 }; /* bytes of a message, and its end */

/* Per-CPU data as --percpu says: slots of `size` bytes, the first at `base`, a symbol or a number. */
struct percpu_config {
	const char *base; /* NULL: by the firmware's symbols */
	uint64_t size, count;
};
struct percpu_array {
	uint64_t base, size, count;
};

/* Where it is; false: neither the firmware nor the user says so, or what they say is no array in DRAM. */
bool check_find_percpu(const struct percpu_config *config, const struct symbols *symbols, const struct bus *bus,
                       struct percpu_array *array);

/* What a check needs of a machine; all must outlive it. */
struct check_config {
	uint32_t kinds; /* enum check_kind bits */
	struct bus *bus;
	const struct symbols *symbols; /* the firmware's are there */
	const char *firmware;          /* its file's name, for messages; may be NULL */
	struct percpu_config percpu;
	/* An invariant broke on this hart. Called as often as one does. */
	void (*violated)(void *context, unsigned hart, const char *message);
	void *context;
};

/* NULL with one line on stderr: no memory, or percpu without the symbols it needs (exit code 2). */
struct check *check_new(const struct check_config *config);
void check_free(struct check *check);

/* The run is over: tell, in a line each, what could not be looked at. */
void check_finish(const struct check *check);

/* What it knows of the run so far: section "check". Restored into a new one of the same configuration, for a machine
 * whose harts are restored too (their count of fences among it); false: refused, and the check is only good for
 * check_free. */
void check_save(const struct check *check, struct state_writer *writer);
bool check_restore(struct check *check, struct state_reader *reader);

/* The check as one of the harts' observers: its first member. */
static inline struct observer *check_observer(struct check *check) { return (struct observer *)check; }

/* Does HS-mode code at pc begin a function that check_function wants to see? For the translator. */
bool check_is_function(const struct check *check, uint64_t pc);
/* Does check_function want to see instructions there that access memory by way of tp? */
bool check_wants_tp(const struct check *check, uint64_t pc);

/* The hart, in HS-mode, is about to run such an instruction: tp must be right. */
void check_function(struct check *check, struct hart *hart);

#endif
