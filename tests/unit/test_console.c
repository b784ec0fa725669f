/* The console: what --expect and --fail-on see. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>
#include "dev/console.h"
#include "revival.h"

struct log {
	unsigned count[2];
	char line[2][256];
};

static void matched(void *context, enum console_match match, const char *line)
{
	struct log *log = context;
	log->count[match]++;
	strncpy(log->line[match], line, sizeof(log->line[match]) - 1);
}

static struct console *start(struct log *log, const char *expect, const char *fail_on)
{
	memset(log, 0, sizeof(*log));
	struct console_config config = {
		.serial = "null", .expect = expect, .fail_on = fail_on, .matched = matched, .context = log,
	};
	return console_open(&config);
}

static void print(struct console *console, const char *text)
{
	for (; *text; text++)
		console_write(console, (uint8_t)*text, 0);
}

Test(console, a_line_is_watched_when_it_is_whole)
{
	struct log log;
	struct console *console = start(&log, "^pass(ed)?$", NULL);
	print(console, "it passed\r\npass");
	cr_expect_eq(log.count[CONSOLE_EXPECTED], 0);
	print(console, "ed");
	cr_expect_eq(log.count[CONSOLE_EXPECTED], 0);
	print(console, "\r\n");
	cr_expect_eq(log.count[CONSOLE_EXPECTED], 1);
	cr_expect_str_eq(log.line[CONSOLE_EXPECTED], "passed", "carriage returns are not part of it");
	cr_expect(console_saw_expected(console));
	print(console, "pass\n");
	cr_expect_eq(log.count[CONSOLE_EXPECTED], 1, "once is enough");
	console_close(console);
}

Test(console, a_prompt_is_seen_when_input_is_awaited)
{
	struct log log;
	struct console *console = start(&log, "login: $", NULL);
	print(console, "welcome\nlogin: ");
	cr_expect_eq(log.count[CONSOLE_EXPECTED], 0);
	console_flush(console);
	cr_expect_eq(log.count[CONSOLE_EXPECTED], 1);
	console_close(console);
}

Test(console, fail_on)
{
	struct log log;
	struct console *console = start(&log, "ok", "panic|Oops");
	print(console, "Kernel Oops: 1\n");
	cr_expect_eq(log.count[CONSOLE_FAILED], 1);
	cr_expect_eq(log.count[CONSOLE_EXPECTED], 0);
	cr_expect_not(console_saw_expected(console));
	console_close(console);
}

Test(console, endless_lines_are_watched_in_pieces)
{
	struct log log;
	struct console *console = start(&log, "needle", NULL);
	print(console, "needle");
	for (unsigned i = 0; i < 5000; i++)
		console_write(console, 'x', 0);
	cr_expect_eq(log.count[CONSOLE_EXPECTED], 1);
	console_close(console);
}

Test(console, bad_expressions_and_files)
{
	struct log log;
	cr_redirect_stderr();
	cr_expect_null(start(&log, "(", NULL));
	cr_expect_null(start(&log, NULL, "[z-a]"));
	struct console_config config = { .serial = "file:/nonexistent/file", .matched = matched };
	cr_expect_null(console_open(&config));
}

Test(console, null_and_deaf_consoles_have_no_input)
{
	struct log log;
	struct console *console = start(&log, NULL, NULL);
	cr_expect_eq(console_read(console, 0), CONSOLE_END);
	console_close(console);
	struct console_config config = { .serial = "stdio", .deaf = true, .matched = matched };
	console = console_open(&config);
	cr_expect_eq(console_read(console, 0), CONSOLE_END);
	console_close(console);
}

static bool restores(struct state_reader *reader)
{
	struct log log;
	struct console *console = start(&log, "^pass$", "bad");
	bool good = console_restore(console, reader);
	print(console, "x\n");
	console_close(console);
	return good;
}

/* In the middle of a line; what matched already does not match again. */
Test(console, comes_back)
{
	struct log logs[2];
	struct console *consoles[2] = { start(&logs[0], "^pass$", "bad"), start(&logs[1], "^pass$", "bad") };
	print(consoles[0], "bad\npa");
	struct state_writer writer = { 0 };
	console_save(consoles[0], &writer);
	struct state_reader reader = reader_of(&writer);
	print(consoles[1], "what was there is forgotten");
	cr_assert(console_restore(consoles[1], &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 2; i++) {
		logs[i] = (struct log){ 0 };
		print(consoles[i], "ss\nbad\n");
		cr_expect_eq(logs[i].count[CONSOLE_EXPECTED], 1);
		cr_expect_eq(logs[i].count[CONSOLE_FAILED], 0);
		cr_expect_eq(console_read(consoles[i], 0), CONSOLE_END);
		console_close(consoles[i]);
	}
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
}
