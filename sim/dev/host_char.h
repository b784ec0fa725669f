/* Character back ends, as QEMU calls them: where a UART's or a virtio port's bytes go on the host. One of them may be the machine's
 * console (dev/console.h), whose input is its alone; the others only take output. */
#ifndef HOST_CHAR_H
#define HOST_CHAR_H

#include <stdbool.h>
#include <stdint.h>

struct console;
struct host_char;
struct state_reader;
struct state_writer;

struct char_config {
	const char *id; /* what devices call it; "" the UART's */
	const char *where; /* "stdio", "pty": the machine's console; "file:F", "null" */
};

/* `give_up` and `context` as in struct host_output. NULL after a line on stderr. */
struct host_char *host_char_open(const struct char_config *config, bool (*give_up)(void *context), void *context);
/* What was written is on the host: 0, or -1 after a line on stderr: not all of it. */
int host_char_finish(struct host_char *where);
/* NULL is allowed. */
void host_char_close(struct host_char *where);

/* `where` NULL: the console. */
void host_char_write(struct host_char *where, struct console *console, uint8_t byte, uint64_t now);
/* As console_read and console_ended. */
int host_char_read(const struct host_char *where, struct console *console, uint64_t now);
bool host_char_ended(const struct host_char *where, struct console *console, uint64_t now);

/* As console_forget. */
void host_char_forget(struct host_char *where);
/* Part of the back ends' section: how much was written. */
void host_char_save(const struct host_char *where, struct state_writer *writer);
void host_char_restore(struct host_char *where, struct state_reader *reader);

#endif
