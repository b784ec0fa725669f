/* Virtio's GPU (Virtio 1.2, 5.7): what its requests do to what is shown, and what becomes of those that make no sense. That answers are QEMU's is
 * the suite display's to see. */
#include "virtio_world.h"
#include "dev/virtio_gpu_parts.h"

enum { REQUEST_AT = 0x10000, ANSWER_AT = 0x18000, PICTURE_AT = 0x20000, SIDE = 32, PICTURE_BYTES = SIDE * SIDE * 4, NO_ANSWER = 0 };

struct gpu_world {
	struct virtio_world world;
	struct screens screens;
	struct ring queues[2];
};

static void gpu_begin(struct gpu_world *gpu)
{
	struct virtio_world *world = &gpu->world;
	*gpu = (struct gpu_world){0};
	world_board(world, (struct virtio_config){.kind = &virtio_gpu_kind, .number = UINT64_C(600) << 32 | 800, .id = "g"}, true);
	world->board.screens = &gpu->screens;
	world_plug(world);
	cr_assert_eq(gpu->screens.count, 1);
	uint32_t status = negotiate(world, UINT64_C(1) << VIRTIO_F_EVENT_IDX);
	for (unsigned queue = 0; queue < 2; queue++)
		gpu->queues[queue] = begin_ring(world, queue, DRAM_AT + 0x4000 + queue * (uint64_t)RING_BYTES);
	set_reg(world, REG_STATUS, status | VIRTIO_DRIVER_OK);
}

static void gpu_end(struct gpu_world *gpu) { world_end(&gpu->world); }

/* A request of a header and words, in pieces of `piece` bytes; the type of its answer. */
static uint32_t ask_in_pieces(struct gpu_world *gpu, unsigned queue, uint32_t piece, uint32_t type, const uint32_t *words, unsigned count)
{
	struct virtio_world *world = &gpu->world;
	const struct gpu_header header = {.type = type};
	uint32_t size = sizeof(header) + 4 * count, index = 0, answer;
	memcpy(at(world, DRAM_AT + REQUEST_AT), &header, sizeof(header));
	if (count)
		memcpy(at(world, DRAM_AT + REQUEST_AT + sizeof(header)), words, 4 * (size_t)count);
	memset(at(world, DRAM_AT + ANSWER_AT), 0, 2048);
	for (uint32_t from = 0; from < size; from += piece, index++)
		set_descriptor(world, gpu->queues[queue].desc, index, DRAM_AT + REQUEST_AT + from, size - from < piece ? size - from : piece, F_NEXT, index + 1);
	set_descriptor(world, gpu->queues[queue].desc, index, DRAM_AT + ANSWER_AT, 2048, F_WRITE, 0);
	give_to(world, &gpu->queues[queue], 0);
	set_reg(world, REG_NOTIFY, queue);
	settle(world);
	memcpy(&answer, at(world, DRAM_AT + ANSWER_AT), 4);
	return answer;
}

static uint32_t ask_queue(struct gpu_world *gpu, unsigned queue, uint32_t type, const uint32_t *words, unsigned count)
{
	return ask_in_pieces(gpu, queue, 4096, type, words, count);
}

#define ASK(gpu, type, ...) ask_queue(gpu, 0, type, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

/* The guest's picture: byte n is n mod 251. */
static void fill_picture(struct gpu_world *gpu)
{
	uint8_t *bytes = at(&gpu->world, DRAM_AT + PICTURE_AT);
	for (unsigned i = 0; i < PICTURE_BYTES; i++)
		bytes[i] = (uint8_t)(i % 251);
}

/* Resource 1 with a backing of two parts, the first not of whole pixels; shown. */
static void show_picture(struct gpu_world *gpu, uint32_t format)
{
	uint32_t part = DRAM_AT + PICTURE_AT, first = 1001;
	fill_picture(gpu);
	cr_assert_eq(ASK(gpu, GPU_CREATE_2D, 1, format, SIDE, SIDE), GPU_OK_NODATA);
	cr_assert_eq(ASK(gpu, GPU_ATTACH, 1, 2, part, 0, first, 0, part + first, 0, PICTURE_BYTES - first, 0), GPU_OK_NODATA);
	cr_assert_eq(ASK(gpu, GPU_SET_SCANOUT, 0, 0, SIDE, SIDE, 0, 1), GPU_OK_NODATA);
}

static uint32_t transfer(struct gpu_world *gpu, uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t offset)
{
	return ASK(gpu, GPU_TRANSFER, x, y, width, height, offset, 0, 1, 0);
}

/* What is shown at byte `at` of the picture. */
static uint8_t shown(struct gpu_world *gpu, uint32_t at)
{
	struct screen_picture picture;
	cr_assert(screen_look(gpu->screens.list[0], &picture));
	return picture.pixels[at];
}

Test(virtio_gpu, shows_what_was_transferred)
{
	struct gpu_world gpu;
	struct screen_picture picture;
	uint32_t row[SIDE];
	gpu_begin(&gpu);
	cr_expect_not(screen_look(gpu.screens.list[0], &picture));
	show_picture(&gpu, 2);
	cr_expect(screen_look(gpu.screens.list[0], &picture));
	cr_expect_eq(picture.width, SIDE);
	cr_expect_eq(shown(&gpu, 77), 0, "nothing was transferred");
	uint64_t changes = gpu.screens.list[0]->changes;
	cr_expect_eq(transfer(&gpu, 0, 0, SIDE, SIDE, 0), GPU_OK_NODATA);
	cr_expect_eq(ASK(&gpu, GPU_FLUSH, 0, 0, SIDE, SIDE, 1, 0), GPU_OK_NODATA);
	cr_expect_gt(gpu.screens.list[0]->changes, changes);
	for (unsigned i = 0; i < PICTURE_BYTES; i++)
		cr_assert_eq(shown(&gpu, i), i % 251, "byte %u", i);
	screen_row(&picture, 1, row);
	unsigned byte = SIDE * 4 + 4;
	cr_expect_eq(row[1], (uint32_t)(byte + 2) % 251 << 16 | (uint32_t)(byte + 1) % 251 << 8 | byte % 251);
	gpu_end(&gpu);
}

/* A part of a picture: rows keep their distance, and nothing around changes. */
Test(virtio_gpu, transfers_parts)
{
	struct gpu_world gpu;
	gpu_begin(&gpu);
	show_picture(&gpu, 2);
	cr_expect_eq(transfer(&gpu, 3, 5, 7, 4, 400), GPU_OK_NODATA);
	for (unsigned y = 0; y < SIDE; y++)
		for (unsigned x = 0; x < SIDE * 4; x++) {
			bool inside = x >= 12 && x < 40 && y >= 5 && y < 9;
			unsigned from = 400 + (y - 5) * SIDE * 4 + x - 12;
			cr_assert_eq(shown(&gpu, y * SIDE * 4 + x), inside ? from % 251 : 0, "%u,%u", x, y);
		}
	cr_expect_eq(transfer(&gpu, 0, 0, SIDE, 2, 0), GPU_OK_NODATA);
	cr_expect_eq(shown(&gpu, 2 * SIDE * 4 + 1), 0, "whole rows, but two of them alone");
	cr_expect_eq(shown(&gpu, SIDE * 4 + 1), (SIDE * 4 + 1) % 251);
	gpu_end(&gpu);
}

/* What the backing does not have is left alone; wherever it ends, nothing outside is read. */
Test(virtio_gpu, short_backings)
{
	struct gpu_world gpu;
	gpu_begin(&gpu);
	fill_picture(&gpu);
	cr_assert_eq(ASK(&gpu, GPU_CREATE_2D, 1, 2, SIDE, SIDE), GPU_OK_NODATA);
	cr_assert_eq(ASK(&gpu, GPU_ATTACH, 1, 3, DRAM_AT + PICTURE_AT, 0, 100, 0, 0, 0, 0, 0, DRAM_AT + PICTURE_AT + 100, 0, 50, 0), GPU_OK_NODATA);
	cr_assert_eq(ASK(&gpu, GPU_SET_SCANOUT, 0, 0, SIDE, SIDE, 0, 1), GPU_OK_NODATA);
	cr_expect_eq(transfer(&gpu, 0, 0, SIDE, SIDE, 0), GPU_OK_NODATA);
	cr_expect_eq(shown(&gpu, 149), 149);
	cr_expect_eq(shown(&gpu, 150), 0);
	cr_expect_eq(transfer(&gpu, 0, 0, SIDE, 1, 1 << 30), GPU_OK_NODATA);
	cr_expect_eq(ASK(&gpu, GPU_TRANSFER, 0, 0, SIDE, SIDE, UINT32_MAX, UINT32_MAX, 1, 0), GPU_OK_NODATA, "an offset that wraps");
	cr_expect_eq(shown(&gpu, 0), 0 % 251);
	gpu_end(&gpu);
}

Test(virtio_gpu, formats)
{
	static const struct {
		uint32_t number;
		unsigned red, green, blue;
	} orders[] = {{1, 2, 1, 0}, {2, 2, 1, 0}, {3, 1, 2, 3}, {4, 1, 2, 3}, {67, 0, 1, 2}, {68, 3, 2, 1}, {121, 3, 2, 1}, {134, 0, 1, 2}};
	for (unsigned i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct gpu_world gpu;
		struct screen_picture picture;
		uint32_t row[SIDE];
		gpu_begin(&gpu);
		show_picture(&gpu, orders[i].number);
		transfer(&gpu, 0, 0, SIDE, SIDE, 0);
		cr_assert(screen_look(gpu.screens.list[0], &picture));
		screen_row(&picture, 0, row);
		cr_expect_eq(row[2], (8 + orders[i].red) << 16 | (8 + orders[i].green) << 8 | (8 + orders[i].blue), "format %u: %06x", orders[i].number, row[2]);
		gpu_end(&gpu);
	}
}

/* A scanout may be a part of its resource. */
Test(virtio_gpu, parts_are_shown)
{
	struct gpu_world gpu;
	struct screen_picture picture;
	gpu_begin(&gpu);
	show_picture(&gpu, 2);
	transfer(&gpu, 0, 0, SIDE, SIDE, 0);
	cr_expect_eq(ASK(&gpu, GPU_SET_SCANOUT, 8, 4, 16, 20, 0, 1), GPU_OK_NODATA);
	cr_assert(screen_look(gpu.screens.list[0], &picture));
	cr_expect_eq(picture.width, 16);
	cr_expect_eq(picture.height, 20);
	cr_expect_eq(picture.pixels[picture.stride], (5 * SIDE * 4 + 32) % 251);
	cr_expect_eq(ASK(&gpu, GPU_UNREF, 1, 0), GPU_OK_NODATA);
	cr_expect_not(screen_look(gpu.screens.list[0], &picture), "it is gone");
	gpu_end(&gpu);
}

/* Requests in any pieces are the same requests. */
Test(virtio_gpu, requests_in_pieces)
{
	struct gpu_world gpu;
	gpu_begin(&gpu);
	const uint32_t create[] = {1, 2, SIDE, SIDE}, scanout[] = {0, 0, SIDE, SIDE, 0, 1};
	cr_expect_eq(ask_in_pieces(&gpu, 0, 7, GPU_CREATE_2D, create, 4), GPU_OK_NODATA);
	cr_expect_eq(ask_in_pieces(&gpu, 0, 24, GPU_SET_SCANOUT, scanout, 6), GPU_OK_NODATA);
	cr_expect_eq(ask_in_pieces(&gpu, 0, 4096, GPU_SET_SCANOUT, scanout, 5), GPU_ERR_UNSPEC, "cut short");
	cr_expect_not(is_broken(&gpu.world));
	gpu_end(&gpu);
}

/* A header that is cut short, no room for an answer, an entry of a backing outside of memory; too many pixels in all. */
Test(virtio_gpu, what_makes_no_sense)
{
	struct gpu_world gpu;
	gpu_begin(&gpu);
	struct virtio_world *world = &gpu.world;
	set_descriptor(world, gpu.queues[0].desc, 0, DRAM_AT + REQUEST_AT, 8, F_NEXT, 1);
	set_descriptor(world, gpu.queues[0].desc, 1, DRAM_AT + ANSWER_AT, 8, F_WRITE, 0);
	give_to(world, &gpu.queues[0], 0);
	set_reg(world, REG_NOTIFY, 0);
	settle(world);
	cr_expect_eq(used_length_of(world, &gpu.queues[0], 0), 8);
	cr_expect_eq(ASK(&gpu, GPU_CREATE_2D, 1, 2, 8192, 8192), GPU_ERR_OUT_OF_MEMORY, "all there may be are 256 MiB less a byte");
	cr_expect_eq(ASK(&gpu, GPU_CREATE_2D, 1, 2, 8192, 4096), GPU_OK_NODATA);
	cr_expect_eq(ASK(&gpu, GPU_CREATE_2D, 2, 2, 8192, 4096), GPU_ERR_OUT_OF_MEMORY);
	cr_expect_eq(ASK(&gpu, GPU_CREATE_2D, 2, 2, UINT32_MAX, UINT32_MAX), GPU_ERR_OUT_OF_MEMORY);
	cr_expect_eq(ASK(&gpu, GPU_ATTACH, 1, 1, 0x1000, 0, 64, 0), GPU_ERR_UNSPEC);
	cr_expect_eq(ASK(&gpu, GPU_ATTACH, 1, 1, DRAM_AT + DRAM_BYTES - 32, 0, 64, 0), GPU_ERR_UNSPEC);
	cr_expect_eq(ASK(&gpu, GPU_ATTACH, 1, 1, UINT32_MAX, UINT32_MAX, 64, 0), GPU_ERR_UNSPEC);
	cr_expect_eq(ASK(&gpu, GPU_ATTACH, 1, UINT32_MAX, DRAM_AT, 0, 64, 0), GPU_ERR_UNSPEC);
	cr_expect_eq(transfer(&gpu, 0, 0, 1, 1, 0), GPU_ERR_UNSPEC, "still none");
	cr_expect_eq(ASK(&gpu, GPU_UNREF, 1, 0), GPU_OK_NODATA);
	cr_expect_eq(ASK(&gpu, GPU_CREATE_2D, 2, 2, 8192, 4096), GPU_OK_NODATA, "what was freed can be used");
	cr_expect_not(is_broken(world));
	gpu_end(&gpu);
}

Test(virtio_gpu, cursor)
{
	struct gpu_world gpu;
	gpu_begin(&gpu);
	show_picture(&gpu, 2);
	struct screen *screen = gpu.screens.list[0];
	cr_expect_null(screen->cursor(screen->context).pixels);
	cr_assert_eq(ASK(&gpu, GPU_CREATE_2D, 2, 1, 64, 64), GPU_OK_NODATA);
	cr_assert_eq(ASK(&gpu, GPU_ATTACH, 2, 1, DRAM_AT + PICTURE_AT, 0, 64 * 64 * 4, 0), GPU_OK_NODATA);
	cr_assert_eq(ASK(&gpu, GPU_TRANSFER, 0, 0, 64, 64, 0, 0, 2, 0), GPU_OK_NODATA);
	const uint32_t update[] = {0, 20, 10, 0, 2, 4, 3, 0}, move[] = {0, 1, 2, 0, 2, 9, 9, 0}, hide[] = {0, 1, 2, 0, 0, 0, 0, 0}, other[] = {1, 5, 5, 0, 2, 0, 0, 0};
	cr_expect_eq(ask_queue(&gpu, 1, GPU_UPDATE_CURSOR, update, 8), NO_ANSWER);
	struct screen_cursor cursor = screen->cursor(screen->context);
	cr_assert_not_null(cursor.pixels);
	cr_expect_eq(cursor.x, 16);
	cr_expect_eq(cursor.y, 7);
	cr_expect_eq(cursor.pixels[1], UINT32_C(0x07060504));
	ask_queue(&gpu, 1, GPU_MOVE_CURSOR, move, 8);
	cursor = screen->cursor(screen->context);
	cr_expect_eq(cursor.x, -3, "its hot spot stays");
	cr_expect_eq(cursor.y, -1);
	ask_queue(&gpu, 1, GPU_MOVE_CURSOR, other, 8);
	cr_expect_eq(screen->cursor(screen->context).x, -3, "another screen's");
	ask_queue(&gpu, 1, GPU_MOVE_CURSOR, hide, 8);
	cr_expect_null(screen->cursor(screen->context).pixels);
	cr_expect_eq(ask_queue(&gpu, 1, GPU_UPDATE_CURSOR, update, 3), NO_ANSWER, "cut short");
	gpu_end(&gpu);
}

Test(virtio_gpu, reset_forgets)
{
	struct gpu_world gpu;
	struct screen_picture picture;
	gpu_begin(&gpu);
	show_picture(&gpu, 2);
	set_reg(&gpu.world, REG_STATUS, 0);
	cr_expect_not(screen_look(gpu.screens.list[0], &picture));
	gpu_end(&gpu);
}

Test(virtio_gpu, saved_and_restored)
{
	struct gpu_world gpu, other;
	gpu_begin(&gpu);
	gpu_begin(&other);
	show_picture(&other, 4);
	show_picture(&gpu, 2);
	transfer(&gpu, 0, 0, SIDE, 7, 0);
	cr_assert_eq(ASK(&gpu, GPU_CREATE_2D, 2, 1, 64, 64), GPU_OK_NODATA);
	const uint32_t update[] = {0, 20, 10, 0, 2, 4, 3, 0};
	ask_queue(&gpu, 1, GPU_UPDATE_CURSOR, update, 8);
	take_over(&other.world, &gpu.world);
	memcpy(other.queues, gpu.queues, sizeof(gpu.queues));
	expect_same(&gpu.world, &other.world);
	for (unsigned i = 0; i < PICTURE_BYTES; i++)
		cr_assert_eq(shown(&gpu, i), shown(&other, i));
	for (unsigned i = 0; i < 2; i++) /* the backing is there, too */
		cr_expect_eq(transfer(i ? &other : &gpu, 0, 0, SIDE, SIDE, 0), GPU_OK_NODATA);
	cr_expect_eq(shown(&other, PICTURE_BYTES - 1), (PICTURE_BYTES - 1) % 251);
	struct screen *screen = other.screens.list[0];
	cr_expect_eq(screen->cursor(screen->context).x, 16);
	expect_same(&gpu.world, &other.world);
	gpu_end(&gpu);
	gpu_end(&other);
}

/* Whatever is cut off of a state, it is refused. */
Test(virtio_gpu, damaged_states_are_refused)
{
	struct gpu_world gpu;
	struct state_writer writer = {0};
	gpu_begin(&gpu);
	show_picture(&gpu, 2);
	gpu.world.slot->save(gpu.world.slot, &writer);
	for (size_t size = 0; size < writer.size; size += size < 2000 || size > writer.size - 2000 ? 8 : 1024) {
		struct state_reader reader = {.bytes = writer.bytes, .size = size};
		cr_expect_not(gpu.world.slot->restore(gpu.world.slot, &reader), "%zu of %zu bytes", size, writer.size);
	}
	state_writer_free(&writer);
	gpu_end(&gpu);
}
