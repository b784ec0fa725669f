/* rvtrace: reads what rvsim --trace wrote. */
#include <errno.h>
#include <string.h>
#include "rvtrace.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int, char **);
	} commands[] = {
	    {"dump", rvtrace_dump}, {"diff", rvtrace_diff},     {"stat", rvtrace_stat}, {"export", rvtrace_export},
	    {"info", rvtrace_info}, {"report", rvtrace_report}, {"view", rvtrace_view},
	};
	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		fputs(usage_text, stdout);
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		int result = commands[i].run(argc - 1, argv + 1);
		if (fflush(stdout) || ferror(stdout))
			return trouble("standard output", strerror(errno));
		return result;
	}
	return usage();
}
