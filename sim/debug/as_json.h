/* Answers of commands as JSON: one line, one object. */
#ifndef AS_JSON_H
#define AS_JSON_H

#include "base/json.h"
#include "debug/commands.h"
#include "debug/debugger.h"

/* The JSON form of a command or topic; NULL: it has none. */
json_function *as_json_form(const struct command *command);
/* May it have arguments, or has it none? False after a complaint. */
bool command_takes(struct debugger *debugger, const struct command *command, const char *args);
/* Run a command as its row says, or its JSON form if the first or last word of args is -json and there is such a form. What
 * it complains of is the object's "error" then. */
bool as_json_run(struct debugger *debugger, const struct command *command, const char *args);

/* An address of code: "KEY" in hex, "symbol" (null: none) and "offset" into it, as the hart names it in a mode. */
void as_json_place(struct json *json, const char *key, const struct debugger *debugger, struct hart *hart,
                   enum mode mode, uint64_t address);

#endif
