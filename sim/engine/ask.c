#include "engine/ask.h"

#include <string.h>
#include "base/bus.h"
#include "base/device.h"
#include "hart/options.h"

static enum access access_of(enum ask_kind kind)
{
	static const enum access accesses[] = {
	    [ASK_LOAD] = ACCESS_LOAD, [ASK_STORE] = ACCESS_STORE, [ASK_FETCH] = ACCESS_FETCH,
	    [ASK_AMO] = ACCESS_STORE, [ASK_LR] = ACCESS_LOAD,
	};
	return accesses[kind];
}

/* A fault that no page table knows of, at `va`. `load_cause`: what it would be for a load. */
static void refuse_access(const struct question *question, enum cause load_cause, uint64_t va, const char *reason,
                          struct answer *answer)
{
	enum access access = access_of(question->kind);
	int cause = access == ACCESS_FETCH   ? CAUSE_FETCH_ACCESS
	            : access == ACCESS_STORE ? (int)load_cause + 2
	                                     : (int)load_cause;
	answer->trap = (struct trap){
	    .pending = true, .gva = mode_virt(question->context.mode), .cause = (uint8_t)cause, .tval = va};
	answer->reason = reason;
}

struct listener {
	const struct question *question;
	bool told; /* some step said why not */
};

static void hear_step(void *context, const struct walk_step *step)
{
	struct listener *listener = context;
	const struct question *question = listener->question;
	listener->told |= step->verdict != NULL;
	if (question->visitor)
		question->visitor(question->visitor_context, step);
}

/* What no step of the walk tells of is PMP's, which speaks last. */
static bool walk_part(struct hart *hart, const struct question *question, uint64_t va, unsigned size,
                      struct translation *translation, struct answer *answer)
{
	struct listener listener = {.question = question};
	if (mmu_walk(hart, va, size, access_of(question->kind), &question->context, false, hear_step, &listener,
	             translation, &answer->trap))
		return true;
	answer->reason = listener.told ? NULL : "PMP forbids it";
	return false;
}

static const char *name_at(const struct bus *bus, uint64_t pa, unsigned size)
{
	const struct device *device = bus_device_at(bus, pa, size);
	return bus_is_dram(bus, pa, size) ? "dram" : device ? device->name : NULL;
}

/* Is there what the access takes for memory? */
static bool memory_for(const struct bus *bus, const struct question *question, uint64_t pa, unsigned size)
{
	return question->kind == ASK_LOAD ? bus_fetch(bus, pa, size) != NULL : bus_is_dram(bus, pa, size);
}

static void ask_device(const struct hart *hart, const struct question *question, uint64_t va, struct answer *answer)
{
	uint64_t pa = answer->first.pa;
	bool store = question->kind == ASK_STORE;
	const char *reason = NULL;
	answer->place = name_at(hart->bus, pa, 1);
	if (!answer->place)
		reason = "nothing is there";
	else if (question->kind == ASK_AMO || question->kind == ASK_LR)
		reason = "atomics need memory";
	else if (pa & (question->size - 1) && memory_for(hart->bus, question, pa, question->size))
		reason = NULL; /* a device's memory is read as DRAM is */
	else if (pa & (question->size - 1))
		reason = "devices take no misaligned access";
	else if (!bus_device_accepts(hart->bus, pa, question->size, store))
		reason = store ? "the device takes no such store" : "the device takes no such load";
	if (reason)
		refuse_access(question, CAUSE_LOAD_ACCESS, va, reason, answer);
	else
		answer->granted = true;
}

/* Both pages are translated before anything else is looked at. */
static void ask_split(struct hart *hart, const struct question *question, uint64_t va, struct answer *answer)
{
	unsigned first = PAGE_SIZE - (question->va & (PAGE_SIZE - 1)), second = question->size - first;
	uint64_t rest = mmu_unmasked(hart, &question->context, question->va + first);
	answer->crosses = true;
	if (!walk_part(hart, question, va, first, &answer->first, answer) ||
	    !walk_part(hart, question, rest, second, &answer->second, answer))
		return;
	bool begins = memory_for(hart->bus, question, answer->first.pa, first);
	answer->granted = begins && memory_for(hart->bus, question, answer->second.pa, second);
	answer->place = answer->granted ? name_at(hart->bus, answer->first.pa, 1) : NULL;
	if (!answer->granted)
		refuse_access(question, CAUSE_LOAD_ACCESS, begins ? rest : va, "not all of it is memory", answer);
}

static void ask_data(struct hart *hart, const struct question *question, struct answer *answer)
{
	uint64_t va = mmu_unmasked(hart, &question->context, question->va);
	bool atomic = question->kind == ASK_AMO || question->kind == ASK_LR;
	if (question->va & (question->size - 1) && (atomic || hart->options->misaligned_traps)) {
		refuse_access(question, CAUSE_LOAD_MISALIGNED, va,
		              atomic ? "atomics are aligned" : "--set misaligned=traps", answer);
		return;
	}
	if ((question->va & (PAGE_SIZE - 1)) + question->size > PAGE_SIZE) {
		ask_split(hart, question, va, answer);
		return;
	}
	if (!walk_part(hart, question, va, question->size, &answer->first, answer))
		return;
	answer->granted = bus_is_dram(hart->bus, answer->first.pa, question->size);
	answer->place = answer->granted ? "dram" : NULL;
	if (!answer->granted)
		ask_device(hart, question, va, answer);
}

/* Two bytes of an instruction. norm:mcause_exccode_lowpri and so on: each part is its own access. */
static bool ask_half(struct hart *hart, const struct question *question, uint64_t va, struct translation *translation,
                     struct answer *answer, uint16_t *half)
{
	if (!walk_part(hart, question, va, 2, translation, answer))
		return false;
	const uint8_t *bytes = bus_fetch(hart->bus, translation->pa, 2);
	answer->place = name_at(hart->bus, translation->pa, 2);
	if (bytes) {
		memcpy(half, bytes, sizeof(*half));
		return true;
	}
	refuse_access(question, CAUSE_FETCH_ACCESS, va,
	              answer->place ? "no instructions are there" : "nothing is there", answer);
	return false;
}

static void ask_fetch(struct hart *hart, const struct question *question, struct answer *answer)
{
	uint16_t low, high;
	answer->size = 2;
	if (!ask_half(hart, question, question->va, &answer->first, answer, &low))
		return;
	answer->granted = (low & 3) != 3;
	if (answer->granted)
		return;
	answer->size = 4;
	answer->crosses = (question->va + 2) % PAGE_SIZE == 0;
	struct question rest = *question;
	if (!answer->crosses)
		rest.visitor = NULL; /* it would show the same again */
	answer->granted = ask_half(hart, &rest, question->va + 2, &answer->second, answer, &high);
}

void mem_ask(struct hart *hart, const struct question *question, struct answer *answer)
{
	*answer = (struct answer){.size = question->size};
	if (question->kind == ASK_FETCH)
		ask_fetch(hart, question, answer);
	else
		ask_data(hart, question, answer);
}
