/* Save and restore of the TLB. PMP is decoded anew from the CSRs. */
#include "base/bus.h"
#include "base/state.h"
#include "hart/mmu_state.h"

enum { VERSION = 1, NO_MORE = UINT32_MAX };

static size_t capacity(const struct tlb *tlb) { return (size_t)tlb->sets * tlb->ways; }

static void save_entry(const struct tlb_entry *entry, struct state_writer *writer)
{
	const uint64_t values[] = {entry->vpn,        entry->space,       entry->ignore, entry->pa,    entry->gpa,
	                           entry->page_shift, entry->first_shift, entry->first,  entry->second};
	state_write(writer, values, sizeof values);
}

void mmu_save(const struct hart *hart, struct state_writer *writer)
{
	const struct tlb *tlb = &hart->mmu->tlb;
	state_write_begin(writer, "mmu", VERSION);
	state_write_u64(writer, tlb->sets);
	state_write_u64(writer, tlb->ways);
	for (size_t i = 0; i < capacity(tlb); i++)
		if (tlb->entries[i].page_shift) {
			state_write_u64(writer, i);
			save_entry(&tlb->entries[i], writer);
		}
	state_write_u64(writer, NO_MORE);
	state_write(writer, tlb->victim, tlb->sets);
	STATE_WRITE(writer, hart->mmu->stats);
	state_write_end(writer);
}

/* Pages have 4 KiB at least, and 2^63 bytes, the whole of a Bare stage, at most. */
static bool restore_entry(struct tlb *tlb, size_t index, struct state_reader *reader)
{
	struct tlb_entry *entry = &tlb->entries[index];
	*entry = (struct tlb_entry){
	    .vpn = state_read_u64(reader),
	};
	entry->space = state_read_u64(reader);
	entry->ignore = state_read_u64(reader);
	entry->pa = state_read_u64(reader);
	entry->gpa = state_read_u64(reader);
	entry->page_shift = (uint8_t)state_read_limited(reader, 63);
	entry->first_shift = (uint8_t)state_read_limited(reader, 63);
	entry->first = (uint8_t)state_read_limited(reader, UINT8_MAX);
	entry->second = (uint8_t)state_read_limited(reader, UINT8_MAX);
	if (reader->failed)
		return false;
	if (entry->page_shift < PAGE_SHIFT || entry->first_shift < PAGE_SHIFT)
		return state_refuse(reader, "mmu: a page of less than 4 KiB");
	tlb->shifts |= UINT64_C(1) << entry->page_shift;
	return true;
}

static bool restore_entries(struct tlb *tlb, struct state_reader *reader)
{
	for (;;) {
		uint64_t index = state_read_u64(reader);
		if (reader->failed || index == NO_MORE)
			return !reader->failed;
		if (index >= capacity(tlb))
			return state_refuse(reader, "mmu: an entry that the TLB has not");
		if (!restore_entry(tlb, index, reader))
			return false;
	}
}

bool mmu_restore(struct hart *hart, struct state_reader *reader)
{
	struct tlb *tlb = &hart->mmu->tlb;
	mmu_flush(hart);
	if (!state_read_begin(reader, "mmu", VERSION))
		return false;
	uint64_t sets = state_read_u64(reader), ways = state_read_u64(reader);
	if (!reader->failed && (sets != tlb->sets || ways != tlb->ways))
		return state_refuse(reader, "mmu: of a TLB with another number of entries");
	if (!restore_entries(tlb, reader))
		return false;
	state_read(reader, tlb->victim, tlb->sets);
	for (unsigned i = 0; i < tlb->sets; i++)
		if (tlb->victim[i] >= tlb->ways)
			return state_refuse(reader, "mmu: a way that the TLB has not");
	STATE_READ(reader, hart->mmu->stats);
	return state_read_end(reader);
}
