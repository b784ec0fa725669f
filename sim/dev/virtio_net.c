/* Virtio's network device (Virtio 1.2, 5.1): a queue each to receive, to send, and to control what is received. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/backend.h"
#include "dev/devices.h"
#include "dev/virtio.h"

enum {
	F_MAC = 5,
	F_MRG_RXBUF = 15,
	F_STATUS = 16,
	F_CTRL_VQ = 17,
	F_CTRL_RX = 18,
	F_CTRL_VLAN = 19,
	F_CTRL_RX_EXTRA = 20,
	F_CTRL_MAC_ADDR = 23,

	RECEIVE = 0, /* queues */
	TRANSMIT = 1,
	CONTROL = 2,

	HEADER_BYTES = 12,
	OLD_HEADER_BYTES = 10, /* legacy, where buffers are not merged: without num_buffers */
	NUM_BUFFERS_AT = 10,
	MAC_BYTES = 6,
	STATUS_AT = 6, /* offset in the configuration */
	CONFIG_SIZE = 8,
	LINK_UP = 1,

	TABLE_MAX = 64, /* addresses of a sort, QEMU's */
	VLANS = 4096,
	COMMAND_CYCLES = 100,
};

struct header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
};

/* What is received is for the driver to say, on the control queue. */
struct table {
	uint32_t count;
	bool overflow; /* the driver has named more than there is room for: all are let in */
	uint8_t addresses[TABLE_MAX][MAC_BYTES];
};

enum receive_mode { PROMISCUOUS, ALL_MULTI, ALL_UNI, NO_MULTI, NO_UNI, NO_BROADCAST, RECEIVE_MODES };

struct net {
	struct virtio virtio;
	struct network *network; /* NULL: nothing is connected */
	uint64_t frame_cycles, bytes_a_cycle;
	uint8_t own[MAC_BYTES]; /* the address that it was made with */
	uint8_t mac[MAC_BYTES];
	bool modes[RECEIVE_MODES];
	struct table unicast, multicast;
	uint8_t vlans[VLANS / 8]; /* bit set */
	uint64_t received, sent, dropped; /* frames, since the start of the machine */
	uint8_t frame[FRAME_MAX];
};

static uint64_t net_features(const struct virtio *virtio)
{
	(void)virtio;
	return UINT64_C(1) << F_MAC | 1 << F_MRG_RXBUF | 1 << F_STATUS | 1 << F_CTRL_VQ | 1 << F_CTRL_RX |
	       1 << F_CTRL_VLAN | 1 << F_CTRL_RX_EXTRA | 1 << F_CTRL_MAC_ADDR;
}

/* ---- configuration ---- */

static void net_config_read(const struct virtio *virtio, uint8_t *bytes)
{
	memcpy(bytes, ((const struct net *)virtio)->mac, MAC_BYTES);
	bytes[STATUS_AT] = LINK_UP;
}

/* A legacy driver that has no command for it writes the address there. */
static void net_config_write(struct virtio *virtio, uint32_t offset, uint32_t value, unsigned size, uint64_t now)
{
	(void)now;
	struct net *net = (struct net *)virtio;
	if (virtio->modern || virtio_has(virtio, F_CTRL_MAC_ADDR) || offset + size > MAC_BYTES)
		return;
	memcpy(net->mac + offset, &value, size);
}

/* ---- what is let in ---- */

static bool in_table(const struct table *table, const uint8_t *address)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (memcmp(table->addresses[i], address, MAC_BYTES) == 0)
			return true;
	return table->overflow;
}

static bool vlan_let_in(const struct net *net, const uint8_t *frame, size_t size)
{
	enum { TYPE_AT = 12, TAGGED = 0x8100 };
	if (!virtio_has(&net->virtio, F_CTRL_VLAN) || size < TYPE_AT + 4 ||
	    (frame[TYPE_AT] << 8 | frame[TYPE_AT + 1]) != TAGGED)
		return true;
	unsigned vlan = (unsigned)(frame[TYPE_AT + 2] << 8 | frame[TYPE_AT + 3]) % VLANS;
	return net->vlans[vlan / 8] >> vlan % 8 & 1;
}

static bool let_in(const struct net *net, const uint8_t *frame, size_t size)
{
	static const uint8_t broadcast[MAC_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	if (net->modes[PROMISCUOUS])
		return true;
	if (!vlan_let_in(net, frame, size))
		return false;
	if (memcmp(frame, broadcast, MAC_BYTES) == 0)
		return !net->modes[NO_BROADCAST];
	if (frame[0] & 1)
		return !net->modes[NO_MULTI] && (net->modes[ALL_MULTI] || in_table(&net->multicast, frame));
	if (net->modes[NO_UNI])
		return false;
	return net->modes[ALL_UNI] || memcmp(frame, net->mac, MAC_BYTES) == 0 || in_table(&net->unicast, frame);
}

/* ---- receiving ---- */

static size_t header_size(const struct net *net)
{
	bool whole = virtio_has(&net->virtio, F_MRG_RXBUF) || virtio_has(&net->virtio, VIRTIO_F_VERSION_1);
	return whole ? HEADER_BYTES : OLD_HEADER_BYTES;
}

/* Buffers that a frame is written to, until all are given back together. */
struct filling {
	struct virtio_chain chain; /* the one being filled */
	unsigned count;
	struct {
		uint16_t head;
		uint32_t written;
	} used[VIRTIO_QUEUE_SIZE];
};

enum outcome { DELIVERED, NO_ROOM, TOO_SMALL, BROKEN };

/* One more buffer takes what it has room for of the frame from *at on, which moves; the first one the header, too. False: it has
 * not even room for that. */
static bool fill_buffer(struct net *net, struct filling *filling, const uint8_t *frame, size_t size, size_t *at)
{
	const uint8_t header[HEADER_BYTES] = {[NUM_BUFFERS_AT] = 1};
	size_t offset = filling->count == 0 ? header_size(net) : 0;
	if (filling->chain.write_size == 0 || filling->chain.write_size < offset)
		return false;
	uint64_t room = filling->chain.write_size - offset;
	size_t part = size - *at < room ? size - *at : (size_t)room;
	virtio_write(&net->virtio, &filling->chain, 0, header, offset);
	virtio_write(&net->virtio, &filling->chain, offset, frame + *at, part);
	filling->used[filling->count].head = filling->chain.head;
	filling->used[filling->count].written = (uint32_t)(offset + part);
	filling->count++;
	*at += part;
	return true;
}

static enum outcome fill_buffers(struct net *net, struct filling *filling, struct virtio_chain *first,
                                 const uint8_t *frame, size_t size, uint64_t now)
{
	struct virtio *virtio = &net->virtio;
	for (size_t at = 0; at < size;) {
		bool whole_ring = filling->count == virtio->queues[RECEIVE].size;
		if (whole_ring || (filling->count == 1 && !virtio_has(virtio, F_MRG_RXBUF)))
			return TOO_SMALL;
		if (!virtio_take(virtio, RECEIVE, &filling->chain, now))
			return virtio_alive(virtio, RECEIVE) ? NO_ROOM : BROKEN;
		if (!fill_buffer(net, filling, frame, size, &at)) {
			virtio_break(virtio, now);
			return BROKEN;
		}
		if (filling->count == 1)
			*first = filling->chain;
	}
	return DELIVERED;
}

static enum outcome deliver(struct net *net, const uint8_t *frame, size_t size, uint64_t now)
{
	struct filling filling;
	struct virtio_chain first;
	filling.count = 0;
	enum outcome outcome = fill_buffers(net, &filling, &first, frame, size, now);
	if (outcome != DELIVERED) {
		virtio_take_back(&net->virtio, RECEIVE, filling.count);
		return outcome;
	}
	uint16_t count = (uint16_t)filling.count;
	if (header_size(net) == HEADER_BYTES)
		virtio_write(&net->virtio, &first, NUM_BUFFERS_AT, &count, sizeof(count));
	for (unsigned i = 0; i < filling.count; i++)
		virtio_give_head(&net->virtio, RECEIVE, filling.used[i].head, filling.used[i].written, now);
	return DELIVERED;
}

/* The frame that has waited longest goes to the driver; one that is not for it, or fits no buffer of its, to nobody. */
static uint64_t receive(struct net *net, uint64_t now)
{
	const uint8_t *frame;
	size_t size;
	if (!net->network)
		return 0;
	network_listen(net->network, now);
	while ((frame = network_frame(net->network, &size)) != NULL) {
		enum outcome outcome = let_in(net, frame, size) ? deliver(net, frame, size, now) : TOO_SMALL;
		if (outcome == NO_ROOM || outcome == BROKEN)
			return 0;
		network_drop(net->network);
		net->received += outcome == DELIVERED;
		net->dropped += outcome == TOO_SMALL;
		if (outcome == DELIVERED)
			return net->frame_cycles + size / net->bytes_a_cycle;
	}
	return 0;
}

static void net_arrived(void *context, uint64_t now) { virtio_notify(context, RECEIVE, now); }

/* ---- sending ---- */

/* Whoever asks for checksums or segmentation, which are not offered, would have half a frame go out. */
static bool may_go(const struct header *header, uint64_t size)
{
	return header->flags == 0 && header->gso_type == 0 && size >= FRAME_MIN && size <= FRAME_MAX;
}

static uint64_t transmit(struct net *net, uint64_t now)
{
	struct virtio *virtio = &net->virtio;
	struct virtio_chain chain;
	struct header header;
	if (!virtio_take(virtio, TRANSMIT, &chain, now))
		return 0;
	if (chain.read_size < header_size(net)) {
		virtio_break(virtio, now);
		return 0;
	}
	uint64_t size = chain.read_size - header_size(net);
	virtio_read(virtio, &chain, 0, &header, sizeof(header));
	bool goes = may_go(&header, size);
	if (goes) {
		virtio_read(virtio, &chain, header_size(net), net->frame, (size_t)size);
		if (net->network)
			network_send(net->network, net->frame, (size_t)size, now);
	}
	net->sent += goes;
	net->dropped += !goes;
	virtio_give(virtio, TRANSMIT, &chain, 0, now);
	return net->frame_cycles + (goes ? size / net->bytes_a_cycle : 0);
}

/* ---- control ---- */

enum command {
	COMMAND_RX_FIRST = 0x000, /* class << 8 | command: a receive_mode */
	COMMAND_MAC_TABLE = 0x100,
	COMMAND_MAC_ADDRESS = 0x101,
	COMMAND_VLAN_ADD = 0x200,
	COMMAND_VLAN_DELETE = 0x201,
};

/* A table of addresses at byte *at of a command, which moves behind it. */
static bool read_table(const struct net *net, const struct virtio_chain *chain, uint64_t *at, struct table *table)
{
	uint32_t count;
	if (chain->read_size - *at < sizeof(count))
		return false;
	virtio_read(&net->virtio, chain, *at, &count, sizeof(count));
	*at += sizeof(count);
	if (count > (chain->read_size - *at) / MAC_BYTES)
		return false;
	table->overflow = count > TABLE_MAX;
	table->count = table->overflow ? 0 : count;
	virtio_read(&net->virtio, chain, *at, table->addresses, table->count * MAC_BYTES);
	*at += (uint64_t)count * MAC_BYTES;
	return true;
}

static bool set_tables(struct net *net, const struct virtio_chain *chain, uint64_t at)
{
	struct table unicast = {0}, multicast = {0};
	if (!read_table(net, chain, &at, &unicast) || !read_table(net, chain, &at, &multicast) ||
	    at != chain->read_size)
		return false;
	net->unicast = unicast;
	net->multicast = multicast;
	return true;
}

static bool set_mode(struct net *net, unsigned mode, const struct virtio_chain *chain, uint64_t at)
{
	uint8_t on;
	unsigned feature = mode <= ALL_MULTI ? F_CTRL_RX : F_CTRL_RX_EXTRA;
	if (!virtio_has(&net->virtio, feature) || chain->read_size - at != sizeof(on))
		return false;
	virtio_read(&net->virtio, chain, at, &on, sizeof(on));
	net->modes[mode] = on != 0;
	return true;
}

static bool set_vlan(struct net *net, bool add, const struct virtio_chain *chain, uint64_t at)
{
	uint16_t vlan;
	if (!virtio_has(&net->virtio, F_CTRL_VLAN) || chain->read_size - at != sizeof(vlan))
		return false;
	virtio_read(&net->virtio, chain, at, &vlan, sizeof(vlan));
	if (vlan >= VLANS)
		return false;
	uint8_t bit = (uint8_t)(1u << vlan % 8);
	net->vlans[vlan / 8] = add ? net->vlans[vlan / 8] | bit : net->vlans[vlan / 8] & (uint8_t)~bit;
	return true;
}

static bool set_card_address(struct net *net, const struct virtio_chain *chain, uint64_t at)
{
	if (!virtio_has(&net->virtio, F_CTRL_MAC_ADDR) || chain->read_size - at != MAC_BYTES)
		return false;
	virtio_read(&net->virtio, chain, at, net->mac, MAC_BYTES);
	return true;
}

static bool obey_command(struct net *net, const struct virtio_chain *chain)
{
	uint8_t words[2];
	virtio_read(&net->virtio, chain, 0, words, sizeof(words));
	unsigned command = (unsigned)words[0] << 8 | words[1];
	if (command < COMMAND_RX_FIRST + RECEIVE_MODES)
		return set_mode(net, command, chain, sizeof(words));
	switch (command) {
	case COMMAND_MAC_TABLE: return virtio_has(&net->virtio, F_CTRL_RX) && set_tables(net, chain, sizeof(words));
	case COMMAND_MAC_ADDRESS: return set_card_address(net, chain, sizeof(words));
	case COMMAND_VLAN_ADD: return set_vlan(net, true, chain, sizeof(words));
	case COMMAND_VLAN_DELETE: return set_vlan(net, false, chain, sizeof(words));
	default: return false;
	}
}

static uint64_t control(struct net *net, uint64_t now)
{
	struct virtio *virtio = &net->virtio;
	struct virtio_chain chain;
	if (!virtio_take(virtio, CONTROL, &chain, now))
		return 0;
	if (!virtio_has(virtio, F_CTRL_VQ) || chain.read_size < 2 || chain.write_size == 0) {
		virtio_break(virtio, now);
		return 0;
	}
	uint8_t failed = !obey_command(net, &chain);
	virtio_write(virtio, &chain, 0, &failed, sizeof(failed));
	virtio_give(virtio, CONTROL, &chain, sizeof(failed), now);
	return COMMAND_CYCLES;
}

static uint64_t net_serve(struct virtio *virtio, unsigned queue, uint64_t now)
{
	struct net *net = (struct net *)virtio;
	switch (queue) {
	case RECEIVE: return receive(net, now);
	case TRANSMIT: return transmit(net, now);
	default: return control(net, now);
	}
}

/* ---- the device ---- */

static void net_reset(struct virtio *virtio)
{
	struct net *net = (struct net *)virtio;
	if (net->network)
		network_forget(net->network);
	memcpy(net->mac, net->own, MAC_BYTES);
	memset(net->modes, 0, sizeof(net->modes));
	net->modes[PROMISCUOUS] = true; /* until a driver says otherwise */
	memset(&net->unicast, 0, sizeof(net->unicast));
	memset(&net->multicast, 0, sizeof(net->multicast));
	memset(net->vlans, 0, sizeof(net->vlans));
}

static void net_save(const struct virtio *virtio, struct state_writer *writer)
{
	const struct net *net = (const struct net *)virtio;
	STATE_WRITE(writer, net->mac);
	for (unsigned i = 0; i < RECEIVE_MODES; i++)
		state_write_u64(writer, net->modes[i]);
	for (const struct table *table = &net->unicast; table;
	     table = table == &net->unicast ? &net->multicast : NULL) {
		state_write_u64(writer, table->count);
		state_write_u64(writer, table->overflow);
		STATE_WRITE(writer, table->addresses);
	}
	STATE_WRITE(writer, net->vlans);
	STATE_WRITE(writer, net->received);
	STATE_WRITE(writer, net->sent);
	STATE_WRITE(writer, net->dropped);
	if (net->network)
		network_save(net->network, writer);
}

static bool net_restore(struct virtio *virtio, struct state_reader *reader)
{
	struct net *net = (struct net *)virtio;
	STATE_READ(reader, net->mac);
	for (unsigned i = 0; i < RECEIVE_MODES; i++)
		net->modes[i] = state_read_limited(reader, 1);
	for (struct table *table = &net->unicast; table; table = table == &net->unicast ? &net->multicast : NULL) {
		table->count = (uint32_t)state_read_limited(reader, TABLE_MAX);
		table->overflow = state_read_limited(reader, 1);
		STATE_READ(reader, table->addresses);
	}
	STATE_READ(reader, net->vlans);
	STATE_READ(reader, net->received);
	STATE_READ(reader, net->sent);
	STATE_READ(reader, net->dropped);
	if (net->network && !reader->failed)
		return network_restore(net->network, reader);
	return !reader->failed;
}

static void net_dump(const struct virtio *virtio, FILE *out)
{
	const struct net *net = (const struct net *)virtio;
	const uint8_t *mac = net->mac;
	fprintf(out,
	        "  mac %02x:%02x:%02x:%02x:%02x:%02x%s, %" PRIu64 " frames received, %" PRIu64 " sent, %" PRIu64
	        " dropped\n",
	        mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], net->network ? "" : ", not connected", net->received,
	        net->sent, net->dropped);
}

static void net_destroy(struct virtio *virtio)
{
	struct net *net = (struct net *)virtio;
	if (net->network)
		network_forget(net->network);
	free(net);
}

static struct virtio *net_make(const struct board *board, const struct virtio_config *config)
{
	struct net *net = calloc(1, sizeof(*net));
	if (!net)
		return NULL;
	for (unsigned i = 0; i < MAC_BYTES; i++)
		net->own[i] = (uint8_t)(config->number >> 8 * (MAC_BYTES - 1 - i));
	net->frame_cycles = board->virtio->net_cycles;
	net->bytes_a_cycle = board->virtio->net_bytes;
	if (config->backend != VIRTIO_NO_BACKEND) {
		net->network = board->backends->networks[config->backend];
		network_attach(net->network, net_arrived, &net->virtio);
	}
	net_reset(&net->virtio);
	return &net->virtio;
}

const struct virtio_kind virtio_net_kind = {
    .name = "virtio-net-device",
    .id = 1,
    .queues = 3,
    .config_size = CONFIG_SIZE,
    .make = net_make,
    .features = net_features,
    .config_read = net_config_read,
    .config_write = net_config_write,
    .serve = net_serve,
    .reset = net_reset,
    .save = net_save,
    .restore = net_restore,
    .dump = net_dump,
    .destroy = net_destroy,
};
