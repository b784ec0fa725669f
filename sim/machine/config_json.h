/* A run's configuration as JSON: all that its outcome depends on, but for what comes in while it runs. */
#ifndef CONFIG_JSON_H
#define CONFIG_JSON_H

#include "base/json.h"
#include "machine/machine.h"

/* A file that was read at the start. The hash is of its contents: equal for equal ones, on any host. */
struct file_identity {
	const char *path;
	uint64_t size, hash;
};

/* The object "config": `command` (the arguments that make this run again), what they came to, the files by content. */
void config_json(struct json *json, const struct machine *machine);

/* The object alone, on the heap; NULL: no memory. */
char *config_text(const struct machine *machine);

#endif
