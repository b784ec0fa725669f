#include "machine/config_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include "machine/params.h"

static void write_command(struct json *json, const struct config *config)
{
	json_open(json, "command", '[');
	for (unsigned i = 0; i < config->command_count; i++)
		json_string(json, NULL, config->command[i]);
	json_close(json, ']');
}

static void write_guests(struct json *json, const struct config *config)
{
	json_open(json, "guests", '[');
	for (unsigned i = 0; i < config->guest_count; i++) {
		const struct guest_config *guest = &config->guests[i];
		json_open(json, NULL, '{');
#define GUEST_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "machine/stats.def"
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_files(struct json *json, const struct machine *machine)
{
	json_open(json, "files", '[');
	for (unsigned i = 0; i < machine->file_count; i++) {
		const struct file_identity *file = &machine->files[i];
		json_open(json, NULL, '{');
#define FILE_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "machine/stats.def"
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* "off", "on", or what switches it on. */
static const char *timing_text(const struct config *config, char *text, size_t size)
{
	if (!config->timing_from.given)
		return config->timing_off ? "off" : "on";
	if (config->timing_from.counted)
		snprintf(text, size, "from=%" PRIu64, config->timing_from.insns);
	else
		snprintf(text, size, "from=%s", config->timing_from.hints ? "hint" : config->timing_from.symbol);
	return text;
}

void config_json(struct json *json, const struct machine *machine)
{
	const struct config *config = machine->config;
	char isa[1024], from[256];
	const char *timing = timing_text(config, from, sizeof(from));
	isa_string(&config->isa, isa, sizeof(isa));
	json_open(json, "config", '{');
	write_command(json, config);
#define CONFIG_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "machine/stats.def"
	write_guests(json, config);
	write_files(json, machine);
	json_open(json, "set", '{');
	params_json(config, json);
	json_close(json, '}');
	json_close(json, '}');
}

char *config_text(const struct machine *machine)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	struct json json = {.out = out};
	json_open(&json, NULL, '{');
	config_json(&json, machine);
	json_close(&json, '}');
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
