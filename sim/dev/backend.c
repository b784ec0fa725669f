#include "dev/backend.h"

#include <stdlib.h>
#include "base/say.h"
#include "base/state.h"
#include "dev/answer_log.h"
#include "dev/host_net.h"

enum { BACKENDS_VERSION = 1 };

static int open_networks(struct backends *backends, const struct backend_config *config,
                         const struct network_host *host)
{
	for (unsigned i = 0; i < config->network_count; i++) {
		backends->networks[i] = network_open(&config->networks[i], i, host);
		if (!backends->networks[i])
			return -1;
		backends->network_count++;
	}
	return 0;
}

static int open_shares(struct backends *backends, const struct backend_config *config)
{
	backends->shares = calloc(config->share_count + 1, sizeof(*backends->shares));
	if (!backends->shares)
		return say("out of memory for shared folders");
	for (unsigned i = 0; i < config->share_count; i++) {
		backends->shares[i] = host_share_open(&config->shares[i]);
		if (!backends->shares[i])
			return -1;
		backends->share_count++;
	}
	return 0;
}

int backends_open(struct backends *backends, const struct backend_config *config, const struct network_host *host)
{
	*backends = (struct backends){.disks = calloc(config->disk_count + 1, sizeof(*backends->disks))};
	if (!backends->disks)
		return say("out of memory for disks");
	for (unsigned i = 0; i < config->disk_count; i++) {
		backends->disks[i] = host_disk_open(&config->disks[i]);
		if (!backends->disks[i])
			return -1;
		backends->disk_count++;
	}
	return open_shares(backends, config) == 0 ? open_networks(backends, config, host) : -1;
}

int backends_open_outputs(struct backends *backends, const struct backend_config *config,
                          bool (*give_up)(void *context), void *context)
{
	backends->chars = calloc(config->char_count + 1, sizeof(*backends->chars));
	if (!backends->chars)
		return say("out of memory for outputs");
	for (unsigned i = 0; i < config->char_count; i++) {
		backends->chars[i] = host_char_open(&config->chars[i], give_up, context);
		if (!backends->chars[i])
			return -1;
		backends->char_count++;
	}
	backends->uart = config->uart ? backends->chars[config->uart - 1] : NULL;
	return 0;
}

int backends_finish(struct backends *backends)
{
	int result = 0;
	for (unsigned i = 0; i < backends->network_count; i++)
		network_finish(backends->networks[i]);
	for (unsigned i = 0; i < backends->char_count; i++)
		result |= host_char_finish(backends->chars[i]);
	return result;
}

uint64_t backends_unasked(const struct backends *backends)
{
	uint64_t unasked = 0;
	for (unsigned i = 0; i < backends->network_count; i++)
		unasked += network_unasked(backends->networks[i]);
	return unasked;
}

void backends_keep(struct backends *backends)
{
	for (unsigned i = 0; i < backends->disk_count; i++)
		host_disk_keep(backends->disks[i]);
	for (unsigned i = 0; i < backends->share_count; i++)
		host_share_log(backends->shares[i])->kept = true;
}

bool backends_can_forget(const struct backends *backends)
{
	for (unsigned i = 0; i < backends->share_count; i++)
		if (answer_log_behind(host_share_log(backends->shares[i])))
			return false;
	return true;
}

void backends_forget(struct backends *backends)
{
	for (unsigned i = 0; i < backends->disk_count; i++)
		host_disk_forget(backends->disks[i]);
	for (unsigned i = 0; i < backends->network_count; i++)
		network_forget_future(backends->networks[i]);
	for (unsigned i = 0; i < backends->char_count; i++)
		host_char_forget(backends->chars[i]);
	for (unsigned i = 0; i < backends->share_count; i++)
		frontier_forget(&host_share_log(backends->shares[i])->answers);
}

void backends_save(const struct backends *backends, struct state_writer *writer)
{
	state_write_begin(writer, "outputs", BACKENDS_VERSION);
	state_write_u64(writer, backends->char_count);
	for (unsigned i = 0; i < backends->char_count; i++)
		host_char_save(backends->chars[i], writer);
	state_write_end(writer);
}

bool backends_restore(struct backends *backends, struct state_reader *reader)
{
	state_read_begin(reader, "outputs", BACKENDS_VERSION);
	if (state_read_u64(reader) != backends->char_count && !reader->failed)
		return state_refuse(reader, "outputs: another number of them");
	for (unsigned i = 0; i < backends->char_count; i++)
		host_char_restore(backends->chars[i], reader);
	return state_read_end(reader);
}

void backends_close(struct backends *backends)
{
	for (unsigned i = 0; i < backends->disk_count; i++)
		host_disk_close(backends->disks[i]);
	for (unsigned i = 0; i < backends->network_count; i++)
		network_close(backends->networks[i]);
	for (unsigned i = 0; i < backends->share_count; i++)
		host_share_close(backends->shares[i]);
	for (unsigned i = 0; i < backends->char_count; i++)
		host_char_close(backends->chars[i]);
	free(backends->shares);
	free(backends->chars);
	free(backends->disks);
	*backends = (struct backends){0};
}
