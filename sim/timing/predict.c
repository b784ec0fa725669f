#include "timing/predict.h"

#include <stdlib.h>
#include <string.h>
#include "base/state.h"

int predict_init(struct predictors *predictors, const struct timing *timing)
{
	predictors->timing = timing;
	predictors->bht_mask = timing->bht_entries - 1;
	predictors->bht_noted = timing->bht_history || timing->bht_bits == 1;
	predictors->bht = calloc(timing->bht_entries, 1);
	predictors->btb = calloc(timing->btb_entries, sizeof *predictors->btb);
	return predictors->bht && predictors->btb ? 0 : -1;
}

void predict_free(struct predictors *predictors)
{
	free(predictors->bht);
	free(predictors->btb);
	predictors->bht = NULL;
	predictors->btb = NULL;
}

void predict_clear(struct predictors *predictors)
{
	memset(predictors->bht, 0, predictors->timing->bht_entries);
	memset(predictors->btb, 0, predictors->timing->btb_entries * sizeof *predictors->btb);
	predictors->history = 0;
	predictors->history_index = 0;
	predictors->ras_used = 0;
}

void predict_call(struct predictors *predictors, uint64_t address)
{
	unsigned depth = predictors->timing->ras_entries;
	memmove(predictors->ras + 1, predictors->ras, (depth - 1) * sizeof *predictors->ras);
	predictors->ras[0] = address;
	if (predictors->ras_used < depth)
		predictors->ras_used++;
}

static uint64_t pop_return(struct predictors *predictors)
{
	if (!predictors->ras_used)
		return 0;
	uint64_t address = predictors->ras[0];
	memmove(predictors->ras, predictors->ras + 1, (predictors->timing->ras_entries - 1) * sizeof *predictors->ras);
	predictors->ras_used--;
	return address;
}

/* c.jalr is a call and never a return. */
bool predict_is_return(unsigned rd, unsigned rs1, unsigned length)
{
	return predict_is_link(rs1) && rd != rs1 && !(length == 2 && rd == 1);
}

/* Where the target of the jump at pc is; btb_entries: nowhere. */
static unsigned btb_slot(struct predictors *predictors, uint64_t pc)
{
	unsigned entries = predictors->timing->btb_entries, slot = 0;
	if (!predictors->timing->btb_full)
		return pc >> 1 & (entries - 1);
	while (slot < entries && !(predictors->btb[slot].valid && predictors->btb[slot].pc == pc))
		slot++;
	if (slot == entries)
		return slot;
	__typeof__(*predictors->btb) used = predictors->btb[slot];
	memmove(predictors->btb + 1, predictors->btb, slot * sizeof *predictors->btb);
	predictors->btb[0] = used;
	return 0;
}

uint64_t predict_indirect(struct predictors *predictors, unsigned rd, unsigned rs1, unsigned length, uint64_t pc)
{
	if (predict_is_return(rd, rs1, length))
		return pop_return(predictors);
	const unsigned slot = btb_slot(predictors, pc);
	return slot < predictors->timing->btb_entries && predictors->btb[slot].valid ? predictors->btb[slot].target : 0;
}

void predict_learn_indirect(struct predictors *predictors, unsigned rd, unsigned rs1, unsigned length, uint64_t pc,
                            uint64_t target)
{
	unsigned last = predictors->timing->btb_entries - 1;
	if (predict_is_return(rd, rs1, length))
		return;
	unsigned slot = btb_slot(predictors, pc);
	if (slot > last) { /* instead of the one that has not been used for longest */
		memmove(predictors->btb + 1, predictors->btb, last * sizeof *predictors->btb);
		slot = 0;
	}
	predictors->btb[slot].pc = pc;
	predictors->btb[slot].target = target;
	predictors->btb[slot].valid = true;
}

/* With a folded history Rocket's hash (BTB.scala), of the address in units of fetch words. */
uint32_t predict_place(const struct predictors *predictors, uint64_t pc)
{
	if (!predictors->timing->bht_folded)
		return (uint32_t)(pc >> 1);
	uint64_t word = pc / predictors->timing->fetch_bytes;
	return (uint32_t)(word ^ (word / predictors->timing->bht_entries & 3)) & predictors->bht_mask;
}

void predict_note_branch(struct predictors *predictors, uint8_t *counter, bool taken)
{
	const struct timing *timing = predictors->timing;
	unsigned length = timing->bht_history, mask = (1u << length) - 1;
	if (timing->bht_bits == 1)
		*counter = BHT_VALID | (taken ? 3 : 0);
	if (!timing->bht_folded) {
		predictors->history = (predictors->history << 1 | taken) & mask;
		predictors->history_index = (unsigned)predictors->history;
		return;
	}
	enum { HALF_ROOT_OF_3 = 0xddb3 }; /* sqrt(3) / 2 in 16 bits */
	predictors->history = predictors->history >> 1 | (unsigned)taken << (length - 1);
	uint64_t hash = (HALF_ROOT_OF_3 >> (16 - length)) * predictors->history & mask;
	unsigned above = (unsigned)__builtin_ctz(timing->bht_entries) - timing->bht_folded;
	predictors->history_index = (unsigned)(hash >> (length - timing->bht_folded)) << above;
}

bool predict_branch(const struct predictors *predictors, uint64_t pc, bool backward)
{
	uint8_t entry =
	    predictors->bht[(predict_place(predictors, pc) ^ predictors->history_index) & predictors->bht_mask];
	return entry & BHT_VALID ? entry & 2 : backward && predictors->timing->bht_backward;
}

void predict_trapped(struct predictors *predictors)
{
	if (!predictors->timing->trap_predictors)
		return;
	memset(predictors->bht, (int)predictors->timing->bht_cleared, predictors->timing->bht_entries);
	memset(predictors->btb, 0, predictors->timing->btb_entries * sizeof *predictors->btb);
	predictors->ras_used = 0;
}

bool predict_follow_jumps(struct predictors *predictors, const struct trail *trail)
{
	uint64_t ras[RAS_MAX];
	unsigned used = predictors->ras_used;
	bool same = true;
	memcpy(ras, predictors->ras, sizeof ras);
	for (unsigned i = 0; i < trail->jump_count && same; i++) {
		const struct trail_jump *jump = &trail->jumps[i];
		if (jump->kind == JUMP_CALL)
			predict_call(predictors, jump->address);
		else if (jump->kind == JUMP_RETURN)
			same = pop_return(predictors) == jump->address;
		else
			same = (predictors->btb[jump->slot].valid ? predictors->btb[jump->slot].target : 0) ==
			       jump->address;
	}
	if (!same) {
		memcpy(predictors->ras, ras, sizeof ras);
		predictors->ras_used = used;
	}
	return same;
}

/* ---- save and restore ---- */

enum { PREDICTORS_VERSION = 1 };

void predict_save(const struct predictors *predictors, struct state_writer *writer)
{
	const struct timing *timing = predictors->timing;
	state_write_begin(writer, "predictors", PREDICTORS_VERSION);
	state_write_u64(writer, timing->bht_entries);
	state_write_u64(writer, timing->btb_entries);
	state_write(writer, predictors->bht, timing->bht_entries);
	for (unsigned i = 0; i < timing->btb_entries; i++) {
		state_write_u64(writer, predictors->btb[i].pc);
		state_write_u64(writer, predictors->btb[i].target);
		state_write_u64(writer, predictors->btb[i].valid);
	}
	state_write_u64(writer, predictors->history);
	state_write_u64(writer, predictors->history_index);
	STATE_WRITE(writer, predictors->ras);
	state_write_u64(writer, predictors->ras_used);
	state_write_end(writer);
}

bool predict_restore(struct predictors *predictors, struct state_reader *reader)
{
	const struct timing *timing = predictors->timing;
	state_read_begin(reader, "predictors", PREDICTORS_VERSION);
	if (state_read_u64(reader) != timing->bht_entries || state_read_u64(reader) != timing->btb_entries)
		return state_refuse(reader, "predictors: another number of entries");
	state_read(reader, predictors->bht, timing->bht_entries);
	for (unsigned i = 0; i < timing->btb_entries; i++) {
		predictors->btb[i].pc = state_read_u64(reader);
		predictors->btb[i].target = state_read_u64(reader);
		predictors->btb[i].valid = state_read_limited(reader, 1);
	}
	predictors->history = state_read_u64(reader);
	predictors->history_index = (unsigned)state_read_limited(reader, UINT32_MAX);
	STATE_READ(reader, predictors->ras);
	predictors->ras_used = (unsigned)state_read_limited(reader, timing->ras_entries);
	return state_read_end(reader);
}
