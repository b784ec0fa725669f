/* --check: the entrance. check.h. */
#include "watch/check.h"
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/say.h"
#include "base/words.h"
#include "watch/check_state.h"

int check_parse(const char *list, uint32_t *kinds)
{
	static const struct word words[] = {
	    {"percpu", CHECK_PERCPU},
	    {"worldswitch", CHECK_WORLDSWITCH},
	    {"isolation", CHECK_ISOLATION},
	    {"all", CHECK_PERCPU | CHECK_WORLDSWITCH | CHECK_ISOLATION},
	};
	return words_parse(list, words, sizeof words / sizeof words[0], kinds);
}

/* The machine starts anew: nothing is known of it. */
static void forget_machine(struct check *check)
{
	memset(check->harts, 0, sizeof(check->harts));
	check_switch_forget(check);
	check_isolation_forget(check);
}

static void world_changed(struct check *check, struct hart *hart, const struct trace_event *event)
{
	if (event->value[0] == TRACE_RESET) {
		forget_machine(check);
		return;
	}
	bool from_guest = mode_virt((enum mode)event->from), to_guest = mode_virt((enum mode)event->mode);
	if (event->from == MODE_HS && event->mode == MODE_M)
		check_percpu_calls(check, hart, event);
	if (event->from == MODE_M && event->mode == MODE_HS)
		check_percpu_resumed(check, hart, event);
	if (from_guest && !to_guest) {
		check_percpu_exit(check, hart, event);
		check_switch_exit(check, hart, event);
		check_isolation_exit(check, hart, event);
	}
	if (!from_guest && to_guest) {
		check_percpu_entry(check, hart);
		check_isolation_entry(check, hart, event);
		check_switch_entry(check, hart, event);
	}
}

static void check_event(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct check *check = (struct check *)observer;
	if (hart->id >= HARTS_MAX)
		return;
	if (event->type == TRACE_TP)
		check_percpu_tp(check, hart, event);
	else if (event->type == TRACE_WORLD)
		world_changed(check, hart, event);
	else if (event->type == TRACE_CSR && check->config.kinds & CHECK_ISOLATION)
		check_residue_csr(check, hart, event);
}

/* A guest's own stores to pages that are only looked at from outside come too, now and then. */
static void check_stored(void *context, const void *by, uint64_t pa, unsigned size)
{
	struct check *check = context;
	const struct hart *hart = by;
	check_switch_stored(check, pa, size);
	if (!hart || !mode_virt(hart->mode))
		check_pages_stored(check, pa, size);
}

struct check *check_new(const struct check_config *config)
{
	struct check *check = calloc(1, sizeof(*check));
	if (!check) {
		say("no memory for --check");
		return NULL;
	}
	check->config = *config;
	check->observer = (struct observer){
	    .event = check_event, .wanted = 1u << TRACE_TP | 1u << TRACE_WORLD, .strict = true};
	if (config->kinds & CHECK_ISOLATION)
		check->observer.wanted |= 1u << TRACE_CSR;
	struct bus_listener listener = {.flags = PAGE_LOOK | PAGE_GUEST, .stored = check_stored, .context = check};
	if (bus_listen(config->bus, &listener)) {
		say("no memory for --check");
		free(check);
		return NULL;
	}
	if (check_percpu_init(check) || check_isolation_init(check)) {
		check_free(check);
		return NULL;
	}
	return check;
}

void check_free(struct check *check)
{
	if (!check)
		return;
	check_switch_free(check);
	check_isolation_free(check);
	check_percpu_free(check);
	free(check);
}

void check_finish(const struct check *check)
{
	if (check)
		check_percpu_finish(check);
}

/* ---- state ---- */

enum { STATE_VERSION = 2 };

void check_save(const struct check *check, struct state_writer *writer)
{
	state_write_begin(writer, "check", STATE_VERSION);
	state_write_u64(writer, check->config.kinds);
	for (unsigned i = 0; i < HARTS_MAX; i++) {
		const struct check_hart *hart = &check->harts[i];
		const uint64_t words[] = {hart->armed,    hart->given,    hart->was_armed, hart->ran,
		                          hart->own_seen, hart->guest_tp, hart->handler,   hart->call_pc,
		                          hart->fences,   hart->entered,  hart->hgatp};
		STATE_WRITE(writer, words);
	}
	check_switch_save(check, writer);
	check_isolation_save(check, writer);
	state_write_end(writer);
}

bool check_restore(struct check *check, struct state_reader *reader)
{
	if (!state_read_begin(reader, "check", STATE_VERSION))
		return false;
	if (state_read_u64(reader) != check->config.kinds && !reader->failed)
		return state_refuse(reader, "check: other invariants were checked");
	for (unsigned i = 0; i < HARTS_MAX; i++) {
		struct check_hart *hart = &check->harts[i];
		hart->armed = state_read_limited(reader, true);
		hart->given = state_read_limited(reader, true);
		hart->was_armed = state_read_limited(reader, true);
		hart->ran = state_read_limited(reader, true);
		hart->own_seen = state_read_limited(reader, true);
		hart->guest_tp = state_read_u64(reader);
		hart->handler = state_read_u64(reader);
		hart->call_pc = state_read_u64(reader);
		hart->fences = state_read_u64(reader);
		hart->entered = state_read_limited(reader, true);
		hart->hgatp = state_read_u64(reader);
	}
	check_switch_restore(check, reader);
	check_isolation_restore(check, reader);
	return state_read_end(reader);
}
