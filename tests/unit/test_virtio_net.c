/* The network device by its specification (Virtio 1.2, 5.1). */
#include "net_world.h"

/* ---- receiving ---- */

Test(virtio_net, what_it_is)
{
	for (unsigned modern = 0; modern < 2; modern++) {
		struct net_world net;
		begin_net(&net, modern, (struct input_log){0});
		struct virtio_world *world = &net.world;
		cr_expect_eq(reg(world, 8), 1);
		cr_expect_eq(reg_read(world, REG_CONFIG, 1), 0x52);
		cr_expect_eq(reg_read(world, REG_CONFIG + 5, 1), 0xcc);
		cr_expect_eq(reg_read(world, REG_CONFIG + 6, 2), 1, "the link is up");
		uint64_t checksums = BIT(0) | BIT(1) | BIT(7) | BIT(11) | BIT(12), own = BIT(F_MAC) | BIT(F_MRG_RXBUF) | BIT(F_STATUS);
		cr_expect_eq(offered(world) & (checksums | own), own, "no checksums, no segments");
		end_net(&net);
	}
}

/* Header sizes: 12 bytes, but for a legacy driver without merged buffers 10. */
Test(virtio_net, receives)
{
	static const struct {
		bool modern, merged;
		size_t header;
	} ways[] = {{false, false, 10}, {false, true, 12}, {true, false, 12}, {true, true, 12}};
	for (unsigned i = 0; i < 4; i++) {
		struct net_world net;
		begin_net(&net, ways[i].modern, (struct input_log){0});
		drive_net(&net, ways[i].merged ? 0 : BIT(F_MRG_RXBUF));
		memset(at(&net.world, buffer_at(0)), 0xee, 64);
		give_buffer(&net, 0, 2000);
		tell(&net, RECEIVE);
		put_frame(60, 1);
		run_on(&net, 10 * SHORTEST);
		cr_expect_eq(used_of(&net, RECEIVE), 1);
		cr_expect_eq(used_size(&net, RECEIVE, 0), ways[i].header + 60);
		uint8_t header[12], wanted[12] = {[10] = 1};
		memcpy(header, at(&net.world, buffer_at(0)), 12);
		cr_expect(memcmp(header, wanted, ways[i].header) == 0, "the header of way %u", i);
		expect_frame(&net, ways[i].header, 2000, 60, 1);
		cr_expect(net.world.irq);
		end_net(&net);
	}
}

/* It takes as many buffers as it needs, all at once. */
Test(virtio_net, merged_buffers)
{
	for (unsigned modern = 0; modern < 2; modern++) {
		struct net_world net;
		begin_net(&net, modern, (struct input_log){0});
		drive_net(&net, 0);
		for (unsigned i = 0; i < 3; i++)
			give_buffer(&net, i, 512);
		tell(&net, RECEIVE);
		put_frame(1500, 3); /* with its header 1512: too much for two */
		run_on(&net, 10 * SHORTEST);
		cr_expect_eq(used_of(&net, RECEIVE), 3);
		cr_expect_eq(used_size(&net, RECEIVE, 0) + used_size(&net, RECEIVE, 1) + used_size(&net, RECEIVE, 2), 1512);
		cr_expect_eq(*(uint8_t *)at(&net.world, buffer_at(0) + 10), 3, "num_buffers");
		expect_frame(&net, 12, 512, 1500, 3);
		end_net(&net);
	}
}

/* A frame waits for the buffers that it lacks, and the driver is told at which index to speak. */
Test(virtio_net, waits_for_room)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	give_buffer(&net, 0, 512);
	tell(&net, RECEIVE);
	put_frame(1000, 5);
	put_frame(100, 6);
	run_on(&net, LONGEST);
	cr_expect_eq(used_of(&net, RECEIVE), 0);
	uint16_t event;
	memcpy(&event, (uint8_t *)at(&net.world, net.rings[RECEIVE].used) + 4 + 8 * QUEUE_LENGTH, 2);
	cr_expect_eq(event, 1, "the next buffer is to be told");
	give_buffer(&net, 1, 512);
	tell(&net, RECEIVE);
	run_on(&net, SHORTEST);
	cr_expect_eq(used_of(&net, RECEIVE), 2);
	expect_frame(&net, 12, 512, 1000, 5);
	give_buffer(&net, 0, 512);
	tell(&net, RECEIVE);
	run_on(&net, SHORTEST);
	cr_expect_eq(used_of(&net, RECEIVE), 3);
	expect_frame(&net, 12, 512, 100, 6);
	end_net(&net);
}

/* Where buffers are not merged a frame that does not fit goes to nobody, and the buffer stays. */
Test(virtio_net, too_long_for_a_buffer)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, BIT(F_MRG_RXBUF));
	give_buffer(&net, 0, 512);
	tell(&net, RECEIVE);
	put_frame(501, 1);
	put_frame(500, 2);
	run_on(&net, LONGEST);
	cr_expect_eq(used_of(&net, RECEIVE), 1);
	expect_frame(&net, 12, 512, 500, 2);
	cr_expect_not(is_broken(&net.world));
	end_net(&net);
}

/* Nor does one that the whole ring has no room for. */
Test(virtio_net, too_long_for_the_ring)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	for (unsigned i = 0; i < QUEUE_LENGTH; i++)
		give_buffer(&net, i, 64);
	tell(&net, RECEIVE);
	put_frame(8 * 64 - 12 + 1, 1);
	put_frame(8 * 64 - 12, 2);
	run_on(&net, LONGEST);
	cr_expect_eq(used_of(&net, RECEIVE), 8);
	expect_frame(&net, 12, 64, 8 * 64 - 12, 2);
	end_net(&net);
}

Test(virtio_net, no_room_for_the_header)
{
	for (uint32_t size = 1; size < 12; size += 10) {
		struct net_world net;
		begin_net(&net, true, (struct input_log){0});
		drive_net(&net, 0);
		give_buffer(&net, 0, size);
		tell(&net, RECEIVE);
		put_frame(60, 1);
		run_on(&net, LONGEST);
		cr_expect(is_broken(&net.world));
		cr_expect_eq(used_of(&net, RECEIVE), 0);
		end_net(&net);
	}
}

/* A buffer with room for the header alone is allowed where the frame may go on in the next. */
Test(virtio_net, header_alone)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	give_buffer(&net, 0, 12);
	give_buffer(&net, 1, 100);
	tell(&net, RECEIVE);
	put_frame(60, 1);
	run_on(&net, LONGEST);
	cr_expect_eq(used_of(&net, RECEIVE), 2);
	cr_expect_eq(used_size(&net, RECEIVE, 0), 12);
	cr_expect_eq(used_size(&net, RECEIVE, 1), 60);
	end_net(&net);
}

/* Runts and giants are no frames; the longest that is one comes through. */
Test(virtio_net, sizes_of_frames)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	give_buffer(&net, 0, 0x11000);
	give_buffer(&net, 1, 0x11000);
	tell(&net, RECEIVE);
	static const size_t sizes[] = {1, 13, FRAME_MAX + 1, FRAME_MAX + 10, FRAME_MAX, 14};
	for (unsigned i = 0; i < 6; i++)
		put_frame(sizes[i], i);
	run_on(&net, LONGEST);
	cr_expect_eq(used_of(&net, RECEIVE), 2);
	cr_expect_eq(used_size(&net, RECEIVE, 0), 12 + FRAME_MAX);
	cr_expect_eq(used_size(&net, RECEIVE, 1), 12 + 14);
	end_net(&net);
}

/* ---- sending ---- */

Test(virtio_net, sends)
{
	static const uint8_t none[12];
	for (unsigned way = 0; way < 8; way++) {
		bool modern = way & 1, merged = way & 2, apart = way & 4;
		struct net_world net;
		uint8_t wanted[1514];
		begin_net(&net, modern, (struct input_log){0});
		drive_net(&net, merged ? 0 : BIT(F_MRG_RXBUF));
		send_frame(&net, none, modern || merged ? 12 : 10, 1514, apart);
		make_frame(wanted, 1514, 9);
		cr_expect_eq(side.sent_count, 1, "way %u", way);
		cr_expect_eq(side.sent_size, 1514);
		cr_expect(memcmp(side.sent, wanted, 1514) == 0);
		cr_expect_eq(used_of(&net, TRANSMIT), 1);
		end_net(&net);
	}
}

/* What asks for something that was not offered does not go out, nor does what is no frame; the buffer comes back. */
Test(virtio_net, does_not_send)
{
	static const struct {
		uint8_t header[12];
		size_t size;
	} cases[] = {
	    {{1}, 60},        /* NEEDS_CSUM */
	    {{0, 1}, 60},     /* GSO_TCPV4 */
	    {{0, 3}, 60},     /* GSO_UDP */
	    {{0, 0x80}, 60},  /* ECN */
	    {{0}, 13},
	    {{0}, 0},
	    {{0}, FRAME_MAX + 1},
	};
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		send_frame(&net, cases[i].header, 12, cases[i].size, false);
		cr_expect_eq(side.sent_count, 0, "case %u", i);
		cr_expect_eq(used_of(&net, TRANSMIT), i + 1);
	}
	static const uint8_t good[12] = {[2] = 54, [6] = 34, [8] = 16}; /* hints that mean nothing without their flags */
	send_frame(&net, good, 12, 60, false);
	cr_expect_eq(side.sent_count, 1);
	cr_expect_not(is_broken(&net.world));
	end_net(&net);
}

Test(virtio_net, sends_less_than_a_header)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	set_descriptor(&net.world, net.rings[TRANSMIT].desc, 0, BUFFER_AT, 11, 0, 0);
	give(&net, TRANSMIT, 0);
	tell(&net, TRANSMIT);
	run_on(&net, LONGEST);
	cr_expect(is_broken(&net.world));
	unsigned looks = side.looks;
	put_frame(60, 1);
	run_on(&net, LONGEST);
	cr_expect_eq(side.sent_count, 0);
	cr_expect_geq(side.looks, looks);
	drive_net(&net, 0);
	static const uint8_t none[12];
	send_frame(&net, none, 12, 60, true);
	cr_expect_eq(side.sent_count, 1, "a reset mends it");
	end_net(&net);
}

/* ---- control ---- */

/* Does a frame to this address come through? */
static bool comes(struct net_world *net, uint64_t address, unsigned type)
{
	uint16_t before = used_of(net, RECEIVE);
	give_buffer(net, before % QUEUE_LENGTH, 2000);
	tell(net, RECEIVE);
	uint8_t *frame = put_frame(60, 1);
	for (unsigned i = 0; i < 6; i++)
		frame[i] = (uint8_t)(address >> 8 * (5 - i));
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	frame[14] = 0x20;
	frame[15] = 5; /* VLAN 5, priority 1 */
	run_on(net, LONGEST + SHORTEST);
	if (used_of(net, RECEIVE) != before)
		return true;
	net->rings[RECEIVE].given--; /* the buffer is still there: say so again */
	return false;
}

#define GROUP UINT64_C(0x01005e000001)
#define OTHER UINT64_C(0x525400000001)
#define EVERYBODY UINT64_C(0xffffffffffff)

Test(virtio_net, receive_modes)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	cr_expect(comes(&net, OTHER, 0x800) && comes(&net, GROUP, 0x800), "promiscuous until told otherwise");
	cr_expect_eq(command(&net, "\0\0\0", 3), CONTROL_OK);
	cr_expect(comes(&net, MAC, 0x800) && comes(&net, EVERYBODY, 0x800));
	cr_expect(!comes(&net, OTHER, 0x800) && !comes(&net, GROUP, 0x800));
	cr_expect_eq(command(&net, "\0\1\1", 3), CONTROL_OK); /* all groups */
	cr_expect(comes(&net, GROUP, 0x800) && !comes(&net, OTHER, 0x800));
	cr_expect_eq(command(&net, "\0\2\1", 3), CONTROL_OK); /* all cards */
	cr_expect(comes(&net, OTHER, 0x800));
	cr_expect_eq(command(&net, "\0\3\1", 3), CONTROL_OK); /* no group */
	cr_expect(!comes(&net, GROUP, 0x800) && comes(&net, EVERYBODY, 0x800));
	cr_expect_eq(command(&net, "\0\4\1", 3), CONTROL_OK); /* no card */
	cr_expect(!comes(&net, MAC, 0x800));
	cr_expect_eq(command(&net, "\0\5\1", 3), CONTROL_OK); /* no broadcast */
	cr_expect(!comes(&net, EVERYBODY, 0x800));
	end_net(&net);
}

Test(virtio_net, address_tables)
{
	static const uint8_t tables[] = {1, 0, /* unicast */ 1, 0, 0, 0, 0x52, 0x54, 0, 0, 0, 1, /* multicast */ 1, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1};
	uint8_t many[2 + 4 + 65 * 6 + 4] = {1, 0, 65};
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	cr_expect_eq(command(&net, "\0\0\0", 3), CONTROL_OK);
	cr_expect_eq(command(&net, tables, sizeof(tables)), CONTROL_OK);
	cr_expect(comes(&net, OTHER, 0x800) && comes(&net, GROUP, 0x800) && comes(&net, MAC, 0x800));
	cr_expect(!comes(&net, OTHER + 1, 0x800) && !comes(&net, GROUP + 1, 0x800));
	cr_expect_eq(command(&net, tables, sizeof(tables) - 1), CONTROL_ERR, "cut short");
	cr_expect_eq(command(&net, tables, 5), CONTROL_ERR);
	cr_expect(comes(&net, OTHER, 0x800), "as before");
	cr_expect_eq(command(&net, many, sizeof(many)), CONTROL_OK);
	cr_expect(comes(&net, OTHER + 77, 0x800) && !comes(&net, GROUP, 0x800), "more than there is room for: all of that sort");
	memset(many + 2, 0xff, 4);
	cr_expect_eq(command(&net, many, sizeof(many)), CONTROL_ERR);
	end_net(&net);
}

/* What is let in, and what came and went. */
Test(virtio_net, revival)
{
	static const uint8_t none[12];
	uint8_t tables[2 + 4 + 6 + 4 + 65 * 6] = {1, 0, 1, 0, 0, 0, 0x52, 0x54, 0, 0, 0, 1, 65}; /* one card, too many groups */
	struct net_world net, other;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	cr_expect_eq(command(&net, "\0\0\0", 3), CONTROL_OK);
	cr_expect_eq(command(&net, "\0\5\1", 3), CONTROL_OK);
	cr_expect_eq(command(&net, "\2\0\5\0", 4), CONTROL_OK);
	cr_expect_eq(command(&net, "\1\1\x52\x54\0\0\0\7", 8), CONTROL_OK);
	cr_expect_eq(command(&net, tables, sizeof(tables)), CONTROL_OK);
	cr_expect(comes(&net, OTHER, 0x800) && !comes(&net, OTHER + 1, 0x800));
	send_frame(&net, none, 12, 60, false);
	begin_net(&other, true, (struct input_log){0});
	take_over(&other.world, &net.world);
	memcpy(other.rings, net.rings, sizeof(net.rings));
	expect_same(&net.world, &other.world);
	cr_expect(comes(&other, OTHER, 0x8100) && comes(&other, GROUP + 9, 0x800));
	cr_expect(!comes(&other, EVERYBODY, 0x800) && !comes(&other, OTHER + 1, 0x800));
	end_net(&net);
	end_net(&other);
}

Test(virtio_net, vlans)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	cr_expect_eq(command(&net, "\0\0\0", 3), CONTROL_OK);
	cr_expect(!comes(&net, MAC, 0x8100));
	cr_expect_eq(command(&net, "\2\0\5\0", 4), CONTROL_OK);
	cr_expect(comes(&net, MAC, 0x8100) && comes(&net, MAC, 0x800));
	cr_expect_eq(command(&net, "\2\1\5\0", 4), CONTROL_OK);
	cr_expect(!comes(&net, MAC, 0x8100));
	cr_expect_eq(command(&net, "\2\0\0\x10", 4), CONTROL_ERR, "VLAN 4096");
	drive_net(&net, BIT(F_CTRL_VLAN));
	cr_expect_eq(command(&net, "\0\0\0", 3), CONTROL_OK);
	cr_expect(comes(&net, MAC, 0x8100), "a driver that knows of none gets all");
	cr_expect_eq(command(&net, "\2\0\5\0", 4), CONTROL_ERR);
	end_net(&net);
}

Test(virtio_net, another_address)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	cr_expect_eq(command(&net, "\0\0\0", 3), CONTROL_OK);
	cr_expect_eq(command(&net, "\1\1\x52\x54\0\0\0\1", 8), CONTROL_OK);
	cr_expect(comes(&net, OTHER, 0x800) && !comes(&net, MAC, 0x800));
	cr_expect_eq(reg_read(&net.world, REG_CONFIG + 5, 1), 1);
	cr_expect_eq(command(&net, "\1\1\x52\x54\0\0\0", 7), CONTROL_ERR);
	cr_expect_eq(command(&net, "\4\0\0\0", 4), CONTROL_ERR, "queue pairs: there is one");
	cr_expect_eq(command(&net, "\3\0", 2), CONTROL_ERR, "nothing is announced");
	set_reg(&net.world, REG_STATUS, 0);
	cr_expect_eq(reg_read(&net.world, REG_CONFIG + 5, 1), 0xcc, "a reset forgets it");
	end_net(&net);
}

/* A legacy driver without the command writes it. */
Test(virtio_net, address_in_the_configuration)
{
	uint32_t effects = 0;
	for (unsigned modern = 0; modern < 2; modern++) {
		struct net_world net;
		begin_net(&net, modern, (struct input_log){0});
		drive_net(&net, BIT(F_CTRL_MAC_ADDR));
		cr_expect(net.world.slot->write(net.world.slot, REG_CONFIG + 5, 1, 0, 0x77, &effects));
		cr_expect_eq(reg_read(&net.world, REG_CONFIG + 5, 1), modern ? 0xcc : 0x77);
		cr_expect(net.world.slot->write(net.world.slot, REG_CONFIG + 6, 2, 0, 0, &effects));
		cr_expect_eq(reg_read(&net.world, REG_CONFIG + 6, 2), 1, "the status is the device's");
		end_net(&net);
	}
}

Test(virtio_net, broken_commands)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	command(&net, "\0", 1);
	cr_expect(is_broken(&net.world), "no command");
	drive_net(&net, 0);
	set_descriptor(&net.world, net.rings[CONTROL].desc, 0, BUFFER_AT, 3, 0, 0);
	give(&net, CONTROL, 0);
	tell(&net, CONTROL);
	run_on(&net, 2000);
	cr_expect(is_broken(&net.world), "nowhere to answer");
	end_net(&net);
}
