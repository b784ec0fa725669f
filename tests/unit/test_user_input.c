/* What a user does, on its way to the guest: user_input.h and virtio's input devices (Virtio 1.2, 5.8). */
#include "virtio_world.h"
#include "dev/keys.h"
#include "dev/recording.h"
#include "dev/user_input.h"
#include "dev/virtio_input_kinds.h"
#include "temporary.h"

enum { EVENTS_AT = 0x20000, KEY_A = 30, KEY_B = 48, LOOK = 20000 * 10 /* cycles between two looks */ };

struct input_world {
	struct virtio_world world;
	struct input_log log;
	struct user_input *input;
	struct ring events, status;
	char trouble[320];
	unsigned taken; /* of the events that came */
	double waited; /* seconds */
	enum console_idle idle;
};

static enum console_idle say_idle(void *context) { return ((struct input_world *)context)->idle; }
static void note_wait(void *context, double seconds) { ((struct input_world *)context)->waited += seconds; }
static void note_trouble(void *context, enum input_trouble trouble, const char *message)
{
	(void)trouble;
	snprintf(((struct input_world *)context)->trouble, 320, "%s", message);
}

static void input_plug(struct input_world *input, const struct virtio_kind *kind)
{
	struct virtio_world *world = &input->world;
	world_board(world, (struct virtio_config){.kind = kind, .text = "serial"}, true);
	struct user_host host = {.events = &world->events, .log = &input->log, .cycles_per_tick = 10, .idle = say_idle, .wait = note_wait, .trouble = note_trouble, .context = input};
	input->input = user_input_open(&host);
	world->board.user_input = input->input;
	world_plug(world);
}

/* Time goes on, look by look. */
static void pass(struct input_world *input, uint64_t cycles)
{
	struct virtio_world *world = &input->world;
	uint64_t end = world->now + cycles;
	while (event_next(&world->events) <= end) {
		world->now = event_next(&world->events);
		event_run(&world->events, world->now);
	}
	world->now = end;
}

static void give_buffers(struct input_world *input, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned index = input->events.given % QUEUE_LENGTH;
		set_descriptor(&input->world, input->events.desc, index, DRAM_AT + EVENTS_AT + 8 * index, 8, F_WRITE, 0);
		give_to(&input->world, &input->events, (uint16_t)index);
	}
	set_reg(&input->world, REG_NOTIFY, 0);
}

static void input_drive(struct input_world *input)
{
	uint32_t status = negotiate(&input->world, 0);
	input->events = begin_ring(&input->world, 0, RING_AT);
	input->status = begin_ring(&input->world, 1, RING_AT + RING_BYTES);
	set_reg(&input->world, REG_STATUS, status | VIRTIO_DRIVER_OK);
	give_buffers(input, QUEUE_LENGTH);
	pass(input, LATENCY);
}

static void input_begin(struct input_world *input, const struct virtio_kind *kind)
{
	*input = (struct input_world){.idle = CONSOLE_BUSY};
	input_plug(input, kind);
	input_drive(input);
}

static void input_end(struct input_world *input)
{
	input->world.slot->destroy(input->world.slot);
	user_input_close(input->input);
	input_log_free(&input->log);
	event_queue_free(&input->world.events);
	bus_free(&input->world.bus);
}

/* The next event that the driver gets, as "type code value"; "": there is none. Its buffer is given back. */
static const char *next_event(struct input_world *input)
{
	static char text[64];
	struct linux_event event;
	if (input->taken == used_index_of(&input->world, &input->events))
		return "";
	unsigned index = input->taken++ % QUEUE_LENGTH;
	memcpy(&event, at(&input->world, DRAM_AT + EVENTS_AT + 8 * index), 8);
	snprintf(text, sizeof(text), "%u %u %d", event.type, event.code, event.value);
	give_buffers(input, 1);
	return text;
}

static void push_one(struct input_world *input, enum user_sort sort, unsigned code, int32_t value, uint64_t hold)
{
	const struct user_event event = {(uint16_t)sort, (uint16_t)code, value}, report = {.sort = USER_REPORT};
	cr_assert(user_input_push(input->input, &event, hold));
	cr_assert(user_input_push(input->input, &report, 0));
}

#define EXPECT_EVENTS(input, ...)                                                                                      \
	do {                                                                                                           \
		const char *const wanted_[] = {__VA_ARGS__};                                                           \
		for (unsigned i_ = 0; i_ < sizeof(wanted_) / sizeof(wanted_[0]); i_++)                                 \
			cr_expect_str_eq(next_event(input), wanted_[i_], "event %u", i_);                              \
	} while (0)

Test(user_input, comes_at_looks)
{
	struct input_world input;
	input_begin(&input, &virtio_keyboard_kind);
	cr_expect(user_input_wanted(input.input, USER_KEY));
	cr_expect_not(user_input_wanted(input.input, USER_MOVE));
	push_one(&input, USER_KEY, KEY_A, 1, 0);
	pass(&input, LOOK / 2);
	EXPECT_EVENTS(&input, "");
	pass(&input, LOOK);
	EXPECT_EVENTS(&input, "1 30 1", "0 0 0", "");
	cr_expect(input.world.irq);
	input_end(&input);
}

Test(user_input, keys_are_held)
{
	struct input_world input;
	input_begin(&input, &virtio_keyboard_kind);
	push_one(&input, USER_KEY, KEY_A, 1, 0);
	push_one(&input, USER_KEY, KEY_A, 0, 100000);
	push_one(&input, USER_KEY, KEY_B, 1, 0);
	pass(&input, LOOK + LOOK / 2);
	EXPECT_EVENTS(&input, "1 30 1", "0 0 0", "");
	pass(&input, 4 * LOOK);
	EXPECT_EVENTS(&input, "");
	pass(&input, LOOK);
	EXPECT_EVENTS(&input, "1 30 0", "0 0 0", "1 48 1", "0 0 0", "");
	input_end(&input);
}

/* A driver that gives few buffers gets all, later; one that gives none loses whole reports, not halves. */
Test(user_input, few_buffers)
{
	struct input_world input;
	input_begin(&input, &virtio_tablet_kind);
	for (int32_t i = 0; i < 300; i++)
		push_one(&input, USER_PLACE, 0, i, 0);
	pass(&input, 40 * LOOK);
	for (int32_t i = 0; i < 128; i++) {
		char wanted[32];
		snprintf(wanted, sizeof(wanted), "3 0 %d", i);
		EXPECT_EVENTS(&input, wanted);
		pass(&input, 1000);
		EXPECT_EVENTS(&input, "0 0 0");
		pass(&input, 1000);
	}
	push_one(&input, USER_PLACE, 0, 7, 0);
	pass(&input, 2 * LOOK);
	const char *last = "";
	for (const char *event; *(event = next_event(&input)); pass(&input, 1000))
		last = strcmp(event, "3 0 7") == 0 ? "7" : last;
	cr_expect_str_eq(last, "7", "what comes afterwards comes");
	input_end(&input);
}

/* Reports of three events behind some of two: wherever the place for them ends, what does not fit is lost whole. */
static void expect_whole_reports(unsigned pairs)
{
	const struct user_event report = {.sort = USER_REPORT};
	struct input_world input;
	unsigned reports = 0, events = 0;
	char wanted[32];
	int value;
	input_begin(&input, &virtio_tablet_kind);
	for (unsigned i = 0; i < pairs; i++)
		push_one(&input, USER_PLACE, 0, (int32_t)i, 0);
	for (int32_t i = 1000; i < 1200; i++) {
		const struct user_event x = {USER_PLACE, 0, i}, y = {USER_PLACE, 1, i};
		cr_assert(user_input_push(input.input, &x, 0) && user_input_push(input.input, &y, 0) && user_input_push(input.input, &report, 0));
	}
	pass(&input, 40 * LOOK);
	for (const char *event; *(event = next_event(&input)); pass(&input, 1000)) {
		bool last = strcmp(event, "0 0 0") == 0;
		cr_assert(last ? events == (reports < pairs ? 1 : 2) : events < 2, "report %u, event %u: %s", reports, events, event);
		if (events == 0)
			cr_assert_eq(sscanf(event, "3 0 %d", &value), 1, "%s", event);
		snprintf(wanted, sizeof(wanted), "3 1 %d", value);
		cr_assert(events != 1 || last || strcmp(event, wanted) == 0, "%s after %d", event, value);
		events = last ? 0 : events + 1;
		reports += last;
	}
	cr_expect(events == 0 && reports > 80, "%u reports and %u events", reports, events);
	input_end(&input);
}

Test(user_input, reports_are_whole)
{
	for (unsigned pairs = 0; pairs < 3; pairs++)
		expect_whole_reports(pairs);
}

Test(user_input, a_reset_driver_hears_nothing)
{
	struct input_world input;
	input_begin(&input, &virtio_keyboard_kind);
	set_reg(&input.world, REG_STATUS, 0);
	cr_expect_not(user_input_wanted(input.input, USER_KEY));
	cr_expect_eq(event_next(&input.world.events), UINT64_MAX, "nobody looks");
	push_one(&input, USER_KEY, KEY_A, 1, 0);
	input.taken = 0;
	input_drive(&input);
	pass(&input, 2 * LOOK);
	EXPECT_EVENTS(&input, "1 30 1", "0 0 0", "");
	input_end(&input);
}

Test(user_input, events_of_every_sort)
{
	static const struct {
		struct user_event event;
		struct linux_event wanted;
	} rows[] = {
	    {{USER_KEY, 17, 1}, {1, 17, 1}},         {{USER_BUTTON, BTN_MIDDLE, 0}, {1, 0x112, 0}}, {{USER_WHEEL, 0, -2}, {2, 8, -2}},
	    {{USER_MOVE, 1, -9}, {2, 1, -9}},        {{USER_PLACE, 1, 99}, {3, 1, 99}},             {{USER_TOUCH, TOUCH_SLOT, 3}, {3, 0x2f, 3}},
	    {{USER_TOUCH, TOUCH_NUMBER, -1}, {3, 0x39, -1}}, {{USER_TOUCH, TOUCH_X, 5}, {3, 0x35, 5}}, {{USER_TOUCH, TOUCH_Y, 6}, {3, 0x36, 6}},
	    {{USER_TOUCH, TOUCH_ANY, 1}, {1, 0x14a, 1}},     {{USER_REPORT, 0, 0}, {0, 0, 0}},
	};
	struct linux_event got;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect(input_event_of(&rows[i].event, &got));
		cr_expect(memcmp(&got, &rows[i].wanted, sizeof(got)) == 0, "row %u: %u %u %d", i, got.type, got.code, got.value);
	}
	cr_expect_not(input_event_of(&(struct user_event){USER_TOUCH, TOUCH_CODES, 0}, &got));
	cr_expect_not(input_event_of(&(struct user_event){USER_PLACE, 2, 0}, &got));
	cr_expect_not(input_event_of(&(struct user_event){USER_SORTS, 0, 0}, &got));
}

/* QEMU 8's, as 7.2 has none: Linux's drivers/input/touchscreen rules by its bits. */
Test(user_input, a_touch_screen_says_what_it_is)
{
	uint8_t bytes[INPUT_ANSWER];
	int32_t most;
	cr_expect_eq(input_answer(INPUT_MULTITOUCH, NULL, 1, 0, bytes), sizeof("QEMU Virtio MultiTouch"));
	cr_expect_eq(input_answer(INPUT_MULTITOUCH, NULL, 0x10, 0, bytes), 1);
	cr_expect_eq(bytes[0], 2, "INPUT_PROP_DIRECT");
	cr_expect_eq(input_answer(INPUT_MULTITOUCH, NULL, 0x11, 3, bytes), 8);
	cr_expect_eq(bytes[5], 0x80, "slots");
	cr_expect_eq(bytes[6], 0x60, "positions");
	cr_expect_eq(bytes[7], 0x02, "numbers");
	cr_expect_eq(input_answer(INPUT_MULTITOUCH, NULL, 0x12, 0x35, bytes), 20);
	memcpy(&most, bytes + 4, 4);
	cr_expect_eq(most, USER_PLACE_MAX);
	cr_expect_eq(input_answer(INPUT_MULTITOUCH, NULL, 0x12, 0, bytes), 0);
	cr_expect_eq(input_answer(INPUT_MULTITOUCH, NULL, 0x11, 1, bytes), BTN_TOUCH / 8 + 1);
}

Test(user_input, lights)
{
	struct input_world input;
	input_begin(&input, &virtio_keyboard_kind);
	const struct linux_event caps = {EV_LED, 1, 1};
	memcpy(at(&input.world, DRAM_AT + 0x30000), &caps, 8);
	set_descriptor(&input.world, input.status.desc, 0, DRAM_AT + 0x30000, 8, 0, 0);
	give_to(&input.world, &input.status, 0);
	set_descriptor(&input.world, input.status.desc, 1, DRAM_AT + 0x30000, 4, 0, 0);
	give_to(&input.world, &input.status, 1);
	set_reg(&input.world, REG_NOTIFY, 1);
	pass(&input, LOOK / 2);
	cr_expect_eq(used_index_of(&input.world, &input.status), 2);
	char *text = dump_of(&input.world);
	cr_expect_not_null(strstr(text, "lights caps\n"), "%s", text);
	free(text);
	input_end(&input);
}

/* Where nobody could type it is not waited; where somebody can, only while all harts wait. */
Test(user_input, time_does_not_run_ahead_of_a_user)
{
	struct input_world input;
	input_begin(&input, &virtio_keyboard_kind);
	input.idle = CONSOLE_WAITING;
	pass(&input, 50 * LOOK);
	cr_expect_eq(input.waited, 0);
	user_input_live(input.input);
	pass(&input, 50 * LOOK);
	cr_expect_gt(input.waited, 0.05, "50 looks are a tenth of a second; %f", input.waited);
	double before = input.waited;
	input.idle = CONSOLE_BUSY;
	pass(&input, 50 * LOOK);
	cr_expect_eq(input.waited, before);
	input_end(&input);
}

Test(user_input, recorded_and_replayed)
{
	char path[TEMPORARY_PATH];
	struct input_world input = {.idle = CONSOLE_BUSY};
	int file = temporary(path);
	cr_assert_eq(input_log_record(&input.log, path), 0);
	input_plug(&input, &virtio_keyboard_kind);
	input_drive(&input);
	pass(&input, 3 * LOOK);
	push_one(&input, USER_KEY, KEY_A, 1, 0);
	pass(&input, 2 * LOOK);
	const struct record stop = {.kind = RECORD_STOP};
	user_input_finish(input.input);
	input_log_add(&input.log, &stop); /* the console's */
	uint64_t end = input.world.now;
	input_end(&input);

	for (unsigned late = 0; late < 2; late++) {
		input = (struct input_world){.idle = CONSOLE_BUSY};
		cr_assert_eq(input_log_replay(&input.log, path, 0, true), 0);
		input_plug(&input, &virtio_keyboard_kind);
		if (late)
			input.world.now = 7; /* the driver begins at another cycle */
		input_drive(&input);
		const struct user_event event = {USER_KEY, KEY_B, 1};
		cr_expect_not(user_input_push(input.input, &event, 0), "the recording says what comes");
		pass(&input, end - input.world.now);
		if (late) {
			cr_expect_not_null(strstr(input.trouble, "another run"), "%s", input.trouble);
		} else {
			EXPECT_EVENTS(&input, "1 30 1", "0 0 0", "");
			cr_expect_str_eq(input.trouble, "");
			cr_expect_eq(user_input_unasked(input.input), 0);
		}
		input_end(&input);
	}
	cr_expect_neq(input_log_replay(&input.log, path, 0, false), 0, "no keyboard");
	input_log_free(&input.log);
	close(file);
}

/* Back in time what came comes again at the same looks; forgotten, it does not. */
Test(user_input, taken_back)
{
	struct input_world input = {.idle = CONSOLE_BUSY, .log = {.kept = true}};
	input_plug(&input, &virtio_keyboard_kind);
	input_drive(&input);
	for (unsigned again = 0; again < 3; again++) {
		struct state_writer writer = {0};
		struct virtio_world before = input.world;
		unsigned taken = input.taken;
		struct ring events = input.events;
		uint8_t *memory = malloc(DRAM_BYTES);
		memcpy(memory, input.world.bus.dram, DRAM_BYTES);
		event_queue_save(&input.world.events, &writer);
		input.world.slot->save(input.world.slot, &writer);
		user_input_save(input.input, &writer);
		push_one(&input, USER_KEY, KEY_A, 1, 0);
		pass(&input, 2 * LOOK);
		EXPECT_EVENTS(&input, "1 30 1", "0 0 0", "");
		struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
		cr_assert(event_queue_restore(&input.world.events, &reader) && input.world.slot->restore(input.world.slot, &reader) && user_input_restore(input.input, &reader), "%s",
		          reader.reason);
		input.world.now = before.now;
		input.taken = taken;
		input.events = events;
		memcpy(input.world.bus.dram, memory, DRAM_BYTES);
		if (again == 2)
			user_input_forget(input.input);
		pass(&input, 2 * LOOK);
		if (again == 2)
			EXPECT_EVENTS(&input, "");
		else
			EXPECT_EVENTS(&input, "1 30 1", "0 0 0", "");
		state_writer_free(&writer);
		free(memory);
	}
	input_end(&input);
}

Test(user_input, names_of_keys)
{
	uint8_t bitmap[KEY_CODES / 8];
	cr_expect_eq(key_by_name("ret", 3), 28);
	cr_expect_eq(key_by_name("retx", 3), 28);
	cr_expect_eq(key_by_name("re", 2), 0);
	cr_expect_eq(key_by_name("", 0), 0);
	cr_expect_eq(key_by_usage(4), KEY_A);
	cr_expect_eq(key_by_usage(0), 0);
	cr_expect_eq(key_by_usage(100000), 0);
	key_bitmap(bitmap);
	for (size_t i = 0; key_name(i); i++) {
		unsigned code = key_by_name(key_name(i), strlen(key_name(i)));
		cr_expect(code != 0 && code < KEY_CODES && bitmap[code / 8] >> code % 8 & 1, "%s", key_name(i));
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(key_name(i), key_name(j));
	}
}
