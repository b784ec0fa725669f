#include "debug/source_text.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/array.h"
#include "debug/commands.h"
#include "debug/programs.h"
#include "debug/source.h"

struct source_text {
	char **folders; /* the user's, where files are looked for that are not where they were compiled */
	size_t folder_count, folder_capacity;
	/* The file that was asked for last. */
	char path[PATH_MAX];
	char *bytes;
	size_t size, *starts, line_count;
};

static struct source_text *text_of(struct debugger *debugger)
{
	if (!debugger->source->text)
		debugger->source->text = calloc(1, sizeof *debugger->source->text);
	return debugger->source->text;
}

static void forget_file(struct source_text *text)
{
	free(text->bytes);
	free(text->starts);
	text->bytes = NULL;
	text->starts = NULL;
	text->size = text->line_count = 0;
	text->path[0] = '\0';
}

void source_text_free(struct debugger *debugger)
{
	struct source_text *text = debugger->source->text;
	if (!text)
		return;
	forget_file(text);
	for (size_t i = 0; i < text->folder_count; i++)
		free(text->folders[i]);
	free(text->folders);
	free(text);
	debugger->source->text = NULL;
}

/* A program names files as it likes: only regular ones of a sane size are read. */
static bool read_bytes(struct source_text *text, const char *path)
{
	enum { FILE_MAX = 64 << 20 };
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= FILE_MAX)
		text->bytes = malloc((size_t)status.st_size + 1);
	for (ssize_t got = 1; text->bytes && text->size < (size_t)status.st_size && got > 0;) {
		got = read(fd, text->bytes + text->size, (size_t)status.st_size - text->size);
		text->size += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return text->bytes != NULL;
}

static bool find_starts(struct source_text *text)
{
	size_t capacity = 0;
	for (size_t at = 0; at < text->size; at++) {
		if (at != 0 && text->bytes[at - 1] != '\n')
			continue;
		if (ARRAY_RESERVE(text->starts, text->line_count, 1, &capacity) != 0)
			return false;
		text->starts[text->line_count++] = at;
	}
	return true;
}

/* Where it was compiled; then in each of the user's folders, by as many of its last components as lead to a file. */
static bool read_source_file(struct source_text *text, const char *path)
{
	if (read_bytes(text, path))
		return true;
	for (size_t i = 0; i < text->folder_count; i++)
		for (const char *tail = path; tail; tail = strchr(tail + 1, '/')) {
			char other[PATH_MAX];
			int length = snprintf(other, sizeof other, "%s/%s", text->folders[i], tail + (*tail == '/'));
			if (length > 0 && (size_t)length < sizeof other && read_bytes(text, other))
				return true;
		}
	return false;
}

const char *source_text_line(struct debugger *debugger, const struct source_line *line, size_t *length)
{
	char path[PATH_MAX];
	struct source_text *text = text_of(debugger);
	if (!text)
		return NULL;
	line_path(line, path, sizeof path);
	if (strcmp(path, text->path) != 0) {
		forget_file(text);
		snprintf(text->path, sizeof text->path, "%s", path);
		if (!read_source_file(text, path) || !find_starts(text))
			text->line_count = 0;
	}
	if (line->line < 1 || line->line > text->line_count)
		return NULL;
	size_t start = text->starts[line->line - 1];
	const char *begin = text->bytes + start, *end = memchr(begin, '\n', text->size - start);
	*length = end ? (size_t)(end - begin) : text->size - start;
	if (*length && begin[*length - 1] == '\r')
		--*length;
	return begin;
}

void source_print_place(struct debugger *debugger, struct hart *hart)
{
	struct source_line line;
	size_t length;
	if (!debug_line(debugger, hart, hart->mode, hart->pc, &line))
		return;
	fputs("  ; ", debugger->out);
	print_plain(debugger->out, line.file, strlen(line.file));
	fprintf(debugger->out, ":%u", line.line);
	const char *text = source_text_line(debugger, &line, &length);
	if (!text)
		return;
	size_t blanks = strspn(text, " \t");
	fputs("  ", debugger->out);
	print_plain(debugger->out, text + (blanks < length ? blanks : length), blanks < length ? length - blanks : 0);
}

COMMAND(cmd_directory, 166, "directory", "dir", "[FOLDER]",
        "look for source files there, too; without: only where they were compiled")
{
	struct source_text *text = text_of(debugger);
	char *folder = *args ? strdup(args) : NULL;
	if (!text || (*args && !folder)) {
		free(folder);
		return complain(debugger, "no memory");
	}
	forget_file(text);
	if (!folder) {
		while (text->folder_count)
			free(text->folders[--text->folder_count]);
		return true;
	}
	if (ARRAY_RESERVE(text->folders, text->folder_count, 1, &text->folder_capacity) != 0) {
		free(folder);
		return complain(debugger, "no memory");
	}
	text->folders[text->folder_count++] = folder;
	return true;
}
