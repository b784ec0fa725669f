/* virtio_gpu.c, the device and its queues, and virtio_gpu_2d.c, what its requests do. */
#ifndef VIRTIO_GPU_PARTS_H
#define VIRTIO_GPU_PARTS_H

#include "dev/screen.h"
#include "dev/virtio.h"

enum {
	GPU_HOSTMEM = 256 << 20, /* bytes of all resources, QEMU's max_hostmem */
	GPU_PARTS_MAX = 16384,   /* of a resource's backing; QEMU's limit */
	GPU_SIDE_MIN = 16,       /* of a screen: QEMU's, too */
};

enum gpu_command {
	GPU_GET_DISPLAY_INFO = 0x100,
	GPU_CREATE_2D,
	GPU_UNREF,
	GPU_SET_SCANOUT,
	GPU_FLUSH,
	GPU_TRANSFER,
	GPU_ATTACH,
	GPU_DETACH,
	GPU_GET_EDID = 0x10a,
	GPU_UPDATE_CURSOR = 0x300,
	GPU_MOVE_CURSOR,
	GPU_OK_NODATA = 0x1100,
	GPU_OK_DISPLAY_INFO,
	GPU_OK_EDID = 0x1104,
	GPU_ERR_UNSPEC = 0x1200,
	GPU_ERR_OUT_OF_MEMORY,
	GPU_ERR_INVALID_SCANOUT_ID,
	GPU_ERR_INVALID_RESOURCE_ID,
	GPU_ERR_INVALID_CONTEXT_ID,
	GPU_ERR_INVALID_PARAMETER,
};

struct gpu_header {
	uint32_t type, flags;
	uint64_t fence;
	uint32_t context, ring;
};

struct gpu_rect {
	uint32_t x, y, width, height;
};

/* Requests, each behind a header. */
struct gpu_create {
	uint32_t resource, format, width, height;
};
struct gpu_scanout {
	struct gpu_rect rect;
	uint32_t scanout, resource;
};
struct gpu_transfer {
	struct gpu_rect rect;
	uint64_t offset;
	uint32_t resource, padding;
};
struct gpu_flush {
	struct gpu_rect rect;
	uint32_t resource, padding;
};
struct gpu_attach {
	uint32_t resource, count;
};
struct gpu_cursor {
	uint32_t scanout, x, y, padding, resource, hot_x, hot_y, padding2;
};

/* Guest memory that a resource's pixels come from. */
struct gpu_part {
	uint64_t pa;
	uint32_t size;
};

struct gpu_resource {
	struct gpu_resource *next;
	uint32_t id, format, width, height;
	uint8_t *pixels; /* 4 bytes each, rows one behind the other */
	struct gpu_part *parts; /* NULL: it has no backing */
	uint32_t part_count;
};

struct gpu {
	struct virtio virtio;
	uint32_t width, height; /* that the display prefers */
	uint64_t used; /* bytes of resources */
	struct gpu_resource *resources; /* the newest first */
	struct gpu_resource *shown; /* NULL: nothing is */
	struct gpu_rect rect; /* of it */
	struct {
		struct gpu_cursor last; /* request */
		uint32_t pixels[CURSOR_SIDE * CURSOR_SIDE];
	} cursor;
	struct screen screen;
};

/* Each returns what is answered: GPU_OK_NODATA or an error. */
uint32_t gpu_create(struct gpu *gpu, const struct gpu_create *request);
uint32_t gpu_unref(struct gpu *gpu, uint32_t resource);
uint32_t gpu_set_scanout(struct gpu *gpu, const struct gpu_scanout *request);
uint32_t gpu_flush(struct gpu *gpu, const struct gpu_flush *request);
/* *bytes: how many were copied. */
uint32_t gpu_transfer(struct gpu *gpu, const struct gpu_transfer *request, uint64_t *bytes);
/* The parts stand in the chain at `at`. */
uint32_t gpu_attach(struct gpu *gpu, const struct gpu_attach *request, const struct virtio_chain *chain, uint64_t at);
uint32_t gpu_detach(struct gpu *gpu, uint32_t resource);
void gpu_move_cursor(struct gpu *gpu, const struct gpu_cursor *request, bool new_picture);

bool gpu_look(void *context, struct screen_picture *picture);
struct screen_cursor gpu_look_cursor(void *context);

/* As at power-on. */
void gpu_clear(struct gpu *gpu);
void gpu_save_resources(const struct gpu *gpu, struct state_writer *writer);
bool gpu_restore_resources(struct gpu *gpu, struct state_reader *reader);

#endif
