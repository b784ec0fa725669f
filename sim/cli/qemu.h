/* QEMU's options: its machine, harts, memory and CPU, and those that change nothing here. Handlers of option rows. */
#ifndef QEMU_H
#define QEMU_H

#include "cli/row.h"

option_handler qemu_machine; /* -M virt[,property=value]... */
option_handler qemu_harts;   /* -smp [cpus=]N[,maxcpus=][,sockets=][,dies=][,clusters=][,cores=][,threads=] */
option_handler qemu_memory;  /* -m [size=]SIZE[,slots=][,maxmem=] */
option_handler qemu_accel;   /* -accel tcg[,...] */
option_handler qemu_ignore;  /* nothing changes, whatever the value; or with one that row->text lists */
option_handler qemu_refuse;  /* a line with row->text */

/* -cpu NAME[,property=value]...: is it one of QEMU's? Then *result is 0, or -1 after a line. */
bool qemu_cpu(struct options *options, const char *value, int *result);

/* The option changes nothing. `value` may be NULL. */
void qemu_note_ignored(struct options *options, const char *name, const char *value);
/* A whole word of a list with '|' between words? */
bool is_one_of(const char *word, const char *list);

/* One line on stderr that names what was ignored, if anything was. */
void qemu_tell_ignored(const struct options *options);

#endif
