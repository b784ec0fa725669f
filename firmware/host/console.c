#include "host/console.h"

#include "arch/hal.h"
#include "host/sbi_call.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "lib/string.h"

/* Ticks of mtime. */
#define DRAIN_TIME 30          /* after which console_drain begins no further piece */
#define OWNER_TIMEOUT 10000000 /* an owner has failed after a second: emulated, a CPU may sleep for long */

/* Bytes that console_drain sends, handed to the SBI in one piece or a few, and that it looks at for a newline before. */
#define PIECE_MAX 32u
#define PIECE_COST 24u /* what handing one over takes, in bytes that could be sent instead */

#define VISITS_MAX 4 /* of queues, in search of a line */

/* One CPU at a time owns the console: the device, and what is below. Nobody waits for it, but at the machine's end. */
static uint32_t is_owned, is_claimed; /* atomic */
static uint32_t unsearched; /* atomic: bytes in queues that the owner has not looked at */
static struct console_queue *queues;
static struct console_queue *current; /* whose line it is; the others' turns come after it */
static bool prefix_lines;
static bool mid_line; /* the last byte that went out was no newline */

static bool try_own_console(void) { return !__atomic_exchange_n(&is_owned, 1, __ATOMIC_ACQUIRE); }

static void disown_console(void) { __atomic_store_n(&is_owned, 0, __ATOMIC_RELEASE); }

/* For all the output there is. The drains of other CPUs stand back, so that the owner's is the last. */
static void claim_console(void)
{
	uint64_t start = hal_time();

	__atomic_store_n(&is_claimed, 1, __ATOMIC_RELAXED);
	while (!try_own_console() && hal_time() - start < OWNER_TIMEOUT)
		;
}

static void unclaim_console(void)
{
	__atomic_store_n(&is_claimed, 0, __ATOMIC_RELAXED);
	disown_console();
}

void console_init(bool several_zones) { prefix_lines = several_zones; }

void console_add(struct console_queue *queue, const char *name)
{
	struct console_queue **last = &queues;

	while (*last)
		last = &(*last)->next;
	queue->prefix_length = (uint32_t)format(queue->prefix, sizeof queue->prefix, "[%s] ", name);
	*last = queue;
}

/* Bytes of what was asked for that have gone out. */
static uint64_t send_bytes(const char *text, uint64_t size)
{
	uint64_t sent = sbi_call_console_write(text, size);

	if (sent)
		mid_line = text[sent - 1] != '\n';
	return sent;
}

static void send_all_bytes(const char *text, uint64_t size)
{
	for (uint64_t sent; size; text += sent, size -= sent)
		sent = send_bytes(text, size);
}

/* Writers. */

/* The queue's text at a position, and how many bytes of `size` follow there in one piece. */
static char *text_at(struct console_queue *queue, uint32_t position, uint32_t size, uint32_t *length)
{
	uint32_t place = position % CONSOLE_QUEUE_SIZE;

	*length = (uint32_t)min_u64(size, CONSOLE_QUEUE_SIZE - place);
	return &queue->text[place];
}

static void fill_queue(struct console_queue *queue, uint32_t position, const char *text, uint32_t size)
{
	for (uint32_t length; size; position += length, text += length, size -= length) {
		char *place = text_at(queue, position, size, &length);
		memcpy(place, text, length);
	}
}

/* Room for up to `size` bytes, of which the queue is to hold no more than `limit`. */
static uint32_t take_room(struct console_queue *queue, uint64_t size, uint32_t limit, uint32_t *position)
{
	uint32_t room;

	*position = __atomic_load_n(&queue->reserved, __ATOMIC_RELAXED);
	do {
		uint32_t used = *position - __atomic_load_n(&queue->sent, __ATOMIC_ACQUIRE);
		room = used < limit ? (uint32_t)min_u64(size, limit - used) : 0;
	} while (room && !__atomic_compare_exchange_n(&queue->reserved, position, *position + room, false,
	                                              __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return room;
}

static uint32_t fill_room(struct console_queue *queue, const char *text, uint64_t size, uint32_t limit)
{
	uint32_t position, length = take_room(queue, size, limit, &position);

	if (!length)
		return 0;
	fill_queue(queue, position, text, length);
	__atomic_fetch_add(&unsearched, length, __ATOMIC_RELAXED);
	while (__atomic_load_n(&queue->published, __ATOMIC_ACQUIRE) != position)
		; /* those who came before copy no more than this did */
	__atomic_store_n(&queue->published, position + length, __ATOMIC_RELEASE);
	return length;
}

uint64_t console_zone_write(struct console_queue *queue, const char *text, uint64_t size)
{
	return fill_room(queue, text, size, CONSOLE_ROOM);
}

void console_zone_put(struct console_queue *queue, char byte) { fill_room(queue, &byte, 1, CONSOLE_ROOM + HARTS_MAX); }

void console_zone_end(struct console_queue *queue, const char *text, ...)
{
	char line[CONSOLE_END_MAX];
	uint32_t start = queue->published, unused, length = 0;
	va_list arguments;

	if (start && *text_at(queue, start - 1, 1, &unused) != '\n')
		line[length++] = '\n';
	queue->end = start + length;
	queue->has_ended = true;
	va_start(arguments, text);
	length += (uint32_t)vformat(line + length, sizeof line - 1 - length, text, arguments);
	va_end(arguments);
	line[length++] = '\n';
	fill_queue(queue, start, line, length);
	queue->reserved = start + length;
	__atomic_fetch_add(&unsearched, length, __ATOMIC_RELAXED);
	__atomic_store_n(&queue->published, start + length, __ATOMIC_RELEASE);
}

bool console_zone_begin_again(struct console_queue *queue)
{
	if (__atomic_load_n(&queue->sent, __ATOMIC_ACQUIRE) != queue->published)
		return false;
	queue->has_ended = false;
	return true;
}

/* The owner. */

static void have_searched(struct console_queue *queue, uint32_t bytes)
{
	queue->searched += bytes;
	__atomic_fetch_sub(&unsearched, bytes, __ATOMIC_RELAXED);
}

/* Looks for the end of the line at `sent`, up to `budget` bytes further: returns how many those were. With one zone,
 * whatever there is counts as a line. */
static uint32_t search_line(struct console_queue *queue, uint32_t budget)
{
	uint32_t published = __atomic_load_n(&queue->published, __ATOMIC_ACQUIRE), length;
	uint32_t room = CONSOLE_LINE_MAX - 1 - (queue->searched - queue->sent);

	if (queue->searched == published)
		return 0;
	if (!prefix_lines) {
		have_searched(queue, published - queue->searched);
		queue->line_end = published;
		return 0;
	}
	const char *start = text_at(queue, queue->searched, (uint32_t)min_u64(published - queue->searched, budget),
	                            &length);
	const char *at = start, *end = start + min_u64(length, room);
	while (at < end && *at != '\n')
		at++;
	uint32_t passed = (uint32_t)(at - start);
	bool is_newline = passed < length && *at == '\n';
	queue->is_broken = !is_newline && passed == room && length > room;
	have_searched(queue, passed + is_newline);
	if (is_newline || queue->is_broken)
		queue->line_end = queue->searched;
	return passed;
}

static void begin_line(struct console_queue *queue)
{
	bool is_report = queue->has_ended && queue->sent == queue->end;

	queue->is_begun = true;
	queue->prefix_left = prefix_lines && !is_report ? queue->prefix_length : 0;
}

static bool line_is_begun(void) { return current && current->is_begun; }

/* Makes sure that a line is begun, if one is soon found: the next queue's that has one. True if there is, or may be. */
static bool pick_line(void)
{
	uint32_t budget = PIECE_MAX;

	if (line_is_begun())
		return true;
	for (unsigned i = 0; i < VISITS_MAX && budget && __atomic_load_n(&unsearched, __ATOMIC_RELAXED); i++) {
		current = current && current->next ? current->next : queues;
		budget -= search_line(current, budget);
		if (current->line_end != current->sent) {
			begin_line(current);
			return true;
		}
	}
	return __atomic_load_n(&unsearched, __ATOMIC_RELAXED);
}

static uint64_t send_prefix(struct console_queue *queue, uint64_t budget)
{
	uint64_t sent = send_bytes(queue->prefix + queue->prefix_length - queue->prefix_left,
	                           min_u64(queue->prefix_left, budget));

	queue->prefix_left -= (uint32_t)sent;
	return sent;
}

static uint64_t send_text(struct console_queue *queue, uint64_t budget)
{
	uint32_t length;
	const char *text = text_at(queue, queue->sent, (uint32_t)min_u64(queue->line_end - queue->sent, budget),
	                           &length);
	uint64_t sent = send_bytes(text, length);

	__atomic_store_n(&queue->sent, queue->sent + (uint32_t)sent, __ATOMIC_RELEASE);
	return sent;
}

/* A piece of the line that is begun, of at most `budget` bytes. Returns how many the device took. */
static uint64_t send_piece(struct console_queue *queue, uint64_t budget)
{
	uint64_t sent;

	if (queue->prefix_left)
		return send_prefix(queue, budget);
	if (queue->sent != queue->line_end) {
		sent = send_text(queue, budget);
	} else {
		sent = send_bytes("\n", 1);
		queue->is_broken = !sent;
	}
	queue->is_begun = queue->sent != queue->line_end || queue->is_broken;
	return sent;
}

bool console_drain(void)
{
	uint64_t start = hal_time();

	if (__atomic_load_n(&is_claimed, __ATOMIC_RELAXED) || !try_own_console())
		return true;
	uint64_t sent, budget = PIECE_MAX;
	bool more = pick_line();
	while (more && budget) {
		sent = line_is_begun() ? send_piece(current, budget) : 0;
		budget -= min_u64(budget, sent + PIECE_COST);
		if (line_is_begun() && !sent)
			break; /* the device is busy */
		more = pick_line();
		if (hal_time() - start >= DRAIN_TIME)
			break;
	}
	disown_console();
	return more;
}

static void send_all_lines(void)
{
	while (pick_line())
		if (line_is_begun())
			send_piece(current, PIECE_MAX);
}

static void flush_queues(void)
{
	send_all_lines();
	for (struct console_queue *queue = queues; queue; queue = queue->next) {
		have_searched(queue, __atomic_load_n(&queue->published, __ATOMIC_ACQUIRE) - queue->searched);
		queue->line_end = queue->searched;
		queue->is_broken = queue->line_end != queue->sent;
		if (!queue->is_broken)
			continue;
		current = queue;
		begin_line(queue);
		send_all_lines();
	}
}

void console_flush(void)
{
	claim_console();
	flush_queues();
}

void console_line(const char *text, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, text);
	size_t length = vformat(line, sizeof line - 1, text, arguments);
	va_end(arguments);
	line[length++] = '\n';

	claim_console();
	flush_queues();
	if (mid_line)
		send_all_bytes("\n", 1);
	send_all_bytes(line, length);
	unclaim_console();
}
