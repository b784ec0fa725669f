#include "dev/host_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/host_signals.h"

enum { CTRL_A = 1, CHUNK = 256 /* bytes taken at once */ };

void host_terminal_open(struct host_terminal *terminal, const struct host_terminal_config *config)
{
	*terminal = (struct host_terminal){.config = *config, .fd = config->pty ? config->pty_fd : STDIN_FILENO};
	terminal->present = config->pty || isatty(terminal->fd) == 1;
}

/* Our own terminal would stop us for touching it from the background. One of another session has no such rule. */
static bool is_ours(const struct host_terminal *terminal)
{
	if (terminal->config.pty)
		return true;
	pid_t foreground = terminal->present ? tcgetpgrp(terminal->fd) : 0;
	return terminal->present && (foreground < 0 || foreground == getpgrp());
}

static void make_raw(struct host_terminal *terminal)
{
	if (terminal->config.pty) /* made so */
		terminal->raw = true;
	if (terminal->raw || !is_ours(terminal) || tcgetattr(terminal->fd, &terminal->saved) != 0)
		return;
	struct termios settings = terminal->saved;
	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN | (terminal->config.whole ? ISIG : 0));
	settings.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	host_signals_terminal(&terminal->saved);
	terminal->raw = tcsetattr(terminal->fd, TCSANOW, &settings) == 0;
	tcgetattr(terminal->fd, &terminal->set); /* as it came out */
}

/* Has somebody else set it since? */
static bool is_changed(const struct host_terminal *terminal)
{
	const struct termios *set = &terminal->set;
	struct termios now;
	return tcgetattr(terminal->fd, &now) == 0 &&
	       (now.c_iflag != set->c_iflag || now.c_oflag != set->c_oflag || now.c_cflag != set->c_cflag ||
	        now.c_lflag != set->c_lflag || memcmp(now.c_cc, set->c_cc, sizeof(now.c_cc)) != 0);
}

static void give_back(struct host_terminal *terminal)
{
	if (!terminal->config.pty && is_ours(terminal))
		tcsetattr(terminal->fd, TCSANOW, &terminal->saved);
	host_signals_terminal(NULL);
	terminal->raw = false;
}

void host_terminal_raw(struct host_terminal *terminal, bool raw)
{
	terminal->wanted = raw;
	if (raw == terminal->raw)
		return;
	if (raw)
		make_raw(terminal);
	else
		give_back(terminal);
}

static void print_help(void)
{
	fputs("\n"
	      "ctrl-A h       this help\n"
	      "ctrl-A x       end rvsim\n"
	      "ctrl-A b       send a break\n"
	      "ctrl-A t       show the simulated time in front of lines, or no more\n"
	      "ctrl-A d or c  to the debugger (--debug)\n"
	      "ctrl-A ctrl-A  send ctrl-A\n",
	      stderr);
}

static void obey_key(struct host_terminal *terminal, uint8_t key)
{
	const struct host_terminal_config *config = &terminal->config;
	switch (key) {
	case CTRL_A: config->typed(config->context, CTRL_A); break;
	case 'b': config->typed(config->context, KEY_BREAK); break;
	case '?':
	case 'h': print_help(); break;
	case 'x': config->command(config->command_context, COMMAND_QUIT); break;
	case 's': config->command(config->command_context, COMMAND_SAVE); break;
	case 't': config->command(config->command_context, COMMAND_TIMES); break;
	case 'c':
	case 'd': config->command(config->command_context, COMMAND_DEBUGGER); break;
	default: break; /* forgotten, as QEMU does */
	}
}

static void take_key(struct host_terminal *terminal, uint8_t key)
{
	const struct host_terminal_config *config = &terminal->config;
	if (terminal->escape) {
		terminal->escape = false;
		obey_key(terminal, key);
	} else if (config->keys && key == CTRL_A) {
		terminal->escape = true;
	} else {
		config->typed(config->context, key);
	}
}

void host_terminal_look(struct host_terminal *terminal, int patience)
{
	struct pollfd look = {.fd = terminal->fd, .events = POLLIN};
	if (terminal->ended || !is_ours(terminal) || poll(&look, 1, patience) <= 0)
		return;
	if (terminal->config.pty && !(look.revents & POLLIN)) { /* nobody has it open, and somebody may later */
		poll(NULL, 0, patience);
		return;
	}
	uint8_t keys[CHUNK];
	ssize_t got = read(terminal->fd, keys, sizeof(keys));
	for (ssize_t i = 0; i < got; i++)
		take_key(terminal, keys[i]);
	if (!terminal->config.pty && (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)))
		terminal->ended = true;
}

void host_terminal_attend(struct host_terminal *terminal)
{
	if (host_signals_take(SIGTSTP)) {
		if (terminal->raw)
			give_back(terminal);
		host_signals_suspend();
	}
	/* whoever had the terminal meanwhile may have set it as he likes; if nobody had it, what it was before is still to be given back */
	if (host_signals_take(SIGCONT) && terminal->raw && is_changed(terminal))
		terminal->raw = false;
	if (terminal->wanted && !terminal->raw)
		make_raw(terminal);
	if (terminal->config.keys && terminal->raw)
		host_terminal_look(terminal, 0);
}
