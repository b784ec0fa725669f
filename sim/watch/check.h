/*
 * --check: invariants of a hypervisor, looked at while it runs.
 *
 * percpu       In HS-mode tp is percpu_base + hart id * percpu_slot_size (symbols of the firmware), from the first time
 *              it was set so; it never points into another hart's slot, and no guest is entered with it.
 * worldswitch  A vCPU goes on with the registers it left with, but for what the cause of its exit entitles the
 *              hypervisor to change; and it runs on one hart at a time. A vCPU is known by sscratch while the guest
 *              runs, and the VMID.
 * isolation    No DRAM page is writable through the G-stage tables of two VMIDs, nor does a guest reach a G-stage table
 *              or the per-CPU array with a store. Looked at whenever a guest is entered under a new hgatp or after a
 *              fence.
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

/* What a check needs of a machine; all must outlive it. */
struct check_config {
	uint32_t kinds; /* enum check_kind bits */
	struct bus *bus;
	const struct symbols *symbols; /* the firmware's are there */
	const char *firmware;          /* its file's name, for messages; may be NULL */
	/* An invariant broke on this hart. Called as often as one does. */
	void (*violated)(void *context, unsigned hart, const char *message);
	void *context;
};

/* NULL with one line on stderr: no memory, or percpu without the symbols it needs (exit code 2). */
struct check *check_new(const struct check_config *config);
void check_free(struct check *check);

/* What it knows of the run so far: section "check". Restored into a new one of the same configuration, for a machine
 * whose harts are restored too (their count of fences among it); false: refused, and the check is only good for
 * check_free. */
void check_save(const struct check *check, struct state_writer *writer);
bool check_restore(struct check *check, struct state_reader *reader);

/* The check as one of the harts' observers: its first member. */
static inline struct observer *check_observer(struct check *check) { return (struct observer *)check; }

/* Does HS-mode code at pc begin a function that check_function wants to see? For the translator. */
bool check_is_function(const struct check *check, uint64_t pc);

/* The hart, in HS-mode, is about to run the first instruction of such a function. */
void check_function(struct check *check, struct hart *hart);

#endif
