/* The half of the pipeline that issues, executes and commits, in order; and the step through both halves. */
#include "timing/pipe_parts.h"

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

/* In the place of the register's last result, or of the result that is ready first. */
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

static bool uses_alu(const struct uop *uop) { return uop->kind <= UOP_JALR || uop->kind == UOP_CSR; }

static bool uses_memory(const struct uop *uop)
{
	return uop->kind == UOP_LOAD || uop->kind == UOP_STORE || uop->kind == UOP_AMO;
}

/* A queue of 2 in front of the data cache takes one more while it is empty, or in the cycle after it took one while
 * it was. Without a queue an access issues when the one before it has got at the cache. */
static int memory_ready(const struct timing *timing, const struct pipe *pipe, int issue)
{
	const int place = (int)timing->lsu_queue_free;
	if (timing->lsu_queue == 1)
		return later(issue, pipe->mem_access);
	issue = later(issue, pipe->mem_access_before + place);
	issue = later(issue, pipe->mem_issue + 1);
	return issue > pipe->mem_issue + 1 ? later(issue, pipe->mem_access + place) : issue;
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

/* Of two issue slots a single one leads to the multiplier, the divider, the branch unit and the FPU. */
static bool takes_single(const struct uop *uop)
{
	switch (uop->kind) {
	case UOP_MUL:
	case UOP_DIV:
	case UOP_BRANCH:
	case UOP_JAL:
	case UOP_JALR:
	case UOP_FPU:
	case UOP_FDIV: return true;
	default: return false;
	}
}

static int slot_ready(const struct pipe *pipe, const struct uop *uop, int base, int issue)
{
	return issue == base && pipe->used & USED_SINGLE && takes_single(uop) ? base + 1 : issue;
}

static int earliest_issue(const struct timing *timing, const struct pipe *pipe, const struct uop *uop, int base,
                          int dequeue)
{
	int window = pipe->commit[timing->rob_entries - 1] + (int)timing->rob_free;
	int issue = later(later(base, dequeue + (int)timing->decode_issue), window);
	issue = later(issue, operands_ready(pipe, uop));
	return slot_ready(pipe, uop, base, unit_ready(timing, pipe, uop, issue));
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

/* ---- units ---- */

struct done {
	int result; /* commit may follow, commit.after_result later */
	int ready; /* what reads rd may issue */
	int alu_free; /* earliest issue to an integer unit after it */
	int access; /* of the data cache */
};

static struct done done_after(int issue, unsigned cycles)
{
	int result = issue + (int)cycles;
	return (struct done){result, result, PIPE_NEVER, 0};
}

/* Accesses go to the data cache in order, one a cycle. Returns the earliest of this one. */
static int enter_memory(const struct timing *timing, struct pipe *pipe, int issue)
{
	int access = later(issue + (int)timing->lsu_access, pipe->mem_access + 1);
	pipe->mem_access_before = pipe->mem_access;
	pipe->mem_issue = (int16_t)issue;
	return access;
}

/* A load from a device is no guess: all before it has committed, and the device asked before it has answered. Returns
 * when it goes there. */
static int wait_for_device(struct pipe *pipe, const struct stall *stall, int access)
{
	access = later(later(access, pipe->committed + 1), pipe->device_free);
	pipe->device_free = (int16_t)(access + stall->device);
	return access;
}

static struct done execute_load(const struct timing *timing, struct pipe *pipe, const struct uop *uop,
                                const struct stall *stall, int issue)
{
	int start = enter_memory(timing, pipe, issue), access = later(start, pipe->load_port);
	if (timing->store_conflict && stall->conflict && pipe->store_drain[stall->conflict - 1] > start)
		access = later(access, pipe->store_drain[stall->conflict - 1] + (int)timing->store_retry);
	access += stall->translate;
	if (stall->device)
		access = wait_for_device(pipe, stall, access);
	const int waits = stall->memory + stall->device;
	pipe->mem_access = (int16_t)access;
	pipe->load_port = (int16_t)(access + 1 + (waits ? waits + (int)timing->l1d_restart : 0));
	int ready = access - (int)timing->lsu_access + uop->latency + waits;
	return (struct done){ready, ready, PIPE_NEVER, access};
}

/* `buffered`: from the access until it waits for commit. */
static struct done execute_store(const struct timing *timing, struct pipe *pipe, unsigned translate, unsigned memory,
                                 unsigned buffered, int issue)
{
	int access = enter_memory(timing, pipe, issue);
	access = later(access, pipe->store_commit[timing->store_buffer - 1]) + (int)translate;
	pipe->mem_access = (int16_t)(access + (int)memory);
	return (struct done){access + (int)(buffered + memory), issue + 1, PIPE_NEVER, access};
}

static struct done execute_division(const struct timing *timing, struct pipe *pipe, const struct stall *stall,
                                    int issue)
{
	int end = issue + stall->unit, result = end - (int)timing->div_busy;
	pipe->alu_port = (int16_t)(issue + 1);
	return (struct done){result, result, end, 0};
}

static struct done execute(const struct timing *timing, struct pipe *pipe, const struct uop *uop,
                           const struct stall *stall, int issue)
{
	switch (uop->kind) {
	case UOP_MUL: pipe->alu_port = (int16_t)(issue + 1); return done_after(issue, uop->latency);
	case UOP_DIV: return execute_division(timing, pipe, stall, issue);
	case UOP_LOAD: return execute_load(timing, pipe, uop, stall, issue);
	case UOP_STORE:
		return execute_store(timing, pipe, stall->translate, stall->memory, timing->store_buffered, issue);
	case UOP_AMO: /* memory is asked at commit */
		return execute_store(timing, pipe, stall->translate, 0, timing->amo_buffered, issue);
	case UOP_FPU: return done_after(issue, uop->latency);
	case UOP_FDIV: pipe->fdiv_free = (int16_t)(issue + stall->unit); return done_after(issue, stall->unit);
	case UOP_CSR: return (struct done){issue + (int)timing->csr_buffered, issue + (int)timing->csr, PIPE_NEVER, 0};
	case UOP_NONE: return done_after(issue, 0);
	default: return done_after(issue, timing->alu);
	}
}

/* ---- commit ---- */

static bool commits_second(const struct uop *uop)
{
	return uop->kind <= UOP_LOAD || uop->kind == UOP_FPU || uop->kind == UOP_FDIV;
}

static int commit(const struct timing *timing, struct pipe *pipe, const struct uop *uop, int earliest, bool trap)
{
	bool shares = commits_second(uop) && !trap && !pipe->commit_exclusive && pipe->commits < timing->commit_width;
	int time = later(earliest, pipe->committed + !shares);
	if (uop->flags & UOP_DRAIN)
		time = later(later(time, pipe->device_free),
		             later(pipe->committed + 1, pipe->drained + (int)timing->store_memory));
	pipe->commits = time == pipe->committed ? (uint8_t)(pipe->commits + 1) : 1;
	pipe->commit_exclusive = uop->kind == UOP_CSR || uop->kind == UOP_AMO;
	pipe->committed = (int16_t)time;
	return time;
}

/* A committed store goes to the cache in order, one a cycle. */
static void drain_store(const struct timing *timing, struct pipe *pipe, int commit)
{
	int drain = later(commit + (int)timing->store_drain, pipe->store_drain[0] + 1);
	push_time(pipe->store_commit, PIPE_STORES, commit);
	push_time(pipe->store_drain, PIPE_STORES, drain);
	pipe->drained = (int16_t)drain;
}

/* The instruction flushes the pipeline. Returns the usual request of what follows: the new base. */
static int flush(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall,
                 int commit)
{
	bool trap = stall->trap || uop->flags & UOP_RETURN;
	int next = commit + (int)(trap ? timing->trap_refetch : timing->flush_refetch);
	pipe_forget_issued(pipe);
	pipe_forget_fetched(pipe);
	pipe->committed = PIPE_NEVER;
	frontend_redirect(pipe, next + stall->refetch);
	return next;
}

/* ---- the step ---- */

/* The instruction has committed, and no flush takes what it leaves: its result, its store, its place in the
 * scoreboard. */
static void retire(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall,
                   struct done done, int commit)
{
	if (uop->kind == UOP_CSR && timing->csr_serial) {
		done.ready = commit + (int)timing->commit_forward;
		done.alu_free = commit;
	}
	if (uop->kind == UOP_AMO)
		done.ready = commit + (int)timing->commit_forward;
	if (uop->kind == UOP_STORE)
		drain_store(timing, pipe, commit);
	if (uop->kind == UOP_STORE && stall->device)
		pipe->device_free = (int16_t)(pipe->drained + stall->device);
	if (done.alu_free > pipe->alu_free)
		pipe->alu_free = (int16_t)done.alu_free;
	set_result(pipe, uop->rd, done.ready);
	push_time(pipe->commit, PIPE_WINDOW, commit);
}

void pipe_step(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall,
               struct pipe_times *times)
{
	const int base = times->next;
	const bool trap = stall->trap != 0;
	times->fetch = frontend_fetch(timing, pipe, uop, stall);
	const int dequeue = frontend_dequeue(timing, pipe, times->fetch, base);
	const int issue = earliest_issue(timing, pipe, uop, base, dequeue);

	struct done done = execute(timing, pipe, uop, stall, issue);
	int committable = trap ? issue + (int)timing->trap_commit + stall->trap - 1
	                       : done.result + (int)timing->commit_result;
	if (uop->kind == UOP_STORE && stall->device) /* nobody waits for it, but there is one on its way at a time */
		committable = later(committable, pipe->device_free);
	int time = commit(timing, pipe, uop, committable, trap);
	if (uop->kind == UOP_AMO)
		time = pipe->committed = (int16_t)(time + (int)timing->amo + stall->memory);
	times->issue = issue;
	times->commit = time;
	times->access = done.access;
	if (trap || uop->flags & UOP_FLUSH) {
		times->killed = uop->flags & UOP_RETURN ? times->fetch + (int)timing->fetch_kill : time;
		times->next = times->restart = flush(timing, pipe, uop, stall, time);
		return;
	}
	retire(timing, pipe, uop, stall, done, time);
	frontend_jump(timing, pipe, stall, issue, dequeue);
	times->restart = issue + (int)timing->branch_resolve;
	times->killed = times->restart - (int)timing->branch_kill;
	times->next = take_slot(timing, pipe, uop, base, issue);
	frontend_limit(pipe, times->next);
}
