#include "dev/backend.h"

#include <stdlib.h>
#include "base/say.h"

int backends_open(struct backends *backends, const struct backend_config *config)
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
	return 0;
}

void backends_close(struct backends *backends)
{
	for (unsigned i = 0; i < backends->disk_count; i++)
		host_disk_close(backends->disks[i]);
	free(backends->disks);
	*backends = (struct backends){0};
}
