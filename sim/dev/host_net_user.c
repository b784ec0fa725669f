/* A network of its own with a way out through the host's sockets, by libslirp: what QEMU calls user. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/host_signals.h"
#include "base/say.h"
#include "dev/host_net.h"

enum { NS_PER_MS = 1000000, FDS_AT_FIRST = 16 };

/* libslirp asks to be called when simulated time is there. */
struct user_timer {
	struct user_timer *next;
	SlirpTimerId id;
	void *context;
	int64_t due; /* ms; -1: not set */
};

struct user_net {
	struct host_net net;
	Slirp *slirp;
	uint64_t ns; /* what time it is for libslirp */
	struct user_timer *timers;
	struct pollfd *fds;
	unsigned fd_count, fd_room;
};

/* ---- what libslirp calls ---- */

static ssize_t frame_for_guest(const void *frame, size_t size, void *opaque)
{
	struct user_net *user = opaque;
	user->net.came(user->net.context, frame, size);
	return (ssize_t)size;
}

static void guest_erred(const char *message, void *opaque) { (void)message, (void)opaque; }

static int64_t simulated_ns(void *opaque) { return (int64_t)((struct user_net *)opaque)->ns; }

static void *new_timer(SlirpTimerId id, void *context, void *opaque)
{
	struct user_net *user = opaque;
	struct user_timer *timer = calloc(1, sizeof(*timer));
	if (!timer)
		return NULL;
	*timer = (struct user_timer){.next = user->timers, .id = id, .context = context, .due = -1};
	user->timers = timer;
	return timer;
}

static void free_timer(void *timer, void *opaque)
{
	for (struct user_timer **link = &((struct user_net *)opaque)->timers; *link; link = &(*link)->next) {
		if (*link != timer)
			continue;
		*link = (*link)->next;
		free(timer);
		return;
	}
}

static void set_timer(void *timer, int64_t due, void *opaque)
{
	(void)opaque;
	if (timer)
		((struct user_timer *)timer)->due = due;
}

static void fd_noted(int fd, void *opaque) { (void)fd, (void)opaque; }

static void notified(void *opaque) { (void)opaque; }

static void began(Slirp *slirp, void *opaque) { ((struct user_net *)opaque)->slirp = slirp; }

static const SlirpCb callbacks = {
    .send_packet = frame_for_guest,
    .guest_error = guest_erred,
    .clock_get_ns = simulated_ns,
    .timer_new_opaque = new_timer,
    .timer_free = free_timer,
    .timer_mod = set_timer,
    .register_poll_fd = fd_noted,
    .unregister_poll_fd = fd_noted,
    .notify = notified,
    .init_completed = began,
};

/* ---- looking ---- */

static const struct {
	int slirp, host;
} conditions[] = {
    {SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
    {SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};

static int add_fd(int fd, int events, void *opaque)
{
	struct user_net *user = opaque;
	if (user->fd_count == user->fd_room) {
		unsigned room = user->fd_room ? 2 * user->fd_room : FDS_AT_FIRST;
		struct pollfd *fds = realloc(user->fds, room * sizeof(*fds));
		if (!fds)
			return -1;
		user->fds = fds;
		user->fd_room = room;
	}
	struct pollfd *added = &user->fds[user->fd_count];
	*added = (struct pollfd){.fd = fd};
	for (unsigned i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (events & conditions[i].slirp)
			added->events |= (short)conditions[i].host;
	return (int)user->fd_count++;
}

static int conditions_of(int index, void *opaque)
{
	const struct user_net *user = opaque;
	int events = 0;
	if (index < 0 || (unsigned)index >= user->fd_count)
		return 0;
	for (unsigned i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (user->fds[index].revents & conditions[i].host)
			events |= conditions[i].slirp;
	return events;
}

static void run_timers(struct user_net *user)
{
	int64_t now = (int64_t)(user->ns / NS_PER_MS);
	for (struct user_timer *timer = user->timers; timer; timer = timer->next) {
		if (timer->due < 0 || timer->due > now)
			continue;
		timer->due = -1;
		slirp_handle_timer(user->slirp, timer->id, timer->context);
	}
}

static void user_poll(struct host_net *net, uint64_t ns, double wait)
{
	struct user_net *user = (struct user_net *)net;
	uint32_t ignored = UINT32_MAX; /* looks come often enough for libslirp's own time-outs */
	struct timespec patience = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};
	struct held_pipe held;
	user->ns = ns;
	user->fd_count = 0;
	slirp_pollfds_fill(user->slirp, &ignored, add_fd, user);
	int found = ppoll(user->fds, user->fd_count, &patience, NULL);
	host_signals_hold_pipe(&held);
	slirp_pollfds_poll(user->slirp, found < 0, conditions_of, user);
	run_timers(user);
	host_signals_release_pipe(&held);
}

static void user_send(struct host_net *net, const uint8_t *frame, size_t size, uint64_t ns)
{
	struct user_net *user = (struct user_net *)net;
	struct held_pipe held;
	user->ns = ns;
	host_signals_hold_pipe(&held);
	slirp_input(user->slirp, frame, (int)size);
	host_signals_release_pipe(&held);
}

/* ---- beginning and end ---- */

static void user_close(struct host_net *net)
{
	struct user_net *user = (struct user_net *)net;
	if (user->slirp)
		slirp_cleanup(user->slirp);
	while (user->timers)
		free_timer(user->timers, user);
	free(user->fds);
	free(user);
}

static SlirpConfig slirp_config(const struct network_config *config)
{
	/* QEMU's addresses: fec0::/64, ::2 the host, ::3 the name server */
	static const struct in6_addr prefix = {{{0xfe, 0xc0}}}, host = {{{0xfe, 0xc0, [15] = 2}}},
				     dns = {{{0xfe, 0xc0, [15] = 3}}};
	return (SlirpConfig){
	    .version = 4,
	    .restricted = config->user.restricted,
	    .in_enabled = config->user.ipv4,
	    .vnetwork = config->user.net,
	    .vnetmask = config->user.mask,
	    .vhost = config->user.host,
	    .vdhcp_start = config->user.dhcp,
	    .vnameserver = config->user.dns,
	    .in6_enabled = config->user.ipv6,
	    .vprefix_addr6 = prefix,
	    .vprefix_len = 64,
	    .vhost6 = host,
	    .vnameserver6 = dns,
	    .vhostname = config->user.hostname,
	    .vdomainname = config->user.domain,
	    .tftp_path = config->user.tftp,
	    .tftp_server_name = config->user.tftp_server,
	    .bootfile = config->user.bootfile,
	};
}

static int open_forward(const struct user_net *user, const struct network_config *config,
                        const struct network_forward *forward)
{
	char host[INET_ADDRSTRLEN];
	if (slirp_add_hostfwd(user->slirp, forward->udp, forward->host, forward->host_port, forward->guest,
	                      forward->guest_port) == 0)
		return 0;
	int error = errno;
	inet_ntop(AF_INET, &forward->host, host, sizeof(host));
	return say("-netdev user,id=%s: hostfwd: %s port %u of %s: %s", config->id, forward->udp ? "UDP" : "TCP",
	           forward->host_port, host, strerror(error));
}

static struct host_net *user_open(const struct network_config *config)
{
	struct user_net *user = calloc(1, sizeof(*user));
	SlirpConfig slirp = slirp_config(config);
	if (user)
		user->slirp = slirp_new(&slirp, &callbacks, user);
	if (!user || !user->slirp) {
		say("-netdev user,id=%s: libslirp refuses it", config->id);
		free(user);
		return NULL;
	}
	for (unsigned i = 0; i < config->user.forward_count; i++) {
		if (open_forward(user, config, &config->user.forwards[i]) != 0) {
			user_close(&user->net);
			return NULL;
		}
	}
	return &user->net;
}

const struct host_net_kind host_net_user_kind = {
    .name = "user",
    .open = user_open,
    .send = user_send,
    .poll = user_poll,
    .close = user_close,
};
