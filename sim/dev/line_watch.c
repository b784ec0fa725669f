#include "dev/line_watch.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"
#include "base/state.h"

enum {
	LINE_LIMIT = 4096, /* of a longer line only the last part is kept: at least half of this */
	NEAR = 256,        /* how far back a match may begin that is seen at the very byte that completes it */
};
enum { ESC = 0x1b, BEL = 7, CAN = 0x18, SUB = 0x1a, DEL = 0x7f };

/* Where in an escape sequence (ECMA-48) the next byte stands. */
enum escape {
	NO_ESCAPE,
	ESCAPE_BEGUN,  /* after ESC */
	ESCAPE_CSI,    /* after ESC [: up to a byte from @ on */
	ESCAPE_STRING, /* after ESC ] P X ^ _: up to BEL, or the next ESC, which begins its end */
	ESCAPE_STATES,
};

struct pattern {
	struct console_pattern is;
	regex_t regex;
	bool compiled, matched;
	bool looks_ahead; /* it asks what follows: \b and the like */
};

struct line_watch {
	struct pattern *patterns;
	size_t count;
	const struct pattern *failed;
	char failed_line[LINE_LIMIT + 1];
	enum escape escape;
	bool after_return; /* CR ended the line: LF is part of that */
	bool cut;          /* the line's beginning is gone */
	size_t length;
	char line[LINE_LIMIT + 1]; /* ended by NUL, which those want who look at regexec's argument as a string */
};

/* ---- patterns ---- */

static bool asks_what_follows(const char *text)
{
	while ((text = strchr(text, '\\')) != NULL && text[1] != '\0') {
		if (strchr("bB<>'", text[1]))
			return true;
		text += 2;
	}
	return false;
}

static int compile_pattern(struct pattern *pattern)
{
	const char *option = pattern->is.kind == CONSOLE_EXPECTED ? "expect" : "fail-on";
	int error = regcomp(&pattern->regex, pattern->is.text, REG_EXTENDED);
	if (error != 0) {
		char reason[128];
		regerror(error, &pattern->regex, reason, sizeof(reason));
		return say("--%s '%s': %s", option, pattern->is.text, reason);
	}
	pattern->compiled = true;
	pattern->looks_ahead = asks_what_follows(pattern->is.text);
	return 0;
}

struct line_watch *line_watch_new(const struct console_pattern *patterns, size_t count)
{
	struct line_watch *watch = calloc(1, sizeof(*watch));
	if (watch)
		watch->patterns = calloc(count + 1, sizeof(*watch->patterns));
	if (!watch || !watch->patterns) {
		say("out of memory for the console");
		free(watch);
		return NULL;
	}
	watch->count = count;
	for (size_t i = 0; i < count; i++) {
		watch->patterns[i].is = patterns[i];
		if (compile_pattern(&watch->patterns[i]) != 0) {
			line_watch_free(watch);
			return NULL;
		}
	}
	return watch;
}

void line_watch_free(struct line_watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < watch->count; i++)
		if (watch->patterns[i].compiled)
			regfree(&watch->patterns[i].regex);
	free(watch->patterns);
	free(watch);
}

/* ---- judging ---- */

static bool matches(const struct line_watch *watch, const struct pattern *pattern, size_t start, bool whole)
{
	regmatch_t range = {.rm_so = (regoff_t)start, .rm_eo = (regoff_t)watch->length};
	int flags = REG_STARTEND | (watch->cut ? REG_NOTBOL : 0) | (whole ? 0 : REG_NOTEOL);
	return regexec(&pattern->regex, watch->line, 1, &range, flags) == 0;
}

static void note_match(struct line_watch *watch, struct pattern *pattern)
{
	pattern->matched = true;
	if (pattern->is.kind != CONSOLE_FAILED || watch->failed)
		return;
	watch->failed = pattern;
	memcpy(watch->failed_line, watch->line, watch->length);
	watch->failed_line[watch->length] = '\0';
}

/* `start`: where a match may begin at the earliest. `whole`: the line ends here. */
static void judge(struct line_watch *watch, size_t start, bool whole)
{
	for (size_t i = 0; i < watch->count; i++) {
		struct pattern *pattern = &watch->patterns[i];
		if (!pattern->matched && (whole || !pattern->looks_ahead) && matches(watch, pattern, start, whole))
			note_match(watch, pattern);
	}
}

void line_watch_stands(struct line_watch *watch)
{
	if (line_watch_begun(watch))
		judge(watch, 0, true);
}

/* ---- lines ---- */

static void end_line(struct line_watch *watch)
{
	judge(watch, 0, true);
	watch->length = 0;
	watch->cut = false;
}

static void add_text(struct line_watch *watch, uint8_t byte)
{
	if (watch->length == LINE_LIMIT) {
		judge(watch, 0, false);
		watch->length = LINE_LIMIT / 2;
		memmove(watch->line, watch->line + LINE_LIMIT / 2, watch->length);
		watch->cut = true;
	}
	watch->line[watch->length++] = (char)byte;
	watch->line[watch->length] = '\0';
	judge(watch, watch->length > NEAR ? watch->length - NEAR : 0, false);
}

static enum escape escape_kind(uint8_t byte)
{
	if (byte == '[')
		return ESCAPE_CSI;
	if (strchr("]PX^_", byte))
		return ESCAPE_STRING;
	return byte >= ' ' && byte < '0' ? ESCAPE_BEGUN : NO_ESCAPE; /* intermediate bytes, then a final one */
}

/* Is the byte part of an escape sequence? A line never ends in one that was not finished. */
static bool skip_escape(struct line_watch *watch, uint8_t byte)
{
	if (byte == ESC) {
		watch->escape = ESCAPE_BEGUN;
		return true;
	}
	if (watch->escape == NO_ESCAPE)
		return false;
	if (byte < ' ' || byte == DEL) {
		bool ends = byte == '\n' || byte == '\r' || byte == CAN || byte == SUB;
		if (ends || (byte == BEL && watch->escape == ESCAPE_STRING))
			watch->escape = NO_ESCAPE;
		return byte != '\n' && byte != '\r';
	}
	if (watch->escape == ESCAPE_BEGUN)
		watch->escape = escape_kind(byte);
	else if (watch->escape == ESCAPE_CSI && byte >= '@')
		watch->escape = NO_ESCAPE;
	return true;
}

void line_watch_byte(struct line_watch *watch, uint8_t byte)
{
	if (watch->count == 0 || byte == '\0' || skip_escape(watch, byte))
		return;
	bool after_return = watch->after_return;
	watch->after_return = byte == '\r' && (watch->length != 0 || after_return);
	if (byte == '\r' || byte == '\n') {
		if (!after_return && (byte == '\n' || watch->length != 0))
			end_line(watch);
		return;
	}
	add_text(watch, byte);
}

/* ---- what was seen ---- */

bool line_watch_begun(const struct line_watch *watch) { return watch->length != 0; }

const struct console_pattern *line_watch_failed(const struct line_watch *watch, const char **line)
{
	*line = watch->failed_line;
	return watch->failed ? &watch->failed->is : NULL;
}

const struct console_pattern *line_watch_missing(const struct line_watch *watch, size_t *at)
{
	while (*at < watch->count) {
		const struct pattern *pattern = &watch->patterns[(*at)++];
		if (pattern->is.kind == CONSOLE_EXPECTED && !pattern->matched)
			return &pattern->is;
	}
	return NULL;
}

bool line_watch_satisfied(const struct line_watch *watch)
{
	size_t at = 0;
	if (line_watch_missing(watch, &at))
		return false;
	for (size_t i = 0; i < watch->count; i++)
		if (watch->patterns[i].is.kind == CONSOLE_EXPECTED)
			return true;
	return false;
}

/* ---- state ---- */

void line_watch_save(const struct line_watch *watch, struct state_writer *writer)
{
	state_write_u64(writer, watch->count);
	for (size_t i = 0; i < watch->count; i++) {
		const struct console_pattern *is = &watch->patterns[i].is;
		state_write_u64(writer, is->kind);
		state_write_u64(writer, strlen(is->text));
		state_write(writer, is->text, strlen(is->text));
		state_write_u64(writer, watch->patterns[i].matched);
	}
	state_write_u64(writer, watch->escape);
	state_write_u64(writer, watch->after_return);
	state_write_u64(writer, watch->cut);
	state_write_u64(writer, watch->length);
	state_write(writer, watch->line, watch->length);
	state_write_u64(writer, watch->failed ? 1 + (uint64_t)(watch->failed - watch->patterns) : 0);
	STATE_WRITE(writer, watch->failed_line);
}

/* One that was watched for. True: it is this one. */
static bool read_pattern(struct state_reader *reader, const struct console_pattern *is, bool *matched)
{
	uint64_t kind = state_read_u64(reader), length = state_read_u64(reader);
	bool same = is && kind == is->kind && length == strlen(is->text);
	for (uint64_t i = 0; i < length && !reader->failed; i++) {
		char c = 0;
		STATE_READ(reader, c);
		same = same && c == is->text[i];
	}
	*matched = state_read_limited(reader, 1);
	return same;
}

/* Which have matched is known if they are the same ones. */
static void restore_patterns(struct line_watch *watch, struct state_reader *reader, bool *same)
{
	uint64_t count = state_read_u64(reader);
	*same = count == watch->count;
	for (uint64_t i = 0; i < count && !reader->failed; i++) {
		bool matched, here = i < watch->count;
		*same &= read_pattern(reader, here ? &watch->patterns[i].is : NULL, &matched);
		if (here)
			watch->patterns[i].matched = matched;
	}
	for (size_t i = 0; i < watch->count && !*same; i++)
		watch->patterns[i].matched = false;
}

bool line_watch_restore(struct line_watch *watch, struct state_reader *reader, bool *same)
{
	restore_patterns(watch, reader, same);
	watch->escape = (enum escape)state_read_limited(reader, ESCAPE_STATES - 1);
	watch->after_return = state_read_limited(reader, 1);
	watch->cut = state_read_limited(reader, 1);
	watch->length = state_read_limited(reader, LINE_LIMIT);
	state_read(reader, watch->line, watch->length);
	watch->line[watch->length] = '\0';
	uint64_t failed = *same ? state_read_limited(reader, watch->count) : 0 * state_read_u64(reader);
	watch->failed = failed ? &watch->patterns[failed - 1] : NULL;
	bool read = STATE_READ(reader, watch->failed_line);
	watch->failed_line[LINE_LIMIT] = '\0';
	return read;
}
