/* Virtio's console device (Virtio 1.2, 5.3): how a driver finds ports, and what goes through them. */
#include "virtio_world.h"
#include <stdlib.h>
#include "base/state.h"
#include "dev/console.h"
#include "temporary.h"

enum { QUEUES = 8, RINGS_AT = 0x20000, F_MULTIPORT = 1 };
enum { READY = 0, ADD = 1, PORT_READY = 3, CONSOLE = 4, OPEN = 6, NAME = 7 };

struct serial_world {
	struct virtio_world world;
	struct host_char *chars[2];
	struct ring queues[QUEUES];
};

/* Port 0 is a console on the machine's, port 1 is called `name` and goes to a file, port 2 goes nowhere. */
static void serial_begin(struct serial_world *serial, bool modern, unsigned max_ports, const char *file, struct console *console)
{
	struct virtio_world *world = &serial->world;
	char where[TEMPORARY_PATH + 8];
	world_board(world, (struct virtio_config){.kind = &virtio_serial_kind}, modern);
	snprintf(where, sizeof(where), "file:%s", file ? file : "/dev/null");
	serial->chars[0] = host_char_open(&(struct char_config){.id = "c", .where = "stdio"}, NULL, NULL);
	serial->chars[1] = host_char_open(&(struct char_config){.id = "f", .where = strdup(where)}, NULL, NULL);
	world->backends.chars = serial->chars;
	world->board.console = console;
	world->options.serial[0] = (struct virtio_serial){
	    .max_ports = max_ports,
	    .ports = {{.present = true, .is_console = true, .connected = true},
	              {.present = true, .connected = true, .backend = 1, .name = "name"},
	              {.present = true}},
	};
	world_plug(world);
}

static void serial_end(struct serial_world *serial)
{
	world_end(&serial->world);
	for (unsigned i = 0; i < 2; i++)
		host_char_close(serial->chars[i]);
}

static void use_queue(struct serial_world *serial, unsigned queue)
{
	serial->world.ring = serial->queues[queue];
}

static void serial_drive(struct serial_world *serial, uint64_t without)
{
	struct virtio_world *world = &serial->world;
	uint32_t status = negotiate(world, without | UINT64_C(1) << VIRTIO_F_EVENT_IDX);
	for (unsigned queue = 0; queue < QUEUES; queue++)
		serial->queues[queue] = begin_ring(world, queue, DRAM_AT + RINGS_AT + (uint64_t)queue * RING_BYTES);
	set_reg(world, REG_STATUS, status | VIRTIO_DRIVER_OK);
}

static uint64_t buffer_of(unsigned queue, unsigned index) { return DRAM_AT + 0x80000 + queue * 0x8000 + index * 0x1000; }

/* A buffer of `size` bytes, which the device reads (`bytes`) or writes (NULL). */
static void give_buffer(struct serial_world *serial, unsigned queue, const void *bytes, uint32_t size)
{
	struct virtio_world *world = &serial->world;
	use_queue(serial, queue);
	unsigned index = world->ring.given % QUEUE_LENGTH;
	if (bytes)
		memcpy(at(world, buffer_of(queue, index)), bytes, size);
	set_descriptor(world, world->ring.desc, index, buffer_of(queue, index), size, bytes ? 0 : F_WRITE, 0);
	give_chain(world, (uint16_t)index);
	serial->queues[queue] = world->ring;
	set_reg(world, REG_NOTIFY, queue);
}

/* Time goes by; a port that waits for input looks for it without end. */
static void serial_settle(struct serial_world *serial)
{
	struct virtio_world *world = &serial->world;
	for (unsigned i = 0; i < 100 && event_next(&world->events) != UINT64_MAX; i++) {
		world->now = event_next(&world->events);
		event_run(&world->events, world->now);
	}
}

static void control(struct serial_world *serial, uint32_t port, uint16_t event, uint16_t value)
{
	uint8_t message[8];
	memcpy(message, &port, 4);
	memcpy(message + 4, &event, 2);
	memcpy(message + 6, &value, 2);
	give_buffer(serial, 3, message, sizeof(message));
	serial_settle(serial);
}

/* The message that the device put into buffer `index` of the control queue. */
static void expect_message(struct serial_world *serial, unsigned index, uint32_t port, uint16_t event, uint16_t value)
{
	const uint8_t *bytes = at(&serial->world, buffer_of(2, index));
	uint32_t got_port;
	uint16_t got[2];
	memcpy(&got_port, bytes, 4);
	memcpy(got, bytes + 4, 4);
	cr_expect(got_port == port && got[0] == event && got[1] == value, "message %u: port %u, event %u, value %u", index, got_port,
	          got[0], got[1]);
}

Test(virtio_serial, ports_are_told)
{
	for (unsigned modern = 0; modern < 2; modern++) {
		struct serial_world serial;
		serial_begin(&serial, modern, 3, NULL, NULL);
		cr_expect_eq(reg(&serial.world, 8), 3);
		cr_expect(offered(&serial.world) >> F_MULTIPORT & 1);
		cr_expect_eq(reg(&serial.world, REG_CONFIG), 0, "no size of a terminal");
		cr_expect_eq(reg(&serial.world, REG_CONFIG + 4), 3);
		set_reg(&serial.world, REG_QUEUE_SEL, 7);
		cr_expect_eq(reg(&serial.world, REG_QUEUE_SIZE_MAX), 1024);
		set_reg(&serial.world, REG_QUEUE_SEL, 8);
		cr_expect_eq(reg(&serial.world, REG_QUEUE_SIZE_MAX), 0, "two for each port, and two");
		serial_drive(&serial, 0);
		for (unsigned i = 0; i < 8; i++)
			give_buffer(&serial, 2, NULL, 64);
		control(&serial, 0, READY, 1);
		use_queue(&serial, 2);
		cr_assert_eq(used_index(&serial.world), 3);
		for (unsigned i = 0; i < 3; i++)
			expect_message(&serial, i, i, ADD, 1);
		control(&serial, 0, PORT_READY, 1);
		expect_message(&serial, 3, 0, CONSOLE, 1);
		expect_message(&serial, 4, 0, OPEN, 1);
		control(&serial, 1, PORT_READY, 1);
		expect_message(&serial, 5, 1, NAME, 1);
		use_queue(&serial, 2);
		cr_expect_eq(memcmp((uint8_t *)at(&serial.world, buffer_of(2, 5)) + 8, "name", 4), 0);
		expect_message(&serial, 6, 1, OPEN, 1);
		control(&serial, 2, PORT_READY, 1);
		use_queue(&serial, 2);
		cr_expect_eq(used_index(&serial.world), 7, "nobody is at the other end of port 2");
		cr_expect_not(is_broken(&serial.world));
		serial_end(&serial);
	}
}

Test(virtio_serial, output)
{
	struct serial_world serial;
	char path[TEMPORARY_PATH], got[64] = {0};
	int file = temporary(path);
	serial_begin(&serial, true, 3, path, NULL);
	serial_drive(&serial, 0);
	give_buffer(&serial, 5, "line one\n", 9);
	give_buffer(&serial, 7, "lost\n", 5);
	give_buffer(&serial, 5, "rest", 4);
	serial_settle(&serial);
	use_queue(&serial, 5);
	cr_expect_eq(used_index(&serial.world), 2);
	cr_expect_eq(host_char_finish(serial.chars[1]), 0);
	cr_expect_eq(pread(file, got, sizeof(got), 0), 13);
	cr_expect_str_eq(got, "line one\nrest");
	use_queue(&serial, 7);
	cr_expect_eq(used_index(&serial.world), 1, "what goes nowhere is taken");
	serial_end(&serial);
}

/* A console whose input is `input`, and then ends. */
static struct console *console_of(const char *input)
{
	int ends[2];
	cr_assert(pipe(ends) == 0 && write(ends[1], input, strlen(input)) == (ssize_t)strlen(input));
	close(ends[1]);
	cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	struct console *console = console_open(&(struct console_config){.serial = "stdio"});
	cr_assert_not_null(console);
	return console;
}

Test(virtio_serial, input)
{
	struct serial_world serial;
	struct console *console = console_of("typed");
	serial_begin(&serial, true, 3, NULL, console);
	serial_drive(&serial, 0);
	give_buffer(&serial, 0, NULL, 3);
	serial_settle(&serial);
	use_queue(&serial, 0);
	cr_expect_eq(used_index(&serial.world), 0, "the port is not open");
	control(&serial, 0, OPEN, 1);
	use_queue(&serial, 0);
	cr_expect_eq(used_index(&serial.world), 1);
	cr_expect_eq(used_length(&serial.world), 3);
	cr_expect_eq(memcmp(at(&serial.world, buffer_of(0, 0)), "typ", 3), 0);
	give_buffer(&serial, 0, NULL, 64);
	serial_settle(&serial);
	cr_expect_eq(used_length(&serial.world), 2);
	cr_expect_eq(memcmp(at(&serial.world, buffer_of(0, 1)), "ed", 2), 0);
	give_buffer(&serial, 0, NULL, 64);
	serial_settle(&serial);
	cr_expect_eq(event_next(&serial.world.events), UINT64_MAX, "input has ended: nothing is looked for");
	serial_end(&serial);
	console_close(console);
}

/* One port alone has no control queues to open it by, and a driver may not know of them. */
Test(virtio_serial, without_multiport)
{
	for (unsigned ports = 1; ports <= 3; ports += 2) {
		struct serial_world serial;
		struct console *console = console_of("x");
		serial_begin(&serial, false, ports, NULL, console);
		cr_expect_eq(offered(&serial.world) >> F_MULTIPORT & 1, ports > 1);
		serial_drive(&serial, UINT64_C(1) << F_MULTIPORT);
		give_buffer(&serial, 0, NULL, 8);
		serial_settle(&serial);
		use_queue(&serial, 0);
		cr_expect_eq(used_index(&serial.world), 1);
		cr_expect_eq(used_length(&serial.world), 1);
		serial_end(&serial);
		console_close(console);
	}
}

/* Messages that say nothing, for ports that are not, and more than are ever taken. */
Test(virtio_serial, nonsense)
{
	struct serial_world serial;
	serial_begin(&serial, true, 3, NULL, NULL);
	serial_drive(&serial, 0);
	control(&serial, 3, PORT_READY, 1);
	control(&serial, UINT32_MAX, OPEN, 1);
	control(&serial, 1, 99, 1);
	give_buffer(&serial, 3, "short", 5);
	for (unsigned i = 0; i < 1000; i++)
		control(&serial, 0, READY, 1);
	use_queue(&serial, 3);
	cr_expect_eq(used_index(&serial.world), 1004);
	for (unsigned i = 0; i < 300; i++) {
		give_buffer(&serial, 2, NULL, 4); /* no room for a message */
		serial_settle(&serial);
	}
	use_queue(&serial, 2);
	cr_expect_eq(used_index(&serial.world), 256, "as many as are kept");
	cr_expect_eq(used_length(&serial.world), 0);
	cr_expect_not(is_broken(&serial.world));
	serial_end(&serial);
}

/* Ports that are open, messages that nobody took, and a byte that no buffer had room for. */
Test(virtio_serial, revival)
{
	struct serial_world serial, other;
	struct console *console = console_of("typed"), *silent = console_open(&(struct console_config){.serial = "null"});
	serial_begin(&serial, true, 3, NULL, console);
	serial_drive(&serial, 0);
	control(&serial, 0, OPEN, 1);
	control(&serial, 0, READY, 1);
	give_buffer(&serial, 0, "read", 4);
	serial_settle(&serial);
	serial_begin(&other, true, 3, NULL, silent);
	take_over(&other.world, &serial.world);
	expect_same(&serial.world, &other.world);
	memcpy(other.queues, serial.queues, sizeof(serial.queues));
	for (unsigned i = 0; i < 3; i++)
		give_buffer(&other, 2, NULL, 8);
	give_buffer(&other, 0, NULL, 8);
	serial_settle(&other);
	for (unsigned i = 0; i < 3; i++)
		expect_message(&other, i, i, ADD, 1);
	use_queue(&other, 0);
	cr_expect_eq(used_length(&other.world), 1);
	cr_expect_eq(*(uint8_t *)at(&other.world, buffer_of(0, 1)), 't');
	serial_end(&serial);
	serial_end(&other);
	console_close(console);
	console_close(silent);
}

/* A port looks for input until that has ended: so does the one that takes its place, whatever it would hear itself. */
Test(virtio_serial, revival_of_looks)
{
	char path[TEMPORARY_PATH];
	struct input_log log = {0};
	temporary(path);
	cr_assert_eq(input_log_record(&log, path), 0);
	cr_assert_eq(input_log_finish(&log), 0);
	cr_assert_eq(input_log_replay(&log, path, 0, false), 0); /* nothing comes, and no end */
	struct console *consoles[2] = {console_open(&(struct console_config){.serial = "stdio", .log = &log}), console_of("")};
	for (unsigned i = 0; i < 2; i++) {
		struct serial_world serial, other;
		serial_begin(&serial, true, 3, NULL, consoles[i]);
		serial_drive(&serial, 0);
		give_buffer(&serial, 0, NULL, 8);
		control(&serial, 0, OPEN, 1);
		cr_assert_eq(event_next(&serial.world.events) == UINT64_MAX, i == 1, "input has ended: nothing is looked for");
		serial_begin(&other, true, 3, NULL, consoles[0]);
		take_over(&other.world, &serial.world);
		expect_same(&serial.world, &other.world);
		set_reg(&other.world, REG_NOTIFY, 0);
		serial_settle(&other);
		cr_expect_eq(event_next(&other.world.events) == UINT64_MAX, i == 1);
		serial_end(&serial);
		serial_end(&other);
	}
	console_close(consoles[0]);
	console_close(consoles[1]);
	input_log_free(&log);
}

/* A reset closes ports: what is typed then waits for a driver that opens them. */
Test(virtio_serial, reset)
{
	struct serial_world serial;
	struct console *console = console_of("typed");
	serial_begin(&serial, true, 3, NULL, console);
	serial_drive(&serial, 0);
	control(&serial, 0, OPEN, 1);
	serial_drive(&serial, 0);
	give_buffer(&serial, 0, NULL, 8);
	serial_settle(&serial);
	use_queue(&serial, 0);
	cr_expect_eq(used_index(&serial.world), 0);
	control(&serial, 0, OPEN, 1);
	use_queue(&serial, 0);
	cr_expect_eq(used_length(&serial.world), 5);
	serial_end(&serial);
	console_close(console);
}
