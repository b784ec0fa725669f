/* The half of the pipeline that fetches: requests to the instruction cache, the fetch queue, and redirections. */
#include "timing/pipe_parts.h"

static int place_of(const struct uop *uop) { return (uop->place & 0x7f) * 2; }

/* The earliest request that leaves a place for the target of one more predicted-taken jump. */
static int target_place(const struct timing *timing, const struct pipe *pipe)
{
	return pipe->target_dequeue[timing->fetch_targets - 1] + (int)timing->fetch_targets_free;
}

/* When the next word is requested. `first`: of a redirection. `jumps`: a predicted-taken jump ends in it. */
static int request_word(const struct timing *timing, const struct pipe *pipe, bool first, bool jumps)
{
	int place = pipe->dequeue[timing->fetch_queue - 1] + (int)timing->fetch_queue_free;
	int request = later(pipe->fetch_next, place);
	if (!first)
		request = later(request, target_place(timing, pipe));
	/* where its target finds no place it is requested again */
	if (jumps && request + (int)timing->fetch_scan <= pipe->target_dequeue[timing->fetch_targets - 1])
		request = target_place(timing, pipe);
	return request;
}

int frontend_fetch(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall)
{
	int shift = __builtin_ctz(timing->fetch_bytes), start = place_of(uop);
	int first = start >> shift, last = (start + (int)uop_length(uop) - 1) >> shift;
	bool taken = stall->flow == FLOW_TAKEN && uop->kind != UOP_JALR;
	if (!pipe->redirected && (start - 1) >> shift == first)
		first++;
	for (int word = first; word <= last; word++) {
		int request = request_word(timing, pipe, pipe->redirected && word == first, taken && word == last);
		int wait = pipe->fetch_stall;
		pipe->fetch_stall = 0;
		pipe->fetch_last = (int16_t)(request + wait);
		pipe->fetch_next = (int16_t)(request + wait + 1 + (wait > 0 ? (int)timing->l1i_restart : 0));
	}
	pipe->redirected = 0;
	return pipe->fetch_last;
}

int frontend_dequeue(const struct timing *timing, struct pipe *pipe, int request, int base)
{
	int dequeue = later(request + (int)timing->fetch_issue, base) - (int)timing->decode_issue;
	push_time(pipe->dequeue, PIPE_QUEUE, dequeue);
	return dequeue;
}

void frontend_redirect(struct pipe *pipe, int request)
{
	pipe->fetch_next = (int16_t)request;
	pipe->fetch_last = PIPE_NEVER;
	pipe->redirected = 1;
}

void frontend_jump(const struct timing *timing, struct pipe *pipe, const struct stall *stall, int issue, int dequeue)
{
	if (stall->flow == FLOW_TAKEN) {
		frontend_redirect(pipe, later(pipe->fetch_last + (int)timing->fetch_taken, pipe->fetch_next));
		push_time(pipe->target_dequeue, 2, dequeue);
	} else if (stall->flow == FLOW_WRONG) {
		pipe_forget_fetched(pipe);
		frontend_redirect(pipe, issue + (int)timing->branch_resolve + stall->refetch);
	}
}

/* No queue holds that much, but a line may have been asked for during a long stall. A rule of every step, so that it
 * does not depend on where states are settled. */
void frontend_limit(struct pipe *pipe, int base)
{
	enum { LEAD_MAX = 80 };
	pipe->fetch_next = (int16_t)later(pipe->fetch_next, base - LEAD_MAX);
	if (pipe->fetch_last != PIPE_NEVER)
		pipe->fetch_last = (int16_t)later(pipe->fetch_last, base - LEAD_MAX);
}
