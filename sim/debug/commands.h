/* A command of the debugger is one place: COMMAND() in front of its body. It puts a row into the linker section
 * `debug_commands`, where repl.c finds every row there is. `place` is where `help` lists it: any number, lower first. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>

struct debugger;
struct json;

/* args: what follows the name, without blanks around it. False after a complaint; state is unchanged then. */
typedef bool command_function(struct debugger *debugger, const char *args);

struct command {
	command_function *run;
	unsigned place;
	const char *name, *shortest; /* any abbreviation from `shortest` on is taken */
	const char *args, *help;
};

#define COMMAND(function, place, name, shortest, args_text, help)                                                      \
	static command_function function;                                                                              \
	static const struct command row_of_##function = {function, place, name, shortest, args_text, help};            \
	static const struct command *const entry_of_##function                                                         \
	    __attribute__((section("debug_commands"), used)) = &row_of_##function;                                     \
	static bool function(struct debugger *debugger, const char *args)

/* A topic of `info`: likewise, in the section `debug_topics`. */
#define TOPIC(function, place, name, shortest, args_text, help)                                                        \
	static command_function function;                                                                              \
	static const struct command row_of_##function = {function, place, name, shortest, args_text, help};            \
	static const struct command *const entry_of_##function                                                         \
	    __attribute__((section("debug_topics"), used)) = &row_of_##function;                                       \
	static bool function(struct debugger *debugger, const char *args)

/* The JSON form of a command or topic, behind its text: AS_JSON(cmd_x) and a body that puts members into an object that is
 * open, as json_function. It is what the word -json asks for, and a row in the section `debug_json`. */
typedef bool json_function(struct debugger *debugger, const char *args, struct json *json);

struct command_json {
	const struct command *command;
	json_function *run;
};

#define AS_JSON(function)                                                                                              \
	static json_function json_of_##function;                                                                       \
	static const struct command_json json_row_of_##function = {&row_of_##function, json_of_##function};            \
	static const struct command_json *const json_entry_of_##function                                               \
	    __attribute__((section("debug_json"), used)) = &json_row_of_##function;                                    \
	static bool json_of_##function(struct debugger *debugger, const char *args, struct json *json)

#endif
