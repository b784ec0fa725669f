#include "dev/virtio_input_kinds.h"

#include <string.h>
#include "dev/keys.h"

/* Virtio 1.2, 5.8.2 */
enum { ID_NAME = 1, ID_SERIAL = 2, ID_DEVIDS = 3, PROP_BITS = 0x10, EV_BITS = 0x11, ABS_INFO = 0x12 };

enum {
	BUS_VIRTUAL = 6,
	VENDOR = 0x0627, /* QEMU's */
	INPUT_PROP_DIRECT = 1,
	BTN_GEAR_DOWN = 0x150, /* QEMU's wheels have buttons */
	BTN_GEAR_UP = 0x151,
	REL_X = 0,
	REL_Y = 1,
	REL_WHEEL = 8,
	ABS_MT_SLOT = 0x2f,
	ABS_MT_POSITION_X = 0x35,
	ABS_MT_POSITION_Y = 0x36,
	ABS_MT_TRACKING_ID = 0x39,
	LEDS = 7, /* num lock, caps lock, scroll lock */
	ABS_INFO_BYTES = 20,
};

#define SORT(sort) (1u << USER_##sort)

const struct input_about *input_about(enum input_device device)
{
	static const struct input_about abouts[] = {
	    [INPUT_KEYBOARD] = {"QEMU Virtio Keyboard", 1, 1, SORT(KEY)},
	    [INPUT_MOUSE] = {"QEMU Virtio Mouse", 2, 2, SORT(BUTTON) | SORT(WHEEL) | SORT(MOVE)},
	    [INPUT_TABLET] = {"QEMU Virtio Tablet", 3, 2, SORT(BUTTON) | SORT(WHEEL) | SORT(PLACE)},
	    [INPUT_MULTITOUCH] = {"QEMU Virtio MultiTouch", 3, 1, SORT(TOUCH)},
	};
	return &abouts[device];
}

/* Up to the last byte that has a bit. */
static unsigned bitmap_of(const uint16_t *codes, unsigned count, uint8_t *bytes)
{
	unsigned size = 0;
	for (unsigned i = 0; i < count; i++) {
		bytes[codes[i] / 8] |= (uint8_t)(1 << codes[i] % 8);
		if (codes[i] / 8 + 1u > size)
			size = codes[i] / 8 + 1u;
	}
	return size;
}

#define BITMAP(bytes, ...)                                                                                             \
	bitmap_of((const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t), bytes)

static unsigned key_bits(enum input_device device, uint8_t *bytes)
{
	unsigned size = KEY_CODES / 8;
	switch (device) {
	case INPUT_KEYBOARD:
		key_bitmap(bytes);
		while (size != 0 && bytes[size - 1] == 0)
			size--;
		return size;
	case INPUT_MULTITOUCH: return BITMAP(bytes, BTN_TOUCH);
	default: return BITMAP(bytes, BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA, BTN_GEAR_DOWN, BTN_GEAR_UP);
	}
}

static unsigned abs_bits(enum input_device device, uint8_t *bytes)
{
	if (device == INPUT_TABLET)
		return BITMAP(bytes, 0, 1);
	if (device == INPUT_MULTITOUCH)
		return BITMAP(bytes, ABS_MT_SLOT, ABS_MT_TRACKING_ID, ABS_MT_POSITION_X, ABS_MT_POSITION_Y);
	return 0;
}

static unsigned event_bits(enum input_device device, unsigned type, uint8_t *bytes)
{
	bool keyboard = device == INPUT_KEYBOARD;
	switch (type) {
	case EV_KEY: return key_bits(device, bytes);
	case EV_REL:
		if (device == INPUT_MOUSE)
			return BITMAP(bytes, REL_X, REL_Y, REL_WHEEL);
		return device == INPUT_TABLET ? BITMAP(bytes, REL_WHEEL) : 0;
	case EV_ABS: return abs_bits(device, bytes);
	case EV_LED: bytes[0] = keyboard ? LEDS : 0; return keyboard;
	case EV_REP: return keyboard; /* the guest repeats keys by itself */
	default: return 0;
	}
}

/* Smallest and largest value; no noise, no resolution. */
static unsigned range_answer(enum input_device device, unsigned axis, uint8_t *bytes)
{
	int32_t most = -1;
	if (device == INPUT_TABLET && axis < 2)
		most = USER_PLACE_MAX;
	if (device == INPUT_MULTITOUCH && (axis == ABS_MT_POSITION_X || axis == ABS_MT_POSITION_Y))
		most = USER_PLACE_MAX;
	if (device == INPUT_MULTITOUCH && (axis == ABS_MT_SLOT || axis == ABS_MT_TRACKING_ID))
		most = USER_SLOTS;
	if (most < 0)
		return 0;
	memcpy(bytes + 4, &most, sizeof(most));
	return ABS_INFO_BYTES;
}

static unsigned text_answer(const char *text, size_t size, uint8_t *bytes)
{
	size = size < INPUT_ANSWER ? size : INPUT_ANSWER;
	memcpy(bytes, text, size);
	return (unsigned)size;
}

unsigned input_answer(enum input_device device, const char *serial, unsigned select, unsigned subsel,
                      uint8_t bytes[INPUT_ANSWER])
{
	const struct input_about *about = input_about(device);
	const uint16_t ids[4] = {BUS_VIRTUAL, VENDOR, about->product, about->version};
	memset(bytes, 0, INPUT_ANSWER);
	if (select == EV_BITS)
		return event_bits(device, subsel, bytes);
	if (select == ABS_INFO)
		return range_answer(device, subsel, bytes);
	if (subsel != 0)
		return 0;
	switch (select) {
	case ID_NAME: return text_answer(about->name, strlen(about->name) + 1, bytes);
	case ID_SERIAL: return serial ? text_answer(serial, strlen(serial), bytes) : 0;
	case ID_DEVIDS: memcpy(bytes, ids, sizeof(ids)); return sizeof(ids);
	case PROP_BITS: return device == INPUT_MULTITOUCH ? BITMAP(bytes, INPUT_PROP_DIRECT) : 0;
	default: return 0;
	}
}

unsigned input_longest(enum input_device device, const char *serial)
{
	uint8_t bytes[INPUT_ANSWER];
	unsigned longest = 0;
	for (unsigned select = 0; select <= ABS_INFO; select++)
		for (unsigned subsel = 0; subsel < 0x40; subsel++) {
			unsigned size = input_answer(device, serial, select, subsel, bytes);
			longest = size > longest ? size : longest;
		}
	return longest;
}

bool input_event_of(const struct user_event *event, struct linux_event *linux_event)
{
	static const uint16_t touches[TOUCH_ANY] = {
	    [TOUCH_SLOT] = ABS_MT_SLOT,
	    [TOUCH_NUMBER] = ABS_MT_TRACKING_ID,
	    [TOUCH_X] = ABS_MT_POSITION_X,
	    [TOUCH_Y] = ABS_MT_POSITION_Y,
	};
	*linux_event = (struct linux_event){EV_KEY, event->code, event->value};
	switch (event->sort) {
	case USER_KEY:
	case USER_BUTTON: return true;
	case USER_WHEEL: *linux_event = (struct linux_event){EV_REL, REL_WHEEL, event->value}; return true;
	case USER_MOVE: linux_event->type = EV_REL; return event->code < 2;
	case USER_PLACE: linux_event->type = EV_ABS; return event->code < 2;
	case USER_TOUCH:
		if (event->code < TOUCH_ANY)
			*linux_event = (struct linux_event){EV_ABS, touches[event->code], event->value};
		else
			linux_event->code = BTN_TOUCH;
		return event->code <= TOUCH_ANY;
	case USER_REPORT: *linux_event = (struct linux_event){EV_SYN, 0, 0}; return true;
	default: return false;
	}
}
