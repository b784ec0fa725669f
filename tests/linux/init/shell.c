/* Commands from the console, a line each: enough to see that what is typed arrives and that what is asked is done. */
#include "init.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static bool hash_file(const char *name)
{
	char data[4096];
	unsigned long hash = 0;
	int file = open(name, O_RDONLY);
	REQUIRE(file >= 0);
	for (ssize_t count; (count = read(file, data, sizeof data)) > 0;)
		hash = hash_of(hash, data, count);
	close(file);
	printf("%016lx %s\n", hash, name);
	return true;
}

static bool append(const char *name, const char *text)
{
	FILE *file = fopen(name, "a");
	REQUIRE(file);
	REQUIRE(fprintf(file, "%s\n", text) > 0 && fclose(file) == 0);
	return true;
}

/* `fork STATUS`: a process that ends with it. */
static bool fork_with(int status)
{
	pid_t child = fork();
	REQUIRE(child >= 0);
	if (child == 0)
		_exit(status);
	printf("%d\n", exit_status(child));
	return true;
}

/* What is typed is not echoed from now on, so that lines of output are whole. */
static bool echo_off(void)
{
	struct termios settings;
	REQUIRE(tcgetattr(STDIN_FILENO, &settings) == 0);
	settings.c_lflag &= ~ECHO;
	REQUIRE(tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0);
	return true;
}

bool shell_task(void)
{
	char line[256];
	bool held = echo_off();
	puts("\nOK shell");
	for (;;) {
		if (!fgets(line, sizeof line, stdin))
			return failed("shell", "end of input");
		char *command = strtok(line, " \r\n"), *first = strtok(NULL, " \r\n"), *rest = strtok(NULL, "\r\n");
		if (!command)
			continue;
		if (strcmp(command, "exit") == 0)
			return held;
		if (strcmp(command, "echo") == 0)
			printf("%s\n", first ? first : "");
		else if (strcmp(command, "hash") == 0 && first)
			held = hash_file(first) && held;
		else if (strcmp(command, "append") == 0 && rest)
			held = append(first, rest) && held;
		else if (strcmp(command, "fork") == 0 && first)
			held = fork_with(atoi(first)) && held;
		else
			held = failed(command, "no such command");
	}
}
