/* The console: what --expect and --fail-on see. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>
#include "base/event_queue.h"
#include "dev/console.h"
#include "revival.h"
#include "temporary.h"

struct log {
	unsigned satisfied, failed;
	char pattern[64], line[256];
};

static void matched(void *context, const struct console_pattern *failed, const char *line)
{
	struct log *log = context;
	if (!failed) {
		log->satisfied++;
		return;
	}
	log->failed++;
	snprintf(log->pattern, sizeof(log->pattern), "%s", failed->text);
	snprintf(log->line, sizeof(log->line), "%s", line);
}

/* Each word begins with + (expected) or - (must not come). */
static struct console *start(struct log *log, const char *const *words, struct event_queue *events)
{
	static struct console_pattern patterns[8];
	size_t count = 0;
	*log = (struct log){ 0 };
	for (; words[count]; count++)
		patterns[count] =
		    (struct console_pattern){ words[count][0] == '+' ? CONSOLE_EXPECTED : CONSOLE_FAILED, words[count] + 1 };
	struct console_config config = {
		.serial = "null", .patterns = patterns, .pattern_count = count, .matched = matched, .context = log,
		.events = events, .cycles_per_tick = 1,
	};
	return console_open(&config);
}

#define START(log, events, ...) start(log, (const char *const[]){ __VA_ARGS__, NULL }, events)

static void print(struct console *console, const char *text)
{
	for (; *text; text++)
		console_write(console, (uint8_t)*text, 0);
}

/* What a console that says `text`, and no more, is found to hold. */
static bool holds(const char *text, const char *pattern)
{
	struct log log;
	const char *words[] = { pattern, NULL };
	struct console *console = start(&log, words, NULL);
	print(console, text);
	console_end(console);
	const char *line;
	bool failed = line_watch_failed(console_watch(console), &line), satisfied = line_watch_satisfied(console_watch(console));
	console_close(console);
	return pattern[0] == '+' ? satisfied : failed;
}

Test(console, a_line_is_whole_where_it_ends)
{
	struct log log;
	struct console *console = START(&log, NULL, "+^pass(ed)?$");
	print(console, "it passed\r\npass");
	cr_expect_eq(log.satisfied, 0);
	print(console, "ed");
	cr_expect_eq(log.satisfied, 0);
	print(console, "\r\n");
	cr_expect_eq(log.satisfied, 1);
	print(console, "pass\n");
	cr_expect_eq(log.satisfied, 1, "once is enough");
	console_close(console);
}

Test(console, what_a_line_is)
{
	static const struct { const char *text, *pattern; bool holds; } cases[] = {
		{ "PASS", "+PASS", true }, { "PASS", "+^PASS$", true }, { "PASS", "-PASS$", true }, { "", "+^$", false },
		{ "\n", "+^$", true }, { "a\r\n", "+^$", false }, { "a\r\r\n", "+^$", false }, { "a\n\rb", "+^$", false },
		{ "a\r\n\r\nb", "+^$", true }, { "10%\r20%\rdone", "+^20%$", true }, { "10%\rdone", "+^done$", true },
		{ "one\rtwo", "+onetwo", false }, { "one\ntwo", "+one.two", false },
		{ "\033[32mPA\033[0mSS\033[0m\r\n", "+^PASS$", true }, { "\033[1;31mFAIL\033[0m", "-^FAIL$", true },
		{ "\033]0;FAIL\007ok", "-FAIL", false }, { "\033]0;FAIL\033\\ok", "+^ok$", true }, { "ok\033[3", "+^ok$", true },
		{ "ok\033", "+^ok$", true }, { "ok\033]0;t", "+^ok$", true }, { "\033]0;open\nPASS\n", "+^PASS$", true },
		{ "\033[31\nPASS", "+^PASS$", true }, { "\033(BPASS", "+^PASS$", true }, { "\0337PASS\0338", "+^PASS$", true },
		{ "\033\033[mPASS", "+^PASS$", true }, { "\033[3\030PASS", "+^PASS$", true }, { "\033[?25lPASS", "+^PASS$", true },
		{ "\033P1$r\033\\PASS", "+^PASS$", true },
		{ "FAILED: 0", "-FAIL\\b", false }, { "FAIL: 1", "-FAIL\\b", true }, { "FAIL", "-FAIL\\>", true },
		{ "x\\b", "+x\\\\b", true }, { "ab", "+a$|^b", false },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(holds(cases[i].text, cases[i].pattern), cases[i].holds, "%u: %s", i, cases[i].pattern);
}

Test(console, a_nul_is_nothing)
{
	struct log log;
	struct console *console = START(&log, NULL, "+^PASS$");
	for (unsigned i = 0; i < 10; i++)
		console_write(console, (uint8_t)"P\0A\0\0SS\0\n\0"[i], 0);
	cr_expect_eq(log.satisfied, 1);
	console_close(console);
}

Test(console, a_prompt_is_seen_as_it_stands)
{
	struct log log;
	struct console *console = START(&log, NULL, "+login:");
	print(console, "welcome\nlogin");
	cr_expect_eq(log.satisfied, 0);
	print(console, ":");
	cr_expect_eq(log.satisfied, 1);
	console_close(console);
}

Test(console, a_prompt_stands_when_input_is_awaited_for_some_time)
{
	struct log log;
	struct console *console = START(&log, NULL, "+login: $");
	print(console, "login: ");
	cr_expect_eq(console_read(console, 0), CONSOLE_END);
	cr_expect_eq(log.satisfied, 0, "the line may go on");
	console_close(console);
	console = START(&log, NULL, "+login: $");
	print(console, "login: ");
	console_read(console, 100000);
	cr_expect_eq(log.satisfied, 1);
	console_close(console);
}

Test(console, all_that_is_expected_in_any_order_and_nothing_that_must_not_come)
{
	struct log log;
	struct console *console = START(&log, NULL, "+one", "+two", "-panic|Oops", "+three");
	print(console, "three\ntwo\n");
	cr_expect_eq(log.satisfied + log.failed, 0);
	size_t at = 0;
	cr_expect_str_eq(line_watch_missing(console_watch(console), &at)->text, "one");
	cr_expect_null(line_watch_missing(console_watch(console), &at));
	print(console, "Kernel Oops");
	cr_expect_eq(log.failed, 1);
	cr_expect_str_eq(log.pattern, "panic|Oops");
	cr_expect_str_eq(log.line, "Kernel Oops");
	console_close(console);
}

/* The rest of the line comes out, and may still say otherwise. */
Test(console, what_is_expected_waits_for_the_end_of_its_line)
{
	struct log log;
	struct event_queue events;
	event_queue_init(&events);
	struct console *console = START(&log, &events, "+PASS", "-FAIL");
	print(console, "PASS 3, ");
	cr_expect_eq(log.satisfied, 0);
	print(console, "FAIL 1\n");
	cr_expect_eq(log.failed, 1);
	console_close(console);
	console = START(&log, &events, "+PASS", "-FAIL");
	print(console, "PASS 3");
	cr_expect_eq(log.satisfied, 0);
	print(console, "\n");
	cr_expect_eq(log.satisfied, 1);
	cr_expect_eq(event_next(&events), UINT64_MAX);
	console_close(console);
	console = START(&log, &events, "+PASS");
	print(console, "PASS");
	cr_assert_eq(event_next(&events), 10000, "a millisecond");
	event_run(&events, 10000);
	cr_expect_eq(log.satisfied, 1);
	console_close(console);
	event_queue_free(&events);
}

Test(console, endless_lines)
{
	struct log log;
	for (unsigned before = 0; before < 9000; before += 97) {
		struct console *console = START(&log, NULL, "+xneedley", "-^needle", "-yx$");
		for (unsigned i = 0; i < before; i++)
			console_write(console, 'x', 0);
		print(console, "xneedle");
		cr_expect_eq(log.satisfied, 0);
		print(console, "y");
		cr_expect_eq(log.satisfied, 1, "after %u", before);
		for (unsigned i = 0; i < 5000; i++)
			console_write(console, 'x', 0);
		cr_expect_eq(log.failed, 0);
		console_close(console);
	}
	/* further back than is looked at each time, but within one line */
	struct console *console = START(&log, NULL, "+^a.*z$");
	print(console, "a");
	for (unsigned i = 0; i < 3000; i++)
		console_write(console, 'x', 0);
	print(console, "z\n");
	cr_expect_eq(log.satisfied, 1);
	console_close(console);
}

Test(console, bad_expressions_and_files)
{
	struct log log;
	cr_redirect_stderr();
	cr_expect_null(START(&log, NULL, "+("));
	cr_expect_null(START(&log, NULL, "+good", "-[z-a]"));
	struct console_config config = { .serial = "file:/nonexistent/file", .matched = matched };
	cr_expect_null(console_open(&config));
}

Test(console, null_and_deaf_consoles_have_no_input)
{
	struct log log;
	struct console *console = START(&log, NULL, "+x");
	cr_expect_eq(console_read(console, 0), CONSOLE_END);
	console_close(console);
	struct console_config config = { .serial = "stdio", .deaf = true, .matched = matched };
	console = console_open(&config);
	cr_expect_eq(console_read(console, 0), CONSOLE_END);
	console_close(console);
}

Test(console, what_is_typed_comes_before_the_end)
{
	struct console_config config = { .serial = "stdio", .deaf = true };
	struct console *console = console_open(&config);
	cr_expect(console_type(console, (const uint8_t *)"ab", 2));
	cr_expect_eq(console_read(console, 0), 'a');
	cr_expect(console_type(console, (const uint8_t *)"c", 1));
	cr_expect_eq(console_read(console, 0), 'b');
	cr_expect_eq(console_read(console, 0), 'c');
	cr_expect_eq(console_read(console, 0), CONSOLE_END);
	cr_expect_not(console_type(console, (const uint8_t *)"d", 1));
	console_close(console);
}

static bool restores(struct state_reader *reader)
{
	struct log log;
	struct event_queue events;
	event_queue_init(&events);
	events.next_sequence = 100;
	struct console *console = START(&log, &events, "+^pass$", "+again", "-bad");
	bool good = console_restore(console, reader);
	print(console, "x\n");
	console_close(console);
	event_queue_free(&events);
	return good;
}

/* What must not come has come: that is told at the end of the run, of one that goes on from there, too.
 * A console that is asked for something else starts anew. */
Test(console, a_failure_comes_back)
{
	struct log log;
	const char *line;
	struct console *console = START(&log, NULL, "+good", "-bad", "-worse"), *other = START(&log, NULL, "+good", "-bad", "-worse");
	print(console, "it is worse\nnext");
	struct state_writer writer = { 0 };
	console_save(console, &writer);
	struct state_reader reader = reader_of(&writer), again = reader_of(&writer);
	cr_assert(console_restore(other, &reader), "%s", reader.reason);
	const struct console_pattern *failed = line_watch_failed(console_watch(other), &line);
	cr_assert_not_null(failed);
	cr_expect_str_eq(failed->text, "worse");
	cr_expect_str_eq(line, "it is worse");
	console_close(other);
	other = START(&log, NULL, "+good");
	cr_expect(console_restore(other, &again), "%s", again.reason);
	cr_expect_null(line_watch_failed(console_watch(other), &line));
	cr_expect_not(line_watch_satisfied(console_watch(other)));
	console_close(other);
	console_close(console);
	state_writer_free(&writer);
}

static void count_trouble(void *context, enum input_trouble trouble, const char *message)
{
	unsigned *troubles = context;
	cr_assert_str_neq(message, "");
	troubles[trouble]++;
}

static void write_recording(char path[TEMPORARY_PATH], const struct record *records, unsigned count)
{
	struct input_log log = { 0 };
	temporary(path);
	cr_assert_eq(input_log_record(&log, path), 0);
	for (unsigned i = 0; i < count; i++)
		recorder_add(log.recorder, &records[i]);
	cr_assert_eq(input_log_finish(&log), 0);
}

/* The recording was at its end when the machine went back in time: from there it is replayed as before. */
Test(console, a_recording_is_replayed_again)
{
	char path[TEMPORARY_PATH];
	unsigned troubles[INPUT_NO_MEMORY + 1] = { 0 };
	struct input_log log = { 0 };
	static const struct record records[] = {
		{ .cycle = 10, .bytes = (const uint8_t *)"ab", .size = 2 },
		{ .cycle = 20, .polls = 1, .kind = RECORD_STOP },
	};
	write_recording(path, records, 2);
	cr_assert_eq(input_log_replay(&log, path, 0, false), 0);
	struct console_config config = { .serial = "stdio", .log = &log, .trouble = count_trouble, .context = troubles };
	struct console *console = console_open(&config);
	struct state_writer writer = { 0 };
	console_save(console, &writer);
	for (unsigned i = 1; i <= 3; i++) {
		cr_expect_eq(console_read(console, 10), 'a');
		cr_expect_eq(console_read(console, 11), 'b');
		cr_expect_eq(console_read(console, 20), CONSOLE_NOTHING);
		cr_expect_eq(console_read(console, 30), CONSOLE_END);
		cr_expect_eq(troubles[INPUT_RUN_OUT], i);
		cr_expect_eq(troubles[INPUT_OTHER_RUN], 0);
		struct state_reader reader = reader_of(&writer);
		cr_assert(console_restore(console, &reader), "%s", reader.reason);
	}
	console_close(console);
	state_writer_free(&writer);
	input_log_free(&log);
}

/* A stream ends once, and with nothing in it. */
Test(console, a_recording_ends_once)
{
	char path[TEMPORARY_PATH];
	static const struct record twice[] = {
		{ .cycle = 10, .bytes = (const uint8_t *)"ab", .size = 2 },
		{ .cycle = 20, .polls = 1, .kind = RECORD_STOP },
		{ .cycle = 30, .polls = 2, .kind = RECORD_STOP },
	};
	static const struct record full[] = { { .cycle = 20, .kind = RECORD_STOP, .bytes = (const uint8_t *)"c", .size = 1 } };
	struct input_log log = { 0 };
	write_recording(path, twice, 2);
	cr_expect_eq(input_log_replay(&log, path, 0, false), 0);
	input_log_free(&log);
	log = (struct input_log){ 0 };
	write_recording(path, twice, 3);
	cr_expect_eq(input_log_replay(&log, path, 0, false), -1);
	input_log_free(&log);
	log = (struct input_log){ 0 };
	write_recording(path, full, 1);
	cr_expect_eq(input_log_replay(&log, path, 0, false), -1);
	input_log_free(&log);
}

/* In the middle of a line and of an escape sequence; what matched already does not match again. */
Test(console, comes_back)
{
	struct log logs[2];
	struct event_queue events[2];
	struct console *consoles[2];
	for (unsigned i = 0; i < 2; i++) {
		event_queue_init(&events[i]);
		events[i].next_sequence = 100;
		consoles[i] = START(&logs[i], &events[i], "+^pass$", "+again", "-bad");
	}
	print(consoles[0], "again\npa\033[3");
	struct state_writer writer = { 0 };
	console_save(consoles[0], &writer);
	struct state_reader reader = reader_of(&writer);
	print(consoles[1], "what was there is forgotten");
	cr_assert(console_restore(consoles[1], &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 2; i++) {
		logs[i] = (struct log){ 0 };
		print(consoles[i], "2mss\n");
		cr_expect_eq(logs[i].satisfied, 1);
		cr_expect_eq(console_read(consoles[i], 0), CONSOLE_END);
		console_close(consoles[i]);
		event_queue_free(&events[i]);
	}
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
}

/* What was written before and after any byte: a line that was cut, half an escape sequence, CR and LF, a prompt. */
static const char *long_text(void)
{
	static char text[6000];
	char *end = text + sprintf(text, "one\r\n\033[32mtwo\033[0m go\r\n");
	memset(end, 'x', 4500);
	strcpy(end + 4500, "needle\r\nlogin: ");
	return text;
}

/* The bytes from `from` on, one every 1000 cycles; then the guest waits for input a little less than it takes for a prompt to stand. */
static void play(struct console *console, struct event_queue *events, const char *text, size_t from)
{
	size_t at = from;
	for (; text[at]; at++) {
		event_run(events, 1000 * at);
		console_write(console, (uint8_t)text[at], 1000 * at);
	}
	event_run(events, 1000 * at);
	console_read(console, 1000 * (at - 1) + 99999);
}

Test(console, comes_back_after_any_byte)
{
	const char *text = long_text();
	size_t length = strlen(text);
	for (size_t cut = 0; cut <= length; cut += cut > 60 && cut + 60 < length ? 131 : 1) {
		struct log logs[2];
		struct event_queue events[2];
		struct console *consoles[2];
		const char *line;
		for (unsigned i = 0; i < 2; i++) {
			event_queue_init(&events[i]);
			consoles[i] = START(&logs[i], &events[i], "+go", "+two", "-^$", "-^x*needle", "-login: $");
		}
		for (size_t at = 0; at < cut; at++) {
			event_run(&events[0], 1000 * at);
			console_write(consoles[0], (uint8_t)text[at], 1000 * at);
		}
		struct state_writer writer = { 0 };
		event_queue_save(&events[0], &writer);
		console_save(consoles[0], &writer);
		struct state_reader reader = reader_of(&writer);
		cr_assert(event_queue_restore(&events[1], &reader) && console_restore(consoles[1], &reader), "%s", reader.reason);
		logs[0] = logs[1] = (struct log){ 0 };
		cr_expect_eq(event_next(&events[1]), event_next(&events[0]), "cut at %zu", cut);
		for (unsigned i = 0; i < 2; i++) {
			play(consoles[i], &events[i], text, cut);
			cr_expect_eq(logs[i].satisfied, logs[0].satisfied, "cut at %zu", cut);
			cr_expect_null(line_watch_failed(console_watch(consoles[i]), &line), "cut at %zu: %s", cut, line);
			console_close(consoles[i]);
			event_queue_free(&events[i]);
		}
		state_writer_free(&writer);
	}
}

enum { NOT_ENDED = 1000 }; /* the answer to another question */

static int ask(struct console *console, uint64_t cycle, int answer)
{
	return answer == NOT_ENDED && !console_ended(console, cycle) ? NOT_ENDED : console_read(console, cycle);
}

/* Between any two questions: bytes that were got and not asked for, a break, questions in vain, the end. */
Test(console, input_comes_back_after_any_question)
{
	static const struct record records[] = {
		{ .cycle = 20, .polls = 2, .bytes = (const uint8_t *)"abc", .size = 3 },
		{ .cycle = 40, .kind = RECORD_BREAK },
		{ .cycle = 70, .polls = 2, .kind = RECORD_LAST, .bytes = (const uint8_t *)"d", .size = 1 },
	};
	static const struct {
		uint64_t cycle;
		int answer;
	} questions[] = { { 5, CONSOLE_NOTHING }, { 10, CONSOLE_NOTHING }, { 20, 'a' },          { 21, 'b' }, { 30, 'c' },
		          { 40, NOT_ENDED },      { 40, CONSOLE_BREAK },  { 50, CONSOLE_NOTHING }, { 60, CONSOLE_NOTHING }, { 70, 'd' }, { 80, CONSOLE_END } };
	enum { QUESTIONS = sizeof(questions) / sizeof(questions[0]) };
	char path[TEMPORARY_PATH], again[TEMPORARY_PATH];
	write_recording(path, records, 3);
	for (unsigned cut = 0; cut <= QUESTIONS; cut++) {
		unsigned troubles[INPUT_NO_MEMORY + 1] = { 0 };
		struct input_log logs[2] = { { 0 }, { 0 } };
		struct console *consoles[2];
		temporary(again);
		for (unsigned i = 0; i < 2; i++) {
			cr_assert_eq(input_log_replay(&logs[i], path, 0, false), 0);
			cr_assert_eq(input_log_record(&logs[i], i ? again : NULL), 0);
			struct console_config config = { .serial = "stdio", .log = &logs[i], .trouble = count_trouble, .context = troubles };
			consoles[i] = console_open(&config);
		}
		for (unsigned i = 0; i < cut; i++)
			cr_assert_eq(ask(consoles[0], questions[i].cycle, questions[i].answer), questions[i].answer);
		struct state_writer writer = { 0 };
		console_save(consoles[0], &writer);
		struct state_reader reader = reader_of(&writer);
		cr_assert(console_restore(consoles[1], &reader), "%s", reader.reason);
		for (unsigned i = cut; i < QUESTIONS; i++)
			cr_expect_eq(ask(consoles[1], questions[i].cycle, questions[i].answer), questions[i].answer, "cut at %u, question %u", cut, i);
		cr_expect_eq(troubles[INPUT_OTHER_RUN] + troubles[INPUT_RUN_OUT], 0);
		console_close(consoles[0]);
		console_close(consoles[1]);
		input_log_free(&logs[0]);
		input_log_free(&logs[1]);
		struct recording recording;
		cr_assert_eq(recording_read(&recording, again), 0);
		const struct recorded_stream *stream = &recording.streams[INPUT_CONSOLE];
		cr_expect_eq(stream->records[stream->count - 1].cycle, 70, "cut at %u: the last question that went to the host", cut);
		recording_free(&recording);
		state_writer_free(&writer);
	}
}
