/* What a network does with time, recordings and hosts. */
#include "net_world.h"
#include <criterion/redirect.h>
#include "revival.h"
#include "temporary.h"

/* ---- time ---- */

/* The next look comes after twice the time while none finds anything, up to a hundred times; a frame either way brings it back. */
Test(network, looks)
{
	struct net_world net;
	static const uint8_t none[12];
	begin_net(&net, true, (struct input_log){0});
	run_on(&net, 10 * LONGEST);
	cr_expect_eq(side.looks, 0, "nobody listens");
	drive_net(&net, 0);
	uint64_t start = net.world.now + LATENCY;
	for (unsigned i = 0; i < 12; i++) {
		uint64_t ticks = i < 7 ? (UINT64_C(1) << (i + 1)) - 1 : 127 + (i - 6) * UINT64_C(100);
		run_until(&net, start + ticks * SHORTEST - 1);
		cr_expect_eq(side.looks, i, "before look %u", i);
		run_until(&net, start + ticks * SHORTEST);
		cr_expect_eq(side.looks, i + 1, "look %u", i);
	}
	cr_expect_eq(side.ns, net.world.now * 10, "10 cycles are a tick of 100 ns");
	unsigned looks = side.looks;
	send_frame(&net, none, 12, 60, false); /* and 10 intervals go by: 1, 2, 4 */
	cr_expect_eq(side.looks, looks + 3);
	run_on(&net, 10 * LONGEST);
	put_frame(60, 1);
	looks = side.looks;
	while (side.looks == looks)
		run_on(&net, SHORTEST);
	run_on(&net, 3 * SHORTEST);
	cr_expect_geq(side.looks, looks + 3, "after 1 and 2: one that finds something");
	cr_expect_leq(side.looks, looks + 4);
	looks = side.looks;
	set_reg(&net.world, REG_STATUS, 0);
	run_on(&net, 10 * LONGEST);
	cr_expect_eq(side.looks, looks, "a reset ends it");
	end_net(&net);
}

/* While a hart runs nobody waits for the host; while none does, a look waits, for as long as simulated time has gone on. */
Test(network, waits_for_the_host)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	run_on(&net, 5 * LONGEST);
	cr_expect_eq(side.waited, 0);
	cr_expect_eq(side.attended, 0);
	side.idle = CONSOLE_WAITING;
	unsigned looks = side.looks;
	uint64_t start = net.world.now;
	run_on(&net, 5 * LONGEST);
	double passed = (double)(net.world.now - start) * 10e-9; /* 5 ms; this side does not really wait, so all is asked for again */
	cr_expect_geq(side.waited, 0.5 * passed);
	cr_expect_leq(side.waited, 1.1e-3 * (side.looks - looks), "no look longer than 1 ms: %f", side.waited);
	cr_expect_eq(side.attended, side.looks - looks);
	end_net(&net);
}

/* ---- recordings ---- */

/* One and the same run, but for where frames come from: what it received, and when. */
static uint64_t session(struct net_world *net, unsigned extra_sends)
{
	static const uint8_t none[12];
	uint64_t hash = 0;
	drive_net(net, 0);
	for (unsigned i = 0; i < 4; i++)
		give_buffer(net, i, 2000);
	tell(net, RECEIVE);
	for (unsigned i = 0; i < 1 + extra_sends; i++)
		send_frame(net, none, 12, 60, false);
	if (!net->log.replaying)
		put_frame(100, 1), put_frame(70, 2);
	for (unsigned i = 0; i < 200; i++) {
		run_on(net, 1777);
		hash = hash * 31 + used_of(net, RECEIVE) + (i == 90 && !net->log.replaying ? (put_frame(80, 3), 0) : 0);
	}
	for (unsigned i = 0; i < used_of(net, RECEIVE); i++)
		hash = hash * 31 + used_size(net, RECEIVE, i) + *(uint8_t *)at(&net->world, buffer_at(i) + 30);
	return hash;
}

static void record_session(char path[TEMPORARY_PATH], uint64_t *hash)
{
	struct net_world net;
	struct input_log log = {0};
	temporary(path);
	cr_assert_eq(input_log_record(&log, path), 0);
	begin_net(&net, true, log);
	*hash = session(&net, 0);
	cr_assert_eq(used_of(&net, RECEIVE), 3);
	network_finish(net.world.backends.networks[0]);
	cr_assert_eq(input_log_finish(&net.log), 0);
	end_net(&net);
}

Test(network, replays)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	record_session(path, &recorded);
	struct input_log log = {0};
	struct net_world net;
	cr_assert_eq(input_log_replay(&log, path, 1, false), 0);
	begin_net(&net, true, log);
	cr_expect_eq(session(&net, 0), recorded);
	cr_expect_eq(side.looks, 0, "no host is asked");
	cr_expect_eq(side.sent_count, 0, "nor sent to");
	cr_expect_eq(side.troubles, 0, "%s", side.message);
	cr_expect_eq(network_unasked(net.world.backends.networks[0]), 0);
	run_on(&net, 2 * LONGEST);
	cr_expect_eq(side.troubles, 1);
	cr_expect_eq(side.trouble, INPUT_RUN_OUT, "%s", side.message);
	run_on(&net, 20 * LONGEST);
	cr_expect_eq(side.troubles, 1, "told once");
	end_net(&net);
}

/* A guest that has sent something else, or one frame more, is another one. */
Test(network, replays_another_run)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	record_session(path, &recorded);
	for (unsigned more = 0; more < 2; more++) {
		struct input_log log = {0};
		struct net_world net;
		cr_assert_eq(input_log_replay(&log, path, 1, false), 0);
		begin_net(&net, true, log);
		sent_number = more ? 9 : 10;
		session(&net, more);
		cr_expect_eq(side.troubles, 1, "%u more", more);
		cr_expect_eq(side.trouble, INPUT_OTHER_RUN);
		cr_expect_not_null(strstr(side.message, path));
		cr_expect_eq(network_unasked(net.world.backends.networks[0]), 3);
		end_net(&net);
	}
}

/* Networks and streams must be as many. */
Test(network, recordings_of_other_machines)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	struct input_log log = {0};
	record_session(path, &recorded);
	cr_redirect_stderr();
	cr_expect_neq(input_log_replay(&log, path, 0, false), 0, "one more was recorded");
	input_log_free(&log);
	cr_expect_eq(input_log_replay(&log, path, 2, false), 0, "without the console's end nobody knows of a second one");
	input_log_free(&log);
	temporary(path);
	cr_assert_eq(input_log_record(&log, path), 0);
	recorder_add(log.recorder, &(struct record){.kind = RECORD_STOP});
	cr_assert_eq(input_log_finish(&log), 0);
	cr_expect_neq(input_log_replay(&log, path, 1, false), 0, "none was recorded");
	input_log_free(&log);
	cr_expect_eq(input_log_replay(&log, path, 0, false), 0);
	input_log_free(&log);
}

/* ---- state ---- */

/* In the middle: frames wait, the next look is due at some cycle, addresses are set. */
Test(network, saved_in_the_middle)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	record_session(path, &recorded);
	struct net_world worlds[2];
	for (unsigned i = 0; i < 2; i++) {
		struct input_log log = {0};
		cr_assert_eq(input_log_replay(&log, path, 1, false), 0);
		begin_net(&worlds[i], true, log);
	}
	struct net_world *net = &worlds[0], *other = &worlds[1];
	static const uint8_t none[12];
	drive_net(net, 0);
	tell(net, RECEIVE);
	send_frame(net, none, 12, 60, false);
	run_on(net, 25000); /* two frames have come, for which there is no room */
	command(net, "\1\1\x52\x54\0\0\0\1", 8);
	cr_assert_eq(side.troubles, 0, "%s", side.message);
	take_over(&other->world, &net->world);
	memcpy(other->rings, net->rings, sizeof(net->rings));
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned buffer = 0; buffer < 4; buffer++)
			give_buffer(&worlds[i], buffer, 2000);
		tell(&worlds[i], RECEIVE);
		run_on(&worlds[i], 300 * SHORTEST);
		cr_expect_eq(used_of(&worlds[i], RECEIVE), 3, "world %u", i);
		cr_expect_eq(reg_read(&worlds[i].world, REG_CONFIG + 5, 1), 1);
		cr_expect_eq(network_unasked(worlds[i].world.backends.networks[0]), 0);
	}
	expect_same(&net->world, &other->world);
	end_net(net);
	end_net(other);
}

/* The recording was at its end when the machine went back in time: from there it is replayed as before. */
Test(network, a_recording_is_replayed_again)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	record_session(path, &recorded);
	struct input_log log = {0};
	struct net_world net;
	struct state_writer writer = {0};
	cr_assert_eq(input_log_replay(&log, path, 1, false), 0);
	begin_net(&net, true, log);
	event_queue_save(&net.world.events, &writer);
	net.world.slot->save(net.world.slot, &writer);
	for (unsigned i = 1; i <= 3; i++) {
		net.world.now = 0;
		cr_expect_eq(session(&net, 0), recorded, "time %u", i);
		cr_expect_eq(side.troubles, i - 1);
		run_on(&net, 2 * LONGEST);
		cr_expect_eq(side.troubles, i);
		/* what has failed stays so */
		take_over(&net.world, &net.world);
		tell(&net, RECEIVE);
		run_on(&net, 2 * LONGEST);
		cr_expect_eq(side.troubles, i, "told once");
		struct state_reader reader = reader_of(&writer);
		cr_assert(event_queue_restore(&net.world.events, &reader));
		cr_assert(net.world.slot->restore(net.world.slot, &reader), "%s", reader.reason);
	}
	state_writer_free(&writer);
	end_net(&net);
}

/* When it looked last is when a recording ends. */
Test(network, a_recording_ends_where_the_last_look_was)
{
	char path[TEMPORARY_PATH];
	struct net_world net, other;
	struct input_log log = {0};
	struct recording recording;
	begin_net(&net, true, log);
	drive_net(&net, 0);
	tell(&net, RECEIVE);
	run_on(&net, 3 * SHORTEST);
	temporary(path);
	cr_assert_eq(input_log_record(&log, path), 0);
	begin_net(&other, true, log);
	take_over(&other.world, &net.world);
	uint64_t last = event_next(&net.world.events) - 2 * SHORTEST; /* the second look in vain: the next comes after twice the time */
	network_finish(other.world.backends.networks[0]);
	end_net(&net);
	end_net(&other);
	cr_assert_eq(recording_read(&recording, path), 0);
	cr_assert_eq(recording.streams[INPUT_NETWORK].count, 1);
	cr_expect_eq(recording.streams[INPUT_NETWORK].records[0].cycle, last);
	recording_free(&recording);
}

/* Whatever the bytes are, a machine that takes them runs on. */
static bool restores(struct state_reader *reader)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	bool good = event_queue_restore(&net.world.events, reader) && net.world.slot->restore(net.world.slot, reader);
	for (unsigned i = 0; good && i < 50 && event_next(&net.world.events) != UINT64_MAX; i++)
		run_until(&net, event_next(&net.world.events));
	end_net(&net);
	return good;
}

Test(network, refuses_other_bytes, .timeout = 100)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	tell(&net, RECEIVE);
	put_frame(40, 1);
	put_frame(30, 2);
	run_on(&net, 2 * SHORTEST);
	command(&net, "\0\0\0", 3);
	struct state_writer writer = {0};
	event_queue_save(&net.world.events, &writer);
	net.world.slot->save(net.world.slot, &writer);
	end_net(&net);
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
}
