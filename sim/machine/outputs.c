#include "machine/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/output_file.h"
#include "base/say.h"
#include "machine/machine.h"

struct output {
	const char *what, *path; /* path NULL: not asked for */
	bool alone;              /* it cannot share standard output with the console */
	bool tree;               /* may take the place of a device tree */
	bool created;
	struct stat status;
};

enum { OUTPUTS = 9 /* and those of character back ends */ };

static const char *serial_file(const char *serial) { return strncmp(serial, "file:", 5) == 0 ? serial + 5 : NULL; }

/* With room for `more`: NULL after a line on stderr. */
static struct output *list_outputs(const struct config *config, unsigned more, unsigned *count)
{
	const struct output all[OUTPUTS] = {
	    {.what = "--trace", .path = config->trace_path, .alone = true},
	    {.what = "--stats", .path = config->stats_path},
	    {.what = "--profile", .path = config->profile_path},
	    {.what = "--signature", .path = config->signature_path},
	    {.what = "--record", .path = config->record, .alone = true},
	    {.what = "--save", .path = config->save, .alone = true},
	    {.what = "--golden", .path = config->golden.update ? config->golden.path : NULL},
	    {.what = "-dump-dtb", .path = config->dump_dtb, .tree = true},
	    {.what = "-serial", .path = serial_file(config->serial), .alone = true},
	};
	const struct backend_config *backends = &config->backends;
	*count = OUTPUTS + backends->char_count;
	struct output *list = calloc(*count + more, sizeof(*list));
	if (!list) {
		say("out of memory for names of files");
		return NULL;
	}
	memcpy(list, all, sizeof(all));
	for (unsigned i = 0; i < backends->char_count; i++)
		list[OUTPUTS + i] = (struct output){
		    .what = *backends->chars[i].id ? "-chardev" : "-serial",
		    .path = serial_file(backends->chars[i].where),
		    .alone = true,
		};
	return list;
}

/* ---- what is there already ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_input(const struct output *output, const char *path)
{
	struct stat status;
	return path && stat(path, &status) == 0 && same_file(&output->status, &status);
}

/* The file that the run reads and this would overwrite; NULL: none. */
static const char *overwritten(const struct config *config, const struct output *output)
{
	const char *const inputs[] = {config->bios,   config->kernel,      config->initrd,    config->dtb,
	                              config->replay, config->preset_path, config->debug_cmd, config->load};
	for (unsigned i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
		if (is_input(output, inputs[i]))
			return inputs[i];
	for (unsigned i = 0; i < config->loader_count; i++)
		if (is_input(output, config->loaders[i].path))
			return config->loaders[i].path;
	for (unsigned i = 0; i < config->backends.disk_count; i++)
		if (is_input(output, config->backends.disks[i].path))
			return config->backends.disks[i].path;
	for (unsigned i = 0; i < config->firmware_file_count; i++)
		if (is_input(output, config->firmware_files[i].path))
			return config->firmware_files[i].path;
	for (unsigned i = 0; i < config->guest_count; i++) {
		if (is_input(output, config->guests[i].path))
			return config->guests[i].path;
		if (is_input(output, config->guests[i].initrd))
			return config->guests[i].initrd;
	}
	return NULL;
}

/* A program that stands where a file name was forgotten: ELF, Linux's Image, gzip, U-Boot's image, device tree. */
static bool is_program(const struct output *output)
{
	static const struct {
		unsigned at;
		const char *magic;
	} kinds[] = {{0, "\x7f"
	                 "ELF"},
	             {56, "RSC\x05"},
	             {0, "\x1f\x8b\x08"},
	             {0, "\x27\x05\x19\x56"},
	             {0, "\xd0\x0d\xfe\xed"}};
	const size_t count = sizeof(kinds) / sizeof(kinds[0]) - output->tree; /* the last is a device tree */
	char bytes[64] = {0};
	int fd = S_ISREG(output->status.st_mode) ? open(output->path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return false;
	ssize_t size = read(fd, bytes, sizeof(bytes));
	close(fd);
	for (size_t i = 0; size > 0 && i < count; i++)
		if (memcmp(bytes + kinds[i].at, kinds[i].magic, strlen(kinds[i].magic)) == 0)
			return true;
	return false;
}

static bool is_stream(const struct output *output, int fd)
{
	struct stat status;
	return fstat(fd, &status) == 0 && same_file(&output->status, &status);
}

/* ---- may it be written? ---- */

static int refuse_output(const struct output *output, const char *reason)
{
	return say("%s %s: %s", output->what, output->path, reason);
}

/* Opened without harm: nothing is emptied, and what had to be created is removed again later. */
static int try_output(struct output *output)
{
	/* whoever reads from a pipe would take an open and a close for all there is */
	bool pipe = stat(output->path, &output->status) == 0 && S_ISFIFO(output->status.st_mode);
	if (pipe)
		return access(output->path, W_OK) == 0 ? 0 : refuse_output(output, strerror(errno));
	int fd = open(output->path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		fd = open(output->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		output->created = fd >= 0;
	}
	if (fd < 0)
		return refuse_output(output, strerror(errno));
	int result = fstat(fd, &output->status);
	close(fd);
	return result;
}

static int check_standard(const struct config *config, const struct output *output)
{
	if (output->alone && strcmp(config->serial, "stdio") == 0)
		return refuse_output(output, "standard output is the console's (-serial null or file:NAME)");
	return 0;
}

/* Names two outputs one file? */
static bool meets(const struct output *output, const struct output *other)
{
	bool standard = output_is_standard(output->path), other_standard = output_is_standard(other->path);
	if (standard || other_standard)
		return standard && other_standard;
	return same_file(&output->status, &other->status);
}

static int check_output(const struct config *config, struct output *output)
{
	if (output_is_standard(output->path))
		return check_standard(config, output);
	if (try_output(output) != 0)
		return -1;
	const char *input = overwritten(config, output);
	if (input)
		return say("%s %s: would overwrite %s, which this run reads", output->what, output->path, input);
	if (is_program(output))
		return refuse_output(output, "holds a program, which would be overwritten: a file name is missing?");
	if (is_stream(output, STDOUT_FILENO) || is_stream(output, STDERR_FILENO))
		return refuse_output(output, "is where standard output or standard error goes (- is standard output)");
	return 0;
}

static int check_list(const struct config *config, struct output *list, unsigned count, const struct output *known)
{
	for (unsigned i = 0; i < count; i++) {
		if (!list[i].path)
			continue;
		if (check_output(config, &list[i]) != 0)
			return -1;
		for (const struct output *other = known; other < &list[i]; other++)
			if (other->path && meets(&list[i], other))
				return say("%s %s: %s writes there too", list[i].what, list[i].path, other->what);
	}
	return 0;
}

static void remove_created(const struct output *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (list[i].created)
			unlink(list[i].path);
}

int outputs_check(const struct config *config)
{
	unsigned count;
	struct output *list = list_outputs(config, 0, &count);
	if (!list)
		return -1;
	int result = check_list(config, list, count, list);
	remove_created(list, count);
	free(list);
	return result;
}

int outputs_check_one(const struct config *config, const char *what, const char *path)
{
	unsigned count;
	struct output *list = list_outputs(config, 1, &count);
	if (!list)
		return -1;
	for (unsigned i = 0; i < count; i++)
		if (list[i].path && stat(list[i].path, &list[i].status) != 0)
			list[i].path = NULL;
	list[count] = (struct output){.what = what, .path = path, .alone = true};
	int result = check_list(config, &list[count], 1, list);
	remove_created(&list[count], 1);
	free(list);
	return result;
}
