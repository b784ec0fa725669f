/* The debugger's command lines: whatever is typed, it answers. */
#include "debug/debug.h"
#include "fuzz.h"
#include "machine/machine.h"
#include "small.h"
#include "two_harts.h"

static const char *program_path;

static bool debugging;

/* What the debugger opens (not libFuzzer): one script exists, and sources itself; nothing is written. */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	static char script[] = "info harts\nsource script\nstep 2\n";
	if (!debugging)
		return __real_fopen(path, mode);
	if (*mode == 'r' && strcmp(path, "script") == 0)
		return fmemopen(script, strlen(script), "r");
	return __real_fopen(*mode == 'r' ? "/nonexistent" : "/dev/null", mode);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	program_path = file_in_memory("program", program, sizeof(program));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	REQUIRE(text, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	if (access(text, F_OK) == 0) { /* a file of the host's, or a folder: no commands */
		free(text);
		return 0;
	}
	char *words[] = { "rvsim", "-m", "64K", "-smp", "2", "-serial", "null", "--max-insns", "1000", "--max-cycles", "3000",
	                  "-bios", (char *)program_path, NULL };
	struct options options;
	struct machine machine;
	struct capture capture;
	small_options(&options, words);
	options.config.debug_cmd = text;
	capture_begin(&capture, &stderr);
	REQUIRE(machine_init(&machine, &options.config) == 0, "no machine");
	debugging = true;
	int code;
	REQUIRE(debug_run(&machine, &code) != DEBUG_UNUSABLE, "the debugger fails");
	debugging = false;
	machine_free(&machine);
	capture_end(&capture);
	free(capture.text);
	options_free(&options);
	free(text);
	return 0;
}
