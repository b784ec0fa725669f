/* What virtio-input devices are: what they say of themselves, and what they take. */
#ifndef VIRTIO_INPUT_KINDS_H
#define VIRTIO_INPUT_KINDS_H

#include <stdint.h>
#include "dev/user_input.h"

enum input_device { INPUT_KEYBOARD, INPUT_MOUSE, INPUT_TABLET, INPUT_MULTITOUCH };

/* Linux's types of events. */
enum { EV_SYN = 0, EV_KEY = 1, EV_REL = 2, EV_ABS = 3, EV_LED = 0x11, EV_REP = 0x14 };

enum { INPUT_ANSWER = 128 };

struct input_about {
	const char *name;
	uint16_t product, version;
	unsigned sorts; /* bit set of enum user_sort */
};

const struct input_about *input_about(enum input_device device);

/* What the device says when `select` and `subsel` ask for it, `serial` is its serial number or NULL: so many bytes, at most INPUT_ANSWER; 0: it has none of that. */
unsigned input_answer(enum input_device device, const char *serial, unsigned select, unsigned subsel,
                      uint8_t bytes[INPUT_ANSWER]);
/* The longest of them all: QEMU's configuration ends there. */
unsigned input_longest(enum input_device device, const char *serial);

/* An event as Linux has it. False: it knows none like it. */
struct linux_event {
	uint16_t type, code;
	int32_t value;
};
bool input_event_of(const struct user_event *event, struct linux_event *linux_event);

#endif
