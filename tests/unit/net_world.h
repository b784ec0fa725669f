/* A machine of one network card, on a host's side that is the test: what a driver does with it. */
#ifndef NET_WORLD_H
#define NET_WORLD_H

#include "virtio_world.h"
#include <stdio.h>
#include <stdlib.h>
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

static inline void side_send(struct host_net *net, const uint8_t *frame, size_t size, uint64_t ns)
{
	(void)net, (void)ns;
	memcpy(side.sent, frame, size);
	side.sent_size = size;
	side.sent_count++;
}

static inline void side_poll(struct host_net *net, uint64_t ns, double wait)
{
	side.looks++;
	side.ns = ns;
	side.waited += wait;
	for (unsigned i = 0; i < side.count; i++)
		net->came(net->context, side.frames[i], side.sizes[i]);
	side.count = 0;
}

static inline void side_close(struct host_net *net) { free(net); }

static inline struct host_net *side_open(const struct network_config *config)
{
	(void)config;
	return calloc(1, sizeof(struct host_net));
}

static const struct host_net_kind side_kind = {
    .name = "test", .open = side_open, .send = side_send, .poll = side_poll, .close = side_close};

/* A frame whose bytes tell its number, from a card to the guest's. */
static inline void make_frame(uint8_t *frame, size_t size, unsigned number)
{
	for (size_t i = 0; i < size; i++)
		frame[i] = (uint8_t)(number + i * 7);
	for (unsigned i = 0; i < 6 && i < size; i++)
		frame[i] = (uint8_t)(MAC >> 8 * (5 - i));
}

static inline uint8_t *put_frame(size_t size, unsigned number)
{
	uint8_t *frame = side.frames[side.count];
	side.sizes[side.count++] = size;
	make_frame(frame, size, number);
	return frame;
}

static inline enum console_idle side_idle(void *context) { return ((struct side *)context)->idle; }

static inline void side_attend(void *context) { ((struct side *)context)->attended++; }

static inline void side_trouble(void *context, enum input_trouble trouble, const char *message)
{
	struct side *mine = context;
	mine->troubles++;
	mine->trouble = trouble;
	snprintf(mine->message, sizeof(mine->message), "%s", message);
}

/* ---- the machine ---- */

struct net_world {
	struct virtio_world world;
	struct input_log log;
	struct ring rings[RINGS];
};

static inline void begin_net(struct net_world *net, bool modern, struct input_log log)
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

static inline void end_net(struct net_world *net)
{
	net->world.slot->destroy(net->world.slot);
	network_close(net->world.backends.networks[0]);
	input_log_free(&net->log);
	event_queue_free(&net->world.events);
	bus_free(&net->world.bus);
}

static inline void drive_net(struct net_world *net, uint64_t without)
{
	struct virtio_world *world = &net->world;
	uint32_t status = negotiate(world, without);
	for (unsigned queue = 0; queue < RINGS; queue++)
		net->rings[queue] = begin_ring(world, queue, RING_AT + queue * (uint64_t)RING_BYTES);
	set_reg(world, REG_STATUS, status | VIRTIO_DRIVER_OK);
}

static inline void run_until(struct net_world *net, uint64_t cycle)
{
	while (event_next(&net->world.events) <= cycle) {
		net->world.now = event_next(&net->world.events);
		event_run(&net->world.events, net->world.now);
	}
	net->world.now = cycle;
}

static inline void run_on(struct net_world *net, uint64_t cycles) { run_until(net, net->world.now + cycles); }

static inline void give(struct net_world *net, unsigned queue, uint16_t head)
{
	give_to(&net->world, &net->rings[queue], head);
}

static inline void tell(struct net_world *net, unsigned queue) { set_reg(&net->world, REG_NOTIFY, queue); }

static inline uint16_t used_of(struct net_world *net, unsigned queue)
{
	return used_index_of(&net->world, &net->rings[queue]);
}

static inline uint32_t used_size(struct net_world *net, unsigned queue, unsigned index)
{
	return used_length_of(&net->world, &net->rings[queue], index);
}

/* Receive buffer `index` is `size` bytes at its place. */
static inline uint64_t buffer_at(unsigned index) { return BUFFER_AT + index * UINT64_C(0x12000); }

static inline void give_buffer(struct net_world *net, unsigned index, uint32_t size)
{
	set_descriptor(&net->world, net->rings[RECEIVE].desc, index, buffer_at(index), size, F_WRITE, 0);
	give(net, RECEIVE, (uint16_t)index);
}

/* The whole of a frame that came, behind a header of so many bytes in the first of equal buffers. */
static inline void expect_frame(struct net_world *net, size_t header, uint32_t buffer, size_t size, unsigned number)
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

/* Tells the guest's frames apart. */
static unsigned sent_number = 9;

/* A frame of `size` bytes behind `header`, the header alone in a descriptor or not. */
static inline void send_frame(struct net_world *net, const uint8_t *header, size_t header_size, size_t size, bool apart)
{
	uint8_t *bytes = at(&net->world, BUFFER_AT);
	memcpy(bytes, header, header_size);
	make_frame(bytes + header_size, size, sent_number);
	uint64_t desc = net->rings[TRANSMIT].desc;
	uint32_t first = (uint32_t)(apart ? header_size : header_size + size);
	set_descriptor(&net->world, desc, 0, BUFFER_AT, first, apart ? F_NEXT : 0, 1);
	set_descriptor(&net->world, desc, 1, BUFFER_AT + header_size, (uint32_t)size, 0, 0);
	give(net, TRANSMIT, 0);
	tell(net, TRANSMIT);
	run_on(net, 10 * SHORTEST);
}

enum { CONTROL_OK = 0, CONTROL_ERR = 1 };

/* The device's answer to a command: class, command, and what follows. */
static inline unsigned command(struct net_world *net, const void *words, uint32_t size)
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

#endif
