#include "vdev/plic.h"

#include "lib/lib.h"

#define PRIORITY_MAX 7u

/* Offsets of the register groups, and the stride per context. */
#define PENDING 0x1000
#define ENABLE 0x2000
#define ENABLE_STRIDE 0x80
#define CONTEXT 0x200000
#define CONTEXT_STRIDE 0x1000
#define CONTEXTS (2 * GUEST_PLIC_VCPUS)

/* A source that could be claimed now, if it is enabled. */
static uint32_t pending_sources(const struct guest_plic *plic)
{
	return plic->level & ~plic->claimed;
}

/* The source a vCPU would get: highest priority, then lowest number; 0 if none. */
static uint32_t best_source(const struct guest_plic *plic, uint32_t vcpu)
{
	uint32_t candidates = pending_sources(plic) & plic->enable[vcpu];
	uint32_t best = 0;

	for (; candidates; candidates &= candidates - 1) {
		uint32_t source = (uint32_t)lowest_bit(candidates);
		if (plic->priority[source] > plic->priority[best])
			best = source; /* priority[0] is 0, so priority 0 never wins */
	}
	return best;
}

uint64_t guest_plic_update(struct guest_plic *plic, uint32_t vcpus)
{
	uint64_t now = 0;

	for (uint32_t vcpu = 0; pending_sources(plic) && vcpu < vcpus; vcpu++)
		if (plic->priority[best_source(plic, vcpu)] > plic->threshold[vcpu])
			now |= UINT64_C(1) << vcpu;
	return now & ~__atomic_exchange_n(&plic->pending_vcpus, now, __ATOMIC_RELEASE);
}

void guest_plic_set_level(struct guest_plic *plic, uint32_t source, bool level)
{
	plic->level = (plic->level & ~(1u << source)) | (uint32_t)level << source;
}

static uint32_t claim(struct guest_plic *plic, uint32_t vcpu)
{
	uint32_t source = best_source(plic, vcpu);

	if (source)
		plic->claimed |= 1u << source;
	return source;
}

static void complete(struct guest_plic *plic, uint32_t vcpu, uint32_t source)
{
	if (source < GUEST_PLIC_SOURCES)
		plic->claimed &= ~(plic->enable[vcpu] & 1u << source);
}

/* The vCPU a register belongs to, if it is a supervisor context's. */
static bool supervisor_of(uint64_t context, uint32_t *vcpu)
{
	*vcpu = (uint32_t)(context / 2);
	return context < CONTEXTS && context % 2 == 1;
}

uint32_t guest_plic_read(struct guest_plic *plic, uint64_t offset)
{
	uint32_t vcpu;

	if (offset < 4 * GUEST_PLIC_SOURCES)
		return plic->priority[offset / 4];
	if (offset == PENDING)
		return pending_sources(plic);
	if (offset >= CONTEXT && supervisor_of((offset - CONTEXT) / CONTEXT_STRIDE, &vcpu)) {
		switch (offset % CONTEXT_STRIDE) {
		case 0: return plic->threshold[vcpu];
		case 4: return claim(plic, vcpu);
		default: return 0;
		}
	}
	if (offset >= ENABLE && offset < CONTEXT && offset % ENABLE_STRIDE == 0 &&
	    supervisor_of((offset - ENABLE) / ENABLE_STRIDE, &vcpu))
		return plic->enable[vcpu];
	return 0;
}

void guest_plic_write(struct guest_plic *plic, uint64_t offset, uint32_t value)
{
	uint32_t vcpu;

	if (offset && offset < 4 * GUEST_PLIC_SOURCES) {
		plic->priority[offset / 4] = value & PRIORITY_MAX;
	} else if (offset >= CONTEXT && supervisor_of((offset - CONTEXT) / CONTEXT_STRIDE, &vcpu)) {
		if (offset % CONTEXT_STRIDE == 0)
			plic->threshold[vcpu] = value & PRIORITY_MAX;
		else if (offset % CONTEXT_STRIDE == 4)
			complete(plic, vcpu, value);
	} else if (offset >= ENABLE && offset < CONTEXT && offset % ENABLE_STRIDE == 0 &&
	           supervisor_of((offset - ENABLE) / ENABLE_STRIDE, &vcpu)) {
		plic->enable[vcpu] = value & ~1u;
	}
}
