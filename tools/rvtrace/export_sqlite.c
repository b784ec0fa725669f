/* Tables for SELECT: run, harts, exits, worlds, events; insn events only where they are asked for. Numbers of 64 bits are SQLite's
 * integers of the same bits: printf('%x', pc). */
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/version.h"
#include "timeline.h"
#include "trace/world.h"

static const char schema[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
    "CREATE TABLE run(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE harts(hart INTEGER PRIMARY KEY, cycles INTEGER, instructions INTEGER) STRICT;"
    "CREATE TABLE worlds(hart INTEGER, mode TEXT, zone TEXT, vmid INTEGER, vcpu INTEGER, begin INTEGER, end INTEGER,"
    " instructions INTEGER) STRICT;"
    "CREATE TABLE events(hart INTEGER, cycle INTEGER, type TEXT, mode TEXT, pc INTEGER, symbol TEXT, retired INTEGER,"
    " detail TEXT) STRICT;";

struct tables {
	struct export *export;
	sqlite3 *base;
	sqlite3_stmt *world, *exit, *event;
	bool failed;
};

static bool prepare(struct tables *tables, const char *text, sqlite3_stmt **statement)
{
	return sqlite3_prepare_v2(tables->base, text, -1, statement, NULL) == SQLITE_OK;
}

/* A row is whole. */
static void insert(struct tables *tables, sqlite3_stmt *statement)
{
	tables->failed |= sqlite3_step(statement) != SQLITE_DONE;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
}

static void bind(sqlite3_stmt *statement, int column, uint64_t value)
{
	sqlite3_bind_int64(statement, column, (sqlite3_int64)value);
}

/* ---- rows ---- */

static void sqlite_world(void *context, const struct timeline_world *world)
{
	struct tables *tables = context;
	char zone[160];
	bind(tables->world, 1, world->hart);
	bind_text(tables->world, 2, mode_name(world->mode));
	if (mode_virt(world->mode)) {
		bind_text(tables->world, 3, timeline_zone(tables->export, &world->of, zone, sizeof zone));
		bind(tables->world, 4, world->of.vmid);
		bind(tables->world, 5, world->of.vcpu);
	}
	bind(tables->world, 6, world->begin);
	bind(tables->world, 7, world->end);
	bind(tables->world, 8, world->instructions);
	insert(tables, tables->world);
}

static void sqlite_exit(void *context, const struct timeline_exit *exit)
{
	enum { FIRST_PART = 12 };
	struct tables *tables = context;
	char zone[160];
	bind(tables->exit, 1, exit->hart);
	bind_text(tables->exit, 2, world_cause_name(exit->cause));
	bind_text(tables->exit, 3, mode_name(exit->mode));
	bind_text(tables->exit, 4, timeline_zone(tables->export, &exit->of, zone, sizeof zone));
	bind(tables->exit, 5, exit->of.vmid);
	bind(tables->exit, 6, exit->of.vcpu);
	if (exit->has_trap) {
		bind(tables->exit, 7, exit->pc);
		bind(tables->exit, 8, exit->tval);
	}
	bind(tables->exit, 9, exit->begin);
	if (exit->ended) {
		bind(tables->exit, 10, exit->end);
		bind(tables->exit, 11, exit->end - exit->begin);
	}
	for (int i = 0; exit->has_split && i < SPLIT_PARTS; i++)
		bind(tables->exit, FIRST_PART + i, exit->parts[i]);
	insert(tables, tables->exit);
}

/* "cause=... tval=...", as rvtrace dump has it. */
static void bind_detail(struct tables *tables, const struct trace_event *event)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return;
	const struct trace_row *row = &trace_rows[event->type];
	for (unsigned i = 0; i < row->field_count; i++)
		trace_print_field(out, event, &row->fields[i], &tables->export->input.names);
	fclose(out);
	bind_text(tables->event, 8, text && *text == ' ' ? text + 1 : text);
	free(text);
}

static void sqlite_event(void *context, const struct trace_event *event)
{
	struct tables *tables = context;
	uint64_t offset;
	if (event->type == TRACE_INSN && !tables->export->instructions)
		return;
	bind(tables->event, 1, event->hart);
	bind(tables->event, 2, event->cycle);
	bind_text(tables->event, 3, trace_rows[event->type].name);
	bind_text(tables->event, 4, mode_name((enum mode)event->mode));
	bind(tables->event, 5, event->pc);
	bind_text(tables->event, 6,
	          trace_reader_symbol(tables->export->input.reader, (enum mode)event->mode, event->guest, event->pc,
	                              &offset));
	bind(tables->event, 7, event->retired);
	bind_detail(tables, event);
	insert(tables, tables->event);
}

static void write_run(struct tables *tables)
{
	struct trace_reader *reader = tables->export->input.reader;
	const struct trace_header *header = trace_reader_header(reader);
	sqlite3_stmt *statement;
	if (prepare(tables, "INSERT INTO run VALUES('rvtrace', ?1), ('config', ?2), ('seed', ?3)", &statement)) {
		char seed[32];
		snprintf(seed, sizeof seed, "0x%" PRIx64, header->seed);
		bind_text(statement, 1, RVSIM_VERSION);
		bind_text(statement, 2, trace_reader_config(reader));
		bind_text(statement, 3, seed);
		insert(tables, statement);
		sqlite3_finalize(statement);
	}
	if (!prepare(tables, "INSERT INTO harts VALUES(?1, ?2, ?3)", &statement))
		return;
	for (unsigned i = 0; i < header->hart_count; i++) {
		const struct trace_end *end = trace_reader_end(reader, i);
		bind(statement, 1, i);
		if (end->known) {
			bind(statement, 2, end->cycle);
			bind(statement, 3, end->retired);
		}
		insert(tables, statement);
	}
	sqlite3_finalize(statement);
}

/* ---- the file ---- */

/* exits has a column for each part of a split. */
static bool make_exits(struct tables *tables)
{
	char table[1024] =
	    "CREATE TABLE exits(hart INTEGER, cause TEXT, mode TEXT, zone TEXT, vmid INTEGER, vcpu INTEGER,"
	    " pc INTEGER, tval INTEGER, begin INTEGER, end INTEGER, cycles INTEGER";
	char values[256] = "INSERT INTO exits VALUES(?,?,?,?,?,?,?,?,?,?,?";
	for (unsigned i = 0; i < SPLIT_PARTS; i++) {
		size_t length = strlen(table);
		snprintf(table + length, sizeof table - length, ", %s INTEGER", split_keys[i]);
		strcat(values, ",?");
	}
	strcat(table, ") STRICT");
	strcat(values, ")");
	return sqlite3_exec(tables->base, table, NULL, NULL, NULL) == SQLITE_OK &&
	       prepare(tables, values, &tables->exit);
}

static bool open_tables(struct tables *tables)
{
	return sqlite3_open_v2(tables->export->path, &tables->base, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
	           SQLITE_OK &&
	       sqlite3_exec(tables->base, schema, NULL, NULL, NULL) == SQLITE_OK && make_exits(tables) &&
	       prepare(tables, "INSERT INTO worlds VALUES(?,?,?,?,?,?,?,?)", &tables->world) &&
	       prepare(tables, "INSERT INTO events VALUES(?,?,?,?,?,?,?,?)", &tables->event);
}

int export_sqlite(struct export *export)
{
	struct tables tables = {.export = export};
	struct timeline_sink sink = {sqlite_world, sqlite_exit, sqlite_event, &tables};
	if (access(export->path, F_OK) == 0)
		return trouble(export->path, "is there already");
	int result = 0;
	bool good = open_tables(&tables);
	if (good)
		result = timeline_read(export, &sink);
	if (good)
		write_run(&tables);
	good = good && !tables.failed && sqlite3_exec(tables.base, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
	if (!good)
		result = trouble(export->path, sqlite3_errmsg(tables.base));
	sqlite3_finalize(tables.world);
	sqlite3_finalize(tables.exit);
	sqlite3_finalize(tables.event);
	sqlite3_close(tables.base);
	return result;
}
