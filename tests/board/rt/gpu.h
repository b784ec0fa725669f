/* Requests to a virtio-gpu device (Virtio 1.2, 5.7). */
#ifndef BOARD_GPU_H
#define BOARD_GPU_H

#include "virtio.h"

enum {
	GET_DISPLAY_INFO = 0x100, CREATE_2D, UNREF, SET_SCANOUT, FLUSH, TRANSFER, ATTACH, DETACH, GET_CAPSET_INFO, GET_CAPSET, GET_EDID,
	UPDATE_CURSOR = 0x300, MOVE_CURSOR,
	OK_NODATA = 0x1100, OK_DISPLAY_INFO, OK_CAPSET_INFO, OK_CAPSET, OK_EDID,
	GPU = 16, /* the device's id */
	FENCE = 1,
};

struct gpu_header {
	u32 type, flags;
	u64 fence;
	u32 context, ring;
};

struct gpu_rect {
	u32 x, y, width, height;
};

struct gpu_request {
	struct gpu_header header;
	u32 words[64];
};

struct gpu_answer {
	struct gpu_header header;
	u8 bytes[1100];
};

/* The type of what is answered. */
static inline u32 gpu_ask(const struct slot *slot, const struct gpu_request *request, u32 words, struct gpu_answer *answer)
{
	answer->header.type = 0;
	slot_ask(slot, 0, request, sizeof(struct gpu_header) + 4 * words, answer, sizeof(*answer));
	return answer->header.type;
}

/* Likewise of a request that has words. */
#define gpu_do(slot, command, ...)                                                                                     \
	({                                                                                                             \
		static struct gpu_answer answer_;                                                                      \
		struct gpu_request request_ = {{.type = command}, {__VA_ARGS__}};                                      \
		const u32 words_[] = {__VA_ARGS__};                                                                    \
		gpu_ask(slot, &request_, sizeof(words_) / 4, &answer_);                                                \
	})

#endif
