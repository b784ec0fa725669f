/* What each packet asks for. */
#include <stdlib.h>
#include <string.h>
#include "debug/gdb/gdb_stub.h"
#include "debug/repl.h"

/* qSupported:FEATURE;... */
static void answer_supported(struct gdb *gdb, struct gdb_args args)
{
	gdb->multiprocess = strstr(args.at, "multiprocess+") != NULL;
	/* the second has been said by GDB alone, long before the first was there to be said */
	gdb->error_texts = strstr(args.at, "error-message+") || strstr(args.at, "qRelocInsn+");
	gdb->knows_swbreak = strstr(args.at, "swbreak+") != NULL;
	gdb->knows_hwbreak = strstr(args.at, "hwbreak+") != NULL;
	gdb_put(
	    gdb,
	    "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;qXfer:threads:read+;qXfer:memory-map:read+;"
	    "vContSupported+;QNonStop+;swbreak+;hwbreak+;multiprocess+;ReverseStep+;ReverseContinue+;binary-upload+;error-message+",
	    GDB_PACKET_MAX);
}

static void start_no_ack(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb_put(gdb, "OK");
	gdb->silences = true; /* the answer is still acknowledged */
}

/* A document in pieces: OFFSET,LENGTH */
static void answer_document(struct gdb *gdb, struct gdb_args args, void (*write)(struct gdb *gdb, FILE *out))
{
	uint64_t offset, length;
	char *text = NULL;
	size_t size;
	FILE *out = NULL;
	if (gdb_take_hex(&args, &offset) && gdb_take(&args, ',') && gdb_take_hex(&args, &length))
		out = open_memstream(&text, &size);
	if (!out) {
		gdb_put(gdb, "E01");
		return;
	}
	write(gdb, out);
	if (fclose(out) != 0 || offset > size) {
		gdb_put(gdb, "E01");
	} else {
		size_t left = size - (size_t)offset, room = GDB_PACKET_MAX / 2;
		size_t part = length < room ? (size_t)length : room;
		gdb_put(gdb, part < left ? "m" : "l");
		gdb_put_binary(gdb, text + offset, part < left ? part : left);
	}
	free(text);
}

static void answer_features(struct gdb *gdb, struct gdb_args args) { answer_document(gdb, args, gdb_write_target); }
static void answer_thread_list(struct gdb *gdb, struct gdb_args args) { answer_document(gdb, args, gdb_write_threads); }
static void answer_memory_map(struct gdb *gdb, struct gdb_args args)
{
	answer_document(gdb, args, gdb_write_memory_map);
}

/* qRcmd,COMMAND: any command of the REPL, about the hart that the client speaks of. It fails no script. */
static void run_command(struct gdb *gdb, struct gdb_args args)
{
	struct debugger *debugger = gdb->debugger;
	FILE *out = debugger->out;
	char *text = NULL, *line = calloc(1, (size_t)(args.end - args.at) / 2 + 1);
	size_t size = 0, length;
	bool failed = debugger->failed;
	debugger->out = line && gdb_take_bytes(&args, (uint8_t *)line, (size_t)(args.end - args.at) / 2, &length)
	                    ? open_memstream(&text, &size)
	                    : NULL;
	if (debugger->out) {
		debugger->hart = gdb->general;
		repl_line(debugger, line);
		fclose(debugger->out);
		gdb_put_hex(gdb, text, size);
		gdb->over |= debugger->quit;
	}
	if (!debugger->out)
		gdb_put(gdb, "E01");
	else if (size == 0)
		gdb_put(gdb, "OK");
	debugger->out = out;
	debugger->failed = failed;
	free(text);
	free(line);
}

/* Qqemu.PhyMemMode:0|1, qqemu.PhyMemMode, as QEMU's stub has them. */
static void set_physical(struct gdb *gdb, struct gdb_args args)
{
	gdb->space = gdb_take(&args, '1') ? GDB_SPACE_PHYSICAL : GDB_SPACE_HART;
	gdb_put(gdb, "OK");
}

static void answer_physical(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb_put(gdb, "%d", gdb->space == GDB_SPACE_PHYSICAL);
}

static void answer_nothing(struct gdb *gdb, struct gdb_args args) { (void)gdb, (void)args; }

/* C and S: a signal first, which no hart takes. */
static struct gdb_args behind_signal(struct gdb_args args)
{
	uint64_t signal;
	gdb_take_hex(&args, &signal);
	gdb_take(&args, ';');
	return args;
}

static void continue_with(struct gdb *gdb, struct gdb_args args) { gdb_continue_at(gdb, behind_signal(args)); }
static void step_with(struct gdb *gdb, struct gdb_args args) { gdb_step_at(gdb, behind_signal(args)); }

/* The first that a packet begins with. */
static const struct {
	const char *word;
	gdb_handler *answer;
	bool anyway; /* a client that has left the machine alone may ask it, too */
} packets[] = {
    {"qSupported", answer_supported, true},
    {"QStartNoAckMode", start_no_ack, true},
    {"QNonStop:", gdb_set_non_stop, true},
    {"qXfer:features:read:target.xml:", answer_features, true},
    {"qXfer:threads:read::", answer_thread_list, true},
    {"qXfer:memory-map:read::", answer_memory_map, true},
    {"vMustReplyEmpty", answer_nothing, true},
    {"vAttach;", gdb_attach, true},
    {"vRun", gdb_run, true},
    {"?", gdb_ask_stop, true},
    {"!", gdb_extend, true},
    {"R", gdb_restart, true},
    {"k", gdb_kill, true},
    {"vKill", gdb_kill_process, true},
    {"qfThreadInfo", gdb_first_threads, true},
    {"qsThreadInfo", gdb_next_threads, true},
    {"qThreadExtraInfo,", gdb_thread_extra, true},
    {"qAttached", gdb_attached, true},
    {"qC", gdb_current_thread, true},
    {"T", gdb_thread_alive, true},
    {"H", gdb_select_thread, true},
    {"vCont?", gdb_resume_help, true},
    {"vCont", gdb_resume, false},
    {"vStopped", gdb_tell_next, true},
    {"vCtrlC", gdb_stop_asked, false},
    {"b", gdb_back, false},
    {"c", gdb_continue_at, false},
    {"s", gdb_step_at, false},
    {"C", continue_with, false},
    {"S", step_with, false},
    {"D", gdb_detach, false},
    {"g", gdb_read_registers, false},
    {"G", gdb_write_registers, false},
    {"p", gdb_read_register, false},
    {"P", gdb_write_register, false},
    {"m", gdb_read_memory, false},
    {"M", gdb_write_memory, false},
    {"x", gdb_read_binary, false},
    {"X", gdb_write_binary, false},
    {"Z", gdb_insert_point, false},
    {"z", gdb_remove_point, false},
    {"qSearch:memory:", gdb_search, false},
    {"qCRC:", gdb_crc, false},
    {"qRcmd,", run_command, false},
    {"Qqemu.PhyMemMode:", set_physical, false},
    {"qqemu.PhyMemMode", answer_physical, false},
};

/* qCRC begins with qC. */
static size_t find_packet(struct gdb_args *args)
{
	enum { COUNT = sizeof packets / sizeof packets[0] };
	size_t best = COUNT, length = 0;
	for (size_t i = 0; i < COUNT; i++) {
		struct gdb_args rest = *args;
		if (gdb_take_word(&rest, packets[i].word) && strlen(packets[i].word) > length) {
			best = i;
			length = strlen(packets[i].word);
		}
	}
	args->at += length;
	return best;
}

/* While it runs a client of all-stop has nothing to say but ctrl-C. */
void gdb_obey(struct gdb *gdb)
{
	enum { COUNT = sizeof packets / sizeof packets[0] };
	struct gdb_args args = {(const char *)gdb->wire.packet, (const char *)gdb->wire.packet + gdb->wire.size};
	size_t found = find_packet(&args);
	gdb->deferred = gdb->silences = false;
	gdb_begin_answer(gdb);
	if (!gdb->answer)
		return;
	if (found < COUNT && gdb->left && !packets[found].anyway)
		gdb_put_error(gdb, 1, "the client has left the machine: attach 1 comes back to it");
	else if (found < COUNT)
		packets[found].answer(gdb, args);
	if (gdb->deferred)
		gdb_drop_answer(gdb);
	else
		gdb_send_answer(gdb);
	gdb->wire.silent |= gdb->silences;
	if (gdb->non_stop && strncmp((const char *)gdb->wire.packet, "vStopped", 8) != 0)
		gdb_notify(gdb);
}
