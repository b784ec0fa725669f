#include "timing/memo.h"

#include <string.h>

/* By nothing that depends on the host or on how ops look: which memos displace each other shows in how often the
 * engine asks its TLB. */
static struct memo *memo_slot(struct model *model, const struct code_block *code, unsigned count,
                              const struct stall *stall)
{
	uint64_t bits[2];
	_Static_assert(sizeof *stall == sizeof bits, "a stall is two words");
	memcpy(bits, stall, sizeof *stall);
	uint64_t place = (code->pc + ((uint64_t)code->state << 32) + count) * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t what = bits[0] * UINT64_C(0xc2b2ae3d27d4eb4f) + bits[1] * UINT64_C(0x165667b19e3779f9);
	return &model->memo[(place ^ what) >> 48 & (MEMO_ENTRIES - 1)];
}

struct memo *memo_run(struct model *model, const struct code_block *code, unsigned count, const struct stall *stall)
{
	static const struct stall no_stall;
	struct memo *memo = memo_slot(model, code, count, stall);
	if (code->lasting && memo->code == code && memo->count == count &&
	    memcmp(&memo->stall, stall, sizeof *stall) == 0)
		return memo;
	struct pipe pipe = model->states.list[code->state];
	struct pipe_times times = {0};
	for (unsigned i = 0; i < count; i++)
		pipe_step(model->timing, &pipe, &code->uops[i], i + 1 == count ? stall : &no_stall, &times);
	pipe_settle(model->timing, &pipe, times.next);
	*memo = (struct memo){
	    .code = code->lasting ? code : NULL,
	    .count = count,
	    .stall = *stall,
	    .state = states_number(&model->states, &pipe),
	    .times = times,
	};
	return memo;
}

uint64_t memo_access_cycle(struct model *model)
{
	const struct hart *hart = model->hart;
	unsigned count = (unsigned)(hart->retired - hart_block_insns(hart)) + 1;
	const struct memo *memo = memo_run(model, hart->code, count, &model->outcome.stall);
	return hart_block_cycle(hart) + (uint64_t)(int64_t)memo->times.access;
}
