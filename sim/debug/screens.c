/* Commands about what the machine shows, and what its user does: as QEMU's monitor has them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "debug/as_json.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/travel.h"
#include "dev/keys.h"
#include "dev/user_input.h"
#include "machine/outputs.h"

enum { TICKS_PER_MS = 10000, HOLD_MS = 100, KEYS_AT_ONCE = 16 };

/* ---- screens ---- */

static bool find_screen(struct debugger *debugger, const char *name, const struct screen **screen)
{
	const struct screens *screens = &debugger->machine->screens;
	*screen = screens_find(screens, name);
	if (*screen)
		return true;
	if (name && screens->count != 0)
		return complain(debugger, "no screen '%s': `info screens` lists them", name);
	return complain(debugger,
	                "this machine has no screen (-device virtio-gpu-device, ramfb or simple-framebuffer)");
}

static bool write_screen(struct debugger *debugger, const char *path, const char *name, enum screen_file kind)
{
	const struct screen *screen;
	struct screen_picture picture;
	if (!find_screen(debugger, name, &screen))
		return false;
	if (!screen_look(screen, &picture))
		return complain(debugger, "screendump: %s shows nothing", screen->id ? screen->id : screen->kind);
	return outputs_check_one(debugger->machine->config, "screendump", path) == 0 &&
	       screen_write(screen, path, kind) == 0;
}

COMMAND(cmd_screendump, 231, "screendump", "scr", "FILE [-f ppm|png] [SCREEN]",
        "what a screen shows, as a picture (PPM, or PNG); SCREEN: its id")
{
	enum screen_file kind = SCREEN_PPM;
	size_t length, name_length;
	const char *file = next_word(&args, &length), *word = next_word(&args, &name_length);
	if (word_is(word, name_length, "-f")) {
		word = next_word(&args, &name_length);
		kind = word_is(word, name_length, "png") ? SCREEN_PNG : SCREEN_PPM;
		if (kind == SCREEN_PPM && !word_is(word, name_length, "ppm"))
			return complain(debugger, "screendump: -f is ppm or png");
		word = next_word(&args, &name_length);
	}
	if (length == 0 || *args)
		return complain(debugger, "screendump FILE [-f ppm|png] [SCREEN]");
	char *path = strndup(file, length), *name = name_length ? strndup(word, name_length) : NULL;
	bool done = path && write_screen(debugger, path, name, kind);
	free(path);
	free(name);
	return done;
}

TOPIC(topic_screens, 172, "screens", "sc", "", "what shows something, and how large that is")
{
	const struct screens *screens = &debugger->machine->screens;
	struct screen_picture picture;
	(void)args;
	for (unsigned i = 0; i < screens->count; i++) {
		const struct screen *screen = screens->list[i];
		fprintf(debugger->out, "%c %u: %s", screen == screens_find(screens, NULL) ? '*' : ' ', i + 1,
		        screen->kind);
		if (screen->id)
			fprintf(debugger->out, " %s", screen->id);
		if (screen_look(screen, &picture))
			fprintf(debugger->out, ", %" PRIu32 "x%" PRIu32 "\n", picture.width, picture.height);
		else
			fprintf(debugger->out, ", shows nothing\n");
	}
	if (screens->count == 0)
		fprintf(debugger->out, "no screens\n");
	return true;
}

AS_JSON(topic_screens)
{
	const struct screens *screens = &debugger->machine->screens;
	struct screen_picture picture;
	(void)args;
	json_open(json, "screens", '[');
	for (unsigned i = 0; i < screens->count; i++) {
		const struct screen *screen = screens->list[i];
		bool shows = screen_look(screen, &picture);
		json_open(json, NULL, '{');
		json_u64(json, "number", i + 1);
		json_string(json, "kind", screen->kind);
		json_string(json, "id", screen->id);
		json_bool(json, "chosen", screen == screens_find(screens, NULL));
		json_u64(json, "width", shows ? picture.width : 0);
		json_u64(json, "height", shows ? picture.height : 0);
		json_close(json, '}');
	}
	json_close(json, ']');
	return true;
}

/* ---- what a user does ---- */

static bool can_take(struct debugger *debugger, enum user_sort sort, const char *what)
{
	struct user_input *input = debugger->machine->user_input;
	if (user_input_replays(input))
		return complain(debugger, "what the user does is what the recording says");
	if (!user_input_wanted(input, sort))
		return complain(debugger, "no %s: there is no such device, or no driver of the guest's listens to it",
		                what);
	return travel_change(debugger);
}

static bool tell_user_event(struct debugger *debugger, enum user_sort sort, unsigned code, int32_t value, uint64_t hold)
{
	const struct user_event event = {(uint16_t)sort, (uint16_t)code, value}, report = {.sort = USER_REPORT};
	struct user_input *input = debugger->machine->user_input;
	if (user_input_push(input, &event, hold) && user_input_push(input, &report, 0))
		return true;
	return complain(debugger, "no room: the guest has not taken what came before");
}

/* Names with dashes between. The number of keys, or 0 after a complaint. */
static unsigned read_chord(struct debugger *debugger, const char *word, size_t length, unsigned codes[KEYS_AT_ONCE])
{
	unsigned count = 0;
	for (const char *end = word + length; word <= end;) {
		size_t part = strcspn(word, "- \t");
		unsigned code = key_by_name(word, part);
		if (code == 0 || count == KEYS_AT_ONCE) {
			complain(debugger, count == KEYS_AT_ONCE ? "sendkey: too many keys" : "sendkey: no key '%.*s'",
			         (int)part, word);
			return 0;
		}
		codes[count++] = code;
		word += part + 1;
	}
	return count;
}

COMMAND(cmd_sendkey, 232, "sendkey", "sen", "KEYS [MS]",
        "press keys together and let them go after so long: ctrl-alt-f1, ret [100]")
{
	unsigned codes[KEYS_AT_ONCE];
	uint64_t hold = HOLD_MS;
	size_t length;
	const char *word = next_word(&args, &length);
	unsigned count = read_chord(debugger, word, length, codes);
	if (count == 0 || (*args && !expression_all(debugger, args, &hold)))
		return false;
	if (hold > 1000000)
		return complain(debugger, "sendkey: MS is at most 1000000");
	if (!can_take(debugger, USER_KEY, "keyboard"))
		return false;
	bool told = true;
	for (unsigned i = 0; i < count && told; i++)
		told = tell_user_event(debugger, USER_KEY, codes[i], 1, 0);
	for (unsigned i = count; i-- > 0 && told;)
		told = tell_user_event(debugger, USER_KEY, codes[i], 0, i + 1 == count ? hold * TICKS_PER_MS : 0);
	return told;
}

static bool read_amount(struct debugger *debugger, const char **args, int64_t least, int64_t most, int64_t *number)
{
	size_t length;
	const char *word = next_word(args, &length);
	char *end;
	*number = strtoll(word, &end, 0);
	if (length != 0 && end == word + length && *number >= least && *number <= most)
		return true;
	return complain(debugger, "'%.*s': must be a number from %" PRId64 " to %" PRId64, (int)length, word, least,
	                most);
}

COMMAND(cmd_mouse_move, 233, "mouse_move", "mouse_m", "X Y [WHEEL]",
        "move the pointer by so much; of a tablet: to there, of 0 to 32767")
{
	struct user_input *input = debugger->machine->user_input;
	bool tablet = user_input_wanted(input, USER_PLACE);
	int64_t least = tablet ? 0 : -USER_PLACE_MAX, x, y, wheel = 0;
	if (!read_amount(debugger, &args, least, USER_PLACE_MAX, &x) ||
	    !read_amount(debugger, &args, least, USER_PLACE_MAX, &y) ||
	    (*args && !read_amount(debugger, &args, -100, 100, &wheel)))
		return false;
	if (*args)
		return complain(debugger, "mouse_move X Y [WHEEL]");
	enum user_sort sort = tablet ? USER_PLACE : USER_MOVE;
	if (!can_take(debugger, sort, "pointer"))
		return false;
	const struct user_event first = {(uint16_t)sort, 0, (int32_t)x};
	if (wheel != 0 && !tell_user_event(debugger, USER_WHEEL, 0, (int32_t)wheel, 0))
		return false;
	user_input_push(input, &first, 0);
	return tell_user_event(debugger, sort, 1, (int32_t)y, 0);
}

COMMAND(cmd_mouse_button, 234, "mouse_button", "mouse_b", "STATE",
        "buttons that are down from now on: 1 left, 2 middle, 4 right")
{
	static const uint16_t codes[] = {BTN_LEFT, BTN_MIDDLE, BTN_RIGHT};
	int64_t state;
	if (!read_amount(debugger, &args, 0, 7, &state))
		return false;
	if (!can_take(debugger, USER_BUTTON, "pointer"))
		return false;
	bool told = true;
	for (unsigned i = 0; i < 3 && told; i++) {
		uint32_t before = user_input_buttons(debugger->machine->user_input) >> (codes[i] - BTN_LEFT) & 1;
		if (before != (state >> i & 1))
			told = tell_user_event(debugger, USER_BUTTON, codes[i], (int32_t)(state >> i & 1), 0);
	}
	return told;
}

TOPIC(topic_mice, 174, "mice", "mi", "", "keyboards and pointers, and which of them the user's input goes to")
{
	const struct user_device *device;
	const struct user_input *input = debugger->machine->user_input;
	(void)args;
	for (unsigned i = 0; (device = user_input_at(input, i)) != NULL; i++) {
		bool chosen = false;
		for (unsigned sort = 0; sort < USER_REPORT; sort++)
			chosen |= user_input_device(input, sort) == device;
		fprintf(debugger->out, "%c #%u: %s%s\n", chosen ? '*' : ' ', i + 1, device->name,
		        device->listens ? "" : " (no driver listens)");
	}
	if (!user_input_at(input, 0))
		fprintf(debugger->out, "no keyboards and pointers\n");
	return true;
}

AS_JSON(topic_mice)
{
	const struct user_device *device;
	const struct user_input *input = debugger->machine->user_input;
	(void)args;
	json_open(json, "mice", '[');
	for (unsigned i = 0; (device = user_input_at(input, i)) != NULL; i++) {
		json_open(json, NULL, '{');
		json_u64(json, "number", i + 1);
		json_string(json, "name", device->name);
		json_bool(json, "listens", device->listens);
		json_close(json, '}');
	}
	json_close(json, ']');
	return true;
}
