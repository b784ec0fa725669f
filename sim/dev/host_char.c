#include "dev/host_char.h"

#include <stdlib.h>
#include <string.h>
#include "base/say.h"
#include "base/state.h"
#include "dev/console.h"
#include "dev/frontier.h"
#include "dev/host_output.h"

struct host_char {
	const char *where;
	bool is_console;
	struct host_output output; /* of one that is not */
	struct frontier written;   /* bytes */
};

struct host_char *host_char_open(const struct char_config *config, bool (*give_up)(void *context), void *context)
{
	struct host_char *where = calloc(1, sizeof(*where));
	if (!where) {
		say("out of memory for %s", config->where);
		return NULL;
	}
	where->where = config->where;
	where->output.give_up = give_up;
	where->output.context = context;
	where->is_console = strcmp(config->where, "stdio") == 0 || strcmp(config->where, "pty") == 0;
	if (host_output_open(&where->output, where->is_console ? "null" : config->where) == 0)
		return where;
	free(where);
	return NULL;
}

int host_char_finish(struct host_char *where)
{
	host_output_close(&where->output);
	return where->output.error == 0
	           ? 0
	           : say("%s could not be written whole: %s", where->where, strerror(where->output.error));
}

void host_char_close(struct host_char *where)
{
	if (where)
		host_output_close(&where->output);
	free(where);
}

static bool leads_to_console(const struct host_char *where) { return !where || where->is_console; }

void host_char_write(struct host_char *where, struct console *console, uint8_t byte, uint64_t now)
{
	if (leads_to_console(where))
		console_write(console, byte, now);
	else if (!frontier_pass(&where->written))
		host_output_put(&where->output, byte);
}

int host_char_read(const struct host_char *where, struct console *console, uint64_t now)
{
	return leads_to_console(where) ? console_read(console, now) : CONSOLE_END;
}

bool host_char_ended(const struct host_char *where, struct console *console, uint64_t now)
{
	return !leads_to_console(where) || console_ended(console, now);
}

void host_char_forget(struct host_char *where) { frontier_forget(&where->written); }

void host_char_save(const struct host_char *where, struct state_writer *writer)
{
	state_write_u64(writer, where->written.at);
}

void host_char_restore(struct host_char *where, struct state_reader *reader)
{
	where->written.at = state_read_u64(reader);
}
