#include "engine/mem.h"

#include <assert.h>
#include "engine/engine.h"
#include "engine/exec.h"
#include "hart/options.h"
#include "hart/trap.h"
#include "isa/insn.h"
#include "timing/model.h"

void mem_catch_up(struct hart *hart)
{
	if (hart->engine->catch_up)
		hart->engine->catch_up(hart);
}

void mem_loaded(struct hart *hart, uint64_t pa, unsigned size)
{
	const struct engine_pause *pause = &hart->engine->pause;
	if (__builtin_expect(pause->loaded != NULL, 0) && pause->loaded(pause->context, hart, pa, size))
		exec_pause(hart);
}

struct request {
	const struct mmu_context *context;
	uint64_t va; /* as the program has it */
	unsigned size;
	enum access access;
	uint32_t word;
};

static bool is_amo(const struct hart *hart, uint32_t word)
{
	struct insn insn = decode(&hart->isa, word);
	return insn_rows[insn.semantics].class == CLASS_AMO;
}

/* norm:pm_debug_trigger: triggers see the address without its masked bits. An AMO both loads and stores. */
static bool trigger_fires(struct hart *hart, const struct request *request)
{
	struct insn insn = decode(&hart->isa, request->word);
	struct trigger_access access = {
	    .va = mmu_unmasked(hart, request->context, request->va),
	    .size = request->size,
	    .sized = request->size,
	    .length = insn.length,
	    .load = request->access == ACCESS_LOAD || insn_rows[insn.semantics].class == CLASS_AMO,
	    .store = request->access == ACCESS_STORE,
	    .guest = mode_virt(request->context->mode),
	};
	return trigger_on_access(hart, &access);
}

/* What comes before any check of an access. */
static inline bool triggered(struct hart *hart, const struct request *request)
{
	return __builtin_expect(hart->triggers.data, 0) && trigger_fires(hart, request);
}

bool mem_triggered_load(struct hart *hart, const struct mmu_context *context, uint64_t va, unsigned size, uint32_t word)
{
	struct request request = {context, va, size, ACCESS_LOAD, word};
	return triggered(hart, &request);
}

/* One part of an access, inside one page: translate it; on a fault add the transformed instruction. */
static bool translate_part(struct hart *hart, const struct request *request, unsigned offset, unsigned size,
                           struct translation *translation)
{
	uint64_t va = mmu_unmasked(hart, request->context, request->va + offset);
	if (mmu_translate(hart, va, size, request->access, request->context, translation))
		return true;
	if (!hart->trap.tinst)
		trap_transform(hart, request->word, offset);
	return false;
}

/* The part of the access that begins at `offset` faults. */
static bool fault_at(struct hart *hart, const struct request *request, unsigned offset, enum cause load_cause)
{
	bool store = request->access == ACCESS_STORE;
	/* norm:pm_csr_hw_apply */
	uint64_t va = mmu_unmasked(hart, request->context, request->va + offset);
	hart_raise(hart, store ? load_cause + 2 : load_cause, va);
	hart->trap.gva = mode_virt(request->context->mode);
	trap_transform(hart, request->word, offset);
	return false;
}

static bool fault(struct hart *hart, const struct request *request, enum cause load_cause)
{
	return fault_at(hart, request, 0, load_cause);
}

static uint64_t byte_swap(uint64_t value, unsigned size) { return __builtin_bswap64(value) >> (64 - 8 * size); }

static void emit_device_access(struct hart *hart, uint64_t pa, uint64_t value, unsigned size, bool store)
{
	if (!hart_wants(hart, TRACE_DEV))
		return;
	struct trace_event event = {
	    .type = TRACE_DEV, .pc = hart->pc, .value = {pa, value, size | (unsigned)store << 8}};
	hart_emit(hart, &event);
}

/* Bytes that are as good as DRAM's to the access, or NULL: loads may be misaligned in a device's memory, too. */
static const uint8_t *memory_at(const struct hart *hart, const struct request *request, uint64_t pa, unsigned size)
{
	if (request->access == ACCESS_LOAD)
		return bus_fetch(hart->bus, pa, size);
	return bus_is_dram(hart->bus, pa, size) ? bus_host(hart->bus, pa) : NULL;
}

static bool misaligned_device_access(struct hart *hart, const struct request *request, uint64_t pa, uint64_t *value)
{
	const uint8_t *bytes = memory_at(hart, request, pa, request->size);
	if (!bytes)
		return fault(hart, request, CAUSE_LOAD_ACCESS);
	memcpy(value, bytes, request->size);
	emit_device_access(hart, pa, *value, request->size, false);
	return true;
}

static bool device_access(struct hart *hart, const struct request *request, uint64_t pa, uint64_t *value)
{
	bool store = request->access == ACCESS_STORE;
	mem_catch_up(hart);
	if (pa & (request->size - 1))
		return misaligned_device_access(hart, request, pa, value);
	bool done = store ? bus_device_write(hart->bus, pa, request->size, hart->now, *value, &hart->effects)
	                  : bus_device_read(hart->bus, pa, request->size, hart->now, value, &hart->effects);
	if (!done)
		return fault(hart, request, CAUSE_LOAD_ACCESS);
	emit_device_access(hart, pa, *value, request->size, store);
	return true;
}

/* Must somebody hear of this context's stores to the page? Then no filter may take them. */
static bool is_watched(const struct hart *hart, const struct mmu_context *context, uint64_t pa)
{
	uint8_t flags = *bus_page_flags(hart->bus, pa);
	return mode_virt(context->mode) ? flags & ~PAGE_GUEST : flags;
}

static bool page_access(struct hart *hart, const struct request *request, uint64_t *value, bool fill)
{
	struct translation translation;
	if (!translate_part(hart, request, 0, request->size, &translation))
		return false;
	uint64_t pa = translation.pa;
	if (!bus_is_dram(hart->bus, pa, request->size))
		return device_access(hart, request, pa, value);
	uint8_t *host = bus_host(hart->bus, pa);
	if (request->access == ACCESS_LOAD) {
		memcpy(value, host, request->size);
		mem_loaded(hart, pa, request->size);
		if (fill)
			l0_fill(hart, hart->l0->read, &translation, request->va);
		return true;
	}
	memcpy(host, value, request->size);
	bus_stored(hart->bus, hart, pa, request->size);
	if (fill && !is_watched(hart, request->context, pa))
		l0_fill(hart, hart->l0->write, &translation, request->va);
	return true;
}

/* An access across a page boundary: both pages are translated before a byte moves. */
static bool split_access(struct hart *hart, const struct request *request, uint64_t *value)
{
	unsigned first = PAGE_SIZE - (request->va & (PAGE_SIZE - 1)), second = request->size - first;
	struct translation low, high;
	if (!translate_part(hart, request, 0, first, &low) || !translate_part(hart, request, first, second, &high))
		return false;
	if (!bus_is_dram(hart->bus, low.pa, first) || !bus_is_dram(hart->bus, high.pa, second))
		mem_catch_up(hart);
	const uint8_t *low_bytes = memory_at(hart, request, low.pa, first);
	const uint8_t *high_bytes = memory_at(hart, request, high.pa, second);
	if (!low_bytes)
		return fault(hart, request, CAUSE_LOAD_ACCESS);
	if (!high_bytes)
		return fault_at(hart, request, first, CAUSE_LOAD_ACCESS);
	uint8_t *bytes = (uint8_t *)value;
	if (request->access == ACCESS_LOAD) {
		memcpy(bytes, low_bytes, first);
		memcpy(bytes + first, high_bytes, second);
		mem_loaded(hart, low.pa, first);
		mem_loaded(hart, high.pa, second);
		return true;
	}
	memcpy(bus_host(hart->bus, low.pa), bytes, first);
	memcpy(bus_host(hart->bus, high.pa), bytes + first, second);
	bus_stored(hart->bus, hart, low.pa, first);
	bus_stored(hart->bus, hart, high.pa, second);
	return true;
}

static bool access(struct hart *hart, const struct request *request, uint64_t *value, bool fill)
{
	if (triggered(hart, request))
		return false;
	bool misaligned = request->va & (request->size - 1);
	bool swap = mmu_big_endian(hart, request->context->mode);
	if (misaligned && hart->options->misaligned_traps)
		return fault(hart, request, CAUSE_LOAD_MISALIGNED);
	uint64_t bits = 0;
	if (request->access == ACCESS_STORE)
		bits = swap ? byte_swap(*value, request->size) : *value;
	if ((request->va & (PAGE_SIZE - 1)) + request->size > PAGE_SIZE) {
		if (!split_access(hart, request, &bits))
			return false;
	} else if (!page_access(hart, request, &bits, fill)) {
		return false;
	}
	if (request->access == ACCESS_LOAD)
		*value = swap ? byte_swap(bits, request->size) : bits;
	return true;
}

bool mem_load_as(struct hart *hart, const struct op *op, const struct mmu_context *context, uint64_t va, unsigned size,
                 uint64_t *value)
{
	op_sync(hart, op);
	struct request request = {context, va, size, ACCESS_LOAD, op->word};
	return access(hart, &request, value, false);
}

bool mem_store_as(struct hart *hart, const struct op *op, const struct mmu_context *context, uint64_t va, unsigned size,
                  uint64_t value)
{
	op_sync(hart, op);
	mem_catch_up(hart);
	struct request request = {context, va, size, ACCESS_STORE, op->word};
	return access(hart, &request, &value, false);
}

bool mem_load(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t *value)
{
	op_sync(hart, op);
	struct mmu_context context = mmu_context_data(hart);
	struct request request = {&context, va, size, ACCESS_LOAD, op->word};
	return access(hart, &request, value, true);
}

bool mem_store(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t value)
{
	op_sync(hart, op);
	mem_catch_up(hart);
	struct mmu_context context = mmu_context_data(hart);
	struct request request = {&context, va, size, ACCESS_STORE, op->word};
	return access(hart, &request, &value, true);
}

uint8_t *mem_modify(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t *pa)
{
	op_sync(hart, op);
	mem_catch_up(hart);
	struct mmu_context context = mmu_context_data(hart);
	struct request request = {&context, va, size, ACCESS_STORE, op->word};
	struct translation translation;
	if (triggered(hart, &request))
		return NULL;
	if (va & (size - 1)) {
		fault(hart, &request, CAUSE_LOAD_MISALIGNED);
		return NULL;
	}
	if (!translate_part(hart, &request, 0, size, &translation))
		return NULL;
	if (!bus_is_dram(hart->bus, translation.pa, size)) { /* atomics to devices: */
		fault(hart, &request, CAUSE_LOAD_ACCESS);
		return NULL;
	}
	*pa = translation.pa;
	if (hart->engine->pause.loaded && is_amo(hart, op->word))
		mem_loaded(hart, *pa, size);
	if (!is_watched(hart, &context, *pa))
		l0_fill(hart, hart->l0->write, &translation, va);
	return bus_host(hart->bus, *pa);
}
