/* Save and restore of a whole timing model. */
#include "base/state.h"
#include "hart/hart.h"
#include "timing/model.h"
#include "timing/shadow.h"

enum { MODEL_VERSION = 2, SHARED_VERSION = 1 };

/* Without the filter, the memos and the wrong paths behind them, which are made anew. */
void model_save(const struct model *model, struct state_writer *writer)
{
	l1_tlb_save(&model->itlb, writer);
	l1_tlb_save(&model->dtlb, writer);
	ptw_save(&model->ptw, writer);
	predict_save(&model->predictors, writer);
	cache_save(&model->l1i, writer);
	cache_save(&model->l1d, writer);
	pipe_save(&model->states.list[model->hart->pipeline_state], writer);
	state_write_begin(writer, "model", MODEL_VERSION);
	state_write_u64(writer, timing_hash(model->timing));
	state_write_u64(writer, model->store_log);
	state_write_u64(writer, model->walks_from);
	state_write_u64(writer, model->fetch_page);
	state_write_u64(writer, model->fetch_space);
	STATE_WRITE(writer, model->outcome);
	STATE_WRITE(writer, model->counts);
	state_write_u64(writer, model->shadow != NULL);
	state_write_end(writer);
	if (model->shadow)
		shadow_save(model->shadow, writer);
}

/* Without one that was saved it begins at the next world switch, as ever. */
static bool restore_shadow(struct model *model, struct state_reader *reader, bool saved)
{
	if (saved && model->shadow)
		return shadow_restore(model->shadow, reader);
	for (unsigned level = 0; saved && level < SHADOW_LEVELS; level++)
		if (!state_read_over(reader, "pipe"))
			return false;
	return true;
}

bool model_restore(struct hart *hart, struct state_reader *reader)
{
	struct model *model = hart->model;
	struct pipe pipe;
	if (!l1_tlb_restore(&model->itlb, reader) || !l1_tlb_restore(&model->dtlb, reader) ||
	    !ptw_restore(&model->ptw, reader) || !predict_restore(&model->predictors, reader) ||
	    !cache_restore(&model->l1i, reader) || !cache_restore(&model->l1d, reader) ||
	    !pipe_restore(model->timing, &pipe, reader) || !state_read_begin(reader, "model", MODEL_VERSION))
		return false;
	if (state_read_u64(reader) != timing_hash(model->timing))
		return state_refuse(reader, "model: another preset, or other parameters");
	model->store_log = state_read_u64(reader);
	model->walks_from = state_read_u64(reader);
	model->fetch_page = state_read_u64(reader);
	model->fetch_space = state_read_u64(reader);
	STATE_READ(reader, model->outcome);
	STATE_READ(reader, model->counts);
	bool has_shadow = state_read_limited(reader, 1);
	if (!state_read_end(reader))
		return false;
	near_flush(&model->near);
	hart->pipeline_state = states_number(&model->states, &pipe);
	model_forget_code(hart);
	return restore_shadow(model, reader, has_shadow);
}

void model_shared_save(const struct model_shared *shared, struct state_writer *writer)
{
	state_write_begin(writer, "model shared", SHARED_VERSION);
	state_write_u64(writer, shared->has_l2);
	state_write_end(writer);
	channel_save(&shared->channel, writer);
	if (shared->has_l2)
		cache_save(&shared->l2, writer);
}

bool model_shared_restore(struct model_shared *shared, struct state_reader *reader)
{
	state_read_begin(reader, "model shared", SHARED_VERSION);
	if (state_read_limited(reader, 1) != shared->has_l2)
		return state_refuse(reader, "model shared: one of the two has a second-level cache only");
	return state_read_end(reader) && channel_restore(&shared->channel, reader) &&
	       (!shared->has_l2 || cache_restore(&shared->l2, reader));
}
