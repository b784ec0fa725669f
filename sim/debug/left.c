#include "debug/left.h"

#include <stdlib.h>
#include <string.h>
#include "debug/source.h"

static struct left *slot(const struct debugger *debugger, unsigned hart, enum mode mode, bool same)
{
	return &debugger->source->left[(hart * MODE_COUNT + mode) * 2 + same];
}

static size_t slots(const struct debugger *debugger) { return (size_t)debugger->machine->hart_count * MODE_COUNT * 2; }

void left_save(const struct debugger *debugger, struct state_writer *writer)
{
	state_write(writer, debugger->source->left, slots(debugger) * sizeof *debugger->source->left);
}

bool left_restore(struct debugger *debugger, struct state_reader *reader)
{
	return state_read(reader, debugger->source->left, slots(debugger) * sizeof *debugger->source->left);
}

bool left_open(struct debugger *debugger)
{
	debugger->source->left = calloc(slots(debugger), sizeof *debugger->source->left);
	return debugger->source->left != NULL;
}

void left_close(struct debugger *debugger)
{
	free(debugger->source->left);
	debugger->source->left = NULL;
}

static uint64_t space_of(const struct hart *hart, enum mode mode)
{
	return mode == MODE_M ? 0 : mode_virt(mode) ? hart->csr.vsatp : hart->csr.satp;
}

static uint64_t stage2_of(const struct hart *hart, enum mode mode) { return mode_virt(mode) ? hart->csr.hgatp : 0; }

/* More privileged than it was: only a return leads back. */
static bool is_way_back(enum mode from, enum mode to)
{
	static const unsigned ranks[] = {[MODE_M] = 4, [MODE_HS] = 3, [MODE_U] = 2, [MODE_VS] = 2, [MODE_VU] = 1};
	return ranks[to] < ranks[from];
}

static void keep_left(struct debugger *debugger, const struct hart *hart, const struct trace_event *event)
{
	const struct trap_route route = trap_route(hart, &hart->trap);
	struct left *left = slot(debugger, hart->id, route.to, route.from == route.to);
	*left = (struct left){
	    .valid = true,
	    .frame = {.pc = event->pc, .exact = true, .known = UINT32_MAX},
	    .mode = route.from,
	    .space = space_of(hart, route.from),
	    .stage2 = stage2_of(hart, route.from),
	    .cycle = event->cycle,
	    .interrupt = route.interrupt,
	    .cause = route.cause,
	};
	memcpy(left->frame.x, hart->x, sizeof left->frame.x);
	left->frame.x[0] = 0;
}

void left_hear(struct debugger *debugger, struct hart *hart, const struct trace_event *event)
{
	if (event->type == TRACE_TRAP)
		keep_left(debugger, hart, event);
	if (event->type != TRACE_WORLD)
		return;
	for (enum mode mode = 0; mode < MODE_COUNT; mode++)
		if (event->value[0] == TRACE_RESET || (mode == event->from && is_way_back(event->from, event->mode)))
			slot(debugger, event->hart, mode, false)->valid =
			    slot(debugger, event->hart, mode, true)->valid = false;
}

const struct left *left_by(const struct debugger *debugger, const struct hart *hart, enum mode mode, bool same)
{
	const struct left *left = slot(debugger, hart->id, mode, same);
	/* time may have been taken back to before it happened */
	return left->valid && left->cycle <= hart->cycle ? left : NULL;
}

bool left_is_mapped(const struct hart *hart, const struct left *left)
{
	return left->space == space_of(hart, left->mode) && left->stage2 == stage2_of(hart, left->mode);
}
