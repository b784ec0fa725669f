#include "dev/backend.h"

#include <stdlib.h>
#include "base/say.h"
#include "dev/host_net.h"

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
	return open_networks(backends, config, host);
}

void backends_finish(struct backends *backends)
{
	for (unsigned i = 0; i < backends->network_count; i++)
		network_finish(backends->networks[i]);
}

uint64_t backends_unasked(const struct backends *backends)
{
	uint64_t unasked = 0;
	for (unsigned i = 0; i < backends->network_count; i++)
		unasked += network_unasked(backends->networks[i]);
	return unasked;
}

void backends_close(struct backends *backends)
{
	for (unsigned i = 0; i < backends->disk_count; i++)
		host_disk_close(backends->disks[i]);
	for (unsigned i = 0; i < backends->network_count; i++)
		network_close(backends->networks[i]);
	free(backends->disks);
	*backends = (struct backends){0};
}
