/* What requests to virtio's GPU do: resources, which are pictures of the host's, and the screen that shows one. */
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/state.h"
#include "dev/virtio_gpu_parts.h"

enum { PIXEL_BYTES = 4, PIECE_BYTES = 4096, CURSOR_BYTES = CURSOR_SIDE * CURSOR_SIDE * PIXEL_BYTES };

/* Virtio 1.2, 5.7.6.8: the order of bytes in memory. */
static const struct {
	uint32_t number;
	struct pixel_format format;
} formats[] = {
    {1, {4, 2, 1, 0}} /* BGRA */,   {2, {4, 2, 1, 0}} /* BGRX */,   {3, {4, 1, 2, 3}} /* ARGB */,
    {4, {4, 1, 2, 3}} /* XRGB */,   {67, {4, 0, 1, 2}} /* RGBA */,  {68, {4, 3, 2, 1}} /* XBGR */,
    {121, {4, 3, 2, 1}} /* ABGR */, {134, {4, 0, 1, 2}} /* RGBX */,
};

static const struct pixel_format *format_of(uint32_t number)
{
	for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].number == number)
			return &formats[i].format;
	return NULL;
}

static struct gpu_resource *resource_of(const struct gpu *gpu, uint32_t id)
{
	struct gpu_resource *resource = gpu->resources;
	while (resource && resource->id != id)
		resource = resource->next;
	return resource;
}

static uint64_t pixel_bytes(uint32_t width, uint32_t height) { return (uint64_t)width * height * PIXEL_BYTES; }

static bool rect_fits(const struct gpu_rect *rect, const struct gpu_resource *resource)
{
	return (uint64_t)rect->x + rect->width <= resource->width &&
	       (uint64_t)rect->y + rect->height <= resource->height;
}

/* ---- resources ---- */

static uint32_t add_resource(struct gpu *gpu, const struct gpu_create *request)
{
	uint64_t bytes = pixel_bytes(request->width, request->height);
	if (request->width > UINT16_MAX || request->height > UINT16_MAX ||
	    bytes >= GPU_HOSTMEM - gpu->used) /* QEMU is as strict */
		return GPU_ERR_OUT_OF_MEMORY;
	struct gpu_resource *resource = calloc(1, sizeof(*resource));
	uint8_t *pixels = resource ? calloc(1, bytes + 1) : NULL;
	if (!pixels) {
		free(resource);
		return GPU_ERR_OUT_OF_MEMORY;
	}
	*resource = (struct gpu_resource){
	    .next = gpu->resources,
	    .id = request->resource,
	    .format = request->format,
	    .width = request->width,
	    .height = request->height,
	    .pixels = pixels,
	};
	gpu->resources = resource;
	gpu->used += bytes;
	return GPU_OK_NODATA;
}

uint32_t gpu_create(struct gpu *gpu, const struct gpu_create *request)
{
	if (request->resource == 0 || resource_of(gpu, request->resource))
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (!format_of(request->format))
		return GPU_ERR_INVALID_PARAMETER;
	return add_resource(gpu, request);
}

static void show_nothing(struct gpu *gpu)
{
	gpu->shown = NULL;
	gpu->rect = (struct gpu_rect){0};
	gpu->screen.changes++;
}

static void drop_resource(struct gpu *gpu, struct gpu_resource *resource)
{
	struct gpu_resource **link = &gpu->resources;
	while (*link != resource)
		link = &(*link)->next;
	*link = resource->next;
	if (gpu->shown == resource)
		show_nothing(gpu);
	gpu->used -= pixel_bytes(resource->width, resource->height);
	free(resource->pixels);
	free(resource->parts);
	free(resource);
}

uint32_t gpu_unref(struct gpu *gpu, uint32_t id)
{
	struct gpu_resource *resource = resource_of(gpu, id);
	if (!resource)
		return GPU_ERR_INVALID_RESOURCE_ID;
	drop_resource(gpu, resource);
	return GPU_OK_NODATA;
}

/* ---- the screen ---- */

uint32_t gpu_set_scanout(struct gpu *gpu, const struct gpu_scanout *request)
{
	if (request->scanout != 0)
		return GPU_ERR_INVALID_SCANOUT_ID;
	if (request->resource == 0) {
		show_nothing(gpu);
		return GPU_OK_NODATA;
	}
	struct gpu_resource *resource = resource_of(gpu, request->resource);
	if (!resource)
		return GPU_ERR_INVALID_RESOURCE_ID;
	const struct gpu_rect *rect = &request->rect;
	if (rect->width < GPU_SIDE_MIN || rect->height < GPU_SIDE_MIN || !rect_fits(rect, resource))
		return GPU_ERR_INVALID_PARAMETER;
	gpu->shown = resource;
	gpu->rect = *rect;
	gpu->screen.changes++;
	return GPU_OK_NODATA;
}

uint32_t gpu_flush(struct gpu *gpu, const struct gpu_flush *request)
{
	const struct gpu_resource *resource = resource_of(gpu, request->resource);
	if (!resource)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (!rect_fits(&request->rect, resource))
		return GPU_ERR_INVALID_PARAMETER;
	gpu->screen.changes += resource == gpu->shown;
	return GPU_OK_NODATA;
}

bool gpu_look(void *context, struct screen_picture *picture)
{
	const struct gpu *gpu = context;
	const struct gpu_resource *resource = gpu->shown;
	if (!resource)
		return false;
	*picture = (struct screen_picture){
	    .pixels = resource->pixels + pixel_bytes(resource->width, gpu->rect.y) + pixel_bytes(gpu->rect.x, 1),
	    .width = gpu->rect.width,
	    .height = gpu->rect.height,
	    .stride = resource->width * PIXEL_BYTES,
	    .format = *format_of(resource->format),
	};
	return true;
}

/* ---- the cursor ---- */

void gpu_move_cursor(struct gpu *gpu, const struct gpu_cursor *request, bool new_picture)
{
	if (request->scanout != 0)
		return;
	gpu->screen.changes++;
	struct gpu_cursor *last = &gpu->cursor.last;
	uint32_t hot_x = last->hot_x, hot_y = last->hot_y;
	*last = *request;
	if (!new_picture) {
		last->hot_x = hot_x;
		last->hot_y = hot_y;
		return;
	}
	const struct gpu_resource *resource = resource_of(gpu, request->resource);
	if (resource && resource->width == CURSOR_SIDE && resource->height == CURSOR_SIDE)
		memcpy(gpu->cursor.pixels, resource->pixels, CURSOR_BYTES);
}

struct screen_cursor gpu_look_cursor(void *context)
{
	const struct gpu *gpu = context;
	const struct gpu_cursor *last = &gpu->cursor.last;
	return (struct screen_cursor){
	    .x = (int32_t)(last->x - last->hot_x),
	    .y = (int32_t)(last->y - last->hot_y),
	    .pixels = last->resource && gpu->shown ? gpu->cursor.pixels : NULL,
	};
}

/* ---- backing ---- */

/* What of the entries can be used: none of it, if one lies outside of memory. */
static bool read_parts(const struct gpu *gpu, const struct virtio_chain *chain, uint64_t at, struct gpu_part *parts,
                       uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct {
			uint64_t pa;
			uint32_t size, padding;
		} entry;
		virtio_read(&gpu->virtio, chain, at + i * sizeof(entry), &entry, sizeof(entry));
		if (entry.size != 0 && !bus_is_dram(gpu->virtio.bus, entry.pa, entry.size))
			return false;
		parts[i] = (struct gpu_part){entry.pa, entry.size};
	}
	return true;
}

uint32_t gpu_attach(struct gpu *gpu, const struct gpu_attach *request, const struct virtio_chain *chain, uint64_t at)
{
	enum { ENTRY_BYTES = 16 };
	struct gpu_resource *resource = resource_of(gpu, request->resource);
	if (!resource)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (resource->parts || request->count > GPU_PARTS_MAX ||
	    chain->read_size - at < (uint64_t)request->count * ENTRY_BYTES)
		return GPU_ERR_UNSPEC;
	struct gpu_part *parts = calloc((size_t)request->count + 1, sizeof(*parts));
	if (!parts)
		return GPU_ERR_OUT_OF_MEMORY;
	if (!read_parts(gpu, chain, at, parts, request->count)) {
		free(parts);
		return GPU_ERR_UNSPEC;
	}
	resource->parts = parts;
	resource->part_count = request->count;
	return GPU_OK_NODATA;
}

uint32_t gpu_detach(struct gpu *gpu, uint32_t id)
{
	struct gpu_resource *resource = resource_of(gpu, id);
	if (!resource)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (!resource->parts)
		return GPU_ERR_UNSPEC;
	free(resource->parts);
	resource->parts = NULL;
	resource->part_count = 0;
	return GPU_OK_NODATA;
}

/* Where reading a backing has come to: rows are read one behind the other. */
struct backing_place {
	uint32_t part;
	uint64_t before; /* bytes of the parts before it */
};

/* Bytes of a backing: as many as there are. */
static void copy_backing(const struct gpu *gpu, const struct gpu_resource *resource, struct backing_place *place,
                         uint64_t from, uint8_t *to, uint64_t size)
{
	while (size != 0 && place->part < resource->part_count) {
		const struct gpu_part *part = &resource->parts[place->part];
		if (from >= place->before + part->size) {
			place->before += part->size;
			place->part++;
			continue;
		}
		uint64_t skip = from - place->before, bytes = part->size - skip;
		bytes = size < bytes ? size : bytes;
		bus_dma_read(gpu->virtio.bus, part->pa + skip, to, bytes);
		from += bytes;
		to += bytes;
		size -= bytes;
	}
}

uint32_t gpu_transfer(struct gpu *gpu, const struct gpu_transfer *request, uint64_t *bytes)
{
	const struct gpu_rect *rect = &request->rect;
	const struct gpu_resource *resource = resource_of(gpu, request->resource);
	*bytes = 0;
	if (!resource)
		return GPU_ERR_INVALID_RESOURCE_ID;
	if (!resource->parts)
		return GPU_ERR_UNSPEC;
	if (!rect_fits(rect, resource))
		return GPU_ERR_INVALID_PARAMETER;
	struct backing_place place = {0};
	uint64_t stride = pixel_bytes(resource->width, 1), size = pixel_bytes(rect->width, 1);
	for (uint32_t y = 0; y < rect->height; y++) {
		uint64_t from = request->offset + y * stride;
		if (from < request->offset)
			break;
		copy_backing(gpu, resource, &place, from,
		             resource->pixels + (rect->y + (uint64_t)y) * stride + pixel_bytes(rect->x, 1), size);
	}
	*bytes = size * rect->height;
	return GPU_OK_NODATA;
}

/* ---- state ---- */

void gpu_clear(struct gpu *gpu)
{
	while (gpu->resources)
		drop_resource(gpu, gpu->resources);
	show_nothing(gpu);
	memset(&gpu->cursor, 0, sizeof(gpu->cursor));
}

static uint64_t count_resources(const struct gpu *gpu)
{
	uint64_t count = 0;
	for (const struct gpu_resource *resource = gpu->resources; resource; resource = resource->next)
		count++;
	return count;
}

/* Snapshots share what of a picture has not changed. */
static void save_pixels(const struct gpu_resource *resource, struct state_writer *writer)
{
	uint64_t size = pixel_bytes(resource->width, resource->height);
	for (uint64_t at = 0; at < size; at += PIECE_BYTES)
		state_write_large(writer, resource->pixels + at, size - at < PIECE_BYTES ? size - at : PIECE_BYTES);
}

static void save_resource(const struct gpu_resource *resource, struct state_writer *writer)
{
	state_write_u64(writer, resource->id);
	state_write_u64(writer, resource->format);
	state_write_u64(writer, resource->width);
	state_write_u64(writer, resource->height);
	save_pixels(resource, writer);
	state_write_u64(writer, resource->parts != NULL);
	state_write_u64(writer, resource->part_count);
	for (uint32_t i = 0; i < resource->part_count; i++) {
		state_write_u64(writer, resource->parts[i].pa);
		state_write_u64(writer, resource->parts[i].size);
	}
}

/* The oldest first: restoring puts each before those that are there. */
void gpu_save_resources(const struct gpu *gpu, struct state_writer *writer)
{
	uint64_t count = count_resources(gpu);
	state_write_u64(writer, count);
	for (uint64_t i = count; i-- > 0;) {
		const struct gpu_resource *resource = gpu->resources;
		for (uint64_t skip = i; skip != 0; skip--)
			resource = resource->next;
		save_resource(resource, writer);
	}
	state_write_u64(writer, gpu->shown ? gpu->shown->id : 0);
	STATE_WRITE(writer, gpu->rect);
	STATE_WRITE(writer, gpu->cursor);
}

static bool restore_parts(struct gpu *gpu, struct gpu_resource *resource, struct state_reader *reader)
{
	bool backed = state_read_limited(reader, 1);
	uint32_t count = (uint32_t)state_read_limited(reader, backed ? GPU_PARTS_MAX : 0);
	if (reader->failed || !backed)
		return !reader->failed;
	resource->parts = calloc((size_t)count + 1, sizeof(*resource->parts));
	if (!resource->parts)
		return state_refuse(reader, "virtio-gpu: no memory");
	resource->part_count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct gpu_part *part = &resource->parts[i];
		part->pa = state_read_u64(reader);
		part->size = (uint32_t)state_read_limited(reader, UINT32_MAX);
		if (part->size != 0 && !bus_is_dram(gpu->virtio.bus, part->pa, part->size))
			return state_refuse(reader, "virtio-gpu: a picture lies outside of memory");
	}
	return !reader->failed;
}

static bool restore_resource(struct gpu *gpu, struct state_reader *reader)
{
	struct gpu_create create = {
	    .resource = (uint32_t)state_read_limited(reader, UINT32_MAX),
	    .format = (uint32_t)state_read_limited(reader, UINT32_MAX),
	    .width = (uint32_t)state_read_limited(reader, UINT16_MAX),
	    .height = (uint32_t)state_read_limited(reader, UINT16_MAX),
	};
	uint64_t size = pixel_bytes(create.width, create.height);
	if (reader->failed || (!reader->stored && !state_read_possible(reader, size)))
		return false;
	if (gpu_create(gpu, &create) != GPU_OK_NODATA)
		return state_refuse(reader, "virtio-gpu: no such picture");
	uint8_t *pixels = gpu->resources->pixels;
	for (uint64_t at = 0; at < size; at += PIECE_BYTES)
		state_read_large(reader, pixels + at, size - at < PIECE_BYTES ? size - at : PIECE_BYTES);
	return restore_parts(gpu, gpu->resources, reader);
}

bool gpu_restore_resources(struct gpu *gpu, struct state_reader *reader)
{
	gpu_clear(gpu);
	for (uint64_t count = state_read_u64(reader); count != 0; count--)
		if (!restore_resource(gpu, reader))
			return false;
	uint32_t shown = (uint32_t)state_read_limited(reader, UINT32_MAX);
	STATE_READ(reader, gpu->rect);
	STATE_READ(reader, gpu->cursor);
	gpu->shown = shown ? resource_of(gpu, shown) : NULL;
	if (!reader->failed && shown && (!gpu->shown || !rect_fits(&gpu->rect, gpu->shown)))
		return state_refuse(reader, "virtio-gpu: what is shown is not there");
	return !reader->failed;
}
