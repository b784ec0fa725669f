/*
 * SiFive's platform-level interrupt controller as QEMU's virt machine has it: priorities 0..7, two contexts a hart.
 *
 * A device may raise its wire while it is high: it has something new to tell. That is what makes a source pending; by
 * the specification a wire that is still high at completion does so too (plic.gateway).
 */
#include <stdlib.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "hart/hart.h"

enum {
	PRIORITY = 0x0,
	PENDING = 0x1000,
	ENABLE = 0x2000,
	ENABLE_STRIDE = 0x80,
	CONTEXT = 0x200000,
	CONTEXT_STRIDE = 0x1000,
	THRESHOLD = 0,
	CLAIM = 4,
	PRIORITY_MASK = 7,
	WORDS = 32, /* 1024 sources, the format's limit */
	SOURCES = 96, /* as many as QEMU's has */
	PLIC_VERSION = 1,
};

struct context {
	uint32_t enable[WORDS];
	uint32_t threshold;
	struct irq_wire output;
};

struct plic {
	struct device device;
	const struct platform *platform;
	unsigned source_count, context_count;
	uint32_t priority[WORDS * 32];
	uint32_t pending[WORDS], claimed[WORDS], level[WORDS];
	struct context contexts[];
};

static bool source_bit(const uint32_t *words, unsigned source) { return words[source / 32] >> source % 32 & 1; }

static void set_bit(uint32_t *words, unsigned source, bool value)
{
	uint32_t mask = UINT32_C(1) << source % 32;
	words[source / 32] = value ? words[source / 32] | mask : words[source / 32] & ~mask;
}

/* The pending, enabled source with the highest priority above `threshold`, lowest number first; 0 if there is none. */
static unsigned best(const struct plic *plic, const struct context *context, uint32_t threshold)
{
	unsigned winner = 0;
	uint32_t priority = threshold;
	for (unsigned word = 0; word <= plic->source_count / 32; word++) {
		uint32_t candidates = plic->pending[word] & ~plic->claimed[word] & context->enable[word];
		for (; candidates; candidates &= candidates - 1) {
			unsigned source = word * 32 + (unsigned)__builtin_ctz(candidates);
			if (plic->priority[source] > priority) {
				winner = source;
				priority = plic->priority[source];
			}
		}
	}
	return winner;
}

static void plic_update(struct plic *plic, uint64_t now)
{
	for (unsigned i = 0; i < plic->context_count; i++) {
		struct context *context = &plic->contexts[i];
		irq_wire_set(&context->output, best(plic, context, context->threshold) != 0, now);
	}
}

/* The gateway. What is raised while it is being served waits for completion; a wire that falls unclaimed stays pending. */
static void plic_source(void *receiver, unsigned source, bool level, uint64_t now)
{
	struct plic *plic = receiver;
	set_bit(plic->level, source, level);
	if (!level || source_bit(plic->pending, source))
		return;
	if (plic->platform->plic_by_level && source_bit(plic->claimed, source))
		return;
	set_bit(plic->pending, source, true);
	plic_update(plic, now);
}

/* A claim looks past the threshold: that masks notification only (RISC-V PLIC specification, Interrupt Claim
 * Process). */
static unsigned plic_claim(struct plic *plic, struct context *context, uint64_t now)
{
	unsigned source = best(plic, context, 0);
	if (source != 0) {
		set_bit(plic->pending, source, false);
		set_bit(plic->claimed, source, true);
		plic_update(plic, now);
	}
	return source;
}

/* Completion by a context for which the source is not enabled is ignored. */
static void plic_complete(struct plic *plic, const struct context *context, uint64_t source, uint64_t now)
{
	if (source == 0 || source > plic->source_count || !source_bit(context->enable, (unsigned)source))
		return;
	set_bit(plic->claimed, (unsigned)source, false);
	if (plic->platform->plic_by_level && source_bit(plic->level, (unsigned)source))
		set_bit(plic->pending, (unsigned)source, true);
	plic_update(plic, now);
}

/* Bits of sources that exist, in one word of 32. */
static uint32_t existing(const struct plic *plic, unsigned word)
{
	uint32_t mask = word == 0 ? ~UINT32_C(1) : ~UINT32_C(0);
	unsigned last = plic->source_count;
	if (word > last / 32)
		return 0;
	return word == last / 32 && last % 32 != 31 ? mask & ((UINT32_C(2) << last % 32) - 1) : mask;
}

static uint32_t read_context(struct plic *plic, uint64_t offset, uint64_t now)
{
	uint64_t index = (offset - CONTEXT) / CONTEXT_STRIDE;
	if (index >= plic->context_count)
		return 0;
	struct context *context = &plic->contexts[index];
	switch (offset % CONTEXT_STRIDE) {
	case THRESHOLD: return context->threshold;
	case CLAIM: return plic_claim(plic, context, now);
	default: return 0;
	}
}

static bool plic_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device, (void)offset, (void)store;
	return size == 4;
}

static bool plic_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                      uint32_t *effects)
{
	struct plic *plic = (struct plic *)device;
	if (!plic_accepts(device, offset, size, false))
		return false;
	*value = 0;
	if (offset >= CONTEXT) {
		*value = read_context(plic, offset, now);
		*effects |= EFFECT_IRQ | EFFECT_YIELD;
	} else if (offset >= ENABLE) {
		uint64_t index = (offset - ENABLE) / ENABLE_STRIDE;
		if (index < plic->context_count)
			*value = plic->contexts[index].enable[offset % ENABLE_STRIDE / 4];
	} else if (offset >= PENDING) {
		*value = offset - PENDING < sizeof(plic->pending) ? plic->pending[(offset - PENDING) / 4] : 0;
	} else {
		*value = offset / 4 <= plic->source_count ? plic->priority[offset / 4] : 0;
	}
	return true;
}

static void write_context(struct plic *plic, uint64_t offset, uint64_t value, uint64_t now)
{
	uint64_t index = (offset - CONTEXT) / CONTEXT_STRIDE;
	if (index >= plic->context_count)
		return;
	struct context *context = &plic->contexts[index];
	if (offset % CONTEXT_STRIDE == THRESHOLD) {
		context->threshold = value & PRIORITY_MASK;
		plic_update(plic, now);
	} else if (offset % CONTEXT_STRIDE == CLAIM) {
		plic_complete(plic, context, value & 0xffffffff, now);
	}
}

static bool plic_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                       uint32_t *effects)
{
	struct plic *plic = (struct plic *)device;
	if (!plic_accepts(device, offset, size, true))
		return false;
	if (offset >= CONTEXT) {
		write_context(plic, offset, value, now);
	} else if (offset >= ENABLE) {
		uint64_t index = (offset - ENABLE) / ENABLE_STRIDE;
		unsigned word = offset % ENABLE_STRIDE / 4;
		if (index < plic->context_count)
			plic->contexts[index].enable[word] = (uint32_t)value & existing(plic, word);
		plic_update(plic, now);
	} else if (offset < PENDING && offset != 0 && offset / 4 <= plic->source_count) {
		plic->priority[offset / 4] = value & PRIORITY_MASK;
		plic_update(plic, now);
	}
	*effects |= EFFECT_IRQ | EFFECT_YIELD;
	return true;
}

static void plic_reset(struct device *device, uint64_t now)
{
	(void)now;
	struct plic *plic = (struct plic *)device;
	for (unsigned i = 0; i < WORDS * 32; i++)
		plic->priority[i] = 0;
	for (unsigned word = 0; word < WORDS; word++) {
		plic->pending[word] = plic->claimed[word] = plic->level[word] = 0;
		for (unsigned i = 0; i < plic->context_count; i++)
			plic->contexts[i].enable[word] = 0;
	}
	for (unsigned i = 0; i < plic->context_count; i++)
		plic->contexts[i].threshold = 0;
}

static void plic_save(const struct device *device, struct state_writer *writer)
{
	const struct plic *plic = (const struct plic *)device;
	state_write_begin(writer, device->name, PLIC_VERSION);
	state_write_u64(writer, plic->source_count);
	state_write_u64(writer, plic->context_count);
	STATE_WRITE(writer, plic->priority);
	STATE_WRITE(writer, plic->pending);
	STATE_WRITE(writer, plic->claimed);
	STATE_WRITE(writer, plic->level);
	for (unsigned i = 0; i < plic->context_count; i++) {
		STATE_WRITE(writer, plic->contexts[i].enable);
		STATE_WRITE(writer, plic->contexts[i].threshold);
	}
	state_write_end(writer);
}

/* Only what the registers can hold. */
static bool plausible(const struct plic *plic)
{
	bool good = true;
	for (unsigned source = 0; source < WORDS * 32; source++) {
		bool exists = existing(plic, source / 32) >> source % 32 & 1;
		good = good && plic->priority[source] <= (exists ? PRIORITY_MASK : 0);
	}
	for (unsigned word = 0; word < WORDS; word++) {
		uint32_t bits = plic->pending[word] | plic->claimed[word] | plic->level[word];
		for (unsigned i = 0; i < plic->context_count; i++)
			bits |= plic->contexts[i].enable[word];
		good = good && !(bits & ~existing(plic, word));
	}
	for (unsigned i = 0; i < plic->context_count; i++)
		good = good && plic->contexts[i].threshold <= PRIORITY_MASK;
	return good;
}

static bool plic_restore(struct device *device, struct state_reader *reader)
{
	struct plic *plic = (struct plic *)device;
	state_read_begin(reader, device->name, PLIC_VERSION);
	uint64_t sources = state_read_u64(reader), contexts = state_read_u64(reader);
	if (sources != plic->source_count || contexts != plic->context_count)
		return state_refuse(reader, "plic: another number of sources or harts");
	STATE_READ(reader, plic->priority);
	STATE_READ(reader, plic->pending);
	STATE_READ(reader, plic->claimed);
	STATE_READ(reader, plic->level);
	for (unsigned i = 0; i < plic->context_count; i++) {
		STATE_READ(reader, plic->contexts[i].enable);
		STATE_READ(reader, plic->contexts[i].threshold);
	}
	if (!plausible(plic))
		return state_refuse(reader, "plic: sources or priorities that there are not");
	return state_read_end(reader);
}

static void plic_dump(const struct device *device, FILE *out)
{
	const struct plic *plic = (const struct plic *)device;
	for (unsigned source = 1; source <= plic->source_count; source++)
		if (plic->priority[source] != 0 || source_bit(plic->level, source))
			fprintf(out, "source %u: priority %u%s%s%s\n", source, plic->priority[source],
			        source_bit(plic->level, source) ? ", high" : "",
			        source_bit(plic->pending, source) ? ", pending" : "",
			        source_bit(plic->claimed, source) ? ", claimed" : "");
	for (unsigned i = 0; i < plic->context_count; i++) {
		const struct context *context = &plic->contexts[i];
		fprintf(out, "context %u (hart %u %s): threshold %u, best %u, enabled", i, i / 2, i % 2 ? "S" : "M",
		        context->threshold, best(plic, context, context->threshold));
		for (unsigned source = 1; source <= plic->source_count; source++)
			if (source_bit(context->enable, source))
				fprintf(out, " %u", source);
		fputc('\n', out);
	}
}

static void plic_destroy(struct device *device) { free(device); }

static struct device *plic_make(const struct board *board, const struct device_site *site)
{
	unsigned hart_count = board->platform->hart_count;
	struct plic *plic = calloc(1, sizeof(*plic) + 2 * (size_t)hart_count * sizeof(struct context));
	if (!plic)
		return NULL;
	plic->device = (struct device){
	    .name = site->name,
	    .accepts = plic_accepts,
	    .read = plic_read,
	    .write = plic_write,
	    .reset = plic_reset,
	    .save = plic_save,
	    .restore = plic_restore,
	    .dump = plic_dump,
	    .destroy = plic_destroy,
	};
	plic->platform = board->platform;
	plic->source_count = SOURCES;
	plic->context_count = 2 * hart_count;
	for (unsigned i = 0; i < hart_count; i++) {
		plic->contexts[2 * (size_t)i].output = board->hart_wire(board->context, WIRE_IRQ, i, IRQ_MEI);
		plic->contexts[2 * i + 1].output = board->hart_wire(board->context, WIRE_IRQ, i, IRQ_SEI);
	}
	return &plic->device;
}

static void plic_describe(struct tree_writer *writer, const struct board *board, const struct device_site *site)
{
	(void)board;
	tree_begin_at(writer, "plic", site->base, site->size);
	tree_u32(writer, "phandle", interrupts_phandle(writer));
	tree_u32(writer, "riscv,ndev", SOURCES);
	tree_hart_interrupts(writer, IRQ_MEI, IRQ_SEI);
	tree_bytes(writer, "interrupt-controller", NULL, 0);
	tree_strings(writer, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
	tree_u32(writer, "#address-cells", 0);
	tree_u32(writer, "#interrupt-cells", 1);
	tree_end(writer);
}

const struct device_kind plic_kind = {.make = plic_make, .describe = plic_describe, .source = plic_source};
