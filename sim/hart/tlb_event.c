#include "hart/tlb_event.h"

#include "hart/tlb.h"

static struct trace_event new_tlb_event(const struct hart *hart, enum trace_tlb_what what, enum trace_tlb_unit unit,
                                        enum trace_tlb_stage stage)
{
	return (struct trace_event){
	    .type = TRACE_TLB,
	    .pc = hart->pc,
	    .flags = (uint8_t)(what << TRACE_TLB_WHAT | unit << TRACE_TLB_UNIT | stage << TRACE_TLB_STAGE),
	};
}

static uint32_t word_of(unsigned asid, unsigned vmid)
{
	return (uint32_t)(asid & 0xffff) << TRACE_TLB_ASID | (uint32_t)vmid << TRACE_TLB_VMID;
}

static struct trace_event page_event(const struct hart *hart, enum trace_tlb_what what, enum trace_tlb_unit unit,
                                     const struct tlb_page *page)
{
	bool virt = space_virt(page->space);
	struct trace_event event = new_tlb_event(hart, what, unit, virt ? TLB_STAGE_VS : TLB_STAGE_S);
	event.flags |= (uint8_t)(page->located << TRACE_TLB_ADDRESS);
	event.word = word_of(space_asid(page->space), virt ? space_vmid(page->space) : 0);
	event.value[0] = page->va;
	event.value[1] = page->located && virt ? page->gpa : 0;
	event.value[2] = page->located ? page->pa : 0;
	event.value[3] = (uint64_t)page->first_shift << TRACE_TLB_FIRST | (uint64_t)(virt ? page->second_shift : 0)
	                                                                      << TRACE_TLB_SECOND;
	return event;
}

void tlb_event_fill(struct hart *hart, enum trace_tlb_unit unit, const struct tlb_page *page, enum access access,
                    unsigned reads_first, unsigned reads_second)
{
	struct trace_event event = page_event(hart, TLB_FILL, unit, page);
	event.from = (uint8_t)access;
	event.value[3] |= (uint64_t)(reads_first & 0xffff) << TRACE_TLB_READS_FIRST;
	event.value[3] |= (uint64_t)(reads_second & 0xffff) << TRACE_TLB_READS_SECOND;
	hart_emit(hart, &event);
}

void tlb_event_evict(struct hart *hart, enum trace_tlb_unit unit, const struct tlb_page *page)
{
	struct trace_event event = page_event(hart, TLB_EVICT, unit, page);
	hart_emit(hart, &event);
}

void tlb_event_fence(struct hart *hart, enum trace_tlb_unit unit, enum trace_tlb_stage stage, const struct fence *fence,
                     unsigned vmid, unsigned entries)
{
	struct trace_event event = new_tlb_event(hart, TLB_FENCE, unit, stage);
	bool guest = stage == TLB_STAGE_G;
	event.flags |= (uint8_t)(fence->address_valid << TRACE_TLB_ADDRESS | fence->id_valid << TRACE_TLB_ID);
	unsigned id = fence->id_valid ? (unsigned)fence->id : 0;
	event.word = guest ? word_of(0, id) : word_of(id, stage == TLB_STAGE_VS ? vmid : 0);
	event.value[guest] = fence->address_valid ? fence->address : 0;
	event.value[2] = entries;
	hart_emit(hart, &event);
}

_Static_assert((int)ACCESS_LOAD == 0 && (int)ACCESS_STORE == 1 && (int)ACCESS_FETCH == 2,
               "accesses are told as r, w, x");
