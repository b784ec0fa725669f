#include "debug/as_json.h"

#include <stdlib.h>
#include <string.h>
#include "watch/names.h"

/* Every row that AS_JSON() makes anywhere; the linker names the section's ends. */
extern const struct command_json *const first_json[] __asm__("__start_debug_json");
extern const struct command_json *const json_end[] __asm__("__stop_debug_json");

static const char word_json[] = "-json";
enum { WORD_JSON = sizeof word_json - 1 };

json_function *as_json_form(const struct command *command)
{
	for (const struct command_json *const *at = first_json; at < json_end; at++)
		if ((*at)->command == command)
			return (*at)->run;
	return NULL;
}

/* The arguments without the word -json at their start or end, to be freed; NULL: it is not there, or no memory. */
static char *without_word(const char *args)
{
	size_t length, size = strlen(args);
	const char *rest = args, *word = next_word(&rest, &length);
	if (word_is(word, length, word_json))
		return strdup(rest);
	if (size <= WORD_JSON || strcmp(args + size - WORD_JSON, word_json) != 0 ||
	    !strchr(" \t", args[size - WORD_JSON - 1]))
		return NULL;
	for (size -= WORD_JSON; size && strchr(" \t", args[size - 1]);)
		size--;
	return strndup(args, size);
}

static void begin_answer(struct json *json, FILE *out, const struct debugger *debugger, const struct command *command)
{
	*json = (struct json){.out = out, .line = true};
	json_open(json, NULL, '{');
	json_string(json, "command", command->name);
	json_u64(json, "hart", debugger->hart);
}

/* What came of it goes out at once: an object that was begun and not ended is none. */
static void put_answer(struct debugger *debugger, const struct command *command, bool good, const char *answer,
                       char *said)
{
	size_t length = strlen(said);
	struct json json;
	while (length && said[length - 1] == '\n')
		said[--length] = '\0';
	if (good && !length) {
		fputs(answer, debugger->out);
		return;
	}
	begin_answer(&json, debugger->out, debugger, command);
	json_string(&json, "error", said);
	json_close(&json, '}');
}

static bool answer_in_json(struct debugger *debugger, const struct command *command, const char *args)
{
	char *answer = NULL, *said = NULL;
	size_t answer_size, said_size;
	struct json json;
	bool good = false;
	FILE *kept = debugger->out, *body = open_memstream(&answer, &answer_size),
	     *words = open_memstream(&said, &said_size);
	if (body && words) {
		begin_answer(&json, body, debugger, command);
		debugger->out = words;
		good = as_json_form(command)(debugger, args, &json);
		debugger->out = kept;
		if (good)
			json_close(&json, '}');
	}
	bool whole = body && fclose(body) == 0;
	whole = words && fclose(words) == 0 && whole;
	if (whole)
		put_answer(debugger, command, good, answer, said);
	else
		good = complain(debugger, "%s: no memory", command->name);
	free(answer);
	free(said);
	return good;
}

bool command_takes(struct debugger *debugger, const struct command *command, const char *args)
{
	return *command->args || !*args ||
	       complain(debugger, "%s takes no argument: what is `%s'?", command->name, args);
}

bool as_json_run(struct debugger *debugger, const struct command *command, const char *args)
{
	char *rest = as_json_form(command) ? without_word(args) : NULL;
	bool good = command_takes(debugger, command, rest ? rest : args) &&
	            (rest ? answer_in_json(debugger, command, rest) : command->run(debugger, args));
	free(rest);
	return good;
}

void as_json_place(struct json *json, const char *key, const struct debugger *debugger, struct hart *hart,
                   enum mode mode, uint64_t address)
{
	uint64_t offset = 0;
	const char *symbol = name_of(debugger->machine->symbols, hart, mode, address, &offset);
	json_hex(json, key, address);
	json_string(json, "symbol", symbol);
	if (symbol)
		json_hex(json, "offset", offset);
	else
		json_null(json, "offset");
}
