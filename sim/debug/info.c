/* The command info: it finds topics, and has some that stand elsewhere. */
#include "debug/info.h"

#include <string.h>
#include "debug/as_json.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/points.h"
#include "debug/mappings.h"
#include "debug/travel.h"

/* Every row that TOPIC() makes anywhere. */
extern const struct command *const first_topic[] __asm__("__start_debug_topics");
extern const struct command *const topics_end[] __asm__("__stop_debug_topics");

/* Other names of topics. */
static const struct {
	const char *name, *topic;
} other_names[] = {{"regs", "registers"}, {"threads", "harts"}, {"cpus", "harts"}, {"qtree", "mtree"}};

static bool means(const char *name, const char *shortest, const char *word, size_t length)
{
	return length >= strlen(shortest) && length <= strlen(name) && strncmp(name, word, length) == 0;
}

/* The first by place that the word names or abbreviates. */
static const struct command *find_topic(const char *word, size_t length)
{
	const struct command *best = NULL;
	for (const struct command *const *at = first_topic; at < topics_end; at++)
		if (means((*at)->name, (*at)->shortest, word, length) && (!best || (*at)->place < best->place))
			best = *at;
	for (size_t i = 0; !best && length && i < sizeof other_names / sizeof other_names[0]; i++)
		if (means(other_names[i].name, "", word, length))
			best = find_topic(other_names[i].topic, strlen(other_names[i].topic));
	return best;
}

/* The next by place after one, or the first. */
static const struct command *topic_after(const struct command *previous)
{
	const struct command *best = NULL;
	for (const struct command *const *at = first_topic; at < topics_end; at++)
		if ((!previous || (*at)->place > previous->place) && (!best || (*at)->place < best->place))
			best = *at;
	return best;
}

const char *info_topic_name(size_t index)
{
	const struct command *topic = topic_after(NULL);
	while (topic && index--)
		topic = topic_after(topic);
	return topic ? topic->name : NULL;
}

static void print_topic(struct debugger *debugger, const struct command *topic)
{
	fprintf(debugger->out, "info %-11s %-10s %s\n", topic->name, topic->args, topic->help);
}

static void list_topics(struct debugger *debugger)
{
	for (const struct command *topic = topic_after(NULL); topic; topic = topic_after(topic))
		print_topic(debugger, topic);
}

bool info_topic_help(struct debugger *debugger, const char *name)
{
	const struct command *topic = find_topic(name, strlen(name));
	if (!topic)
		return complain(debugger, "info %s: no such topic: info", name);
	print_topic(debugger, topic);
	return true;
}

COMMAND(cmd_info, 120, "info", "i", "TOPIC [-json]",
        "show state; alone: the list of topics; -json: as one line of JSON")
{
	size_t length;
	const char *word = next_word(&args, &length);
	const struct command *topic = find_topic(word, length);
	if (topic)
		return command_takes(debugger, topic, args) && topic->run(debugger, args);
	if (length)
		return complain(debugger, "info %.*s: no such topic: info", (int)length, word);
	list_topics(debugger);
	return true;
}

AS_JSON(cmd_info)
{
	size_t length;
	const char *word = next_word(&args, &length);
	const struct command *topic = find_topic(word, length);
	if (topic) {
		json_function *form = as_json_form(topic);
		json_string(json, "topic", topic->name);
		if (!command_takes(debugger, topic, args))
			return false;
		return form ? form(debugger, args, json) : complain(debugger, "info %s has no JSON form", topic->name);
	}
	if (length)
		return complain(debugger, "info %.*s: no such topic: info", (int)length, word);
	json_open(json, "topics", '[');
	while ((topic = topic_after(topic)) != NULL) {
		json_open(json, NULL, '{');
		json_string(json, "topic", topic->name);
		json_string(json, "args", topic->args);
		json_string(json, "help", topic->help);
		json_close(json, '}');
	}
	json_close(json, ']');
	return true;
}

TOPIC(topic_breakpoints, 50, "breakpoints", "b", "", "stop points, and how often each was met")
{
	(void)args;
	points_print(debugger);
	return true;
}
AS_JSON(topic_breakpoints)
{
	(void)args;
	points_json(debugger, json);
	return true;
}

TOPIC(topic_mem, 160, "mem", "m", "", "what the hart's page tables map, as ranges")
{
	(void)args;
	info_mem(debugger, NULL);
	return true;
}
AS_JSON(topic_mem)
{
	(void)args;
	info_mem(debugger, json);
	return true;
}

TOPIC(topic_checkpoints, 60, "checkpoints", "ch", "", "of the machine's past: where one can go to")
{
	(void)args;
	travel_print(debugger);
	return true;
}
AS_JSON(topic_checkpoints)
{
	(void)args;
	return travel_json(debugger, json);
}
