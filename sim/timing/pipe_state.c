/* What a state of the pipeline forgets, and the one form it has. */
#include "timing/pipe_parts.h"

static void forget_past(int16_t *times, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		times[i] = PIPE_NEVER;
}

static void forget_results(struct pipe *pipe)
{
	for (unsigned i = 0; i < PIPE_PENDING; i++) {
		pipe->pending[i].reg = 0;
		pipe->pending[i].ready = PIPE_NEVER;
	}
}

void pipe_forget_fetched(struct pipe *pipe)
{
	forget_past(pipe->dequeue, PIPE_QUEUE);
	forget_past(pipe->target_dequeue, 2);
	pipe->fetch_last = PIPE_NEVER;
}

void pipe_forget_issued(struct pipe *pipe)
{
	pipe->alu_free = pipe->alu_port = pipe->fdiv_free = PIPE_NEVER;
	pipe->mem_issue = pipe->mem_access = pipe->mem_access_before = PIPE_NEVER;
	forget_past(pipe->commit, PIPE_WINDOW);
	forget_past(pipe->store_commit, PIPE_STORES);
	forget_results(pipe);
	pipe->used = 0;
	pipe->commits = 0;
	pipe->commit_exclusive = 0;
}

void pipe_reset(struct pipe *pipe)
{
	memset(pipe, 0, sizeof *pipe);
	pipe_forget_issued(pipe);
	pipe_forget_fetched(pipe);
	forget_past(pipe->store_drain, PIPE_STORES);
	pipe->load_port = pipe->committed = pipe->drained = pipe->device_free = PIPE_NEVER;
	pipe->redirected = 1;
}

/* ---- the one form ---- */

/* Relative to `base` now. A time at or before `limit` has no effect any more. */
static void keep_time(int16_t *time, int base, int limit)
{
	if (*time == PIPE_NEVER)
		return;
	*time = (int16_t)(*time - base);
	if (*time <= limit)
		*time = PIPE_NEVER;
}

/* Places in the fetch queue matter to requests from fetch_next on. */
static void keep_fetch(const struct timing *timing, struct pipe *pipe, int base)
{
	if (pipe->fetch_last != PIPE_NEVER)
		pipe->fetch_last = (int16_t)(pipe->fetch_last - base);
	pipe->fetch_next = (int16_t)(pipe->fetch_next - base);
	for (unsigned i = 0; i < PIPE_QUEUE; i++) {
		keep_time(&pipe->dequeue[i], base, pipe->fetch_next - (int)timing->fetch_queue_free);
		if (i >= timing->fetch_queue)
			pipe->dequeue[i] = PIPE_NEVER;
	}
	keep_time(&pipe->target_dequeue[0], base, pipe->fetch_next - (int)timing->fetch_targets_free);
	keep_time(&pipe->target_dequeue[1], base, pipe->fetch_next - (int)timing->fetch_targets_free);
}

static void keep_results(struct pipe *pipe, int base)
{
	for (unsigned i = 0; i < PIPE_PENDING; i++) {
		keep_time(&pipe->pending[i].ready, base, 0);
		if (pipe->pending[i].ready == PIPE_NEVER)
			pipe->pending[i].reg = 0;
	}
	for (unsigned i = 1; i < PIPE_PENDING; i++) /* in the order of registers, none first */
		for (unsigned j = i; j && pipe->pending[j].reg < pipe->pending[j - 1].reg; j--) {
			__typeof__(pipe->pending[0]) other = pipe->pending[j];
			pipe->pending[j] = pipe->pending[j - 1];
			pipe->pending[j - 1] = other;
		}
}

/* Loads and stores that issue from cycle 0 on get at the cache from lsu_access on. */
static void keep_memory(const struct timing *timing, struct pipe *pipe, int base)
{
	const int access = (int)timing->lsu_access, place = (int)timing->lsu_queue_free;
	keep_time(&pipe->mem_access, base, -place);
	keep_time(&pipe->mem_access_before, base, -place);
	keep_time(&pipe->mem_issue, base, -2);
	if (pipe->mem_access == PIPE_NEVER)
		pipe->mem_issue = PIPE_NEVER;
	keep_time(&pipe->load_port, base, access);
	keep_time(&pipe->drained, base, -(int)timing->store_memory);
	keep_time(&pipe->device_free, base, 0);
	for (unsigned i = 0; i < PIPE_STORES; i++) {
		keep_time(&pipe->store_commit[i], base, access);
		keep_time(&pipe->store_drain[i], base, access);
		if (!timing->store_conflict && i)
			pipe->store_drain[i] = PIPE_NEVER;
		if (i >= timing->store_buffer)
			pipe->store_commit[i] = PIPE_NEVER;
	}
}

/* commit[i] matters to the instruction that comes window - 1 - i after the next one. */
static void keep_window(const struct timing *timing, struct pipe *pipe, int base)
{
	for (unsigned i = 0; i < timing->rob_entries; i++) {
		unsigned slots = (pipe->used & ~USED_SINGLE) + timing->rob_entries - 1 - i;
		keep_time(&pipe->commit[i], base, (int)(slots / timing->issue_width) - (int)timing->rob_free);
	}
	forget_past(pipe->commit + timing->rob_entries, PIPE_WINDOW - timing->rob_entries);
}

void pipe_settle(const struct timing *timing, struct pipe *pipe, int base)
{
	keep_fetch(timing, pipe, base);
	keep_time(&pipe->alu_free, base, 0);
	keep_time(&pipe->alu_port, base, -1);
	keep_time(&pipe->fdiv_free, base, 0);
	keep_memory(timing, pipe, base);
	keep_window(timing, pipe, base);
	keep_time(&pipe->committed, base, 0);
	if (pipe->committed == PIPE_NEVER)
		pipe->commits = pipe->commit_exclusive = 0;
	keep_results(pipe, base);
}

/* ---- save and restore ---- */

enum { PIPE_VERSION = 2 };
_Static_assert(sizeof(struct pipe) == 168, "another state is another version");

void pipe_save(const struct pipe *pipe, struct state_writer *writer)
{
	state_write_begin(writer, "pipe", PIPE_VERSION);
	state_write(writer, pipe, sizeof *pipe);
	state_write_end(writer);
}

/* The form is that of this timing: what another pipeline would remember, or a longer one, is not settled. */
bool pipe_restore(const struct timing *timing, struct pipe *pipe, struct state_reader *reader)
{
	struct pipe settled;
	pipe_reset(pipe);
	if (!state_read_begin(reader, "pipe", PIPE_VERSION))
		return false;
	state_read(reader, &settled, sizeof settled);
	if (!state_read_end(reader))
		return false;
	*pipe = settled;
	pipe_settle(timing, pipe, 0);
	return memcmp(pipe, &settled, sizeof settled) == 0 ||
	       state_refuse(reader, "pipe: no settled state of this pipeline");
}
