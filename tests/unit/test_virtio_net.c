/* The network device by its specification (Virtio 1.2, 5.1), on a host's side that is this test; and what a network does with time,
 * recordings and hosts. */
#include "virtio_world.h"
#include <criterion/redirect.h>
#include "revival.h"
#include "temporary.h"
#include "dev/host_net.h"
#include "dev/network.h"
#include "dev/recording.h"

enum {
	F_MAC = 5,
	F_MRG_RXBUF = 15,
	F_STATUS = 16,
	F_CTRL_VQ = 17,
	F_CTRL_RX = 18,
	F_CTRL_VLAN = 19,
	F_CTRL_MAC_ADDR = 23,

	RECEIVE = 0,
	TRANSMIT = 1,
	CONTROL = 2,
	RINGS = 3,
	RING_BYTES = 0x3000,
	POLL_TICKS = 100,
	SHORTEST = POLL_TICKS * 10, /* cycles between two looks */
	LONGEST = 100 * SHORTEST,
	HELD = 8,
};

#define MAC UINT64_C(0x525400aabbcc)
#define BIT(feature) (UINT64_C(1) << (feature))

/* ---- the host's side ---- */

struct side {
	uint8_t frames[HELD][FRAME_MAX + 10]; /* that the next look finds */
	size_t sizes[HELD];
	unsigned count;
	uint8_t sent[FRAME_MAX];
	size_t sent_size;
	unsigned sent_count, looks;
	uint64_t ns; /* of the last look */
	double waited;
	enum console_idle idle;
	unsigned attended, troubles;
	enum input_trouble trouble;
	char message[320];
};

static struct side side;

static void side_send(struct host_net *net, const uint8_t *frame, size_t size, uint64_t ns)
{
	(void)net, (void)ns;
	memcpy(side.sent, frame, size);
	side.sent_size = size;
	side.sent_count++;
}

static void side_poll(struct host_net *net, uint64_t ns, double wait)
{
	side.looks++;
	side.ns = ns;
	side.waited += wait;
	for (unsigned i = 0; i < side.count; i++)
		net->came(net->context, side.frames[i], side.sizes[i]);
	side.count = 0;
}

static void side_close(struct host_net *net) { free(net); }

static struct host_net *side_open(const struct network_config *config)
{
	(void)config;
	return calloc(1, sizeof(struct host_net));
}

static const struct host_net_kind side_kind = {
    .name = "test", .open = side_open, .send = side_send, .poll = side_poll, .close = side_close};

/* A frame whose bytes tell its number, from a card to the guest's. */
static void make_frame(uint8_t *frame, size_t size, unsigned number)
{
	for (size_t i = 0; i < size; i++)
		frame[i] = (uint8_t)(number + i * 7);
	for (unsigned i = 0; i < 6 && i < size; i++)
		frame[i] = (uint8_t)(MAC >> 8 * (5 - i));
}

static uint8_t *put_frame(size_t size, unsigned number)
{
	uint8_t *frame = side.frames[side.count];
	side.sizes[side.count++] = size;
	make_frame(frame, size, number);
	return frame;
}

static enum console_idle side_idle(void *context) { return ((struct side *)context)->idle; }

static void side_attend(void *context) { ((struct side *)context)->attended++; }

static void side_trouble(void *context, enum input_trouble trouble, const char *message)
{
	struct side *mine = context;
	mine->troubles++;
	mine->trouble = trouble;
	snprintf(mine->message, sizeof(mine->message), "%s", message);
}

/* ---- the machine ---- */

struct ring {
	uint64_t desc, avail, used;
	uint16_t given;
};

struct net_world {
	struct virtio_world world;
	struct input_log log;
	struct ring rings[RINGS];
};

static void begin_net(struct net_world *net, bool modern, struct input_log log)
{
	struct network_config config = {.id = "n", .kind = &side_kind};
	side = (struct side){0};
	net->log = log;
	world_board(&net->world, (struct virtio_config){.kind = &virtio_net_kind, .number = MAC}, modern);
	struct network_host host = {
	    .events = &net->world.events,
	    .log = &net->log,
	    .cycles_per_tick = 10,
	    .poll_ticks = POLL_TICKS,
	    .idle = side_idle,
	    .attend = side_attend,
	    .trouble = side_trouble,
	    .context = &side,
	};
	net->world.backends.networks[0] = network_open(&config, 0, &host);
	net->world.backends.network_count = 1;
	cr_assert_not_null(net->world.backends.networks[0]);
	world_plug(&net->world);
}

static void end_net(struct net_world *net)
{
	net->world.slot->destroy(net->world.slot);
	network_close(net->world.backends.networks[0]);
	input_log_free(&net->log);
	event_queue_free(&net->world.events);
	bus_free(&net->world.bus);
}

static void begin_ring(struct net_world *net, unsigned queue)
{
	struct virtio_world *world = &net->world;
	uint64_t base = RING_AT + queue * (uint64_t)RING_BYTES;
	struct ring *ring = &net->rings[queue];
	*ring = (struct ring){.desc = base, .avail = base + 16 * QUEUE_LENGTH, .used = base + 4096};
	memset(at(world, base), 0, RING_BYTES);
	set_reg(world, REG_QUEUE_SEL, queue);
	set_reg(world, REG_QUEUE_SIZE, QUEUE_LENGTH);
	if (!world->modern) {
		set_reg(world, REG_QUEUE_ALIGN, 4096);
		set_reg(world, REG_QUEUE_PFN, base >> 12);
		return;
	}
	set_reg(world, REG_DESC, ring->desc);
	set_reg(world, REG_DRIVER, ring->avail);
	set_reg(world, REG_DEVICE, ring->used);
	set_reg(world, REG_QUEUE_READY, 1);
}

static void drive_net(struct net_world *net, uint64_t without)
{
	struct virtio_world *world = &net->world;
	uint32_t status = VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER;
	set_reg(world, REG_STATUS, 0);
	set_reg(world, REG_STATUS, status);
	if (!world->modern)
		set_reg(world, REG_PAGE_SIZE, 4096);
	accept_features(world, offered(world) & ~without);
	if (world->modern)
		set_reg(world, REG_STATUS, status |= VIRTIO_FEATURES_OK);
	cr_assert_eq(reg(world, REG_STATUS), status);
	for (unsigned queue = 0; queue < RINGS; queue++)
		begin_ring(net, queue);
	set_reg(world, REG_STATUS, status | VIRTIO_DRIVER_OK);
}

static void run_until(struct net_world *net, uint64_t cycle)
{
	while (event_next(&net->world.events) <= cycle) {
		net->world.now = event_next(&net->world.events);
		event_run(&net->world.events, net->world.now);
	}
	net->world.now = cycle;
}

static void run_on(struct net_world *net, uint64_t cycles) { run_until(net, net->world.now + cycles); }

static void give(struct net_world *net, unsigned queue, uint16_t head)
{
	struct ring *ring = &net->rings[queue];
	uint8_t *avail = at(&net->world, ring->avail);
	memcpy(avail + 4 + 2 * (ring->given % QUEUE_LENGTH), &head, 2);
	ring->given++;
	memcpy(avail + 2, &ring->given, 2);
}

static void tell(struct net_world *net, unsigned queue) { set_reg(&net->world, REG_NOTIFY, queue); }

static uint16_t used_of(struct net_world *net, unsigned queue)
{
	uint16_t index;
	memcpy(&index, (uint8_t *)at(&net->world, net->rings[queue].used) + 2, 2);
	return index;
}

static uint32_t used_size(struct net_world *net, unsigned queue, unsigned index)
{
	uint32_t element[2];
	memcpy(element, (uint8_t *)at(&net->world, net->rings[queue].used) + 4 + 8 * (index % QUEUE_LENGTH), sizeof(element));
	return element[1];
}

/* Receive buffer `index` is `size` bytes at its place. */
static uint64_t buffer_at(unsigned index) { return BUFFER_AT + index * UINT64_C(0x12000); }

static void give_buffer(struct net_world *net, unsigned index, uint32_t size)
{
	set_descriptor(&net->world, net->rings[RECEIVE].desc, index, buffer_at(index), size, F_WRITE, 0);
	give(net, RECEIVE, (uint16_t)index);
}

/* The whole of a frame that came, behind a header of so many bytes in the first of equal buffers. */
static void expect_frame(struct net_world *net, size_t header, uint32_t buffer, size_t size, unsigned number)
{
	static uint8_t wanted[FRAME_MAX], got[FRAME_MAX + 64];
	make_frame(wanted, size, number);
	for (size_t done = 0; done < size + header;) {
		size_t part = size + header - done < buffer ? size + header - done : buffer;
		memcpy(got + done, at(&net->world, buffer_at((unsigned)(done / buffer))), part);
		done += part;
	}
	cr_expect(memcmp(got + header, wanted, size) == 0, "another frame");
}

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

/* A frame of `size` bytes behind `header`, the header alone in a descriptor or not. */
static void send_frame(struct net_world *net, const uint8_t *header, size_t header_size, size_t size, bool apart)
{
	uint8_t *bytes = at(&net->world, BUFFER_AT);
	memcpy(bytes, header, header_size);
	make_frame(bytes + header_size, size, 9);
	uint64_t desc = net->rings[TRANSMIT].desc;
	uint32_t first = (uint32_t)(apart ? header_size : header_size + size);
	set_descriptor(&net->world, desc, 0, BUFFER_AT, first, apart ? F_NEXT : 0, 1);
	set_descriptor(&net->world, desc, 1, BUFFER_AT + header_size, (uint32_t)size, 0, 0);
	give(net, TRANSMIT, 0);
	tell(net, TRANSMIT);
	run_on(net, 10 * SHORTEST);
}

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

enum { CONTROL_OK = 0, CONTROL_ERR = 1 };

/* The device's answer to a command: class, command, and what follows. */
static unsigned command(struct net_world *net, const void *words, uint32_t size)
{
	uint64_t desc = net->rings[CONTROL].desc;
	uint8_t *bytes = at(&net->world, BUFFER_AT + 0xf000);
	memcpy(bytes, words, size);
	bytes[0xf00] = 0xee;
	set_descriptor(&net->world, desc, 0, BUFFER_AT + 0xf000, size, F_NEXT, 1);
	set_descriptor(&net->world, desc, 1, BUFFER_AT + 0xff00, 1, F_WRITE, 0);
	give(net, CONTROL, 0);
	tell(net, CONTROL);
	run_on(net, 2000);
	return bytes[0xf00];
}

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

/* ---- time ---- */

/* The next look comes after twice the time while none finds anything, up to a hundred times; a frame either way brings it back. */
Test(network, looks)
{
	struct net_world net;
	static const uint8_t none[12];
	begin_net(&net, true, (struct input_log){0});
	run_on(&net, 10 * LONGEST);
	cr_expect_eq(side.looks, 0, "nobody listens");
	drive_net(&net, 0);
	uint64_t start = net.world.now + LATENCY;
	for (unsigned i = 0; i < 12; i++) {
		uint64_t ticks = i < 7 ? (UINT64_C(1) << (i + 1)) - 1 : 127 + (i - 6) * UINT64_C(100);
		run_until(&net, start + ticks * SHORTEST - 1);
		cr_expect_eq(side.looks, i, "before look %u", i);
		run_until(&net, start + ticks * SHORTEST);
		cr_expect_eq(side.looks, i + 1, "look %u", i);
	}
	cr_expect_eq(side.ns, net.world.now * 10, "10 cycles are a tick of 100 ns");
	unsigned looks = side.looks;
	send_frame(&net, none, 12, 60, false); /* and 10 intervals go by: 1, 2, 4 */
	cr_expect_eq(side.looks, looks + 3);
	set_reg(&net.world, REG_STATUS, 0);
	run_on(&net, 10 * LONGEST);
	cr_expect_eq(side.looks, looks + 3, "a reset ends it");
	end_net(&net);
}

/* While a hart runs nobody waits for the host; while none does, a look waits, for as long as simulated time has gone on. */
Test(network, waits_for_the_host)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	run_on(&net, 5 * LONGEST);
	cr_expect_eq(side.waited, 0);
	cr_expect_eq(side.attended, 0);
	side.idle = CONSOLE_WAITING;
	unsigned looks = side.looks;
	uint64_t start = net.world.now;
	run_on(&net, 5 * LONGEST);
	double passed = (double)(net.world.now - start) * 10e-9; /* 5 ms; this side does not really wait, so all is asked for again */
	cr_expect_geq(side.waited, 0.5 * passed);
	cr_expect_leq(side.waited, 1.1e-3 * (side.looks - looks), "no look longer than 1 ms: %f", side.waited);
	cr_expect_eq(side.attended, side.looks - looks);
	end_net(&net);
}

/* ---- recordings ---- */

/* One and the same run, but for where frames come from: what it received, and when. */
static uint64_t session(struct net_world *net, unsigned extra_sends)
{
	static const uint8_t none[12];
	uint64_t hash = 0;
	drive_net(net, 0);
	for (unsigned i = 0; i < 4; i++)
		give_buffer(net, i, 2000);
	tell(net, RECEIVE);
	for (unsigned i = 0; i < 1 + extra_sends; i++)
		send_frame(net, none, 12, 60, false);
	if (!net->log.replaying)
		put_frame(100, 1), put_frame(70, 2);
	for (unsigned i = 0; i < 200; i++) {
		run_on(net, 1777);
		hash = hash * 31 + used_of(net, RECEIVE) + (i == 90 && !net->log.replaying ? (put_frame(80, 3), 0) : 0);
	}
	for (unsigned i = 0; i < used_of(net, RECEIVE); i++)
		hash = hash * 31 + used_size(net, RECEIVE, i) + *(uint8_t *)at(&net->world, buffer_at(i) + 30);
	return hash;
}

static void record_session(char path[TEMPORARY_PATH], uint64_t *hash)
{
	struct net_world net;
	struct input_log log = {0};
	temporary(path);
	cr_assert_eq(input_log_record(&log, path), 0);
	begin_net(&net, true, log);
	*hash = session(&net, 0);
	cr_assert_eq(used_of(&net, RECEIVE), 3);
	network_finish(net.world.backends.networks[0]);
	cr_assert_eq(input_log_finish(&net.log), 0);
	end_net(&net);
}

Test(network, replays)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	record_session(path, &recorded);
	struct input_log log = {0};
	struct net_world net;
	cr_assert_eq(input_log_replay(&log, path, 1), 0);
	begin_net(&net, true, log);
	cr_expect_eq(session(&net, 0), recorded);
	cr_expect_eq(side.looks, 0, "no host is asked");
	cr_expect_eq(side.sent_count, 0, "nor sent to");
	cr_expect_eq(side.troubles, 0, "%s", side.message);
	cr_expect_eq(network_unasked(net.world.backends.networks[0]), 0);
	run_on(&net, 2 * LONGEST);
	cr_expect_eq(side.troubles, 1);
	cr_expect_eq(side.trouble, INPUT_RUN_OUT, "%s", side.message);
	run_on(&net, 20 * LONGEST);
	cr_expect_eq(side.troubles, 1, "told once");
	end_net(&net);
}

/* A guest that has sent something else is another one. */
Test(network, replays_another_run)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	record_session(path, &recorded);
	struct input_log log = {0};
	struct net_world net;
	cr_assert_eq(input_log_replay(&log, path, 1), 0);
	begin_net(&net, true, log);
	session(&net, 1);
	cr_expect_eq(side.troubles, 1);
	cr_expect_eq(side.trouble, INPUT_OTHER_RUN);
	cr_expect_not_null(strstr(side.message, path));
	cr_expect_eq(network_unasked(net.world.backends.networks[0]), 3);
	end_net(&net);
}

/* Networks and streams must be as many. */
Test(network, recordings_of_other_machines)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	struct input_log log = {0};
	record_session(path, &recorded);
	cr_redirect_stderr();
	cr_expect_neq(input_log_replay(&log, path, 0), 0, "one more was recorded");
	input_log_free(&log);
	cr_expect_eq(input_log_replay(&log, path, 2), 0, "without the console's end nobody knows of a second one");
	input_log_free(&log);
	temporary(path);
	cr_assert_eq(input_log_record(&log, path), 0);
	recorder_add(log.recorder, &(struct record){.kind = RECORD_STOP});
	cr_assert_eq(input_log_finish(&log), 0);
	cr_expect_neq(input_log_replay(&log, path, 1), 0, "none was recorded");
	input_log_free(&log);
	cr_expect_eq(input_log_replay(&log, path, 0), 0);
	input_log_free(&log);
}

/* ---- state ---- */

/* In the middle: frames wait, the next look is due at some cycle, addresses are set. */
Test(network, saved_in_the_middle)
{
	char path[TEMPORARY_PATH];
	uint64_t recorded;
	record_session(path, &recorded);
	struct net_world worlds[2];
	for (unsigned i = 0; i < 2; i++) {
		struct input_log log = {0};
		cr_assert_eq(input_log_replay(&log, path, 1), 0);
		begin_net(&worlds[i], true, log);
	}
	struct net_world *net = &worlds[0], *other = &worlds[1];
	static const uint8_t none[12];
	drive_net(net, 0);
	tell(net, RECEIVE);
	send_frame(net, none, 12, 60, false);
	run_on(net, 25000); /* two frames have come, for which there is no room */
	command(net, "\1\1\x52\x54\0\0\0\1", 8);
	cr_assert_eq(side.troubles, 0, "%s", side.message);
	struct state_writer writer = {0};
	event_queue_save(&net->world.events, &writer);
	net->world.slot->save(net->world.slot, &writer);
	memcpy(other->world.bus.dram, net->world.bus.dram, DRAM_BYTES);
	memcpy(other->rings, net->rings, sizeof(net->rings));
	other->world.now = net->world.now;
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert(event_queue_restore(&other->world.events, &reader));
	cr_assert(other->world.slot->restore(other->world.slot, &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned buffer = 0; buffer < 4; buffer++)
			give_buffer(&worlds[i], buffer, 2000);
		tell(&worlds[i], RECEIVE);
		run_on(&worlds[i], 300 * SHORTEST);
		cr_expect_eq(used_of(&worlds[i], RECEIVE), 3, "world %u", i);
		cr_expect_eq(reg_read(&worlds[i].world, REG_CONFIG + 5, 1), 1);
		cr_expect_eq(network_unasked(worlds[i].world.backends.networks[0]), 0);
	}
	cr_expect(memcmp(net->world.bus.dram, other->world.bus.dram, DRAM_BYTES) == 0);
	state_writer_free(&writer);
	end_net(net);
	end_net(other);
}

/* Whatever the bytes are, a machine that takes them runs on. */
static bool restores(struct state_reader *reader)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	bool good = event_queue_restore(&net.world.events, reader) && net.world.slot->restore(net.world.slot, reader);
	for (unsigned i = 0; good && i < 50 && event_next(&net.world.events) != UINT64_MAX; i++)
		run_until(&net, event_next(&net.world.events));
	end_net(&net);
	return good;
}

Test(network, refuses_other_bytes, .timeout = 100)
{
	struct net_world net;
	begin_net(&net, true, (struct input_log){0});
	drive_net(&net, 0);
	tell(&net, RECEIVE);
	put_frame(40, 1);
	put_frame(30, 2);
	run_on(&net, 2 * SHORTEST);
	command(&net, "\0\0\0", 3);
	struct state_writer writer = {0};
	event_queue_save(&net.world.events, &writer);
	net.world.slot->save(net.world.slot, &writer);
	end_net(&net);
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
}
