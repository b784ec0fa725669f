#include "base/output_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool output_is_standard(const char *path) { return strcmp(path, "-") == 0; }

FILE *output_open(const char *path)
{
	if (!output_is_standard(path))
		return fopen(path, "wbe");
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (!file && fd >= 0)
		close(fd);
	return file;
}
