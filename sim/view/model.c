#include "view/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VMID_LOW = 44, VMID_MASK = 0x3fff, BUCKETS = 1 << 16, BUCKETS_MOST = 1 << 14, BUCKETS_LEAST = 1 << 10 };

int view_model_init(struct view_model *model, unsigned hart_count, uint64_t width)
{
	size_t count = BUCKETS / hart_count;
	*model = (struct view_model){.hart_count = hart_count, .width = width};
	model->bucket_count = count > BUCKETS_MOST ? BUCKETS_MOST : count < BUCKETS_LEAST ? BUCKETS_LEAST : count;
	model->harts = calloc(hart_count, sizeof(*model->harts));
	for (unsigned i = 0; model->harts && i < hart_count; i++) {
		struct view_hart *hart = &model->harts[i];
		hart->buckets = calloc(model->bucket_count, sizeof(*hart->buckets));
		hart->recent.spans = malloc(VIEW_RECENT * sizeof(*hart->recent.spans));
		hart->recent.exits = malloc(VIEW_RECENT * sizeof(*hart->recent.exits));
		if (!hart->buckets || !hart->recent.spans || !hart->recent.exits)
			return -1;
	}
	return model->harts ? 0 : -1;
}

void view_model_free(struct view_model *model)
{
	for (unsigned i = 0; model->harts && i < model->hart_count; i++) {
		free(model->harts[i].buckets);
		free(model->harts[i].recent.spans);
		free(model->harts[i].recent.exits);
	}
	free(model->harts);
	model->harts = NULL;
}

void view_model_clear(struct view_model *model)
{
	for (unsigned i = 0; i < model->hart_count; i++) {
		struct view_hart *hart = &model->harts[i];
		memset(hart->buckets, 0, model->bucket_count * sizeof(*hart->buckets));
		struct view_recent recent = {.spans = hart->recent.spans, .exits = hart->recent.exits};
		*hart = (struct view_hart){.buckets = hart->buckets, .recent = recent};
	}
	model->zone_count = model->cause_count = model->slowest_count = 0;
	model->exits = 0;
}

/* ---- buckets ---- */

/* Their width is a power of two. */
static uint64_t bucket_number(const struct view_model *model, uint64_t cycle)
{
	return cycle >> __builtin_ctzll(model->width);
}

static void add_bucket(struct view_bucket *into, const struct view_bucket *from)
{
	for (unsigned i = 0; i < VIEW_CLASSES; i++)
		into->cycles[i] += from->cycles[i];
	for (unsigned i = 0; i < VIEW_CAUSES; i++)
		into->exits[i] += from->exits[i];
	if (from->longest > into->longest)
		into->longest = from->longest;
}

/* Two buckets become one, until this cycle has its own. */
static void reach_cycle(struct view_model *model, uint64_t cycle)
{
	while (bucket_number(model, cycle) >= model->bucket_count) {
		size_t half = model->bucket_count / 2;
		for (unsigned i = 0; i < model->hart_count; i++) {
			struct view_bucket *buckets = model->harts[i].buckets;
			for (size_t j = 0; j < half; j++) {
				struct view_bucket both = buckets[2 * j];
				add_bucket(&both, &buckets[2 * j + 1]);
				buckets[j] = both;
			}
			memset(buckets + half, 0, half * sizeof(*buckets));
		}
		model->width *= 2;
	}
}

static void count_span(struct view_model *model, struct view_hart *hart, const struct view_span *span)
{
	for (uint64_t at = span->begin; at < span->end;) {
		uint64_t bucket = bucket_number(model, at), next = (bucket + 1) * model->width;
		next = next < span->end ? next : span->end;
		hart->buckets[bucket].cycles[span->class] += next - at;
		at = next;
	}
	hart->recent.spans[hart->recent.span_count++ % VIEW_RECENT] = *span;
}

/* With its last `idle` cycles as such. */
static void put_span(struct view_model *model, struct view_hart *hart, struct view_span span, uint64_t idle)
{
	uint64_t length = span.end - span.begin;
	if (length == 0)
		return;
	idle = idle < length ? idle : length;
	struct view_span rest = {span.end - idle, span.end, VIEW_IDLE, span.mode};
	span.end -= idle;
	reach_cycle(model, rest.end);
	hart->idle[span.mode] += idle;
	if (span.end > span.begin)
		count_span(model, hart, &span);
	if (idle != 0)
		count_span(model, hart, &rest);
}

/* ---- exits ---- */

static unsigned cause_row(struct view_model *model, uint64_t cause)
{
	unsigned i = 0;
	while (i < model->cause_count && model->causes[i].cause != cause)
		i++;
	if (i == VIEW_CAUSES)
		return VIEW_CAUSES - 1;
	if (i == model->cause_count)
		model->causes[model->cause_count++] = (struct view_cause){.cause = cause};
	return i;
}

static unsigned zone_number(struct view_model *model, uint64_t hgatp, unsigned guest)
{
	unsigned vmid = (unsigned)(hgatp >> VMID_LOW) & VMID_MASK, i = 0;
	while (i < model->zone_count && model->zones[i].vmid != vmid)
		i++;
	if (i == VIEW_ZONES)
		return VIEW_ZONES - 1;
	struct view_zone *zone = &model->zones[i];
	if (i == model->zone_count) {
		model->zone_count++;
		*zone = (struct view_zone){.vmid = vmid};
		snprintf(zone->name, sizeof(zone->name), "VMID %u", vmid);
	}
	zone->hgatp = hgatp;
	zone->guest = guest ? guest : zone->guest;
	return i;
}

static void keep_slowest(struct view_model *model, const struct view_exit *exit)
{
	unsigned at = model->slowest_count;
	while (at > 0 && view_exit_busy(&model->slowest[at - 1]) < view_exit_busy(exit))
		at--;
	if (at == VIEW_SLOWEST)
		return;
	unsigned last = model->slowest_count < VIEW_SLOWEST ? model->slowest_count++ : VIEW_SLOWEST - 1;
	memmove(&model->slowest[at + 1], &model->slowest[at], (last - at) * sizeof(*exit));
	model->slowest[at] = *exit;
}

static void begin_exit(struct view_model *model, struct view_hart *hart, const struct trace_event *event)
{
	unsigned row = cause_row(model, event->value[0]);
	hart->outside = true;
	hart->exit = (struct view_exit){
	    .begin = event->cycle,
	    .end = event->cycle,
	    .cause = event->value[0],
	    .has_trap = hart->trap.type == TRACE_TRAP && hart->trap.cycle == event->cycle,
	    .pc = hart->trap.pc,
	    .tval = hart->trap.value[1],
	    .hart = event->hart,
	    .zone = (uint8_t)hart->zone,
	    .row = (uint8_t)row,
	};
	reach_cycle(model, event->cycle);
	hart->buckets[bucket_number(model, event->cycle)].exits[row]++;
	model->causes[row].count++;
	model->zones[hart->zone].exits++;
	hart->exits++;
	model->exits++;
}

/* Where the exit waited is known by how long: in what took longest. */
static void release_held(struct view_model *model, struct view_hart *hart, uint64_t idle)
{
	uint64_t idles[VIEW_HELD] = {0};
	for (unsigned round = 0; idle != 0 && round < hart->held_count; round++) {
		unsigned longest = 0;
		uint64_t most = 0;
		for (unsigned i = 0; i < hart->held_count; i++) {
			uint64_t length = hart->held[i].end - hart->held[i].begin - idles[i];
			if (idles[i] == 0 && length > most) {
				most = length;
				longest = i;
			}
		}
		idles[longest] = idle < most ? idle : most;
		idle -= idles[longest];
	}
	for (unsigned i = 0; i < hart->held_count; i++)
		put_span(model, hart, hart->held[i], idles[i]);
	hart->held_count = 0;
}

static void end_exit(struct view_model *model, struct view_hart *hart, uint64_t cycle, bool ended)
{
	struct view_exit *exit = &hart->exit;
	exit->end = cycle;
	exit->ended = ended;
	exit->has_split &= ended;
	uint64_t waited = exit->has_split && exit->idle == 0 ? exit->parts[SPLIT_WAIT] : 0;
	release_held(model, hart, waited);
	exit->idle += waited;
	if (exit->idle > cycle - exit->begin)
		exit->idle = cycle - exit->begin;
	hart->outside = false;
	hart->recent.exits[hart->recent.exit_count++ % VIEW_RECENT] = *exit;
	if (!ended)
		return;
	uint64_t busy = view_exit_busy(exit);
	struct view_bucket *bucket = &hart->buckets[bucket_number(model, exit->begin)];
	if (busy > bucket->longest)
		bucket->longest = busy < VIEW_NONE ? (uint32_t)busy : VIEW_NONE;
	keep_slowest(model, exit);
}

/* ---- events ---- */

static unsigned class_of(const struct view_hart *hart)
{
	static const uint8_t classes[] = {[MODE_M] = VIEW_M, [MODE_HS] = VIEW_HS, [MODE_U] = VIEW_U};
	return mode_virt(hart->mode) ? VIEW_GUEST + 2 * hart->zone + (hart->mode == MODE_VU) : classes[hart->mode];
}

static void end_span(struct view_model *model, struct view_hart *hart, uint64_t cycle)
{
	struct view_span span = {hart->begin, cycle, (uint8_t)class_of(hart), (uint8_t)hart->mode};
	uint64_t idle = hart->waited;
	hart->waited = 0;
	hart->begin = cycle;
	if (!hart->outside) {
		put_span(model, hart, span, idle);
		return;
	}
	hart->exit.idle += idle;
	if (idle != 0) { /* it is known: the split has nothing to add */
		release_held(model, hart, 0);
		put_span(model, hart, span, idle);
		return;
	}
	if (hart->held_count == VIEW_HELD)
		release_held(model, hart, 0);
	if (span.end > span.begin)
		hart->held[hart->held_count++] = span;
}

static void change_world(struct view_model *model, struct view_hart *hart, const struct trace_event *event)
{
	bool is = mode_virt((enum mode)event->mode), was = mode_virt((enum mode)event->from);
	bool reset = event->value[0] == TRACE_RESET;
	end_span(model, hart, event->cycle);
	if (hart->outside && (is || reset))
		end_exit(model, hart, event->cycle, !reset);
	if (was && !is && !reset)
		begin_exit(model, hart, event);
	hart->mode = (enum mode)event->mode;
	if (is)
		hart->zone = zone_number(model, event->value[2], event->guest);
}

void view_model_event(struct view_model *model, const struct trace_event *event)
{
	struct view_hart *hart = &model->harts[event->hart];
	hart->waits = false;
	if (event->cycle > hart->cycle)
		hart->cycle = event->cycle;
	if (event->type == TRACE_TRAP)
		hart->trap = *event;
	if (event->type == TRACE_WORLD)
		change_world(model, hart, event);
	if (event->type == TRACE_TP) {
		hart->tp = event->value[0];
		hart->tp_pc = event->pc;
		hart->tp_mode = (enum mode)event->mode;
	}
}

void view_model_idle(struct view_model *model, unsigned hart, uint64_t cycles) { model->harts[hart].waited += cycles; }

void view_model_split(struct view_model *model, unsigned number, const struct split *split)
{
	struct view_hart *hart = &model->harts[number];
	if (!hart->outside)
		return;
	hart->exit.has_split = true;
	memcpy(hart->exit.parts, split->parts, sizeof(hart->exit.parts));
}

void view_model_now(struct view_model *model, unsigned hart, uint64_t cycle)
{
	model->harts[hart].waits = false;
	if (cycle > model->harts[hart].cycle)
		model->harts[hart].cycle = cycle;
}

void view_model_waits(struct view_model *model, unsigned number, uint64_t from, uint64_t cycle)
{
	struct view_hart *hart = &model->harts[number];
	view_model_now(model, number, cycle);
	hart->waits = true;
	hart->waits_from = from;
}

void view_model_name(struct view_model *model, unsigned zone, const char *name)
{
	snprintf(model->zones[zone].name, sizeof(model->zones[zone].name), "%s", name);
}

uint64_t view_model_end(const struct view_model *model)
{
	uint64_t end = 1;
	for (unsigned i = 0; i < model->hart_count; i++)
		end = model->harts[i].cycle > end ? model->harts[i].cycle : end;
	return end;
}

/* ---- what is asked ---- */

/* Of an open span: it is in no bucket yet. */
static void sum_open(const struct view_span *span, uint64_t from, uint64_t to, struct view_sum *sum)
{
	uint64_t begin = span->begin > from ? span->begin : from, end = span->end < to ? span->end : to;
	if (end > begin)
		sum->cycles[span->class] += (double)(end - begin);
}

void view_model_sum(const struct view_model *model, unsigned number, uint64_t from, uint64_t to, struct view_sum *sum)
{
	const struct view_hart *hart = &model->harts[number];
	*sum = (struct view_sum){0};
	for (uint64_t i = bucket_number(model, from); i < model->bucket_count && i * model->width < to; i++) {
		const struct view_bucket *bucket = &hart->buckets[i];
		uint64_t begin = i * model->width, end = begin + model->width;
		uint64_t first = begin > from ? begin : from, last = end < to ? end : to;
		double share = (double)(last - first) / (double)model->width;
		for (unsigned j = 0; j < VIEW_CLASSES; j++)
			sum->cycles[j] += share * (double)bucket->cycles[j];
		for (unsigned j = 0; j < VIEW_CAUSES; j++)
			sum->exits[j] += share * bucket->exits[j];
		if (bucket->longest > sum->longest)
			sum->longest = bucket->longest;
	}
	for (unsigned i = 0; i < hart->held_count; i++)
		sum_open(&hart->held[i], from, to, sum);
	struct view_span now[2];
	view_hart_open(hart, now);
	sum_open(&now[0], from, to, sum);
	sum_open(&now[1], from, to, sum);
}

void view_hart_open(const struct view_hart *hart, struct view_span spans[2])
{
	uint64_t middle = hart->waits && hart->waits_from < hart->cycle ? hart->waits_from : hart->cycle;
	middle = middle < hart->begin ? hart->begin : middle;
	spans[0] = (struct view_span){hart->begin, middle, (uint8_t)class_of(hart), (uint8_t)hart->mode};
	spans[1] = (struct view_span){middle, hart->cycle, VIEW_IDLE, (uint8_t)hart->mode};
}

static uint64_t oldest(uint64_t count) { return count > VIEW_RECENT ? count - VIEW_RECENT : 0; }

const struct view_span *view_recent_span(const struct view_recent *recent, uint64_t n)
{
	return n >= oldest(recent->span_count) && n < recent->span_count ? &recent->spans[n % VIEW_RECENT] : NULL;
}

const struct view_exit *view_recent_exit(const struct view_recent *recent, uint64_t n)
{
	return n >= oldest(recent->exit_count) && n < recent->exit_count ? &recent->exits[n % VIEW_RECENT] : NULL;
}

uint64_t view_recent_span_at(const struct view_recent *recent, uint64_t cycle)
{
	uint64_t low = oldest(recent->span_count), high = recent->span_count;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (recent->spans[middle % VIEW_RECENT].end <= cycle)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t view_recent_exit_at(const struct view_recent *recent, uint64_t cycle)
{
	uint64_t low = oldest(recent->exit_count), high = recent->exit_count;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (recent->exits[middle % VIEW_RECENT].end <= cycle)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool view_model_recent(const struct view_model *model, unsigned number, uint64_t from)
{
	const struct view_recent *recent = &model->harts[number].recent;
	if (recent->span_count <= VIEW_RECENT && recent->exit_count <= VIEW_RECENT)
		return true;
	const struct view_span *span = view_recent_span(recent, oldest(recent->span_count));
	const struct view_exit *exit = view_recent_exit(recent, oldest(recent->exit_count));
	return (!span || span->begin <= from) && (!exit || exit->begin <= from);
}
