/* The frontend's dynamic half: instruction cache and TLB. */
#include "timing/fetch.h"

#include "base/bus.h"
#include "base/device.h"
#include "timing/hierarchy.h"
#include "timing/translate.h"

void fetch_fill(struct model *model, uint64_t pa)
{
	uint64_t evicted;
	bool dirty;
	cache_fill(&model->l1i, pa, &evicted, &dirty);
	if (evicted != UINT64_MAX)
		model->hart->lines_gone(model->hart, evicted, model->timing->l1i_line);
}

unsigned fetch_miss_cycles(struct model *model, uint64_t pa, uint64_t at)
{
	const struct bus *bus = model->hart->bus;
	unsigned behind = bus_is_dram(bus, pa, 1) ? hierarchy_latency(model, pa, at, false)
	                                          : timing_device(model->timing, bus_device_at(bus, pa, 1)->kind);
	return model->timing->l1i_miss + behind;
}

/* When the hart asks for its next fetch word. */
static uint64_t request_cycle(const struct hart *hart)
{
	return hart->cycle + (uint64_t)(int64_t)hart->model->states.list[hart->pipeline_state].fetch_next;
}

uint16_t fetch_flush(struct model *model)
{
	cache_drop_all(&model->l1i);
	model->hart->lines_gone(model->hart, 0, UINT64_MAX);
	return (uint16_t)model->timing->l1i_flush;
}

static void delay(struct model *model, unsigned cycles)
{
	uint32_t *state = &model->hart->pipeline_state;
	struct pipe pipe = model->states.list[*state];
	pipe.fetch_stall = (int16_t)(pipe.fetch_stall + cycles);
	*state = states_number(&model->states, &pipe);
}

/* Is the page of pc in the fetch TLB? If not: cycles until it is. */
static unsigned enter_page(struct hart *hart, uint64_t pc, struct causes *late)
{
	struct model *model = hart->model;
	uint64_t space = mmu_space(hart, hart->mode), page = pc >> PAGE_SHIFT;
	if (space == model->fetch_space && (!space || page == model->fetch_page))
		return 0;
	model->fetch_space = space;
	model->fetch_page = page;
	if (!space)
		return 0;
	int index = l1_tlb_find(&model->itlb, pc, space);
	if (index >= 0) {
		l1_tlb_touch(&model->itlb, (unsigned)index);
		return 0;
	}
	struct mmu_context context = mmu_context_fetch(hart);
	uint16_t second;
	uint64_t request = request_cycle(hart), at = request > model->walks_from ? request : model->walks_from;
	unsigned held = model->walks_from > request ? (unsigned)(model->walks_from - request) : 0;
	unsigned cycles = translate_walk(model, &model->itlb, pc, at, ACCESS_FETCH, &context, &second, &index);
	model->counts.itlb_misses++;
	model->counts.stall_walk += cycles;
	model->counts.stall_fence += held;
	late->first = (uint16_t)(late->first + cycles - second);
	late->second = (uint16_t)(late->second + second);
	late->fence = (uint16_t)(late->fence + held);
	return cycles + held;
}

/* Instructions of the block that end before `bytes` do. */
static unsigned instructions_within(const struct code_block *code, uint64_t bytes)
{
	unsigned count = 0;
	for (uint64_t end = 0; count < code->count; count++) {
		end += uop_length(&code->uops[count]);
		if (end > bytes)
			break;
	}
	return count;
}

/* Is the page of pc in the fetch TLB? If not, it is now, and the hart later. */
static bool page_was_there(struct hart *hart, uint64_t pc, struct causes *late)
{
	unsigned waits = enter_page(hart, pc, late);
	if (waits)
		delay(hart->model, waits);
	return !waits;
}

/* How many bytes from `pa` on are in the instruction cache, up to `size`; where those of the first instruction are not, a
 * line of them comes in, and the hart is later: MODEL_RETRY. */
static int bytes_present(struct hart *hart, uint64_t pa, uint64_t size, unsigned first, struct causes *late)
{
	struct model *model = hart->model;
	uint64_t line_size = model->timing->l1i_line, page_end = (pa | (PAGE_SIZE - 1)) + 1;
	uint64_t end = pa + size < page_end ? pa + size : page_end;
	for (uint64_t line = pa & -line_size; line < end; line += line_size) {
		if (cache_find(&model->l1i, line) >= 0)
			continue;
		if (line >= pa + first)
			return (int)(line - pa);
		unsigned cycles = fetch_miss_cycles(model, line, request_cycle(hart));
		model->counts.icache_misses++;
		model->counts.stall_icache += cycles;
		late->icache = (uint16_t)(late->icache + cycles);
		fetch_fill(model, line);
		delay(model, cycles);
		return MODEL_RETRY;
	}
	return (int)size;
}

int model_fetch(struct hart *hart, const struct code_block *code, bool resident, struct causes *late)
{
	if (!page_was_there(hart, code->pc, late))
		return MODEL_RETRY;
	if (resident)
		return 0;
	int bytes = bytes_present(hart, code->pa, code->bytes, uop_length(&code->uops[0]), late);
	if (bytes == MODEL_RETRY)
		return MODEL_RETRY;
	return bytes >= code->bytes ? 0 : (int)instructions_within(code, (uint64_t)bytes);
}

/* Bytes of the instruction at pa; 0: nobody has any there. */
static unsigned length_at(const struct hart *hart, uint64_t pa)
{
	const uint8_t *bytes = bus_fetch(hart->bus, pa, 2);
	return !bytes ? 0 : (bytes[0] & 3) == 3 ? 4 : 2;
}

int model_fetch_ahead(struct hart *hart, uint64_t pa, struct causes *late)
{
	unsigned count = 0;
	if (!page_was_there(hart, hart->pc, late))
		return MODEL_RETRY;
	int bytes = bytes_present(hart, pa, CODE_MAX * UINT64_C(4), length_at(hart, pa), late);
	uint64_t page_end = (pa | (PAGE_SIZE - 1)) + 1;
	if (bytes == MODEL_RETRY)
		return MODEL_RETRY;
	for (uint64_t at = pa, end = pa + (uint64_t)bytes; count < CODE_MAX && at < page_end; count++) {
		unsigned length = length_at(hart, at);
		at += length;
		if (!length || at > end)
			break;
	}
	return (int)count;
}
