/* Virtio's GPU (Virtio 1.2, 5.7) without 3D: one screen, whose pictures the guest has copied from its memory. As QEMU 7.2's. */
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/edid.h"
#include "dev/virtio_gpu_parts.h"

enum {
	CONTROL = 0, /* queues */
	CURSOR = 1,

	F_EDID = 1,
	FLAG_FENCE = 1,
	SCANOUTS = 16, /* that there is room for in an answer */

	CYCLES_A_REQUEST = 100,
	BYTES_A_CYCLE = 8,
};

struct display_info {
	struct gpu_header header;
	struct {
		struct gpu_rect rect;
		uint32_t enabled, flags;
	} modes[SCANOUTS];
};

struct edid_answer {
	struct gpu_header header;
	uint32_t size, padding;
	uint8_t edid[EDID_BYTES];
};

/* Every answer begins with a header. */
union gpu_answer {
	struct gpu_header header;
	struct display_info info;
	struct edid_answer edid;
};

static uint64_t gpu_features(const struct virtio *virtio)
{
	(void)virtio;
	return 1 << F_EDID;
}

/* No events, as the display never changes; one scanout, no sets of capabilities. */
static void gpu_config_read(const struct virtio *virtio, uint8_t *bytes)
{
	(void)virtio;
	bytes[8] = 1;
}

/* ---- requests ---- */

static size_t answer_info(const struct gpu *gpu, union gpu_answer *answer)
{
	answer->info.header.type = GPU_OK_DISPLAY_INFO;
	answer->info.modes[0].rect = (struct gpu_rect){.width = gpu->width, .height = gpu->height};
	answer->info.modes[0].enabled = 1;
	return sizeof(answer->info);
}

static size_t answer_edid(const struct gpu *gpu, uint32_t scanout, union gpu_answer *answer)
{
	if (scanout != 0) {
		answer->header.type = GPU_ERR_INVALID_PARAMETER;
		return sizeof(answer->header);
	}
	answer->edid.header.type = GPU_OK_EDID;
	answer->edid.size = EDID_BYTES;
	edid_write(answer->edid.edid, gpu->width, gpu->height);
	return sizeof(answer->edid);
}

/* What is behind the header of each: a request that is shorter is refused. */
static size_t request_size(uint32_t type)
{
	switch (type) {
	case GPU_GET_EDID:
	case GPU_UNREF:
	case GPU_DETACH:
	case GPU_ATTACH: return sizeof(struct gpu_attach);
	case GPU_CREATE_2D: return sizeof(struct gpu_create);
	case GPU_SET_SCANOUT: return sizeof(struct gpu_scanout);
	case GPU_FLUSH: return sizeof(struct gpu_flush);
	case GPU_TRANSFER: return sizeof(struct gpu_transfer);
	default: return 0;
	}
}

union gpu_request {
	uint32_t id; /* of a scanout or a resource, where nothing else is said */
	struct gpu_create create;
	struct gpu_scanout scanout;
	struct gpu_flush flush;
	struct gpu_transfer transfer;
	struct gpu_attach attach;
};

/* Those that are answered with a header alone. */
static uint32_t do_gpu_request(struct gpu *gpu, uint32_t type, const union gpu_request *request,
                               const struct virtio_chain *chain, uint64_t *bytes)
{
	switch (type) {
	case GPU_CREATE_2D: return gpu_create(gpu, &request->create);
	case GPU_UNREF: return gpu_unref(gpu, request->id);
	case GPU_SET_SCANOUT: return gpu_set_scanout(gpu, &request->scanout);
	case GPU_FLUSH: return gpu_flush(gpu, &request->flush);
	case GPU_TRANSFER: return gpu_transfer(gpu, &request->transfer, bytes);
	case GPU_ATTACH:
		return gpu_attach(gpu, &request->attach, chain, sizeof(struct gpu_header) + sizeof(request->attach));
	case GPU_DETACH: return gpu_detach(gpu, request->id);
	default: return GPU_ERR_UNSPEC;
	}
}

/* Fills in the answer: its size. */
static size_t answer_gpu_request(struct gpu *gpu, const struct gpu_header *header, const struct virtio_chain *chain,
                                 union gpu_answer *answer, uint64_t *bytes)
{
	union gpu_request request = {0};
	size_t size = request_size(header->type);
	answer->header.type = GPU_ERR_UNSPEC;
	if (chain->read_size < sizeof(*header) + size)
		return sizeof(answer->header);
	virtio_read(&gpu->virtio, chain, sizeof(*header), &request, size);
	if (header->type == GPU_GET_DISPLAY_INFO)
		return answer_info(gpu, answer);
	if (header->type == GPU_GET_EDID)
		return answer_edid(gpu, request.id, answer);
	answer->header.type = do_gpu_request(gpu, header->type, &request, chain, bytes);
	return sizeof(answer->header);
}

/* What waits for a fence has its answer when the request is done, as all have. */
static uint64_t serve_control(struct gpu *gpu, uint64_t now)
{
	struct virtio_chain chain;
	struct gpu_header header = {0};
	union gpu_answer answer = {0};
	uint64_t bytes = 0;
	if (!virtio_take(&gpu->virtio, CONTROL, &chain, now))
		return 0;
	size_t size = sizeof(answer.header);
	answer.header.type = GPU_ERR_UNSPEC;
	if (chain.read_size >= sizeof(header)) {
		virtio_read(&gpu->virtio, &chain, 0, &header, sizeof(header));
		size = answer_gpu_request(gpu, &header, &chain, &answer, &bytes);
	}
	if (header.flags & FLAG_FENCE) {
		answer.header.flags = FLAG_FENCE;
		answer.header.fence = header.fence;
		answer.header.context = header.context;
	}
	size = chain.write_size < size ? (size_t)chain.write_size : size;
	virtio_write(&gpu->virtio, &chain, 0, &answer, size);
	virtio_give(&gpu->virtio, CONTROL, &chain, (uint32_t)size, now);
	return CYCLES_A_REQUEST + bytes / BYTES_A_CYCLE;
}

/* Nothing is answered. */
static uint64_t serve_cursor(struct gpu *gpu, uint64_t now)
{
	struct virtio_chain chain;
	struct gpu_header header;
	struct gpu_cursor cursor;
	if (!virtio_take(&gpu->virtio, CURSOR, &chain, now))
		return 0;
	if (chain.read_size >= sizeof(header) + sizeof(cursor)) {
		virtio_read(&gpu->virtio, &chain, 0, &header, sizeof(header));
		virtio_read(&gpu->virtio, &chain, sizeof(header), &cursor, sizeof(cursor));
		if (header.type == GPU_UPDATE_CURSOR || header.type == GPU_MOVE_CURSOR)
			gpu_move_cursor(gpu, &cursor, header.type == GPU_UPDATE_CURSOR);
	}
	virtio_give(&gpu->virtio, CURSOR, &chain, 0, now);
	return CYCLES_A_REQUEST;
}

static uint64_t gpu_serve(struct virtio *virtio, unsigned queue, uint64_t now)
{
	struct gpu *gpu = (struct gpu *)virtio;
	return queue == CONTROL ? serve_control(gpu, now) : serve_cursor(gpu, now);
}

/* ---- the device ---- */

static void gpu_reset(struct virtio *virtio) { gpu_clear((struct gpu *)virtio); }

static void gpu_save(const struct virtio *virtio, struct state_writer *writer)
{
	gpu_save_resources((const struct gpu *)virtio, writer);
}

static bool gpu_restore(struct virtio *virtio, struct state_reader *reader)
{
	return gpu_restore_resources((struct gpu *)virtio, reader);
}

static void gpu_dump(const struct virtio *virtio, FILE *out)
{
	const struct gpu *gpu = (const struct gpu *)virtio;
	fprintf(out, "  prefers %ux%u", gpu->width, gpu->height);
	if (gpu->shown)
		fprintf(out, ", shows %ux%u at %u,%u of resource %u", gpu->rect.width, gpu->rect.height, gpu->rect.x,
		        gpu->rect.y, gpu->shown->id);
	fprintf(out, "\n");
	for (const struct gpu_resource *resource = gpu->resources; resource; resource = resource->next)
		fprintf(out, "  resource %u: %ux%u, format %u%s\n", resource->id, resource->width, resource->height,
		        resource->format, resource->parts ? "" : ", without backing");
}

static void gpu_destroy(struct virtio *virtio)
{
	gpu_clear((struct gpu *)virtio);
	free(virtio);
}

static struct virtio *gpu_make(const struct board *board, const struct virtio_config *config)
{
	struct gpu *gpu = calloc(1, sizeof(*gpu));
	if (!gpu)
		return NULL;
	gpu->width = (uint32_t)config->number;
	gpu->height = (uint32_t)(config->number >> 32);
	gpu->screen = (struct screen){
	    .kind = config->kind->name, .id = config->id, .look = gpu_look, .cursor = gpu_look_cursor, .context = gpu};
	if (screens_add(board->screens, &gpu->screen))
		return &gpu->virtio;
	free(gpu);
	return NULL;
}

const struct virtio_kind virtio_gpu_kind = {
    .name = "virtio-gpu-device",
    .id = 16,
    .queues = 2,
    .config_size = 16,
    .make = gpu_make,
    .features = gpu_features,
    .config_read = gpu_config_read,
    .serve = gpu_serve,
    .reset = gpu_reset,
    .save = gpu_save,
    .restore = gpu_restore,
    .dump = gpu_dump,
    .destroy = gpu_destroy,
};
