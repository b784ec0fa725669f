/* What the guest writes to the console, for `expect`. */
#include <stdlib.h>
#include <string.h>
#include "debug/debugger.h"
#include "dev/line_watch.h"

void debug_hear(struct debugger *debugger, uint8_t byte)
{
	enum { HEARD_MAX = 1 << 20 };
	if (debugger->heard.watch) {
		line_watch_byte(debugger->heard.watch, byte);
		return;
	}
	if (debugger->heard.count == HEARD_MAX) { /* what is this old was not waited for */
		debugger->heard.count /= 2;
		memmove(debugger->heard.bytes, debugger->heard.bytes + debugger->heard.count, debugger->heard.count);
	}
	if (debugger->heard.count == debugger->heard.capacity) {
		size_t capacity = debugger->heard.capacity ? 2 * debugger->heard.capacity : 1024;
		uint8_t *bytes = realloc(debugger->heard.bytes, capacity);
		if (!bytes)
			return;
		debugger->heard.bytes = bytes;
		debugger->heard.capacity = capacity;
	}
	debugger->heard.bytes[debugger->heard.count++] = byte;
}
