/* Harts as the client's threads: all of one process, or (harts=inferiors) each of its own. Hart n is thread n + 1. */
#include <string.h>
#include "debug/gdb/gdb_stub.h"

static bool by_process(const struct gdb *gdb) { return gdb->multiprocess && gdb->machine->config->gdb.inferiors; }

unsigned gdb_process_of(const struct gdb *gdb, unsigned hart) { return by_process(gdb) ? hart + 1 : 1; }

bool gdb_has_hart(const struct gdb *gdb, unsigned hart)
{
	return hart < gdb->machine->hart_count && gdb->processes[gdb_process_of(gdb, hart) - 1];
}

bool gdb_has_process(const struct gdb *gdb)
{
	for (unsigned i = 0; i < HARTS_MAX; i++)
		if (gdb->processes[i])
			return true;
	return false;
}

void gdb_put_thread(struct gdb *gdb, unsigned hart)
{
	if (gdb->multiprocess)
		gdb_put(gdb, "p%x.", gdb_process_of(gdb, hart));
	gdb_put(gdb, "%x", hart + 1);
}

/* A number from 1; GDB_ALL for -1, GDB_ANY for 0. */
static bool take_id(struct gdb_args *args, unsigned *id)
{
	uint64_t value;
	if (gdb_take_word(args, "-1")) {
		*id = GDB_ALL;
		return true;
	}
	if (!gdb_take_hex(args, &value) || value > HARTS_MAX)
		return false;
	*id = (unsigned)value;
	return true;
}

bool gdb_take_thread(struct gdb *gdb, struct gdb_args *args, struct gdb_harts *harts)
{
	unsigned process = GDB_ANY, thread = GDB_ALL, count = gdb->machine->hart_count;
	if (gdb_take(args, 'p')) {
		if (!take_id(args, &process) || (gdb_take(args, '.') && !take_id(args, &thread)))
			return false;
	} else if (!take_id(args, &thread)) {
		return false;
	}
	*harts = (struct gdb_harts){0, count - 1};
	if (process != GDB_ANY && process != GDB_ALL) {
		if (process > (by_process(gdb) ? count : 1))
			return false;
		if (by_process(gdb))
			*harts = (struct gdb_harts){process - 1, process - 1};
	}
	if (thread == GDB_ALL)
		return true;
	if (thread == GDB_ANY) { /* the one that is spoken of, if it is one of them */
		if (gdb->general >= harts->first && gdb->general <= harts->last)
			harts->first = gdb->general;
		harts->last = harts->first;
		return true;
	}
	if (thread - 1 < harts->first || thread - 1 > harts->last)
		return false;
	*harts = (struct gdb_harts){thread - 1, thread - 1};
	return true;
}

/* H g|c THREAD */
void gdb_select_thread(struct gdb *gdb, struct gdb_args args)
{
	struct gdb_harts harts;
	bool general = gdb_take(&args, 'g');
	if ((!general && !gdb_take(&args, 'c')) || !gdb_take_thread(gdb, &args, &harts) || args.at != args.end) {
		gdb_put_error(gdb, 1, "no such hart");
		return;
	}
	unsigned *chosen = general ? &gdb->general : &gdb->continuing;
	if (*chosen < harts.first || *chosen > harts.last)
		*chosen = harts.first;
	gdb_put(gdb, "OK");
}

/* T THREAD */
void gdb_thread_alive(struct gdb *gdb, struct gdb_args args)
{
	struct gdb_harts harts;
	if (gdb_take_thread(gdb, &args, &harts) && gdb_has_hart(gdb, harts.first))
		gdb_put(gdb, "OK");
	else
		gdb_put_error(gdb, 1, "no such hart");
}

/* From gdb->listed on, as many as one packet has room for. */
static void list_threads(struct gdb *gdb)
{
	enum { AT_ONCE = 32 };
	unsigned told = 0;
	for (; gdb->listed < gdb->machine->hart_count && told < AT_ONCE; gdb->listed++)
		if (gdb_has_hart(gdb, gdb->listed)) {
			gdb_put(gdb, told++ ? "," : "m");
			gdb_put_thread(gdb, gdb->listed);
		}
	if (!told)
		gdb_put(gdb, "l");
}

void gdb_first_threads(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb->listed = 0;
	list_threads(gdb);
}

void gdb_next_threads(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	list_threads(gdb);
}

static void tell_state(const struct hart *hart, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s", mode_name(hart->mode), hart->waiting ? ", waits for an interrupt" : "",
	         hart->halted ? ", stopped for good" : "");
}

/* qThreadExtraInfo,THREAD */
void gdb_thread_extra(struct gdb *gdb, struct gdb_args args)
{
	struct gdb_harts harts;
	char text[96];
	if (!gdb_take_thread(gdb, &args, &harts)) {
		gdb_put_error(gdb, 1, "no such hart");
		return;
	}
	int length = snprintf(text, sizeof text, "hart %u ", harts.first);
	tell_state(&gdb->machine->harts[harts.first], text + length, sizeof text - (size_t)length);
	gdb_put_hex(gdb, text, strlen(text));
}

void gdb_write_threads(struct gdb *gdb, FILE *out)
{
	char text[64];
	fputs("<?xml version=\"1.0\"?>\n<threads>\n", out);
	for (unsigned i = 0; i < gdb->machine->hart_count; i++) {
		if (!gdb_has_hart(gdb, i))
			continue;
		tell_state(&gdb->machine->harts[i], text, sizeof text);
		fputs("<thread id=\"", out);
		if (gdb->multiprocess)
			fprintf(out, "p%x.", gdb_process_of(gdb, i));
		fprintf(out, "%x\" core=\"%u\" name=\"hart %u\">%s</thread>\n", i + 1, i, i, text);
	}
	fputs("</threads>\n", out);
}

/* qC */
void gdb_current_thread(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb_put(gdb, "QC");
	gdb_put_thread(gdb, gdb->general);
}

/* qAttached: it was there before, so a client that leaves lets it go on. */
void gdb_attached(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb_put(gdb, "1");
}
