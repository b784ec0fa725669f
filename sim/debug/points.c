#include "debug/points.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "debug/commands.h"

struct stop_point *points_numbered(struct debugger *debugger, uint64_t number)
{
	for (unsigned i = 0; i < debugger->point_count; i++)
		if (debugger->points[i].number == number)
			return &debugger->points[i];
	complain(debugger, "no stop point %llu", (unsigned long long)number);
	return NULL;
}

bool points_each(struct debugger *debugger, const char *args, point_function *function)
{
	size_t length;
	if (!*args) {
		for (unsigned i = debugger->point_count; i-- > 0;)
			function(debugger, &debugger->points[i]);
		return true;
	}
	while (*args) {
		const char *word = next_word(&args, &length);
		char *end;
		unsigned long first = strtoul(word, &end, 10), last = first;
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (!isdigit((unsigned char)*word) || end != word + length || last < first)
			return complain(debugger, "no number of a stop point: `%.*s'", (int)length, word);
		if (last >= debugger->next_number)
			return complain(debugger, "no stop point %lu", last);
		for (unsigned long number = first; number <= last; number++) {
			struct stop_point *point = points_numbered(debugger, number);
			if (!point || !function(debugger, point))
				return false;
		}
	}
	return true;
}

struct stop_point *points_add(struct debugger *debugger, const char *text)
{
	struct stop_point *points = realloc(debugger->points, (debugger->point_count + 1) * sizeof *points);
	if (!points)
		return NULL;
	debugger->points = points;
	struct stop_point *point = &points[debugger->point_count++];
	memset(point, 0, sizeof *point);
	point->number = debugger->next_number++;
	point->text = strdup(text);
	return point;
}

void points_drop(struct debugger *debugger, unsigned index)
{
	free(debugger->points[index].condition);
	free(debugger->points[index].text);
	free(debugger->points[index].commands);
	free(debugger->points[index].others);
	debugger->point_count--;
	memmove(&debugger->points[index], &debugger->points[index + 1],
	        (debugger->point_count - index) * sizeof *debugger->points);
}

void points_free(struct debugger *debugger)
{
	while (debugger->point_count)
		points_drop(debugger, debugger->point_count - 1);
	free(debugger->points);
	debugger->points = NULL;
}

bool points_active(const struct debugger *debugger)
{
	unsigned active = 0;
	for (unsigned i = 0; i < debugger->point_count; i++)
		active += !debugger->points[i].disabled;
	return active != 0;
}

static bool delete_one(struct debugger *debugger, struct stop_point *point)
{
	points_drop(debugger, (unsigned)(point - debugger->points));
	return true;
}

COMMAND(cmd_delete, 110, "delete", "d", "[N | N-M]...", "remove stop points, or all")
{
	return points_each(debugger, args, delete_one);
}

static const char *point_kind(const struct stop_point *point)
{
	static const char *const watches[] = {
	    [WATCH_CHANGES] = "watch", [WATCH_READS] = "rwatch", [WATCH_ACCESSES] = "awatch"};
	return point->kind == POINT_BREAK ? "break" : point->kind == POINT_CATCH ? "catch" : watches[point->watched];
}

void points_print(struct debugger *debugger)
{
	if (!debugger->point_count)
		fprintf(debugger->out, "no stop points\n");
	for (unsigned i = 0; i < debugger->point_count; i++) {
		const struct stop_point *point = &debugger->points[i];
		fprintf(debugger->out, "%-3u %-6s %s%s%s, hit %llu times", point->number, point_kind(point),
		        point->text, point->temporary ? " (once)" : "", point->disabled ? " (disabled)" : "",
		        (unsigned long long)point->hits);
		if (point->ignored)
			fprintf(debugger->out, ", ignored %llu times more", (unsigned long long)point->ignored);
		fputc('\n', debugger->out);
		for (const char *line = point->commands; line && *line; line += strcspn(line, "\n") + 1)
			fprintf(debugger->out, "        %.*s\n", (int)strcspn(line, "\n"), line);
	}
}

static void point_json(const struct stop_point *point, struct json *json)
{
	json_open(json, NULL, '{');
	json_u64(json, "number", point->number);
	json_string(json, "kind", point_kind(point));
	json_string(json, "text", point->text);
	json_string(json, "condition", point->condition);
	json_string(json, "commands", point->commands);
	json_bool(json, "once", point->temporary);
	json_bool(json, "enabled", !point->disabled);
	json_u64(json, "hits", point->hits);
	json_hex(json, "ignored", point->ignored);
	json_open(json, "addresses", '[');
	if (point->kind != POINT_CATCH && !point->in_register)
		json_hex(json, NULL, point->address);
	for (size_t i = 0; i < point->other_count; i++)
		json_hex(json, NULL, point->others[i]);
	json_close(json, ']');
	if (point->kind == POINT_WATCH) {
		json_u64(json, "size", point->size);
		json_hex(json, "value", point->last);
	}
	json_close(json, '}');
}

void points_json(const struct debugger *debugger, struct json *json)
{
	json_open(json, "stop_points", '[');
	for (unsigned i = 0; i < debugger->point_count; i++)
		point_json(&debugger->points[i], json);
	json_close(json, ']');
}
