/* The command line, guests' key strings, --isa, --set: any words are understood, or refused in one line. Words are
 * separated by newlines. */
#include "fuzz.h"
#include "cli/options.h"

enum { WORDS = 24 };

static bool is_param_in_range(const struct config *config)
{
	const struct hart_options *options = &config->options;
	return config->cycles_per_tick >= 1 && options->asid_bits <= 16 && options->vmid_bits <= 14 &&
	       options->geilen <= 63 && options->tlb_entries >= 1 && config->engine.block_ops >= 1 &&
	       (options->pmp_entries == 0 || options->pmp_entries == 16 || options->pmp_entries == 64);
}

/* What the machine takes on trust. */
static void check_config(const struct config *config)
{
	REQUIRE(config->harts >= 1 && config->harts <= 64, "%u harts", config->harts);
	REQUIRE(config->memory && config->memory % 4096 == 0, "%lu bytes", (long)config->memory);
	REQUIRE(config->quantum >= 1 && config->max_cycles && config->max_insns, "limits");
	REQUIRE(config->timing && config->serial && is_param_in_range(config), "parameters");
	REQUIRE(config->bios || config->kernel || config->dump_dtb, "nothing to do");
	for (unsigned i = 0; i < config->guest_count; i++) {
		const struct guest_config *guest = &config->guests[i];
		REQUIRE(guest->path && *guest->path && guest->vcpus <= 64, "guest %u", i);
		REQUIRE(config->harts == 64 || guest->cpus >> config->harts == 0, "guest %u", i);
	}
	char text[2048];
	isa_string(&config->isa, text, sizeof(text));
	REQUIRE(strncmp(text, "rv64", 4) == 0 && strlen(text) < 1024, "%s", text); /* devtree.c's room */
}

/* What a run that begins may say first: of options that change nothing, of ports that nothing comes to, and warnings. */
static bool is_note(const char *line)
{
	return strstr(line, ": nothing changes by that here\n") || strstr(line, ": nothing comes here\n") ||
	       strncmp(line, "rvsim: warning: ", strlen("rvsim: warning: ")) == 0;
}

static void require_notes(const struct capture *err)
{
	for (const char *line = err->size ? err->text : ""; *line; line = strchr(line, '\n') + 1)
		REQUIRE(strchr(line, '\n') && is_note(line), "succeeded but said: %s", line);
}

static void check_answer(enum options_result result, const struct options *options, const struct capture *out,
                         const struct capture *err)
{
	bool ignored = result == OPTIONS_RUN && options->ignored[0] && !options->config.quiet;
	if (result == OPTIONS_RUN)
		require_notes(err);
	else
		require_one_line(err, result == OPTIONS_BAD);
	REQUIRE(!ignored || capture_lines(err) != 0, "options that change nothing, and not a word");
	REQUIRE((out->size != 0) == (result == OPTIONS_DONE), "result %u, said %zu bytes", result, out->size);
	if (result == OPTIONS_RUN)
		check_config(&options->config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest = text, *words[WORDS + 2] = { "rvsim" };
	int count = 1;
	REQUIRE(text, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	while (rest && count <= WORDS)
		words[count++] = strsep(&rest, "\n");
	struct options options;
	struct capture out, err;
	capture_begin(&out, &stdout);
	capture_begin(&err, &stderr);
	enum options_result result = options_parse(&options, count, words);
	capture_end(&err);
	capture_end(&out);
	check_answer(result, &options, &out, &err);
	options_free(&options);
	free(out.text);
	free(err.text);
	free(text);
	return 0;
}
