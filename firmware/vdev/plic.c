#include "vdev/plic.h"

#include "lib/bits.h"
#include "platform/plic.h"

#define CONTEXTS (2 * HARTS_MAX)

/* The source a vCPU would get: highest priority, then lowest number; 0 if none. */
static uint32_t best_source(const struct guest_plic *plic, uint32_t vcpu)
{
	uint32_t candidates = plic->pending & plic->enable[vcpu];
	uint32_t best = 0;

	for (; candidates; candidates &= candidates - 1) {
		uint32_t source = (uint32_t)lowest_bit(candidates);
		if (plic->priority[source] > plic->priority[best])
			best = source; /* priority[0] is 0, so priority 0 never wins */
	}
	return best;
}

uint64_t guest_plic_update(struct guest_plic *plic)
{
	uint64_t now = 0;

	for (uint32_t vcpu = 0; plic->pending && vcpu < plic->vcpus_count; vcpu++)
		if (plic->priority[best_source(plic, vcpu)] > plic->threshold[vcpu])
			now |= UINT64_C(1) << vcpu;
	return now & ~__atomic_exchange_n(&plic->pending_vcpus, now, __ATOMIC_RELEASE);
}

/* The gateway: a level that rises makes its source pending, unless that is being served. One that falls takes nothing
 * back. */
void guest_plic_set_level(struct guest_plic *plic, uint32_t source, bool level)
{
	uint32_t bit = 1u << source;

	if (level)
		plic->pending |= bit & ~plic->level & ~plic->claimed;
	plic->level = (plic->level & ~bit) | (uint32_t)level << source;
}

static uint32_t claim_source(struct guest_plic *plic, uint32_t vcpu)
{
	uint32_t source = best_source(plic, vcpu);

	if (source) {
		plic->pending &= ~(1u << source);
		plic->claimed |= 1u << source;
	}
	return source;
}

/* The gateway is open again: a level that is still high comes through. Only for a source that the context has enabled. */
static void complete_source(struct guest_plic *plic, uint32_t vcpu, uint32_t source)
{
	uint32_t bit = source < GUEST_PLIC_SOURCES ? plic->enable[vcpu] & 1u << source : 0;

	plic->claimed &= ~bit;
	plic->pending |= plic->level & bit;
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
	if (offset == PLIC_PENDING)
		return plic->pending;
	if (offset >= PLIC_CONTEXT && supervisor_of((offset - PLIC_CONTEXT) / PLIC_CONTEXT_STRIDE, &vcpu)) {
		switch (offset % PLIC_CONTEXT_STRIDE) {
		case PLIC_CONTEXT_THRESHOLD: return plic->threshold[vcpu];
		case PLIC_CONTEXT_CLAIM: return claim_source(plic, vcpu);
		default: return 0;
		}
	}
	if (offset >= PLIC_ENABLE && offset < PLIC_CONTEXT && offset % PLIC_ENABLE_STRIDE == 0 &&
	    supervisor_of((offset - PLIC_ENABLE) / PLIC_ENABLE_STRIDE, &vcpu))
		return plic->enable[vcpu];
	return 0;
}

void guest_plic_write(struct guest_plic *plic, uint64_t offset, uint32_t value)
{
	uint32_t vcpu;

	if (offset && offset < 4 * GUEST_PLIC_SOURCES) {
		plic->priority[offset / 4] = value & PLIC_PRIORITY_MAX;
	} else if (offset >= PLIC_CONTEXT && supervisor_of((offset - PLIC_CONTEXT) / PLIC_CONTEXT_STRIDE, &vcpu)) {
		if (offset % PLIC_CONTEXT_STRIDE == PLIC_CONTEXT_THRESHOLD)
			plic->threshold[vcpu] = value & PLIC_PRIORITY_MAX;
		else if (offset % PLIC_CONTEXT_STRIDE == PLIC_CONTEXT_CLAIM)
			complete_source(plic, vcpu, value);
	} else if (offset >= PLIC_ENABLE && offset < PLIC_CONTEXT && offset % PLIC_ENABLE_STRIDE == 0 &&
	           supervisor_of((offset - PLIC_ENABLE) / PLIC_ENABLE_STRIDE, &vcpu)) {
		plic->enable[vcpu] = value & ~1u;
	}
}
