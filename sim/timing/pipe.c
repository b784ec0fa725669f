#include "timing/pipe.h"

#include <assert.h>
#include <string.h>

static int later(int a, int b) { return a > b ? a : b; }

static void forget_past(int16_t *times, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		times[i] = PIPE_NEVER;
}

/* Newest first: put one in front. */
static void push_time(int16_t *times, unsigned count, int time)
{
	memmove(times + 1, times, (count - 1) * sizeof *times);
	times[0] = (int16_t)time;
}

static void forget_results(struct pipe *pipe)
{
	for (unsigned i = 0; i < PIPE_PENDING; i++) {
		pipe->pending[i].reg = pipe->pending[i].csr = 0;
		pipe->pending[i].ready = PIPE_NEVER;
	}
}

static void forget_fetched(struct pipe *pipe)
{
	forget_past(pipe->pop, PIPE_QUEUE);
	forget_past(pipe->target_pop, 2);
	pipe->fetch_last = PIPE_NEVER;
}

/* Everything issued and not committed is thrown away; what is on its way to memory stays. */
static void forget_issued(struct pipe *pipe)
{
	pipe->alu_free = pipe->alu_port = pipe->fdiv_free = PIPE_NEVER;
	pipe->mem_issue = pipe->mem_pop = pipe->mem_pop_before = PIPE_NEVER;
	forget_past(pipe->commit, PIPE_WINDOW);
	forget_past(pipe->store_commit, PIPE_STORES);
	forget_results(pipe);
	pipe->used = 0;
	pipe->commits = 0;
	pipe->commit_alone = 0;
}

void pipe_reset(struct pipe *pipe)
{
	memset(pipe, 0, sizeof *pipe);
	forget_issued(pipe);
	forget_fetched(pipe);
	forget_past(pipe->store_gone, PIPE_STORES);
	pipe->load_port = pipe->committed = pipe->drain = PIPE_NEVER;
	pipe->redirected = 1;
}

/* ---- fetch ---- */

static int place_of(const struct uop *uop) { return (uop->place & 0x7f) * 2; }
static int length_of(const struct uop *uop) { return uop->place & 0x80 ? 4 : 2; }

/* Request the fetch words that the instruction still needs; the request of its last one. */
static int pipe_fetch(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall)
{
	int shift = __builtin_ctz(timing->fetch_bytes), start = place_of(uop);
	int first = start >> shift, last = (start + length_of(uop) - 1) >> shift;
	unsigned missed = 0;
	bool taken = stall->flow == FLOW_TAKEN && uop->kind != UOP_JALR;
	if (!pipe->redirected && (start - 1) >> shift == first)
		first++;
	for (int word = first; word <= last; word++) {
		int request = later(pipe->fetch_next, pipe->pop[timing->fetch_queue - 1] + 1);
		if (!pipe->redirected || word > first)
			request = later(request, pipe->target_pop[timing->fetch_targets - 1] + 1);
		if (taken && word == last && request + 2 <= pipe->target_pop[timing->fetch_targets - 1])
			request = pipe->target_pop[timing->fetch_targets - 1] + 1;
		int late = missed < 2 ? stall->fetch[missed++] : 0;
		late += pipe->fetch_late;
		pipe->fetch_late = 0;
		pipe->fetch_last = (int16_t)(request + late);
		pipe->fetch_next = (int16_t)(request + late + 1 + (late > 0));
	}
	pipe->redirected = 0;
	return pipe->fetch_last;
}

/* ---- issue ---- */

static int operands_ready(const struct pipe *pipe, const struct uop *uop)
{
	int ready = 0;
	for (unsigned i = 0; i < PIPE_PENDING; i++)
		for (unsigned s = 0; s < 3; s++)
			if (uop->rs[s] && pipe->pending[i].reg == uop->rs[s])
				ready = later(ready, pipe->pending[i].ready);
	return ready;
}

static void set_result(struct pipe *pipe, uint8_t reg, int ready)
{
	unsigned slot = 0;
	if (!reg)
		return;
	for (unsigned i = 0; i < PIPE_PENDING; i++) {
		if (pipe->pending[i].reg == reg) {
			slot = i;
			break;
		}
		if (pipe->pending[i].ready < pipe->pending[slot].ready)
			slot = i;
	}
	pipe->pending[slot].reg = reg;
	pipe->pending[slot].ready = (int16_t)ready;
}

static bool uses_alu(const struct uop *uop)
{
	return uop->kind <= UOP_JALR || uop->kind == UOP_CSR;
}

static bool uses_memory(const struct uop *uop)
{
	return uop->kind == UOP_LOAD || uop->kind == UOP_STORE || uop->kind == UOP_AMO;
}

/* The queue in front of the data cache takes one more only while it is empty, or in the cycle after it was. Without one
 * an access issues when the one before it has reached the cache. */
static int memory_ready(const struct timing *timing, const struct pipe *pipe, int issue)
{
	if (timing->lsu_queue == 1)
		return later(issue, pipe->mem_pop);
	issue = later(issue, pipe->mem_pop_before + 1);
	issue = later(issue, pipe->mem_issue + 1);
	return issue > pipe->mem_issue + 1 ? later(issue, pipe->mem_pop + 1) : issue;
}

static int unit_ready(const struct timing *timing, const struct pipe *pipe, const struct uop *uop, int issue)
{
	if (uses_alu(uop)) {
		issue = later(issue, pipe->alu_free);
		if (timing->mul_port && uop->kind != UOP_MUL && uop->kind != UOP_DIV)
			issue = later(issue, pipe->alu_port + 1);
	}
	if (uop->kind == UOP_FDIV || uop->kind == UOP_FPU)
		issue = later(issue, pipe->fdiv_free);
	if (uses_memory(uop))
		issue = memory_ready(timing, pipe, issue);
	return issue;
}

/* Of two issue slots one alone leads to the multiplier, the divider, the branch unit and the FPU. */
static bool takes_single(const struct uop *uop)
{
	switch (uop->kind) {
	case UOP_MUL:
	case UOP_DIV:
	case UOP_BRANCH:
	case UOP_JAL:
	case UOP_JALR:
	case UOP_FPU:
	case UOP_FDIV:
		return true;
	default:
		return false;
	}
}

static int slot_ready(const struct pipe *pipe, const struct uop *uop, int base, int issue)
{
	return issue == base && pipe->used & USED_SINGLE && takes_single(uop) ? base + 1 : issue;
}

/* Count the slot; the base of the next instruction. */
static int take_slot(const struct timing *timing, struct pipe *pipe, const struct uop *uop, int base, int issue)
{
	if (issue > base)
		pipe->used = 0;
	pipe->used++;
	if ((pipe->used & ~USED_SINGLE) >= (int)timing->issue_width) {
		pipe->used = 0;
		return issue + 1;
	}
	if (takes_single(uop))
		pipe->used |= USED_SINGLE;
	return issue;
}

/* ---- units: when the instruction is done, and when its result can be used ---- */

struct done {
	int written; /* commit may happen in the next cycle */
	int ready;
	int alu_free;
	int access; /* of the data cache */
};

static int enter_memory(struct pipe *pipe, int issue)
{
	int start = later(issue + 1, pipe->mem_pop + 1);
	pipe->mem_pop_before = pipe->mem_pop;
	pipe->mem_issue = (int16_t)issue;
	return start;
}

static struct done pipe_load(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall,
                        int issue)
{
	int start = enter_memory(pipe, issue), grant = later(start, pipe->load_port);
	if (timing->store_conflict && stall->conflict && pipe->store_gone[stall->conflict - 1] > start)
		grant = later(grant, later(start + 1, pipe->store_gone[stall->conflict - 1]) + 1);
	grant += stall->translate;
	pipe->mem_pop = (int16_t)grant;
	pipe->load_port = (int16_t)(grant + 1 + (stall->memory ? stall->memory + 1 : 0));
	int ready = grant + uop->latency - 1 + stall->memory;
	return (struct done){ready, ready, PIPE_NEVER, grant};
}

static struct done pipe_store(const struct timing *timing, struct pipe *pipe, const struct stall *stall, int issue)
{
	int start = enter_memory(pipe, issue);
	start = later(start, pipe->store_commit[timing->store_buffer - 1]);
	start += stall->translate;
	pipe->mem_pop = (int16_t)(start + stall->memory);
	return (struct done){start + 1 + stall->memory, issue + 1, PIPE_NEVER, start};
}

static struct done divide(const struct stall *stall, int issue)
{
	/* A result of zero steps is ready before the unit is. */
	return (struct done){issue + stall->unit - 1, issue + stall->unit - 1, issue + stall->unit, 0};
}

static struct done pipe_execute(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall,
                           int issue)
{
	switch (uop->kind) {
	case UOP_MUL:
		pipe->alu_port = (int16_t)(issue + 1);
		return (struct done){issue + uop->latency, issue + uop->latency, PIPE_NEVER, 0};
	case UOP_DIV:
		pipe->alu_port = (int16_t)(issue + 1);
		return divide(stall, issue);
	case UOP_LOAD:
		return pipe_load(timing, pipe, uop, stall, issue);
	case UOP_STORE:
		return pipe_store(timing, pipe, stall, issue);
	case UOP_AMO: {
		struct stall access = {.translate = stall->translate}; /* memory is asked at commit */
		struct done done = pipe_store(timing, pipe, &access, issue);
		done.written++;
		return done;
	}
	case UOP_FPU:
		return (struct done){issue + uop->latency, issue + uop->latency, PIPE_NEVER, 0};
	case UOP_FDIV:
		pipe->fdiv_free = (int16_t)(issue + stall->unit);
		return (struct done){issue + stall->unit, issue + stall->unit, PIPE_NEVER, 0};
	case UOP_CSR:
		return (struct done){issue + 1, issue + (int)timing->csr, PIPE_NEVER, 0};
	case UOP_NONE:
		return (struct done){issue, issue, PIPE_NEVER, 0};
	default:
		return (struct done){issue + (int)timing->alu, issue + (int)timing->alu, PIPE_NEVER, 0};
	}
}

/* ---- commit ---- */

static bool commits_second(const struct uop *uop)
{
	return uop->kind <= UOP_LOAD || uop->kind == UOP_FPU || uop->kind == UOP_FDIV;
}

static int commit(const struct timing *timing, struct pipe *pipe, const struct uop *uop, int earliest, bool trap)
{
	bool shares = commits_second(uop) && !trap && !pipe->commit_alone && pipe->commits < timing->commit_width;
	int time = later(earliest, pipe->committed + !shares);
	if (uop->flags & UOP_DRAIN)
		time = later(time, later(pipe->committed + 1, pipe->drain + (int)timing->store_memory));
	pipe->commits = time == pipe->committed ? (uint8_t)(pipe->commits + 1) : 1;
	pipe->committed = (int16_t)time;
	pipe->commit_alone = uop->kind == UOP_CSR || uop->kind == UOP_AMO;
	return time;
}

/* A committed store goes to the cache in order, one a cycle. */
static void drain_store(struct pipe *pipe, int commit)
{
	int gone = later(commit + 2, pipe->store_gone[0] + 1);
	push_time(pipe->store_commit, PIPE_STORES, commit);
	push_time(pipe->store_gone, PIPE_STORES, gone);
	pipe->drain = (int16_t)gone;
}

/* ---- control flow ---- */

static void redirect(struct pipe *pipe, int request)
{
	pipe->fetch_next = (int16_t)request;
	pipe->fetch_last = PIPE_NEVER;
	pipe->redirected = 1;
}

static void follow(const struct timing *timing, struct pipe *pipe, const struct stall *stall, int issue, int pop)
{
	if (stall->flow == FLOW_TAKEN) {
		redirect(pipe, later(pipe->fetch_last + (int)timing->fetch_taken, pipe->fetch_next));
		push_time(pipe->target_pop, 2, pop);
	} else if (stall->flow == FLOW_WRONG) {
		forget_fetched(pipe);
		redirect(pipe, issue + (int)timing->branch_resolve + stall->refetch);
	}
}

static int flush(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall, int commit)
{
	bool trap = stall->trap || uop->flags & UOP_RETURN;
	int next = commit + (int)(trap ? timing->trap_refetch : timing->flush_refetch);
	forget_issued(pipe);
	forget_fetched(pipe);
	pipe->committed = PIPE_NEVER;
	redirect(pipe, next + stall->refetch);
	return next;
}

/* How far fetch can be ahead of issue. No queue holds that much, but a line may have been asked for during a long
 * stall. A rule of every step, so that it does not depend on where states are settled. */
static void limit_lead(struct pipe *pipe, int base)
{
	enum { LEAD_MAX = 80 };
	pipe->fetch_next = (int16_t)later(pipe->fetch_next, base - LEAD_MAX);
	if (pipe->fetch_last != PIPE_NEVER)
		pipe->fetch_last = (int16_t)later(pipe->fetch_last, base - LEAD_MAX);
}

void pipe_step(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall,
               struct pipe_times *times)
{
	int base = times->next, last = pipe_fetch(timing, pipe, uop, stall);
	int pop = later(last + (int)timing->fetch_issue - 1, base - 1);
	int issue = later(later(base, pop + 1), pipe->commit[timing->rob_entries - 1] + 1);
	issue = later(issue, operands_ready(pipe, uop));
	issue = slot_ready(pipe, uop, base, unit_ready(timing, pipe, uop, issue));
	push_time(pipe->pop, PIPE_QUEUE, pop);

	bool trap = stall->trap != 0;
	struct done done = pipe_execute(timing, pipe, uop, stall, issue);
	int time = commit(timing, pipe, uop, trap ? issue + stall->trap : done.written + 1, trap);
	if (uop->kind == UOP_AMO)
		time = pipe->committed = (int16_t)(time + (int)timing->amo + stall->memory);
	times->issue = issue;
	times->commit = time;
	times->access = done.access;
	times->fetch = last;
	if (trap || uop->flags & UOP_FLUSH) {
		times->window = uop->flags & UOP_RETURN ? last : time - 2;
		times->next = times->restart = flush(timing, pipe, uop, stall, time);
		return;
	}
	if (uop->kind == UOP_CSR && timing->csr_serial) {
		done.ready = time + 1;
		done.alu_free = time;
	}
	if (uop->kind == UOP_AMO)
		done.ready = time + 1;
	if (uop->kind == UOP_STORE)
		drain_store(pipe, time);
	if (done.alu_free > pipe->alu_free)
		pipe->alu_free = (int16_t)done.alu_free;
	set_result(pipe, uop->rd, done.ready);
	push_time(pipe->commit, PIPE_WINDOW, time);
	follow(timing, pipe, stall, issue, pop);
	times->window = issue + (int)timing->branch_resolve - 3;
	times->restart = issue + (int)timing->branch_resolve;
	times->next = take_slot(timing, pipe, uop, base, issue);
	limit_lead(pipe, times->next);
}

/* ---- the one form of a state ---- */

/* A time at or before `limit` has no effect any more. */
static void keep_time(int16_t *time, int base, int limit)
{
	if (*time == PIPE_NEVER)
		return;
	*time = (int16_t)(*time - base);
	if (*time <= limit)
		*time = PIPE_NEVER;
}

static void keep_fetch(const struct timing *timing, struct pipe *pipe, int base)
{
	if (pipe->fetch_last != PIPE_NEVER)
		pipe->fetch_last = (int16_t)(pipe->fetch_last - base);
	pipe->fetch_next = (int16_t)(pipe->fetch_next - base);
	for (unsigned i = 0; i < PIPE_QUEUE; i++) {
		keep_time(&pipe->pop[i], base, pipe->fetch_next - 1);
		if (i >= timing->fetch_queue)
			pipe->pop[i] = PIPE_NEVER;
	}
	keep_time(&pipe->target_pop[0], base, pipe->fetch_next - 1);
	keep_time(&pipe->target_pop[1], base, pipe->fetch_next - 1);
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

void pipe_settle(const struct timing *timing, struct pipe *pipe, int base)
{
	keep_fetch(timing, pipe, base);
	keep_time(&pipe->alu_free, base, 0);
	keep_time(&pipe->alu_port, base, -1);
	keep_time(&pipe->fdiv_free, base, 0);
	keep_time(&pipe->mem_pop, base, -1);
	keep_time(&pipe->mem_pop_before, base, -1);
	keep_time(&pipe->mem_issue, base, -2);
	if (pipe->mem_pop == PIPE_NEVER)
		pipe->mem_issue = timing->issue_width > 1 && pipe->mem_issue == 0 ? 0 : PIPE_NEVER;
	keep_time(&pipe->load_port, base, 1);
	keep_time(&pipe->drain, base, -(int)timing->store_memory);
	for (unsigned i = 0; i < PIPE_STORES; i++) {
		keep_time(&pipe->store_commit[i], base, 1);
		keep_time(&pipe->store_gone[i], base, 1);
		if (!timing->store_conflict && i)
			pipe->store_gone[i] = PIPE_NEVER;
		if (i >= timing->store_buffer)
			pipe->store_commit[i] = PIPE_NEVER;
	}
	for (unsigned i = 0; i < PIPE_WINDOW; i++) {
		/* the entry is needed by the instruction that comes window - 1 - i after the next one */
		keep_time(&pipe->commit[i], base, (int)(((pipe->used & ~USED_SINGLE) + timing->rob_entries - 1 - i) / timing->issue_width) - 1);
		if (i >= timing->rob_entries)
			pipe->commit[i] = PIPE_NEVER;
	}
	keep_time(&pipe->committed, base, 0);
	if (pipe->committed == PIPE_NEVER)
		pipe->commits = pipe->commit_alone = 0;
	keep_results(pipe, base);
}
