/* Virtio over MMIO: what a driver may rely on (Virtio 1.2), and what a device does about one that breaks the rules. The device is
 * the entropy device, which has one queue and nothing else. */
#include "virtio_world.h"

static void begin(struct virtio_world *world, bool modern)
{
	world_begin(world, (struct virtio_config){.kind = &virtio_rng_kind}, modern, NULL);
}

/* One buffer of `size` bytes that the device writes. */
static void ask(struct virtio_world *world, uint32_t size)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, size, F_WRITE, 0);
	give_chain(world, 0);
	notify(world);
}

Test(virtio, empty_slot)
{
	struct virtio_world world;
	world_begin(&world, (struct virtio_config){0}, false, NULL);
	cr_expect_eq(reg(&world, 0), 0x74726976);
	cr_expect_eq(reg(&world, 4), 1);
	cr_expect_eq(reg(&world, 8), 0);
	cr_expect_eq(reg(&world, 12), 0x554d4551);
	set_reg(&world, REG_STATUS, 1);
	cr_expect_eq(reg(&world, REG_STATUS), 0);
	cr_expect_eq(reg_read(&world, REG_CONFIG, 8), 0);
	world_end(&world);
}

Test(virtio, versions_and_widths)
{
	for (unsigned modern = 0; modern < 2; modern++) {
		struct virtio_world world;
		begin(&world, modern);
		cr_expect_eq(reg(&world, 4), modern ? 2 : 1);
		cr_expect_eq(reg(&world, 8), 4);
		cr_expect_eq(reg_read(&world, 0, 8), UINT64_C(0x74726976) | (uint64_t)(modern ? 2 : 1) << 32);
		cr_expect_eq(reg_read(&world, 0, 2), 0, "registers are words");
		cr_expect_eq(reg(&world, REG_QUEUE_SIZE_MAX), 1024);
		set_reg(&world, REG_QUEUE_SEL, 1);
		cr_expect_eq(reg(&world, REG_QUEUE_SIZE_MAX), 0, "there is one queue");
		cr_expect_eq(offered(&world) >> 32, modern);
		cr_expect_eq(reg(&world, 0x0b0), modern ? UINT32_MAX : 0, "no shared memory");
		uint64_t value;
		uint32_t effects = 0;
		cr_expect_not(world.slot->read(world.slot, 0x200, 4, 0, &value, &effects));
		world_end(&world);
	}
}

Test(virtio, serves_both_versions)
{
	for (unsigned modern = 0; modern < 2; modern++) {
		struct virtio_world world;
		begin(&world, modern);
		drive(&world, 0);
		uint64_t asked = world.now;
		ask(&world, 64);
		cr_expect_geq(world.now, asked + LATENCY);
		cr_expect_eq(used_index(&world), 1);
		cr_expect_eq(used_length(&world), 64);
		cr_expect(world.irq);
		cr_expect_eq(reg(&world, REG_ISR), VIRTIO_USED);
		set_reg(&world, REG_ACK, VIRTIO_USED);
		cr_expect_not(world.irq);
		uint8_t zeros[64] = {0}, first[64];
		memcpy(first, at(&world, BUFFER_AT), 64);
		cr_expect(memcmp(first, zeros, 64) != 0);
		ask(&world, 64);
		cr_expect(memcmp(first, at(&world, BUFFER_AT), 64) != 0);
		cr_expect_not(is_broken(&world));
		world_end(&world);
	}
}

Test(virtio, nothing_before_driver_ok)
{
	struct virtio_world world;
	begin(&world, true);
	drive(&world, 0);
	set_reg(&world, REG_STATUS, 0);
	set_reg(&world, REG_STATUS, 3);
	accept_features(&world, offered(&world));
	set_reg(&world, REG_STATUS, 11);
	begin_queue(&world, 0);
	ask(&world, 8);
	cr_expect_eq(used_index(&world), 0);
	set_reg(&world, REG_STATUS, 15);
	settle(&world);
	cr_expect_eq(used_index(&world), 1, "what came before is looked at");
	world_end(&world);
}

Test(virtio, features_must_fit)
{
	struct virtio_world world;
	begin(&world, true);
	set_reg(&world, REG_STATUS, 3);
	accept_features(&world, UINT64_C(1) << 32 | UINT64_C(1) << 34); /* RING_PACKED is not offered */
	set_reg(&world, REG_STATUS, 11);
	cr_expect_eq(reg(&world, REG_STATUS), 3);
	accept_features(&world, 0); /* without VERSION_1, as by a driver that does not look at the upper half: allowed */
	set_reg(&world, REG_STATUS, 11);
	cr_expect_eq(reg(&world, REG_STATUS), 11);
	world_end(&world);
}

Test(virtio, options_take_features_away)
{
	struct virtio_world world;
	uint64_t event_idx = UINT64_C(1) << VIRTIO_F_EVENT_IDX;
	world_begin(&world, (struct virtio_config){.kind = &virtio_rng_kind, .without = event_idx}, true, NULL);
	cr_expect_eq(offered(&world) & event_idx, 0);
	world_end(&world);
}

Test(virtio, interrupts_that_are_not_wanted)
{
	struct virtio_world world;
	begin(&world, true);
	drive(&world, UINT64_C(1) << VIRTIO_F_EVENT_IDX);
	const uint16_t no_interrupt = 1;
	memcpy(at(&world, world.ring.avail), &no_interrupt, 2);
	ask(&world, 8);
	cr_expect_eq(used_index(&world), 1);
	cr_expect_not(world.irq);
	world_end(&world);
}

Test(virtio, event_index)
{
	struct virtio_world world;
	begin(&world, true);
	drive(&world, 0);
	const uint16_t third = 2;
	uint16_t told;
	memcpy((uint8_t *)at(&world, world.ring.avail) + 4 + 2 * QUEUE_LENGTH, &third, 2);
	for (unsigned i = 1; i <= 4; i++) {
		ask(&world, 8);
		cr_expect_eq(world.irq, i == 3, "after chain %u", i);
		memcpy(&told, (uint8_t *)at(&world, world.ring.used) + 4 + 8 * QUEUE_LENGTH, 2);
		cr_expect_eq(told, i, "notify again from there");
		set_reg(&world, REG_ACK, VIRTIO_USED);
	}
	world_end(&world);
}

Test(virtio, indices_wrap)
{
	struct virtio_world world;
	begin(&world, true);
	drive(&world, 0);
	for (unsigned i = 0; i < 70000; i++)
		ask(&world, 8);
	cr_expect_eq(used_index(&world), (uint16_t)70000);
	cr_expect_not(is_broken(&world));
	world_end(&world);
}

Test(virtio, chains_and_tables)
{
	struct virtio_world world;
	uint8_t zeros[16] = {0};
	begin(&world, true);
	drive(&world, 0);
	set_descriptor(&world, world.ring.desc, 3, BUFFER_AT, 8, F_WRITE | F_NEXT, 5);
	set_descriptor(&world, world.ring.desc, 5, BUFFER_AT + 100, 16, F_WRITE, 0);
	give_chain(&world, 3);
	notify(&world);
	cr_expect_eq(used_length(&world), 24);
	cr_expect(memcmp(at(&world, BUFFER_AT + 100), zeros, 16) != 0);
	uint64_t table = BUFFER_AT + 0x1000;
	set_descriptor(&world, table, 0, BUFFER_AT + 200, 8, F_WRITE | F_NEXT, 2);
	set_descriptor(&world, table, 2, BUFFER_AT + 300, 8, F_WRITE, 0);
	set_descriptor(&world, world.ring.desc, 1, table, 48, F_INDIRECT, 0);
	give_chain(&world, 1);
	notify(&world);
	cr_expect_eq(used_index(&world), 2);
	cr_expect_eq(used_length(&world), 16);
	cr_expect(memcmp(at(&world, BUFFER_AT + 300), zeros, 8) != 0);
	world_end(&world);
}

/* Broken rings: `prepare` breaks one whose chain begins at descriptor 0. */
static void loop(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 8, F_WRITE | F_NEXT, 1);
	set_descriptor(world, world->ring.desc, 1, BUFFER_AT, 8, F_WRITE | F_NEXT, 0);
}
static void next_out_of_range(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 8, F_WRITE | F_NEXT, QUEUE_LENGTH);
}
static void outside_memory(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, DRAM_AT + DRAM_BYTES - 4, 8, F_WRITE, 0);
}
static void address_wraps(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, UINT64_MAX - 3, 8, F_WRITE, 0);
}
static void no_bytes(struct virtio_world *world) { set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 0, F_WRITE, 0); }
static void huge(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, UINT32_MAX, F_WRITE, 0);
}
static void read_behind_written(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 8, F_WRITE | F_NEXT, 1);
	set_descriptor(world, world->ring.desc, 1, BUFFER_AT, 8, 0, 0);
}
static void table_in_a_table(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 16, F_INDIRECT, 0);
	set_descriptor(world, BUFFER_AT, 0, BUFFER_AT, 16, F_INDIRECT, 0);
}
static void table_of_odd_size(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 24, F_INDIRECT, 0);
	set_descriptor(world, BUFFER_AT, 0, BUFFER_AT + 64, 8, F_WRITE, 0);
}
static void table_and_next(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 16, F_INDIRECT | F_NEXT, 1);
	set_descriptor(world, BUFFER_AT, 0, BUFFER_AT + 64, 8, F_WRITE, 0);
	set_descriptor(world, world->ring.desc, 1, BUFFER_AT + 128, 8, F_WRITE, 0);
}
static void endless_table(struct virtio_world *world)
{
	enum { MANY = 2048 };
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, MANY * 16, F_INDIRECT, 0);
	for (unsigned i = 0; i < MANY; i++)
		set_descriptor(world, BUFFER_AT, i, BUFFER_AT, 8, F_WRITE | F_NEXT, i + 1);
}
static void too_many_waiting(struct virtio_world *world)
{
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 8, F_WRITE, 0);
	world->ring.given += QUEUE_LENGTH;
}

Test(virtio, broken_rings_break_the_device)
{
	static void (*const ways[])(struct virtio_world *) = {
	    loop,          next_out_of_range, outside_memory, address_wraps,     no_bytes,
	    huge,          read_behind_written, table_in_a_table, table_of_odd_size, table_and_next,
	    endless_table, too_many_waiting,
	};
	for (unsigned modern = 0; modern < 2; modern++)
		for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
			struct virtio_world world;
			begin(&world, modern);
			drive(&world, 0);
			ways[i](&world);
			give_chain(&world, 0);
			notify(&world);
			cr_expect(is_broken(&world), "way %u", i);
			cr_expect_eq(used_index(&world), 0, "way %u", i);
			cr_expect_eq(reg(&world, REG_ISR), VIRTIO_CONFIG, "way %u: the driver is told", i);
			drive(&world, 0);
			ask(&world, 8);
			cr_expect_eq(used_index(&world), 1, "way %u: a reset mends it", i);
			world_end(&world);
		}
}

Test(virtio, rings_outside_memory)
{
	struct virtio_world world;
	begin(&world, true);
	drive(&world, 0);
	set_reg(&world, REG_QUEUE_READY, 0);
	set_reg(&world, REG_DESC + 4, 0xffffffff);
	set_reg(&world, REG_DRIVER + 4, 0xffffffff);
	set_reg(&world, REG_QUEUE_READY, 1);
	notify(&world);
	cr_expect(is_broken(&world));
	drive(&world, 0);
	set_reg(&world, REG_QUEUE_READY, 0);
	set_reg(&world, REG_DEVICE, 0x1000);
	set_reg(&world, REG_DEVICE + 4, 0);
	set_reg(&world, REG_QUEUE_READY, 1);
	ask(&world, 8);
	cr_expect(is_broken(&world), "the used ring is nowhere");
	drive(&world, 0);
	set_reg(&world, REG_QUEUE_READY, 0);
	set_reg(&world, REG_DESC, RING_AT + 8);
	set_reg(&world, REG_QUEUE_READY, 1);
	cr_expect(is_broken(&world), "misaligned");
	world_end(&world);
}

Test(virtio, sizes_that_no_queue_has)
{
	struct virtio_world world;
	static const uint32_t sizes[] = {0, 3, 2048, UINT32_MAX};
	begin(&world, true);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		drive(&world, 0);
		set_reg(&world, REG_QUEUE_SIZE, sizes[i]);
		ask(&world, 8);
		cr_expect_eq(used_index(&world), 1, "size %u: as before", sizes[i]);
	}
	set_reg(&world, REG_STATUS, 0);
	set_reg(&world, REG_QUEUE_READY, 1);
	cr_expect_eq(reg(&world, REG_QUEUE_READY), 0, "no size at all");
	world_end(&world);
}

Test(virtio, queues_that_are_not_there)
{
	struct virtio_world world;
	begin(&world, true);
	drive(&world, 0);
	set_reg(&world, REG_QUEUE_SEL, 77);
	set_reg(&world, REG_QUEUE_SIZE, 8);
	set_reg(&world, REG_QUEUE_READY, 1);
	set_reg(&world, REG_NOTIFY, 77);
	settle(&world);
	cr_expect_eq(reg(&world, REG_QUEUE_READY), 0);
	cr_expect_not(is_broken(&world));
	world_end(&world);
}

/* A machine's reset, in the middle of a request. */
Test(virtio, reset)
{
	struct virtio_world world;
	begin(&world, false);
	drive(&world, 0);
	set_descriptor(&world, world.ring.desc, 0, BUFFER_AT, 8, F_WRITE, 0);
	give_chain(&world, 0);
	set_reg(&world, REG_NOTIFY, 0);
	world.slot->reset(world.slot, world.now);
	settle(&world);
	cr_expect_eq(used_index(&world), 0);
	cr_expect_eq(reg(&world, REG_STATUS), 0);
	cr_expect_eq(reg(&world, REG_QUEUE_PFN), 0);
	world_end(&world);
}

/* Random numbers: others after a driver's reset, the same again when the machine starts anew. */
Test(virtio, resets_and_numbers)
{
	struct virtio_world world;
	uint8_t numbers[3][64];
	begin(&world, true);
	for (unsigned i = 0; i < 3; i++) {
		drive(&world, 0);
		ask(&world, 64);
		memcpy(numbers[i], at(&world, BUFFER_AT), 64);
		if (i == 1)
			world.slot->reset(world.slot, world.now);
	}
	cr_expect(memcmp(numbers[0], numbers[1], 64) != 0);
	cr_expect_arr_eq(numbers[0], numbers[2], 64);
	world_end(&world);
}

/* In the middle: a queue's interrupt waits for its index, another chain is asked for, registers are selected and half set. */
static void half_way(struct virtio_world *world)
{
	const uint16_t second = 1;
	drive(world, 0);
	memcpy((uint8_t *)at(world, world->ring.avail) + 4 + 2 * QUEUE_LENGTH, &second, 2);
	for (unsigned i = 0; i < 3; i++)
		ask(world, 8);
	cr_assert_eq(reg(world, REG_ISR), VIRTIO_USED);
	set_reg(world, REG_DEVICE_FEATURES_SEL, 1);
	set_reg(world, REG_DRIVER_FEATURES_SEL, 1);
	set_reg(world, REG_QUEUE_SEL, 0);
	if (!world->modern) {
		set_reg(world, REG_PAGE_SIZE, 8192);
		set_reg(world, REG_QUEUE_ALIGN, 256);
	}
	set_reg(world, REG_QUEUE_SEL, 1);
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT, 32, F_WRITE, 0);
	give_chain(world, 0);
	set_reg(world, REG_NOTIFY, 0);
}

/* What comes of all that. */
static void other_half(struct virtio_world *world)
{
	set_reg(world, REG_ACK, VIRTIO_USED);
	settle(world);
	cr_expect(!world->irq || !world->modern, "the driver wanted one at index 1; legacy has one when the queue is empty");
	set_reg(world, REG_DRIVER_FEATURES, 0);
	set_reg(world, REG_QUEUE_SEL, 0);
	set_reg(world, REG_QUEUE_SIZE, 4);
	if (!world->modern)
		set_reg(world, REG_QUEUE_PFN, 0x40008);
}

Test(virtio, saved_in_the_middle)
{
	for (unsigned modern = 0; modern < 2; modern++) {
		struct virtio_world world, other;
		begin(&world, modern);
		half_way(&world);
		begin(&other, modern);
		take_over(&other, &world);
		expect_same(&world, &other);
		other_half(&world);
		other_half(&other);
		expect_same(&world, &other);
		cr_expect_eq(world.now, other.now);
		world_end(&world);
		world_end(&other);
	}
}
